"""KGX: what is written comes back unchanged, complete or not at all."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kg.errors import SourceFormatError, UsageError
from kg.networkx_store import NetworkxStore
from kg.records import (
    Concept,
    Definition,
    Edge,
    Evidence,
    EvidenceKind,
    Name,
    Polarity,
    Provenance,
    Triple,
)
from kg.schema import DISEASE, DRUG, TREATS
from loaders.kgx import KgxLoader, escape, split_cell, unescape, write_kgx

text = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12)
stripped = text.map(str.strip).filter(bool)


@st.composite
def stores(draw: st.DrawFn) -> NetworkxStore:
    source = Provenance(draw(stripped), draw(text), "CC0-1.0", "", "")
    definition = Definition(draw(text), source, references=("PMID:1",))
    names = tuple(
        {
            (t.casefold(), lang): Name(t, lang, kind)
            for t, lang, kind in draw(
                st.lists(
                    st.tuples(
                        stripped,
                        st.sampled_from(["en", "zh"]),
                        st.sampled_from(["exact", "lay", "brand", "related"]),
                    ),
                    min_size=1,
                    max_size=4,
                )
            )
        }.values()
    )
    store = NetworkxStore()
    store.add_concepts(
        [
            Concept("DOID:1", DISEASE, names, ("MESH:D1",), (definition,)),
            Concept("DRUGBANK:DB1", DRUG, (Name("a|b\\\t\n\r", "en"),) if False else names),
        ]
    )
    evidence = (
        Evidence(source, record=draw(stripped), qualifiers=(("line", draw(text)),)),
        Evidence(
            source,
            EvidenceKind.SENTENCE,
            document="PMID:1",
            sentence=draw(text),
            start=0,
            end=9,
            confidence=0.25,
            extractor="x",
        ),
    )
    polarity = draw(st.sampled_from(list(Polarity)))
    store.add_edges([Edge(Triple("DRUGBANK:DB1", TREATS, "DOID:1"), evidence, polarity)])
    return store


@given(stores())
@settings(max_examples=60, deadline=None)
def test_a_graph_comes_back_unchanged(
    tmp_path_factory: pytest.TempPathFactory, store: NetworkxStore
) -> None:
    folder = tmp_path_factory.mktemp("kgx")
    assert write_kgx(store, folder) == (2, 1)
    loader = KgxLoader(folder)
    again = NetworkxStore(loader.concepts())
    assert again.add_edges(loader.edges()).total == 0
    assert list(again.concepts()) == list(store.concepts())
    assert list(again.edges()) == list(store.edges())


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), min_size=1)))
def test_cells_round_trip(values: list[str]) -> None:
    assert split_cell("|".join(map(escape, values))) == values
    for value in values:
        assert unescape(escape(value)) == value
        assert not set(escape(value)) & {"\t", "\n", "\r"}


def test_the_columns_other_programs_rely_on(tmp_path: Path) -> None:
    store = NetworkxStore(
        [Concept("DOID:1", DISEASE, (Name("x"),)), Concept("DRUGBANK:DB1", DRUG, (Name("y"),))]
    )
    evidence = Evidence(Provenance("s"), record="r", qualifiers=(("line", "first"),))
    store.add_edges(
        [Edge(Triple("DRUGBANK:DB1", TREATS, "DOID:1"), (evidence,), Polarity.NEGATIVE)]
    )
    write_kgx(store, tmp_path)
    nodes = (tmp_path / "nodes.tsv").read_text("utf-8").splitlines()
    edges = (tmp_path / "edges.tsv").read_text("utf-8").splitlines()
    assert nodes[0].split("\t")[:5] == ["id", "category", "name", "synonym", "xref"]
    row = dict(zip(edges[0].split("\t"), edges[1].split("\t"), strict=True))
    assert (row["subject"], row["predicate"], row["object"]) == ("DRUGBANK:DB1", TREATS, "DOID:1")
    assert (row["negated"], row["qualifiers"], row["sources"]) == ("true", "line=first", "s")
    assert json.loads(unescape(row["evidence"]))["record"] == "r"


class Failing(NetworkxStore):
    def edges(self, edge_filter: object = None) -> Iterator[Edge]:  # type: ignore[override]
        raise RuntimeError("in the middle")


def test_nothing_half_written_is_left(tmp_path: Path) -> None:
    store = Failing([Concept("DOID:1", DISEASE, (Name("x"),))])
    target = tmp_path / "out"
    with pytest.raises(RuntimeError):
        write_kgx(store, target)
    assert list(target.iterdir()) == []
    (tmp_path / "file").write_text("x", "utf-8")
    with pytest.raises(UsageError, match="is a file"):
        write_kgx(store, tmp_path / "file")


def test_foreign_kgx_is_read(tmp_path: Path) -> None:
    (tmp_path / "x_nodes.tsv").write_text(
        "id\tcategory\tname\tsynonym\tin_taxon\n"
        "DOID:1\tbiolink:NamedThing|biolink:Disease\tgout\tpodagra|gouty arthritis\tx\n",
        "utf-8",
    )
    (tmp_path / "x_edges.tsv").write_text(
        "id\tsubject\tpredicate\tobject\tprimary_knowledge_source\tpublications\n"
        "uuid:1\tDRUGBANK:DB1\tbiolink:treats\tDOID:1\tinfores:drugcentral\tPMID:1|PMID:2\n",
        "utf-8",
    )
    loader = KgxLoader(tmp_path)
    (concept,) = loader.concepts()
    assert (concept.category, concept.name()) == (DISEASE, "gout")
    assert [n.text for n in concept.names] == ["gout", "podagra", "gouty arthritis"]
    (edge,) = loader.edges()
    assert edge.sources == ("drugcentral",)
    assert edge.evidence[0].references == ("PMID:1", "PMID:2")


@pytest.mark.parametrize(
    ("nodes", "problem"),
    [
        ("", "is empty"),
        ("name\nx\n", "no column 'id'"),
        ("id\tname\nDOID:1\n", r"nodes\.tsv:2: 1 cells, 2 expected"),
        ("id\tname\ngout\tx\n", r"nodes\.tsv:2: 'gout' is not a CURIE"),
        ('id\tnames\nDOID:1\t[["x"]]\n', r"nodes\.tsv:2"),
        ("id\tnames\nDOID:1\t{oops\n", r"nodes\.tsv:2"),
    ],
)
def test_broken_files_are_named(tmp_path: Path, nodes: str, problem: str) -> None:
    (tmp_path / "nodes.tsv").write_text(nodes, "utf-8")
    (tmp_path / "edges.tsv").write_text("subject\tpredicate\tobject\n", "utf-8")
    with pytest.raises(SourceFormatError, match=problem):
        list(KgxLoader(tmp_path).concepts())


def test_names_with_quotes_braces_and_cypher_stay_verbatim(tmp_path: Path) -> None:
    name = "x'\"`}) DETACH DELETE n // {a}\t|\\"
    store = NetworkxStore([Concept("DOID:1", DISEASE, (Name(name.strip()),))])
    write_kgx(store, tmp_path)
    (concept,) = KgxLoader(tmp_path).concepts()
    assert concept.names[0].text == name.strip()
