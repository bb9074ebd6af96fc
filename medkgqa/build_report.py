"""What a build did: documents, mentions, edges, refusals, and some edges to look at."""

from __future__ import annotations

import json
import random
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kg.records import Edge
from kg.schema import RefusalReport
from kg.store import GraphStore, contradictions
from medkgqa.build_journal import BuildJournal
from medkgqa.build_merging import evidence_of_documents
from medkgqa.build_reading import CLINICAL, DOCUMENT, LINKED, MENTION, NIL

#: Edges shown with their sentences, and the seed they are drawn with.
SHOWN, SEED = 20, 20
#: Names that could not be linked, shown at most.
MOST_NAMES = 50


@dataclass(slots=True)
class BuildReport:
    """What reading a set of documents gave.

    Args:
        folder: the graph.
        documents: documents read, and ``superseded`` of them those that came again or are deleted.
        deidentified: how many of them were clinical.
        mentions: ``class, assertion`` → how many.
        linked: class → mentions that name a concept.
        nil: names that could not be linked, most frequent first.
        edges: edges of the graph, ``predicates`` by predicate.
        extractors: names and versions that read.
        shown: edges drawn at random, with a sentence each.
    """

    folder: Path
    documents: int = 0
    superseded: int = 0
    deleted: int = 0
    deidentified: int = 0
    mentions: Counter[tuple[str, str]] = field(default_factory=Counter)
    linked: Counter[str] = field(default_factory=Counter)
    nil: Counter[str] = field(default_factory=Counter)
    edges: int = 0
    evidence: int = 0
    contradictions: int = 0
    predicates: dict[str, int] = field(default_factory=dict)
    extractors: tuple[str, ...] = ()
    refused: RefusalReport = field(default_factory=RefusalReport)
    shown: list[dict[str, Any]] = field(default_factory=list)

    @property
    def unlinked(self) -> int:
        """Mentions that name no concept."""
        return self.nil.total()

    @property
    def linked_share(self) -> float | None:
        """Linked mentions among all, in [0, 1]; None without mentions."""
        total = self.mentions.total()
        return round(self.linked.total() / total, 4) if total else None

    def count(self, journal: BuildJournal) -> None:
        """Take the counts of a journal."""
        for what, name, count in journal.tallies():
            if what == DOCUMENT:
                self.documents += count
            elif what == CLINICAL:
                self.deidentified += count
            elif what == MENTION:
                kind, _, assertion = name.partition("\t")
                self.mentions[kind, assertion] += count
            elif what == LINKED:
                self.linked[name] += count
            elif what == NIL:
                self.nil[name] += count
        for reason, count, examples in journal.refusals():
            for example in examples:
                self.refused.add(reason, example)
            self.refused.counts[reason] += count - len(examples)
        self.superseded = journal.superseded()
        self.deleted = len(journal.deleted())
        self.extractors = journal.extractors()

    def look_at(self, store: GraphStore, *, seed: int = SEED) -> None:
        """Take the counts of the finished graph, and some edges at random."""
        counts = store.statistics()
        self.edges, self.evidence = counts.edges, counts.evidence
        self.predicates = dict(counts.edges_by_predicate)
        self.contradictions = sum(1 for _ in contradictions(store))
        chosen: list[Edge] = []
        draw = random.Random(seed)
        read = (edge for edge in store.edges() if any(e.document for e in edge.evidence))
        for number, edge in enumerate(read):
            if len(chosen) < SHOWN:
                chosen.append(edge)
            elif (place := draw.randrange(number + 1)) < SHOWN:
                chosen[place] = edge
        self.shown = [_shown(store, edge) for edge in chosen]

    def to_json(self) -> dict[str, Any]:
        """The report as a JSON-safe record."""
        kinds: Counter[str] = Counter()
        assertions: dict[str, dict[str, int]] = {}
        for (kind, assertion), count in sorted(self.mentions.items()):
            kinds[kind] += count
            assertions.setdefault(kind, {})[assertion] = count
        return {
            "graph": str(self.folder),
            "documents": self.documents,
            "superseded": self.superseded,
            "deleted": self.deleted,
            "deidentified": self.deidentified,
            "extractors": list(self.extractors),
            "mentions": dict(kinds),
            "assertions": assertions,
            "linked": dict(self.linked),
            "linked_share": self.linked_share,
            "unlinked": self.unlinked,
            "nil": [[name, n] for name, n in _ranked(self.nil)[:MOST_NAMES]],
            "edges": self.edges,
            "evidence": self.evidence,
            "contradictions": self.contradictions,
            "predicates": self.predicates,
            "refused": dict(_ranked(self.refused.counts)),
            "examples": self.refused.examples,
            "shown": self.shown,
        }

    def write(self, path: Path) -> None:
        """Write the report as a JSON file, whole or not at all."""
        partial = path.with_name(f"{path.name}.partial")
        text = json.dumps(self.to_json(), ensure_ascii=False, indent=1)
        partial.write_text(f"{text}\n", encoding="utf-8")
        partial.replace(path)

    def __str__(self) -> str:
        kinds: Counter[str] = Counter()
        asserted: Counter[str] = Counter()
        for (kind, assertion), count in self.mentions.items():
            kinds[kind] += count
            asserted[assertion] += count
        lines = [
            f"{self.documents:,} documents read"
            + (f", {self.superseded:,} of them superseded or deleted" if self.superseded else "")
            + (f", {self.deidentified:,} de-identified" if self.deidentified else ""),
            f"mentions: {_listed(kinds)} ({self.unlinked:,} not linked); {_listed(asserted)}",
            f"{self.edges:,} edges from {self.evidence:,} pieces of evidence saved in "
            f"{self.folder}; {self.contradictions:,} both stated and denied",
            f"edges: {_listed(Counter(self.predicates))}",
        ]
        if self.nil:
            lines.append(f"names not linked: {_listed(self.nil, most=10)}")
        lines.append(f"relations not taken: {self.refused}")
        if self.shown:
            lines.append(f"{len(self.shown)} edges drawn at random:")
            lines += map(_line, self.shown)
        return "\n".join(lines)


def _line(shown: dict[str, Any]) -> str:
    denied = "" if shown["polarity"] == "positive" else "not "
    predicate = shown["predicate"].partition(":")[2]
    return (
        f"  {shown['subject']} — {denied}{predicate} → {shown['object']} "
        f"[{shown['document']}] {shown['sentence']}"
    )


def _shown(store: GraphStore, edge: Edge) -> dict[str, Any]:
    evidence = evidence_of_documents(edge)[0]
    return {
        "subject": store.concept(edge.subject).name(),
        "predicate": edge.predicate,
        "object": store.concept(edge.object).name(),
        "polarity": edge.polarity.value,
        "confidence": edge.confidence,
        "evidence": len(edge.evidence),
        "document": evidence.document,
        "sentence": " ".join(evidence.sentence.split()),
        "extractor": evidence.extractor,
    }


def _ranked(counts: Counter[str]) -> list[tuple[str, int]]:
    """Most frequent first, ties by name, whatever the order they were counted in."""
    return sorted(counts.items(), key=lambda found: (-found[1], found[0]))


def _listed(counts: Counter[str], *, most: int = 30) -> str:
    return ", ".join(f"{count:,} {name}" for name, count in _ranked(counts)[:most]) or "none"
