"""``docker-compose.yml``: parsed and checked, not run; the image's own files are not at hand."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from kg.neo4j_import import write_import
from kg.networkx_store import NetworkxStore

yaml = pytest.importorskip("yaml")
ROOT = Path(__file__).parents[2]
COMPOSE = ROOT / "docker-compose.yml"


@pytest.fixture(scope="module")
def services() -> dict[str, Any]:
    parsed = yaml.safe_load(COMPOSE.read_text("utf-8"))
    assert set(parsed) == {"name", "services", "volumes"}
    found: dict[str, Any] = parsed["services"]
    assert set(found) == {"neo4j", "import"}
    return found


def test_both_run_the_official_image_of_our_version(services: dict[str, Any]) -> None:
    pom = ElementTree.parse(ROOT / "kg/neo4j_runtime/pom.xml")
    (version,) = {
        dependency.findtext("{*}version")
        for dependency in pom.iter("{http://maven.apache.org/POM/4.0.0}dependency")
        if dependency.findtext("{*}artifactId") == "neo4j"
    }
    assert version is not None
    line = ".".join(version.split(".")[:2])
    assert {s["image"] for s in services.values()} == {f"neo4j:{line}-community"}


def test_the_password_comes_from_the_environment_or_nothing_starts(
    services: dict[str, Any],
) -> None:
    login = services["neo4j"]["environment"]["NEO4J_AUTH"]
    found = re.fullmatch(r"neo4j/\$\{NEO4J_PASSWORD:\?([^}]+)\}", login)
    assert found, "':?' ends with a message where the variable is unset or empty"
    assert "NEO4J_PASSWORD" in found[1]
    written = COMPOSE.read_text("utf-8")
    assert ":-" not in written, "no variable has a default"
    assert "none" not in login
    assert "env_file" not in written


def test_ports_are_on_loopback_only(services: dict[str, Any]) -> None:
    assert services["neo4j"]["ports"] == ["127.0.0.1:7474:7474", "127.0.0.1:7687:7687"]
    assert "ports" not in services["import"]
    assert all("network_mode" not in service for service in services.values())


def test_settings_are_written_as_the_image_reads_them(services: dict[str, Any]) -> None:
    """``_`` stands for ``.`` and ``__`` for ``_``."""
    settings = services["neo4j"]["environment"]
    found = {
        name.removeprefix("NEO4J_").replace("__", "\0").replace("_", ".").replace("\0", "_")
        for name in settings
        if name != "NEO4J_AUTH"
    }
    assert found == {
        "server.memory.heap.initial_size",
        "server.memory.heap.max_size",
        "server.memory.pagecache.size",
        "dbms.usage_report.enabled",
    }
    assert all(isinstance(value, str) for value in settings.values())


def test_the_import_puts_what_export_wrote_into_the_database_served(
    services: dict[str, Any], tmp_path: Path
) -> None:
    loading = services["import"]
    (graph, csv) = loading["volumes"]
    assert [graph] == services["neo4j"]["volumes"] == ["graph:/data"]
    source, inside, access = csv.split(":")
    assert (source, inside, access) == ("./graph-csv", loading["working_dir"], "ro")
    assert loading["profiles"], "`up` leaves it alone"
    program, arguments, report = loading["command"]
    assert program == "neo4j-admin"
    write_import(NetworkxStore(), tmp_path)
    written = tmp_path / arguments.removeprefix("@")
    assert "--overwrite-destination=true" in written.read_text("utf-8").splitlines()
    for line in written.read_text("utf-8").splitlines():
        if line.startswith(("--nodes=", "--relationships=")):
            assert (tmp_path / line.partition("=")[2]).is_file(), "named as seen from its folder"
    assert report.startswith("--report-file=/tmp/"), "the mounted folder cannot be written"


def test_the_guide_gives_the_steps_in_their_order() -> None:
    guide = (ROOT / "docs/neo4j.md").read_text("utf-8")
    steps = [
        "export NEO4J_PASSWORD=",
        "medkgqa export --to neo4j graph-csv",
        "docker compose run --rm import",
        "docker compose up",
    ]
    for text in (guide, COMPOSE.read_text("utf-8")):
        places = [text.index(step) for step in steps]
        assert places == sorted(places)
