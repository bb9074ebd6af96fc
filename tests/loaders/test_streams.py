"""JSON and XML read as streams: what is handed out, and what is refused."""

from __future__ import annotations

import bz2
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kg.errors import SourceFormatError
from loaders.json_members import read_members
from loaders.xml_events import read_elements

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)


@settings(deadline=None, max_examples=100)
@given(st.dictionaries(st.text(), VALUES, max_size=5), st.sampled_from([None, 2]))
def test_members_are_those_of_the_object(
    tmp_path_factory: pytest.TempPathFactory, whole: dict[str, Any], indent: int | None
) -> None:
    path = tmp_path_factory.mktemp("j") / "a.json"
    text = json.dumps(whole, indent=indent).replace("\\u0000", " ")
    path.write_text(text, "utf-8")
    found: dict[str, Any] = {}
    for name, _, value in read_members(path):
        found.setdefault(name, []).append(value)
    wanted = {
        name: value if isinstance(value, list) else [value]
        for name, value in json.loads(text).items()
        if value != []
    }
    assert found == wanted


def test_elements_of_an_array_come_one_by_one_with_their_lines(tmp_path: Path) -> None:
    path = tmp_path / "a.json.bz2"
    many = [{"number": n, "text": "ä" * 50} for n in range(5_000)]
    text = '{"before": 1,\n "many": [\n' + ",\n".join(map(json.dumps, many)) + "\n]}"
    path.write_bytes(bz2.compress(text.encode()))
    found = list(read_members(path, longest=1_000))
    assert found[0] == ("before", 1, 1)
    assert found[1:] == [("many", n + 3, record) for n, record in enumerate(many)]


@pytest.mark.parametrize(
    ("text", "line", "problem"),
    [
        ('[{"a": 1}]', 1, "where one of '{' should be"),
        ('{"a": [1,\n2', 2, "the end of the file"),
        ('{"a": [1,\n2\n 3]}', 3, "'3' where one of"),
        ('{"a": nul}', 1, "no JSON"),
        ('{"a": 1}\n{}', 2, "after the closing brace"),
        ("{1: 2}", 1, "where a name should be"),
        ('{"a":\n"' + "x" * 2_000_000 + '"}', 2, "longer than 1,000"),
        ('{"a": ' + "[" * 200_000, 1, ""),
    ],
)
def test_broken_json_is_named_with_its_line(
    tmp_path: Path, text: str, line: int, problem: str
) -> None:
    path = tmp_path / "a.json"
    path.write_text(text, "utf-8")
    with pytest.raises(SourceFormatError) as raised:
        list(read_members(path, longest=1_000))
    assert (raised.value.line, Path(raised.value.path).name) == (line, "a.json")
    assert problem in str(raised.value)


def test_elements_come_whole_with_their_lines(tmp_path: Path) -> None:
    path = tmp_path / "a.xml"
    path.write_text(
        '<x:list xmlns:x="urn:x">\n<x:entry id="1">a<b>c</b>&lt;d</x:entry>\n<other/>\n'
        '<x:entry id="2"/></x:list>',
        "utf-8",
    )
    first, second = read_elements(path, "entry")
    assert (first.line, first.attributes["id"], first.text) == (2, "1", "a<d")
    assert first.child_text("b") == "c"
    assert first.child("none") is None
    assert (second.line, second.text) == (4, "")


def test_an_element_longer_than_allowed_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.xml"
    many = "<entry>x</entry>\n" * 100_000
    path.write_text(f"<list>{many}</list>", "utf-8")
    assert sum(1 for _ in read_elements(path, "entry", longest=1_000)) == 100_000
    path.write_text(f"<list>\n<entry>{'x' * 500_000}</entry></list>", "utf-8")
    with pytest.raises(SourceFormatError, match=r"a\.xml:2: an element longer than 1,000"):
        list(read_elements(path, "entry", longest=1_000))
    path.write_text(f"<list>\n<entry a='{'x' * 500_000}'/></list>", "utf-8")
    with pytest.raises(SourceFormatError, match="longer than 1,000"):
        list(read_elements(path, "entry", longest=1_000))
