"""Turns any store into columns (:class:`~kg.snapshot_format.GraphColumns`)."""

from __future__ import annotations

import json
from array import array
from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import astuple
from typing import Any

import numpy as np

from kg.errors import InvalidRecordError
from kg.records import NAME_KINDS, Concept, Edge, Evidence, EvidenceKind, Polarity, Provenance
from kg.snapshot_format import EDGE_ROW, EVIDENCE_ROW, GraphColumns
from kg.strings import Ints, Strings, Text

KINDS = tuple(EvidenceKind)
POLARITIES = (Polarity.NEGATIVE, Polarity.POSITIVE)  # in the order of their values

_KIND_CODE = {kind: code for code, kind in enumerate(KINDS)}
_NAME_KIND_CODE = {kind: code for code, kind in enumerate(NAME_KINDS)}


class _Table:
    """Distinct values, numbered in order of appearance."""

    def __init__(self, *first: Hashable) -> None:
        self._codes: dict[Hashable, int] = {value: i for i, value in enumerate(first)}

    def code(self, value: Hashable) -> int:
        return self._codes.setdefault(value, len(self._codes))

    def strings(self, write: Callable[[Any], str] = str) -> Strings:
        return Strings.of(map(write, self._codes))


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _provenance_json(provenance: Provenance) -> str:
    return _json(astuple(provenance))


class _Rows:
    """One column of numbers being written, and where each owner's rows begin."""

    def __init__(self, **typecodes: str) -> None:
        self.columns: dict[str, array[Any]] = {n: array(code) for n, code in typecodes.items()}
        self._append = tuple(column.append for column in self.columns.values())
        self.starts = array("q", [0])
        self.count = 0

    def add(self, *values: float) -> None:
        for append, value in zip(self._append, values, strict=True):
            append(value)
        self.count += 1

    def close_owner(self) -> None:
        self.starts.append(self.count)

    def __getitem__(self, name: str) -> Ints:
        column = self.columns[name]
        return (
            np.frombuffer(column, dtype=column.typecode)
            if len(column)
            else np.empty(0, dtype=column.typecode)
        )

    @property
    def bounds(self) -> Ints:
        return np.frombuffer(self.starts, dtype=np.int64)


class ColumnBuilder:
    """Collects concepts, then edges, in the order a store hands them out.

    >>> from kg.records import Name
    >>> builder = ColumnBuilder()
    >>> builder.add_concept(Concept("DOID:2841", "biolink:Disease", (Name("asthma"),)))
    >>> builder.finish().curies[0]
    'DOID:2841'
    """

    def __init__(self) -> None:
        self._categories = _Table()
        self._languages = _Table()
        self._provenances = _Table()
        self._documents = _Table("")
        self._sentences = _Table("")
        self._extractors = _Table("")
        self._references = _Table(())
        self._qualifiers = _Table(())
        self._number: dict[str, int] = {}
        self._category = array("H")
        self._names: list[str] = []
        self._xrefs: list[str] = []
        self._xref_starts = array("q", [0])
        self._definitions: list[str] = []
        self._definition_records: list[str] = []
        self._records: list[bytes] = []
        self._predicates: list[str] = []
        self._name_rows = _Rows(language="H", kind="B")
        self._definition_rows = _Rows(provenance="I", language="H", references="I")
        self._edge_rows = _Rows(
            subject="i", object="i", evidence="q", pieces="I", polarity="B", confidence="d"
        )
        self._record_size = 0
        self._evidence_rows = _Rows(
            provenance="I",
            kind="B",
            record="q",
            record_size="I",
            document="I",
            sentence="I",
            start="q",
            end="q",
            confidence="d",
            references="I",
            qualifiers="I",
            extractor="I",
        )
        self._last_edge: tuple[int, str, int, int] = (-1, "", -1, -1)

    def add_concept(self, concept: Concept) -> None:
        """Add the next concept; CURIEs rise.

        Raises:
            InvalidRecordError: where the concept does not follow the one before.
        """
        last = next(reversed(self._number), "")
        if concept.curie <= last:
            raise InvalidRecordError(f"concept {concept.curie} after {last}: sort them by CURIE")
        self._number[concept.curie] = len(self._number)
        self._category.append(self._categories.code(concept.category))
        for name in concept.names:
            self._names.append(name.text)
            self._name_rows.add(self._languages.code(name.language), _NAME_KIND_CODE[name.kind])
        self._name_rows.close_owner()
        self._xrefs.extend(concept.xrefs)
        self._xref_starts.append(len(self._xrefs))
        for definition in concept.definitions:
            self._definitions.append(definition.text)
            self._definition_records.append(definition.record)
            self._definition_rows.add(
                self._provenances.code(definition.provenance),
                self._languages.code(definition.language),
                self._references.code(definition.references),
            )
        self._definition_rows.close_owner()

    def add_edge(self, edge: Edge) -> None:
        """Add the next edge; triples and polarities rise, and both ends were added before.

        Raises:
            InvalidRecordError: where they do not.
        """
        try:
            subject, object_ = self._number[edge.subject], self._number[edge.object]
        except KeyError as missing:
            raise InvalidRecordError(f"edge {edge.triple}: no concept {missing}") from None
        polarity = POLARITIES.index(edge.polarity)
        place = (subject, edge.predicate, object_, polarity)
        if place <= self._last_edge:
            raise InvalidRecordError(f"edge {edge.triple} is out of order; sort edges by triple")
        self._last_edge = place
        self._predicates.append(edge.predicate)
        first, pieces = self._evidence_rows.count, len(edge.evidence)
        self._edge_rows.add(subject, object_, first, pieces, polarity, edge.confidence)
        for evidence in edge.evidence:
            self._add_evidence(evidence)

    def _add_evidence(self, evidence: Evidence) -> None:
        record = evidence.record.encode("utf-8", "surrogatepass")
        self._records.append(record)
        self._evidence_rows.add(
            self._provenances.code(evidence.provenance),
            _KIND_CODE[evidence.kind],
            self._record_size,
            len(record),
            self._documents.code(evidence.document),
            self._sentences.code(evidence.sentence),
            evidence.start,
            evidence.end,
            evidence.confidence,
            self._references.code(evidence.references),
            self._qualifiers.code(evidence.qualifiers),
            self._extractors.code(evidence.extractor),
        )
        self._record_size += len(record)

    def finish(self) -> GraphColumns:
        """The columns of everything added."""
        predicates = sorted(set(self._predicates))
        code = {name: i for i, name in enumerate(predicates)}
        edges, evidence = self._edge_rows, self._evidence_rows
        return GraphColumns(
            categories=self._categories.strings(),
            predicates=Strings.of(predicates),
            languages=self._languages.strings(),
            provenances=self._provenances.strings(_provenance_json),
            documents=self._documents.strings(),
            sentences=self._sentences.strings(),
            extractors=self._extractors.strings(),
            references=self._references.strings(_json),
            qualifiers=self._qualifiers.strings(_json),
            curies=Strings.of(self._number),
            category=np.array(self._category, dtype=np.uint16),
            name_starts=self._name_rows.bounds,
            names=Strings.of(self._names),
            name_language=self._name_rows["language"],
            name_kind=self._name_rows["kind"],
            xref_starts=np.array(self._xref_starts, dtype=np.int64),
            xrefs=Strings.of(self._xrefs),
            definition_starts=self._definition_rows.bounds,
            definitions=Strings.of(self._definitions),
            definition_provenance=self._definition_rows["provenance"],
            definition_language=self._definition_rows["language"],
            definition_records=Strings.of(self._definition_records),
            definition_references=self._definition_rows["references"],
            edges=_table(
                EDGE_ROW,
                {
                    **{name: edges[name] for name in edges.columns if name != "confidence"},
                    "predicate": np.array([code[p] for p in self._predicates], dtype=np.uint16),
                },
            ),
            confidence=edges["confidence"],
            evidence=_table(EVIDENCE_ROW, {name: evidence[name] for name in evidence.columns}),
            records=Text(b"".join(self._records)),
        )


def _table(row: np.dtype[Any], columns: Mapping[str, Ints]) -> Ints:
    """A table of rows from all its columns."""
    table = np.empty(len(next(iter(columns.values()))), dtype=row)
    for name in row.names or ():
        table[name] = columns[name]
    return table


def columns_of(concepts: Iterable[Concept], edges: Iterable[Edge]) -> GraphColumns:
    """The columns of a graph given in the order of a store: concepts by key, edges by triple.

    Raises:
        InvalidRecordError: where they are out of order, or an edge has an end without concept.
    """
    builder = ColumnBuilder()
    for concept in concepts:
        builder.add_concept(concept)
    for edge in edges:
        builder.add_edge(edge)
    return builder.finish()


def check_columns(columns: GraphColumns) -> None:
    """Check what the snapshot relies on: the order of edges, and that ends and rows exist.

    Raises:
        InvalidRecordError: naming the column.
    """
    nodes, edges = len(columns.curies), columns.edges
    for name in ("subject", "object"):
        if len(edges) and (int(edges[name].min()) < 0 or int(edges[name].max()) >= nodes):
            raise InvalidRecordError(f"column {name}: outside the {nodes} concepts")
    rising = np.zeros(max(len(edges) - 1, 0), dtype=bool)
    equal = ~rising
    for name in ("subject", "predicate", "object", "polarity"):
        rising |= equal & (edges[name][1:] > edges[name][:-1])
        equal &= edges[name][1:] == edges[name][:-1]
    if not rising.all():
        raise InvalidRecordError(
            f"edge {int(np.argmin(rising)) + 1} is out of order; sort by subject, predicate, "
            "object, polarity"
        )
    ends = np.cumsum(edges["pieces"], dtype=np.int64)
    starts = ends - edges["pieces"]
    if (edges["pieces"] < 1).any() or (edges["evidence"] != starts).any():
        raise InvalidRecordError("columns evidence and pieces: an edge without its own evidence")
    if len(columns.evidence) != (ends[-1] if len(edges) else 0):
        raise InvalidRecordError(f"{len(columns.evidence)} rows of evidence for {len(edges)} edges")
    # six decimals may round a faint edge to nothing
    if not ((columns.confidence >= 0) & (columns.confidence <= 1)).all():
        raise InvalidRecordError("column confidence: outside [0, 1]")
