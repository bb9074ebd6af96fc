"""Where sentences begin and end, in abstracts, labels and notes, English and Chinese.

Rules, not a model: abbreviations ("e.g.", "et al.", "b.i.d."), decimals and species ("E. coli")
end no sentence; lines of lists and headings do. Every span is ``[start, end)`` of the text given,
without surrounding white space; together the spans hold every character that is not white space.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

_ABBREVIATIONS = re.compile(
    r"al|approx|art|assn|aug|ave|ca|cf|ch|col|comp|conc|corp|dec|dept|diam|dr|e\.g|eds?|eg|eqs?"
    r"|est|etc|ex|feb|figs?|ft|gen|gov|i\.e|ie|inc|incl|jan|jr|lab|ltd?|max|med|min|misc|mrs?"
    r"|ms|mt|nos?|nov|oct|op|p\.m|a\.m|pag|par|ph\.d|m\.d|pp|prof|pts?|refs?|rep|resp|rev|sect?"
    r"|sept?|spp|sr|st|subsp|suppl|syn|tab|temp|univ|viz|vols?|vs|var|b\.i\.d|t\.i\.d|q\.i\.d"
    r"|q\.d|q\.h\.s|p\.o|p\.r\.n|i\.v|i\.m|s\.c|i\.p|p\.c|a\.c|o\.d|u\.s|u\.k|w\.h\.o|n\.b|d\.o\.b"
)
_STARTERS = re.compile(
    r"an?|after|all|although|among|as|at|background|because|but|by|conclusions?|despite|during"
    r"|each|few|finally|for|from|furthermore|he|her|his|however|if|in|is|it|its|many|methods"
    r"|moreover|most|no|none|objective|on|one|our|patients|purpose|results|several|she|since"
    r"|some|such|that|the|their|then|there|therefore|these|they|this|those|thus|to|two|we|when"
    r"|whereas|while|with"
)
_END = re.compile(
    r"(?P<stop>\.(?!\d)|[!?]+|[。！？；]+|…+)(?P<closing>[\"'”’)\]」』）】]*)(?P<space>\s+|$)"
    r"|(?P<han>[。！？；]+[\"”’)\]」』）】]*)"
    r"|(?P<glued>(?<=[a-z)\]]{2})\.(?=[A-Z][a-z]+ )|(?<=[a-z0-9)])\.,(?=\s*[A-Z0-9]))"
    r"|(?P<line>[ \t]*(?:\r\n|\r|\n)\s*)"
)
_LIST_LINE = re.compile(r"\s*(?:[-*•·–—]|\(?\d{1,2}[.)]|\(?[a-z][.)])\s")
_HEADING = re.compile(r"[A-Z一-鿿][^.!?。！？\n]{0,40}[:：](?:\s|$)")
_WRAPPED_FROM = 55  # a line at least this long may have been broken by its margin, in characters


def sentences(text: str, *, breaks: Collection[int] = ()) -> tuple[tuple[int, int], ...]:
    """The sentences of ``text`` as ``[start, end)`` spans, in order.

    Args:
        text: any text.
        breaks: positions a sentence must end at (the end of a title).

    >>> text = "Given 2.5 mg b.i.d. to Dr. Wu (e.g. E. coli vs. none). It helped! 好转。无发热。"
    >>> [text[a:b] for a, b in sentences(text)]
    ['Given 2.5 mg b.i.d. to Dr. Wu (e.g. E. coli vs. none).', 'It helped!', '好转。', '无发热。']
    """
    found = []
    start = 0
    for cut in sorted({*_cuts(text), *breaks, len(text)}):
        span = _trimmed(text, start, cut)
        if span is not None:
            found.append(span)
        start = max(start, cut)
    return tuple(found)


def _trimmed(text: str, start: int, end: int) -> tuple[int, int] | None:
    piece = text[start:end]
    left = len(piece) - len(piece.lstrip())
    right = len(piece.rstrip())
    return (start + left, start + right) if left < right else None


def _cuts(text: str) -> Iterator[int]:
    """Positions at which a sentence ends."""
    position = 0
    while (match := _END.search(text, position)) is not None:
        position = match.end() if match.end() > match.start() else match.end() + 1
        if match["line"] is not None:
            if _line_ends(text, match):
                yield match.end()
        elif match["han"] is not None or match["glued"] is not None:
            yield match.end()
        elif match["stop"] != "." or _stop_ends(text, match):
            yield match.end("closing")
            if "\n" in match["space"]:
                yield match.end()


def _stop_ends(text: str, match: re.Match[str]) -> bool:
    """Whether a full stop, with white space behind, ends a sentence."""
    following = text[match.end() : match.end() + 30]
    if not following or "\n" in match["space"]:
        return not _is_abbreviation(_word_before(text, match.start())) or "\n\n" in match["space"]
    first = following[0]
    if first.islower() or first in ",;:)":
        return False
    word = _word_before(text, match.start())
    if len(word) == 1 and word.isalpha() and word.isupper():
        next_word = re.match(r"\w+", following)
        return next_word is not None and (_STARTERS.fullmatch(next_word[0].lower()) is not None)
    return not _is_abbreviation(word)


def _word_before(text: str, stop: int) -> str:
    match = re.search(r"[\w.]*$", text[max(0, stop - 20) : stop])
    return match[0] if match else ""


def _is_abbreviation(word: str) -> bool:
    return _ABBREVIATIONS.fullmatch(word.lower().strip(".")) is not None


def _line_ends(text: str, match: re.Match[str]) -> bool:
    """Whether a line break that follows no full stop ends a sentence."""
    if match["line"].count("\n") > 1 or match["line"].count("\r") > 1:
        return True
    rest = text[match.end() : match.end() + 60]
    line = text[text.rfind("\n", 0, match.start()) + 1 : match.start()]
    if line.rstrip().endswith((":", "：")) or _LIST_LINE.match(rest) or _HEADING.match(rest):
        return True
    return len(line) < _WRAPPED_FROM and not rest[:1].islower()
