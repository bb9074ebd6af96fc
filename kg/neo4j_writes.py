"""What the Neo4j store does inside one write transaction; each may be run again.

What is in the graph is read, merged with what comes, and put back, so a batch that was committed
before its acknowledgement was lost changes nothing when it is sent a second time. The revision is
written first: its lock, held until the commit, makes two writers take turns, so that neither puts
back what it read before the other wrote.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from kg.neo4j_properties import (
    CONCEPT_COLUMNS,
    EDGE_COLUMNS,
    concept_from,
    concept_properties,
    edge_from,
    edge_properties,
)
from kg.records import Concept, Edge, EdgeKey
from kg.schema import CLASSES, PREDICATES

#: What an edge always has travels as a list, which the driver packs twice as fast as a map.
_PROPERTY_COLUMNS = (
    "predicate: $predicate, polarity: row[2], confidence: row[3], evidence: row[4], "
    "sources: row[5], licences: row[6]"
)
_KNOWN_CONCEPTS = f"MATCH (c:Concept) WHERE c.curie IN $curies RETURN {CONCEPT_COLUMNS}"


def _revise(tx: Any) -> None:
    tx.run("MERGE (g:GraphRevision {id: 1}) SET g.revision = randomUUID()").consume()


def write_concepts(tx: Any, *, concepts: Mapping[str, Concept]) -> None:
    """Put concepts into the graph, each merged with what is there under its key.

    Raises:
        InvalidRecordError: where a CURIE is too long for the server's indexes.
    """
    _revise(tx)
    rows = tx.run(_KNOWN_CONCEPTS, curies=list(concepts)).values()
    known = {c.curie: c for c in (concept_from(columns) for (columns,) in rows)}
    by_label: dict[str, list[dict[str, Any]]] = {}
    for curie, concept in concepts.items():
        kept = known[curie].merged(concept) if curie in known else concept
        by_label.setdefault(CLASSES[kept.category].label, []).append(concept_properties(kept))
    for label, properties in by_label.items():
        tx.run(
            f"UNWIND $rows AS row MERGE (c:Concept {{curie: row.curie}}) SET c = row SET c:{label}",
            rows=properties,
        ).consume()


def _property_columns(edge: Edge) -> list[Any]:
    """Properties of an edge from ``confidence`` on, in the order of the query, then the rest."""
    rest = edge_properties(edge)
    del rest["predicate"], rest["polarity"]
    columns = [rest.pop(name) for name in ("confidence", "evidence", "sources", "licences")]
    return [*columns, rest]


def write_edges(tx: Any, *, edges: Mapping[EdgeKey, Edge]) -> None:
    """Put edges between concepts that are there, each merged with the evidence already there."""
    _revise(tx)
    by_type: dict[str, list[Edge]] = {}
    for edge in edges.values():
        by_type.setdefault(PREDICATES[edge.predicate].label, []).append(edge)
    for label, group in by_type.items():
        ends = "(s:Concept {curie: row[0]}), (o:Concept {curie: row[1]})"
        pattern = f"(s)-[r:{label} {{polarity: row[2]}}]->(o)"
        rows: list[list[Any]] = [[e.subject, e.object, e.polarity.value] for e in group]
        found = tx.run(
            f"UNWIND $rows AS row MATCH {ends} MATCH {pattern} RETURN {EDGE_COLUMNS}", rows=rows
        ).values()
        known = {e.key: e for e in (edge_from(columns) for (columns,) in found)}
        for row, edge in zip(rows, group, strict=True):
            there = known.get(edge.key)
            row += _property_columns(edge if there is None else there.merged(edge))
        tx.run(
            f"UNWIND $rows AS row MATCH {ends} MERGE {pattern} SET r = row[7] SET r += "
            f"{{{_PROPERTY_COLUMNS}}}",
            rows=rows,
            predicate=group[0].predicate,
        ).consume()


def remove_evidence(tx: Any, *, source: str, ids: Collection[int]) -> int:
    """Take the evidence of a source from these relationships, and those left without any.

    Returns:
        How many had evidence of the source.
    """
    _revise(tx)
    rows = tx.run(
        "MATCH (:Concept)-[r]->(:Concept) WHERE id(r) IN $ids AND $source IN r.sources "
        f"RETURN id(r), {EDGE_COLUMNS}",
        source=source,
        ids=list(ids),
    ).values()
    gone: list[int] = []
    left: list[dict[str, Any]] = []
    for number, columns in rows:
        kept = edge_from(columns).without_source(source)
        if kept is None:
            gone.append(number)
        else:
            left.append({"id": number, "properties": edge_properties(kept)})
    tx.run("MATCH ()-[r]->() WHERE id(r) IN $ids DELETE r", ids=gone).consume()
    tx.run(
        "UNWIND $rows AS row MATCH ()-[r]->() WHERE id(r) = row.id SET r = row.properties",
        rows=left,
    ).consume()
    return len(rows)
