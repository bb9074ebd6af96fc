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

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from kg.records import Concept, Subgraph
from kg.store import EVERY_EDGE, GraphStore
from nlp.linker import Linker
from reasoning.answer import Answer, Claim, Outcome
from reasoning.asides import NameIn, asides, closing, why_not
from reasoning.breadth import for_patients, lead, of_some_patients, only_general
from reasoning.choice import choose
from reasoning.confidence import ConfidenceModel
from reasoning.emergency import RedFlag, emergency
from reasoning.engine_settings import EngineSettings, Mode
from reasoning.following import among_those
from reasoning.free_claims import load_free_words
from reasoning.language_model import LanguageModel
from reasoning.plan import CheckPlan, Plan
from reasoning.plan_reading import ModelPlanReader
from reasoning.plan_text import plan_text
from reasoning.question import Reason
from reasoning.retrieval import Retrieval, execute
from reasoning.script import general_script, script
from reasoning.sentence_frames import PATIENT, Frames, check_reader, fill, load_frames
from reasoning.short_sentences import in_short_sentences
from reasoning.signals import Signals, signals_of
from reasoning.statements import Script
from reasoning.telling import Teller
from reasoning.traversal import Walker
from reasoning.understanding import Understander, Understanding
from reasoning.verbalization import word
from reasoning.withholding import withheld
from reasoning.writer import AnyModel

if TYPE_CHECKING:
    from reasoning.literature import Literature  # which takes a tenth of a start
    from reasoning.summary import Summary

__all__ = ["Conversation", "Engine", "EngineSettings", "Mode"]


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


@dataclass(frozen=True, slots=True)
class _Asked:
    """A question and how it is to be answered."""

    question: str
    limit: int | None
    options: Sequence[str] | None
    reader: str
    flag: RedFlag | None


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
        settings: EngineSettings | None = None,
        literature: Literature | None = None,
    ) -> None:
        self.store = store
        self.literature = literature
        settings = settings or EngineSettings()
        self.settings = settings
        self._linker = linker
        model = None if settings.mode is Mode.TEMPLATE else language_model
        self._teller = Teller(store, linker, model, settings)
        self._ranker: LanguageModel | None = None
        if settings.model_ranks and isinstance(language_model, LanguageModel):
            self._ranker = language_model
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
        reader: str | None = None,
    ) -> Answer:
        """Answer ``question``; any string has an answer, if only that it is out of scope.

        Args:
            question: as typed.
            limit: most results whose edges become claims; None for all.
            options: texts among which :attr:`Answer.choice` points at the one the graph supports;
                where None, those of a "given list" in the question itself, if any.
            reader: ``clinician`` or ``patient``; as the settings say where None.

        Raises:
            UsageError: on another reader.
            DecodingError: where the language model cannot word the answer under its grammar.
            VerificationError: where the text does not say what the graph holds.
        """
        return self.turn(question, limit=limit, options=options, reader=reader)[0]

    def conversation(self) -> Conversation:
        """A conversation, in which a question may refer to the one before."""
        return Conversation(self)

    def understood(
        self,
        question: str,
        *,
        previous: Understanding | None = None,
        offered: bool = False,
    ) -> Understanding:
        """What ``question`` means after the turn understood as ``previous``.

        ``offered``: whether it comes with options, which are then what "which of these" means.
        """
        understood = self._understander(question, previous=previous)
        kinds = _kinds_meant(understood, self.store)
        if kinds:
            understood = self._understander(question, previous=previous, preferred=kinds)
        return understood if offered else among_those(understood, previous)

    def turn(
        self,
        question: str,
        *,
        limit: int | None = 100,
        options: Sequence[str] | None = None,
        previous: Understanding | None = None,
        reader: str | None = None,
    ) -> tuple[Answer, Understanding]:
        """As :meth:`ask`, after the turn understood as ``previous``, with what was understood."""
        clock = _Clock()
        reader = check_reader(self.settings.reader if reader is None else reader)
        with clock.stage("total"):
            with clock.stage("emergency"):
                flag = emergency(question)
            with clock.stage("understanding"):
                understood = self.understood(question, previous=previous, offered=bool(options))
            asked = _Asked(question, limit, options, reader, flag)
            answer = self._answer(asked, understood, clock)
            with clock.stage("verification"):
                self._teller.verify(answer, _fixed(understood, flag, answer))
            if self.literature is not None:
                with clock.stage("literature"):
                    senses = (understood.plan, *(plan for plan, _ in understood.other_senses))
                    plans = [plan for plan in senses if plan is not None]
                    quoted = self.literature.answer(question, plans, language=understood.language)
                answer = replace(answer, literature=quoted)
        return replace(answer, timings=dict(clock.timings)), understood

    def _answer(self, asked: _Asked, understood: Understanding, clock: _Clock) -> Answer:
        frames = load_frames(understood.language, asked.reader)
        if understood.plan is None:
            with clock.stage("wording"):
                answer = self._unplanned(asked, understood, frames)
        else:
            with clock.stage("retrieval"):
                understood, retrieval = self._retrieved(understood, understood.plan)
                understood, retrieval = for_patients(understood, retrieval, self.store)
                understood = of_some_patients(understood, retrieval)
            if self._ranker is not None:
                with clock.stage("ranking"):
                    retrieval = self._by_relevance(understood, retrieval, frames, self._ranker)
            with clock.stage("wording"):
                answer = self._planned(asked, understood, retrieval, frames)
            offered = understood.options if asked.options is None else asked.options
            if offered:
                choice = choose(offered, retrieval, self.store, self._linker, frames)
                answer = replace(answer, choice=choice)
        if asked.flag is not None:
            answer = replace(answer, text=_with_flag(answer, asked.flag), emergency=True)
        return replace(answer, notice=frames.notice, reader=asked.reader)

    # --- without a plan

    def _unplanned(self, asked: _Asked, understood: Understanding, frames: Frames) -> Answer:
        outcome = understood.outcome or Outcome.OUT_OF_SCOPE
        reasons = tuple(why_not(understood, outcome, self._name_in(understood.language)))
        text = word(Script(reasons), self.store, frames).text
        if outcome is Outcome.OUT_OF_SCOPE and understood.explanation:
            asks = understood.reason is Reason.NO_NAME
            text = understood.explanation + (frames.joining.sentences + text if asks else "")
        return Answer(
            asked.question, understood.language, text, outcome, concepts=understood.concepts
        )

    # --- with a plan

    def _planned(
        self, asked: _Asked, understood: Understanding, retrieval: Retrieval, frames: Frames
    ) -> Answer:
        said = self._said(understood, retrieval, asked.limit)
        if only_general(understood, retrieval):
            retrieval = replace(retrieval, outcome=Outcome.NOT_RECORDED)
        signals, confidence = self._confidence(understood, retrieval, said)
        outcome = retrieval.outcome
        if signals is not None and confidence < self.settings.abstain_below:
            weakest, least = self._sure.weakest(signals), self.settings.abstain_below
            said = withheld(confidence, least, weakest, understood)
            outcome = Outcome.OUT_OF_SCOPE
        if frames.reader == PATIENT:
            said = in_short_sentences(said)
        beside = (
            *dict.fromkeys(asides(understood, self.store, frames)),
            *closing(said, frames, emergency=asked.flag is not None),
        )
        wording = word(
            said, self.store, frames, concepts=retrieval.subgraph.concepts, asides=beside
        )
        told = self._teller.told(asked.question, wording, frames, outcome)
        plan = retrieval.plan
        return Answer(
            asked.question,
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
            summary=self._summary(wording.claims),
        )

    def _by_relevance(
        self, understood: Understanding, retrieval: Retrieval, frames: Frames, model: LanguageModel
    ) -> Retrieval:
        from reasoning.relevance import by_relevance  # nothing else needs it

        name_of, named = self._name_in(understood.language), self.settings.named
        return by_relevance(retrieval, understood, model, frames, name_of, named=named)

    def _summary(self, claims: Sequence[Claim]) -> Summary | None:
        if not self.settings.summarise:
            return None
        from reasoning.summary import summary_of  # nothing else needs it

        return summary_of(claims, self.settings.summarise)

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

    def _name_in(self, language: str) -> NameIn:
        return NameIn(self.store, language)


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
        reader: str | None = None,
    ) -> Answer:
        """As :meth:`Engine.ask`. A turn that was not understood leaves the one before in force."""
        answer, understood = self._engine.turn(
            question, limit=limit, options=options, previous=self._previous, reader=reader
        )
        self._remember(understood)
        return answer

    def recall(self, question: str) -> None:
        """Take ``question`` as asked before, without an answer to it."""
        self._remember(self._engine.understood(question, previous=self._previous))

    def _remember(self, understood: Understanding) -> None:
        if understood.plan is not None:
            self._previous = understood


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


def _subgraph(retrieval: Retrieval, claims: Sequence[Claim]) -> Subgraph:
    """The retrieved edges that became claims, with their concepts, in retrieved order."""
    kept = {claim.edge.key for claim in claims}
    edges = tuple(e for e in retrieval.subgraph.edges if e.key in kept)
    concepts: dict[str, Concept] = {}
    for edge in edges:
        for end in (edge.subject, edge.object):
            concepts.setdefault(end, retrieval.subgraph.concept(end))
    return Subgraph(tuple(concepts.values()), edges)
