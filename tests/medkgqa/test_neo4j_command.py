"""``medkgqa neo4j`` and ``--store``, as a user runs them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from kg.errors import StoreUnavailableError, UsageError
from kg.neo4j_server import ServerAddress
from kg.neo4j_store import Neo4jStore
from kg.networkx_store import NetworkxStore
from kg.records import Concept, Edge, Evidence, Name, Provenance, Triple
from kg.saved import save_graph
from kg.schema import DISEASE, DRUG, TREATS
from medkgqa.facade import MedicalQA
from medkgqa.graphs import open_store
from medkgqa.neo4j_command import serve_graph
from medkgqa.settings import Settings

QUESTION = "Which drugs treat migraine?"


@pytest.fixture(scope="module")
def built() -> NetworkxStore:
    built = NetworkxStore(
        [
            Concept("DRUGBANK:DB00669", DRUG, (Name("sumatriptan"),)),
            Concept("DOID:6364", DISEASE, (Name("migraine"), Name("偏头痛", "zh"))),
        ]
    )
    evidence = (Evidence(Provenance("example", licence="CC0-1.0"), record="row 1"),)
    built.add_edges([Edge(Triple("DRUGBANK:DB00669", TREATS, "DOID:6364"), evidence)])
    return built


@pytest.fixture(scope="module")
def graph(built: NetworkxStore, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("graph") / "graph"
    save_graph(built, path)
    return path


def medkgqa(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "medkgqa", *arguments],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **environment},
    )


@contextmanager
def running(graph: Path, home: Path) -> Iterator[dict[str, Any]]:
    """The command until it has said where it serves; interrupted as by Ctrl-C at the end."""
    options = ["--graph", str(graph), "--home", str(home), "--bolt-port", "0", "--http-port", "0"]
    with subprocess.Popen(
        [sys.executable, "-m", "medkgqa", "neo4j", "--json", "--verbose", *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        line = process.stdout.readline()
        if not line:
            pytest.fail(process.stderr.read())
        said: dict[str, Any] = json.loads(line)
        try:
            yield said
        finally:
            process.send_signal(signal.SIGINT)
            rest, errors = process.communicate(timeout=120)
            said |= {"rest": rest, "errors": errors, "exit": process.returncode}


@pytest.mark.neo4j
@pytest.mark.slow
@pytest.mark.usefixtures("neo4j_jars")
def test_a_server_of_ones_own(graph: Path, built: NetworkxStore, tmp_path: Path) -> None:
    home = tmp_path / "home"
    with running(graph, home) as said:
        assert (said["concepts"], said["edges"]) == (2, 1)
        with Neo4jStore(said["store"]) as store:
            assert list(store.edges()) == list(built.edges())
        answered = medkgqa(
            "ask", QUESTION, "--lm", "none", "--store", said["bolt"], "--json",
            NEO4J_USERNAME=said["user"], NEO4J_PASSWORD=said["password"],
        )  # fmt: skip
        assert answered.returncode == 0, answered.stderr
        assert "umatriptan" in answered.stdout
        assert Path(said["style"]).read_text().startswith("node {")
        assert Path(said["queries"]).stat().st_size > 1_000
        with urllib.request.urlopen(said["browser"]) as page:
            assert page.status == 200
    assert (said["exit"], said["rest"]) == (0, "")
    assert "importing the graph" in said["errors"]
    with pytest.raises(urllib.error.URLError):
        urllib.request.urlopen(said["browser"])
    with running(graph, home) as again:
        assert again["edges"] == 1
        assert again["password"] == said["password"]
    assert "importing the graph" not in again["errors"]


def test_a_home_that_holds_another_graph(graph: Path, tmp_path: Path) -> None:
    (tmp_path / "graph-it-holds").write_text("another")
    settings = Settings(tmp_path / "cache")
    with (
        pytest.raises(UsageError, match="holds another graph"),
        serve_graph(settings, graph=graph, home=tmp_path),
    ):
        pass
    done = medkgqa("neo4j", "--graph", str(graph), "--home", str(tmp_path))
    assert done.returncode == 1
    assert done.stderr.startswith(f"medkgqa: {tmp_path} holds another graph")


@pytest.mark.neo4j
def test_a_graph_is_loaded_into_a_running_server(
    graph: Path, built: NetworkxStore, neo4j_address: ServerAddress, neo4j_store: Neo4jStore
) -> None:
    for _ in range(2):
        done = medkgqa("neo4j", "--graph", str(graph), "--into", neo4j_address.url, "--json")
        assert (done.returncode, done.stdout) == (0, '{"refused": 0}\n'), done.stderr
        assert list(neo4j_store.edges()) == list(built.edges())
    answer = MedicalQA(store=neo4j_address.url, mode="template").ask(QUESTION)
    assert [c.edge for c in answer.claims] == list(built.edges())


@pytest.mark.neo4j
def test_answers_are_the_same_as_in_memory(
    built: NetworkxStore,
    neo4j_address: ServerAddress,
    neo4j_store: Neo4jStore,
    cypher: Callable[..., list[dict[str, Any]]],
) -> None:
    neo4j_store.add_concepts(built.concepts())
    neo4j_store.add_edges(built.edges())
    for question in (QUESTION, "偏头痛怎么治疗?", "What are the side effects of sumatriptan?"):
        one = MedicalQA(store=neo4j_address.url, mode="template").ask(question)
        other = MedicalQA(store=built, mode="template").ask(question)
        assert replace(one, timings={}) == replace(other, timings={})
        assert len(cypher(one.cypher)) == len(one.claims)


def test_the_login_may_stand_in_the_environment(tmp_path: Path) -> None:
    settings = Settings.from_environment(
        {"NEO4J_USERNAME": "me", "NEO4J_PASSWORD": "opensesame", "MEDKGQA_CACHE": str(tmp_path)}
    )
    assert (settings.neo4j_user, settings.neo4j_password) == ("me", "opensesame")
    assert "opensesame" not in repr(settings)


def test_no_server_there(tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailableError, match="is the server up"):
        open_store(Settings(tmp_path), store="bolt://127.0.0.1:1")
    done = medkgqa("ask", QUESTION, "--store", "http://localhost:7474")
    assert done.returncode == 1
    assert "is not the address of a Neo4j server" in done.stderr
