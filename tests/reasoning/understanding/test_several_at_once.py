"""Several things in one question, comparisons, exclusions, similar diseases, other senses."""

from __future__ import annotations

import re

import pytest

from kg.errors import PlanError
from kg.networkx_store import NetworkxStore
from kg.records import Polarity
from kg.schema import DISEASE, DRUG, HAS_PHENOTYPE, TREATS
from kg.store import Direction
from nlp.linker import StoreLinker
from reasoning.answer import Answer, Outcome
from reasoning.cypher import to_cypher
from reasoning.engine import Engine
from reasoning.plan import (
    CheckPlan,
    Constraint,
    FindPlan,
    Hop,
    Intent,
    JointPlan,
    SimilarPlan,
)
from reasoning.plan_text import plan_text
from reasoning.retrieval import execute
from reasoning.script import script
from reasoning.sentence_frames import Kind


@pytest.fixture(scope="module")
def engine(medicine: NetworkxStore) -> Engine:
    return Engine(medicine, linker=StoreLinker(medicine))


def _told(answer: Answer) -> set[str]:
    return {c.triple.subject for c in answer.claims} | {c.triple.object for c in answer.claims}


@pytest.mark.parametrize(
    "question",
    [
        "symptoms and treatments of migraine",
        "What are the symptoms of migraine and how is it treated?",
        "What are the symptoms of migraine? What drugs treat it?",
        "偏头痛的症状和治疗",
    ],
)
def test_all_that_is_asked_in_one_breath_is_answered(engine: Engine, question: str) -> None:
    answer = engine.ask(question)
    assert isinstance(answer.plan, JointPlan)
    assert answer.outcome is Outcome.ANSWERED
    assert {"T:photophobia", "T:sumatriptan"} <= _told(answer)


@pytest.mark.parametrize(
    "question",
    [
        "difference between propranolol and metoprolol",
        "compare propranolol with metoprolol",
        "propranolol vs metoprolol",
        "普萘洛尔和美托洛尔有什么区别",
    ],
)
def test_two_are_compared_by_what_they_share_and_what_one_has(
    engine: Engine, question: str
) -> None:
    answer = engine.ask(question)
    assert answer.plan is not None
    assert answer.plan.intent is Intent.COMPARISON
    assert {"T:hypertension", "T:migraine", "T:bradycardia"} <= _told(answer)
    if answer.language == "en":
        assert "these are not also recorded for metoprolol: migraine" in answer.text


def test_which_of_two_is_better_is_out_of_scope(engine: Engine) -> None:
    answer = engine.ask("which is better, propranolol or metoprolol?")
    assert answer.outcome is Outcome.OUT_OF_SCOPE
    assert "better" in answer.text


@pytest.mark.parametrize(
    ("question", "told", "left_out"),
    [
        ("drugs that treat hypertension but not migraine", "T:lisinopril", "T:propranolol"),
        ("symptoms of influenza but not of measles", "T:headache", "T:fever"),
        ("drugs that treat migraine but aren't beta blockers", "T:sumatriptan", "T:propranolol"),
        ("流感有而麻疹没有的症状有哪些", "T:headache", "T:fever"),
    ],
)
def test_what_is_excluded_is_left_out(
    engine: Engine, question: str, told: str, left_out: str
) -> None:
    answer = engine.ask(question)
    assert isinstance(answer.plan, FindPlan)
    assert sum(c.negated for c in answer.plan.constraints) >= 1
    assert told in _told(answer)
    assert left_out not in _told(answer)


def test_a_statement_that_denies_excludes_nothing(engine: Engine) -> None:
    answer = engine.ask("Fever is not a symptom of influenza. Correct?")
    assert isinstance(answer.plan, CheckPlan)
    assert answer.plan.polarity is Polarity.NEGATIVE
    assert answer.outcome is Outcome.NO


def test_diseases_are_alike_by_the_findings_they_share(medicine: NetworkxStore) -> None:
    plan = SimilarPlan("T:influenza", DISEASE, least=1)
    found = execute(plan, medicine)
    assert found.matches[0].concept == "T:asthma"  # a dry cough: only these two of them have it
    assert {m.concept for m in found.matches} >= {"T:measles", "T:pneumonia", "T:asthma"}
    for match in found.matches:
        own, other = match.edges[::2], match.edges[1::2]
        assert {e.subject for e in own} == {"T:influenza"}
        assert {e.subject for e in other} == {match.concept}
        assert [e.object for e in own] == [e.object for e in other]


def test_kinds_of_a_disease_are_not_similar_to_it(medicine: NetworkxStore) -> None:
    found = execute(SimilarPlan("T:type2", DISEASE, least=1), medicine)
    assert "T:diabetes" not in {m.concept for m in found.matches}


def test_similar_diseases_are_told_with_what_they_share(engine: Engine) -> None:
    answer = engine.ask("which diseases are similar to measles?")
    assert isinstance(answer.plan, SimilarPlan)
    assert answer.text.startswith("By the symptoms and signs they share")
    assert "T:pneumonia" in _told(answer)
    for claim in answer.claims:
        assert claim.edge.predicate == HAS_PHENOTYPE


def test_what_is_recorded_as_similar_comes_before_what_is_computed(engine: Engine) -> None:
    answer = engine.ask("which diseases are similar to Marfan syndrome?")
    assert isinstance(answer.plan, FindPlan)
    assert "T:loeys-dietz" in _told(answer)


def test_other_members_of_its_class_replace_a_drug(engine: Engine) -> None:
    assert "T:ibuprofen" in _told(engine.ask("alternatives to aspirin"))


@pytest.mark.parametrize(
    ("before", "after", "outcome"),
    [
        ("is ibuprofen safe in pregnancy?", "what about lisinopril?", Outcome.NO),
        ("does sumatriptan treat migraine?", "and propranolol?", Outcome.YES),
    ],
)
def test_a_check_is_asked_again_of_another(
    engine: Engine, before: str, after: str, outcome: Outcome
) -> None:
    conversation = engine.conversation()
    conversation.ask(before)
    assert conversation.ask(after).outcome is outcome


@pytest.mark.parametrize(
    "question", ["doc put me on metformin, what does it treat", "医生给我开了二甲双胍,这是治什么的"]
)
def test_a_preamble_says_of_what_is_asked(engine: Engine, question: str) -> None:
    answer = engine.ask(question)
    assert answer.plan is not None
    assert answer.plan.intent is Intent.INDICATIONS
    assert "T:type2" in _told(answer)


def test_what_is_recorded_of_the_wider_disease_is_marked(engine: Engine) -> None:
    answer = engine.ask("What tests diagnose allergic asthma?")
    assert {"T:spirometry", "T:asthma", "T:allergic-asthma"} <= _told(answer)
    assert "allergic asthma is a kind of asthma" in answer.text


def test_a_class_is_asked_for_what_is_safe_in_a_group(engine: Engine) -> None:
    answer = engine.ask("which NSAIDs are safe in pregnancy?")
    assert "T:aspirin" in _told(answer)
    assert "T:ibuprofen" not in _told(answer)


# -- the plans themselves


def _find(predicate: str, direction: Direction, category: str, target: str) -> FindPlan:
    hop = Hop((predicate,), direction, (target,))
    return FindPlan(Intent.TREATMENTS, (target,), (Constraint("T:migraine", (hop,)),), (category,))


def test_a_joint_plan_has_several_parts_and_no_verdict() -> None:
    part = _find(TREATS, Direction.IN, DISEASE, DRUG)
    with pytest.raises(PlanError, match="1 parts"):
        JointPlan((part,))
    check = CheckPlan("T:a", "T:b", (TREATS,), DRUG, DISEASE)
    with pytest.raises(PlanError, match="checks"):
        JointPlan((part, check))


def test_a_similar_plan_type_checks() -> None:
    with pytest.raises(PlanError, match="followed"):
        SimilarPlan("T:a", DRUG)
    with pytest.raises(PlanError, match="at least 1"):
        SimilarPlan("T:a", DISEASE, most=0)


def test_joint_and_similar_plans_have_text_and_cypher() -> None:
    part = _find(TREATS, Direction.IN, DISEASE, DRUG)
    joint = JointPlan((part, SimilarPlan("T:migraine", DISEASE)))
    assert plan_text(joint, {"T:migraine": "migraine"}) == (
        "find Drug: Drug -TREATS-> migraine (T:migraine); "
        "find Disease most like migraine (T:migraine) by HAS_SYMPTOM"
    )
    cypher = to_cypher(joint)
    assert set(re.findall(r"\$(\w+)", cypher.query)) == set(cypher.parameters)
    assert cypher.query.count("CALL {") == 2
    assert set(cypher.parameters) == {"p1_anchor0", "p2_concept"}


def test_what_holds_of_all_parts_is_said_once(medicine: NetworkxStore) -> None:
    part = _find(TREATS, Direction.IN, DISEASE, DRUG)
    has = Hop((HAS_PHENOTYPE,), Direction.IN, (DISEASE,))
    none = FindPlan(
        Intent.DISEASES_WITH_FINDINGS,
        (DISEASE,),
        (Constraint("T:bleeding", (has,)),),
        ("biolink:PhenotypicFeature",),
    )
    found = execute(JointPlan((part, none)), medicine)
    assert found.outcome is Outcome.ANSWERED
    kinds = [s.kind for s in script(found, medicine).statements]
    assert kinds.count(Kind.CAUTION_NONE) == 1
    assert kinds[-1] is Kind.CAUTION_NONE
