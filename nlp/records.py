"""What reading a text yields: documents, mentions, relations between mentions.

Offsets are characters of the document's text, 0-based and half-open: ``[start, end)``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from kg.errors import InvalidRecordError
from kg.records import Polarity, Provenance


class Assertion(StrEnum):
    """What a text says of a mention, after ConText.

    Harkema et al. 2009, https://doi.org/10.1016/j.jbi.2009.05.002. Only ``ASSERTED`` mentions
    make a positive edge.
    """

    ASSERTED = "asserted"
    NEGATED = "negated"
    UNCERTAIN = "uncertain"
    HISTORICAL = "historical"
    FAMILY = "family"
    HYPOTHETICAL = "hypothetical"


@dataclass(frozen=True, slots=True)
class Document:
    """Text with an id and provenance.

    Args:
        id: a CURIE (``PMID:123``) or the user's own id; not empty.
        text: what offsets count in; where there is a title it stands first, then a line feed.
        provenance: the collection it came from.
        title_end: one past the last character of the title in ``text``; 0 without a title.
        date: ISO date, or ``""``.
        clinical: whether it may hold identifiers of a patient.
        patient: whom a clinical document is of, ``""`` where that is not known; what surrogates
            and shifted dates follow from.
        identifiers: names, numbers and addresses known from the patient's record, which
            de-identification looks for besides its rules.
    """

    id: str
    text: str
    provenance: Provenance
    title_end: int = 0
    date: str = ""
    clinical: bool = False
    patient: str = field(default="", repr=False)
    identifiers: tuple[str, ...] = field(default=(), repr=False)

    def __post_init__(self) -> None:
        if not self.id:
            raise InvalidRecordError("document without an id; give each document one")
        if not 0 <= self.title_end <= len(self.text):
            raise InvalidRecordError(
                f"document {self.id!r}: title_end {self.title_end} is outside the text of "
                f"{len(self.text)} characters"
            )


@dataclass(frozen=True, slots=True)
class Candidate:
    """A concept a mention may name, with a score in (0, 1]."""

    curie: str
    name: str
    category: str
    score: float


@dataclass(frozen=True, slots=True)
class Mention:
    """A span that names something.

    Args:
        start: first character, 0-based.
        end: one past the last character.
        text: the characters between.
        category: Biolink class, e.g. ``biolink:Disease``.
        candidates: concepts it may name, best first; empty where it could not be linked (NIL).
        score: confidence that this is a mention of that class, in (0, 1].
        assertion: what the text says of it.
    """

    start: int
    end: int
    text: str
    category: str
    candidates: tuple[Candidate, ...] = ()
    score: float = 1.0
    assertion: Assertion = Assertion.ASSERTED

    def __post_init__(self) -> None:
        if not 0 <= self.start < self.end or len(self.text) != self.end - self.start:
            raise InvalidRecordError(
                f"mention {self.text!r} does not fill [{self.start}, {self.end})"
            )

    @property
    def concept(self) -> str | None:
        """CURIE of the best candidate, or None (NIL)."""
        return self.candidates[0].curie if self.candidates else None


@dataclass(frozen=True, slots=True)
class Relation:
    """A predicate a text states (or denies) between two mentions of a document.

    Args:
        subject: index into the document's mentions.
        object: index into the document's mentions.
        predicate: CURIE of the predicate.
        polarity: stated or denied.
        score: calibrated confidence, in (0, 1].
        sentence: ``[start, end)`` of the sentence that supports it most.
        extractor: name and version of what found it; the reading's where empty.
    """

    subject: int
    object: int
    predicate: str
    polarity: Polarity
    score: float
    sentence: tuple[int, int]
    extractor: str = ""


@dataclass(frozen=True, slots=True)
class Reading:
    """All that was read in one document, by which extractor (name and version)."""

    document: Document
    mentions: tuple[Mention, ...]
    relations: tuple[Relation, ...]
    extractor: str
