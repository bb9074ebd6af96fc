"""From a journal to a graph: schema, duplicates, contradictions, and what an update replaces.

Nothing here depends on the order in which shards were read, so that an interrupted build, a build
by several workers and an undisturbed one end in the same graph.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

from kg.admission import admit
from kg.json_records import evidence_from_json, evidence_to_json
from kg.records import Concept, Edge, Evidence, Polarity, Triple
from kg.schema import RefusalReport
from kg.snapshot_writer import write_graph
from kg.store import GraphStore
from medkgqa.build_journal import BuildJournal

_VERSION = re.compile(r"[-@ ]?v?\d[\w.]*$")

EdgeOrder = tuple[str, str, str, str]


def model_of(extractor: str) -> str:
    """An extractor without its version (or versions): what a newer version replaces.

    >>> model_of("medkgqa-rules-1"), model_of("minilm-relations-2.1"), model_of("reader")
    ('medkgqa-rules', 'minilm-relations', 'reader')
    >>> model_of("medkgqa-rules-1+ner-en-3")
    'medkgqa-rules+ner-en'
    """
    return "+".join(_VERSION.sub("", part) or part for part in extractor.split("+"))


class GraphMerger:
    """Puts what a journal holds into a graph.

    Args:
        journal: what was read.
        names: the graph whose concepts the edges join.
        base: a graph to add to; of its evidence only that goes which the same models (whatever
            their version) drew from documents read again, and that of deleted documents.
    """

    def __init__(
        self, journal: BuildJournal, names: GraphStore, *, base: GraphStore | None = None
    ) -> None:
        self.refused = RefusalReport()
        self._journal = journal
        self._names = names
        self._base = base
        self._deleted = journal.deleted()
        self._models = frozenset(map(model_of, journal.extractors()))
        self._keys: dict[str, tuple[str, ...]] = {}
        self._ends: list[str] = []

    def write(self, target: Path) -> bool:
        """Save the graph at ``target``; returns whether the documents gave any edge.

        Where they gave none and there is no base, nothing is saved.
        """
        self._journal.keep_admitted(self._admitted())
        self._ends = list(self._journal.admitted_ends())
        if self._ends or self._base is not None:
            write_graph(self._concepts(), self._edges(), target)
        return bool(self._ends)

    def _admitted(self) -> Iterator[tuple[str, str, str, str, str]]:
        """Every edge of the journal as the graph keeps it, in any order."""
        for subject, predicate, object_, polarity, written in self._journal.edges():
            edge = Edge(
                Triple(subject, predicate, object_),
                (evidence_from_json(written),),
                Polarity(polarity),
            )
            admitted = admit(edge, keys_of=self._keys_of, category_of=self._category_of)
            if isinstance(admitted, str):
                self.refused.add(admitted, str(edge.triple))
            else:
                triple = admitted.triple
                yield (triple.subject, triple.predicate, triple.object, polarity, written)

    def _keys_of(self, curie: str) -> tuple[str, ...]:
        """The key a concept has in the graph to be: the base's, where it knows the concept."""
        known = self._keys.get(curie)
        if known is None:
            key = self._base.resolve(curie) if self._base is not None else None
            known = (key,) if key is not None else (curie,) if curie in self._names else ()
            self._keys[curie] = known
        return known

    def _concept(self, curie: str) -> Concept:
        found = self._base.get(curie) if self._base is not None else None
        return found or self._names.concept(curie)

    def _category_of(self, curie: str) -> str:
        return self._concept(curie).category

    def _concepts(self) -> Iterator[Concept]:
        if self._base is None:
            yield from (self._names.concept(curie) for curie in self._ends)
            return
        pending = (curie for curie in self._ends if curie not in self._base)
        following = next(pending, None)
        for concept in self._base.concepts():
            while following is not None and following < concept.curie:
                yield self._names.concept(following)
                following = next(pending, None)
            yield concept
        while following is not None:
            yield self._names.concept(following)
            following = next(pending, None)

    def _edges(self) -> Iterator[Edge]:
        """Both streams merged; each is in the order a graph keeps its edges."""
        old = self._kept() if self._base is not None else iter(())
        left = next(old, None)
        for edge in self._read():
            while left is not None and _order(left) < _order(edge):
                yield left
                left = next(old, None)
            if left is not None and left.key == edge.key:
                yield left.merged(edge)
                left = next(old, None)
            else:
                yield edge
        while left is not None:
            yield left
            left = next(old, None)

    def _read(self) -> Iterator[Edge]:
        rows = self._journal.sorted_edges()
        for (subject, predicate, object_, polarity), group in groupby(rows, key=lambda r: r[:4]):
            triple = Triple(subject, predicate, object_)
            evidence = tuple(evidence_from_json(row[4]) for row in group)
            edge = Edge(triple, evidence[:1], Polarity(polarity))
            yield edge.merged(Edge(triple, evidence, Polarity(polarity)))

    def _kept(self) -> Iterator[Edge]:
        """The edges of the base with the evidence that stays."""
        assert self._base is not None
        for edge in self._base.edges():
            left = tuple(e for e in edge.evidence if not self._goes(e))
            if len(left) == len(edge.evidence):
                yield edge
            elif left:
                yield Edge(edge.triple, left, edge.polarity)

    def _goes(self, evidence: Evidence) -> bool:
        if not evidence.document:
            return False
        if evidence.document in self._deleted:
            return True
        return model_of(evidence.extractor) in self._models and self._journal.has_read(
            evidence.provenance.source, evidence.document
        )


def _order(edge: Edge) -> EdgeOrder:
    triple = edge.triple
    return (triple.subject, triple.predicate, triple.object, edge.polarity.value)


def evidence_of_documents(edge: Edge) -> list[Evidence]:
    """The sentences among the evidence of an edge, in a fixed order."""
    return sorted((e for e in edge.evidence if e.document), key=evidence_to_json)
