"""What only a mutable store does."""

from __future__ import annotations

import networkx as nx

from kg.networkx_store import NetworkxStore
from kg.records import Concept, Edge, Evidence, Name, Polarity, Provenance, Triple
from kg.store import MutableGraphStore

TREATS = "biolink:treats"


def record(source: str, number: str, confidence: float = 0.9) -> Evidence:
    return Evidence(Provenance(source), record=number, confidence=confidence)


def test_it_can_be_written(clinic: NetworkxStore) -> None:
    assert isinstance(clinic, MutableGraphStore)


def test_the_graph_is_networkx(clinic: NetworkxStore) -> None:
    assert isinstance(clinic.graph, nx.MultiDiGraph)
    assert clinic.graph.number_of_edges() == 13
    assert clinic.graph.nodes["DOID:2841"]["name"] == "asthma"
    key = (TREATS, "positive")
    between = clinic.graph.get_edge_data("DRUGBANK:DB00571", "DOID:6364", key)
    assert between is not None
    assert between["confidence"] == 0.8


def test_a_known_concept_is_merged(clinic: NetworkxStore) -> None:
    more = Concept("DOID:2841", "biolink:Disease", (Name("bronchial asthma"),), ("UMLS:C0004096",))
    assert clinic.add_concepts([more]) == 1
    assert [n.text for n in clinic.concept("DOID:2841").names] == ["asthma", "bronchial asthma"]
    assert clinic.resolve("UMLS:C0004096") == "DOID:2841"
    assert [m.curie for m in clinic.find("bronchial asthma")] == ["DOID:2841"]
    assert clinic.search("bronchal asthma")[0].curie == "DOID:2841"


def test_ends_given_as_cross_references_become_keys(clinic: NetworkxStore) -> None:
    given = Triple("DRUGBANK:DB00669", TREATS, "MESH:D001249")
    assert clinic.add_edges([Edge(given, (record("s", "1"),))]).total == 0
    assert clinic.edge(Triple("DRUGBANK:DB00669", TREATS, "DOID:2841")) is not None


def test_refusals_are_reported(clinic: NetworkxStore) -> None:
    before = list(clinic.edges())
    support = (record("s", "1"),)
    report = clinic.add_edges(
        Edge(Triple(*parts), support)
        for parts in (
            ("DRUGBANK:DB9", TREATS, "DOID:2841"),
            ("DRUGBANK:DB00669", TREATS, "DOID:9"),
            ("DRUGBANK:DB00669", TREATS, "UMLS:SHARED"),
            ("DOID:2841", TREATS, "DRUGBANK:DB00669"),
            ("DRUGBANK:DB00669", "biolink:no_such", "DOID:2841"),
            ("DOID:2841", "biolink:similar_to", "MESH:D001249"),
        )
    )
    assert report.total == 6
    assert dict(report.counts) == {
        "biolink:treats: subject from DRUGBANK is no concept of the graph": 1,
        "biolink:treats: object from DOID is no concept of the graph": 1,
        "biolink:treats: object is a cross-reference of several concepts": 1,
        "biolink:treats does not take a biolink:Disease as subject": 1,
        "biolink:no_such is not a predicate of the schema": 1,
        "biolink:similar_to: both ends are one concept of the graph": 1,
    }
    assert "DRUGBANK:DB9" in str(report)
    assert list(clinic.edges()) == before


def test_equal_triples_merge_and_keep_their_evidence(clinic: NetworkxStore) -> None:
    triple = Triple("DRUGBANK:DB00571", TREATS, "DOID:6364")
    before = clinic.edge(triple)
    assert before is not None
    clinic.add_edges([Edge(triple, (record("new", "1"),))])
    after = clinic.edge(triple)
    assert after is not None
    assert set(after.evidence) == {*before.evidence, record("new", "1")}
    clinic.add_edges([Edge(triple, (record("new", "1"),)), before])
    assert clinic.edge(triple) == after, "adding what is known changes nothing"


def test_contradicting_polarities_are_both_kept(clinic: NetworkxStore) -> None:
    triple = Triple("DRUGBANK:DB00669", TREATS, "DOID:6364")
    clinic.add_edges([Edge(triple, (record("s", "1"),), Polarity.NEGATIVE)])
    assert clinic.edge(triple) is not None
    assert clinic.edge(triple, Polarity.NEGATIVE) is not None
    assert clinic.statistics().contradictions == 2


def test_a_source_is_removed_and_added_again(tangle: NetworkxStore) -> None:
    before = list(tangle.edges())
    theirs = [
        Edge(e.triple, kept, e.polarity)
        for e in before
        if (kept := tuple(v for v in e.evidence if v.provenance.source == "papers"))
    ]
    assert tangle.remove_source("papers") == len(theirs)
    left = list(tangle.edges())
    assert left == [k for e in before if (k := e.without_source("papers")) is not None]
    assert len(left) < len(before)
    assert tangle.remove_source("papers") == 0
    assert tangle.add_edges(theirs).total == 0
    assert list(tangle.edges()) == before
    assert tangle.add_edges(theirs).total == 0
    assert list(tangle.edges()) == before, "adding a source twice is adding it once"


def test_the_order_of_adding_does_not_matter(tangle: NetworkxStore) -> None:
    pieces = [Edge(e.triple, (v,), e.polarity) for e in tangle.edges() for v in e.evidence]
    other = NetworkxStore(reversed(list(tangle.concepts())))
    other.add_edges(reversed(pieces))
    assert list(other.edges()) == list(tangle.edges())
    assert other.statistics() == tangle.statistics()


def test_the_fingerprint_changes_with_the_graph(clinic: NetworkxStore) -> None:
    seen = {clinic.fingerprint}
    clinic.add_concepts([Concept("X:1", "biolink:Disease", (Name("x"),))])
    seen.add(clinic.fingerprint)
    clinic.add_edges([Edge(Triple("X:1", "biolink:similar_to", "DOID:2841"), (record("s", "1"),))])
    seen.add(clinic.fingerprint)
    clinic.remove_source("s")
    seen.add(clinic.fingerprint)
    assert len(seen) == 4
    assert clinic.fingerprint == clinic.fingerprint
