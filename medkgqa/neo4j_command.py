"""``medkgqa neo4j``: a graph on a Neo4j server of one's own, coloured, with queries to click.

The server runs from jars Maven fetches (:mod:`kg.neo4j_server`); a graph goes into a fresh home by
bulk import, and is not loaded again while the home holds it. A second, tiny server hands Browser
its style and its guide; both listen on loopback only.
"""

from __future__ import annotations

import hashlib
import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from tempfile import TemporaryDirectory

from kg.errors import UsageError
from kg.neo4j_import import write_import
from kg.neo4j_saved_queries import favourites_zip, guide, style
from kg.neo4j_server import Neo4jServer, ServerAddress, fetch_jars
from kg.neo4j_store import Neo4jStore
from kg.schema import RefusalReport
from kg.store import GraphStore
from medkgqa.graphs import open_store
from medkgqa.settings import Settings

LOGGER = logging.getLogger(__name__)
_HOLDS = "graph-it-holds"  # file of a home: the fingerprint of the graph that was imported
_STYLE = "style.grass"
_QUERIES = "queries.zip"


@dataclass(frozen=True, slots=True)
class Serving:
    """A running server and how to use it.

    Args:
        address: where it answers and the login.
        folder: of the style and the saved queries, for drag and drop.
        concepts: how many concepts the graph has.
        edges: how many edges.
    """

    address: ServerAddress
    folder: Path
    concepts: int
    edges: int

    def to_json(self) -> dict[str, object]:
        """As the command prints it for a program."""
        return {
            "browser": self.address.browser,
            "bolt": self.address.bolt,
            "user": self.address.user,
            "password": self.address.password,
            "store": self.address.url,
            "style": str(self.folder / _STYLE),
            "queries": str(self.folder / _QUERIES),
            "concepts": self.concepts,
            "edges": self.edges,
        }

    def __str__(self) -> str:
        return "\n".join(
            [
                f"{self.concepts:,} concepts and {self.edges:,} edges in Neo4j",
                f"  Browser   {self.address.browser}",
                f"  connect   {self.address.bolt}",
                f"  login     {self.address.user}",
                f"  password  {self.address.password}",
                f"  --store   {self.address.url}",
                "Browser colours itself and opens a guide with queries to click when you log in.",
                f"By hand: drag {self.folder / _STYLE} and {self.folder / _QUERIES} onto the page.",
                "Stop with Ctrl-C.",
            ]
        )


@contextmanager
def serve_graph(
    settings: Settings,
    *,
    graph: str | Path | None = None,
    home: Path | None = None,
    bolt_port: int = 7687,
    http_port: int = 7474,
) -> Iterator[tuple[Serving, Neo4jServer]]:
    """Run a server with a graph in it; it is stopped on the way out.

    Args:
        settings: where jars, graphs and the default home are kept.
        graph: folder of a saved graph; the starter graph where None.
        home: folder of the server's database; where None, one in the cache for each graph.
        bolt_port: port for drivers; any free one where 0.
        http_port: port of Browser; any free one where 0.

    Raises:
        StoreUnavailableError: without Java or Maven, or where the server does not come up.
        UsageError: where ``home`` holds another graph.
    """
    store = open_store(settings, graph=graph)
    if home is None:
        mark = hashlib.sha256(store.fingerprint.encode()).hexdigest()[:12]
        home = settings.cache / "neo4j" / f"home-{mark}"
    _check_home(home, store)
    jars = fetch_jars(settings.cache)
    with _resources() as port:
        address = f"http://localhost:{port}"
        server = Neo4jServer(
            jars,
            home,
            bolt_port=bolt_port,
            http_port=http_port,
            heap=1024,
            settings={
                "browser.post_connect_cmd": f"play {address}/guide.html; style {address}/{_STYLE}",
            },
        )
        _import_once(server, home, store)
        for name, content in ((_STYLE, style().encode()), (_QUERIES, favourites_zip())):
            (home / name).write_bytes(content)
        with server:
            with Neo4jStore(server.address.url) as loaded:
                counted = loaded.statistics()
            yield Serving(server.address, home, counted.concepts, counted.edges), server


def load_graph_into(settings: Settings, url: str, *, graph: str | Path | None) -> RefusalReport:
    """Load a saved graph (the starter graph where None) into a server that is running.

    What is there already is merged with it, so that it may be done again.

    Raises:
        StoreUnavailableError: where the server does not answer.
    """
    store = open_store(settings, graph=graph)
    with Neo4jStore(url, user=settings.neo4j_user, password=settings.neo4j_password) as target:
        target.add_concepts(store.concepts())
        return target.add_edges(store.edges())


def _check_home(home: Path, store: GraphStore) -> None:
    held = home / _HOLDS
    if held.exists() and held.read_text(encoding="utf-8") != store.fingerprint:
        raise UsageError(
            f"{home} holds another graph, or an earlier one; give another --home, or remove it"
        )


def _import_once(server: Neo4jServer, home: Path, store: GraphStore) -> None:
    held = home / _HOLDS
    if held.exists():
        return
    LOGGER.info("importing the graph into %s, once", home)
    with TemporaryDirectory(dir=home, prefix="import-") as folder:
        server.admin(*write_import(store, Path(folder)))
    held.write_text(store.fingerprint, encoding="utf-8")


@contextmanager
def _resources() -> Iterator[int]:
    """Serve style and guide on loopback; yields the port."""
    pages = {
        f"/{_STYLE}": ("text/plain", style().encode()),
        "/guide.html": ("text/html", guide().encode()),
        f"/{_QUERIES}": ("application/zip", favourites_zip()),
    }
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Resource, pages))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Resource(BaseHTTPRequestHandler):
    """Hands out three files, to pages of any origin."""

    def __init__(self, pages: dict[str, tuple[str, bytes]], *arguments: object) -> None:
        self._pages = pages
        super().__init__(*arguments)  # type: ignore[arg-type]

    def do_GET(self) -> None:
        found = self._pages.get(self.path.partition("?")[0])
        if found is None:
            self.send_error(404)
            return
        kind, content = found
        self.send_response(200)
        self.send_header("Content-Type", f"{kind}; charset=utf-8")
        self.send_header("Content-Length", str(len(content)))
        self._allow_any_page()
        self.end_headers()
        self.wfile.write(content)

    def do_OPTIONS(self) -> None:
        self.send_response(204)
        self._allow_any_page()
        self.end_headers()

    def _allow_any_page(self) -> None:
        self.send_header("Access-Control-Allow-Origin", "*")
        self.send_header("Access-Control-Allow-Headers", "*")
        self.send_header("Access-Control-Allow-Private-Network", "true")

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002
        LOGGER.debug(format, *arguments)
