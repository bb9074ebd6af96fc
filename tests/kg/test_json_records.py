"""Evidence and definitions as JSON and back."""

from __future__ import annotations

import pytest
from hypothesis import given

from kg.errors import GraphFormatError
from kg.json_records import (
    definition_from_json,
    definition_to_json,
    evidence_from_json,
    evidence_to_json,
)
from kg.records import Definition, Evidence
from tests.strategies import definitions, evidence


@given(evidence)
def test_evidence_round_trip(piece: Evidence) -> None:
    assert evidence_from_json(evidence_to_json(piece)) == piece


@given(definitions)
def test_definition_round_trip(definition: Definition) -> None:
    assert definition_from_json(definition_to_json(definition)) == definition


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        '"text"',
        "{}",
        '{"provenance": 3}',
        '{"provenance": {}}',
        '{"provenance": {"source": []}}',
        '{"provenance": {"source": "x"}}',
        '{"provenance": {"source": "x"}, "record": "1", "colour": "red"}',
        '{"provenance": {"source": "x"}, "record": "1", "kind": "rumour"}',
        '{"provenance": {"source": "x"}, "record": "1", "confidence": 2}',
        '{"provenance": {"source": "x"}, "record": "1", "qualifiers": [["colour", "red"]]}',
        '{"provenance": {"source": "x"}, "record": "1", "qualifiers": 7}',
    ],
)
def test_what_was_not_written_here_is_refused(text: str) -> None:
    with pytest.raises(GraphFormatError):
        evidence_from_json(text)


def test_a_definition_needs_its_text() -> None:
    with pytest.raises(GraphFormatError, match="cannot be read"):
        definition_from_json('{"provenance": {"source": "x"}}')
