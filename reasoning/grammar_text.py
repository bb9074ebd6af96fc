"""A sentence grammar in other forms: as GBNF, Lark, a JSON schema, and as a test of a text.

Servers that decode under a grammar take GBNF or a schema, llguidance takes Lark. What they send
back is believed only after :func:`recognised`, which reads the text against the grammar itself.

GBNF: https://github.com/ggml-org/llama.cpp/blob/master/grammars/README.md
Lark: https://github.com/guidance-ai/llguidance/blob/main/docs/syntax.md
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from kg.errors import DecodingError
from reasoning.sentence_grammar import (
    Choice,
    Claims,
    Grammar,
    Literal,
    Sequence,
    Unordered,
    check,
    distinct_items,
    readings,
)

MOST_WORDINGS = 64
"""Wordings of one sentence that a JSON schema lists."""


def gbnf(grammar: Grammar) -> str:
    """``grammar`` as GBNF, rule ``root`` first.

    An :class:`Unordered` list is said in the order given (any order would take a rule for each
    subset), so that the texts are some of the grammar's, never others.

    >>> print(gbnf(Sequence((Literal('say "'), Choice((Literal("a"), Literal("b\\n")))))))
    root ::= "say \\"" ("a" | "b\\n")

    Raises:
        NoContinuationError: where a part can say nothing.
    """
    check(grammar)
    return f"root ::= {_expression(grammar, _quoted)}"


def lark(grammar: Grammar) -> str:
    """``grammar`` as one Lark terminal, which is matched as a whole; lists as in :func:`gbnf`.

    >>> print(lark(Sequence((Literal('say "'), Choice((Literal("a"), Literal("b\\n")))))))
    start: TEXT
    TEXT: "say \\"" ("a" | "b\\n")

    Raises:
        NoContinuationError: where a part can say nothing.
    """
    check(grammar)
    return f"start: TEXT\nTEXT: {_expression(grammar, _json_quoted)}"


def _expression(grammar: Grammar, quoted: Callable[[str], str]) -> str:
    match grammar:
        case Literal():
            return quoted(grammar.text)
        case Choice():
            return "(" + " | ".join(_expression(o, quoted) for o in grammar.options) + ")"
        case Sequence():
            return " ".join(_expression(part, quoted) for part in grammar.parts) or '""'
        case Unordered():
            return _list_expression(grammar, quoted)


def _list_expression(unordered: Unordered, quoted: Callable[[str], str]) -> str:
    """The first ``at_least`` items, in order; at least one."""
    items = distinct_items(unordered)[: max(1, unordered.at_least)]
    last = unordered.between if unordered.last is None else unordered.last
    pieces = [_expression(items[0], quoted)]
    for number, item in enumerate(items[1:], 2):
        separator = last if number == len(items) else unordered.between
        pieces += [quoted(separator), _expression(item, quoted)]
    return " ".join(pieces)


def _json_quoted(text: str) -> str:
    """A Lark string, all ASCII; nothing in ``text`` can end it."""
    return json.dumps(text)


def _quoted(text: str) -> str:
    """A GBNF string; nothing in ``text`` can end it."""
    pieces = []
    for character in text:
        if character in '"\\':
            pieces.append("\\" + character)
        elif character == "\n":
            pieces.append("\\n")
        elif character.isprintable():
            pieces.append(character)
        else:
            code = ord(character)
            pieces.append(f"\\x{code:02X}" if code < 256 else f"\\U{code:08X}")
    return '"' + "".join(pieces) + '"'


@dataclass(frozen=True, slots=True)
class SentenceSchema:
    """A grammar as a JSON schema: an object with one of the wordings for each sentence.

    Args:
        schema: the JSON schema.
        pieces: the text in order: fixed text, or the name of a property.
    """

    schema: dict[str, Any]
    pieces: tuple[tuple[str, bool], ...]

    def text(self, reply: str) -> str:
        """The text that a reply in JSON stands for.

        Raises:
            DecodingError: where it is not such an object.
        """
        try:
            found = json.loads(reply)
            return "".join(str(found[p]) if is_name else p for p, is_name in self.pieces)
        except (json.JSONDecodeError, KeyError, TypeError) as error:
            raise DecodingError(
                f"{reply[:200]!r} is not the JSON object asked for; use a model or a server that "
                "keeps to a JSON schema"
            ) from error


def sentence_schema(grammar: Grammar) -> SentenceSchema:
    """``grammar`` as a JSON schema; of many wordings of a part, the first ones."""
    check(grammar)
    parts = grammar.parts if isinstance(grammar, Sequence) else (grammar,)
    properties: dict[str, Any] = {}
    pieces: list[tuple[str, bool]] = []
    for part in parts:
        found = itertools.islice(_readings(part), MOST_WORDINGS)
        wordings = list(dict.fromkeys(found))
        if len(wordings) == 1:
            pieces.append((wordings[0], False))
            continue
        name = f"sentence_{len(properties) + 1}"
        properties[name] = {"type": "string", "enum": wordings}
        pieces.append((name, True))
    schema = {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }
    return SentenceSchema(schema, tuple(pieces))


def _readings(grammar: Grammar) -> Iterator[str]:
    """Texts of a grammar, lazily."""
    match grammar:
        case Choice():
            for option in grammar.options:
                yield from _readings(option)
        case Sequence():
            yield from _joined_readings(grammar.parts)
        case Unordered():
            yield from (text for text, _ in readings(grammar))
        case Literal():
            yield grammar.text


def _joined_readings(parts: tuple[Grammar, ...]) -> Iterator[str]:
    if not parts:
        yield ""
        return
    for start in _readings(parts[0]):
        for rest in _joined_readings(parts[1:]):
            yield start + rest


def recognised(grammar: Grammar, text: str) -> Claims | None:
    """The claims that ``text`` states as a text of ``grammar``; None where it is none.

    >>> pain = Sequence((Literal("Use "), Choice((Literal("a", (1,)), Literal("ab", (2,))))))
    >>> recognised(pain, "Use ab"), recognised(pain, "Use abc")
    ((2,), None)
    """
    check(grammar)
    for end, claims in _Recogniser(text).ends(grammar, 0):
        if end == len(text):
            return claims
    return None


@dataclass(slots=True)
class _Recogniser:
    text: str
    known: dict[tuple[int, int], tuple[tuple[int, Claims], ...]] = field(default_factory=dict)

    def ends(self, grammar: Grammar, at: int) -> tuple[tuple[int, Claims], ...]:
        """Where a reading of ``grammar`` from ``at`` can end, each end once."""
        key = (id(grammar), at)
        if key not in self.known:
            ends: dict[int, Claims] = {}
            for end, claims in self._ends(grammar, at):
                ends.setdefault(end, claims)
            self.known[key] = tuple(ends.items())
        return self.known[key]

    def _ends(self, grammar: Grammar, at: int) -> Iterator[tuple[int, Claims]]:
        match grammar:
            case Literal():
                if self.text.startswith(grammar.text, at):
                    yield at + len(grammar.text), grammar.claims
            case Choice():
                for option in grammar.options:
                    for end, claims in self.ends(option, at):
                        yield end, grammar.claims + claims
            case Sequence():
                reached: dict[int, Claims] = {at: grammar.claims}
                for part in grammar.parts:
                    following: dict[int, Claims] = {}
                    for place, said in reached.items():
                        for end, claims in self.ends(part, place):
                            following.setdefault(end, said + claims)
                    reached = following
                yield from reached.items()
            case Unordered():
                if grammar.at_least == 0:
                    yield at, grammar.claims
                yield from self._list(grammar, at, grammar.claims, frozenset())

    def _list(
        self, listed: Unordered, at: int, said: Claims, used: frozenset[int]
    ) -> Iterator[tuple[int, Claims]]:
        items = distinct_items(listed)
        most = len(items) if listed.at_most is None else min(listed.at_most, len(items))
        last = listed.between if listed.last is None else listed.last
        for number, item in enumerate(items):
            if number in used or len(used) == most:
                continue
            for end, claims in self.ends(item, at):
                now = used | {number}
                if len(now) >= listed.at_least and (len(now) == 1 or self._before(at, last)):
                    yield end, said + claims
                for separator in {listed.between, last}:
                    if self.text.startswith(separator, end):
                        place = end + len(separator)
                        final = separator == last != listed.between
                        for stop, all_ in self._list(listed, place, said + claims, now):
                            if not final or self._is_last(listed, place, stop):
                                yield stop, all_

    def _before(self, at: int, separator: str) -> bool:
        return self.text.endswith(separator, 0, at)

    def _is_last(self, listed: Unordered, start: int, stop: int) -> bool:
        """Whether exactly one item lies between ``start`` and ``stop``."""
        return any(e == stop for item in distinct_items(listed) for e, _ in self.ends(item, start))
