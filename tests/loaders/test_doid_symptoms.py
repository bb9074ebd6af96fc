"""The Disease Ontology's disease–symptom pairs."""

from __future__ import annotations

from pathlib import Path

import pytest

from kg.errors import SourceFormatError
from kg.networkx_store import NetworkxStore
from kg.records import Triple
from kg.schema import DISEASE, HAS_PHENOTYPE, PHENOTYPE
from loaders.doid_symptoms import DoidSymptomsLoader

HEADER = "disease_id\tdisease_label\tsymptom_id\tsymptom_label\n"
ROWS = (
    "DOID:820\tmyocarditis\tSYMP:0000061\tinflammation\n"
    "DOID:820\tmyocarditis\tSYMP:0000006\tbackache\n"
)


def test_each_pair_becomes_a_symptom(tmp_path: Path) -> None:
    path = tmp_path / "disease-symptom.tsv"
    path.write_text(HEADER + ROWS, "utf-8")
    loader = DoidSymptomsLoader(path)
    store = NetworkxStore(loader.concepts())
    assert store.add_edges(loader.edges()).total == 0
    assert store.statistics().concepts_by_category == {DISEASE: 1, PHENOTYPE: 2}
    edge = store.edge(Triple("DOID:820", HAS_PHENOTYPE, "SYMP:0000061"))
    assert edge is not None
    assert edge.evidence[0].record == "DOID:820|SYMP:0000061"
    assert edge.evidence[0].provenance.licence == "CC0-1.0"


def test_a_wrong_id_is_named_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "disease-symptom.tsv"
    path.write_text(HEADER + ROWS + "DOID:1\tx\tinflammation\ty\n", "utf-8")
    with pytest.raises(SourceFormatError, match=r"symptom\.tsv:4: 'inflammation' is no Symptom"):
        list(DoidSymptomsLoader(tmp_path).edges())
