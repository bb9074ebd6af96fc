"""The commands other programs rely on, as whole commands."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from medkgqa.cli import main

pytestmark = pytest.mark.usefixtures("starter")

EVIDENCE_KEYS = {
    "source",
    "sentence",
    "start",
    "end",
    "confidence",
    "licence",
    "url",
}
CLAIM_KEYS = {
    "text",
    "subject",
    "subject_name",
    "predicate",
    "object",
    "object_name",
    "polarity",
    "evidence",
}
ANSWER_KEYS = {
    "id",
    "question",
    "language",
    "answer",
    "outcome",
    "claims",
    "concepts",
    "broader",
    "plan",
    "emergency",
    "choice",
    "confidence",
    "seconds",
}


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = main(arguments)
    out, err = capsys.readouterr()
    return code, out, err


def ask(capsys: pytest.CaptureFixture[str], question: str, *more: str) -> dict[str, Any]:
    code, out, err = run(capsys, "ask", "--lm", "none", "--json", question, *more)
    assert code == 0, err
    record: dict[str, Any] = json.loads(out)
    return record


def test_symptoms_in_english_and_chinese(capsys: pytest.CaptureFixture[str]) -> None:
    english = ask(capsys, "What are the symptoms of Marfan syndrome?")
    chinese = ask(capsys, "马方综合征有哪些症状？")
    for answer in (english, chinese):
        assert answer["outcome"] == "answered"
        assert {c["object"] for c in answer["claims"]} >= {"HP:0001166", "HP:0002616"}
        assert {c["predicate"] for c in answer["claims"]} == {"biolink:has_phenotype"}
    assert (english["language"], chinese["language"]) == ("en", "zh")
    assert "马方综合征" in chinese["answer"] or "马凡综合征" in chinese["answer"]


def test_the_record_has_every_field(capsys: pytest.CaptureFixture[str]) -> None:
    answer = ask(capsys, "Which drugs treat migraine?")
    assert answer.keys() >= ANSWER_KEYS
    assert answer["plan"].keys() >= {"intent", "text", "cypher"}
    assert "sumatriptan" in {c["subject_name"].lower() for c in answer["claims"]}
    for claim in answer["claims"]:
        assert claim.keys() >= CLAIM_KEYS
        for evidence in claim["evidence"]:
            assert evidence.keys() >= EVIDENCE_KEYS
            assert ("record" in evidence) != bool(evidence.get("document"))
    (migraine,) = answer["concepts"]
    assert answer["question"][migraine["start"] : migraine["end"]] == migraine["text"]


@pytest.mark.parametrize(
    ("question", "outcome"),
    [
        ("Does sumatriptan treat migraine?", "yes"),
        ("Does propranolol treat asthma?", "no"),
        ("Does sumatriptan treat glaucoma?", "not_recorded"),
        ("Is it true that sumatriptan does not treat migraine?", "no"),
        ("What are the symptoms of foobaritis?", "unknown_name"),
        ("How much is a bus ticket?", "out_of_scope"),
        ("舒马普坦能治疗偏头痛吗？", "yes"),
    ],
)
def test_outcomes(capsys: pytest.CaptureFixture[str], question: str, outcome: str) -> None:
    assert ask(capsys, question)["outcome"] == outcome


def test_not_recorded_reads_neither_as_no_nor_as_safe(capsys: pytest.CaptureFixture[str]) -> None:
    text = ask(capsys, "Does sumatriptan treat glaucoma?")["answer"].lower()
    assert "record" in text
    assert not text.startswith("no")
    assert "safe" not in text


def test_options_choose(capsys: pytest.CaptureFixture[str]) -> None:
    options = ["--option", "amoxicillin", "--option", "sumatriptan", "--option", "insulin"]
    assert ask(capsys, "Which drug treats migraine?", *options)["choice"] == 1
    assert ask(capsys, "Which drug treats migraine?", "--option", "insulin")["choice"] is None


def test_limit(capsys: pytest.CaptureFixture[str]) -> None:
    few = ask(capsys, "What are the symptoms of Marfan syndrome?", "--limit", "3")
    every = ask(capsys, "What are the symptoms of Marfan syndrome?", "--limit", "0")
    assert len({c["object"] for c in few["claims"]}) == 3
    assert len(every["claims"]) > 50


def test_batch_answers_what_it_can(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    questions, answers = tmp_path / "q.jsonl", tmp_path / "a.jsonl"
    questions.write_bytes(
        b'{"id": 1, "question": "Which drugs treat migraine?"}\n'
        b'{"id": 2, "question": \n'
        b"\n"
        b'{"id": 3}\n'
        b'{"id": "four", "question": "Does sumatriptan treat migraine?", "options": ["a"]}\n'
        b'{"id": 5, "question": "\xff"}\n'
        b'{"id": 6, "question": ""}\n'
    )
    code, out, _ = run(
        capsys, "ask", "--lm", "none", "--batch", str(questions), "--out", str(answers)
    )
    assert code == 0
    assert out.startswith("3 questions answered")
    records = [json.loads(line) for line in answers.read_text(encoding="utf-8").splitlines()]
    assert [r.get("id") for r in records] == [1, None, 3, "four", None, 6]
    assert [r.get("line") for r in records if "error" in r] == [2, 4, 6]
    assert all(r["error"] for r in records if "error" in r)
    assert [r["outcome"] for r in records if "outcome" in r] == ["answered", "yes", "out_of_scope"]


def test_a_missing_batch_leaves_nothing(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    target = tmp_path / "a.jsonl"
    code, _, err = run(
        capsys, "ask", "--lm", "none", "--batch", str(tmp_path / "none"), "--out", str(target)
    )
    assert code == 1
    assert "none" in err
    assert list(tmp_path.iterdir()) == []


def test_build_and_ask(capsys: pytest.CaptureFixture[str], tmp_path: Path, abstracts: Path) -> None:
    graph = tmp_path / "my-graph"
    code, out, err = run(capsys, "build", str(abstracts), "--out", str(graph), "--json")
    assert code == 0, err
    assert json.loads(out)["documents"] == 2
    answer = ask(capsys, "What does lithium cause?", "--graph", str(graph))
    assert answer["outcome"] == "answered"
    (claim,) = answer["claims"]
    (evidence,) = claim["evidence"]
    assert claim["object_name"].lower() == "tremor"
    assert evidence["document"] == "PMID:1"
    text = json.loads(abstracts.read_text(encoding="utf-8").splitlines()[0])["text"]
    assert text[evidence["start"] : evidence["end"]] == evidence["sentence"]
    denied = ask(capsys, "Does amiodarone cause asthma?", "--graph", str(graph))
    assert denied["outcome"] in ("no", "not_recorded")
    assert ask(capsys, "Does lithium cause asthma?", "--graph", str(graph))["outcome"] != "yes"


def test_a_build_that_finds_nothing_writes_nothing(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    empty = tmp_path / "letter.txt"
    empty.write_text("Dear Sir, thank you for your letter.", encoding="utf-8")
    code, _, err = run(capsys, "build", str(empty), "--out", str(tmp_path / "g"))
    assert code == 1
    assert "no relation" in err
    assert not (tmp_path / "g").exists()


@pytest.mark.parametrize(
    ("name", "content", "problem"),
    [
        ("broken.xml", b"<PubmedArticleSet><PubmedArticle>", "broken.xml"),
        ("half.jsonl", b'{"id": "a", "text": "x"}\n{"id": "b", "te', "half.jsonl:2"),
        ("nul.txt", b"a\x00b", "nul.txt:1"),
        ("latin.txt", b"caf\xe9", "latin.txt:1"),
        ("empty.txt", b"", "empty.txt"),
    ],
)
def test_hostile_documents(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, name: str, content: bytes, problem: str
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    code, _, err = run(capsys, "build", str(path), "--out", str(tmp_path / "g"))
    assert code == 1
    assert problem in err
    assert not (tmp_path / "g").exists()


@pytest.mark.parametrize("target", ["jsonl", "pubtator"])
def test_extract(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, abstracts: Path, target: str
) -> None:
    out = tmp_path / "out"
    arguments = ["--format", "jsonl", "--to", target, "--ids", "MESH", "--out", str(out)]
    code, _, err = run(capsys, "extract", str(abstracts), *arguments)
    assert code == 0, err
    text = out.read_text(encoding="utf-8")
    if target == "pubtator":
        assert "D008881" in text
        assert "|t|" in text
        return
    first = json.loads(text.splitlines()[0])
    assert first["id"] == "PMID:1"
    source = json.loads(abstracts.read_text(encoding="utf-8").splitlines()[0])["text"]
    for mention in first["mentions"]:
        assert source[mention["start"] : mention["end"]] == mention["text"]
    assert {"negated", "asserted"} <= {m["assertion"] for m in first["mentions"]}
    for relation in first["relations"]:
        subject = first["mentions"][relation["subject"]]
        assert relation["subject_concept"] == subject["concept"]


def test_export_and_load_return_the_same_graph(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, abstracts: Path
) -> None:
    graph, kgx, again = tmp_path / "g", tmp_path / "kgx", tmp_path / "again"
    assert run(capsys, "build", str(abstracts), "--out", str(graph))[0] == 0
    assert run(capsys, "export", "--graph", str(graph), "--to", "kgx", str(kgx))[0] == 0
    header = (kgx / "edges.tsv").read_text(encoding="utf-8").splitlines()[0].split("\t")
    assert {"subject", "predicate", "object", "negated", "qualifiers", "sources"} <= set(header)
    assert run(capsys, "load", "kgx", "--from", str(kgx), "--out", str(again))[0] == 0
    second = tmp_path / "kgx2"
    assert run(capsys, "export", "--graph", str(again), "--to", "kgx", str(second))[0] == 0
    for name in ("nodes.tsv", "edges.tsv"):
        assert (second / name).read_bytes() == (kgx / name).read_bytes()


def test_wrong_uses_say_what_is_wrong(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert run(capsys, "ask")[0] == 2
    assert run(capsys, "ask", "--batch", "q.jsonl")[0] == 2
    code, _, err = run(capsys, "ask", "--graph", str(tmp_path / "none"), "Which drugs treat gout?")
    assert code == 1
    assert "medkgqa build" in err
    (tmp_path / "foreign").mkdir()
    code, _, err = run(
        capsys, "ask", "--graph", str(tmp_path / "foreign"), "Which drugs treat gout?"
    )
    assert code == 1
    assert "foreign" in err
    code, _, err = run(capsys, "load", "csv", "--from", str(tmp_path), "--out", str(tmp_path / "o"))
    assert code == 1
    assert "--mapping" in err


@pytest.mark.parametrize(
    "question",
    [
        "What are the symptoms of glycogen storage disease type XXIX?",
        "糖原贮积病XXIX型有哪些症状？",
    ],
)
def test_a_kind_it_does_not_know_is_not_answered_as_the_broader_disease(
    capsys: pytest.CaptureFixture[str], question: str
) -> None:
    answer = ask(capsys, question)
    assert answer["outcome"] == "unknown_name"
    assert not answer["claims"]


def test_models_list_names_licence(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "models", "list", "--json")
    assert code == 0
    (model,) = json.loads(out)
    assert model["licence"] == "Apache-2.0"
    assert len(model["sha256"]) == 64


def test_doctor_finds_nothing_wrong(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "doctor", "--json")
    checks = {c["name"]: c for c in json.loads(out)}
    assert code == 0
    assert checks["starter graph"]["ok"]
    assert "concepts" in checks["starter graph"]["found"]


def test_a_reader_that_has_seen_enough_is_no_error() -> None:
    command = [sys.executable, "-m", "medkgqa", "data", "list"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.close()
        assert process.stderr is not None
        assert process.stderr.read() == b""
