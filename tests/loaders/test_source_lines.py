"""Reading lines and tables: every trap is an error with file and line."""

from __future__ import annotations

import bz2
import gzip
import lzma
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kg.errors import SourceFormatError
from loaders.csv_rows import read_records
from loaders.reading import read_columns, read_lines


@pytest.mark.parametrize("pack", [bytes, gzip.compress, lzma.compress, bz2.compress])
def test_packed_files_read_like_plain_ones(tmp_path: Path, pack: Callable[[bytes], bytes]) -> None:
    path = tmp_path / "a"
    path.write_bytes(pack("\ufeffä\r\nb\n\nc".encode()))
    assert list(read_lines(path)) == [(1, "ä"), (2, "b"), (3, ""), (4, "c")]


@pytest.mark.parametrize(
    ("content", "place", "problem"),
    [
        (b"ok\nbad \xff\n", ":2:", "byte 0xff at column 5 is not utf-8"),
        (b"ok\nok\nN\x00L\n", ":3:", "NUL byte"),
        (b"x" * 101 + b"\n", ":1:", "longer than 100 bytes"),
        (gzip.compress(b"word " * 1000)[:-20], ":", "damaged compression"),
        (lzma.compress(b"word " * 1000)[:-20], ":", "damaged compression"),
    ],
)
def test_hostile_files_are_refused(
    tmp_path: Path, content: bytes, place: str, problem: str
) -> None:
    path = tmp_path / "hostile.txt"
    path.write_bytes(content)
    with pytest.raises(SourceFormatError) as raised:
        list(read_lines(path, longest=100 if content[:1] == b"x" else 100_000))
    assert f"hostile.txt{place}" in str(raised.value)
    assert problem in str(raised.value)


def test_a_missing_file_and_a_folder_are_named(tmp_path: Path) -> None:
    for path in (tmp_path / "none.tsv", tmp_path):
        with pytest.raises(SourceFormatError, match="cannot be read"):
            list(read_lines(path))


def test_columns_are_found_by_name_and_a_short_row_is_named(tmp_path: Path) -> None:
    path = tmp_path / "t.tsv"
    path.write_text("#note\na\tb\tc\n1\t2\t3\n4\t5\n", "utf-8")
    rows = read_columns(path, ("c", "a"), comment="#")
    assert next(rows) == (3, ("3", "1"))
    with pytest.raises(SourceFormatError, match=r"t\.tsv:4: 2 columns, 3 expected"):
        next(rows)
    with pytest.raises(SourceFormatError, match="no column 'd'"):
        list(read_columns(path, ("d",), comment="#"))


def test_an_empty_table_has_no_header(tmp_path: Path) -> None:
    path = tmp_path / "empty.tsv"
    path.write_bytes(b"")
    with pytest.raises(SourceFormatError, match="no header line"):
        list(read_columns(path, ("a",)))
    with pytest.raises(SourceFormatError, match="no header line"):
        list(read_records(path))


@given(
    st.lists(
        st.tuples(
            *[st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"))] * 2
        ),
        min_size=1,
        max_size=5,
    )
)
def test_csv_cells_come_back_verbatim(tmp_path_factory: pytest.TempPathFactory, rows) -> None:  # type: ignore[no-untyped-def]
    rows = [(a.replace("\r", ""), b.replace("\r", "")) for a, b in rows]
    path = tmp_path_factory.mktemp("csv") / "t.csv"
    text = "".join('"{}","{}"\n'.format(*(c.replace('"', '""') for c in row)) for row in rows)
    path.write_bytes(b"a,b\n" + text.encode())
    read = [tuple(row.values()) for _, row in read_records(path)]
    assert read == [row for row in rows if any(row)]


def test_formula_cells_are_text_and_an_open_quotation_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("a,b\n=1+1,@SUM(A1)\n", "utf-8")
    assert list(read_records(path)) == [(2, {"a": "=1+1", "b": "@SUM(A1)"})]
    path.write_text('a,b\n"open,1\n', "utf-8")
    with pytest.raises(SourceFormatError, match="broken table"):
        list(read_records(path))
    path.write_text("a,b\n1,2,3\n", "utf-8")
    with pytest.raises(SourceFormatError, match="3 cells, 2 expected"):
        list(read_records(path))
