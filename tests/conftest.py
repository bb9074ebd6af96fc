"""Fixtures shared by all tests: the default language model, fetched once into a cache, and a
Neo4j server, started when the first test asks for it and stopped after the last.

``NEO4J_URI`` (with ``NEO4J_USERNAME``, ``NEO4J_PASSWORD``; ``NEO4J_BROWSER`` for the page) names a
server to use instead. Its database has to be empty: the tests delete whatever is in it.
"""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import platformdirs
import pytest

from kg.errors import MissingExtraError, ModelUnavailableError, StoreUnavailableError
from kg.neo4j_server import Neo4jServer, ServerAddress, fetch_jars
from kg.neo4j_session import ServerUrl
from kg.neo4j_store import Neo4jStore
from reasoning.language_model import LanguageModel
from reasoning.model_files import DEFAULT_MODEL, fetch
from reasoning.openvino_model import OpenVINOModel


def user_cache() -> Path:
    """The cache of the user who runs the tests."""
    configured = os.environ.get("MEDKGQA_CACHE")
    return Path(configured) if configured else platformdirs.user_cache_path("medkgqa")


@pytest.fixture(scope="session")
def lm_cache() -> Path:
    """The user's cache with the default weights in it; skips, saying why, where it cannot be."""
    cache = user_cache()
    try:
        fetch(DEFAULT_MODEL, cache)
    except (ModelUnavailableError, MissingExtraError) as error:
        pytest.skip(f"no default language model: {error}")
    return cache


@pytest.fixture(scope="session")
def language_model(lm_cache: Path) -> LanguageModel:
    """The default language model; two threads."""
    try:
        return OpenVINOModel(DEFAULT_MODEL, lm_cache, threads=2)
    except MissingExtraError as error:
        pytest.skip(f"no default language model: {error}")


# -- Neo4j -----------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def neo4j_jars() -> Path:
    """Neo4j's jars in the user's cache; skips, saying why, where they cannot be."""
    try:
        return fetch_jars(user_cache())
    except StoreUnavailableError as error:
        pytest.skip(f"no Neo4j: {error}")


@pytest.fixture(scope="session")
def neo4j_address(
    tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[ServerAddress]:
    """A running Neo4j whose database the tests may fill and empty."""
    if os.environ.get("NEO4J_URI"):
        yield _given_server(os.environ["NEO4J_URI"])
    elif shutil.which("java") is None and shutil.which("docker") is not None:
        with _server_in_docker() as address:
            yield address
    else:
        home = tmp_path_factory.mktemp("neo4j")
        with Neo4jServer(request.getfixturevalue("neo4j_jars"), home) as server:
            yield server.address
        shutil.rmtree(home, ignore_errors=True)


@pytest.fixture(scope="session")
def _neo4j_store(neo4j_address: ServerAddress) -> Iterator[Neo4jStore]:
    with Neo4jStore(neo4j_address.url) as store:
        yield store
        _empty(neo4j_address)


@pytest.fixture
def neo4j_store(neo4j_address: ServerAddress, _neo4j_store: Neo4jStore) -> Neo4jStore:
    """A store on the server, with nothing in it."""
    _empty(neo4j_address)
    return _neo4j_store


@pytest.fixture
def cypher(neo4j_address: ServerAddress) -> Iterator[Callable[..., list[dict[str, Any]]]]:
    """Runs a query as any driver does: ``cypher(text, **parameters)`` → rows."""
    with _driver(neo4j_address) as driver, driver.session() as session:
        yield lambda text, **parameters: session.run(text, parameters).data()


@contextmanager
def _driver(address: ServerAddress) -> Iterator[Any]:
    neo4j = pytest.importorskip("neo4j")
    login = (address.user, address.password)
    with neo4j.GraphDatabase.driver(
        address.bolt, auth=login, notifications_min_severity="OFF"
    ) as driver:
        yield driver


def _empty(address: ServerAddress) -> None:
    with _driver(address) as driver, driver.session() as session:
        session.run("MATCH (n) CALL { WITH n DETACH DELETE n } IN TRANSACTIONS").consume()


def _given_server(uri: str) -> ServerAddress:
    """The server of ``NEO4J_URI``; fails where there is anything in its database."""
    given = ServerUrl.parse(uri)
    address = ServerAddress(
        given.address,
        os.environ.get("NEO4J_BROWSER", ""),
        given.user or os.environ.get("NEO4J_USERNAME", "neo4j"),
        given.password or os.environ.get("NEO4J_PASSWORD", ""),
    )
    with _driver(address) as driver, driver.session() as session:
        nodes = session.run("MATCH (n) RETURN count(n)").single(strict=True)[0]
    if nodes:
        pytest.fail(f"NEO4J_URI={given.address} holds {nodes} nodes; the tests would delete them")
    return address


@contextmanager
def _server_in_docker() -> Iterator[ServerAddress]:
    """The official image, for a machine with Docker and without Java."""
    password = secrets.token_hex(8)
    run = ["docker", "run", "--rm", "--detach", "--env", f"NEO4J_AUTH=neo4j/{password}"]
    ports = ["--publish", "127.0.0.1::7687", "--publish", "127.0.0.1::7474"]
    started = subprocess.run(
        [*run, *ports, "neo4j:5.26-community"], capture_output=True, text=True, check=False
    )
    if started.returncode:
        said = (started.stderr.strip() or "no reason given").splitlines()[0]
        pytest.skip(f"no Neo4j: no Java on this machine, and Docker cannot: {said}")
    container = started.stdout.strip()
    try:
        bolt, http = (
            subprocess.run(
                ["docker", "port", container, port], capture_output=True, text=True, check=True
            ).stdout.split()[0]
            for port in ("7687", "7474")
        )
        address = ServerAddress(f"bolt://{bolt}", f"http://{http}/browser/", "neo4j", password)
        _wait_until_ready(address)
        yield address
    finally:
        subprocess.run(["docker", "rm", "--force", container], capture_output=True, check=False)


def _wait_until_ready(address: ServerAddress, *, seconds: float = 120.0) -> None:
    deadline = time.monotonic() + seconds
    while True:
        try:
            Neo4jStore(address.url).close()
        except StoreUnavailableError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.5)
        else:
            return
