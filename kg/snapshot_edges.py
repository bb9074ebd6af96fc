"""Edges of a snapshot whose evidence is read when it is first looked at.

Most edges a question touches are ranked, walked over or drawn; only those of its answer are read
with what supports them. So an edge handed out by a snapshot is made from its row of numbers, and
the evidence of up to :data:`TOGETHER` edges of one answer is read together, once, when one of
them is asked for it. Nothing else tells such an edge from another: it compares, hashes, copies,
pickles and prints as the :class:`~kg.records.Edge` it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import repeat
from typing import Any, Protocol

from kg.records import Edge, Evidence, Polarity, Triple

#: Most edges whose evidence is read, and kept, together.
TOGETHER = 256


class EvidenceReader(Protocol):
    """Reads what supports edges, given by number; each list in the order of the numbers."""

    def evidence_of(self, numbers: Sequence[int]) -> list[tuple[Evidence, ...]]:
        """All evidence of each edge."""
        ...

    def confidences_of(self, numbers: Sequence[int]) -> list[float]:
        """The confidence of each edge."""
        ...

    def sources_of(self, numbers: Sequence[int]) -> list[tuple[str, ...]]:
        """The sources of each edge's evidence, sorted."""
        ...


class EdgeBatch:
    """Edges of one answer, and what was read of them."""

    __slots__ = ("_confidences", "_evidence", "_numbers", "_reader", "_sources")

    def __init__(self, reader: EvidenceReader, numbers: Sequence[int]) -> None:
        self._reader = reader
        self._numbers = numbers
        self._evidence: list[tuple[Evidence, ...]] = []
        self._confidences: list[float] = []
        self._sources: list[tuple[str, ...]] = []

    @property
    def evidence(self) -> list[tuple[Evidence, ...]]:
        """All evidence, edge by edge."""
        if not self._evidence:
            self._evidence = self._reader.evidence_of(self._numbers)
        return self._evidence

    @property
    def confidences(self) -> list[float]:
        """Confidence, edge by edge."""
        if not self._confidences:
            self._confidences = self._reader.confidences_of(self._numbers)
        return self._confidences

    @property
    def sources(self) -> list[tuple[str, ...]]:
        """Sources, edge by edge."""
        if not self._sources:
            self._sources = self._reader.sources_of(self._numbers)
        return self._sources


class StoredEdge(Edge):
    """An edge of a snapshot; made by :func:`stored_edges` only."""

    __slots__ = ("_batch", "_place")

    _batch: EdgeBatch
    _place: int

    @property
    def evidence(self) -> tuple[Evidence, ...]:
        """What supports the edge."""
        return self._batch.evidence[self._place]

    @property
    def confidence(self) -> float:
        """Noisy-or over the evidence, as computed when the graph was saved."""
        return self._batch.confidences[self._place]

    @property
    def sources(self) -> tuple[str, ...]:
        """Ids of the sources the evidence comes from, sorted."""
        return self._batch.sources[self._place]

    @property  # type: ignore[misc]
    def __class__(self) -> type[Edge]:  # type: ignore[override]
        """What ``dataclasses`` asks for when it copies, compares and prints a record."""
        return Edge

    def __reduce__(self) -> tuple[Any, ...]:
        return Edge, (self.triple, self.evidence, self.polarity)


_set_triple: Any = Edge.__dict__["triple"].__set__
_set_polarity: Any = Edge.__dict__["polarity"].__set__
_set_batch: Any = StoredEdge.__dict__["_batch"].__set__
_set_place: Any = StoredEdge.__dict__["_place"].__set__


def stored_edges(
    reader: EvidenceReader,
    numbers: Sequence[int],
    triples: Iterable[Triple],
    polarities: Iterable[Polarity],
) -> list[Edge]:
    """Edges with these numbers, triples and polarities."""
    count = len(numbers)
    edges: list[Any] = list(map(object.__new__, repeat(StoredEdge, count)))
    any(map(_set_triple, edges, triples))
    any(map(_set_polarity, edges, polarities))
    for start in range(0, count, TOGETHER):
        some = edges[start : start + TOGETHER] if count > TOGETHER else edges
        batch = EdgeBatch(reader, numbers[start : start + TOGETHER])
        any(map(_set_batch, some, repeat(batch)))
        any(map(_set_place, some, range(len(some))))
    return edges
