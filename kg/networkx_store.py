"""The in-memory store: networkx underneath, mutable, the builder of every other form.

``NetworkxStore.graph`` is a ``networkx.MultiDiGraph`` for exploration with everything networkx
has. Its nodes are CURIEs with the attributes ``name``, ``category`` and ``concept``; its edges
are keyed ``(predicate, polarity)`` with ``predicate``, ``polarity``, ``confidence``, ``sources``
and ``edge``. Change it only through the store.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Any
from uuid import uuid4

import networkx as nx
import numpy as np

from kg.admission import admit, oriented
from kg.census import census
from kg.errors import UnknownConceptError
from kg.name_index import NameIndex
from kg.names import normalise
from kg.pagerank import best_scores, personalised_pagerank
from kg.records import Concept, Edge, Name, Polarity, Triple
from kg.schema import PREDICATES, RefusalReport
from kg.store import (
    EVERY_EDGE,
    Direction,
    EdgeFilter,
    GraphStatistics,
    GraphStore,
    NameMatch,
)
from kg.traversal import Walks


def _by_triple(edge: Edge) -> tuple[str, str, str, str]:
    triple = edge.triple
    return (triple.subject, triple.predicate, triple.object, edge.polarity)


class NetworkxStore(Walks):
    """A mutable graph in memory.

    >>> from kg.records import Evidence, Provenance
    >>> from kg.schema import DISEASE, DRUG, TREATS
    >>> store = NetworkxStore([
    ...     Concept("DRUGBANK:DB00571", DRUG, (Name("propranolol"),)),
    ...     Concept("DOID:6364", DISEASE, (Name("migraine"),))])
    >>> record = Evidence(Provenance("example"), record="1")
    >>> print(store.add_edges([Edge(Triple("DRUGBANK:DB00571", TREATS, "DOID:6364"), (record,))]))
    nothing refused
    >>> [edge.subject for edge in store.neighbours("DOID:6364")]
    ['DRUGBANK:DB00571']
    """

    def __init__(self, concepts: Iterable[Concept] = ()) -> None:
        self.graph: nx.MultiDiGraph[str] = nx.MultiDiGraph()
        self._concepts: dict[str, Concept] = {}
        self._xrefs: dict[str, set[str]] = {}
        self._named: dict[str, dict[str, Name]] = {}
        self._unnamed: dict[str, None] = {}  # keys whose names are not indexed yet
        self._index: tuple[NameIndex, list[tuple[str, Name]]] | None = None
        self._identity = uuid4().hex
        self._revision = 0
        self.add_concepts(concepts)

    @classmethod
    def from_store(cls, store: GraphStore) -> NetworkxStore:
        """A mutable copy of any store."""
        copy = cls(store.concepts())
        copy.add_edges(store.edges())
        return copy

    # -- reading ---------------------------------------------------------------------------

    @property
    def fingerprint(self) -> str:
        """Changes whenever the graph does; not the same in another process."""
        return f"memory-{self._identity}-{self._revision}"

    def __contains__(self, curie: object) -> bool:
        return curie in self._concepts

    def __len__(self) -> int:
        return len(self._concepts)

    def get(self, curie: str) -> Concept | None:
        """The concept with this key, or None."""
        return self._concepts.get(curie)

    def concept(self, curie: str) -> Concept:
        """The concept with this key, or :class:`~kg.errors.UnknownConceptError`."""
        try:
            return self._concepts[curie]
        except KeyError:
            raise UnknownConceptError(curie) from None

    def keys_of(self, curie: str) -> tuple[str, ...]:
        """Keys of the concepts that have ``curie`` as key or, failing that, cross-reference."""
        if curie in self._concepts:
            return (curie,)
        return tuple(sorted(self._xrefs.get(curie, ())))

    def resolve(self, curie: str) -> str | None:
        """The key of the one concept with ``curie`` as key or cross-reference.

        None where no concept has it, and where several have: it does not say which is meant.
        """
        keys = self.keys_of(curie)
        return keys[0] if len(keys) == 1 else None

    def concepts(self, category: str | None = None) -> Iterator[Concept]:
        """Every concept, by key."""
        for _, concept in sorted(self._concepts.items()):
            if category is None or concept.category == category:
                yield concept

    def edges(self, edge_filter: EdgeFilter = EVERY_EDGE) -> Iterator[Edge]:
        """Every edge, by triple and polarity; ``categories`` asks for one end of the class."""
        every = (attributes["edge"] for _, _, attributes in self.graph.edges(data=True))
        for edge in sorted(every, key=_by_triple):
            if edge_filter.categories and not any(
                self._concepts[end].category in edge_filter.categories
                for end in (edge.subject, edge.object)
            ):
                continue
            kept = edge_filter.restrict(edge)
            if kept is not None:
                yield kept

    def edge(self, triple: Triple, polarity: Polarity = Polarity.POSITIVE) -> Edge | None:
        """The edge with that triple and polarity; a symmetric one either way round."""
        stored = oriented(triple)
        key = (stored.predicate, polarity.value)
        attributes = self.graph.get_edge_data(stored.subject, stored.object, key)
        found: Edge | None = None if attributes is None else attributes["edge"]
        return found

    def find(self, name: str) -> list[NameMatch]:
        """Concepts one of whose names equals ``name`` after normalisation, by key."""
        return self.find_many([normalise(name)])[0]

    def find_many(self, normals: Sequence[str]) -> list[list[NameMatch]]:
        """:meth:`find` for many names at once, given in normal form."""
        self._index_new_names()
        return [
            [NameMatch(curie, name, 1.0) for curie, name in sorted(self._named[n].items())]
            if n in self._named
            else []
            for n in normals
        ]

    def search(
        self, text: str, *, limit: int = 10, categories: Collection[str] = ()
    ) -> list[NameMatch]:
        """Concepts whose names are nearest to ``text``, best first."""
        keys = sorted(self._concepts)
        if self._index is None:
            rows = [(key, name) for key in keys for name in self._concepts[key].names]
            number = {key: i for i, key in enumerate(keys)}
            index = NameIndex.build((number[key], name.text) for key, name in rows)
            self._index = (index, rows)
        index, rows = self._index
        allowed = (
            np.array([self._concepts[key].category in categories for key in keys], dtype=bool)
            if categories
            else None
        )
        nearest = index.nearest(text, limit=limit, allowed=allowed)
        return [NameMatch(rows[row][0], rows[row][1], score) for row, score in nearest]

    def neighbours(
        self,
        curie: str,
        *,
        direction: Direction = Direction.BOTH,
        edge_filter: EdgeFilter = EVERY_EDGE,
        limit: int | None = None,
    ) -> list[Edge]:
        """Edges at a concept, strongest first; ``[]`` for an unknown concept."""
        ranked: list[tuple[float, tuple[str, str, str, str], Edge]] = []
        for other, attributes in self._incident(curie, direction):
            categories = edge_filter.categories
            if categories and self._concepts[other].category not in categories:
                continue
            edge = attributes["edge"]
            kept = edge_filter.restrict(edge)
            if kept is not None:
                strength = attributes["confidence"] if kept is edge else kept.confidence
                ranked.append((-strength, _by_triple(kept), kept))
        ranked.sort(key=lambda r: r[:2])
        return [edge for _, _, edge in ranked[:limit]]

    def _incident(self, curie: str, direction: Direction) -> Iterator[tuple[str, dict[str, Any]]]:
        """The other end and the attributes of each edge at a concept, each edge once."""
        if curie not in self._concepts:
            return
        for way, view in ((Direction.OUT, self.graph.succ), (Direction.IN, self.graph.pred)):
            for other, parallel in view[curie].items():
                for attributes in parallel.values():
                    symmetric = PREDICATES[attributes["predicate"]].symmetric
                    wanted = symmetric or direction in (way, Direction.BOTH)
                    if other == curie and way is Direction.IN:  # a loop: met going out, or now
                        wanted = direction is way and not symmetric
                    if wanted:
                        yield other, attributes

    def pagerank(
        self, seeds: Collection[str], *, damping: float = 0.85, limit: int = 50
    ) -> list[tuple[str, float]]:
        """Personalised PageRank over undirected positive edges weighted by confidence."""
        keys = sorted(self._concepts)
        number = {key: i for i, key in enumerate(keys)}
        known = sorted({number[self.concept(seed).curie] for seed in seeds})
        if not known:
            return []
        entries = sorted(
            (number[here], -edge.confidence, _by_triple(edge), number[there], edge.confidence)
            for edge in self.edges(EdgeFilter(polarity=Polarity.POSITIVE))
            for here, there in dict.fromkeys(
                ((edge.subject, edge.object), (edge.object, edge.subject))
            )
        )
        heads = np.array([e[0] for e in entries], dtype=np.int64)
        starts = np.searchsorted(heads, np.arange(len(keys) + 1))
        others = np.array([e[3] for e in entries], dtype=np.int64)
        weights = np.array([e[4] for e in entries], dtype=np.float64)
        scores = personalised_pagerank(starts, others, weights, known, damping)
        return [(keys[n], score) for n, score in best_scores(scores, limit)]

    def statistics(self) -> GraphStatistics:
        """Counts of the whole graph."""
        return census(self._concepts.values(), self.edges())

    # -- writing ---------------------------------------------------------------------------

    def add_concepts(self, concepts: Iterable[Concept]) -> int:
        """Add concepts; one whose key is known is merged into it. Returns how many came."""
        count = 0
        for concept in concepts:
            count += 1
            known = self._concepts.get(concept.curie)
            kept = concept if known is None else known.merged(concept)
            self._concepts[kept.curie] = kept
            self._unnamed[kept.curie] = None
            for xref in kept.xrefs:
                self._xrefs.setdefault(xref, set()).add(kept.curie)
            self.graph.add_node(kept.curie, name=kept.name(), category=kept.category, concept=kept)
        if count:
            self._index = None
            self._revision += 1
        return count

    def add_edges(self, edges: Iterable[Edge]) -> RefusalReport:
        """Add edges; equal triples of equal polarity merge and keep all their evidence."""
        report = RefusalReport()
        for edge in edges:
            admitted = admit(edge, keys_of=self.keys_of, category_of=self._category_of)
            if isinstance(admitted, str):
                report.add(admitted, str(edge.triple))
            else:
                known = self.edge(admitted.triple, admitted.polarity)
                self._keep(admitted if known is None else known.merged(admitted))
        self._revision += 1
        return report

    def remove_source(self, source: str) -> int:
        """Take away the evidence of a source, and edges left without any."""
        touched = [
            attributes["edge"]
            for _, _, attributes in self.graph.edges(data=True)
            if source in attributes["sources"]
        ]
        for edge in touched:
            left = edge.without_source(source)
            if left is None:
                key = (edge.predicate, edge.polarity.value)
                self.graph.remove_edge(edge.subject, edge.object, key)
            else:
                self._keep(left)
        self._revision += bool(touched)
        return len(touched)

    def _category_of(self, curie: str) -> str:
        return self._concepts[curie].category

    def _keep(self, edge: Edge) -> None:
        self.graph.add_edge(
            edge.subject,
            edge.object,
            key=(edge.predicate, edge.polarity.value),
            predicate=edge.predicate,
            polarity=edge.polarity.value,
            confidence=edge.confidence,
            sources=edge.sources,
            edge=edge,
        )

    def _index_new_names(self) -> None:
        for curie in self._unnamed:
            first: dict[str, Name] = {}
            for name in self._concepts[curie].names:
                first.setdefault(normalise(name.text), name)
            first.pop("", None)
            for normal, name in first.items():
                self._named.setdefault(normal, {})[curie] = name
        self._unnamed.clear()
