"""Windows of pieces, labels and spans."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kg.errors import InvalidRecordError, ModelUnavailableError
from nlp.gazetteer import Gazetteer, read_names, write_names
from nlp.token_scheme import TokenScheme
from nlp.token_windows import CharacterPieces, LabelKeeper, WindowMaker, collate
from nlp.training.examples import SpanExample, allowed_labels, without_overlaps

SCHEME = TokenScheme(
    ("disease", "drug"),
    ("drug",),
    ("one", "two"),
    pieces="characters",
    max_pieces=12,
    stride=4,
)


@pytest.fixture
def characters(tmp_path: Path) -> CharacterPieces:
    path = tmp_path / "characters.txt"
    path.write_text("\n".join(["[PAD]", "[BEGIN]", "[END]", "[UNKNOWN]", *"abcdefgh头痛药"]))
    return CharacterPieces(path)


texts = st.text(alphabet="abcx 头痛\n", min_size=1, max_size=60)


def test_pieces_are_folded_and_keep_their_offsets(characters: CharacterPieces) -> None:
    pieces = characters.pieces("Ａ 頭?")
    assert list(pieces.ids) == [4, 12, 3]
    assert list(pieces.offsets) == [(0, 1), (2, 3), (3, 4)]


@given(text=texts)
def test_windows_hold_every_word_once_it_is_kept(text: str) -> None:
    maker = WindowMaker(SCHEME, _maker(), Gazetteer({"drug": ["ab"]}))
    keeper = LabelKeeper(1)
    for window in maker.windows(0, text):
        assert len(window.pieces) <= SCHEME.max_pieces
        assert len(window.pieces) == len(window.features)
        keeper.add(window, np.zeros((len(window.pieces), 5), dtype=np.float32))
    kept = [(start, end) for (_, start, end), _ in keeper.words(0)]
    assert kept == [(i, i + 1) for i, c in enumerate(text) if not c.isspace()]


@given(text=texts, data=st.data())
def test_gold_labels_decode_to_the_gold_spans(text: str, data: st.DataObject) -> None:
    places = [i for i, c in enumerate(text) if not c.isspace()]
    ends = data.draw(st.lists(st.tuples(*[st.sampled_from(places or [0])] * 2), max_size=4))
    named = ((min(a, b), max(a, b) + 1, "drug") for a, b in ends if places)
    spans = without_overlaps(named)
    example = SpanExample("x", text, spans, frozenset({"drug", "disease"}), "one")
    words = [(k, i, i + 1) for k, i in enumerate(places)]
    allowed = allowed_labels(words, example, SCHEME)
    assert (allowed.sum(axis=1) == 1).all()
    assert SCHEME.decode(words, allowed.argmax(axis=1).tolist()) == list(spans)


def test_classes_that_were_not_annotated_stay_open() -> None:
    example = SpanExample("x", "ab cd", ((0, 2, "drug"),), frozenset({"drug"}), "one")
    allowed = allowed_labels([(0, 0, 2), (1, 3, 5)], example, SCHEME)
    names = [[SCHEME.labels[k] for k in np.flatnonzero(row)] for row in allowed]
    assert names == [["B-drug"], ["O", "B-disease", "I-disease"]]


def test_the_corpus_and_known_names_are_features() -> None:
    maker = WindowMaker(SCHEME, _maker(), Gazetteer({"drug": ["abc"]}))
    (window,) = maker.windows(0, "x abc", corpus="two")
    named = [SCHEME.features[k] for k in window.features]
    assert named == ["two", "none", "B-drug", "I-drug", "I-drug", "none"]


def test_windows_are_padded_to_the_longest() -> None:
    maker = WindowMaker(SCHEME, _maker(), None)
    windows = [*maker.windows(0, "ab"), *maker.windows(1, "abcd")]
    batch = collate(windows)
    assert batch["mask"].tolist() == [[1, 1, 1, 1, 0, 0], [1, 1, 1, 1, 1, 1]]


def test_names_survive_their_file(tmp_path: Path) -> None:
    path = tmp_path / "names.xz"
    write_names({"Disease": ["Asthma", "asthma"], "Chemical": ["aspirin", "x"]}, path)
    assert read_names(path) == {"Disease": ["asthma"], "Chemical": ["aspirin"]}
    assert Gazetteer.load(path).spans("No Asthma, asthmatic.") == [(3, 9, "Disease")]
    path.write_bytes(b"damaged")
    with pytest.raises(ModelUnavailableError, match=r"names\.xz"):
        read_names(path)


def test_an_example_with_overlapping_spans_is_refused() -> None:
    with pytest.raises(InvalidRecordError, match="example x"):
        SpanExample("x", "abc", ((0, 2, "drug"), (1, 3, "drug")), frozenset({"drug"}), "one")


def _maker() -> CharacterPieces:
    found = CharacterPieces.__new__(CharacterPieces)
    found._ids = {c: 4 + i for i, c in enumerate("abcdefgh")}
    found.first, found.last, found._unknown = 1, 2, 3
    return found


def test_chinese_names_are_found_inside_a_sentence_latin_ones_only_as_words() -> None:
    gazetteer = Gazetteer({"disease": ["痛风", "iga肾病", "风", "flu"]})
    text = "我痛风和iga肾病，fluid不是flu。influ"
    assert [text[s:e] for s, e, _ in gazetteer.spans(text)] == ["痛风", "iga肾病", "flu"]
