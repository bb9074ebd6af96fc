"""The journal of a build: what was read so far, committed shard by shard.

One SQLite file beside the graph that is built (https://www.sqlite.org/atomiccommit.html): a shard
is in it whole or not at all, whenever the process dies. It holds edges, counts and ids, never the
documents; of clinical documents only what de-identification left. It goes when the graph is saved.
"""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from types import TracebackType

from kg.errors import UsageError
from medkgqa.build_reading import ShardReading

_TABLES = """
CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS files (
  file INTEGER PRIMARY KEY, fingerprint TEXT NOT NULL, shards INTEGER);
CREATE TABLE IF NOT EXISTS shards (
  file INTEGER, number INTEGER, PRIMARY KEY (file, number)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS documents (
  file INTEGER, number INTEGER, place INTEGER, source TEXT, id TEXT,
  PRIMARY KEY (file, number, place)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS edges (
  file INTEGER, number INTEGER, place INTEGER,
  subject TEXT, predicate TEXT, object TEXT, polarity TEXT, evidence TEXT);
CREATE TABLE IF NOT EXISTS tallies (
  file INTEGER, number INTEGER, what TEXT, name TEXT, count INTEGER);
CREATE TABLE IF NOT EXISTS refusals (
  file INTEGER, number INTEGER, reason TEXT, count INTEGER, examples TEXT);
CREATE TABLE IF NOT EXISTS extractors (file INTEGER, number INTEGER, name TEXT);
CREATE TABLE IF NOT EXISTS deleted (file INTEGER, id TEXT);
"""
_OF_FILES = (
    "files",
    "shards",
    "documents",
    "edges",
    "tallies",
    "refusals",
    "extractors",
    "deleted",
)
#: The version of each document that counts: the last one read, unless a later file deletes it.
_LATEST = """
CREATE TEMP TABLE latest AS
SELECT file, number, place, source, id FROM (
  SELECT *, ROW_NUMBER() OVER (
    PARTITION BY source, id ORDER BY file DESC, number DESC, place DESC) AS age
  FROM documents) AS d
WHERE age = 1 AND NOT EXISTS (SELECT 1 FROM deleted AS g WHERE g.id = d.id AND g.file >= d.file);
"""


def journal_folder(target: Path) -> Path:
    """Where the journal of a build of ``target`` lies.

    >>> journal_folder(Path("graphs/mine")).as_posix()
    'graphs/mine.build'
    """
    return target.with_name(f"{target.name}.build")


class BuildJournal:
    """The journal of one build; one process at a time may have it open.

    Args:
        folder: where it lies; made where it is missing.
        identity: everything the result depends on but the files; another one starts afresh.
        fingerprints: one of each file. What was read of files before the first that changed
            is kept, the rest is read again.

    Raises:
        UsageError: where another process is building there.
    """

    def __init__(self, folder: Path, *, identity: str, fingerprints: Sequence[str]) -> None:
        self._folder = folder
        self._removed = False
        folder.mkdir(parents=True, exist_ok=True)
        self._base = sqlite3.connect(folder / "journal.sqlite", timeout=0, isolation_level=None)
        try:
            self._base.execute("PRAGMA locking_mode = EXCLUSIVE")
            self._base.execute("PRAGMA journal_mode = WAL")
            self._base.execute("PRAGMA synchronous = NORMAL")
            self._base.executescript(f"BEGIN IMMEDIATE; {_TABLES} COMMIT;")
        except sqlite3.OperationalError as error:
            self._base.close()
            raise UsageError(
                f"{folder}: another build is running there ({error}); wait for it, or give "
                "another --out"
            ) from error
        except sqlite3.DatabaseError as error:
            self._base.close()
            raise UsageError(f"{folder}: no journal ({error}); remove that folder") from error
        self._begin(identity, fingerprints)

    def _begin(self, identity: str, fingerprints: Sequence[str]) -> None:
        known = dict(self._base.execute("SELECT file, fingerprint FROM files"))
        found = self._base.execute("SELECT value FROM meta WHERE name = 'identity'").fetchone()
        same = 0
        if found == (identity,):
            same = next(
                (i for i, f in enumerate(fingerprints) if known.get(i) != f), len(fingerprints)
            )
        with self._transaction():
            for table in _OF_FILES:
                self._base.execute(f"DELETE FROM {table} WHERE file >= ?", (same,))
            self._base.execute("INSERT OR REPLACE INTO meta VALUES ('identity', ?)", (identity,))
            rows = [(i, f) for i, f in enumerate(fingerprints) if i >= same]
            self._base.executemany("INSERT INTO files VALUES (?, ?, NULL)", rows)

    def _transaction(self) -> sqlite3.Connection:
        self._base.execute("BEGIN IMMEDIATE")
        return self._base

    def __enter__(self) -> BuildJournal:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if not self._removed and not self.documents_read():
            self.remove()
        self._base.close()

    def remove(self) -> None:
        """Close the journal and take it away."""
        self._removed = True
        self._base.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    # -- writing ---------------------------------------------------------------------------

    def commit(self, reading: ShardReading) -> None:
        """Keep a shard; one that is kept already changes nothing."""
        place = (reading.file, reading.number)
        with self._transaction() as base:
            new = base.execute("INSERT OR IGNORE INTO shards VALUES (?, ?)", place).rowcount
            if not new:
                return
            base.executemany(
                "INSERT INTO documents VALUES (?, ?, ?, ?, ?)",
                ((*place, i, *document) for i, document in enumerate(reading.documents)),
            )
            base.executemany(
                "INSERT INTO edges VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                ((*place, *edge) for edge in reading.edges),
            )
            base.executemany(
                "INSERT INTO tallies VALUES (?, ?, ?, ?, ?)",
                ((*place, *tally) for tally in reading.tallies),
            )
            base.executemany(
                "INSERT INTO refusals VALUES (?, ?, ?, ?, ?)",
                (
                    (*place, reason, count, json.dumps(examples, ensure_ascii=False))
                    for reason, count, examples in reading.refusals
                ),
            )
            base.executemany(
                "INSERT INTO extractors VALUES (?, ?, ?)",
                ((*place, name) for name in reading.extractors),
            )
            if reading.last:
                base.execute(
                    "UPDATE files SET shards = ? WHERE file = ?", (reading.number + 1, reading.file)
                )

    def delete(self, file: int, ids: Iterable[str]) -> None:
        """Keep which documents a file says to delete, instead of what was kept of it before."""
        with self._transaction() as base:
            base.execute("DELETE FROM deleted WHERE file = ?", (file,))
            base.executemany("INSERT INTO deleted VALUES (?, ?)", ((file, i) for i in sorted(ids)))

    # -- reading ---------------------------------------------------------------------------

    def done(self, file: int) -> frozenset[int]:
        """Shards of a file that are kept."""
        rows = self._base.execute("SELECT number FROM shards WHERE file = ?", (file,))
        return frozenset(number for (number,) in rows)

    def is_complete(self, file: int) -> bool:
        """Whether every shard of a file is kept."""
        (shards,) = self._base.execute(
            "SELECT shards FROM files WHERE file = ?", (file,)
        ).fetchone()
        return shards is not None and len(self.done(file)) == shards

    def documents_read(self) -> int:
        """How many documents are kept."""
        (count,) = self._base.execute("SELECT count(*) FROM documents").fetchone()
        return int(count)

    def tallies(self) -> Iterator[tuple[str, str, int]]:
        """``(what, name, how many)`` over all shards, sorted."""
        yield from self._base.execute(
            "SELECT what, name, sum(count) FROM tallies GROUP BY what, name ORDER BY what, name"
        )

    def refusals(self) -> Iterator[tuple[str, int, list[str]]]:
        """``(reason, how many, examples)`` of each shard, in order."""
        rows = self._base.execute(
            "SELECT reason, count, examples FROM refusals ORDER BY file, number, reason"
        )
        return ((reason, count, json.loads(examples)) for reason, count, examples in rows)

    def extractors(self) -> tuple[str, ...]:
        """Every name and version that read anything."""
        rows = self._base.execute("SELECT DISTINCT name FROM extractors ORDER BY name")
        return tuple(name for (name,) in rows)

    def superseded(self) -> int:
        """How many documents were read whose id comes again later, or is deleted later."""
        self._find_latest()
        (kept,) = self._base.execute("SELECT count(*) FROM latest").fetchone()
        return self.documents_read() - int(kept)

    def deleted(self) -> frozenset[str]:
        """Ids that some file says to delete."""
        return frozenset(i for (i,) in self._base.execute("SELECT DISTINCT id FROM deleted"))

    def _find_latest(self) -> None:
        known = self._base.execute("SELECT 1 FROM temp.sqlite_master WHERE name = 'latest'")
        if known.fetchone() is None:
            self._base.executescript(_LATEST)

    def has_read(self, source: str, document: str) -> bool:
        """Whether a document was read."""
        known = self._base.execute("SELECT 1 FROM temp.sqlite_master WHERE name = 'read'")
        if known.fetchone() is None:
            self._base.executescript(
                "CREATE TEMP TABLE read AS SELECT DISTINCT source, id FROM documents;"
                "CREATE INDEX temp.read_id ON read (source, id);"
            )
        row = self._base.execute(
            "SELECT 1 FROM read WHERE source = ? AND id = ?", (source, document)
        ).fetchone()
        return row is not None

    def edges(self) -> Iterator[tuple[str, str, str, str, str]]:
        """``(subject, predicate, object, polarity, evidence)`` of the documents that count."""
        self._find_latest()
        yield from self._base.execute(
            "SELECT subject, predicate, object, polarity, evidence"
            " FROM edges JOIN latest USING (file, number, place)"
        )

    def keep_admitted(self, rows: Iterable[tuple[str, str, str, str, str]]) -> None:
        """Put rows aside, on disk, for :meth:`sorted_edges`."""
        self._base.executescript(
            "DROP TABLE IF EXISTS temp.admitted; CREATE TEMP TABLE admitted"
            " (subject TEXT, predicate TEXT, object TEXT, polarity TEXT, evidence TEXT);"
        )
        with self._transaction() as base:
            base.executemany("INSERT INTO temp.admitted VALUES (?, ?, ?, ?, ?)", rows)

    def admitted_ends(self) -> Iterator[str]:
        """The concepts the rows put aside join, sorted."""
        rows = self._base.execute(
            "SELECT subject FROM temp.admitted UNION SELECT object FROM temp.admitted ORDER BY 1"
        )
        return (curie for (curie,) in rows)

    def sorted_edges(self) -> Iterator[tuple[str, str, str, str, str]]:
        """The rows put aside, in the order a graph keeps its edges."""
        yield from self._base.execute(
            "SELECT * FROM temp.admitted ORDER BY subject, predicate, object, polarity, evidence"
        )
