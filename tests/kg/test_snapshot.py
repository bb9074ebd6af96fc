"""The saved form: round trips, damage, interrupted writing."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kg.errors import GraphFormatError, InvalidRecordError
from kg.networkx_store import NetworkxStore
from kg.records import (
    NAME_KINDS,
    QUALIFIERS,
    Concept,
    Definition,
    Edge,
    Evidence,
    EvidenceKind,
    Name,
    Polarity,
    Provenance,
    Triple,
)
from kg.saved import open_graph, save_graph
from kg.schema import CLASSES, PREDICATES
from kg.snapshot_columns import columns_of
from kg.snapshot_format import MANIFEST
from kg.snapshot_writer import write_columns, write_graph

TEXT = st.text(min_size=1, max_size=12).filter(lambda t: t == t.strip())
CURIES = st.from_regex(r"[A-Za-z][A-Za-z0-9]{0,3}:[A-Za-z0-9_.é糖]{1,5}", fullmatch=True)
PROVENANCES = st.builds(
    Provenance, TEXT, st.text(max_size=5), TEXT, st.just(""), st.text(max_size=5)
)
QUALIFIER_SETS = st.dictionaries(st.sampled_from(sorted(QUALIFIERS)), TEXT, max_size=2).map(
    lambda found: tuple(found.items())
)
CONFIDENCES = st.floats(0.0, 1.0, exclude_min=True)


@st.composite
def evidence(draw: st.DrawFn) -> Evidence:
    common = {
        "provenance": draw(PROVENANCES),
        "kind": draw(st.sampled_from(EvidenceKind)),
        "confidence": draw(CONFIDENCES),
        "references": tuple(draw(st.lists(TEXT, max_size=2))),
        "qualifiers": draw(QUALIFIER_SETS),
    }
    if draw(st.booleans()):
        return Evidence(record=draw(TEXT), **common)
    sentence = draw(TEXT)
    start = draw(st.integers(0, 10**9))
    return Evidence(
        document=draw(TEXT),
        sentence=sentence,
        start=start,
        end=start + len(sentence),
        extractor=draw(st.text(max_size=4)),
        **common,
    )


@st.composite
def concepts(draw: st.DrawFn) -> Concept:
    return Concept(
        draw(CURIES),
        draw(st.sampled_from(sorted(CLASSES))),
        tuple(
            draw(
                st.lists(
                    st.builds(
                        Name, TEXT, st.sampled_from(["en", "zh"]), st.sampled_from(NAME_KINDS)
                    ),
                    min_size=1,
                    max_size=4,
                )
            )
        ),
        tuple(draw(st.lists(CURIES, max_size=2))),
        tuple(draw(st.lists(st.builds(Definition, TEXT, PROVENANCES), max_size=2))),
    )


@st.composite
def stores(draw: st.DrawFn) -> NetworkxStore:
    built = NetworkxStore(draw(st.lists(concepts(), min_size=1, max_size=6)))
    keys = st.sampled_from([c.curie for c in built.concepts()])
    triples = st.builds(Triple, keys, st.sampled_from(sorted(PREDICATES)), keys)
    some = st.lists(evidence(), min_size=1, max_size=3).map(tuple)
    built.add_edges(
        draw(st.lists(st.builds(Edge, triples, some, st.sampled_from(Polarity)), max_size=12))
    )
    return built


@settings(deadline=None)
@given(built=stores())
def test_round_trip(built: NetworkxStore, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("round-trip")
    save_graph(built, path)
    saved = open_graph(path, verify=True)
    assert list(saved.concepts()) == list(built.concepts())
    assert list(saved.edges()) == list(built.edges())
    assert saved.statistics() == built.statistics()
    copy = NetworkxStore.from_store(saved)
    assert list(copy.concepts()) == list(built.concepts())
    assert list(copy.edges()) == list(built.edges())
    for concept in built.concepts():
        for name in concept.names:
            assert saved.find(name.text) == built.find(name.text)


def test_equal_graphs_have_equal_fingerprints(clinic: NetworkxStore, tmp_path: Path) -> None:
    save_graph(clinic, tmp_path / "one")
    save_graph(NetworkxStore.from_store(clinic), tmp_path / "two")
    one, two = open_graph(tmp_path / "one"), open_graph(tmp_path / "two")
    assert one.fingerprint == two.fingerprint
    clinic.remove_source("papers")
    save_graph(clinic, tmp_path / "two")
    assert open_graph(tmp_path / "two").fingerprint != one.fingerprint


def test_an_open_graph_survives_being_replaced(clinic: NetworkxStore, tmp_path: Path) -> None:
    save_graph(clinic, tmp_path)
    before = open_graph(tmp_path)
    save_graph(NetworkxStore(), tmp_path)
    assert list(before.edges()) == list(clinic.edges())
    assert list(open_graph(tmp_path).edges()) == []
    assert len(list(tmp_path.iterdir())) == 2, "nothing of the old graph is left on disk"


def test_a_snapshot_cannot_be_written_to(clinic: NetworkxStore, tmp_path: Path) -> None:
    save_graph(clinic, tmp_path)
    column = open_graph(tmp_path)._columns.confidence
    with pytest.raises(ValueError, match="read-only"):
        column[0] = 0.1


# -- damage ----------------------------------------------------------------------------------


def files_of(path: Path) -> list[Path]:
    return sorted(p for p in path.rglob("*") if p.is_file())


def test_a_truncated_file_is_an_error(clinic: NetworkxStore, tmp_path: Path) -> None:
    save_graph(clinic, tmp_path)
    for file in files_of(tmp_path):
        whole = file.read_bytes()
        for left in (0, len(whole) // 2, len(whole) - 1):
            file.write_bytes(whole[:left])
            with pytest.raises(GraphFormatError, match=file.name):
                open_graph(tmp_path)
        file.unlink()
        with pytest.raises(GraphFormatError, match=file.name):
            open_graph(tmp_path)
        file.write_bytes(whole)
    assert list(open_graph(tmp_path, verify=True).edges()) == list(clinic.edges())


def test_an_altered_file_is_found(clinic: NetworkxStore, tmp_path: Path) -> None:
    save_graph(clinic, tmp_path)
    chance = random.Random(5)
    for file in files_of(tmp_path):
        whole = file.read_bytes()
        at = chance.randrange(len(whole))
        file.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        with pytest.raises(GraphFormatError, match=file.name):
            open_graph(tmp_path, verify=True)
        file.write_bytes(whole)


def test_foreign_things_are_errors(clinic: NetworkxStore, tmp_path: Path) -> None:
    with pytest.raises(GraphFormatError, match="no saved graph here"):
        open_graph(tmp_path / "nowhere")
    with pytest.raises(GraphFormatError, match="no saved graph here"):
        open_graph(tmp_path)
    plain = tmp_path / "plain.txt"
    plain.write_text("a", encoding="utf-8")
    with pytest.raises(GraphFormatError, match="not a saved graph"):
        open_graph(plain)
    with pytest.raises(GraphFormatError, match="a file is in the way"):
        save_graph(clinic, plain)
    with pytest.raises(GraphFormatError, match=r"other files \('plain.txt'\)"):
        save_graph(clinic, tmp_path)
    assert plain.read_text(encoding="utf-8") == "a"
    for content in ("[]", "{}", '{"format": "other"}'):
        (tmp_path / MANIFEST).write_text(content, encoding="utf-8")
        with pytest.raises(GraphFormatError, match="not the manifest"):
            open_graph(tmp_path)


def test_another_version_is_an_error(clinic: NetworkxStore, tmp_path: Path) -> None:
    save_graph(clinic, tmp_path)
    manifest = json.loads((tmp_path / MANIFEST).read_text(encoding="utf-8"))
    manifest["version"] = 99
    (tmp_path / MANIFEST).write_text(json.dumps(manifest), encoding="utf-8")
    with pytest.raises(GraphFormatError, match=r"format version 99, this program reads 1"):
        open_graph(tmp_path)


def test_columns_that_contradict_each_other_are_refused(
    clinic: NetworkxStore, tmp_path: Path
) -> None:
    concepts_, edges = list(clinic.concepts()), list(clinic.edges())
    with pytest.raises(InvalidRecordError, match="sort them by CURIE"):
        write_graph(reversed(concepts_), edges, tmp_path)
    with pytest.raises(InvalidRecordError, match="out of order"):
        write_graph(concepts_, reversed(edges), tmp_path)
    with pytest.raises(InvalidRecordError, match="no concept"):
        write_graph(concepts_[2:], edges, tmp_path)
    columns = columns_of(concepts_, edges)
    columns.edges["object"][0] = 1_000
    with pytest.raises(InvalidRecordError, match="column object: outside the 9 concepts"):
        write_columns(columns, tmp_path)
    assert not list(tmp_path.iterdir())


# -- interrupted writing ---------------------------------------------------------------------

WRITER = """
import os, sys
from kg.records import Concept, Name
from kg.networkx_store import NetworkxStore
from kg.saved import save_graph
os.fsync = lambda descriptor: None  # a killed process needs none, and there are more moments
small = NetworkxStore([Concept("A:1", "biolink:Disease", (Name("one"),))])
large = NetworkxStore(
    Concept(f"A:{i}", "biolink:Disease", (Name(f"name {i}"),)) for i in range(300))
print("ready", flush=True)
while True:
    for store in (small, large):
        save_graph(store, sys.argv[1])
"""


def kill_a_writer(path: Path, delay: float) -> None:
    """Start a process that saves two graphs in turn, and kill it after a while."""
    with subprocess.Popen(
        [sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE, cwd=Path.cwd()
    ) as writer:
        assert writer.stdout is not None
        assert writer.stdout.readline() == b"ready\n"
        time.sleep(delay)
        writer.send_signal(signal.SIGKILL)


@pytest.mark.slow
def test_a_killed_writer_leaves_the_old_graph_or_the_new(tmp_path: Path) -> None:
    chance = random.Random(11)
    opened = set()
    for moment in range(20):
        path = tmp_path / str(moment % 4)  # some paths hold a graph already, some do not
        kill_a_writer(path, chance.uniform(0.0, 0.2))
        if not (path / MANIFEST).exists():
            with pytest.raises(GraphFormatError, match="no saved graph here"):
                open_graph(path)
            continue
        graph = open_graph(path, verify=True)
        opened.add(len(graph))
        assert len(graph) in (1, 300)
        assert graph.find("name 7" if len(graph) == 300 else "one")
    assert opened
    save_graph(NetworkxStore(), tmp_path / "0")
    assert len(os.listdir(tmp_path / "0")) == 2, "what killed writers left is cleared away"


def test_a_failed_writing_leaves_the_old_graph(
    clinic: NetworkxStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_graph(clinic, tmp_path)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        save_graph(NetworkxStore(), tmp_path)
    assert list(open_graph(tmp_path, verify=True).edges()) == list(clinic.edges())
    assert len(list(tmp_path.iterdir())) == 2


def test_numbers_of_edges_keep_their_width(clinic: NetworkxStore, tmp_path: Path) -> None:
    save_graph(clinic, tmp_path)
    columns = open_graph(tmp_path)._columns
    assert columns.confidence.dtype == np.float64
    assert columns.evidence.itemsize == 64
