"""A graph as CSV files for ``neo4j-admin database import``: millions of edges in a minute.

The files make exactly what :class:`~kg.neo4j_store.Neo4jStore` writes. Lists stand in one field,
their elements apart by a character that is in none of them (the format has no way to escape it).
Manual: https://neo4j.com/docs/operations-manual/5/import/
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from kg.errors import GraphError
from kg.neo4j_properties import concept_properties, edge_properties
from kg.records import QUALIFIERS
from kg.schema import CLASSES, PREDICATES
from kg.store import GraphStore

#: Characters that may keep the elements of a list apart, the first one first.
SEPARATORS = "\x1f\x1e\x1d\x1c\ue000\ue001\ue002\ue003"

_CONCEPT_TEXTS = ("curie", "name", "category", "definition", "name_zh")
_CONCEPT_LISTS = ("names", "name_languages", "name_kinds", "name_keys", "xrefs", "definitions")
_EDGE_TEXTS = ("predicate", "polarity", "confidence")
_EDGE_LISTS = ("evidence", "sources", "licences", "references", "sentences", *sorted(QUALIFIERS))
_HEADERS = {
    "concepts.csv": (
        "curie:ID",
        *_CONCEPT_TEXTS[1:],
        *(f"{name}:string[]" for name in _CONCEPT_LISTS),
        ":LABEL",
    ),
    "edges.csv": (
        ":START_ID",
        ":END_ID",
        ":TYPE",
        "predicate",
        "polarity",
        "confidence:double",
        *(f"{name}:string[]" for name in _EDGE_LISTS),
    ),
    "revision.csv": (":ID(revision)", "id:long", "revision", ":LABEL"),
}
_DATABASE = "neo4j"
_LEAST_BUFFER = 4 * 1024 * 1024  # the tool's own


def write_import(store: GraphStore, folder: Path) -> list[str]:
    """Write the files of a store's graph into ``folder``, which is made.

    Beside them stands ``arguments``: inside the folder, with the server stopped,
    ``neo4j-admin @arguments`` puts the graph in the place of the database ``neo4j``.

    Returns:
        The arguments of ``neo4j-admin``, with the whole paths of the files.

    Raises:
        GraphError: where a text holds every character that could keep lists apart.
        InvalidRecordError: where a CURIE is too long for the server's indexes.
    """
    folder.mkdir(parents=True, exist_ok=True)
    separator = _separator(store)
    longest = max(
        _write(folder, "concepts.csv", _concept_rows(store, separator)),
        _write(folder, "edges.csv", _edge_rows(store, separator)),
        _write(folder, "revision.csv", [["1", "1", str(uuid.uuid4()), "GraphRevision"]]),
    )
    options = [
        "database",
        "import",
        "full",
        _DATABASE,
        "--overwrite-destination=true",
        "--multiline-fields=true",
        "--bad-tolerance=0",
        f"--array-delimiter=U+{ord(separator):04X}",
        f"--read-buffer-size={max(_LEAST_BUFFER, 4 * longest)}",
    ]
    (folder / "arguments").write_text(
        "\n".join([*options, *_files(Path())]) + "\n", encoding="utf-8"
    )
    return [*options, f"--report-file={folder / 'import.report'}", *_files(folder)]


def _files(folder: Path) -> list[str]:
    return [
        f"--nodes={folder / 'concepts.csv'}",
        f"--nodes={folder / 'revision.csv'}",
        f"--relationships={folder / 'edges.csv'}",
    ]


def _separator(store: GraphStore) -> str:
    """The first of :data:`SEPARATORS` that is in no list of the graph."""
    free = set(SEPARATORS)
    for properties in _properties(store):
        for value in properties.values():
            if isinstance(value, list):
                free.difference_update(*value)
    try:
        return min(free, key=SEPARATORS.index)
    except ValueError:
        raise GraphError(
            "the texts of this graph hold every character that could keep lists apart "
            f"({', '.join(f'U+{ord(c):04X}' for c in SEPARATORS)}); "
            "load it through Neo4jStore instead"
        ) from None


def _properties(store: GraphStore) -> Iterator[Mapping[str, Any]]:
    yield from map(concept_properties, store.concepts())
    yield from map(edge_properties, store.edges())


def _concept_rows(store: GraphStore, separator: str) -> Iterator[list[str]]:
    for concept in store.concepts():
        properties = concept_properties(concept)
        yield [
            *(properties.get(name, "") for name in _CONCEPT_TEXTS),
            *_lists(properties, _CONCEPT_LISTS, separator),
            separator.join(("Concept", CLASSES[concept.category].label)),
        ]


def _edge_rows(store: GraphStore, separator: str) -> Iterator[list[str]]:
    for edge in store.edges():
        properties = edge_properties(edge)
        yield [
            edge.subject,
            edge.object,
            PREDICATES[edge.predicate].label,
            *(str(properties[name]) for name in _EDGE_TEXTS),
            *_lists(properties, _EDGE_LISTS, separator),
        ]


def _lists(properties: Mapping[str, Any], names: Sequence[str], separator: str) -> list[str]:
    return [separator.join(properties.get(name, ())) for name in names]


def _write(folder: Path, name: str, rows: Iterable[Sequence[str]]) -> int:
    """Write a file and return the bytes of its longest row. An empty field is no value."""
    longest = 0
    with (folder / name).open("wb") as file:
        file.write((",".join(_HEADERS[name]) + "\n").encode())
        for row in rows:
            fields = ('"' + field.replace('"', '""') + '"' if field else "" for field in row)
            line = (",".join(fields) + "\n").encode("utf-8")
            longest = max(longest, len(line))
            file.write(line)
    return longest
