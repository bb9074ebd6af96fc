"""``medkgqa data`` and ``medkgqa load``, with a server of our own in place of the owners'."""

from __future__ import annotations

import gzip
import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from hashlib import sha256
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from kg.errors import UsageError
from kg.saved import open_graph
from kg.schema import TREATS
from loaders import registry
from loaders.registry import DataFile, DataSet
from medkgqa import data_sets as fetching
from medkgqa.cli import main
from medkgqa.data_sets import data_folder, fetch_data_set
from medkgqa.settings import Settings

ROWS = (
    "doid_id\tdrugbank_id\tdisease\tdrug\tcategory\n"
    "DOID:13189\tDB00437\tgout\tAllopurinol\tDM\n"
    "DOID:13189\tDB99999\tgout\tNothing\tNOT\n"
)


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *args: Any) -> None:
        """Say nothing."""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """Address and folder of a server on this machine."""
    folder = tmp_path / "served"
    folder.mkdir()
    handler = partial(Quiet, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as served:
        thread = threading.Thread(target=served.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{served.server_port}", folder
        served.shutdown()
        thread.join()


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setenv("MEDKGQA_CACHE", str(tmp_path / "cache"))
    return Settings(tmp_path / "cache")


def register(monkeypatch: pytest.MonkeyPatch, **changes: Any) -> DataSet:
    """PharmacotherapyDB with another file record."""
    known = registry.data_set("pharmacotherapydb")
    changed = replace(known, files=(replace(known.files[0], **changes),))
    monkeypatch.setattr(fetching, "data_set", lambda name: changed)
    return changed


def test_a_verified_file_is_fetched_once_and_loads(
    server: tuple[str, Path],
    cache: Settings,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    address, folder = server
    (folder / "indications.tsv.gz").write_bytes(gzip.compress(ROWS.encode()))
    digest = sha256(ROWS.encode()).hexdigest()
    register(monkeypatch, address=f"{address}/indications.tsv.gz", sha256=digest)
    report = fetch_data_set("pharmacotherapydb", cache)
    assert report.files == ["indications.tsv"]
    assert report.unverified == []
    assert [p.name for p in report.folder.iterdir()] == ["indications.tsv.gz"]
    (folder / "indications.tsv.gz").unlink()
    assert fetch_data_set("pharmacotherapydb", cache).files == ["indications.tsv"]
    graph = tmp_path / "graph"
    assert main(["load", "pharmacotherapydb", "--out", str(graph)]) == 0
    assert "2 edges" in capsys.readouterr().out
    assert open_graph(graph).statistics().negative_edges == 1


def test_another_file_than_expected_is_refused_and_does_not_stay(
    server: tuple[str, Path], cache: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    address, folder = server
    (folder / "a.tsv").write_text("something else", "utf-8")
    register(monkeypatch, address=f"{address}/a.tsv", sha256="0" * 64)
    with pytest.raises(UsageError, match=r"gave another file than .* expected 0000"):
        fetch_data_set("pharmacotherapydb", cache)
    assert list(data_folder("pharmacotherapydb", cache).iterdir()) == []
    report = fetch_data_set("pharmacotherapydb", cache, unverified=True)
    assert (report.folder / "indications.tsv").read_text("utf-8") == "something else"


def test_the_checksum_may_be_of_the_packed_file(
    server: tuple[str, Path], cache: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    address, folder = server
    packed = gzip.compress(ROWS.encode())
    (folder / "a.tsv.gz").write_bytes(packed)
    known = {"address": f"{address}/a.tsv.gz", "as_packed": True}
    register(monkeypatch, **known, sha256=sha256(packed).hexdigest())
    report = fetch_data_set("pharmacotherapydb", cache)
    assert (report.folder / "indications.tsv.gz").read_bytes() == packed
    register(monkeypatch, **known, sha256=sha256(ROWS.encode()).hexdigest())
    with pytest.raises(UsageError, match="gave another file"):
        fetch_data_set("pharmacotherapydb", cache)


def test_what_cannot_be_verified_is_refused_unless_asked_for(
    server: tuple[str, Path], cache: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    address, folder = server
    (folder / "a.tsv").write_text(ROWS, "utf-8")
    register(monkeypatch, address=f"{address}/a.tsv", sha256="", note="it changes daily")
    with pytest.raises(UsageError, match=r"cannot be verified: it changes daily.*--unverified"):
        fetch_data_set("pharmacotherapydb", cache)
    assert not data_folder("pharmacotherapydb", cache).exists()
    report = fetch_data_set("pharmacotherapydb", cache, unverified=True)
    assert report.unverified == ["indications.tsv"]
    assert "not verified" in str(report)


def test_a_file_without_address_is_to_be_got_by_hand(
    cache: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    register(monkeypatch, address="", note="on a page")
    with pytest.raises(UsageError, match=r"has no address to fetch from.*--from DIR"):
        fetch_data_set("pharmacotherapydb", cache, unverified=True)


def test_an_address_that_does_not_answer_is_named(
    server: tuple[str, Path], cache: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    address, _ = server
    register(monkeypatch, address=f"{address}/none.tsv", sha256="0" * 64)
    with pytest.raises(UsageError, match=r"none\.tsv cannot be fetched.*404"):
        fetch_data_set("pharmacotherapydb", cache)


def test_files_that_may_be_missing_are_left_out_with_the_reason(
    server: tuple[str, Path], cache: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    address, folder = server
    (folder / "a.tsv").write_text(ROWS, "utf-8")
    known = register(
        monkeypatch, address=f"{address}/a.tsv", sha256=sha256(ROWS.encode()).hexdigest()
    )
    more = (
        DataFile("b.tsv", needed=False, note="on a page"),
        DataFile("c.tsv", f"{address}/c.tsv", needed=False),
    )
    changed = replace(known, files=(*known.files, *more))
    monkeypatch.setattr(fetching, "data_set", lambda name: changed)
    report = fetch_data_set("pharmacotherapydb", cache)
    assert report.left_out == [
        "b.tsv: on a page",
        "c.tsv: no checksum is known; add --unverified",
    ]


def test_data_list_says_licence_size_and_state(
    cache: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["data", "list", "--json"]) == 0
    records = {r["name"]: r for r in json.loads(capsys.readouterr().out)}
    assert records.keys() == {d.name for d in registry.data_sets()}
    sider = records["sider"]
    assert (sider["licence"], sider["open"], sider["fetched"]) == (
        "CC-BY-NC-SA-4.0",
        False,
        False,
    )
    assert sider["files"][0]["bytes"] == 19_486_644
    assert main(["data", "list"]) == 0
    text = capsys.readouterr().out
    assert "hetionet" in text
    assert "by hand" in text
    assert main(["data", "get"]) == 2
    assert main(["data", "get", "none"]) == 1
    assert "no data set 'none'" in capsys.readouterr().err


@pytest.fixture
def folders(tmp_path: Path) -> dict[str, Path]:
    """Two data sets, of an open licence and of none."""
    made = {}
    for name, file, content in (
        ("pharmacotherapydb", "indications.tsv", ROWS),
        ("onc", "ONC_High_Priority_Mapped.csv", "Allopurinol$DB00437$Azathioprine$DB00993$\n"),
    ):
        made[name] = tmp_path / name
        made[name].mkdir()
        (made[name] / file).write_text(content, "utf-8")
    return made


def test_several_data_sets_become_one_graph(
    folders: dict[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    graph = tmp_path / "graph"
    both = ["pharmacotherapydb", "onc"]
    places = [part for name in both for part in ("--from", str(folders[name]))]
    assert main(["load", *both, *places, "--out", str(graph), "--json"]) == 0
    record = json.loads(capsys.readouterr().out)
    assert (record["concepts"], record["edges"], record["refused"]) == (4, 3, {})
    assert main(["load", *both, *places[:2], "--out", str(graph)]) == 1
    assert "2 formats and 1 times --from" in capsys.readouterr().err


def test_licence_open_loads_what_is_open(
    folders: dict[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    graph = tmp_path / "graph"
    both = ["pharmacotherapydb", "onc"]
    places = [part for name in both for part in ("--from", str(folders[name]))]
    command = ["load", *both, *places, "--licence", "open", "--out", str(graph), "--json"]
    assert main(command) == 0
    record = json.loads(capsys.readouterr().out)
    assert record["licence_left_out"] == {"NOASSERTION": 1}
    assert record["sources_left_out"] == ["onc"]
    assert open_graph(graph).statistics().edges_by_predicate == {TREATS: 2}
    only = ["load", "onc", "--from", str(folders["onc"]), "--licence", "open", "--out"]
    assert main([*only, str(tmp_path / "none")]) == 1
    assert not (tmp_path / "none").exists()


def test_a_graph_goes_out_as_graphml_and_comes_back(
    folders: dict[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    graph, again, path = tmp_path / "graph", tmp_path / "again", tmp_path / "g.graphml"
    source = str(folders["pharmacotherapydb"])
    assert main(["load", "pharmacotherapydb", "--from", source, "--out", str(graph)]) == 0
    assert main(["export", "--graph", str(graph), "--to", "graphml", str(path)]) == 0
    assert main(["load", "graphml", "--from", str(path), "--out", str(again)]) == 0
    capsys.readouterr()
    assert list(open_graph(again).edges()) == list(open_graph(graph).edges())


def test_wrong_uses_of_load_say_what_is_wrong(
    folders: dict[str, Path], cache: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = ["--out", str(tmp_path / "o")]
    assert main(["load", "nonsense", "--from", str(tmp_path), *out]) == 1
    message = capsys.readouterr().err
    assert "unknown format 'nonsense'; known: csv, graphml, kgx, rdf, ansm" in message
    assert main(["load", "hetionet", *out]) == 1
    assert "has not been fetched; add --from DIR" in capsys.readouterr().err
    mapping = ["--mapping", "m.toml"]
    assert main(["load", "onc", "--from", str(folders["onc"]), *mapping, *out]) == 1
    assert "is for csv" in capsys.readouterr().err


@pytest.mark.usefixtures("starter")
def test_ask_licence_open_leaves_out_what_is_not(capsys: pytest.CaptureFixture[str]) -> None:
    question = ["ask", "--lm", "none", "--json", "What are the symptoms of Marfan syndrome?"]
    assert main(question) == 0
    whole = json.loads(capsys.readouterr().out)
    assert main([*question, "--licence", "open"]) == 0
    free = json.loads(capsys.readouterr().out)
    assert len(free["claims"]) < len(whole["claims"])
    licences = {e["licence"] for claim in free["claims"] for e in claim["evidence"]}
    assert not licences & {"LicenseRef-HPO", "NOASSERTION", "CC-BY-NC-4.0", "CC-BY-NC-SA-4.0"}
    assert main([*question[:-1], "Which drugs treat migraine?", "--licence", "open"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["outcome"] == "answered"
