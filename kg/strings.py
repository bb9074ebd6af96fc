"""A column of strings as one UTF-8 blob and offsets, and hash tables over such columns.

The blob may be bytes, or a file mapped into memory: then nothing is read until it is asked for.
Strings are decoded one at a time (0.2 µs each).
"""

from __future__ import annotations

import mmap
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[Any]
Blob = bytes | mmap.mmap


@dataclass(frozen=True, slots=True)
class Strings:
    """``offsets: int64 [n + 1]`` into ``blob``, whose text begins at byte ``base``."""

    blob: Blob
    offsets: Ints
    base: int = 0

    @classmethod
    def of(cls, texts: Iterable[str]) -> Strings:
        """The column of these strings.

        >>> column = Strings.of(["a", "", "糖尿病"])
        >>> len(column), column[2]
        (3, '糖尿病')
        """
        encoded = [t.encode("utf-8", "surrogatepass") for t in texts]
        offsets = np.zeros(len(encoded) + 1, dtype=np.int64)
        np.cumsum([len(e) for e in encoded], out=offsets[1:])
        return cls(b"".join(encoded), offsets)

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def __getitem__(self, row: int) -> str:
        start, end = self.offsets[row : row + 2].tolist()
        return self.blob[self.base + start : self.base + end].decode("utf-8", "surrogatepass")

    def take(self, rows: Ints) -> list[str]:
        """The strings of these rows (``rows: int [k]``)."""
        blob, base = self.blob, self.base
        starts = (self.offsets[rows] + base).tolist()
        ends = (self.offsets[rows + 1] + base).tolist()
        return [
            blob[a:b].decode("utf-8", "surrogatepass") if a != b else ""
            for a, b in zip(starts, ends, strict=True)
        ]

    def slice(self, start: int, end: int) -> list[str]:
        """The strings of rows ``[start, end)``."""
        bounds = self.offsets[start : end + 1].tolist()
        low, high = self.base + bounds[0], self.base + bounds[-1]
        block, first = self.blob[low:high], bounds[0]
        return [
            block[bounds[i] - first : bounds[i + 1] - first].decode("utf-8", "surrogatepass")
            for i in range(end - start)
        ]


@dataclass(frozen=True, slots=True)
class Text:
    """Strings in one UTF-8 blob whose places are kept elsewhere; the text begins at ``base``."""

    blob: Blob
    base: int = 0

    def pieces(self, starts: Iterable[int], sizes: Iterable[int]) -> list[str]:
        """The strings of ``sizes`` bytes that begin at ``starts``.

        >>> Text(b"row 1row 22").pieces([0, 5], [5, 6])
        ['row 1', 'row 22']
        """
        blob, base = self.blob, self.base
        return [
            blob[base + start : base + start + size].decode("utf-8", "surrogatepass")
            for start, size in zip(starts, sizes, strict=True)
        ]


def stable_hash(text: str) -> int:
    """64 bits of BLAKE2b (RFC 7693) of a string: the same on every machine.

    >>> stable_hash("asthma") == stable_hash("asthma") != stable_hash("asthmas")
    True
    """
    return int.from_bytes(
        blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "little"
    )


@dataclass(frozen=True, slots=True)
class HashTable:
    """Finds the rows of a string column that equal a string.

    ``hashes: uint64 [n]`` sorted, ``rows: uint32 [n]`` beside them; rows of one hash rise. A hit
    is compared with the string itself, so two strings of one hash are never taken for another.
    """

    hashes: Ints
    rows: Ints

    @classmethod
    def of(cls, texts: Iterable[str]) -> HashTable:
        """The table of a column's strings; empty strings are left out."""
        numbered = [(stable_hash(t), i) for i, t in enumerate(texts) if t]
        hashes = np.fromiter((h for h, _ in numbered), dtype=np.uint64, count=len(numbered))
        rows = np.fromiter((i for _, i in numbered), dtype=np.uint32, count=len(numbered))
        order = np.argsort(hashes, kind="stable")
        return cls(hashes[order], rows[order])

    def find(self, text: str, column: Strings) -> list[int]:
        """Rows of ``column`` that equal ``text``, rising."""
        wanted = np.uint64(stable_hash(text))
        at = int(self.hashes.searchsorted(wanted))
        found: list[int] = []
        while at < len(self.hashes) and self.hashes[at] == wanted:
            row = int(self.rows[at])
            if column[row] == text:
                found.append(row)
            at += 1
        return found

    def find_many(self, texts: Sequence[str], column: Strings) -> list[list[int]]:
        """For each text, the rows of ``column`` that equal it, rising."""
        wanted = np.array([stable_hash(t) for t in texts], dtype=np.uint64)
        starts = self.hashes.searchsorted(wanted, "left")
        found: list[list[int]] = [[] for _ in texts]
        if not len(self.hashes):
            return found
        near = np.minimum(starts, len(self.hashes) - 1)
        for k in np.flatnonzero(self.hashes[near] == wanted).tolist():
            start = int(starts[k])
            end = int(self.hashes.searchsorted(wanted[k], "right"))
            rows = self.rows[start:end].tolist()
            found[k] = [row for row in rows if column[row] == texts[k]]
        return found
