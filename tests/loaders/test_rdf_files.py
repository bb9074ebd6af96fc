"""RDF out and in again by the command line."""

from __future__ import annotations

from pathlib import Path

import pytest

from kg.errors import SourceFormatError, UsageError
from kg.networkx_store import NetworkxStore
from kg.records import Concept, Edge, Evidence, Name, Polarity, Provenance, Triple
from kg.saved import open_graph, save_graph
from loaders.rdf import RdfLoader, rdf_format
from loaders.source import GraphSource
from medkgqa.cli import main

pytest.importorskip("rdflib")


@pytest.fixture
def graph(tmp_path: Path) -> Path:
    built = NetworkxStore(
        [
            Concept("DRUGBANK:DB00571", "biolink:Drug", (Name("propranolol"),)),
            Concept("DOID:2841", "biolink:Disease", (Name("asthma"), Name("哮喘", "zh"))),
        ]
    )
    evidence = (Evidence(Provenance("example", licence="CC0-1.0"), record="row 1"),)
    triple = Triple("DRUGBANK:DB00571", "biolink:treats", "DOID:2841")
    built.add_edges([Edge(triple, evidence, Polarity.NEGATIVE)])
    save_graph(built, tmp_path / "graph")
    return tmp_path / "graph"


@pytest.mark.parametrize("name", ["graph.ttl", "graph.nt"])
def test_out_and_in_again(graph: Path, tmp_path: Path, name: str) -> None:
    file, again = tmp_path / name, tmp_path / "again"
    assert main(["export", "--to", "rdf", "--graph", str(graph), str(file)]) == 0
    assert main(["load", "rdf", "--from", str(file), "--out", str(again)]) == 0
    one, other = open_graph(graph), open_graph(again)
    assert list(one.concepts()) == list(other.concepts())
    assert list(one.edges()) == list(other.edges())


def test_the_loader(graph: Path, tmp_path: Path) -> None:
    file = tmp_path / "graph.nt"
    assert main(["export", "--to", "rdf", "--graph", str(graph), str(file)]) == 0
    loader = RdfLoader(file)
    assert isinstance(loader, GraphSource)
    assert loader.card.name == "rdf"
    assert [c.name("zh") for c in loader.concepts()] == ["哮喘", "propranolol"]
    assert len(list(loader.edges())) == 1
    with pytest.raises(SourceFormatError, match="does not exist"):
        RdfLoader(tmp_path / "nowhere.nt")
    with pytest.raises(UsageError, match=r"end it in \.ttl or \.nt"):
        rdf_format(tmp_path / "graph.rdf")


def test_a_broken_file_is_no_traceback(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "broken.ttl"
    file.write_text("<a> <b")
    with pytest.raises(SourceFormatError):
        list(RdfLoader(file).concepts())
    assert main(["load", "rdf", "--from", str(file), "--out", str(tmp_path / "out")]) == 1
    assert "broken.ttl:1: not turtle" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_csv_for_the_bulk_import(graph: Path, tmp_path: Path) -> None:
    folder = tmp_path / "csv"
    assert main(["export", "--to", "neo4j", "--graph", str(graph), str(folder)]) == 0
    assert sorted(p.name for p in folder.iterdir()) == [
        "arguments",
        "concepts.csv",
        "edges.csv",
        "revision.csv",
    ]
