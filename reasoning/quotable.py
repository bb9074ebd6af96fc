"""What of a document can be quoted, and where its passages lie."""

from __future__ import annotations

from collections.abc import Iterator

from kg.records import Polarity, Triple
from kg.store import GraphStore
from nlp.edges import related_edges
from nlp.records import Document, Reading
from nlp.sentences import sentences
from reasoning.passages import passages
from reasoning.quotes import Statement


def passages_of(document: Document) -> Iterator[tuple[int, int]]:
    """Spans of a document that are searched as one."""
    breaks = [document.title_end] if document.title_end else []
    return passages(sentences(document.text, breaks=breaks))


def statements_of(reading: Reading, names: GraphStore) -> list[Statement]:
    """What can be quoted of a document: statements whose two names stand in the very sentence.

    A sentence that asks states nothing, and what a model reads across sentences no one sentence
    states. Of several readings of one triple in one sentence the surest counts.
    """
    best: dict[tuple[Triple, Polarity, int], Statement] = {}
    for relation, edge in related_edges(reading, names):
        start, end = relation.sentence
        ends = (reading.mentions[relation.subject], reading.mentions[relation.object])
        if any(m.start < start or end < m.end for m in ends):
            continue
        for evidence in edge.evidence:
            if evidence.sentence.endswith(("?", "？")):
                continue
            statement = Statement(edge.triple, edge.polarity, evidence)
            key = (edge.triple, edge.polarity, evidence.start)
            known = best.get(key)
            if known is None or evidence.confidence > known.evidence.confidence:
                best[key] = statement
    return list(best.values())
