"""The sentence frames of a language and reader, from ``reasoning/frames/<language>.toml``.

Those for patients are laid over them (``<language>.patient.toml``): what that file gives stands
instead, table by table.

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
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any

from kg.errors import InvalidRecordError, UsageError
from kg.records import Polarity
from kg.schema import HAS_PHENOTYPE, PREDICATES
from kg.store import Direction
from reasoning.frame_kinds import INPUTS, OF_RELATION, Kind

__all__ = [
    "CAUTION",
    "CLINICIAN",
    "DETAIL_KINDS",
    "INPUTS",
    "LANGUAGES",
    "NOTE_QUALIFIERS",
    "OF_RELATION",
    "PATIENT",
    "PROMPT_INPUTS",
    "READERS",
    "Frame",
    "Frames",
    "Joining",
    "Kind",
    "LayNaming",
    "Relation",
    "Slot",
    "Template",
    "check_reader",
    "fill",
    "frequency_class",
    "has_frequencies",
    "load_frames",
    "read_frames",
    "text_language",
]

LANGUAGES = ("en", "zh")

CLINICIAN, PATIENT = "clinician", "patient"
READERS = (CLINICIAN, PATIENT)
"""Who an answer is worded for."""

_SLOT = re.compile(r"\{(\w+)\}")

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
    gloss: str = ""

    @property
    def openings(self) -> tuple[str, ...]:
        """What may stand before a sentence."""
        return self.connectives + self.contrast

    def marks(self, numbers: tuple[int, ...]) -> str:
        """Citation marks after a fact, as in ``" [1][2]"``."""
        first, *rest = numbers
        return fill(self.mark, n=first) + "".join(fill(self.next_mark, n=n) for n in rest)


@dataclass(frozen=True, slots=True)
class LayNaming:
    """Which names a reader knows (:mod:`reasoning.lay_names`).

    Args:
        preferred: recorded names to use, by display name.
        vocabularies: prefixes of concepts whose lay names are used as recorded.
        not_names: lay names that are never used.
        clinical: parts of words that lay readers stumble over.
    """

    preferred: Mapping[str, str]
    vocabularies: frozenset[str]
    not_names: frozenset[str]
    clinical: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Frames:
    """Every frame of a language for one reader, and how to string their contents together.

    ``naming`` is None where concepts are called by their display names.
    """

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
    reader: str = CLINICIAN
    naming: LayNaming | None = None

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
def load_frames(language: str, reader: str = CLINICIAN) -> Frames:
    """The frames of ``en`` or ``zh`` for a clinician or a patient.

    Raises:
        UsageError: on another language or reader.
        InvalidRecordError: where the file breaks the declared inputs.
    """
    if language not in LANGUAGES:
        raise UsageError(f"no frames in language {language!r}; there are {', '.join(LANGUAGES)}")
    tables = _tables(f"{language}.toml")
    if check_reader(reader) != CLINICIAN:
        tables = laid_over(tables, _tables(f"{language}.{reader}.toml"))
    return read_frames(tables)


def check_reader(reader: str) -> str:
    """``reader`` unchanged; raises :class:`UsageError` where it is none of ours."""
    if reader not in READERS:
        raise UsageError(f"reader {reader!r} is none of {', '.join(READERS)}")
    return reader


def _tables(name: str) -> dict[str, Any]:
    path = files("reasoning") / "frames" / name
    return tomllib.loads(path.read_text(encoding="utf-8"))


def laid_over(tables: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """``tables`` with what ``over`` gives instead, table by table.

    >>> laid_over({"a": {"b": 1, "c": [2]}}, {"a": {"c": [3, 4]}})
    {'a': {'b': 1, 'c': [3, 4]}}
    """
    both = dict(tables)
    for key, value in over.items():
        nested = isinstance(value, Mapping) and isinstance(both.get(key), Mapping)
        both[key] = laid_over(both[key], value) if nested else value
    return both


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
        reader=tables.get("reader", CLINICIAN),
        naming=_naming(tables["names"]) if "names" in tables else None,
    )


def _naming(table: Mapping[str, Any]) -> LayNaming:
    return LayNaming(
        MappingProxyType(table["preferred"]),
        frozenset(table["vocabularies"]),
        frozenset(table["not_names"]),
        tuple(table["clinical"]),
    )


#: The inputs of what a language model is told.
PROMPT_INPUTS: Mapping[str, frozenset[str]] = MappingProxyType(
    {"system": frozenset(), "user": frozenset({"question", "facts"}), "fact": frozenset({"fact"})}
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
