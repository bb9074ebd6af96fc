"""Words that make a name narrower than what the graph knows are never dropped without a word."""

from __future__ import annotations

import pytest

from kg.networkx_store import NetworkxStore
from kg.records import Concept, Edge, Evidence, Name, Provenance, Triple
from kg.schema import CONTRAINDICATED_IN, DISEASE, DRUG, PATIENT_GROUP, SUBCLASS_OF, TREATS
from nlp.linker import StoreLinker
from reasoning.answer import Answer, Outcome
from reasoning.engine import Engine
from reasoning.qualifiers import load_qualifiers
from reasoning.question import Reason
from reasoning.serialization import answer_record
from reasoning.understanding import Understander


def _store() -> NetworkxStore:
    evidence = (Evidence(Provenance("compact", "1", "CC0-1.0"), record="row 1"),)
    concepts = [
        ("T:gout", DISEASE, "gout", "痛风"),
        ("T:hearing", DISEASE, "hearing loss", "耳聋"),
        ("T:hereditary-ataxia", DISEASE, "hereditary ataxia", "遗传性共济失调"),
        ("T:ataxia", DISEASE, "ataxia", "共济失调"),
        ("T:copd", DISEASE, "COPD", "慢阻肺"),
        ("T:chronic-lung", DISEASE, "chronic lung disease", "慢性肺病"),
        ("T:flu", DISEASE, "flu", "流感"),
        ("T:colchicine", DRUG, "colchicine", "秋水仙碱"),
        ("T:oseltamivir", DRUG, "oseltamivir", "奥司他韦"),
        ("T:valproate", DRUG, "valproate", "丙戊酸"),
        ("T:epilepsy", DISEASE, "epilepsy", "癫痫"),
        ("T:pregnancy", PATIENT_GROUP, "pregnancy", "妊娠"),
        ("T:im", DISEASE, "IM", "传单"),
        ("T:mg", DISEASE, "MG", "肌无力"),
    ]
    edges = [
        ("T:colchicine", TREATS, "T:gout"),
        ("T:colchicine", TREATS, "T:ataxia"),
        ("T:colchicine", TREATS, "T:copd"),
        ("T:oseltamivir", TREATS, "T:flu"),
        ("T:oseltamivir", TREATS, "T:hereditary-ataxia"),
        ("T:valproate", TREATS, "T:epilepsy"),
        ("T:valproate", CONTRAINDICATED_IN, "T:pregnancy"),
        ("T:copd", SUBCLASS_OF, "T:chronic-lung"),
    ]
    store = NetworkxStore()
    store.add_concepts(
        Concept(c, k, (Name(en), Name(zh, "zh", "preferred"))) for c, k, en, zh in concepts
    )
    store.add_edges(Edge(Triple(*e), evidence) for e in edges)
    return store


@pytest.fixture(scope="module")
def engine() -> Engine:
    store = _store()
    return Engine(store, linker=StoreLinker(store))


def asked(engine: Engine, question: str) -> Answer:
    answer = engine.ask(question)
    for one in answer.broader:
        assert question[one.start : one.end] == one.text
        assert one.text in answer.text
        assert answer.text.index(one.text) < 60, answer.text
    return answer


@pytest.mark.parametrize(
    ("question", "unknown"),
    [
        ("Which drugs treat juvenile gout?", "juvenile gout"),
        ("What is the treatment of inherited gout?", "inherited gout"),
        ("treatment of gestational gout", "gestational gout"),
        ("What treats neonatal, congenital gout?", "neonatal, congenital gout"),
        ("treatment of gout, secondary?", "gout, secondary"),
        ("How is drug-induced gout treated?", "drug-induced gout"),
        ("What treats feline gout?", "feline gout"),
        ("先天性痛风怎么治疗？", "先天性痛风"),
        ("继发性痛风吃什么药？", "继发性痛风"),
    ],
)
def test_another_kind_is_an_unknown_name(engine: Engine, question: str, unknown: str) -> None:
    answer = asked(engine, question)
    assert answer.outcome is Outcome.UNKNOWN_NAME, answer.text
    assert not answer.claims
    assert unknown in answer.text
    assert "gout" in answer.text or "痛风" in answer.text


@pytest.mark.parametrize(
    ("question", "text"),
    [
        ("Which drugs treat acute gout?", "acute gout"),
        ("Does colchicine treat chronic gout?", "chronic gout"),
        ("What treats ocular gout?", "ocular gout"),
        ("treatment of a gout flare", "gout flare"),
        ("急性痛风吃什么药？", "急性痛风"),
        ("秋水仙碱能治疗慢性痛风吗？", "慢性痛风"),
    ],
)
def test_another_course_is_said_first(engine: Engine, question: str, text: str) -> None:
    answer = asked(engine, question)
    assert answer.outcome in (Outcome.ANSWERED, Outcome.YES), answer.text
    assert [(b.text, b.curie, b.patients) for b in answer.broader] == [(text, "T:gout", False)]
    assert answer_record(answer)["broader"][0]["kind"] == "name"
    assert answer.confidence < engine.ask("Which drugs treat gout?").confidence


@pytest.mark.parametrize(
    ("question", "text"),
    [
        ("Which drugs treat flu in children?", "in children"),
        ("my 2-year-old has flu, what can I give her?", "2-year-old"),
        ("How is flu treated while breastfeeding?", "while breastfeeding"),
        ("treatment of flu in dogs", "in dogs"),
        ("What treats flu in the elderly?", "in the elderly"),
        ("孩子流感吃什么药？", "孩子"),
        ("儿童流感怎么治疗？", "儿童"),
    ],
)
def test_patients_are_said_first(engine: Engine, question: str, text: str) -> None:
    answer = asked(engine, question)
    assert answer.outcome is Outcome.ANSWERED, answer.text
    assert [(b.text, b.patients) for b in answer.broader] == [(text, True)]


@pytest.mark.parametrize(
    "question",
    [
        "Does oseltamivir treat flu in children?",
        "Is oseltamivir used to treat flu during pregnancy?",
        "Does oseltamivir treat flu in dogs?",
        "奥司他韦能治疗儿童流感吗？",
        "奥司他韦可以治疗孕妇流感吗？",
    ],
)
def test_help_in_general_is_no_yes_for_patients(engine: Engine, question: str) -> None:
    answer = asked(engine, question)
    assert answer.outcome is Outcome.NOT_RECORDED, answer.text
    assert answer.broader[0].patients
    assert answer.confidence == 0.0
    assert [c.triple.subject for c in answer.claims] == ["T:oseltamivir"]


@pytest.mark.parametrize(
    "question",
    [
        "Does valproate treat epilepsy during pregnancy?",
        "丙戊酸能治疗妊娠期癫痫吗？",
        "丙戊酸能治疗妊娠的癫痫吗？",
    ],
)
def test_harm_recorded_for_the_patients_is_told(engine: Engine, question: str) -> None:
    answer = asked(engine, question)
    assert answer.outcome is Outcome.NO, answer.text
    assert answer.claims[0].triple.object == "T:pregnancy"
    assert answer.broader == ()


@pytest.mark.parametrize(
    "question",
    [
        "What is the best treatment for gout?",
        "common drugs for gout",
        "Which first-line drug treats gout?",
        "Is there a good, effective and safe treatment for gout?",
        "What treats chronic COPD?",  # a kind of chronic lung disease
        "Which of the usual drugs treat my gout?",
        "Are there typical, natural or surgical gout treatments?",
        "哪些药能治疗痛风？",
        "痛风最好吃什么药",
        "慢性慢阻肺怎么治疗",
    ],
)
def test_other_words_narrow_nothing(engine: Engine, question: str) -> None:
    answer = asked(engine, question)
    assert answer.outcome is Outcome.ANSWERED, answer.text
    assert answer.broader == ()


def test_a_name_with_a_word_that_means_the_same_is_that_name(engine: Engine) -> None:
    answer = asked(engine, "What treats inherited ataxia?")
    assert [c.curie for c in answer.concepts] == ["T:hereditary-ataxia"]
    assert answer.broader == ()


def test_a_finding_with_its_course_still_finds_diseases(understand: Understander) -> None:
    understood = understand("Which diseases cause severe headache and chronic cough?")
    assert understood.plan is not None
    assert understood.broader == ()


def test_a_name_of_two_is_not_answered_as_one_of_them(engine: Engine) -> None:
    answer = asked(engine, "Which drugs treat gout of epilepsy?")
    assert [(b.text, b.name) for b in answer.broader] == [("gout of epilepsy", "gout")]
    assert asked(engine, "Which drugs treat gout and epilepsy?").broader == ()


@pytest.mark.parametrize(
    "question", ["colchicine 20 mg what is it for", "I'm asking: what is colchicine for?"]
)
def test_units_and_contractions_are_no_names(engine: Engine, question: str) -> None:
    answer = asked(engine, question)
    assert answer.outcome is Outcome.ANSWERED, answer.text
    assert [c.name for c in answer.concepts] == ["colchicine"]


def test_unknown_kinds_are_typed(understand: Understander) -> None:
    understood = understand("What are the symptoms of congenital gout?")
    assert understood.reason is Reason.UNKNOWN_NAME
    assert [u.text for u in understood.unknown] == ["congenital gout"]
    assert understood.unknown[0].nearest[0][0] == "T:gout"


def test_long_questions_are_read_in_no_time(engine: Engine) -> None:
    answer = engine.ask("acute chronic " * 250 + "gout treatment in children")
    assert answer.outcome in tuple(Outcome)


def test_many_quotations_are_read_back(engine: Engine) -> None:
    names = " acute gout, flu, IM, epilepsy, COPD, ataxia, hearing loss"
    answer = engine.ask(f"Which drugs treat{names * 4} in children?")
    assert answer.outcome in tuple(Outcome)


def test_every_word_of_the_file_is_matched() -> None:
    words = load_qualifiers()
    for qualifier in ("juvenile", "steroid-induced", "x-linked", "先天性", "acute and chronic"):
        assert words.before.search(f"treatment of {qualifier} ") is not None, qualifier
    assert words.before.search("treatment of common ") is None
