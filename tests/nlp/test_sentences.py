from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlp.sentences import sentences


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("One. Two.", ["One.", "Two."]),
        ("It fell to 3.5 mg. It rose.", ["It fell to 3.5 mg.", "It rose."]),
        ("Smith et al. Found it.", ["Smith et al. Found it."]),
        ("E. coli and S. aureus grew. None did.", ["E. coli and S. aureus grew.", "None did."]),
        ("Lack of vitamin C. The end.", ["Lack of vitamin C.", "The end."]),
        ("Given b.i.d. to all. Well?", ["Given b.i.d. to all.", "Well?"]),
        ("METHODS: We asked. RESULTS: None.", ["METHODS: We asked.", "RESULTS: None."]),
        ("PMH\n- asthma\n- gout", ["PMH", "- asthma", "- gout"]),
        ("无发热。咳嗽！好转？是；否", ["无发热。", "咳嗽！", "好转？", "是；", "否"]),
        ("(It ended.) It began.", ["(It ended.)", "It began."]),
        ("", []),
        (" \n ", []),
    ],
)
def test_splits(text: str, expected: list[str]) -> None:
    assert [text[a:b] for a, b in sentences(text)] == expected


def test_a_wrapped_line_is_one_sentence() -> None:
    text = "The patient was given the drug for the whole of the month and\nthen stopped taking it."
    assert len(sentences(text)) == 1


def test_a_title_is_a_sentence_of_its_own() -> None:
    text = "Aspirin for headache in adults who also take many other medicines daily\nit is common."
    title = text.index("\n")
    assert sentences(text, breaks=[title])[0] == (0, title)


@given(st.text())
def test_sentences_hold_everything_but_white_space(text: str) -> None:
    spans = sentences(text)
    rest = list(text)
    at = 0
    for start, end in spans:
        assert at <= start < end
        assert text[start:end] == text[start:end].strip()
        rest[start:end] = [" "] * (end - start)
        at = end
    assert not "".join(rest).strip()
