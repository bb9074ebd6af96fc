"""What annotators marked in a document: gold for an evaluation, not facts for a graph.

Offsets are characters of the document's text, 0-based and half-open: ``[start, end)``.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from kg.errors import SourceFormatError
from nlp.records import Document


@dataclass(frozen=True, slots=True)
class GoldMention:
    """An annotated mention.

    Args:
        start: first character.
        end: one past the last character; of a mention in several pieces, of the last piece.
        text: the characters between.
        type: the annotators' own word for its class.
        identifiers: concepts it names, as the source writes them.
        id: id of the annotation in its file, ``""`` where it has none.
        assertion: what the annotators say of it (``present``, ``absent`` …), or ``""``.
        pieces: ``[start, end)`` of each piece, of a mention in several.
    """

    start: int
    end: int
    text: str
    type: str
    identifiers: tuple[str, ...] = ()
    id: str = ""
    assertion: str = ""
    pieces: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class GoldRelation:
    """An annotated relation: between two concepts, or between two mentions by their ids.

    PubTator and BioC relate concepts or mentions, as the corpus has it; brat and i2b2 relate
    mentions.
    """

    type: str
    subject: str
    object: str


@dataclass(frozen=True, slots=True)
class AnnotatedDocument:
    """A document with what its annotators marked."""

    document: Document
    mentions: tuple[GoldMention, ...]
    relations: tuple[GoldRelation, ...]


def spans_of_tags(tags: Sequence[str]) -> list[tuple[int, int, str]]:
    """``(start, end, type)`` of the runs that BIO tags mark; ``B_x``, ``B-x``, ``I_x`` and ``O``.

    A run that begins with ``I`` begins all the same, as in CoNLL.

    >>> spans_of_tags(["B_drug", "I_drug", "O", "I-test", "B-test"])
    [(0, 2, 'drug'), (3, 4, 'test'), (4, 5, 'test')]
    >>> spans_of_tags("OBIIOB")
    [(1, 4, ''), (5, 6, '')]
    """
    spans: list[tuple[int, int, str]] = []
    start = 0
    current: str | None = None
    for at, tag in enumerate([*tags, "O"]):
        mark, kind = tag[:1], tag[2:]
        goes_on = mark == "I" and kind == current
        if current is not None and not goes_on:
            spans.append((start, at, current))
            current = None
        if mark in {"B", "I"} and not goes_on:
            start, current = at, kind
    return spans


def checked_mention(
    text: str, mention: GoldMention, quoted: str, path: Path, line: int | None
) -> GoldMention:
    """``mention``, where its offsets are those of the text it quotes.

    Spaces and line ends count as one.

    Raises:
        SourceFormatError: where they are not.
    """
    start, end = mention.start, mention.end
    if not 0 <= start < end <= len(text) or text[start:end].split() != quoted.split():
        problem = f"[{start}, {end}) is {text[start:end][:60]!r}, not {quoted[:60]!r}"
        raise SourceFormatError(path, line, problem, fix="correct the offsets")
    return mention


def sorted_mentions(mentions: Iterable[GoldMention]) -> tuple[GoldMention, ...]:
    """Mentions by position."""
    return tuple(sorted(mentions, key=lambda m: (m.start, m.end, m.id)))
