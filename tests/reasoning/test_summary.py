"""Summaries are made of whole recorded sentences, never lose a side, and count the rest."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kg.errors import InvalidRecordError, UsageError
from kg.networkx_store import NetworkxStore
from kg.records import (
    Concept,
    Edge,
    Evidence,
    EvidenceKind,
    Name,
    Polarity,
    Provenance,
    Triple,
)
from kg.schema import DRUG, HAS_SIDE_EFFECT, PHENOTYPE
from medkgqa import MedicalQA
from medkgqa.cli import main
from medkgqa.literature import index_documents
from reasoning.engine import EngineSettings
from reasoning.serialization import answer_record, format_answer
from reasoning.summary import SummarySentence, Telling, picked

SOURCE = Provenance("papers", licence="CC-BY-4.0")
TEXTS = [
    ("PMID:1", "Lithium-induced tremor was reported in two patients."),
    ("PMID:2", "Lithium-induced tremor was reported in three patients."),
    ("PMID:3", "Nausea and tremor occurred with lithium."),
    ("PMID:4", "Lithium does not cause nausea."),
]

tellings = st.lists(
    st.builds(
        Telling,
        st.text(max_size=20),
        st.frozensets(st.integers(0, 4), min_size=1, max_size=3),
        st.booleans(),
    ),
    min_size=1,
    max_size=12,
)


@given(tellings, st.integers(1, 14))
def test_what_is_picked_are_different_sentences_with_every_side(
    told: list[Telling], count: int
) -> None:
    found = picked(told, count)
    assert found == sorted(set(found))
    assert len(found) == min(count, len(told))
    if count > 1:
        assert {told[n].side for n in found} == {t.side for t in told}


def test_what_is_new_comes_before_what_repeats() -> None:
    told = [
        Telling("tremor was seen in two", frozenset({1}), True),
        Telling("tremor was seen in three", frozenset({1}), True),
        Telling("nausea was seen", frozenset({2}), True),
    ]
    assert picked(told, 2) == [0, 2]
    texts = ["tremor was seen in two", "tremor was seen in two", "nausea"]
    same = [Telling(text, frozenset({1}), True) for text in texts]
    assert picked(same, 2) == [0, 2]  # by its words
    vectors = np.eye(3, dtype=np.float32)[[0, 1, 0]]
    assert picked(same, 2, vectors=vectors) == [0, 1]


@pytest.fixture
def store() -> NetworkxStore:
    names = ["lithium", "tremor", "nausea"]
    built = NetworkxStore(
        Concept(f"X:{n}", PHENOTYPE if n else DRUG, (Name(name),)) for n, name in enumerate(names)
    )

    def said(*numbers: int) -> tuple[Evidence, ...]:
        return tuple(
            Evidence(
                SOURCE,
                EvidenceKind.SENTENCE,
                document=TEXTS[n][0],
                sentence=TEXTS[n][1],
                start=0,
                end=len(TEXTS[n][1]),
                extractor="phrases",
            )
            for n in numbers
        )

    tremor, nausea = (Triple("X:0", HAS_SIDE_EFFECT, f"X:{n}") for n in (1, 2))
    edges = [
        Edge(tremor, said(0, 1, 2)),
        Edge(nausea, said(2)),
        Edge(nausea, said(3), Polarity.NEGATIVE),
    ]
    assert built.add_edges(edges).total == 0
    return built


@pytest.mark.parametrize("count", [1, 2, 3, 9])
@pytest.mark.parametrize("reader", ["clinician", "patient"])
def test_nothing_but_whole_recorded_sentences_is_told(
    count: int, reader: str, store: NetworkxStore
) -> None:
    qa = MedicalQA(store=store, lm="none", summarise=count)
    answer = qa.ask("What are the side effects of lithium?", reader=reader)  # type: ignore[arg-type]
    assert answer.summary is not None
    recorded = {(e.document, e.sentence) for c in answer.claims for e in c.evidence}
    told = [(s.evidence.document, s.evidence.sentence) for s in answer.summary.sentences]
    assert set(told) <= recorded <= set(TEXTS)
    assert len(told) == min(count, answer.summary.stating + answer.summary.denying)
    for sentence in answer.summary.sentences:
        for number in sentence.claims:
            assert sentence.evidence.document in {
                e.document for e in answer.claims[number - 1].evidence
            }
    record = json.loads(json.dumps(answer_record(answer)))["summary"]
    assert [s["sentence"] for s in record["sentences"]] == [sentence for _, sentence in told]
    assert {s["document"] for s in record["sentences"]} <= {document for document, _ in TEXTS}


def test_denials_are_told_or_counted(store: NetworkxStore) -> None:
    question = "What are the side effects of lithium?"
    one = MedicalQA(store=store, lm="none", summarise=1).ask(question)
    two = MedicalQA(store=store, lm="none", summarise=2).ask(question)
    assert one.summary is not None
    assert two.summary is not None
    assert (one.summary.stating, one.summary.denying) == (3, 1)
    assert one.summary.sentences[0].evidence.document == "PMID:3"  # states two claims
    assert "denies, further sentences: 1" in format_answer(one)
    assert sorted(s.stated for s in two.summary.sentences) == [False, True]


def test_a_summary_only_where_asked_for_and_sentences_are(store: NetworkxStore) -> None:
    question = "What are the side effects of lithium?"
    plain = MedicalQA(store=store, lm="none").ask(question)
    assert plain.summary is None
    assert "summary" not in answer_record(plain)
    with pytest.raises(UsageError, match="summarise=-1"):
        EngineSettings(summarise=-1)
    with pytest.raises(InvalidRecordError):
        SummarySentence(Evidence(SOURCE, record="r"), (1,), stated=True)


def test_quotes_of_literature_are_summarised(
    store: NetworkxStore, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from kg.saved import save_graph
    from medkgqa.building import BuildPlan
    from medkgqa.settings import Settings

    graph, papers, index = tmp_path / "graph", tmp_path / "papers.jsonl", tmp_path / "p.index"
    save_graph(store, graph)
    lines = [json.dumps({"id": id_, "text": text}) for id_, text in TEXTS]
    papers.write_text("\n".join(lines), encoding="utf-8")
    plan = BuildPlan(ner="names")
    index_documents([papers], index, graph=graph, settings=Settings(tmp_path), plan=plan)
    asked = ["ask", "--lm", "none", "--json", "--graph", str(graph), "--literature", str(index)]
    found = {}
    for count in ("0", "2"):
        assert main([*asked, "--summarise", count, "What does lithium cause?"]) == 0
        found[count] = json.loads(capsys.readouterr().out)["literature"]
    every, few = found["0"], found["2"]
    assert (every["supporting"], every["contradicting"]) == (
        few["supporting"],
        few["contradicting"],
    )
    assert len(few["quotes"]) == 2 < len(every["quotes"])
    assert {q["sentence"] for q in few["quotes"]} <= {text for _, text in TEXTS}
    assert {q["stance"] for q in few["quotes"]} == {q["stance"] for q in every["quotes"]}
