"""From the slots of a question to concepts: what each name is taken to mean."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from nlp.linker import Unlinked
from nlp.records import Candidate
from reasoning.answer import LinkedConcept
from reasoning.joining import anchored
from reasoning.planner import Anchor, chosen
from reasoning.question import Understanding, UnknownName
from reasoning.rules import LETTERS, OTHER, SLOT_KINDS
from reasoning.skeleton import Slot


def decided(slot: Slot, preferred: Collection[str]) -> Slot:
    """The slot without what is not meant, where one of its candidates is."""
    meant = tuple(c for c in slot.candidates if c.curie in preferred)
    if not meant:
        return slot
    letters = "".join(dict.fromkeys(LETTERS.get(c.category, OTHER) for c in meant))
    return replace(slot, candidates=meant, letters=letters)


def root_of(slot: Slot) -> Slot:
    """The name at the heart of a noun phrase; a name itself."""
    while slot.origin is not None:
        slot = slot.origin
    return slot


def anchor_of(slot: Slot, kind: str) -> Anchor | None:
    """The concept a slot stands for, and the hops of the noun phrases around it."""
    if slot.origin is None:
        concept = chosen(slot, kind)
        return None if concept is None else Anchor(slot, concept)
    first = slot.hops[0]
    inner_kind = {"D": "finding", "S": "finding", "R": "drug", "C": "drug", "G": "gene"}
    inner = anchor_of(slot.origin, inner_kind.get(slot.origin.letters[:1], "entity"))
    if inner is None or not first:
        return None
    return Anchor(slot, inner.concept, (*inner.hops, *slot.hops))


def every_sense(anchor: Anchor, kind: str) -> list[Anchor]:
    """The anchor and whatever else its words may name: who excludes means all of it."""
    if anchor.hops:
        return [anchor]
    others = [
        c
        for c in anchor.slot.candidates
        if c.curie != anchor.concept.curie and LETTERS.get(c.category, OTHER) in SLOT_KINDS[kind]
    ]
    return [anchor, *(Anchor(anchor.slot, c) for c in others)]


def linked_concept(slot: Slot, concept: Candidate, others: Sequence[Candidate]) -> LinkedConcept:
    """A slot taken to mean ``concept``, and what else it may mean."""
    return LinkedConcept(
        slot.text,
        slot.start,
        slot.end,
        concept.curie,
        concept.name,
        concept.category,
        concept.score,
        tuple((c.curie, c.name, c.score) for c in others),
    )


def unknown_name(unlinked: Unlinked) -> UnknownName:
    """What names nothing, with the nearest names."""
    nearest = tuple((c.curie, c.name, c.score) for c in unlinked.nearest)
    return UnknownName(unlinked.text, unlinked.start, unlinked.end, nearest)


def topic_of(previous: Understanding) -> LinkedConcept | None:
    """What the turn before was about: the first concept its plan used."""
    if previous.plan is None:
        return None
    used = anchored(previous.plan)
    return next((c for c in previous.concepts if c.curie in used), previous.topic)


def topic_slot(topic: LinkedConcept, number: int) -> Slot:
    """A slot for a concept taken over from the turn before."""
    concept = Candidate(topic.curie, topic.name, topic.category, topic.score)
    letter = LETTERS.get(topic.category, "O")
    return Slot(number, 0, 0, topic.text, letter, (concept,))
