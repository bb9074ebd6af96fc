"""Misspelt names: what in a text is one or two edits from a name.

A word that is neither everyday English nor part of a name is looked at together with the words
around it, since a name of several words is found more surely than one of them: "Alccoholic liver
disease". Edits are insertions, deletions, replacements and exchanges of neighbours (optimal
string alignment). Words that differ in ``hypo``/``hyper``, and numbers, are never taken for typos.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from rapidfuzz.distance import OSA

from kg.names import normalise
from kg.store import NameMatch
from nlp.lexicon import Lexicon
from nlp.stretches import name_stretches
from nlp.tokens import Token, form_of, has_han, tokens_of

#: Score of a name by how many edits away it was written.
EDIT_SCORES = {1: 0.88, 2: 0.80}

_INSIDE = frozenset({"of", "the", "and", "with", "in", "to", "on", "due", "like", "by", "or"})
_LEAST_SHUFFLED = 6  # characters
_MOST_AROUND = 6  # words on either side of an unknown one
_WITHOUT = str.maketrans("", "", "性症的")
_NUMBERS = re.compile(r"\d+")
_OPPOSITES = ("hypo", "hyper")


@dataclass(frozen=True, slots=True)
class Near:
    """Tokens ``first`` to ``last``, and the names they are near to, with scores."""

    first: int
    last: int
    matches: tuple[tuple[NameMatch, float], ...]


@dataclass(frozen=True, slots=True)
class TypoFinder:
    """Finds misspelt names in one text.

    Args:
        text: the text.
        tokens: its tokens.
        breaks: whether a sentence ends before each of them.
        lexicon: word lists.
        search: names nearest to a phrase, best first.
        least_length: shortest name that may be misspelt, in characters.
        least_han_length: the same of a Chinese name.
        two_edit_length: from this length on a name may hold two typos.
        most_searches: how often ``search`` may be called.
    """

    text: str
    tokens: Sequence[Token]
    breaks: Sequence[bool]
    lexicon: Lexicon
    search: Callable[[str], Sequence[NameMatch]]
    least_length: int = 5
    least_han_length: int = 4
    two_edit_length: int = 9
    most_searches: int = 8

    def find(self, covered: Sequence[tuple[int, int]]) -> Iterator[Near]:
        """Misspelt names that hold an unknown word outside the ``covered`` spans."""
        searches = self.most_searches
        done = -1
        for unknown in self._unknown(covered):
            if unknown <= done:
                continue
            regions = self._regions(unknown)
            found: list[Near] = []
            for first, last in regions[: max(0, searches)]:
                searches -= 1
                found.extend(self._aligned(first, last, unknown))
                if found and first < last:
                    break
            if found:
                best = max(found, key=self._weight)
                done = best.last
                yield best

    def _weight(self, near: Near) -> tuple[int, float]:
        length = self.tokens[near.last].end - self.tokens[near.first].start
        return length, near.matches[0][1]

    def _unknown(self, covered: Sequence[tuple[int, int]]) -> Iterator[int]:
        """Tokens that may be misspelt: not covered, not everyday words."""
        han = [s for s in name_stretches(self.text, covered, self.lexicon) if not s.ordinary]
        for i, token in enumerate(self.tokens):
            if any(a < token.end and token.start < b for a, b in covered):
                continue
            if token.han:
                if any(s.start <= token.start < s.end for s in han):
                    yield i
            elif self._is_unknown(token):
                yield i

    def _is_unknown(self, token: Token) -> bool:
        lexicon = self.lexicon
        return (
            len(token.text) >= 4
            and any(c.isalpha() for c in token.text)
            and not any(
                w in known
                for w in (token.word, token.form)
                for known in (
                    lexicon.common,
                    lexicon.function,
                    lexicon.generic,
                    lexicon.people,
                )
            )
        )

    def _regions(self, unknown: int) -> list[tuple[int, int]]:
        """Token ranges around an unknown word: the widest, up to connecting words, itself."""
        if self.tokens[unknown].han:
            first, last = self._grown(unknown, lambda t: t.han, most=15)
            return [(first, last)]
        wide = self._grown(unknown, self._may_hold, most=_MOST_AROUND)
        narrow = self._grown(unknown, lambda t: self._may_hold(t) and t.word not in _INSIDE)
        own = self._grown(unknown, self._may_name)
        return list(dict.fromkeys([wide, narrow, own, (unknown, unknown)]))

    def _grown(
        self, at: int, usable: Callable[[Token], bool], *, most: int = _MOST_AROUND
    ) -> tuple[int, int]:
        first = last = at
        while first > 0 and at - first < most and not self.breaks[first]:
            if not usable(self.tokens[first - 1]):
                break
            first -= 1
        while last + 1 < len(self.tokens) and last - at < most and not self.breaks[last + 1]:
            if not usable(self.tokens[last + 1]):
                break
            last += 1
        while first < at and self._connects(first):
            first += 1
        while last > at and self._connects(last):
            last -= 1
        return first, last

    def _may_hold(self, token: Token) -> bool:
        word = token.word
        return not token.han and (word in _INSIDE or word not in self.lexicon.function)

    def _may_name(self, token: Token) -> bool:
        word, lexicon = token.word, self.lexicon
        named = word in lexicon.heads or word not in lexicon.generic | lexicon.people
        return not token.han and named and word not in lexicon.function

    def _connects(self, place: int) -> bool:
        return self.tokens[place].word in self.lexicon.function

    def _aligned(self, first: int, last: int, unknown: int) -> list[Near]:
        """For each name near the region, the window of the region that is nearest to it."""
        phrase = self.text[self.tokens[first].start : self.tokens[last].end]
        by_window: dict[tuple[int, int], list[tuple[NameMatch, float]]] = {}
        for match in self.search(phrase):
            best = self._best_window(match.name.text, first, last, unknown)
            if best is not None:
                by_window.setdefault(best[1:], []).append((match, best[0]))
        found = []
        for window, matches in by_window.items():
            top = max(score for _, score in matches)
            found.append(Near(*window, tuple(m for m in matches if m[1] >= top)))
        return found

    def _best_window(
        self, name: str, first: int, last: int, unknown: int
    ) -> tuple[float, int, int] | None:
        wanted = normalise(name)
        size = len(tokens_of(name))
        best: tuple[float, int, int] | None = None
        for length in (size, size + 1, size - 1):
            low = max(first, unknown - length + 1)
            for start in range(low, min(unknown, last - length + 1) + 1):
                end = start + length - 1
                if length < 1 or self._connects(start) or self._connects(end):
                    continue
                score = self._score(form_of(self.tokens[start : end + 1]), wanted)
                if not score:  # a typo may look like an ending the normal form takes off
                    piece = self.text[self.tokens[start].start : self.tokens[end].end]
                    score = self._score(piece.lower(), name.lower())
                if score and (best is None or score > best[0]):
                    best = (score, start, end)
        return best

    def _score(self, written: str, wanted: str) -> float:
        """0 where the two are too far apart, or the same.

        In Chinese one other character is another disease (马尾综合征 is not 马方综合征), so there
        only the same characters in another order count, and a 性 or 症 more or less.
        """
        shorter = min(len(written), len(wanted))
        if has_han(wanted):
            same = sorted(_weightless(written)) == sorted(_weightless(wanted))
            if shorter < self.least_han_length or not same:
                return 0.0
        elif shorter < self.least_length or _is_opposite(written, wanted):
            return 0.0
        most = 2 if shorter >= self.two_edit_length or _is_shuffled(written, wanted) else 1
        distance = OSA.distance(written, wanted, score_cutoff=most)
        return EDIT_SCORES[distance] if 0 < distance <= most else 0.0


def _is_shuffled(written: str, wanted: str) -> bool:
    """Whether two words have the same letters between the same ends: "athsma"."""
    if min(len(written), len(wanted)) < _LEAST_SHUFFLED or written[0] != wanted[0]:
        return False
    return written[-1] == wanted[-1] and sorted(written) == sorted(wanted)


def _weightless(name: str) -> str:
    return name.translate(_WITHOUT)


def _is_opposite(written: str, wanted: str) -> bool:
    """Whether two names differ in a number, or in hypo and hyper."""
    if _NUMBERS.findall(written) != _NUMBERS.findall(wanted):
        return True
    return any(a in written and b in wanted for a, b in (_OPPOSITES, _OPPOSITES[::-1]))
