"""Answers as JSON and as terminal text."""

from __future__ import annotations

import json

import pytest

from kg.networkx_store import NetworkxStore
from kg.schema import DISEASE, DRUG, HAS_SIDE_EFFECT, PHENOTYPE, TREATS
from kg.store import Direction
from reasoning.answer import Answer, LinkedConcept, Outcome
from reasoning.plan import Constraint, DescribePlan, FindPlan, Hop, Intent, Plan
from reasoning.retrieval import execute
from reasoning.script import script
from reasoning.sentence_frames import load_frames
from reasoning.serialization import (
    BatchLineError,
    BatchQuestion,
    answer_record,
    error_record,
    format_answer,
    format_verification,
    read_batch_line,
    verification_record,
)
from reasoning.verbalization import word
from reasoning.verification import verify_text

EFFECTS = FindPlan(
    Intent.SIDE_EFFECTS,
    (PHENOTYPE,),
    (Constraint("DRUGBANK:DB00682", (Hop((HAS_SIDE_EFFECT,), Direction.OUT, (PHENOTYPE,)),)),),
    (DRUG,),
)
TREATMENTS = FindPlan(
    Intent.TREATMENTS,
    (DRUG,),
    (Constraint("DOID:6364", (Hop((TREATS,), Direction.IN, (DRUG,)),)),),
    (DISEASE,),
)


def answered(plan: Plan, store: NetworkxStore, language: str = "en") -> Answer:
    retrieval = execute(plan, store)
    told = script(retrieval, store, language=language)
    frames = load_frames(language)
    wording = word(told, store, frames)
    return Answer(
        "What?",
        language,
        wording.text,
        retrieval.outcome,
        claims=wording.claims,
        concepts=(
            LinkedConcept("x", 0, 1, "DOID:6364", "migraine", DISEASE, 0.98, (("X:1", "y", 0.5),)),
        ),
        plan=plan,
        plan_text="find Drug",
        cypher="MATCH",
        confidence=0.8,
        timings={"total": 0.01},
        notice=frames.notice,
        definitions=told.definitions,
    )


def test_an_answer_record_has_the_stable_keys(small_graph: NetworkxStore) -> None:
    record = json.loads(json.dumps(answer_record(answered(TREATMENTS, small_graph), id="q1")))
    assert list(record) == [
        *("id", "question", "language", "reader", "answer", "outcome", "claims", "concepts"),
        *("broader", "plan", "emergency", "choice", "confidence", "read_by", "seconds"),
    ]
    assert record["id"] == "q1"
    assert record["outcome"] == "answered"
    assert record["plan"] == {"intent": "treatments", "text": "find Drug", "cypher": "MATCH"}
    assert record["choice"] is None
    assert record["emergency"] is False
    claim = record["claims"][0]
    assert {
        k: claim[k] for k in ("subject", "subject_name", "predicate", "object", "polarity")
    } == {
        "subject": "DRUGBANK:DB00571",
        "subject_name": "propranolol",
        "predicate": "biolink:treats",
        "object": "DOID:6364",
        "polarity": "positive",
    }
    assert claim["object_name"] == "migraine"
    assert claim["text"] == "propranolol treats migraine"
    evidence = claim["evidence"][0]
    assert evidence["record"] == "DRUGBANK:DB00571-biolink:treats-DOID:6364"
    assert evidence["licence"] == "CC0-1.0"
    assert evidence["url"] == "https://example.org/records"
    assert evidence["references"] == ["example reference"]
    assert "document" not in evidence
    assert record["concepts"][0]["alternatives"] == [{"curie": "X:1", "name": "y", "score": 0.5}]


def test_evidence_of_a_sentence_has_its_offsets(small_graph: NetworkxStore) -> None:
    evidence = answer_record(answered(EFFECTS, small_graph))["claims"][0]["evidence"][0]
    assert evidence["document"] == "DOC:1"
    assert evidence["sentence"] == "Warfarin can cause headache."
    assert (evidence["start"], evidence["end"]) == (0, 28)
    assert "record" not in evidence


def test_an_answer_without_plan_has_plan_null() -> None:
    record = answer_record(Answer("?", "en", "Out of scope.", Outcome.OUT_OF_SCOPE))
    assert record["plan"] is None
    assert record["claims"] == []


def test_error_record() -> None:
    assert error_record(3, id=None, error="not JSON") == {
        "line": 3,
        "id": None,
        "error": "not JSON",
    }


def test_a_batch_line() -> None:
    line = '{"id": 7, "question": "哪些药治疗偏头痛？", "options": ["a", "b"], "more": 1}'
    assert read_batch_line(line) == BatchQuestion(7, "哪些药治疗偏头痛？", ("a", "b"))


@pytest.mark.parametrize(
    ("line", "message", "id_"),
    [
        ('{"id": "q", "que', "not JSON", None),
        ("[1]", "object is expected", None),
        ('{"id": "q"}', "'question'", "q"),
        ('{"id": "q", "question": 5}', "'question'", "q"),
        ('{"id": "q", "question": "?", "options": "ab"}', "'options'", "q"),
        ('{"id": "q", "question": "?", "options": [1]}', "'options'", "q"),
        ('{"id": [], "question": "?"}', "'id'", None),
        ('{"id": true, "question": "?"}', "'id'", None),
        ("[" * 100_000, "not JSON", None),
        ("", "not JSON", None),
    ],
)
def test_a_bad_batch_line(line: str, message: str, id_: str | None) -> None:
    with pytest.raises(BatchLineError, match=message) as caught:
        read_batch_line(line)
    assert caught.value.id == id_


def test_the_terminal_form(small_graph: NetworkxStore) -> None:
    shown = format_answer(answered(TREATMENTS, small_graph))
    assert "The treatments recorded for migraine include propranolol (first line) [1]" in shown
    assert "[1] record DRUGBANK:DB00571-biolink:treats-DOID:6364 of example-records" in shown
    assert "general medical knowledge, no source opened" in shown
    assert "cites example reference" in shown
    assert "Plan: find Drug" in shown
    assert "Outcome: answered" in shown
    assert "not medical advice" in shown
    assert "\x1b" not in shown


def test_the_terminal_form_in_chinese(small_graph: NetworkxStore) -> None:
    shown = format_answer(answered(TREATMENTS, small_graph, "zh"))
    assert "来源" in shown
    assert "这不是医疗建议" in shown


def test_sentences_and_definitions_are_cited(small_graph: NetworkxStore) -> None:
    shown = format_answer(answered(EFFECTS, small_graph))
    assert "a sentence of DOC:1 (example-articles): “Warfarin can cause headache.”" in shown
    shown = format_answer(answered(DescribePlan("DOID:6364", DISEASE), small_graph), width=200)
    assert "reads: “A headache that recurs. Often one-sided”." in shown
    assert "Definitions: example-records 6364" in shown


def test_control_characters_do_not_reach_the_terminal() -> None:
    shown = format_answer(Answer("?", "en", "a\x1b[31mb\nc", Outcome.OUT_OF_SCOPE, notice="n"))
    assert "\x1b" not in shown
    assert "a[31mb\nc" in shown


def test_a_verification_as_record_and_text(small_graph: NetworkxStore) -> None:
    text = "It is recorded that propranolol treats migraine [1]. It is so."
    verification = verify_text(text, small_graph)
    record = json.loads(json.dumps(verification_record(verification)))
    assert record["status"] == "unreadable"
    first, second = record["sentences"]
    assert first["status"] == "supported"
    assert first["claims"][0]["subject"] == "DRUGBANK:DB00571"
    assert first["claims"][0]["evidence"][0]["source"] == "example-records"
    assert second["status"] == "unreadable"
    assert second["claims"] == []
    shown = format_verification(verification)
    assert shown.startswith("supported")
    assert "unreadable" in shown
