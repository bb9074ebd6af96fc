"""Documents → index → quoted answers, by the commands a user gives."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from medkgqa import MedicalQA
from medkgqa.cli import main
from medkgqa.settings import Settings
from reasoning.literature_index import LiteratureIndex
from reasoning.quotes import LiteratureOutcome

pytestmark = pytest.mark.usefixtures("starter")

_GIVEN = os.environ.get("MEDKGQA_SHARED_DATA")
_DATA = Path(_GIVEN) if _GIVEN else Path(__file__).parents[2].parent / "shared" / "data"
SHARED = _DATA / "pubmed" / "baseline" / "pubmed26n1334.xml.gz"


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = main(arguments)
    out, err = capsys.readouterr()
    return code, out, err


@pytest.fixture
def index(abstracts: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    path = tmp_path / "papers.index"
    code, out, err = run(
        capsys, "index", str(abstracts), "--out", str(path), "--ner", "names", "--json"
    )
    assert code == 0, err
    record = json.loads(out)
    assert record["documents"] == 2
    assert record["statements"] >= 3
    return path


def ask(capsys: pytest.CaptureFixture[str], index: Path, question: str) -> dict[str, Any]:
    code, out, err = run(
        capsys, "ask", "--lm", "none", "--json", "--literature", str(index), question
    )
    assert code == 0, err
    found: dict[str, Any] = json.loads(out)
    return found


def test_a_sentence_is_quoted_with_the_id_its_document_carries(
    index: Path, abstracts: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    record = ask(capsys, index, "Does propranolol treat migraine?")
    (quote,) = record["literature"]["quotes"]
    assert quote["document"] == "PMID:1"
    assert quote["stance"] == "supports"
    assert quote["sentence"] == "Migraine is treated with propranolol."
    assert quote["date"] == "2020-01-01"
    texts = {row["id"]: row["text"] for row in map(json.loads, abstracts.read_text().splitlines())}
    assert texts["PMID:1"][quote["start"] : quote["end"]] == quote["sentence"]


def test_a_denial_contradicts_and_silence_is_cannot_answer(
    index: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    denied = ask(capsys, index, "Does amiodarone cause asthma?")["literature"]
    assert denied["outcome"] == "contradicted"
    assert denied["quotes"][0]["sentence"] == "Amiodarone does not cause asthma."
    silent = ask(capsys, index, "Does ibuprofen treat gout?")["literature"]
    assert silent["outcome"] == "cannot_answer"
    assert silent["quotes"] == []


def test_a_batch_and_the_terminal_carry_quotes(
    index: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    batch, out = tmp_path / "q.jsonl", tmp_path / "a.jsonl"
    batch.write_text('{"id": 1, "question": "What are the symptoms of asthma?"}\n')
    common = ["ask", "--lm", "none", "--literature", str(index)]
    assert run(capsys, *common, "--batch", str(batch), "--out", str(out))[0] == 0
    record = json.loads(out.read_text())
    sentences = {quote["sentence"] for quote in record["literature"]["quotes"]}
    assert sentences == {"Symptoms of asthma include wheezing and cough."}
    code, shown, _ = run(capsys, *common, "Does lithium cause tremor?")
    assert code == 0
    assert "“Lithium-induced tremor was reported in two patients.” PMID:1" in " ".join(
        shown.split()
    )


def test_from_python_the_index_may_be_open_already(index: Path, settings: Settings) -> None:
    with LiteratureIndex(index) as opened:
        qa = MedicalQA(lm="none", literature=opened, settings=settings)
        found = qa.ask("Does propranolol treat migraine?").literature
        assert found is not None
        assert found.outcome is LiteratureOutcome.SUPPORTED
        closed = MedicalQA(lm="none", literature=opened, licence="open", settings=settings)
        without = closed.ask("Does propranolol treat migraine?").literature
    assert without is not None
    assert without.quotes == ()  # these documents state no licence


def test_what_cannot_be_used_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = run(
        capsys, "ask", "--lm", "none", "--literature", str(tmp_path / "none"), "Is it?"
    )
    assert code == 1
    assert "medkgqa index FILE --out" in err
    empty = tmp_path / "empty.jsonl"
    empty.write_text("")
    code, _, err = run(capsys, "index", str(empty), "--out", str(tmp_path / "x"), "--ner", "names")
    assert code == 1
    assert "empty.jsonl" in err
    assert not (tmp_path / "x").exists()


def test_clinical_documents_are_indexed_without_what_identifies(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    notes, secret, path = tmp_path / "n.jsonl", tmp_path / "secret", tmp_path / "n.index"
    secret.write_text("a secret of this test")
    text = "Mrs. Margaret Smithers, MRN 4711893. Migraine is treated with propranolol."
    notes.write_text(json.dumps({"id": "4711893", "text": text, "clinical": True}) + "\n")
    arguments = ["--ner", "names", "--secret", str(secret), "--out", str(path)]
    code, _, err = run(capsys, "index", str(notes), *arguments)
    assert code == 0, err
    kept = path.read_bytes()
    assert b"Smithers" not in kept
    assert b"4711893" not in kept
    (quote,) = ask(capsys, path, "Does propranolol treat migraine?")["literature"]["quotes"]
    assert quote["sentence"] == "Migraine is treated with propranolol."


@pytest.mark.skipif(not SHARED.is_file(), reason=f"{SHARED} is not on this machine")
def test_pubmed_articles_are_quoted_word_for_word(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], settings: Settings
) -> None:
    from loaders.documents import open_documents

    path = tmp_path / "pubmed.index"
    code, _, err = run(capsys, "index", str(SHARED), "--out", str(path), "--ner", "names")
    assert code == 0, err
    texts = {d.id: d.text for d in open_documents(SHARED)}
    with LiteratureIndex(path) as index:
        assert len(index) == len(texts)
        for id_ in list(texts)[:5]:
            best = index.search(texts[id_][:200])[0]
            assert best.document == id_
            assert texts[id_][best.start : best.end] == best.text
