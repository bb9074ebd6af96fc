"""Chinese tables (class C) that corroborate a row: by the Chinese names of both ends."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator

from curation.facts import Fact, Record
from curation.name_book import NameBook
from kg.schema import (
    DIAGNOSES,
    HAS_COMPLICATION,
    HAS_PHENOTYPE,
    TREATED_BY_SPECIALTY,
    TREATS,
)

#: Columns that speak of each predicate, and whether the disease is the subject.
_COLUMNS = {
    HAS_PHENOTYPE: ("symptom", True),
    HAS_COMPLICATION: ("complication", True),
    TREATED_BY_SPECIALTY: ("department", True),
    DIAGNOSES: ("checklist", False),
    TREATS: ("drug", False),
}


class ChineseTable:
    """Rows by disease name; by an alias only where no disease has that name and one row the alias.

    39-net calls endometriosis also adenomyosis, which has a row of its own.
    """

    def __init__(
        self, source: str, rows: Iterable[tuple[str, dict[str, str], str]], book: NameBook
    ) -> None:
        self._source = source
        self._book = book
        self._rows: dict[str, list[tuple[dict[str, str], str]]] = defaultdict(list)
        for name, row, record in rows:
            self._rows[name].append((row, record))

    def find(self, fact: Fact) -> list[Record]:
        """At most one row that names both ends in the fitting columns."""
        if fact.predicate not in _COLUMNS:
            return []
        column, outwards = _COLUMNS[fact.predicate]
        disease, other = (fact.subject, fact.object) if outwards else (fact.object, fact.subject)
        wanted = sorted(n for n in self._book.chinese[other] if len(n) > 1)
        for row, record in self._of(disease):
            cell = row.get(column) or ""
            if any(name in cell for name in wanted):
                return [Record(self._source, record)]
        return []

    def _of(self, disease: str) -> Iterator[tuple[dict[str, str], str]]:
        found = [(name, self._rows.get(name, [])) for name in self._book.chinese[disease]]
        named = [
            entry
            for name, rows in sorted(found, key=lambda pair: pair[0])
            for entry in rows
            if entry[0].get("name", name).strip() == name
        ]
        if named:
            yield from named
            return
        for _, rows in sorted(found, key=lambda pair: pair[0]):
            if len(rows) == 1:
                yield from rows
