"""Stretches of a question that look like names and were not understood as any."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from nlp.lexicon import Lexicon
from nlp.tokens import Token, breaks_between, form_of, tokens_of

_SINGLE_BREAKS = frozenset("和与或及跟、")


@dataclass(frozen=True, slots=True)
class Stretch:
    """``[start, end)`` of a text; ``ordinary`` where it is made of everyday words only."""

    start: int
    end: int
    ordinary: bool


def name_stretches(
    text: str, covered: Sequence[tuple[int, int]], lexicon: Lexicon
) -> Iterator[Stretch]:
    """Runs of tokens outside ``covered`` that are no function, question or generic words.

    >>> lexicon = Lexicon.load()
    >>> text = "What are the symptoms of frobnic fever in my child?"
    >>> [text[s.start:s.end] for s in name_stretches(text, [], lexicon)]
    ['frobnic fever']
    >>> text = "请问呼噜氏综合征有哪些症状？"
    >>> [text[s.start:s.end] for s in name_stretches(text, [], lexicon)]
    ['呼噜氏综合征']
    """
    tokens = tokens_of(text)
    breaks = breaks_between(text, tokens)
    skipped = _han_function(tokens, lexicon)
    run: list[Token] = []
    for i, token in enumerate(tokens):
        usable = not _covered(token, covered) and not _is_word_of_question(token, lexicon)
        usable = usable and i not in skipped
        joined = not run or (
            not breaks[i] and run[-1].han == token.han and _adjacent(text, run, token)
        )
        if run and not (usable and joined):
            yield from _stretch(run, lexicon)
            run = []
        if usable:
            run.append(token)
    yield from _stretch(run, lexicon)


def _covered(token: Token, covered: Sequence[tuple[int, int]]) -> bool:
    return any(start < token.end and token.start < end for start, end in covered)


def _is_word_of_question(token: Token, lexicon: Lexicon) -> bool:
    words = (token.word, token.form)
    lists = (lexicon.function, lexicon.generic, lexicon.people, lexicon.determiners)
    return not token.han and any(w in known for w in words for known in lists)


def _adjacent(text: str, run: Sequence[Token], token: Token) -> bool:
    gap = text[run[-1].end : token.start]
    return not re.search(r"[,，、/()（）\[\]\"“”]", gap)


def _stretch(run: list[Token], lexicon: Lexicon) -> Iterator[Stretch]:
    tokens = list(run)
    while tokens and tokens[0].han and tokens[0].form in lexicon.han_function:
        tokens.pop(0)
    while tokens and tokens[-1].han and tokens[-1].form in lexicon.han_function:
        tokens.pop()
    while tokens and not tokens[0].han and tokens[0].text.isdigit():
        tokens.pop(0)
    if not tokens or (tokens[0].han and len(tokens) < 2):
        return
    words = [t.word for t in tokens]
    if len("".join(words)) < 2:
        return
    ordinary = not tokens[0].han and all(w in lexicon.common or w.isdigit() for w in words)
    yield Stretch(tokens[0].start, tokens[-1].end, ordinary)


def _han_function(tokens: Sequence[Token], lexicon: Lexicon) -> set[int]:
    """Indexes of the Chinese tokens inside question words of two characters or more."""
    skipped: set[int] = set()
    i = 0
    longest = max(map(len, lexicon.han_function), default=0)
    while i < len(tokens):
        if not tokens[i].han:
            i += 1
            continue
        for length in range(min(longest, len(tokens) - i), 1, -1):
            window = tokens[i : i + length]
            if all(t.han for t in window) and form_of(window) in lexicon.han_function:
                skipped.update(range(i, i + length))
                i += length
                break
        else:
            if tokens[i].form in _SINGLE_BREAKS:
                skipped.add(i)
            i += 1
    return skipped
