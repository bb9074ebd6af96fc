"""Concepts of several sources become one node where their cross-references agree."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kg.identity import IdentityRules, map_identities, name_duplicates
from kg.networkx_store import NetworkxStore
from kg.records import Concept, Edge, Evidence, Name, Provenance, Triple, curie_prefix
from kg.schema import DISEASE, DRUG, DRUG_CLASS, PHENOTYPE, RefusalReport


def concept(curie: str, *xrefs: str, name: str = "x", category: str = DISEASE) -> Concept:
    return Concept(curie, category, (Name(name, "en", "preferred"),), xrefs)


def test_three_sources_become_one_node() -> None:
    concepts = [
        concept("MESH:D008382", name="Marfan Syndrome"),
        concept("OMIM:154700", "UMLS:C0024796", name="MARFAN SYNDROME; MFS"),
        concept(
            "DOID:14323", "MESH:D008382", "OMIM:154700", "ICD10CM:Q87.4", name="Marfan syndrome"
        ),
    ]
    found = map_identities(concepts)
    assert found.merged == 2
    assert found.conflicts == ()
    assert {found.key_of[c.curie] for c in concepts} == {"DOID:14323"}
    assert found.key_of["UMLS:C0024796"] == "DOID:14323"
    (node,) = found.concepts(concepts)
    assert node.curie == "DOID:14323"
    assert node.name() == "Marfan syndrome"
    assert node.xrefs == ("ICD10CM:Q87.4", "MESH:D008382", "OMIM:154700", "UMLS:C0024796")
    assert name_duplicates(concepts).duplicated == 1
    assert name_duplicates([node]).duplicated == 0


def test_two_sources_meet_in_an_identifier_of_a_third() -> None:
    found = map_identities(
        [concept("ORPHA:558", "UMLS:C0024796"), concept("OMIM:1", "UMLS:C0024796")]
    )
    assert found.key_of["ORPHA:558"] == "OMIM:1"


def test_a_mapping_table_counts_like_cross_references() -> None:
    concepts = [concept("DOID:1"), concept("ORPHA:1")]
    found = map_identities(concepts, statements=[("DOID:1", "ORPHA:1"), ("DOID:9", "ORPHA:1")])
    assert found.key_of["ORPHA:1"] == "DOID:1"


def test_several_identifiers_of_one_vocabulary_merge_nothing() -> None:
    concepts = [
        concept("DOID:10584", "OMIM:268000", "OMIM:180100", "MESH:D012174"),
        concept("OMIM:268000"),
        concept("OMIM:180100"),
        concept("MESH:D012174"),
    ]
    found = map_identities(concepts)
    assert found.key_of["MESH:D012174"] == "DOID:10584", "what is sound merges"
    assert found.key_of["OMIM:268000"] == "OMIM:268000"
    assert [str(c) for c in found.conflicts] == [
        "several: OMIM:180100, OMIM:268000 (OMIM) on DOID:10584, OMIM:180100, OMIM:268000"
    ]
    assert found.unmapped == ("OMIM:180100", "OMIM:268000")
    assert "several 1" in str(found)


def test_a_shared_identifier_merges_neither() -> None:
    concepts = [concept("DOID:1", "OMIM:5"), concept("DOID:2", "OMIM:5"), concept("OMIM:5")]
    found = map_identities(concepts)
    assert found.merged == 0
    (conflict,) = found.conflicts
    assert (conflict.kind, conflict.identifiers, conflict.concepts) == (
        "shared",
        ("OMIM:5",),
        ("DOID:1", "DOID:2"),
    )


def test_a_chain_that_ends_in_two_of_one_vocabulary_is_refused_whole() -> None:
    concepts = [
        concept("DOID:1", "MESH:A"),
        concept("MESH:A", "OMIM:5"),
        concept("DOID:2", "OMIM:5"),
    ]
    found = map_identities(concepts)
    assert found.merged == 0
    (conflict,) = found.conflicts
    assert (conflict.kind, conflict.identifiers) == ("chain", ("DOID:1", "DOID:2"))
    assert conflict.concepts == ("DOID:1", "DOID:2", "MESH:A")


def test_only_compatible_classes_merge() -> None:
    drug = concept("DRUGBANK:1", "MESH:D1", category=DRUG)
    drugs = concept("MESH:D1", category=DRUG_CLASS)
    found = map_identities([drug, drugs])
    assert found.merged == 0
    assert [c.kind for c in found.conflicts] == ["class"]
    symptom = concept("HP:1", "MESH:D2", category=PHENOTYPE)
    disease = concept("MESH:D2")
    assert map_identities([symptom, disease]).key_of["HP:1"] == "MESH:D2", "the disease names it"
    apart = IdentityRules(compatible=())
    assert map_identities([symptom, disease], rules=apart).merged == 0


def test_former_identifiers_of_the_own_vocabulary_are_the_concept() -> None:
    found = map_identities([concept("DOID:1", "DOID:7"), concept("OMIM:1", "DOID:7")])
    assert found.conflicts == ()
    assert found.key_of["OMIM:1"] == found.key_of["DOID:7"] == "DOID:1"
    held = map_identities([concept("DOID:1", "DOID:2"), concept("DOID:2")])
    assert [c.kind for c in held.conflicts] == ["several"], "DOID:2 is a concept of its own"


def test_edges_follow_their_concepts() -> None:
    concepts = [
        concept("DOID:1", "OMIM:1"),
        concept("OMIM:1"),
        concept("DRUGBANK:1", category=DRUG),
    ]
    support = (Evidence(Provenance("s"), record="1"),)
    edges = [
        Edge(Triple("DRUGBANK:1", "biolink:treats", "OMIM:1"), support),
        Edge(Triple("DRUGBANK:1", "biolink:treats", "DOID:1"), support),
        Edge(Triple("DOID:1", "biolink:similar_to", "OMIM:1"), support),
    ]
    found = map_identities(concepts)
    report = RefusalReport()
    moved = list(found.edges(edges, report))
    assert {str(e.triple) for e in moved} == {"(DRUGBANK:1)-[biolink:treats]->(DOID:1)"}
    assert dict(report.counts) == {"biolink:similar_to: both ends were merged into one": 1}
    store = NetworkxStore(found.concepts(concepts))
    assert store.add_edges(moved).total == 0
    assert store.statistics().edges == 1


def test_duplicates_by_display_name_and_by_any_name() -> None:
    concepts = [
        Concept("DOID:1", DISEASE, (Name("Anaemia", "en", "preferred"), Name("low blood"))),
        Concept("MESH:1", DISEASE, (Name("anemias", "en", "preferred"), Name("Low-blood"))),
        Concept("HP:1", PHENOTYPE, (Name("Anemia", "en", "preferred"),)),
    ]
    shown = name_duplicates(concepts)
    assert (shown.names, shown.duplicated) == (1, 1)
    assert shown.examples == (("anemia", ("DOID:1", "MESH:1")),)
    assert name_duplicates(concepts, display_only=False).duplicated == 2
    assert name_duplicates(concepts, language="zh").names == 0


IDS = st.builds(
    "{}:{}".format, st.sampled_from(["DOID", "OMIM", "MESH", "UMLS"]), st.integers(1, 4)
)
SOURCES = st.lists(
    st.builds(lambda c, x: concept(c, *x), IDS, st.lists(IDS, max_size=3)), max_size=10
)


@settings(deadline=None)
@given(SOURCES)
def test_no_node_holds_two_concepts_of_one_vocabulary(concepts: list[Concept]) -> None:
    found = map_identities(concepts)
    keys = {c.curie for c in concepts}
    nodes = list(found.concepts(concepts))
    assert found.merged == len(keys) - len(nodes)
    by_node: dict[str, set[str]] = {}
    for key in keys:
        by_node.setdefault(found.key_of[key], set()).add(key)
    for node, members in by_node.items():
        assert node in members
        prefixes = [curie_prefix(m) for m in members]
        assert len(set(prefixes)) == len(prefixes)
    for c in concepts:
        home = next(n for n in nodes if n.curie == found.key_of[c.curie])
        assert {c.curie, *c.xrefs} <= {home.curie, *home.xrefs}, "every id is kept"


@settings(deadline=None)
@given(SOURCES, st.randoms())
def test_the_order_of_sources_does_not_matter(
    concepts: list[Concept], chance: st.DataObject
) -> None:
    shuffled = list(concepts)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    one, other = map_identities(concepts), map_identities(shuffled)
    assert dict(one.key_of) == dict(other.key_of)
    assert one.conflicts == other.conflicts


@pytest.mark.parametrize("kind", ["several", "shared", "chain", "class"])
def test_every_kind_of_conflict_is_described(kind: str) -> None:
    import kg.identity

    assert kg.identity.__doc__ is not None
    assert f"``{kind}``" in kg.identity.__doc__
