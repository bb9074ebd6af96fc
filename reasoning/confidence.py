"""How often an answer of some confidence is right: calibration, its error, risk and coverage.

The confidence of an answer is the probability that it is right, by a logistic model over what the
answer rests on (:mod:`reasoning.signals`), fitted on answers known to be right or wrong
(``reasoning/confidence.toml`` says on which). No signal may raise it.
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np

from kg.errors import UsageError
from reasoning.signals import NAMES, Signals


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
