"""Edges of a snapshot are edges like any other, though their evidence is read late."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Sequence
from dataclasses import FrozenInstanceError, astuple, replace
from pathlib import Path

import pytest

from kg.networkx_store import NetworkxStore
from kg.records import Edge, Evidence
from kg.saved import open_graph, save_graph
from kg.snapshot import SnapshotStore
from kg.snapshot_edges import TOGETHER, EdgeBatch, StoredEdge, stored_edges
from kg.store import GraphStore


@pytest.fixture
def saved(tangle: NetworkxStore, tmp_path: Path) -> SnapshotStore:
    save_graph(tangle, tmp_path / "graph")
    return open_graph(tmp_path / "graph")


def handed_out(store: GraphStore) -> list[Edge]:
    """Every edge, as neighbours hands it out."""
    found = [edge for concept in store.concepts() for edge in store.neighbours(concept.curie)]
    return sorted({e.key: e for e in found}.values(), key=lambda e: e.key)


def test_they_equal_whole_edges_both_ways(saved: SnapshotStore, tangle: NetworkxStore) -> None:
    late, whole = handed_out(saved), list(tangle.edges())
    assert all(type(edge) is StoredEdge for edge in late)
    assert all(type(edge) is Edge for edge in saved.edges()), "a whole graph is read at once"
    assert late == whole
    assert whole == late
    assert [hash(e) for e in late] == [hash(e) for e in whole]
    assert [repr(e) for e in late] == [repr(e) for e in whole]
    assert [astuple(e) for e in late] == [astuple(e) for e in whole]
    assert len({*late, *whole}) == len(whole)
    assert late[0] != whole[1]
    assert late[0] != "edge"


def test_they_say_the_same(saved: SnapshotStore, tangle: NetworkxStore) -> None:
    for late, whole in zip(handed_out(saved), tangle.edges(), strict=True):
        assert late.confidence == whole.confidence
        assert late.sources == whole.sources
        assert late.qualifiers == whole.qualifiers
        assert isinstance(late, Edge)


def test_they_copy_and_pickle_to_plain_edges(saved: SnapshotStore) -> None:
    for edge in handed_out(saved):
        for again in (copy.copy(edge), copy.deepcopy(edge), pickle.loads(pickle.dumps(edge))):  # noqa: S301
            assert type(again) is Edge
            assert again == edge
        fewer = replace(edge, evidence=edge.evidence[:1])
        assert type(fewer) is Edge
        assert fewer.evidence == edge.evidence[:1]
        assert edge.merged(fewer) == edge


def test_they_are_frozen(saved: SnapshotStore) -> None:
    edge = handed_out(saved)[0]
    with pytest.raises((FrozenInstanceError, AttributeError, TypeError)):
        edge.evidence = ()  # type: ignore[misc]


class Counting:
    """Counts how often evidence is read."""

    def __init__(self) -> None:
        self.asked: list[int] = []

    def evidence_of(self, numbers: Sequence[int]) -> list[tuple[Evidence, ...]]:
        self.asked.append(len(numbers))
        return [() for _ in numbers]

    def confidences_of(self, numbers: Sequence[int]) -> list[float]:
        return [number / 1000 for number in numbers]

    def sources_of(self, numbers: Sequence[int]) -> list[tuple[str, ...]]:
        return [(str(number),) for number in numbers]


def test_evidence_is_read_once_and_not_before(tangle: NetworkxStore) -> None:
    one = next(iter(tangle.edges()))
    reader, count = Counting(), 2 * TOGETHER + 7
    numbers = list(range(count))
    edges = stored_edges(reader, numbers, [one.triple] * count, [one.polarity] * count)
    assert [edge.confidence for edge in edges] == [n / 1000 for n in numbers]
    assert [edge.sources for edge in edges] == [(str(n),) for n in numbers]
    assert reader.asked == []
    assert edges[0].evidence == edges[-1].evidence == ()
    assert reader.asked == [TOGETHER, 7]
    assert EdgeBatch(reader, []).confidences == []
