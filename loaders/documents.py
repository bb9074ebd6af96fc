"""Documents to read: plain text, JSON lines, PubMed XML, PubTator."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from kg.errors import SourceFormatError, UsageError
from kg.records import Provenance
from loaders.pubmed import read_pubmed
from loaders.pubtator import read_pubtator
from loaders.reading import decode, open_bytes, read_lines
from nlp.records import Document

#: Longest plain text file, in bytes.
LONGEST_TEXT = 200_000_000

FORMATS = ("text", "jsonl", "pubmed", "pubtator")
_SUFFIXES = {
    ".txt": "text",
    ".md": "text",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "jsonl",
    ".xml": "pubmed",
    ".pubtator": "pubtator",
}


def read_documents(path: Path, *, format: str | None = None) -> Iterator[Document]:  # noqa: A002
    """Every document of a file, or of each readable file below a folder.

    Args:
        path: a file, packed or not, or a folder.
        format: one of :data:`FORMATS`; by the suffix where None.

    Raises:
        SourceFormatError: where a file is not of its format, naming file and line.
        UsageError: where the format is unknown.
    """
    if path.is_dir():
        files = sorted(p for p in path.rglob("*") if p.is_file() and _format_of(p) is not None)
        if not files:
            raise SourceFormatError(path, None, "no .txt, .jsonl or .xml file below it", fix="")
        for file in files:
            yield from read_documents(file, format=format)
        return
    chosen = format or _format_of(path)
    readers = {
        "text": read_text,
        "jsonl": read_json_lines,
        "pubmed": read_pubmed,
        "pubtator": read_pubtator,
    }
    if chosen not in readers:
        raise UsageError(
            f"{path}: cannot tell the format of {path.name!r}; give one of {', '.join(FORMATS)}"
        )
    yield from readers[chosen](path)


def _format_of(path: Path) -> str | None:
    suffixes = [s for s in path.suffixes if s not in {".gz", ".xz", ".bz2"}]
    return _SUFFIXES.get(suffixes[-1].lower()) if suffixes else None


def read_text(path: Path) -> Iterator[Document]:
    """One plain text file as one document; its id is the file name without suffix.

    Raises:
        SourceFormatError: where it is not UTF-8 text, empty, or longer than 200 MB.
    """
    with open_bytes(path) as stream:
        raw = stream.read(LONGEST_TEXT + 1)
    if len(raw) > LONGEST_TEXT:
        raise SourceFormatError(path, None, "longer than 200 MB", fix="split the file")
    text = _decoded(raw, path)
    if not text.strip():
        raise SourceFormatError(path, None, "holds no text", fix="is this the right file?")
    yield Document(path.name.partition(".")[0] or path.name, text, Provenance(path.name))


def _decoded(raw: bytes, path: Path) -> str:
    """The bytes as text with every character kept; an error names the line."""
    try:
        if b"\x00" not in raw:
            return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        pass
    for number, line in enumerate(raw.split(b"\n"), start=1):
        decode(line, path, number)
    raise SourceFormatError(path, None, "is not UTF-8", fix="convert the file to UTF-8")


def read_json_lines(path: Path) -> Iterator[Document]:
    """One JSON object a line: ``id``, ``text``; optionally ``title``, ``date``, ``source``.

    The document's text is the title, a line end, and the text, where there is a title that the
    text does not start with.

    Raises:
        SourceFormatError: naming the line, for broken JSON, a missing or empty field, or an id
            that comes twice; and where there is no line at all.
    """
    seen: set[str] = set()
    for number, line in read_lines(path):
        if not line.strip():
            continue
        try:
            record = json.loads(line)
        except (json.JSONDecodeError, RecursionError) as error:
            raise SourceFormatError(
                path, number, f"broken JSON ({error})", fix="write one JSON object a line"
            ) from error
        document = _document(record, path, number)
        if document.id in seen:
            raise SourceFormatError(
                path, number, f"id {document.id!r} comes twice", fix="give each document its own id"
            )
        seen.add(document.id)
        yield document
    if not seen:
        raise SourceFormatError(path, None, "holds no document", fix="write one JSON object a line")


def _document(record: Any, path: Path, number: int) -> Document:
    if not isinstance(record, dict):
        raise SourceFormatError(path, number, "not a JSON object", fix='write {"id": …, "text": …}')
    identifier = record.get("id")
    if isinstance(identifier, int) and not isinstance(identifier, bool):
        identifier = str(identifier)
    fields = {name: record.get(name) or "" for name in ("text", "title", "date", "source")}
    for name, value in {"id": identifier or "", **fields}.items():
        if not isinstance(value, str):
            raise SourceFormatError(path, number, f"{name} is no string", fix=f"quote {name}")
    if not identifier or not fields["text"].strip():
        missing = "text" if identifier else "id"
        raise SourceFormatError(path, number, f"no {missing}", fix=f"give each line {missing!r}")
    title = fields["title"] if fields["title"].strip() else ""
    text = fields["text"]
    if title and not text.startswith(f"{title}\n"):
        text = f"{title}\n{text}"
    source = fields["source"] or path.name
    return Document(
        str(identifier), text, Provenance(source), title_end=len(title), date=fields["date"]
    )
