"""What must not be given to children, newborns, nursing mothers and older people is told."""

from __future__ import annotations

import pytest

from bench.question_suite import open_qa
from kg.schema import CONTRAINDICATED_IN, TREATS
from medkgqa import MedicalQA
from reasoning.answer import Answer, Outcome

pytestmark = pytest.mark.slow

CURIES = {
    "aspirin": "DRUGBANK:DB00945",
    "ceftriaxone": "DRUGBANK:DB01212",
    "chloramphenicol": "DRUGBANK:DB00446",
    "codeine": "DRUGBANK:DB00318",
    "lindane": "DRUGBANK:DB00431",
    "loperamide": "DRUGBANK:DB00836",
    "methotrexate": "DRUGBANK:DB00563",
    "promethazine": "DRUGBANK:DB01069",
    "tramadol": "DRUGBANK:DB00193",
    "children": "MESH:D002648",
    "newborns": "MESH:D007231",
    "breastfeeding": "MEDKGQA:breastfeeding-women",
    "older people": "MESH:D000368",
}


@pytest.fixture(scope="module")
def qa() -> MedicalQA:
    return open_qa(None)


def told(answer: Answer) -> set[tuple[str, str]]:
    """Drug and group of every contraindication told."""
    return {
        (claim.edge.subject, claim.edge.object)
        for claim in answer.claims
        if claim.edge.predicate == CONTRAINDICATED_IN
    }


@pytest.mark.parametrize(
    ("question", "drug", "group"),
    [
        ("can I give my baby aspirin", "aspirin", "children"),
        ("can i give aspirin to my toddler?", "aspirin", "children"),
        ("Is aspirin safe for kids?", "aspirin", "children"),
        ("is codeine safe for children", "codeine", "children"),
        ("can children take tramadol", "tramadol", "children"),
        ("is it ok to give my baby loperamide", "loperamide", "children"),
        ("is ceftriaxone safe for newborns", "ceftriaxone", "newborns"),
        ("can i give my 1 year old child promethazine", "promethazine", "children"),
        ("can I take methotrexate while breastfeeding", "methotrexate", "breastfeeding"),
        ("is lindane safe for the elderly", "lindane", "older people"),
        ("我家宝宝能吃洛哌丁胺吗", "loperamide", "children"),
        ("小孩可以吃阿司匹林吗", "aspirin", "children"),
        ("可以给孩子吃可待因吗", "codeine", "children"),
        ("新生儿能用氯霉素吗", "chloramphenicol", "newborns"),
        ("哺乳期能吃甲氨蝶呤吗", "methotrexate", "breastfeeding"),
    ],
)
def test_what_is_contraindicated_is_told_with_its_evidence(
    qa: MedicalQA, question: str, drug: str, group: str
) -> None:
    answer = qa.ask(question)
    assert answer.outcome is Outcome.NO, (question, answer.outcome, answer.text)
    assert (CURIES[drug], CURIES[group]) in told(answer), (question, told(answer))
    assert all(claim.evidence for claim in answer.claims)


@pytest.mark.parametrize(
    "question",
    [
        "can I give my toddler ibuprofen",
        "is acetaminophen safe for children?",
        "宝宝能吃布洛芬吗",
    ],
)
def test_what_is_not_recorded_is_never_called_safe(qa: MedicalQA, question: str) -> None:
    answer = qa.ask(question)
    assert answer.outcome is Outcome.NOT_RECORDED, (question, answer.outcome, answer.text)


@pytest.mark.parametrize(
    ("question", "age"),
    [("is codeine safe for children", "under 12 years"), ("小孩可以吃可待因吗", "12岁以下")],
)
def test_the_age_is_said(qa: MedicalQA, question: str, age: str) -> None:
    assert age in qa.ask(question).text


@pytest.mark.parametrize("question", ["what can I give my toddler for fever", "宝宝发烧吃什么药"])
def test_treatments_for_a_child_leave_out_what_is_contraindicated(
    qa: MedicalQA, question: str
) -> None:
    answer = qa.ask(question)
    treating = {c.edge.subject for c in answer.claims if c.edge.predicate == TREATS}
    assert answer.outcome is Outcome.ANSWERED, (question, answer.text)
    assert treating
    assert CURIES["aspirin"] not in treating


@pytest.mark.parametrize(
    "question",
    ["what causes seizures in children", "symptoms of asthma in kids", "小孩发烧是什么原因"],
)
def test_other_questions_are_answered_as_before(qa: MedicalQA, question: str) -> None:
    answer = qa.ask(question)
    assert answer.outcome is Outcome.ANSWERED, (question, answer.text)
    assert not told(answer)
