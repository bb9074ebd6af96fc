"""RDF this project wrote (:mod:`kg.rdf`), Turtle (``.ttl``) or N-Triples (``.nt``)."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from pathlib import Path

from kg.errors import UsageError
from kg.rdf import RdfFormat, read_rdf, write_rdf
from kg.records import Concept, Edge
from kg.store import GraphStore
from loaders.source import SourceCard

_FORMATS: dict[str, RdfFormat] = {".ttl": "turtle", ".turtle": "turtle", ".nt": "nt"}


def rdf_format(path: Path) -> RdfFormat:
    """The format a file's name says.

    Raises:
        UsageError: where it says none.

    >>> rdf_format(Path("graph.nt"))
    'nt'
    """
    try:
        return _FORMATS[path.suffix.lower()]
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

    Raises:
        UsageError: where the file's name says no format.
        GraphFormatError: where it is no RDF this project wrote.
        MissingExtraError: without the extra ``rdf``.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._format = rdf_format(path)
        if not path.exists():
            raise UsageError(f"no file {path}")

    @property
    def card(self) -> SourceCard:
        """A card that names the file; each edge has its own sources."""
        return SourceCard("rdf", f"RDF file {self._path.name}", str(self._path), "NOASSERTION")

    @cached_property
    def _read(self) -> tuple[list[Concept], list[Edge]]:
        return read_rdf(self._path, rdf_format=self._format)

    def concepts(self) -> Iterator[Concept]:
        """Every concept, by key."""
        yield from self._read[0]

    def edges(self) -> Iterator[Edge]:
        """Every edge, by triple and polarity."""
        yield from self._read[1]
