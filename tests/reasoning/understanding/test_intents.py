"""The fallback classifier: what it sees, what it says, and where it keeps quiet."""

from __future__ import annotations

import math

import pytest

from reasoning.intents import NOTHING, features, load_intents
from reasoning.plan import Intent
from reasoning.rules import load_phrases
from reasoning.understanding import Understander


def test_names_are_seen_by_class_and_number_only() -> None:
    assert features("why <0:R>") == features("why <7:RC>")
    assert "#2" in features("<0:D> <1:S>")
    assert "有 哪 些" in features("<0:D>有哪些")


def test_probabilities_are_of_all_rules_and_sum_to_one() -> None:
    model = load_intents()
    shares = model.probabilities("predisposing factors <0:D>")
    assert math.isclose(sum(p for p, _ in shares), 1.0, abs_tol=1e-5)
    assert {rule for _, rule in shares} == set(model.rules)
    known = {rule.name for lang in ("en", "zh") for rule in load_phrases(lang).rules}
    assert set(model.rules) <= known | {NOTHING}


@pytest.mark.parametrize(
    ("question", "intent"),
    [
        ("why swallow metformin", Intent.INDICATIONS),
        ("asthma how would one notice", Intent.SYMPTOMS),
    ],
)
def test_a_question_no_phrase_matches_is_guessed(
    understand: Understander, question: str, intent: Intent
) -> None:
    got = understand(question)
    assert got.intent is intent
    assert got.rule.endswith(".guess")
    assert 0.5 < got.certainty < 1.0


@pytest.mark.parametrize("question", ["write a poem about asthma", "asthma table metformin chair"])
def test_what_no_plan_can_say_is_not_guessed(understand: Understander, question: str) -> None:
    assert understand(question).plan is None
