"""GraphML: a graph comes back unchanged, and foreign files are read."""

from __future__ import annotations

from pathlib import Path

import networkx as nx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kg.errors import GraphFormatError, SourceFormatError, UsageError
from kg.networkx_store import NetworkxStore
from kg.records import (
    Concept,
    Definition,
    Edge,
    Evidence,
    Name,
    Polarity,
    Provenance,
    Triple,
)
from kg.schema import DISEASE, DRUG, TREATS
from loaders.graphml import GraphmlLoader, write_graphml

SOURCE = Provenance("demo", "1", "CC0-1.0", url="https://example.org/?a=1&b=2")


def graph(name: str = "gout", text: str = "said") -> NetworkxStore:
    store = NetworkxStore(
        [
            Concept(
                "DOID:13189",
                DISEASE,
                (Name(name, "en", "preferred"), Name("痛风", "zh", "preferred")),
                ("MESH:D006073",),
                (Definition(text, SOURCE, record="r", references=("PMID:1",)),),
            ),
            Concept("DRUGBANK:DB00437", DRUG, (Name("allopurinol", "en", "preferred"),)),
        ]
    )
    triple = Triple("DRUGBANK:DB00437", TREATS, "DOID:13189")
    sentence = Evidence(SOURCE, document="PMID:1", sentence=text, start=0, end=4, confidence=0.5)
    record = Evidence(SOURCE, record="r|1", qualifiers=(("line", "first"), ("severity", text)))
    denied = Edge(triple, (record,), Polarity.NEGATIVE)
    assert store.add_edges([Edge(triple, (sentence, record)), denied]).total == 0
    return store


def again(path: Path) -> NetworkxStore:
    loader = GraphmlLoader(path)
    store = NetworkxStore(loader.concepts())
    assert store.add_edges(loader.edges()).total == 0
    return store


def assert_equal(one: NetworkxStore, other: NetworkxStore) -> None:
    assert list(one.concepts()) == list(other.concepts())
    assert list(one.edges()) == list(other.edges())


def test_a_graph_comes_back_unchanged(tmp_path: Path) -> None:
    path = tmp_path / "g.graphml"
    store = graph()
    assert write_graphml(store, path) == (2, 2)
    assert_equal(again(path), store)
    assert [p.name for p in tmp_path.iterdir()] == ["g.graphml"]


@settings(max_examples=60, deadline=None)
@given(
    st.text(min_size=1).filter(lambda t: t == t.strip()),
    st.text(min_size=1),
)
def test_any_text_comes_back_unchanged(
    tmp_path_factory: pytest.TempPathFactory, name: str, text: str
) -> None:
    path = tmp_path_factory.mktemp("g") / "g.graphml"
    store = graph(name, text)
    write_graphml(store, path)
    assert_equal(again(path), store)


def test_networkx_reads_what_is_written(tmp_path: Path) -> None:
    path = tmp_path / "g.graphml"
    write_graphml(graph(), path)
    read = nx.read_graphml(path, force_multigraph=True)
    assert read.nodes["DOID:13189"]["name"] == "gout"
    assert {d["label"] for _, _, d in read.edges(data=True)} == {"TREATS"}
    assert {d["confidence"] for _, _, d in read.edges(data=True)} == {1.0}


def test_what_networkx_writes_is_read(tmp_path: Path) -> None:
    foreign: nx.DiGraph[str] = nx.DiGraph()
    foreign.add_node("n0", name="allopurinol", labels=":Entity:Drug", curie="DRUGBANK:DB00437")
    foreign.add_node("gout <1>", label="Disease")
    foreign.add_node("n2", label="Spaceship")
    foreign.add_edge("n0", "gout <1>", label="TREATS")
    foreign.add_edge("n0", "n2", label="FLIES")
    path = tmp_path / "foreign.graphml"
    nx.write_graphml(foreign, path)
    loader = GraphmlLoader(path)
    concepts = {c.curie: c for c in loader.concepts()}
    assert concepts.keys() == {"DRUGBANK:DB00437", "GRAPHML:node.gout%20%3C1%3E"}
    (edge,) = loader.edges()
    assert edge.triple == Triple("DRUGBANK:DB00437", TREATS, "GRAPHML:node.gout%20%3C1%3E")
    assert edge.evidence[0].provenance.source == "foreign"
    assert edge.evidence[0].provenance.licence == "NOASSERTION"
    assert dict(loader.report.refused.counts) == {
        "a node of no known class": 1,
        "an edge of no known predicate": 1,
    }


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ('target="DOID:13189"', 'target="DOID:1"', "'DOID:1', which is no node"),
        ('<node id="DOID:13189">', "<node>", "a node without id"),
        ('"positive"', "positive", ""),
        (">positive<", ">perhaps<", "'perhaps'"),
        ('["gout","en","preferred"]', '["gout","en"]', "unpack"),
        ('["gout","en","preferred"]', "[", "Expecting"),
    ],
)
def test_a_wrong_element_is_named_with_its_line(
    tmp_path: Path, old: str, new: str, problem: str
) -> None:
    path = tmp_path / "g.graphml"
    write_graphml(graph(), path)
    path.write_text(path.read_text("utf-8").replace(old, new), "utf-8")
    if not problem:
        assert_equal(again(path), graph())
        return
    with pytest.raises(SourceFormatError) as raised:
        again(path)
    assert problem in str(raised.value)
    assert raised.value.line is not None


def test_nothing_is_left_of_what_cannot_be_written(tmp_path: Path) -> None:
    odd = NetworkxStore([Concept("X:\x01", DRUG, (Name("odd"),))])
    with pytest.raises(GraphFormatError, match="holds a character XML cannot"):
        write_graphml(odd, tmp_path / "g.graphml")
    with pytest.raises(UsageError, match="cannot be written"):
        write_graphml(graph(), tmp_path / "none" / "g.graphml")
    assert list(tmp_path.iterdir()) == []
