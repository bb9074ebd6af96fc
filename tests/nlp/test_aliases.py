"""Short names of a document, by what stands in brackets beside them."""

from __future__ import annotations

import pytest

from nlp.aliases import Aliases


def _aliases(text: str, *names: str, kind: str = "Chemical") -> Aliases:
    spans = [(text.index(name), text.index(name) + len(name), kind) for name in names]
    return Aliases.of(text, spans)


@pytest.mark.parametrize(
    ("text", "long", "short", "sure"),
    [
        ("phenobarbital (PB: 15 mg) was given", "phenobarbital", "PB", True),
        ("rats had isoproterenol (ISPH)-induced damage", "isoproterenol", "ISPH", False),
        ("triamcinolone (T) 80 mg/kg", "triamcinolone", "T", True),
        (
            "We studied AMN082 (dibenzhydrylethane diamine).",
            "dibenzhydrylethane diamine",
            "AMN082",
            False,
        ),
        ("a vitamin D analogue, 22-oxacalcitriol (OCT), is", "22-oxacalcitriol", "OCT", True),
    ],
)
def test_brackets_say_what_a_short_name_stands_for(
    text: str, long: str, short: str, sure: bool
) -> None:
    names = _aliases(text, long, short)
    assert names.long_form(short, "Chemical") == (long, sure)
    assert names.long_form(short, "Disease") == ("", False)


def test_one_of_many_is_explained_by_the_plural() -> None:
    text = "combined oral contraceptives (COCs). COC use was ascertained."
    names = _aliases(text, "combined oral contraceptives", "COCs", "COC")
    assert names.long_form("COC", "Chemical") == ("combined oral contraceptives", True)


def test_a_name_in_brackets_is_no_code() -> None:
    names = _aliases("aspirin (ibuprofen)", "aspirin", "ibuprofen")
    assert names.long_form("ibuprofen", "Chemical") == ("", False)
