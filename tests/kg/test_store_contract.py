"""What every store does, run over each of them (see ``conftest.py``)."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import networkx as nx
import pytest

from kg.errors import UnknownConceptError
from kg.networkx_store import NetworkxStore
from kg.records import Edge, Polarity, Triple
from kg.schema import CLASSES, PREDICATES
from kg.store import (
    Direction,
    EdgeFilter,
    GraphStore,
    Path,
    Step,
    contradictions,
    edge_order,
    follows,
    subgraph_of,
)

MIGRAINE, ASTHMA, HEADACHE, DYSPNEA = "DOID:6364", "DOID:2841", "HP:0002315", "HP:0002094"
PROPRANOLOL, SUMATRIPTAN, SALBUTAMOL = (
    "DRUGBANK:DB00571",
    "DRUGBANK:DB00669",
    "DRUGBANK:DB01001",
)
TREATS = "biolink:treats"
MakeStore = Callable[[NetworkxStore], GraphStore]


def brief(edges: list[Edge]) -> list[tuple[str, str, str, str]]:
    return [
        (e.subject, e.predicate.partition(":")[2], e.object, e.polarity.value[:3]) for e in edges
    ]


def test_it_is_a_graph_store(store: GraphStore) -> None:
    assert isinstance(store, GraphStore)
    assert store.fingerprint


def test_get_and_contains(store: GraphStore, clinic: NetworkxStore) -> None:
    assert store.concept(MIGRAINE) == clinic.concept(MIGRAINE)
    assert store.get("DOID:1") is None
    assert MIGRAINE in store
    assert "MESH:D008881" not in store
    assert 7 not in store
    with pytest.raises(UnknownConceptError, match="DOID:1"):
        store.concept("DOID:1")


def test_resolve(store: GraphStore) -> None:
    assert store.resolve("MESH:D008881") == MIGRAINE
    assert store.resolve(MIGRAINE) == MIGRAINE
    assert store.resolve("MESH:D1") is None
    assert store.resolve("UMLS:SHARED") is None, "two concepts have it: neither is meant"


def test_concepts_by_key(store: GraphStore, clinic: NetworkxStore) -> None:
    every = list(store.concepts())
    assert every == list(clinic.concepts())
    assert [c.curie for c in every] == sorted(c.curie for c in every)
    drugs = [c.curie for c in store.concepts("biolink:Drug")]
    assert drugs == [PROPRANOLOL, SUMATRIPTAN, SALBUTAMOL]
    assert list(store.concepts("biolink:Pathway")) == []


def test_edges_by_triple_and_polarity(store: GraphStore, clinic: NetworkxStore) -> None:
    every = list(store.edges())
    assert every == list(clinic.edges())
    assert every == sorted(every, key=lambda e: e.key)
    assert len(every) == 13
    negative = list(store.edges(EdgeFilter(polarity=Polarity.NEGATIVE)))
    assert brief(negative) == [(PROPRANOLOL, "treats", ASTHMA, "neg")]
    genes = store.edges(EdgeFilter(categories=frozenset({"biolink:Gene"})))
    assert {e.subject for e in genes} == {"HGNC:286"}


def test_one_edge(store: GraphStore) -> None:
    treats = store.edge(Triple(PROPRANOLOL, TREATS, MIGRAINE))
    assert treats is not None
    assert treats.confidence == 0.8
    assert treats.sources == ("curated", "papers")
    assert store.edge(Triple(MIGRAINE, TREATS, PROPRANOLOL)) is None
    assert store.edge(Triple(PROPRANOLOL, TREATS, MIGRAINE), Polarity.NEGATIVE) is None
    assert store.edge(Triple(PROPRANOLOL, TREATS, ASTHMA), Polarity.NEGATIVE) is not None
    assert store.edge(Triple("DOID:1", TREATS, MIGRAINE)) is None
    one = Triple(PROPRANOLOL, "biolink:interacts_with", SALBUTAMOL)
    other = Triple(SALBUTAMOL, "biolink:interacts_with", PROPRANOLOL)
    assert store.edge(one) == store.edge(other) is not None


def test_find(store: GraphStore) -> None:
    assert [(m.curie, m.name.text, m.score) for m in store.find("MIGRAINE")] == [
        (MIGRAINE, "migraine", 1.0)
    ]
    assert [m.curie for m in store.find("偏頭痛")] == [MIGRAINE], "traditional characters"
    assert [m.name.text for m in store.find("dyspnoeas")] == ["Dyspnea"]
    assert store.find("migrain") == []
    assert store.find("—") == []


def test_search(store: GraphStore) -> None:
    found = store.search("migrane", limit=3)
    assert found[0].curie == MIGRAINE
    assert 0.5 <= found[0].score < 1.0
    assert [m.score for m in found] == sorted((m.score for m in found), reverse=True)
    assert store.search("asthma")[0].score == 1.0
    assert store.search("propanolol", categories=["biolink:Disease"]) == []
    assert store.search("propanolol", categories=["biolink:Drug"])[0].curie == PROPRANOLOL
    assert store.search("zzzzq") == []
    assert store.search("") == []
    assert len({m.curie for m in store.search("a", limit=50)}) == len(store.search("a", limit=50))


def test_neighbours_strongest_first(store: GraphStore) -> None:
    edges = store.neighbours(PROPRANOLOL)
    assert edges == sorted(edges, key=edge_order)
    assert brief(edges)[0] == (PROPRANOLOL, "contraindicated_in", ASTHMA, "pos")
    assert len(edges) == 5
    assert store.neighbours(PROPRANOLOL, limit=2) == edges[:2]
    assert store.neighbours(PROPRANOLOL, limit=0) == []
    assert store.neighbours("DOID:1") == []
    assert store.neighbours("DOID:0000") == []


def test_neighbours_by_direction(store: GraphStore) -> None:
    to_asthma = store.neighbours(ASTHMA, direction=Direction.IN)
    assert {e.object for e in to_asthma} == {ASTHMA}
    assert brief(store.neighbours(ASTHMA, direction=Direction.OUT)) == [
        (ASTHMA, "has_phenotype", DYSPNEA, "pos")
    ]
    interaction = (PROPRANOLOL, "interacts_with", SALBUTAMOL, "pos")
    only = EdgeFilter(predicates=frozenset({"biolink:interacts_with"}))
    for direction in Direction:
        for end in (PROPRANOLOL, SALBUTAMOL):
            found = store.neighbours(end, direction=direction, edge_filter=only)
            assert brief(found) == [interaction], "a symmetric edge is read from both ends"


def test_a_loop_is_one_edge(store: GraphStore) -> None:
    for direction in Direction:
        loops = [
            e for e in store.neighbours("HGNC:286", direction=direction) if e.subject == e.object
        ]
        assert len(loops) == 2, direction


def test_filters(store: GraphStore) -> None:
    def at(curie: str, **fields: Any) -> list[Edge]:
        return store.neighbours(curie, edge_filter=EdgeFilter(**fields))

    assert brief(at(ASTHMA, polarity=Polarity.NEGATIVE)) == [(PROPRANOLOL, "treats", ASTHMA, "neg")]
    assert {e.predicate for e in at(ASTHMA, categories=frozenset({"biolink:Gene"}))} == {
        "biolink:gene_associated_with_condition"
    }
    one_source = at(MIGRAINE, sources=frozenset({"curated"}))
    assert all(e.sources == ("curated",) for e in one_source)
    weakened = next(e for e in one_source if e.subject == PROPRANOLOL)
    assert weakened.confidence == 0.5, "evidence from elsewhere does not count"
    assert at(MIGRAINE, sources=frozenset({"nobody"})) == []
    assert {e.object for e in at(DYSPNEA, licences=frozenset({"LicenseRef-HPO"}))} == {DYSPNEA}
    women = at(ASTHMA, qualifiers=frozenset({("sex", "female")}))
    assert brief(women) == [(ASTHMA, "has_phenotype", DYSPNEA, "pos")]
    assert at(ASTHMA, qualifiers=frozenset({("sex", "female"), ("severity", "major")})) == []
    assert at(ASTHMA, predicates=frozenset({"biolink:no_such"})) == []


def test_paths(store: GraphStore) -> None:
    steps = [
        Step(frozenset({TREATS}), Direction.IN),
        Step(frozenset({"biolink:has_side_effect", "biolink:contraindicated_in"})),
    ]
    found = store.paths(MIGRAINE, steps)
    assert [p.curies for p in found] == [
        (MIGRAINE, PROPRANOLOL, ASTHMA),
        (MIGRAINE, SUMATRIPTAN, DYSPNEA),
    ]
    assert [len(p.edges) for p in found] == [2, 2]
    assert store.paths(MIGRAINE, steps, limit=1) == found[:1]
    assert store.paths("DOID:1", steps) == []
    assert store.paths(MIGRAINE, []) == [Path((MIGRAINE,), ())]
    back = [Step(frozenset({TREATS}), Direction.IN), Step(frozenset({TREATS}))]
    assert all(MIGRAINE not in p.curies[1:] for p in store.paths(MIGRAINE, back))


def test_ego(store: GraphStore) -> None:
    one = store.ego(MIGRAINE)
    assert one.concepts[0].curie == MIGRAINE
    assert list(one.edges) == store.neighbours(MIGRAINE)
    two = store.ego(MIGRAINE, hops=2)
    assert two.edges[: len(one)] == one.edges
    assert len(two) == 8
    assert store.ego(MIGRAINE, hops=2, limit=4).edges == two.edges[:4]
    lonely = store.ego("DOID:0000", hops=3)
    assert [c.curie for c in lonely.concepts] == ["DOID:0000"]
    assert len(lonely) == 0
    with pytest.raises(UnknownConceptError):
        store.ego("DOID:1")


def test_shortest_paths(store: GraphStore) -> None:
    found = store.shortest_paths(HEADACHE, DYSPNEA)
    assert [p.curies for p in found] == [(HEADACHE, MIGRAINE, SUMATRIPTAN, DYSPNEA)]
    assert store.shortest_paths(HEADACHE, DYSPNEA, max_hops=2) == []
    assert store.shortest_paths(HEADACHE, "DOID:0000") == []
    assert store.shortest_paths(HEADACHE, "DOID:1") == []
    assert store.shortest_paths(HEADACHE, HEADACHE) == [Path((HEADACHE,), ())]
    strongest = store.shortest_paths(PROPRANOLOL, ASTHMA)
    assert [brief(list(p.edges)) for p in strongest] == [
        [(PROPRANOLOL, "contraindicated_in", ASTHMA, "pos")]
    ]
    no_drugs = EdgeFilter(categories=frozenset({"biolink:Disease", "biolink:PhenotypicFeature"}))
    assert store.shortest_paths(HEADACHE, DYSPNEA, edge_filter=no_drugs) == []


def test_pagerank(store: GraphStore) -> None:
    ranked = store.pagerank([MIGRAINE], limit=5)
    assert ranked[0][0] == MIGRAINE
    assert [s for _, s in ranked] == sorted((s for _, s in ranked), reverse=True)
    assert sum(s for _, s in store.pagerank([MIGRAINE], limit=100)) == pytest.approx(1.0)
    assert store.pagerank(["DOID:0000"]) == [("DOID:0000", 1.0)]
    assert store.pagerank([]) == []
    with pytest.raises(UnknownConceptError):
        store.pagerank(["DOID:1"])


def test_statistics(store: GraphStore, clinic: NetworkxStore) -> None:
    counted = store.statistics()
    assert counted == clinic.statistics()
    assert (counted.concepts, counted.edges, counted.evidence, counted.names) == (9, 13, 15, 15)
    assert (counted.negative_edges, counted.contradictions) == (1, 1)
    assert counted.edges_by_predicate["biolink:treats"] == 5
    assert counted.evidence_by_source == {"curated": 7, "hpo-annotations": 3, "papers": 5}
    assert list(counted.concepts_by_category) == sorted(counted.concepts_by_category)


def test_contradictions_can_be_asked_for(store: GraphStore) -> None:
    pairs = list(contradictions(store))
    assert [(p.triple, p.polarity, n.polarity) for p, n in pairs] == [
        (
            Triple(PROPRANOLOL, TREATS, ASTHMA),
            Polarity.POSITIVE,
            Polarity.NEGATIVE,
        )
    ]


def test_an_empty_graph(make_store: MakeStore) -> None:
    empty = make_store(NetworkxStore())
    assert list(empty.concepts()) == []
    assert list(empty.edges()) == []
    assert empty.find("asthma") == empty.search("asthma") == []
    assert empty.neighbours("DOID:1") == []
    assert empty.statistics().edges == 0
    assert empty.resolve("DOID:1") is None


# -- against other ways of computing the same ------------------------------------------------


def test_neighbours_are_the_edges_that_follow(make_store: MakeStore, tangle: NetworkxStore) -> None:
    store = make_store(tangle)
    every = list(store.edges())
    for concept in store.concepts():
        for direction in Direction:
            expected = sorted(
                (e for e in every if follows(e, concept.curie, direction)), key=edge_order
            )
            assert store.neighbours(concept.curie, direction=direction) == expected


def test_shortest_paths_as_networkx_finds_them(
    make_store: MakeStore, tangle: NetworkxStore
) -> None:
    store = make_store(tangle)
    plain: nx.Graph[str] = nx.Graph((e.subject, e.object) for e in store.edges())
    keys = [c.curie for c in store.concepts()]
    chance = random.Random(3)
    for _ in range(40):
        start, end = chance.sample(keys, 2)
        found = store.shortest_paths(start, end, limit=10_000)
        if start in plain and end in plain and nx.has_path(plain, start, end):
            expected = sorted(map(tuple, nx.all_shortest_paths(plain, start, end)))
        else:
            expected = []
        assert [p.curies for p in found] == [p for p in expected if len(p) <= 5]


def test_pagerank_as_networkx_computes_it(make_store: MakeStore, tangle: NetworkxStore) -> None:
    store = make_store(tangle)
    plain: nx.Graph[str] = nx.Graph()
    plain.add_nodes_from(c.curie for c in store.concepts())
    for edge in store.edges(EdgeFilter(polarity=Polarity.POSITIVE)):
        weight = plain.get_edge_data(edge.subject, edge.object, {"weight": 0.0})["weight"]
        plain.add_edge(edge.subject, edge.object, weight=weight + edge.confidence)
    seeds = [c.curie for c in store.concepts()][:3]
    expected = nx.pagerank(plain, 0.85, personalization=dict.fromkeys(seeds, 1.0), tol=1e-12)
    for curie, score in store.pagerank(seeds, limit=60):
        assert score == pytest.approx(expected[curie], abs=1e-8)


def test_subgraphs_hold_their_concepts(make_store: MakeStore, tangle: NetworkxStore) -> None:
    store = make_store(tangle)
    start = next(c.curie for c in store.concepts() if len(store.neighbours(c.curie)) > 5)
    found = store.ego(start, hops=2, limit=30)
    assert len(found) == 30
    assert found.to_networkx().number_of_edges() == 30
    assert subgraph_of(store, found.edges).edges == found.edges


def generated_calls(
    keys: list[str], count: int
) -> list[tuple[str, tuple[Any, ...], dict[str, Any]]]:
    """Calls of every reading method with random arguments."""
    chance = random.Random(count)

    def some(values: list[Any], most: int) -> frozenset[Any]:
        return frozenset(chance.sample(values, chance.randint(0, most)))

    def edge_filter() -> EdgeFilter:
        return EdgeFilter(
            predicates=some(sorted(PREDICATES), 8) if chance.random() < 0.4 else frozenset(),
            polarity=chance.choice([None, *Polarity]),
            sources=some(["curated", "papers", "hpo-annotations"], 1),
            licences=some(["CC0-1.0", "CC-BY-4.0"], 1),
            qualifiers=some([("severity", "mild"), ("severity", "severe")], 1),
            categories=some(["biolink:Disease", "biolink:Drug", "biolink:Gene"], 2),
        )

    def step() -> Step:
        return Step(
            some(sorted(PREDICATES), 20),
            chance.choice(list(Direction)),
            some(sorted(CLASSES), 3),
            chance.choice([None, *Polarity]),
        )

    def key() -> str:
        return chance.choice(keys)

    def call() -> tuple[str, tuple[Any, ...], dict[str, Any]]:
        limit = chance.choice([1, 3, 10, 100])
        match chance.randrange(7):
            case 0:
                options = {
                    "direction": chance.choice(list(Direction)),
                    "edge_filter": edge_filter(),
                }
                return "neighbours", (key(),), {**options, "limit": chance.choice([None, limit])}
            case 1:
                steps = [step() for _ in range(chance.randint(1, 3))]
                return "paths", (key(), steps), {"limit": limit}
            case 2:
                options = {"hops": chance.randint(0, 3), "limit": limit}
                return "ego", (key(),), {**options, "edge_filter": edge_filter()}
            case 3:
                options = {"max_hops": chance.randint(0, 4), "limit": limit}
                return "shortest_paths", (key(), key()), {**options, "edge_filter": edge_filter()}
            case 4:
                seeds = [key() for _ in range(chance.randint(1, 3))]
                return "pagerank", (seeds,), {"limit": limit}
            case 5:
                text = " ".join(chance.sample(["chronc", "Fevers", "heart", "kidny", "2", "β"], 2))
                return "search", (text,), {"limit": limit}
            case _:
                return "edges", (edge_filter(),), {}

    return [call() for _ in range(count)]


def test_200_generated_calls_answer_as_in_memory(
    make_store: MakeStore, tangle: NetworkxStore
) -> None:
    store = make_store(tangle)
    calls = generated_calls([c.curie for c in tangle.concepts()], 200)
    answered = 0
    for method, arguments, options in calls:
        answer, expected = (getattr(s, method)(*arguments, **options) for s in (store, tangle))
        if method == "edges":
            answer, expected = list(answer), list(expected)
        assert answer == expected, (method, arguments, options)
        answered += bool(answer)
    assert answered > 100, "most calls should find something"
