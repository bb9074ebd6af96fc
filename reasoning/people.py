"""Whom a question speaks of, in words that are no names: "my 5 year old", 孕晚期, "diabetics".

The phrases are data (``phrases/people.toml``). An age is taken for the group of patients whose
limits hold it; what is recorded of a group with an age limit ("under 2 years") says nothing of
someone older, and is then told in general.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType

from kg.records import Edge
from kg.schema import AVOIDED_FOOD, CONTRAINDICATED_IN, PATIENT_GROUP, RISK_FACTOR
from nlp.linker import Linker
from nlp.records import Mention
from reasoning.answer import Outcome
from reasoning.plan import CLASS_PREDICATES, CheckPlan
from reasoning.retrieval import Retrieval

_LIMIT = re.compile(r"under_(\d+)_([a-z]+)")
_TENS = "十"
_HARMS = frozenset({CONTRAINDICATED_IN, AVOIDED_FOOD})


@dataclass(frozen=True, slots=True)
class Age:
    """An age in days, ``least`` up to ``most``."""

    least: float
    most: float


@dataclass(frozen=True, slots=True)
class Person:
    """``[start, end)`` of a question: words for a group of patients, and the age they say."""

    start: int
    end: int
    name: str
    age: Age | None = None


@dataclass(frozen=True, slots=True)
class People:
    """The phrases of ``phrases/people.toml``, compiled; ``groups`` from the narrowest."""

    groups: tuple[tuple[str, Age], ...]
    units: Mapping[str, float]
    numbers: Mapping[str, float]
    ages: Mapping[str, tuple[re.Pattern[str], ...]]
    words: tuple[tuple[re.Pattern[str], Age], ...]
    named: Mapping[str, tuple[tuple[str, re.Pattern[str]], ...]]


@cache
def load_people() -> People:
    """The phrases of both languages, read and compiled on first use."""
    table = tomllib.loads(files("reasoning").joinpath("phrases/people.toml").read_text("utf-8"))
    return People(
        tuple((g["name"], Age(g["least"], g["most"])) for g in table["group"]),
        MappingProxyType(table["units"]),
        MappingProxyType(table["numbers"]),
        MappingProxyType(
            {tag: tuple(map(re.compile, some)) for tag, some in table["patterns"].items()}
        ),
        tuple((re.compile(w["pattern"]), Age(w["least"], w["most"])) for w in table["word"]),
        MappingProxyType(
            {
                tag: tuple((p["name"], re.compile(p[tag])) for p in table["people"] if tag in p)
                for tag in table["patterns"]
            }
        ),
    )


def people(question: str) -> Iterator[Person]:
    """Every phrase for people in a question, in either language.

    >>> [(p.name, p.start, p.end) for p in people("can my 5 year old take it")]
    [('children', 7, 17)]
    >>> [p.name for p in people("3个月的宝宝能吃吗")], [p.name for p in people("for 3 months")]
    (['infants'], [])
    """
    text = _lowered(question)
    phrases = load_people()
    for patterns in phrases.ages.values():
        for pattern in patterns:
            for match in pattern.finditer(text):
                age = _age(match, phrases)
                name = None if age is None else _group(age, phrases)
                if name is not None:
                    yield Person(match.start(), match.end(), name, age)
    for some in phrases.named.values():
        for name, pattern in some:
            for match in pattern.finditer(text):
                yield Person(match.start(), match.end(), name)


def asked_age(question: str) -> Person | None:
    """The words that say the age of those a question speaks of, where it says one."""
    stated = next((p for p in people(question) if p.age is not None), None)
    if stated is not None:
        return stated
    text = _lowered(question)
    for pattern, age in load_people().words:
        found = pattern.search(text)
        if found is not None:
            return Person(found.start(), found.end(), "", age)
    return None


def with_people(question: str, mentions: Sequence[Mention], linker: Linker) -> list[Mention]:
    """The mentions, with phrases for people as mentions of what they stand for.

    A phrase swallows names of groups within it; one that cuts through another name is none.
    """
    kept = list(mentions)
    for person in sorted(people(question), key=lambda p: (p.start - p.end, p.start)):
        beside = [m for m in kept if m.start < person.end and person.start < m.end]
        if any(not _swallowed(m, person) for m in beside):
            continue
        found = linker.named(person.name)
        if found:
            text = question[person.start : person.end]
            kept = [m for m in kept if m not in beside]
            kept.append(Mention(person.start, person.end, text, found[0].category, found))
    return sorted(kept, key=lambda m: m.start)


def only_of_some(person: Person | None, retrieval: Retrieval) -> bool:
    """Whether all that decides a check of harm need not hold of those whom it was asked of.

    It is of people younger than asked about ("under 2 years" of a child of five), or of a narrower
    group (of newborns, where children were asked about) with no age that would fall into it.
    """
    plan, age = retrieval.plan, None if person is None else person.age
    if not isinstance(plan, CheckPlan) or plan.object_category != PATIENT_GROUP:
        return False
    if _HARMS.isdisjoint(plan.predicates) or retrieval.outcome not in (Outcome.YES, Outcome.NO):
        return False
    edges = (*retrieval.supporting, *retrieval.denying)
    facts = [e for e in edges if e.predicate not in CLASS_PREDICATES]
    narrower = {e.subject for e in edges if e.predicate in CLASS_PREDICATES} - {plan.object}
    return bool(facts) and all(_elsewhere(e, age, e.object in narrower) for e in facts)


def _elsewhere(edge: Edge, age: Age | None, narrower: bool) -> bool:
    """Whether an edge is of other people than those of that age, if one is said."""
    found = limits(edge)
    if age is not None and found:
        return all(limit <= age.least for limit in found)
    return narrower


def limits(edge: Edge) -> tuple[float, ...]:
    """The ages in days up to which an edge holds; empty where it says none."""
    units = load_people().units
    found = (_LIMIT.fullmatch(value) for name, value in edge.qualifiers if name == "population")
    return tuple(int(m[1]) * units[m[2]] for m in found if m is not None and m[2] in units)


def _swallowed(mention: Mention, person: Person) -> bool:
    if person.start <= mention.start and mention.end <= person.end:
        return True
    categories = {c.category for c in mention.candidates}
    return not mention.candidates or categories <= {PATIENT_GROUP, RISK_FACTOR}


def _age(match: re.Match[str], phrases: People) -> Age | None:
    """The age a match says; None where its number is none."""
    number = _number(match["n"], phrases.numbers)
    if number is None:
        return None
    size = phrases.units[match["unit"] or "year"]
    age = number * size
    said = match.groupdict()
    if said.get("under") or said.get("less"):
        return Age(0, age)
    if said.get("over"):
        return Age(age, max(age, _widest(phrases, age)))
    return Age(age, age + size)


def _widest(phrases: People, age: float) -> float:
    return max((g.most for _, g in phrases.groups if g.least <= age < g.most), default=age)


def _group(age: Age, phrases: People) -> str | None:
    """The narrowest group that holds the age; None of an age no group is told apart for."""
    for name, limits_of in phrases.groups:
        whole = age.least == 0 and age.most <= limits_of.most and limits_of.least == 0
        if whole or (age.least > 0 and limits_of.least <= age.least < limits_of.most):
            return name
    return None


def _number(text: str, numbers: Mapping[str, float]) -> float | None:
    if text in numbers:
        return numbers[text]
    if text[0].isdecimal():
        return float(text)
    tens, ten, ones = text.partition(_TENS)
    if not ten or any(part and part not in numbers for part in (tens, ones)):
        return None
    return numbers.get(tens, 1) * 10 + numbers.get(ones, 0)


def _lowered(text: str) -> str:
    """Lower case, every character in its place."""
    lower = text.lower().replace("’", "'")
    if len(lower) == len(text):
        return lower
    return "".join(c.lower() if len(c.lower()) == 1 else c for c in text)
