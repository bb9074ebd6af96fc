"""The saved queries and the style: each runs, finds something, and fits the schema."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from kg.errors import SourceFormatError
from kg.neo4j_saved_queries import (
    SavedQuery,
    favourites_zip,
    guide,
    parse_queries,
    saved_queries,
    style,
)
from kg.schema import CLASS_BY_LABEL, PREDICATE_BY_LABEL
from medkgqa.neo4j_command import Serving

QUERIES = saved_queries()


@pytest.fixture(scope="module")
def session(served: Serving) -> Iterator[Any]:
    neo4j = pytest.importorskip("neo4j")
    address = served.address
    with (
        neo4j.GraphDatabase.driver(
            address.bolt,
            auth=(address.user, address.password),
            notifications_min_severity="OFF",
        ) as driver,
        driver.session(default_access_mode="READ") as session,
    ):
        yield session


def test_there_are_twenty() -> None:
    assert len(QUERIES) == len({q.title for q in QUERIES}) == 20


@pytest.mark.neo4j
@pytest.mark.parametrize("query", QUERIES, ids=lambda q: q.title)
def test_each_finds_something(query: SavedQuery, session: Any) -> None:
    assert session.run(query.text.rstrip(";")).data(), query.text


@pytest.mark.neo4j
@pytest.mark.parametrize("query", QUERIES, ids=lambda q: q.title)
def test_another_parameter_finds_something_else(query: SavedQuery, session: Any) -> None:
    first, rest = query.query.split("\n", 1)
    changed = re.sub(r"'[^']*'", "'no such thing'", first).replace("0.0", "2.0")
    assert changed != first
    assert session.run(f"{changed}\n{rest}").data() == []


@pytest.mark.parametrize("query", QUERIES, ids=lambda q: q.title)
def test_labels_are_of_the_schema(query: SavedQuery) -> None:
    labels = re.findall(r"\(\w*:([A-Za-z|]+)", query.query)
    assert {one for some in labels for one in some.split("|")} <= {"Concept", *CLASS_BY_LABEL}
    types = re.findall(r"\[\w*:([A-Z_|]+)", query.query)
    assert {one for some in types for one in some.split("|")} <= PREDICATE_BY_LABEL.keys()
    assert not re.search(r"\b(CREATE|MERGE|SET|DELETE|REMOVE|CALL|LOAD)\b", query.query)


@pytest.mark.parametrize(
    "text", ["MATCH (n) RETURN n;", "// 01 Title\nMATCH (n) RETURN n;", "// 01 A\nWITH 1 AS a\nRE"]
)
def test_a_broken_file_is_named(text: str) -> None:
    with pytest.raises(SourceFormatError, match=r"queries\.cypher:5"):
        parse_queries(f"// 01 Good\nWITH 1 AS a\nRETURN a;\n\n{text}")


def test_the_zip_holds_a_folder_of_favourites() -> None:
    with zipfile.ZipFile(io.BytesIO(favourites_zip())) as archive:
        names = archive.namelist()
        texts = [archive.read(name).decode() for name in names]
    assert names[1] == "Medical graph/02_symptoms_of_a_disease.cypher"
    assert texts == [q.text for q in QUERIES]
    assert favourites_zip() == favourites_zip()


def test_the_guide_holds_each_query_as_it_is() -> None:
    class Runnable(HTMLParser):
        """Collects the text of what may be clicked into the editor."""

        def __init__(self) -> None:
            super().__init__()
            self.inside = False
            self.texts: list[str] = []

        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            if tag == "pre" and "runnable" in (dict(attrs)["class"] or ""):
                self.inside = True
                self.texts.append("")

        def handle_endtag(self, tag: str) -> None:
            self.inside = self.inside and tag != "pre"

        def handle_data(self, data: str) -> None:
            if self.inside:
                self.texts[-1] += data

    parser = Runnable()
    parser.feed(guide())
    assert parser.texts == [q.text for q in QUERIES]


def test_each_class_and_type_has_its_colour_and_caption() -> None:
    rules = dict(re.findall(r"^([\w.]+) \{(.*?)^\}", style(), re.MULTILINE | re.DOTALL))
    wanted = {f"node.{label}" for label in CLASS_BY_LABEL}
    wanted |= {f"relationship.{label}" for label in PREDICATE_BY_LABEL}
    assert rules.keys() == wanted | {"node", "relationship", "node.Concept"}
    for name in wanted:
        assert re.search(r"color: #[0-9A-F]{6};", rules[name])
        caption = "'{name}'" if name.startswith("node") else "'<type>'"
        assert f"caption: {caption};" in rules[name]
    colours = [re.search(r"color: (#\w+)", rules[f"node.{c}"]) for c in CLASS_BY_LABEL]
    assert len({c[1] for c in colours if c}) == len(CLASS_BY_LABEL)


def test_the_page_names_every_label_and_shows_its_pictures() -> None:
    docs = Path(__file__).parents[2] / "docs"
    page = (docs / "neo4j.md").read_text(encoding="utf-8")
    for label in (*CLASS_BY_LABEL, *PREDICATE_BY_LABEL):
        assert f"`{label}`" in page
    pictures = re.findall(r"\((images/[^)]+)\)", page)
    assert len(pictures) == 5
    for picture in pictures:
        assert (docs / picture).stat().st_size < 300_000
    for linked in re.findall(r"\((\.\./[^)]+)\)", page):
        assert (docs / linked).exists()
