"""A Neo4j server of one's own: fetched as Maven artefacts, run on loopback, stopped at the end.

The jars (Neo4j Community, GPL-3.0, with cypher-shell and Browser) come once from Maven Central by
``mvn dependency:copy-dependencies`` on the ``pom.xml`` beside this module, which needs Java 17 or
newer and Maven; nothing of them is part of this project. The server listens on loopback only,
sends no usage report, and keeps everything under one folder.

Configuration keys: https://neo4j.com/docs/operations-manual/5/configuration/
"""

from __future__ import annotations

import hashlib
import logging
import os
import re
import secrets
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import quote

from kg.errors import StoreUnavailableError

LOGGER = logging.getLogger(__name__)

_ADMIN = "org.neo4j.cli.AdminTool"
_SERVER = "org.neo4j.server.CommunityEntryPoint"
_READY_SECONDS = 120.0
_STOP_SECONDS = 60.0


def missing_tools() -> list[str]:
    """Programs a server of one's own needs and this machine lacks."""
    return [tool for tool in ("java", "mvn") if shutil.which(tool) is None]


def fetch_jars(cache: Path) -> Path:
    """The folder of Neo4j's jars under ``cache``, fetched where it is not there yet (139 MB).

    Raises:
        StoreUnavailableError: where Java or Maven is missing, or Maven fails.
    """
    pom = resources.files("kg") / "neo4j_runtime" / "pom.xml"
    version = hashlib.sha256(pom.read_bytes()).hexdigest()[:12]
    jars = cache / "neo4j" / f"lib-{version}"
    if jars.is_dir():
        return jars
    lacking = missing_tools()
    if lacking:
        raise StoreUnavailableError(
            f"no {' and no '.join(lacking)} on this machine; install Java 17 and Maven, "
            "or give the address of a running Neo4j"
        )
    LOGGER.info("fetching Neo4j (139 MB), once, into %s", jars)
    partial = jars.with_name(f"{jars.name}.partial-{os.getpid()}")
    with resources.as_file(pom) as pom_path:
        command = ["mvn", "-q", "-B", "-f", str(pom_path), "dependency:copy-dependencies"]
        command += ["-DincludeScope=runtime", f"-DoutputDirectory={partial}"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        shutil.rmtree(partial, ignore_errors=True)
        last = (done.stdout + done.stderr).strip().splitlines()[-1:]
        raise StoreUnavailableError(f"Maven could not fetch Neo4j: {' '.join(last)}")
    if jars.is_dir():  # another process was quicker
        shutil.rmtree(partial)
    else:
        partial.rename(jars)
    return jars


@dataclass(frozen=True, slots=True)
class ServerAddress:
    """Where a server answers and how to log in."""

    bolt: str
    browser: str
    user: str
    password: str

    @property
    def url(self) -> str:
        """The address with the login in it, as :class:`~kg.neo4j_store.Neo4jStore` takes it.

        >>> ServerAddress("bolt://127.0.0.1:7687", "", "neo4j", "a/b").url
        'bolt://neo4j:a%2Fb@127.0.0.1:7687'
        """
        scheme, _, host = self.bolt.partition("//")
        return f"{scheme}//{quote(self.user, safe='')}:{quote(self.password, safe='')}@{host}"


class Neo4jServer:
    """A server process over one home folder; a context manager.

    Args:
        jars: folder of Neo4j's jars (:func:`fetch_jars`).
        home: folder of the database; made where absent, kept between runs.
        password: of the user ``neo4j``; kept in ``home`` and read from there on later runs, made
            at random on the first where not given.
        bolt_port: port for drivers on 127.0.0.1; a free one where 0.
        http_port: port of Browser on 127.0.0.1; a free one where 0.
        heap: Java heap and page cache, each, in MiB.
        settings: further lines of ``neo4j.conf``.

    Raises:
        StoreUnavailableError: where the server does not come up; the message ends with its log.
    """

    def __init__(
        self,
        jars: Path,
        home: Path,
        *,
        password: str = "",
        bolt_port: int = 0,
        http_port: int = 0,
        heap: int = 512,
        settings: Mapping[str, str] | None = None,
    ) -> None:
        self._jars = jars
        self._home = home
        self._heap = heap
        self._process: subprocess.Popen[bytes] | None = None
        bolt, http = bolt_port or _free_port(), http_port or _free_port()
        first = not (home / "password").exists()
        if first:
            (home / "conf").mkdir(parents=True, exist_ok=True)
            chosen = password or secrets.token_hex(8)
        else:
            chosen = (home / "password").read_text(encoding="utf-8")
        lines = {**_configuration(bolt, http, heap), **(settings or {})}
        (home / "conf" / "neo4j.conf").write_text(
            "".join(f"{name}={value}\n" for name, value in lines.items()), encoding="utf-8"
        )
        if first:
            self._set_password(chosen)
        self.address = ServerAddress(
            bolt=f"bolt://127.0.0.1:{bolt}",
            browser=f"http://127.0.0.1:{http}/browser/",
            user="neo4j",
            password=chosen,
        )
        self._http = f"http://127.0.0.1:{http}/"

    @property
    def pid(self) -> int | None:
        """Process id while it runs."""
        return self._process.pid if self._process else None

    def start(self) -> ServerAddress:
        """Start the server and wait until it answers; its address."""
        with (self._home / "server.log").open("ab") as log:
            self._process = subprocess.Popen(
                [
                    *self._java(f"-Xmx{self._heap}m"),
                    _SERVER,
                    f"--home-dir={self._home}",
                    f"--config-dir={self._home / 'conf'}",
                ],
                stdout=log,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
            )
        self._wait_until_ready()
        return self.address

    def stop(self) -> None:
        """Stop the server, gently first."""
        process, self._process = self._process, None
        if process is None:
            return
        process.terminate()
        try:
            process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def kill(self) -> None:
        """Kill the server at once, as a power cut would."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait()

    def wait(self) -> None:
        """Wait until the server ends by itself or is interrupted."""
        if self._process is not None:
            self._process.wait()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def admin(self, *arguments: str) -> str:
        """Run ``neo4j-admin`` with these arguments while the server is stopped; what it printed.

        Raises:
            StoreUnavailableError: where it fails.
        """
        environment = {
            **os.environ,
            "NEO4J_HOME": str(self._home),
            "NEO4J_CONF": str(self._home / "conf"),
        }
        command = [*self._java(f"-Xmx{max(self._heap, 256)}m"), _ADMIN, *arguments]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            said = (done.stderr or done.stdout)[-2000:]
            raise StoreUnavailableError(f"neo4j-admin {' '.join(arguments[:2])} failed: {said}")
        return done.stdout

    def _set_password(self, password: str) -> None:
        self.admin("dbms", "set-initial-password", password)
        file = self._home / "password"
        file.touch(mode=0o600)
        file.write_text(password, encoding="utf-8")

    def _java(self, *options: str) -> list[str]:
        java = _java_program()
        opened = [
            f"--add-opens=java.base/{package}=ALL-UNNAMED"
            for package in ("java.nio", "java.io", "sun.nio.ch", "java.util.concurrent")
        ]
        return [java, *options, "-XX:+UseG1GC", *opened, "-cp", f"{self._jars}/*"]

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + _READY_SECONDS
        while time.monotonic() < deadline:
            if self._process is None or self._process.poll() is not None:
                break
            try:
                with urllib.request.urlopen(self._http, timeout=2):
                    return
            except (urllib.error.URLError, OSError):
                time.sleep(0.2)
        log = (self._home / "server.log").read_text(encoding="utf-8", errors="replace")
        self.kill()
        raise StoreUnavailableError(f"Neo4j did not come up; its log ends:\n{log[-2000:]}")


def _java_program() -> str:
    """The path of Java.

    Raises:
        StoreUnavailableError: where there is none, or an older one than Neo4j 5 runs on.
    """
    java = shutil.which("java")
    if java is None:
        raise StoreUnavailableError("no java on this machine; install Java 17 or newer")
    said = subprocess.run([java, "-version"], capture_output=True, text=True, check=False).stderr
    found = re.search(r'version "(\d+)', said)
    if found is not None and int(found[1]) < 17:
        raise StoreUnavailableError(f"Java {found[1]} at {java} is too old; install Java 17")
    return java


def _configuration(bolt: int, http: int, heap: int) -> dict[str, str]:
    return {
        "server.bolt.listen_address": f"127.0.0.1:{bolt}",
        "server.bolt.advertised_address": f"127.0.0.1:{bolt}",
        "server.http.listen_address": f"127.0.0.1:{http}",
        "server.https.enabled": "false",
        "dbms.usage_report.enabled": "false",
        "client.allow_telemetry": "false",
        "server.memory.heap.initial_size": f"{heap}m",
        "server.memory.heap.max_size": f"{heap}m",
        "server.memory.pagecache.size": f"{heap}m",
        "db.tx_log.preallocate": "false",
        "db.tx_log.rotation.retention_policy": "256M size",
    }


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
