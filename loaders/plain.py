"""Plain text, and JSON lines: the two formats anybody can write."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from kg.errors import SourceFormatError
from kg.records import Provenance
from loaders.reading import LONGEST_LINE, decode, open_bytes, read_lines
from nlp.records import Document

#: Longest plain text file, in bytes.
LONGEST_TEXT = 200_000_000
_FIELDS = ("text", "title", "date", "source", "patient")


def plain_id(path: Path) -> str:
    """The id of a document that is a whole file: its name up to the first full stop.

    >>> plain_id(Path("notes/discharge.txt.gz"))
    'discharge'
    """
    return path.name.partition(".")[0] or path.name


def whole_text(path: Path, *, longest: int = LONGEST_TEXT) -> str:
    """A text file with every character kept, line ends as they are.

    Raises:
        SourceFormatError: where it is not UTF-8 text, empty, or longer than ``longest`` bytes.
    """
    with open_bytes(path) as stream:
        raw = stream.read(longest + 1)
    if len(raw) > longest:
        raise SourceFormatError(path, None, f"longer than {longest:,} bytes", fix="split the file")
    text = _decoded(raw, path)
    if not text.strip():
        raise SourceFormatError(path, None, "holds no text", fix="is this the right file?")
    return text


def read_text(path: Path, *, longest: int = LONGEST_TEXT) -> Iterator[Document]:
    """One plain text file as one document; its id is the file name without suffix.

    Raises:
        SourceFormatError: where it is not UTF-8 text, empty, or longer than 200 MB.
    """
    yield Document(plain_id(path), whole_text(path, longest=longest), Provenance(path.name))


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


def json_line(path: Path, number: int, line: str) -> Any:
    """The JSON value of a line.

    Raises:
        SourceFormatError: naming the line, for broken JSON.
    """
    try:
        return json.loads(line)
    except (json.JSONDecodeError, RecursionError) as error:
        raise SourceFormatError(
            path, number, f"broken JSON ({error})", fix="write one JSON object a line"
        ) from error


def read_json_lines(path: Path, *, longest: int = LONGEST_LINE) -> Iterator[Document]:
    """One JSON object a line: ``id``, ``text``; optionally ``title``, ``date``, ``source``.

    The document's text is the title, a line end, and the text, where there is a title that the
    text does not start with. Of a note, ``patient`` says whom it is of and ``"clinical": true``
    that it may hold identifiers.

    Raises:
        SourceFormatError: naming the line, for broken JSON, a missing or empty field, or an id
            that comes twice; and where there is no line at all.
    """
    seen: set[str] = set()
    for number, line in read_lines(path, longest=longest):
        if not line.strip():
            continue
        document = _document(json_line(path, number, line), path, number)
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
    fields = {name: record.get(name) or "" for name in _FIELDS}
    for name, value in {"id": identifier or "", **fields}.items():
        if not isinstance(value, str):
            raise SourceFormatError(path, number, f"{name} is no string", fix=f"quote {name}")
    if not identifier or not fields["text"].strip():
        missing = "text" if identifier else "id"
        raise SourceFormatError(path, number, f"no {missing}", fix=f"give each line {missing!r}")
    text, title_end = titled(fields["title"], fields["text"])
    return Document(
        str(identifier),
        text,
        Provenance(fields["source"] or path.name),
        title_end=title_end,
        date=fields["date"],
        clinical=record.get("clinical") is True,
        patient=fields["patient"],
    )


def titled(title: str, text: str) -> tuple[str, int]:
    """Title, line end and text as one text, and where the title ends in it.

    >>> titled("A title", "Words."), titled("", "Words."), titled("A", "A\\nWords.")
    (('A title\\nWords.', 7), ('Words.', 0), ('A\\nWords.', 1))
    """
    title = title if title.strip() else ""
    if title and not text.startswith(f"{title}\n"):
        text = f"{title}\n{text}"
    return text, len(title)
