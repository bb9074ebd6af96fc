"""CSV and TSV tables of documents, with named columns.

Which column is which is told by its name, in any case: ``id`` (or ``pmid``, ``note_id``,
``document_id``, ``doc_id``, ``key``), ``text`` (``abstract``, ``note``, ``body``, ``content``),
``title``, ``date``, ``source``, ``patient`` (``patient_id``, ``subject_id``). Any other name is
given: ``{"text": "discharge_summary"}``. Quoting after RFC 4180.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType

from kg.errors import SourceFormatError, UsageError
from kg.records import Provenance
from loaders.csv_rows import read_records
from loaders.plain import titled
from loaders.reading import LONGEST_LINE
from nlp.records import Document

#: Names a column may have, the first one that a table has counts.
COLUMNS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "id": ("id", "pmid", "note_id", "document_id", "doc_id", "key"),
        "text": ("text", "abstract", "note", "body", "content"),
        "title": ("title", "article_title"),
        "date": ("date", "pub_date", "charttime"),
        "source": ("source",),
        "patient": ("patient", "patient_id", "subject_id"),
    }
)
_NO_COLUMNS: Mapping[str, str] = MappingProxyType({})


def read_table(
    path: Path,
    *,
    separator: str = "",
    columns: Mapping[str, str] = _NO_COLUMNS,
    longest: int = LONGEST_LINE,
) -> Iterator[Document]:
    """One document a row.

    Args:
        path: the table, packed or not.
        separator: one character; a tab for ``.tsv`` and a comma else, where not given.
        columns: what a column is (a key of :data:`COLUMNS`) → its name in this table.
        longest: longest line, in bytes.

    Raises:
        SourceFormatError: naming the line, where a column is missing, a row has another width,
            or a document has no text; and where there is no row.
        UsageError: where ``columns`` names something unknown.
    """
    for wanted in columns:
        if wanted not in COLUMNS:
            raise UsageError(f"column {wanted!r} is none of: {', '.join(COLUMNS)}")
    chosen = separator or ("\t" if ".tsv" in path.suffixes or ".tab" in path.suffixes else ",")
    places: dict[str, str] = {}
    found = False
    for number, row in read_records(path, separator=chosen, longest=longest):
        places = places or _places(path, tuple(row), columns)
        found = True
        yield _document(path, number, {what: row[name] for what, name in places.items()})
    if not found:
        raise SourceFormatError(path, None, "holds no document", fix="give a table with rows")


def _places(path: Path, header: tuple[str, ...], columns: Mapping[str, str]) -> dict[str, str]:
    by_name = {name.casefold(): name for name in reversed(header)}
    places: dict[str, str] = {}
    for what, names in COLUMNS.items():
        wanted = (columns[what],) if what in columns else names
        known = [by_name[n.casefold()] for n in wanted if n.casefold() in by_name]
        if known:
            places[what] = known[0]
        elif what in columns or what == "text":
            problem = f"no column {' or '.join(wanted)} among {', '.join(header)[:200]!r}"
            raise SourceFormatError(path, 1, problem, fix="say which one it is: --column text=NAME")
    return places


def _document(path: Path, number: int, cells: Mapping[str, str]) -> Document:
    if not cells["text"].strip():
        raise SourceFormatError(path, number, "no text", fix="give each row a text")
    identifier = cells.get("id", "").strip() or f"{path.name.partition('.')[0]}:{number}"
    text, title_end = titled(cells.get("title", ""), cells["text"])
    return Document(
        identifier,
        text,
        Provenance(cells.get("source", "") or path.name),
        title_end=title_end,
        date=cells.get("date", ""),
        patient=cells.get("patient", ""),
    )
