"""Answers as records for programs, and as text for people.

The keys of :func:`answer_record` and :func:`error_record` are a stable interface.
"""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from kg.errors import UsageError
from kg.records import Evidence, EvidenceKind
from reasoning.answer import Answer, Broader, Claim, LinkedConcept
from reasoning.literature_text import (
    literature_lines,
    literature_record,
    summary_lines,
    summary_record,
)
from reasoning.sentence_frames import PATIENT, READERS, Frames, load_frames
from reasoning.verbalization import evidence_phrase
from reasoning.verification import CheckedClaim, Verification

Identifier = str | int | None


class BatchLineError(UsageError):
    """A line of a batch that is no question. ``id`` is the line's own, where it could be read."""

    def __init__(self, message: str, *, id: Identifier = None) -> None:  # noqa: A002
        super().__init__(message)
        self.id = id


@dataclass(frozen=True, slots=True)
class BatchQuestion:
    """A question of a batch, with the options to choose among, if any.

    ``reader``: whom it is answered for; as set for all where None. ``conversation``: lines with the
    same one follow each other, so that a question may refer to the one before.
    """

    id: Identifier
    question: str
    options: tuple[str, ...] | None = None
    reader: str | None = None
    conversation: Identifier = None


def read_batch_line(text: str) -> BatchQuestion:
    """The question on one line of a batch.

    >>> read_batch_line('{"id": "q1", "question": "Which drugs treat migraine?"}').question
    'Which drugs treat migraine?'

    Raises:
        BatchLineError: where it is not a JSON object with ``question`` as text.
    """
    try:
        line = json.loads(text)
    except (json.JSONDecodeError, RecursionError) as error:
        raise BatchLineError(f"not JSON: {error}; write one object a line") from error
    if not isinstance(line, dict):
        raise BatchLineError(f"a JSON object is expected, got {type(line).__name__}")
    id_ = _identifier(line, "id")
    question = line.get("question")
    if not isinstance(question, str):
        raise BatchLineError("'question' is missing or not text", id=id_)
    reader = line.get("reader")
    if reader is not None and reader not in READERS:
        raise BatchLineError(f"'reader' must be one of {', '.join(READERS)}", id=id_)
    asked = BatchQuestion(
        id_, question, reader=reader, conversation=_identifier(line, "conversation")
    )
    options = line.get("options")
    if options is None:
        return asked
    if not isinstance(options, list) or not all(isinstance(o, str) for o in options):
        raise BatchLineError("'options' must be a list of texts", id=id_)
    return replace(asked, options=tuple(options))


def _identifier(line: Mapping[str, object], key: str) -> Identifier:
    value = line.get(key)
    if isinstance(value, bool) or not isinstance(value, str | int | None):
        raise BatchLineError(f"{key!r} must be text or a whole number, got {type(value).__name__}")
    return value


def error_record(line: int, *, id: Identifier, error: str) -> dict[str, Any]:  # noqa: A002
    """The record of a line that could not be answered; ``line`` counts from 1."""
    return {"line": line, "id": id, "error": error}


def answer_record(answer: Answer, *, id: Identifier = None) -> dict[str, Any]:  # noqa: A002
    """The record of an answer; everything in it is JSON.

    ``literature`` is there only where documents were given to quote, ``summary`` only where one
    was asked for and claims rest on sentences.
    """
    plan = None
    if answer.plan is not None:
        plan = {
            "intent": answer.plan.intent.value,
            "text": answer.plan_text,
            "cypher": answer.cypher,
        }
    record = {
        "id": id,
        "question": answer.question,
        "language": answer.language,
        "reader": answer.reader,
        "answer": answer.text,
        "outcome": answer.outcome.value,
        "claims": [claim_record(claim) for claim in answer.claims],
        "concepts": [concept_record(concept) for concept in answer.concepts],
        "broader": [broader_record(broader) for broader in answer.broader],
        "plan": plan,
        "emergency": answer.emergency,
        "choice": answer.choice,
        "confidence": answer.confidence,
        "read_by": answer.read_by or None,
        "seconds": answer.timings.get("total", 0.0),
    }
    if answer.literature is not None:
        record["literature"] = literature_record(answer.literature)
    if answer.summary is not None:
        record["summary"] = summary_record(answer.summary)
    return record


def claim_record(claim: Claim) -> dict[str, Any]:
    """A claim with its triple and evidence."""
    return {
        "text": claim.text,
        "subject": claim.triple.subject,
        "subject_name": claim.subject_name,
        "predicate": claim.triple.predicate,
        "object": claim.triple.object,
        "object_name": claim.object_name,
        "polarity": claim.polarity.value,
        "evidence": [evidence_record(evidence) for evidence in claim.evidence],
    }


def evidence_record(evidence: Evidence) -> dict[str, Any]:
    """One piece of evidence: ``record``, or ``document`` with ``sentence`` and its offsets."""
    found: dict[str, Any] = {"source": evidence.provenance.source}
    if evidence.document:
        found["document"] = evidence.document
        found["sentence"] = evidence.sentence
        found["start"], found["end"] = evidence.start, evidence.end
    else:
        found["record"] = evidence.record
        found["sentence"] = found["start"] = found["end"] = None
    return found | {
        "confidence": evidence.confidence,
        "licence": evidence.provenance.licence,
        "url": evidence.provenance.url or None,
        "kind": evidence.kind.value,
        "references": list(evidence.references),
        "qualifiers": dict(reversed(evidence.qualifiers)),
    }


def concept_record(concept: LinkedConcept) -> dict[str, Any]:
    """A name of the question and the concept it was taken for."""
    return {
        "text": concept.text,
        "start": concept.start,
        "end": concept.end,
        "curie": concept.curie,
        "name": concept.name,
        "score": concept.score,
        "alternatives": [
            {"curie": curie, "name": name, "score": score}
            for curie, name, score in concept.alternatives
        ],
    }


def broader_record(broader: Broader) -> dict[str, Any]:
    """What the question narrows and the answer does not: ``kind`` is "name" or "patients"."""
    return {
        "text": broader.text,
        "start": broader.start,
        "end": broader.end,
        "curie": broader.curie,
        "name": broader.name,
        "kind": "patients" if broader.patients else "name",
    }


def verification_record(verification: Verification) -> dict[str, Any]:
    """A verified text: each sentence with its claims and their statuses."""
    return {
        "language": verification.language,
        "status": verification.status.value,
        "sentences": [
            {
                "text": sentence.text,
                "start": sentence.start,
                "end": sentence.end,
                "status": sentence.status.value,
                "problem": sentence.problem or None,
                "claims": [_checked_record(claim) for claim in sentence.claims],
            }
            for sentence in verification.sentences
        ],
    }


def _checked_record(claim: CheckedClaim) -> dict[str, Any]:
    return {
        "subject": claim.triple.subject if claim.triple else None,
        "subject_name": claim.subject_name,
        "predicate": claim.predicate,
        "object": claim.triple.object if claim.triple else None,
        "object_name": claim.object_name,
        "polarity": claim.polarity.value,
        "status": claim.status.value,
        "problem": claim.problem or None,
        "evidence": [evidence_record(e) for e in claim.edge.evidence] if claim.edge else [],
    }


# --- for people


def format_answer(answer: Answer, *, width: int = 100) -> str:
    """The answer as shown on a terminal: text, numbered sources, plan, outcome, notice."""
    frames = load_frames(answer.language, answer.reader)
    labels = frames.labels
    lines = [_wrapped(_readable(part), width) for part in answer.text.split("\n")]
    sources = list(_source_lines(answer, frames, width))
    if sources:
        lines += ["", f"{labels['sources']}:", *sources]
    if answer.literature is not None:
        told = literature_lines(answer.literature, frames)
        lines += ["", *(_wrapped(_readable(text), width, indent="  ") for text in told)]
    if answer.summary is not None:
        told = summary_lines(answer.summary, frames)
        lines += ["", *(_wrapped(_readable(text), width, indent="  ") for text in told)]
    lines.append("")
    if answer.reader != PATIENT:
        lines += _state_lines(answer, labels, width)
    lines.append(_wrapped(answer.notice, width))
    return "\n".join(lines).rstrip() + "\n"


def _state_lines(answer: Answer, labels: Mapping[str, str], width: int) -> Iterator[str]:
    """How the question was read and the answer made; nothing a patient needs."""
    if answer.plan_text:
        yield _wrapped(f"{labels['plan']}: {answer.plan_text}", width, indent="  ")
    state = f"{labels['outcome']}: {answer.outcome.value}"
    if answer.confidence:
        state += f" · {labels['confidence']} {answer.confidence:.2f}"
    state += f" · {labels['worded_by']} {answer.worded_by}"
    if seconds := answer.timings.get("total"):
        state += f" · {seconds:.2f} s"
    yield state


def format_verification(verification: Verification, *, width: int = 100) -> str:
    """A verified text as shown on a terminal: status and sentence, a line each."""
    lines = []
    for sentence in verification.sentences:
        problem = f" ({sentence.problem})" if sentence.problem else ""
        text = f"{sentence.status.value:13}{_readable(sentence.text)}{problem}"
        lines.append(_wrapped(text, width, indent=" " * 13))
    return "\n".join(lines) + ("\n" if lines else "")


def _source_lines(answer: Answer, frames: Frames, width: int) -> Iterator[str]:
    """One entry per claim whose mark stands in the text, and per definition quoted."""
    for number, claim in enumerate(answer.claims, 1):
        if f"[{number}]" not in answer.text:
            continue
        texts = dict.fromkeys(_source_text(e, frames) for e in claim.evidence)
        for position, text in enumerate(texts):
            start = f"[{number}] " if not position else " " * (len(str(number)) + 3)
            yield _wrapped(f"{start}{text}", width, indent=" " * (len(str(number)) + 3))
    for definition in answer.definitions:
        of = definition.provenance
        text = f"{frames.labels['definitions']}: {of.source} {definition.record}".rstrip()
        yield _wrapped(
            _with_licence(text, of.licence, of.url, definition.references, frames), width
        )


def _source_text(evidence: Evidence, frames: Frames) -> str:
    phrase = evidence_phrase(
        evidence.kind,
        frames,
        source=_versioned(evidence),
        record=evidence.record or evidence.document,
        document=evidence.document or evidence.record,
    )
    if evidence.kind is EvidenceKind.SENTENCE or evidence.sentence:
        phrase += f": “{evidence.sentence}”"
    of = evidence.provenance
    return _with_licence(phrase, of.licence, of.url, evidence.references, frames)


def _versioned(evidence: Evidence) -> str:
    return f"{evidence.provenance.source} {evidence.provenance.version}".rstrip()


def _with_licence(
    text: str, licence: str, url: str, references: tuple[str, ...], frames: Frames
) -> str:
    labels: Mapping[str, str] = frames.labels
    parts = [_readable(text), f"{labels['licence']} {licence}"]
    if url:
        parts.append(url)
    if references:
        parts.append(f"{labels['cites']} {', '.join(references)}")
    return " · ".join(parts)


def _readable(text: str) -> str:
    """On one line, with control characters left out."""
    return "".join(c for c in " ".join(text.split()) if c.isprintable())


def _wrapped(text: str, width: int, *, indent: str = "") -> str:
    return textwrap.fill(
        text, width, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
    )
