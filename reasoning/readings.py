"""The closed list of what a question can be read as: a line of words for each rule and language.

``reasoning/readings.toml`` holds the lines. A language model chooses among them
(:mod:`reasoning.plan_reading`); the verifier accepts no other line (:func:`is_reading`).
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any

from kg.errors import InvalidRecordError, UsageError
from reasoning.sentence_frames import Slot, Template
from reasoning.ways import CHECKS, SEARCHES

#: Rules that find no concepts and check no triple.
_OTHERS = ("check_safe", "definition", "names")
#: Rules of noun phrases, whose plans other rules make too.
_NOUN_PHRASES = frozenset(
    {
        *("diseases_with", "diseases_treated_by", "drugs_for", "drugs_causing", "members"),
        *("causes_of", "complications_of", "symptoms_of"),
    }
)
#: Rules that are told by their very phrases alone.
_NEVER_READ = frozenset({"check_is_a", "check_associated", "check_similar"})


@dataclass(frozen=True, slots=True)
class ReadingWords:
    """What a model is told and what it may say, in one language; slots are in braces."""

    system: str
    user: str
    before: str
    nothing: str
    between: str
    rules: Mapping[str, str]


@cache
def load_reading_words(language: str) -> ReadingWords:
    """The words of ``en`` or ``zh``.

    Raises:
        UsageError: on another language.
        InvalidRecordError: where the file lacks a rule, or a line lacks its names.
    """
    text = files("reasoning").joinpath("readings.toml").read_text("utf-8")
    tables = tomllib.loads(text)
    if language not in tables:
        raise UsageError(f"no readings in language {language!r}; there are {', '.join(tables)}")
    return reading_words(tables[language])


def reading_words(table: Mapping[str, Any]) -> ReadingWords:
    """Words from one table of the file; see :func:`load_reading_words`."""
    rules: Mapping[str, str] = table["rules"]
    for name in _needed():
        if name not in rules:
            raise InvalidRecordError(f"readings.toml: no line for rule {name!r}; add one")
    for name, line in rules.items():
        wanted = {"s", "o"} if name in CHECKS or name == "check_safe" else {"a"}
        if set(Template.read(line).slots) != wanted:
            raise InvalidRecordError(
                f"readings.toml: {name} = {line!r} must use {', '.join(sorted(wanted))}"
            )
    return ReadingWords(
        table["system"],
        table["user"],
        table["before"],
        table["nothing"],
        table["between"],
        MappingProxyType(dict(rules)),
    )


def is_reading(text: str, question: str, language: str) -> bool:
    """Whether ``text`` is a line of the list, filled with nothing but words of the question.

    >>> is_reading("drugs that treat gout", "Tell me: gout, which pills?", "en")
    True
    >>> is_reading("drugs that treat asthma", "Tell me: gout, which pills?", "en")
    False
    """
    words = load_reading_words(language)
    for line in words.rules.values():
        found = _pattern(line).fullmatch(text)
        if found is not None:
            names = (n for filled in found.groups() for n in filled.split(words.between))
            if all(f in question for f in found.groups()) or all(n in question for n in names):
                return True
    return False


@cache
def _pattern(line: str) -> re.Pattern[str]:
    parts = Template.read(line).parts
    return re.compile("".join("(.+)" if isinstance(p, Slot) else re.escape(p) for p in parts))


def _needed() -> Iterator[str]:
    """Rules that a line must stand for."""
    for name in (*SEARCHES, *CHECKS, *_OTHERS):
        if name not in _NOUN_PHRASES and name not in _NEVER_READ:
            yield name
