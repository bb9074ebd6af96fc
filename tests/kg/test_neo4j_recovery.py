"""A server killed in the middle of a load: a re-run finishes, no edge twice and none missing."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event

import pytest

from kg.errors import StoreUnavailableError
from kg.neo4j_server import Neo4jServer
from kg.neo4j_store import Neo4jStore
from kg.networkx_store import NetworkxStore
from kg.records import Concept, Edge, EdgeKey, Evidence, Name, Polarity, Provenance, Triple
from kg.schema import DISEASE, DRUG, HAS_SIDE_EFFECT, PHENOTYPE, TREATS

pytestmark = [pytest.mark.neo4j, pytest.mark.slow]


@pytest.fixture(scope="module")
def pharmacy() -> NetworkxStore:
    """12,000 edges of two predicates and both polarities, a third with two pieces of evidence."""
    chance = random.Random(7)
    kinds = {DRUG: "DRUGBANK", DISEASE: "DOID", PHENOTYPE: "HP"}
    curies = {kind: [f"{prefix}:{n}" for n in range(150)] for kind, prefix in kinds.items()}
    built = NetworkxStore(
        Concept(curie, kind, (Name(f"name of {curie}"),))
        for kind, members in curies.items()
        for curie in members
    )
    ends = [(TREATS, DISEASE), (HAS_SIDE_EFFECT, PHENOTYPE)]
    edges: dict[EdgeKey, list[Edge]] = {}
    while len(edges) < 12_000:
        predicate, kind = chance.choice(ends)
        triple = Triple(chance.choice(curies[DRUG]), predicate, chance.choice(curies[kind]))
        source = Provenance(chance.choice(["one", "other"]), licence="CC0-1.0")
        piece = Evidence(source, record=str(chance.randrange(3)), confidence=0.5)
        polarity = Polarity.NEGATIVE if chance.random() < 0.1 else Polarity.POSITIVE
        edge = Edge(triple, (piece,), polarity)
        edges.setdefault(edge.key, []).append(edge)
    built.add_edges(edge for group in edges.values() for edge in group)
    return built


def load(url: str, graph: NetworkxStore, *, at: int = 0, reached: Event | None = None) -> None:
    """Load the graph; ``reached`` is set when edge ``at`` goes into a batch."""

    def edges() -> Iterator[Edge]:
        for number, edge in enumerate(graph.edges()):
            if reached is not None and number % 100 == 0:
                time.sleep(0.01)  # so that the end is not near when it is set
                if number >= at:
                    reached.set()
            yield edge

    with Neo4jStore(url, retry_seconds=1.0) as store:
        store.add_concepts(graph.concepts())
        refused = store.add_edges(edges())
        assert refused.total == 0


def test_killed_in_the_middle_of_a_load(
    neo4j_jars: Path,
    tmp_path: Path,
    pharmacy: NetworkxStore,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("kg.neo4j_store.BATCH", 300)
    chance = random.Random()
    with ThreadPoolExecutor(1) as pool, Neo4jServer(neo4j_jars, tmp_path, heap=256) as server:
        url = server.address.url
        for at in (1_000, 5_000):
            reached = Event()
            loading = pool.submit(load, url, pharmacy, at=at, reached=reached)
            assert reached.wait(120)
            time.sleep(chance.uniform(0.0, 0.3))
            server.kill()
            with pytest.raises(StoreUnavailableError):
                loading.result(timeout=120)
            server.start()
            with Neo4jStore(url) as store:
                assert at - 300 <= store.statistics().edges < 12_000
        load(url, pharmacy)
        with Neo4jStore(url) as store:
            assert list(store.concepts()) == list(pharmacy.concepts())
            assert list(store.edges()) == list(pharmacy.edges())
            assert store.statistics() == pharmacy.statistics()
