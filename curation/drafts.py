"""The TOML drafts, as names and facts by name.

A draft names everything in plain English; ids are found later, by :mod:`curation.resolve`.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kg.schema import (
    ASSOCIATED_WITH,
    AVOIDED_FOOD,
    CONTRAINDICATED_IN,
    DIAGNOSES,
    HAS_COMPLICATION,
    HAS_PHENOTYPE,
    HAS_SIDE_EFFECT,
    INTERACTS_WITH,
    MEMBER_OF,
    PREDISPOSES,
    PREVENTS,
    SUBCLASS_OF,
    TREATED_BY_SPECIALTY,
    TREATS,
)

#: What a name stands for decides where its id is looked for.
ROLES = (
    "condition",
    "symptom",
    "drug",
    "class",
    "test",
    "risk factor",
    "measure",
    "specialty",
    "group",
    "food",
)

FREQUENCIES = {
    "very_common": "HP:0040281",
    "common": "HP:0040282",
    "occasional": "HP:0040283",
}

_KEYS = {
    "condition": "name zh names lay zh_lay abbreviations specialty symptoms drugs other",
    "drug": "name zh names brands zh_brands lay zh_lay classes ingredients indications "
    "side_effects contraindications abbreviations",
    "class": "name zh names lay zh_lay parents members abbreviations contraindications",
    "interaction": "a b severity mechanism mechanism_zh management management_zh",
    "term": "name zh zh_lay lay names abbreviations",
    "group": "name zh names lay zh_lay abbreviations parents ages",
    "unsuited": "group population strength drugs why why_zh documents",
}
#: How strongly a drug is unsuited for a group of patients.
STRENGTHS = ("contraindicated", "caution")
_INNER = {
    "symptoms": "very_common common occasional red_flags",
    "drugs": "first_line further contraindicated",
    "other": "risk_factors complications tests prevention",
    "indications": "treats prevents",
    "side_effects": "common serious",
    "contraindications": "conditions pregnancy renal hepatic",
}

PREGNANCY = "pregnancy"
RENAL = "severe renal impairment"
HEPATIC = "severe hepatic impairment"


@dataclass(frozen=True, slots=True)
class Term:
    """A name with its role: ``("drug", "aspirin")``."""

    role: str
    name: str


@dataclass(slots=True)
class DraftConcept:
    """The names a draft gives one thing: ``(text, language, kind)``, display names first."""

    term: Term
    place: str
    names: list[tuple[str, str, str]] = field(default_factory=list)


@dataclass(slots=True)
class DraftFact:
    """A statement by name, with where it was written and the MedQuAD documents read for it."""

    table: str
    subject: Term
    predicate: str
    object: Term
    qualifiers: dict[str, list[str]]
    place: str
    documents: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Drafts:
    """Everything the drafts say, with what is wrong with them."""

    concepts: list[DraftConcept] = field(default_factory=list)
    terms: list[DraftConcept] = field(default_factory=list)
    facts: list[DraftFact] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


def read_drafts(folder: Path) -> Drafts:
    """Read every TOML file below ``folder``."""
    drafts = Drafts()
    for path in sorted(folder.rglob("*.toml")):
        place = path.relative_to(folder).as_posix()
        try:
            content = tomllib.loads(path.read_text("utf-8"))
        except tomllib.TOMLDecodeError as error:
            drafts.problems.append(f"{place}: {error}")
            continue
        for kind, entries in content.items():
            if kind not in _KEYS:
                drafts.problems.append(f"{place}: unknown table [[{kind}]]")
                continue
            for entry in entries:
                _read(drafts, kind, entry, place)
    return drafts


def _read(drafts: Drafts, kind: str, entry: dict[str, Any], place: str) -> None:
    what = f"{place}: {entry.get('name', entry.get('a', entry.get('group', '?')))}"
    drafts.problems += [f"{what}: unknown key {k!r}" for k in set(entry) - set(_KEYS[kind].split())]
    for inner, allowed in _INNER.items():
        given = entry.get(inner, {})
        unknown = set(given if isinstance(given, dict) else ()) - set(allowed.split())
        drafts.problems += [f"{what}: unknown key {inner}.{k!r}" for k in unknown]
    if kind == "interaction":
        drafts.facts.append(_interaction(entry, what))
        return
    if kind == "unsuited":
        if entry["strength"] not in STRENGTHS:
            drafts.problems.append(f"{what}: strength {entry['strength']!r} is none of {STRENGTHS}")
        drafts.facts += _unsuited(entry, what)
        return
    role = {"term": "symptom"}.get(kind, kind)
    concept = DraftConcept(Term(role, entry["name"].strip()), what, list(_names(entry)))
    (drafts.terms if kind == "term" else drafts.concepts).append(concept)
    if kind == "condition":
        drafts.facts += _condition_facts(entry, concept.term, what)
    elif kind == "drug":
        drafts.facts += _drug_facts(entry, concept.term, what)
    elif kind == "group":
        for parent in entry.get("parents", ()):
            drafts.facts.append(
                _fact("groups", concept.term, SUBCLASS_OF, Term("group", parent), what)
            )
    elif kind == "class":
        for parent in entry.get("parents", ()):
            drafts.facts.append(
                _fact("classes", concept.term, SUBCLASS_OF, Term("class", parent), what)
            )
        for member in entry.get("members", ()):
            subject = _drug_or_class(member)
            drafts.facts.append(_fact("classes", subject, MEMBER_OF, concept.term, what))
        drafts.facts += _contraindications(entry, concept.term, what)


def _names(entry: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
    yield entry["name"].strip(), "en", "preferred"
    for place, text in enumerate(entry.get("zh", ())):
        yield text.strip(), "zh", "exact" if place else "preferred"
    for key, language, kind in (
        ("names", "en", "exact"),
        ("abbreviations", "en", "abbreviation"),
        ("brands", "en", "brand"),
        ("zh_brands", "zh", "brand"),
        ("lay", "en", "lay"),
        ("zh_lay", "zh", "lay"),
    ):
        for text in entry.get(key, ()):
            if text.strip():
                yield text.strip(), language, kind


def _fact(
    table: str,
    subject: Term,
    predicate: str,
    object_: Term,
    place: str,
    **qualifiers: str,
) -> DraftFact:
    given = {name: [value] for name, value in qualifiers.items() if value}
    return DraftFact(table, subject, predicate, object_, given, place)


def _drug_or_class(name: str) -> Term:
    if name.startswith("class:"):
        return Term("class", name.removeprefix("class:").strip())
    if name.startswith("food:"):
        return Term("food", name.removeprefix("food:").strip())
    return Term("drug", name.strip())


def _condition_facts(entry: dict[str, Any], condition: Term, place: str) -> Iterator[DraftFact]:
    by_symptom: dict[str, dict[str, str]] = {}
    for group, names in entry.get("symptoms", {}).items():
        for name in names:
            given = by_symptom.setdefault(name, {})
            if group == "red_flags":
                given["role"] = "red_flag"
            else:
                given.setdefault("frequency", FREQUENCIES.get(group, ""))
    for name, given in by_symptom.items():
        yield _fact("symptoms", condition, HAS_PHENOTYPE, Term("symptom", name), place, **given)
    drugs = entry.get("drugs", {})
    for key, line in (("first_line", "first"), ("further", "further")):
        for name in drugs.get(key, ()):
            yield _fact("treatments", _drug_or_class(name), TREATS, condition, place, line=line)
    for name in drugs.get("contraindicated", ()):
        yield _fact("contraindications", _drug_or_class(name), CONTRAINDICATED_IN, condition, place)
    other = entry.get("other", {})
    for name in other.get("risk_factors", ()):
        factor = _drug_or_class(name) if name.startswith("class:") else Term("risk factor", name)
        yield _fact("risk_factors", factor, PREDISPOSES, condition, place)
    for name in other.get("complications", ()):
        object_ = Term("symptom", name)
        yield _fact("complications", condition, HAS_COMPLICATION, object_, place)
    for name in other.get("tests", ()):
        yield _fact("tests", Term("test", name), DIAGNOSES, condition, place)
    for name in other.get("prevention", ()):
        measure = _drug_or_class(name) if name.startswith("class:") else Term("measure", name)
        yield _fact("prevention", measure, PREVENTS, condition, place)
    if entry.get("specialty"):
        specialty = Term("specialty", entry["specialty"])
        yield _fact("specialties", condition, TREATED_BY_SPECIALTY, specialty, place)


def _drug_facts(entry: dict[str, Any], drug: Term, place: str) -> Iterator[DraftFact]:
    for name in entry.get("classes", ()):
        yield _fact("classes", drug, MEMBER_OF, Term("class", name), place)
    for name in entry.get("ingredients", ()):
        ingredient = Term("drug", name)
        what = {"description": "active ingredient"}
        yield _fact("ingredients", drug, ASSOCIATED_WITH, ingredient, place, **what)
    indications = entry.get("indications", {})
    for name in indications.get("treats", ()):
        yield _fact("treatments", drug, TREATS, Term("symptom", name), place)
    for name in indications.get("prevents", ()):
        yield _fact("prevention", drug, PREVENTS, Term("symptom", name), place)
    effects = entry.get("side_effects", {})
    for name in effects.get("common", ()):
        object_ = Term("symptom", name)
        yield _fact("side_effects", drug, HAS_SIDE_EFFECT, object_, place, frequency="common")
    for name in effects.get("serious", ()):
        object_ = Term("symptom", name)
        yield _fact("side_effects", drug, HAS_SIDE_EFFECT, object_, place, role="serious")
    yield from _contraindications(entry, drug, place)


def _contraindications(entry: dict[str, Any], drug: Term, place: str) -> Iterator[DraftFact]:
    """What a drug, or every drug of a class, must not or hardly be given in."""
    against = entry.get("contraindications", {})
    for name in against.get("conditions", ()):
        yield _fact("contraindications", drug, CONTRAINDICATED_IN, Term("symptom", name), place)
    for key, name in (("pregnancy", PREGNANCY), ("renal", RENAL), ("hepatic", HEPATIC)):
        strength = against.get(key, "")
        if strength in {"contraindicated", "caution"}:
            object_ = Term("group" if key == "pregnancy" else "symptom", name)
            given = {"strength": strength}
            yield _fact("contraindications", drug, CONTRAINDICATED_IN, object_, place, **given)


def _unsuited(entry: dict[str, Any], place: str) -> Iterator[DraftFact]:
    """Drugs, classes and foods a group of patients must not have, with the age or weight.

    ``why`` is said in the record's own words, in English and Chinese. ``documents`` are the
    documents of MedQuAD (``collection/id``) that were read and say so.
    """
    for name in entry["drugs"]:
        what = _drug_or_class(name)
        fact = _fact(
            "contraindications",
            what,
            AVOIDED_FOOD if what.role == "food" else CONTRAINDICATED_IN,
            Term("group", entry["group"]),
            place,
            strength=entry["strength"],
            population=entry.get("population", ""),
        )
        fact.qualifiers["description"] = [entry["why"], entry["why_zh"]]
        fact.documents += entry.get("documents", ())
        yield fact


def _interaction(entry: dict[str, Any], place: str) -> DraftFact:
    fact = _fact(
        "interactions",
        _drug_or_class(entry["a"]),
        INTERACTS_WITH,
        _drug_or_class(entry["b"]),
        place,
        severity=entry.get("severity", ""),
    )
    for name in ("mechanism", "management"):
        texts = [entry.get(name, ""), entry.get(f"{name}_zh", "")]
        if any(texts):
            fact.qualifiers[name] = [text for text in texts if text]
    return fact
