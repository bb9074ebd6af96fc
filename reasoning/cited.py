"""Cited mode: a language model writes freely over numbered facts; what does not hold goes.

Every sentence has to carry the number of a fact, and every claim read in it
(:mod:`reasoning.free_claims`) has to be the edge of a fact it cites. All others are removed, and
how many they were is said. Nothing kept means that the sentence frames word the answer.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from kg.errors import VerificationError
from kg.store import GraphStore
from reasoning.answer import Answer, Claim
from reasoning.claim_checker import SentenceReport, Status
from reasoning.free_claims import FreeReader, FreeWords
from reasoning.sentence_frames import fill
from reasoning.verification import unheld_claims
from reasoning.writer import AnyModel, written

#: A mark behind the full stop belongs to the sentence before it.
_MARK_AFTER_STOP = re.compile(r"([.!?。！？])[ \t]*((?:\[\d+(?:\s*,\s*\d+)*\])+)")
#: Tokens a model may write.
MOST_TOKENS = 512


@dataclass(frozen=True, slots=True)
class Cited:
    """What was kept of a free text ("" for nothing), and the sentences that were removed."""

    text: str
    removed: tuple[str, ...]


def cite(
    question: str,
    claims: Sequence[Claim],
    model: AnyModel,
    reader: FreeReader,
    words: FreeWords,
) -> Cited:
    """Have ``model`` answer from ``claims``, numbered from 1, and keep what they bear out.

    Raises:
        ModelUnavailableError: where the model cannot be reached.
    """
    facts = "".join(fill(words.fact, number=n, fact=c.text) for n, c in enumerate(claims, 1))
    user = fill(words.user, question=question, facts=facts)
    said = written(model, words.system, user, max_tokens=MOST_TOKENS)
    kept: list[str] = []
    removed: list[str] = []
    for report in reader.reports(_MARK_AFTER_STOP.sub(r" \2\1", said)):
        (removed if problem_of(report, claims) else kept).append(report.text)
    return Cited(words.joined.join(dict.fromkeys(kept)), tuple(removed))


def problem_of(report: SentenceReport, claims: Sequence[Claim]) -> str:
    """Why a sentence cannot stand; "" where every claim of it is that of a fact it cites."""
    if report.status is not Status.SUPPORTED:
        return report.problem or f"{report.status.value}: {report.text!r}"
    for claim in report.claims:
        if not claim.marks:
            return f"no fact is cited for {report.text!r}"
        if any(not 1 <= mark <= len(claims) for mark in claim.marks):
            return f"a mark of {report.text!r} cites nothing"
        cited = {claims[mark - 1].edge.key for mark in claim.marks}
        if claim.edge is None or claim.edge.key not in cited:
            return f"{claim.triple} is not among the facts {report.text!r} cites"
    return ""


def verify_cited(
    answer: Answer, store: GraphStore, reader: FreeReader, *, fixed: Collection[str] = ()
) -> None:
    """Check a free text as it is going to be shown.

    Raises:
        VerificationError: where a sentence does not hold, or a claim has no edge.
    """
    problems = [*_problems(answer, reader, fixed), *unheld_claims(answer, store)]
    if problems:
        raise VerificationError(
            f"answer to {answer.question[:200]!r} fails verification: {'; '.join(problems[:5])}; "
            "this is a defect of the program, please report it with the question"
        )


def _problems(answer: Answer, reader: FreeReader, fixed: Collection[str]) -> Iterator[str]:
    text = answer.text
    for sentence in fixed:
        text = text.replace(sentence, "")
    for report in reader.reports(text):
        problem = problem_of(report, answer.claims)
        if problem:
            yield problem
