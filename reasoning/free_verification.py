"""Any text against the graph: our own sentences by their frames, all others by what they claim."""

from __future__ import annotations

from dataclasses import replace

from kg.store import GraphStore
from nlp.linker import Linker
from reasoning.claim_checker import FINE, SentenceReport, Status
from reasoning.free_claims import FreeReader
from reasoning.sentence_frames import PATIENT
from reasoning.verification import Verification, verify_text


def verify_free(
    text: str, store: GraphStore, linker: Linker, *, language: str | None = None
) -> Verification:
    """Report on every sentence of ``text``, in whatever words; never raises for what it says.

    Args:
        text: any text.
        store: where names and edges are looked up.
        linker: finds names in sentences that are none of ours.
        language: ``en`` or ``zh``; guessed where None.
    """
    framed = verify_text(text, store, language=language)
    if framed.failures:  # worded for patients, perhaps
        plain = verify_text(text, store, language=language, reader=PATIENT)
        framed = min(framed, plain, key=lambda found: len(found.failures))
    reader = FreeReader(store, linker, framed.language)
    reports: list[SentenceReport] = []
    for report in framed.sentences:
        if report.status in FINE or _read_in_full(report):
            reports.append(report)
            continue
        for free in reader.reports(report.text):
            moved = replace(free, start=report.start + free.start, end=report.start + free.end)
            if moved.status is Status.NO_CLAIM and moved.problem:
                moved = replace(moved, status=Status.NOT_IN_GRAPH)
            reports.append(moved)
    return replace(framed, sentences=tuple(reports))


def _read_in_full(report: SentenceReport) -> bool:
    """Whether the frames read a sentence, and every name in it is known."""
    unreadable = report.status is Status.UNREADABLE
    return not unreadable and all(claim.triple is not None for claim in report.claims)
