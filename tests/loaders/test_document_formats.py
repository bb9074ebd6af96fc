"""Every format of documents: what the samples hold is read, whatever they are packed with."""

from __future__ import annotations

import gzip
import json
import lzma
from collections.abc import Callable
from pathlib import Path

import pytest

from kg.errors import SourceFormatError, UsageError
from loaders.annotations import AnnotatedDocument
from loaders.document_formats import document_format, document_formats
from loaders.documents import document_files, open_annotated, open_documents
from tests.loaders.format_samples import BY_ID, CCDA, FHIR, NDJSON, SAMPLES, Sample


def test_every_format_has_a_sample_and_a_card() -> None:
    assert {s.format for s in SAMPLES} == set(document_formats())
    for found in document_formats().values():
        assert found.card.licence
        assert (found.plain is None) != (found.annotated is None)
    clinical = {n for n, found in document_formats().items() if found.clinical}
    assert clinical == {
        *("i2b2-2010", "i2b2-2012", "i2b2-2014"),
        *("mimic-iii", "mimic-iv-note", "fhir", "ccda"),
    }


@pytest.mark.parametrize("sample", SAMPLES, **BY_ID)
def test_documents_and_gold(sample: Sample, tmp_path: Path) -> None:
    path = sample.put(tmp_path)
    documents = list(open_documents(path, sample.format))
    assert tuple(d.text for d in documents) == sample.texts
    assert len({d.id for d in documents}) == len(documents)
    known = document_format(sample.format)
    assert {d.clinical for d in documents} == {known.clinical}
    assert all(d.patient for d in documents if d.clinical)
    if sample.told:
        assert [f.format.name for f in document_files(path)] == [sample.format]
        assert list(open_documents(path)) == documents
    if known.annotated is None:
        with pytest.raises(UsageError, match="no annotations"):
            list(open_annotated(path, sample.format))
        return
    first: AnnotatedDocument = next(iter(open_annotated(path, sample.format)))
    for mention in first.mentions:
        assert first.document.text[mention.start : mention.end] == mention.text
    assert tuple((m.type, m.text) for m in first.mentions) == sample.gold
    assert tuple(r.type for r in first.relations) == sample.relations


@pytest.mark.parametrize("sample", SAMPLES, **BY_ID)
@pytest.mark.parametrize(("suffix", "pack"), [(".gz", gzip.compress), (".xz", lzma.compress)])
def test_packed_files_read_the_same(
    sample: Sample, tmp_path: Path, suffix: str, pack: Callable[[bytes], bytes]
) -> None:
    if sample.format == "i2b2-2010":
        pytest.skip("notes of that challenge come plain")
    path = sample.put(tmp_path / "plain")
    for name in sample.files:
        packed = tmp_path / "packed" / f"{name}{suffix}"
        packed.parent.mkdir(parents=True, exist_ok=True)
        packed.write_bytes(pack((tmp_path / "plain" / name).read_bytes()))
    again = tmp_path / "packed" / f"{path.name}{suffix}"
    texts = [d.text for d in open_documents(again, sample.format)]
    assert tuple(texts) == sample.texts
    again.write_bytes(again.read_bytes()[:-12])
    with pytest.raises(SourceFormatError, match=again.name):
        list(open_documents(again, sample.format))


@pytest.mark.parametrize("sample", [s for s in SAMPLES if s.folder], **BY_ID)
def test_folders(sample: Sample, tmp_path: Path) -> None:
    sample.put(tmp_path)
    assert tuple(d.text for d in open_documents(tmp_path, sample.format)) == sample.texts
    assert tuple(d.text for d in open_documents(tmp_path)) == sample.texts


# -- details of single formats ---------------------------------------------------------------


def test_what_is_known_of_a_patient_goes_with_each_document(tmp_path: Path) -> None:
    (tmp_path / "b.json").write_text(json.dumps(FHIR), "utf-8")
    (tmp_path / "x.ndjson").write_text(NDJSON, "utf-8")
    (tmp_path / "c.xml").write_text(CCDA, "utf-8")
    bundle = list(open_documents(tmp_path / "b.json"))
    assert {d.patient for d in bundle} == {"p1"}
    for document in bundle:
        assert {"Poe", "Ada", "1 Elm Street", "Bourne", "MRN-77"} <= set(document.identifiers)
        assert "Poe" not in repr(document)
    assert "Ada Poe" in bundle[2].identifiers
    assert bundle[0].date == "2020-03-01"
    lines = list(open_documents(tmp_path / "x.ndjson"))
    assert [(d.id, d.text, d.patient) for d in lines] == [(d.id, d.text, d.patient) for d in bundle]
    (note,) = open_documents(tmp_path / "c.xml")
    assert (note.id, note.patient, note.date) == ("ccda:doc-9", "pat-1", "2020-10-22")
    assert {"Angelina", "Barton", "336 Oak Gardens", "Bourne", "555-0100"} <= set(note.identifiers)


def test_a_bulk_export_finds_its_patients_beside_it(tmp_path: Path) -> None:
    patient, condition = FHIR["entry"][-1]["resource"], FHIR["entry"][0]["resource"]  # type: ignore[index]
    (tmp_path / "Patient.000.ndjson").write_text(json.dumps(patient) + "\n", "utf-8")
    (tmp_path / "Condition.ndjson").write_text(json.dumps(condition) + "\n", "utf-8")
    (document,) = open_documents(tmp_path / "Condition.ndjson")
    assert "Poe" in document.identifiers


@pytest.mark.parametrize(
    ("attachment", "problem"),
    [({"data": "%%%"}, "no text"), ({"data": "/////w=="}, "no text")],
)
def test_an_attachment_that_is_no_text_names_its_line(
    tmp_path: Path, attachment: dict[str, str], problem: str
) -> None:
    resource = {"resourceType": "DocumentReference", "content": [{"attachment": attachment}]}
    path = tmp_path / "d.ndjson"
    path.write_text(json.dumps({"resourceType": "Basic"}) + "\n" + json.dumps(resource), "utf-8")
    with pytest.raises(SourceFormatError, match=rf"d\.ndjson:2: .*{problem}"):
        list(open_documents(path))


def test_assertions_and_identifiers_of_annotators(tmp_path: Path) -> None:
    by_format = {s.format: s for s in SAMPLES}

    def first(name: str) -> AnnotatedDocument:
        path = by_format[name].put(tmp_path / name)
        return next(iter(open_annotated(path, name)))

    assert [m.assertion for m in first("i2b2-2010").mentions] == ["absent", "", ""]
    assert [m.assertion for m in first("i2b2-2012").mentions] == ["POS FACTUAL", "", "NEG FACTUAL"]
    assert [m.assertion for m in first("cmdd").mentions] == ["possible", "absent"]
    assert [m.identifiers for m in first("medmentions").mentions] == [
        ("UMLS:C4308010",),
        ("UMLS:C0010674",),
    ]
    brat = first("brat").mentions
    assert brat[0].identifiers == ("MESH:D001241",)
    assert (brat[2].assertion, brat[3].pieces) == ("Negated", ((24, 30), (31, 36)))
    assert first("i2b2-2014").document.patient == "110"


@pytest.mark.parametrize(
    ("name", "old", "new", "problem"),
    [
        ("brat", "T1\tDrug 0 7", "T1\tDrug 1 7", r"n\.ann:1: \[1, 7\) is"),
        ("brat", "Arg2:T2", "Arg2:T9", r"n\.ann:5: 'T9' is no annotation"),
        ("brat", "A1\tNegated T2", "A1\tNegated", r"n\.ann:7: "),
        ("brat", "T4\tCause", "?\tCause", r"n\.ann:4: "),
        ("i2b2-2010", 'c="Aspirin" 3:0 3:0||t', 'c="Aspirin" 3:1 3:1||t', r"n\.con:2: 3:1 is"),
        ("i2b2-2010", '2:3 2:4||t="problem"\n', '9:3 9:4||t="problem"\n', r"n\.con:1: no word"),
        ("i2b2-2012", 'start="32" end="36"', 'start="30" end="36"', r"n\.xml:\d+: \[30, 36\)"),
        ("bioc-xml", 'offset="33"', 'offset="933"', r"n\.xml:4: annotation 'A2'"),
        ("bioc-xml", 'offset="33"', 'offset="x"', r"n\.xml:\d+: offset 'x'"),
        ("bioc-json", '"offset": 33', '"offset": 34', r"n\.json:\d+: \[34, 38\)"),
        ("bio", "发 B_symptom", "发 X", r"n\.txt:2: '发 X'"),
        ("cmdd", '"OBIO"', '"OBI"', r"n\.jsonl:1: 3 tags for 4"),
        ("table", "abstract", "words", r"n\.csv:1: no column text"),
        ("mimic-iii", '"ISERROR"', '"ERROR"', r"NOTEEVENTS\.csv:1: no column 'ISERROR'"),
        ("ccda", "ClinicalDocument", "Other", r"c\.xml: a <Other>"),
        ("cmedic", "2\t", "2 ", r"n\.txt:1: "),
    ],
)
def test_a_wrong_line_is_named(tmp_path: Path, name: str, old: str, new: str, problem: str) -> None:
    sample = next(s for s in SAMPLES if s.format == name)
    path = sample.put(tmp_path)
    assert any(old in content for content in sample.files.values())
    for file, content in sample.files.items():
        (tmp_path / file).write_text(content.replace(old, new), encoding="utf-8", newline="")
    with pytest.raises(SourceFormatError, match=problem):
        list(open_documents(path, name))


def test_columns_are_named(tmp_path: Path) -> None:
    path = tmp_path / "n.tsv"
    path.write_text("key\twords\nx\tNo fever.\n", "utf-8")
    (document,) = open_documents(path, columns={"text": "words"})
    assert (document.id, document.text) == ("x", "No fever.")
    with pytest.raises(SourceFormatError, match="no column nothing"):
        list(open_documents(path, columns={"text": "nothing"}))
    with pytest.raises(UsageError, match="'body' is none of"):
        list(open_documents(path, columns={"body": "words"}))
