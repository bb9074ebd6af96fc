"""The same questions asked of a bare networkx graph, as somebody without a store would ask them.

The graph is one ``networkx.MultiDiGraph``: nodes by CURIE, edges keyed ``(predicate, polarity)``
with a ``confidence``; no names, no evidence. Three ways to a neighbourhood are timed:

- *2-hop subgraph, 200*: written by hand with the store's meaning: the edges of the start, strongest
  first, then the edges of their ends, until 200 are taken; the answer is a new ``MultiDiGraph``.
- *ego_graph, cut to 200*: ``nx.ego_graph(graph, start, radius=2)`` (along the arrows only), then
  its 200 strongest edges with ``edge_subgraph``: what the manual leads to.
- *1 hop, 10 edges*: the strongest of ``out_edges`` or ``in_edges`` of one predicate.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import networkx as nx

from bench.store_queries import EDGES, SUBGRAPH, Draw
from kg.schema import PREDICATES
from kg.snapshot_columns import POLARITIES
from kg.snapshot_format import GraphColumns
from kg.store import Direction

#: (minus confidence, subject, predicate, object, polarity): sorts strongest first.
Found = tuple[float, str, str, str, str]


def plain_graph(columns: GraphColumns) -> nx.MultiDiGraph[str]:
    """The graph of some columns."""
    curies = columns.curies.slice(0, len(columns.curies))
    predicates = columns.predicates.slice(0, len(columns.predicates))
    keys = [(name, polarity.value) for name in predicates for polarity in POLARITIES]
    graph: nx.MultiDiGraph[str] = nx.MultiDiGraph()
    graph.add_nodes_from(curies)
    size = 1 << 16
    for first in range(0, len(columns.edges), size):
        rows = columns.edges[first : first + size]
        kinds = (2 * rows["predicate"].astype(int) + rows["polarity"]).tolist()
        confidences = columns.confidence[first : first + size].tolist()
        graph.add_edges_from(
            (curies[s], curies[o], keys[kind], {"confidence": confidence})
            for s, o, kind, confidence in zip(
                rows["subject"].tolist(), rows["object"].tolist(), kinds, confidences, strict=True
            )
        )
    return graph


def _edges_at(graph: nx.MultiDiGraph[str], node: str) -> Iterator[Found]:
    for end in (graph.out_edges, graph.in_edges):
        for s, o, (predicate, polarity), c in end(node, keys=True, data="confidence"):
            yield (-c, s, predicate, o, polarity)


def one_hop(graph: nx.MultiDiGraph[str], draw: Draw) -> list[Found]:
    """The strongest edges of the draw's first step."""
    (predicate,) = draw.steps[0].predicates
    way = draw.steps[0].direction
    either = way is Direction.BOTH or PREDICATES[predicate].symmetric
    found = {
        edge
        for edge in _edges_at(graph, draw.curie)
        if edge[2] == predicate
        and edge[4] == "positive"
        and (either or (edge[1] if way is Direction.OUT else edge[3]) == draw.curie)
    }
    return heapq.nsmallest(EDGES, found)


def subgraph(graph: nx.MultiDiGraph[str], draw: Draw) -> nx.MultiDiGraph[str]:
    """The strongest edges within two hops, nearer hops first."""
    taken: dict[Found, None] = {}
    seen, frontier = {draw.curie}, [draw.curie]
    for _ in range(2):
        room = SUBGRAPH - len(taken)
        ring = {edge for node in frontier for edge in _edges_at(graph, node)}
        kept = heapq.nsmallest(room, ring.difference(taken)) if room > 0 else []
        taken.update(dict.fromkeys(kept))
        frontier = sorted({end for edge in kept for end in (edge[1], edge[3])} - seen)
        seen.update(frontier)
    return graph.edge_subgraph((s, o, (p, pol)) for _, s, p, o, pol in taken).copy()


def ego_graph(graph: nx.MultiDiGraph[str], draw: Draw) -> nx.MultiDiGraph[str]:
    """``nx.ego_graph`` of radius 2, then its strongest edges."""
    around = nx.ego_graph(graph, draw.curie, radius=2)
    every = around.edges(keys=True, data="confidence")
    best = heapq.nsmallest(SUBGRAPH, ((-c, s, o, key) for s, o, key, c in every))
    kept: nx.MultiDiGraph[str] = around.edge_subgraph((s, o, key) for _, s, o, key in best).copy()
    return kept


Query = Callable[[Any, Draw], Any]

PLAIN_QUERIES: Mapping[str, Query] = {
    "1 hop, 10 edges": one_hop,
    "2-hop subgraph, 200": subgraph,
    "ego_graph, cut to 200": ego_graph,
}
