"""Walks over any store, written once on top of ``GraphStore.neighbours``.

They are the meaning of :meth:`~kg.store.GraphStore.paths`, ``ego`` and ``shortest_paths``. The
in-memory store uses them as they are; a store with a faster way must answer the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice, product

from kg.errors import UnknownConceptError
from kg.records import Edge, Subgraph
from kg.store import EVERY_EDGE, Direction, EdgeFilter, GraphStore, Path, Step, edge_order, follows

_Beside = Mapping[str, list[Edge]]  # other end → edges to it


def _beside(
    store: GraphStore, curie: str, direction: Direction, edge_filter: EdgeFilter
) -> dict[str, list[Edge]]:
    """The other ends of a concept's edges, sorted, each with its edges strongest first."""
    found: dict[str, list[Edge]] = {}
    for edge in store.neighbours(curie, direction=direction, edge_filter=edge_filter):
        other = follows(edge, curie, direction)
        if other is not None:
            found.setdefault(other, []).append(edge)
    return dict(sorted(found.items()))


def step_filter(step: Step) -> EdgeFilter:
    """The filter a step of a typed path stands for."""
    return EdgeFilter(
        predicates=step.predicates, polarity=step.polarity, categories=step.categories
    )


def typed_paths(
    store: GraphStore, curie: str, steps: Sequence[Step], *, limit: int | None = None
) -> list[Path]:
    """Paths from a concept whose edges fit the steps, without revisiting a concept.

    Sorted by CURIEs; where several edges join two concepts there is a path for each, by triple
    and polarity. An unknown concept has none.
    """
    if curie not in store:
        return []

    def walk(curies: tuple[str, ...], edges: tuple[list[Edge], ...]) -> Iterator[Path]:
        if len(edges) == len(steps):
            for chosen in product(*edges):
                yield Path(curies, chosen)
            return
        step = steps[len(edges)]
        beside = _beside(store, curies[-1], step.direction, step_filter(step))
        for other, between in beside.items():
            if other not in curies:
                between.sort(key=lambda e: e.key)
                yield from walk((*curies, other), (*edges, between))

    return list(islice(walk((curie,), ()), limit))


def ego_edges(
    store: GraphStore, curie: str, *, hops: int, limit: int, edge_filter: EdgeFilter
) -> list[Edge]:
    """Edges within ``hops`` of a concept: nearer hops first, strongest first within a hop."""
    taken: dict[object, Edge] = {}
    seen = {curie}
    frontier = [curie]
    for _ in range(hops):
        room = limit - len(taken)
        if room <= 0 or not frontier:
            break
        ring: dict[object, Edge] = {}
        for node in frontier:
            for edge in store.neighbours(node, edge_filter=edge_filter):
                if edge.key not in taken:
                    ring[edge.key] = edge
        kept = sorted(ring.values(), key=edge_order)[:room]
        taken.update((edge.key, edge) for edge in kept)
        ends = dict.fromkeys(end for edge in kept for end in (edge.subject, edge.object))
        frontier = [end for end in ends if end not in seen]
        seen.update(frontier)
    return list(taken.values())


def ego_subgraph(
    store: GraphStore, curie: str, *, hops: int, limit: int, edge_filter: EdgeFilter
) -> Subgraph:
    """:func:`ego_edges` as a subgraph that begins with the concept itself.

    Raises:
        UnknownConceptError: where the concept is not in the graph.
    """
    if curie not in store:
        raise UnknownConceptError(curie)
    edges = ego_edges(store, curie, hops=hops, limit=limit, edge_filter=edge_filter)
    ends = dict.fromkeys([curie, *(end for e in edges for end in (e.subject, e.object))])
    return Subgraph(tuple(store.concept(end) for end in ends), tuple(edges))


def shortest(
    store: GraphStore,
    start: str,
    end: str,
    *,
    max_hops: int,
    limit: int,
    edge_filter: EdgeFilter,
) -> list[Path]:
    """Shortest paths between two concepts, edges followed either way, by CURIEs.

    ``edge_filter.categories`` restricts the concepts passed, not the two ends. From a concept to
    itself there is the path without edges; an unknown concept has no path.
    """
    if start not in store or end not in store:
        return []
    if start == end:
        return [Path((start,), ())]
    between = replace(edge_filter, categories=frozenset())
    beside: dict[str, _Beside] = {}
    levels = [{start}]
    seen = {start}
    while end not in levels[-1]:
        if len(levels) > max_hops or not levels[-1]:
            return []
        for node in levels[-1]:
            beside[node] = _beside(store, node, Direction.BOTH, between)
        ring = {o for node in levels[-1] for o in beside[node]} - seen
        levels.append({o for o in ring if o == end or _passable(store, o, edge_filter)})
        seen |= ring
    levels[-1] = {end}
    for i in range(len(levels) - 2, -1, -1):
        levels[i] = {n for n in levels[i] if not levels[i + 1].isdisjoint(beside[n])}

    def walk(curies: tuple[str, ...], edges: tuple[Edge, ...]) -> Iterator[Path]:
        if len(edges) == len(levels) - 1:
            yield Path(curies, edges)
            return
        following = levels[len(curies)]
        for other, joining in beside[curies[-1]].items():
            if other in following:
                yield from walk((*curies, other), (*edges, joining[0]))

    return list(islice(walk((start,), ()), limit))


def _passable(store: GraphStore, curie: str, edge_filter: EdgeFilter) -> bool:
    return not edge_filter.categories or store.concept(curie).category in edge_filter.categories


def ends_of(edges: Iterable[Edge]) -> list[str]:
    """CURIEs at the ends of edges, each once, in order of appearance."""
    return list(dict.fromkeys(end for e in edges for end in (e.subject, e.object)))


class Walks:
    """The walks of :class:`~kg.store.GraphStore` for a store that has no faster way."""

    def paths(
        self: GraphStore, curie: str, steps: Sequence[Step], *, limit: int | None = None
    ) -> list[Path]:
        """Typed paths from a concept, without revisiting one, in lexical order of CURIEs."""
        return typed_paths(self, curie, steps, limit=limit)

    def ego(
        self: GraphStore,
        curie: str,
        *,
        hops: int = 1,
        limit: int = 200,
        edge_filter: EdgeFilter = EVERY_EDGE,
    ) -> Subgraph:
        """The strongest edges within ``hops`` of a concept, nearer hops first."""
        return ego_subgraph(self, curie, hops=hops, limit=limit, edge_filter=edge_filter)

    def shortest_paths(
        self: GraphStore,
        start: str,
        end: str,
        *,
        max_hops: int = 4,
        limit: int = 10,
        edge_filter: EdgeFilter = EVERY_EDGE,
    ) -> list[Path]:
        """All shortest paths between two concepts, edges followed either way."""
        return shortest(self, start, end, max_hops=max_hops, limit=limit, edge_filter=edge_filter)
