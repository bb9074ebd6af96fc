from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlp.context import Context
from nlp.records import Assertion
from nlp.sentences import sentences

SET = Path(__file__).parent / "context_sentences.jsonl"


@pytest.fixture(scope="module")
def contexts() -> dict[str, Context]:
    return {language: Context.load(language) for language in ("en", "zh")}


def _rows() -> list[dict[str, object]]:
    return [json.loads(line) for line in SET.read_text(encoding="utf-8").splitlines()]


def _found(context: Context, text: str, spans: list[tuple[int, int]]) -> list[Assertion]:
    found = []
    for start, end in sentences(text):
        inside = [s for s in spans if start <= s[0] and s[1] <= end]
        found.extend(context.assertions(text, (start, end), inside))
    return found


def test_the_set_is_large_and_sound() -> None:
    rows = _rows()
    assert len(rows) >= 300
    assert len({row["id"] for row in rows}) == len({row["text"] for row in rows}) == len(rows)
    for row in rows:
        for start, end, assertion in row["mentions"]:  # type: ignore[attr-defined]
            assert 0 <= start < end <= len(str(row["text"]))
            assert assertion in set(Assertion)


@pytest.mark.parametrize(
    ("language", "assertion", "least"),
    [
        ("en", "negated", 0.96),
        ("en", "uncertain", 0.95),
        ("en", "historical", 0.85),
        ("en", "family", 0.95),
        ("en", "hypothetical", 0.85),
        ("zh", "negated", 0.95),
        ("zh", "uncertain", 0.9),
        ("zh", "historical", 0.95),
        ("zh", "family", 0.9),
        ("zh", "hypothetical", 0.95),
    ],
)
def test_assertions_over_the_set(
    contexts: dict[str, Context], language: str, assertion: str, least: float
) -> None:
    counts: Counter[str] = Counter()
    for row in _rows():
        if row["language"] != language:
            continue
        mentions: list[list[object]] = row["mentions"]  # type: ignore[assignment]
        spans = [(int(str(a)), int(str(b))) for a, b, _ in mentions]
        found = _found(contexts[language], str(row["text"]), spans)
        for (_, _, gold), got in zip(mentions, found, strict=True):
            counts["gold"] += gold == assertion
            counts["got"] += got == assertion
            counts["both"] += gold == got == assertion
    assert 2 * counts["both"] / (counts["gold"] + counts["got"]) >= least


@pytest.mark.parametrize(
    ("language", "text", "word", "expected"),
    [
        ("en", "There was no change in asthma.", "asthma", "asserted"),
        ("en", "Not only asthma but also gout.", "asthma", "asserted"),
        ("en", "No asthma but gout.", "gout", "asserted"),
        ("en", "Gout was not seen in 2019.", "Gout", "negated"),
        ("en", "She has not experienced palpitations.", "palpitations", "negated"),
        ("en", "None of the patients developed rash.", "rash", "negated"),
        ("en", "No patient had rash; two had gout.", "gout", "asserted"),
        ("en", "Edema: none.", "Edema", "negated"),
        ("en", "The compound was devoid of cardiotoxicity.", "cardiotoxicity", "negated"),
        ("en", "The drug failed to produce seizures.", "seizures", "negated"),
        ("en", "Non-diabetic patients had less neuropathy.", "neuropathy", "asserted"),
        ("en", "No difference in mortality was found.", "mortality", "asserted"),
        ("en", "No fever on admission, had cough.", "cough", "asserted"),
        ("en", "A normal film does not rule out pneumonia.", "pneumonia", "uncertain"),
        ("en", "It is unlikely that he has lymphoma.", "lymphoma", "uncertain"),
        ("en", "She has diabetes and possible neuropathy.", "diabetes", "asserted"),
        ("en", "She has diabetes and possible neuropathy.", "neuropathy", "uncertain"),
        ("en", "There is suspected cholangitis.", "cholangitis", "uncertain"),
        ("en", "The cause is most likely ischemia.", "ischemia", "uncertain"),
        ("en", "Gout is the most likely diagnosis.", "Gout", "uncertain"),
        ("en", "Cancer could not be completely excluded.", "Cancer", "uncertain"),
        ("en", "Family history: gout.", "gout", "family"),
        ("zh", "否認高血壓、痛風。", "痛風", "negated"),
        ("zh", "不明原因发热。", "发热", "asserted"),
        ("zh", "无发热，咳嗽明显。", "咳嗽", "asserted"),
    ],
)
def test_scopes(
    contexts: dict[str, Context], language: str, text: str, word: str, expected: str
) -> None:
    start = text.index(word)
    (found,) = contexts[language].assertions(text, (0, len(text)), [(start, start + len(word))])
    assert found == expected


@given(text=st.text(max_size=60), data=st.data())
def test_any_text_has_an_assertion(
    contexts: dict[str, Context], text: str, data: st.DataObject
) -> None:
    if not text:
        return
    start = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(start + 1, len(text)))
    for context in contexts.values():
        assert len(context.assertions(text, (0, len(text)), [(start, end)])) == 1
