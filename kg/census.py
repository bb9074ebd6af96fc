"""Counts of a graph, the same for every store."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from kg.records import Concept, Edge, Polarity, Triple
from kg.store import GraphStatistics


def census(concepts: Iterable[Concept], edges: Iterable[Edge]) -> GraphStatistics:
    """Count concepts and edges (``edges`` by triple, as a store hands them out)."""
    categories: Counter[str] = Counter()
    predicates: Counter[str] = Counter()
    sources: Counter[str] = Counter()
    licences: Counter[str] = Counter()
    names = negative = contradictions = 0
    for concept in concepts:
        categories[concept.category] += 1
        names += len(concept.names)
    before: Triple | None = None
    for edge in edges:
        predicates[edge.predicate] += 1
        negative += edge.polarity is Polarity.NEGATIVE
        contradictions += edge.triple == before
        before = edge.triple
        for evidence in edge.evidence:
            sources[evidence.provenance.source] += 1
            licences[evidence.provenance.licence] += 1
    return GraphStatistics(
        concepts=categories.total(),
        edges=predicates.total(),
        evidence=sources.total(),
        names=names,
        concepts_by_category=dict(sorted(categories.items())),
        edges_by_predicate=dict(sorted(predicates.items())),
        negative_edges=negative,
        contradictions=contradictions,
        evidence_by_source=dict(sorted(sources.items())),
        evidence_by_licence=dict(sorted(licences.items())),
    )
