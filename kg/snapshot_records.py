"""Turns rows of a snapshot's columns into records, many at a time.

A snapshot was checked when it was written, so its records are made without being checked again:
validating would cost more than all the rest of a question.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import islice, repeat
from types import MappingProxyType
from typing import Any, TypeVar

import numpy as np

from kg.records import (
    NAME_KINDS,
    Concept,
    Definition,
    Edge,
    Evidence,
    Name,
    Provenance,
    Triple,
)
from kg.snapshot_columns import KINDS, POLARITIES
from kg.snapshot_format import GraphColumns
from kg.strings import Ints, Strings

_Record = TypeVar("_Record")
_Setter = Callable[[object, object], None]


#: Values kept of one table; more than any answer holds.
_MOST_KNOWN = 1 << 18


def _setters(record: type[Any]) -> tuple[_Setter, ...]:
    return tuple(record.__dict__[name].__set__ for name in record.__slots__)


def flat_ranges(starts: Ints, ends: Ints) -> Ints:
    """The numbers of all ranges ``[start, end)``, one range after another.

    >>> flat_ranges(np.array([5, 9]), np.array([7, 10])).tolist()
    [5, 6, 9]
    """
    lengths = ends - starts
    total = int(lengths.sum())
    if total == len(starts) and bool((lengths == 1).all()):
        return starts
    shift = np.cumsum(lengths) - lengths
    numbers: Ints = np.arange(total, dtype=np.int64) + np.repeat(starts - shift, lengths)
    return numbers


class _Cached:
    """A table of distinct values, each parsed when first asked for."""

    def __init__(self, column: Strings, parse: Callable[[str], Any]) -> None:
        self._column = column
        self._parse = parse
        self._known: dict[int, Any] = {}

    def __getitem__(self, row: int) -> Any:
        return self.values([row])[0]

    def values(self, rows: Sequence[int]) -> list[Any]:
        """The values of these rows."""
        known = self._known
        try:
            return list(map(known.__getitem__, rows))
        except KeyError:
            if len(known) > _MOST_KNOWN:
                known.clear()
            for row in set(rows) - known.keys():
                known[row] = self._parse(self._column[row])
            return list(map(known.__getitem__, rows))


def _strings(text: str) -> tuple[str, ...]:
    return tuple(json.loads(text))


def _pairs(text: str) -> tuple[tuple[str, str], ...]:
    return tuple((name, value) for name, value in json.loads(text))


def provenance_from_json(text: str) -> Provenance:
    """A provenance from its row of the table: its fields in order."""
    return Provenance(*json.loads(text))


def _made(record: type[_Record], *columns: Iterable[Any]) -> list[_Record]:
    """Records from their columns of values, in the order of their fields; the first has a length.

    The loops run in C: a record of eleven fields takes half a microsecond. ``any`` only drives
    them, for a setter returns None.
    """
    first, *others = columns
    set_first, *setters = _SETTERS[record]
    values = list(first)
    records: list[_Record] = list(map(object.__new__, repeat(record, len(values))))
    any(map(set_first, records, values))
    for setter, column in zip(setters, others, strict=True):
        any(map(setter, records, column))
    return records


class RecordReader:
    """Makes :class:`Concept`, :class:`Edge` and :class:`Name` records from columns."""

    def __init__(self, columns: GraphColumns) -> None:
        self._columns = columns
        self.categories = columns.categories.slice(0, len(columns.categories))
        self.predicates = columns.predicates.slice(0, len(columns.predicates))
        self._languages = columns.languages.slice(0, len(columns.languages))
        self._curies = _Cached(columns.curies, str)
        self.provenances = _Cached(columns.provenances, provenance_from_json)
        self.qualifiers = _Cached(columns.qualifiers, _pairs)
        self._references = _Cached(columns.references, _strings)
        self._extractors = _Cached(columns.extractors, str)

    def curies(self, rows: Sequence[int]) -> list[str]:
        """The CURIEs of these concept rows."""
        return self._curies.values(rows)

    def names(self, rows: Ints) -> list[Name]:
        """The names of these name rows."""
        columns = self._columns
        return _made(
            Name,
            columns.names.take(rows),
            map(self._languages.__getitem__, columns.name_language[rows].tolist()),
            map(NAME_KINDS.__getitem__, columns.name_kind[rows].tolist()),
        )

    def concepts(self, rows: Ints) -> list[Concept]:
        """The concepts of these rows, in their order."""
        columns = self._columns
        return _made(
            Concept,
            self._curies.values(rows.tolist()),
            map(self.categories.__getitem__, columns.category[rows].tolist()),
            _grouped(columns.name_starts, rows, self.names),
            _grouped(columns.xref_starts, rows, columns.xrefs.take),
            _grouped(columns.definition_starts, rows, self._definitions),
        )

    def _definitions(self, rows: Ints) -> list[Definition]:
        columns = self._columns
        return _made(
            Definition,
            columns.definitions.take(rows),
            self.provenances.values(columns.definition_provenance[rows].tolist()),
            map(self._languages.__getitem__, columns.definition_language[rows].tolist()),
            columns.definition_records.take(rows),
            self._references.values(columns.definition_references[rows].tolist()),
        )

    def edges(self, ids: Ints) -> list[Edge]:
        """The edges with these numbers, in their order."""
        if not len(ids):
            return []
        columns, count = self._columns, len(ids)
        table = columns.edges[ids]
        subjects, objects, begins, pieces, predicates, polarities = zip(
            *table.tolist(), strict=True
        )
        ends = self._curies.values(subjects + objects)
        triples = _made(
            Triple,
            ends[:count],
            map(self.predicates.__getitem__, predicates),
            ends[count:],
        )
        if sum(pieces) == count:
            evidence: Iterable[tuple[Evidence, ...]] = zip(
                self._evidence(np.array(begins)), strict=True
            )
        else:
            first = table["evidence"]
            evidence = _split(self._evidence(flat_ranges(first, first + table["pieces"])), pieces)
        return _made(Edge, triples, evidence, map(POLARITIES.__getitem__, polarities))

    def _evidence(self, rows: Ints) -> list[Evidence]:
        columns = self._columns
        (
            provenances,
            kinds,
            records,
            sizes,
            documents,
            sentences,
            references,
            starts,
            ends,
            confidences,
            qualifiers,
            extractors,
        ) = zip(*columns.evidence[rows].tolist(), strict=True)
        return _made(
            Evidence,
            self.provenances.values(provenances),
            map(KINDS.__getitem__, kinds),
            columns.records.pieces(records, sizes),
            _looked_up(columns.documents, documents),
            _looked_up(columns.sentences, sentences),
            starts,
            ends,
            confidences,
            self._references.values(references),
            self.qualifiers.values(qualifiers),
            self._extractors.values(extractors),
        )


def _looked_up(table: Strings, codes: tuple[int, ...]) -> Iterable[str]:
    """The strings of a table whose row 0 is empty, which most codes are."""
    return table.take(np.array(codes)) if any(codes) else repeat("")


def _split(every: list[_Record], counts: Iterable[int]) -> Iterable[tuple[_Record, ...]]:
    """The first records, the next ones, …, so many each."""
    records = iter(every)
    return [tuple(islice(records, count)) for count in counts]


def _grouped(
    starts: Ints, owners: Ints, read: Callable[[Ints], list[_Record]]
) -> Iterable[tuple[_Record, ...]]:
    """What each owner's rows hold, read in one go."""
    begins, ends = starts[owners], starts[owners + 1]
    rows = flat_ranges(begins, ends)
    if not len(rows):
        return repeat(())
    every = read(rows)
    if rows is begins:
        return zip(every, strict=True)
    return _split(every, (ends - begins).tolist())


_SETTERS: Mapping[type[Any], tuple[_Setter, ...]] = MappingProxyType(
    {record: _setters(record) for record in (Name, Definition, Triple, Evidence, Edge, Concept)}
)
