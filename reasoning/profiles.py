"""Concepts alike by what they have in common: the shared findings of two diseases.

How alike two profiles are is said by :class:`reasoning.plan.SimilarPlan`. The weight of a shared
finding is that of Adamic and Adar, "Friends and neighbors on the Web", Social Networks 25 (2003).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from kg.records import Edge
from kg.schema import SUBCLASS_OF
from kg.store import Direction
from reasoning.plan import MOST_CLASSES, Hop, SimilarPlan
from reasoning.traversal import Walker

#: Digits of a score that count; what differs beyond them is a tie.
DIGITS = 6


@dataclass(frozen=True, slots=True)
class Alike:
    """A concept like the one asked about.

    ``edges`` come in pairs, the most telling finding first: of the concept asked about, of this.
    """

    curie: str
    score: float
    edges: tuple[Edge, ...]


def alike(plan: SimilarPlan, walker: Walker) -> list[Alike]:
    """The concepts most like ``plan.concept``, best first."""
    own = {e.object: e for e in walker.step(plan.concept, (plan.predicate,), Direction.OUT)}
    if not own:
        return []
    weights: dict[str, float] = {}
    shared: dict[str, dict[str, Edge]] = {}
    for finding in own:
        arriving = walker.step(
            finding, (plan.predicate,), Direction.IN, categories=(plan.category,)
        )
        weights[finding] = 1.0 / math.log(1 + max(len(arriving), 1))
        for edge in arriving:
            shared.setdefault(edge.subject, {})[finding] = edge
    left_out = {plan.concept, *_kin(plan, walker)}
    candidates = {
        curie: found
        for curie, found in shared.items()
        if len(found) >= max(plan.least, plan.LEAST_SHARE * len(own)) and curie not in left_out
    }
    return [
        Alike(curie, score, _paired(own, candidates[curie], weights))
        for score, curie in _best(plan, walker, candidates, weights, len(own))
    ]


def _kin(plan: SimilarPlan, walker: Walker) -> set[str]:
    """Kinds of the concept and what it is a kind of."""
    found: set[str] = set()
    for direction in (Direction.OUT, Direction.IN):
        hop = Hop((SUBCLASS_OF,), direction, (plan.category,), most=MOST_CLASSES)
        found |= walker.follow(plan.concept, (hop,)).keys()
    return found


def _best(
    plan: SimilarPlan,
    walker: Walker,
    candidates: Mapping[str, Mapping[str, Edge]],
    weights: Mapping[str, float],
    size: int,
) -> list[tuple[float, str]]:
    """Scores and candidates, best first; those that cannot be among the best are not counted.

    A concept has at least as many findings as it shares: that bounds its score from above.
    """
    sums = {c: sum(weights[f] for f in sorted(found)) for c, found in candidates.items()}
    bounds = {c: sums[c] / math.sqrt(size * len(candidates[c])) for c in candidates}
    best: list[tuple[float, str]] = []
    for curie in sorted(candidates, key=lambda c: (-bounds[c], c)):
        if len(best) == plan.most and round(bounds[curie], DIGITS) < best[-1][0]:
            break
        total = walker.count(curie, plan.predicate)
        best.append((round(sums[curie] / math.sqrt(size * total), DIGITS), curie))
        best = sorted(best, key=lambda pair: (-pair[0], pair[1]))[: plan.most]
    return best


def _paired(
    own: Mapping[str, Edge], other: Mapping[str, Edge], weights: Mapping[str, float]
) -> tuple[Edge, ...]:
    order = sorted(other, key=lambda finding: (-weights[finding], finding))
    return tuple(edge for finding in order for edge in (own[finding], other[finding]))
