"""Short forms a document explains: "myocardial infarction (MI)".

The algorithm of Schwartz & Hearst 2003 (A simple algorithm for identifying abbreviation
definitions in biomedical text, PSB 2003): the characters of the short form are looked for from
right to left in the words before the parenthesis; the first must begin a word. Where the short
form is the initials of the words before it, these are the long form: right to left, "oral
contraceptives (OC)" would end in "contraceptives" alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_PARENTHESIS = re.compile(r"\(([^()\n]{2,80})\)")
_LEAST_INITIALS = 2
_ENDS = re.compile(r"[;,:=]")  # "(PB: 15 mg)", "(TCP; 2 doses)"
_SHORT = re.compile(r"[A-Za-z0-9][\w\-/.+]{0,9}")


@dataclass(frozen=True, slots=True)
class ShortForm:
    """A short form and its long form, each ``[start, end)`` of the text."""

    short: tuple[int, int]
    long: tuple[int, int]


def short_forms(text: str) -> Iterator[ShortForm]:
    """Definitions "long (short)" and "short (long)", by position.

    >>> text = "Acute myocardial infarction (AMI) and AF (atrial fibrillation)."
    >>> [(text[slice(*s.short)], text[slice(*s.long)]) for s in short_forms(text)]
    [('AMI', 'Acute myocardial infarction'), ('AF', 'atrial fibrillation')]
    """
    for match in _PARENTHESIS.finditer(text):
        inside = _ENDS.split(match[1])[0].rstrip()
        before = text[max(0, match.start() - 200) : match.start()].rstrip()
        end = max(0, match.start() - 200) + len(before)
        start = match.start(1)
        if _is_short(inside):
            long = _long_form(inside, before)
            if long is not None:
                yield ShortForm((start, start + len(inside)), (end - len(long), end))
        else:
            short = re.search(r"\S+$", before)
            if short and _is_short(short[0]) and _long_form(short[0], inside) == inside:
                yield ShortForm((end - len(short[0]), end), (start, start + len(inside)))


def _is_short(text: str) -> bool:
    words = text.split()
    return (
        1 <= len(words) <= 2
        and 2 <= len(text) <= 10
        and any(c.isalpha() for c in text)
        and any(c.isupper() or c.isdigit() for c in text)
        and all(_SHORT.fullmatch(w) for w in words)
    )


def _long_form(short: str, before: str) -> str | None:
    """The end of ``before`` whose initials ``short`` is, else the shortest one that spells it."""
    initials = _initials(short, before)
    if initials is not None:
        return initials
    most = min(len(short) + 5, len(short) * 2)
    words = re.findall(r"\S+", before)
    window = before
    if len(words) > most:
        window = re.search(rf"(?:\S+\s+){{{most - 1}}}\S+$", before)[0]  # type: ignore[index]
    i = len(window)
    for k in range(len(short) - 1, -1, -1):
        character = short[k].lower()
        if not character.isalnum():
            continue
        i -= 1
        while i >= 0 and (
            window[i].lower() != character or (k == 0 and i > 0 and window[i - 1].isalnum())
        ):
            i -= 1
        if i < 0:
            return None
    long = window[i:]
    if len(long) <= len(short) or short.lower() in long.lower().split():
        return None
    return (
        long if "(" not in long and ")" not in long and not re.search(r"[.;!?]\s", long) else None
    )


def _initials(short: str, before: str) -> str | None:
    """The last words of ``before`` that begin with the letters of ``short``, or None."""
    letters = short[:-1] if short.endswith("s") and short[:-1].isupper() else short
    words = list(re.finditer(r"[^\s/-]+", before))[-len(letters) :]
    if len(letters) < _LEAST_INITIALS or len(words) < len(letters) or not letters.isalpha():
        return None
    if any(w[0][0].lower() != c.lower() for w, c in zip(words, letters, strict=True)):
        return None
    long = before[words[0].start() :]
    return None if re.search(r"[()]|[.;!?]\s", long) else long
