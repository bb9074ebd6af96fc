"""What every graph store does: the :class:`GraphStore` protocol and the records it hands out.

Three stores keep this contract, checked by one test suite: the in-memory networkx store (the
builder), the memory-mapped snapshot (read-only, opened in milliseconds) and Neo4j. The same call
gives the same answer, in the same order, on each of them.

Order. Edges are handed out strongest first: by :attr:`~kg.records.Edge.confidence` falling, then
by the triple and polarity, so that no tie is left to chance.

Direction. A symmetric predicate (``interacts_with``) is stored once and read from both ends,
whatever direction is asked for.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol, runtime_checkable

from kg.records import Concept, Edge, EdgeKey, Name, Polarity, Subgraph, Triple
from kg.schema import PREDICATES, RefusalReport


class Direction(StrEnum):
    """How an edge is followed from a concept."""

    OUT = "out"  # the concept is the subject
    IN = "in"  # the concept is the object
    BOTH = "both"


@dataclass(frozen=True, slots=True)
class EdgeFilter:
    """Which edges count. An empty collection does not restrict.

    ``sources`` and ``licences`` restrict the *evidence*: what comes from elsewhere is left out of
    the edge, and an edge left with none is not an edge. ``qualifiers`` keeps an edge where some
    evidence states every pair; ``categories`` restricts the class of the other end.
    """

    predicates: frozenset[str] = frozenset()
    polarity: Polarity | None = None
    sources: frozenset[str] = frozenset()
    licences: frozenset[str] = frozenset()
    qualifiers: frozenset[tuple[str, str]] = frozenset()
    categories: frozenset[str] = frozenset()

    def restrict(self, edge: Edge) -> Edge | None:
        """The edge as this filter lets it through, or None (``categories`` is not looked at)."""
        if self.predicates and edge.predicate not in self.predicates:
            return None
        if self.polarity is not None and edge.polarity is not self.polarity:
            return None
        if not (self.sources or self.licences or self.qualifiers):
            return edge
        kept = tuple(
            e
            for e in edge.evidence
            if (not self.sources or e.provenance.source in self.sources)
            and (not self.licences or e.provenance.licence in self.licences)
        )
        if not any(self.qualifiers <= set(e.qualifiers) for e in kept):
            return None
        return edge if len(kept) == len(edge.evidence) else Edge(edge.triple, kept, edge.polarity)


EVERY_EDGE = EdgeFilter()


@dataclass(frozen=True, slots=True)
class Step:
    """One hop of a typed path: which predicates, which way, to which classes."""

    predicates: frozenset[str]
    direction: Direction = Direction.OUT
    categories: frozenset[str] = frozenset()
    polarity: Polarity | None = Polarity.POSITIVE


@dataclass(frozen=True, slots=True)
class NameMatch:
    """A concept found by name: which of its names, and how near, in (0, 1]."""

    curie: str
    name: Name
    score: float


@dataclass(frozen=True, slots=True)
class Path:
    """Edges one after another, with the CURIEs passed (one more than edges)."""

    curies: tuple[str, ...]
    edges: tuple[Edge, ...]


@dataclass(frozen=True, slots=True)
class GraphStatistics:
    """Counts of a graph. The mappings are sorted by key; equal graphs have equal statistics."""

    concepts: int
    edges: int
    evidence: int
    names: int
    concepts_by_category: dict[str, int] = field(default_factory=dict)
    edges_by_predicate: dict[str, int] = field(default_factory=dict)
    negative_edges: int = 0
    contradictions: int = 0
    evidence_by_source: dict[str, int] = field(default_factory=dict)
    evidence_by_licence: dict[str, int] = field(default_factory=dict)


def edge_order(edge: Edge) -> tuple[float, Triple, Polarity]:
    """Sort key that puts the strongest edge first and leaves no tie."""
    return (-edge.confidence, edge.triple, edge.polarity)


def follows(edge: Edge, curie: str, direction: Direction) -> str | None:
    """The other end of ``edge`` as seen from ``curie`` going ``direction``, or None."""
    known = PREDICATES.get(edge.predicate)
    either = direction is Direction.BOTH or (known is not None and known.symmetric)
    if edge.subject == curie and (either or direction is Direction.OUT):
        return edge.object
    if edge.object == curie and (either or direction is Direction.IN):
        return edge.subject
    return None


@runtime_checkable
class GraphStore(Protocol):
    """A graph that can be read."""

    @property
    def fingerprint(self) -> str:
        """Changes whenever the graph does: the key under which derived forms are cached."""
        ...

    def __contains__(self, curie: object) -> bool:
        """Whether a concept has this key (cross-references do not count)."""
        ...

    def get(self, curie: str) -> Concept | None:
        """The concept with this key, or None."""
        ...

    def concept(self, curie: str) -> Concept:
        """The concept with this key.

        Raises:
            UnknownConceptError: where there is none.
        """
        ...

    def resolve(self, curie: str) -> str | None:
        """The key of the concept that has ``curie`` as key or cross-reference, or None."""
        ...

    def concepts(self, category: str | None = None) -> Iterator[Concept]:
        """Every concept, by key."""
        ...

    def edges(self, edge_filter: EdgeFilter = EVERY_EDGE) -> Iterator[Edge]:
        """Every edge, by triple and polarity."""
        ...

    def edge(self, triple: Triple, polarity: Polarity = Polarity.POSITIVE) -> Edge | None:
        """The edge with that triple and polarity; a symmetric one either way round."""
        ...

    def find(self, name: str) -> list[NameMatch]:
        """Concepts one of whose names equals ``name`` after normalisation, by key; score 1."""
        ...

    def search(
        self, text: str, *, limit: int = 10, categories: Collection[str] = ()
    ) -> list[NameMatch]:
        """Concepts whose names are nearest to ``text``, best first, one match a concept."""
        ...

    def neighbours(
        self,
        curie: str,
        *,
        direction: Direction = Direction.BOTH,
        edge_filter: EdgeFilter = EVERY_EDGE,
        limit: int | None = None,
    ) -> list[Edge]:
        """Edges at a concept, strongest first; ``[]`` for an unknown concept."""
        ...

    def paths(self, curie: str, steps: Sequence[Step], *, limit: int | None = None) -> list[Path]:
        """Typed paths from a concept, without revisiting one, in lexical order of CURIEs."""
        ...

    def ego(
        self,
        curie: str,
        *,
        hops: int = 1,
        limit: int = 200,
        edge_filter: EdgeFilter = EVERY_EDGE,
    ) -> Subgraph:
        """The strongest edges within ``hops`` of a concept, nearer hops first, ``limit`` in all.

        Raises:
            UnknownConceptError: where the concept is not in the graph.
        """
        ...

    def shortest_paths(
        self,
        start: str,
        end: str,
        *,
        max_hops: int = 4,
        limit: int = 10,
        edge_filter: EdgeFilter = EVERY_EDGE,
    ) -> list[Path]:
        """All shortest paths between two concepts, edges followed either way, lexical order.

        One path per sequence of CURIEs: between two neighbours the strongest edge stands.
        """
        ...

    def pagerank(
        self, seeds: Collection[str], *, damping: float = 0.85, limit: int = 50
    ) -> list[tuple[str, float]]:
        """Personalised PageRank over undirected positive edges weighted by confidence.

        Seeds share the restart evenly; scores sum to 1 over the graph; best first, ties by key.
        """
        ...

    def statistics(self) -> GraphStatistics:
        """Counts of the whole graph."""
        ...


@runtime_checkable
class MutableGraphStore(GraphStore, Protocol):
    """A graph that can also be written."""

    def add_concepts(self, concepts: Iterable[Concept]) -> int:
        """Add concepts; one whose key is known is merged into it. Returns how many came."""
        ...

    def add_edges(self, edges: Iterable[Edge]) -> RefusalReport:
        """Add edges; equal triples of equal polarity merge and keep all their evidence.

        An edge with an end that is not in the graph, or that the schema does not allow, is not
        added; the report says how many and why.
        """
        ...

    def remove_source(self, source: str) -> int:
        """Take away the evidence of a source, and edges left without any; how many were touched.

        Adding the same source again gives the same graph as before.
        """
        ...


def contradictions(store: GraphStore) -> Iterator[tuple[Edge, Edge]]:
    """Pairs of edges that state and deny the same triple: (positive, negative)."""
    for negative in store.edges(EdgeFilter(polarity=Polarity.NEGATIVE)):
        positive = store.edge(negative.triple)
        if positive is not None:
            yield positive, negative


def subgraph_of(store: GraphStore, edges: Iterable[Edge]) -> Subgraph:
    """A subgraph of these edges, in this order, each once, with their concepts."""
    kept: dict[EdgeKey, Edge] = {}
    concepts: dict[str, Concept] = {}
    for edge in edges:
        kept.setdefault(edge.key, edge)
        for end in (edge.subject, edge.object):
            if end not in concepts:
                concepts[end] = store.concept(end)
    return Subgraph(tuple(concepts.values()), tuple(kept.values()))
