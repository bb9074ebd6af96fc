"""A question in, a grounded answer out.

Emergency gate → understanding → retrieval → wording → verification. The graph decides what is
said; a language model, where there is one, decides how, under a grammar that holds nothing but
retrieved edges; the verifier reads the text back before anybody else does. What fails raises:
decoding without continuation and unverifiable text are errors, never answers.

Confidence of an answer is the probability that it is right, by what it rests on: the names linked,
the words left over, the certainty of the plan, the evidence told (:mod:`reasoning.confidence`);
where a language model read the question, no more than its reading is sure of. It is 0 where nothing
was found. Below a threshold an answer is withheld, with what is missing.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from kg.errors import UsageError
from kg.records import Concept, Subgraph
from kg.store import EVERY_EDGE, GraphStore
from nlp.linker import Linker
from reasoning.answer import Answer, Claim, LinkedConcept, Outcome
from reasoning.breadth import for_patients, lead, of_some_patients, only_general
from reasoning.choice import choose
from reasoning.cited import cite, verify_cited
from reasoning.confidence import ConfidenceModel
from reasoning.emergency import RedFlag, emergency
from reasoning.free_claims import FreeReader, load_free_words
from reasoning.plan import CheckPlan, Plan
from reasoning.plan_reading import ModelPlanReader
from reasoning.plan_text import plan_text
from reasoning.retrieval import Retrieval, execute
from reasoning.script import general_script, script
from reasoning.sentence_frames import Frames, Kind, fill, load_frames
from reasoning.signals import Signals, signals_of
from reasoning.statements import Script, Statement
from reasoning.traversal import Walker
from reasoning.understanding import Understander, Understanding
from reasoning.verbalization import Wording, word
from reasoning.verification import verify_answer
from reasoning.withholding import withheld
from reasoning.writer import AnyModel, worded

if TYPE_CHECKING:
    from reasoning.literature import Literature  # which takes a tenth of a start

_LOG = logging.getLogger(__name__)

#: A name linked with less than this score was guessed, and the answer says what it was taken for.
GUESSED = 0.9
#: Facts that one text names at most.
MOST_NAMED = 100
#: Tokens of the longest answer a language model may word.
MOST_TOKENS = 4096


class Mode(StrEnum):
    """Who words answers."""

    STRICT = "strict"  # the language model under the grammar; frames where there is no model
    CITED = "cited"  # the language model in its own words; what does not hold is removed
    TEMPLATE = "template"  # frames always


@dataclass(frozen=True, slots=True)
class EngineSettings:
    """How an engine answers.

    Args:
        mode: who words answers.
        named: different things named in the text, each with what is a kind of it in the same
            line; the rest is counted.
        abstain_below: an answer less confident than this is withheld, with the reason.
        confidence: the probability that an answer is right, by its signals; the shipped model
            where None.
        facts_shown: facts a language model is shown in its prompt.
        model_reads: whether the language model says what a question asks that no rule recognises
            (:mod:`reasoning.plan_reading`); off, for with the default model it is wrong too often
            (docs/benchmarks.md).
    """

    mode: Mode | str = Mode.STRICT
    named: int = 10
    abstain_below: float = 0.0
    facts_shown: int = 10
    model_reads: bool = False
    confidence: ConfidenceModel | None = None

    def __post_init__(self) -> None:
        if self.mode not in tuple(Mode):
            raise UsageError(f"mode {self.mode!r} is none of {', '.join(Mode)}")
        object.__setattr__(self, "mode", Mode(self.mode))
        if not 0.0 <= self.abstain_below <= 1.0:
            raise UsageError(f"abstain_below={self.abstain_below}; a confidence is between 0 and 1")
        if not 1 <= self.named <= MOST_NAMED:
            raise UsageError(f"named={self.named}; 1 to {MOST_NAMED} facts can be named in a text")


@dataclass(slots=True)
class _Clock:
    """Seconds per stage."""

    timings: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        started = time.perf_counter()
        try:
            yield
        finally:
            passed = time.perf_counter() - started
            self.timings[name] = round(self.timings.get(name, 0.0) + passed, 6)


class Engine:
    """Answers questions over one store.

    Args:
        store: the graph.
        linker: finds names of the graph in a question.
        language_model: words answers; None for frames alone.
        settings: see :class:`EngineSettings`.
        literature: documents that are quoted beside the graph's answer; none where not given.
    """

    def __init__(
        self,
        store: GraphStore,
        *,
        linker: Linker,
        language_model: AnyModel | None = None,
        settings: EngineSettings = EngineSettings(),
        literature: Literature | None = None,
    ) -> None:
        self.store = store
        self.literature = literature
        self.settings = settings
        self._linker = linker
        self._model = None if settings.mode is Mode.TEMPLATE else language_model
        reads = settings.model_reads and language_model is not None
        reader = ModelPlanReader(language_model) if reads and language_model else None
        self._understander = Understander(linker, reader=reader)
        self._sure = settings.confidence or ConfidenceModel.shipped()

    def ask(
        self,
        question: str,
        *,
        limit: int | None = 100,
        options: Sequence[str] | None = None,
    ) -> Answer:
        """Answer ``question``; any string has an answer, if only that it is out of scope.

        Args:
            question: as typed.
            limit: most results whose edges become claims; None for all.
            options: texts among which :attr:`Answer.choice` points at the one the graph supports;
                where None, those of a "given list" in the question itself, if any.

        Raises:
            DecodingError: where the language model cannot word the answer under its grammar.
            VerificationError: where the text does not say what the graph holds.
        """
        return self.turn(question, limit=limit, options=options)[0]

    def conversation(self) -> Conversation:
        """A conversation, in which a question may refer to the one before."""
        return Conversation(self)

    def turn(
        self,
        question: str,
        *,
        limit: int | None = 100,
        options: Sequence[str] | None = None,
        previous: Understanding | None = None,
    ) -> tuple[Answer, Understanding]:
        """As :meth:`ask`, after the turn understood as ``previous``, with what was understood."""
        clock = _Clock()
        with clock.stage("total"):
            with clock.stage("emergency"):
                flag = emergency(question)
            with clock.stage("understanding"):
                understood = self._understander(question, previous=previous)
                kinds = _kinds_meant(understood, self.store)
                if kinds:
                    understood = self._understander(question, previous=previous, preferred=kinds)
            answer = self._answer(question, understood, flag, limit, options, clock)
            with clock.stage("verification"):
                self._verify(answer, _fixed(understood, flag, answer))
            if self.literature is not None:
                with clock.stage("literature"):
                    senses = (understood.plan, *(plan for plan, _ in understood.other_senses))
                    plans = [plan for plan in senses if plan is not None]
                    quoted = self.literature.answer(question, plans, language=understood.language)
                answer = replace(answer, literature=quoted)
        return replace(answer, timings=dict(clock.timings)), understood

    def _answer(
        self,
        question: str,
        understood: Understanding,
        flag: RedFlag | None,
        limit: int | None,
        options: Sequence[str] | None,
        clock: _Clock,
    ) -> Answer:
        frames = load_frames(understood.language)
        if understood.plan is None:
            with clock.stage("wording"):
                answer = self._unplanned(question, understood, frames)
        else:
            with clock.stage("retrieval"):
                understood, retrieval = self._retrieved(understood, understood.plan)
                understood, retrieval = for_patients(understood, retrieval, self.store)
                understood = of_some_patients(understood, retrieval)
            with clock.stage("wording"):
                answer = self._planned(question, understood, retrieval, frames, limit)
            offered = understood.options if options is None else options
            if offered:
                choice = choose(offered, retrieval, self.store, self._linker, frames)
                answer = replace(answer, choice=choice)
        if flag is not None:
            answer = replace(answer, text=_with_flag(answer, flag), emergency=True)
        return replace(answer, notice=frames.notice)

    # --- without a plan

    def _unplanned(self, question: str, understood: Understanding, frames: Frames) -> Answer:
        outcome = understood.outcome or Outcome.OUT_OF_SCOPE
        text = word(
            Script(tuple(_why_not(understood, outcome, self._name_in(understood.language)))),
            self.store,
            frames,
        ).text
        if outcome is Outcome.OUT_OF_SCOPE and understood.explanation:
            text = understood.explanation
        return Answer(
            question,
            understood.language,
            text,
            outcome,
            concepts=understood.concepts,
        )

    # --- with a plan

    def _planned(
        self,
        question: str,
        understood: Understanding,
        retrieval: Retrieval,
        frames: Frames,
        limit: int | None,
    ) -> Answer:
        said = self._said(understood, retrieval, limit)
        if only_general(understood, retrieval):
            retrieval = replace(retrieval, outcome=Outcome.NOT_RECORDED)
        signals, confidence = self._confidence(understood, retrieval, said)
        outcome = retrieval.outcome
        if signals is not None and confidence < self.settings.abstain_below:
            weakest, least = self._sure.weakest(signals), self.settings.abstain_below
            said = withheld(confidence, least, weakest, understood)
            outcome = Outcome.OUT_OF_SCOPE
        wording = word(
            said,
            self.store,
            frames,
            concepts=retrieval.subgraph.concepts,
            asides=tuple(dict.fromkeys(_asides(understood, self.store))),
        )
        told = self._told(question, wording, frames, outcome)
        plan = retrieval.plan
        return Answer(
            question,
            understood.language,
            told.text,
            outcome,
            claims=wording.claims,
            concepts=understood.concepts,
            plan=plan,
            plan_text=plan_text(plan, self._name_in(understood.language)),
            cypher=plan.cypher,
            subgraph=_subgraph(retrieval, wording.claims),
            confidence=confidence,
            signals=signals,
            worded_by=told.by,
            broader=understood.broader,
            definitions=said.definitions,
            free=told.free,
            removed=told.removed,
            read_by=understood.read_by,
        )

    def _said(self, understood: Understanding, retrieval: Retrieval, limit: int | None) -> Script:
        """What to say: of what the answer is broader than the question first."""
        language = understood.language
        if isinstance(retrieval.plan, CheckPlan) and only_general(understood, retrieval):
            said = general_script(retrieval.plan, retrieval, language=language)
        else:
            named = self.settings.named
            said = script(retrieval, self.store, language=language, named=named, limit=limit)
        return replace(said, statements=(*dict.fromkeys(lead(understood)), *said.statements))

    def _confidence(
        self, understood: Understanding, retrieval: Retrieval, said: Script
    ) -> tuple[Signals | None, float]:
        if retrieval.outcome is Outcome.NOT_RECORDED:
            return None, 0.0
        signals = signals_of(understood, retrieval, said.named)
        sure = self._sure(signals)
        if understood.read_by:  # the model of confidence was fitted on no such answer
            sure *= understood.certainty
        return signals, round(sure, 4)

    def _retrieved(self, understood: Understanding, plan: Plan) -> tuple[Understanding, Retrieval]:
        """What the plan finds; where that is nothing, what another sense of a name finds."""
        retrieval = execute(plan, self.store, upward=not understood.other_senses)
        if retrieval.outcome is not Outcome.NOT_RECORDED or not understood.other_senses:
            return understood, retrieval
        for other, concept in understood.other_senses:
            found = execute(other, self.store)
            if found.outcome is not Outcome.NOT_RECORDED:
                taken = tuple(
                    concept if (c.start, c.end) == (concept.start, concept.end) else c
                    for c in understood.concepts
                )
                return replace(understood, plan=other, concepts=taken), found
        return understood, execute(plan, self.store, upward=True)

    def _told(self, question: str, wording: Wording, frames: Frames, outcome: Outcome) -> _Told:
        """Verdicts and absences are told by the frames; a list of facts may be told freely."""
        if self._model is None or self.settings.mode is not Mode.CITED:
            return _Told(*self._worded(question, wording, frames))
        if outcome is Outcome.ANSWERED and wording.claims:
            return self._cited(question, wording, frames, self._model)
        return _Told(wording.text, "frames")

    def _worded(self, question: str, wording: Wording, frames: Frames) -> tuple[str, str]:
        model = self._model
        if model is None:
            return wording.text, "frames"
        shown = (fill(frames.prompt["fact"], fact=c.text) for c in wording.claims)
        facts = "".join(f for f, _ in zip(shown, range(self.settings.facts_shown), strict=False))
        user = fill(frames.prompt["user"], question=question, facts=facts)
        text = worded(model, frames.prompt["system"], user, wording.grammar, max_tokens=MOST_TOKENS)
        return (wording.text, "frames") if text is None else (text, model.name)

    def _cited(self, question: str, wording: Wording, frames: Frames, model: AnyModel) -> _Told:
        words = load_free_words(frames.language)
        reader = FreeReader(self.store, self._linker, frames.language)
        facts = wording.claims[: self.settings.facts_shown]
        cited = cite(question, facts, model, reader, words)
        note = fill(words.removed, count=len(cited.removed)) if cited.removed else ""
        text = words.joined.join(filter(None, (cited.text or wording.text, note)))
        by = model.name if cited.text else "frames"
        return _Told(text, by, free=bool(cited.text), removed=cited.removed)

    def _verify(self, answer: Answer, fixed: tuple[str, ...]) -> None:
        if answer.free:
            reader = FreeReader(self.store, self._linker, answer.language)
            verify_cited(answer, self.store, reader, fixed=fixed)
        else:
            verify_answer(answer, self.store, fixed=fixed)

    def _name_in(self, language: str) -> _NameIn:
        return _NameIn(self.store, language)


class Conversation:
    """Questions one after another; "and its side effects?" is understood from the one before."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._previous: Understanding | None = None

    def ask(
        self,
        question: str,
        *,
        limit: int | None = 100,
        options: Sequence[str] | None = None,
    ) -> Answer:
        """As :meth:`Engine.ask`. A turn that was not understood leaves the one before in force."""
        answer, understood = self._engine.turn(
            question, limit=limit, options=options, previous=self._previous
        )
        if understood.plan is not None:
            self._previous = understood
        return answer


@dataclass(frozen=True, slots=True)
class _Told:
    """The words of an answer and whose they are."""

    text: str
    by: str
    free: bool = False
    removed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _NameIn:
    """Display names by CURIE."""

    store: GraphStore
    language: str

    def __call__(self, curie: str) -> str:
        concept = self.store.get(curie)
        return curie if concept is None else concept.name(self.language)


def _kinds_meant(understood: Understanding, store: GraphStore) -> set[str]:
    """Of names that mean a concept or a kind of it: the kind, which is what people mean.

    Empty where any ambiguous name of the question means things that are no kin.
    """
    meant: set[str] = set()
    for one in understood.ambiguous:
        curies = [one.curie, *(curie for curie, _, _ in one.alternatives)]
        walker = Walker(store, EVERY_EDGE)
        kinds = [
            kind
            for kind in curies
            if all(other == kind or walker.ascent(kind, other) for other in curies)
        ]
        if len(kinds) != 1:
            return set()
        meant.add(kinds[0])
    return meant


def _fixed(understood: Understanding, flag: RedFlag | None, answer: Answer) -> tuple[str, ...]:
    """Sentences that are told as they stand."""
    removed = len(answer.removed)
    note = fill(load_free_words(answer.language).removed, count=removed) if removed else ""
    messages = (flag.message if flag else "", understood.explanation, note)
    return tuple(message for message in messages if message)


def _with_flag(answer: Answer, flag: RedFlag) -> str:
    """The emergency message, and after it the answer where there is one."""
    abstained = (Outcome.OUT_OF_SCOPE, Outcome.UNKNOWN_NAME, Outcome.AMBIGUOUS)
    if answer.outcome in abstained:
        return flag.message
    return f"{flag.message}\n\n{answer.text}"


def _why_not(understood: Understanding, outcome: Outcome, name_of: _NameIn) -> Iterator[Statement]:
    if outcome is Outcome.UNKNOWN_NAME and understood.unknown:
        for unknown in understood.unknown:
            yield Statement(Kind.UNKNOWN_NAME, values=(("quote", unknown.text),))
            if unknown.nearest:
                nearest = tuple((curie, name_of(curie)) for curie, _, _ in unknown.nearest)
                yield Statement(Kind.UNKNOWN_NEAREST, options=nearest)
    elif outcome is Outcome.UNKNOWN_NAME:
        yield Statement(Kind.UNKNOWN_BARE)
    elif outcome is Outcome.AMBIGUOUS and understood.ambiguous:
        for concept in understood.ambiguous:
            yield _which(concept, name_of)
    else:
        yield Statement(Kind.OUT_OF_SCOPE)


def _which(concept: LinkedConcept, name_of: _NameIn) -> Statement:
    curies = (concept.curie, *(curie for curie, _, _ in concept.alternatives))
    choices = {curie: name_of(curie) for curie in curies}
    return Statement(
        Kind.AMBIGUOUS, values=(("quote", concept.text),), options=tuple(choices.items())
    )


def _asides(understood: Understanding, store: GraphStore) -> Iterator[Statement]:
    """What the asker should know of how the question and its names were taken."""
    if understood.read_as:
        yield Statement(Kind.READ_AS, values=(("reading", understood.read_as),))
    for concept in understood.concepts:
        quote, anchors = (("quote", concept.text),), (concept.curie,)
        if concept.score < GUESSED:
            yield Statement(Kind.TAKEN_AS, anchors=anchors, values=quote)
        elif _another_name(concept, store, understood.language):
            yield Statement(Kind.ALSO_CALLED, anchors=anchors, values=quote)
    for unknown in understood.unknown:
        yield Statement(Kind.IGNORED, values=(("quote", unknown.text),))
    for ignored in understood.ignored:
        yield Statement(Kind.UNUSED, values=(("quote", ignored.text),))


def _another_name(concept: LinkedConcept, store: GraphStore, language: str) -> bool:
    """Whether the question calls a concept by another of its names than the answer will."""
    known = store.get(concept.curie)
    if known is None or all(concept.text != n.text for n in known.names):
        return False
    asked, told = concept.text.casefold(), known.name(language).casefold()
    return asked not in told and told not in asked


def _subgraph(retrieval: Retrieval, claims: Sequence[Claim]) -> Subgraph:
    """The retrieved edges that became claims, with their concepts, in retrieved order."""
    kept = {claim.edge.key for claim in claims}
    edges = tuple(e for e in retrieval.subgraph.edges if e.key in kept)
    concepts: dict[str, Concept] = {}
    for edge in edges:
        for end in (edge.subject, edge.object):
            concepts.setdefault(end, retrieval.subgraph.concept(end))
    return Subgraph(tuple(concepts.values()), edges)
