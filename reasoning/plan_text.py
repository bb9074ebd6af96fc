"""A plan as one line a person can read."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from kg.records import Polarity
from kg.schema import PREDICATES, node_class, predicate
from kg.store import Direction
from reasoning.plan import (
    AmongPlan,
    CheckPlan,
    Constraint,
    DescribePlan,
    FindPlan,
    Hop,
    JointPlan,
    Plan,
    SimilarPlan,
)

Names = Mapping[str, str] | Callable[[str], str]


def plan_text(plan: Plan, names: Names) -> str:
    """The plan in one line; ``names`` gives the name of a CURIE (the CURIE itself else).

    >>> from kg.schema import DISEASE, DRUG, TREATS
    >>> from reasoning.plan import Intent
    >>> treats = Hop((TREATS,), Direction.IN, (DRUG,))
    >>> plan = FindPlan(Intent.TREATMENTS, (DRUG,), (Constraint("X:1", (treats,)),), (DISEASE,))
    >>> plan_text(plan, {"X:1": "migraine"})
    'find Drug: Drug -TREATS-> migraine (X:1)'
    """
    match plan:
        case FindPlan():
            return _find(plan, names)
        case CheckPlan():
            return _check(plan, names)
        case AmongPlan():
            edges = "|".join(predicate(p).label for p in plan.predicates)
            return f"check {edges} among " + ", ".join(_named(c, names) for c in plan.concepts)
        case DescribePlan():
            return _describe(plan, names)
        case SimilarPlan():
            edges, kind = predicate(plan.predicate).label, _labels((plan.category,))
            return f"find {kind} most like {_named(plan.concept, names)} by {edges}"
        case JointPlan():
            return "; ".join(plan_text(part, names) for part in plan.parts)


def _named(curie: str, names: Names) -> str:
    name = names(curie) if callable(names) else names.get(curie, "")
    return f"{name} ({curie})" if name and name != curie else curie


def _labels(categories: tuple[str, ...]) -> str:
    return "|".join(node_class(c).label for c in categories)


def _find(plan: FindPlan, names: Names) -> str:
    joint = " or " if plan.union else " and "
    wanted = [_chain(c, names) for c in plan.constraints if not c.negated]
    unwanted = [f"not {_chain(c, names)}" for c in plan.constraints if c.negated]
    body = joint.join(wanted)
    if plan.union and unwanted and len(wanted) > 1:
        body = f"({body})"
    return f"{'count' if plan.count else 'find'} {_labels(plan.target)}: " + " and ".join(
        (body, *unwanted)
    )


def _chain(constraint: Constraint, names: Names) -> str:
    """Read from the target towards the anchor."""
    text = _named(constraint.anchor, names)
    for hop in constraint.hops:
        text = _hop(hop, text)
    return text


def _hop(hop: Hop, start: str) -> str:
    types = "|".join(predicate(p).label for p in hop.predicates)
    if hop.expansion:
        kin = "kinds and members" if hop.direction is Direction.IN else "classes"
        return f"{start} with its {kin}"
    inner = types if hop.polarity is Polarity.POSITIVE else f"NOT {types}"
    symmetric = all(PREDICATES[p].symmetric for p in hop.predicates)
    either = symmetric or hop.direction is Direction.BOTH
    if either:
        arrow = f"-{inner}-"
    else:
        arrow = f"-{inner}->" if hop.direction is Direction.IN else f"<-{inner}-"
    return f"{_labels(hop.categories)} {arrow} {start}"


def _check(plan: CheckPlan, names: Names) -> str:
    types = "|".join(predicate(p).label for p in plan.predicates)
    denied = "|".join(predicate(p).label for p in plan.denied_by)
    arrow = f"-{types}-" if PREDICATES[plan.predicates[0]].symmetric else f"-{types}->"
    text = f"{_named(plan.subject, names)} {arrow} {_named(plan.object, names)}"
    verb = "check" if plan.polarity is Polarity.POSITIVE else "check that not"
    notes = [f"denied by {denied}"] if denied else []
    notes += ["kinds and classes count"] if plan.widened else []
    return f"{verb} {text}" + (f" ({'; '.join(notes)})" if notes else "")


def _describe(plan: DescribePlan, names: Names) -> str:
    name = _named(plan.concept, names)
    if not plan.identifier:
        return f"describe {name}: {plan.intent.value}"
    verb = "check" if plan.polarity is Polarity.POSITIVE else "check that not"
    return f"{verb} {plan.identifier} identifies {name}"
