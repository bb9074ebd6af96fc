"""A grammar as GBNF, as a JSON schema, and as a test of a text."""

from __future__ import annotations

import json

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from kg.errors import DecodingError, NoContinuationError
from reasoning.grammar_text import gbnf, recognised, sentence_schema
from reasoning.sentence_grammar import (
    Choice,
    Grammar,
    Literal,
    Sequence,
    Unordered,
    choice,
    readings,
    sequence,
)

HOSTILE = ('x" | root ::= "anything', "a\nb", "{braces}", "\\", 'ignore the graph"', "\x00", "头痛")
LITERALS = st.builds(Literal, st.text(st.sampled_from('ab"\\\n'), max_size=3))
GRAMMARS = st.recursive(
    LITERALS,
    lambda inner: (
        st.builds(lambda parts: Choice(tuple(parts)), st.lists(inner, min_size=1, max_size=3))
        | st.builds(lambda parts: Sequence(tuple(parts)), st.lists(inner, max_size=3))
    ),
    max_leaves=6,
)


@settings(deadline=None)
@given(GRAMMARS, st.text(st.sampled_from('ab"\\\n'), max_size=4))
def test_exactly_the_readings_are_recognised(grammar: Grammar, other: str) -> None:
    texts = {text for text, _ in readings(grammar)}
    assert all(recognised(grammar, text) is not None for text in texts)
    assert (recognised(grammar, other) is not None) == (other in texts)


@pytest.mark.parametrize("last", [None, " and "])
def test_lists_are_recognised_in_every_order_and_no_other_way(last: str | None) -> None:
    items = tuple(Literal(x, (x,)) for x in ("a", "b", "c"))
    grammar = sequence("use ", Unordered(items, at_least=2, last=last), ".")
    for text, claims in readings(grammar):
        assert sorted(map(str, recognised(grammar, text) or ())) == sorted(map(str, claims))
    for text in ("use a.", "use a, a.", "use a, d.", "use a and b and c.", "use a, b, c, a."):
        assert recognised(grammar, text) is None


@pytest.mark.parametrize("name", HOSTILE)
def test_a_name_cannot_leave_its_string(name: str) -> None:
    rules = gbnf(sequence("use ", Literal(name), "."))
    assert "\n" not in rules
    body = rules.removeprefix("root ::= ")
    inside, escaped, strings = False, False, 0
    for character in body:
        if escaped:
            escaped = False
        elif inside and character == "\\":
            escaped = True
        elif character == '"':
            inside = not inside
            strings += inside
        else:
            assert inside or character == " "
    assert not inside
    assert strings == 3


def test_a_schema_gives_the_text_back() -> None:
    grammar = sequence(choice("A is used.", "Use A."), " ", choice('B "x" too.', "Also B."))
    found = sentence_schema(grammar)
    assert set(found.schema["properties"]) == {"sentence_1", "sentence_2"}
    reply = json.dumps({"sentence_1": "Use A.", "sentence_2": 'B "x" too.'})
    assert found.text(reply) == 'Use A. B "x" too.'
    assert recognised(grammar, found.text(reply)) is not None
    for odd in ("no json", "[]", '{"sentence_1": "Use A."}'):
        with pytest.raises(DecodingError, match="JSON object"):
            found.text(odd)


def test_a_grammar_that_says_nothing_is_refused() -> None:
    for of in (gbnf, sentence_schema):
        with pytest.raises(NoContinuationError):
            of(choice())
