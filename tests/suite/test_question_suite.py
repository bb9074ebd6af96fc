"""The question suite: well formed, and answered as rightly as it was when last measured."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest

from bench.question_suite import (
    Cause,
    Question,
    Verdict,
    emergency_recall,
    failure_lines,
    false_alarms,
    judge,
    named,
    open_qa,
    read_suite,
    report,
    run_suite,
    share_right,
)
from kg.networkx_store import NetworkxStore
from kg.records import Concept, Edge, Evidence, Name, Provenance, Triple
from kg.schema import DISEASE, DRUG, TREATS
from reasoning.answer import Answer, Broader, Claim, Outcome

KINDS = frozenset(
    {
        "symptoms",
        "treatments",
        "indications",
        "side_effects",
        "contraindications",
        "interactions",
        "causes",
        "genes",
        "risk_factors",
        "complications",
        "tests",
        "prevention",
        "specialty",
        "definition",
        "class_members",
        "class_of_drug",
        "brand_to_generic",
        "yes_no",
        "negated_statement",
        "comparison",
        "difference",
        "conjunction",
        "multi_hop",
        "count",
        "follow_up",
        "similar",
        "unknown_name",
        "ambiguous",
        "out_of_scope",
        "emergency",
        "hard_negative",
        "qualifier",
    }
)

#: Smallest shares accepted: five points under what was measured when they were set.
RIGHT = {"blind": 0.84, "open": 0.91}
RECALL = {"blind": 0.95, "open": 0.95}
MOST_FALSE_ALARMS = 0.02
#: One of the 46 look-alikes of the blind half, known and not tuned away.
MOST_ALARMS_AT_LOOKALIKES = 0.03


@pytest.fixture(scope="module")
def suite() -> list[Question]:
    return read_suite()


# -- the suite itself ------------------------------------------------------------------------


def test_every_question_is_asked_once(suite: list[Question]) -> None:
    assert len({q.id for q in suite}) == len(suite)
    assert len({(q.previous, q.question.casefold()) for q in suite}) == len(suite)


def test_the_suite_is_as_large_as_it_has_to_be(suite: list[Question]) -> None:
    languages = Counter(q.language for q in suite)
    halves = Counter(q.half for q in suite)
    assert languages["en"] >= 400
    assert languages["zh"] >= 200
    assert halves["blind"] >= 300
    assert halves["open"] >= 300
    assert {q.kind for q in suite} == KINDS
    assert sum(q.emergency for q in suite) >= 60
    assert sum(q.lookalike for q in suite) >= 80


def test_every_question_says_what_a_right_answer_is(suite: list[Question]) -> None:
    for question in suite:
        groups = (*question.must, *question.focus)
        assert all(group and all(n.strip("~ ") for n in group) for group in groups), question.id
        assert question.emergency == (question.kind == "emergency"), question.id
        assert not (question.emergency and question.lookalike), question.id
        assert bool(question.previous) == (question.kind == "follow_up"), question.id
        assert question.outcomes or question.emergency or question.lookalike, question.id
        assert question.id.startswith(f"{question.half}-{question.language}-"), question.id


# -- judging ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "form", "expected"),
    [
        ("cough", "cough", True),
        ("cough", "dry cough", False),
        ("~cough", "dry cough", True),
        ("~ct", "ct angiography", True),
        ("~ct", "urinary tract", False),
        ("~cold", "cold intolerance", True),
        ("~cold", "scold", False),
        ("~sartan", "losartan", True),
        ("~腹痛", "上腹痛", True),
    ],
)
def test_a_name_is_told_exactly_or_inside_a_longer_one(
    name: str, form: str, expected: bool
) -> None:
    assert named(name, [form]) is expected


def _answer() -> tuple[Answer, NetworkxStore]:
    evidence = Evidence(Provenance("curated", "1", "CC0-1.0"), record="row 1")
    edge = Edge(Triple("X:1", TREATS, "X:2"), (evidence,))
    store = NetworkxStore()
    store.add_concepts(
        [
            Concept("X:1", DRUG, (Name("metformin"), Name("二甲双胍", "zh"))),
            Concept("X:2", DISEASE, (Name("type 2 diabetes"),)),
        ]
    )
    store.add_edges([edge])
    claim = Claim("Metformin treats type 2 diabetes.", edge, "metformin", "type 2 diabetes")
    return Answer("?", "en", claim.text, Outcome.ANSWERED, claims=(claim,)), store


def _question() -> Question:
    must = (("二甲双胍", "nothing else"), ("~diabetes",))
    return Question(
        "open-en-treatments-00",
        "en",
        "treatments",
        "what treats type 2 diabetes",
        must,
        ("insulin",),
        frozenset({Outcome.ANSWERED}),
        False,
        "open",
    )


def test_an_answer_that_tells_what_it_must_is_right() -> None:
    answer, store = _answer()
    assert judge(_question(), answer, store).right


def test_what_is_wrong_is_said() -> None:
    answer, store = _answer()
    question = replace(_question(), must=(("glipizide",),), must_not=("metformin",), emergency=True)
    verdict = judge(question, answer, store)
    assert [cause for cause, _ in verdict.reasons] == [
        Cause.GATE,
        Cause.INTENT,
        Cause.FACTS,
        Cause.FORBIDDEN,
    ]
    assert "glipizide" in next(failure_lines([verdict]))


def test_a_qualifier_left_out_without_a_word_is_wrong() -> None:
    answer, store = _answer()
    question = replace(_question(), must_not=(), narrows="in children")
    assert judge(question, answer, store).reasons[0][0] is Cause.NARROWED
    said = Broader("in children", 0, 11, "X:2", "type 2 diabetes", patients=True)
    assert judge(question, replace(answer, broader=(said,)), store).right
    alarm = judge(replace(question, narrows=""), replace(answer, broader=(said,)), store)
    assert alarm.reasons[0][0] is Cause.NARROWED


def test_a_claim_whose_edge_is_not_in_the_graph_is_wrong() -> None:
    answer, _ = _answer()
    verdict = judge(_question(), answer, NetworkxStore())
    assert verdict.reasons[0][0] is Cause.EDGE


def test_the_gate_is_measured_apart() -> None:
    answer, _ = _answer()
    question = _question()
    alarm = replace(answer, emergency=True)
    verdicts = [
        Verdict(replace(question, emergency=True), alarm),
        Verdict(replace(question, emergency=True), answer),
        Verdict(replace(question, lookalike=True), alarm),
        Verdict(question, answer),
    ]
    assert emergency_recall(verdicts).share == 0.5
    assert false_alarms(verdicts).share == 0.5
    assert false_alarms(verdicts, lookalikes=True).share == 1.0


# -- the starter graph -----------------------------------------------------------------------


@pytest.fixture(scope="module")
def verdicts(suite: list[Question]) -> list[Verdict]:
    return run_suite(suite, open_qa(None))


@pytest.mark.slow
def test_every_answer_is_typed_and_every_claim_stands_on_an_edge(verdicts: list[Verdict]) -> None:
    for verdict in verdicts:
        answer = verdict.answer
        assert isinstance(answer.outcome, Outcome), verdict.question.id
        assert answer.text.strip(), verdict.question.id
        assert Cause.EDGE not in {cause for cause, _ in verdict.reasons}, verdict.question.id


@pytest.mark.slow
@pytest.mark.parametrize("half", ["blind", "open"])
def test_as_many_answers_are_right_as_before(verdicts: list[Verdict], half: str) -> None:
    some = [v for v in verdicts if v.question.half == half]
    assert share_right(some).share >= RIGHT[half], "\n".join(report(some))


@pytest.mark.slow
@pytest.mark.parametrize("half", ["blind", "open"])
def test_the_gate_opens_at_emergencies_and_nowhere_else(verdicts: list[Verdict], half: str) -> None:
    some = [v for v in verdicts if v.question.half == half]
    missed = [v.question.question for v in some if v.question.emergency and not v.answer.emergency]
    alarms = [v.question.question for v in some if v.answer.emergency and not v.question.emergency]
    assert emergency_recall(some).share >= RECALL[half], missed
    assert false_alarms(some).share <= MOST_FALSE_ALARMS, alarms
    assert false_alarms(some, lookalikes=True).share <= MOST_ALARMS_AT_LOOKALIKES, alarms


@pytest.mark.slow
@pytest.mark.parametrize(
    "question",
    [
        "compare abnormal length of corpus callosum and Ohdo syndrome, X-linked",
        "what painkillers are safe in pregnancy",
    ],
)
def test_what_once_failed_its_verifier_is_answered(question: str) -> None:
    assert open_qa(None).ask(question).outcome is Outcome.ANSWERED
