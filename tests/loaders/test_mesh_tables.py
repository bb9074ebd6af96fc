"""MeSH: the tree says the class and the hierarchy."""

from __future__ import annotations

from pathlib import Path

import pytest

from kg import schema
from kg.errors import SourceFormatError
from kg.networkx_store import NetworkxStore
from loaders.mesh import MeshLoader, mesh_class

TREE = (
    ("D000001", "Diabetes Mellitus", "C18.452.394.750"),
    ("D000002", "Diabetes Mellitus, Type 2", "C18.452.394.750.149"),
    ("D000003", "Pain", "C10.597.617"),
    ("D000003", "Pain", "C23.888.592.612"),
    ("D000004", "Headache", "C23.888.592.612.441"),
    ("D000005", "Metformin", "D02.078.370.141.450"),
    ("D000006", "Hypoglycemic Agents", "D27.505.696.422"),
    ("D000007", "Nose", "A01.456.505.733"),
    ("D000008", "Face", "A01.456.505"),
    ("D000009", "Biopsy", "E01.370.225"),
    ("D000010", "Cardiology", "H02.403.429.163"),
    ("D000011", "Africa", "Z01.058"),
    ("D000012", "Kinases", "D08.811"),
    ("D000013", "Named a symptom", "C16.320"),
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    names = dict.fromkeys((i, n) for i, n, _ in TREE)
    terms = "".join(f"{i}\t{n}\n" for i, n in names)
    (tmp_path / "terms.tsv").write_text(f"mesh_id\tmesh_name\n{terms}", "utf-8")
    rows = "".join("\t".join(row) + "\n" for row in TREE)
    path = tmp_path / "tree-numbers.tsv"
    path.write_text(f"mesh_id\tmesh_name\tmesh_tree_number\n{rows}", "utf-8")
    symptoms = "mesh_id\tmesh_name\tin_hsdn\nD000013\tNamed a symptom\t1\n"
    (tmp_path / "symptoms.tsv").write_text(symptoms, "utf-8")
    return tmp_path


def test_the_branch_says_the_class(folder: Path) -> None:
    loader = MeshLoader(folder)
    classes = {c.curie.partition(":")[2]: c.category for c in loader.concepts()}
    assert classes == {
        "D000001": schema.DISEASE,
        "D000002": schema.DISEASE,
        "D000003": schema.PHENOTYPE,
        "D000004": schema.PHENOTYPE,
        "D000005": schema.DRUG,
        "D000006": schema.DRUG_CLASS,
        "D000007": schema.ANATOMY,
        "D000008": schema.ANATOMY,
        "D000009": schema.TEST,
        "D000010": schema.SPECIALTY,
        "D000013": schema.PHENOTYPE,
    }
    assert dict(loader.report.refused.counts) == {"a branch without a class": 2}


def test_the_tree_is_the_hierarchy_but_not_in_anatomy(folder: Path) -> None:
    loader = MeshLoader(folder)
    store = NetworkxStore(loader.concepts())
    assert store.add_edges(loader.edges()).total == 0
    assert {(e.subject, e.predicate, e.object) for e in store.edges()} == {
        ("MESH:D000002", schema.SUBCLASS_OF, "MESH:D000001"),
        ("MESH:D000004", schema.SUBCLASS_OF, "MESH:D000003"),
    }


def test_a_symptom_anywhere_is_a_symptom() -> None:
    assert mesh_class(["C16.1", "C23.888.1"]) == schema.PHENOTYPE
    assert mesh_class(["D12.776.1", "D27.505"]) == schema.DRUG_CLASS
    assert mesh_class(["D12.776.1"]) is None


@pytest.mark.parametrize(
    ("file", "row", "problem"),
    [
        ("terms.tsv", "X1\tname", "'X1' is no MeSH descriptor"),
        ("tree-numbers.tsv", "D000001\tname\tcardiology", "'cardiology' is no tree number"),
    ],
)
def test_a_wrong_row_is_named_with_its_line(
    folder: Path, file: str, row: str, problem: str
) -> None:
    path = folder / file
    lines = path.read_text("utf-8").splitlines()
    path.write_text("\n".join([*lines, row]) + "\n", "utf-8")
    with pytest.raises(SourceFormatError) as raised:
        list(MeshLoader(folder).concepts())
    assert raised.value.line == len(lines) + 1
    assert problem in str(raised.value)
