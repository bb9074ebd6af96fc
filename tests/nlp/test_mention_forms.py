"""Other forms of a name: what is tried for a mention that is no name as it stands."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kg.names import normalise
from nlp.mention_forms import Forms

FORMS = Forms.load()


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("renal impairment", "kidney disease"),
        ("hepatic toxicity", "hepatotoxicity"),
        ("decreased renal function", "renal dysfunction"),
        ("loss of visual acuity", "vision disorder"),
        ("prolongation of the QT interval", "qt interval prolongation"),
        ("renal or hepatic toxicity", "hepatotoxicity"),
        ("renal or hepatic toxicity", "nephrotoxicity"),
        ("breast and ovarian cancer", "breast cancer"),
        ("thromboembolic episodes", "thromboembolic"),
    ],
)
def test_a_form_is_tried(text: str, form: str) -> None:
    assert normalise(form) in [found for found, _ in FORMS.of(text)]


def test_a_word_for_trouble_is_no_condition_by_itself() -> None:
    assert FORMS.is_kind("Toxicity")
    assert FORMS.is_kind("disorders")
    assert not FORMS.is_kind("asthma")


@given(st.text(alphabet="ab of/and,-renalfunction", max_size=50))
def test_forms_differ_from_the_mention_and_cost_something(text: str) -> None:
    found = list(FORMS.of(text))
    assert len({form for form, _ in found}) == len(found)
    assert all(form and form != normalise(text) and 0 < cost < 1 for form, cost in found)
