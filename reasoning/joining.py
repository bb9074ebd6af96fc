"""Several things understood of one question → one understanding with a joint plan."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from reasoning.answer import LinkedConcept
from reasoning.plan import (
    AmongPlan,
    CheckPlan,
    DescribePlan,
    FindPlan,
    Intent,
    JointPlan,
    Plan,
    SimilarPlan,
    SinglePlan,
)
from reasoning.question import Understanding


def anchored(plan: Plan) -> set[str]:
    """The concepts a plan starts from."""
    match plan:
        case FindPlan():
            return {c.anchor for c in plan.constraints}
        case CheckPlan():
            return {plan.subject, plan.object}
        case AmongPlan():
            return set(plan.concepts)
        case DescribePlan() | SimilarPlan():
            return {plan.concept}
        case JointPlan():
            return set().union(*(anchored(part) for part in plan.parts))


def negates(plan: Plan) -> bool:
    """Whether a plan leaves something out."""
    return isinstance(plan, FindPlan) and any(c.negated for c in plan.constraints)


def unused(concepts: Sequence[LinkedConcept], plan: Plan) -> tuple[LinkedConcept, ...]:
    """Concepts of a question that its plan does not start from."""
    used = anchored(plan)
    return tuple(c for c in concepts if c.curie not in used)


def joined(found: Sequence[Understanding]) -> Understanding:
    """The first, with the plans of all that have one that is no check; itself where it is alone.

    Concepts of the question are those of the first; each as the first that uses it takes it.
    """
    first = found[0]
    parts: dict[SinglePlan, Understanding] = {}
    for one in found:
        several = one.plan.parts if isinstance(one.plan, JointPlan) else (one.plan,)
        for part in several:
            if part is not None and not isinstance(part, CheckPlan):
                parts.setdefault(part, one)
    kept = tuple(parts)[: JointPlan.MOST_PARTS]
    if len(kept) < 2 or first.plan is None or isinstance(first.plan, CheckPlan):
        return first
    intents = {u.plan.intent for u in found if u.plan is not None}
    plan = JointPlan(kept, intents.pop() if len(intents) == 1 else Intent.SEVERAL)
    taken = {(c.start, c.end): c for u in reversed(found) for c in u.concepts if not _left(u, c)}
    concepts = tuple(taken.get((c.start, c.end), c) for c in first.concepts)
    return replace(
        first,
        concepts=concepts,
        plan=plan,
        intent=plan.intent,
        other_senses=(),
        certainty=min(u.certainty for u in found),
        ignored=unused(concepts, plan),
    )


def _left(understood: Understanding, concept: LinkedConcept) -> bool:
    return concept in understood.ignored
