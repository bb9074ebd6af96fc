"""Taking in subclasses, classes and members around the anchor of a plan."""

from __future__ import annotations

from dataclasses import replace

from kg.records import Polarity
from kg.schema import (
    DIAGNOSES,
    DISEASE,
    DRUG,
    DRUG_CLASS,
    HAS_COMPLICATION,
    HAS_PHENOTYPE,
    PHENOTYPE,
    PREDISPOSES,
    PREVENTS,
    SUBCLASS_OF,
    TREATED_BY_SPECIALTY,
    TREATS,
)
from kg.store import Direction
from reasoning.plan import (
    MOST_CLASSES,
    WIDENING,
    Constraint,
    FindPlan,
    Hop,
    Intent,
    SimilarPlan,
    class_predicates,
)


def expansion(category: str, direction: Direction) -> Hop:
    """The hop that takes in the classes (OUT) or the kinds and members (IN) of a concept."""
    categories = (DRUG, DRUG_CLASS) if category in (DRUG, DRUG_CLASS) else (category,)
    predicates = class_predicates(category)
    if category == DRUG and direction is Direction.IN:  # a drug has subclasses, no members
        predicates = (SUBCLASS_OF,)
    return Hop(predicates, direction, categories, least=0, most=MOST_CLASSES)


def anchor_directions(hop: Hop) -> tuple[Direction, ...]:
    """Which ways the concept a hop starts from may be replaced by its kin."""
    ways = set()
    for name in hop.predicates:
        widening = WIDENING.get(name)
        if widening is None:
            return ()
        ways.add(widening.subject if hop.direction is Direction.OUT else widening.object)
    return ways.pop() if len(ways) == 1 else ()


def by_profile(plan: FindPlan) -> SimilarPlan | None:
    """For a disease to which none is recorded as similar: the plan that compares findings."""
    if plan.intent is not Intent.SIMILAR or len(plan.constraints) != 1 or plan.count:
        return None
    if plan.anchor_categories != (DISEASE,):
        return None
    return SimilarPlan(plan.constraints[0].anchor, DISEASE)


#: What is recorded of a disease is told, marked as such, of a kind of it of which nothing is.
RAISED = frozenset(
    {
        HAS_PHENOTYPE,
        TREATS,
        PREVENTS,
        DIAGNOSES,
        PREDISPOSES,
        HAS_COMPLICATION,
        TREATED_BY_SPECIALTY,
    }
)


def raised(plan: FindPlan) -> FindPlan | None:
    """The plan asked of what its one concept, a disease or finding, is a kind of; or None."""
    only, category = plan.constraints[0], plan.anchor_categories[0]
    if len(plan.constraints) != 1 or plan.count or category not in (DISEASE, PHENOTYPE):
        return None
    if len(only.hops) != 1 or not set(only.hops[0].predicates) & RAISED:
        return None
    hop = only.hops[0]
    if hop.polarity is not Polarity.POSITIVE or plan.intent is Intent.DISEASES_WITH_FINDINGS:
        return None
    parents = Hop((SUBCLASS_OF,), Direction.OUT, (category,), least=0, most=1)
    return replace(plan, constraints=(replace(only, hops=(parents, hop)),))


def widened(plan: FindPlan) -> FindPlan | None:
    """The plan with its anchors' kin taken in, or None where nothing can be.

    An anchor that already stands for its classes too comes to stand for its kinds instead.
    """
    constraints = tuple(
        _with_kin(constraint, category)
        for constraint, category in zip(plan.constraints, plan.anchor_categories, strict=True)
    )
    return replace(plan, constraints=constraints) if constraints != plan.constraints else None


def _with_kin(constraint: Constraint, category: str) -> Constraint:
    first, *others = constraint.hops
    if constraint.negated:
        return constraint
    asked = others[0] if first.expansion else first
    ways = anchor_directions(asked)
    if not first.expansion:
        return _through(constraint, category, ways[0]) if ways else constraint
    if first.direction is Direction.OUT and Direction.IN in ways:
        return _through(replace(constraint, hops=tuple(others)), category, Direction.IN)
    return constraint


def _through(constraint: Constraint, category: str, direction: Direction) -> Constraint:
    return replace(constraint, hops=(expansion(category, direction), *constraint.hops))


def through_diseases(plan: FindPlan) -> FindPlan | None:
    """Of a plan who looks after a finding: who looks after the diseases that show it; or None."""
    only = plan.constraints[0]
    if plan.intent is not Intent.SPECIALTY or plan.anchor_categories != (PHENOTYPE,):
        return None
    if len(only.hops) != 1 or only.negated or plan.count:
        return None
    shown = Hop((HAS_PHENOTYPE,), Direction.IN, (DISEASE,))
    return replace(plan, constraints=(replace(only, hops=(shown, *only.hops)),))
