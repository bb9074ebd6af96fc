"""Stores and graphs the contract suite runs over.

A further store joins by one line in ``STORES``: a name, and how to make it from a graph held by
the in-memory store.
"""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from kg.neo4j_store import Neo4jStore
from kg.networkx_store import NetworkxStore
from kg.records import (
    Concept,
    Definition,
    Edge,
    Evidence,
    EvidenceKind,
    Name,
    Polarity,
    Provenance,
    Triple,
)
from kg.saved import open_graph, save_graph
from kg.schema import PREDICATES
from kg.store import GraphStore

MakeStore = Callable[[NetworkxStore], GraphStore]


@pytest.fixture(autouse=True, scope="session")
def _unhurried_disk() -> Iterator[None]:
    """Saving does not wait for the disk: only a power cut could tell."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda descriptor: None)
        yield


@pytest.fixture
def make_networkx() -> MakeStore:
    return NetworkxStore.from_store


@pytest.fixture
def make_snapshot(tmp_path: Path) -> MakeStore:
    numbers = iter(range(1_000))

    def make(built: NetworkxStore) -> GraphStore:
        path = tmp_path / f"graph-{next(numbers)}"
        save_graph(built, path)
        return open_graph(path, verify=True)

    return make


@pytest.fixture
def make_neo4j(neo4j_store: Neo4jStore) -> MakeStore:
    def make(built: NetworkxStore) -> GraphStore:
        neo4j_store.add_concepts(built.concepts())
        refused = neo4j_store.add_edges(built.edges())
        assert refused.total == 0, refused
        return neo4j_store

    return make


# name → fixture that makes the store; a store that needs a server skips in its fixture.
STORES = {"neo4j": "make_neo4j", "networkx": "make_networkx", "snapshot": "make_snapshot"}


@pytest.fixture(
    params=[pytest.param(s, marks=pytest.mark.neo4j) if s == "neo4j" else s for s in STORES]
)
def make_store(request: pytest.FixtureRequest) -> MakeStore:
    """Makes each store in turn from a graph."""
    make: MakeStore = request.getfixturevalue(STORES[request.param])
    return make


@pytest.fixture
def store(make_store: MakeStore, clinic: NetworkxStore) -> GraphStore:
    """Each store in turn, holding the small hand-made graph."""
    return make_store(clinic)


HPO = Provenance("hpo-annotations", "2024-01-01", "LicenseRef-HPO")
CURATED = Provenance("curated", licence="CC0-1.0")
PAPERS = Provenance("papers", licence="CC-BY-4.0", url="https://example.org/papers")

DISEASE, SYMPTOM = "biolink:Disease", "biolink:PhenotypicFeature"
DRUG, GENE = "biolink:Drug", "biolink:Gene"


def row(source: Provenance, record: str, confidence: float = 0.9, **qualifiers: str) -> Evidence:
    return Evidence(
        source, record=record, confidence=confidence, qualifiers=tuple(qualifiers.items())
    )


@pytest.fixture
def clinic() -> NetworkxStore:
    """Migraine, asthma, their drugs and symptoms: each feature of a graph at least once."""
    sentence = Evidence(
        PAPERS,
        EvidenceKind.SENTENCE,
        document="PMID:1",
        sentence="β-Blockers – e.g. propranolol – treat migraine.",
        start=10,
        end=57,
        confidence=0.6,
        extractor="cues-1",
    )
    built = NetworkxStore(
        [
            Concept(
                "DOID:6364",
                DISEASE,
                (
                    Name("migraine", "en", "preferred"),
                    Name("Migraines", "en", "lay"),
                    Name("偏头痛", "zh", "preferred"),
                ),
                ("MESH:D008881", "UMLS:C0149931"),
                (
                    Definition(
                        "A headache disorder.", HPO, record="DOID:6364", references=("PMID:2",)
                    ),
                ),
            ),
            Concept("DOID:2841", DISEASE, (Name("asthma", "en", "preferred"),), ("MESH:D001249",)),
            Concept("DOID:0000", DISEASE, (Name("lonely disease"),), ("UMLS:SHARED",)),
            Concept("HP:0002315", SYMPTOM, (Name("Headache"), Name("头痛", "zh"))),
            Concept("HP:0002094", SYMPTOM, (Name("Dyspnea"), Name("Dyspnoea")), ("UMLS:SHARED",)),
            Concept("DRUGBANK:DB00571", DRUG, (Name("propranolol"), Name("Inderal", kind="brand"))),
            Concept("DRUGBANK:DB00669", DRUG, (Name("sumatriptan"),)),
            Concept("DRUGBANK:DB01001", DRUG, (Name("salbutamol"), Name("albuterol"))),
            Concept("HGNC:286", GENE, (Name("ADRB2"),)),
        ]
    )
    refused = built.add_edges(
        [
            Edge(Triple("DRUGBANK:DB00571", "biolink:treats", "DOID:6364"), (sentence,)),
            Edge(
                Triple("DRUGBANK:DB00571", "biolink:treats", "DOID:6364"),
                (row(CURATED, "1", 0.5, line="first"),),
            ),
            Edge(
                Triple("DRUGBANK:DB00669", "biolink:treats", "DOID:6364"),
                (row(CURATED, "2", 0.9),),
            ),
            Edge(
                Triple("DRUGBANK:DB01001", "biolink:treats", "DOID:2841"),
                (row(CURATED, "3", 0.9),),
            ),
            Edge(
                Triple("DRUGBANK:DB00571", "biolink:treats", "DOID:2841"),
                (row(CURATED, "4", 0.8),),
                Polarity.NEGATIVE,
            ),
            Edge(
                Triple("DRUGBANK:DB00571", "biolink:treats", "DOID:2841"),
                (row(PAPERS, "5", 0.3),),
            ),
            Edge(
                Triple("DRUGBANK:DB00571", "biolink:contraindicated_in", "DOID:2841"),
                (row(CURATED, "6", 0.95, severity="absolute"),),
            ),
            Edge(
                Triple("DOID:6364", "biolink:has_phenotype", "HP:0002315"),
                (row(HPO, "7", 0.9, frequency="HP:0040280"), row(CURATED, "7", 0.9)),
            ),
            Edge(
                Triple("DOID:2841", "biolink:has_phenotype", "HP:0002094"),
                (row(HPO, "8", 0.9, frequency="HP:0040281", sex="female"),),
            ),
            Edge(
                Triple("DRUGBANK:DB00669", "biolink:has_side_effect", "HP:0002094"),
                (row(PAPERS, "9", 0.4),),
            ),
            Edge(
                Triple("DRUGBANK:DB01001", "biolink:interacts_with", "DRUGBANK:DB00571"),
                (row(CURATED, "10", 0.9, severity="major"),),
            ),
            Edge(
                Triple("HGNC:286", "biolink:gene_associated_with_condition", "DOID:2841"),
                (row(HPO, "11", 0.7),),
            ),
            Edge(
                Triple("HGNC:286", "biolink:directly_physically_interacts_with", "HGNC:286"),
                (row(PAPERS, "12", 0.7),),
            ),
            Edge(
                Triple("HGNC:286", "biolink:regulates", "HGNC:286"),
                (row(PAPERS, "13", 0.2),),
            ),
        ]
    )
    assert refused.total == 0, refused
    return built


@pytest.fixture
def tangle() -> NetworkxStore:
    """A dense random graph of 60 concepts: parallel edges, both polarities, shared sources."""
    chance = random.Random(20)
    kinds = [DISEASE, SYMPTOM, DRUG, GENE]
    curies = {
        kind: [f"T{n}:{chance.randrange(10**6)}" for _ in range(15)] for n, kind in enumerate(kinds)
    }
    words = [
        "chronic",
        "acute",
        "heart",
        "kidney",
        "failure",
        "fever",
        "pain",
        "syndrome",
        "type",
        "2",
        "β",
        "hereditary",
    ]
    built = NetworkxStore(
        Concept(
            curie,
            kind,
            tuple(
                Name(" ".join(chance.sample(words, 3)), language)
                for language in ("en", "de", "zh")[: chance.randint(1, 3)]
            ),
            tuple(f"X:{chance.randrange(80)}" for _ in range(chance.randrange(3))),
        )
        for kind, keys in curies.items()
        for curie in keys
    )
    sources = [HPO, CURATED, PAPERS]
    added = 0
    while added < 600:
        known = PREDICATES[chance.choice(sorted(PREDICATES))]
        starts = [c for kind in kinds if kind in known.domain for c in curies[kind]]
        ends = [c for kind in kinds if kind in known.range for c in curies[kind]]
        if not starts or not ends:
            continue
        evidence = tuple(
            row(
                chance.choice(sources),
                f"r{chance.randrange(1000)}",
                chance.choice([0.25, 0.5, 0.5, 0.9]),
                **(
                    {"severity": chance.choice(["mild", "severe"])} if chance.random() < 0.5 else {}
                ),
            )
            for _ in range(chance.randint(1, 3))
        )
        triple = Triple(chance.choice(starts), known.curie, chance.choice(ends))
        polarity = Polarity.NEGATIVE if chance.random() < 0.2 else Polarity.POSITIVE
        assert not built.add_edges([Edge(triple, evidence, polarity)]).total
        added += 1
    return built
