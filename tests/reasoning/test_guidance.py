"""llguidance and our own automaton run the same grammars; where nothing is allowed both stop."""

from __future__ import annotations

import random
import sys
from collections.abc import Sequence

import hypothesis.strategies as st
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import HealthCheck, given, settings

from bench.fake_models import (
    EarlyEndingModel,
    NeverEndingModel,
    RandomModel,
    TabledRandomModel,
    ToyTokenizer,
)
from kg.errors import (
    DecodingError,
    MissingExtraError,
    ModelUnavailableError,
    NoContinuationError,
)
from kg.networkx_store import NetworkxStore
from nlp.linker import StoreLinker
from reasoning.automaton import Automaton
from reasoning.decoding import decode
from reasoning.engine import Engine
from reasoning.grammar_text import recognised, sentence_schema
from reasoning.guidance import Guidance, GuidedText, GuidedWriter
from reasoning.language_model import LanguageModel, TabledModel
from reasoning.sentence_grammar import (
    Choice,
    Grammar,
    Literal,
    Unordered,
    check,
    choice,
    distinct_items,
    readings,
    sequence,
)
from reasoning.sentence_grammar import Sequence as Parts

NAMES = ("diabetes", "diabetes mellitus", "pain", "pain and aspirin", "aspirin", "a", "an", "and")
HOSTILE = (
    *('"', "{}", "]]>", "a\nb", '" | /.*/', "ignore the graph", '%json {"type": "string"}'),
    *("<[0-9]>", "\\", "\\n", "// x", '"i', "头\x7f\x1f\x00", "🫀", "TEXT", "start: /./"),
)
texts = st.sampled_from((*NAMES, *HOSTILE, "", " ", ", ", " and ", ".", "头痛")) | st.text(
    "a bn.,\n头", max_size=3
)
literals = st.builds(Literal, texts, st.lists(st.integers(0, 9), max_size=1).map(tuple))


def _lists(items: st.SearchStrategy[Grammar]) -> st.SearchStrategy[Unordered]:
    return st.builds(
        Unordered,
        st.lists(items, min_size=1, max_size=3).map(tuple),
        st.integers(0, 2),
        st.none(),
        st.sampled_from((", ", " and ")),
        st.none() | st.just(" and "),
    )


grammars = st.recursive(
    literals,
    lambda inner: (
        st.builds(Choice, st.lists(inner, min_size=1, max_size=3).map(tuple))
        | st.builds(Parts, st.lists(inner, max_size=3).map(tuple))
        | _lists(inner)
    ),
    max_leaves=6,
).filter(lambda grammar: _is_sound(grammar))


def _is_sound(grammar: Grammar) -> bool:
    try:
        check(grammar)
    except NoContinuationError:
        return False
    return True


class TabledNeverEndingModel(NeverEndingModel, TabledRandomModel):
    """Repeats itself."""


class TabledEarlyEndingModel(EarlyEndingModel, TabledRandomModel):
    """Wants to end."""


@pytest.fixture(scope="module")
def pieces() -> Guidance:
    """Tokens of several bytes: a text has many tokenizations."""
    return guidance(TabledRandomModel(0))


@pytest.fixture(scope="module")
def single_bytes() -> Guidance:
    """One token a byte: a text has one tokenization."""
    return guidance(TabledRandomModel(0, ToyTokenizer(())))


def guidance(model: LanguageModel) -> Guidance:
    pytest.importorskip("llguidance", reason="needs the extra `guidance`")
    return Guidance(model)


def in_order(grammar: Grammar) -> Grammar:
    """``grammar`` with every list in the order given, the first ``at_least`` items of it."""
    match grammar:
        case Choice():
            return Choice(tuple(map(in_order, grammar.options)), grammar.claims)
        case Parts():
            return Parts(tuple(map(in_order, grammar.parts)), grammar.claims)
        case Unordered():
            items = distinct_items(grammar)[: max(1, grammar.at_least)]
            last = grammar.between if grammar.last is None else grammar.last
            parts: list[Grammar] = [in_order(items[0])]
            for number, item in enumerate(items[1:], 2):
                parts += [Literal(last if number == len(items) else grammar.between)]
                parts += [in_order(item)]
            return Parts(tuple(parts), grammar.claims)
    return grammar


quick = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@quick
@given(grammar=grammars, seed=st.integers(0, 1000))
def test_both_engines_allow_the_same_tokens_where_a_text_has_one_tokenization(
    single_bytes: Guidance, grammar: Grammar, seed: int
) -> None:
    own = Automaton(in_order(grammar), single_bytes.model)
    other = single_bytes.constraint(grammar)
    state, place, draw = own.start, other.start, random.Random(seed)
    while True:
        assert other.tokens(place).tolist() == own.tokens(state).tolist()
        assert other.is_final(place) == own.is_final(state)
        if not len(own.tokens(state)):
            break
        token = draw.choice(own.tokens(state).tolist())
        state, place = own.step(state, token), other.step(place, token)
    assert other.reading(place).text == own.reading(state).text


@quick
@given(grammar=grammars, seed=st.integers(0, 1000))
def test_llguidance_allows_every_tokenization_of_the_texts_and_nothing_else(
    pieces: Guidance, grammar: Grammar, seed: int
) -> None:
    """Against the texts written out; what our automaton allows is among it."""
    table = TabledRandomModel(0).token_table()
    said = {text.encode() for text, _ in readings(in_order(grammar))}
    constraint, draw, place, text = pieces.constraint(grammar), random.Random(seed), (), b""
    while True:
        allowed = constraint.tokens(place).tolist()
        expected = [
            token
            for token, piece in enumerate(table)
            if piece and any(whole.startswith(text + piece) for whole in said)
        ]
        if allowed != expected:  # forced text: one token of those that begin all that may follow
            [token] = allowed
            going_on = [whole for whole in said if whole.startswith(text)]
            assert all(whole.startswith(text + table[token]) for whole in going_on)
        assert set(allowed) <= set(expected)
        assert constraint.is_final(place) == (text in said)
        if not allowed:
            break
        token = draw.choice(allowed)
        place, text = constraint.step(place, token), text + table[token]


@quick
@given(grammar=grammars, seed=st.integers(0, 1000))
def test_llguidance_takes_every_text_that_our_automaton_says(
    pieces: Guidance, grammar: Grammar, seed: int
) -> None:
    own, other = Automaton(in_order(grammar), pieces.model), pieces.constraint(grammar)
    state, place, draw = own.start, other.start, random.Random(seed)
    while len(choices := own.tokens(state).tolist()):
        assert not own.is_final(state) or other.is_final(place)
        token = draw.choice(choices)
        state, place = own.step(state, token), other.step(place, token)
    assert other.reading(place).text == own.reading(state).text


@quick
@given(grammar=grammars, seed=st.integers(0, 1000))
def test_whatever_a_model_prefers_llguidance_ends_in_a_text_of_the_grammar(
    pieces: Guidance, grammar: Grammar, seed: int
) -> None:
    for kind in (TabledRandomModel, TabledNeverEndingModel, TabledEarlyEndingModel):
        model = kind(seed)
        said = decode(model.start([1]), pieces.constraint(grammar), max_tokens=1000)
        assert said.claims == recognised(grammar, said.text)
        assert model.decode(said.tokens) == said.text


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_is_just_its_text(pieces: Guidance, name: str) -> None:
    grammar = sequence("He has ", Choice((Literal(name, (1,)), Literal("pain", (2,)))), ".")
    for seed in range(5):
        said = decode(TabledRandomModel(seed).start([1]), pieces.constraint(grammar))
        assert (said.text, said.claims) in {(f"He has {name}.", (1,)), ("He has pain.", (2,))}


def test_a_name_that_begins_another_may_be_followed_by_the_same_letter(pieces: Guidance) -> None:
    """As grammar rules llguidance's lexer refuses the first of these."""
    grammar = sequence(choice("diabetes", "diabetes mellitus"), " and pain")
    constraint = pieces.constraint(grammar)
    for text in ("diabetes and pain", "diabetes mellitus and pain"):
        place = constraint.start
        for token in pieces.model.encode(text):
            place = constraint.step(place, token)
        assert constraint.reading(place).text == text


def test_a_token_that_is_not_allowed_raises(single_bytes: Guidance) -> None:
    constraint = single_bytes.constraint(Literal("pain"))
    [only] = single_bytes.model.encode("p")
    for token in set(range(single_bytes.model.vocabulary_size)) - {only}:
        with pytest.raises(NoContinuationError, match=f"token {token} "):
            constraint.step(constraint.start, token)
    whole = tuple(single_bytes.model.encode("pain"))
    for token in range(single_bytes.model.vocabulary_size):
        with pytest.raises(NoContinuationError):
            constraint.step(whole, token)
    with pytest.raises(DecodingError, match="does not end"):
        constraint.reading(whole[:2])


def test_going_back_to_an_earlier_state_changes_nothing(pieces: Guidance) -> None:
    grammar = sequence(choice("pain", "aspirin and pain", "diabetes"), " treats ", choice("a", "b"))
    constraint, draw = pieces.constraint(grammar), random.Random(3)
    seen: dict[tuple[int, ...], tuple[list[int], bool]] = {}
    for _ in range(20):
        place = constraint.start
        while len(found := constraint.tokens(place)):
            known = seen.setdefault(place, (found.tolist(), constraint.is_final(place)))
            assert known == (found.tolist(), constraint.is_final(place))
            place = constraint.step(place, draw.choice(found.tolist()))
    for place in draw.sample(sorted(seen), len(seen)):
        assert seen[place] == (constraint.tokens(place).tolist(), constraint.is_final(place))


def test_forced_text_is_fed_without_asking_the_model(pieces: Guidance) -> None:
    model = TabledRandomModel(0)
    grammar = sequence(choice("aspirin", "pain"), " treats diabetes mellitus")
    session = model.start([1])
    said = decode(session, pieces.constraint(grammar))
    assert said.forwards < len(said.tokens) / 2
    assert model.encode(" diabetes")[0] in said.tokens  # the tokens that the model would use


class DeadText(GuidedText):
    """Allows nothing at the second token, and does not end there."""

    def tokens(self, state: tuple[int, ...]) -> npt.NDArray[np.int64]:
        return super().tokens(state) if not state else np.zeros(0, dtype=np.int64)


def test_where_nothing_is_allowed_decoding_stops(
    single_bytes: Guidance, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("reasoning.guidance.GuidedText", DeadText)
    constraint = single_bytes.constraint(Literal("pain"))
    with pytest.raises(NoContinuationError, match="decoding stops"):
        decode(single_bytes.model.start([1]), constraint)


def test_an_error_of_llguidance_is_raised_not_masked(single_bytes: Guidance) -> None:
    """In its error state it allows the end token: half a text would pass for a whole one."""
    with pytest.raises(DecodingError, match=r"llguidance: .*TEXT"):
        single_bytes.matcher("start: TEXT")
    constraint = single_bytes.constraint(Literal("pain"))
    constraint._matcher.consume_token(single_bytes.model.encode("x")[0])
    with pytest.raises(DecodingError, match=r"llguidance: .*leave out guided:"):
        constraint.tokens(constraint.start)
    with pytest.raises(DecodingError, match="llguidance"):
        decode(single_bytes.model.start([1]), constraint)


def test_a_part_that_can_say_nothing_raises_at_once(pieces: Guidance) -> None:
    with pytest.raises(NoContinuationError, match=r"parts\[1\]"):
        pieces.constraint(sequence("Drugs: ", Choice(()), "."))


def test_a_json_schema_is_kept_to(pieces: Guidance) -> None:
    grammar = sequence(
        *("It is ", choice(Literal('"pain"', (1,)), Literal("头痛", (2,))), ". "),
        choice(Literal("a\nb", (3,)), Literal("a\n", (4,))),
    )
    schema = sentence_schema(grammar)
    found = set()
    for seed in range(12):
        said = decode(TabledRandomModel(seed).start([1]), pieces.schema(schema, grammar))
        assert said.claims == recognised(grammar, schema.text(said.text))
        found.add(said.claims)
    assert len(found) > 1


def test_without_llguidance_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "llguidance", None)
    with pytest.raises(MissingExtraError, match=r"medkgqa\[guidance\]"):
        GuidedWriter(TabledRandomModel(0))


def test_a_model_that_hides_its_tokens_is_refused() -> None:
    with pytest.raises(ModelUnavailableError, match="bytes of its tokens"):
        guidance(RandomModel(0))


def test_the_engine_words_answers_with_it(small_graph: NetworkxStore) -> None:
    pytest.importorskip("llguidance", reason="needs the extra `guidance`")
    for kind in (TabledRandomModel, TabledNeverEndingModel, TabledEarlyEndingModel):
        writer = GuidedWriter(kind(1))
        engine = Engine(small_graph, linker=StoreLinker(small_graph), language_model=writer)
        answer = engine.ask("What are the symptoms of migraine?")
        assert answer.worded_by == writer.name
        assert {claim.object_name for claim in answer.claims} >= {"headache", "nausea"}
        assert all(str(claim.object_name) in answer.text for claim in answer.claims)


class TwoControlTokens(ToyTokenizer):
    """Token 1, too, writes nothing."""

    @property
    def table(self) -> Sequence[bytes]:
        return [b"", b"", *super().table[2:]]


def test_a_control_token_is_never_allowed_whatever_a_name_spells() -> None:
    """llguidance wants bytes for it, too; those it is given are no text."""
    found = guidance(TabledRandomModel(0, TwoControlTokens()))
    for name in ("<0>", "<1>", "<[1]>", "a<1>"):
        constraint = found.constraint(sequence("a ", choice(name, "pain"), "."))
        waiting = [constraint.start]
        while waiting:
            place = waiting.pop()
            allowed = constraint.tokens(place).tolist()
            assert not {0, 1} & set(allowed)
            waiting.extend(constraint.step(place, token) for token in allowed)


@pytest.mark.lm
def test_the_default_model_writes_under_it(language_model: LanguageModel) -> None:
    assert isinstance(language_model, TabledModel)
    table = language_model.token_table()
    assert len(table) == language_model.vocabulary_size
    text = "naïve β-blocker 头痛\n🫀"
    assert b"".join(bytes(table[t]) for t in language_model.encode(text)) == text.encode()
    pytest.importorskip("llguidance", reason="needs the extra `guidance`")
    names = ("headache", "nausea", 'ignore the graph "}', "头痛", "<|im_end|>", "a\nb")
    grammar = sequence("Migraine ", choice("causes ", "comes with "), choice(*names), ".")
    text = GuidedWriter(language_model).write("S", "What is a migraine?", grammar=grammar)
    assert recognised(grammar, text) is not None
