"""Turns rows of a snapshot's columns into records, many at a time.

A snapshot was checked when it was written, so its records are made without being checked again:
validating would cost more than all the rest of a question.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import chain, islice, repeat
from struct import Struct
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
    Polarity,
    Provenance,
    Subgraph,
    Triple,
)
from kg.snapshot_columns import KINDS, POLARITIES
from kg.snapshot_edges import stored_edges
from kg.snapshot_format import GraphColumns
from kg.strings import Ints, Strings

_Record = TypeVar("_Record")
_Setter = Callable[[object, object], None]


#: Values kept of one table, and concepts kept; more than any answer holds.
_MOST_KNOWN = 1 << 18
_MOST_CONCEPTS = 1 << 14


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
            for row in rows:
                if row not in known:
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


#: numpy's types of columns as :mod:`struct` writes them.
_CODES = MappingProxyType({"<i4": "i", "<u4": "I", "<i8": "q", "<u2": "H", "<f8": "d"})


#: The columns of some rows of edges, see :data:`kg.snapshot_format.EDGE_ROW`.
_EdgeColumns = Any


class _Rows:
    """A table of fixed-width rows, a few read at a time: three times as fast as numpy does it."""

    def __init__(self, table: Ints) -> None:
        codes = [_CODES[table.dtype[name].str] for name in table.dtype.names or ()]
        self._bytes = table.view(np.uint8).data
        self._size = table.dtype.itemsize
        self._unpack = Struct("<" + "".join(codes)).unpack_from

    def columns(self, rows: Sequence[int]) -> Any:
        """The columns of these rows, each a tuple; there is a row at least."""
        size = self._size
        places = [size * row for row in rows]
        return tuple(zip(*map(self._unpack, repeat(self._bytes), places), strict=True))


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
        self._known_concepts: dict[int, Concept] = {}
        self._edge_rows = _Rows(columns.edges)
        self._evidence_rows = _Rows(columns.evidence)

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

    def concepts(self, rows: Sequence[int]) -> list[Concept]:
        """The concepts of these rows, in their order; each is made once and kept."""
        known = self._known_concepts
        try:
            return list(map(known.__getitem__, rows))
        except KeyError:
            if len(known) > _MOST_CONCEPTS:
                known.clear()
            missing = [row for row in dict.fromkeys(rows) if row not in known]
            made = self.fresh_concepts(np.array(missing, dtype=np.int64))
            known.update(zip(missing, made, strict=True))
            return list(map(known.__getitem__, rows))

    def fresh_concepts(self, rows: Ints) -> list[Concept]:
        """The concepts of these rows, in their order; none is kept."""
        columns = self._columns
        return _made(
            Concept,
            columns.curies.take(rows),
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
        """The edges with these numbers, in their order; their evidence is read when asked for."""
        if not len(ids):
            return []
        numbers = ids.tolist()
        return self._stored(numbers, self._edge_rows.columns(numbers))

    def whole_edges(self, ids: Ints) -> list[Edge]:
        """The edges with these numbers, in their order, with everything read."""
        if not len(ids):
            return []
        rows = self._edge_rows.columns(ids.tolist())
        return _made(Edge, self._triples(rows), self._evidence(rows), self._polarities(rows))

    def subgraph(self, row: int, ids: Ints) -> Subgraph:
        """The edges with these numbers, in their order; the concept ``row`` and their ends."""
        numbers = ids.tolist()
        rows = self._edge_rows.columns(numbers) if numbers else ((), ())
        ends = dict.fromkeys(chain([row], chain.from_iterable(zip(*rows[:2], strict=True))))
        edges = self._stored(numbers, rows) if numbers else []
        concepts = self.concepts(list(ends))
        by_curie = dict(zip(self._curies.values(list(ends)), concepts, strict=True))
        return _made(Subgraph, [tuple(concepts)], [tuple(edges)], [by_curie])[0]

    def _stored(self, numbers: Sequence[int], rows: _EdgeColumns) -> list[Edge]:
        return stored_edges(self, numbers, self._triples(rows), self._polarities(rows))

    def _triples(self, rows: _EdgeColumns) -> list[Triple]:
        subjects, objects, _, _, predicates, _ = rows
        ends, count = self._curies.values(subjects + objects), len(subjects)
        return _made(
            Triple, ends[:count], map(self.predicates.__getitem__, predicates), ends[count:]
        )

    def _polarities(self, rows: _EdgeColumns) -> Iterable[Polarity]:
        return map(POLARITIES.__getitem__, rows[5])

    def evidence_of(self, numbers: Sequence[int]) -> list[tuple[Evidence, ...]]:
        """All evidence of the edges with these numbers."""
        return list(self._evidence(self._edge_rows.columns(numbers)))

    def confidences_of(self, numbers: Sequence[int]) -> list[float]:
        """The confidence of the edges with these numbers."""
        found: list[float] = self._columns.confidence[numbers].tolist()
        return found

    def sources_of(self, numbers: Sequence[int]) -> list[tuple[str, ...]]:
        """The sources of the edges with these numbers, sorted."""
        _, _, begins, pieces, _, _ = self._edge_rows.columns(numbers)
        codes = self._evidence_rows.columns(_spread(begins, pieces))[0]
        found = self.provenances.values(codes)
        if sum(pieces) == len(pieces):
            return [(provenance.source,) for provenance in found]
        return [tuple(sorted({p.source for p in some})) for some in _split(found, pieces)]

    def _evidence(self, rows: _EdgeColumns) -> Iterable[tuple[Evidence, ...]]:
        begins, pieces = rows[2:4]
        every = self._evidence_records(_spread(begins, pieces))
        return _split(every, pieces) if len(every) > len(pieces) else zip(every, strict=True)

    def _evidence_records(self, rows: Sequence[int]) -> list[Evidence]:
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
        ) = self._evidence_rows.columns(rows)
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


def _spread(begins: Sequence[int], pieces: Sequence[int]) -> Sequence[int]:
    """The numbers of all rows, ``pieces`` from each of ``begins`` on."""
    if sum(pieces) == len(pieces):
        return begins
    return list(
        chain.from_iterable(
            range(first, first + n) for first, n in zip(begins, pieces, strict=True)
        )
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


_RECORDS = (Name, Definition, Triple, Evidence, Edge, Concept, Subgraph)
_SETTERS: Mapping[type[Any], tuple[_Setter, ...]] = MappingProxyType(
    {record: _setters(record) for record in _RECORDS}
)
