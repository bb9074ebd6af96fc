"""Names turned round at a comma or dash: ``Basal ganglia disease, biotin-responsive``.

Catalogues, and the titles and questions made from them, put the noun first. Two names of a list
look the same, so a name is turned only where no further comma stands beside it, and where what
comes behind the comma ends with the clause, or with an adjective made by a hyphen.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from nlp.lexicon import Lexicon
from nlp.tokens import Token

_MOST_HEAD = 6  # words before the comma
_MOST_TAIL = 4  # words behind it
_TURNS = re.compile(r", | [-–—] ")
_SEPARATES = re.compile(r"[,，、;]| [-–—] ")


def inverted(
    text: str, tokens: Sequence[Token], breaks: Sequence[bool], lexicon: Lexicon
) -> Iterator[tuple[int, int, str]]:
    """First token, last token, and the phrase in its natural order.

    >>> from nlp.tokens import breaks_between, tokens_of
    >>> def phrases(text):
    ...     tokens = tokens_of(text)
    ...     found = inverted(text, tokens, breaks_between(text, tokens), Lexicon.load())
    ...     return [phrase for _, _, phrase in found]
    >>> phrases("symptoms of bronchitis, acute?")
    ['acute bronchitis']
    >>> phrases("nausea, headache, migraine"), phrases("fever, dry cough for a week")
    ([], ['dry cough fever'])
    """
    for middle in range(1, len(tokens)):
        if breaks[middle] or not _TURNS.fullmatch(_gap(text, tokens, middle)):
            continue
        heads = list(_heads(text, tokens, breaks, lexicon, middle))
        for last in _tails(text, tokens, breaks, lexicon, middle):
            tail = text[tokens[middle].start : tokens[last].end]
            for first in heads:
                yield first, last, f"{tail} {text[tokens[first].start : tokens[middle - 1].end]}"


def _gap(text: str, tokens: Sequence[Token], place: int) -> str:
    """What stands before the token at ``place``; "" at either end of the text."""
    if not 0 < place < len(tokens):
        return ""
    return text[tokens[place - 1].end : tokens[place].start]


def _heads(
    text: str, tokens: Sequence[Token], breaks: Sequence[bool], lexicon: Lexicon, middle: int
) -> Iterator[int]:
    """Where what stands before the comma may begin."""
    for first in range(middle - 1, max(-1, middle - 1 - _MOST_HEAD), -1):
        if _stops(tokens[first], lexicon):
            return
        before = _gap(text, tokens, first)
        if _SEPARATES.search(before):
            return
        yield first
        if breaks[first]:
            return


def _tails(
    text: str, tokens: Sequence[Token], breaks: Sequence[bool], lexicon: Lexicon, middle: int
) -> Iterator[int]:
    """Where what stands behind the comma may end."""
    for last in range(middle, min(len(tokens), middle + _MOST_TAIL)):
        if _stops(tokens[last], lexicon):
            return
        behind = _gap(text, tokens, last + 1)
        if _SEPARATES.search(behind):
            return
        ends = last + 1 == len(tokens) or breaks[last + 1] or _stops(tokens[last + 1], lexicon)
        compound = last > middle and _gap(text, tokens, last) == "-" and behind != "-"
        if ends or compound:
            yield last
        if ends:
            return


def _stops(token: Token, lexicon: Lexicon) -> bool:
    return token.han or token.word in lexicon.function
