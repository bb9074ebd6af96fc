"""The emergency gate: red flags in the asker's own words, before everything else.

A question of medicine may come from someone who needs an ambulance. The gate looks for
descriptions of a person in danger ("my chest hurts and I am sweating", 我爸突然说话不清), not for
the names of dangerous diseases: "What are the symptoms of stroke?" passes. It knows no graph and
no model; its phrases are data (``red_flags.toml``, and ``red_flags_situations.toml``: features that
have to stand together) apart from all templates, so that nothing a user changes can silence it.

A red flag counts where a pattern stands in the text and a person or urgency is spoken of, unless
the sentence is a question of general knowledge or the clause tells of the past. It is meant to
err on the side of sending somebody to a doctor.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any

from kg.names import is_han, normalise
from reasoning.skeleton import detect_language

#: Only this much of a text is looked at, in characters.
MOST_CHARACTERS = 4_000


@dataclass(frozen=True, slots=True)
class RedFlag:
    """A description of danger in a question.

    Args:
        id: which danger, e.g. ``stroke``.
        message: what to say, in the question's language; fixed.
        language: ``en`` or ``zh``.
        text: the words that raised it.
        start: first character of these words in the question, 0-based.
        end: one past the last.
    """

    id: str
    message: str
    language: str
    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class _Speech:
    """How one language speaks of a person here and now, of knowledge, of the past."""

    person: re.Pattern[str]
    urgent: re.Pattern[str]
    general: re.Pattern[str]
    hypothetical: re.Pattern[str]
    past: re.Pattern[str]
    fiction: re.Pattern[str]
    clause: re.Pattern[str]
    asks: re.Pattern[str]
    denied: re.Pattern[str]


@dataclass(frozen=True, slots=True)
class _Flag:
    id: str
    messages: Mapping[str, str]
    patterns: Mapping[str, tuple[re.Pattern[str], ...]]
    sure: Mapping[str, tuple[re.Pattern[str], ...]]
    together: tuple[tuple[str, ...], ...]  # names of features


@dataclass(frozen=True, slots=True)
class _Situation:
    """Features that raise a flag where all of them stand in the text, in any order."""

    flag: _Flag
    features: Mapping[str, tuple[re.Pattern[str], ...]]
    sure: bool


@dataclass(frozen=True, slots=True)
class _Gate:
    speech: Mapping[str, _Speech]
    features: Mapping[str, Mapping[str, re.Pattern[str]]]
    flags: tuple[_Flag, ...]
    situations: tuple[_Situation, ...]


def emergency(question: str, language: str | None = None) -> RedFlag | None:
    """The first red flag in the question, or None.

    Args:
        question: as asked; a text in both languages is looked at in both.
        language: ``en`` or ``zh`` for the message; detected where None.

    >>> emergency("My dad's face is drooping and his speech is slurred").id
    'stroke'
    >>> emergency("What are the symptoms of stroke?") is None
    True
    >>> emergency("我胸口剧痛，一直出冷汗").id
    'cardiac'
    """
    text = _folded(question[:MOST_CHARACTERS])
    spoken = language if language in ("en", "zh") else detect_language(text)
    for of_language in _languages_in(text):
        for flag, match in _raised(text, of_language):
            start, end = match.span()
            return RedFlag(flag.id, flag.messages[spoken], spoken, question[start:end], start, end)
    return None


def _folded(text: str) -> str:
    """Lower case, simplified characters and straight apostrophes, character for character."""
    return "".join(map(_folded_character, text))


@lru_cache(maxsize=1 << 14)
def _folded_character(character: str) -> str:
    if character in "’‘`":
        return "'"
    folded = normalise(character) if is_han(character) else character.lower()
    return folded if len(folded) == 1 else character


def _languages_in(text: str) -> Iterator[str]:
    if re.search(r"[\u4e00-\u9fff]", text):
        yield "zh"
    if re.search(r"[a-z]", text):
        yield "en"


def _raised(text: str, language: str) -> Iterator[tuple[_Flag, re.Match[str]]]:
    speech = _gate(language).speech[language]
    if speech.fiction.search(text):
        return
    found = _matches(text, language, sure=True)
    yield from (hit for hit in found if _here_and_now(text, hit[1], speech))
    text = _SENTENCE.sub(lambda m: _unless_knowledge(m.group(), speech), text)
    if _about_someone(text, speech):
        found = _matches(text, language, sure=False)
        yield from (hit for hit in found if _here_and_now(text, hit[1], speech))


_SENTENCE = re.compile(r"(?:[^.?!。？！\n]|(?<=\d)\.(?=\d))+[.?!。？！\n]*")


def _unless_knowledge(sentence: str, speech: _Speech) -> str:
    """The sentence, or as many spaces where it asks about medicine and not about somebody."""
    plain = sentence.strip()
    about_someone = speech.person.search(plain) and speech.urgent.search(plain)
    if speech.hypothetical.search(plain) or (speech.general.search(plain) and not about_someone):
        return " " * len(sentence)
    return sentence


def _matches(text: str, language: str, *, sure: bool) -> Iterator[tuple[_Flag, re.Match[str]]]:
    gate = _gate(language)
    for flag in gate.flags:
        for pattern in (flag.sure if sure else flag.patterns).get(language, ()):
            if match := pattern.search(text):
                yield flag, match
    together = [
        (flag, [gate.features[language][name] for name in names])
        for flag in (() if sure else gate.flags)
        for names in flag.together
    ]
    together += [(s.flag, [*s.features[language]]) for s in gate.situations if s.sure is sure]
    for flag, patterns in together:
        first = patterns[0].search(text) if patterns else None
        speech = gate.speech[language]
        if first and all(_stands(text, pattern, speech) for pattern in patterns[1:]):
            yield flag, first


def _stands(text: str, pattern: re.Pattern[str], speech: _Speech) -> bool:
    return any(not _denied(text, match, speech) for match in pattern.finditer(text))


def _here_and_now(text: str, match: re.Match[str], speech: _Speech) -> bool:
    """Whether the match is neither denied nor told of the past in its own clause."""
    if _denied(text, match, speech):
        return False
    edges = [0, *(m.start() for m in speech.clause.finditer(text)), len(text)]
    start = max(edge for edge in edges if edge <= match.start())
    end = min(edge for edge in edges if edge >= match.end())
    return speech.past.search(text, start, end) is None


def _about_someone(text: str, speech: _Speech) -> bool:
    """Whether a person in need is spoken of, rather than medicine in general."""
    if not text.strip():
        return False
    if speech.person.search(text) is not None or speech.urgent.search(text) is not None:
        return True
    # "chest pain, sweating": nothing is asked, so somebody has it
    return speech.asks.search(text) is None


def _denied(text: str, match: re.Match[str], speech: _Speech) -> bool:
    return speech.denied.search(text[max(0, match.start() - 24) : match.start()]) is not None


@cache
def _gate(language: str) -> _Gate:
    """The red flags of one language, read and compiled on first use.

    Compiling them takes longer than answering a question; the other language is left alone.
    """
    table = tomllib.loads(files("reasoning").joinpath("red_flags.toml").read_text("utf-8"))
    words = {name: re.compile(table[language][name]) for name in _Speech.__slots__}
    features = {name: re.compile(p) for name, p in table[language]["features"].items()}
    flags = tuple(_flag(entry, language) for entry in table["flag"])
    by_id = {flag.id: flag for flag in flags}
    return _Gate(
        {language: _Speech(**words)},
        {language: features},
        flags,
        tuple(_situations(by_id, language)),
    )


def _situations(flags: Mapping[str, _Flag], language: str) -> Iterator[_Situation]:
    """The situations, with ``{name}`` in an expression replaced by the entry of that name."""
    table = tomllib.loads(
        files("reasoning").joinpath("red_flags_situations.toml").read_text("utf-8")
    )
    for entry in table["situation"]:
        features = tuple(_filled(p, table[language]) for p in entry.get(language, ()))
        yield _Situation(flags[entry["flag"]], {language: features}, entry.get("sure", False))


def _filled(pattern: str, words: Mapping[str, str]) -> re.Pattern[str]:
    return re.compile(re.sub(r"\{([a-z_]+)\}", lambda m: words[m.group(1)], pattern))


def _flag(entry: Mapping[str, Any], language: str) -> _Flag:
    return _Flag(
        entry["id"],
        {name: entry[f"message_{name}"] for name in ("en", "zh")},
        {language: _compiled(entry.get(language, ()))},
        {language: _compiled(entry.get(f"{language}_sure", ()))},
        tuple(tuple(names) for names in entry.get("together", ())),
    )


def _compiled(patterns: list[str]) -> tuple[re.Pattern[str], ...]:
    return tuple(re.compile(pattern) for pattern in patterns)
