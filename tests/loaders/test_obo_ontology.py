"""Ontologies in OBO files of the user's own."""

from __future__ import annotations

from pathlib import Path

import pytest

from kg.errors import SourceFormatError
from kg.networkx_store import NetworkxStore
from kg.records import Name
from kg.schema import DISEASE, PHENOTYPE, SUBCLASS_OF
from loaders.obo_ontology import OboOntologyLoader, ontology_curie, symptom_ontology

DOID = """format-version: 1.2
data-version: doid/releases/2026-07-31/doid.obo
ontology: doid

[Term]
id: DOID:4
name: disease

[Term]
id: DOID:9352
name: type 2 diabetes mellitus
alt_id: DOID:11715
def: "A diabetes \\"mellitus\\" that lasts." [url:http\\://example.org/a, PMID:1]
synonym: "NIDDM" EXACT OMO:0003012 []
synonym: "adult-onset diabetes" EXACT []
synonym: "diabetes" BROAD []
xref: MSH:D003924
xref: MIM:125853
xref: UMLS_CUI:C0011860
xref: SNOMEDCT_US_2025_09_01:44054006
xref: ICD9CM_2005:250.00
xref: http://example.org/x y
is_a: DOID:4 ! disease
is_a: GO:0000001 ! foreign

[Term]
id: DOID:1
name: obsolete thing
is_obsolete: true

[Term]
id: CHEBI:1
name: of another ontology

[Typedef]
id: part_of
name: part of
"""


@pytest.fixture
def loader(tmp_path: Path) -> OboOntologyLoader:
    (tmp_path / "doid.obo").write_text(DOID, "utf-8")
    return OboOntologyLoader(tmp_path)


def test_a_term_becomes_a_concept_with_all_it_says(loader: OboOntologyLoader) -> None:
    root, diabetes = loader.concepts()
    assert (root.curie, root.category) == ("DOID:4", DISEASE)
    assert diabetes.names == (
        Name("type 2 diabetes mellitus", "en", "preferred"),
        Name("NIDDM", "en", "abbreviation"),
        Name("adult-onset diabetes", "en", "exact"),
        Name("diabetes", "en", "related"),
    )
    assert diabetes.xrefs == (
        "DOID:11715",
        "ICD9CM:250.00",
        "MESH:D003924",
        "OMIM:125853",
        "SNOMEDCT:44054006",
        "UMLS:C0011860",
    )
    (definition,) = diabetes.definitions
    assert definition.text == 'A diabetes "mellitus" that lasts.'
    assert definition.references == ("PMID:1", "http://example.org/a")
    assert definition.provenance.version == "doid/releases/2026-07-31/doid"
    assert dict(loader.report.refused.counts) == {
        "a cross-reference that is no CURIE": 1,
        "an obsolete term": 1,
        "a term of another ontology": 1,
    }


def test_the_hierarchy_leads_to_terms_of_known_ontologies(loader: OboOntologyLoader) -> None:
    store = NetworkxStore(loader.concepts())
    assert store.add_edges(loader.edges()).total == 0
    (edge,) = store.edges()
    assert (edge.subject, edge.predicate, edge.object) == ("DOID:9352", SUBCLASS_OF, "DOID:4")
    assert store.resolve("DOID:11715") == "DOID:9352"


def test_symptoms_are_symptoms(tmp_path: Path) -> None:
    (tmp_path / "symp.obo").write_text(DOID.replace("DOID:", "SYMP:"), "utf-8")
    loader = symptom_ontology(tmp_path)
    assert {c.category for c in loader.concepts()} == {PHENOTYPE}
    assert loader.card.name == "symp"


@pytest.mark.parametrize(
    ("old", "new", "line", "problem"),
    [
        ("id: DOID:9352\n", "", 10, "before the id"),
        ('"NIDDM"', '"NIDDM', 14, "unclosed quotation"),
        ("id: DOID:9352", "id: DOID:93 52", 10, "is not a CURIE"),
        ("name: type 2 diabetes mellitus\n", "", 10, "has no name"),
        ("is_a: DOID:4 ! disease", "is_a", 23, "no tag"),
    ],
)
def test_a_broken_stanza_is_named_with_its_line(
    tmp_path: Path, old: str, new: str, line: int, problem: str
) -> None:
    (tmp_path / "doid.obo").write_text(DOID.replace(old, new), "utf-8")
    with pytest.raises(SourceFormatError) as raised:
        list(OboOntologyLoader(tmp_path).concepts())
    assert raised.value.line == line
    assert problem in str(raised.value)


def test_prefixes_become_those_of_the_project() -> None:
    assert ontology_curie("ORDO:558") == ontology_curie("Orphanet:558") == "ORPHA:558"
    assert ontology_curie("NCI2009_04D:C3088") == "NCIT:C3088"
