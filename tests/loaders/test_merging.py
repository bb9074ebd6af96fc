"""Several sources in one graph: one disease, one node; licences kept apart."""

from __future__ import annotations

from collections.abc import Iterator

from kg.networkx_store import NetworkxStore
from kg.records import Concept, Definition, Edge, Evidence, Name, Polarity, Provenance, Triple
from kg.schema import DISEASE, DRUG, FOOD, PHENOTYPE, SUBCLASS_OF, TREATS
from loaders.licences import is_open
from loaders.merging import merge_sources
from loaders.source import SourceCard


class Fixed:
    """A source with the records it is given."""

    def __init__(
        self,
        name: str,
        concepts: list[Concept],
        edges: list[Edge] | None = None,
        licence: str = "CC0-1.0",
    ) -> None:
        self.card = SourceCard(name, name, "", licence)
        self._concepts = concepts
        self._edges = edges or []

    def concepts(self) -> Iterator[Concept]:
        yield from self._concepts

    def edges(self) -> Iterator[Edge]:
        yield from self._edges


def concept(curie: str, name: str, *xrefs: str, category: str = DISEASE, **more: str) -> Concept:
    names = [Name(name, "en", "preferred"), *(Name(n, lang) for lang, n in more.items())]
    return Concept(curie, category, tuple(names), xrefs)


def edge(subject: str, predicate: str, object_: str, *licences: str) -> Edge:
    evidence = tuple(
        Evidence(Provenance("s", licence=licence), record=licence)
        for licence in licences or ("CC0-1.0",)
    )
    return Edge(Triple(subject, predicate, object_), evidence)


def test_cross_references_then_names_make_one_node() -> None:
    ontology = Fixed("doid", [concept("DOID:1", "gout", "MESH:D1"), concept("DOID:2", "asthma")])
    mesh = Fixed(
        "mesh",
        [concept("MESH:D1", "Gout"), concept("MESH:D2", "Asthma"), concept("MESH:D3", "Pain")],
        [edge("MESH:D2", SUBCLASS_OF, "MESH:D1")],
    )
    tables = Fixed(
        "tables",
        [concept("LOCAL:a", "Asthma"), concept("LOCAL:b", "x", "DOID:2", category=FOOD)],
    )
    store, report = merge_sources([ontology, mesh, tables])
    assert {c.curie for c in store.concepts()} == {"DOID:1", "DOID:2", "MESH:D3", "LOCAL:b"}
    assert store.concept("DOID:2").xrefs == ("LOCAL:a", "MESH:D2")
    assert [e.triple for e in store.edges()] == [Triple("DOID:2", SUBCLASS_OF, "DOID:1")]
    assert report.identity is not None
    assert (report.identity.merged, report.by_name) == (1, 2)
    assert "2 merged by name" in str(report)


def test_names_do_not_join_what_identifiers_keep_apart() -> None:
    one = Fixed("one", [concept("DOID:1", "shock", "UMLS:C1")])
    other = Fixed("other", [concept("MESH:D1", "Shock", "UMLS:C2")])
    store, report = merge_sources([one, other])
    assert len(store) == 2
    assert report.name_conflicts == [("shock", ("DOID:1", "MESH:D1"))]
    assert report.to_json()["name_conflicts"] == {"shock": ["DOID:1", "MESH:D1"]}


def test_names_do_not_join_unlike_classes_nor_ambiguous_ones() -> None:
    one = Fixed(
        "one",
        [
            concept("DOID:1", "first", en="common"),
            concept("DOID:2", "second", en="common"),
            concept("DRUGBANK:DB1", "orange", category=DRUG),
        ],
    )
    other = Fixed(
        "other", [concept("MESH:D1", "common"), concept("FOODON:1", "orange", category=FOOD)]
    )
    store, report = merge_sources([one, other])
    assert len(store) == 5
    assert report.by_name == 0
    assert report.name_conflicts == []


def test_a_symptom_and_a_disease_of_one_name_are_one_disease() -> None:
    one = Fixed("one", [concept("HP:0002099", "Asthma", category=PHENOTYPE)])
    other = Fixed("other", [concept("DOID:2841", "asthma")])
    store, _ = merge_sources([one, other])
    (node,) = store.concepts()
    assert (node.curie, node.category) == ("DOID:2841", DISEASE)


def test_one_source_alone_stays_as_it_is() -> None:
    same = [concept("DOID:1", "gout", "MESH:D1"), concept("MESH:D1", "gout")]
    store, report = merge_sources([Fixed("one", same)])
    assert len(store) == 2
    assert report.identity is None


def test_a_base_graph_leads_and_stays_as_it_is() -> None:
    base = NetworkxStore([concept("DOID:1", "gout"), concept("DRUGBANK:DB1", "x", category=DRUG)])
    base.add_edges([edge("DRUGBANK:DB1", TREATS, "DOID:1")])
    before = base.fingerprint
    added = Fixed("new", [concept("MESH:D1", "Gout")], [edge("DRUGBANK:DB1", TREATS, "MESH:D1")])
    store, _ = merge_sources([added], base=base)
    assert store.concept("DOID:1").name() == "gout"
    (only,) = store.edges()
    assert only.polarity is Polarity.POSITIVE
    assert base.fingerprint == before


def test_only_wanted_licences_come_in() -> None:
    closed = Definition("closed", Provenance("s", licence="NOASSERTION"))
    free = Definition("free", Provenance("s", licence="CC0-1.0"))
    disease = Concept("DOID:1", DISEASE, (Name("gout"),), (), (closed, free))
    drug = concept("DRUGBANK:DB1", "x", category=DRUG)
    open_source = Fixed(
        "open",
        [disease, drug],
        [
            edge("DRUGBANK:DB1", TREATS, "DOID:1", "CC0-1.0", "CC-BY-NC-4.0"),
            edge("DOID:1", SUBCLASS_OF, "DOID:1", "CC-BY-NC-4.0"),
        ],
    )
    shut = Fixed("shut", [concept("DOID:9", "secret")], licence="CC-BY-NC-SA-4.0")
    store, report = merge_sources([open_source, shut], wanted=is_open)
    assert {c.curie for c in store.concepts()} == {"DOID:1", "DRUGBANK:DB1"}
    assert [d.text for d in store.concept("DOID:1").definitions] == ["free"]
    (kept,) = store.edges()
    assert [e.provenance.licence for e in kept.evidence] == ["CC0-1.0"]
    assert report.unlicensed == {"CC-BY-NC-4.0": 2}
    assert report.sources_left_out == ["shut"]


def test_an_edge_whose_ends_became_one_is_reported() -> None:
    one = Fixed("one", [concept("DOID:1", "gout")])
    other = Fixed("other", [concept("MESH:D1", "Gout")], [edge("MESH:D1", SUBCLASS_OF, "DOID:1")])
    store, report = merge_sources([one, other])
    assert list(store.edges()) == []
    assert report.refused.counts[f"{SUBCLASS_OF}: both ends were merged into one"] == 1


def test_several_entries_of_a_finer_catalogue_are_kinds() -> None:
    ontology = Fixed(
        "doid",
        [
            concept("DOID:1", "macular dystrophy", "OMIM:1", "OMIM:2", "OMIM:9"),
            concept("DOID:2", "macular dystrophy 2", "OMIM:2"),
            concept("DOID:3", "one entry", "OMIM:3"),
            concept("DOID:4", "two headings", "MESH:D1", "MESH:D2"),
            concept("DOID:5", "a kind of its own entry", "OMIM:5", "OMIM:6"),
        ],
        [edge("DOID:5", SUBCLASS_OF, "OMIM:5")],
    )
    catalogue = Fixed("hpo", [concept(f"OMIM:{n}", f"entry {n}") for n in (1, 2, 3, 5, 6)])
    headings = Fixed("mesh", [concept("MESH:D1", "first"), concept("MESH:D2", "second")])
    store, report = merge_sources([ontology, catalogue, headings])
    kinds = {e.triple for e in store.edges() if "|xref|" in e.evidence[0].record}
    assert kinds == {
        Triple("OMIM:1", SUBCLASS_OF, "DOID:1"),
        Triple("DOID:2", SUBCLASS_OF, "DOID:1"),  # the node OMIM:2 went into
        Triple("OMIM:6", SUBCLASS_OF, "DOID:5"),  # OMIM:5 is above it already
    }
    assert report.kinds == report.to_json()["kinds_by_cross_reference"] == 3
    assert "3 entries are a kind of the disease" in str(report)
    inferred = store.edge(Triple("OMIM:1", SUBCLASS_OF, "DOID:1"))
    assert inferred is not None
    assert inferred.evidence[0].provenance.source == "doid"
    assert report.refused.total == 0


def test_kinds_of_a_source_with_an_unwanted_licence_are_not_inferred() -> None:
    ontology = Fixed("doid", [concept("DOID:1", "a", "OMIM:1", "OMIM:2")], licence="closed")
    catalogue = Fixed("hpo", [concept("OMIM:1", "b"), concept("OMIM:2", "c")])
    store, report = merge_sources([ontology, catalogue], wanted=is_open)
    assert report.kinds == 0
    assert list(store.edges()) == []
