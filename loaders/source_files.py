"""What the loaders of data sets share: finding their files, checking cells, naming concepts.

A data set is a folder of files under the owner's names, packed or not. Every check ends in a
:class:`~kg.errors.SourceFormatError` that names file and line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType

from kg.errors import InvalidCurieError, InvalidRecordError, SourceFormatError
from kg.records import Concept, Name, check_curie
from loaders.reading import LONGEST_LINE, read_lines

PACKINGS = ("", ".gz", ".xz", ".bz2")

_NOT_IN_CURIE = re.compile(r"[\s<>\"{}|\\^`%\x00-\x1f\x7f-\x9f]")


def optional_file(folder: Path, *patterns: str) -> Path | None:
    """The file of a folder that fits the first pattern any file fits, packed or not, or None.

    Args:
        folder: the folder, or the file itself.
        patterns: file names or glob patterns, the preferred one first.

    Raises:
        SourceFormatError: where there is no such folder, or a pattern fits several files.
    """
    if not folder.exists():
        raise SourceFormatError(folder, None, "does not exist", fix="give the folder of the files")
    if folder.is_file():
        return folder
    for pattern in patterns:
        found = sorted({p for packing in PACKINGS for p in folder.glob(pattern + packing)})
        found = [path for path in found if path.is_file()]
        if len(found) > 1:
            problem = f"{len(found)} files are called {pattern}, {found[0].name} and others"
            raise SourceFormatError(folder, None, problem, fix="leave one there")
        if found:
            return found[0]
    return None


def required_file(folder: Path, *patterns: str) -> Path:
    """Like :func:`optional_file`, but the file must be there.

    Raises:
        SourceFormatError: where it is not.
    """
    found = optional_file(folder, *patterns)
    if found is None:
        problem = f"holds no {' or '.join(patterns)}"
        raise SourceFormatError(folder, None, problem, fix="give the folder of the owner's files")
    return found


def read_headless(
    path: Path, width: int, *, separator: str = "\t", longest: int = LONGEST_LINE
) -> Iterator[tuple[int, list[str]]]:
    """Rows of an unquoted table without header as ``(line number, cells)``; empty lines left out.

    Raises:
        SourceFormatError: where a row has another width, or there is no row.
    """
    found = False
    for number, line in read_lines(path, longest=longest):
        if not line:
            continue
        cells = line.split(separator)
        if len(cells) != width:
            problem = f"{len(cells)} columns, {width} expected"
            raise SourceFormatError(path, number, problem, fix="is the file cut off?")
        found = True
        yield number, cells
    if not found:
        raise SourceFormatError(path, None, "is empty", fix="give a file with rows")


def fitting(text: str, form: re.Pattern[str], what: str, path: Path, number: int) -> str:
    """``text`` unchanged where it has the form it should have.

    Raises:
        SourceFormatError: where it has not.
    """
    if not form.fullmatch(text):
        problem = f"{text[:80]!r} is no {what}"
        raise SourceFormatError(path, number, problem, fix="are the columns in their order?")
    return text


class RowPlace:
    """Says, with file and line, which row an invalid record came from.

    >>> with RowPlace(Path("a.tsv"), 3):
    ...     Name("")
    Traceback (most recent call last):
    ...
    kg.errors.SourceFormatError: a.tsv:3: name '' is empty or padded; strip it
    """

    __slots__ = ("_number", "_path")

    def __init__(self, path: Path, number: int | None) -> None:
        self._path = path
        self._number = number

    def __enter__(self) -> None:
        return None

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if isinstance(error, InvalidRecordError):
            raise SourceFormatError(self._path, self._number, str(error)) from error


def is_curie(text: str) -> bool:
    """Whether a text is a CURIE.

    >>> is_curie("MESH:D003920"), is_curie("n0")
    (True, False)
    """
    try:
        check_curie(text)
    except InvalidCurieError:
        return False
    return True


def name_curie(prefix: str, kind: str, name: str) -> str:
    """A CURIE for a concept its source knows by name only.

    Characters a CURIE may not hold are written as in an address; Chinese stays readable.

    >>> name_curie("QASYSTEM", "disease", "贫血 (重度)")
    'QASYSTEM:disease.贫血%20(重度)'
    """
    return f"{prefix}:{kind}.{_NOT_IN_CURIE.sub(_escaped, name)}"


def _escaped(found: re.Match[str]) -> str:
    return "".join(f"%{byte:02X}" for byte in found.group().encode("utf-8", "surrogatepass"))


def named(
    curie: str, category: str, name: str, *, language: str = "en", xrefs: tuple[str, ...] = ()
) -> Concept:
    """A concept with one name; its CURIE where the name is empty."""
    return Concept(curie, category, (Name(name.strip() or curie, language, "preferred"),), xrefs)
