"""PubMed XML: citations of the National Library of Medicine, one article at a time.

Format: https://www.nlm.nih.gov/bsd/licensee/elements_descriptions.html. Parsed by defusedxml, so
that entity bombs and outside entities are refused. Articles an update file deletes are left out,
and named by :meth:`PubmedFile.deleted`, so that whoever keeps earlier ones can drop them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import IO
from xml.etree.ElementTree import Element, ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import iterparse

from kg.errors import SourceFormatError
from kg.records import Provenance
from loaders.reading import LONGEST_LINE, open_bytes
from nlp.records import Document

SOURCE = "pubmed"
_URL = "https://pubmed.ncbi.nlm.nih.gov/{}/"
_SPACES = re.compile(r"\s+")
_MONTHS = {
    name: number
    for number, name in enumerate(
        ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"), 1
    )
}


class _Bounded:
    """A stream that refuses to hand out more than so much between two articles."""

    def __init__(self, stream: IO[bytes], longest: int) -> None:
        self._stream = stream
        self._longest = longest
        self.since = 0  # bytes read since the last article

    def read(self, size: int = 1 << 14, /) -> bytes:
        """The next piece.

        Raises:
            ValueError: where an article is longer than allowed.
        """
        if self.since > self._longest + size:
            raise ValueError(f"an element longer than {self._longest:,} bytes")
        chunk = self._stream.read(size)
        self.since += len(chunk)
        return chunk


class PubmedFile:
    """One PubMed XML file, packed or not.

    Args:
        path: the file.
        longest: most bytes of one article.
    """

    def __init__(self, path: Path, *, longest: int = LONGEST_LINE) -> None:
        self._path = path
        self._longest = longest

    def documents(self) -> Iterator[Document]:
        """Articles with a title or an abstract, but for those this very file deletes.

        Raises:
            SourceFormatError: for broken XML, a bomb, or a file without any article.
        """
        deleted = self.deleted()
        found = False
        for element in self._elements("PubmedArticle", "PubmedBookArticle", "DeleteCitation"):
            found = True
            if element.tag == "DeleteCitation":
                continue
            document = _article(element)
            if document is not None and document.id not in deleted:
                yield document
        if not found:
            raise SourceFormatError(self._path, None, "holds no article", fix="give PubMed XML")

    def deleted(self) -> frozenset[str]:
        """Ids (``PMID:…``) that this file says to delete."""
        gone: set[str] = set()
        if not self._mentions(b"<DeleteCitation>"):
            return frozenset()
        for element in self._elements("DeleteCitation"):
            gone.update(f"PMID:{_text(pmid)}" for pmid in element.iter("PMID"))
        return frozenset(gone)

    def _mentions(self, tag: bytes) -> bool:
        """Whether the tag stands anywhere in the file; quicker than parsing it."""
        with open_bytes(self._path) as stream:
            before = b""
            while chunk := stream.read(1 << 20):
                if tag in before + chunk:
                    return True
                before = chunk[-len(tag) :]
        return False

    def _elements(self, *tags: str) -> Iterator[Element]:
        try:
            with open_bytes(self._path) as stream:
                bounded = _Bounded(stream, self._longest)
                for _, element in iterparse(bounded, events=("end",), forbid_dtd=False):
                    if element.tag in tags:
                        yield element
                    if element.tag in {"PubmedArticle", "PubmedBookArticle", "DeleteCitation"}:
                        element.clear()
                        bounded.since = 0
        except ParseError as error:
            line, column = error.position
            raise SourceFormatError(
                self._path, line, f"broken XML at column {column} ({error.msg})", fix="fetch again"
            ) from error
        except (DefusedXmlException, ValueError) as error:
            raise SourceFormatError(
                self._path, None, f"refused XML ({error})", fix="remove its entity declarations"
            ) from error


def read_pubmed(path: Path, *, longest: int = LONGEST_LINE) -> Iterator[Document]:
    """The articles of a PubMed XML file; see :class:`PubmedFile`."""
    return PubmedFile(path, longest=longest).documents()


def _text(element: Element | None) -> str:
    if element is None:
        return ""
    return _SPACES.sub(" ", "".join(element.itertext())).strip()


def _article(element: Element) -> Document | None:
    """A document of title, one line end, and abstract; None where there is neither."""
    pmid = _text(element.find(".//PMID"))
    title = _text(element.find(".//ArticleTitle")) or _text(element.find(".//BookTitle"))
    title = title or _text(element.find(".//VernacularTitle"))
    parts = []
    for part in element.findall(".//Abstract/AbstractText"):
        label = part.get("Label", "")
        words = _text(part)
        if words:
            parts.append(f"{label}: {words}" if label and label != "UNLABELLED" else words)
    text = "\n".join(filter(None, (title, " ".join(parts))))
    if not pmid.isdigit() or not text:
        return None
    provenance = Provenance(SOURCE, url=_URL.format(pmid))
    return Document(f"PMID:{pmid}", text, provenance, title_end=len(title), date=_date(element))


def _date(element: Element) -> str:
    """The publication date as far as it is given: ``2019``, ``2019-07`` or ``2019-07-03``."""
    for place in (".//JournalIssue/PubDate", ".//ArticleDate", ".//DateCompleted"):
        found = element.find(place)
        year = _text(found.find("Year")) if found is not None else ""
        if found is None or not year.isdigit():
            continue
        month, day = _text(found.find("Month")), _text(found.find("Day"))
        number = _MONTHS.get(month[:3].capitalize(), int(month) if month.isdigit() else 0)
        if not number:
            return year
        return f"{year}-{number:02}" + (f"-{int(day):02}" if day.isdigit() else "")
    return ""
