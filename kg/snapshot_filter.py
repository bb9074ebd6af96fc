"""An :class:`~kg.store.EdgeFilter` in terms of a snapshot's numbers."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from kg.records import Polarity
from kg.snapshot_format import GraphColumns
from kg.snapshot_records import RecordReader, flat_ranges
from kg.store import EdgeFilter
from kg.strings import Ints


@dataclass(frozen=True, slots=True)
class NumberFilter:
    """Which edges count; None does not restrict.

    A *kind* of edge is its predicate and polarity: twice the predicate's code, plus the polarity.

    Args:
        kinds: the kinds allowed.
        categories: ``bool [categories]``: which classes the other end may have.
        provenances: ``bool [provenances]``: whose evidence counts.
        qualifiers: ``bool [qualifiers]``: which qualifiers of an evidence suffice.
    """

    kinds: frozenset[int] | None = None
    categories: Ints | None = None
    provenances: Ints | None = None
    qualifiers: Ints | None = None

    @classmethod
    def of(cls, edge_filter: EdgeFilter, reader: RecordReader, columns: GraphColumns) -> Self:
        """The filter in the numbers of these columns."""
        kinds = None
        if edge_filter.predicates or edge_filter.polarity is not None:
            kinds = frozenset(
                2 * code + (polarity is Polarity.POSITIVE)
                for code, name in enumerate(reader.predicates)
                if not edge_filter.predicates or name in edge_filter.predicates
                for polarity in Polarity
                if edge_filter.polarity in (None, polarity)
            )
        categories = provenances = qualifiers = None
        if edge_filter.categories:
            categories = np.array([c in edge_filter.categories for c in reader.categories], bool)
        if edge_filter.sources or edge_filter.licences:
            provenances = _counting(edge_filter, reader, columns)
        if edge_filter.qualifiers:
            every_set = (reader.qualifiers[i] for i in range(len(columns.qualifiers)))
            qualifiers = np.array([edge_filter.qualifiers <= set(q) for q in every_set], dtype=bool)
        return cls(kinds, categories, provenances, qualifiers)

    @property
    def by_evidence(self) -> bool:
        """Whether evidence has to be looked at."""
        return self.provenances is not None or self.qualifiers is not None

    @property
    def everything(self) -> bool:
        """Whether it lets every edge through, evidence aside."""
        return self.kinds is None and self.categories is None

    def without_categories(self) -> Self:
        """The same filter whatever the class of the other end."""
        return replace(self, categories=None)

    def passing(self, columns: GraphColumns, ids: Ints, others: Ints) -> Ints:
        """Which edges pass by kind, and by class of the other end: ``bool [k]``."""
        passed = np.ones(len(ids), dtype=bool)
        if self.kinds is not None:
            allowed = np.zeros(2 * len(columns.predicates), dtype=bool)
            allowed[list(self.kinds)] = True
            passed = allowed[kinds_of(columns, ids)]
        if self.categories is not None:
            passed &= self.categories[columns.category[others]]
        return passed

    def supported(self, columns: GraphColumns, ids: Ints) -> tuple[Ints, Ints]:
        """Which edges keep evidence that suffices, and which keep all of theirs: ``bool [k]``."""
        if not len(ids):
            return np.zeros(0, dtype=bool), np.zeros(0, dtype=bool)
        begins, pieces = columns.edges["evidence"][ids], columns.edges["pieces"][ids]
        rows = flat_ranges(begins, begins + pieces)
        at = np.cumsum(pieces, dtype=np.int64) - pieces
        counts = np.ones(len(rows), dtype=bool)
        if self.provenances is not None:
            counts = self.provenances[columns.evidence["provenance"][rows]]
        whole = np.logical_and.reduceat(counts, at)
        suffices = counts
        if self.qualifiers is not None:
            suffices = counts & self.qualifiers[columns.evidence["qualifiers"][rows]]
        return np.logical_or.reduceat(suffices, at), whole


def _counting(edge_filter: EdgeFilter, reader: RecordReader, columns: GraphColumns) -> Ints | None:
    """Which provenances' evidence counts: ``bool [provenances]``, None where all do."""
    every = (reader.provenances[i] for i in range(len(columns.provenances)))
    counting = np.array(
        [
            (not edge_filter.sources or p.source in edge_filter.sources)
            and (not edge_filter.licences or p.licence in edge_filter.licences)
            for p in every
        ],
        dtype=bool,
    )
    return None if counting.all() else counting


def kinds_of(columns: GraphColumns, ids: Ints) -> Ints:
    """The kind of each edge, see :class:`NumberFilter`: ``int64 [k]``."""
    rows = columns.edges[ids]
    kinds: Ints = 2 * rows["predicate"].astype(np.int64) + rows["polarity"]
    return kinds
