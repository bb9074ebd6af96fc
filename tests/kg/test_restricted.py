"""A graph seen through a filter equals the graph built of what the filter lets through."""

from __future__ import annotations

import pytest

from kg.errors import UnknownConceptError
from kg.networkx_store import NetworkxStore
from kg.records import Concept, Definition, Edge, Evidence, Name, Polarity, Provenance, Triple
from kg.restricted import RestrictedStore
from kg.schema import DISEASE, DRUG, SIMILAR_TO, SUBCLASS_OF, TREATS
from kg.store import EVERY_EDGE, EdgeFilter, GraphStore, Step

OPEN = Provenance("open-source", licence="CC0-1.0")
SHUT = Provenance("shut-source", licence="CC-BY-NC-4.0")


def edge(subject: str, predicate: str, object_: str, *sources: Provenance) -> Edge:
    evidence = tuple(Evidence(s, record="r", confidence=0.5) for s in sources)
    return Edge(Triple(subject, predicate, object_), evidence)


CONCEPTS = [
    Concept(
        "DOID:1",
        DISEASE,
        (Name("gout"),),
        ("MESH:D1",),
        (Definition("free", OPEN), Definition("shut", SHUT)),
    ),
    Concept("DOID:2", DISEASE, (Name("arthritis"),)),
    Concept("DOID:3", DISEASE, (Name("disease"),)),
    Concept("DRUGBANK:DB1", DRUG, (Name("allopurinol"),)),
    Concept("DRUGBANK:DB2", DRUG, (Name("colchicine"),)),
]
EDGES = [
    edge("DOID:1", SUBCLASS_OF, "DOID:2", OPEN, SHUT),
    edge("DOID:2", SUBCLASS_OF, "DOID:3", OPEN),
    edge("DOID:1", SUBCLASS_OF, "DOID:3", SHUT),
    edge("DRUGBANK:DB1", TREATS, "DOID:1", OPEN),
    edge("DRUGBANK:DB2", TREATS, "DOID:1", SHUT),
    edge("DRUGBANK:DB2", SIMILAR_TO, "DRUGBANK:DB1", SHUT, OPEN),
]


@pytest.fixture
def whole() -> NetworkxStore:
    store = NetworkxStore(CONCEPTS)
    assert store.add_edges(EDGES).total == 0
    return store


@pytest.fixture
def seen(whole: NetworkxStore) -> RestrictedStore:
    return RestrictedStore(whole, licences={"CC0-1.0", "MIT"})


@pytest.fixture
def built() -> NetworkxStore:
    kept = EdgeFilter(licences=frozenset({"CC0-1.0"}))
    store = NetworkxStore(CONCEPTS)
    store.add_edges(e for e in map(kept.restrict, EDGES) if e is not None)
    return store


def test_every_walk_answers_like_the_graph_built_of_the_rest(
    seen: RestrictedStore, built: NetworkxStore
) -> None:
    assert isinstance(seen, GraphStore)
    assert list(seen.edges()) == list(built.edges())
    for concept in CONCEPTS:
        assert seen.neighbours(concept.curie) == built.neighbours(concept.curie)
        for hops in (1, 2):
            assert seen.ego(concept.curie, hops=hops).edges == (
                built.ego(concept.curie, hops=hops).edges
            )
        for other in CONCEPTS:
            ends = (concept.curie, other.curie)
            assert seen.shortest_paths(*ends) == built.shortest_paths(*ends)
    steps = [Step(frozenset({TREATS})), Step(frozenset({SUBCLASS_OF}))]
    assert seen.paths("DRUGBANK:DB1", steps) == built.paths("DRUGBANK:DB1", steps)
    assert seen.paths("DRUGBANK:DB2", steps) == []
    assert seen.pagerank(["DOID:1"]) == built.pagerank(["DOID:1"])
    assert seen.statistics() == built.statistics()


def test_single_edges_and_definitions_are_restricted(seen: RestrictedStore) -> None:
    assert seen.edge(Triple("DOID:1", SUBCLASS_OF, "DOID:3")) is None
    kept = seen.edge(Triple("DOID:1", SUBCLASS_OF, "DOID:2"))
    assert kept is not None
    assert [e.provenance for e in kept.evidence] == [OPEN]
    assert seen.edge(Triple("DOID:1", SUBCLASS_OF, "DOID:2"), Polarity.NEGATIVE) is None
    assert [d.text for d in seen.concept("DOID:1").definitions] == ["free"]
    assert seen.get("DOID:9") is None
    with pytest.raises(UnknownConceptError):
        seen.concept("DOID:9")


def test_names_stay(seen: RestrictedStore, whole: NetworkxStore) -> None:
    assert seen.find("colchicine") == whole.find("colchicine")
    assert seen.search("colchicin") == whole.search("colchicin")
    assert seen.resolve("MESH:D1") == "DOID:1"
    assert "DRUGBANK:DB2" in seen


def test_a_filter_asked_for_narrows_and_never_widens(seen: RestrictedStore) -> None:
    shut = EdgeFilter(licences=frozenset({"CC-BY-NC-4.0"}))
    assert list(seen.edges(shut)) == []
    assert seen.neighbours("DOID:1", edge_filter=shut) == []
    source = EdgeFilter(sources=frozenset({"shut-source"}))
    assert list(seen.edges(source)) == []


def test_nothing_admitted_is_an_empty_graph(whole: NetworkxStore) -> None:
    assert list(RestrictedStore(whole, licences=()).edges()) == []
    only = RestrictedStore(whole, sources={"shut-source"})
    assert {e.sources for e in only.edges()} == {("shut-source",)}
    assert len(list(only.edges())) == 4


def test_the_fingerprint_tells_what_is_admitted(whole: NetworkxStore) -> None:
    prints = {
        whole.fingerprint,
        RestrictedStore(whole, licences={"CC0-1.0"}).fingerprint,
        RestrictedStore(whole, licences={"MIT"}).fingerprint,
        RestrictedStore(whole, sources={"MIT"}).fingerprint,
    }
    assert len(prints) == 4
    assert list(RestrictedStore(whole).edges(EVERY_EDGE)) == list(whole.edges())
