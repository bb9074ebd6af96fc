"""What our Neo4j store costs beside Cypher written by hand and sent through the bare driver.

The same questions, in the same order and to the same server, one after the other in turn: by the
store, which gives edges as records with all their evidence, and by a query such as an experienced
person writes it, whose rows are taken as the driver gives them. The aim is at most 1.2 times as
long.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import neo4j

from bench.store_queries import EDGES, PATHS, QUERIES, Draw
from kg.neo4j_server import ServerAddress
from kg.schema import PREDICATES
from kg.store import Direction, GraphStore, Step

#: How much longer the store may take.
MOST = 1.2

_EDGE = "startNode({r}).curie, type({r}), endNode({r}).curie, {r}.polarity, {r}.evidence"
_SHORTEST = (
    "MATCH (a:Concept {curie: $start}), (b:Concept {curie: $end}) "
    "MATCH p = allShortestPaths((a)-[*..4]-(b)) "
    "WITH [n IN nodes(p) | n.curie] AS curies, collect(p)[0] AS p ORDER BY curies LIMIT $most "
    f"RETURN curies, [r IN relationships(p) | [{_EDGE.format(r='r')}]]"
)


def _hop(name: str, step: Step) -> str:
    (predicate,) = step.predicates
    known = PREDICATES[predicate]
    inner = f"[{name}:{known.label} {{polarity: 'positive'}}]"
    if known.symmetric or step.direction is Direction.BOTH:
        return f"-{inner}-"
    return f"-{inner}->" if step.direction is Direction.OUT else f"<-{inner}-"


def one_hop(draw: Draw) -> tuple[str, dict[str, Any]]:
    """The strongest edges of the draw's first step."""
    hop = _hop("r", draw.steps[0])
    query = (
        f"MATCH (:Concept {{curie: $start}}){hop}(o:Concept) RETURN {_EDGE.format(r='r')} "
        "ORDER BY r.confidence DESC, startNode(r).curie, endNode(r).curie LIMIT $most"
    )
    return query, {"start": draw.curie, "most": EDGES}


def two_hops(draw: Draw) -> tuple[str, dict[str, Any]]:
    """The first paths along the draw's two steps."""
    hops = [_hop(name, step) for name, step in zip("rq", draw.steps, strict=True)]
    query = (
        f"MATCH (a:Concept {{curie: $start}}){hops[0]}(b:Concept){hops[1]}(c:Concept) "
        f"WHERE a <> b AND a <> c AND b <> c RETURN {_EDGE.format(r='r')}, {_EDGE.format(r='q')} "
        "ORDER BY b.curie, c.curie LIMIT $most"
    )
    return query, {"start": draw.curie, "most": PATHS}


def shortest(draw: Draw) -> tuple[str, dict[str, Any]]:
    """All shortest paths between the draw's two concepts."""
    return _SHORTEST, {"start": draw.curie, "end": draw.other, "most": PATHS}


#: Question of the benchmark → the same by hand.
BY_HAND: Mapping[str, Callable[[Draw], tuple[str, dict[str, Any]]]] = {
    "1 hop, 10 edges": one_hop,
    "2-hop paths, 10": two_hops,
    "shortest paths, 10": shortest,
}


def beside_driver(
    store: GraphStore, address: ServerAddress, starts: Sequence[Draw]
) -> dict[str, dict[str, float]]:
    """Milliseconds of both, p50 and mean, and the ratio of the sums, for each question."""
    login = (address.user, address.password)
    with (
        neo4j.GraphDatabase.driver(
            address.bolt, auth=login, notifications_min_severity="OFF"
        ) as driver,
        driver.session() as session,
    ):

        def by_hand(draw: Draw, write: Callable[[Draw], tuple[str, dict[str, Any]]]) -> int:
            query, parameters = write(draw)
            return len(session.run(query, parameters).values())

        found: dict[str, dict[str, float]] = {}
        for title, write in BY_HAND.items():
            ours: list[float] = []
            theirs: list[float] = []
            for draw in [*starts, *starts]:  # the first round makes the server's plans
                began = time.perf_counter()
                rows = by_hand(draw, write)
                between = time.perf_counter()
                answer = QUERIES[title](store, draw)
                ended = time.perf_counter()
                if len(answer) != rows:
                    raise AssertionError(f"{title} of {draw}: {len(answer)} answers, {rows} rows")
                theirs.append(1e3 * (between - began))
                ours.append(1e3 * (ended - between))
            found[title] = _figures(ours[len(starts) :], theirs[len(starts) :])
        return found


def _figures(ours: Sequence[float], theirs: Sequence[float]) -> dict[str, float]:
    return {
        "store_p50_ms": statistics.median(ours),
        "driver_p50_ms": statistics.median(theirs),
        "store_mean_ms": statistics.fmean(ours),
        "driver_mean_ms": statistics.fmean(theirs),
        "ratio_p50": statistics.median(ours) / statistics.median(theirs),
        "ratio_mean": statistics.fmean(ours) / statistics.fmean(theirs),
    }
