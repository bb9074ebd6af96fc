"""KGX tab-separated graphs: ``nodes.tsv`` and ``edges.tsv``, read and written.

Format: https://github.com/biolink/kgx/blob/master/specification/kgx-format.md

Written columns. Nodes: ``id``, ``category``, ``name``, ``synonym``, ``xref``, then ``names``
(every name with language and kind) and ``definitions``, both JSON, which let a graph return
unchanged. Edges: ``id``, ``subject``, ``predicate``, ``object``, ``negated`` (``true`` or
``false``), ``qualifiers`` (``name=value``), ``sources``, ``confidence``, ``evidence`` (one JSON
object each). Several values of a cell are parted by ``|``. Inside a cell, tab, line end, carriage
return, NUL and backslash are written ``\\t``, ``\\n``, ``\\r``, ``\\0`` and ``\\\\``, and ``|``
inside a value ``\\|``.

Foreign KGX is read too: missing columns are empty, unknown ones are left alone, an edge without
``evidence`` gets one record of the source its own columns name.
"""

from __future__ import annotations

import json
import re
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TextIO

from kg.errors import GraphFormatError, InvalidRecordError, SourceFormatError, UsageError
from kg.json_records import (
    definition_from_json,
    definition_to_json,
    evidence_from_json,
    evidence_to_json,
)
from kg.records import Concept, Definition, Edge, Evidence, Name, Polarity, Provenance, Triple
from kg.schema import CLASSES
from kg.store import GraphStore
from loaders.reading import read_lines
from loaders.source import ImportReport, SourceCard

NODE_COLUMNS = ("id", "category", "name", "synonym", "xref", "names", "definitions")
EDGE_COLUMNS = (
    "id",
    "subject",
    "predicate",
    "object",
    "negated",
    "qualifiers",
    "sources",
    "confidence",
    "evidence",
)
#: What an edge of a foreign graph counts that states no confidence.
FOREIGN_CONFIDENCE = 0.7

_ESCAPES = {
    "\\": "\\\\",
    "\t": "\\t",
    "\n": "\\n",
    "\r": "\\r",
    "\0": "\\0",
    "|": "\\|",
}
_UNESCAPES = {"t": "\t", "n": "\n", "r": "\r", "0": "\0"}
_SPECIAL = re.compile(r"[\\\t\n\r\0|]")
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_SOURCE_COLUMNS = ("primary_knowledge_source", "knowledge_source", "provided_by", "source")

Progress = Callable[[str, float], None]


def _quiet(step: str, done: float) -> None:
    """Report nothing."""


def escape(value: str) -> str:
    r"""One value as it stands in a cell.

    >>> escape("a|b\\c")
    'a\\|b\\\\c'
    """
    return _SPECIAL.sub(lambda m: _ESCAPES[m.group()], value)


def unescape(cell: str) -> str:
    """The value a cell stands for."""
    return _ESCAPED.sub(lambda m: _UNESCAPES.get(m.group(1), m.group(1)), cell)


def split_cell(cell: str) -> list[str]:
    r"""The values of a cell.

    >>> split_cell("a\\|b|c"), split_cell("")
    (['a|b', 'c'], [])
    """
    if not cell:
        return []
    if "\\" not in cell:
        return cell.split("|")
    values, start, place = [], 0, 0
    while place < len(cell):
        if cell[place] == "\\":
            place += 2
            continue
        if cell[place] == "|":
            values.append(unescape(cell[start:place]))
            start = place + 1
        place += 1
    return [*values, unescape(cell[start:])]


def _join(values: Iterable[str]) -> str:
    return "|".join(map(escape, values))


def node_row(concept: Concept) -> tuple[str, ...]:
    """A concept as the cells of :data:`NODE_COLUMNS`."""
    display = concept.name()
    synonyms = dict.fromkeys(n.text for n in concept.names if n.text != display)
    names = [[n.text, n.language, n.kind] for n in concept.names]
    return (
        escape(concept.curie),
        escape(concept.category),
        escape(display),
        _join(synonyms),
        _join(concept.xrefs),
        escape(json.dumps(names, ensure_ascii=False, separators=(",", ":"))),
        _join(definition_to_json(d) for d in concept.definitions),
    )


def edge_row(edge: Edge, number: int) -> tuple[str, ...]:
    """An edge as the cells of :data:`EDGE_COLUMNS`; ``number`` makes its id."""
    return (
        f"e{number}",
        escape(edge.subject),
        escape(edge.predicate),
        escape(edge.object),
        "true" if edge.polarity is Polarity.NEGATIVE else "false",
        _join(f"{name}={value}" for name, value in edge.qualifiers),
        _join(edge.sources),
        str(edge.confidence),
        _join(evidence_to_json(e) for e in edge.evidence),
    )


def write_kgx(store: GraphStore, folder: Path, *, progress: Progress = _quiet) -> tuple[int, int]:
    """Write ``nodes.tsv`` and ``edges.tsv``; both appear complete, or neither.

    Args:
        store: the graph.
        folder: made where it is missing; other files in it are left alone.
        progress: called before each file.

    Returns:
        How many nodes and edges were written.

    Raises:
        UsageError: where ``folder`` is a file, or cannot be written.
    """
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"{folder} is a file; give the folder to write nodes.tsv and edges.tsv to")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        partial = Path(tempfile.mkdtemp(prefix=".kgx-", dir=folder))
    except OSError as error:
        raise UsageError(f"{folder} cannot be written ({error.strerror})") from error
    try:
        progress("nodes.tsv", 0.0)
        with (partial / "nodes.tsv").open("w", encoding="utf-8", newline="\n") as stream:
            nodes = _write(stream, NODE_COLUMNS, map(node_row, store.concepts()))
        progress("edges.tsv", 0.2)
        rows = (edge_row(edge, number) for number, edge in enumerate(store.edges()))
        with (partial / "edges.tsv").open("w", encoding="utf-8", newline="\n") as stream:
            edges = _write(stream, EDGE_COLUMNS, rows)
        for name in ("nodes.tsv", "edges.tsv"):
            (partial / name).replace(folder / name)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    progress("done", 1.0)
    return nodes, edges


def _write(stream: TextIO, header: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> int:
    stream.write("\t".join(header) + "\n")
    count = 0
    for row in rows:
        stream.write("\t".join(row) + "\n")
        count += 1
    return count


class KgxLoader:
    """A graph in KGX files.

    Args:
        nodes: the nodes file, or the folder that holds ``nodes.tsv`` and ``edges.tsv`` (or files
            that end so, as in ``starter_nodes.tsv``).
        edges: the edges file, where ``nodes`` is a file.
        card: where the graph comes from; made of the file names where None.

    Raises:
        SourceFormatError: where a folder does not hold one file of each.
    """

    def __init__(
        self, nodes: Path, edges: Path | None = None, *, card: SourceCard | None = None
    ) -> None:
        if nodes.is_dir():
            nodes, edges = _only(nodes, "nodes"), _only(nodes, "edges")
        self._nodes = nodes
        self._edges = edges
        self._card = card or SourceCard(
            name=nodes.parent.name or "kgx",
            title=f"KGX graph {nodes.parent.name}",
            citation="",
            licence="NOASSERTION",
        )
        self.report = ImportReport()

    @property
    def card(self) -> SourceCard:
        """Where the records come from."""
        return self._card

    def concepts(self) -> Iterator[Concept]:
        """The nodes.

        Raises:
            SourceFormatError: naming file and line.
        """
        for number, row in _rows(self._nodes, ("id",)):
            try:
                yield self._concept(row)
            except (InvalidRecordError, GraphFormatError, ValueError) as error:
                raise SourceFormatError(self._nodes, number, str(error)) from error

    def edges(self) -> Iterator[Edge]:
        """The edges.

        Raises:
            SourceFormatError: naming file and line.
        """
        if self._edges is None:
            return
        for number, row in _rows(self._edges, ("subject", "predicate", "object")):
            try:
                yield self._edge(row, number, self._edges)
            except (InvalidRecordError, GraphFormatError, ValueError) as error:
                raise SourceFormatError(self._edges, number, str(error)) from error

    def _concept(self, row: dict[str, str]) -> Concept:
        curie = unescape(row["id"])
        display = unescape(row.get("name", "")).strip() or curie
        names = {(display, "en"): Name(display, "en", "preferred")}
        if row.get("names"):
            given = json.loads(unescape(row["names"]))
            names = {(t, language): Name(t, language, kind) for t, language, kind in given}
        for text in split_cell(row.get("synonym", "")):
            if text.strip() and not any(text.strip() == known for known, _ in names):
                names[text.strip(), "en"] = Name(text.strip())
        categories = split_cell(row.get("category", "")) or ["biolink:NamedThing"]
        xrefs = tuple(x for x in split_cell(row.get("xref", "")) if x != curie)
        definitions: tuple[Definition, ...] = tuple(
            definition_from_json(d) for d in split_cell(row.get("definitions", ""))
        )
        return Concept(curie, _category(categories), tuple(names.values()), xrefs, definitions)

    def _edge(self, row: dict[str, str], number: int, path: Path) -> Edge:
        triple = Triple(*(unescape(row[name]) for name in ("subject", "predicate", "object")))
        negated = row.get("negated", "").strip().lower() in {"true", "1", "yes"}
        polarity = Polarity.NEGATIVE if negated else Polarity.POSITIVE
        if row.get("evidence"):
            evidence = tuple(evidence_from_json(e) for e in split_cell(row["evidence"]))
            return Edge(triple, evidence, polarity)
        sources = [s for name in _SOURCE_COLUMNS for s in split_cell(row.get(name, ""))]
        sources = sources or split_cell(row.get("sources", "")) or [self.card.name]
        record = unescape(row.get("id", "")) or f"{path.name}:{number}"
        licence = self.card.licence
        references = tuple(split_cell(row.get("publications", "")))
        confidence = float(row.get("confidence") or FOREIGN_CONFIDENCE)
        evidence = tuple(
            Evidence(
                Provenance(source.removeprefix("infores:"), licence=licence),
                record=record,
                confidence=confidence,
                references=references,
            )
            for source in dict.fromkeys(sources)
        )
        return Edge(triple, evidence, polarity)


def _category(categories: list[str]) -> str:
    """The first category the schema knows, else the first."""
    return next((c for c in categories if c in CLASSES), categories[0])


def _only(folder: Path, what: str) -> Path:
    found = sorted(folder.glob(f"*{what}.tsv")) + sorted(folder.glob(f"*{what}.tsv.gz"))
    if len(found) != 1:
        problem = f"{len(found)} files end in {what}.tsv"
        raise SourceFormatError(folder, None, problem, fix=f"put one {what}.tsv there")
    return found[0]


def _rows(path: Path, needed: tuple[str, ...]) -> Iterator[tuple[int, dict[str, str]]]:
    header: list[str] = []
    for number, line in read_lines(path):
        cells = line.split("\t")
        if not header:
            header = [cell.strip() for cell in cells]
            missing = [name for name in needed if name not in header]
            if missing:
                problem = f"no column {missing[0]!r}"
                raise SourceFormatError(path, number, problem, fix="is this a KGX file?")
        elif line:
            if len(cells) != len(header):
                problem = f"{len(cells)} cells, {len(header)} expected"
                raise SourceFormatError(path, number, problem, fix="is the file cut off?")
            yield number, dict(zip(header, cells, strict=True))
    if not header:
        raise SourceFormatError(path, None, "is empty", fix="give a KGX file with a header")
