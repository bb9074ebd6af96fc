"""Facts of sources that know their concepts by name only, as the Chinese disease tables do.

A name becomes a CURIE under the source's own prefix. A disease, symptom or complication of one
name is one concept (:data:`KINDS`): 贫血 is a disease, and a symptom of others.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from kg import schema
from kg.records import Concept, Edge, Evidence, Provenance, Triple
from loaders.source import ImportReport
from loaders.source_files import RowPlace, name_curie, named

#: Class → the word its CURIEs have; classes of one word share their concepts.
KINDS = {
    schema.DISEASE: "condition",
    schema.PHENOTYPE: "condition",
    schema.DRUG: "drug",
    schema.TEST: "procedure",
    schema.SPECIALTY: "specialty",
    schema.FOOD: "food",
    schema.ANATOMY: "part",
    schema.ORGANISATION: "maker",
    schema.PATIENT_GROUP: "group",
}
#: Longest name of a concept, in characters; what is longer is a sentence.
LONGEST_NAME = 60
#: Longest name of a group of people.
LONGEST_GROUP = 8

_EVERYBODY = re.compile(
    r"(无特[定殊发异]?|无特别|所有|任何|全部|普通|一般|各)的?.*|.*(均可|都可|不限).*|无"
)
_PREFIXES = re.compile(r"^(多见于|好发于|常见于|多发于|主要见于|易发于|多为|以)+")


@dataclass(frozen=True, slots=True)
class Part:
    """One end of a fact: a class and a name."""

    category: str
    name: str


@dataclass(frozen=True, slots=True)
class Fact:
    """A fact between two names, with what its source says about it."""

    subject: Part
    predicate: str
    object: Part
    qualifiers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class NamedFacts:
    """Turns facts between names into records.

    Args:
        prefix: of the CURIEs.
        provenance: of the evidence.
        confidence: of the evidence.
        language: of the names.
    """

    prefix: str
    provenance: Provenance
    confidence: float
    language: str = "zh"

    def curie(self, part: Part) -> str:
        """The CURIE of a name."""
        return name_curie(self.prefix, KINDS[part.category], part.name)

    def concept(self, part: Part) -> Concept:
        """A name as a concept."""
        return named(self.curie(part), part.category, part.name, language=self.language)

    def concepts(
        self, path: Path, parts: Iterable[tuple[int, Part]], seen: set[str]
    ) -> Iterator[Concept]:
        """Each name that has not been seen as a concept.

        Raises:
            SourceFormatError: naming file and line, where a name can be none.
        """
        for line, part in parts:
            curie = self.curie(part)
            if curie not in seen:
                seen.add(curie)
                with RowPlace(path, line):
                    concept = self.concept(part)
                yield concept

    def edge(self, fact: Fact, record: str, report: ImportReport) -> Edge | None:
        """A fact as an edge; None, counted, where both ends are one concept."""
        subject, object_ = self.curie(fact.subject), self.curie(fact.object)
        if subject == object_:
            report.skip(f"{fact.predicate} of a concept to itself", fact.subject.name)
            return None
        evidence = Evidence(
            self.provenance,
            record=record,
            confidence=self.confidence,
            qualifiers=fact.qualifiers,
        )
        return Edge(Triple(subject, fact.predicate, object_), (evidence,))


def is_name(text: str) -> bool:
    """Whether a cell can be the name of a concept and is no sentence.

    >>> is_name("贫血"), is_name(" "), is_name("x" * 100)
    (True, False, False)
    """
    return 0 < len(text.strip()) <= LONGEST_NAME


def people(text: str) -> str | None:
    """The group of people a cell names, or None where it names everybody or is a sentence.

    >>> people("多见于小儿"), people("无特定的人群"), people("所有人群")
    ('小儿', None, None)
    """
    group = _PREFIXES.sub("", text.strip().rstrip("。.,，"))
    if not group or len(group) > LONGEST_GROUP or _EVERYBODY.fullmatch(group):
        return None
    return group


def course(pairs: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """How a disease is dealt with, as one qualifier: ``疗程：1-2个月；治愈率：98%``.

    >>> course([("疗程", "1-2个月"), ("费用", "")])
    (('description', '疗程：1-2个月'),)
    """
    stated = [f"{title}：{' '.join(text.split())}" for title, text in pairs if text.strip()]
    return (("description", "；".join(stated)),) if stated else ()
