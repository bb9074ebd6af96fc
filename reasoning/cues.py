"""Which words must stand in a text for a pattern to match it.

Compiling all patterns of a language takes a third of a second; a question needs a dozen of them.
The cues of a pattern are literals one of which is part of every match: a text that holds none of
them need not be tried, and the pattern need not be compiled. They are read off the pattern as it
is written in the phrase file (``@words``, ``{a:slots}`` and ``~`` unexpanded), cautiously: where
nothing certain can be read off, there are no cues and the pattern is always tried.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

_PIECE = re.compile(
    r"(?P<escape>\\.)|(?P<class>\[[^\]]*\])|(?P<open>\(\?[:=!]|\(\?<[=!]|\(\?P<\w+>|\()"
    r"|(?P<close>\))|@(?P<words>[a-z_0-9]+)|(?P<slot>\{[a-z]\+*:[a-z]+\})"
    r"|(?P<count>[?*+]\??|\{\d+(?:,\d*)?\})|(?P<bar>\|)|(?P<other>[~.^$])"
    r"|(?P<text>[^\\\[\]()@{}~.^$?*+|]+)"
)
_OPTIONAL = ("?", "*")

Cues = frozenset[str]


class CueReader:
    """Reads cues off patterns; ``words`` are the named alternatives."""

    def __init__(self, words: Mapping[str, str]) -> None:
        self._words = words
        self._known: dict[str, Cues] = {}

    def cues(self, pattern: str) -> Cues:
        """Literals one of which every match contains; empty where nothing is certain.

        >>> reader = CueReader({"drugs": "(?:drug|remed(?:y|ie))s?"})
        >>> sorted(reader.cues("of @drugs ?(?:do|are)? {a:disease}"))
        ['drug', 'remed']
        >>> reader.cues("(?:which )?{a:disease}")
        frozenset()
        """
        return _Scan(self, pattern).alternatives()

    def named(self, name: str) -> Cues:
        """The cues of named alternatives."""
        if name not in self._known:
            self._known[name] = frozenset()  # a name inside itself gives none
            self._known[name] = self.cues(self._words.get(name, ""))
        return self._known[name]


class _Scan:
    """One pass over a pattern."""

    def __init__(self, reader: CueReader, pattern: str) -> None:
        self._reader = reader
        self._pieces: Iterator[re.Match[str]] = _PIECE.finditer(pattern)

    def alternatives(self) -> Cues:
        """Cues up to the closing bracket: those of all alternatives, or none."""
        found: list[Cues] = []
        best: Cues = frozenset()
        last: Cues = frozenset()  # of the latest piece, which a count may still take back
        text = ""  # the latest piece where it is plain
        for piece in self._pieces:
            kind = piece.lastgroup
            if kind == "count":
                last = _counted(piece[0], last, text)
                continue
            best, last, text = _better(best, last), frozenset(), ""
            if kind == "close":
                break
            if kind == "bar":
                found.append(best)
                best = frozenset()
            elif kind == "open":
                inner = self.alternatives()
                last = inner if piece[0] in ("(", "(?:") else frozenset()
            elif kind == "words":
                last = self._reader.named(piece["words"])
            elif kind == "text":
                text = piece[0]
                last = _literal(text)
        found.append(_better(best, last))
        return frozenset().union(*found) if all(found) else frozenset()


def _literal(text: str) -> Cues:
    kept = text.strip()
    return frozenset({kept}) if len(kept) >= (2 if kept.isascii() else 1) else frozenset()


def _counted(count: str, last: Cues, text: str) -> Cues:
    """What is left of a piece that may be missing; of plain text, all but its last character."""
    if not count.startswith(_OPTIONAL) and not count.startswith("{0"):
        return last
    return _literal(text[:-1])


def _better(one: Cues, other: Cues) -> Cues:
    """The set that rules out more texts: longer literals, then fewer."""
    if not one or not other:
        return one or other
    return max(one, other, key=lambda cues: (min(map(len, cues)), -len(cues)))
