"""Whatever the model prefers, decoding stays within the grammar."""

from __future__ import annotations

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings

from bench.fake_models import (
    EarlyEndingModel,
    FakeModel,
    LeastPlausibleModel,
    NeverEndingModel,
    RandomModel,
)
from kg.errors import DecodingError, NoContinuationError
from reasoning.automaton import Automaton, State
from reasoning.decoding import decode, free_decode, rank
from reasoning.language_model import LanguageModel, Logits, Session
from reasoning.sentence_grammar import Literal, Sequence, Unordered, choice, sequence

names = st.lists(
    st.text('ab,. \n"{}头', min_size=1, max_size=6).filter(str.strip),
    min_size=1,
    max_size=12,
    unique=True,
)


def _sentence(found: list[str]) -> Sequence:
    drugs = Unordered(tuple(Literal(n, (n,)) for n in found), last=" and ", between="; ")
    return sequence(choice("Drugs: ", "Given are "), drugs, choice(".", " today."))


def _model(kind: int, seed: int) -> LanguageModel:
    return (
        RandomModel(seed),
        EarlyEndingModel(seed),
        NeverEndingModel(seed),
        LeastPlausibleModel(RandomModel(seed)),
    )[kind]


class WatchedAutomaton(Automaton):
    """Fails where a token is taken that was masked."""

    def step(self, state: State, token: int) -> State:
        assert token in self.tokens(state).tolist()
        return super().step(state, token)


@settings(max_examples=300, deadline=None)
@given(names, st.integers(0, 3), st.integers(0, 1000))
def test_a_masked_token_is_never_sampled(found: list[str], kind: int, seed: int) -> None:
    model = _model(kind, seed)
    automaton = WatchedAutomaton(_sentence(found), model)
    said = decode(model.start(model.encode("prompt")), automaton)
    assert said.text == model.decode(said.tokens)
    assert len(set(said.claims)) == len(said.claims) >= 1
    frame = f"{'Drugs: ' if said.text.startswith('Drugs: ') else 'Given are '}"
    ending = " today." if said.text.endswith(" today.") else "."
    *most, last = map(str, said.claims)
    expected = " and ".join(["; ".join(most), last]) if most else last
    assert said.text == frame + expected + ending


@settings(max_examples=150, deadline=None)
@given(names, st.integers(0, 3), st.integers(0, 1000))
def test_jumping_forward_says_the_same(found: list[str], kind: int, seed: int) -> None:
    model = _model(kind, seed)
    grammar = _sentence(found)
    jumped = decode(model.start([1]), Automaton(grammar, model))
    stepped = decode(model.start([1]), Automaton(grammar, model), jump=False)
    assert (jumped.text, jumped.claims, jumped.tokens) == (
        stepped.text,
        stepped.claims,
        stepped.tokens,
    )
    assert jumped.forwards <= stepped.forwards


def test_a_run_of_forced_tokens_costs_one_pass() -> None:
    model = RandomModel(3)
    session = model.start([1])
    grammar = sequence("Drugs are given: ", choice("xy", "zw"), " every single day.")
    said = decode(session, Automaton(grammar, model))
    assert said.forwards == 1  # the run before the choice; nothing is asked after it
    assert session.passes[1] == model.encode("Drugs are given:") + model.encode(" ")


def test_a_text_without_choice_needs_no_model() -> None:
    model = RandomModel(0)
    session = model.start([1])
    said = decode(session, Automaton(Literal("Only this.", ("c",)), model))
    assert (said.text, said.claims, said.forwards) == ("Only this.", ("c",), 0)
    assert session.length == 1


def test_feeding_all_leaves_the_session_after_the_text() -> None:
    model = RandomModel(0)
    session = model.start([1])
    said = decode(session, Automaton(sequence("A ", choice("b", "c"), "."), model), feed_all=True)
    assert session.tokens == [1, *said.tokens]


def test_the_model_may_stop_where_the_text_may() -> None:
    grammar = Unordered((Literal("pain"), Literal("fever"), Literal("rash")))
    short = decode(EarlyEndingModel(0).start([1]), Automaton(grammar, EarlyEndingModel(0)))
    long = decode(NeverEndingModel(0).start([1]), Automaton(grammar, NeverEndingModel(0)))
    assert short.text.count(",") == 0
    assert long.text.count(",") == 2


class BrokenModel(FakeModel):
    """Its logits are not numbers."""

    def logits_after(self, tokens: object) -> Logits:
        return np.full(self.vocabulary_size, np.nan, dtype=np.float32)


def test_logits_that_are_not_numbers_widen_nothing() -> None:
    model = BrokenModel()
    said = decode(model.start([1]), Automaton(sequence(choice("a", "b"), "."), model))
    assert said.text in ("a.", "b.")


def test_half_a_text_is_never_returned() -> None:
    model = NeverEndingModel(0)
    with pytest.raises(DecodingError, match="max_tokens=3"):
        decode(model.start([1]), Automaton(Literal("much too long"), model), max_tokens=3)


class DeadAutomaton(Automaton):
    """Claims that nothing is allowed."""

    def tokens(self, state: State) -> np.ndarray[tuple[int, ...], np.dtype[np.int64]]:
        return np.array([], dtype=np.int64)


def test_no_continuation_stops_decoding() -> None:
    model = RandomModel(0)
    with pytest.raises(NoContinuationError, match="decoding stops"):
        decode(model.start([1]), DeadAutomaton(Literal("pain"), model))


def test_free_decoding_stops_at_the_end_token() -> None:
    model = EarlyEndingModel(0)
    assert free_decode(model, model.start([1])).tokens == ()
    endless = NeverEndingModel(0)
    assert len(free_decode(endless, endless.start([1]), max_tokens=5).tokens) == 5


class CountingModel(FakeModel):
    """Likes the letter it was made with; after its prompt token 9, the letter ``b``."""

    def logits_after(self, tokens: list[int]) -> Logits:  # type: ignore[override]
        logits = np.zeros(self.vocabulary_size, dtype=np.float32)
        logits[self.encode("a")[0]] = 3.0
        if tokens[0] == 9:
            logits[self.encode("b")[0]] = 2.0
        return logits


def test_ranking_prefers_what_the_prompt_adds() -> None:
    model = CountingModel()
    asked, background = model.start([9]), model.start([8])
    assert [found.text for found in rank(model, asked, ["c", "b", "a"])] == ["a", "b", "c"]
    against = rank(model, asked, ["c", "b", "a"], background=background)
    assert against[0].text == "b"
    assert against[0].index == 1


def test_ranking_is_by_mean_and_keeps_ties_in_order() -> None:
    model = CountingModel()
    assert [r.text for r in rank(model, model.start([8]), ["aaaa", "aa", "a"])] == [
        "aaaa",
        "aa",
        "a",
    ]
    assert rank(model, model.start([8]), []) == ()
    with pytest.raises(DecodingError, match="empty candidate"):
        rank(model, model.start([8]), ["a", ""])


def test_the_fakes_fill_the_protocols() -> None:
    for kind in range(4):
        model = _model(kind, 0)
        assert isinstance(model, LanguageModel)
        session = model.start([1])
        assert isinstance(session, Session)
        other = session.fork()
        other.advance([5])
        assert (session.length, other.length) == (1, 2)
        first, second = session.score([[5], [5, 6]])
        assert abs(first) < abs(second)
        assert session.score([[]]) == [0.0]
