"""Documents, what they state, and the words they are found by, in one file.

A SQLite database (https://www.sqlite.org/fileformat2.html): the documents as they were read, their
passages in an FTS5 table, which ranks by BM25 (https://www.sqlite.org/fts5.html), and every
statement that was read in a sentence, with the ids of its concepts. With an encoder each passage
has a vector too, by which the passages that BM25 finds are ordered again.

Robertson and Zaragoza 2009, "The Probabilistic Relevance Framework: BM25 and Beyond",
https://doi.org/10.1561/1500000019. The two orders are joined as in Cormack et al. 2009, "Reciprocal
rank fusion", https://doi.org/10.1145/1571941.1572114.
"""

from __future__ import annotations

import json
import os
import sqlite3
import threading
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from kg.errors import UsageError
from kg.records import Evidence, EvidenceKind, Polarity, Provenance, Triple
from nlp.lexicon import Lexicon
from nlp.records import Document
from reasoning.passages import match_expression, search_text
from reasoning.quotes import Statement

#: Changes whenever an older file cannot be read any more.
FORMAT = 1
#: Marks the file as ours (``PRAGMA application_id``).
APPLICATION = 0x4D4B4C49
#: Passages that BM25 finds and an encoder orders again.
RERANKED = 100
_FUSION = 60  # the constant of reciprocal rank fusion

_TABLES = """
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE documents (
  number INTEGER PRIMARY KEY, id TEXT NOT NULL, text TEXT NOT NULL, title_end INTEGER NOT NULL,
  date TEXT NOT NULL, source TEXT NOT NULL, version TEXT NOT NULL, licence TEXT NOT NULL,
  retrieved TEXT NOT NULL, url TEXT NOT NULL);
CREATE UNIQUE INDEX documents_by_id ON documents (id, source);
CREATE TABLE passages (
  number INTEGER PRIMARY KEY, document INTEGER NOT NULL, start INTEGER NOT NULL,
  stop INTEGER NOT NULL);
CREATE INDEX passages_by_document ON passages (document);
CREATE TABLE vectors (passage INTEGER PRIMARY KEY, vector BLOB NOT NULL);
CREATE TABLE statements (
  document INTEGER NOT NULL, start INTEGER NOT NULL, stop INTEGER NOT NULL,
  subject TEXT NOT NULL, predicate TEXT NOT NULL, object TEXT NOT NULL, polarity TEXT NOT NULL,
  confidence REAL NOT NULL, extractor TEXT NOT NULL);
CREATE INDEX statements_by_subject ON statements (subject, predicate);
CREATE INDEX statements_by_object ON statements (object, predicate);
CREATE INDEX statements_by_document ON statements (document);
CREATE VIRTUAL TABLE words USING fts5(
  text, content='', tokenize='porter unicode61 remove_diacritics 2');
"""


@runtime_checkable
class Encoder(Protocol):
    """Turns texts into vectors that are near where the texts mean alike."""

    @property
    def name(self) -> str:
        """Name and version; vectors of two encoders cannot be compared."""
        ...

    def encode(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """``float32 [text, dimension]``, each row of length 1."""
        ...


@dataclass(frozen=True, slots=True)
class FoundPassage:
    """A passage of a document, and how well it fits a question (more is better).

    ``text`` is ``[start, end)`` of the document; ``score`` compares within one search only.
    """

    document: str
    start: int
    end: int
    text: str
    score: float


@dataclass(frozen=True, slots=True)
class FoundStatement:
    """A statement, the date of its document, and its passage's BM25 score for the question."""

    statement: Statement
    date: str
    score: float


class LiteratureWriter:
    """Writes an index; the file appears under its name only when all is written.

    Args:
        path: file to write; one that is there is replaced.
        names: fingerprint of the graph whose concepts the statements name.
        reader: name and version of what reads the documents.
        encoder: makes a vector of each passage; none where not given.

    Raises:
        UsageError: where SQLite lacks FTS5.
    """

    def __init__(
        self, path: Path, *, names: str, reader: str, encoder: Encoder | None = None
    ) -> None:
        self._path = path
        self._encoder = encoder
        self._partial = path.with_name(f"{path.name}.partial-{os.getpid()}")
        path.parent.mkdir(parents=True, exist_ok=True)
        self._partial.unlink(missing_ok=True)
        self._base = sqlite3.connect(self._partial, isolation_level=None)
        self._base.execute("PRAGMA journal_mode = OFF")
        self._base.execute("PRAGMA synchronous = OFF")
        self._base.execute(f"PRAGMA application_id = {APPLICATION}")
        self._base.execute(f"PRAGMA user_version = {FORMAT}")
        try:
            self._base.executescript(f"BEGIN; {_TABLES}")
        except sqlite3.OperationalError as error:
            self.__exit__(type(error), error, None)
            raise UsageError(
                f"SQLite {sqlite3.sqlite_version} of this Python cannot index text ({error}); use "
                "one built with FTS5, as python.org's and the distributions' are"
            ) from error
        about = {"names": names, "reader": reader, "encoder": encoder.name if encoder else ""}
        self._base.executemany("INSERT INTO meta VALUES (?, ?)", about.items())

    def __enter__(self) -> LiteratureWriter:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if kind is None:
            self._finish()
            self._base.close()
            self._partial.replace(self._path)
        else:
            self._base.close()
            self._partial.unlink(missing_ok=True)

    def add(
        self,
        document: Document,
        spans: Iterable[tuple[int, int]],
        statements: Iterable[Statement],
    ) -> None:
        """Add a document; one of the same id and source that came before goes.

        Args:
            document: as it was read.
            spans: its passages.
            statements: what was read in its sentences.
        """
        of = document.provenance
        self._remove("id = ? AND source = ?", document.id, of.source)
        row = self._base.execute(
            "INSERT INTO documents (id, text, title_end, date, source, version, licence, "
            "retrieved, url) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                *(document.id, document.text, document.title_end, document.date),
                *(of.source, of.version, of.licence, of.retrieved, of.url),
            ),
        ).lastrowid
        self._base.executemany(
            "INSERT INTO passages (document, start, stop) VALUES (?, ?, ?)",
            [(row, *span) for span in spans],
        )
        self._base.executemany(
            "INSERT INTO statements VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                (
                    *(row, s.evidence.start, s.evidence.end),
                    *(s.triple.subject, s.triple.predicate, s.triple.object, s.polarity.value),
                    *(s.evidence.confidence, s.evidence.extractor),
                )
                for s in statements
            ],
        )

    def delete(self, ids: Iterable[str]) -> None:
        """Drop documents by id, whatever their source (what a PubMed update file deletes)."""
        for id_ in ids:
            self._remove("id = ?", id_)

    def _remove(self, where: str, *values: str) -> None:
        found = self._base.execute(f"SELECT number FROM documents WHERE {where}", values).fetchall()
        for (number,) in found:
            self._base.execute("DELETE FROM passages WHERE document = ?", (number,))
            self._base.execute("DELETE FROM statements WHERE document = ?", (number,))
            self._base.execute("DELETE FROM documents WHERE number = ?", (number,))

    def _finish(self) -> None:
        """Index the words (and vectors) of what is left, and write everything."""
        rows = self._base.execute(
            "SELECT p.number, p.start, p.stop, d.text, d.title_end FROM passages AS p "
            "JOIN documents AS d ON d.number = p.document ORDER BY p.number"
        )
        while part := rows.fetchmany(64):
            texts = [with_title(text, start, stop, end) for _, start, stop, text, end in part]
            self._base.executemany(
                "INSERT INTO words (rowid, text) VALUES (?, ?)",
                [(row[0], search_text(text)) for row, text in zip(part, texts, strict=True)],
            )
            if self._encoder is not None:
                vectors = self._encoder.encode(texts).astype(np.float16)
                self._base.executemany(
                    "INSERT INTO vectors VALUES (?, ?)",
                    [(row[0], v.tobytes()) for row, v in zip(part, vectors, strict=True)],
                )
        self._base.execute("INSERT INTO words(words) VALUES ('optimize')")
        self._base.execute("COMMIT")


def with_title(text: str, start: int, stop: int, title_end: int) -> str:
    """A passage with its document's title before it, where it does not hold the title itself."""
    passage = text[start:stop]
    return passage if start < title_end or not title_end else f"{text[:title_end]}\n{passage}"


class LiteratureIndex:
    """An index that can be asked; read-only, and safe to share between threads.

    Args:
        path: file that ``medkgqa index`` wrote.
        encoder: orders what BM25 finds again; used where the index holds vectors of it.

    Raises:
        UsageError: where the file is absent, none of ours, or of another version.
    """

    def __init__(self, path: Path, *, encoder: Encoder | None = None) -> None:
        self.path = path
        if not path.is_file():
            raise UsageError(
                f"no literature index at {path}; make one with: medkgqa index FILE --out {path}"
            )
        address = f"{path.resolve().as_uri()}?mode=ro&immutable=1"
        self._base = sqlite3.connect(address, uri=True, check_same_thread=False)
        self._lock = threading.Lock()
        self._lexicon = Lexicon.load()
        try:
            application = self._rows("PRAGMA application_id")[0][0]
            version = self._rows("PRAGMA user_version")[0][0]
        except UsageError:
            self._base.close()
            raise
        if application != APPLICATION or version != FORMAT:
            self._base.close()
            what = "none of ours" if application != APPLICATION else f"of format {version}"
            raise UsageError(
                f"{path}: the file is no literature index this version reads ({what}); make it "
                f"again with: medkgqa index FILE --out {path}"
            )
        self._meta: dict[str, str] = dict(self._rows("SELECT name, value FROM meta"))
        self._encoder = encoder if encoder and encoder.name == self._meta["encoder"] else None

    def close(self) -> None:
        """Close the file."""
        self._base.close()

    def __enter__(self) -> LiteratureIndex:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def names(self) -> str:
        """Fingerprint of the graph whose concepts the statements name."""
        return self._meta["names"]

    @property
    def reader(self) -> str:
        """Name and version of what read the documents."""
        return self._meta["reader"]

    @property
    def encoder(self) -> str:
        """Name of the encoder whose vectors it holds; "" without."""
        return self._meta["encoder"]

    def __len__(self) -> int:
        """How many documents it holds."""
        return int(self._rows("SELECT count(*) FROM documents")[0][0])

    def counts(self) -> Mapping[str, int]:
        """How many documents, passages and statements it holds."""
        tables = ("documents", "passages", "statements")
        return {t: int(self._rows(f"SELECT count(*) FROM {t}")[0][0]) for t in tables}

    def licences(self) -> frozenset[str]:
        """Licences its documents are under."""
        return frozenset(row[0] for row in self._rows("SELECT DISTINCT licence FROM documents"))

    def vectors(self, texts: Sequence[str]) -> npt.NDArray[np.float32] | None:
        """``float32 [text, dimension]`` by the encoder of the index; None without one at hand."""
        return None if self._encoder is None else self._encoder.encode(texts)

    def search(self, question: str, *, limit: int = 10) -> list[FoundPassage]:
        """The passages nearest to a question, best first; any text is a question.

        Raises:
            UsageError: where the file turns out to be damaged.
        """
        expression = match_expression(question, self._lexicon)
        if not expression or limit < 1:
            return []
        found = self._rows(
            "SELECT rowid, -bm25(words) FROM words WHERE words MATCH ? ORDER BY 2 DESC, 1 LIMIT ?",
            (expression, max(limit, RERANKED) if self._encoder else limit),
        )
        scores = {int(number): float(score) for number, score in found}
        if self._encoder is not None and scores:
            scores = self._reranked(question, scores, self._encoder)
        best = sorted(scores, key=lambda number: (-scores[number], number))[:limit]
        return [self._passage(number, scores[number]) for number in best]

    def statements(
        self,
        question: str,
        *,
        subjects: Collection[str] | None,
        predicates: Collection[str],
        objects: Collection[str] | None,
    ) -> list[FoundStatement]:
        """Statements between concepts, each with what BM25 gives its passage for ``question``.

        Args:
            question: "" where the score does not matter.
            subjects: CURIEs; any where None.
            predicates: CURIEs.
            objects: CURIEs; any where None.

        Raises:
            UsageError: where neither subjects nor objects are given, or the file is damaged.
        """
        if subjects is None and objects is None:
            raise UsageError("statements of every concept were asked for; name a subject or object")
        wanted = [("subject", subjects), ("predicate", predicates), ("object", objects)]
        held = [(column, values) for column, values in wanted if values is not None]
        where = " AND ".join(f"s.{c} IN (SELECT value FROM json_each(?))" for c, _ in held)
        rows = self._rows(
            "SELECT s.subject, s.predicate, s.object, s.polarity, s.confidence, s.extractor, "
            "s.start, s.stop, substr(d.text, s.start + 1, s.stop - s.start), d.id, d.date, "
            "d.source, d.version, d.licence, d.retrieved, d.url, p.number FROM statements AS s "
            "JOIN documents AS d ON d.number = s.document LEFT JOIN passages AS p "
            "ON p.document = s.document AND p.start <= s.start AND s.start < p.stop "
            f"WHERE {where} ORDER BY s.document, s.start, s.subject, s.predicate, s.object",
            [json.dumps(sorted(values)) for _, values in held],
        )
        scores = self._scores(question, {row[16] for row in rows if row[16] is not None})
        return [FoundStatement(_statement(row), row[10], scores.get(row[16], 0.0)) for row in rows]

    # --- inside

    def _scores(self, question: str, passages: Collection[int]) -> dict[int, float]:
        """BM25 of these passages for a question."""
        expression = match_expression(question, self._lexicon)
        if not expression or not passages:
            return {}
        rows = self._rows(
            "SELECT rowid, -bm25(words) FROM words WHERE words MATCH ? "
            "AND rowid IN (SELECT value FROM json_each(?))",
            (expression, json.dumps(sorted(passages))),
        )
        return {int(number): float(score) for number, score in rows}

    def _reranked(
        self, question: str, scores: Mapping[int, float], encoder: Encoder
    ) -> dict[int, float]:
        """Reciprocal rank fusion of BM25 and the cosine of the vectors."""
        rows = self._rows(
            "SELECT passage, vector FROM vectors "
            "WHERE passage IN (SELECT value FROM json_each(?)) ORDER BY passage",
            (json.dumps(sorted(scores)),),
        )
        if not rows:
            return dict(scores)
        asked = encoder.encode([question])[0]
        vectors = np.stack([np.frombuffer(vector, np.float16) for _, vector in rows])
        nearness = vectors.astype(np.float32) @ asked
        near = {int(row[0]): float(n) for row, n in zip(rows, nearness, strict=True)}
        fused: dict[int, float] = dict.fromkeys(scores, 0.0)
        for order in (scores, near):
            ranked = sorted(order, key=lambda number: (-order[number], number))
            for rank, number in enumerate(ranked, 1):
                fused[number] += 1 / (_FUSION + rank)
        return fused

    def _passage(self, number: int, score: float) -> FoundPassage:
        id_, start, stop, text = self._rows(
            "SELECT d.id, p.start, p.stop, substr(d.text, p.start + 1, p.stop - p.start) "
            "FROM passages AS p JOIN documents AS d ON d.number = p.document WHERE p.number = ?",
            (number,),
        )[0]
        return FoundPassage(id_, start, stop, text, score)

    def _rows(self, query: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        try:
            with self._lock, closing(self._base.execute(query, values)) as cursor:
                return cursor.fetchall()
        except sqlite3.DatabaseError as error:
            raise UsageError(
                f"{self.path}: the literature index cannot be read ({error}); make it again with: "
                f"medkgqa index FILE --out {self.path}"
            ) from error


def _statement(row: tuple[Any, ...]) -> Statement:
    evidence = Evidence(
        Provenance(*row[11:16]),
        EvidenceKind.SENTENCE,
        document=row[9],
        sentence=row[8],
        start=row[6],
        end=row[7],
        confidence=row[4],
        extractor=row[5],
    )
    return Statement(Triple(*row[0:3]), Polarity(row[3]), evidence)
