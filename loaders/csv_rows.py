"""Rows of CSV and TSV files with quoting, each with its line number.

Cells are text and nothing else: one that begins with ``=``, ``+``, ``-`` or ``@`` is kept as it
stands, never computed.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

from kg.errors import SourceFormatError
from loaders.reading import LONGEST_LINE, read_lines


def read_records(
    path: Path,
    *,
    separator: str = ",",
    encoding: str = "utf-8",
    quoted: bool = True,
    header: tuple[str, ...] | None = None,
    needed: tuple[str, ...] = (),
    longest: int = LONGEST_LINE,
) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield ``(line number of the row's end, cells by column)``.

    Args:
        path: the file, packed or not.
        separator: one character.
        encoding: of the text.
        quoted: whether ``"`` quotes cells, as RFC 4180 has it.
        header: column names, where the file has no header line.
        needed: columns that must be there.
        longest: longest line and longest cell accepted, in bytes.

    Raises:
        SourceFormatError: naming file and line, for a missing column, a row of another width, a
            quotation that is not closed, or no header.
    """
    if len(separator) != 1:
        raise SourceFormatError(path, None, f"separator {separator!r}", fix="give one character")
    csv.field_size_limit(longest)
    lines = (f"{line}\n" for _, line in read_lines(path, encoding=encoding, longest=longest))
    reader = csv.reader(
        lines,
        delimiter=separator,
        quoting=csv.QUOTE_MINIMAL if quoted else csv.QUOTE_NONE,
        strict=True,
    )
    columns = header
    try:
        for cells in reader:
            if not any(cells):
                continue
            if columns is None:
                columns = tuple(cell.strip() for cell in cells)
                _require(path, reader.line_num, columns, needed)
            elif len(cells) != len(columns):
                problem = f"{len(cells)} cells, {len(columns)} expected"
                raise SourceFormatError(path, reader.line_num, problem, fix="is the file cut off?")
            else:
                yield reader.line_num, dict(zip(columns, cells, strict=True))
    except csv.Error as error:
        raise SourceFormatError(
            path, reader.line_num, f"broken table ({error})", fix="close the quotation"
        ) from error
    if columns is None:
        raise SourceFormatError(path, None, "no header line", fix="is the file empty?")


def _require(path: Path, number: int, columns: tuple[str, ...], needed: tuple[str, ...]) -> None:
    for name in needed:
        if name not in columns:
            problem = f"no column {name!r} among {', '.join(columns)[:200]!r}"
            raise SourceFormatError(path, number, problem, fix="is this the right file?")
