"""What a text says of a mention: negated, uncertain, historical, of the family, hypothetical.

ConText (Harkema et al. 2009, https://doi.org/10.1016/j.jbi.2009.05.002): a cue marks the mentions
in its scope, which runs forward or backward to the next terminator or the end of the sentence.
Cues are data (``nlp/cues/*.toml``); all of them are found in one pass of an automaton.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from importlib.resources import files
from itertools import product
from typing import Any, Literal

import ahocorasick

from kg.names import is_han, normalise
from nlp.records import Assertion, Mention

CueKind = Literal["forward", "backward", "terminator", "comma", "pseudo"]

#: Where several cues reach a mention, the first of these counts.
PRIORITY = (
    Assertion.FAMILY,
    Assertion.NEGATED,
    Assertion.HYPOTHETICAL,
    Assertion.UNCERTAIN,
    Assertion.HISTORICAL,
)
_WAYS = {
    "terminators": "forward",
    "backward_terminators": "backward",
    "family_terminators": "family",
}
_ENDINGS = frozenset({"terminator", "comma"})
_HARD = frozenset({";", "；", ",", "but", "但"})
_START = "^"  # stands before a sentence, so that a cue can ask to open it
#: What may stand between an adjective and the mention it qualifies.
_BETWEEN = re.compile(
    r" (?:(?:an?|the|early|new|mild|acute|severe|recurrent|chronic|underlying|small|left|right) )*"
)
#: What joins an adjective to what stands behind it, not before; and a word it can qualify.
_JOINED = re.compile(r"\b(?:and|or|with|plus)\s$", re.IGNORECASE)
_WORD = re.compile(r"\s[A-Za-z]{4,}")
_YEAR = re.compile(r"\b(?:19|20)\d\d\b")
_SIGNS = str.maketrans({"’": "'", "‘": "'", "\n": " ", "\t": " ", "，": ",", "：": ":"})


@dataclass(frozen=True, slots=True)
class Cue:
    """A phrase that changes, or ends, what is said.

    Args:
        kind: which way it works.
        assertion: what it says of the mentions in its scope; None on cues without a scope.
        across_commas: whether its scope goes on behind a comma, where commas end scopes.
        adjoining: whether it reaches only a mention right behind it ("non-diabetic").
        ends: which of ``forward``, ``backward`` and ``family`` scopes a terminator ends.
    """

    kind: CueKind
    assertion: Assertion | None = None
    across_commas: bool = True
    adjoining: bool = False
    ends: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class FoundCue:
    """A cue at ``[start, end)`` of the text."""

    start: int
    end: int
    cue: Cue
    text: str


class Context:
    """Finds assertions with the cues of one language.

    >>> context = Context.load("en")
    >>> text = "Denies fever or chills but has a cough."
    >>> spans = [(7, 12), (16, 22), (33, 38)]
    >>> [a.value for a in context.assertions(text, (0, len(text)), spans)]
    ['negated', 'negated', 'asserted']
    """

    def __init__(self, cues: Iterable[tuple[str, Cue]], *, spaced: bool) -> None:
        self._spaced = spaced
        self._automaton = ahocorasick.Automaton()
        by_text: dict[str, list[Cue]] = {}
        for text, cue in cues:
            by_text.setdefault(text.translate(_SIGNS), []).append(cue)
        for text, found in by_text.items():
            self._automaton.add_word(text, (len(text), tuple(found)))
        self._automaton.make_automaton()

    @classmethod
    def load(cls, language: str) -> Context:
        """The cues shipped for ``en`` or ``zh``."""
        path = files("nlp").joinpath("cues", f"{language}.toml")
        table = tomllib.loads(path.read_text(encoding="utf-8"))
        return cls(_cues(table), spaced=language != "zh")

    def assertions(
        self, text: str, sentence: tuple[int, int], spans: Sequence[tuple[int, int]]
    ) -> list[Assertion]:
        """The assertion of each span of one sentence.

        Args:
            text: the document's text.
            sentence: ``[start, end)`` of the sentence in ``text``.
            spans: ``[start, end)`` of mentions in ``text``, all inside the sentence.
        """
        if not spans:
            return []
        found = self._found(text, sentence, spans)
        reached: list[set[Assertion]] = [set() for _ in spans]
        for i, cue in enumerate(found):
            if cue.cue.assertion is None or _looks_ahead(cue, found, text, spans):
                continue
            start, end = _scope(cue, found, i, sentence)
            for k, span in enumerate(spans):
                if cue.cue.adjoining:
                    inside = cue.end <= span[0] <= cue.end + 1
                else:
                    inside = start <= span[0] and span[1] <= end
                if inside:
                    reached[k].add(cue.cue.assertion)
        for found_of in reached:
            if Assertion.ASSERTED in found_of:  # presupposed
                found_of.discard(Assertion.NEGATED)
        return [next((a for a in PRIORITY if a in r), Assertion.ASSERTED) for r in reached]

    def _found(
        self, text: str, sentence: tuple[int, int], spans: Sequence[tuple[int, int]]
    ) -> list[FoundCue]:
        """The cues of a sentence by position: the longest first, none over another or a mention.

        What only ends a scope may overlap a cue ("she denies" and "denies"), not lie inside one.
        """
        start, end = sentence
        lowered = _START + _plain(text[start:end])
        taken = [(a - start + 1, b - start + 1) for a, b in spans]
        hits = []
        for last, (length, cues) in self._automaton.iter(lowered):
            first = last + 1 - length
            if not self._spaced or _is_whole(lowered, first, last + 1):
                hits.append((-length, -first, cues))
        hits.sort(key=lambda hit: hit[:2])
        found: list[FoundCue] = []
        for minus_length, minus_first, cues in hits:
            first, behind = -minus_first, -minus_first - minus_length
            at = (start + max(0, first - 1), start + behind - 1)
            if all(behind <= a or b <= first for a, b in taken):
                if any(cue.kind not in _ENDINGS for cue in cues):
                    taken.append((first, behind))
                found.extend(FoundCue(*at, cue, lowered[first:behind]) for cue in cues)
            elif not any(a <= first and behind <= b for a, b in taken):
                found.extend(
                    FoundCue(*at, cue, lowered[first:behind])
                    for cue in cues
                    if cue.kind in _ENDINGS
                )
        return sorted(found, key=lambda cue: cue.start)


def _plain(text: str) -> str:
    """Lower case, signs unified, years as ``####``; as long as ``text``."""
    plain = text.translate(_SIGNS)
    plain = "".join(c.lower() if len(c.lower()) == 1 else c for c in plain)
    plain = _YEAR.sub("####", plain)
    return plain if plain.isascii() else "".join(_simplified(c) for c in plain)


@lru_cache(maxsize=1 << 14)
def _simplified(character: str) -> str:
    plain = normalise(character) if is_han(character) else character
    return plain if len(plain) == 1 else character


def _is_whole(text: str, start: int, end: int) -> bool:
    before = start == 0 or not (text[start].isalnum() and text[start - 1].isalnum())
    return before and (end == len(text) or not (text[end - 1].isalnum() and text[end].isalnum()))


def _scope(
    cue: FoundCue, found: Sequence[FoundCue], place: int, sentence: tuple[int, int]
) -> tuple[int, int]:
    """``[start, end)`` that a cue reaches.

    A word that ends scopes belongs to the cue where it stands right behind a cue that looks
    forward ("history:"), or right before one that looks backward ("Edema: none").
    """
    family = cue.cue.assertion is Assertion.FAMILY
    if cue.cue.kind == "forward":
        way = "family" if family else "forward"
        for other in found[place + 1 :]:
            near = other.start <= cue.end + 1 and other.text not in _HARD
            if other.start >= cue.end and not near and _ends(other, cue, way):
                return cue.end, other.start
        return cue.end, sentence[1]
    way = "family" if family else "backward"
    for other in reversed(found[:place]):
        near = other.end >= cue.start - 1 and other.text not in _HARD
        if other.end <= cue.start and not near and _ends(other, cue, way):
            return other.end, cue.start
    return sentence[0], cue.start


def _looks_ahead(
    cue: FoundCue, found: Sequence[FoundCue], text: str, spans: Sequence[tuple[int, int]]
) -> bool:
    """Whether a cue that can look either way qualifies the mention right behind it, so that it does
    not look back: "diabetes and possible neuropathy"."""
    if cue.cue.kind != "backward":
        return False
    same = (other for other in found if (other.start, other.end) == (cue.start, cue.end))
    if not any(o.cue.kind == "forward" and o.cue.assertion is cue.cue.assertion for o in same):
        return False
    if _JOINED.search(text, max(0, cue.start - 6), cue.start) and _WORD.match(text, cue.end):
        return True
    return any(start >= cue.end and _BETWEEN.fullmatch(text[cue.end : start]) for start, _ in spans)


def _ends(other: FoundCue, cue: FoundCue, way: str) -> bool:
    """Whether ``other`` ends the scope of ``cue``."""
    if cue.cue.assertion is Assertion.ASSERTED and other.cue.kind == "forward":
        return other.cue.assertion is Assertion.NEGATED
    if other.cue.kind == "comma":
        return not cue.cue.across_commas
    return way in other.cue.ends


def _cues(table: dict[str, Any]) -> Iterator[tuple[str, Cue]]:
    scope = table["scope"]
    commas = scope.get("commas", [])
    for assertion in PRIORITY:
        kinds: tuple[CueKind, ...] = ("forward", "backward")
        for kind in kinds:
            for text in table[assertion.value][kind]:
                across = not commas or assertion not in (Assertion.NEGATED, Assertion.UNCERTAIN)
                across = across or text.startswith(tuple(scope["across_commas"]))
                yield text, Cue(kind, assertion, across)
        for text in table[assertion.value].get("adjoining", ()):
            yield text, Cue("forward", assertion, adjoining=True)
        for group in table[assertion.value].get("products", ()):
            for before, after in product(group["before"], group["after"]):
                text = f"{before} {after}"
                for way in group["kinds"]:
                    if way == "adjoining":
                        yield text, Cue("forward", assertion, adjoining=True)
                    else:
                        yield text, Cue(way, assertion)
    for text in table.get("presupposed", {"forward": ()})["forward"]:
        yield text, Cue("forward", Assertion.ASSERTED, across_commas=False)
    for text in commas or [","]:
        yield text, Cue("comma")
    ends: dict[str, set[str]] = {}
    for name, way in _WAYS.items():
        for text in scope[name]:
            ends.setdefault(text, set()).add(way)
    for text, ways in ends.items():
        yield text, Cue("terminator", ends=frozenset(ways))
    for text in scope["pseudo"]:
        yield text, Cue("pseudo")
    for auxiliary, verb in product(scope["auxiliaries"], scope["pseudo_verbs"]):
        yield f"{auxiliary} {verb}", Cue("pseudo")
    for before, after in product(scope.get("pseudo_before", ()), scope.get("pseudo_after", ())):
        yield f"{before} {after}", Cue("pseudo")


def with_assertions(
    text: str,
    sentences: Sequence[tuple[int, int]],
    mentions: Sequence[Mention],
    context: Context,
) -> tuple[Mention, ...]:
    """The mentions, each with what its sentence says of it."""
    changed = list(mentions)
    place = 0
    for start, end in sentences:
        inside = []
        while place < len(mentions) and mentions[place].start < end:
            if mentions[place].start >= start and mentions[place].end <= end:
                inside.append(place)
            place += 1
        spans = [(mentions[i].start, mentions[i].end) for i in inside]
        found = context.assertions(text, (start, end), spans)
        for i, assertion in zip(inside, found, strict=True):
            if assertion is not mentions[i].assertion:
                changed[i] = replace(mentions[i], assertion=assertion)
    return tuple(changed)
