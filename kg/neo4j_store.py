"""A graph in Neo4j, on the official driver, behind the same protocol as the other stores.

Nodes are ``(:Concept:Drug {curie: …})``: one common label with a uniqueness constraint on the
CURIE beside the label of the class, since an index belongs to its label. Relationships have the
type of their predicate and ``polarity`` among their properties (:mod:`kg.neo4j_properties`).
Constraints and indexes are made on first use. Values travel as parameters, never inside a query;
what is written into a query (labels, types, hop counts) comes from the schema or is an integer
(:mod:`kg.neo4j_queries`).

A write is one transaction a batch and idempotent (:mod:`kg.neo4j_writes`). What is changed by
other hands, in Browser for instance, is seen by every read but for ``search`` and ``pagerank``,
which are answered from a copy made when this project last wrote.

Order among equals follows Neo4j, which compares strings by UTF-16 units: it differs from the other
stores only where CURIEs hold characters beyond U+FFFF. Cypher manual:
https://neo4j.com/docs/cypher-manual/5/
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from itertools import islice, pairwise
from types import TracebackType
from typing import Any, Self, TypeVar

import numpy as np

from kg.admission import admit, oriented
from kg.errors import UnknownConceptError
from kg.names import normalise
from kg.neo4j_names import Neo4jNames
from kg.neo4j_properties import EDGE_COLUMNS, concept_from, edge_from
from kg.neo4j_queries import (
    CATEGORIES_OF,
    CONCEPTS_OF,
    STATISTICS,
    WALK,
    beside_query,
    concepts_query,
    edges_query,
    path_query,
    shortest_query,
)
from kg.neo4j_session import RETRY_SECONDS, Neo4jConnection
from kg.neo4j_writes import remove_evidence, write_concepts, write_edges
from kg.pagerank import best_scores, personalised_pagerank
from kg.records import Concept, Edge, EdgeKey, Polarity, Subgraph, Triple
from kg.schema import CLASSES, PREDICATE_BY_LABEL, PREDICATES, RefusalReport
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
from kg.traversal import ends_of, shortest, typed_paths

#: Concepts or edges written in one transaction.
BATCH = 2_000
#: Concepts read in one page of a full listing.
PAGE = 1_000
T = TypeVar("T")


class Neo4jStore:
    """A graph on a Neo4j server; a context manager; may be read by several threads.

    Args:
        url: ``neo4j://user:password@host:port/database``, also ``bolt://``.
        user: login name where the URL holds none; ``neo4j`` where neither does.
        password: its password where the URL holds none.
        retry_seconds: how long a write is tried again while the server does not answer.

    Raises:
        MissingExtraError: without the extra ``neo4j``.
        StoreUnavailableError: where nothing answers, or the login is refused.
    """

    def __init__(
        self,
        url: str,
        *,
        user: str = "",
        password: str = "",
        retry_seconds: float = RETRY_SECONDS,
    ) -> None:
        self._connection = Neo4jConnection(
            url, user=user, password=password, retry_seconds=retry_seconds
        )
        self._names = Neo4jNames(self._connection, self.concepts)
        self._walk: tuple[str, list[str], Any, Any, Any] | None = None

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    # -- reading ---------------------------------------------------------------------------

    @property
    def fingerprint(self) -> str:
        """Changes whenever the graph does through this project; not by other hands."""
        rows = self._connection.values("MATCH (g:GraphRevision {id: 1}) RETURN g.revision")
        return f"neo4j-{rows[0][0] if rows else 'empty'}"

    def __contains__(self, curie: object) -> bool:
        return isinstance(curie, str) and bool(self._categories_of([curie]))

    def get(self, curie: str) -> Concept | None:
        """The concept with this key, or None."""
        return self._concepts_of([curie]).get(curie)

    def concept(self, curie: str) -> Concept:
        """The concept with this key, or :class:`~kg.errors.UnknownConceptError`."""
        found = self.get(curie)
        if found is None:
            raise UnknownConceptError(curie)
        return found

    def keys_of(self, curie: str) -> tuple[str, ...]:
        """Keys of the concepts that have ``curie`` as key or, failing that, cross-reference."""
        return self._keys_of_many([curie])[curie]

    def resolve(self, curie: str) -> str | None:
        """The key of the one concept with ``curie`` as key or cross-reference, or None."""
        keys = self.keys_of(curie)
        return keys[0] if len(keys) == 1 else None

    def concepts(self, category: str | None = None) -> Iterator[Concept]:
        """Every concept, by key; read a page at a time."""
        if category is not None and category not in CLASSES:
            return
        query = concepts_query(category)
        after = ""
        while rows := self._connection.values(query, after=after, most=PAGE):
            for (columns,) in rows:
                yield concept_from(columns)
            after = rows[-1][0][0]

    def edges(self, edge_filter: EdgeFilter = EVERY_EDGE) -> Iterator[Edge]:
        """Every edge, by triple and polarity; read a page at a time."""
        query, parameters = edges_query(edge_filter)
        after, wanted = "", edge_filter.categories
        while rows := self._connection.values(query, after=after, most=PAGE, **parameters):
            for after, category, found in rows:  # noqa: B007
                leaving: list[Edge] = []
                for columns, other in found:
                    if wanted and category not in wanted and other not in wanted:
                        continue
                    kept = edge_filter.restrict(edge_from(columns))
                    if kept is not None:
                        leaving.append(kept)
                leaving.sort(key=lambda e: e.key)
                yield from leaving

    def edge(self, triple: Triple, polarity: Polarity = Polarity.POSITIVE) -> Edge | None:
        """The edge with that triple and polarity; a symmetric one either way round."""
        stored = oriented(triple)
        known = PREDICATES.get(stored.predicate)
        if known is None:
            return None
        rows = self._connection.values(
            f"MATCH (:Concept {{curie: $s}})-[r:{known.label} {{polarity: $polarity}}]->"
            f"(:Concept {{curie: $o}}) RETURN {EDGE_COLUMNS}",
            s=stored.subject,
            o=stored.object,
            polarity=polarity.value,
        )
        return edge_from(rows[0][0]) if rows else None

    def find(self, name: str) -> list[NameMatch]:
        """Concepts one of whose names equals ``name`` after normalisation, by key."""
        return self.find_many([normalise(name)])[0]

    def find_many(self, normals: Sequence[str]) -> list[list[NameMatch]]:
        """:meth:`find` for many names at once, given in normal form."""
        return self._names.exact(normals)

    def search(
        self, text: str, *, limit: int = 10, categories: Collection[str] = ()
    ) -> list[NameMatch]:
        """Concepts whose names are nearest to ``text``, best first."""
        return self._names.nearest(
            text, limit=limit, categories=categories, fingerprint=self.fingerprint
        )

    def neighbours(
        self,
        curie: str,
        *,
        direction: Direction = Direction.BOTH,
        edge_filter: EdgeFilter = EVERY_EDGE,
        limit: int | None = None,
    ) -> list[Edge]:
        """Edges at a concept, strongest first; ``[]`` for an unknown concept."""
        query, parameters = beside_query(direction, edge_filter, _pushed(edge_filter, limit))
        ((found,),) = self._connection.values(query, curie=curie, **parameters)
        return _ranked(found, edge_filter)[:limit]

    def paths(self, curie: str, steps: Sequence[Step], *, limit: int | None = None) -> list[Path]:
        """Typed paths from a concept, without revisiting one, in lexical order of CURIEs."""
        if not steps:
            return typed_paths(self, curie, steps, limit=limit)
        query, parameters = path_query(steps, limit)
        ((tree,),) = self._connection.values(query, start=curie, **parameters)
        return sorted(_walked(tree, (curie,), ()), key=_path_order)

    def ego(
        self,
        curie: str,
        *,
        hops: int = 1,
        limit: int = 200,
        edge_filter: EdgeFilter = EVERY_EDGE,
    ) -> Subgraph:
        """The strongest edges within ``hops`` of a concept, nearer hops first; a query a hop."""
        start = self.concept(curie)
        taken: dict[EdgeKey, Edge] = {}
        seen, frontier = {curie}, [curie]
        for _ in range(hops):
            room = limit - len(taken)
            if room <= 0 or not frontier:
                break
            # Those already taken may come again, and come first.
            query, parameters = beside_query(
                Direction.BOTH, edge_filter, _pushed(edge_filter, limit), many=True
            )
            ((found,),) = self._connection.values(query, curies=frontier, **parameters)
            ring = [e for e in _ranked(found, edge_filter) if e.key not in taken][:room]
            taken.update((edge.key, edge) for edge in ring)
            frontier = [end for end in ends_of(ring) if end not in seen]
            seen.update(frontier)
        edges = tuple(taken.values())
        ends = [end for end in ends_of(edges) if end != curie]
        known = self._concepts_of(ends) if ends else {}
        return Subgraph((start, *(known[end] for end in ends)), edges)

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
        on_one_evidence = edge_filter.sources and edge_filter.licences
        if start == end or max_hops < 1 or edge_filter.qualifiers or on_one_evidence:
            return shortest(
                self, start, end, max_hops=max_hops, limit=limit, edge_filter=edge_filter
            )
        query, parameters = shortest_query(max_hops, edge_filter, limit)
        ((paths, shared),) = self._connection.values(query, start=start, end=end, **parameters)
        between = replace(edge_filter, categories=frozenset())
        joining: dict[tuple[str, str], Edge] = {}
        for edge in _ranked((columns for _, columns in shared), between):
            joining.setdefault((edge.subject, edge.object), edge)
        return [
            Path(curies, tuple(_stronger(joining, a, b) for a, b in pairwise(curies)))
            for curies in sorted(map(tuple, paths))
        ]

    def pagerank(
        self, seeds: Collection[str], *, damping: float = 0.85, limit: int = 50
    ) -> list[tuple[str, float]]:
        """Personalised PageRank over undirected positive edges weighted by confidence."""
        mark = self.fingerprint
        if self._walk is None or self._walk[0] != mark:
            self._walk = (mark, *self._read_walk())
        _, keys, starts, others, weights = self._walk
        known = sorted({int(np.searchsorted(keys, self.concept(s).curie)) for s in seeds})
        if not known:
            return []
        scores = personalised_pagerank(starts, others, weights, known, damping)
        return [(keys[n], score) for n, score in best_scores(scores, limit)]

    def statistics(self) -> GraphStatistics:
        """Counts of the whole graph, counted by the server."""
        rows = {name: self._connection.values(query) for name, query in STATISTICS.items()}
        predicates: dict[str, int] = {}
        sources: dict[str, int] = {}
        licences: dict[str, int] = {}
        negative = 0
        for label, polarity, count in rows["predicates"]:
            name = PREDICATE_BY_LABEL[label].curie
            predicates[name] = predicates.get(name, 0) + count
            negative += count if polarity == Polarity.NEGATIVE else 0
        for source, licence, count in rows["evidence"]:
            sources[source] = sources.get(source, 0) + count
            licences[licence] = licences.get(licence, 0) + count
        return GraphStatistics(
            concepts=sum(count for _, count, _ in rows["categories"]),
            edges=sum(predicates.values()),
            evidence=sum(sources.values()),
            names=sum(names for _, _, names in rows["categories"]),
            concepts_by_category={c: count for c, count, _ in sorted(rows["categories"])},
            edges_by_predicate=dict(sorted(predicates.items())),
            negative_edges=negative,
            contradictions=rows["contradictions"][0][0],
            evidence_by_source=dict(sorted(sources.items())),
            evidence_by_licence=dict(sorted(licences.items())),
        )

    # -- writing ---------------------------------------------------------------------------

    def add_concepts(self, concepts: Iterable[Concept]) -> int:
        """Add concepts; one whose key is known is merged into it. Returns how many came."""
        count = 0
        for part in _parts(concepts, BATCH):
            merged: dict[str, Concept] = {}
            for concept in part:
                known = merged.get(concept.curie)
                merged[concept.curie] = concept if known is None else known.merged(concept)
            self._connection.write(partial(write_concepts, concepts=merged))
            count += len(part)
        return count

    def add_edges(self, edges: Iterable[Edge]) -> RefusalReport:
        """Add edges; equal triples of equal polarity merge and keep all their evidence."""
        report = RefusalReport()
        keys: dict[str, tuple[str, ...]] = {}
        categories: dict[str, str] = {}
        for part in _parts(edges, BATCH):
            ends = {end for edge in part for end in (edge.subject, edge.object)} - keys.keys()
            keys.update(self._keys_of_many(sorted(ends)))
            missing = {k for end in ends for k in keys[end]} - categories.keys()
            categories.update(self._categories_of(sorted(missing)))
            admitted: dict[EdgeKey, Edge] = {}
            for edge in part:
                kept = admit(edge, keys_of=keys.__getitem__, category_of=categories.__getitem__)
                if isinstance(kept, str):
                    report.add(kept, str(edge.triple))
                else:
                    known = admitted.get(kept.key)
                    admitted[kept.key] = kept if known is None else known.merged(kept)
            if admitted:
                self._connection.write(partial(write_edges, edges=admitted))
        return report

    def remove_source(self, source: str) -> int:
        """Take away the evidence of a source, and edges left without any; a batch at a time."""
        rows = self._connection.values(
            "MATCH (:Concept)-[r]->(:Concept) WHERE $source IN r.sources RETURN id(r)",
            source=source,
        )
        ids = [number for (number,) in rows]
        return sum(
            self._connection.write(partial(remove_evidence, source=source, ids=part))
            for part in _parts(ids, BATCH)
        )

    # -- within ----------------------------------------------------------------------------

    def _concepts_of(self, curies: Sequence[str]) -> dict[str, Concept]:
        rows = self._connection.values(CONCEPTS_OF, curies=list(curies))
        return {c.curie: c for c in (concept_from(columns) for (columns,) in rows)}

    def _categories_of(self, curies: Sequence[str]) -> dict[str, str]:
        rows = self._connection.values(CATEGORIES_OF, curies=list(curies))
        return {row[0]: row[1] for row in rows}

    def _keys_of_many(self, curies: Sequence[str]) -> dict[str, tuple[str, ...]]:
        here = self._categories_of(curies)
        keys: dict[str, tuple[str, ...]] = {c: (c,) if c in here else () for c in curies}
        elsewhere = [c for c in curies if c not in here]
        if elsewhere:
            keys.update(self._names.referring(elsewhere))
        return keys

    def _read_walk(self) -> tuple[list[str], Any, Any, Any]:
        """Keys, and the walk's edges as :func:`~kg.pagerank.personalised_pagerank` takes them,
        in the order the other stores give them."""
        keys = sorted(key for (key,) in self._connection.values("MATCH (c:Concept) RETURN c.curie"))
        number = {key: i for i, key in enumerate(keys)}
        entries: list[tuple[int, float, str, str, str, int]] = []
        for subject, label, object_, weight in self._connection.values(WALK):
            predicate = PREDICATE_BY_LABEL[label].curie
            s, o = number[subject], number[object_]
            for here, there in dict.fromkeys(((s, o), (o, s))):
                entries.append((here, -weight, subject, predicate, object_, there))
        entries.sort()
        heads = np.array([e[0] for e in entries], dtype=np.int64)
        starts = np.searchsorted(heads, np.arange(len(keys) + 1))
        others = np.array([e[5] for e in entries], dtype=np.int64)
        weights = np.array([-e[1] for e in entries], dtype=np.float64)
        return keys, starts, others, weights


def _pushed(edge_filter: EdgeFilter, limit: int | None) -> int | None:
    """The limit as the server may apply it: a restriction of the evidence changes confidences."""
    restricted = edge_filter.sources or edge_filter.licences or edge_filter.qualifiers
    return None if restricted else limit


def _ranked(found: Iterable[Sequence[Any]], edge_filter: EdgeFilter) -> list[Edge]:
    """Edges as the filter lets them through, strongest first."""
    edges = (edge_filter.restrict(edge_from(columns)) for columns in found)
    return sorted((e for e in edges if e is not None), key=edge_order)


def _walked(
    tree: Iterable[Sequence[Any]], curies: tuple[str, ...], edges: tuple[Edge, ...]
) -> Iterator[Path]:
    """The paths of a tree as :func:`~kg.neo4j_queries.path_query` gives it."""
    for columns, *following in tree:
        edge = edge_from(columns)
        triple = edge.triple
        passed = (*curies, triple.object if triple.subject == curies[-1] else triple.subject)
        if following:
            yield from _walked(following[0], passed, (*edges, edge))
        else:
            yield Path(passed, (*edges, edge))


def _path_order(path: Path) -> tuple[tuple[str, ...], list[EdgeKey]]:
    return path.curies, [edge.key for edge in path.edges]


def _stronger(joining: dict[tuple[str, str], Edge], a: str, b: str) -> Edge:
    """The strongest edge between two concepts, whichever way it points."""
    both = [joining[pair] for pair in ((a, b), (b, a)) if pair in joining]
    return min(both, key=edge_order)


def _parts(sequence: Iterable[T], size: int) -> Iterator[list[T]]:
    iterator = iter(sequence)
    while part := list(islice(iterator, size)):
        yield part
