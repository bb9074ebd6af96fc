"""A question in executable form.

A plan is typed against the schema when it is made: a plan that asks a predicate of a class that
cannot have it is a :class:`~kg.errors.PlanError`, not an empty answer. It prints as a line a
person can read and as Cypher that returns the same edges (:mod:`reasoning.cypher`).

Six shapes cover the questions asked here:

* :class:`FindPlan` — concepts of given classes that stand in every stated constraint;
* :class:`CheckPlan` — whether a triple holds, as worded (a negated statement is turned round);
* :class:`AmongPlan` — edges of given predicates among three or more concepts;
* :class:`DescribePlan` — what a concept is, is called, or is identified by;
* :class:`SimilarPlan` — concepts whose profile of findings is most like that of another;
* :class:`JointPlan` — several of these asked in one breath ("symptoms and treatments of gout",
  "ibuprofen or paracetamol: what is the difference").
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import ClassVar, cast

from kg.errors import PlanError
from kg.records import Polarity, check_curie
from kg.schema import (
    AVOIDED_FOOD,
    CAUSES,
    CLASSES,
    CONTRAINDICATED_IN,
    DIAGNOSES,
    DRUG,
    DRUG_CLASS,
    GENE_ASSOCIATED,
    HAS_COMPLICATION,
    HAS_PHENOTYPE,
    HAS_SIDE_EFFECT,
    INTERACTS_WITH,
    MEMBER_OF,
    PREDICATES,
    PREDISPOSES,
    PREVENTS,
    SUBCLASS_OF,
    TREATS,
)
from kg.store import Direction


class Intent(StrEnum):
    """What is asked."""

    SYMPTOMS = "symptoms"
    TREATMENTS = "treatments"
    INDICATIONS = "indications"
    SIDE_EFFECTS = "side_effects"
    DRUGS_WITH_SIDE_EFFECT = "drugs_with_side_effect"
    CONTRAINDICATIONS = "contraindications"
    CONTRAINDICATED_DRUGS = "contraindicated_drugs"
    DISEASES_WITH_FINDINGS = "diseases_with_findings"
    GENES = "genes"
    DISEASES_OF_GENE = "diseases_of_gene"
    CAUSES = "causes"
    EFFECTS = "effects"
    INTERACTIONS = "interactions"
    RISK_FACTORS = "risk_factors"
    COMPLICATIONS = "complications"
    TESTS = "tests"
    DIAGNOSED_BY = "diagnosed_by"
    PREVENTION = "prevention"
    SPECIALTY = "specialty"
    SIMILAR = "similar"
    DEFINITION = "definition"
    CLASS_MEMBERS = "class_members"
    CLASS_OF_DRUG = "class_of_drug"
    CHECK = "check"
    SAFETY = "safety"  # "Is X safe in Y?", "Can I take A with B?": never answered with "yes"
    SHARED = "shared"
    COMPARISON = "comparison"  # what two concepts share and what only one of them has
    SEVERAL = "several"  # several things asked in one breath
    IDENTIFIER = "identifier"
    NAMES = "names"
    FOODS_RECOMMENDED = "foods_recommended"
    FOODS_AVOIDED = "foods_avoided"


@dataclass(frozen=True, slots=True)
class Hop:
    """One edge of a constraint, as followed from the anchor towards the target.

    A hop may be repeated ``least`` to ``most`` times. One with ``least`` 0 is an *expansion*: it
    takes in subclasses, superclasses or class members and may be skipped; it is no part of what
    was asked and needs no wording of its own.
    """

    predicates: tuple[str, ...]
    direction: Direction
    categories: tuple[str, ...]  # classes of the concept this hop arrives at
    polarity: Polarity = Polarity.POSITIVE
    least: int = 1
    most: int = 1

    MOST_REPEATS: ClassVar[int] = 12

    def __post_init__(self) -> None:
        if not 0 <= self.least <= self.most <= self.MOST_REPEATS or self.most < 1:
            raise PlanError(
                f"a hop repeated {self.least} to {self.most} times; "
                f"0 to {self.MOST_REPEATS} are possible, and at most 1 at the least"
            )

    @property
    def expansion(self) -> bool:
        """Whether the hop only takes in sub- or superclasses of where it starts."""
        return self.least == 0


@dataclass(frozen=True, slots=True)
class Constraint:
    """The target is reached from ``anchor`` by ``hops`` — or, ``negated``, is not."""

    anchor: str
    hops: tuple[Hop, ...]
    negated: bool = False


class _AsCypher:
    """What every plan can be asked."""

    __slots__ = ()

    @property
    def cypher(self) -> str:
        """The plan as Cypher, parameters written in: pasted into Neo4j Browser it returns the
        edges that the executor returns.
        """
        from reasoning.cypher import to_cypher  # which knows all plans of this module

        return to_cypher(cast("Plan", self)).text


@dataclass(frozen=True, slots=True)
class FindPlan(_AsCypher):
    """Find concepts of ``target`` classes that stand in every constraint.

    At least one constraint is not negated. Each has one to three hops besides expansions, and
    arrives at the target classes.

    Raises:
        PlanError: where a hop cannot be, by the schema, or the shape is broken.
    """

    intent: Intent
    target: tuple[str, ...]
    constraints: tuple[Constraint, ...]
    anchor_categories: tuple[str, ...]  # class of each constraint's anchor
    union: bool = False  # any constraint that is not negated suffices instead of all
    count: bool = False  # "how many …": the number is what was asked

    MOST_HOPS: ClassVar[int] = 3

    def __post_init__(self) -> None:
        if len(self.anchor_categories) != len(self.constraints):
            raise PlanError("a plan needs the class of every anchor")
        if not any(not c.negated for c in self.constraints):
            raise PlanError("a plan needs at least one constraint that is not negated")
        for constraint, category in zip(self.constraints, self.anchor_categories, strict=True):
            _check_constraint(constraint, category, self.target, self.MOST_HOPS)


@dataclass(frozen=True, slots=True)
class CheckPlan(_AsCypher):
    """Does one of these triples hold, in the polarity the statement was worded in?

    ``predicates`` are tried in order: the first names what was asked, the others also answer it
    (asked "treats", a recorded contraindication answers too, as a no: ``denied_by``).

    Args:
        subject: CURIE. object: CURIE.
        predicates: predicates whose positive edge makes the triple true.
        denied_by: predicates whose positive edge makes it false (harm recorded).
        polarity: NEGATIVE where the statement denies the triple.
        widened: whether edges on subclasses, superclasses and classes of the two also answer,
            as far as :data:`WIDENING` says they do for the predicate.
    """

    subject: str
    object: str
    predicates: tuple[str, ...]
    subject_category: str
    object_category: str
    denied_by: tuple[str, ...] = ()
    polarity: Polarity = Polarity.POSITIVE
    intent: Intent = Intent.CHECK
    widened: bool = False

    def __post_init__(self) -> None:
        for curie in (self.subject, self.object):
            check_curie(curie)
        if not self.predicates:
            raise PlanError(f"a check of {self.subject} and {self.object} needs a predicate")
        for name in (*self.predicates, *self.denied_by):
            _check_join(self.subject_category, name, self.object_category)


@dataclass(frozen=True, slots=True)
class AmongPlan(_AsCypher):
    """Which of these predicates hold between any two of these concepts?

    For "can I take A with B and C": ``interacts_with`` among three. Classes the concepts belong
    to stand for them where :data:`WIDENING` says so.
    """

    concepts: tuple[str, ...]
    categories: tuple[str, ...]
    predicates: tuple[str, ...]
    intent: Intent = Intent.INTERACTIONS

    def __post_init__(self) -> None:
        if len(self.concepts) != len(self.categories) or len(set(self.concepts)) < 2:
            raise PlanError("a plan among concepts needs two or more, each with its class")
        for curie in self.concepts:
            check_curie(curie)
        for name in self.predicates:
            known = PREDICATES.get(name)
            if known is None:
                raise PlanError(f"{name!r} is not a predicate of the schema")
            for category in self.categories:
                if category not in known.domain | known.range:
                    raise PlanError(f"{name} does not join {category} with anything")


@dataclass(frozen=True, slots=True)
class DescribePlan(_AsCypher):
    """What is this concept? Answered from its definitions, classes, names or identifiers.

    ``identifier`` is the CURIE asked about ("the identifier of X is DOID:1"), in ``polarity``;
    with the intent ``identifier`` and none given, the identifiers are what was asked.
    """

    concept: str
    category: str
    intent: Intent = Intent.DEFINITION
    identifier: str = ""
    polarity: Polarity = Polarity.POSITIVE

    def __post_init__(self) -> None:
        check_curie(self.concept)
        if self.identifier:
            check_curie(self.identifier)


@dataclass(frozen=True, slots=True)
class SimilarPlan(_AsCypher):
    """Which concepts of the same class have the profile of findings most like this concept's?

    The profile of a concept is what positive edges of ``predicate`` lead to. Two profiles are as
    alike as the findings they share are telling: a shared finding that ``n`` concepts have adds
    ``1 / ln(1 + n)`` (the weight of Adamic and Adar), and the sum is divided by the geometric
    mean of the numbers of findings of the two. Kinds of the concept and what it is a kind of are
    left out. At least ``least`` findings, and a fifth (:attr:`LEAST_SHARE`) of those of the
    concept, are shared; the ``most`` best are found.
    """

    concept: str
    category: str
    predicate: str = HAS_PHENOTYPE
    least: int = 2
    most: int = 10
    intent: Intent = Intent.SIMILAR

    LEAST_SHARE: ClassVar[float] = 0.2

    def __post_init__(self) -> None:
        check_curie(self.concept)
        known = PREDICATES.get(self.predicate)
        if known is None:
            raise PlanError(f"{self.predicate!r} is not a predicate of the schema")
        if self.category not in known.domain:
            raise PlanError(f"{self.predicate} cannot be followed out from {self.category}")
        if self.least < 1 or self.most < 1:
            raise PlanError(f"least {self.least}, most {self.most}; both are at least 1")


#: A plan that asks one thing.
SinglePlan = FindPlan | CheckPlan | AmongPlan | DescribePlan | SimilarPlan


@dataclass(frozen=True, slots=True)
class JointPlan(_AsCypher):
    """Several things asked in one breath; each part is executed and told by itself.

    What is to be told with a verdict (:class:`CheckPlan`) is no part: two verdicts in one answer
    could not be told apart by its outcome.
    """

    parts: tuple[SinglePlan, ...]
    intent: Intent = Intent.SEVERAL

    MOST_PARTS: ClassVar[int] = 12

    def __post_init__(self) -> None:
        if not 2 <= len(self.parts) <= self.MOST_PARTS:
            raise PlanError(
                f"a joint plan of {len(self.parts)} parts; 2 to {self.MOST_PARTS} are possible"
            )
        if any(isinstance(part, CheckPlan) for part in self.parts):
            raise PlanError("a plan that checks cannot be part of a joint plan")


Plan = SinglePlan | JointPlan

#: Along which predicates classes are taken in.
CLASS_PREDICATES = (SUBCLASS_OF, MEMBER_OF)

#: Deepest chain of classes followed.
MOST_CLASSES = 4


def class_predicates(category: str) -> tuple[str, ...]:
    """Predicates that lead from a concept of ``category`` to its classes.

    >>> class_predicates("biolink:Disease")
    ('biolink:subclass_of',)
    """
    return CLASS_PREDICATES if category in (DRUG, DRUG_CLASS) else (SUBCLASS_OF,)


@dataclass(frozen=True, slots=True)
class Widening:
    """Which ways subject and object may be replaced by their kin, and the edge still answers.

    ``OUT`` goes up to the classes of a concept, ``IN`` down to its subclasses and members. A
    contraindication of a class holds for its members (up); what is recorded of some subtype of
    a disease is recorded of "a kind of" that disease (down). Harm is looked for both ways.
    """

    subject: tuple[Direction, ...]
    object: tuple[Direction, ...]


_DOWN, _EITHER = (Direction.IN,), (Direction.OUT, Direction.IN)

WIDENING: Mapping[str, Widening] = MappingProxyType(
    {
        TREATS: Widening(_DOWN, _DOWN),
        PREVENTS: Widening(_DOWN, _DOWN),
        HAS_PHENOTYPE: Widening(_DOWN, _DOWN),
        CAUSES: Widening(_DOWN, _DOWN),
        HAS_SIDE_EFFECT: Widening(_DOWN, _DOWN),
        CONTRAINDICATED_IN: Widening(_EITHER, _EITHER),
        INTERACTS_WITH: Widening(_EITHER, _EITHER),
        AVOIDED_FOOD: Widening((), (Direction.OUT,)),
        GENE_ASSOCIATED: Widening((), _DOWN),
        PREDISPOSES: Widening(_DOWN, _DOWN),
        HAS_COMPLICATION: Widening(_DOWN, _DOWN),
        DIAGNOSES: Widening(_DOWN, _EITHER),  # a test for a disease finds its kinds
    }
)


def _check_join(subject: str, predicate: str, object_: str) -> None:
    known = PREDICATES.get(predicate)
    if known is None:
        raise PlanError(f"{predicate!r} is not a predicate of the schema")
    ways = [(subject, object_)] + ([(object_, subject)] if known.symmetric else [])
    if not any(s in known.domain and o in known.range for s, o in ways):
        raise PlanError(f"{predicate} cannot join {subject} to {object_}")


def _check_constraint(
    constraint: Constraint, category: str, target: tuple[str, ...], most_hops: int
) -> None:
    check_curie(constraint.anchor)
    asked = sum(not hop.expansion for hop in constraint.hops)
    if not 1 <= asked <= most_hops:
        raise PlanError(f"{asked} hops from {constraint.anchor}; 1 to {most_hops} are possible")
    at: tuple[str, ...] = (category,)
    for hop in constraint.hops:
        for name in (*at, *hop.categories):
            if name not in CLASSES:
                raise PlanError(f"{name!r} is not a class of the schema")
        for predicate in hop.predicates:
            if not any(
                _can_join(a, predicate, hop.direction, b) for a in at for b in hop.categories
            ):
                raise PlanError(
                    f"{predicate} cannot be followed {hop.direction.value} from "
                    f"{' or '.join(at)} to {' or '.join(hop.categories)}"
                )
        at = tuple(dict.fromkeys((*at, *hop.categories))) if hop.expansion else hop.categories
    if not set(at) <= set(target):
        raise PlanError(f"the last hop arrives at {at}, the plan's target is {target}")


def _can_join(at: str, predicate: str, direction: Direction, to: str) -> bool:
    ways = {
        Direction.OUT: [(at, to)],
        Direction.IN: [(to, at)],
        Direction.BOTH: [(at, to), (to, at)],
    }[direction]
    for subject, object_ in ways:
        try:
            _check_join(subject, predicate, object_)
        except PlanError:
            continue
        return True
    return False
