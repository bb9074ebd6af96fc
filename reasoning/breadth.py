"""Answers about something wider than what was asked, said to be so.

What stands beside the names of a question (:mod:`reasoning.qualifiers`) and was used by no part
of its plan is kept as :class:`~reasoning.answer.Broader`. It is told before everything else. That
a drug helps in general is no "yes" for children, in pregnancy or in an animal: such a check ends
in "not recorded", unless harm for just those patients is recorded.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from kg.records import Polarity
from kg.schema import (
    CONDITIONS,
    CONTRAINDICATED_IN,
    DRUG,
    DRUG_CLASS,
    PATIENT_GROUP,
    PHENOTYPE,
    PREVENTS,
    RECOMMENDED_FOOD,
    TREATS,
)
from kg.store import GraphStore
from reasoning.answer import Broader, LinkedConcept, Outcome
from reasoning.joining import anchored
from reasoning.people import only_of_some
from reasoning.plan import CheckPlan, FindPlan, Intent, Plan
from reasoning.qualifiers import Qualified, Sort
from reasoning.question import Understanding, UnknownName
from reasoning.retrieval import Retrieval, execute
from reasoning.sentence_frames import Kind
from reasoning.statements import Statement

#: Questions that are answered alike whoever is asked about.
OF_NOBODY = frozenset(
    {
        Intent.DISEASES_WITH_FINDINGS,
        Intent.CAUSES,
        Intent.DEFINITION,
        Intent.NAMES,
        Intent.IDENTIFIER,
        Intent.CLASS_MEMBERS,
        Intent.CLASS_OF_DRUG,
        Intent.GENES,
        Intent.DISEASES_OF_GENE,
        Intent.DIAGNOSED_BY,
        Intent.SIMILAR,
    }
)
#: Questions of what findings mean: how a finding runs is no part of its name.
_PRESENTATIONS = frozenset({Intent.DISEASES_WITH_FINDINGS, Intent.CAUSES})

#: Between two names that are one: a name and what it is of, and what stands right beside it.
_JOINED = re.compile(r"[ -]|\s+of(?: the)?\s+")
_BESIDE = re.compile(r"[ -]|")

_HELPING = frozenset({TREATS, PREVENTS, RECOMMENDED_FOOD})


def told_apart(understood: Understanding, beside: Iterable[Qualified]) -> Understanding:
    """The understanding with what its plan is broader than."""
    plan = understood.plan
    if plan is None:
        return understood
    found = tuple(dict.fromkeys(_broader(understood, plan, beside)))
    found += tuple(_unused_groups(understood, plan, found))
    found += tuple(_compounds(understood, plan, found))
    if not found:
        return understood
    return replace(
        understood,
        broader=found,
        ignored=tuple(c for c in understood.ignored if not _inside(c, found)),
        unknown=tuple(u for u in understood.unknown if not _inside(u, found)),
    )


def _broader(
    understood: Understanding, plan: Plan, beside: Iterable[Qualified]
) -> Iterator[Broader]:
    used = anchored(plan)
    concepts = [c for c in understood.concepts if c.curie in used]
    for found in beside:
        text = understood.question[found.start : found.end]
        if found.sort is Sort.PATIENTS:
            about = next((c for c in concepts if c.category != PATIENT_GROUP), None)
            about = about or understood.topic
            named = any(_overlap(c, found) for c in concepts if c.curie not in _left_out(plan))
            if about is not None and not named and plan.intent not in OF_NOBODY:
                yield Broader(text, found.start, found.end, about.curie, about.name, patients=True)
            continue
        about = next((c for c in concepts if c.start == found.name_start), None)
        if about is None or (about.category == PHENOTYPE and plan.intent in _PRESENTATIONS):
            continue
        yield Broader(text, found.start, found.end, about.curie, about.name)


def _overlap(concept: LinkedConcept, found: Qualified) -> bool:
    return concept.start < found.end and found.start < concept.end


def _left_out(plan: Plan) -> frozenset[str]:
    """Of whom only the harm is known: what is told after it is taken out is told in general."""
    if not isinstance(plan, FindPlan):
        return frozenset()
    return frozenset(c.anchor for c in plan.constraints if c.negated)


def _unused_groups(
    understood: Understanding, plan: Plan, found: Sequence[Broader]
) -> Iterator[Broader]:
    """Groups of patients that are named and that the plan has no place for."""
    used = anchored(plan)
    about = next((c for c in understood.concepts if c.curie in used), None)
    for one in understood.ignored:
        if one.category == PATIENT_GROUP and about is not None and not _inside(one, found):
            yield Broader(one.text, one.start, one.end, about.curie, about.name, patients=True)


def _compounds(
    understood: Understanding, plan: Plan, found: Sequence[Broader]
) -> Iterator[Broader]:
    """Names of two of which the plan has a place for one: "anemia of chronic disease"."""
    used = anchored(plan)
    for name in (c for c in understood.concepts if c.curie in used and c.category in CONDITIONS):
        for other in understood.ignored:
            first, last = sorted((name, other), key=lambda c: c.start)
            between = understood.question[first.end : last.start]
            together = _JOINED if first is name else _BESIDE
            if together.fullmatch(between) and not _inside(other, found):
                text = understood.question[first.start : last.end]
                yield Broader(text, first.start, last.end, name.curie, name.name)


def _inside(one: LinkedConcept | UnknownName, found: Sequence[Broader]) -> bool:
    return any(b.start < one.end and one.start < b.end for b in found)


def lead(understood: Understanding) -> Iterator[Statement]:
    """What is said before everything else."""
    for one in understood.broader:
        quote = (("quote", one.text),)
        if one.patients:
            yield Statement(Kind.GENERAL, values=quote)
        else:
            yield Statement(Kind.BROADER, anchors=(one.curie,), values=quote)


def for_patients(
    understood: Understanding, retrieval: Retrieval, store: GraphStore
) -> tuple[Understanding, Retrieval]:
    """Of a check whether something helps or is safe: harm recorded for the patients, if any."""
    plan = retrieval.plan
    if not isinstance(plan, CheckPlan) or plan.subject_category not in (DRUG, DRUG_CLASS):
        return understood, retrieval
    if plan.intent is not Intent.SAFETY and plan.predicates[0] not in _HELPING:
        return understood, retrieval
    polarity = plan.polarity if plan.intent is Intent.SAFETY else Polarity.NEGATIVE
    harmful = Outcome.YES if polarity is Polarity.POSITIVE else Outcome.NO
    for group in _groups(understood):
        harm = CheckPlan(
            plan.subject,
            group.curie,
            (CONTRAINDICATED_IN,),
            plan.subject_category,
            group.category,
            polarity=polarity,
            intent=Intent.SAFETY,
        )
        found = execute(harm, store)
        if found.outcome is harmful:
            left = tuple(b for b in understood.broader if not _inside(group, (b,)))
            return replace(understood, plan=found.plan, broader=left), found
    return understood, retrieval


def _groups(understood: Understanding) -> Iterator[LinkedConcept]:
    """Groups of patients the question names and its plan has no place for."""
    spans = [b for b in understood.broader if b.patients]
    for concept in understood.concepts:
        if concept.category == PATIENT_GROUP and _inside(concept, spans):
            yield concept


def of_some_patients(understood: Understanding, retrieval: Retrieval) -> Understanding:
    """Of a check that only what is recorded of other patients decides: that it is broader."""
    plan, age = retrieval.plan, understood.age
    if not isinstance(plan, CheckPlan) or not only_of_some(age, retrieval):
        return understood
    group = next((c for c in understood.concepts if c.curie == plan.object), None)
    about = next((c for c in understood.concepts if c.curie == plan.subject), group)
    spoken = age or group
    if spoken is None or about is None:
        return understood
    text = understood.question[spoken.start : spoken.end]
    one = Broader(text, spoken.start, spoken.end, about.curie, about.name, patients=True)
    return replace(understood, broader=(*understood.broader, one))


def only_general(understood: Understanding, retrieval: Retrieval) -> bool:
    """Whether a check found help, or harm, that need not hold of the patients asked about."""
    plan = retrieval.plan
    if any(b.patients for b in understood.broader) and only_of_some(understood.age, retrieval):
        return True
    return (
        isinstance(plan, CheckPlan)
        and any(b.patients for b in understood.broader)
        and plan.predicates[0] in _HELPING
        and retrieval.outcome in (Outcome.YES, Outcome.NO)
        and not retrieval.denying
    )
