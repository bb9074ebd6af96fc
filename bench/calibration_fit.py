"""Fitting the confidence model, on the fitting half alone: how strong a prior, and what after it.

Five folds by document. The prior is the one with the least loss on the folds left out. Beside the
logistic model as it is stand two maps of its probability, fitted on the same folds: Platt's
(a logistic function of the log odds; Platt 1999) and isotonic regression by pooling adjacent
violators, interpolated between the blocks (Zadrozny and Elkan 2002,
https://doi.org/10.1145/775047.775151).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reasoning.confidence import ConfidenceModel, calibration_error
from reasoning.signals import Signals

PRIORS = (1.0, 0.3, 0.1, 0.03, 0.01)
FOLDS = 5
_MOST_ODDS = 30.0
_LEAST = 1e-3  # probabilities nearer to 0 or 1 count as this near

Floats = NDArray[np.float64]
#: Probabilities of the logistic model → recalibrated ones.
Recalibration = Callable[[Floats], Floats]


@dataclass(frozen=True, slots=True)
class Example:
    """An answer's signals, whether it was right, and the document its question is of."""

    signals: Signals
    right: bool
    document: str


@dataclass(frozen=True, slots=True)
class Quality:
    """Of answers left out of a fit: mean log loss, and expected calibration error."""

    loss: float
    error: float


def chosen_prior(examples: Sequence[Example]) -> float:
    """The prior of :data:`PRIORS` with the least loss on folds left out."""
    return min(PRIORS, key=lambda prior: cross_validated(examples, prior)["as it is"].loss)


def cross_validated(examples: Sequence[Example], prior: float) -> dict[str, Quality]:
    """The quality on folds left out, as it is and with each recalibration."""
    found: dict[str, list[tuple[float, bool]]] = {"as it is": [], "Platt": [], "isotonic": []}
    for fold in range(FOLDS):
        fitted_on = [e for e in examples if _fold(e.document) != fold]
        left_out = [e for e in examples if _fold(e.document) == fold]
        model = ConfidenceModel.fitted([(e.signals, e.right) for e in fitted_on], prior=prior)
        inputs = np.array([model(e.signals) for e in fitted_on])
        right = np.array([e.right for e in fitted_on], dtype=np.float64)
        outputs = np.array([model(e.signals) for e in left_out])
        maps = {
            "as it is": _same,
            "Platt": platt(inputs, right),
            "isotonic": isotonic(inputs, right),
        }
        for name, recalibrate in maps.items():
            values = recalibrate(outputs).tolist()
            found[name] += [(v, e.right) for v, e in zip(values, left_out, strict=True)]
    return {name: _quality(scored) for name, scored in found.items()}


def _fold(document: str) -> int:
    return hashlib.sha256(f"fold {document}".encode()).digest()[0] % FOLDS


def _same(values: Floats) -> Floats:
    return values


def _quality(scored: Sequence[tuple[float, bool]]) -> Quality:
    values = np.clip([s for s, _ in scored], _LEAST, 1 - _LEAST)
    right = np.array([r for _, r in scored])
    loss = -np.log(np.where(right, values, 1 - values)).mean()
    return Quality(round(float(loss), 4), round(calibration_error(scored), 4))


def _log_odds(values: Floats) -> Floats:
    kept = np.clip(values, _LEAST, 1 - _LEAST)
    odds: Floats = np.log(kept / (1 - kept))
    return odds


def _probability(log_odds: Floats) -> Floats:
    found: Floats = 1.0 / (1.0 + np.exp(-np.clip(log_odds, -_MOST_ODDS, _MOST_ODDS)))
    return found


def platt(values: Floats, right: Floats, *, steps: int = 50) -> Recalibration:
    """The logistic function of the log odds of most likelihood, by Newton's method.

    Args:
        values: probabilities, ``float64 [answers]``.
        right: 1 for a right answer, else 0, ``float64 [answers]``.
        steps: most steps of Newton's method.
    """
    inputs = np.column_stack([np.ones(len(values)), _log_odds(values)])
    found = np.array([0.0, 1.0])
    for _ in range(steps):
        expected = _probability(inputs @ found)
        curvature = (inputs.T * (expected * (1 - expected))) @ inputs + 1e-6 * np.eye(2)
        found = found + np.linalg.solve(curvature, inputs.T @ (right - expected))
    bias, slope = found.tolist()
    return lambda new: _probability(bias + slope * _log_odds(new))


def isotonic(values: Floats, right: Floats) -> Recalibration:
    """The rising function of least squares, interpolated between the means of its blocks.

    >>> rises = isotonic(np.array([0.1, 0.2, 0.8, 0.9]), np.array([0.0, 1.0, 0.0, 1.0]))
    >>> rises(np.array([0.1, 0.5, 0.9])).tolist()
    [0.0, 0.5, 1.0]
    """
    blocks: list[tuple[float, float, int]] = []
    order = np.argsort(values, kind="stable")
    for value, level in zip(values[order].tolist(), right[order].tolist(), strict=True):
        block = (value, level, 1)
        while blocks and blocks[-1][1] >= block[1]:
            before = blocks.pop()
            count = before[2] + block[2]
            place = (before[0] * before[2] + block[0] * block[2]) / count
            block = (place, (before[1] * before[2] + block[1] * block[2]) / count, count)
        blocks.append(block)
    places, levels = [b[0] for b in blocks], [b[1] for b in blocks]
    return lambda new: np.interp(new, places, levels)
