"""Dangerous rows were read twice, and disagreements with other sets were settled."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from loaders.tables import table_rows

CURATION = Path(__file__).parents[2] / "curation"


def read(name: str) -> list[dict[str, str]]:
    with (CURATION / name).open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream, delimiter="\t", quoting=csv.QUOTE_NONE))


def grade(qualifiers: str) -> str:
    pairs = dict(part.partition("=")[::2] for part in qualifiers.split(" ; "))
    graded = pairs.get("severity") or pairs.get("strength", "")
    return " ".join(filter(None, (graded, pairs.get("population", ""))))


def test_every_dangerous_row_was_read_a_second_time() -> None:
    known = {
        (r["subject"], r["predicate"], r["object"], r["grade"]) for r in read("second_reading.tsv")
    }
    columns = ("subject", "predicate", "object", "qualifiers")
    for table in ("facts_contraindications.tsv", "facts_interactions.tsv"):
        for number, (subject, predicate, object_, qualifiers) in table_rows(table, columns):
            key = (subject, predicate, object_, grade(qualifiers))
            assert key in known, f"{table}:{number} was changed and not read again"


def test_every_disagreement_has_a_note() -> None:
    cases = read("settled.tsv")
    assert len(cases) > 200
    for case in cases:
        assert case["note"], case
        assert case["ours"], case
        assert case["theirs"], case


@pytest.mark.parametrize(
    ("one", "other", "least"),
    [
        ("sildenafil", "nitroglycerin", "contraindicated"),
        ("simvastatin", "clarithromycin", "contraindicated"),
        ("phenelzine", "sertraline", "contraindicated"),
        ("methotrexate", "trimethoprim", "major"),
        ("warfarin", "ibuprofen", "major"),
        ("spironolactone", "amiloride", "contraindicated"),
        ("sacubitril/valsartan", "lisinopril", "contraindicated"),
    ],
)
def test_well_known_interactions_are_there(one: str, other: str, least: str) -> None:
    columns = ("subject_name", "object_name", "qualifiers")
    found = {
        frozenset((a, b)): grade(q)
        for _, (a, b, q) in table_rows("facts_interactions.tsv", columns)
    }
    assert found[frozenset((one, other))] == least


@pytest.mark.parametrize(
    ("drug", "condition"),
    [
        ("beta blockers", "asthma"),
        ("non-steroidal anti-inflammatory drugs", "pregnancy"),
        ("non-aspirin NSAIDs", "chronic kidney disease"),
        ("non-aspirin NSAIDs", "myocardial infarction"),
        ("metformin", "severe renal impairment"),
        ("ACE inhibitors", "pregnancy"),
        ("statins", "pregnancy"),
        ("verapamil", "Wolff-Parkinson-White syndrome"),
        ("isotretinoin", "pregnancy"),
    ],
)
def test_well_known_contraindications_are_there(drug: str, condition: str) -> None:
    columns = ("subject_name", "object_name")
    rows = {r for _, r in table_rows("facts_contraindications.tsv", columns)}
    assert (drug, condition) in rows
