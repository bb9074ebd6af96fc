"""Thresholds and probabilities of a relation model, on documents it was not trained on.

Platt 1999: the probability of a logit is a logistic function fitted on held-out pairs; the
threshold is the probability at which F1 over them is best.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from nlp.training.relation_examples import pair_scores

#: A pair of a document by the keys of its concepts.
Key = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Calibration:
    """See :class:`nlp.relation_model.LabelSettings`; ``scores`` are those at the thresholds."""

    threshold: float
    slope: float
    shift: float
    scores: dict[str, float]
    apart: float | None = None


def fitted_logistic(
    logits: npt.NDArray[np.floating], stated: npt.NDArray[np.bool_], *, steps: int = 50
) -> tuple[float, float]:
    """Slope and shift that make ``1 / (1 + exp(-(slope * logit + shift)))`` likeliest.

    Targets are smoothed as in Platt's paper. Newton's method, with a small ridge.

    >>> slope, shift = fitted_logistic(np.array([-2.0, -1, 1, 2]), np.array([0, 0, 1, 1], bool))
    >>> slope > 0
    True
    """
    x = np.asarray(logits, dtype=np.float64)
    positive, negative = int(stated.sum()), int((~stated).sum())
    target = np.where(stated, (positive + 1) / (positive + 2), 1 / (negative + 2))
    weights = np.array([1.0, 0.0])
    design = np.stack([x, np.ones_like(x)], axis=1)
    for _ in range(steps):
        p = 1 / (1 + np.exp(-np.clip(design @ weights, -60, 60)))
        curvature = (design * (p * (1 - p))[:, None]).T @ design + 1e-6 * np.eye(2)
        move = np.linalg.solve(curvature, design.T @ (target - p))
        weights = weights + np.clip(move, -2, 2)
        if np.abs(move).max() < 1e-9:
            break
    return float(weights[0]), float(weights[1])


def calibrated(
    keys: Sequence[Key],
    logits: npt.NDArray[np.floating],
    gold: set[Key],
    *,
    filtered: Callable[[set[Key]], set[Key]] = lambda found: found,
    together: npt.NDArray[np.bool_] | None = None,
) -> Calibration:
    """Calibration of one label.

    Args:
        keys: the pairs scored.
        logits: of the label, one per pair.
        gold: pairs of which it is stated; those the model could not see count as missed.
        filtered: what is taken off what is found before it is scored.
        together: whether a sentence names both; where given, pairs that none does have a threshold
            of their own, so that a corpus whose annotators relate most of what a sentence names
            is not read worse than by that rule alone.
    """
    stated = np.array([key in gold for key in keys])
    slope, shift = fitted_logistic(np.asarray(logits), stated)
    probabilities = 1 / (1 + np.exp(-np.clip(slope * np.asarray(logits) + shift, -60, 60)))
    if together is not None:
        (threshold, apart), table = _two_thresholds(keys, probabilities, gold, together)
        return Calibration(threshold, slope, shift, table, apart)
    best: tuple[float, float] = (-1.0, 0.5)
    table = {}
    for threshold in np.round(np.arange(0.1, 0.9, 0.01), 2):
        found = {k for k, p in zip(keys, probabilities, strict=True) if p >= threshold}
        scores = pair_scores(gold, filtered(found))
        if scores["f1"] > best[0]:
            best, table = (scores["f1"], float(threshold)), scores
    return Calibration(best[1], slope, shift, table)


def _two_thresholds(
    keys: Sequence[Key],
    probabilities: npt.NDArray[np.floating],
    gold: set[Key],
    together: npt.NDArray[np.bool_],
) -> tuple[tuple[float, float], dict[str, float]]:
    """The least probabilities of pairs of one sentence and of others at which F1 is best."""
    grid = np.round(np.arange(0.0, 1.02, 0.01), 2)  # all of them … none of them
    stated = np.array([key in gold for key in keys], dtype=bool)
    given = probabilities[None, :] >= grid[:, None]  # [thresholds, pairs]
    hits, found = ((given & which) for which in (stated, np.ones_like(stated)))
    in_hits, in_found = ((x & together).sum(axis=1) for x in (hits, found))
    out_hits, out_found = ((x & ~together).sum(axis=1) for x in (hits, found))
    both = in_hits[:, None] + out_hits[None, :]
    f1 = 2 * both / np.maximum(1, in_found[:, None] + out_found[None, :] + len(gold))
    near, far = (int(i) for i in np.unravel_index(int(f1.argmax()), f1.shape))
    chosen = np.where(together, given[near], given[far])
    kept = {key for key, yes in zip(keys, chosen, strict=True) if yes}
    return (float(grid[near]), float(grid[far])), pair_scores(gold, kept)
