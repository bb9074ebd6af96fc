"""PharmacotherapyDB: its NOT rows deny."""

from __future__ import annotations

from pathlib import Path

import pytest

from kg.errors import SourceFormatError
from kg.networkx_store import NetworkxStore
from kg.records import Polarity, Triple
from kg.schema import TREATS
from loaders.pharmacotherapydb import PharmacotherapyDbLoader

HEADER = "doid_id\tdrugbank_id\tdisease\tdrug\tcategory\tn_curators\tn_resources\n"
ROWS = (
    "DOID:10652\tDB00843\tAlzheimer's disease\tDonepezil\tDM\t2\t1\n"
    "DOID:10652\tDB00502\tAlzheimer's disease\tHaloperidol\tSYM\t2\t1\n"
    "DOID:10652\tDB00715\tAlzheimer's disease\tParoxetine\tNOT\t2\t1\n"
)


def write(folder: Path, rows: str) -> PharmacotherapyDbLoader:
    (folder / "indications.tsv").write_text(HEADER + rows, "utf-8")
    return PharmacotherapyDbLoader(folder)


def test_each_category_becomes_what_it_says(tmp_path: Path) -> None:
    loader = write(tmp_path, ROWS)
    store = NetworkxStore(loader.concepts())
    assert store.add_edges(loader.edges()).total == 0
    found = {e.subject: (e.polarity, e.qualifiers) for e in store.edges()}
    assert found == {
        "DRUGBANK:DB00843": (Polarity.POSITIVE, (("role", "disease_modifying"),)),
        "DRUGBANK:DB00502": (Polarity.POSITIVE, (("role", "symptomatic"),)),
        "DRUGBANK:DB00715": (Polarity.NEGATIVE, ()),
    }
    denied = store.edge(Triple("DRUGBANK:DB00715", TREATS, "DOID:10652"), Polarity.NEGATIVE)
    assert denied is not None
    assert denied.evidence[0].record == "DOID:10652|DB00715"
    assert [c.curie for c in loader.concepts()].count("DOID:10652") == 1


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ("DOID:1\tDB00001\ta\tb\tMAYBE\t1\t1", "category 'MAYBE'"),
        ("DOID:x\tDB00001\ta\tb\tDM\t1\t1", "'DOID:x' is no Disease Ontology id"),
        ("DOID:1\t1234\ta\tb\tDM\t1\t1", "'1234' is no DrugBank id"),
    ],
)
def test_a_wrong_row_is_named_with_its_line(tmp_path: Path, row: str, problem: str) -> None:
    loader = write(tmp_path, f"{ROWS}{row}\n")
    with pytest.raises(SourceFormatError, match=r"indications\.tsv:5: ") as raised:
        list(loader.edges())
    assert problem in str(raised.value)
