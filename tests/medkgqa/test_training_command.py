"""Configurations and corpora of ``medkgqa train`` and ``medkgqa evaluate``."""

from __future__ import annotations

from pathlib import Path

import pytest

from kg.errors import SourceFormatError, UsageError
from loaders.mesh_names import MeshName
from medkgqa.relation_training import _plan, _start
from medkgqa.sentence_relation_training import _task
from medkgqa.training_command import CONFIGS, score_lines, shipped_config, training_texts
from medkgqa.training_corpora import (
    chinese_names,
    corpus_examples,
    linked_names,
    reading_texts,
)
from nlp.training.token_plan import CorpusPart, read_plan

PUBTATOR = """1|t|Aspirin and asthma.
1|a|Asthma after aspirin.
1\t0\t7\tAspirin\tChemical\tD001241
1\t12\t18\tasthma\tDisease\tD001249

2|t|No pain.
2|a|None.
2\t3\t7\tpain\tDisease\tD010146
"""
BIO = "头 B_symptom\n痛 I_symptom\n， O\n吃 O\n药 B_drug\n\n便 B_disease\n秘 I_disease\n\n"


@pytest.fixture
def corpora(tmp_path: Path) -> Path:
    (tmp_path / "a.txt").write_text(PUBTATOR, encoding="utf-8")
    (tmp_path / "zh.txt").write_text(BIO, encoding="utf-8")
    return tmp_path


def test_pubtator_documents_become_examples(corpora: Path) -> None:
    part = CorpusPart("A", "pubtator", ("a.txt",), {"Disease": "Disease"})
    first, second = corpus_examples([part], corpora)
    assert first.spans == ((12, 18, "Disease"),)
    assert first.annotated == {"Disease"}
    assert corpus_examples([part], corpora, without={first.id}) == [second]


def test_characters_with_labels_become_examples(corpora: Path) -> None:
    types = {"symptom": "symptom", "drug": "drug"}
    first, second = corpus_examples([CorpusPart("Z", "bio", ("zh.txt",), types)], corpora)
    assert (first.text, first.spans) == ("头痛，吃药", ((0, 2, "symptom"), (4, 5, "drug")))
    assert second.spans == ()


def test_a_wrong_label_is_named_with_its_line(corpora: Path) -> None:
    (corpora / "bad.txt").write_text("头 B_symptom\n痛 symptom\n", encoding="utf-8")
    part = CorpusPart("Z", "bio", ("bad.txt",), {"symptom": "symptom"})
    with pytest.raises(SourceFormatError, match=r"bad\.txt:2"):
        corpus_examples([part], corpora)


def test_an_absent_corpus_names_the_folder_expected(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="--data"):
        corpus_examples([CorpusPart("A", "pubtator", ("a.txt",), {})], tmp_path)


def test_names_are_linked_as_the_annotators_did(corpora: Path) -> None:
    part = CorpusPart("A", "pubtator", ("a.txt",), {"Chemical": "Chemical", "Disease": "Disease"})
    rows = linked_names([part], corpora, without=())
    assert ("annotated", "Chemical", "Aspirin", "MESH:D001241") in rows
    assert ("dictionary", "Disease", "asthma", "MESH:D001249") in rows


def test_names_of_a_vocabulary_stand_beside_them(corpora: Path) -> None:
    names = [
        MeshName("MESH:D001549", "Chemical", "Benzamides"),
        MeshName("MESH:C037689", "Chemical", "benzamide"),
        MeshName("MESH:D001249", "Disease", "Asthma"),
    ]
    rows = linked_names([], corpora, without=(), vocabulary=names)
    of_benzamide = [row for row in rows if row[2].startswith("benzamide")]
    assert of_benzamide[-3:] == [
        ("vocabulary", "Chemical", "benzamide", "MESH:C037689"),
        ("vocabulary", "Chemical", "benzamide", "MESH:D001549"),
        ("vocabulary", "Chemical", "benzamides", "MESH:D001549"),
    ]
    assert ("vocabulary", "Disease", "asthma", "MESH:D001249") in rows
    assert ("dictionary", "Disease", "asthma", "MESH:D001249") not in rows


@pytest.mark.parametrize("name", sorted(set(CONFIGS) - {"relations"}))
def test_shipped_configurations_are_read(name: str) -> None:
    plan = read_plan(shipped_config(name))
    assert plan.train
    assert plan.test
    for part in (*plan.train, *plan.held_out, *plan.test):
        assert part.corpus in plan.scheme.corpora
        assert set(part.types.values()) <= set(plan.scheme.classes)
    assert all(part.licence for part in plan.train)


def test_a_setting_nobody_knows_is_refused(tmp_path: Path) -> None:
    text = shipped_config("ner").read_text(encoding="utf-8")
    path = tmp_path / "c.toml"
    path.write_text(text.replace("seed = 20", "sed = 20"), encoding="utf-8")
    with pytest.raises(SourceFormatError, match="sed"):
        read_plan(path)


def test_test_documents_are_not_trained_on(corpora: Path) -> None:
    text = shipped_config("ner-zh").read_text(encoding="utf-8")
    path = corpora / "c.toml"
    for name in ("train", "dev", "test"):
        text = text.replace(f"zh/chineseblue/cMedQANER/{name}.txt.xz", "zh.txt")
    path.write_text(text, encoding="utf-8")
    texts = training_texts(read_plan(path), corpora)
    assert not texts.train
    assert list(texts.hashes) == ["zh.txt"]


READING = """
[reading]
epochs = 1

[[reading.text]]
corpus = "dialogues"
format = "csv"
files = ["zh.csv"]
columns = ["ask", "answer"]

[[reading.text]]
corpus = "cMedQANER"
format = "bio"
files = ["zh.txt"]
"""


def test_an_encoder_reads_no_text_of_a_test_set(corpora: Path) -> None:
    (corpora / "zh.csv").write_text("title,ask,answer\n头痛,头痛怎么办,多休息\n", encoding="utf-8")
    text = shipped_config("ner-zh").read_text(encoding="utf-8")
    for name in ("train", "dev", "test"):
        text = text.replace(f"zh/chineseblue/cMedQANER/{name}.txt.xz", "zh.txt")
    path = corpora / "c.toml"
    path.write_text(text + READING, encoding="utf-8")
    plan = read_plan(path)
    assert plan.reading is not None
    assert plan.reading.training.layers == plan.training.layers
    texts = training_texts(plan, corpora)
    assert list(texts.hashes) == ["zh.csv", "zh.txt"]
    tested = {e.text for e in texts.tests["cMedQANER test"]}
    assert reading_texts(plan.reading.texts, corpora, without=tested) == ["头痛怎么办\n多休息"]
    path.write_text(text + READING.replace("epochs", "epoch"), encoding="utf-8")
    with pytest.raises(SourceFormatError, match=r"reading\.epoch is no setting"):
        read_plan(path)


def test_chinese_names_hint_at_the_classes_of_the_chinese_recogniser() -> None:
    names = chinese_names()
    assert set(names) <= set(read_plan(shipped_config("ner-zh")).scheme.gazetteer)
    assert "偏头痛" in names["disease"]
    assert "阿司匹林" in names["drug"]


def test_scores_are_printed_as_a_table() -> None:
    row = {"precision": 90.0, "recall": 80.0, "f1": 84.71}
    assert "84.71" in score_lines({"test": {"Disease": row}})


def test_relations_start_from_the_shipped_recogniser_where_there_is_no_run(tmp_path: Path) -> None:
    pytest.importorskip("torch")
    tensors = _start({"model": {"start_from": "ner-en"}}, tmp_path / "out", None)
    assert tensors is not None
    assert tuple(tensors["embeddings.word_embeddings.weight"].shape) == (30522, 384)
    assert _start({"model": {}}, tmp_path / "out", None) is None


def test_a_checkpoint_that_is_absent_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"none\.pt is absent"):
        _start({"model": {}}, tmp_path / "out", tmp_path / "none.pt")


@pytest.mark.parametrize("name", ["ddi", "biotext"])
def test_a_corpus_of_sentences_that_is_absent_is_named(name: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="--data"):
        _task({"model": {"task": name}}, tmp_path)
    with pytest.raises(UsageError, match="'other' is none of: ddi, biotext"):
        _task({"model": {"task": "other"}}, tmp_path)


def test_ade_sentences_become_examples(tmp_path: Path) -> None:
    line = "1|Rash after aspirin.|Rash|0|4|aspirin|11|18\n"
    (tmp_path / "a.rel").write_text(line, encoding="utf-8")
    types = {"Chemical": "Chemical", "Disease": "Disease"}
    (example,) = corpus_examples([CorpusPart("ADE", "ade-test", ("a.rel",), types)], tmp_path)
    assert example.spans == ((0, 4, "Disease"), (11, 18, "Chemical"))
    assert corpus_examples([CorpusPart("ADE", "ade-train", ("a.rel",), types)], tmp_path) == []


def test_every_configuration_can_be_read() -> None:
    folder = shipped_config("ner").parent
    for path in sorted(folder.glob("ner-*.toml")):
        assert read_plan(path).name == path.stem
    for path in sorted(folder.glob("relations*.toml")):
        assert _plan(path)["model"]["encoder"] == "minilm-l6"
