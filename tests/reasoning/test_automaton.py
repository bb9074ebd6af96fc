"""The automaton allows exactly the texts of the grammar, for any tokenizer without loss."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from bench.fake_models import RandomModel, ToyTokenizer
from kg.errors import AmbiguousGrammarError, DecodingError, NoContinuationError
from reasoning.automaton import Automaton, State
from reasoning.sentence_grammar import (
    Choice,
    Grammar,
    Literal,
    Unordered,
    check,
    choice,
    distinct_items,
    optional,
    readings,
    sequence,
)
from reasoning.sentence_grammar import Sequence as Parts

NAMES = (
    *("diabetes", "diabetes mellitus", "diabetes mellitus type 2", "pain", "pain and aspirin"),
    *("aspirin", "a", "an", "and", "头痛", "头", 'ignore the graph "}', "line\nbreak", "  two  "),
)
texts = st.sampled_from((*NAMES, "", " ", ", ", " and ", ". ", " treats ", "\n")) | st.text(
    "a bn.,\n头", max_size=4
)
claims = st.lists(st.integers(0, 9), max_size=1).map(tuple)
literals = st.builds(Literal, texts, claims)


def _lists(items: st.SearchStrategy[Grammar]) -> st.SearchStrategy[Unordered]:
    return st.builds(
        Unordered,
        st.lists(items, min_size=1, max_size=3).map(tuple),
        st.integers(0, 2),
        st.none() | st.integers(1, 3),
        st.sampled_from((", ", "、", " and ")),
        st.none() | st.sampled_from((" and ", ", ", " or ")),
        claims,
    )


grammars = st.recursive(
    literals,
    lambda inner: (
        st.builds(Choice, st.lists(inner, min_size=1, max_size=3).map(tuple), claims)
        | st.builds(Parts, st.lists(inner, max_size=3).map(tuple), claims)
        | _lists(inner)
    ),
    max_leaves=7,
).filter(lambda grammar: _is_sound(grammar) and _is_small(grammar))


def _is_sound(grammar: Grammar) -> bool:
    try:
        check(grammar)
    except NoContinuationError:
        return False
    return True


def _is_small(grammar: Grammar) -> bool:
    return _count(grammar) <= 400


def _count(grammar: Grammar) -> int:
    """An upper bound of the number of readings, without making them."""
    match grammar:
        case Literal():
            return 1
        case Choice():
            return sum(map(_count, grammar.options))
        case Parts():
            product = 1
            for part in grammar.parts:
                product *= _count(part)
            return product
    product = 16
    for item in grammar.items:
        product *= _count(item)
    return product


def texts_of(automaton: Automaton) -> Iterator[tuple[str, tuple[int, ...], tuple[object, ...]]]:
    """Every text the automaton allows, with its tokens and claims."""
    waiting: list[tuple[State, tuple[int, ...]]] = [(automaton.start, ())]
    while waiting:
        state, tokens = waiting.pop()
        if automaton.is_final(state):
            reading = automaton.reading(state)
            yield reading.text, tokens, reading.claims
        waiting.extend(
            (automaton.step(state, token), (*tokens, token))
            for token in automaton.tokens(state).tolist()
        )


@settings(max_examples=300, deadline=None)
@given(grammars)
def test_the_automaton_allows_the_texts_of_the_grammar_and_no_other(grammar: Grammar) -> None:
    model = RandomModel(0)
    expected: dict[str, set[tuple[object, ...]]] = {}
    for text, stated in readings(grammar):
        expected.setdefault(text, set()).add(stated)
    found = set()
    for text, tokens, stated in texts_of(Automaton(grammar, model)):
        assert text in expected
        assert stated in expected[text]
        assert model.decode(tokens) == text
        found.add(text)
    assert found == set(expected)


@settings(max_examples=150, deadline=None)
@given(grammars)
def test_every_state_goes_on_or_ends(grammar: Grammar) -> None:
    automaton = Automaton(grammar, RandomModel(0))
    waiting = [automaton.start]
    while waiting:
        state = waiting.pop()
        allowed = automaton.tokens(state)
        assert len(allowed) or automaton.is_final(state)
        assert automaton.end_token not in allowed
        waiting.extend(automaton.step(state, token) for token in allowed.tolist())


def test_a_token_that_is_not_allowed_raises() -> None:
    automaton = Automaton(Literal("pain"), RandomModel(0))
    for token in set(range(ToyTokenizer().vocabulary_size)) - set(
        automaton.tokens(automaton.start).tolist()
    ):
        with pytest.raises(NoContinuationError, match=f"token {token} "):
            automaton.step(automaton.start, token)


def test_a_name_that_begins_another_ends_by_what_follows_it() -> None:
    names = choice(Literal("diabetes", ("short",)), Literal("diabetes mellitus", ("long",)))
    found = {
        text: stated
        for text, _, stated in texts_of(Automaton(sequence("He has ", names, "."), RandomModel(0)))
    }
    assert found == {"He has diabetes.": ("short",), "He has diabetes mellitus.": ("long",)}


def test_a_name_that_begins_another_may_end_the_text() -> None:
    automaton = Automaton(choice("diabetes", "diabetes mellitus"), RandomModel(0))
    assert {text for text, _, _ in texts_of(automaton)} == {"diabetes", "diabetes mellitus"}
    state = automaton.start
    while not automaton.is_final(state):
        state = automaton.step(state, int(automaton.tokens(state)[0]))
    assert len(automaton.tokens(state)) == 1  # final, yet not forced: the model may stop here
    assert automaton.forced(state) == []


def test_forced_tokens_are_found() -> None:
    model = RandomModel(0)
    automaton = Automaton(sequence("pain ", choice("aspirin", "mellitus")), model)
    assert automaton.forced(automaton.start) == model.encode("pain")
    assert automaton.forced(Automaton(Literal("pain"), model).start) == model.encode("pain")


def test_a_list_names_nothing_twice() -> None:
    drugs = Unordered(tuple(Literal(name, (name,)) for name in "abcd"), last=" and ")
    for text, _, stated in texts_of(Automaton(drugs, RandomModel(0))):
        assert len(set(stated)) == len(stated)
        assert text.replace(" and ", ", ").split(", ") == list(stated)


def test_a_list_within_a_list_is_not_repeated_either() -> None:
    inner = Unordered((Literal("a", (1,)), Literal("b", (2,))), between="-")
    outer = Unordered((inner, Literal("c", (3,))), between="+")
    for _, _, stated in texts_of(Automaton(outer, RandomModel(0))):
        assert len(set(stated)) == len(stated)


def test_items_that_read_the_same_count_once() -> None:
    same = Unordered((Literal("pain", (1,)), Literal("pain", (2,)), Literal("fever", (3,))))
    assert len(distinct_items(same)) == 2
    found = {text: stated for text, _, stated in texts_of(Automaton(same, RandomModel(0)))}
    assert found["pain"] == (1,)
    assert set(found) == {"pain", "fever", "pain, fever", "fever, pain"}


def test_options_that_read_the_same_state_the_first_ones_claims() -> None:
    grammar = sequence(choice(Literal("pain", (1,)), Literal("pain", (2,))), ".")
    assert [stated for _, _, stated in texts_of(Automaton(grammar, RandomModel(0)))] == [(1,)]


@pytest.mark.parametrize(
    ("grammar", "place"),
    [
        (Choice(()), "grammar"),
        (sequence("Drugs: ", Choice(()), "."), r"grammar\.parts\[1\]"),
        (Unordered(()), "grammar"),
        (Unordered((Literal("a"), Literal("a")), at_least=2), "grammar"),
        (Unordered((Literal("a"),), at_least=1, at_most=0), "grammar"),
        (Unordered((optional("a"),)), r"grammar\.items\[0\]"),
        (Unordered((Literal(" \n"),)), r"grammar\.items\[0\]"),
    ],
)
def test_a_grammar_that_can_say_nothing_somewhere_raises(grammar: Grammar, place: str) -> None:
    with pytest.raises(NoContinuationError, match=place):
        Automaton(grammar, RandomModel(0))


@pytest.mark.parametrize("name", ['"', "{}", "]]>", "a\nb", "\n", "ignore the graph", "<|im_end|>"])
def test_a_hostile_name_is_just_its_text(name: str) -> None:
    grammar = sequence("He has ", Choice((Literal(name, (1,)), Literal("pain", (2,)))), ".")
    found = {text for text, _, _ in texts_of(Automaton(grammar, RandomModel(0)))}
    assert found == {f"He has {name}.", "He has pain."}


class FoldingTokenizer(ToyTokenizer):
    """Loses the case of letters."""

    def encode_many(self, texts: Sequence[str]) -> list[list[int]]:
        return super().encode_many([text.lower() for text in texts])


class DroppingTokenizer(ToyTokenizer):
    """Has no tokens for Chinese."""

    def encode_many(self, texts: Sequence[str]) -> list[list[int]]:
        return super().encode_many([text.replace("头", "") for text in texts])


def test_two_texts_with_the_same_tokens_raise(monkeypatch: pytest.MonkeyPatch) -> None:
    model = RandomModel(0, FoldingTokenizer())
    with pytest.raises(DecodingError, match="cannot write 'RBC'"):
        Automaton(choice("rbc", "RBC"), model)
    monkeypatch.setattr(Automaton, "_check_written", lambda *_: None)
    with pytest.raises(AmbiguousGrammarError, match="'rbc' and 'RBC' have the same"):
        Automaton(choice("rbc", "RBC"), model)


@pytest.mark.parametrize("name", ["头", "头痛", "a头"])
def test_text_the_model_cannot_write_raises(name: str) -> None:
    with pytest.raises(DecodingError, match=f"cannot write '{name}'"):
        Automaton(choice("pain", name), RandomModel(0, DroppingTokenizer()))


def test_an_unfinished_text_has_no_reading() -> None:
    automaton = Automaton(Literal("pain"), RandomModel(0))
    with pytest.raises(DecodingError, match="does not end a text"):
        automaton.reading(automaton.start)


def test_blanks_go_to_the_front_of_what_follows() -> None:
    """The tokens of a name are the same after every frame, as a whole text would have them."""
    model = RandomModel(0)
    for grammar in (sequence("x ", choice("aspirin")), sequence("x", choice(" aspirin"))):
        [(text, tokens, _)] = texts_of(Automaton(grammar, model))
        assert text == "x aspirin"
        assert list(tokens) == model.encode("x aspirin")
