"""Does the text say what the graph holds? An independent reader of answers.

The text is parsed back into claims through the sentence frames (:mod:`reasoning.frame_parser`),
with names looked up in the store; nothing is taken from the decoder's own record of what it
meant to say. Each claim is then checked against the store: supported, contradicted (the graph
holds the opposite), or not in the graph. Absences ("not recorded"), counts, quotations and
verdicts are claims about the graph too, and are checked as such (:mod:`reasoning.claim_checker`).

:func:`verify_text` reports on any text. :func:`verify_answer` is strict: it also checks the
verdict, the citation marks and the claims of the answer, and raises on anything that fails.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from kg.errors import VerificationError
from kg.records import Concept, Edge, Evidence, Polarity, Triple
from kg.store import GraphStore
from reasoning.answer import Answer, Claim, Outcome
from reasoning.claim_checker import (
    FINE,
    SEVERITY,
    CheckedClaim,
    Checker,
    Names,
    SentenceReport,
    Status,
)
from reasoning.frame_parser import LONGEST_NAME, FrameParser, ReadSentence
from reasoning.frequency import only_caution
from reasoning.plan import CheckPlan, Intent
from reasoning.sentence_frames import CLINICIAN, Kind, load_frames, text_language

__all__ = [
    "CheckedClaim",
    "SentenceReport",
    "Status",
    "Verification",
    "text_language",
    "unheld_claims",
    "verify_answer",
    "verify_text",
]

#: Readings tried for one in which every claim is supported.
MOST_READINGS = 32


@dataclass(frozen=True, slots=True)
class Verification:
    """A text, sentence by sentence."""

    text: str
    language: str
    sentences: tuple[SentenceReport, ...]

    @property
    def claims(self) -> tuple[CheckedClaim, ...]:
        """Every claim, in the order of the text."""
        return tuple(claim for sentence in self.sentences for claim in sentence.claims)

    @property
    def status(self) -> Status:
        """The worst status of any sentence."""
        return max((s.status for s in self.sentences), key=SEVERITY.index, default=Status.NO_CLAIM)

    @property
    def failures(self) -> tuple[SentenceReport, ...]:
        """Sentences that are not borne out by the graph."""
        return tuple(s for s in self.sentences if s.status not in FINE)


def verify_text(
    text: str,
    store: GraphStore,
    *,
    language: str | None = None,
    concepts: Iterable[Concept] = (),
    fixed: Collection[str] = (),
    question: str | None = None,
    reader: str = CLINICIAN,
) -> Verification:
    """Report on every sentence of ``text``; never raises for what it says.

    Args:
        text: any text; what is not made of the project's frames is reported as unreadable.
        store: where names and edges are looked up.
        language: of the frames; guessed where None.
        concepts: concepts at hand, whose names are known without a look-up by name.
        fixed: sentences that may stand as they are and claim nothing.
        question: where given, quotations must come from it.
        reader: whom the frames are for.
    """
    language = language or text_language(text)
    frames = load_frames(language, reader)
    names = Names(store, concepts, frames)
    parser = FrameParser(frames, question=question)
    best: tuple[SentenceReport, ...] | None = None
    for number, reading in enumerate(parser.readings(text, names.known, fixed=fixed)):
        reports = Checker(store, names, frames, text, question).check(reading)
        if best is None or all(r.status in FINE for r in reports):
            best = reports
        if number >= MOST_READINGS or all(r.status in FINE for r in reports):
            break
    if best is None:
        reading = tuple(_piecewise(text, parser, names, fixed))
        best = Checker(store, names, frames, text, question).check(reading)
    return Verification(text, language, best)


def verify_answer(
    answer: Answer, store: GraphStore, *, fixed: Collection[str] = ()
) -> Verification:
    """Check an answer's text and claims against ``store``.

    ``fixed`` are sentences that may stand as they are (the emergency message, the explanation of
    why a question is out of scope).

    Raises:
        VerificationError: where a sentence cannot be read or is not borne out by the graph, a
            mark cites another claim, the verdict is not the graph's, or a claim has no edge.
    """
    verification = verify_text(
        answer.text,
        store,
        language=answer.language,
        concepts=answer.subgraph.concepts,
        fixed=fixed,
        question=answer.question,
        reader=answer.reader,
    )
    names = Names(store, answer.subgraph.concepts, load_frames(answer.language, answer.reader))
    problems = [
        f"{s.status.value}: {s.text!r}" + (f" ({s.problem})" if s.problem else "")
        for s in verification.failures
    ]
    problems += _mark_problems(answer, verification, names)
    problems += unheld_claims(answer, store)
    problems += _verdict_problems(answer, verification, store)
    if problems:
        shown = "; ".join(problems[:5])
        raise VerificationError(
            f"answer to {answer.question[:200]!r} fails verification: {shown}; "
            "this is a defect of the program, please report it with the question"
        )
    return verification


# --- texts that are not frames from end to end

_BOUNDARY = re.compile(r"(?:[.!?](?=\s|$)|[。！？\n])\s*")
_MARK = re.compile(r"\[\d+\]")
#: Readings of one loose sentence among which the one with most known names is taken.
_MOST_LOOSE = 50
_LONGEST_LOOSE_NAME = 200
#: Characters looked at for one sentence.
_WINDOW = 4 * LONGEST_NAME


def _piecewise(
    text: str, parser: FrameParser, names: Names, fixed: Collection[str]
) -> Iterator[ReadSentence]:
    """Sentence by sentence; a sentence that is no frame comes back without kind or fixed text."""
    at = 0
    while at < len(text):
        if text[at].isspace():
            at += 1
            continue
        sentence = _framed(text[at : at + _WINDOW], parser, names, fixed)
        if sentence is None:
            end = _boundary(text, at)
            sentence = _loose(text[at:end].rstrip(), parser, names, fixed)
        else:
            end = at + sentence.end
        yield replace(sentence, start=at + sentence.start, end=at + sentence.end)
        at = end


def _framed(
    text: str, parser: FrameParser, names: Names, fixed: Collection[str]
) -> ReadSentence | None:
    """The first sentence of ``text`` where it is a frame of known names, else None."""
    separator = parser.frames.joining.sentences
    for sentence in parser.sentences(text, 0, names.known, fixed=fixed):
        after = text[sentence.end : sentence.end + 1]
        if not after or not separator or after.isspace():
            return sentence
    return None


def _boundary(text: str, at: int) -> int:
    """Where the sentence that begins at ``at`` ends by its punctuation."""
    found = _BOUNDARY.search(text, at)
    return found.end() if found else len(text)


def _loose(text: str, parser: FrameParser, names: Names, fixed: Collection[str]) -> ReadSentence:
    """One sentence read with unknown names allowed; the reading with fewest of those."""

    def allowed(name: str) -> bool:
        plain = "\n" not in name and not _MARK.search(name)
        return plain and (len(name) <= _LONGEST_LOOSE_NAME or names.known(name))

    best: tuple[int, ReadSentence] | None = None
    if len(text) <= _WINDOW:
        for number, sentence in enumerate(parser.sentences(text, 0, allowed, fixed=fixed)):
            if sentence.end == len(text):
                unknown = sum(not names.known(n) for n in _names_in(sentence))
                if best is None or unknown < best[0]:
                    best = (unknown, sentence)
            if number >= _MOST_LOOSE or (best and not best[0]):
                break
    return best[1] if best else ReadSentence(0, len(text), None, texts={"unreadable": text})


def _names_in(sentence: ReadSentence) -> Iterator[str]:
    yield from sentence.anchors
    for entry in sentence.entries:
        yield entry.name
    for clause in sentence.clauses:
        yield clause.subject
        yield clause.object


# --- strict checks of an answer


def _mark_problems(answer: Answer, verification: Verification, names: Names) -> Iterator[str]:
    for claim in verification.claims:
        if len(claim.marks) != 1:
            yield f"{claim.subject_name!r} and {claim.object_name!r} carry {len(claim.marks)} marks"
            continue
        mark = claim.marks[0]
        if not 1 <= mark <= len(answer.claims):
            yield f"mark [{mark}] cites nothing"
            continue
        cited = answer.claims[mark - 1].edge
        if claim.edge is not None and claim.edge.key != cited.key:
            told = (claim.subject_name, claim.object_name)
            same = any(
                one.names_it(told[0], names) and other.names_it(told[1], names)
                for one, other in itertools.permutations(_ends(answer.claims[mark - 1]))
            )
            if not same or cited.predicate != claim.predicate:
                yield f"mark [{mark}] cites {cited.triple}, the text says {claim.triple}"


@dataclass(frozen=True, slots=True)
class _End:
    """One end of a claim, and its display name."""

    curie: str
    name: str

    def names_it(self, told: str, names: Names) -> bool:
        """Whether ``told`` is the display name, or a name only lay readers are told."""
        meant = any(c.curie == self.curie for c in names.concepts(told))
        return told == self.name or (names.lay and meant)


def _ends(claim: Claim) -> tuple[_End, _End]:
    return (
        _End(claim.triple.subject, claim.subject_name),
        _End(claim.triple.object, claim.object_name),
    )


def unheld_claims(answer: Answer, store: GraphStore) -> Iterator[str]:
    """What is wrong with the claims of an answer: no such edge, or other evidence."""
    for number, claim in enumerate(answer.claims, 1):
        held = store.edge(claim.triple, claim.polarity)
        if held is None:
            yield f"claim {number} {claim.triple} is no edge of the graph"
        elif not _evidence_held(claim.evidence, held.evidence):
            yield f"claim {number} {claim.triple} cites evidence the graph does not hold"


def _evidence_held(cited: Sequence[Evidence], held: Sequence[Evidence]) -> bool:
    return {e.key for e in cited} <= {e.key for e in held}


_VERDICT_KINDS = {
    Kind.YES: Outcome.YES,
    Kind.IDENTIFIERS_YES: Outcome.YES,
    Kind.NO: Outcome.NO,
    Kind.IDENTIFIERS_NO: Outcome.NO,
    Kind.CONFLICTING: Outcome.CONFLICTING,
    Kind.WHETHER: Outcome.NOT_RECORDED,
    Kind.NONE: Outcome.NOT_RECORDED,
    Kind.NOTHING: Outcome.NOT_RECORDED,
}
_DECIDED = frozenset({Outcome.YES, Outcome.NO, Outcome.CONFLICTING})


def _verdict_problems(
    answer: Answer, verification: Verification, store: GraphStore
) -> Iterator[str]:
    worded = {v for s in verification.sentences if s.kind and (v := _VERDICT_KINDS.get(s.kind))}
    decided = worded & _DECIDED
    if decided != ({answer.outcome} & _DECIDED):
        said = ", ".join(sorted(v.value for v in decided)) or "nothing"
        yield f"the text decides {said}, the outcome is {answer.outcome.value}"
    if isinstance(answer.plan, CheckPlan):
        expected = _expected(answer.plan, verification.claims, store)
        general = answer.outcome is Outcome.NOT_RECORDED and any(b.patients for b in answer.broader)
        if general and not decided:
            return  # what holds in general decides nothing for the patients asked about
        if answer.outcome in (*_DECIDED, Outcome.NOT_RECORDED) and expected is not answer.outcome:
            yield f"by the graph the outcome is {expected.value}, not {answer.outcome.value}"


def _expected(plan: CheckPlan, claims: Sequence[CheckedClaim], store: GraphStore) -> Outcome:
    """The outcome by the store, or, where it has no such triple, by the chain the text tells."""

    def counts(edge: Edge | None) -> bool:
        """Caution is no contraindication, unless safety was what was asked."""
        return edge is not None and (plan.intent is Intent.SAFETY or not only_caution(edge))

    def held(predicates: Iterable[str], polarity: Polarity) -> bool:
        triples = (Triple(plan.subject, p, plan.object) for p in predicates)
        return any(counts(store.edge(t, polarity)) for t in triples)

    stated = held(plan.predicates, Polarity.POSITIVE)
    denied = held(plan.predicates, Polarity.NEGATIVE) or held(plan.denied_by, Polarity.POSITIVE)
    if plan.widened or not stated | denied:
        chained = [c for c in claims if c.status is Status.SUPPORTED and counts(c.edge)]
        if _joined(plan.subject, plan.object, [c.triple for c in chained if c.triple]):
            positive = [c.predicate for c in chained if c.polarity is Polarity.POSITIVE]
            negative = [c.predicate for c in chained if c.polarity is Polarity.NEGATIVE]
            stated = stated or bool({*positive} & {*plan.predicates})
            against = {*negative} & {*plan.predicates} | {*positive} & {*plan.denied_by}
            denied = denied or bool(against)
    if stated and denied:
        return Outcome.CONFLICTING
    if not stated and (not denied or plan.intent is Intent.SAFETY):
        return Outcome.NOT_RECORDED
    return Outcome.YES if stated == (plan.polarity is Polarity.POSITIVE) else Outcome.NO


def _joined(start: str, end: str, triples: Sequence[Triple]) -> bool:
    """Whether the triples join two concepts, followed either way."""
    reached = {start}
    grown = True
    while grown:
        before = len(reached)
        for triple in triples:
            if reached & {triple.subject, triple.object}:
                reached |= {triple.subject, triple.object}
        grown = len(reached) > before
    return end in reached
