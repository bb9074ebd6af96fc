"""The registry: every data set is described, tested and fetchable as it says."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from kg.errors import UsageError
from loaders.registry import DataSet, data_set, data_sets
from loaders.source import GraphSource

every_data_set = pytest.mark.parametrize("found", data_sets(), ids=lambda d: d.name)


def test_names_are_unique_and_sorted() -> None:
    names = [found.name for found in data_sets()]
    assert names == sorted(set(names))
    assert data_set("hetionet").name == "hetionet"
    with pytest.raises(UsageError, match="no data set 'x'; known: ansm, "):
        data_set("x")


@every_data_set
def test_no_loader_lacks_a_test(found: DataSet) -> None:
    module = found.open_source.__module__.rpartition(".")[2]
    tests = list(Path(__file__).parent.glob(f"test_{module}*.py"))
    assert tests, f"write tests/loaders/test_{module}.py"
    assert module in tests[0].read_text("utf-8")


@every_data_set
def test_a_card_says_who_and_under_which_licence(found: DataSet) -> None:
    card = found.card
    assert card.title
    assert card.citation
    assert re.fullmatch(r"[A-Za-z0-9.+-]+", card.licence)
    assert urlsplit(card.url).netloc
    assert not card.doi or re.fullmatch(r"10\.\d{4,5}/\S+", card.doi)
    assert found.address == card.url


@every_data_set
def test_files_are_complete_records(found: DataSet) -> None:
    assert any(file.needed for file in found.files)
    for file in found.files:
        assert re.fullmatch(r"[0-9a-f]{64}|", file.sha256)
        assert bool(file.sha256) == bool(file.size)
        assert file.sha256 or file.note or not file.needed, "says why there is no checksum"
        assert file.address or file.note, "says where it is"
        if file.address:
            assert urlsplit(file.address).scheme in ("http", "https")
    assert found.fetchable == all(f.address for f in found.files if f.needed)


@every_data_set
def test_opening_a_data_set_reads_nothing(found: DataSet, tmp_path: Path) -> None:
    assert isinstance(found.open_source.__doc__, str)
    if found.name in ("disease-ontology", "disease-ontology-2015", "symptom-ontology"):
        (tmp_path / found.files[0].name).write_text("format-version: 1.2\n", "utf-8")
    assert isinstance(found.open_source(tmp_path), GraphSource)
