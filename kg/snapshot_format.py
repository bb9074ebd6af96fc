"""How a snapshot lies on disk.

A snapshot is a folder: ``manifest.json`` and one folder ``arrays-…`` of numpy ``.npy`` files
(https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html). The manifest names the
format and its version, the arrays folder in force, and of every file its type, shape, size and
SHA-256; it carries a digest of itself. Only replacing the manifest changes what the folder holds,
and that is one atomic rename: a reader sees the old graph or the new one, never a mixture.

Strings are columns: one array of UTF-8 bytes and one of offsets. Edges and evidence are tables of
fixed-width rows with named columns (:data:`EDGE_ROW`, :data:`EVIDENCE_ROW`). Concepts are numbered
in the order of their CURIEs, edges in the order of (subject, predicate, object, polarity), so that
the order of numbers is the order of records.
"""

from __future__ import annotations

import json
import mmap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from hashlib import sha256
from pathlib import Path
from typing import Any, Self

import numpy as np

from kg.errors import GraphFormatError
from kg.strings import Ints, Strings, Text

FORMAT = "medkgqa-snapshot"
VERSION = 1
MANIFEST = "manifest.json"
ARRAYS_PREFIX = "arrays-"

#: One row an edge, so that reading an edge touches one place on disk.
EDGE_ROW = np.dtype(
    [
        ("subject", "<i4"),
        ("object", "<i4"),
        ("evidence", "<i8"),  # its first row of evidence
        ("pieces", "<u4"),  # how many rows
        ("predicate", "<u2"),
        ("polarity", "<u2"),  # 0 negative, 1 positive
    ]
)
#: One row a piece of evidence: 64 bytes, a cache line.
EVIDENCE_ROW = np.dtype(
    [
        ("provenance", "<u4"),
        ("kind", "<u4"),  # position in EvidenceKind
        ("record", "<i8"),  # where its record begins in ``records``
        ("record_size", "<u4"),  # bytes
        ("document", "<u4"),
        ("sentence", "<u4"),
        ("references", "<u4"),
        ("start", "<i8"),
        ("end", "<i8"),
        ("confidence", "<f8"),
        ("qualifiers", "<u4"),
        ("extractor", "<u4"),
    ]
)

_BUILD_AGAIN = "build or save the graph again"


@dataclass(frozen=True, slots=True)
class GraphColumns:
    """A graph in columns: what is stored. ``c``, ``e`` and ``v`` count concepts, edges, evidence.

    ``…_starts`` arrays are ``int64 [n + 1]``: where the rows of each owner begin. Tables hold
    each distinct value once, those of tuples and records as JSON; row 0 of ``documents``,
    ``sentences`` and ``extractors`` is ``""``, of ``references`` and ``qualifiers`` ``[]``.
    """

    categories: Strings  # tables
    predicates: Strings  # sorted
    languages: Strings
    provenances: Strings
    documents: Strings
    sentences: Strings
    extractors: Strings
    references: Strings
    qualifiers: Strings

    curies: Strings  # [c], sorted
    category: Ints  # uint16 [c]
    name_starts: Ints
    names: Strings
    name_language: Ints  # uint16
    name_kind: Ints  # uint8, position in NAME_KINDS
    xref_starts: Ints
    xrefs: Strings
    definition_starts: Ints
    definitions: Strings
    definition_provenance: Ints  # uint32
    definition_language: Ints  # uint16
    definition_records: Strings
    definition_references: Ints  # uint32

    edges: Ints  # EDGE_ROW [e]
    confidence: Ints  # float64 [e]
    evidence: Ints  # EVIDENCE_ROW [v], edge by edge
    records: Text


@dataclass(frozen=True, slots=True)
class DerivedColumns:
    """What is computed from :class:`GraphColumns` when a snapshot is written.

    A *rank* is the place of an edge among all edges, strongest first; ``edge_at`` turns it into
    the edge's number. A *group* is the edges of one concept, predicate and
    polarity in one direction; its kind is twice the predicate's code plus the polarity.
    ``…_lexical`` holds edge numbers by other end, ``…_other`` those other ends, and
    ``…_ranks`` the same edges' ranks, rising. Symmetric edges stand in both directions at both
    ends. ``both_…`` holds every edge at a concept once, strongest first, with the concept at its
    other end.
    """

    curie_hashes: Ints
    curie_rows: Ints
    xref_hashes: Ints
    xref_rows: Ints

    normals: Strings
    name_concepts: Ints
    name_hashes: Ints
    name_rows: Ints
    trigram_keys: Ints
    trigram_starts: Ints
    trigram_postings: Ints
    trigram_sizes: Ints

    subject_starts: Ints  # int64 [c + 1]: edges by subject
    edge_at: Ints  # uint32 [e]
    out_group_starts: Ints  # int64 [c + 1]
    out_group_kind: Ints  # uint32 [groups]
    out_group_bounds: Ints  # int64 [groups + 1]
    out_lexical: Ints
    out_other: Ints  # int32
    out_ranks: Ints
    in_group_starts: Ints
    in_group_kind: Ints
    in_group_bounds: Ints
    in_lexical: Ints
    in_other: Ints
    in_ranks: Ints
    both_starts: Ints  # int64 [c + 1]
    both_ranks: Ints
    both_other: Ints  # int32


def arrays_of(columns: GraphColumns | DerivedColumns) -> Iterator[tuple[str, Ints]]:
    """The arrays of some columns by file name, without ``.npy``."""
    for field in fields(columns):
        value = getattr(columns, field.name)
        if isinstance(value, Strings):
            yield f"{field.name}.text", np.frombuffer(value.blob, dtype=np.uint8)
            yield f"{field.name}.offsets", value.offsets
        elif isinstance(value, Text):
            yield f"{field.name}.text", np.frombuffer(value.blob, dtype=np.uint8)
        else:
            yield field.name, value


def _dtype_to_json(dtype: np.dtype[Any]) -> str | list[list[str]]:
    """``"<f8"``, or the columns of a row: ``[["subject", "<i4"], …]``."""
    return dtype.str if dtype.names is None else [[n, dtype[n].str] for n in dtype.names]


def _dtype_from_json(written: str | list[list[str]]) -> np.dtype[Any]:
    if isinstance(written, str):
        return np.dtype(written)
    return np.dtype([(name, kind) for name, kind in written])


@dataclass(frozen=True, slots=True)
class ArrayFile:
    """What the manifest says of one file: ``offset`` is where the array's bytes begin."""

    dtype: np.dtype[Any]
    shape: tuple[int, ...]
    offset: int
    size: int
    sha256: str

    @classmethod
    def from_json(cls, fields_: Mapping[str, Any]) -> Self:
        """From the manifest's object for the file."""
        return cls(
            _dtype_from_json(fields_["dtype"]),
            tuple(int(n) for n in fields_["shape"]),
            int(fields_["offset"]),
            int(fields_["size"]),
            str(fields_["sha256"]),
        )


@dataclass(frozen=True, slots=True)
class Manifest:
    """The manifest of a snapshot."""

    arrays: str  # name of the arrays folder
    files: Mapping[str, ArrayFile]
    statistics: Mapping[str, Any]

    @property
    def fingerprint(self) -> str:
        """The same for files with the same content, whenever and wherever they were written."""
        parts = "".join(f"{name} {file.sha256}\n" for name, file in sorted(self.files.items()))
        return sha256(parts.encode()).hexdigest()[:32]

    def to_json(self) -> str:
        """The text of ``manifest.json``."""
        content: dict[str, Any] = {
            "format": FORMAT,
            "version": VERSION,
            "fingerprint": self.fingerprint,
            "arrays": self.arrays,
            "statistics": dict(self.statistics),
            "files": {
                name: {
                    "dtype": _dtype_to_json(file.dtype),
                    "shape": list(file.shape),
                    "offset": file.offset,
                    "size": file.size,
                    "sha256": file.sha256,
                }
                for name, file in self.files.items()
            },
        }
        content["digest"] = _digest(content)
        return json.dumps(content, indent=1)


def _digest(content: Mapping[str, Any]) -> str:
    return sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def read_manifest(folder: Path) -> Manifest:
    """The manifest of the snapshot in ``folder``.

    Raises:
        GraphFormatError: where there is none, or it is foreign, altered or of another version.
    """
    path = folder / MANIFEST
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise GraphFormatError(
            f"{folder}: no saved graph here ({MANIFEST} is missing; perhaps its writing was "
            f"interrupted); {_BUILD_AGAIN}"
        ) from None
    except (NotADirectoryError, UnicodeDecodeError):
        raise GraphFormatError(
            f"{folder}: not a saved graph, which is a folder with a {MANIFEST}; "
            "give the folder that was written"
        ) from None
    try:
        content = json.loads(text)
    except ValueError as error:
        raise GraphFormatError(f"{path}: truncated or altered ({error}); {_BUILD_AGAIN}") from None
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise GraphFormatError(f"{path}: not the manifest of a {FORMAT}; give a saved graph")
    if content.get("version") != VERSION:
        raise GraphFormatError(
            f"{path}: format version {content.get('version')!r}, this program reads {VERSION}; "
            f"{_BUILD_AGAIN} with this version"
        )
    stated = content.pop("digest", None)
    if stated != _digest(content):
        raise GraphFormatError(f"{path}: altered (its digest differs); {_BUILD_AGAIN}")
    return Manifest(
        content["arrays"],
        {name: ArrayFile.from_json(file) for name, file in content["files"].items()},
        content["statistics"],
    )


def _mapped(path: Path, file: ArrayFile) -> mmap.mmap:
    try:
        with path.open("rb") as handle:
            mapped = mmap.mmap(handle.fileno(), 0, access=mmap.ACCESS_READ)
    except FileNotFoundError:
        raise GraphFormatError(f"{path}: missing; {_BUILD_AGAIN}") from None
    except ValueError:  # an empty file cannot be mapped
        raise GraphFormatError(
            f"{path}: empty, {file.size} bytes expected; {_BUILD_AGAIN}"
        ) from None
    if len(mapped) != file.size:
        raise GraphFormatError(
            f"{path}: {len(mapped)} bytes where {file.size} were written; {_BUILD_AGAIN}"
        )
    return mapped


def _array(mapped: mmap.mmap, file: ArrayFile) -> Ints:
    count = int(np.prod(file.shape))
    if not count:
        return np.empty(file.shape, dtype=file.dtype)
    return np.frombuffer(mapped, dtype=file.dtype, count=count, offset=file.offset)


def open_columns(folder: Path, manifest: Manifest) -> tuple[GraphColumns, DerivedColumns]:
    """Map the arrays of a snapshot into memory; nothing is read but sizes.

    Raises:
        GraphFormatError: where a file is missing or of another size than was written.
    """
    arrays = folder / manifest.arrays

    def load(kind: type[Any]) -> Any:
        values: dict[str, Ints | Strings | Text] = {}
        for field in fields(kind):
            if field.type == Strings.__name__:
                values[field.name] = strings(field.name)
            elif field.type == Text.__name__:
                text, text_file = opened(f"{field.name}.text")
                values[field.name] = Text(text, text_file.offset)
            else:
                values[field.name] = _array(*opened(field.name))
        return kind(**values)

    def opened(name: str) -> tuple[mmap.mmap, ArrayFile]:
        file = manifest.files.get(name)
        if file is None:
            raise GraphFormatError(f"{folder / MANIFEST}: lists no array {name!r}; {_BUILD_AGAIN}")
        return _mapped(arrays / f"{name}.npy", file), file

    def strings(name: str) -> Strings:
        text, text_file = opened(f"{name}.text")
        return Strings(text, _array(*opened(f"{name}.offsets")), text_file.offset)

    return load(GraphColumns), load(DerivedColumns)


def check_files(folder: Path, manifest: Manifest) -> None:
    """Read every file and compare its SHA-256 with the manifest's.

    Raises:
        GraphFormatError: naming the first file that differs.
    """
    for name, file in manifest.files.items():
        path = folder / manifest.arrays / f"{name}.npy"
        digest = sha256()
        try:
            with path.open("rb") as handle:
                while block := handle.read(1 << 20):
                    digest.update(block)
        except FileNotFoundError:
            raise GraphFormatError(f"{path}: missing; {_BUILD_AGAIN}") from None
        if digest.hexdigest() != file.sha256:
            raise GraphFormatError(f"{path}: altered (its SHA-256 differs); {_BUILD_AGAIN}")
