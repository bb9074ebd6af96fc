"""Passages: whole sentences of a document taken together, and the words they are found by."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from nlp.lexicon import Lexicon
from nlp.tokens import HAN

#: Longest passage of more than one sentence, in characters; an abstract is mostly one passage.
MOST_CHARACTERS = 2_000
#: Most words of a question that are looked for.
MOST_WORDS = 64

_HAN = re.compile(f"[{HAN}]+")
_WORD = re.compile(rf"[^\W_{HAN}]+")


def passages(
    sentences: Sequence[tuple[int, int]], *, most: int = MOST_CHARACTERS
) -> Iterator[tuple[int, int]]:
    """Spans of following sentences, none longer than ``most`` unless one sentence is.

    >>> list(passages([(0, 40), (41, 80), (81, 130)], most=100))
    [(0, 80), (81, 130)]
    """
    held: tuple[int, int] | None = None
    for start, end in sentences:
        if held is not None and end - held[0] > most:
            yield held
            held = None
        held = (start, end) if held is None else (held[0], end)
    if held is not None:
        yield held


def search_text(text: str) -> str:
    """The words of a text as the index keeps them: Chinese in pairs of characters.

    >>> search_text("COX-2 抑制剂")
    'COX 2 抑制 制剂'
    """
    return " ".join(_words(text))


def match_expression(question: str, lexicon: Lexicon) -> str:
    """An FTS5 expression that any word of the question satisfies; "" where it holds none.

    Words that name nothing ("which", "does", 什么) are left out unless there are no others.

    >>> match_expression('Does lithium cause "tremor"?', Lexicon.load())
    '"lithium" OR "cause" OR "tremor"'
    """
    plain = question
    for word in sorted(lexicon.han_function, key=len, reverse=True):
        plain = plain.replace(word, " ") if len(word) > 1 else plain
    words = list(dict.fromkeys(word.lower() for word in _words(plain)))
    telling = [word for word in words if word not in lexicon.function]
    return " OR ".join(f'"{word}"' for word in (telling or words)[:MOST_WORDS])


def _words(text: str) -> Iterator[str]:
    position = 0
    for run in _HAN.finditer(text):
        yield from _WORD.findall(text[position : run.start()])
        characters = run[0]
        pairs = [characters[i : i + 2] for i in range(len(characters) - 1)]
        yield from pairs or [characters]
        position = run.end()
    yield from _WORD.findall(text[position:])
