"""The head of the relation model in numpy: from hidden states and attention to logits.

The same sums as :func:`nlp.training.relation_network.make_network`'s head, on the weights it
trained, so that reading needs no torch. The products are small, and ``np.einsum`` does them on one
thread: those of a BLAS cost twenty times their work where its threads wait for each other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from kg.errors import ModelUnavailableError
from nlp.relation_pairs import Pair
from nlp.relation_pieces import mark_matrix

Floats = npt.NDArray[np.float32]

#: Names of the head's tensors.
LAYERS = ("first", "second", "bilinear", "counted", "weigh", "straight")


class RelationHead:
    """Logits of pairs of concepts.

    Args:
        weights: ``<layer>.weight`` and ``<layer>.bias`` of each of :data:`LAYERS`.
    """

    def __init__(self, weights: Mapping[str, npt.NDArray[np.floating]]) -> None:
        self._weights = {
            f"{layer}.{part}": np.asarray(weights[f"{layer}.{part}"], dtype=np.float32)
            for layer in LAYERS
            for part in ("weight", "bias")
        }

    @classmethod
    def load(cls, path: Path) -> RelationHead:
        """The head of a model folder's ``head.npz``.

        Raises:
            ModelUnavailableError: where it is absent or lacks a tensor.
        """
        try:
            with np.load(path, allow_pickle=False) as stored:
                return cls(dict(stored))
        except (OSError, ValueError, KeyError) as error:
            raise ModelUnavailableError(f"{path}: no readable head ({error})") from error

    def logits(
        self,
        hidden: Floats,
        attention: Floats,
        marks: Sequence[Sequence[int]],
        pairs: Sequence[Pair],
        features: Floats,
    ) -> Floats:
        """Logits, float32 [pairs, labels].

        Args:
            hidden: [length, width].
            attention: [heads, length, length].
            marks: per entity, where its marks stand; the entities of ``pairs`` have one at least.
            pairs: indexes of entities.
            features: [pairs, features].
        """
        places, real = mark_matrix([m or (0,) for m in marks])
        firsts = np.array([a for a, _ in pairs])
        seconds = np.array([b for _, b in pairs])
        standing = np.where(real[..., None], hidden[places], np.float32(-np.inf))
        most = standing.max(axis=1)
        concepts = most + np.log(np.exp(standing - most[:, None]).sum(axis=1))
        share = real / real.sum(axis=1, keepdims=True)
        heeded = (attention[:, places] * share[None, :, :, None]).sum(axis=2)
        both = (heeded[:, firsts] * heeded[:, seconds]).mean(axis=0)
        both /= both.sum(axis=1, keepdims=True) + 1e-10
        around = np.einsum("pl,lw->pw", both.astype(np.float32), hidden)
        a = np.tanh(self._layer("first", np.concatenate([concepts[firsts], around], 1)))
        b = np.tanh(self._layer("second", np.concatenate([concepts[seconds], around], 1)))
        count, width = a.shape
        group = self._weights["bilinear.weight"].shape[1] // width
        crossed = a.reshape(count, -1, group, 1) * b.reshape(count, -1, 1, group)
        total = self._layer("bilinear", crossed.reshape(count, -1))
        total = total + self._layer("weigh", np.maximum(self._layer("counted", features), 0))
        return np.asarray(total + self._layer("straight", features), dtype=np.float32)

    def _layer(self, name: str, values: Floats) -> Floats:
        product = np.einsum("pi,oi->po", values, self._weights[f"{name}.weight"])
        return np.asarray(product + self._weights[f"{name}.bias"], dtype=np.float32)
