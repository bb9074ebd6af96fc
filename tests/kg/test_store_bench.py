"""The store benchmark measures what it says, on a small graph."""

from __future__ import annotations

import json
from dataclasses import astuple
from pathlib import Path

import numpy as np
import pytest

from bench.graphs import Size, synthetic_columns
from bench.plain_networkx import PLAIN_QUERIES, plain_graph
from bench.store_queries import QUERIES, Draw, ExactPageRank, brief, draws, pagerank_overlap
from bench.store_tables import main as tables
from bench.stores import aims, measure_store
from kg.networkx_store import NetworkxStore
from kg.saved import open_graph
from kg.snapshot import SnapshotStore
from kg.snapshot_writer import write_columns


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> SnapshotStore:
    path = tmp_path_factory.mktemp("bench") / "small"
    write_columns(synthetic_columns(Size(600, 6_000)), path)
    return open_graph(path, verify=True)


def test_the_synthetic_graph_is_as_large_as_asked(small: SnapshotStore) -> None:
    counted = small.statistics()
    assert counted.concepts == 600
    assert counted.edges == pytest.approx(6_000, rel=0.2)
    degrees = np.zeros(600)
    for name in ("subject", "object"):
        degrees += np.bincount(small.columns.edges[name], minlength=600)
    assert degrees.max() > 3 * np.median(degrees), "degrees are uneven"


def test_the_synthetic_graph_keeps_the_schema(small: SnapshotStore) -> None:
    copy = NetworkxStore(small.concepts())
    assert copy.add_edges(small.edges()).total == 0
    assert list(copy.edges()) == list(small.edges())


@pytest.fixture(scope="module")
def starts(small: SnapshotStore) -> list[Draw]:
    return draws(small, 30)


def test_draws_lead_somewhere(small: SnapshotStore, starts: list[Draw]) -> None:
    assert draws(small, 30) == starts
    for start in starts:
        assert QUERIES["1 hop, 10 edges"](small, start)
    assert sum(bool(QUERIES["2-hop paths, 10"](small, s)) for s in starts) > 20


@pytest.mark.parametrize("title", QUERIES)
def test_both_stores_answer_alike(small: SnapshotStore, starts: list[Draw], title: str) -> None:
    copy = NetworkxStore.from_store(small)
    for start in starts[:5]:
        answers = [brief(QUERIES[title](store, start)) for store in (small, copy)]
        assert answers[0] == answers[1]


def test_our_pagerank_is_the_exact_one(small: SnapshotStore, starts: list[Draw]) -> None:
    assert pagerank_overlap(small, starts[:5]) == 1.0
    exact = ExactPageRank(small).scores(starts[0].curie)
    for curie, score in small.pagerank([starts[0].curie]):
        assert score == pytest.approx(exact[curie], abs=1e-10)


def test_a_store_is_measured(
    small: SnapshotStore,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    figures = measure_store("snapshot", small.path, 20, 5.0)
    assert figures["1 hop, 10 edges"]["queries"] == 20
    assert figures["1 hop, 10 edges"]["p50"] > 0
    other = measure_store("networkx", small.path, 20, 5.0)
    for title in QUERIES:
        assert figures[title]["answers"] == other[title]["answers"]
    plain = measure_store("plain", small.path, 20, 5.0)
    checked = aims({"small": {"snapshot": figures, "networkx": other, "plain": plain}})
    assert {title.split(":")[0] for title, _, _, _ in checked} == {"small"}
    assert len(checked) == 14
    written = {"nodes": 600, "edges": 6_000, "make_s": 1.0, "build_s": 1.5, "build_cpu_s": 1.25}
    for name, part in (
        ("one", {"snapshot": figures, "plain": plain}),
        ("two", {"networkx": other}),
    ):
        content = {"small": written, "stores": {"small": part}}
        (tmp_path / name).write_text(json.dumps(content), "utf-8")
    monkeypatch.setattr(
        "sys.argv", ["store_tables.py", *(str(tmp_path / n) for n in ("one", "two"))]
    )
    assert tables() == 0
    shown = capsys.readouterr().out
    assert "| processor, ms | snapshot | in-memory store | bare networkx |" in shown
    assert "| build, s | 1.5 |" in shown
    assert shown.count("| 1 hop, 10 edges |") == 3


def test_a_bare_graph_gives_the_same_edges(small: SnapshotStore, starts: list[Draw]) -> None:
    bare = plain_graph(small.columns)
    assert bare.number_of_edges() == small.statistics().edges
    for start in starts:
        hop = QUERIES["1 hop, 10 edges"](small, start)
        found = PLAIN_QUERIES["1 hop, 10 edges"](bare, start)
        assert [(-e.confidence, *astuple(e.triple), e.polarity) for e in hop] == found
        ours = QUERIES["subgraph as networkx"](small, start)
        by_hand = PLAIN_QUERIES["2-hop subgraph, 200"](bare, start)
        assert set(by_hand.edges(keys=True)) == set(ours.edges(keys=True))
        assert PLAIN_QUERIES["ego_graph, cut to 200"](bare, start).number_of_edges() <= 200


def test_what_does_not_fit_is_left_out(
    small: SnapshotStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bench.stores.free_memory", lambda: 1_000)
    reason = measure_store("networkx", Path(small.path), 5, 1.0)["left_out"]
    assert "need" in reason
    assert "are free" in reason
