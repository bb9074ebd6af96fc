"""Reading the shards of a build with Ray Data, on one machine or on a cluster.

https://docs.ray.io/en/latest/data/data.html. A row is a file; a first step cuts it into shards (and
de-identifies what is clinical, so that no identifier is in Ray's object store), a second one reads
them in actors that open their reader once. Results stream back to the one journal. On a cluster
every machine has to see the documents and the graph of names at the same paths.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import Any

from kg.errors import MissingExtraError, SourceFormatError
from medkgqa.build_engines import BuildWork
from medkgqa.build_reading import ReaderSource, ShardReader, ShardReading
from medkgqa.build_shards import Shard, shards_of


class _Cutter:
    """Cuts files into shards; an unreadable document comes back as a row."""

    def __init__(self, work: BuildWork) -> None:
        self._work = work

    def cut(self, batch: Mapping[str, Any]) -> Iterator[dict[str, list[Any]]]:
        work = self._work
        for file in map(int, batch["file"]):
            try:
                for shard in shards_of(
                    work.files, file, done=work.done[file], options=work.options
                ):
                    yield _row(shard.to_json())
            except SourceFormatError as error:
                problem = error.problem + (f"; {error.fix}" if error.fix else "")
                yield _row("", problem, error.path, error.line or 0)


def _row(text: str, problem: str = "", path: str = "", line: int = 0) -> dict[str, list[Any]]:
    return {"text": [text], "problem": [problem], "path": [path], "line": [line]}


class _Reader:
    """Reads shards; the reader is opened once an actor."""

    def __init__(self, source: ReaderSource) -> None:
        self._reader = ShardReader(source)

    def __call__(self, batch: Mapping[str, Any]) -> dict[str, list[Any]]:
        (text,) = map(str, batch["text"])
        read = self._reader.read(Shard.from_json(text)).to_json() if text else ""
        (problem,), (path,), (line,) = batch["problem"], batch["path"], batch["line"]
        return _row(read, str(problem), str(path), int(line))


def read_with_ray(work: BuildWork, workers: int) -> Iterator[ShardReading]:
    """The readings of everything that is left, in any order.

    Joins the cluster ``RAY_ADDRESS`` names; starts Ray on this machine where there is none.

    Raises:
        MissingExtraError: where Ray is not installed.
        SourceFormatError: with file and line, where a document cannot be read.
    """
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    try:
        import ray
    except ImportError as error:
        raise MissingExtraError("ray", extra="ray") from error
    started = not ray.is_initialized()
    if started and os.environ.get("RAY_ADDRESS"):
        ray.init(log_to_driver=False)
    elif started:
        # one logical core more than there are readers, for what cuts the files
        ray.init(num_cpus=workers + 1, include_dashboard=False, log_to_driver=False)
    try:
        yield from _readings(work, workers)
    finally:
        if started:
            ray.shutdown()


def _readings(work: BuildWork, workers: int) -> Iterator[ShardReading]:
    if not work.done:
        return
    import ray.data

    ray.data.DataContext.get_current().enable_progress_bars = False
    files = ray.data.from_items(
        [{"file": file} for file in work.done], override_num_blocks=len(work.done)
    )
    shards = files.map_batches(_Cutter(work).cut, batch_size=1, num_cpus=0.5)
    readings = shards.map_batches(
        _Reader,
        fn_constructor_args=(work.source,),
        batch_size=1,
        num_cpus=1,
        compute=ray.data.ActorPoolStrategy(size=workers),
    )
    for row in readings.iter_rows():
        if row["problem"]:
            raise SourceFormatError(row["path"], int(row["line"]) or None, str(row["problem"]))
        yield ShardReading.from_json(str(row["text"]))
