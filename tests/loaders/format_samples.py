"""A small file of every format of documents, written to the published specification of each."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from pathlib import Path

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
