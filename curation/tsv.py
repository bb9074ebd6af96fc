"""Reading the class A tables at hand and writing our own, atomically."""

from __future__ import annotations

import csv
import lzma
import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path


def read_table(path: Path, *, delimiter: str = "\t") -> Iterator[dict[str, str]]:
    """Rows of a table with a header line, plain or xz."""
    opener = lzma.open if path.suffix == ".xz" else open
    with opener(path, "rt", encoding="utf-8", newline="") as stream:
        yield from csv.DictReader(stream, delimiter=delimiter)


def write_table(path: Path, header: Sequence[str], rows: Iterable[Sequence[str]]) -> int:
    """Write a TSV whose cells hold neither tab nor line end; returns the number of rows."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(f".{os.getpid()}.partial")
    count = 0
    with partial.open("w", encoding="utf-8", newline="\n") as stream:
        stream.write("\t".join(header) + "\n")
        for row in rows:
            if len(row) != len(header):
                raise ValueError(f"{path.name}: row {row!r} has not {len(header)} cells")
            stream.write("\t".join(" ".join(cell.split()) for cell in row) + "\n")
            count += 1
    partial.replace(path)
    return count
