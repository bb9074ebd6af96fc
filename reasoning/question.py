"""What a question was taken to mean: the record understanding hands on."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from reasoning.answer import Broader, LinkedConcept, Outcome
from reasoning.people import Person
from reasoning.plan import Intent, Plan


class Reason(StrEnum):
    """Why there is no plan."""

    EMPTY = "empty"
    TOO_LONG = "too_long"
    NO_QUESTION = "no_question"  # names, but nothing that is asked of them
    NO_NAME = "no_name"  # nothing in it is a name
    WRONG_TYPE = "wrong_type"  # cannot be asked of such a concept
    UNKNOWN_NAME = "unknown_name"
    AMBIGUOUS = "ambiguous"
    DOSE = "dose"
    USAGE = "usage"
    STOPPING = "stopping"
    OVERDOSE = "overdose"
    PROGNOSIS = "prognosis"
    FREQUENCY = "frequency"
    COST = "cost"
    DURATION = "duration"
    INHERITANCE = "inheritance"
    PERSONAL = "personal"
    MECHANISM = "mechanism"
    COMPARISON = "comparison"
    FOR_WHAT = "for_what"  # what may be given to someone, without saying what for
    NOT_HELD = "not_held"


@dataclass(frozen=True, slots=True)
class UnknownName:
    """A stretch of the question that names nothing in the graph.

    ``nearest`` are ``(curie, name, score)`` of concepts with similar names, best first.
    """

    text: str
    start: int
    end: int
    nearest: tuple[tuple[str, str, float], ...] = ()


@dataclass(frozen=True, slots=True)
class Understanding:
    """What a question was taken to mean.

    Args:
        question: as asked; offsets count in it.
        language: ``en`` or ``zh``.
        concepts: every name linked, by start.
        plan: what to execute; None where there is nothing to execute.
        intent: what is asked, as far as it was recognised.
        outcome: None with a plan; else ``unknown_name``, ``ambiguous`` or ``out_of_scope``.
        reason: None with a plan.
        explanation: the reason as a sentence in the question's language; "" with a plan.
        unknown: names that are not in the graph.
        ambiguous: names that can mean several concepts; each has its alternatives.
        ignored: concepts of the question that the plan does not use.
        broader: what the question narrows and the plan does not.
        options: what a "given list" of the question offers to choose from.
        topic: concept taken over from the turn before ("its"); it has no place in the question.
        rule: id of the phrase that matched; it ends in ``.guess`` where none did and the trained
            classifier said what is asked.
        other_senses: the plan with another concept for one of its names, and that concept; tried
            where the plan itself finds nothing.
        certainty: how likely the reading is, in (0, 1]; 1 where a phrase matched.
        read_by: name of the language model that read the question where no phrase matched and
            the classifier was not sure; "" else. ``rule`` ends in ``.read`` then.
        read_as: what it read the question as, in a few words; "" else.
        age: the words that say how old those are whom the question speaks of, and that age.
    """

    question: str
    language: str
    concepts: tuple[LinkedConcept, ...] = ()
    plan: Plan | None = None
    intent: Intent | None = None
    outcome: Outcome | None = None
    reason: Reason | None = None
    explanation: str = ""
    unknown: tuple[UnknownName, ...] = ()
    ambiguous: tuple[LinkedConcept, ...] = ()
    ignored: tuple[LinkedConcept, ...] = ()
    broader: tuple[Broader, ...] = ()
    options: tuple[str, ...] = ()
    topic: LinkedConcept | None = None
    rule: str = ""
    certainty: float = 1.0
    other_senses: tuple[tuple[Plan, LinkedConcept], ...] = ()
    read_by: str = ""
    read_as: str = ""
    age: Person | None = None
