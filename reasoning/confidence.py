"""How often an answer of some confidence is right: calibration, its error, risk and coverage.

A raw confidence orders answers; a :class:`Calibration`, fitted on answers known to be right or
wrong, turns it into a share. The fit is isotonic (pool adjacent violators): more confident is
never less often right, and nothing else is assumed.

Zadrozny and Elkan 2002, "Transforming classifier scores into accurate multiclass probability
estimates", https://doi.org/10.1145/775047.775151.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from kg.errors import UsageError


@dataclass(frozen=True, slots=True)
class Calibration:
    """A step function from raw confidence to the share of right answers.

    Args:
        bounds: highest raw confidence of each step, ascending.
        shares: share of right answers on each step, never descending; the last one also holds
            above the last bound.
    """

    bounds: tuple[float, ...]
    shares: tuple[float, ...]

    def __post_init__(self) -> None:
        if not self.bounds or len(self.bounds) != len(self.shares):
            raise UsageError("a calibration needs a share for each of at least one bound")
        if any(a >= b for a, b in zip(self.bounds, self.bounds[1:], strict=False)):
            raise UsageError(f"bounds {self.bounds} do not ascend")
        if any(a > b for a, b in zip(self.shares, self.shares[1:], strict=False)):
            raise UsageError(f"shares {self.shares} descend")

    def __call__(self, raw: float) -> float:
        """The share of right answers among those of confidence ``raw``; 0 stays 0.

        >>> Calibration((0.5, 1.0), (0.7, 0.9))(0.6)
        0.9
        """
        if raw <= 0:
            return 0.0
        return self.shares[min(bisect_left(self.bounds, raw), len(self.shares) - 1)]

    @classmethod
    def fitted(cls, answers: Sequence[tuple[float, bool]]) -> Calibration:
        """The isotonic fit to ``(raw confidence, whether right)``.

        A right and a wrong answer are added to every step before its share is taken, so that
        few answers never make certainty.

        >>> Calibration.fitted([(0.2, False), (0.8, True), (0.8, True)]).bounds
        (0.2, 0.8)

        Raises:
            UsageError: without an answer.
        """
        if not answers:
            raise UsageError("nothing to calibrate on; give answers known to be right or wrong")
        steps: list[list[float]] = []  # bound, right, count
        for raw, right in sorted(answers):
            if steps and steps[-1][0] == raw:
                steps[-1][1] += right
                steps[-1][2] += 1
            else:
                steps.append([raw, float(right), 1.0])
        pooled: list[list[float]] = []
        for step in steps:
            pooled.append(step)
            while len(pooled) > 1 and _share(pooled[-2]) >= _share(pooled[-1]):
                bound, right_, count = pooled.pop()
                pooled[-1] = [bound, pooled[-1][1] + right_, pooled[-1][2] + count]
        return cls(tuple(s[0] for s in pooled), tuple(round(_share(s), 4) for s in pooled))


def _share(step: Sequence[float]) -> float:
    return (step[1] + 1) / (step[2] + 2)


def calibration_error(answers: Sequence[tuple[float, bool]], *, bins: int = 10) -> float:
    """Expected calibration error over equally wide bins, in [0, 1].

    Naeini et al. 2015, https://doi.org/10.1609/aaai.v29i1.9602.

    >>> calibration_error([(0.75, True), (0.75, True), (0.75, True), (0.75, False)])
    0.0
    """
    total = 0.0
    for low in range(bins):
        held = [a for a in answers if min(int(a[0] * bins), bins - 1) == low]
        if held:
            mean = sum(c for c, _ in held) / len(held)
            total += abs(mean - sum(r for _, r in held) / len(held)) * len(held)
    return total / len(answers)


@dataclass(frozen=True, slots=True)
class Risk:
    """Answering everything of at least ``threshold``: how much is answered, and how much wrong."""

    threshold: float
    coverage: float
    risk: float


def risk_coverage(answers: Sequence[tuple[float, bool]], *, asked: int) -> Iterator[Risk]:
    """The risk at every threshold, from the strictest; ``asked`` questions were answerable.

    >>> [(r.threshold, r.coverage, r.risk) for r in risk_coverage([(0.9, True), (0.5, False)],
    ...                                                           asked=4)]
    [(0.9, 0.25, 0.0), (0.5, 0.5, 0.5)]
    """
    ordered = sorted(answers, reverse=True)
    wrong = 0
    for number, (confidence, right) in enumerate(ordered, 1):
        wrong += not right
        if number == len(ordered) or ordered[number][0] != confidence:
            yield Risk(confidence, number / asked, wrong / number)
