"""Documents → index → quoted answers, by the commands a user gives."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from kg.networkx_store import NetworkxStore
from kg.records import Concept, Edge, Evidence, Name, Provenance, Triple
from kg.saved import save_graph
from kg.schema import DISEASE, DRUG, HAS_PHENOTYPE, PHENOTYPE, TREATS
from medkgqa import MedicalQA
from medkgqa.cli import main
from medkgqa.settings import Settings
from reasoning.literature_index import LiteratureIndex
from reasoning.quotes import LiteratureOutcome

_GIVEN = os.environ.get("MEDKGQA_SHARED_DATA")
_DATA = Path(_GIVEN) if _GIVEN else Path(__file__).parents[2].parent / "shared" / "data"
SHARED = _DATA / "pubmed" / "baseline" / "pubmed26n1334.xml.gz"


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = main(arguments)
    out, err = capsys.readouterr()
    return code, out, err


NAMES = (
    ("DRUGBANK:DB00571", DRUG, "propranolol"),
    ("DRUGBANK:DB01118", DRUG, "amiodarone"),
    ("DRUGBANK:DB01050", DRUG, "ibuprofen"),
    ("DRUGBANK:DB01356", DRUG, "lithium"),
    ("DOID:6364", DISEASE, "migraine"),
    ("DOID:2841", DISEASE, "asthma"),
    ("DOID:13189", DISEASE, "gout"),
    ("HP:0030828", PHENOTYPE, "wheezing"),
    ("HP:0012735", PHENOTYPE, "cough"),
    ("HP:0001337", PHENOTYPE, "tremor"),
)


@pytest.fixture(scope="module")
def graph(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small saved graph whose names are read."""
    store = NetworkxStore(Concept(c, category, (Name(n),)) for c, category, n in NAMES)
    record = Evidence(Provenance("example", licence="CC0-1.0"), record="row 1")
    triples = (
        Triple("DRUGBANK:DB00571", TREATS, "DOID:6364"),
        Triple("DOID:2841", HAS_PHENOTYPE, "HP:0012735"),
    )
    assert store.add_edges(Edge(triple, (record,)) for triple in triples).total == 0
    path = tmp_path_factory.mktemp("graphs") / "small"
    save_graph(store, path)
    return path


@pytest.fixture
def index(graph: Path, abstracts: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    path = tmp_path / "papers.index"
    code, out, err = run(
        capsys,
        *("index", str(abstracts), "--out", str(path), "--ner", "names", "--json"),
        *("--graph", str(graph)),
    )
    assert code == 0, err
    record = json.loads(out)
    assert record["documents"] == 2
    assert record["statements"] >= 3
    return path


def ask(
    capsys: pytest.CaptureFixture[str], graph: Path, index: Path, question: str
) -> dict[str, Any]:
    code, out, err = run(
        capsys,
        *("ask", "--graph", str(graph), "--lm", "none", "--json"),
        *("--literature", str(index), question),
    )
    assert code == 0, err
    found: dict[str, Any] = json.loads(out)
    return found


def test_a_sentence_is_quoted_with_the_id_its_document_carries(
    graph: Path, index: Path, abstracts: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    record = ask(capsys, graph, index, "Does propranolol treat migraine?")
    (quote,) = record["literature"]["quotes"]
    assert quote["document"] == "PMID:1"
    assert quote["stance"] == "supports"
    assert quote["sentence"] == "Migraine is treated with propranolol."
    assert quote["date"] == "2020-01-01"
    texts = {row["id"]: row["text"] for row in map(json.loads, abstracts.read_text().splitlines())}
    assert texts["PMID:1"][quote["start"] : quote["end"]] == quote["sentence"]


def test_a_denial_contradicts_and_silence_is_cannot_answer(
    graph: Path, index: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    denied = ask(capsys, graph, index, "Does amiodarone cause asthma?")["literature"]
    assert denied["outcome"] == "contradicted"
    assert denied["quotes"][0]["sentence"] == "Amiodarone does not cause asthma."
    silent = ask(capsys, graph, index, "Does ibuprofen treat gout?")["literature"]
    assert silent["outcome"] == "cannot_answer"
    assert silent["quotes"] == []


def test_a_batch_and_the_terminal_carry_quotes(
    graph: Path, index: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    batch, out = tmp_path / "q.jsonl", tmp_path / "a.jsonl"
    batch.write_text('{"id": 1, "question": "What are the symptoms of asthma?"}\n')
    common = ["ask", "--graph", str(graph), "--lm", "none", "--literature", str(index)]
    assert run(capsys, *common, "--batch", str(batch), "--out", str(out))[0] == 0
    record = json.loads(out.read_text())
    sentences = {quote["sentence"] for quote in record["literature"]["quotes"]}
    assert sentences == {"Symptoms of asthma include wheezing and cough."}
    code, shown, _ = run(capsys, *common, "Does lithium cause tremor?")
    assert code == 0
    assert "“Lithium-induced tremor was reported in two patients.” PMID:1" in " ".join(
        shown.split()
    )


def test_from_python_the_index_may_be_open_already(
    graph: Path, index: Path, settings: Settings
) -> None:
    with LiteratureIndex(index) as opened:
        qa = MedicalQA(graph, lm="none", literature=opened, settings=settings)
        found = qa.ask("Does propranolol treat migraine?").literature
        assert found is not None
        assert found.outcome is LiteratureOutcome.SUPPORTED
        closed = MedicalQA(graph, lm="none", literature=opened, licence="open", settings=settings)
        without = closed.ask("Does propranolol treat migraine?").literature
    assert without is not None
    assert without.quotes == ()  # these documents state no licence


def test_what_cannot_be_used_is_named(
    graph: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ["ask", "--graph", str(graph), "--lm", "none", "Is it?"]
    code, _, err = run(capsys, *asked, "--literature", str(tmp_path / "none"))
    assert code == 1
    assert "medkgqa index FILE --out" in err
    empty = tmp_path / "empty.jsonl"
    empty.write_text("")
    read = ["index", str(empty), "--graph", str(graph), "--ner", "names"]
    code, _, err = run(capsys, *read, "--out", str(tmp_path / "x"))
    assert code == 1
    assert "empty.jsonl" in err
    assert not (tmp_path / "x").exists()


def test_clinical_documents_are_indexed_without_what_identifies(
    graph: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    notes, secret, path = tmp_path / "n.jsonl", tmp_path / "secret", tmp_path / "n.index"
    secret.write_text("a secret of this test")
    text = "Mrs. Margaret Smithers, MRN: 4711893. Migraine is treated with propranolol."
    notes.write_text(json.dumps({"id": "4711893", "text": text, "clinical": True}) + "\n")
    read = ["index", str(notes), "--graph", str(graph), "--ner", "names"]
    code, _, err = run(capsys, *read, "--secret", str(secret), "--out", str(path))
    assert code == 0, err
    kept = path.read_bytes()
    assert b"Smithers" not in kept
    assert b"4711893" not in kept
    (quote,) = ask(capsys, graph, path, "Does propranolol treat migraine?")["literature"]["quotes"]
    assert quote["sentence"] == "Migraine is treated with propranolol."


@pytest.mark.skipif(not SHARED.is_file(), reason=f"{SHARED} is not on this machine")
def test_pubmed_articles_are_found_and_cut_as_they_stand(
    graph: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from loaders.documents import open_documents

    path = tmp_path / "pubmed.index"
    read = ["index", str(SHARED), "--graph", str(graph), "--ner", "names"]
    code, _, err = run(capsys, *read, "--out", str(path))
    assert code == 0, err
    texts = {d.id: d.text for d in open_documents(SHARED)}
    with LiteratureIndex(path) as index:
        assert len(index) == len(texts)
        for id_ in list(texts)[:5]:
            best = index.search(texts[id_][:200])[0]
            assert best.document == id_
            assert texts[id_][best.start : best.end] == best.text
