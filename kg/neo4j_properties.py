"""Concepts and edges as the properties Neo4j keeps, and back, without loss.

A node has the label ``Concept`` beside that of its class; a relationship has the type of its
predicate. What a person wants to read in Browser stands in plain properties (``name``, ``curie``,
``polarity``, ``confidence``, ``sources``, ``references``, ``sentences``); what must not be lost
stands beside it (``names`` with their languages and kinds, ``evidence`` as JSON, one string a
piece).

What an index holds is short: Neo4j 5 refuses a value over 8 kB in a range index, and one over 32 kB
in a full-text index stops the whole database. So the caption is cut, the key of a very long name is
a hash of it, and a CURIE that long is refused.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

from kg.errors import GraphFormatError, InvalidRecordError
from kg.json_records import (
    definition_from_json,
    definition_to_json,
    evidence_from_json,
    evidence_to_json,
)
from kg.names import normalise
from kg.records import Concept, Edge, Name, Polarity, Triple
from kg.schema import PREDICATE_BY_LABEL

#: Longest value of an indexed property, in bytes of UTF-8.
MOST_INDEXED = 2_000

#: A node as a list of what its concept needs, for queries.
CONCEPT_COLUMNS = (
    "[c.curie, c.category, c.names, c.name_languages, c.name_kinds, c.xrefs, c.definitions]"
)
#: A relationship as a list of what its edge needs, for queries.
EDGE_COLUMNS = "[startNode(r).curie, type(r), endNode(r).curie, r.polarity, r.evidence]"

_POLARITIES = {p.value: p for p in Polarity}


def name_key(normal: str) -> str:
    """What the full-text index keeps for a name in normal form.

    >>> name_key("migraine"), len(name_key("a" * 100_000))
    ('migraine', 37)
    """
    encoded = normal.encode("utf-8", "surrogatepass")
    if len(encoded) <= MOST_INDEXED:
        return normal
    return "hash:" + hashlib.blake2b(encoded, digest_size=16).hexdigest()


def _short_curie(curie: str) -> str:
    if len(curie.encode("utf-8", "surrogatepass")) > MOST_INDEXED:
        raise InvalidRecordError(
            f"CURIE {curie[:60]}… has {len(curie):,} characters; "
            f"Neo4j takes {MOST_INDEXED:,} bytes at most"
        )
    return curie


def concept_properties(concept: Concept) -> dict[str, Any]:
    """Every property of a concept's node.

    Raises:
        InvalidRecordError: where a CURIE is too long for the server's indexes.
    """
    keys = dict.fromkeys(normalise(n.text) for n in concept.names)
    keys.pop("", None)
    properties: dict[str, Any] = {
        "curie": _short_curie(concept.curie),
        "name": concept.name()[: MOST_INDEXED // 4],
        "category": concept.category,
        "names": [n.text for n in concept.names],
        "name_languages": [n.language for n in concept.names],
        "name_kinds": [n.kind for n in concept.names],
        "name_keys": [name_key(k) for k in keys],
        "xrefs": [_short_curie(x) for x in concept.xrefs],
        "definitions": [definition_to_json(d) for d in concept.definitions],
    }
    if concept.definitions:
        properties["definition"] = concept.definitions[0].text
    if concept.has_name_in("zh"):
        properties["name_zh"] = concept.name("zh")
    return properties


def concept_from(columns: Sequence[Any]) -> Concept:
    """The concept of a node given as :data:`CONCEPT_COLUMNS`.

    Raises:
        GraphFormatError: where the node was not written by this project.
    """
    curie, category, texts, languages, kinds, xrefs, definitions = columns
    try:
        return Concept(
            curie,
            category,
            tuple(Name(*row) for row in zip(texts, languages, kinds, strict=True)),
            tuple(xrefs or ()),
            tuple(definition_from_json(d) for d in definitions or ()),
        )
    except (TypeError, ValueError) as error:
        raise GraphFormatError(
            f"node {curie!r} was not written by this project: {error}; "
            "give your own nodes a label other than Concept"
        ) from error


def edge_properties(edge: Edge) -> dict[str, Any]:
    """Every property of an edge's relationship; one that would be an empty list is left out.

    ``evidence``, ``sources`` and ``licences`` run parallel: a place for each piece of evidence.
    """
    evidence = edge.evidence
    properties: dict[str, Any] = {
        "predicate": edge.predicate,
        "polarity": edge.polarity.value,
        "confidence": edge.confidence,
        "evidence": [evidence_to_json(e) for e in evidence],
        "sources": [e.provenance.source for e in evidence],
        "licences": [e.provenance.licence for e in evidence],
    }
    references = sorted({r for e in evidence for r in e.references})
    if references:
        properties["references"] = references
    sentences = [e.sentence for e in evidence if e.sentence]
    if sentences:
        properties["sentences"] = sentences
    for name, value in edge.qualifiers:
        properties.setdefault(name, []).append(value)
    return properties


def edge_from(columns: Sequence[Any]) -> Edge:
    """The edge of a relationship given as :data:`EDGE_COLUMNS`.

    Raises:
        GraphFormatError: where the relationship was not written by this project.
    """
    subject, label, object_, polarity, evidence = columns
    try:
        return Edge(
            Triple(subject, PREDICATE_BY_LABEL[label].curie, object_),
            tuple(map(evidence_from_json, evidence)),
            _POLARITIES[polarity],
        )
    except (TypeError, KeyError, ValueError) as error:
        raise GraphFormatError(
            f"relationship ({subject})-[:{label}]->({object_}) was not written by this project: "
            f"{error}; join your own nodes, or delete it"
        ) from error
