"""The emergency gate: descriptions of danger raise it, questions of knowledge do not."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from reasoning.emergency import emergency

CASES = [
    json.loads(line)
    for line in (Path(__file__).parents[1] / "red_flags.jsonl").read_text("utf-8").splitlines()
]
DANGER = [c for c in CASES if c["flag"] is not None]
KNOWLEDGE = [c["question"] for c in CASES if c["flag"] is None]


@pytest.mark.parametrize("case", DANGER, ids=[c["question"] for c in DANGER])
def test_danger_raises_the_gate(case: dict[str, str]) -> None:
    question = case["question"]
    raised = emergency(question)
    assert raised is not None
    assert question[raised.start : raised.end] == raised.text
    assert "120" in raised.message
    if case["flag"] != "any":
        assert raised.id == case["flag"]


@pytest.mark.parametrize("question", KNOWLEDGE)
def test_knowledge_does_not(question: str) -> None:
    assert emergency(question) is None


def test_shares() -> None:
    missed = [c["question"] for c in DANGER if emergency(c["question"]) is None]
    assert len(DANGER) >= 200
    assert len(KNOWLEDGE) >= 180
    false_alarms = [q for q in KNOWLEDGE if emergency(q) is not None]
    assert len(missed) <= 0.01 * len(DANGER), missed
    assert len(false_alarms) <= 0.02 * len(KNOWLEDGE), false_alarms


def test_the_message_is_in_the_language_asked_for() -> None:
    english = emergency("I can't breathe")
    chinese = emergency("I can't breathe", "zh")
    assert english is not None
    assert chinese is not None
    assert english.language == "en"
    assert chinese.language == "zh"
    assert "拨打120" in chinese.message


def test_offsets_hold_behind_characters_that_change_when_lowered() -> None:
    question = "İİİ My throat is closing up after peanuts"
    raised = emergency(question)
    assert raised is not None
    assert question[raised.start : raised.end] == raised.text
    assert "throat" in raised.text


@pytest.mark.parametrize("question", ["", " ", "?", "\x00", "😀", "a" * 100_000, "chest " * 20_000])
def test_anything_may_be_asked(question: str) -> None:
    assert emergency(question) is None
