"""Reading one shard: from documents to rows a journal can keep."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from kg.json_records import evidence_to_json
from kg.networkx_store import NetworkxStore
from kg.saved import open_graph
from kg.schema import RefusalReport
from kg.snapshot import SnapshotStore
from kg.store import GraphStore
from medkgqa.build_shards import Shard
from nlp.edges import edges_from
from nlp.reader import Reader
from nlp.recogniser import NerChoice, make_recogniser
from nlp.records import Reading
from nlp.trained_relations import RelationChoice, relation_extractors

#: What a tally counts.
DOCUMENT, CLINICAL, MENTION, NIL, LINKED = "document", "clinical", "mention", "nil", "linked"

EdgeRow = tuple[int, str, str, str, str, str]


class ReaderSource(Protocol):
    """Opens the graph of names and the reader; once in each worker."""

    @property
    def version(self) -> str:
        """What reads; where it changes, an interrupted build begins afresh."""
        ...

    def names(self) -> GraphStore:
        """The graph whose concepts edges join."""
        ...

    def reader(self, names: GraphStore) -> Reader:
        """What reads documents."""
        ...


def make_reader(names: GraphStore, ner: NerChoice = "auto", *, kept: Path | None = None) -> Reader:
    """Trained mentions go with trained relations, the names of the graph with phrases.

    Args:
        names: the graph whose names are read.
        ner: what finds mentions.
        kept: folder that keeps what is learnt of the names of a saved graph.

    Raises:
        MissingExtraError: ``trained``, without openvino or tokenizers.
        ModelUnavailableError: ``trained``, without a model.
    """
    choice: RelationChoice = "phrases" if ner == "names" else "auto"
    keep = kept if isinstance(names, SnapshotStore) else None
    recogniser = make_recogniser(names, ner, kept=keep)
    return Reader(recogniser, relations=relation_extractors(choice))


@dataclass(frozen=True, slots=True)
class SavedGraphReader:
    """The reader of a saved graph's names.

    Args:
        graph: folder of the saved graph, which every worker must see.
        ner: what finds mentions.
        kept: folder that keeps what is learnt of the graph's names.
    """

    graph: Path
    ner: NerChoice = "auto"
    kept: Path | None = None

    @property
    def version(self) -> str:
        """See :attr:`ReaderSource.version`."""
        unnamed = NetworkxStore(())  # what reads does not depend on the names, which take seconds
        return "+".join(make_reader(unnamed, self.ner).versions)

    def names(self) -> GraphStore:
        """See :meth:`ReaderSource.names`."""
        return open_graph(self.graph)

    def reader(self, names: GraphStore) -> Reader:
        """See :meth:`ReaderSource.reader`."""
        return make_reader(names, self.ner, kept=self.kept)


@dataclass(frozen=True, slots=True)
class ShardReading:
    """What was read in a shard.

    Args:
        file: which file, from 0.
        number: which shard of it, from 0.
        last: whether the file ends with it.
        documents: ``(source, id)`` of each document.
        edges: ``(document, subject, predicate, object, polarity, evidence as JSON)``.
        tallies: ``(what, name, how many)``.
        refusals: ``(reason, how many, examples)``.
        extractors: every name and version that read here.
    """

    file: int
    number: int
    last: bool
    documents: tuple[tuple[str, str], ...]
    edges: tuple[EdgeRow, ...]
    tallies: tuple[tuple[str, str, int], ...]
    refusals: tuple[tuple[str, int, tuple[str, ...]], ...]
    extractors: tuple[str, ...]

    def to_json(self) -> str:
        """The reading as a line of JSON."""
        return json.dumps(
            [
                self.file,
                self.number,
                self.last,
                self.documents,
                self.edges,
                self.tallies,
                self.refusals,
                self.extractors,
            ],
            ensure_ascii=False,
        )

    @classmethod
    def from_json(cls, text: str) -> ShardReading:
        """The reading a line of JSON stands for."""
        file, number, last, documents, edges, tallies, refusals, extractors = json.loads(text)
        return cls(
            file,
            number,
            last,
            tuple((source, id_) for source, id_ in documents),
            tuple((d, s, p, o, polarity, e) for d, s, p, o, polarity, e in edges),
            tuple((what, name, count) for what, name, count in tallies),
            tuple((reason, count, tuple(examples)) for reason, count, examples in refusals),
            tuple(extractors),
        )


class ShardReader:
    """Reads shards; made once in each process that reads.

    Args:
        source: what opens the reader.
        names: the graph of names, where it is open already.
    """

    def __init__(self, source: ReaderSource, names: GraphStore | None = None) -> None:
        self._names = source.names() if names is None else names
        self._reader = source.reader(self._names)

    def read(self, shard: Shard) -> ShardReading:
        """All that a build keeps of a shard."""
        edges: list[EdgeRow] = []
        tallies: Counter[tuple[str, str]] = Counter()
        refused = RefusalReport()
        for place, reading in enumerate(self._reader.read_all(shard.documents)):
            _count(reading, tallies)
            for edge in edges_from(reading, self._names, refusals=refused):
                triple = edge.triple
                for evidence in edge.evidence:
                    row = (triple.subject, triple.predicate, triple.object, edge.polarity.value)
                    edges.append((place, *row, evidence_to_json(evidence)))
        if shard.deidentified:
            tallies[CLINICAL, ""] = shard.deidentified
        return ShardReading(
            shard.file,
            shard.number,
            shard.last,
            tuple((d.provenance.source, d.id) for d in shard.documents),
            tuple(edges),
            tuple((what, name, count) for (what, name), count in sorted(tallies.items())),
            tuple(
                (reason, count, tuple(refused.examples[reason]))
                for reason, count in sorted(refused.counts.items())
            ),
            self._reader.versions,
        )


def _count(reading: Reading, tallies: Counter[tuple[str, str]]) -> None:
    tallies[DOCUMENT, ""] += 1
    for mention in reading.mentions:
        kind = mention.category.partition(":")[2]
        tallies[MENTION, f"{kind}\t{mention.assertion.value}"] += 1
        if mention.concept is None:
            tallies[NIL, " ".join(mention.text.casefold().split())] += 1
        else:
            tallies[LINKED, kind] += 1
