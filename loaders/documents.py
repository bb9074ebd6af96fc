"""Documents to read, whatever their format: :func:`open_documents`.

Formats are told by name and content (:mod:`loaders.sniffing`) or given by name
(:mod:`loaders.document_formats`). Everything is read lazily, plain or packed with gzip, xz or
bzip2.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from kg.errors import SourceFormatError, UsageError
from loaders.annotations import AnnotatedDocument
from loaders.document_formats import DocumentFormat, document_format, document_formats
from loaders.plain import read_json_lines, read_text
from loaders.pubmed import PubmedFile
from loaders.sniffing import SUFFIXES, format_of, suffix_of
from nlp.records import Document

__all__ = [
    "DocumentFile",
    "document_files",
    "open_annotated",
    "open_documents",
    "read_documents",
    "read_json_lines",
    "read_text",
]

_HALF = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class DocumentFile:
    """A file (or, of some formats, a folder) of documents, with its format.

    Args:
        path: where it is.
        format: how it is read.
        prefix: what comes before the ids of documents that are whole files, so that two files of
            one name in different folders are two documents.
    """

    path: Path
    format: DocumentFormat
    prefix: str = ""

    def documents(self, **options: Any) -> Iterator[Document]:
        """Its documents, lazily.

        Raises:
            SourceFormatError: with file and line, where one cannot be read.
        """
        for document in self.format.documents(self.path, **options):
            if _HALF.search(document.text) or _HALF.search(document.id):
                problem = f"half a character in document {document.id!a}"
                raise SourceFormatError(self.path, None, problem, fix="write it as UTF-8")
            if self.prefix and self.format.name == "text":
                document = replace(document, id=f"{self.prefix}/{document.id}")
            yield document

    def deleted(self) -> frozenset[str]:
        """Ids of documents this file says to delete from what was read earlier."""
        if self.format.name == "pubmed":
            return PubmedFile(self.path).deleted()
        return frozenset()


def document_files(path: Path, *, format: str | None = None) -> list[DocumentFile]:  # noqa: A002
    """The files to read at a path, in a fixed order.

    Args:
        path: a file, packed or not, or a folder that is searched.
        format: name of the format; told by name and content where None.

    Raises:
        SourceFormatError: where nothing readable is there.
        UsageError: where the format is unknown or cannot be told.
    """
    wanted = document_format(format) if format is not None else None
    if not path.is_dir():
        return [DocumentFile(path, wanted or _told(path))]
    if wanted is not None and wanted.folders:
        return [DocumentFile(path, wanted)]
    found = []
    for file in sorted(p for p in path.rglob("*") if p.is_file() and suffix_of(p) in SUFFIXES):
        parent = file.parent.relative_to(path).as_posix()
        prefix = "" if parent == "." else parent
        chosen = wanted or _told(file)
        if not (chosen.folders and _is_annotation(file)):
            found.append(DocumentFile(file, chosen, prefix))
    if not found:
        problem = f"no file that ends in {', '.join(sorted(SUFFIXES))} below it"
        raise SourceFormatError(path, None, problem, fix="give the files themselves")
    return found


def _is_annotation(path: Path) -> bool:
    return suffix_of(path) in {".ann", ".con", ".ast", ".rel"}


def _told(path: Path) -> DocumentFormat:
    name = format_of(path)
    if name is None:
        known = ", ".join(document_formats())
        raise UsageError(
            f"{path}: cannot tell the format of {path.name!r}; give --format, one of {known}"
        )
    return document_format(name)


def open_documents(
    path: Path,
    format: str | None = None,  # noqa: A002
    **options: Any,
) -> Iterator[Document]:
    """Every document of a file, or of each readable file below a folder.

    Args:
        path: a file, packed or not, or a folder.
        format: name of a format (:func:`~loaders.document_formats.document_formats`); told by
            name and content where None.
        options: of the format's reader, such as ``columns`` of a table.

    Raises:
        SourceFormatError: where a file is not of its format, naming file and line.
        UsageError: where the format is unknown or cannot be told.
    """
    for file in document_files(path, format=format):
        yield from file.documents(**options)


def read_documents(path: Path, *, format: str | None = None) -> Iterator[Document]:  # noqa: A002
    """The same as :func:`open_documents`, without options."""
    return open_documents(path, format)


def open_annotated(
    path: Path,
    format: str | None = None,  # noqa: A002
) -> Iterator[AnnotatedDocument]:
    """Every document with its annotations.

    Raises:
        SourceFormatError: where a file is not of its format, naming file and line.
        UsageError: where the format has no annotations.
    """
    for file in document_files(path, format=format):
        if file.format.annotated is None:
            raise UsageError(f"{path}: {file.format.name} holds no annotations")
        yield from file.format.annotated(file.path)
