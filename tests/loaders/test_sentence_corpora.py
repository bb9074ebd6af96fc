"""The ADE and BioText corpora: pairs and relations of a sentence."""

from __future__ import annotations

from pathlib import Path

import pytest

from kg.errors import SourceFormatError
from loaders.ade_corpus import ade_sentences
from loaders.biotext import TYPES, biotext_sentences

ADE = (
    "1|Rash after aspirin, and rash with lithium.|rash|124|128|lithium|134|141\n"
    "1|Rash after aspirin, and rash with lithium.|Rash|100|104|aspirin|111|118\n"
    "2|Tremor with lithium.|Tremor|0|6|lithium|12|19\n"
)


@pytest.fixture
def ade(tmp_path: Path) -> Path:
    path = tmp_path / "DRUG-AE.rel"
    path.write_text(ADE, encoding="utf-8")
    return path


def test_effects_and_drugs_stand_where_the_document_has_them(ade: Path) -> None:
    (sentence,) = ade_sentences(ade, "test")  # the first of five documents
    assert sentence.document == "1"
    assert sentence.pairs == (((34, 41), (24, 28)), ((11, 18), (0, 4)))
    (other,) = ade_sentences(ade, "train")
    assert other.document == "2"


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("1|Rash.|Rash|0|4", "5 columns"),
        ("1|Rash.|Rash|0|4|lithium|6|13", "not in the sentence"),
        ("1|Rash after lithium.|Rash|x|4|lithium|6|13", "offset 'x'"),
    ],
)
def test_a_broken_line_is_named(line: str, problem: str, tmp_path: Path) -> None:
    path = tmp_path / "a.rel"
    path.write_text(ADE + line + "\n", encoding="utf-8")
    with pytest.raises(SourceFormatError, match=rf"a\.rel:4: .*{problem}"):
        ade_sentences(path, "train")


BIOTEXT = (
    "<TREAT> Aspirin </TREAT> for <DIS> caf\xe9 pain </DIS> and <DISONLY> gout </DISONLY> ."
    "||TREAT_FOR_DIS\n"
    "Nothing here .||NONE\n"
    "<DIS_SIDE_EFF> Rash </DIS_SIDE_EFF> of </TREATONLY> <TREAT_SIDE_EFF> gold "
    "</TREAT_SIDE_EFF>||SIDE_EFF\n"
    "<TREAT_VAG> Rest </TREAT_VAG> in <DIS_VAG> flu </DIS_VAG>||VAGUE\n"
)


def test_marks_become_spans_and_the_relation_labels(tmp_path: Path) -> None:
    path = tmp_path / "s.txt"
    path.write_text(BIOTEXT, encoding="latin-1")
    assert list(biotext_sentences(path, "train")) == []
    first, second, third = biotext_sentences(path, "test")
    text = first.document.text
    assert [text[slice(*e.spans[0])] for e in first.document.entities] == [
        "Aspirin",
        "caf\xe9 pain",
        "gout",
    ]
    assert "<" not in text
    assert [[TYPES[i] for i, yes in enumerate(row) if yes] for row in first.labels.values()] == [
        ["treats"],
        ["treats"],
    ]
    assert second.of("side effect") == {(1, 0): True}
    assert not any(any(row) for row in third.labels.values())


def test_a_line_without_relation_is_named(tmp_path: Path) -> None:
    path = tmp_path / "s.txt"
    path.write_text("No bar\n", encoding="latin-1")
    with pytest.raises(SourceFormatError, match=r"s\.txt:1: no relation"):
        list(biotext_sentences(path, "test"))
