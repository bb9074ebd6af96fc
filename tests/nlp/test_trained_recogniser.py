"""The shipped recogniser: offsets, links, batches, and what is done where it cannot be run."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kg.errors import MissingExtraError, ModelUnavailableError, UsageError
from kg.networkx_store import NetworkxStore
from kg.records import Concept, Name, Provenance
from kg.schema import DISEASE, DRUG, GENE
from nlp import recogniser as recogniser_module
from nlp.pipeline import build_pipeline, read
from nlp.reader import DictionaryRecogniser, Reader
from nlp.recogniser import TrainedRecogniser, make_recogniser, model_folder
from nlp.records import Assertion, Document
from nlp.token_model import TokenModel

CAN_RUN = all(importlib.util.find_spec(name) for name in ("openvino", "tokenizers"))
needs_openvino = pytest.mark.skipif(not CAN_RUN, reason="needs the extra lm (openvino)")

STORE = NetworkxStore(
    [
        Concept("DOID:557", DISEASE, (Name("kidney disease"), Name("nephrotoxicity"))),
        Concept("DOID:2841", DISEASE, (Name("asthma"),)),
        Concept("DRUGBANK:DB00515", DRUG, (Name("cisplatin"),)),
        Concept("DRUGBANK:DB00945", DRUG, (Name("aspirin"), Name("阿司匹林", "zh"))),
        Concept("HGNC:11998", GENE, (Name("TP53"),)),
    ]
)
TEXT = (
    "Cisplatin-induced nephrotoxicity in rats. We found no evidence of asthma. "
    "The TP53 gene was expressed, and zetacillin caused blotchy fever."
)


@pytest.fixture(scope="module")
def recogniser() -> TrainedRecogniser:
    return TrainedRecogniser(STORE, threads=1)


@needs_openvino
def test_mentions_are_found_and_linked(recogniser: TrainedRecogniser) -> None:
    found = {m.text: m for m in recogniser.recognise(TEXT)}
    assert found["Cisplatin"].concept == "DRUGBANK:DB00515"
    assert found["nephrotoxicity"].concept == "DOID:557"
    assert found["TP53"].concept == "HGNC:11998"
    assert found["asthma"].category == DISEASE


@needs_openvino
@settings(max_examples=15, deadline=None)
@given(st.text(max_size=200) | st.just(TEXT * 12))
def test_offsets_are_those_of_the_text(recogniser: TrainedRecogniser, text: str) -> None:
    end = 0
    for mention in recogniser.recognise(text):
        assert end <= mention.start < mention.end
        assert text[mention.start : mention.end] == mention.text
        end = mention.end


@needs_openvino
def test_a_batch_reads_as_its_texts_do(recogniser: TrainedRecogniser) -> None:
    texts = [TEXT, "", "Aspirin.", "患者服用阿司匹林。", TEXT * 9]
    together = recogniser.recognise_all(texts)
    for text, found in zip(texts, together, strict=True):
        alone = recogniser.recognise(text)
        assert [(m.start, m.end, m.concept) for m in found] == [
            (m.start, m.end, m.concept) for m in alone
        ]


@needs_openvino
def test_the_evidence_names_the_model(recogniser: TrainedRecogniser) -> None:
    reader = Reader(recogniser)
    document = Document("d1", TEXT, Provenance("test"))
    (reading,) = reader.read_all([document])
    assert reading == reader.read(document)
    assert "ner-en-1" in reading.extractor
    by_text = {m.text: m for m in reading.mentions}
    assert by_text["asthma"].assertion is Assertion.NEGATED


@needs_openvino
def test_spacy_reads_as_the_reader_does(recogniser: TrainedRecogniser) -> None:
    nlp = build_pipeline(STORE, recogniser=recogniser)
    documents = [Document(f"d{i}", t, Provenance("test")) for i, t in enumerate([TEXT, "Asthma."])]
    for by_spacy, document in zip(read(nlp, documents), documents, strict=True):
        assert by_spacy.mentions == Reader(recogniser).read(document).mentions
        assert "ner-en-1" in by_spacy.extractor


@needs_openvino
def test_a_saved_pipeline_reads_with_the_model_again() -> None:
    nlp = build_pipeline(STORE, ner="trained")
    again = build_pipeline(NetworkxStore(), ner="names").from_bytes(nlp.to_bytes())
    assert [e.text for e in again(TEXT).ents] == [e.text for e in nlp(TEXT).ents]


@needs_openvino
def test_a_damaged_model_is_named(tmp_path: Path) -> None:
    (tmp_path / "scheme.json").write_text("{}")
    with pytest.raises(ModelUnavailableError, match="scheme"):
        TokenModel(tmp_path)
    with pytest.raises(ModelUnavailableError, match=r"scheme\.json"):
        TokenModel(tmp_path / "absent")


def test_without_openvino_the_names_are_read_and_it_is_said(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(recogniser_module, "find_spec", lambda name: None)
    said: list[str] = []
    found = make_recogniser(STORE, "auto", warn=said.append)
    assert isinstance(found, DictionaryRecogniser)
    assert len(said) == 1
    assert "names of the graph only" in said[0]
    with pytest.raises(MissingExtraError, match="openvino"):
        make_recogniser(STORE, "trained")


def test_another_word_is_refused() -> None:
    with pytest.raises(UsageError, match="magic"):
        make_recogniser(STORE, "magic")  # type: ignore[arg-type]


def test_shipped_models_have_a_card() -> None:
    folder = model_folder("en")
    card = (folder / "card.md").read_text(encoding="utf-8")
    assert "licence" in card
    assert (folder / "model.bin").stat().st_size <= 30_000_000
