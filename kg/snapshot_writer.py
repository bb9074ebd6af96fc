"""Writes snapshots: whole or not at all.

The arrays go into a new folder inside the snapshot's, every file is flushed to disk, and only
then the manifest is replaced by an atomic rename. A writer killed at any moment leaves the old
graph, or, where there was none, a folder that says it holds no graph.
"""

from __future__ import annotations

import fcntl
import io
import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from uuid import uuid4

import numpy as np

from kg.errors import GraphFormatError
from kg.records import Concept, Edge
from kg.snapshot_columns import check_columns, columns_of
from kg.snapshot_derive import derive, statistics_of
from kg.snapshot_format import (
    ARRAYS_PREFIX,
    MANIFEST,
    ArrayFile,
    GraphColumns,
    Manifest,
    arrays_of,
)
from kg.store import GraphStore
from kg.strings import Ints

_BLOCK = 1 << 24


def write_snapshot(store: GraphStore, path: str | Path) -> None:
    """Save a store as a snapshot at ``path``, replacing a snapshot that is there.

    Raises:
        GraphFormatError: where ``path`` is a file, or a folder with anything else in it.
    """
    write_graph(store.concepts(), store.edges(), path)


def write_graph(concepts: Iterable[Concept], edges: Iterable[Edge], path: str | Path) -> None:
    """Save a graph given as a store hands it out: concepts by key, edges by triple and polarity.

    Raises:
        GraphFormatError: where ``path`` is a file, or a folder with anything else in it.
        InvalidRecordError: where records are out of order or an edge lacks an end.
    """
    folder = _claimed(Path(path))
    write_columns(columns_of(concepts, edges), folder)


def write_columns(columns: GraphColumns, path: str | Path) -> None:
    """Save a graph given in columns: for graphs too large to be records.

    Raises:
        GraphFormatError: where ``path`` is a file, or a folder with anything else in it.
        InvalidRecordError: where the columns contradict each other.
    """
    folder = _claimed(Path(path))
    check_columns(columns)
    derived = derive(columns)
    folder.mkdir(parents=True, exist_ok=True)
    with _locked(folder):
        arrays = folder / f"{ARRAYS_PREFIX}{uuid4().hex[:12]}"
        arrays.mkdir()
        try:
            files = {
                name: _write_array(arrays / f"{name}.npy", values)
                for part in (columns, derived)
                for name, values in arrays_of(part)
            }
            _flush_folder(arrays)
            _replace_manifest(folder, Manifest(arrays.name, files, statistics_of(columns)))
        except BaseException:
            shutil.rmtree(arrays, ignore_errors=True)
            raise
        _remove_others(folder, arrays.name)


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Hold the folder against a second writer; the lock goes with the process."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _claimed(folder: Path) -> Path:
    """The folder to write to; refused where something else lives there."""
    if folder.is_dir():
        foreign = sorted(
            entry.name
            for entry in folder.iterdir()
            if not entry.name.startswith((ARRAYS_PREFIX, MANIFEST))
        )
        if foreign:
            raise GraphFormatError(
                f"{folder}: a folder with other files ({foreign[0]!r}); choose another path"
            )
    elif folder.exists():
        raise GraphFormatError(f"{folder}: a file is in the way; choose another path")
    return folder


class _Hashed(io.RawIOBase):
    """Passes bytes on to a file and hashes them on the way."""

    def __init__(self, target: io.BufferedWriter) -> None:
        self._target = target
        self.digest = sha256()
        self.size = 0

    def write(self, block: object) -> int:
        view = memoryview(block).cast("B")  # type: ignore[arg-type]
        self._target.write(view)
        self.digest.update(view)
        self.size += len(view)
        return len(view)


def _write_array(path: Path, values: Ints) -> ArrayFile:
    """Write one ``.npy`` file and flush it to disk."""
    flat = np.ascontiguousarray(values)
    with path.open("xb") as handle:
        hashed = _Hashed(handle)
        header = np.lib.format.header_data_from_array_1_0(flat)
        np.lib.format.write_array_header_1_0(hashed, header)
        offset = hashed.size
        if flat.size:
            content = memoryview(flat.reshape(-1).view(np.uint8).data)
            for start in range(0, len(content), _BLOCK):
                hashed.write(content[start : start + _BLOCK])
        handle.flush()
        os.fsync(handle.fileno())
    return ArrayFile(flat.dtype, flat.shape, offset, hashed.size, hashed.digest.hexdigest())


def _replace_manifest(folder: Path, manifest: Manifest) -> None:
    fresh = folder / f"{MANIFEST}.{uuid4().hex[:8]}"
    with fresh.open("x", encoding="utf-8") as handle:
        handle.write(manifest.to_json())
        handle.flush()
        os.fsync(handle.fileno())
    os.replace(fresh, folder / MANIFEST)
    _flush_folder(folder)


def _flush_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _remove_others(folder: Path, kept: str) -> None:
    """Remove what earlier or interrupted writings left."""
    for entry in folder.iterdir():
        if entry.name.startswith(ARRAYS_PREFIX) and entry.name != kept:
            shutil.rmtree(entry, ignore_errors=True)
        elif entry.name.startswith(f"{MANIFEST}."):
            entry.unlink(missing_ok=True)
