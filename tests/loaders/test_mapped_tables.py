"""A graph from any CSV or TSV by a mapping file."""

from __future__ import annotations

from pathlib import Path

import pytest

from kg.errors import InvalidRecordError, SourceFormatError
from kg.records import Polarity
from kg.schema import DRUG, TREATS
from loaders.mapped import MappedTableLoader

MAPPING = """
name = "mine"
licence = "CC0-1.0"
version = "2"

[[nodes]]
file = "drugs.csv"
id = "DRUGBANK:{id}"
category = "biolink:Drug"
name = "{name}"
synonyms = ["{aliases}", "{inn} tablets"]
xrefs = ["MESH:{mesh}"]

[[edges]]
file = "indications.tsv"
subject = "DRUGBANK:{drug}"
predicate = "biolink:treats"
object = "{disease}"
negated = { column = "category", values = ["NOT"] }
only = { column = "category", values = ["DM", "NOT"] }
record = "{disease}|{drug}"
references = ["PMID:{pmid}"]
confidence = 0.5
qualifiers = { role = "{category}" }
replace = { category = { DM = "disease_modifying", NOT = "" } }
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "m.toml").write_text(MAPPING, "utf-8")
    (tmp_path / "drugs.csv").write_text(
        'id,name,aliases,inn,mesh\nDB1,"Aspirin, fine",ASA|acetylsalicylic acid,,D001241\n'
        "DB2,,x,y,z\n",
        "utf-8",
    )
    (tmp_path / "indications.tsv").write_text(
        "drug\tdisease\tcategory\tpmid\n"
        "DB1\tDOID:1\tDM\t11\nDB1\tDOID:2\tNOT\t\nDB1\tDOID:3\tSYM\t\n\tDOID:4\tDM\t\n",
        "utf-8",
    )
    return tmp_path


def test_nodes_and_edges_as_mapped(folder: Path) -> None:
    loader = MappedTableLoader(folder / "m.toml")
    (aspirin,) = loader.concepts()
    assert (aspirin.curie, aspirin.category, aspirin.name()) == (
        "DRUGBANK:DB1",
        DRUG,
        "Aspirin, fine",
    )
    assert [n.text for n in aspirin.names[1:]] == ["ASA", "acetylsalicylic acid"]
    assert aspirin.xrefs == ("MESH:D001241",)
    positive, negative = loader.edges()
    assert (positive.predicate, positive.object) == (TREATS, "DOID:1")
    assert positive.evidence[0].references == ("PMID:11",)
    assert positive.evidence[0].qualifiers == (("role", "disease_modifying"),)
    assert positive.evidence[0].record == "DOID:1|DB1"
    assert positive.evidence[0].provenance.version == "2"
    assert negative.polarity is Polarity.NEGATIVE
    assert negative.evidence[0].references == ()
    assert loader.report.refused.counts == {
        "a node without id or name": 1,
        "an edge without subject or object": 1,
    }


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ('name = "mine"', 'nam = "mine"', "unknown key 'nam'"),
        ("synonyms", "synonym", "unknown key 'synonym'"),
        ('id = "DRUGBANK:{id}"', "", r"\[\[nodes\]\] has no id"),
        ("{mesh}", "{nope}", r"drugs\.csv:1: no column 'nope'"),
        ("[[nodes]]", "[[nodes", "no mapping"),
        ("DRUGBANK:{id}", "{name}", r"drugs\.csv:2: 'Aspirin, fine' is not a CURIE"),
    ],
)
def test_a_wrong_mapping_is_named(folder: Path, old: str, new: str, problem: str) -> None:
    (folder / "m.toml").write_text(MAPPING.replace(old, new, 1), "utf-8")
    with pytest.raises(SourceFormatError, match=problem):
        list(MappedTableLoader(folder / "m.toml").concepts())


def test_classes_and_predicates_are_the_schemas(folder: Path) -> None:
    for old, new in (("biolink:Drug", "biolink:Drog"), ("biolink:treats", "biolink:cures")):
        (folder / "m.toml").write_text(MAPPING.replace(old, new), "utf-8")
        with pytest.raises(InvalidRecordError, match="unknown"):
            MappedTableLoader(folder / "m.toml")
