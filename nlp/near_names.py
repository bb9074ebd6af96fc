"""The names of a table nearest to a mention: pieces of words propose, string similarity decides.

Every name is a vector over the pieces of three to five letters of its words, each weighing the
logarithm of how rare it is among the names (TF-IDF of character n-grams); the nearest twenty by the
angle between vectors are ordered again by the mean of that and of the edit similarity
(:mod:`rapidfuzz`).

>>> index = NearNames({"renal failure": "X:1", "liver failure": "X:2", "asthma": "X:3"})
>>> index.nearest("renal failures")[0].curie
'X:1'
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from rapidfuzz import fuzz

_PROPOSED = 20
_SIZES = (3, 4, 5)
_PRIME = np.uint64(1_000_003)

Keys = npt.NDArray[np.uint64]
Rows = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class NearName:
    """A name of the table, what it names, and how near it is, 0 to 1."""

    name: str
    curie: str
    score: float


class NearNames:
    """An index over the names of a table.

    Args:
        names: name in normal form → id.
    """

    def __init__(self, names: Mapping[str, str]) -> None:
        self._names: Sequence[str] = list(names)
        self._curies = list(names.values())
        keys, owners = piece_keys(self._names)
        self._keys, inverse, counts = np.unique(keys, return_inverse=True, return_counts=True)
        rarity = np.log(max(1, len(self._names)) / counts) if len(counts) else np.zeros(0)
        self._rarity: npt.NDArray[np.float64] = rarity
        order = np.argsort(inverse, kind="stable")
        self._postings = owners[order].astype(np.int32)
        self._starts = np.append(0, np.cumsum(counts))
        squares = np.bincount(owners, weights=rarity[inverse] ** 2, minlength=len(self._names))
        self._norms: npt.NDArray[np.float64] = np.sqrt(np.maximum(squares, 1e-12))

    def nearest(self, name: str, *, limit: int = 1) -> list[NearName]:
        """The nearest names to one in normal form, best first; none where no piece is shared."""
        keys, _ = piece_keys([name])
        if not len(keys) or not len(self._keys):
            return []
        at = np.minimum(self._keys.searchsorted(keys), len(self._keys) - 1)
        at = at[self._keys[at] == keys]
        if not len(at):
            return []
        near = np.zeros(len(self._names))
        for place in at.tolist():
            rows = self._postings[self._starts[place] : self._starts[place + 1]]
            near[rows] += self._rarity[place] ** 2
        unknown = (len(keys) - len(at)) * np.log(max(2, len(self._names))) ** 2
        own = np.sqrt(float((self._rarity[at] ** 2).sum()) + unknown) or 1.0
        near /= self._norms * own
        most = min(_PROPOSED, len(near))
        best = np.argpartition(-near, most - 1)[:most].tolist()
        scored = [self._scored(name, row, float(near[row])) for row in best if near[row] > 0]
        return sorted(scored, key=lambda found: (-found.score, found.name))[:limit]

    def _scored(self, wanted: str, row: int, angle: float) -> NearName:
        name = self._names[row]
        alike = max(fuzz.ratio(wanted, name), fuzz.token_sort_ratio(wanted, name)) / 100
        return NearName(name, self._curies[row], (angle + alike) / 2)


def piece_keys(names: Sequence[str]) -> tuple[Keys, Rows]:
    """A number for each distinct piece of each name's words, a space before and behind a word.

    Returns:
        ``keys: uint64 [k]`` and ``owners: int64 [k]``, the place in ``names`` of each.
    """
    padded = ["  ".join(("", *name.split(), "")) + " " for name in names]
    codes = np.frombuffer("".join(padded).encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
    owners = np.repeat(np.arange(len(padded)), np.fromiter(map(len, padded), np.int64, len(padded)))
    starts = codes.astype(np.uint64)
    between = np.zeros(len(codes), dtype=bool)  # two spaces: a piece that holds them is none
    between[:-1] = (codes[:-1] == ord(" ")) & (codes[1:] == ord(" "))
    keys, of = [], []
    hashed, crossed = starts.copy(), np.zeros(len(codes), dtype=bool)
    for size in range(2, max(_SIZES) + 1):
        last = len(codes) - size + 1
        if last <= 0:
            break
        hashed = hashed[:last] * _PRIME + starts[size - 1 :]
        crossed = crossed[:last] | between[size - 2 : size - 2 + last]
        if size in _SIZES:
            whole = ~crossed & (owners[:last] == owners[size - 1 :])
            keys.append(hashed[whole] + np.uint64(size))
            of.append(owners[:last][whole])
    if not keys:
        return np.empty(0, dtype=np.uint64), np.empty(0, dtype=np.int64)
    return _distinct(np.concatenate(keys), np.concatenate(of))


def _distinct(keys: Keys, owners: Rows) -> tuple[Keys, Rows]:
    order = np.lexsort((keys, owners))
    keys, owners = keys[order], owners[order]
    first = np.ones(len(keys), dtype=bool)
    first[1:] = (keys[1:] != keys[:-1]) | (owners[1:] != owners[:-1])
    return keys[first], owners[first]
