"""What documents say to a question, as a record for programs and as lines for people."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from kg.records import Polarity, Triple
from reasoning.quotes import LiteratureAnswer, LiteratureOutcome, Quote, Stance
from reasoning.sentence_frames import Frames, Slot, fill

if TYPE_CHECKING:
    from reasoning.summary import Summary


def literature_record(literature: LiteratureAnswer) -> dict[str, Any]:
    """The record of a literature answer; everything in it is JSON."""
    return {
        "outcome": literature.outcome.value,
        "quotes": [quote_record(quote) for quote in literature.quotes],
        "supporting": literature.supporting,
        "contradicting": literature.contradicting,
        "documents": literature.documents,
        "nearest": list(literature.nearest),
    }


def quote_record(quote: Quote) -> dict[str, Any]:
    """A quoted sentence: ``sentence`` is ``[start, end)`` of the text of ``document``."""
    of = quote.evidence
    return {
        "stance": quote.stance.value,
        "document": of.document,
        "sentence": of.sentence,
        "start": of.start,
        "end": of.end,
        "claim": _triple_record(quote.claim, quote.claim_names),
        "stated": _triple_record(quote.stated, quote.stated_names)
        | {"polarity": quote.polarity.value},
        "confidence": of.confidence,
        "extractor": of.extractor,
        "source": of.provenance.source,
        "licence": of.provenance.licence,
        "url": of.provenance.url or None,
        "date": quote.date or None,
    }


def _triple_record(triple: Triple, names: tuple[str, str]) -> dict[str, str]:
    return {
        "subject": triple.subject,
        "subject_name": names[0],
        "predicate": triple.predicate,
        "object": triple.object,
        "object_name": names[1],
    }


def literature_lines(literature: LiteratureAnswer, frames: Frames) -> Iterator[str]:
    """What is shown on a terminal, a paragraph each; quotes stand as in the document."""
    labels = frames.labels
    head = fill(labels["literature"], count=f"{literature.documents:,}")
    if literature.outcome is LiteratureOutcome.CANNOT_ANSWER:
        told = f"{head}: {labels['cannot_answer']}"
        if literature.nearest:
            told += " " + fill(labels["nearest"], documents=", ".join(literature.nearest))
        yield told
        return
    yield f"{head}: {literature.outcome.value}"
    for quote in literature.quotes:
        yield _line(quote, frames)
    for stance, count in zip(
        Stance, (literature.supporting, literature.contradicting), strict=True
    ):
        left = count - sum(quote.stance is stance for quote in literature.quotes)
        if left:
            yield f"- {labels[stance.value]}, {labels['more_sentences']}: {left}"


def _line(quote: Quote, frames: Frames) -> str:
    """``supports “lithium causes tremor”: “…” PMID:1 [40, 96), 2020``."""
    labels, of = frames.labels, quote.evidence
    text = f"- {labels[quote.stance.value]} “{_claim(quote.claim, quote.claim_names, frames)}”"
    if quote.stated != quote.claim:
        says = labels["stated" if quote.polarity is Polarity.POSITIVE else "denied"]
        text += f" ({says} “{_claim(quote.stated, quote.stated_names, frames)}”)"
    place = ", ".join(filter(None, (f"{of.document} [{of.start}, {of.end})", quote.date)))
    return f"{text}: “{of.sentence}” {place}"


def _claim(triple: Triple, names: tuple[str, str], frames: Frames) -> str:
    """The claim in the words of the first clause of its predicate."""
    filled = dict(zip(("subject", "object"), names, strict=True))
    template = frames.clauses[triple.predicate, Polarity.POSITIVE][0]
    return "".join(filled[p.name] if isinstance(p, Slot) else p for p in template.parts)


def summary_record(summary: Summary) -> dict[str, Any]:
    """The record of a summary; ``claims`` count from 1, as the marks of the text do."""
    return {
        "sentences": [
            {
                "document": s.evidence.document,
                "sentence": s.evidence.sentence,
                "start": s.evidence.start,
                "end": s.evidence.end,
                "claims": list(s.claims),
                "polarity": (Polarity.POSITIVE if s.stated else Polarity.NEGATIVE).value,
                "source": s.evidence.provenance.source,
                "licence": s.evidence.provenance.licence,
                "url": s.evidence.provenance.url or None,
            }
            for s in summary.sentences
        ],
        "stating": summary.stating,
        "denying": summary.denying,
    }


def summary_lines(summary: Summary, frames: Frames) -> Iterator[str]:
    """What is shown on a terminal: each sentence with its claims and place, the rest counted."""
    labels = frames.labels
    yield f"{fill(labels['summary'], count=summary.stating + summary.denying)}:"
    for one in summary.sentences:
        marks = "".join(f"[{n}]" for n in one.claims)
        side = labels["states" if one.stated else "denies"]
        of = one.evidence
        yield f"- {side} {marks}: “{of.sentence}” {of.document} [{of.start}, {of.end})"
    for side, count, stated in (
        ("states", summary.stating, True),
        ("denies", summary.denying, False),
    ):
        left = count - sum(s.stated is stated for s in summary.sentences)
        if left:
            yield f"- {labels[side]}, {labels['more_sentences']}: {left}"
