"""The sentence frames of a language, read from ``reasoning/frames/<language>.toml``.

A frame is a sentence with slots. Its file says nothing but text; what slots a table may use is
declared here and checked when the file is read. Frames that stand for a relation (a predicate,
followed one way, in one polarity) are written once with the slot ``{np}`` and multiplied here by
the noun phrases of the predicates.

Two readers share these frames and nothing else: the verbalizer fills the slots
(:mod:`reasoning.verbalization`), the verifier reads them back (:mod:`reasoning.frame_parser`).
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any

from kg.errors import InvalidRecordError, UsageError
from kg.records import Polarity
from kg.schema import HAS_PHENOTYPE, PREDICATES
from kg.store import Direction

LANGUAGES = ("en", "zh")

_SLOT = re.compile(r"\{(\w+)\}")


class Kind(StrEnum):
    """What a sentence says. The value is the table and key of its frames in the file."""

    LIST = "lists.many"
    ONLY = "lists.only"
    FREQUENCY = "lists.frequency"
    COUNT = "lists.count"
    FURTHER = "lists.further"
    TOTAL_PLAIN = "lists.total_plain"
    FURTHER_PLAIN = "lists.further_plain"
    PLAIN = "statements.plain"
    YES = "statements.yes"
    NO = "statements.no"
    CONFLICTING = "statements.conflicting"
    OPPOSING = "statements.opposing"
    WHETHER = "absence.whether"
    NONE = "absence.none"
    NOTHING = "absence.nothing"
    NO_DEFINITION = "absence.no_definition"
    CAUTION = "absence.caution"
    CAUTION_NONE = "absence.caution_none"
    CAUTION_DANGER = "absence.caution_danger"
    ONLY_CAUTION = "absence.only_caution"
    LEFT_OUT = "absence.left_out"
    LEFT_OUT_PLAIN = "absence.left_out_plain"
    LEFT_OUT_CAUTION = "absence.left_out_caution"
    ONE_SIDED = "absence.one_sided"
    CURATOR = "known.curator"
    CURATOR_ALL = "known.curator_all"
    MECHANISM = "detail.mechanism"
    MANAGEMENT = "detail.management"
    DESCRIPTION = "detail.description"
    DEFINITION = "about.definition"
    IDENTIFIERS = "about.identifiers"
    IDENTIFIERS_YES = "about.identifiers_yes"
    IDENTIFIERS_NO = "about.identifiers_no"
    IDENTIFIERS_NONE = "about.identifiers_none"
    OTHER_NAMES = "about.other_names"
    ALSO_CALLED = "about.also_called"
    ALIKE = "about.alike"
    UNKNOWN_NAME = "unanswered.unknown_name"
    UNKNOWN_NEAREST = "unanswered.unknown_nearest"
    UNKNOWN_BARE = "unanswered.unknown_bare"
    AMBIGUOUS = "unanswered.ambiguous"
    OUT_OF_SCOPE = "unanswered.out_of_scope"
    TOO_UNCERTAIN = "unanswered.too_uncertain"
    NEEDS_NAME = "unanswered.needs_name"
    NEEDS_WORDS = "unanswered.needs_words"
    NEEDS_PHRASING = "unanswered.needs_phrasing"
    NEEDS_RECORD = "unanswered.needs_record"
    NEEDS_AGREEMENT = "unanswered.needs_agreement"
    NEEDS_EVIDENCE = "unanswered.needs_evidence"
    TAKEN_AS = "asides.taken_as"
    IGNORED = "asides.ignored"
    UNUSED = "asides.unused"
    RELATED = "asides.related"
    BROADER = "asides.broader"
    GENERAL = "asides.general"
    READ_AS = "asides.read_as"


_NONE: frozenset[str] = frozenset()
_CLAUSES = frozenset({"clauses"})
_DETAIL = frozenset({"marks", "value"})

#: The inputs of each kind of frame: every frame uses all of them.
INPUTS: Mapping[Kind, frozenset[str]] = MappingProxyType(
    {
        Kind.LIST: frozenset({"np", "list"}),
        Kind.ONLY: frozenset({"np", "list", "concept"}),
        Kind.FREQUENCY: frozenset({"np", "list", "frequency", "range"}),
        Kind.COUNT: frozenset({"np", "count"}),
        Kind.FURTHER: frozenset({"np", "count"}),
        Kind.TOTAL_PLAIN: frozenset({"count"}),
        Kind.FURTHER_PLAIN: frozenset({"count"}),
        Kind.PLAIN: _CLAUSES,
        Kind.YES: _CLAUSES,
        Kind.NO: _CLAUSES,
        Kind.CONFLICTING: _CLAUSES,
        Kind.OPPOSING: _CLAUSES,
        Kind.WHETHER: frozenset({"whether"}),
        Kind.NONE: frozenset({"np"}),
        Kind.NOTHING: _NONE,
        Kind.NO_DEFINITION: frozenset({"concept"}),
        Kind.CAUTION: _NONE,
        Kind.CAUTION_NONE: _NONE,
        Kind.CAUTION_DANGER: _NONE,
        Kind.ONLY_CAUTION: _NONE,
        Kind.LEFT_OUT: frozenset({"np"}),
        Kind.LEFT_OUT_PLAIN: _NONE,
        Kind.LEFT_OUT_CAUTION: _NONE,
        Kind.ONE_SIDED: _NONE,
        Kind.CURATOR: frozenset({"marks"}),
        Kind.CURATOR_ALL: _NONE,
        Kind.MECHANISM: _DETAIL,
        Kind.MANAGEMENT: _DETAIL,
        Kind.DESCRIPTION: _DETAIL,
        Kind.DEFINITION: frozenset({"concept", "source", "value"}),
        Kind.IDENTIFIERS: frozenset({"concept", "identifiers"}),
        Kind.IDENTIFIERS_YES: frozenset({"concept", "identifiers"}),
        Kind.IDENTIFIERS_NO: frozenset({"concept", "identifiers"}),
        Kind.IDENTIFIERS_NONE: frozenset({"concept"}),
        Kind.OTHER_NAMES: frozenset({"concept", "names"}),
        Kind.ALSO_CALLED: frozenset({"concept", "quote"}),
        Kind.ALIKE: frozenset({"concept", "names"}),
        Kind.UNKNOWN_NAME: frozenset({"quote"}),
        Kind.UNKNOWN_NEAREST: frozenset({"options"}),
        Kind.UNKNOWN_BARE: _NONE,
        Kind.AMBIGUOUS: frozenset({"quote", "choices"}),
        Kind.OUT_OF_SCOPE: _NONE,
        Kind.TOO_UNCERTAIN: frozenset({"number", "limit"}),
        Kind.NEEDS_NAME: frozenset({"quote"}),
        Kind.NEEDS_WORDS: frozenset({"quote"}),
        Kind.NEEDS_PHRASING: _NONE,
        Kind.NEEDS_RECORD: _NONE,
        Kind.NEEDS_AGREEMENT: _NONE,
        Kind.NEEDS_EVIDENCE: _NONE,
        Kind.TAKEN_AS: frozenset({"quote", "concept"}),
        Kind.IGNORED: frozenset({"quote"}),
        Kind.UNUSED: frozenset({"quote"}),
        Kind.RELATED: _NONE,
        Kind.BROADER: frozenset({"quote", "concept"}),
        Kind.GENERAL: frozenset({"quote"}),
        Kind.READ_AS: frozenset({"reading"}),
    }
)

#: Kinds whose frames are made once per relation, because they use ``{np}`` or ``{whether}``.
OF_RELATION = frozenset(k for k, inputs in INPUTS.items() if inputs & {"np", "whether"})

#: How a recorded fact is worded by the qualifier of that name: the value in brackets behind it.
NOTE_QUALIFIERS = ("severity", "line", "role", "strength", "population", "frequency")

#: Said of a contraindication by a source that advises caution only.
CAUTION = ("strength", "caution")

#: Qualifiers quoted in a sentence of their own.
DETAIL_KINDS = MappingProxyType(
    {
        "mechanism": Kind.MECHANISM,
        "management": Kind.MANAGEMENT,
        "description": Kind.DESCRIPTION,
    }
)


@dataclass(frozen=True, slots=True)
class Slot:
    """A place in a template that is filled."""

    name: str


@dataclass(frozen=True, slots=True)
class Template:
    """Literal text and slots, alternating as written.

    >>> Template.read("Yes: {clauses}.").parts
    ('Yes: ', Slot(name='clauses'), '.')
    """

    parts: tuple[str | Slot, ...]

    @classmethod
    def read(cls, text: str) -> Template:
        """The template written ``text``, with slots in braces."""
        parts: list[str | Slot] = []
        for number, piece in enumerate(_SLOT.split(text)):
            if number % 2:
                parts.append(Slot(piece))
            elif piece:
                if "{" in piece or "}" in piece:
                    raise InvalidRecordError(f"frame {text!r}: a brace that is no slot")
                parts.append(piece)
        return cls(tuple(parts))

    @property
    def slots(self) -> tuple[str, ...]:
        """Names of the slots, in order."""
        return tuple(p.name for p in self.parts if isinstance(p, Slot))

    def lowered(self) -> Template:
        """With the first letter lowered, as it stands after a connective.

        >>> Template.read("The graph").lowered().parts
        ('the graph',)
        """
        first, *rest = self.parts
        if isinstance(first, Slot):
            return self
        return Template((first[:1].lower() + first[1:], *rest))


@dataclass(frozen=True, slots=True, order=True)
class Relation:
    """A predicate as followed from an anchor: which way, and stated or denied."""

    predicate: str
    direction: Direction
    polarity: Polarity

    @property
    def anchor_slot(self) -> str:
        """Which end of the triple the anchor is: ``subject`` or ``object``."""
        return "object" if self.direction is Direction.IN else "subject"


@dataclass(frozen=True, slots=True)
class Frame:
    """One sentence frame. ``relation`` and ``frequency`` are set where the kind needs them."""

    kind: Kind
    template: Template
    relation: Relation | None = None
    frequency: str = ""


@dataclass(frozen=True, slots=True)
class Joining:
    """How pieces are strung together in a language."""

    mark: str
    next_mark: str
    between: str
    last: str
    both: str
    or_last: str
    more: str
    note: str
    also: str
    option: str
    clauses: str
    sentences: str
    connectives: tuple[str, ...]
    contrast: tuple[str, ...]

    @property
    def openings(self) -> tuple[str, ...]:
        """What may stand before a sentence."""
        return self.connectives + self.contrast

    def marks(self, numbers: tuple[int, ...]) -> str:
        """Citation marks after a fact, as in ``" [1][2]"``."""
        first, *rest = numbers
        return fill(self.mark, n=first) + "".join(fill(self.next_mark, n=n) for n in rest)


@dataclass(frozen=True, slots=True, eq=False)
class Frames:
    """Every frame of a language, and how to string their contents together."""

    language: str
    joining: Joining
    frames: tuple[Frame, ...]
    clauses: Mapping[tuple[str, Polarity], tuple[Template, ...]]
    cautions: Mapping[str, tuple[Template, ...]]
    notes: Mapping[tuple[str, str], str]
    evidence: Mapping[str, str]
    labels: Mapping[str, str]
    frequencies: Mapping[str, str]
    prompt: Mapping[str, str]
    verdicts: Mapping[str, tuple[str, ...]]
    notice: str

    def of(
        self, kind: Kind, relation: Relation | None = None, frequency: str = ""
    ) -> tuple[Template, ...]:
        """Templates of a kind, for a relation where the kind needs one.

        Raises:
            UsageError: where there is none.
        """
        found = _index(self).get((kind, relation, frequency), ())
        if not found:
            raise UsageError(f"no {self.language} frame {kind.value} for {relation}")
        return found


@cache
def load_frames(language: str) -> Frames:
    """The frames of ``en`` or ``zh``.

    Raises:
        UsageError: on another language.
        InvalidRecordError: where the file breaks the declared inputs.
    """
    if language not in LANGUAGES:
        raise UsageError(f"no frames in language {language!r}; there are {', '.join(LANGUAGES)}")
    path = files("reasoning") / "frames" / f"{language}.toml"
    return read_frames(tomllib.loads(path.read_text(encoding="utf-8")))


def read_frames(tables: Mapping[str, Any]) -> Frames:
    """Frames from the tables of a file; see :func:`load_frames`."""
    joining: dict[str, Any] = {
        k: tuple(v) if isinstance(v, list) else v for k, v in tables["joining"].items()
    }
    predicates: Mapping[str, Any] = tables["predicates"]
    if missing := sorted(set(PREDICATES) ^ set(predicates)):
        raise InvalidRecordError(f"predicates with no frames, or unknown: {', '.join(missing)}")
    frames = [frame for kind in Kind for frame in _frames_of(kind, tables)]
    clauses = {
        (curie, polarity): tuple(_clause(text) for text in table[key])
        for curie, table in predicates.items()
        for key, polarity in (("claim", Polarity.POSITIVE), ("denial", Polarity.NEGATIVE))
    }
    notes = {
        (qualifier, value): phrase
        for qualifier, phrases in tables["notes"].items()
        for value, phrase in phrases.items()
    }
    return Frames(
        language=tables["language"],
        joining=Joining(**joining),
        frames=tuple(frames),
        clauses=MappingProxyType(clauses),
        cautions=MappingProxyType(
            {
                curie: tuple(_clause(text) for text in table["caution"])
                for curie, table in predicates.items()
                if "caution" in table
            }
        ),
        notes=MappingProxyType(notes),
        evidence=MappingProxyType(tables["evidence"]),
        labels=MappingProxyType(tables["labels"]),
        frequencies=MappingProxyType({k: v["word"] for k, v in tables["frequencies"].items()}),
        prompt=MappingProxyType(_checked_prompt(tables["prompt"])),
        verdicts=MappingProxyType({k: tuple(v) for k, v in tables["verdicts"].items()}),
        notice=tables["notice"]["medical"],
    )


#: The inputs of what a language model is told.
PROMPT_INPUTS: Mapping[str, frozenset[str]] = MappingProxyType(
    {"system": _NONE, "user": frozenset({"question", "facts"}), "fact": frozenset({"fact"})}
)


def _checked_prompt(prompt: Mapping[str, str]) -> Mapping[str, str]:
    for key, inputs in PROMPT_INPUTS.items():
        if set(Template.read(prompt[key]).slots) != inputs:
            raise InvalidRecordError(f"prompt {key!r} must use {sorted(inputs)}")
    return prompt


def has_frequencies(relation: Relation) -> bool:
    """Whether lists of this relation are grouped by how often each is seen.

    Side effects are not: what a label calls common is not what HPO calls frequent.
    """
    return (
        relation.predicate == HAS_PHENOTYPE
        and relation.direction is Direction.OUT
        and relation.polarity is Polarity.POSITIVE
    )


def text_language(text: str) -> str:
    """``zh`` where Chinese punctuation or more than a third Chinese characters say so.

    >>> text_language("据记录，布洛芬可治疗疼痛 [1]。"), text_language("It is recorded.")
    ('zh', 'en')
    """
    chinese = len(re.findall(r"[\u4e00-\u9fff]", text))
    letters = len(re.findall(r"[A-Za-z]", text))
    return "zh" if "。" in text or 2 * chinese > letters > 0 or (chinese and not letters) else "en"


def fill(text: str, **values: object) -> str:
    """``text`` with its slots filled; unlike ``str.format``, values are never read again.

    >>> fill("{name} ({curie})", name="{curie}", curie="X:1")
    '{curie} (X:1)'
    """
    return _SLOT.sub(lambda m: str(values[m.group(1)]), text)


def frequency_class(share: float) -> str:
    """The HPO frequency term that a share of patients, in [0, 1], falls in; ``""`` for none.

    Terms and their ranges: https://hpo.jax.org (subontology "Frequency", HP:0040279).

    >>> frequency_class(1.0), frequency_class(3 / 7), frequency_class(0.12), frequency_class(0.0)
    ('HP:0040280', 'HP:0040282', 'HP:0040283', '')
    """
    return next((term for term, least in _FREQUENCY_TERMS.items() if share >= least), "")


#: HPO frequency terms and the least share of patients, most frequent first.
_FREQUENCY_TERMS = MappingProxyType(
    {
        "HP:0040280": 1.0,
        "HP:0040281": 0.795,
        "HP:0040282": 0.295,
        "HP:0040283": 0.045,
        "HP:0040284": 0.001,
    }
)


@cache
def _index(frames: Frames) -> Mapping[tuple[Kind, Relation | None, str], tuple[Template, ...]]:
    found: dict[tuple[Kind, Relation | None, str], tuple[Template, ...]] = {}
    for frame in frames.frames:
        key = (frame.kind, frame.relation, frame.frequency)
        found[key] = (*found.get(key, ()), frame.template)
    return found


def _frames_of(kind: Kind, tables: Mapping[str, Any]) -> Iterator[Frame]:
    table, _, key = kind.value.partition(".")
    for text in tables[table][key]:
        used = {slot.lower() for slot in Template.read(text).slots}
        if used != INPUTS[kind]:
            raise InvalidRecordError(
                f"frame {kind.value} {text!r} uses {sorted(used)}; it must use "
                f"{sorted(INPUTS[kind])}"
            )
        if kind not in OF_RELATION:
            yield Frame(kind, Template.read(text))
    if kind in OF_RELATION:
        for curie, predicate in tables["predicates"].items():
            yield from _relation_frames(kind, curie, predicate, tables)


def _relation_frames(
    kind: Kind, curie: str, predicate: Mapping[str, Any], tables: Mapping[str, Any]
) -> Iterator[Frame]:
    table, _, key = kind.value.partition(".")
    if kind is Kind.WHETHER:
        relation = Relation(curie, Direction.OUT, Polarity.POSITIVE)
        for text in tables[table][key]:
            yield Frame(kind, Template.read(fill(text, whether=predicate["whether"])), relation)
        return
    for relation, phrases in _relations(curie, predicate):
        if kind is Kind.FREQUENCY and not has_frequencies(relation):
            continue
        texts = [*(phrases["lists"] if kind is Kind.LIST else ()), *tables[table][key]]
        for frequency in tables["frequencies"] if kind is Kind.FREQUENCY else ("",):
            for text in texts:
                filled = _with_np(text, phrases["np"], tables["frequencies"].get(frequency, {}))
                template = Template.read(filled)
                if relation.anchor_slot not in template.slots:
                    raise InvalidRecordError(f"frame {filled!r} lacks {relation.anchor_slot}")
                yield Frame(kind, template, relation, frequency)


def _relations(
    curie: str, predicate: Mapping[str, Any]
) -> Iterator[tuple[Relation, Mapping[str, Any]]]:
    for way, direction in (("out", Direction.OUT), ("in", Direction.IN)):
        if way == "in" and PREDICATES[curie].symmetric:
            continue
        yield Relation(curie, direction, Polarity.POSITIVE), predicate[way]
        yield Relation(curie, direction, Polarity.NEGATIVE), predicate[f"{way}_not"]


def _with_np(text: str, np: str, frequency: Mapping[str, str]) -> str:
    word, range_ = frequency.get("word", ""), frequency.get("range", "")
    values = {
        "np": np,
        "Np": np[:1].upper() + np[1:],
        "frequency": word,
        "Frequency": word[:1].upper() + word[1:],
        "range": range_,
    }
    return _SLOT.sub(lambda m: values.get(m.group(1), m.group(0)), text)


def _clause(text: str) -> Template:
    template = Template.read(text)
    if sorted(template.slots) != ["object", "subject"]:
        raise InvalidRecordError(f"clause {text!r} must use subject and object, each once")
    return template
