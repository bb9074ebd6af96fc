"""Questions that refer to the one before: from Python, on the command line, in a batch."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from kg.networkx_store import NetworkxStore
from kg.records import Concept, Edge, Evidence, Name, Provenance, Triple
from kg.saved import save_graph
from kg.schema import CONTRAINDICATED_IN, DISEASE, DRUG, HAS_SIDE_EFFECT, PHENOTYPE, TREATS
from medkgqa import MedicalQA
from medkgqa.cli import main
from reasoning.answer import Outcome
from reasoning.plan import FindPlan

ASKED_BACK = ("Which disease, symptom, drug or gene do you mean?", "请问指的是哪种")


@pytest.fixture
def store() -> NetworkxStore:
    def concept(curie: str, category: str, name: str, chinese: str) -> Concept:
        return Concept(curie, category, (Name(name), Name(chinese, "zh")))

    built = NetworkxStore(
        [
            concept("DOID:1", DISEASE, "hypertension", "高血压"),
            concept("DOID:2", DISEASE, "asthma", "哮喘"),
            concept("DRUGBANK:1", DRUG, "propranolol", "普萘洛尔"),
            concept("DRUGBANK:2", DRUG, "ramipril", "雷米普利"),
            concept("HP:1", PHENOTYPE, "cough", "咳嗽"),
        ]
    )
    evidence = (Evidence(Provenance("example", licence="CC0-1.0"), record="r"),)
    triples = [
        Triple("DRUGBANK:1", TREATS, "DOID:1"),
        Triple("DRUGBANK:2", TREATS, "DOID:1"),
        Triple("DRUGBANK:1", CONTRAINDICATED_IN, "DOID:2"),
        Triple("DRUGBANK:2", HAS_SIDE_EFFECT, "HP:1"),
    ]
    assert built.add_edges(Edge(triple, evidence) for triple in triples).total == 0
    return built


@pytest.fixture
def qa(store: NetworkxStore) -> MedicalQA:
    return MedicalQA(store=store, lm="none")


@pytest.mark.parametrize(
    ("first", "then", "name"),
    [
        ("What is ramipril used for?", "And its side effects?", "cough"),
        ("What is ramipril used for?", "what are the side effects?", "cough"),
        ("雷米普利能治什么病？", "那副作用呢？", "咳嗽"),
    ],
)
def test_a_follow_up_is_asked_of_the_answer_before(
    first: str, then: str, name: str, qa: MedicalQA
) -> None:
    conversation = qa.conversation()
    conversation.ask(first)
    answer = conversation.ask(then)
    assert answer.outcome is Outcome.ANSWERED
    assert [c.object_name for c in answer.claims] == [name]


@pytest.mark.parametrize(
    "question", ["And its side effects?", "那副作用呢？", "how is it treated?", "它有什么副作用？"]
)
def test_without_an_answer_before_it_is_asked_back(question: str, qa: MedicalQA) -> None:
    for reader in ("clinician", "patient"):
        answer = qa.conversation().ask(question, reader=reader)
        assert answer.claims == ()
        assert answer.plan is None
        assert answer.text.endswith(("?", "？"))
    assert any(asked in qa.ask(question).text for asked in ASKED_BACK)


def test_a_pronoun_beside_a_name_refers_back(qa: MedicalQA) -> None:
    conversation = qa.conversation()
    conversation.ask("What is propranolol used for?")
    answer = conversation.ask("Is it contraindicated in asthma?")
    assert answer.outcome is Outcome.YES
    assert qa.ask("Is it contraindicated in asthma?").plan is None


def test_which_of_those_is_asked_among_what_was_found(qa: MedicalQA) -> None:
    conversation = qa.conversation()
    conversation.ask("Which drugs treat hypertension?")
    answer = conversation.ask("Which of those cause cough?")
    assert {c.subject_name for c in answer.claims} == {"ramipril"}
    told = {c.triple.predicate for c in answer.claims}
    assert told == {TREATS, HAS_SIDE_EFFECT}  # and that it was among those
    assert qa.ask("Which of those cause cough?").claims == ()
    offered = qa.ask("Which of these cause cough?", options=["propranolol", "ramipril"])
    assert offered.choice == 1


def test_asked_again_it_is_still_asked_among_those(qa: MedicalQA) -> None:
    conversation = qa.conversation()
    conversation.ask("Which drugs treat hypertension?")
    for question in (
        "Which of those should be avoided in asthma?",
        "And in hypertension?",
        "And in asthma?",
    ):
        answer = conversation.ask(question)
        assert isinstance(answer.plan, FindPlan)
        assert len(answer.plan.constraints) == 2
    assert {c.subject_name for c in answer.claims} == {"propranolol"}
    assert len(answer.claims) == 2


def test_what_cannot_be_asked_among_those_is_not_answered_for_all(qa: MedicalQA) -> None:
    conversation = qa.conversation()
    conversation.ask("What are the side effects of ramipril?")
    answer = conversation.ask("Which of those should be avoided in asthma?")
    assert answer.plan is None
    assert answer.claims == ()


def test_the_command_line_takes_the_questions_before(
    store: NetworkxStore, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    save_graph(store, tmp_path / "graph")
    asked = ["ask", "--lm", "none", "--json", "--graph", str(tmp_path / "graph")]
    assert main([*asked, "--after", "What is ramipril used for?", "and its side effects?"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [c["object_name"] for c in found["claims"]] == ["cough"]
    assert main([*asked, "--reader", "patient", "What is ramipril used for?"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["reader"] == "patient"
    assert "ramipril is used to treat" in found["answer"]
    wrong = ["--batch", "in.jsonl", "--out", "out.jsonl", "--after", "What is gout?"]
    assert main([*asked, *wrong]) == 2


def test_lines_of_one_conversation_follow_each_other(qa: MedicalQA, tmp_path: Path) -> None:
    from medkgqa.batch import answer_file

    lines = [
        {"id": 1, "question": "What is ramipril used for?", "conversation": "a"},
        {"id": 2, "question": "What is propranolol used for?", "conversation": 7},
        {"id": 3, "question": "and its side effects?", "conversation": "a", "reader": "patient"},
        {"id": 4, "question": "and its side effects?"},
        {"id": 5, "question": "What is asthma?", "reader": "nurse"},
        {"id": 6, "question": "What is asthma?", "conversation": [1]},
    ]
    questions, answers = tmp_path / "q.jsonl", tmp_path / "a.jsonl"
    questions.write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    assert answer_file(qa, questions, answers, limit=None).errors == 2
    told = [json.loads(line) for line in answers.read_text(encoding="utf-8").splitlines()]
    assert [c["object_name"] for c in told[2]["claims"]] == ["cough"]
    readers = ["clinician", "clinician", "patient", "clinician", None, None]
    assert [r.get("reader") for r in told] == readers
    assert told[3]["claims"] == []
    assert "reader" in told[4]["error"]
    assert "conversation" in told[5]["error"]
