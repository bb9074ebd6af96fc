"""Chinese tables with a record for each disease: what their loaders share.

The two tables (:mod:`loaders.qasystem`, :mod:`loaders.disease_39net`) name everything in words,
so that concepts follow from the facts of a record (:mod:`loaders.named_facts`).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar, Generic, TypeVar

from kg import schema
from kg.records import Concept, Edge
from loaders.named_facts import Fact, NamedFacts
from loaders.reading import LONGEST_LINE
from loaders.source import ImportReport, SourceCard
from loaders.source_files import RowPlace, required_file

Record = TypeVar("Record")


class DiseaseRecordsLoader(ABC, Generic[Record]):
    """Diseases, and what their records say of them.

    Args:
        folder: folder of the table, or the file itself, packed or not.
        longest: longest line accepted, in bytes.
    """

    #: Where the records come from.
    source_card: ClassVar[SourceCard]
    #: Names the table may have in its folder.
    file_names: ClassVar[tuple[str, ...]]
    #: Prefix of concepts that no vocabulary names.
    prefix: ClassVar[str]
    #: Of every fact.
    confidence: ClassVar[float]

    def __init__(self, folder: Path, *, longest: int = LONGEST_LINE) -> None:
        self._folder = folder
        self._longest = longest
        self._named = NamedFacts(self.prefix, self.source_card.provenance(), self.confidence)
        self.report = ImportReport()

    @property
    def card(self) -> SourceCard:
        """Where the records come from."""
        return self.source_card

    def concepts(self) -> Iterator[Concept]:
        """Diseases of the records first, then complications, then all else, each once."""
        path = required_file(self._folder, *self.file_names)
        seen: set[str] = set()
        for number, record in self._records(path, report=True):
            yield from self._diseases(path, number, record, seen)
        for first in (schema.HAS_COMPLICATION, ""):
            for number, record in self._records(path):
                parts = (
                    (number, part)
                    for fact in self._facts(record)
                    if not first or fact.predicate == first
                    for part in (fact.subject, fact.object)
                )
                yield from self._named.concepts(path, parts, seen)

    def edges(self) -> Iterator[Edge]:
        """The facts of every record."""
        path = required_file(self._folder, *self.file_names)
        for number, record in self._records(path):
            for fact in self._facts(record):
                with RowPlace(path, number):
                    edge = self._named.edge(fact, self._entry(number, record), self.report)
                if edge is not None:
                    yield edge
            for reason, name in self._refused(record):
                self.report.skip(reason, f"{path.name}:{number} {name}")

    @abstractmethod
    def _records(self, path: Path, *, report: bool = False) -> Iterator[tuple[int, Record]]:
        """Line and record; with ``report`` what is left out is reported."""

    @abstractmethod
    def _diseases(
        self, path: Path, number: int, record: Record, seen: set[str]
    ) -> Iterator[Concept]:
        """The disease a record is about; its key is added to ``seen``."""

    @abstractmethod
    def _facts(self, record: Record) -> Iterator[Fact]:
        """What a record says."""

    @abstractmethod
    def _entry(self, number: int, record: Record) -> str:
        """Which entry of the table a record is."""

    @abstractmethod
    def _refused(self, record: Record) -> Iterator[tuple[str, str]]:
        """Reason and name of everything in a record that is no name."""
