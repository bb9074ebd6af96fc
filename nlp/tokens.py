"""Tokens of a text with their normal forms and the offsets they have in the original text.

They are :func:`kg.names.tokens`, put together where no name can begin or end between them
("T2DM", "HbA1c"), so that a window of tokens is exactly what a name can cover.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from kg.names import NameToken, join, tokens

#: Characters written without spaces, as :func:`kg.names.is_han` has it; a set of an expression.
HAN = "\u3005\u3007\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0003134f"
_HAN = re.compile(f"[{HAN}]")
_BREAK = re.compile(r"[.?!;。？！；\r\n]")


@dataclass(frozen=True, slots=True)
class Token:
    """Characters ``[start, end)`` of a text between which no name begins or ends.

    Args:
        start: first character, 0-based.
        end: one past the last character.
        text: the characters between, as written.
        form: their normal form.
        han: whether it is one Chinese character.
        parts: the normal tokens it is made of.
    """

    start: int
    end: int
    text: str
    form: str
    han: bool
    parts: tuple[NameToken, ...]

    @property
    def word(self) -> str:
        """Lower case as written: what word lists are asked for."""
        return self.text.lower()


def tokens_of(text: str) -> tuple[Token, ...]:
    """The tokens of ``text``, in order.

    >>> [t.text for t in tokens_of("Beta-blocker用于2型糖尿病 (T2DM)?")]
    ['Beta', 'blocker', '用', '于', '2', '型', '糖', '尿', '病', 'T2DM']
    """
    groups: list[list[NameToken]] = []
    for token in tokens(text):
        if token.opens or not groups:
            groups.append([token])
        else:
            groups[-1].append(token)
    return tuple(_token(text, group) for group in groups)


def _token(text: str, group: Sequence[NameToken]) -> Token:
    start, end = group[0].start, group[-1].end
    return Token(start, end, text[start:end], join(group), group[0].kind == "han", tuple(group))


def form_of(window: Sequence[Token]) -> str:
    """The normal form of neighbouring tokens together.

    >>> form_of(tokens_of("Types 2 Diabetes"))
    'type2 diabetes'
    """
    return join(part for token in window for part in token.parts)


def has_han(text: str) -> bool:
    """Whether any character is Chinese.

    >>> has_han("2型"), has_han("type 2")
    (True, False)
    """
    return not text.isascii() and _HAN.search(text) is not None


def breaks_between(text: str, tokens: Sequence[Token]) -> list[bool]:
    """For each token, whether a sentence ends between it and the one before.

    A full stop between two tokens without a space ("3.5") ends none, nor one after a single
    letter ("E. coli").

    >>> text = "Does it? No, 3.5 mg of E. coli."
    >>> [t.text for t, b in zip(tokens_of(text), breaks_between(text, tokens_of(text))) if b]
    ['No']
    """
    breaks = [False] * len(tokens)
    for i in range(1, len(tokens)):
        before = tokens[i - 1]
        gap = text[before.end : tokens[i].start]
        initial = len(before.text) == 1 and gap == ". "
        breaks[i] = gap != "." and not initial and _BREAK.search(gap) is not None
    return breaks
