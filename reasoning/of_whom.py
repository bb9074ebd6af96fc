"""Whether the people a question speaks of are asked about: "is aspirin safe for children".

The graph knows groups of patients (children, newborns, older people) by what must not be given to
them, and by nothing else. Where what is planned asks for such harm, the group is part of the
question. Every other question is read without it; of one whose answer may be another for them
("what treats cough in children") it is kept, so that the answer says it is told in general
(:mod:`reasoning.breadth`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from kg.schema import AVOIDED_FOOD, CONTRAINDICATED_IN, PATIENT_GROUP
from nlp.records import Candidate
from reasoning.anchoring import linked_concept
from reasoning.breadth import OF_NOBODY
from reasoning.joining import anchored
from reasoning.people import asked_age
from reasoning.plan import CheckPlan, FindPlan, JointPlan, Plan
from reasoning.question import Understanding
from reasoning.rules import Phrases
from reasoning.skeleton import Slot

_HARMS = frozenset({CONTRAINDICATED_IN, AVOIDED_FOOD})

#: Reads the question with these names.
Read = Callable[[tuple[Slot, ...]], Understanding]


def read_of_whom(slots: tuple[Slot, ...], phrases: Phrases, read: Read) -> Understanding:
    """The question read with its groups of patients, or without those whose harm is not asked."""
    groups = [s for s in slots if _is_group(s, phrases)]
    if not groups:
        return read(slots)
    understood = read(slots)
    concepts = {c.curie for s in groups for c in s.candidates if c.category == PATIENT_GROUP}
    if understood.plan is not None and _asks_harm(understood.plan, concepts):
        return understood
    rest = [s for s in slots if s not in groups]
    without = read(tuple(_numbered(rest)))
    if without.plan is None:
        return without if understood.plan is not None else understood
    if without.plan.intent in OF_NOBODY:
        return without
    unused = tuple(linked_concept(s, _group(s), ()) for s in groups)
    return replace(
        without,
        concepts=(*without.concepts, *unused),
        ignored=(*without.ignored, *unused),
    )


def _is_group(slot: Slot, phrases: Phrases) -> bool:
    named = any(c.category == PATIENT_GROUP for c in slot.candidates)
    text = slot.text.lower()
    return named and bool(phrases.of_whom.fullmatch(text) or asked_age(text))


def _group(slot: Slot) -> Candidate:
    return next(c for c in slot.candidates if c.category == PATIENT_GROUP)


def _numbered(slots: Sequence[Slot]) -> list[Slot]:
    return [replace(slot, number=number) for number, slot in enumerate(slots)]


def _asks_harm(plan: Plan, groups: set[str]) -> bool:
    """Whether the plan asks what must not be given to one of the groups."""
    if isinstance(plan, JointPlan):
        return any(_asks_harm(part, groups) for part in plan.parts)
    if anchored(plan).isdisjoint(groups):
        return False
    if isinstance(plan, CheckPlan):
        return not _HARMS.isdisjoint((*plan.predicates, *plan.denied_by))
    if isinstance(plan, FindPlan):
        return any(
            not _HARMS.isdisjoint(hop.predicates)
            for constraint in plan.constraints
            if constraint.anchor in groups
            for hop in constraint.hops
        )
    return False
