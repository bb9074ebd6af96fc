"""The driver, the address, and the transactions of the Neo4j store.

Sessions are kept and used again, one thread at a time each. Reads run as single statements (an
explicit transaction costs half a millisecond more) and are sent again on an error the server calls
transient; writes run in ``execute_write``, which does the same. Every write this project sends may
be repeated, so a write whose acknowledgement was lost (``IncompleteCommit``) is sent again too.

Driver manual: https://neo4j.com/docs/python-manual/current/
"""

from __future__ import annotations

import logging
import time
import weakref
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import unquote, urlsplit

from kg.errors import GraphError, InvalidRecordError, MissingExtraError, StoreUnavailableError
from kg.schema import CLASSES

LOGGER = logging.getLogger(__name__)
T = TypeVar("T")

SCHEMES = frozenset({"neo4j", "neo4j+s", "neo4j+ssc", "bolt", "bolt+s", "bolt+ssc"})
KEY_INDEX = "concept_name_keys"
XREF_INDEX = "concept_xrefs"

_FULLTEXT = (
    "CREATE FULLTEXT INDEX {name} IF NOT EXISTS FOR (c:Concept) ON EACH [c.{property}] "
    "OPTIONS {{indexConfig: {{`fulltext.analyzer`: 'keyword'}}}}"
)
#: Constraints and indexes by name; each is made where the server does not have it.
SCHEMA = {
    "concept_curie": (
        "CREATE CONSTRAINT concept_curie IF NOT EXISTS FOR (c:Concept) REQUIRE c.curie IS UNIQUE"
    ),
    "graph_revision": (
        "CREATE CONSTRAINT graph_revision IF NOT EXISTS FOR (g:GraphRevision) "
        "REQUIRE g.id IS UNIQUE"
    ),
    KEY_INDEX: _FULLTEXT.format(name=KEY_INDEX, property="name_keys"),
    XREF_INDEX: _FULLTEXT.format(name=XREF_INDEX, property="xrefs"),
    **{
        f"{c.label.lower()}_name": (
            f"CREATE INDEX {c.label.lower()}_name IF NOT EXISTS FOR (c:{c.label}) ON (c.name)"
        )
        for c in CLASSES.values()
    },
}
_ATTEMPTS = 4
RETRY_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class ServerUrl:
    """A server's address taken apart: ``neo4j://user:password@host:port/database``."""

    address: str
    user: str
    password: str
    database: str | None

    def login(self, user: str, password: str) -> tuple[str, str] | None:
        """Name and password, these where the URL holds none; None for no login at all."""
        password = self.password or password
        return (self.user or user or "neo4j", password) if password else None

    @classmethod
    def parse(cls, url: str) -> ServerUrl:
        """Take an address apart.

        Raises:
            StoreUnavailableError: where it is no address of a Neo4j server.

        >>> url = ServerUrl.parse("neo4j://neo4j:s%40cret@localhost:7687/medicine")
        >>> url.address, url.user, url.password, url.database
        ('neo4j://localhost:7687', 'neo4j', 's@cret', 'medicine')
        """
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError:
            parts, port = urlsplit(""), None
        if parts.scheme not in SCHEMES or not parts.hostname:
            raise StoreUnavailableError(
                f"{without_password(url)!r} is not the address of a Neo4j server; "
                "write neo4j://user:password@host:7687"
            )
        host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
        return cls(
            f"{parts.scheme}://{host}" + (f":{port}" if port else ""),
            unquote(parts.username or ""),
            unquote(parts.password or ""),
            parts.path.strip("/") or None,
        )


class Neo4jConnection:
    """A driver with reads and write transactions, and errors of our own; safe between threads.

    Args:
        url: ``neo4j://user:password@host:port/database``, also ``bolt://`` and ``…+s://``.
        user: login name where the URL holds none.
        password: its password where the URL holds none.
        retry_seconds: how long a write is tried again while the server does not answer.

    Raises:
        MissingExtraError: without the extra ``neo4j``.
        StoreUnavailableError: where nothing answers, or the login is refused.
    """

    def __init__(
        self,
        url: str,
        *,
        user: str = "",
        password: str = "",
        retry_seconds: float = RETRY_SECONDS,
    ) -> None:
        try:
            import neo4j
            import neo4j.exceptions
        except ImportError as error:
            raise MissingExtraError("neo4j", extra="neo4j") from error
        self._errors = neo4j.exceptions
        server = ServerUrl.parse(url)
        self.address = server.address
        self._database = server.database
        self._driver = neo4j.GraphDatabase.driver(
            server.address,
            auth=server.login(user, password),
            notifications_min_severity="OFF",
            connection_timeout=10.0,
            max_transaction_retry_time=retry_seconds,
        )
        self._bookmarks = neo4j.GraphDatabase.bookmark_manager()
        self._readers: deque[Any] = deque()
        self._closed = weakref.finalize(self, _close, self._readers, self._driver)
        try:
            self._driver.verify_connectivity()
            self._make_schema()
        except (neo4j.exceptions.DriverError, neo4j.exceptions.Neo4jError) as error:
            self.close()
            raise self._unavailable(error) from error
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Close the sessions and the driver; may be called twice, and happens by itself."""
        self._closed()

    def values(self, query: str, **parameters: Any) -> list[list[Any]]:
        """The rows of a query that only reads (the server refuses one that would write)."""
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                with self._translated(), self._reader() as session:
                    rows: list[list[Any]] = session.run(query, parameters).values()
                    return rows
            except _TransientError as transient:
                if attempt == _ATTEMPTS:
                    raise self._unavailable(transient.error) from transient.error
                time.sleep(0.05 * 4**attempt)
        raise AssertionError("not reached")

    def write(self, work: Callable[[Any], T]) -> T:
        """Run ``work(transaction)`` in one write transaction; it may be run again.

        Raises:
            StoreUnavailableError: where the server does not answer.
            GraphError: where it refuses what is written.
        """
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                with self._translated(), self._new_session() as session:
                    result: T = session.execute_write(work)
                    return result
            except _TransientError as transient:
                lost = isinstance(transient.error, self._errors.IncompleteCommit)
                if not lost or attempt == _ATTEMPTS:
                    raise self._unavailable(transient.error) from transient.error
                LOGGER.warning("%s: a batch was not acknowledged; sent again", self.address)
                time.sleep(0.05 * 4**attempt)
        raise AssertionError("not reached")

    def _make_schema(self) -> None:
        with self._new_session() as session:
            states = dict(session.execute_read(_index_states))
            missing = [statement for name, statement in SCHEMA.items() if name not in states]
            for statement in missing:
                try:
                    session.execute_write(lambda tx, s=statement: tx.run(s).consume())
                except self._errors.ClientError as error:
                    if "AlreadyExists" not in (error.code or ""):  # another was quicker
                        raise
            if missing or any(states[name] != "ONLINE" for name in SCHEMA):
                session.execute_read(lambda tx: tx.run("CALL db.awaitIndexes(600)").consume())

    def _new_session(self, *, read: bool = False) -> Any:
        return self._driver.session(
            database=self._database,
            bookmark_manager=self._bookmarks,
            default_access_mode="READ" if read else "WRITE",
        )

    @contextmanager
    def _reader(self) -> Iterator[Any]:
        """A session kept from before, or a new one; one that met an error is not kept."""
        try:
            session = self._readers.pop()
        except IndexError:
            session = self._new_session(read=True)
        try:
            yield session
        except BaseException:
            session.close()
            raise
        self._readers.append(session)

    @contextmanager
    def _translated(self) -> Iterator[None]:
        errors = self._errors
        try:
            yield
        except UnicodeEncodeError as error:
            raise InvalidRecordError(
                f"{error.object[error.start : error.end]!r} is half a character and cannot be "
                "kept by Neo4j; read the file in its own encoding"
            ) from error
        except errors.AuthError as error:
            raise self._unavailable(error) from error
        except errors.DriverError as error:
            lost = isinstance(error, errors.IncompleteCommit)
            if lost or error.is_retryable():
                raise _TransientError(error) from error
            raise self._unavailable(error) from error
        except errors.Neo4jError as error:
            if error.is_retryable():
                raise _TransientError(error) from error
            raise GraphError(f"Neo4j at {self.address} refuses this: {error.message}") from error

    def _unavailable(self, error: Exception) -> StoreUnavailableError:
        return StoreUnavailableError(
            f"Neo4j at {self.address}: {error}; is the server up, the login right?"
        )


def _close(sessions: deque[Any], driver: Any) -> None:
    while sessions:
        sessions.pop().close()
    driver.close()


def _index_states(tx: Any) -> list[list[str]]:
    states: list[list[str]] = tx.run("SHOW INDEXES YIELD name, state").values()
    return states


class _TransientError(Exception):
    def __init__(self, error: Exception) -> None:
        self.error = error
        super().__init__(str(error))


def quoted_terms(terms: Sequence[str]) -> str:
    """A full-text query for any of these exact terms.

    Quotes and backslashes are escaped, so that a term is never more than a term.

    >>> print(quoted_terms(["MESH:D1", 'a" OR b']))
    "MESH:D1" OR "a\\" OR b"
    """
    escaped = (t.replace("\\", "\\\\").replace('"', '\\"') for t in terms)
    return " OR ".join(f'"{t}"' for t in escaped)


def without_password(url: str) -> str:
    """An address as it may be shown.

    >>> without_password("neo4j://neo4j:secret@localhost:7687")
    'neo4j://neo4j:***@localhost:7687'
    """
    head, at, tail = url.rpartition("@")
    scheme, separator, login = head.rpartition("//")
    return f"{scheme}{separator}{login.partition(':')[0]}:***@{tail}" if at else url
