"""What is said beside the facts: why there is no answer, and how the question was taken."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from kg.store import GraphStore
from reasoning.answer import LinkedConcept, Outcome
from reasoning.lay_names import LayNames
from reasoning.question import Reason, Understanding
from reasoning.sentence_frames import PATIENT, Frames, Kind
from reasoning.statements import Script, Statement

#: A name linked with less than this score was guessed, and the answer says what it was taken for.
GUESSED = 0.9


@dataclass(frozen=True, slots=True)
class NameIn:
    """Display names by CURIE."""

    store: GraphStore
    language: str

    def __call__(self, curie: str) -> str:
        """Its name in the language, or the CURIE where the graph lacks it."""
        concept = self.store.get(curie)
        return curie if concept is None else concept.name(self.language)


def why_not(understood: Understanding, outcome: Outcome, name_of: NameIn) -> Iterator[Statement]:
    """Why there is no answer; where a name is missing or means several things, a question back."""
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
    elif understood.reason is Reason.NO_NAME:  # "and its side effects?" after nothing
        yield Statement(Kind.WHICH_ONE)
    else:
        yield Statement(Kind.OUT_OF_SCOPE)


def _which(concept: LinkedConcept, name_of: NameIn) -> Statement:
    curies = (concept.curie, *(curie for curie, _, _ in concept.alternatives))
    choices = {curie: name_of(curie) for curie in curies}
    return Statement(
        Kind.AMBIGUOUS, values=(("quote", concept.text),), options=tuple(choices.items())
    )


def asides(understood: Understanding, store: GraphStore, frames: Frames) -> Iterator[Statement]:
    """What the asker should know of how the question and its names were taken."""
    if understood.read_as:
        yield Statement(Kind.READ_AS, values=(("reading", understood.read_as),))
    for concept in understood.concepts:
        quote, anchors = (("quote", concept.text),), (concept.curie,)
        if concept.score < GUESSED:
            yield Statement(Kind.TAKEN_AS, anchors=anchors, values=quote)
        elif _another_name(concept, store, frames):
            yield Statement(Kind.ALSO_CALLED, anchors=anchors, values=quote)
    for unknown in understood.unknown:
        yield Statement(Kind.IGNORED, values=(("quote", unknown.text),))
    for ignored in understood.ignored:
        yield Statement(Kind.UNUSED, values=(("quote", ignored.text),))


def _another_name(concept: LinkedConcept, store: GraphStore, frames: Frames) -> bool:
    """Whether the question calls a concept by another of its names than the answer will."""
    known = store.get(concept.curie)
    if known is None or all(concept.text != n.text for n in known.names):
        return False
    asked = concept.text.casefold()
    names = (known.name(frames.language), LayNames(store, frames)(known) or "")
    return all(asked not in told and told not in asked for told in map(str.casefold, names) if told)


def closing(script: Script, frames: Frames, *, emergency: bool) -> Iterator[Statement]:
    """What a patient is told last: what the numbers mean, and whom to talk to.

    Nothing in an emergency: the message before the answer has said what to do.
    """
    if frames.reader != PATIENT or emergency:
        return
    if script.named:
        yield Statement(Kind.MARKS)
    yield Statement(Kind.TALK_TO)
