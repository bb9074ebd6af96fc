"""Words beside a name that make it narrower than what the graph knows.

"Juvenile gout" is not gout, "gout in children" is not gout in general. Where what stands beside a
name is such a word (``phrases/qualifiers.toml``) and neither the name with it nor anything the
concept is called holds it, the question is about something narrower than the graph knows. Of a
word of *kind* (whence a disease comes, what brings it about) the whole is an unknown name; of one
of *course* (how it runs, where it sits) and of *patients* (children, pregnancy) the wider thing is
told and said to be the wider one.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files
from types import MappingProxyType

from kg.names import is_han, normalise
from kg.schema import CONDITIONS, DISEASE, PATIENT_GROUP, RISK_FACTOR
from nlp.linker import Linker
from nlp.records import Candidate, Mention


class Sort(StrEnum):
    """What a qualifier says of the name beside it."""

    KIND = "kind"
    COURSE = "course"
    PATIENTS = "patients"


@dataclass(frozen=True, slots=True)
class Qualified:
    """``[start, end)`` of a question: a name with what narrows it, or a phrase for patients.

    ``[name_start, name_end)`` is the name that is known; of patients the phrase itself.
    ``words`` are the qualifiers in lower case.
    """

    start: int
    end: int
    name_start: int
    name_end: int
    sort: Sort
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Qualifiers:
    """The words of ``phrases/qualifiers.toml``, compiled."""

    before: re.Pattern[str]
    behind: re.Pattern[str]
    kinds: re.Pattern[str]
    patients: Mapping[str, re.Pattern[str]]
    same: Mapping[str, tuple[str, ...]]


#: Names of a concept with which a qualifier is tried, and how far before a name it may begin.
_MOST_NAMES, _FARTHEST = 6, 80

#: Between a name and a qualifier behind it, as in "gout, juvenile".
_INVERTED = r"(?:\s*,\s*|\s+-\s+)"
#: Between two qualifiers.
_LINK = r"(?:\s*(?:,|/|&|\band\b|\bor\b|\bto\b|-|、|和|或)\s*|\s+)?"
_STAGE = r"(?:stage|grade|class)\s+(?:[ivx]{1,4}|\d)[a-c]?"
_SECONDARY_TO = r"secondary to\b"


@cache
def load_qualifiers() -> Qualifiers:
    """The qualifiers of both languages, read and compiled on first use."""
    table = tomllib.loads(files("reasoning").joinpath("phrases/qualifiers.toml").read_text("utf-8"))
    kind, course = table["kind"], table["course"]
    english = (*kind["en"], *course["en"], *course["site_en"])
    chinese = (*kind["zh"], *course["zh"], *course["site_zh"])
    adjective = rf"\b(?!{_any(course['ordinary_en'])}\b)[a-z-]{{2,}}{_any(course['endings_en'])}\b"
    one = rf"(?:\b{_any(english)}\b|\b{_STAGE}|{adjective}|{_any(chinese)})"
    behind = (
        rf"(?:{_INVERTED}(?P<words>[a-z][a-z ,-]*?)(?=\s*(?:[?.!;:)]|$))"
        rf"|[\s-]+(?:{_any(course['behind_en'])}|{_STAGE})\b"
        rf"|\s+{_SECONDARY_TO}|{_any(course['behind_zh'])})"
    )
    same: dict[str, tuple[str, ...]] = {}
    for group in table["same"]["groups"]:
        for word in group:
            same[word] = (*same.get(word, ()), *(w for w in group if w != word))
    return Qualifiers(
        re.compile(rf"(?:{one}{_LINK})+$"),
        re.compile(behind),
        re.compile(rf"\b{_any(kind['en'])}\b|{_any(kind['zh'])}|{_SECONDARY_TO}"),
        MappingProxyType({tag: re.compile(table["patients"][tag]) for tag in ("en", "zh")}),
        MappingProxyType(same),
    )


def _lowered(text: str) -> str:
    """Lower case, every character in its place."""
    lower = text.lower()
    if len(lower) == len(text):
        return lower
    return "".join(c.lower() if len(c.lower()) == 1 else c for c in text)


def _any(words: Iterable[str]) -> str:
    longest = sorted(words, key=len, reverse=True)
    return "(?:" + "|".join(re.escape(w).replace(r"\*", r"\w[\w-]*") for w in longest) + ")"


def beside_names(
    question: str, mentions: Sequence[Mention], linker: Linker
) -> Iterator[Qualified | Mention]:
    """What narrows the names of diseases and findings; a wider mention where that is a name.

    A qualifier every name of which the concept or what it is a kind of has already ("chronic
    COPD") narrows nothing.
    """
    as_asked, question = question, _lowered(question)
    for mention in mentions:
        if {c.category for c in mention.candidates}.isdisjoint(CONDITIONS):
            continue
        span = _span(question, mention, mentions)
        if span is None:
            continue
        words = _words(question, mention, span)
        named = _named(question[mention.start : mention.end], words, mention, linker)
        if named:
            text = as_asked[slice(*span)]
            yield Mention(*span, text, named[0].category, named, named[0].score)
            continue
        narrowing = tuple(w for w in words if not _held(w, mention, linker))
        if narrowing:
            sort = _sort(narrowing, mention)
            yield Qualified(*span, mention.start, mention.end, sort, narrowing)


def _span(question: str, mention: Mention, mentions: Sequence[Mention]) -> tuple[int, int] | None:
    """The mention with the qualifiers beside it, or None where there are none."""
    words = load_qualifiers()
    left = max((m.end for m in mentions if m.end <= mention.start), default=0)
    right = min((m.start for m in mentions if m.start >= mention.end), default=len(question))
    before = words.before.search(question, max(left, mention.start - _FARTHEST), mention.start)
    start = mention.start if before is None else before.start()
    behind = words.behind.match(question, mention.end, right)
    if behind is not None and behind["words"] and not words.before.fullmatch(behind["words"]):
        behind = None
    end = mention.end if behind is None else behind.end()
    while question[end - 1 : end].isspace():
        end -= 1
    return None if (start, end) == (mention.start, mention.end) else (start, end)


def _words(question: str, mention: Mention, span: tuple[int, int]) -> tuple[str, ...]:
    """The qualifiers of a span, in lower case, in order."""
    known = load_qualifiers()
    parts = (question[span[0] : mention.start], question[mention.end : span[1]])
    found: list[str] = []
    for part in parts:
        text = part.lower().strip(" ,-")
        kinds = known.kinds.findall(text)
        rest = known.kinds.sub(" ", text)
        found += kinds
        found += [w for w in re.split(r"[\s,/&、和或]+", rest) if w not in ("", "and", "or", "to")]
    return tuple(found)


def _sort(words: Sequence[str], mention: Mention) -> Sort:
    """Findings have no kinds of their own: theirs are told of the wider finding."""
    kinds = load_qualifiers().kinds
    disease = bool(mention.candidates) and mention.candidates[0].category == DISEASE
    return Sort.KIND if disease and any(kinds.fullmatch(w) for w in words) else Sort.COURSE


def _named(
    text: str, words: Sequence[str], mention: Mention, linker: Linker
) -> tuple[Candidate, ...]:
    """The concepts called by the whole, in words that mean the same as the qualifiers."""
    if len(words) != 1 or not mention.candidates:
        return ()
    spellings = (words[0], *load_qualifiers().same.get(words[0], ()))
    own = linker.called(mention.candidates[0].curie)[:_MOST_NAMES]
    for name in dict.fromkeys((text, *own)):
        for word in spellings:
            joined = f"{word}{name}" if is_han(word[:1] or " ") else f"{word} {name}"
            found = linker.named(joined)
            if found:
                return found
    return ()


def _held(word: str, mention: Mention, linker: Linker) -> bool:
    """Whether a name of the concept, or of what it is a kind of, holds the word or its like."""
    wanted = {normalise(w) for w in (word, *load_qualifiers().same.get(word, ()))}
    for candidate in mention.candidates[:1]:
        for name in linker.called(candidate.curie, wider=True):
            form = normalise(name)
            padded = f" {form} "
            if any(w in form if is_han(w[:1] or " ") else f" {w} " in padded for w in wanted):
                return True
    return False


def patients(question: str, language: str, mentions: Sequence[Mention]) -> Iterator[Qualified]:
    """Phrases for those whom a question is about: "in children", "during pregnancy".

    One inside the name of something else ("gestational diabetes", 小儿麻痹症) is none.
    """
    found = load_qualifiers().patients
    for match in found["zh" if language == "zh" else "en"].finditer(_lowered(question)):
        inside = any(
            m.start < match.end()
            and match.start() < m.end
            and all(c.category not in (PATIENT_GROUP, RISK_FACTOR) for c in m.candidates)
            for m in mentions
        )
        if not inside:
            start, end = match.span()
            yield Qualified(start, end, start, end, Sort.PATIENTS, (match[0].lower(),))
