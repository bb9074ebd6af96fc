"""The queries of the store benchmark: drawn once from a saved graph, asked of every store."""

from __future__ import annotations

import gc
import random
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from hashlib import sha256
from typing import Any

import numpy as np

from kg.records import Edge, Polarity
from kg.snapshot import SnapshotStore
from kg.store import Direction, EdgeFilter, GraphStore, Path, Step
from kg.traversal import step_filter

#: How many edges, paths and concepts an answer holds at most.
EDGES, PATHS, SUBGRAPH, RANKED = 10, 10, 200, 50
#: Answers of each query compared between the stores.
_COMPARED = 3
#: A question that took longer, in processor seconds, is not asked again.
_SHORT = 0.02


@dataclass(frozen=True, slots=True)
class Draw:
    """One start of each query: ``steps`` are two hops that lead somewhere from ``curie``."""

    curie: str
    other: str
    steps: tuple[Step, Step]
    first: EdgeFilter  # the first step


def draws(store: SnapshotStore, count: int, *, seed: int = 7) -> list[Draw]:
    """Draw starts evenly from the concepts that have edges, and walk two hops from each."""
    chance = random.Random(seed)
    keys = [c.curie for c in store.concepts()]
    found: list[Draw] = []
    while len(found) < count:
        start, other = chance.sample(keys, 2)
        first = _step(store, start, chance)
        second = _step(store, first[1], chance) if first else None
        if first and second:
            steps = (first[0], second[0])
            found.append(Draw(start, other, steps, step_filter(steps[0])))
    return found


def _step(store: SnapshotStore, curie: str, chance: random.Random) -> tuple[Step, str] | None:
    edges = store.neighbours(curie, edge_filter=EdgeFilter(polarity=Polarity.POSITIVE), limit=50)
    if not edges:
        return None
    edge = chance.choice(edges)
    out = edge.subject == curie
    way = Direction.OUT if out else Direction.IN
    step = Step(frozenset({edge.predicate}), way)
    return step, edge.object if out else edge.subject


Query = Callable[[GraphStore, Draw], Any]


def with_evidence(edges: Iterable[Edge]) -> list[Edge]:
    """The edges, after all their evidence was read."""
    return [edge for edge in edges if edge.evidence]


QUERIES: dict[str, Query] = {
    "1 hop, 10 edges": lambda store, d: store.neighbours(
        d.curie, direction=d.steps[0].direction, edge_filter=d.first, limit=EDGES
    ),
    "1 hop, evidence read": lambda store, d: with_evidence(
        store.neighbours(d.curie, direction=d.steps[0].direction, edge_filter=d.first, limit=EDGES)
    ),
    "2-hop paths, 10": lambda store, d: store.paths(d.curie, d.steps, limit=PATHS),
    "2-hop subgraph, 200": lambda store, d: store.ego(d.curie, hops=2, limit=SUBGRAPH),
    "subgraph, evidence read": lambda store, d: with_evidence(
        store.ego(d.curie, hops=2, limit=SUBGRAPH)
    ),
    "subgraph as networkx": lambda store, d: store.ego(
        d.curie, hops=2, limit=SUBGRAPH
    ).to_networkx(),
    "shortest paths, 10": lambda store, d: store.shortest_paths(d.curie, d.other, limit=10),
    "PageRank, top 50": lambda store, d: store.pagerank([d.curie], limit=RANKED),
}


@dataclass(frozen=True, slots=True)
class Timing:
    """Milliseconds of one query on one store, and a digest of the first answers.

    ``p50``, ``p99`` and ``mean`` are of the clock; ``cpu_…`` is the processor time of the asking
    process, which a machine that is shared changes less. ``least_…`` is the least processor time
    of three askings of each question one after the other: what the work itself takes, with
    everything it needs at hand.
    """

    queries: int
    p50: float
    p99: float
    mean: float
    cpu_p50: float
    cpu_p99: float
    cpu_mean: float
    least_p50: float
    least_p99: float
    answers: str

    def to_json(self) -> dict[str, Any]:
        """As a JSON object."""
        return asdict(self)


def measure(
    store: Any,
    query: Callable[[Any, Draw], Any],
    starts: Sequence[Draw],
    *,
    seconds: float,
    before: Sequence[Draw] = (),
) -> Timing:
    """Ask a query of each start, for at most so many seconds but of three at least.

    The garbage collector is told to leave alone what was there before (``gc.freeze``), as a
    long-running program would. Other questions (``before``) are asked first and not counted, one
    at least and for as long at most: so a store is measured at work, on questions it has not been
    asked, and a server has made its plans.
    """
    answers = sha256()
    until = time.monotonic() + seconds
    for start in before or starts[-1:]:
        query(store, start)
        if time.monotonic() > until:
            break
    gc.collect()
    gc.freeze()
    taken: list[tuple[float, float, float]] = []
    until = time.monotonic() + seconds
    for start in starts:
        began, busy = time.perf_counter(), time.thread_time()
        answer = query(store, start)
        spent, passed = time.thread_time() - busy, time.perf_counter() - began
        taken.append((passed, spent, _least(store, query, start, spent)))
        if len(taken) <= _COMPARED:
            answers.update(repr(brief(answer)).encode())
        elif time.monotonic() > until:
            break
    gc.unfreeze()
    table = 1e3 * np.array(taken)
    (p50, p99), (cpu_p50, cpu_p99), (least_p50, least_p99) = np.percentile(
        table, [50, 99], axis=0
    ).T.tolist()
    mean, cpu_mean, _ = table.mean(axis=0).tolist()
    return Timing(
        len(taken),
        p50,
        p99,
        mean,
        cpu_p50,
        cpu_p99,
        cpu_mean,
        least_p50,
        least_p99,
        answers.hexdigest(),
    )


def _least(store: Any, query: Callable[[Any, Draw], Any], start: Draw, spent: float) -> float:
    """The least processor time of three askings, the first of which took ``spent`` seconds."""
    for _ in range(2 if spent < _SHORT else 0):
        busy = time.thread_time()
        query(store, start)
        spent = min(spent, time.thread_time() - busy)
    return spent


def brief(answer: Any) -> Any:
    """An answer without objects, to compare between stores."""
    if isinstance(answer, Edge):
        return str(answer.triple), answer.polarity.value, answer.confidence
    if isinstance(answer, Path):
        return answer.curies, [brief(e) for e in answer.edges]
    if hasattr(answer, "number_of_edges"):
        return answer.number_of_nodes(), answer.number_of_edges()
    if isinstance(answer, tuple):
        return answer
    return [brief(part) for part in answer]


class ExactPageRank:
    """Plain power iteration to the last digit, by scipy where it is installed: our measure."""

    def __init__(self, store: SnapshotStore) -> None:
        columns = store.columns
        self._number = {c.curie: i for i, c in enumerate(store.concepts())}
        subject, object_ = columns.edges["subject"], columns.edges["object"]
        kept = (columns.edges["polarity"] == 1) & (subject != object_)
        heads = np.concatenate([subject[kept], object_[kept]])
        tails = np.concatenate([object_[kept], subject[kept]])
        weights = np.concatenate([columns.confidence[kept]] * 2)
        strength = np.bincount(heads, weights, minlength=len(self._number))
        self._idle = strength == 0
        self._step = _stepper(heads, tails, weights / strength[heads], len(self._number))

    def scores(self, seed: str, *, damping: float = 0.85) -> dict[str, float]:
        """Scores of all concepts."""
        restart = np.zeros(len(self._number))
        restart[self._number[seed]] = 1.0
        scores = restart.copy()
        for _ in range(300):
            moved = self._step(scores) + restart * scores[self._idle].sum()
            following = damping * moved + (1 - damping) * restart
            change = np.abs(following - scores).sum()
            scores = following
            if change < 1e-12:
                break
        return dict(zip(self._number, scores.tolist(), strict=True))


def _stepper(heads: Any, tails: Any, share: Any, nodes: int) -> Callable[[Any], Any]:
    """The function that moves scores one step along the edges."""
    try:
        from scipy.sparse import csr_matrix
    except ImportError:
        return lambda scores: np.bincount(tails, scores[heads] * share, minlength=nodes)
    matrix = csr_matrix((share, (tails, heads)), shape=(nodes, nodes))
    return lambda scores: matrix @ scores


def pagerank_overlap(store: SnapshotStore, starts: Sequence[Draw]) -> float:
    """Mean share of our 50 best concepts that are among the exact 50 best, or equal the last."""
    exactly = ExactPageRank(store)
    shares = []
    for start in starts:
        exact = exactly.scores(start.curie)
        least = sorted(exact.values(), reverse=True)[:RANKED][-1] * (1 - 1e-9)
        ours = [curie for curie, _ in store.pagerank([start.curie], limit=RANKED)]
        reached = sum(score > 0 for score in exact.values())
        shares.append(sum(exact[c] >= least for c in ours) / min(RANKED, reached))
    return float(np.mean(shares))
