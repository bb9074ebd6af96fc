"""What every loader is: a card that says where its records come from, and two lazy streams.

A loader reads one outside format and yields the graph's records one by one. It never holds the
whole file unless the format forces it, never writes, and never decides what a question needs.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

from kg.errors import EmptyImportError
from kg.records import Concept, Edge, Provenance
from kg.schema import RefusalReport


@dataclass(frozen=True, slots=True)
class SourceCard:
    """Who made a data set, under which licence, and what a complete copy counts.

    Args:
        name: short id, the ``source`` of its evidence (``hpo-annotations``).
        title: the owner's own title.
        citation: the paper or page to cite.
        licence: SPDX expression or ``LicenseRef-…``; ``NOASSERTION`` where none is stated.
        version: the owner's version or release date, ``""`` where none is stated.
        doi: DOI of the citation, ``""`` where there is none.
        url: the owner's own address.
        expected: what a complete copy holds, as ``(what, how many)`` pairs.
    """

    name: str
    title: str
    citation: str
    licence: str
    version: str = ""
    doi: str = ""
    url: str = ""
    expected: tuple[tuple[str, int], ...] = ()

    def provenance(self, *, version: str = "") -> Provenance:
        """The provenance every evidence of this source carries."""
        return Provenance(self.name, version or self.version, self.licence, url=self.url)


@runtime_checkable
class GraphSource(Protocol):
    """A loader that yields concepts and edges."""

    @property
    def card(self) -> SourceCard:
        """Where the records come from."""
        ...

    def concepts(self) -> Iterator[Concept]:
        """Every concept, lazily; the same key may come twice and is then merged."""
        ...

    def edges(self) -> Iterator[Edge]:
        """Every edge, lazily; an end may be a concept of another source."""
        ...


@dataclass(slots=True)
class ImportReport:
    """What an import kept and what it left out, with reasons."""

    kept: int = 0
    refused: RefusalReport = field(default_factory=RefusalReport)

    def skip(self, reason: str, example: str) -> None:
        """Count one record left out."""
        self.refused.add(reason, example)

    def require_some(self, what: str) -> None:
        """Raise :class:`EmptyImportError` where nothing was kept.

        Args:
            what: what was imported, for the message.
        """
        if not self.kept:
            raise EmptyImportError(f"{what}: nothing could be imported; {self.refused}")
