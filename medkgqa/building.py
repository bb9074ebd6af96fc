"""``medkgqa build`` and ``medkgqa extract``: documents are read into a graph, or into records."""

from __future__ import annotations

import json
import os
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tqdm import tqdm

from kg.errors import EmptyImportError, UsageError
from kg.networkx_store import NetworkxStore
from kg.records import Edge
from kg.saved import save_graph
from kg.schema import RefusalReport
from kg.store import GraphStore
from loaders.documents import read_documents
from medkgqa.graphs import open_store
from medkgqa.settings import Settings
from nlp.edges import edges_from
from nlp.reader import Reader
from nlp.readout import pubtator_text, reading_record
from nlp.recogniser import NerChoice, make_recogniser
from nlp.records import Document, Reading
from nlp.trained_relations import RelationChoice, relation_extractors


@dataclass(slots=True)
class BuildReport:
    """What reading a set of documents gave."""

    folder: Path
    documents: int = 0
    mentions: Counter[str] = field(default_factory=Counter)
    unlinked: int = 0
    edges: int = 0
    evidence: int = 0
    refused: RefusalReport = field(default_factory=RefusalReport)

    def to_json(self) -> dict[str, Any]:
        """The report as a JSON-safe record."""
        return {
            "graph": str(self.folder),
            "documents": self.documents,
            "mentions": dict(self.mentions),
            "unlinked": self.unlinked,
            "edges": self.edges,
            "evidence": self.evidence,
            "refused": dict(self.refused.counts),
            "examples": self.refused.examples,
        }

    def __str__(self) -> str:
        found = ", ".join(f"{count:,} {name}" for name, count in self.mentions.most_common())
        return (
            f"{self.documents:,} documents read; mentions: {found or 'none'}"
            f" ({self.unlinked:,} not linked)\n"
            f"{self.edges:,} edges from {self.evidence:,} sentences saved in {self.folder}\n"
            f"relations not taken: {self.refused}"
        )


def build_graph(
    inputs: Sequence[Path],
    target: Path,
    *,
    graph: Path | None,
    settings: Settings,
    ner: NerChoice = "auto",
) -> BuildReport:
    """Read documents into a new saved graph.

    Args:
        inputs: files (plain text, PubMed XML, JSON lines; packed or not) or folders of them.
        target: folder of the new graph; replaced only when all is read.
        graph: saved graph whose names are read; the starter graph where None.
        settings: where the starter graph lies.
        ner: what finds mentions.

    Raises:
        SourceFormatError: with file and line, where a document cannot be read.
        EmptyImportError: where no relation was found; nothing is saved then.
    """
    names = open_store(settings, graph=graph)
    report = BuildReport(target)
    reader = _reader(names, ner)
    edges = list(_edges(reader, _all_documents(inputs), names, report))
    if not edges:
        raise EmptyImportError(
            f"{', '.join(map(str, inputs))}: no relation between known names was found in "
            f"{report.documents} documents, so no graph was written; {report.refused}"
        )
    ends = dict.fromkeys(end for edge in edges for end in (edge.subject, edge.object))
    store = NetworkxStore(names.concept(end) for end in ends)
    for reason, examples in store.add_edges(edges).examples.items():
        for example in examples:
            report.refused.add(reason, example)
    counts = store.statistics()
    report.edges, report.evidence = counts.edges, counts.evidence
    save_graph(store, target)
    return report


def extract_file(
    source: Path,
    target: Path,
    *,
    source_format: str,
    target_format: str,
    ids: str | None,
    graph: Path | None,
    settings: Settings,
    ner: NerChoice = "auto",
) -> int:
    """Write the mentions and relations of documents; how many documents there were.

    Args:
        source: file of documents.
        target: file to write; it appears only when all is read.
        source_format: ``text``, ``jsonl``, ``pubmed`` or ``pubtator`` (annotations not read).
        target_format: ``jsonl`` or ``pubtator``.
        ids: give concept ids of this vocabulary where a concept has one.
        graph: saved graph whose names are read; the starter graph where None.
        settings: where the starter graph lies.
        ner: what finds mentions.

    Raises:
        SourceFormatError: with file and line, where a document cannot be read.
    """
    if target_format not in ("jsonl", "pubtator"):
        raise UsageError(f"--to {target_format!r} is none of: jsonl, pubtator")
    names = open_store(settings, graph=graph)
    reader = _reader(names, ner)
    partial = target.with_name(f"{target.name}.partial-{os.getpid()}")
    count = 0
    try:
        with partial.open("w", encoding="utf-8") as stream:
            for reading in reader.read_all(_watched(read_documents(source, format=source_format))):
                count += 1
                if target_format == "pubtator":
                    stream.write(pubtator_text(reading, ids=ids, store=names))
                else:
                    record = reading_record(reading, ids=ids, store=names)
                    stream.write(json.dumps(record, ensure_ascii=False) + "\n")
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)
    return count


def _reader(names: GraphStore, ner: NerChoice) -> Reader:
    """Trained mentions go with trained relations, the names of the graph with phrases."""
    choice: RelationChoice = "phrases" if ner == "names" else "auto"
    return Reader(make_recogniser(names, ner), relations=relation_extractors(choice))


def _edges(
    reader: Reader, documents: Iterable[Document], names: GraphStore, report: BuildReport
) -> Iterator[Edge]:
    for reading in reader.read_all(documents):
        _count(reading, report)
        yield from edges_from(reading, names, refusals=report.refused)


def _count(reading: Reading, report: BuildReport) -> None:
    report.documents += 1
    for mention in reading.mentions:
        report.mentions[mention.category.partition(":")[2]] += 1
        report.unlinked += mention.concept is None


def _all_documents(inputs: Sequence[Path]) -> Iterator[Document]:
    return _watched(document for path in inputs for document in read_documents(path))


def _watched(documents: Iterator[Document]) -> Iterator[Document]:
    """The documents, with a progress bar on a terminal."""
    yield from tqdm(documents, unit=" documents", disable=not sys.stderr.isatty(), leave=False)
