"""A finite grammar of text: everything an answer may say, and which claims each way states.

The verbalizer builds one from frames and edges; ``reasoning/automaton.py`` compiles it for a
model's tokens. The grammar itself knows neither models nor edges: a name is a literal whatever
it contains, so quotes, braces, newlines or instructions inside it widen nothing.

>>> drugs = Unordered((Literal("aspirin", ("e1",)), Literal("ibuprofen", ("e2",))), last=" and ")
>>> sorted(text for text, _claims in readings(sequence("Pain is treated with ", drugs, ".")))
... # doctest: +NORMALIZE_WHITESPACE
['Pain is treated with aspirin and ibuprofen.', 'Pain is treated with aspirin.',
 'Pain is treated with ibuprofen and aspirin.', 'Pain is treated with ibuprofen.']
"""

from __future__ import annotations

import itertools
from collections.abc import Hashable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

from kg.errors import NoContinuationError

Claims: TypeAlias = tuple[Hashable, ...]
"""Ids of the claims that a piece of text states, opaque to the grammar."""


@dataclass(frozen=True, slots=True)
class Literal:
    """Exactly ``text``; may be empty."""

    text: str
    claims: Claims = ()


@dataclass(frozen=True, slots=True)
class Choice:
    """Exactly one of ``options``. Where two read the same, the first one's claims count."""

    options: tuple[Grammar, ...]
    claims: Claims = ()


@dataclass(frozen=True, slots=True)
class Sequence:
    """All ``parts``, one after the other."""

    parts: tuple[Grammar, ...]
    claims: Claims = ()


@dataclass(frozen=True, slots=True)
class Unordered:
    """A list of distinct ``items``, at least ``at_least`` and at most ``at_most``, in any order.

    ``between`` stands between items, ``last`` before the last of two or more (``between`` where
    None). No item comes twice; items that read the same count as one, the first. ``at_most``
    None: all of them. An item must have text.
    """

    items: tuple[Grammar, ...]
    at_least: int = 1
    at_most: int | None = None
    between: str = ", "
    last: str | None = None
    claims: Claims = ()


Grammar: TypeAlias = Literal | Choice | Sequence | Unordered


def sequence(*parts: Grammar | str, claims: Claims = ()) -> Sequence:
    """A :class:`Sequence` in which strings stand for literals."""
    return Sequence(tuple(map(_grammar, parts)), claims)


def choice(*options: Grammar | str, claims: Claims = ()) -> Choice:
    """A :class:`Choice` in which strings stand for literals."""
    return Choice(tuple(map(_grammar, options)), claims)


def optional(part: Grammar | str) -> Choice:
    """``part`` or nothing."""
    return Choice((_grammar(part), Literal("")))


def distinct_items(unordered: Unordered) -> tuple[Grammar, ...]:
    """The items of a list, without later ones that have the same only reading.

    >>> len(distinct_items(Unordered((Literal("a", (1,)), Literal("a", (2,)), Literal("b")))))
    2
    """
    kept: dict[Hashable, Grammar] = {}
    for position, item in enumerate(unordered.items):
        text = _only_text(item)
        kept.setdefault(position if text is None else text, item)
    return tuple(kept.values())


def check(grammar: Grammar, *, place: str = "grammar") -> None:
    """Raise :class:`NoContinuationError`, naming the place, where some part can say nothing."""
    match grammar:
        case Literal():
            return
        case Choice():
            if not grammar.options:
                raise NoContinuationError(f"{place}: a choice without options; leave it out")
            for number, option in enumerate(grammar.options):
                check(option, place=f"{place}.options[{number}]")
        case Sequence():
            for number, part in enumerate(grammar.parts):
                check(part, place=f"{place}.parts[{number}]")
        case Unordered():
            _check_unordered(grammar, place)


def literals(grammar: Grammar) -> Iterator[str]:
    """Every piece of text that a grammar is made of."""
    match grammar:
        case Literal():
            yield grammar.text
        case Choice():
            for option in grammar.options:
                yield from literals(option)
        case Sequence():
            for part in grammar.parts:
                yield from literals(part)
        case Unordered():
            yield from (grammar.between, grammar.last or "")
            for item in grammar.items:
                yield from literals(item)


def readings(grammar: Grammar) -> Iterator[tuple[str, Claims]]:
    """Every text of a small grammar with the claims it states, in grammar order.

    For tests and display: the number of texts grows factorially with the items of a list.
    """
    match grammar:
        case Literal():
            yield grammar.text, grammar.claims
        case Choice():
            for option in grammar.options:
                for text, claims in readings(option):
                    yield text, grammar.claims + claims
        case Sequence():
            for combination in itertools.product(*(list(readings(p)) for p in grammar.parts)):
                text = "".join(text for text, _ in combination)
                yield text, grammar.claims + _joined(claims for _, claims in combination)
        case Unordered():
            yield from _unordered_readings(grammar)


def _unordered_readings(unordered: Unordered) -> Iterator[tuple[str, Claims]]:
    items = distinct_items(unordered)
    most = len(items) if unordered.at_most is None else min(unordered.at_most, len(items))
    last = unordered.between if unordered.last is None else unordered.last
    for count in range(unordered.at_least, most + 1):
        for chosen in itertools.permutations(items, count):
            for combination in itertools.product(*(list(readings(item)) for item in chosen)):
                texts = [text for text, _ in combination]
                text = unordered.between.join(texts[:-1])
                text += (last if len(texts) > 1 else "") + "".join(texts[-1:])
                yield text, unordered.claims + _joined(claims for _, claims in combination)


def _check_unordered(unordered: Unordered, place: str) -> None:
    for number, item in enumerate(unordered.items):
        check(item, place=f"{place}.items[{number}]")
        if _may_be_empty(item):
            raise NoContinuationError(
                f"{place}.items[{number}]: a list item without text; give it text or drop it"
            )
    count = len(distinct_items(unordered))
    most = count if unordered.at_most is None else unordered.at_most
    if not 0 <= unordered.at_least <= min(most, count):
        raise NoContinuationError(
            f"{place}: a list of at least {unordered.at_least} and at most {most} of {count} "
            "distinct items; lower at_least or give more items"
        )


def _grammar(part: Grammar | str) -> Grammar:
    return Literal(part) if isinstance(part, str) else part


def _joined(claims: Iterator[Claims]) -> Claims:
    return tuple(itertools.chain.from_iterable(claims))


def _only_text(grammar: Grammar) -> str | None:
    """The text of a grammar without alternatives, None where it has several."""
    match grammar:
        case Literal():
            return grammar.text
        case Sequence():
            texts = [_only_text(part) for part in grammar.parts]
            return None if None in texts else "".join(text or "" for text in texts)
        case Choice(options=(only,)):
            return _only_text(only)
    return None


def _may_be_empty(grammar: Grammar) -> bool:
    """Whether some reading is blank: such text is only ever carried to what follows it."""
    match grammar:
        case Literal():
            return not grammar.text.strip()
        case Choice():
            return any(map(_may_be_empty, grammar.options))
        case Sequence():
            return all(map(_may_be_empty, grammar.parts))
        case Unordered():
            return grammar.at_least == 0
