"""The phrases by which questions are understood: data, compiled once.

One file per language in ``reasoning/phrases/``. Its parts:

* ``[words]`` — named alternatives, written ``@name`` in a pattern;
* ``[text]`` — openings to strip, words that make a question one of yes or no, conjunctions …;
* ``[aspects]`` — what two concepts may be compared by: the words of each search;
* ``[reasons]`` — one sentence per reason for not answering;
* ``[[refuse]]`` — questions no plan can say, with the reason;
* ``[[nested]]`` — noun phrases that stand for concepts ("diseases that cause X");
* ``[[rule]]`` — intents: patterns over the question with its names replaced by slots.

A pattern is a regular expression over the lower-cased question in which a linked name reads
``<3:DS>``: its number, and a letter per class it may have. ``{a:drug}`` matches one such name
that may be a drug, ``{a+:finding}`` one or several in a list, ``{a++:drug}`` two or more, ``~`` a
short gap without a name.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any

from kg.errors import InvalidRecordError
from kg.schema import (
    ANATOMY,
    DISEASE,
    DRUG,
    DRUG_CLASS,
    FOOD,
    GENE,
    PATIENT_GROUP,
    PHENOTYPE,
    RISK_FACTOR,
    SPECIALTY,
    TEST,
)
from reasoning.cues import CueReader

_REPEATS = MappingProxyType({"+": "*", "++": "+"})

LANGUAGES = ("en", "zh")

#: The letter a class has in a slot; other classes are ``O``, an unknown name is ``U``.
LETTERS: Mapping[str, str] = MappingProxyType(
    {
        DISEASE: "D",
        PHENOTYPE: "S",
        DRUG: "R",
        DRUG_CLASS: "C",
        GENE: "G",
        TEST: "T",
        RISK_FACTOR: "K",
        SPECIALTY: "P",
        FOOD: "F",
        ANATOMY: "A",
        PATIENT_GROUP: "L",
    }
)
UNKNOWN, IDENTIFIER, OTHER = "U", "I", "O"

#: Letters each kind of slot takes, the preferred class first.
SLOT_KINDS: Mapping[str, str] = MappingProxyType(
    {
        "disease": "DS",
        "condition": "DS",
        "finding": "SD",
        "symptom": "S",
        "drug": "RC",
        "class": "C",
        "gene": "G",
        "test": "T",
        "treatment": "RCT",
        "cause": "RCKDSGFL",
        "risk": "KLDSRCGF",
        "group": "LDS",
        "people": "LK",
        "patients": "L",
        "taken": "RCFK",
        "with": "RCFLDSK",
        "food": "F",
        "specialty": "P",
        "identifier": "I",
        "entity": "DSRCGTKPFALO",
    }
)

_WANTED = MappingProxyType(
    {
        kind: frozenset(letters if letters == IDENTIFIER else letters + UNKNOWN)
        for kind, letters in SLOT_KINDS.items()
    }
)

_LITERAL = re.compile(r"(?<![@\\])\b[a-z]{3,}\b|[\u4e00-\u9fff]{2,}")
_SLOT = re.compile(r"\{([a-z])(\+{0,2}):([a-z]+)\}")
_WORDS = re.compile(r"@([a-z_0-9]+)")
_EN_GAP = r"(?:[^<>]{0,60}?(?<![a-z]))"
_ZH_GAP = r"(?:[^<>]{0,14}?)"


class Rule:
    """One pattern of an intent, compiled when it is first tried.

    Args:
        id: language, name and number, e.g. ``en.symptoms.3``.
        name: name of the rule, which says what to plan.
        expression: the regular expression; groups ``a``–``z`` hold slots.
        slots: per group the kind of slot.
        cues: one of these stands in every text the pattern matches; none restrict nothing.
        form: ``ask`` (what, which, how …), ``check`` (yes or no, or a statement) or ``any``.
        priority: the higher wins among rules that use as many names.
        every: whether a list of names must all hold (else any).
        known: whether an unknown name may not fill a slot.
    """

    __slots__ = (
        "_pattern",
        "cues",
        "every",
        "expression",
        "form",
        "id",
        "known",
        "name",
        "priority",
        "slots",
    )

    def __init__(
        self,
        id: str,  # noqa: A002
        name: str,
        expression: str,
        slots: Mapping[str, str],
        *,
        cues: Iterable[str] = (),
        form: str = "ask",
        priority: int = 50,
        every: bool = True,
        known: bool = False,
    ) -> None:
        self.id = id
        self.name = name
        self.expression = expression
        self.slots = slots
        self.cues = tuple(cues)
        self.form = form
        self.priority = priority
        self.every = every
        self.known = known
        self._pattern: re.Pattern[str] | None = None

    @property
    def pattern(self) -> re.Pattern[str]:
        """The compiled expression.

        Raises:
            InvalidRecordError: where it is no regular expression.
        """
        if self._pattern is None:
            try:
                self._pattern = re.compile(self.expression)
            except re.error as error:
                raise InvalidRecordError(f"{self.id}: {error} in {self.expression!r}") from None
        return self._pattern

    def may_match(self, text: str, letters: Sequence[str]) -> bool:
        """Whether it is worth trying, given the letters of the names in ``text``."""
        if self.cues and not any(cue in text for cue in self.cues):
            return False
        if len(letters) < len(self.slots):
            return False
        return all(
            any(not wanted.isdisjoint(name) for name in letters)
            for wanted in (_WANTED[kind] for kind in self.slots.values())
        )


@dataclass(frozen=True, slots=True)
class Phrases:
    """The phrases of one language."""

    language: str
    openings: re.Pattern[str]
    yes_no: re.Pattern[str]
    asking: re.Pattern[str]
    negation: re.Pattern[str]
    unsafe: re.Pattern[str]
    tag: re.Pattern[str]
    counting: re.Pattern[str]
    of_whom: re.Pattern[str]
    alternative: re.Pattern[str]
    pronouns: re.Pattern[str]
    follow_up: re.Pattern[str]
    framed: re.Pattern[str]
    clauses: re.Pattern[str]
    excluding: re.Pattern[str]
    comparing: re.Pattern[str]
    listing: str
    aspects: Mapping[str, re.Pattern[str]]
    joined_nouns: re.Pattern[str]
    nouns: re.Pattern[str]
    asked_of: re.Pattern[str]
    replacements: tuple[tuple[re.Pattern[str], str], ...]
    reasons: Mapping[str, str]
    refusals: tuple[Rule, ...]
    nested: tuple[Rule, ...]
    rules: tuple[Rule, ...]
    vocabulary: frozenset[str]


@cache
def load_phrases(language: str) -> Phrases:
    """The phrases of ``language`` (``en`` or ``zh``), read and compiled on first use."""
    text = files("reasoning").joinpath(f"phrases/{language}.toml").read_text("utf-8")
    return compile_phrases(tomllib.loads(text))


@cache
def load_short_forms() -> Mapping[str, tuple[str, ...]]:
    """Short forms in capitals, and the names of what they may mean."""
    text = files("reasoning").joinpath("phrases/short_forms.toml").read_text("utf-8")
    forms: Mapping[str, list[str]] = tomllib.loads(text)["short_forms"]
    return MappingProxyType({form: tuple(names) for form, names in forms.items()})


def compile_phrases(table: Mapping[str, Any]) -> Phrases:
    """Phrases from a parsed file.

    Raises:
        InvalidRecordError: where a pattern names unknown words or kinds of slots.
    """
    language = str(table["language"])
    compiler = _Compiler(language, table["words"], str(table["text"]["separators"]))
    text: Mapping[str, Any] = table["text"]
    return Phrases(
        language=language,
        openings=compiler.plain(text["openings"]),
        yes_no=compiler.plain(text["yes_no"]),
        asking=compiler.plain(text["asking"]),
        negation=compiler.plain(text["negation"]),
        unsafe=compiler.plain(text["unsafe"]),
        tag=re.compile(text["tag"], re.IGNORECASE),
        counting=compiler.plain(text["counting"]),
        of_whom=compiler.plain(text["of_whom"]),
        alternative=compiler.plain(text["alternative"]),
        pronouns=compiler.plain(text["pronouns"]),
        follow_up=compiler.plain(text["follow_up"]),
        framed=compiler.plain(text["framed"]),
        clauses=compiler.plain(text["clauses"]),
        excluding=re.compile(compiler.slotted(text["excluding"], "excluding")[0]),
        comparing=compiler.plain(text["comparing"]),
        listing=text["listing"],
        aspects=MappingProxyType(
            {name: compiler.plain(words) for name, words in table["aspects"].items()}
        ),
        joined_nouns=compiler.plain(f"{text['nouns']}(?:{text['joined']}{text['nouns']})+"),
        nouns=compiler.plain(text["nouns"]),
        asked_of=compiler.plain(text["asked_of"]),
        replacements=tuple((compiler.plain(p), r) for p, r in text["replacements"]),
        reasons=MappingProxyType(dict(table["reasons"])),
        refusals=tuple(compiler.rules(table["refuse"])),
        nested=tuple(compiler.rules(table.get("nested", []))),
        rules=tuple(compiler.rules(table["rule"])),
        vocabulary=_vocabulary(table),
    )


def _vocabulary(table: Mapping[str, Any]) -> frozenset[str]:
    """Every word the patterns are made of: these ask, they do not name."""
    texts = [*table["words"].values()]
    for part in ("refuse", "nested", "rule"):
        texts += [pattern for rule in table.get(part, ()) for pattern in rule["patterns"]]
    without_slots = (_SLOT.sub(" ", text).replace("\\b", " ") for text in texts)
    short = str(table["text"].get("short_words", "")).split()
    return frozenset(word for text in without_slots for word in _LITERAL.findall(text)).union(short)


class _Compiler:
    """Turns patterns of one language into regular expressions."""

    def __init__(self, language: str, words: Mapping[str, str], separators: str) -> None:
        self._language = language
        self._words = words
        self._gap = _ZH_GAP if language == "zh" else _EN_GAP
        self._separators = separators
        self._cues = CueReader(words)

    def rules(self, tables: Sequence[Mapping[str, Any]]) -> list[Rule]:
        found = []
        for table in tables:
            for number, pattern in enumerate(table["patterns"], 1):
                name = str(table["name"])
                place = f"{self._language}.{name}.{number}"
                expression, slots = self.slotted(pattern, place)
                found.append(
                    Rule(
                        place,
                        name,
                        expression,
                        slots,
                        cues=self._cues.cues(pattern),
                        form=table.get("form", "ask"),
                        priority=table.get("priority", 50),
                        every=table.get("every", True),
                        known=table.get("known", False),
                    )
                )
        return found

    def plain(self, pattern: str) -> re.Pattern[str]:
        return re.compile(self._worded(pattern, pattern))

    def slotted(self, pattern: str, place: str) -> tuple[str, Mapping[str, str]]:
        slots: dict[str, str] = {}

        def slot(match: re.Match[str]) -> str:
            group, many, kind = match.groups()
            if kind not in _WANTED:
                raise InvalidRecordError(f"{place}: no kind of slot {kind!r} in {pattern!r}")
            slots[group] = kind
            # An identifier is taken literally; anything else may turn out to be unknown.
            wanted = "".join(sorted(_WANTED[kind]))
            one = rf"<\d+:[A-Z]*[{wanted}][A-Z]*>"
            several = rf"(?:(?>{self._separators}){one}){_REPEATS[many]}" if many else ""
            return rf"(?P<{group}>{one}{several})"

        text = self._worded(pattern, place).replace("~", self._gap)
        return _SLOT.sub(slot, text), MappingProxyType(slots)

    def _worded(self, pattern: str, place: str) -> str:
        def word(match: re.Match[str]) -> str:
            if match[1] not in self._words:
                raise InvalidRecordError(f"{place}: no words named @{match[1]}")
            return f"(?:{self._worded(self._words[match[1]], place)})"

        return _WORDS.sub(word, pattern)
