"""``medkgqa build`` and ``medkgqa extract``: documents are read into a graph, or into records.

A build is a job that can be killed at any moment: what was read is in a journal beside the graph
(:mod:`medkgqa.build_journal`), and the same command goes on from there and ends in the same graph.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import secrets
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tqdm import tqdm

from kg.errors import EmptyImportError, UsageError
from kg.saved import open_graph
from kg.store import GraphStore
from loaders.documents import DocumentFile, document_files
from medkgqa.build_engines import BuildWork, Engine, read_shards
from medkgqa.build_journal import BuildJournal, journal_folder
from medkgqa.build_merging import GraphMerger
from medkgqa.build_reading import ReaderSource, SavedGraphReader, make_reader
from medkgqa.build_report import BuildReport
from medkgqa.build_shards import ShardOptions, shards_of
from medkgqa.graphs import open_saved, open_starter
from medkgqa.settings import Settings
from nlp.readout import pubtator_text, reading_record
from nlp.recogniser import NerChoice
from nlp.records import Document

#: Changes whenever a journal of before cannot be gone on with.
JOURNAL_VERSION = 1


@dataclass(frozen=True, slots=True)
class BuildPlan:
    """How a build reads and what it writes.

    Args:
        format: format of every input; told by name and content where None.
        columns: what a column is → its name, for tables.
        clinical: whether every document counts as clinical.
        secret: file with the secret that surrogates follow from; one of this user, made when it is
            first needed, where None.
        update: whether a graph that is there stays, but for what is read again and deleted.
        with_starter: whether the starter graph is part of the new graph.
        engine: ``local`` or ``ray``.
        workers: processes that read.
        shard: documents read and committed at a time.
        report: where the report is written as JSON.
        ner: what finds mentions.
    """

    format: str | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    clinical: bool = False
    secret: Path | None = None
    update: bool = False
    with_starter: bool = False
    engine: Engine = "local"
    workers: int = 1
    shard: int = 32
    report: Path | None = None
    ner: NerChoice = "auto"


DEFAULT_PLAN = BuildPlan()


def build_graph(
    inputs: Sequence[Path],
    target: Path,
    *,
    graph: Path | None,
    settings: Settings,
    plan: BuildPlan = DEFAULT_PLAN,
    source: ReaderSource | None = None,
) -> BuildReport:
    """Read documents into a saved graph; goes on where the same build was interrupted.

    Args:
        inputs: files or folders of documents.
        target: folder of the graph; replaced (or, with ``plan.update``, added to) only when all
            is read.
        graph: saved graph whose names are read; the starter graph where None.
        settings: where the starter graph lies.
        plan: how it is read.
        source: opens another reader than that of the graph's names.

    Raises:
        SourceFormatError: with file and line, where a document cannot be read.
        EmptyImportError: where no relation was found; nothing is saved then.
        UsageError: where another build is writing there, or the plan cannot be carried out.
    """
    files = tuple(f for path in inputs for f in document_files(path, format=plan.format))
    names, chosen = _names_and_reader(settings, graph, plan, source)
    options = shard_options(files, plan, settings)
    base = _base(target, plan, settings)
    with BuildJournal(
        journal_folder(target),
        identity=_identity(names, chosen, plan, options),
        fingerprints=[_fingerprint(file) for file in files],
    ) as journal:
        _read(journal, files, options, chosen, plan, names)
        report = BuildReport(target)
        report.count(journal)
        merger = GraphMerger(journal, names, base=base)
        found = merger.write(target)
        for reason, count in merger.refused.counts.items():
            report.refused.counts[reason] += count
            report.refused.examples.setdefault(reason, merger.refused.examples[reason])
        if not found and base is None:
            journal.remove()
            raise EmptyImportError(
                f"{', '.join(map(str, inputs))}: no relation between known names was found in "
                f"{report.documents} documents, so no graph was written; {report.refused}"
            )
        report.look_at(open_graph(target))
        if plan.report is not None:
            report.write(plan.report)
        journal.remove()
    return report


def _names_and_reader(
    settings: Settings, graph: Path | None, plan: BuildPlan, source: ReaderSource | None
) -> tuple[GraphStore, ReaderSource]:
    """The graph whose names are read, open, and what opens the reader."""
    if source is not None:
        return source.names(), source
    names = open_saved(settings, graph)
    return names, SavedGraphReader(names.path, plan.ner, settings.learnt_names)


def _base(target: Path, plan: BuildPlan, settings: Settings) -> GraphStore | None:
    if plan.update and target.exists():
        return open_graph(target)
    return open_starter(settings) if plan.with_starter else None


def shard_options(
    files: Sequence[DocumentFile], plan: BuildPlan, settings: Settings
) -> ShardOptions:
    """How files are cut into shards under a plan.

    Raises:
        UsageError: where columns are named for what is no table, or a secret cannot be read.
    """
    if plan.columns and any(f.format.name != "table" for f in files):
        raise UsageError("columns are named for tables alone; give --format table")
    asked = plan.clinical or plan.secret is not None or any(f.format.clinical for f in files)
    return ShardOptions(
        size=plan.shard,
        clinical=plan.clinical,
        secret=secret_of(plan.secret, settings) if asked else "",
        reader={"columns": dict(plan.columns)} if plan.columns else {},
    )


def secret_of(path: Path | None, settings: Settings) -> str:
    """The secret surrogates follow from; this user's own is made when it is first asked for.

    Raises:
        UsageError: where a file is given that cannot be read or holds less than eight characters.
    """
    chosen = path or settings.secret
    if path is None and not chosen.exists():
        chosen.parent.mkdir(parents=True, exist_ok=True)
        partial = chosen.with_name(f"{chosen.name}.{os.getpid()}")
        partial.touch(mode=0o600)
        partial.write_text(secrets.token_hex(32) + "\n", encoding="ascii")
        if not chosen.exists():
            partial.replace(chosen)
        partial.unlink(missing_ok=True)
    try:
        secret = chosen.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{chosen}: no secret can be read there ({error})") from error
    if len(secret) < 8:
        raise UsageError(f"{chosen}: a secret of {len(secret)} characters; give at least eight")
    return secret


def _identity(
    names: GraphStore, source: ReaderSource, plan: BuildPlan, options: ShardOptions
) -> str:
    """A hash of what decides how a document is read; no secret can be told from it."""
    marked = hmac.new(options.secret.encode(), b"medkgqa build", hashlib.sha256).hexdigest()
    parts = [
        JOURNAL_VERSION,
        names.fingerprint,
        source.version,
        plan.format,
        sorted(plan.columns.items()),
        plan.clinical,
        plan.shard,
        marked,
    ]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def _fingerprint(file: DocumentFile) -> str:
    """A hash of where a file (or folder) is, how long it is, and when it was changed.

    Names of files can name patients, so no name is kept.
    """
    paths = sorted(file.path.rglob("*")) if file.path.is_dir() else [file.path]
    digest = hashlib.sha256(f"{file.format.name}\0{file.prefix}".encode())
    for path in paths:
        if path.is_file():
            state = path.stat()
            line = f"\0{path.resolve()}\0{state.st_size}\0{state.st_mtime_ns}"
            digest.update(line.encode("utf-8", errors="surrogateescape"))
    return digest.hexdigest()


def _read(
    journal: BuildJournal,
    files: tuple[DocumentFile, ...],
    options: ShardOptions,
    source: ReaderSource,
    plan: BuildPlan,
    names: GraphStore,
) -> None:
    """Read what the journal does not hold yet."""
    left = [i for i in range(len(files)) if not journal.is_complete(i)]
    for file in left:
        journal.delete(file, files[file].deleted())
    work = BuildWork(files, {i: journal.done(i) for i in left}, options, source)
    with tqdm(
        unit=" documents",
        initial=journal.documents_read(),
        disable=not sys.stderr.isatty(),
        leave=False,
    ) as bar:
        readings = read_shards(work, engine=plan.engine, workers=plan.workers, names=names)
        for reading in readings:
            journal.commit(reading)
            bar.set_description(f"file {reading.file + 1} of {len(files)}", refresh=False)
            bar.update(len(reading.documents))


def extract_file(
    source: Path,
    target: Path,
    *,
    source_format: str | None,
    target_format: str,
    ids: str | None,
    graph: Path | None,
    settings: Settings,
    plan: BuildPlan = DEFAULT_PLAN,
) -> int:
    """Write the mentions and relations of documents; how many documents there were.

    Args:
        source: file of documents.
        target: file to write; it appears only when all is read.
        source_format: name of its format (annotations are not read); told where None.
        target_format: ``jsonl`` or ``pubtator``.
        ids: give concept ids of this vocabulary where a concept has one.
        graph: saved graph whose names are read; the starter graph where None.
        settings: where the starter graph lies.
        plan: what finds mentions, what is clinical, and the columns of tables.

    Raises:
        SourceFormatError: with file and line, where a document cannot be read.
    """
    if target_format not in ("jsonl", "pubtator"):
        raise UsageError(f"--to {target_format!r} is none of: jsonl, pubtator")
    names = open_saved(settings, graph)
    reader = make_reader(names, plan.ner, kept=settings.learnt_names)
    partial = target.with_name(f"{target.name}.partial-{os.getpid()}")
    count = 0
    try:
        with partial.open("w", encoding="utf-8") as stream:
            documents = _prepared(source, source_format, plan, settings)
            for reading in reader.read_all(_watched(documents)):
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


def _prepared(
    source: Path, source_format: str | None, plan: BuildPlan, settings: Settings
) -> Iterator[Document]:
    """The documents of a path, clinical ones de-identified."""
    files = tuple(document_files(source, format=source_format))
    options = shard_options(files, plan, settings)
    for file in range(len(files)):
        for shard in shards_of(files, file, options=options):
            yield from shard.documents


def _watched(documents: Iterable[Document]) -> Iterator[Document]:
    """The documents, with a progress bar on a terminal."""
    yield from tqdm(documents, unit=" documents", disable=not sys.stderr.isatty(), leave=False)
