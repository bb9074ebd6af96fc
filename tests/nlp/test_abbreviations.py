from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlp.abbreviations import short_forms


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("myocardial infarction (MI)", [("MI", "myocardial infarction")]),
        ("MI (myocardial infarction)", [("MI", "myocardial infarction")]),
        ("chronic kidney disease (CKD; stage 3)", [("CKD", "chronic kidney disease")]),
        ("5-hydroxytryptamine (5-HT)", [("5-HT", "5-hydroxytryptamine")]),
        ("combined oral contraceptives (COCs)", [("COCs", "combined oral contraceptives")]),
        ("diethylnitrosamine (DEN: 10 mg/kg)", [("DEN", "diethylnitrosamine")]),
        ("many patients (HTN)", []),
        ("a rise (P = 0.05) and fall (n = 3)", []),
        ("aspirin (see below)", []),
        ("()", []),
    ],
)
def test_definitions(text: str, expected: list[tuple[str, str]]) -> None:
    found = [(text[slice(*s.short)], text[slice(*s.long)]) for s in short_forms(text)]
    assert found == expected


@given(st.text(alphabet="aAbB (),;5-.", max_size=60))
def test_offsets_stay_inside(text: str) -> None:
    for found in short_forms(text):
        for start, end in (found.short, found.long):
            assert 0 <= start < end <= len(text)
