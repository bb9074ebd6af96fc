"""Hetionet in the three stores: equal statistics, and equal answers to generated plans.

    python bench/same_answers.py --data DIR [--plans 200] [--json FILE]

``--data`` names the folder that holds ``kg/hetionet`` (its tables, as they are or packed). The
graph is loaded through each store's own ``add_concepts`` and ``add_edges`` (the snapshot is saved
from memory); Neo4j is a server of its own, started and stopped here. For each plan the retrieval,
whole, has to be equal on the three, and the plan as Cypher, sent through the driver, has to return
the edges the executor returned. Needs Java 17, Maven and the extra ``neo4j``.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import astuple
from pathlib import Path
from typing import Any

if not __package__:  # run as a file: find the folder beside this one's parent
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import platformdirs

from kg.neo4j_server import Neo4jServer, fetch_jars
from kg.neo4j_store import Neo4jStore
from kg.networkx_store import NetworkxStore
from kg.records import Edge, Polarity
from kg.saved import open_graph, save_graph
from kg.schema import DRUG, INTERACTS_WITH, PREDICATE_BY_LABEL, PREDICATES
from kg.store import Direction, GraphStore
from loaders.hetionet import HetionetLoader
from reasoning.cypher import to_cypher
from reasoning.plan import (
    WIDENING,
    AmongPlan,
    CheckPlan,
    Constraint,
    DescribePlan,
    FindPlan,
    Hop,
    Intent,
    Plan,
)
from reasoning.retrieval import Retrieval, execute

#: Concepts with more edges are not passed on the way: their answers are the whole graph.
MOST_EDGES = 300


class PlanMaker:
    """Plans drawn from the edges of a graph, so that most of them find something."""

    def __init__(self, store: GraphStore, seed: int) -> None:
        self._store = store
        self._chance = random.Random(seed)
        self._keys = [c.curie for c in store.concepts()]

    def plans(self, count: int) -> Iterator[Plan]:
        """``count`` plans: half of them find, a quarter checks, the rest is of other shapes."""
        made = 0
        while made < count:
            shape = self._chance.randrange(8)
            plan = self._find() if shape < 4 else self._check() if shape < 6 else self._other(shape)
            if plan is not None:
                made += 1
                yield plan

    def _category(self, curie: str) -> str:
        return self._store.concept(curie).category

    def _edge_at(self, curie: str) -> Edge | None:
        edges = self._store.neighbours(curie)
        return self._chance.choice(edges) if 0 < len(edges) <= MOST_EDGES else None

    def _hop(self, edge: Edge, origin: str) -> tuple[Hop, str]:
        out = edge.subject == origin
        end = edge.object if out else edge.subject
        way = Direction.OUT if out else Direction.IN
        return Hop((edge.predicate,), way, (self._category(end),), edge.polarity), end

    def _ways_to(self, target: str) -> Constraint | None:
        """A constraint that the target meets: one or two hops from somewhere near it."""
        origin, hops = target, []
        for _ in range(self._chance.choice([1, 1, 2])):
            edge = self._edge_at(origin)
            if edge is None or edge.subject == edge.object:
                return None
            start = edge.object if edge.subject == origin else edge.subject
            hops.insert(0, self._hop(edge, start)[0])
            origin = start
        return Constraint(origin, tuple(hops)) if origin != target else None

    def _find(self) -> FindPlan | None:
        target = self._chance.choice(self._keys)
        ways = [self._ways_to(target) for _ in range(self._chance.choice([1, 1, 2, 3]))]
        constraints = [w for w in ways if w is not None]
        if not constraints:
            return None
        if len(constraints) > 1 and self._chance.random() < 0.3:
            last = constraints[-1]
            constraints[-1] = Constraint(last.anchor, last.hops, negated=True)
        return FindPlan(
            Intent.TREATMENTS,
            (self._category(target),),
            tuple(constraints),
            tuple(self._category(c.anchor) for c in constraints),
            union=len(constraints) > 1 and self._chance.random() < 0.3,
        )

    def _check(self) -> CheckPlan | None:
        edge = self._edge_at(self._chance.choice(self._keys))
        if edge is None:
            return None
        subject, object_ = edge.subject, edge.object
        if self._chance.random() < 0.3:
            other = self._chance.choice(self._keys)
            object_ = other if self._category(other) == self._category(object_) else object_
        if subject == object_:
            return None
        return CheckPlan(
            subject,
            object_,
            (edge.predicate,),
            self._category(subject),
            self._category(object_),
            polarity=self._chance.choice(list(Polarity)),
            widened=edge.predicate in WIDENING and self._chance.random() < 0.4,
        )

    def _other(self, shape: int) -> Plan | None:
        curie = self._chance.choice(self._keys)
        if shape == 6:
            return DescribePlan(curie, self._category(curie))
        drugs = [c.curie for c in self._store.concepts(DRUG)]
        some = self._chance.sample(drugs, 3)
        symmetric = [p for p in (INTERACTS_WITH, "biolink:similar_to") if p in PREDICATES]
        return AmongPlan(tuple(some), (DRUG,) * 3, (self._chance.choice(symmetric),))


def edges_of(found: Retrieval) -> set[tuple[str, str, str, str]]:
    """The edges a plan stands on."""
    denying = found.denying if isinstance(found.plan, CheckPlan) else ()
    edges = (*found.supporting, *denying)
    return {(*astuple(e.triple), e.polarity.value) for e in edges}


def edges_by_cypher(session: Any, plan: Plan) -> set[tuple[str, str, str, str]]:
    """The edges the plan's query returns, through the driver."""
    return {
        (r["subject"], PREDICATE_BY_LABEL[r["predicate"]].curie, r["object"], r["polarity"])
        for r in session.run(to_cypher(plan).text)
        if r["predicate"] is not None
    }


def compare(stores: dict[str, GraphStore], session: Any, count: int) -> dict[str, int]:
    """Run the plans on each store; how many there were, found something, and were equal."""
    reference = stores["networkx"]
    counted = {"plans": 0, "answered": 0, "equal": 0, "equal as Cypher": 0}
    for plan in PlanMaker(reference, 11).plans(count):
        found = execute(plan, reference)
        counted["plans"] += 1
        counted["answered"] += bool(edges_of(found))
        same = [name for name, store in stores.items() if execute(plan, store) == found]
        counted["equal"] += len(same) == len(stores)
        as_cypher = edges_by_cypher(session, found.plan) == edges_of(found)
        counted["equal as Cypher"] += as_cypher
        if len(same) < len(stores) or not as_cypher:
            print(f"not equal: only {same}, Cypher {as_cypher}: {plan}")
    return counted


def main() -> int:
    """Load, compare, print; 1 where anything differs."""
    import neo4j

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="folder that holds kg/hetionet")
    parser.add_argument("--plans", type=int, default=200)
    parser.add_argument("--json", type=Path, help="also write the numbers to this file")
    options = parser.parse_args()
    loader = HetionetLoader(options.data / "kg" / "hetionet")
    figures: dict[str, Any] = {}

    def timed(name: str, began: float) -> None:
        figures[f"{name} s"] = round(time.perf_counter() - began, 1)

    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        memory = NetworkxStore(loader.concepts())
        refused = memory.add_edges(loader.edges())
        timed("networkx loaded", began)
        save_graph(memory, Path(folder) / "graph")
        jars = fetch_jars(platformdirs.user_cache_path("medkgqa"))
        with (
            Neo4jServer(jars, Path(folder) / "home", heap=1024) as server,
            Neo4jStore(server.address.url) as there,
            neo4j.GraphDatabase.driver(
                server.address.bolt,
                auth=(server.address.user, server.address.password),
                notifications_min_severity="OFF",
            ) as driver,
            driver.session() as session,
        ):
            began = time.perf_counter()
            there.add_concepts(loader.concepts())
            refused_there = there.add_edges(loader.edges())
            timed("Neo4j loaded", began)
            stores: dict[str, GraphStore] = {
                "networkx": memory,
                "snapshot": open_graph(Path(folder) / "graph"),
                "neo4j": there,
            }
            statistics = [store.statistics() for store in stores.values()]
            figures |= {"concepts": statistics[0].concepts, "edges": statistics[0].edges}
            figures["refused"] = [refused.total, refused_there.total]
            figures["equal statistics"] = all(s == statistics[0] for s in statistics)
            began = time.perf_counter()
            figures |= compare(stores, session, options.plans)
            timed("plans", began)
    print(json.dumps(figures, indent=1))
    if options.json:
        options.json.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    equal = figures["plans"] == figures["equal"] == figures["equal as Cypher"]
    return 0 if equal and figures["equal statistics"] else 1


if __name__ == "__main__":
    sys.exit(main())
