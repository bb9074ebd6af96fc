from __future__ import annotations

import json

import pytest
import spacy
from hypothesis import given, settings
from hypothesis import strategies as st
from spacy.tokens import Doc

from kg.errors import UsageError
from kg.networkx_store import NetworkxStore
from kg.records import Concept, Name, Provenance
from kg.schema import DISEASE, DRUG
from nlp import components
from nlp.pipeline import build_pipeline, read
from nlp.reader import Reader
from nlp.readout import pubtator_text, reading_record
from nlp.records import Assertion, Document

TEXTS = [
    "Metformin does not cause headache. Aspirin may cause a rash.",
    "Chronic obstructive pulmonary disease (COPD) is common. Symptoms of COPD include cough.",
    "患者无发热，有咳嗽。布洛芬可引起皮疹。",
    "",
    "Nothing here 💊 İstanbul ﬁ.",
    "Her mother had asthma.\nPMH: stroke\n- headache?",
]


def _documents() -> list[Document]:
    return [Document(f"d:{i}", text, Provenance("test")) for i, text in enumerate(TEXTS)]


@pytest.mark.parametrize("language", ["en", "zh"])
def test_spacy_reads_what_the_reader_reads(
    named_store: NetworkxStore, reader: Reader, language: str
) -> None:
    nlp = build_pipeline(named_store, language=language, ner="names")
    assert list(read(nlp, _documents())) == list(reader.read_all(_documents()))


def test_two_processes_read_the_same(named_store: NetworkxStore, reader: Reader) -> None:
    nlp = build_pipeline(named_store, ner="names")
    found = list(read(nlp, _documents(), n_process=2, batch_size=2))
    assert found == list(reader.read_all(_documents()))


def test_attributes_and_their_round_trip(named_store: NetworkxStore) -> None:
    nlp = build_pipeline(named_store, ner="names")
    doc = nlp("No asthma. Aspirin-induced rash, treated with ibuprofen.")
    again = Doc(nlp.vocab).from_bytes(doc.to_bytes())
    for seen in (doc, again):
        assert [(e.text, e.label_, e._.concept, e._.assertion) for e in seen.ents] == [
            ("asthma", "Disease", "EX:asthma", "negated"),
            ("Aspirin", "Drug", "EX:aspirin", "asserted"),
            ("rash", "PhenotypicFeature", "EX:rash", "asserted"),
            ("ibuprofen", "Drug", "EX:ibuprofen", "asserted"),
        ]
        assert seen.ents[0]._.candidates[0].name == "asthma"
        assert next(seen.sents).text == "No asthma."
        assert seen[0:1]._.concept is None
        assert seen[0:1]._.assertion is None
    assert again._.mentions == doc._.mentions
    assert again._.relations == doc._.relations
    assert len(doc._.relations) >= 1


def test_a_saved_pipeline_reads_the_same(named_store: NetworkxStore, tmp_path) -> None:  # type: ignore[no-untyped-def]
    nlp = build_pipeline(named_store, ner="names")
    nlp.to_disk(tmp_path / "pipeline")
    loaded = spacy.load(tmp_path / "pipeline")
    text = "Metformin treats type 2 diabetes."
    assert loaded(text)._.mentions == nlp(text)._.mentions
    assert loaded(text)._.relations == nlp(text)._.relations
    assert [p for p in tmp_path.rglob("*") if p.suffix in {".pkl", ".pickle"}] == []


def test_components_work_in_another_pipeline(named_store: NetworkxStore) -> None:
    nlp = spacy.blank("de")
    nlp.add_pipe("medkgqa_mentions").use_concepts(named_store.concepts())
    nlp.add_pipe("medkgqa_context", config={"languages": ["en"]})
    doc = nlp("denies fever")
    assert [e._.assertion for e in doc.ents] == ["negated"]


def test_a_recogniser_must_be_given() -> None:
    nlp = spacy.blank("en")
    nlp.add_pipe("medkgqa_mentions")
    with pytest.raises(UsageError, match="use_concepts"):
        nlp("asthma")


def test_every_component_of_the_pipeline_is_documented() -> None:
    assert components.__doc__ is not None
    for name in build_pipeline(NetworkxStore(), ner="names").pipe_names:
        assert f"``{name}``" in components.__doc__


def test_short_forms_take_the_meaning_explained(reader: Reader, provenance: Provenance) -> None:
    text = "Multiple sclerosis (MS) is rare. MS hurts. Mitral stenosis differs."
    mentions = reader.read(Document("d:1", text, provenance)).mentions
    assert [(m.text, m.concept) for m in mentions] == [
        ("Multiple sclerosis", "EX:ms2"),
        ("MS", "EX:ms2"),
        ("MS", "EX:ms2"),
        ("Mitral stenosis", "EX:ms1"),
    ]


def test_a_new_short_form_is_found(reader: Reader, provenance: Provenance) -> None:
    text = "Arterial hypertension (AH) is common; AH is silent."
    mentions = reader.read(Document("d:1", text, provenance)).mentions
    assert [m.text for m in mentions] == ["hypertension", "AH", "AH"]


def test_the_json_record(reader: Reader, document: Document) -> None:
    reading = reader.read(document)
    record = json.loads(json.dumps(reading_record(reading)))
    assert record["id"] == "PMID:1"
    for mention in record["mentions"]:
        assert document.text[mention["start"] : mention["end"]] == mention["text"]
        assert mention["assertion"] in set(Assertion)
    relation = record["relations"][0]
    assert relation["subject_concept"] == record["mentions"][relation["subject"]]["concept"]
    assert relation["polarity"] == "negative"
    assert relation["sentence"] in document.text


def test_ids_of_another_vocabulary(provenance: Provenance) -> None:
    store = NetworkxStore(
        [
            Concept("EX:a", DRUG, (Name("aspirin"),), xrefs=("CHEBI:15365", "MESH:D001241")),
            Concept("EX:r", DISEASE, (Name("rash"),)),
        ]
    )
    title = "Aspirin-induced rash."
    document = Document("PMID:7", f"{title} It\nfaded.", provenance, title_end=len(title))
    reading = Reader.of_store(store).read(document)
    assert pubtator_text(reading, ids="MESH", store=store) == (
        "7|t|Aspirin-induced rash.\n"
        "7|a|It faded.\n"
        "7\t0\t7\tAspirin\tChemical\tD001241\n"
        "7\t16\t20\trash\tDisease\tEX:r\n\n"
    ), "rash has no MeSH id, so no scorer could read a relation of it"
    assert "7\tCID\tEX:a\tEX:r\n" in pubtator_text(reading, store=store)
    concepts = [m["concept"] for m in reading_record(reading, ids="MESH", store=store)["mentions"]]
    assert concepts == ["MESH:D001241", "EX:r"]


@settings(deadline=None, max_examples=100)
@given(text=st.text(max_size=200))
def test_any_text_is_read(reader: Reader, text: str) -> None:
    reading = reader.read(Document("d:1", text, Provenance("test")))
    for mention in reading.mentions:
        assert text[mention.start : mention.end] == mention.text
