"""``medkgqa index`` and ``ask --literature``: documents that answers quote.

An index is made of the same documents as a graph, by the same reader, and is one file. It is kept
apart from the graph: the graph says what is recorded, the documents are quoted beside it.
"""

from __future__ import annotations

import logging
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kg.errors import EmptyImportError, MissingExtraError, ModelUnavailableError
from kg.store import GraphStore
from medkgqa.settings import Settings
from reasoning.literature import Literature
from reasoning.literature_index import Encoder, LiteratureIndex, LiteratureWriter

if TYPE_CHECKING:
    from medkgqa.building import BuildPlan
    from nlp.records import Document

LOGGER = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class IndexReport:
    """What an index holds.

    Args:
        path: the file.
        documents: how many documents can be quoted.
        passages: passages that are searched.
        statements: what was read in their sentences, stated or denied.
        reader: what read them.
        encoder: what made the vectors; "" where only words are searched.
    """

    path: Path
    documents: int
    passages: int
    statements: int
    reader: str
    encoder: str

    def to_json(self) -> dict[str, Any]:
        """The report as a JSON-safe record."""
        return {
            "path": str(self.path),
            "documents": self.documents,
            "passages": self.passages,
            "statements": self.statements,
            "reader": self.reader,
            "encoder": self.encoder or None,
        }

    def __str__(self) -> str:
        return (
            f"{self.documents:,} documents in {self.passages:,} passages, {self.statements:,} "
            f"statements read by {self.reader}: {self.path}"
        )


def index_documents(
    inputs: Sequence[Path],
    target: Path,
    *,
    graph: Path | None,
    settings: Settings,
    plan: BuildPlan,
    encoder: str = "none",
) -> IndexReport:
    """Read documents into a literature index.

    Args:
        inputs: files or folders of documents; of two with one id and source the later counts, and
            what a PubMed update file deletes is not kept.
        target: file to write, in one step at the end.
        graph: saved graph whose names are read; the starter graph where None.
        settings: where the starter graph and the encoder lie.
        plan: format, columns, what is clinical (and then de-identified), what finds mentions.
        encoder: ``none`` or the name of an encoder, for vectors beside the words.

    Raises:
        SourceFormatError: with file and line, where a document cannot be read.
        EmptyImportError: where the inputs hold no document; nothing is written then.
        UsageError: where the plan cannot be carried out.
        MissingExtraError: where an encoder is named and the extra ``lm`` is not installed.
        ModelUnavailableError: where the encoder cannot be had.
    """
    from loaders.documents import document_files
    from medkgqa.build_reading import make_reader
    from medkgqa.building import shard_options
    from medkgqa.graphs import open_store
    from reasoning.quotable import passages_of, statements_of

    files = tuple(f for path in inputs for f in document_files(path, format=plan.format))
    options = shard_options(files, plan, settings)
    names = open_store(settings, graph=graph)
    reader = make_reader(names, plan.ner, kept=settings.learnt_names)
    vectors = None if encoder == "none" else open_encoder(encoder, settings)
    version = "+".join(reader.versions)
    with LiteratureWriter(
        target, names=names.fingerprint, reader=version, encoder=vectors
    ) as writer:
        read = 0
        for number in range(len(files)):
            writer.delete(files[number].deleted())
            for reading in reader.read_all(_documents(files, number, options)):
                spans = passages_of(reading.document)
                writer.add(reading.document, spans, statements_of(reading, names))
                read += 1
        if not read:
            raise EmptyImportError(
                f"{', '.join(map(str, inputs))}: no document to index; give files with text"
            )
    with LiteratureIndex(target) as index:
        counts = index.counts()
        return IndexReport(target, **counts, reader=version, encoder=index.encoder)


def _documents(files: Sequence[Any], number: int, options: Any) -> Iterator[Document]:
    """The documents of one file, clinical ones de-identified, with a bar on a terminal."""
    from tqdm import tqdm

    from medkgqa.build_shards import shards_of

    with tqdm(unit=" documents", disable=not sys.stderr.isatty(), leave=False) as bar:
        bar.set_description(f"file {number + 1} of {len(files)}", refresh=False)
        for shard in shards_of(files, number, options=options):
            for document in shard.documents:
                yield document
                bar.update()


def open_literature(
    literature: str | Path | LiteratureIndex | None,
    store: GraphStore,
    settings: Settings,
    *,
    open_only: bool = False,
    summarise: int = 0,
) -> Literature | None:
    """The documents an engine quotes; None where none are given.

    Args:
        literature: an index or its file.
        store: the graph questions are asked of.
        settings: where an encoder lies.
        open_only: whether only documents under open licences are quoted.
        summarise: sentences quoted in all, those that together say most; 0 for the usual ones.

    Raises:
        UsageError: where the file is no index of ours.
    """
    if literature is None:
        return None
    index = literature
    if not isinstance(index, LiteratureIndex):
        index = open_index(Path(index), settings)
    if index.names != store.fingerprint:
        LOGGER.info(
            "%s was read with the names of another graph; what this graph calls by other ids is "
            "not found in it",
            index.path,
        )
    licences = None
    if open_only:
        from loaders.licences import open_licences

        licences = open_licences(Counter(index.licences()))
    return Literature(index, store, licences=licences, summarise=summarise)


def open_index(path: Path, settings: Settings) -> LiteratureIndex:
    """An index, with its encoder where it has one and that can be opened here.

    Raises:
        UsageError: where the file is no index of ours.
    """
    index = LiteratureIndex(path)
    if not index.encoder:
        return index
    try:
        encoder = open_encoder(index.encoder.rpartition("-")[0], settings)
    except (MissingExtraError, ModelUnavailableError) as error:
        LOGGER.warning("%s. Passages are found by their words alone.", error)
        return index
    index.close()
    return LiteratureIndex(path, encoder=encoder)


def open_encoder(name: str, settings: Settings) -> Encoder:
    """An encoder by name, fetched first where it is absent.

    Raises:
        MissingExtraError: without the extra ``lm``.
        ModelUnavailableError: where there is none of that name, or it cannot be had.
    """
    from nlp.sentence_encoder import SentenceEncoder

    return SentenceEncoder.fetched(name, settings.cache, threads=settings.threads)
