"""Concepts and edges as properties of nodes and relationships, and back."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given

from kg.errors import GraphFormatError, InvalidRecordError
from kg.neo4j_properties import (
    MOST_INDEXED,
    concept_from,
    concept_properties,
    edge_from,
    edge_properties,
    name_key,
)
from kg.records import Concept, Edge, Name
from kg.schema import PREDICATES
from tests.strategies import concepts, edges

COLUMNS = ("curie", "category", "names", "name_languages", "name_kinds", "xrefs", "definitions")


def storable(value: Any) -> bool:
    """Neo4j keeps strings, numbers and lists of strings."""
    if isinstance(value, list):
        return all(isinstance(v, str) for v in value)
    return isinstance(value, str | float)


@given(concepts)
def test_concept_round_trip(concept: Concept) -> None:
    properties = concept_properties(concept)
    assert all(map(storable, properties.values()))
    assert concept_from([properties[c] for c in COLUMNS]) == concept


@given(concepts)
def test_an_empty_list_may_have_become_nothing(concept: Concept) -> None:
    properties = concept_properties(concept)
    assert concept_from([properties[c] or None for c in COLUMNS]) == concept


@given(edges)
def test_edge_round_trip(edge: Edge) -> None:
    properties = edge_properties(edge)
    assert all(map(storable, properties.values()))
    assert len(properties["sources"]) == len(properties["licences"]) == len(edge.evidence)
    label = PREDICATES[edge.predicate].label
    columns = [edge.subject, label, edge.object, properties["polarity"], properties["evidence"]]
    assert edge_from(columns) == edge


def test_what_is_indexed_is_short() -> None:
    concept = Concept("X:1", "biolink:Disease", (Name("偏" * 50_000),))
    properties = concept_properties(concept)
    indexed = [properties["name"], *properties["name_keys"]]
    assert all(len(value.encode()) <= MOST_INDEXED for value in indexed)
    assert concept_from([properties[c] for c in COLUMNS]) == concept
    assert name_key("a" * 50_000) != name_key("b" * 50_000)


@pytest.mark.parametrize("field", ["curie", "xrefs"])
def test_an_overlong_curie_is_refused(field: str) -> None:
    long = "X:" + "偏" * 1_000
    curie, xrefs = (long, ()) if field == "curie" else ("X:1", (long,))
    with pytest.raises(InvalidRecordError, match=r"X:偏+… has 1,002 characters"):
        concept_properties(Concept(curie, "biolink:Disease", (Name("x"),), xrefs))


@pytest.mark.parametrize(
    "columns",
    [
        ["X:1", "biolink:Disease", None, None, None, None, None],
        [None, "biolink:Disease", ["x"], ["en"], ["exact"], None, None],
        ["not a curie", "biolink:Disease", ["x"], ["en"], ["exact"], None, None],
        ["X:1", "biolink:Disease", ["x"], ["en"], ["nickname"], None, None],
        ["X:1", "biolink:Disease", ["x", "y"], ["en"], ["exact"], None, None],
    ],
)
def test_a_node_of_other_hands(columns: list[Any]) -> None:
    with pytest.raises(GraphFormatError, match="not written by this project"):
        concept_from(columns)


@pytest.mark.parametrize(
    "columns",
    [
        ["X:1", "NOTE", "X:2", "positive", ["{}"]],
        ["X:1", "TREATS", "X:2", "positive", None],
        ["X:1", "TREATS", "X:2", "perhaps", []],
        ["X:1", "TREATS", "X:2", "positive", []],
        ["X:1", "TREATS", "X:2", "positive", ["{}"]],
        ["X:1", "TREATS", None, "positive", ['{"provenance":{"source":"x"},"record":"1"}']],
    ],
)
def test_a_relationship_of_other_hands(columns: list[Any]) -> None:
    with pytest.raises(GraphFormatError, match=r"not written by this project|provenance"):
        edge_from(columns)
