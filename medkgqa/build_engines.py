"""Who reads the shards of a build: this process, several, or Ray.

Every engine yields the same readings, in whatever order; the journal keeps each once.
"""

from __future__ import annotations

import contextlib
import multiprocessing
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.connection import wait as wait_for
from typing import Literal

from kg.errors import MedKGQAError, UsageError
from kg.store import GraphStore
from loaders.documents import DocumentFile
from medkgqa.build_reading import ReaderSource, ShardReader, ShardReading
from medkgqa.build_shards import Shard, ShardOptions, shards_of

Engine = Literal["local", "ray"]
ENGINES: tuple[Engine, ...] = ("local", "ray")


class BuildWorkerError(MedKGQAError):
    """A worker of a build that died."""


@dataclass(frozen=True, slots=True)
class BuildWork:
    """What is left to read.

    Args:
        files: every file of the build.
        done: of each file that is not complete, the shards that are read.
        options: how documents are cut.
        source: what opens the reader.
    """

    files: tuple[DocumentFile, ...]
    done: Mapping[int, frozenset[int]]
    options: ShardOptions
    source: ReaderSource

    def shards(self) -> Iterator[Shard]:
        """The shards that are not read yet, file by file."""
        for file, done in self.done.items():
            yield from shards_of(self.files, file, done=done, options=self.options)


def read_shards(
    work: BuildWork,
    *,
    engine: Engine = "local",
    workers: int = 1,
    names: GraphStore | None = None,
) -> Iterator[ShardReading]:
    """The readings of everything that is left.

    Args:
        work: what is left.
        engine: ``local`` or ``ray``.
        workers: processes that read; 1 is this one, for ``local``.
        names: the graph of names, where this process has it open.

    Raises:
        SourceFormatError: with file and line, where a document cannot be read.
        UsageError: for an unknown engine, or less than one worker.
        MissingExtraError: where Ray is wanted and not installed.
        BuildWorkerError: where a worker died.
    """
    if engine not in ENGINES:
        raise UsageError(f"no engine {engine!r}; give one of: {', '.join(ENGINES)}")
    if workers < 1:
        raise UsageError(f"{workers} workers; give one or more")
    if engine == "ray":
        from medkgqa.build_ray import read_with_ray

        return read_with_ray(work, workers)
    return _read_here(work, names) if workers == 1 else _read_in_processes(work, workers)


def _read_here(work: BuildWork, names: GraphStore | None) -> Iterator[ShardReading]:
    reader = ShardReader(work.source, names)
    return (reader.read(shard) for shard in work.shards())


def _serve(connection: Connection, source: ReaderSource) -> None:
    """Read shards until the building process closes its end, or dies."""
    with contextlib.suppress(EOFError, ConnectionError, KeyboardInterrupt):
        reader = ShardReader(source)
        while True:
            connection.send(reader.read(connection.recv()))


class _Workers:
    """Processes that read, each at the other end of a pipe."""

    def __init__(self, source: ReaderSource, count: int) -> None:
        context = multiprocessing.get_context("spawn")
        self.idle: list[Connection] = []
        self.busy: list[Connection] = []
        self._processes = []
        for _ in range(count):
            ours, theirs = context.Pipe()
            process = context.Process(target=_serve, args=(theirs, source), daemon=True)
            process.start()
            theirs.close()
            self.idle.append(ours)
            self._processes.append(process)

    def give(self, shard: Shard) -> None:
        """Hand a shard to an idle worker."""
        worker = self.idle.pop()
        try:
            worker.send(shard)
        except ConnectionError as error:
            raise self._died() from error
        self.busy.append(worker)

    def take(self) -> list[ShardReading]:
        """Wait for at least one reading."""
        readings = []
        for worker in wait_for(self.busy):
            assert isinstance(worker, Connection)
            try:
                readings.append(worker.recv())
            except (EOFError, ConnectionError) as error:
                raise self._died() from error
            self.busy.remove(worker)
            self.idle.append(worker)
        return readings

    def _died(self) -> BuildWorkerError:
        return BuildWorkerError(
            "a worker died; run the same command again to go on, with fewer --workers where "
            "memory is short"
        )

    def close(self) -> None:
        """Let the workers go."""
        for worker in (*self.idle, *self.busy):
            worker.close()
        for process in self._processes:
            process.join(timeout=5)
            process.kill()


def _read_in_processes(work: BuildWork, count: int) -> Iterator[ShardReading]:
    workers = _Workers(work.source, count)
    try:
        for shard in work.shards():
            while not workers.idle:
                yield from workers.take()
            workers.give(shard)
        while workers.busy:
            yield from workers.take()
    finally:
        workers.close()
