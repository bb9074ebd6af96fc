"""How often an answer of some confidence is right: calibration, its error, risk and coverage.

The confidence of an answer is the probability that it is right, by a logistic model over what the
answer rests on (:mod:`reasoning.signals`), fitted on answers known to be right or wrong
(``reasoning/confidence.toml`` says on which). No signal may raise it. A :class:`Calibration` turns
any score into a share of right answers: isotonic (pool adjacent violators), so that more confident
is never less often right, and nothing else is assumed.

Zadrozny and Elkan 2002, "Transforming classifier scores into accurate multiclass probability
estimates", https://doi.org/10.1145/775047.775151.
"""

from __future__ import annotations

import math
import tomllib
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np

from kg.errors import UsageError
from reasoning.signals import NAMES, Signals


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


@dataclass(frozen=True, slots=True)
class ConfidenceModel:
    """The probability that an answer is right, by its signals.

    Args:
        bias: log odds of an answer nothing speaks against.
        weights: what each unit of a signal takes from the log odds, in the order of
            :data:`reasoning.signals.NAMES`; none is above 0.
    """

    bias: float
    weights: tuple[float, ...]

    def __post_init__(self) -> None:
        if len(self.weights) != len(NAMES):
            raise UsageError(f"{len(self.weights)} weights for {len(NAMES)} signals: {NAMES}")
        if any(weight > 0 for weight in self.weights):
            raise UsageError(
                f"weights {self.weights}: one is above 0; no signal speaks for an answer"
            )

    def __call__(self, signals: Signals) -> float:
        """In (0, 1).

        >>> model = ConfidenceModel(2.0, (0.0,) * len(NAMES))
        >>> round(model(Signals()), 3)
        0.881
        """
        taken = sum(w * v for w, v in zip(self.weights, signals.values, strict=True))
        return 1.0 / (1.0 + math.exp(-(self.bias + taken)))

    def weakest(self, signals: Signals) -> str:
        """Name of the signal that takes most from the confidence; "" where none takes anything."""
        taken = [w * v for w, v in zip(self.weights, signals.values, strict=True)]
        least = min(taken)
        return NAMES[taken.index(least)] if least < 0 else ""

    @classmethod
    def shipped(cls) -> ConfidenceModel:
        """The model of ``reasoning/confidence.toml``."""
        return _shipped()

    @classmethod
    def fitted(
        cls, answers: Sequence[tuple[Signals, bool]], *, prior: float = 1.0, steps: int = 2_000
    ) -> ConfidenceModel:
        """The fit of most likelihood with no weight above 0, drawn to 0 by ``prior``.

        Args:
            answers: signals, and whether the answer was right.
            prior: strength of the pull, as of so many answers.
            steps: of projected gradient descent.

        Raises:
            UsageError: without a right or without a wrong answer.
        """
        right = np.array([r for _, r in answers], dtype=np.float64)
        if not answers or right.min() == right.max():
            raise UsageError(f"{len(answers)} answers, all alike; give right ones and wrong ones")
        values = np.array([s.values for s, _ in answers], dtype=np.float64)
        inputs = np.column_stack([np.ones(len(values)), values])
        found = np.zeros(inputs.shape[1])
        found[0] = math.log(right.sum() / (1 - right).sum())
        curvature = np.linalg.norm(inputs, 2) ** 2 / 4 + prior
        pull = np.r_[0.0, np.full(len(NAMES), prior)]
        for _ in range(steps):
            expected = 1.0 / (1.0 + np.exp(-inputs @ found))
            found -= (inputs.T @ (expected - right) + pull * found) / curvature
            found[1:] = np.minimum(found[1:], 0.0)
        return cls(round(float(found[0]), 4), tuple(round(float(w), 4) for w in found[1:]))


@cache
def _shipped() -> ConfidenceModel:
    text = files("reasoning").joinpath("confidence.toml").read_text(encoding="utf-8")
    table = tomllib.loads(text)
    return ConfidenceModel(table["bias"], tuple(table["weights"][name] for name in NAMES))


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
