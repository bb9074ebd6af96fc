"""A graph seen through a filter: only evidence of some licences or sources is there.

Everything that reads a store reads this one alike: the linker, the retrieval, the verification.
Nothing is copied; names stay, edges and definitions without admitted evidence are not there.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator
from dataclasses import replace
from functools import cached_property

from kg.census import census
from kg.errors import UnknownConceptError
from kg.networkx_store import NetworkxStore
from kg.records import Concept, Edge, Polarity, Triple
from kg.store import (
    EVERY_EDGE,
    Direction,
    EdgeFilter,
    GraphStatistics,
    GraphStore,
    NameMatch,
)
from kg.traversal import Walks

#: Stands in a filter that lets nothing through.
_NONE = frozenset({"\0"})


class RestrictedStore(Walks):
    """A store without the evidence that is not admitted; it keeps :class:`~kg.store.GraphStore`.

    Args:
        store: the whole graph.
        licences: licences admitted; None for all.
        sources: sources admitted; None for all.

    >>> from kg.networkx_store import NetworkxStore
    >>> from kg.records import Concept, Evidence, Name, Provenance
    >>> ends = [Concept(c, "biolink:Disease", (Name(c),)) for c in ("DOID:1", "DOID:2")]
    >>> whole = NetworkxStore(ends)
    >>> closed = Evidence(Provenance("s", licence="NOASSERTION"), record="1")
    >>> triple = Triple("DOID:1", "biolink:subclass_of", "DOID:2")
    >>> whole.add_edges([Edge(triple, (closed,))]).total
    0
    >>> RestrictedStore(whole, licences={"CC0-1.0"}).neighbours("DOID:1")
    []
    """

    def __init__(
        self,
        store: GraphStore,
        *,
        licences: Collection[str] | None = None,
        sources: Collection[str] | None = None,
    ) -> None:
        self._store = store
        self._licences = None if licences is None else frozenset(licences) or _NONE
        self._sources = None if sources is None else frozenset(sources) or _NONE

    def _within(self, edge_filter: EdgeFilter) -> EdgeFilter:
        """The filter, no wider than what is admitted."""
        return replace(
            edge_filter,
            licences=_both(edge_filter.licences, self._licences),
            sources=_both(edge_filter.sources, self._sources),
        )

    def _admitted(self, concept: Concept) -> Concept:
        kept = tuple(
            d
            for d in concept.definitions
            if (self._licences is None or d.provenance.licence in self._licences)
            and (self._sources is None or d.provenance.source in self._sources)
        )
        if len(kept) == len(concept.definitions):
            return concept
        return replace(concept, definitions=kept)

    @property
    def fingerprint(self) -> str:
        """Changes whenever the graph or what is admitted does."""
        admitted = [sorted(s) if s is not None else None for s in (self._licences, self._sources)]
        text = f"{self._store.fingerprint} {admitted}"
        return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()

    def __contains__(self, curie: object) -> bool:
        return curie in self._store

    def get(self, curie: str) -> Concept | None:
        """The concept with this key, or None."""
        found = self._store.get(curie)
        return None if found is None else self._admitted(found)

    def concept(self, curie: str) -> Concept:
        """The concept with this key.

        Raises:
            UnknownConceptError: where there is none.
        """
        found = self.get(curie)
        if found is None:
            raise UnknownConceptError(curie)
        return found

    def resolve(self, curie: str) -> str | None:
        """The key of the concept that has ``curie`` as key or cross-reference, or None."""
        return self._store.resolve(curie)

    def concepts(self, category: str | None = None) -> Iterator[Concept]:
        """Every concept, by key."""
        return map(self._admitted, self._store.concepts(category))

    def edges(self, edge_filter: EdgeFilter = EVERY_EDGE) -> Iterator[Edge]:
        """Every edge, by triple and polarity."""
        return self._store.edges(self._within(edge_filter))

    def edge(self, triple: Triple, polarity: Polarity = Polarity.POSITIVE) -> Edge | None:
        """The edge with that triple and polarity, as far as it is admitted."""
        found = self._store.edge(triple, polarity)
        return None if found is None else self._within(EVERY_EDGE).restrict(found)

    def find(self, name: str) -> list[NameMatch]:
        """Concepts one of whose names equals ``name`` after normalisation, by key; score 1."""
        return self._store.find(name)

    def search(
        self, text: str, *, limit: int = 10, categories: Collection[str] = ()
    ) -> list[NameMatch]:
        """Concepts whose names are nearest to ``text``, best first, one match a concept."""
        return self._store.search(text, limit=limit, categories=categories)

    def neighbours(
        self,
        curie: str,
        *,
        direction: Direction = Direction.BOTH,
        edge_filter: EdgeFilter = EVERY_EDGE,
        limit: int | None = None,
    ) -> list[Edge]:
        """Edges at a concept, strongest first; ``[]`` for an unknown concept."""
        return self._store.neighbours(
            curie, direction=direction, edge_filter=self._within(edge_filter), limit=limit
        )

    def pagerank(
        self, seeds: Collection[str], *, damping: float = 0.85, limit: int = 50
    ) -> list[tuple[str, float]]:
        """Personalised PageRank over what is admitted; the first call copies it."""
        return self._copied.pagerank(seeds, damping=damping, limit=limit)

    @cached_property
    def _copied(self) -> NetworkxStore:
        return NetworkxStore.from_store(self)

    def statistics(self) -> GraphStatistics:
        """Counts of what is admitted, counted anew at each call."""
        return census(self.concepts(), self.edges())


def _both(asked: frozenset[str], admitted: frozenset[str] | None) -> frozenset[str]:
    """What is both asked for and admitted; an empty ``asked`` asks for everything."""
    if admitted is None:
        return asked
    return (asked & admitted or _NONE) if asked else admitted
