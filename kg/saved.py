"""Saving a graph and opening it again: the two calls most programs need.

>>> import tempfile
>>> from kg.networkx_store import NetworkxStore
>>> from kg.records import Concept, Name
>>> store = NetworkxStore([Concept("DOID:2841", "biolink:Disease", (Name("asthma"),))])
>>> with tempfile.TemporaryDirectory() as folder:
...     save_graph(store, folder)
...     open_graph(folder).concept("DOID:2841").name()
'asthma'
"""

from __future__ import annotations

from pathlib import Path

from kg.snapshot import SnapshotStore
from kg.snapshot_writer import write_snapshot
from kg.store import GraphStore


def save_graph(store: GraphStore, path: str | Path) -> None:
    """Save any store at ``path`` (a folder), replacing a graph saved there: whole or not at all.

    Raises:
        GraphFormatError: where something else is at ``path``.
    """
    write_snapshot(store, path)


def open_graph(path: str | Path, *, verify: bool = False) -> SnapshotStore:
    """Open a saved graph; it is read-only (``NetworkxStore.from_store`` makes a mutable copy).

    Raises:
        GraphFormatError: where there is none, or it is truncated, foreign or of another version;
            with ``verify``, also where any byte was altered.
    """
    return SnapshotStore(path, verify=verify)
