"""A matched rule and its slots → a plan, typed against the schema."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from kg.errors import PlanError
from kg.names import normalise
from kg.records import Polarity
from kg.schema import DRUG, DRUG_CLASS, INTERACTS_WITH, PREDICATES, refusal
from kg.store import Direction
from nlp.records import Candidate
from reasoning.plan import (
    AmongPlan,
    CheckPlan,
    Constraint,
    DescribePlan,
    FindPlan,
    Hop,
    Intent,
    JointPlan,
    Plan,
    SinglePlan,
)
from reasoning.rules import LETTERS, OTHER, SLOT_KINDS
from reasoning.skeleton import Slot
from reasoning.ways import (
    AMONG,
    ASPECTS,
    CHECKS,
    EXCLUDED_BY,
    EXCLUDED_FROM,
    EXCLUDING_SEARCHES,
    MEMBER_SEARCHES,
    SEARCHES,
    UNSAFE,
    Search,
    Way,
)
from reasoning.widening import expansion

#: Candidates this near the best are told apart by the class the slot prefers.
CLASS_MARGIN = 0.04

#: A candidate this near the chosen one, of its class and another name, makes the name ambiguous.
RIVAL_MARGIN = 0.005


#: How many steps down a finding asked for is followed; what is excluded is followed further.
MOST_KINDS = 2

#: Groups of a rule that hold what is searched from.
WANTED = ("a", "b", "d", "e")


@dataclass(frozen=True, slots=True)
class Anchor:
    """What a slot was taken to mean: a concept, and the hops from it to what the words name."""

    slot: Slot
    concept: Candidate
    hops: tuple[Hop, ...] = ()

    @property
    def categories(self) -> tuple[str, ...]:
        """Classes of what the words name."""
        return self.hops[-1].categories if self.hops else (self.concept.category,)


@dataclass(frozen=True, slots=True)
class Bound:
    """A rule matched on a sentence.

    Args:
        rule: name of the rule.
        anchors: per group the anchors it holds, in order.
        polarity: NEGATIVE where the words deny.
        every: whether a list must hold as a whole.
        count: whether the number is asked.
        unsafe: whether the words ask for harm ("is it dangerous …") rather than safety.
        identifier: the identifier the words state, or "".
        excluded_by: the search that finds what is left out, where it is not the rule's own.
        aspects: searches by which two concepts are to be compared; empty where none is said.
    """

    rule: str
    anchors: Mapping[str, tuple[Anchor, ...]]
    polarity: Polarity = Polarity.POSITIVE
    every: bool = True
    count: bool = False
    unsafe: bool = False
    identifier: str = ""
    excluded_by: str = ""
    aspects: tuple[str, ...] = ()


def chosen(slot: Slot, kind: str) -> Candidate | None:
    """The candidate a slot of that kind takes: the best, the preferred class among near ones."""
    letters = SLOT_KINDS[kind]
    fitting = [c for c in slot.candidates if LETTERS.get(c.category, OTHER) in letters]
    if not fitting:
        return None
    best = max(c.score for c in fitting)
    near = [c for c in fitting if c.score >= best - CLASS_MARGIN]
    if kind == "entity":
        return near[0]
    return min(near, key=lambda c: (letters.index(LETTERS.get(c.category, OTHER)), -c.score))


def rivals_of(slot: Slot, concept: Candidate) -> tuple[Candidate, ...]:
    """Candidates as good as the chosen one, of its class, that are something else by name."""
    name = normalise(concept.name)
    return tuple(
        c
        for c in slot.candidates
        if c.curie != concept.curie
        and c.category == concept.category
        and c.score >= concept.score - RIVAL_MARGIN
        and normalise(c.name) != name
    )


def plan_of(bound: Bound) -> Plan | None:
    """The plan of a matched rule; None where its concepts are of classes it cannot be asked of."""
    try:
        return _plan(bound)
    except PlanError:
        return None


def intent_of(rule: str) -> Intent | None:
    """The intent a rule stands for."""
    if rule in SEARCHES:
        return SEARCHES[rule].intent
    if rule in MEMBER_SEARCHES:
        return SEARCHES[MEMBER_SEARCHES[rule]].intent
    if rule in EXCLUDING_SEARCHES:
        return SEARCHES[EXCLUDED_FROM.get(rule, "drug_treatments")].intent
    if rule in CHECKS:
        return CHECKS[rule].intent
    others = {
        "check_safe": Intent.SAFETY,
        "among": Intent.INTERACTIONS,
        "among_safe": Intent.SAFETY,
        "compare": Intent.COMPARISON,
        "definition": Intent.DEFINITION,
        "names": Intent.NAMES,
        "identifier": Intent.IDENTIFIER,
    }
    return others.get(rule)


def _plan(bound: Bound) -> Plan | None:
    if bound.rule in SEARCHES:
        return _find(bound)
    if bound.rule in MEMBER_SEARCHES:
        return _members(bound)
    if bound.rule == "compare":
        return _comparison(bound)
    if bound.rule in EXCLUDING_SEARCHES:
        return _excluding(bound)
    if bound.rule == "check_safe":
        return _safety(bound)
    if bound.rule in CHECKS:
        return _check(bound)
    if bound.rule in ("among", "among_safe"):
        return _among(bound)
    return _describe(bound)


# --- finding


def _find(bound: Bound) -> Plan | None:
    search = SEARCHES[bound.rule]
    wanted = [anchor for group in WANTED for anchor in bound.anchors.get(group, ())]
    unwanted = bound.anchors.get("x", ())
    negative = search.deniable and not unwanted and bound.polarity is Polarity.NEGATIVE
    found = _constraints(wanted, search.ways, negative=negative)
    excluded = _excluded(bound, search)
    if found is None or excluded is None or not found:
        return None
    if bound.rule == "diseases_with_findings":
        found = [_with_kinds(c, a) for c, a in zip(found, wanted, strict=True)]
        excluded = [_with_kinds(c, a) for c, a in zip(excluded, unwanted, strict=True)]
    return _joined(
        search.intent,
        [*zip(found, wanted, strict=True), *zip(excluded, unwanted, strict=True)],
        union=not bound.every and len(found) > 1,
        count=bound.count,
    )


def _excluded(bound: Bound, search: Search) -> list[Constraint] | None:
    """What the question leaves out: found as what it wants, or another way."""
    found: list[Constraint] = []
    drugs = {c for way in search.ways for c in way.hops[-1].categories} & {DRUG, DRUG_CLASS}
    for anchor in bound.anchors.get("x", ()):
        constraints = None
        for name in (bound.excluded_by, bound.rule, "class_members", "drugs_with_side_effect"):
            if not name or (name != bound.rule and not drugs):
                continue
            constraints = _constraints((anchor,), SEARCHES[name].ways, negated=True)
            if constraints is not None:
                if name in EXCLUDED_BY:
                    constraints = [
                        replace(c, hops=(*c.hops, _members_of_classes())) for c in constraints
                    ]
                break
        if constraints is None:
            return None
        found += constraints
    return found


def _constraints(
    anchors: Sequence[Anchor],
    ways: Sequence[Way],
    *,
    negated: bool = False,
    negative: bool = False,
) -> list[Constraint] | None:
    constraints = []
    for anchor in anchors:
        way = next((w for w in ways if set(anchor.categories) & set(w.anchors)), None)
        if way is None:
            return None
        hops = way.hops
        if negative:
            hops = (*hops[:-1], replace(hops[-1], polarity=Polarity.NEGATIVE))
        if way.up:
            hops = (expansion(anchor.categories[0], Direction.OUT), *hops)
        constraints.append(Constraint(anchor.concept.curie, (*anchor.hops, *hops), negated))
    return constraints


def _with_kinds(constraint: Constraint, anchor: Anchor) -> Constraint:
    """A disease with a more specific finding has the finding."""
    if anchor.hops:
        return constraint
    kinds = expansion(anchor.concept.category, Direction.IN)
    if not constraint.negated:
        kinds = replace(kinds, most=MOST_KINDS)
    return replace(constraint, hops=(kinds, *constraint.hops))


def _joined(
    intent: Intent,
    pairs: Sequence[tuple[Constraint, Anchor]],
    *,
    union: bool = False,
    count: bool = False,
) -> FindPlan:
    unique = {c: a.concept.category for c, a in pairs}
    targets = [set(c.hops[-1].categories) for c in unique if not c.negated]
    target = targets[0].union(*targets[1:])
    ordered = tuple(c for c in _class_order() if c in target)
    return FindPlan(
        intent,
        ordered,
        tuple(unique),
        tuple(unique.values()),
        union=union and sum(not c.negated for c in unique) > 1,
        count=count,
    )


def _class_order() -> tuple[str, ...]:
    return tuple(LETTERS)


def _members(bound: Bound) -> Plan | None:
    search = SEARCHES[MEMBER_SEARCHES[bound.rule]]
    anchors = bound.anchors["a"]
    classes = bound.anchors["c"]
    found = _constraints(anchors, search.ways)
    members = _constraints(classes, SEARCHES[AMONG.get(bound.rule, "class_members")].ways)
    if found is None or members is None:
        return None
    if MEMBER_SEARCHES[bound.rule] == "contraindicated_drugs":
        found = [replace(c, hops=(*c.hops, _members_of_classes())) for c in found]
    pairs = [*zip(found, anchors, strict=True), *zip(members, classes, strict=True)]
    return _joined(search.intent, pairs, count=bound.count)


def _members_of_classes() -> Hop:
    """From a drug or class to itself and everything in it."""
    return expansion(DRUG_CLASS, Direction.IN)


def _excluding(bound: Bound) -> Plan | None:
    """Drugs for ``a`` that are not, and no class of which is, ruled out by ``x``."""
    wanted, unwanted = bound.anchors["a"], bound.anchors["x"]
    if {a.concept.curie for a in wanted} & {x.concept.curie for x in unwanted}:
        return None
    search = SEARCHES[EXCLUDED_FROM.get(bound.rule, "drug_treatments")]
    found = _constraints(wanted, search.ways)
    excluded = _constraints(unwanted, SEARCHES[EXCLUDING_SEARCHES[bound.rule]].ways, negated=True)
    if found is None or excluded is None:
        return None
    excluded = [replace(c, hops=(*c.hops, _members_of_classes())) for c in excluded]
    pairs = [*zip(found, wanted, strict=True), *zip(excluded, unwanted, strict=True)]
    return _joined(search.intent, pairs, count=bound.count)


# --- comparing


def _comparison(bound: Bound) -> Plan | None:
    """By each aspect: what the two share, and what only either of them has."""
    one, other = bound.anchors["a"][0], bound.anchors["b"][0]
    if one.hops or other.hops:
        return None
    if one.concept.curie == other.concept.curie:
        return _describing(one, Intent.NAMES)
    parts: list[SinglePlan] = []
    for aspect in bound.aspects or ASPECTS.get(one.concept.category, ()):
        parts += _compared(one, other, SEARCHES[aspect])
    if not parts:
        return None
    return JointPlan(tuple(parts[: JointPlan.MOST_PARTS]), Intent.COMPARISON)


def _compared(one: Anchor, other: Anchor, search: Search) -> list[SinglePlan]:
    stated = [_constraints((anchor,), search.ways) for anchor in (one, other)]
    denied = [_constraints((anchor,), search.ways, negated=True) for anchor in (one, other)]
    if not stated[0] or not stated[1] or not denied[0] or not denied[1]:
        return []
    pairs = (
        ((stated[0][0], one), (stated[1][0], other)),
        ((stated[0][0], one), (denied[1][0], other)),
        ((stated[1][0], other), (denied[0][0], one)),
    )
    return [_joined(search.intent, pair) for pair in pairs]


# --- checking


def _check(bound: Bound) -> Plan | None:
    check = CHECKS[bound.rule]
    subject, object_ = bound.anchors["s"][0], bound.anchors["o"][0]
    if subject.hops or object_.hops:
        return None
    if subject.concept.curie == object_.concept.curie:
        return _describing(subject, Intent.NAMES)
    stated, denied = check.stated_by, check.denied_by
    if bound.rule == "check_food" and bound.unsafe:
        stated, denied = denied, stated
    if bound.rule == "check_associated" and _generic(subject, object_, stated):
        subject, object_ = object_, subject
    return _checked(subject, object_, stated, denied, bound.polarity, check.intent)


def _generic(subject: Anchor, object_: Anchor, stated: Sequence[str]) -> bool:
    """Whether only the other way round something more than "associated" can be said."""
    ends = (subject.concept.category, object_.concept.category)
    forward = sum(joins(ends[0], p, ends[1]) for p in stated)
    return forward < sum(joins(ends[1], p, ends[0]) for p in stated)


def _checked(
    subject: Anchor,
    object_: Anchor,
    stated: Sequence[str],
    denied: Sequence[str],
    polarity: Polarity,
    intent: Intent,
) -> CheckPlan | None:
    ends = (subject.concept.category, object_.concept.category)
    possible = tuple(p for p in stated if joins(ends[0], p, ends[1]))
    if not possible:
        return None
    return CheckPlan(
        subject.concept.curie,
        object_.concept.curie,
        possible,
        *ends,
        denied_by=tuple(p for p in denied if joins(ends[0], p, ends[1])),
        polarity=polarity,
        intent=intent,
    )


def joins(subject: str, predicate: str, object_: str) -> bool:
    """Whether the schema lets ``predicate`` join the two classes (either way if symmetric)."""
    if refusal(subject, predicate, object_) is None:
        return True
    return PREDICATES[predicate].symmetric and refusal(object_, predicate, subject) is None


def _safety(bound: Bound) -> Plan | None:
    """ "X is safe with Y" is a statement that a recorded harm makes false."""
    subject, object_ = bound.anchors["s"][0], bound.anchors["o"][0]
    if subject.hops or object_.hops or subject.concept.curie == object_.concept.curie:
        return None
    harms = UNSAFE.get(object_.concept.category, ())
    asked_harm = bound.unsafe != (bound.polarity is Polarity.NEGATIVE)
    polarity = Polarity.POSITIVE if asked_harm else Polarity.NEGATIVE
    return _checked(subject, object_, harms, (), polarity, Intent.SAFETY)


def _among(bound: Bound) -> Plan | None:
    concepts = {a.concept.curie: a.concept.category for a in bound.anchors["a"] if not a.hops}
    if len(concepts) == 2 and all(not a.hops for a in bound.anchors["a"]):
        first, second = bound.anchors["a"][0], bound.anchors["a"][-1]
        safe = bound.rule == "among_safe"
        polarity = Polarity.NEGATIVE if safe else Polarity.POSITIVE
        intent = Intent.SAFETY if safe else Intent.CHECK
        return _checked(first, second, (INTERACTS_WITH,), (), polarity, intent)
    if len(concepts) < 3:
        return None
    return AmongPlan(tuple(concepts), tuple(concepts.values()), (INTERACTS_WITH,))


# --- describing


def _describe(bound: Bound) -> Plan | None:
    anchor = bound.anchors["a"][0]
    if anchor.hops:
        return None
    intent = intent_of(bound.rule) or Intent.DEFINITION
    return _describing(anchor, intent, identifier=bound.identifier, polarity=bound.polarity)


def _describing(
    anchor: Anchor,
    intent: Intent,
    *,
    identifier: str = "",
    polarity: Polarity = Polarity.POSITIVE,
) -> DescribePlan:
    return DescribePlan(
        anchor.concept.curie,
        anchor.concept.category,
        intent,
        identifier,
        polarity if identifier else Polarity.POSITIVE,
    )
