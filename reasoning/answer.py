"""The answer record: what was asked, found, said, and how it is known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from kg.records import Definition, Edge, Evidence, Polarity, Subgraph, Triple
from reasoning.plan import Plan
from reasoning.quotes import LiteratureAnswer

if TYPE_CHECKING:
    from reasoning.signals import Signals
    from reasoning.summary import Summary


class Outcome(StrEnum):
    """How a question ended. Everything but ``answered``, ``yes`` and ``no`` abstains."""

    ANSWERED = "answered"
    YES = "yes"
    NO = "no"
    CONFLICTING = "conflicting"  # recorded as true and as false
    NOT_RECORDED = "not_recorded"  # the graph holds neither; not a "no", not "safe"
    AMBIGUOUS = "ambiguous"  # a name means several concepts
    UNKNOWN_NAME = "unknown_name"
    OUT_OF_SCOPE = "out_of_scope"


@dataclass(frozen=True, slots=True)
class LinkedConcept:
    """A stretch of the question and the concept it was taken to name.

    ``alternatives`` are ``(curie, name, score)`` of other concepts it may name.
    """

    text: str
    start: int
    end: int
    curie: str
    name: str
    category: str
    score: float
    alternatives: tuple[tuple[str, str, float], ...] = ()


@dataclass(frozen=True, slots=True)
class Broader:
    """A stretch of the question that is narrower than what the answer is about.

    "Acute gout" where gout is known; "in children" where nothing is told apart for them.

    Args:
        text: the stretch, as written.
        start: first character of the question, 0-based.
        end: one past the last.
        curie: the concept the answer is about instead.
        name: its name.
        patients: whether the stretch says of whom, not of what.
    """

    text: str
    start: int
    end: int
    curie: str
    name: str
    patients: bool = False


@dataclass(frozen=True, slots=True)
class Claim:
    """One checkable statement of an answer: an edge, and the words that state it."""

    text: str
    edge: Edge
    subject_name: str
    object_name: str

    @property
    def triple(self) -> Triple:
        """The triple stated."""
        return self.edge.triple

    @property
    def polarity(self) -> Polarity:
        """Whether it is stated or denied."""
        return self.edge.polarity

    @property
    def evidence(self) -> tuple[Evidence, ...]:
        """What supports it."""
        return self.edge.evidence


@dataclass(frozen=True, slots=True)
class Answer:
    """A question answered, or abstained from, with everything that led there.

    Args:
        question: as asked.
        language: ``en`` or ``zh``.
        text: the wording, in that language.
        outcome: how it ended.
        claims: every claim (up to the limit asked), strongest first.
        concepts: the names understood in the question.
        plan: what was executed; None where there was nothing to plan.
        cypher: the plan as Cypher, parameters written in; "" without a plan.
        plan_text: the plan as one readable line; "" without a plan.
        subgraph: the retrieved edges.
        confidence: probability that it is right, in [0, 1]; 0 where nothing was found.
        signals: what the confidence was made of; None where nothing was found.
        worded_by: name of the language model, or ``frames``.
        timings: seconds per stage.
        emergency: whether the question describes an emergency.
        choice: index into the options given, or None.
        notice: the fixed notice that this is not medical advice, in the question's language.
        definitions: definitions quoted in the text.
        broader: of what the question narrows and the answer does not; said in its first sentences.
        free: whether the text is in a language model's own words, with marks (cited mode).
        read_by: name of the language model that said what the question asks, where no rule
            recognised it; "" else.
        removed: sentences of the model that the graph does not bear out; not in the text.
        literature: what the documents given say to the question; None where none were given.
            Text, outcome and confidence are the graph's alone.
        reader: whom the text is worded for: ``clinician`` or ``patient``. Claims keep the names
            and words of the clinician's.
        summary: of the sentences of documents behind the claims, those that together say most;
            None where no summary was asked for, or no claim rests on a sentence.
    """

    question: str
    language: str
    text: str
    outcome: Outcome
    claims: tuple[Claim, ...] = ()
    concepts: tuple[LinkedConcept, ...] = ()
    plan: Plan | None = None
    plan_text: str = ""
    cypher: str = ""
    subgraph: Subgraph = field(default_factory=Subgraph)
    confidence: float = 0.0
    worded_by: str = "frames"
    timings: Mapping[str, float] = field(default_factory=dict)
    emergency: bool = False
    choice: int | None = None
    notice: str = ""
    definitions: tuple[Definition, ...] = ()
    broader: tuple[Broader, ...] = ()
    free: bool = False
    removed: tuple[str, ...] = ()
    read_by: str = ""
    literature: LiteratureAnswer | None = None
    signals: Signals | None = None
    reader: str = "clinician"
    summary: Summary | None = None
