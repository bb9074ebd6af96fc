"""Whether the people a question speaks of are asked about: "is aspirin safe for children".

The graph knows groups of patients (children, newborns, older people) by what must not be given to
them, and by nothing else. Where what is planned asks for such harm, the group is part of the
question; of every other question ("what causes seizures in children") it says only whom the
asker has in mind, and the question is read without it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from kg.schema import CONTRAINDICATED_IN, PATIENT_GROUP
from reasoning.joining import anchored
from reasoning.plan import CheckPlan, FindPlan, JointPlan, Plan
from reasoning.question import Understanding
from reasoning.rules import Phrases
from reasoning.skeleton import Slot

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
    return read(tuple(_numbered(rest)))


def _is_group(slot: Slot, phrases: Phrases) -> bool:
    named = bool(slot.candidates) and any(c.category == PATIENT_GROUP for c in slot.candidates)
    return named and phrases.of_whom.fullmatch(slot.text.lower()) is not None


def _numbered(slots: Sequence[Slot]) -> list[Slot]:
    return [replace(slot, number=number) for number, slot in enumerate(slots)]


def _asks_harm(plan: Plan, groups: set[str]) -> bool:
    """Whether the plan asks what must not be given to one of the groups."""
    if isinstance(plan, JointPlan):
        return any(_asks_harm(part, groups) for part in plan.parts)
    if anchored(plan).isdisjoint(groups):
        return False
    if isinstance(plan, CheckPlan):
        return CONTRAINDICATED_IN in plan.predicates or CONTRAINDICATED_IN in plan.denied_by
    if isinstance(plan, FindPlan):
        return any(
            CONTRAINDICATED_IN in hop.predicates
            for constraint in plan.constraints
            if constraint.anchor in groups
            for hop in constraint.hops
        )
    return False
