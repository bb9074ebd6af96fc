"""ONC's two lists of interactions."""

from __future__ import annotations

from pathlib import Path

import pytest

from kg.errors import SourceFormatError
from kg.networkx_store import NetworkxStore
from loaders.ddi_onc import OncLoader

HIGH = (
    "\ufeffSparfloxacin$DB01208$Erythromycin$DB00199$\nAmiodarone$DB01118$Escitalopram$DB01175$\n"
)
LOW = "Tolmetin$DB00500$Alprenolol$DB00866$\nEscitalopram$DB01175$Amiodarone$DB01118$\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "ONC_High_Priority_Mapped.csv").write_text(HIGH, "utf-8")
    (tmp_path / "ONC_Non_Interuptive_Mapped.csv").write_text(LOW, "utf-8")
    return tmp_path


def test_each_list_has_its_severity(folder: Path) -> None:
    loader = OncLoader(folder)
    store = NetworkxStore(loader.concepts())
    assert store.add_edges(loader.edges()).total == 0
    found = {(e.subject, e.object): dict(e.qualifiers) for e in store.edges()}
    assert found["DRUGBANK:DB00199", "DRUGBANK:DB01208"] == {
        "role": "high_priority",
        "severity": "major",
    }
    assert found["DRUGBANK:DB00500", "DRUGBANK:DB00866"]["severity"] == "minor"
    assert store.concept("DRUGBANK:DB01208").name() == "Sparfloxacin"
    both = store.neighbours("DRUGBANK:DB01118")
    assert len(both) == 1
    assert len(both[0].evidence) == 2, "a pair on both lists keeps what each says"


def test_either_list_is_enough(folder: Path) -> None:
    high = folder / "ONC_High_Priority_Mapped.csv"
    assert len(list(OncLoader(high).edges())) == 2
    high.unlink()
    assert len(list(OncLoader(folder).edges())) == 2
    (folder / "ONC_Non_Interuptive_Mapped.csv").unlink()
    with pytest.raises(SourceFormatError, match="holds neither"):
        list(OncLoader(folder).edges())


@pytest.mark.parametrize(
    "row", ["a$DB1$b$DB00002$", "a$DB00001$b$DB00002", "$DB00001$b$DB00002$", "a,DB00001,b,DB00002"]
)
def test_a_wrong_row_is_named_with_its_line(folder: Path, row: str) -> None:
    (folder / "ONC_High_Priority_Mapped.csv").write_text(f"{HIGH}{row}\n", "utf-8")
    with pytest.raises(SourceFormatError, match=r"Mapped\.csv:3: "):
        list(OncLoader(folder).concepts())
