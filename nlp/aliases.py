"""What the short names of one document stand for, as it says itself.

A document explains a short form ("acute renal failure (ARF)", :mod:`nlp.abbreviations`), or puts
one name in brackets behind another of the same class ("isoproterenol (ISPH)", "AMN082
(N,N'-dibenzhydrylethane-1,2-diamine)"). Where the short one is no abbreviation of the long one by
its letters, its own name counts first.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from nlp.abbreviations import short_forms

Span = tuple[int, int, str]
_OPENS = re.compile(r"\s*[(\[]\s*")
_CLOSES = ")];:,="
_LONGEST_CODE = 10  # characters


@dataclass(slots=True)
class Aliases:
    """Short name and class → long name, and whether the long one counts first."""

    _forms: dict[tuple[str, str], tuple[str, bool]] = field(default_factory=dict)

    @classmethod
    def of(cls, text: str, spans: Sequence[Span]) -> Aliases:
        """The aliases of a document.

        Args:
            text: the document.
            spans: its mentions, ``(start, end, class)``.
        """
        found = cls()
        ends = {end: (start, name) for start, end, name in spans}
        classes = {name for _, _, name in spans}
        for form in short_forms(text):
            short, (start, end) = text[slice(*form.short)], form.long
            within = ends.get(end)
            if within is not None:  # the mention says how far the long form goes
                found._add(short, text[within[0] : end], within[1], sure=True)
            else:
                for name in classes:
                    found._add(short, text[start:end], name, sure=True)
        for left, right in pairwise(sorted(spans)):
            if left[2] == right[2] and _is_bracketed(text, left, right):
                found._pair(text[left[0] : left[1]], text[right[0] : right[1]], left[2])
        return found

    def long_form(self, mention: str, name: str) -> tuple[str, bool]:
        """What a mention of a class stands for ("" for itself), and whether that counts first."""
        for form in (mention, f"{mention}s", mention.removesuffix("s")):
            known = self._forms.get((form, name))
            if known is not None:
                return known
        return "", False

    def _pair(self, first: str, second: str, name: str) -> None:
        for short, long in ((second, first), (first, second)):
            if _is_code(short) and not _is_code(long):
                self._add(short, long, name, sure=_spells(short, long))
                return

    def _add(self, short: str, long: str, name: str, *, sure: bool) -> None:
        if short != long:
            self._forms.setdefault((short, name), (long, sure))


def _is_bracketed(text: str, left: Span, right: Span) -> bool:
    gap = text[left[1] : right[0]]
    return _OPENS.fullmatch(gap) is not None and text[right[1] : right[1] + 1] in _CLOSES


def _is_code(text: str) -> bool:
    """Whether a name is written like a code: one short word with capitals or figures in it."""
    return (
        len(text) <= _LONGEST_CODE
        and not any(c.isspace() for c in text)
        and (len(text) == 1 or any(c.isupper() or c.isdigit() for c in text[1:]))
    )


def _spells(short: str, long: str) -> bool:
    """Whether the letters of ``short`` stand in ``long`` in their order, the first one first.

    >>> _spells("PHB", "phenobarbital"), _spells("ISPH", "isoproterenol")
    (True, False)
    """
    letters = [c for c in short.lower() if c.isalnum()]
    rest = iter(long.lower())
    return bool(letters) and long[:1].lower() == letters[0] and all(c in rest for c in letters)
