"""Several hundred questions in both languages over the compact graph."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from kg.networkx_store import NetworkxStore
from reasoning.joining import anchored
from reasoning.plan import CheckPlan, FindPlan
from reasoning.retrieval import execute
from reasoning.understanding import Understander

FOLDER = Path(__file__).parents[1]


def _questions() -> list[Any]:
    cases = []
    for language in ("en", "zh"):
        lines = (FOLDER / f"questions_{language}.jsonl").read_text("utf-8").splitlines()
        for number, line in enumerate(lines, 1):
            case = json.loads(line) | {"language": language}
            cases.append(pytest.param(case, id=f"{language}-{number}"))
    return cases


@pytest.mark.parametrize("case", _questions())
def test_question(
    case: dict[str, Any],
    understand: Understander,
    medicine: NetworkxStore,
    named: Callable[[str], str],
) -> None:
    question = case["question"]
    got = understand(question)
    shown = f"{question!r} → {got}"
    if case["intent"] is not None:
        assert got.intent == case["intent"], shown
    for concept in got.concepts:
        assert question[concept.start : concept.end] == concept.text
    if case["outcome"] in ("unknown_name", "ambiguous", "out_of_scope"):
        assert got.plan is None, shown
        assert got.outcome == case["outcome"], shown
        assert got.explanation
        if "reason" in case:
            assert got.reason == case["reason"], shown
        if "unknown" in case:
            assert [u.text for u in got.unknown] == [case["unknown"]], shown
        return
    assert got.plan is not None, shown
    assert got.language == case["language"]
    assert {named(a) for a in anchored(got.plan)} == set(case["anchors"]), shown
    found = execute(got.plan, medicine)
    assert found.outcome == case["outcome"], f"{shown} → {found}"
    assert found.via_subclass == case.get("via", found.via_subclass), f"{shown} → {found}"
    if "finds" in case:
        assert {named(m.concept) for m in found.matches} == set(case["finds"]), shown
    if isinstance(got.plan, FindPlan):
        assert got.plan.count == case.get("count", False), shown
    if isinstance(got.plan, CheckPlan) and got.intent == "check":
        assert got.plan.polarity == case.get("polarity", "positive"), shown


def test_there_are_enough_questions() -> None:
    cases = [param.values[0] for param in _questions()]
    assert sum(c["language"] == "en" for c in cases) >= 150
    assert sum(c["language"] == "zh" for c in cases) >= 100
    assert len({c["question"] for c in cases}) == len(cases)
