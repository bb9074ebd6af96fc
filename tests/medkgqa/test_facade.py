"""The Python front door."""

from __future__ import annotations

from pathlib import Path

import pytest

import medkgqa
from bench.fake_models import RandomModel, TabledRandomModel
from kg.errors import ModelUnavailableError, UsageError
from kg.networkx_store import NetworkxStore
from kg.records import Concept, Edge, Evidence, Name, Provenance, Triple
from medkgqa import MedicalQA
from medkgqa.settings import Settings


@pytest.fixture
def store() -> NetworkxStore:
    built = NetworkxStore(
        [
            Concept("DOID:6364", "biolink:Disease", (Name("migraine"),)),
            Concept("DRUGBANK:DB00669", "biolink:Drug", (Name("sumatriptan"),)),
        ]
    )
    record = Evidence(Provenance("example", licence="CC0-1.0"), record="row 1", confidence=0.9)
    edge = Edge(Triple("DRUGBANK:DB00669", "biolink:treats", "DOID:6364"), (record,))
    assert built.add_edges([edge]).total == 0
    return built


def test_the_public_surface() -> None:
    assert medkgqa.__all__ == ["MedicalQA"]


def test_an_answer_holds_evidence_plan_and_subgraph(store: NetworkxStore) -> None:
    answer = MedicalQA(store=store, lm="none").ask("Which drugs treat migraine?")
    assert "sumatriptan" in answer.text
    assert answer.claims[0].evidence[0].record == "row 1"
    assert answer.plan is not None
    assert "DOID:6364" in answer.cypher
    assert set(answer.subgraph.to_networkx()) == {"DOID:6364", "DRUGBANK:DB00669"}


def test_random_logits_still_say_only_what_is_recorded(store: NetworkxStore) -> None:
    answer = MedicalQA(store=store, lm=RandomModel(5)).ask("Which drugs treat migraine?")
    assert answer.worded_by != "frames"
    assert "sumatriptan" in answer.text
    assert [c.triple.subject for c in answer.claims] == ["DRUGBANK:DB00669"]


def test_llguidance_runs_the_grammar_where_it_is_asked_for(
    store: NetworkxStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("llguidance", reason="needs the extra `guidance`")
    monkeypatch.setattr("medkgqa.models.open_default_model", lambda _: TabledRandomModel(5))
    answer = MedicalQA(store=store, lm="guided:default").ask("Which drugs treat migraine?")
    assert answer.worded_by == "random under llguidance"
    assert [c.triple.subject for c in answer.claims] == ["DRUGBANK:DB00669"]


@pytest.mark.parametrize("lm", ["guided:", "guided:none", "guided:https://example.org/v1"])
def test_only_a_local_model_is_guided(store: NetworkxStore, lm: str) -> None:
    with pytest.raises(UsageError, match="guided:"):
        MedicalQA(store=store, lm=lm)


def test_a_model_reads_questions_only_where_it_is_let(store: NetworkxStore) -> None:
    class Writing:
        """Writes the same, whatever it is asked."""

        name = "writing"

        def write(self, *_: object, **__: object) -> str:
            return "drugs that treat migraine"

    asked = "migraine, the people who take something"
    assert MedicalQA(store=store, lm=Writing()).ask(asked).plan is None
    answer = MedicalQA(store=store, lm=Writing(), model_reads=True).ask(asked)
    assert answer.read_by == "writing"
    assert [c.triple.subject for c in answer.claims] == ["DRUGBANK:DB00669"]


def test_without_the_model_the_frames_word_and_it_is_said(
    store: NetworkxStore, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def unavailable(settings: Settings) -> None:
        raise ModelUnavailableError("no registry answers")

    monkeypatch.setattr("medkgqa.models.open_default_model", unavailable)
    answer = MedicalQA(store=store).ask("Which drugs treat migraine?")
    assert answer.worded_by == "frames"
    assert "no registry answers" in caplog.text


def test_wrong_arguments_are_named(store: NetworkxStore, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="gpt-9"):
        MedicalQA(store=store, lm="gpt-9")
    with pytest.raises(UsageError, match="one of them"):
        MedicalQA(tmp_path, store="neo4j://localhost")
    with pytest.raises(UsageError, match="MEDKGQA_THREADS"):
        Settings.from_environment({"MEDKGQA_THREADS": "many"})
