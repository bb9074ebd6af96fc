"""Questions that ask among what the answer before them found: "Which of those …?".

What the question asks has to hold, and what the one before asked too: one plan with the constraints
of both. Where that cannot be said as a plan there is none: an answer over everything would leave
out "of those" without a word.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection, Mapping
from dataclasses import replace
from functools import cache
from importlib.resources import files

from kg.errors import PlanError
from kg.schema import PREDICATES
from kg.store import Direction
from reasoning.answer import Outcome
from reasoning.plan import FindPlan, Hop, Plan
from reasoning.question import Reason, Understanding

#: Put before the rule of a question asked among what was found; it stays when it is asked again.
_AMONG = "among-"


def among_those(understood: Understanding, previous: Understanding | None) -> Understanding:
    """``understood``, asked among what ``previous`` found where its words say so."""
    again = understood.rule.startswith(_AMONG)  # "And in glaucoma?", asked like the one before
    if understood.plan is None or understood.options or not (again or _asks_among(understood)):
        return understood
    before = None if previous is None else previous.plan
    if again:
        before = _without_last(before, understood.plan)
    plan = None if before is None else both(before, understood.plan)
    if plan is not None:
        rule = understood.rule if again else f"{_AMONG}{understood.rule}"
        return replace(understood, plan=plan, other_senses=(), rule=rule)
    return replace(
        understood,
        plan=None,
        other_senses=(),
        outcome=Outcome.OUT_OF_SCOPE,
        reason=Reason.NO_NAME if before is None else Reason.NO_QUESTION,
    )


def _without_last(before: Plan | None, now: Plan) -> FindPlan | None:
    """What was asked before the last question, in whose place ``now`` is asked."""
    if not isinstance(before, FindPlan) or not isinstance(now, FindPlan):
        return None
    kept = len(before.constraints) - len(now.constraints)
    if kept < 1:
        return None
    return replace(
        before,
        constraints=before.constraints[:kept],
        anchor_categories=before.anchor_categories[:kept],
    )


def both(before: Plan, now: Plan) -> FindPlan | None:
    """One plan for what both find; None where there is none."""
    if not isinstance(before, FindPlan) or not isinstance(now, FindPlan):
        return None
    target = tuple(c for c in before.target if c in now.target)
    if before.union or now.union or not target:
        return None
    constraints = (*before.constraints, *now.constraints)
    narrowed = tuple(replace(c, hops=_arriving(c.hops, target)) for c in constraints)
    if not all(hop.categories and hop.predicates for c in narrowed for hop in c.hops):
        return None
    try:
        return FindPlan(
            now.intent,
            target,
            narrowed,
            (*before.anchor_categories, *now.anchor_categories),
            count=now.count,
        )
    except PlanError:
        return None


def _arriving(hops: tuple[Hop, ...], target: tuple[str, ...]) -> tuple[Hop, ...]:
    """The hops with the last one arriving at ``target`` alone, by predicates that lead there."""
    last = hops[-1]
    categories = tuple(c for c in last.categories if c in target)
    predicates = tuple(p for p in last.predicates if _leads(p, last.direction, categories))
    return (*hops[:-1], replace(last, predicates=predicates, categories=categories))


def _leads(predicate: str, direction: Direction, categories: Collection[str]) -> bool:
    known = PREDICATES[predicate]
    ends = set() if direction is Direction.OUT and not known.symmetric else set(known.domain)
    if direction is not Direction.IN or known.symmetric:
        ends |= known.range
    return not ends.isdisjoint(categories)


def _asks_among(understood: Understanding) -> bool:
    return _words()[understood.language].search(understood.question) is not None


@cache
def _words() -> Mapping[str, re.Pattern[str]]:
    text = (files("reasoning") / "following.toml").read_text(encoding="utf-8")
    return {language: re.compile(p, re.IGNORECASE) for language, p in tomllib.loads(text).items()}
