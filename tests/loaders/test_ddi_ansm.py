"""ANSM's interactions, from the owner's XML and from the flat tables."""

from __future__ import annotations

from pathlib import Path

import pytest

from kg import schema
from kg.errors import SourceFormatError
from kg.networkx_store import NetworkxStore
from loaders.ddi_ansm import AnsmLoader, severity

XML = """<?xml version="1.0" encoding="utf-8" ?>
<INTERACTIONS>
<INTERACTION>
<SOURCE><CLINICAL_SOURCE>ANSM</CLINICAL_SOURCE></SOURCE>
<DRUG1>
<CLASS name="NITRATES" code="C01DA" /></DRUG1>
<DRUG2>
<DRUG name="SILDENAFIL " rxcui="136411">
<ATC code="G04BE03" />
</DRUG>
</DRUG2>
<DESCRIPTION>Risk of "severe" hypotension
</DESCRIPTION>
<SEVERITY>CONTRAINDICATON</SEVERITY>
<COMMENT>Do not combine</COMMENT>
</INTERACTION>
<INTERACTION>
<DRUG1><DRUG name="BUSPIRONE" rxcui="1827" /></DRUG1>
<DRUG2><DRUG name="GRAPEFRUIT (JUICE AND FRUIT)" rxcui="" /></DRUG2>
<DESCRIPTION>d</DESCRIPTION>
<SEVERITY>see the leaflet</SEVERITY>
</INTERACTION>
<INTERACTION>
<DRUG1><CLASS name="OTHER NITRATE" code="C01DA" /></DRUG1>
<DRUG2><DRUG name="BUSPIRONE" rxcui="1827" /></DRUG2>
<DESCRIPTION>d</DESCRIPTION>
<SEVERITY>Take into account</SEVERITY>
</INTERACTION>
</INTERACTIONS>
"""
TABLE = (
    "kind1\tname1\tcode1\tatc1\tkind2\tname2\tcode2\tatc2\tseverity_normalised\tseverity\t"
    "description\tcomment\n"
    "class\tNITRATES\tC01DA\t\tdrug\tSILDENAFIL\t136411\tG04BE03\tOther\tCONTRAINDICATON\t"
    '"Risk of ""severe"" hypotension"\tDo not combine\n'
    "drug\tBUSPIRONE\t1827\t\tdrug\tGRAPEFRUIT (JUICE AND FRUIT)\t\t\tOther\tsee the leaflet\td\t\n"
    "class\tOTHER NITRATE\tC01DA\t\tdrug\tBUSPIRONE\t1827\t\t\tTake into account\td\t\n"
)
CLASSES = (
    "class\tclass_code\tdrug\trxcui\nNITRATES\tC01DA\tMolsidomine\t7008\nNITRATES\tC01DA\t\t9\n"
)


def built(folder: Path) -> tuple[NetworkxStore, AnsmLoader]:
    loader = AnsmLoader(folder)
    store = NetworkxStore(loader.concepts())
    assert store.add_edges(loader.edges()).total == 0
    return store, loader


def test_severity_mechanism_and_management_are_kept(tmp_path: Path) -> None:
    (tmp_path / "all_eng_tables_sept2016.xml").write_text(XML, "utf-8")
    store, loader = built(tmp_path)
    (edge,) = store.neighbours("RXNORM:136411")
    assert (edge.subject, edge.predicate) == ("ANSM:C01DA", schema.INTERACTS_WITH)
    assert dict(edge.qualifiers) == {
        "severity": "contraindicated",
        "mechanism": 'Risk of "severe" hypotension',
        "management": "Do not combine",
    }
    nitrates = store.concept("ANSM:C01DA")
    assert nitrates.category == schema.DRUG_CLASS
    assert {n.text for n in nitrates.names} == {"nitrates", "nitrate"}, "spellings are one class"
    assert store.statistics().concepts_by_category[schema.FOOD] == 1
    assert dict(loader.report.refused.counts) == {"no known severity": 1}


def test_the_flat_table_gives_the_same_edges(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "all_eng_tables_sept2016.xml").write_text(XML, "utf-8")
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "interactions.tsv").write_text(TABLE, "utf-8")
    one, other = built(tmp_path / "a")[0], built(tmp_path / "b")[0]
    assert list(one.edges()) == list(other.edges())
    assert list(one.concepts()) == list(other.concepts())


def test_members_of_classes_come_from_their_table(tmp_path: Path) -> None:
    (tmp_path / "interactions.tsv").write_text(TABLE, "utf-8")
    (tmp_path / "classes.tsv").write_text(CLASSES, "utf-8")
    store, loader = built(tmp_path)
    (edge,) = store.neighbours("RXNORM:7008")
    assert (edge.predicate, edge.object) == (schema.MEMBER_OF, "ANSM:C01DA")
    assert loader.report.refused.counts["a member without name"] == 1


@pytest.mark.parametrize(
    ("text", "level"),
    [
        ("CONTRAINDICATION", "contraindicated"),
        ("C0NTRAINDICATION", "contraindicated"),
        ("Contraindication with:", "contraindicated"),
        ("Nor recommended", "major"),
        ("Not recommeded", "major"),
        ("Precaution of use", "moderate"),
        ("Tale into account", "minor"),
        ("With doses of methotrexate > 20 mg/week", ""),
        ("", ""),
    ],
)
def test_misspelt_levels_are_recognised(text: str, level: str) -> None:
    assert severity(text) == level


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ('<DRUG1>\n<CLASS name="NITRATES" code="C01DA" /></DRUG1>', "", "without DRUG1"),
        ('rxcui="136411"', 'rxcui="x"', "'x' is no RxNorm id"),
        ('name="SILDENAFIL "', 'name=" "', "a drug without name"),
        ("</DESCRIPTION>\n<SEVERITY>C", "<SEVERITY>C", "mismatched tag"),
    ],
)
def test_a_wrong_interaction_is_named_with_its_line(
    tmp_path: Path, old: str, new: str, problem: str
) -> None:
    (tmp_path / "all_eng_tables_sept2016.xml").write_text(XML.replace(old, new), "utf-8")
    with pytest.raises(SourceFormatError) as raised:
        list(AnsmLoader(tmp_path).edges())
    assert problem in str(raised.value)
    assert 3 <= (raised.value.line or 0) <= 16
