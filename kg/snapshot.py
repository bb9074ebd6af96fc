"""The snapshot store: a saved graph, mapped into memory, read-only, opened in milliseconds.

Nothing is loaded: the arrays of :mod:`kg.snapshot_format` stay on disk until a question touches
them, and only the edges asked for become records. Several processes share one copy.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from functools import cached_property
from itertools import islice
from pathlib import Path as FilePath

import numpy as np

from kg.admission import oriented
from kg.errors import GraphFormatError, UnknownConceptError
from kg.name_index import NameIndex
from kg.names import normalise
from kg.pagerank import UndirectedWeights, best_scores, pagerank_scores
from kg.records import Concept, Edge, Name, Polarity, Subgraph, Triple
from kg.snapshot_filter import NumberFilter
from kg.snapshot_format import (
    DerivedColumns,
    GraphColumns,
    Manifest,
    check_files,
    open_columns,
    read_manifest,
)
from kg.snapshot_records import RecordReader
from kg.snapshot_walks import NumberPath, Walks
from kg.store import (
    EVERY_EDGE,
    Direction,
    EdgeFilter,
    GraphStatistics,
    NameMatch,
    Path,
    Step,
    edge_order,
)
from kg.strings import HashTable, Ints
from kg.traversal import ego_subgraph, shortest, step_filter

_CHUNK = 4096
_MOST_FILTERS = 256  # compiled filters kept


def _opened(folder: FilePath) -> tuple[Manifest, GraphColumns, DerivedColumns]:
    """Read the manifest and map the arrays; once more where a writer was faster."""
    manifest = read_manifest(folder)
    try:
        return manifest, *open_columns(folder, manifest)
    except GraphFormatError:
        fresh = read_manifest(folder)
        if fresh.arrays == manifest.arrays:
            raise
        return fresh, *open_columns(folder, fresh)


class SnapshotStore:
    """A graph saved by :func:`kg.snapshot_writer.write_snapshot`.

    Args:
        path: the folder.
        verify: also read every file and compare checksums.

    Raises:
        GraphFormatError: where the folder holds no snapshot, or one that is truncated, foreign
            or of another version; with ``verify``, also one that was altered.
    """

    def __init__(self, path: str | FilePath, *, verify: bool = False) -> None:
        self.path = FilePath(path)
        self._manifest, self._columns, self._derived = _opened(self.path)
        if verify:
            self.verify()
        columns, derived = self._columns, self._derived
        self._reader = RecordReader(columns)
        self._walks = Walks(columns, derived)
        self._curies = HashTable(derived.curie_hashes, derived.curie_rows)
        self._xrefs = HashTable(derived.xref_hashes, derived.xref_rows)
        self._names = NameIndex(
            derived.normals,
            derived.name_concepts,
            HashTable(derived.name_hashes, derived.name_rows),
            derived.trigram_keys,
            derived.trigram_starts,
            derived.trigram_postings,
            derived.trigram_sizes,
        )
        self._filters: dict[EdgeFilter, NumberFilter] = {}

    def verify(self) -> None:
        """Read every file and compare its SHA-256 with what was written.

        Raises:
            GraphFormatError: naming the first file that differs.
        """
        check_files(self.path, self._manifest)

    @property
    def fingerprint(self) -> str:
        """The same for the same graph, whenever and wherever it was written."""
        return self._manifest.fingerprint

    @property
    def columns(self) -> GraphColumns:
        """The graph's arrays themselves, read-only: for computations over all of it."""
        return self._columns

    # -- concepts --------------------------------------------------------------------------

    def __len__(self) -> int:
        return len(self._columns.curies)

    def _row(self, curie: str) -> int | None:
        rows = self._curies.find(curie, self._columns.curies)
        return rows[0] if rows else None

    def __contains__(self, curie: object) -> bool:
        return isinstance(curie, str) and self._row(curie) is not None

    def get(self, curie: str) -> Concept | None:
        """The concept with this key, or None."""
        row = self._row(curie)
        return None if row is None else self._reader.concepts([row])[0]

    def concept(self, curie: str) -> Concept:
        """The concept with this key, or :class:`~kg.errors.UnknownConceptError`."""
        found = self.get(curie)
        if found is None:
            raise UnknownConceptError(curie)
        return found

    def keys_of(self, curie: str) -> tuple[str, ...]:
        """Keys of the concepts that have ``curie`` as key or, failing that, cross-reference."""
        if self._row(curie) is not None:
            return (curie,)
        rows = self._xrefs.find(curie, self._columns.xrefs)
        owners = np.unique(np.searchsorted(self._columns.xref_starts, rows, "right") - 1)
        return tuple(self._columns.curies.take(owners)) if rows else ()

    def resolve(self, curie: str) -> str | None:
        """The key of the one concept with ``curie`` as key or cross-reference.

        None where no concept has it, and where several have: it does not say which is meant.
        """
        keys = self.keys_of(curie)
        return keys[0] if len(keys) == 1 else None

    def concepts(self, category: str | None = None) -> Iterator[Concept]:
        """Every concept, by key."""
        if category is None:
            rows = np.arange(len(self))
        else:
            rows = np.flatnonzero(self._in_categories((category,))[self._columns.category])
        for start in range(0, len(rows), _CHUNK):
            yield from self._reader.fresh_concepts(rows[start : start + _CHUNK])

    def _in_categories(self, categories: Collection[str]) -> Ints:
        return np.array([c in categories for c in self._reader.categories], dtype=bool)

    def find(self, name: str) -> list[NameMatch]:
        """Concepts one of whose names equals ``name`` after normalisation, by key."""
        return self.find_many([normalise(name)])[0]

    def find_many(self, normals: Sequence[str]) -> list[list[NameMatch]]:
        """:meth:`find` for many names at once, given in normal form."""
        return [self._matches(rows) if rows else [] for rows in self._names.rows_of_many(normals)]

    def _matches(self, rows: list[int]) -> list[NameMatch]:
        first: dict[int, int] = {}
        for row, concept in zip(rows, self._names.concepts[rows].tolist(), strict=True):
            first.setdefault(concept, row)
        return self._named(list(first.values()), [1.0] * len(first))

    def _named(self, rows: list[int], scores: list[float]) -> list[NameMatch]:
        at = np.array(rows, dtype=np.int64)
        curies = self._columns.curies.take(self._names.concepts[at])
        names: list[Name] = self._reader.names(at)
        return [NameMatch(*match) for match in zip(curies, names, scores, strict=True)]

    def search(
        self, text: str, *, limit: int = 10, categories: Collection[str] = ()
    ) -> list[NameMatch]:
        """Concepts whose names are nearest to ``text``, best first."""
        allowed = None
        if categories:
            allowed = self._in_categories(categories)[self._columns.category]
        nearest = self._names.nearest(text, limit=limit, allowed=allowed)
        return self._named([row for row, _ in nearest], [score for _, score in nearest])

    # -- edges -----------------------------------------------------------------------------

    def _numbers(self, edge_filter: EdgeFilter) -> NumberFilter:
        known = self._filters.get(edge_filter)
        if known is None:
            if len(self._filters) >= _MOST_FILTERS:
                self._filters.clear()
            known = NumberFilter.of(edge_filter, self._reader, self._columns)
            self._filters[edge_filter] = known
        return known

    def edges(self, edge_filter: EdgeFilter = EVERY_EDGE) -> Iterator[Edge]:
        """Every edge, by triple and polarity; ``categories`` asks for one end of the class."""
        columns, wanted = self._columns, self._numbers(edge_filter)
        edges = columns.edges
        for start in range(0, len(edges), _CHUNK):
            ids = np.arange(start, min(start + _CHUNK, len(edges)))
            ids = ids[wanted.without_categories().passing(columns, ids, ids)]
            if wanted.categories is not None:
                fitting = wanted.categories[columns.category]
                ids = ids[fitting[edges["subject"][ids]] | fitting[edges["object"][ids]]]
            for edge in self._reader.whole_edges(ids):
                kept = edge_filter.restrict(edge) if wanted.by_evidence else edge
                if kept is not None:
                    yield kept

    def edge(self, triple: Triple, polarity: Polarity = Polarity.POSITIVE) -> Edge | None:
        """The edge with that triple and polarity; a symmetric one either way round."""
        stored = oriented(triple)
        subject, object_ = self._row(stored.subject), self._row(stored.object)
        if subject is None or object_ is None or stored.predicate not in self._reader.predicates:
            return None
        edges = self._columns.edges
        low, high = self._derived.subject_starts[subject : subject + 2].tolist()
        keys = (
            (edges["predicate"], self._reader.predicates.index(stored.predicate)),
            (edges["object"], object_),
            (edges["polarity"], int(polarity is Polarity.POSITIVE)),
        )
        for column, value in keys:
            part = column[low:high]
            low, high = (
                low + int(part.searchsorted(value, "left")),
                low + int(part.searchsorted(value, "right")),
            )
        return self._reader.edges(np.array([low]))[0] if low < high else None

    def neighbours(
        self,
        curie: str,
        *,
        direction: Direction = Direction.BOTH,
        edge_filter: EdgeFilter = EVERY_EDGE,
        limit: int | None = None,
    ) -> list[Edge]:
        """Edges at a concept, strongest first; ``[]`` for an unknown concept."""
        row = self._row(curie)
        if row is None:
            return []
        wanted = self._numbers(edge_filter)
        if not wanted.by_evidence:
            return self._reader.edges(self._walks.strongest(row, direction, wanted, limit))
        ids = self._walks.strongest(row, direction, wanted, None)
        supported, whole = wanted.supported(self._columns, ids)
        if whole[supported].all():
            return self._reader.edges(ids[supported][:limit])
        restricted = (edge_filter.restrict(e) for e in self._reader.edges(ids[supported]))
        kept = sorted((e for e in restricted if e is not None), key=edge_order)
        return kept[:limit]

    # -- walks -----------------------------------------------------------------------------

    def _paths(self, found: list[NumberPath]) -> list[Path]:
        """Number paths as records; each edge is read once."""
        if not found:
            return []
        ids = list(dict.fromkeys(edge for _, hops in found for edge in hops))
        edges = dict(zip(ids, self._reader.edges(np.array(ids, dtype=np.int64)), strict=True))
        curies = iter(self._reader.curies([row for rows, _ in found for row in rows]))
        return [
            Path(tuple(islice(curies, len(rows))), tuple(edges[edge] for edge in hops))
            for rows, hops in found
        ]

    def paths(self, curie: str, steps: Sequence[Step], *, limit: int | None = None) -> list[Path]:
        """Typed paths from a concept, without revisiting one, in lexical order of CURIEs."""
        row = self._row(curie)
        if row is None:
            return []
        hops = [(step.direction, self._numbers(step_filter(step))) for step in steps]
        return self._paths(self._walks.typed_paths(row, hops, limit))

    def ego(
        self,
        curie: str,
        *,
        hops: int = 1,
        limit: int = 200,
        edge_filter: EdgeFilter = EVERY_EDGE,
    ) -> Subgraph:
        """The strongest edges within ``hops`` of a concept, nearer hops first."""
        row = self._row(curie)
        if row is None:
            raise UnknownConceptError(curie)
        wanted = self._numbers(edge_filter)
        if wanted.by_evidence:
            return ego_subgraph(self, curie, hops=hops, limit=limit, edge_filter=edge_filter)
        ids = self._walks.ego(row, hops=hops, limit=limit, wanted=wanted)
        return self._reader.subgraph(row, ids)

    def shortest_paths(
        self,
        start: str,
        end: str,
        *,
        max_hops: int = 4,
        limit: int = 10,
        edge_filter: EdgeFilter = EVERY_EDGE,
    ) -> list[Path]:
        """All shortest paths between two concepts, edges followed either way."""
        one, other = self._row(start), self._row(end)
        wanted = self._numbers(edge_filter)
        if one is None or other is None or one == other or wanted.by_evidence:
            return shortest(
                self, start, end, max_hops=max_hops, limit=limit, edge_filter=edge_filter
            )
        found = self._walks.shortest_paths(
            one, other, max_hops=max_hops, limit=limit, wanted=wanted
        )
        return self._paths(found)

    @cached_property
    def _undirected(self) -> UndirectedWeights:
        """The positive edges at each concept with their confidence."""
        columns, derived = self._columns, self._derived
        ids = derived.edge_at[derived.both_ranks]
        positive = columns.edges["polarity"][ids] == 1
        counted = np.zeros(len(positive) + 1, dtype=np.int64)
        np.cumsum(positive, out=counted[1:])
        return UndirectedWeights.of(
            counted[derived.both_starts],
            derived.both_other[positive],
            columns.confidence[ids[positive]],
        )

    def pagerank(
        self, seeds: Collection[str], *, damping: float = 0.85, limit: int = 50
    ) -> list[tuple[str, float]]:
        """Personalised PageRank over undirected positive edges weighted by confidence."""
        rows: set[int] = set()
        for seed in seeds:
            row = self._row(seed)
            if row is None:
                raise UnknownConceptError(seed)
            rows.add(row)
        if not rows:
            return []
        scores = pagerank_scores(self._undirected, sorted(rows), damping)
        return [(self._columns.curies[n], score) for n, score in best_scores(scores, limit)]

    def statistics(self) -> GraphStatistics:
        """Counts of the whole graph, as taken when it was saved."""
        return GraphStatistics(**self._manifest.statistics)
