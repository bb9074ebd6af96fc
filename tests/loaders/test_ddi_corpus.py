from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from kg.errors import SourceFormatError
from loaders.ddi_corpus import FOLDERS, TYPES, ddi_sentences

XML = """<?xml version="1.0"?>
<document id="d1">
 <sentence id="d1.s0" text="Aspirin raises warfarin, not insulin.">
  <entity id="e0" charOffset="0-6" type="drug" text="Aspirin"/>
  <entity id="e1" charOffset="15-22" type="drug" text="warfarin"/>
  <entity id="e2" charOffset="29-35" type="drug" text="insulin"/>
  <pair id="p0" e1="e0" e2="e1" ddi="true" type="effect"/>
  <pair id="p1" e1="e0" e2="e2" ddi="false"/>
 </sentence>
 <sentence id="d1.s1" text="Aspirin alone.">
  <entity id="e3" charOffset="0-6" type="drug" text="Aspirin"/>
 </sentence>
</document>
"""


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    path = tmp_path / "ddi.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(FOLDERS["train"] + "DrugBank/d1.xml", XML)
        archive.writestr(FOLDERS["train"] + "DrugBank/.DS_Store", "x")
    return path


def test_pairs_of_a_sentence_with_their_types(corpus: Path) -> None:
    (example,) = ddi_sentences(corpus, "train")
    document = example.document
    names = [document.text[slice(*e.spans[0])] for e in document.entities]
    assert names == ["Aspirin", "warfarin", "insulin"]
    assert {pair: 1 in row for pair, row in example.labels.items()} == {
        (0, 1): True,
        (0, 2): False,
        (1, 2): False,
    }
    assert example.of("effect")[0, 1]
    assert example.names == TYPES


def test_a_part_that_is_absent_is_an_error(corpus: Path) -> None:
    with pytest.raises(SourceFormatError, match="no files below"):
        list(ddi_sentences(corpus, "test"))
