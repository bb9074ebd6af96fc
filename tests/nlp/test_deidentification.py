from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kg.errors import UsageError
from kg.records import Provenance
from nlp.deidentification import Deidentifier, Style
from nlp.identifiers import IdentifierFinder, IdentifierKind
from nlp.records import Document

PLANTED = [
    ("Patient Name: Maria Lopez", "Maria Lopez", IdentifierKind.NAME),
    ("Seen by Dr. Sivakumar today.", "Sivakumar", IdentifierKind.NAME),
    ("Ada Okonkwo is a 58-year-old woman.", "Ada Okonkwo", IdentifierKind.NAME),
    ("Signed: Lars Bjornstad, M.D.", "Lars Bjornstad", IdentifierKind.NAME),
    ("Lives at 12 Elm Street, Apt 4.", "12 Elm Street, Apt 4", IdentifierKind.LOCATION),
    ("He is from Boston, MA 02115.", "Boston, MA 02115", IdentifierKind.LOCATION),
    ("Admitted to Saint Anne Hospital.", "Saint Anne Hospital", IdentifierKind.LOCATION),
    ("On March 5, 2021 he fell.", "March 5, 2021", IdentifierKind.DATE),
    ("DOB: 03/04/1952", "03/04/1952", IdentifierKind.DATE),
    ("His 93-year-old mother", "93", IdentifierKind.AGE),
    ("Call (555) 123-4567.", "(555) 123-4567", IdentifierKind.PHONE),
    ("Fax: 555-123-4568", "555-123-4568", IdentifierKind.FAX),
    ("Write to a.b@mail.com.", "a.b@mail.com", IdentifierKind.EMAIL),
    ("SSN 123-45-6789", "123-45-6789", IdentifierKind.SSN),
    ("MRN: 4432-9", "4432-9", IdentifierKind.RECORD),
    ("Member ID: XJ-99120", "XJ-99120", IdentifierKind.PLAN),
    ("Account number 7781-22", "7781-22", IdentifierKind.ACCOUNT),
    ("License number: B440921", "B440921", IdentifierKind.LICENCE),
    ("License plate: 7ABC123", "7ABC123", IdentifierKind.VEHICLE),
    ("Serial number: PM-20-441", "PM-20-441", IdentifierKind.DEVICE),
    ("See https://example.com/p/1.", "https://example.com/p/1", IdentifierKind.URL),
    ("From 10.0.0.12", "10.0.0.12", IdentifierKind.IP),
    ("Fingerprint ID: F-2219", "F-2219", IdentifierKind.BIOMETRIC),
    ("Barcode: 99-1", "99-1", IdentifierKind.OTHER),
    ("姓名：张伟，男", "张伟", IdentifierKind.NAME),
    ("电话：13812345678", "13812345678", IdentifierKind.PHONE),
    ("身份证号：110101199003078888", "110101199003078888", IdentifierKind.SSN),
    ("2020年3月4日入院", "2020年3月4日", IdentifierKind.DATE),
    ("住院号：123456", "123456", IdentifierKind.RECORD),
    ("Seen today, MRN 4711893.", "4711893", IdentifierKind.RECORD),
    ("Medicare number 1EG4-TE5-MK73", "1EG4-TE5-MK73", IdentifierKind.PLAN),
    ("病历号20231188，男", "20231188", IdentifierKind.RECORD),
]


@pytest.fixture(scope="module")
def finder() -> IdentifierFinder:
    return IdentifierFinder()


def _deidentifier(finder: IdentifierFinder, style: Style = "tags") -> Deidentifier:
    return Deidentifier(secret="a secret of this test", style=style, finder=finder)


@pytest.mark.parametrize(("text", "planted", "kind"), PLANTED, ids=[p[0] for p in PLANTED])
def test_identifiers_are_found(
    finder: IdentifierFinder, text: str, planted: str, kind: IdentifierKind
) -> None:
    found = {(i.text, i.kind) for i in finder.find(text)}
    assert (planted, kind) in found
    for style in ("tags", "surrogates"):
        assert planted not in _deidentifier(finder, style).text(text, patient="p").text  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "text",
    [
        "BP 120/80, pulse 72, 3/6 systolic murmur, strength 5/5.",
        "Parkinson disease, Crohn disease and Marfan syndrome.",
        "Metformin 500 mg b.i.d. for 3 months; HbA1c 7.2 %.",
        "The patient is a 58-year-old man with chest pain.",
        "Name of the drug: aspirin.",
        "White cell 2000/mm3; specimen 12, unit number 4; the encounter of 2019.",
    ],
)
def test_medicine_stays(finder: IdentifierFinder, text: str) -> None:
    assert finder.find(text) == ()


def test_a_name_is_found_again(finder: IdentifierFinder) -> None:
    text = "Mr. John Okonkwo fell. Okonkwo denies pain."
    assert (
        _deidentifier(finder).text(text, patient="p").text == "Mr. [NAME] fell. [NAME] denies pain."
    )


def test_known_identifiers_are_found_in_any_case(finder: IdentifierFinder) -> None:
    found = finder.find("smith came with SMITH; a blacksmith", known=["Smith"])
    assert [(i.start, i.end) for i in found] == [(0, 5), (16, 21)]


def test_surrogates_are_consistent_within_a_patient(finder: IdentifierFinder) -> None:
    surrogates = _deidentifier(finder, "surrogates")
    text = "Mr. Brian Okonkwo came. Brian Okonkwo left. MRN: 123-4."
    first, again = (surrogates.text(text, patient="p").text for _ in range(2))
    other = surrogates.text(text, patient="q").text
    assert first == again != other
    name = first.removeprefix("Mr. ").partition(" came")[0]
    assert f"{name} left." in first
    assert "Okonkwo" not in first + other
    assert "123-4" not in first + other


def test_dates_keep_their_intervals(finder: IdentifierFinder) -> None:
    tags = _deidentifier(finder)
    assert 1 <= abs(tags.shift("p")) <= 365
    one = tags.text("2020-02-28", patient="p").text
    two = tags.text("2020-03-01", patient="p").text
    assert one != "2020-02-28"
    from datetime import date

    assert (date.fromisoformat(two) - date.fromisoformat(one)).days == 2


@pytest.mark.parametrize(
    "text", ["3/4/2021", "03/04/2021", "2021年3月4日", "March 4, 2021", "4 Mar 2021", "20210304"]
)
def test_dates_keep_their_form(finder: IdentifierFinder, text: str) -> None:
    shifted = _deidentifier(finder).text(text, patient="p").text
    assert shifted != text
    assert [c.isdigit() for c in shifted if not c.isalnum()] == [
        c.isdigit() for c in text if not c.isalnum()
    ]


def test_an_impossible_date_becomes_a_tag(finder: IdentifierFinder) -> None:
    assert _deidentifier(finder).text("13/32/2021", patient="p").text == "[DATE]"


def test_a_document_loses_its_id_and_date(finder: IdentifierFinder) -> None:
    text = "Visit of Mr. Doe\nHe lives in Springfield."
    document = Document(
        "mrn-1234", text, Provenance("notes"), title_end=16, date="2020-05-06", clinical=True
    )
    plain = _deidentifier(finder).document(document, patient="1234")
    assert plain.text == "Visit of Mr. [NAME]\nHe lives in [LOCATION]."
    assert plain.text[: plain.title_end] == "Visit of Mr. [NAME]"
    assert "1234" not in plain.id
    assert plain.date not in ("", "2020-05-06")


def test_a_short_secret_is_refused(finder: IdentifierFinder) -> None:
    with pytest.raises(UsageError, match="eight"):
        Deidentifier(secret="short", finder=finder)


@given(st.text(max_size=80))
def test_identifiers_never_overlap(finder: IdentifierFinder, text: str) -> None:
    at = 0
    for found in finder.find(text):
        assert text[found.start : found.end] == found.text
        assert found.start >= at
        at = found.end
    _deidentifier(finder, "surrogates").text(text, patient="p")
