"""What Neo4j Browser is given: a style, and saved queries with parameters to change.

``kg/neo4j_browser/queries.cypher`` holds the queries, apart by empty lines: a title, a first
line with the values to change, and the rest. (Browser's own ``:param`` would need a statement of
its own, and of two statements together Browser draws none.) ``style.grass`` beside it gives
each class its colour and caption. Browser takes both by drag and drop; the queries as a zip of
files, which become a folder of favourites, or as a guide to click through.
Browser manual: https://neo4j.com/docs/browser-manual/current/
"""

from __future__ import annotations

import html
import io
import re
import zipfile
from dataclasses import dataclass
from importlib import resources

from kg.errors import SourceFormatError

_TITLE = re.compile(r"// \d\d (.+)")
_PARAMETERS = re.compile(r"WITH .+ AS \w+(, .+ AS \w+)*")
_FOLDER = "Medical graph"
_GUIDE_START = (
    "<h3>A medical knowledge graph</h3>"
    "<p>Nodes are concepts (<code>:Disease</code>, <code>:Symptom</code>, <code>:Drug</code>, "
    "<code>:Gene</code> …) with a <code>curie</code> and a <code>name</code>; relationships are "
    "statements with <code>polarity</code>, <code>confidence</code>, <code>sources</code> and "
    "<code>evidence</code>. Each of the next pages holds a query: click it into the editor, "
    "change the first line, run it. Not medical advice.</p>"
)


@dataclass(frozen=True, slots=True)
class SavedQuery:
    """A query a person can change.

    Args:
        title: what it answers.
        query: Cypher; its first line (``WITH 'migraine' AS disease``) holds what to change.
    """

    title: str
    query: str

    @property
    def text(self) -> str:
        """Title and query, as they stand in the file."""
        return f"// {self.title}\n{self.query};"


def style() -> str:
    """The GRASS style file of the schema's classes and relationship types."""
    return (resources.files("kg") / "neo4j_browser" / "style.grass").read_text(encoding="utf-8")


def saved_queries() -> list[SavedQuery]:
    """The queries, in order.

    >>> saved_queries()[1].title, saved_queries()[1].query.splitlines()[0]
    ('Symptoms of a disease', "WITH 'migraine' AS disease")
    """
    text = (resources.files("kg") / "neo4j_browser" / "queries.cypher").read_text(encoding="utf-8")
    return parse_queries(text)


def parse_queries(text: str) -> list[SavedQuery]:
    """The queries of a file.

    Raises:
        SourceFormatError: where a block is not a title, a line of parameters and a query.
    """
    queries: list[SavedQuery] = []
    line = 1
    for block in text.split("\n\n"):
        first, _, query = block.strip("\n").partition("\n")
        title = _TITLE.fullmatch(first)
        parameters = _PARAMETERS.fullmatch(query.partition("\n")[0])
        if title is None or parameters is None or not query.endswith(";"):
            raise SourceFormatError(
                "queries.cypher", line, "not '// 01 TITLE', 'WITH VALUE AS NAME' and a query"
            )
        queries.append(SavedQuery(title[1], query[:-1]))
        line += block.count("\n") + 2
    return queries


def favourites_zip() -> bytes:
    """The queries as Browser imports favourites: a zip of a folder, one file a query."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for number, query in enumerate(saved_queries(), 1):
            name = re.sub(r"[^a-z0-9]+", "_", query.title.lower()).strip("_")
            entry = zipfile.ZipInfo(f"{_FOLDER}/{number:02}_{name}.cypher", (1980, 1, 1, 0, 0, 0))
            archive.writestr(entry, query.text)
    return buffer.getvalue()


def guide() -> str:
    """The queries as a Browser guide: a page a query, to be clicked into the editor and run."""
    slides = [_GUIDE_START, *map(_slide, saved_queries())]
    pages = "\n".join(
        f'<slide class="row-fluid"><div class="col-sm-12">{slide}</div></slide>' for slide in slides
    )
    return (
        "<!DOCTYPE html>\n<html><body>\n"
        '<article class="guide"><carousel class="deck container-fluid">\n'
        f"{pages}\n</carousel></article>\n</body></html>\n"
    )


def _slide(query: SavedQuery) -> str:
    return (
        f"<h3>{html.escape(query.title)}</h3>"
        '<figure><pre class="pre-scrollable code runnable">'
        f"{html.escape(query.text, quote=False)}</pre></figure>"
    )
