"""The queries of ``docs/sparql.md`` run, and find what a question of that type finds."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from kg.networkx_store import NetworkxStore
from kg.rdf import to_rdf
from kg.rdf_statements import iri_to_curie
from reasoning.plan import Intent

pytest.importorskip("rdflib")

PAGE = (Path(__file__).parents[3] / "docs" / "sparql.md").read_text(encoding="utf-8")
EXAMPLES = dict(re.findall(r"```sparql (\w+)\n(.*?)```", PAGE, re.DOTALL))
PREFIXES = EXAMPLES.pop("prefixes")

#: What some of them have to find; ``T:`` is left out.
FOUND = {
    "symptoms": {"headache", "photophobia", "nausea"},
    "contraindications": {"asthma"},
    "interactions": {"nsaids", "grapefruit", "clopidogrel"},
    "diseases_with_findings": {"measles"},
    "shared": {"fever"},
    "similar": {"loeys-dietz"},
    "class_members": {"propranolol", "metoprolol"},
    "genes": {"FBN1", "TGFBR2"},
}


@pytest.fixture(scope="module")
def graph(medicine: NetworkxStore) -> Any:
    return to_rdf(medicine)


def test_every_type_of_question_has_an_example() -> None:
    assert {i.value for i in Intent} <= EXAMPLES.keys()


@pytest.mark.parametrize("name", EXAMPLES)
def test_it_finds_something(graph: Any, name: str) -> None:
    result = graph.query(PREFIXES + EXAMPLES[name])
    if result.type == "ASK":
        assert bool(result) is True
        return
    rows = list(result)
    assert rows
    assert all(value is not None for row in rows for value in row)
    if name in FOUND:
        assert {iri_to_curie(str(row[0])) for row in rows} == {f"T:{x}" for x in FOUND[name]}


def test_a_check_shows_both_sides(graph: Any) -> None:
    rows = graph.query(PREFIXES + EXAMPLES["check"])
    assert {str(row.negated) for row in rows} == {"true", "false"}
