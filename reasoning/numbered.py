"""Numbered kinds of a disease the graph does not know by number.

"Glycogen storage disease type IX" is not glycogen storage disease: where only what stands before
the number is a name, an answer about that name would answer another question. So the whole is
taken as one name that is unknown, with the nearest ones beside it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from kg.schema import CONDITIONS, DISEASE
from nlp.records import Mention

_NUMBER = r"(?:[ivx]{1,5}|\d{1,3})[a-z]?"
_TYPED = re.compile(
    rf"[\s,-]*\b(?:sub)?type\s+(?:{_NUMBER}|[a-z])(?![\w/%])"  # … type IX, … type 2B
    r"|\s*(?:[ivxⅰ-ⅻ]{1,5}|\d{1,3}|[一二三四五六七八九十]{1,3})[a-z]?型",  # …IX型
    re.IGNORECASE,
)
_BARE = re.compile(r"[\s-]+(?:[ivx]{2,5}|\d{1,3})[a-z]?(?=\s*(?:[?.,;:!)]|$))", re.IGNORECASE)
_BEFORE = re.compile(
    rf"(?:\b(?:sub)?type\s+(?:{_NUMBER}|[a-z])\s+"
    r"|(?:[ivxⅰ-ⅻ]{1,5}|\d{1,3}|[一二三四五六七八九十]{1,3})[a-z]?型)$",
    re.IGNORECASE,
)


def with_number(question: str, mention: Mention) -> tuple[int, int] | None:
    """The span of a disease name and the number beside it; None where there is no number.

    >>> from nlp.records import Candidate
    >>> gsd = Candidate("DOID:2747", "glycogen storage disease", DISEASE, 1.0)
    >>> question = "Causes of glycogen storage disease type IX?"
    >>> with_number(question, Mention(10, 34, "glycogen storage disease", DISEASE, (gsd,)))
    (10, 42)
    >>> with_number(question[:34], Mention(10, 34, "glycogen storage disease", DISEASE, (gsd,)))
    """
    categories = {c.category for c in mention.candidates}
    if categories.isdisjoint(CONDITIONS):
        return None
    after = _TYPED.match(question, mention.end)
    if after is None and DISEASE in categories:  # a finding beside a number may be a measurement
        after = _BARE.match(question, mention.end)
    if after is not None:
        return mention.start, after.end()
    before = _BEFORE.search(question[: mention.start])
    return (before.start(), mention.end) if before is not None else None


def numbered(question: str, mentions: Iterable[Mention]) -> dict[int, tuple[int, int]]:
    """Start of each mention with a number beside it → the span of both."""
    spans = ((m.start, with_number(question, m)) for m in mentions)
    return {start: span for start, span in spans if span is not None}
