"""A graph from any CSV or TSV, by a small mapping file in TOML.

::

    name = "my-indications"                  # source id of the evidence
    licence = "CC0-1.0"

    [[nodes]]
    file = "drugs.csv"
    id = "DRUGBANK:{drugbank_id}"            # columns in braces
    category = "biolink:Drug"
    name = "{name}"
    synonyms = ["{generic}", "{aliases}"]    # several in one cell: parted by `split`
    split = "|"
    language = "en"
    xrefs = ["MESH:{mesh_id}"]

    [[edges]]
    file = "indications.csv"
    subject = "DRUGBANK:{drugbank_id}"
    predicate = "biolink:treats"
    object = "{doid_id}"
    negated = { column = "category", values = ["NOT"] }
    only = { column = "category", values = ["DM", "SYM", "NOT"] }
    record = "{doid_id}|{drugbank_id}"       # file and line where left out
    references = ["PMID:{pmid}"]
    confidence = 0.9
    qualifiers = { role = "{category}" }
    replace = { category = { DM = "disease_modifying", SYM = "symptomatic", NOT = "" } }

``separator``, ``encoding`` and ``quoted`` may stand in a table too; the separator is a tab where
the file ends in ``.tsv``. A template with an empty column gives nothing: no synonym, no
cross-reference, no qualifier.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

from kg.errors import InvalidRecordError, SourceFormatError
from kg.records import Concept, Edge, Evidence, Name, Polarity, Provenance, Triple
from kg.schema import node_class, predicate
from loaders.csv_rows import read_records
from loaders.source import ImportReport, SourceCard

DEFAULT_CONFIDENCE = 0.7

_COLUMN = re.compile(r"\{([^{}]+)\}")
_COMMON = {"file", "separator", "encoding", "quoted", "only", "replace", "split"}
_KEYS = {
    "nodes": _COMMON | {"id", "category", "name", "synonyms", "language", "xrefs"},
    "edges": _COMMON
    | {
        "subject",
        "predicate",
        "object",
        "negated",
        "record",
        "references",
        "confidence",
        "qualifiers",
    },
}
_NEEDED = {
    "nodes": ("file", "id", "category", "name"),
    "edges": ("file", "subject", "predicate", "object"),
}
_TOP = {"name", "title", "citation", "licence", "version", "doi", "url", "nodes", "edges"}


class MappedTableLoader:
    """The graph a mapping file makes of its tables.

    Args:
        mapping: the TOML file.
        folder: where the tables lie; beside the mapping where None.

    Raises:
        SourceFormatError: where the mapping is no TOML, or has a key that is unknown or missing.
        InvalidRecordError: where it names a class or predicate the schema lacks.
    """

    def __init__(self, mapping: Path, folder: Path | None = None) -> None:
        self._mapping = mapping
        self._folder = folder or mapping.parent
        self._tables = _read_mapping(mapping)
        self.report = ImportReport()

    @cached_property
    def card(self) -> SourceCard:
        """Where the records come from, as the mapping says."""
        given = {k: v for k, v in self._tables.items() if isinstance(v, str)}
        name = given.pop("name", self._mapping.stem)
        return SourceCard(
            name=name,
            title=given.pop("title", name),
            citation=given.pop("citation", ""),
            licence=given.pop("licence", "NOASSERTION"),
            version=given.get("version", ""),
            doi=given.get("doi", ""),
            url=given.get("url", ""),
        )

    @cached_property
    def _provenance(self) -> Provenance:
        return self.card.provenance()

    def concepts(self) -> Iterator[Concept]:
        """One concept a row of each ``[[nodes]]`` table; rows with an empty id are counted."""
        for table in self._tables.get("nodes", ()):
            for path, number, row in self._rows(table):
                try:
                    concept = _concept(table, row)
                except InvalidRecordError as error:
                    raise SourceFormatError(path, number, str(error)) from error
                if concept is None:
                    self.report.skip("a node without id or name", f"{path.name}:{number}")
                else:
                    self.report.kept += 1
                    yield concept

    def edges(self) -> Iterator[Edge]:
        """One edge a row of each ``[[edges]]`` table; rows with an empty end are counted."""
        for table in self._tables.get("edges", ()):
            for path, number, row in self._rows(table):
                try:
                    edge = self._edge(table, row, f"{path.name}:{number}")
                except InvalidRecordError as error:
                    raise SourceFormatError(path, number, str(error)) from error
                if edge is None:
                    self.report.skip("an edge without subject or object", f"{path.name}:{number}")
                else:
                    self.report.kept += 1
                    yield edge

    def _rows(self, table: Mapping[str, Any]) -> Iterator[tuple[Path, int, dict[str, str]]]:
        path = self._folder / table["file"]
        separator = table.get("separator", "\t" if ".tsv" in path.name else ",")
        only, replaced = table.get("only"), table.get("replace", {})
        for number, row in read_records(
            path,
            separator=separator,
            encoding=table.get("encoding", "utf-8"),
            quoted=table.get("quoted", True),
            needed=tuple(_columns(table)),
        ):
            if only and row[only["column"]] not in only["values"]:
                continue
            row["\0negated"] = "1" if _negated(table, row) else ""
            for column, values in replaced.items():
                row[column] = values.get(row[column], row[column])
            yield path, number, row

    def _edge(self, table: Mapping[str, Any], row: dict[str, str], place: str) -> Edge | None:
        subject, object_ = _fill(table["subject"], row), _fill(table["object"], row)
        if not subject or not object_:
            return None
        qualifiers = {n: _fill(t, row) for n, t in table.get("qualifiers", {}).items()}
        references = [_fill(template, row) for template in table.get("references", ())]
        evidence = Evidence(
            self._provenance,
            record=_fill(table.get("record", ""), row) or place,
            confidence=float(table.get("confidence", DEFAULT_CONFIDENCE)),
            references=tuple(filter(None, references)),
            qualifiers=tuple(sorted((n, v) for n, v in qualifiers.items() if v)),
        )
        polarity = Polarity.NEGATIVE if row["\0negated"] else Polarity.POSITIVE
        triple = Triple(subject, _fill(table["predicate"], row), object_)
        return Edge(triple, (evidence,), polarity)


def _negated(table: Mapping[str, Any], row: Mapping[str, str]) -> bool:
    rule = table.get("negated")
    return rule is not None and row[rule["column"]] in rule["values"]


def _concept(table: Mapping[str, Any], row: Mapping[str, str]) -> Concept | None:
    curie, display = _fill(table["id"], row), _fill(table["name"], row)
    if not curie or not display:
        return None
    language = table.get("language", "en")
    names = {display: Name(display, language, "preferred")}
    for text in _several(table.get("synonyms", ()), row, table.get("split", "|")):
        names.setdefault(text, Name(text, language))
    xrefs = _several(table.get("xrefs", ()), row, table.get("split", "|"))
    kept = tuple(dict.fromkeys(x for x in xrefs if x != curie))
    return Concept(curie, _fill(table["category"], row), tuple(names.values()), kept)


def _several(templates: tuple[str, ...], row: Mapping[str, str], split: str) -> list[str]:
    texts = []
    for template in templates:
        filled = _fill(template, row)
        parts = filled.split(split) if _COLUMN.fullmatch(template) else [filled]
        texts += [part.strip() for part in parts if part.strip()]
    return texts


def _fill(template: str, row: Mapping[str, str]) -> str:
    """The template with its columns put in; ``""`` where one of them is empty."""
    columns = _COLUMN.findall(template)
    if any(not row[column].strip() for column in columns):
        return ""
    return _COLUMN.sub(lambda m: row[m.group(1)].strip(), template).strip()


def _columns(table: Mapping[str, Any]) -> dict[str, None]:
    """Every column a table's templates use."""
    found: dict[str, None] = {}
    waiting: list[Any] = [v for k, v in table.items() if k not in {"file", "replace"}]
    while waiting:
        value = waiting.pop()
        if isinstance(value, str):
            found.update(dict.fromkeys(_COLUMN.findall(value)))
        elif isinstance(value, list):
            waiting += value
        elif isinstance(value, dict):
            found.update({value["column"]: None} if "column" in value else {})
            waiting += [v for k, v in value.items() if k not in {"column", "values"}]
    return found


def _read_mapping(path: Path) -> dict[str, Any]:
    try:
        tables = tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SourceFormatError(path, None, f"no mapping ({error})", fix="write TOML") from error
    _refuse_unknown(path, "the mapping", set(tables) - _TOP)
    if not tables.get("nodes") and not tables.get("edges"):
        raise SourceFormatError(path, None, "neither [[nodes]] nor [[edges]]", fix="add one")
    for kind, allowed in _KEYS.items():
        for table in tables.get(kind, ()):
            _refuse_unknown(path, f"[[{kind}]]", set(table) - allowed)
            for key in _NEEDED[kind]:
                if key not in table:
                    raise SourceFormatError(path, None, f"[[{kind}]] has no {key}", fix="add it")
            for key, check in (("category", node_class), ("predicate", predicate)):
                if key in table and not _COLUMN.search(table[key]):
                    check(table[key])
    return tables


def _refuse_unknown(path: Path, where: str, unknown: set[str]) -> None:
    if unknown:
        problem = f"{where} has an unknown key {sorted(unknown)[0]!r}"
        raise SourceFormatError(path, None, problem, fix="see the keys in loaders/mapped.py")
