"""Lines of text files, plain or packed with gzip, xz or bzip2, with every trap named.

A file that is truncated, not UTF-8, holds NUL bytes, or hides a hundred megabytes in one line is
refused with its path and line number; memory stays bounded by the longest line allowed.
"""

from __future__ import annotations

import bz2
import gzip
import lzma
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, cast

from kg.errors import SourceFormatError

#: Longest line accepted, in bytes.
LONGEST_LINE = 20_000_000

_MAGIC = ((b"\x1f\x8b", "gzip"), (b"\xfd7zXZ\x00", "xz"), (b"BZh", "bzip2"))
_PACKING_ERRORS = (EOFError, gzip.BadGzipFile, lzma.LZMAError, zlib.error)


@contextmanager
def open_bytes(path: Path) -> Iterator[IO[bytes]]:
    """Open a file for reading bytes, unpacked where its first bytes say it is packed.

    Raises:
        SourceFormatError: where the file is missing or a folder, or its packing is damaged.
    """
    try:
        with path.open("rb") as raw:
            start = raw.read(6)
            raw.seek(0)
            packing = next((name for magic, name in _MAGIC if start.startswith(magic)), "")
            if packing == "gzip":
                with gzip.open(raw) as stream:
                    yield cast("IO[bytes]", stream)
            elif packing == "xz":
                with lzma.open(raw) as stream:
                    yield cast("IO[bytes]", stream)
            elif packing == "bzip2":
                with bz2.open(raw) as stream:
                    yield cast("IO[bytes]", stream)
            else:
                yield raw
    except _PACKING_ERRORS as error:
        raise SourceFormatError(
            path, None, f"damaged compression ({error})", fix="fetch the file again"
        ) from error
    except (FileNotFoundError, IsADirectoryError, PermissionError) as error:
        raise SourceFormatError(
            path, None, f"cannot be read ({error.strerror})", fix="give the path of a file"
        ) from error


def read_lines(
    path: Path, *, encoding: str = "utf-8", longest: int = LONGEST_LINE
) -> Iterator[tuple[int, str]]:
    """Yield ``(line number from 1, line without its end)``.

    Raises:
        SourceFormatError: naming file and line, for NUL bytes, undecodable bytes, an overlong
            line, or damaged compression.
    """
    with open_bytes(path) as stream:
        number = 0
        while raw := stream.readline(longest + 1):
            number += 1
            if len(raw) > longest:
                raise SourceFormatError(
                    path, number, f"line longer than {longest:,} bytes", fix="split the file"
                )
            yield number, decode(raw, path, number, encoding=encoding)


def decode(raw: bytes, path: Path, number: int, *, encoding: str = "utf-8") -> str:
    """One line of bytes as text, without a byte order mark or line end.

    Raises:
        SourceFormatError: for NUL bytes and bytes that are not of the encoding.
    """
    if b"\x00" in raw:
        raise SourceFormatError(
            path, number, "a NUL byte", fix="this is not a text file, or it is UTF-16"
        )
    try:
        text = raw.decode(encoding)
    except UnicodeDecodeError as error:
        raise SourceFormatError(
            path,
            number,
            f"byte 0x{raw[error.start]:02x} at column {error.start + 1} is not {encoding}",
            fix=f"convert the file to {encoding}",
        ) from error
    if number == 1:
        text = text.removeprefix("\ufeff")
    return text.rstrip("\r\n")


def read_columns(
    path: Path,
    columns: Sequence[str],
    *,
    separator: str = "\t",
    comment: str = "",
    longest: int = LONGEST_LINE,
) -> Iterator[tuple[int, tuple[str, ...]]]:
    """Rows of an unquoted table as ``(line number, the wanted columns in the order asked)``.

    Raises:
        SourceFormatError: where the header lacks a wanted column, or a row is too short.
    """
    places: list[int] | None = None
    width = 0
    for number, line in read_lines(path, longest=longest):
        if not line or (comment and line.startswith(comment)):
            continue
        cells = line.split(separator)
        if places is None:
            places, width = _places(path, number, cells, columns), len(cells)
            continue
        if len(cells) < width:
            raise SourceFormatError(
                path, number, f"{len(cells)} columns, {width} expected", fix="is the file cut off?"
            )
        yield number, tuple(cells[place] for place in places)
    if places is None:
        raise SourceFormatError(path, None, "no header line", fix="is the file empty?")


def _places(path: Path, number: int, header: list[str], columns: Sequence[str]) -> list[int]:
    names = [name.strip().strip('"') for name in header]
    missing = [column for column in columns if column not in names]
    if missing:
        raise SourceFormatError(
            path,
            number,
            f"no column {missing[0]!r} among {', '.join(names)[:200]!r}",
            fix="is this the right file?",
        )
    return [names.index(column) for column in columns]
