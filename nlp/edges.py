"""From what was read to edges, and what is refused on the way.

A positive edge needs two asserted mentions and a relation that is stated; a relation that is
denied makes a negative edge. The text itself decides nothing else: a document that says it was
approved, or asks for rules to be ignored, is a document like any other.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from kg.records import Edge, Evidence, EvidenceKind, Polarity, Triple
from kg.schema import (
    CONTRAINDICATED_IN,
    DIAGNOSES,
    HAS_COMPLICATION,
    INTERACTS_WITH,
    PREDISPOSES,
    PREVENTS,
    RefusalReport,
    refusal,
)
from kg.store import GraphStore
from nlp.linker import rivals
from nlp.records import Assertion, Candidate, Mention, Reading, Relation

_NOT_NOW = frozenset({Assertion.HYPOTHETICAL, Assertion.HISTORICAL})

#: What a mention may be, besides asserted, where a predicate speaks of what could be: a "history
#: of asthma" contraindicates, a "risk of stroke" is reduced, "should not be used in" denies use.
TOLERATED: Mapping[str, frozenset[Assertion]] = MappingProxyType(
    {
        CONTRAINDICATED_IN: _NOT_NOW | {Assertion.NEGATED},
        INTERACTS_WITH: _NOT_NOW | {Assertion.NEGATED},
        PREDISPOSES: _NOT_NOW,
        PREVENTS: _NOT_NOW | {Assertion.NEGATED},
        HAS_COMPLICATION: frozenset({Assertion.HYPOTHETICAL}),
        DIAGNOSES: frozenset({Assertion.HYPOTHETICAL, Assertion.UNCERTAIN}),
    }
)
#: What a mention may be where the relation is denied: its "not" reaches the mentions as well.
_TOLERATED_IN_DENIAL = frozenset({Assertion.NEGATED, *_NOT_NOW})

REFUSED_ASSERTION = "a mention that is not asserted"
REFUSED_NIL = "a mention that names nothing known"


def edges_from(
    reading: Reading, store: GraphStore, *, refusals: RefusalReport | None = None
) -> Iterator[Edge]:
    """The edges a reading supports, one per relation, in the order of the document.

    Args:
        reading: what was read.
        store: the graph whose concepts the edges join; a concept it lacks makes no edge.
        refusals: where what makes no edge is counted, with the sentence as example.
    """
    return (edge for _, edge in related_edges(reading, store, refusals=refusals))


def related_edges(
    reading: Reading, store: GraphStore, *, refusals: RefusalReport | None = None
) -> Iterator[tuple[Relation, Edge]]:
    """The edges of :func:`edges_from`, each with the relation it was made of."""
    report = refusals if refusals is not None else RefusalReport()
    for relation in reading.relations:
        subject = reading.mentions[relation.subject]
        object_ = reading.mentions[relation.object]
        reason = _assertion_refusal(relation, subject, object_)
        ends = None
        if reason is None:
            ends = _ends(subject, relation, object_, store)
            reason = _end_refusal(subject, relation, object_) if ends is None else None
        if reason is not None:
            report.add(reason, _example(reading, relation))
        elif ends is not None:
            yield relation, _edge(reading, relation, ends)


def _assertion_refusal(relation: Relation, *mentions: Mention) -> str | None:
    tolerated = TOLERATED.get(relation.predicate, frozenset())
    if relation.polarity is Polarity.NEGATIVE:
        tolerated = tolerated | _TOLERATED_IN_DENIAL
    for mention in mentions:
        if mention.assertion is not Assertion.ASSERTED and mention.assertion not in tolerated:
            return f"{REFUSED_ASSERTION} ({mention.assertion.value})"
    return None


def _ends(
    subject: Mention, relation: Relation, object_: Mention, store: GraphStore
) -> tuple[Candidate, Candidate] | None:
    """The best pair of readings the schema allows and the graph knows."""
    pairs = [
        (s.score * o.score, s, o)
        for s in rivals(subject)
        for o in rivals(object_)
        if s.curie != o.curie
        and refusal(s.category, relation.predicate, o.category) is None
        and s.curie in store
        and o.curie in store
    ]
    if not pairs:
        return None
    _, s, o = max(pairs, key=lambda pair: pair[0])
    return s, o


def _end_refusal(subject: Mention, relation: Relation, object_: Mention) -> str:
    if subject.concept is None or object_.concept is None:
        return REFUSED_NIL
    reason = refusal(subject.category, relation.predicate, object_.category)
    return reason or "a concept that is not in the graph"


def _edge(reading: Reading, relation: Relation, ends: tuple[Candidate, Candidate]) -> Edge:
    start, end = relation.sentence
    evidence = Evidence(
        reading.document.provenance,
        EvidenceKind.SENTENCE,
        document=reading.document.id,
        sentence=reading.document.text[start:end],
        start=start,
        end=end,
        confidence=round(min(1.0, relation.score * ends[0].score * ends[1].score), 4),
        extractor=relation.extractor or reading.extractor,
    )
    triple = Triple(ends[0].curie, relation.predicate, ends[1].curie)
    return Edge(triple, (evidence,), relation.polarity)


def _example(reading: Reading, relation: Relation) -> str:
    start, end = relation.sentence
    sentence = " ".join(reading.document.text[start:end].split())
    return f"{reading.document.id}: {sentence[:120]}"
