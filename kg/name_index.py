"""Finds names: exactly by a hash of the normal form, nearly by letter trigrams.

The index is nothing but numpy arrays and one blob of text, so it can be written to disk and
mapped into memory: opening it reads nothing. Both lookups are the same on every store.

* Exact: the normal form (:func:`kg.names.normalise`) is hashed and looked up by binary search.
* Near: the rows that share most letter trigrams with the text (Dice's coefficient) are re-ranked
  by edit distance on characters and on token sets, with rapidfuzz.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from rapidfuzz import fuzz

from kg.names import normalise
from kg.strings import HashTable, Ints, Strings

#: How many names the trigrams hand to the re-ranking.
CANDIDATES = 200
#: Names scoring lower are not handed out.
LEAST_SCORE = 0.5

_BITS = 21  # a code point fits; three make one exact 63-bit key


def likeness(wanted: str, name: str) -> float:
    """How near two normal forms are, in [0, 1]; 1 only where they are equal.

    >>> likeness("marfan syndrome", "marfan syndrome")
    1.0
    >>> likeness("marfan", "marfan syndrome") > likeness("marfan", "martin syndrome")
    True
    """
    if wanted == name:
        return 1.0
    ratio = fuzz.ratio(wanted, name) / 100
    by_words = fuzz.token_sort_ratio(wanted, name) / 100
    common = fuzz.token_set_ratio(wanted, name) / 100
    near = max(ratio, 0.97 * by_words, 0.6 * common + 0.35 * max(ratio, by_words))
    return min(0.999, round(near, 6))


def trigram_keys(normals: Sequence[str]) -> tuple[Ints, Ints]:
    """The distinct trigrams of each string, which is padded by two spaces and one.

    Returns:
        ``keys: uint64 [k]`` (three code points of 21 bits) and ``owners: int64 [k]``, the
        position in ``normals`` each belongs to; sorted by owner, then key.
    """
    padded = [f"  {n} " for n in normals]
    codes = np.frombuffer("".join(padded).encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
    lengths = np.fromiter(map(len, padded), dtype=np.int64, count=len(padded))
    wide = codes.astype(np.uint64)
    owners = np.repeat(np.arange(len(padded)), lengths)
    if len(wide) < 3:
        return np.empty(0, dtype=np.uint64), np.empty(0, dtype=np.int64)
    keys = (wide[:-2] << np.uint64(2 * _BITS)) | (wide[1:-1] << np.uint64(_BITS)) | wide[2:]
    inside = owners[:-2] == owners[2:]
    keys, owners = keys[inside], owners[:-2][inside]
    order = np.lexsort((keys, owners))
    keys, owners = keys[order], owners[order]
    first = np.ones(len(keys), dtype=bool)
    first[1:] = (keys[1:] != keys[:-1]) | (owners[1:] != owners[:-1])
    return keys[first], owners[first]


@dataclass(frozen=True, slots=True)
class NameIndex:
    """An index over rows of names; row *r* names concept ``concepts[r]``.

    Args:
        normals: normal forms, one a row; ``""`` where a name has none (it is never found).
        concepts: ``uint32 [rows]``, the number of the concept each row names.
        table: hashes of the normal forms.
        keys: ``uint64 [trigrams]``, sorted.
        starts: ``int64 [trigrams + 1]``, where each trigram's rows begin in ``postings``.
        postings: ``uint32``, rows holding each trigram, rising.
        sizes: ``uint32 [rows]``, how many distinct trigrams a row has.
    """

    normals: Strings
    concepts: Ints
    table: HashTable
    keys: Ints
    starts: Ints
    postings: Ints
    sizes: Ints

    @classmethod
    def build(cls, names: Iterable[tuple[int, str]]) -> NameIndex:
        """The index of ``(concept number, text of a name)`` pairs, one row each, in this order.

        >>> index = NameIndex.build([(0, "Asthma"), (1, "Oedema"), (1, "Dropsy")])
        >>> index.rows("edema"), index.nearest("dropsie")[0][0]
        ([1], 2)
        """
        listed = list(names)
        normals = [normalise(text) for _, text in listed]
        concepts = np.fromiter((c for c, _ in listed), dtype=np.uint32, count=len(listed))
        keys, owners = trigram_keys(normals)
        kept = np.array([bool(n) for n in normals], dtype=bool)[owners]
        keys, owners = keys[kept], owners[kept]
        sizes = np.bincount(owners, minlength=len(normals)).astype(np.uint32)
        order = np.argsort(keys, kind="stable")
        distinct, starts = np.unique(keys[order], return_index=True)
        return cls(
            Strings.of(normals),
            concepts,
            HashTable.of(normals),
            distinct,
            np.append(starts, len(keys)).astype(np.int64),
            owners[order].astype(np.uint32),
            sizes,
        )

    def __len__(self) -> int:
        return len(self.concepts)

    def rows(self, normal: str) -> list[int]:
        """Rows whose normal form is ``normal``, rising."""
        return self.table.find(normal, self.normals) if normal else []

    def rows_of_many(self, normals: Sequence[str]) -> list[list[int]]:
        """:meth:`rows` of many normal forms at once: 0.5 µs each where nothing is found."""
        return self.table.find_many(normals, self.normals)

    def nearest(
        self, text: str, *, limit: int = 10, allowed: Ints | None = None
    ) -> list[tuple[int, float]]:
        """The best row of each of the ``limit`` concepts nearest to a text, best first.

        Args:
            text: a name as a person writes it.
            limit: how many concepts at most.
            allowed: ``bool [concepts]``: which concepts may be found; None for all.

        Returns:
            ``(row, likeness)`` pairs; ties by concept number, then row.
        """
        wanted = normalise(text)
        rows = self._candidates(wanted, max(limit * 4, CANDIDATES), allowed)
        scored = [
            (-likeness(wanted, name), concept, row)
            for row, concept, name in zip(
                rows.tolist(), self.concepts[rows].tolist(), self.normals.take(rows), strict=True
            )
        ]
        best: dict[int, tuple[int, float]] = {}
        for negative, concept, row in sorted(scored):
            if len(best) >= limit or -negative < LEAST_SCORE:
                break
            best.setdefault(concept, (row, -negative))
        return list(best.values())

    def _candidates(self, wanted: str, most: int, allowed: Ints | None) -> Ints:
        """Rows sharing most trigrams with a normal form; ties at the cut are all kept."""
        nothing = np.empty(0, dtype=np.int64)
        if not wanted or not len(self):
            return nothing
        keys, _ = trigram_keys([wanted])
        at = np.minimum(self.keys.searchsorted(keys), len(self.keys) - 1)
        at = at[self.keys[at] == keys]
        if not len(at):
            return nothing
        slices = [
            self.postings[a:b]
            for a, b in zip(self.starts[at].tolist(), self.starts[at + 1].tolist(), strict=True)
        ]
        shared = np.bincount(np.concatenate(slices), minlength=len(self))
        rows = np.flatnonzero(shared)
        if allowed is not None:
            rows = rows[allowed[self.concepts[rows]]]
        dice = shared[rows] * 2.0 / (self.sizes[rows].astype(np.float64) + len(keys))
        if len(rows) > most:
            cut = np.partition(dice, len(rows) - most)[len(rows) - most]
            rows = rows[dice >= cut]
        return rows
