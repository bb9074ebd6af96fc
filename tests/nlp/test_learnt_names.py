"""What is learnt of names: found as a plain search finds it, kept in a file, never a wrong one."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kg.networkx_store import NetworkxStore
from kg.saved import open_graph, save_graph
from kg.snapshot import SnapshotStore
from nlp import learnt_names
from nlp.bulk_linker import BulkLinker, open_linker
from nlp.learnt_names import LearntNames, UnreadableNamesError, learnt_key
from nlp.name_trie import NameTrie

TEXTS = (
    "Ibuprofen-induced ASTHMA (COPD). 患者有2型糖尿病和偏頭痛，服用二甲双胍。Type II diabetes",
    "Mutations in the WAS gene; MS or T2DM. Today, Inderal for migraine headaches.",
    "IT WAS NOT BRCA1 BUT ASTHMA, MARFAN SYNDROME AND ALZHEIMER’S DISEASE",
)
NUMBER = st.integers(0, 4)


@given(
    sequences=st.sets(st.lists(NUMBER, min_size=1, max_size=5).map(tuple), max_size=20),
    text=st.lists(st.integers(-1, 4), max_size=25),
)
def test_a_trie_finds_what_comparing_finds(
    sequences: set[tuple[int, ...]], text: Sequence[int]
) -> None:
    listed = list(sequences)
    trie = NameTrie.of(listed, vocabulary=5)
    expected = [
        (start, start + len(sequence), number)
        for start in range(len(text))
        for number, sequence in enumerate(listed)
        if tuple(text[start : start + len(sequence)]) == sequence
    ]
    assert trie.find(text) == sorted(expected)


def test_arrays_that_are_no_trie_are_refused() -> None:
    trie = NameTrie.of([(0, 1), (1,)], vocabulary=2)
    with pytest.raises(ValueError, match="no trie"):
        NameTrie(trie.tokens, trie.first[:-1], trie.ends, vocabulary=2)
    with pytest.raises(ValueError, match="no trie"):
        NameTrie(trie.tokens, trie.first, trie.ends, vocabulary=1)
    round_and_round = trie.first.copy()
    round_and_round[1] = 1
    with pytest.raises(ValueError, match="no trie"):
        NameTrie(trie.tokens, round_and_round, trie.ends, vocabulary=2)


@pytest.fixture
def saved(named_store: NetworkxStore, tmp_path: Path) -> SnapshotStore:
    save_graph(named_store, tmp_path / "graph")
    return open_graph(tmp_path / "graph")


def test_a_kept_linker_links_as_the_learnt_one(
    saved: SnapshotStore, bulk_linker: BulkLinker, tmp_path: Path
) -> None:
    first = open_linker(saved, tmp_path / "kept")
    (path,) = (tmp_path / "kept").iterdir()
    written = path.read_bytes()
    second = open_linker(saved, tmp_path / "kept")
    assert path.read_bytes() == written
    assert len(first) == len(second) == len(bulk_linker)
    for text in TEXTS:
        assert first.link(text) == second.link(text) == bulk_linker.link(text)


def test_a_kept_linker_is_not_learnt_again(
    saved: SnapshotStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_linker(saved, tmp_path)
    monkeypatch.setattr(SnapshotStore, "concepts", None)
    assert [m.concept for m in open_linker(saved, tmp_path).link("asthma")] == ["EX:asthma"]


@pytest.mark.parametrize(
    "damage", ["truncated", "altered", "foreign", "array", "empty", "another graph"]
)
def test_a_damaged_file_is_told_and_learnt_again(
    damage: str, saved: SnapshotStore, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = tmp_path / "kept"
    learnt = open_linker(saved, folder).learnt
    (path,) = folder.iterdir()
    good = path.read_bytes()
    if damage == "another graph":
        learnt.save(path, learnt_key("another"))
    else:
        half = len(good) // 2
        path.write_bytes(
            {
                "truncated": good[:half],
                "altered": good[:half] + bytes([good[half] ^ 255]) + good[half + 1 :],
                "foreign": b"PK, but no archive of ours",
                "array": _array(),
                "empty": b"",
            }[damage]
        )
    with caplog.at_level(logging.WARNING):
        linker = open_linker(saved, folder)
    assert str(path) in caplog.text
    assert "learnt again" in caplog.text
    assert [m.concept for m in linker.link("asthma")] == ["EX:asthma"]
    assert len(LearntNames.load(path, learnt_key(saved.fingerprint))) == len(learnt)


def _array() -> bytes:
    """One array, as numpy writes it outside archives."""
    stream = BytesIO()
    np.save(stream, np.arange(3))
    return stream.getvalue()


def test_pickled_objects_are_never_read(tmp_path: Path) -> None:
    path = tmp_path / "names.npz"
    np.savez(path, key=np.array([{"a": 1}], dtype=object))
    with pytest.raises(UnreadableNamesError, match=r"names\.npz"):
        LearntNames.load(path, "key")


def test_arrays_that_do_not_fit_are_refused(bulk_linker: BulkLinker, tmp_path: Path) -> None:
    path = tmp_path / "names.npz"
    bulk_linker.learnt.save(path, "key")
    with np.load(path) as archive:
        arrays = {name: archive[name] for name in archive.files}
    arrays["plain_concepts"] = arrays["plain_concepts"] + 1000
    np.savez(path, **arrays)
    with pytest.raises(UnreadableNamesError, match="do not fit"):
        LearntNames.load(path, "key")


def test_other_code_and_other_graphs_have_another_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = learnt_key("a")
    assert one == learnt_key("a") != learnt_key("b")
    monkeypatch.setattr(learnt_names, "_DECIDING", {"nlp": ("lexicon.py",)})
    assert learnt_key("a") != one


def test_where_nothing_can_be_kept_a_warning_says_so(
    saved: SnapshotStore, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("in the way")
    with caplog.at_level(logging.WARNING):
        linker = open_linker(saved, tmp_path / "file" / "kept")
    assert "cannot be kept" in caplog.text
    assert len(linker)


def test_old_files_go(saved: SnapshotStore, tmp_path: Path) -> None:
    folder = tmp_path / "kept"
    folder.mkdir()
    for number in range(20):
        (folder / f"names-{number}.npz").write_bytes(b"")
    open_linker(saved, folder)
    assert len(list(folder.iterdir())) == 16
    assert (folder / f"names-{learnt_key(saved.fingerprint)}.npz").stat().st_size
