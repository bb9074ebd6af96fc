"""What must not be given to children, newborns, nursing mothers and older people is told."""

from __future__ import annotations

import pytest

from bench.question_suite import open_qa
from kg.schema import AVOIDED_FOOD, CONTRAINDICATED_IN, TREATS
from medkgqa import MedicalQA
from reasoning.answer import Answer, Outcome

pytestmark = pytest.mark.slow

CURIES = {
    "alcohol": "DRUGBANK:DB00898",
    "ibuprofen": "DRUGBANK:DB01050",
    "lisinopril": "DRUGBANK:DB00722",
    "warfarin": "DRUGBANK:DB00682",
    "infants": "MESH:D007223",
    "pregnancy": "MESH:D011247",
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
        ("can my 5 year old take aspirin", "aspirin", "children"),
        ("can I give imodium to my 18 month old", "loperamide", "children"),
        ("is ibuprofen safe for a 3 month old", "ibuprofen", "infants"),
        ("ibuprofen for 3 month old", "ibuprofen", "infants"),
        ("3个月的宝宝能吃布洛芬吗", "ibuprofen", "infants"),
        ("my 1 year old has diarrhea, can I give imodium?", "loperamide", "children"),
        ("can I take ibuprofen in the third trimester", "ibuprofen", "pregnancy"),
        ("warfarin during pregnancy", "warfarin", "pregnancy"),
        ("孕期能用华法林吗", "warfarin", "pregnancy"),
        ("怀孕能喝酒吗", "alcohol", "pregnancy"),
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
        "孩子能吃对乙酰氨基酚吗",
        "can my 5 year old take ibuprofen",
        "can my 5 year old take loperamide",
        "can my 14 year old take codeine",
        "can teenagers take codeine",
        "is ceftriaxone safe for children",
        "我两岁的孩子能吃布洛芬吗",
        "is honey safe for a 2 year old",
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


@pytest.mark.parametrize(
    "question",
    [
        "can babies have honey",
        "can a newborn have honey",
        "一岁以下的宝宝能吃蜂蜜吗",
        "婴儿可以吃蜂蜜吗",
    ],
)
def test_honey_is_not_for_infants(qa: MedicalQA, question: str) -> None:
    answer = qa.ask(question)
    assert answer.outcome is Outcome.NO, (question, answer.text)
    assert {c.edge.predicate for c in answer.claims} >= {AVOIDED_FOOD}


@pytest.mark.parametrize(
    "question",
    ["what can I give my toddler", "what medicine can I give my 4 year old", "孩子能吃啥药"],
)
def test_what_to_give_without_saying_for_what_is_asked_back(qa: MedicalQA, question: str) -> None:
    answer = qa.ask(question)
    assert answer.outcome is Outcome.OUT_OF_SCOPE
    assert "what it is for" in answer.text or "用来治什么" in answer.text


def test_what_is_left_out_is_left_out_whole(qa: MedicalQA) -> None:
    answer = qa.ask("what painkillers are safe in pregnancy", limit=None)
    listed = {end for c in answer.claims for end in (c.edge.subject, c.edge.object)}
    assert answer.outcome is Outcome.ANSWERED
    assert "DRUGBANK:DB01081" not in listed  # an opioid; more than 400 are left out


@pytest.mark.parametrize(
    ("question", "outcome"),
    [
        ("Does valproate harm the baby in pregnancy?", Outcome.YES),
        ("what happens if I take ibuprofen during pregnancy", Outcome.YES),
        ("Is it dangerous to give aspirin to my toddler?", Outcome.YES),
        ("怀孕吃布洛芬危险吗", Outcome.YES),
        ("孕妇吃布洛芬有影响吗", Outcome.YES),
        ("is it safe to take ibuprofen while pregnant", Outcome.NO),
        ("孕妇吃布洛芬好不好", Outcome.NO),
        ("孕妇能吃布洛芬吗", Outcome.NO),
    ],
)
def test_who_asks_for_harm_is_told_yes_who_asks_for_safety_no(
    qa: MedicalQA, question: str, outcome: Outcome
) -> None:
    assert qa.ask(question).outcome is outcome


def test_who_speaks_of_himself_is_answered_as_surely(qa: MedicalQA) -> None:
    answer = qa.ask("Can I give aspirin to my toddler?")
    assert answer.outcome is Outcome.NO
    assert answer.confidence > 0.9
