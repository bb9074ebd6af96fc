"""What documents say to a question: sentences quoted word for word, or "cannot answer"."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from kg.errors import InvalidRecordError
from kg.records import Evidence, Polarity, Triple


class Stance(StrEnum):
    """What a quoted sentence does to the claim it is quoted for."""

    SUPPORTS = "supports"
    CONTRADICTS = "contradicts"


class LiteratureOutcome(StrEnum):
    """How a question ended over the documents alone; the graph's outcome stands beside it."""

    SUPPORTED = "supported"
    CONTRADICTED = "contradicted"
    CONFLICTING = "conflicting"  # one sentence supports what another contradicts
    CANNOT_ANSWER = "cannot_answer"  # not in these documents, as far as they were understood


@dataclass(frozen=True, slots=True)
class Statement:
    """A triple that was read in a sentence of a document, stated or denied."""

    triple: Triple
    polarity: Polarity
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class Quote:
    """A sentence of a document that supports or contradicts a claim.

    Args:
        stance: which of the two.
        claim: what was asked; for a question that asks for concepts, what the sentence states.
        stated: the triple that was read in the sentence, which may be about a kind of what was
            asked, or about harm where benefit was asked.
        polarity: whether the sentence states or denies ``stated``.
        claim_names: names of the two ends of ``claim``.
        stated_names: names of the two ends of ``stated``.
        evidence: the sentence, with the document's own id (``PMID:1``) and offsets,
            its provenance, the confidence of the reading, and what read it.
        date: of the document, as far as it is known.
    """

    stance: Stance
    claim: Triple
    stated: Triple
    polarity: Polarity
    claim_names: tuple[str, str]
    stated_names: tuple[str, str]
    evidence: Evidence
    date: str = ""

    def __post_init__(self) -> None:
        if not self.evidence.document:
            raise InvalidRecordError(
                f"quote for {self.claim}: its evidence is the record {self.evidence.record!r}; "
                "only a sentence of a document can be quoted"
            )


@dataclass(frozen=True, slots=True)
class LiteratureAnswer:
    """What the documents of one index say to a question.

    Args:
        outcome: what all sentences found say together.
        quotes: the best of them; empty exactly where the documents cannot answer.
        supporting: how many sentences support, quoted or not.
        contradicting: how many contradict.
        documents: how many documents were looked in.
        nearest: where nothing is quoted, ids of the documents whose words are nearest to the
            question, best first; they are pointers, and nothing of them is quoted.
    """

    outcome: LiteratureOutcome
    quotes: tuple[Quote, ...] = ()
    supporting: int = 0
    contradicting: int = 0
    documents: int = 0
    nearest: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if bool(self.quotes) == (self.outcome is LiteratureOutcome.CANNOT_ANSWER):
            raise InvalidRecordError(
                f"{len(self.quotes)} quotes with the outcome {self.outcome.value}; quotes and "
                "'cannot_answer' exclude each other"
            )
