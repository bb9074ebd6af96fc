"""Kinds of one thing are told in one line; every one of them keeps its claim and evidence."""

from __future__ import annotations

import pytest

from kg.networkx_store import NetworkxStore
from kg.records import Concept, Edge, Evidence, Name, Provenance, Triple
from kg.schema import DISEASE, HAS_PHENOTYPE, PHENOTYPE, SUBCLASS_OF
from nlp.linker import StoreLinker
from reasoning.answer import Answer
from reasoning.engine import Engine, EngineSettings
from reasoning.serialization import answer_record
from reasoning.verification import Status, verify_text

_SOURCE = Provenance("compact", "1", "CC0-1.0")
#: Finding, Chinese name, how frequent, what it is a kind of.
_FINDINGS = (
    ("pain", "疼痛", "90%", ""),
    ("limb pain", "肢体疼痛", "85%", "pain"),
    ("foot pain", "足痛", "82%", "limb pain"),
    ("back pain", "背痛", "10%", "pain"),
    ("fever", "发热", "88%", ""),
    ("rash", "皮疹", "81%", ""),
)


@pytest.fixture(scope="module")
def store() -> NetworkxStore:
    store = NetworkxStore()
    store.add_concepts([Concept("T:gout", DISEASE, (Name("gout"), Name("痛风", "zh")))])
    for number, (name, chinese, _, _) in enumerate(_FINDINGS):
        names = (Name(name), Name(chinese, "zh"))
        store.add_concepts([Concept(f"T:{number}", PHENOTYPE, names)])
    at = {name: f"T:{n}" for n, (name, *_) in enumerate(_FINDINGS)}
    edges = []
    for name, _, frequency, wider in _FINDINGS:
        stated = Evidence(_SOURCE, record=name, qualifiers=(("frequency", frequency),))
        edges.append(Edge(Triple("T:gout", HAS_PHENOTYPE, at[name]), (stated,)))
        if wider:
            plain = Evidence(_SOURCE, record=f"{name} is a {wider}")
            edges.append(Edge(Triple(at[name], SUBCLASS_OF, at[wider]), (plain,)))
    assert store.add_edges(edges).total == 0
    return store


def ask(store: NetworkxStore, question: str, named: int = 10) -> Answer:
    settings = EngineSettings(named=named)
    return Engine(store, linker=StoreLinker(store), settings=settings).ask(question)


def test_kin_stands_in_the_line_of_the_better_one(store: NetworkxStore) -> None:
    text = ask(store, "What are the symptoms of gout?").text
    assert "pain [1] (also limb pain [2] and foot pain [3]), fever [4] and rash [5]" in text


def test_kin_of_another_frequency_is_not_said_to_be_as_frequent(store: NetworkxStore) -> None:
    answer = ask(store, "What are the symptoms of gout?")
    assert "back pain" not in answer.text
    assert "back pain" in {c.object_name for c in answer.claims}
    assert "holds 1 more" in answer.text


def test_every_member_stays_in_the_claims(store: NetworkxStore) -> None:
    answer = ask(store, "What are the symptoms of gout?")
    assert {c.object_name for c in answer.claims} == {name for name, *_ in _FINDINGS}
    for number, claim in enumerate(answer.claims[:5], 1):
        assert f"{claim.object_name} [{number}]" in answer.text
        assert claim.evidence[0].record == claim.object_name
    assert len(answer_record(answer)["claims"]) == len(_FINDINGS)


def test_so_many_different_things_are_named(store: NetworkxStore) -> None:
    text = ask(store, "What are the symptoms of gout?", named=2).text
    assert "pain [1] (also limb pain [2] and foot pain [3]) and fever [4]" in text
    assert "rash" not in text
    assert "holds 2 more" in text


def test_in_chinese(store: NetworkxStore) -> None:
    text = ask(store, "痛风有哪些症状？").text
    assert "疼痛[1]（另有肢体疼痛[2]和足痛[3]）、发热[4]和皮疹[5]" in text


def test_what_is_told_in_brackets_is_checked(store: NetworkxStore) -> None:
    text = ask(store, "What are the symptoms of gout?").text
    report = verify_text(text, store)
    assert report.status is Status.SUPPORTED
    assert [c.object_name for c in report.claims][:3] == ["pain", "limb pain", "foot pain"]
    wrong = verify_text(text.replace("foot pain", "back pain"), store)
    assert wrong.status is not Status.SUPPORTED
