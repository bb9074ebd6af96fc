"""RDF this project wrote (:mod:`kg.rdf`), Turtle (``.ttl``) or N-Triples (``.nt``)."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from pathlib import Path

from kg.errors import SourceFormatError, UsageError
from kg.rdf import RdfFormat, parse_rdf, write_rdf
from kg.records import Concept, Edge
from kg.store import GraphStore
from loaders.reading import LONGEST_LINE, open_bytes, read_lines
from loaders.source import SourceCard
from loaders.source_files import PACKINGS, required_file

_FORMATS: dict[str, RdfFormat] = {".ttl": "turtle", ".turtle": "turtle", ".nt": "nt"}


def rdf_format(path: Path) -> RdfFormat:
    """The format a file's name says, packed or not.

    Raises:
        UsageError: where it says none.

    >>> rdf_format(Path("graph.nt")), rdf_format(Path("graph.ttl.gz"))
    ('nt', 'turtle')
    """
    name = path.with_suffix("") if path.suffix in PACKINGS else path
    try:
        return _FORMATS[name.suffix.lower()]
    except KeyError:
        raise UsageError(
            f"{path}: not a name of RDF this project knows; end it in .ttl or .nt"
        ) from None


def write_rdf_file(store: GraphStore, path: Path) -> None:
    """Write a graph in the format the file's name says.

    Raises:
        UsageError: where the name says none.
        MissingExtraError: without the extra ``rdf``.
    """
    write_rdf(store, path, rdf_format=rdf_format(path))


class RdfLoader:
    """Concepts and edges of a file; the edges keep the provenance they were written with.

    The whole file is held while it is read: triples of one edge may stand anywhere in it.

    Args:
        path: the file, packed or not, or the folder that holds one.
        longest: longest line accepted, in bytes.

    Raises:
        UsageError: where the file's name says no format.
        SourceFormatError: where it is no RDF this project wrote, with file and, where the parser
            gives it, line.
        MissingExtraError: without the extra ``rdf``.
    """

    def __init__(self, path: Path, *, longest: int = LONGEST_LINE) -> None:
        self._path = required_file(path, *(f"*{ending}" for ending in _FORMATS))
        self._format = rdf_format(self._path)
        self._longest = longest

    @property
    def card(self) -> SourceCard:
        """A card that names the file; each edge has its own sources."""
        return SourceCard("rdf", f"RDF file {self._path.name}", str(self._path), "NOASSERTION")

    @cached_property
    def _read(self) -> tuple[list[Concept], list[Edge]]:
        for _ in read_lines(self._path, longest=self._longest):
            pass  # every byte is text, and no line endless
        with open_bytes(self._path) as file:
            concepts, edges = parse_rdf(file, self._path, rdf_format=self._format)
        if not concepts:
            raise SourceFormatError(
                self._path, None, "holds no concept", fix="give RDF that medkgqa export wrote"
            )
        return concepts, edges

    def concepts(self) -> Iterator[Concept]:
        """Every concept, by key."""
        yield from self._read[0]

    def edges(self) -> Iterator[Edge]:
        """Every edge, by triple and polarity."""
        yield from self._read[1]
