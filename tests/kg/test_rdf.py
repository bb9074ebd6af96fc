"""RDF: what is written comes back whole, in Turtle and in N-Triples."""

from __future__ import annotations

import socket
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from kg.errors import GraphFormatError, InvalidRecordError, SourceFormatError
from kg.networkx_store import NetworkxStore
from kg.rdf import RdfFormat, concepts_from_rdf, edges_from_rdf, read_rdf, to_rdf, write_rdf
from kg.rdf_statements import BIOLINK, OWN, curie_to_iri, iri_to_curie, statements
from kg.records import Concept, Definition, Edge, Evidence, Name, Polarity, Provenance, Triple
from tests.strategies import concepts, curies, evidence, hostile, texts

pytest.importorskip("rdflib")

FORMATS: tuple[RdfFormat, ...] = ("turtle", "nt")
DRUG, DISEASE = "DRUGBANK:DB00571", "DOID:6364"
slow = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def graph_of(more: list[Concept], pieces: list[Evidence], polarity: Polarity) -> NetworkxStore:
    built = NetworkxStore(
        [
            Concept(DRUG, "biolink:Drug", (Name("propranolol"),)),
            Concept(DISEASE, "biolink:Disease", (Name("migraine"),)),
            *more,
        ]
    )
    triple = Triple(DRUG, "biolink:treats", DISEASE)
    assert not built.add_edges([Edge(triple, tuple(pieces), polarity)]).total
    return built


def written(built: NetworkxStore, rdf_format: RdfFormat) -> str:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "graph"
        write_rdf(built, path, rdf_format=rdf_format)
        return path.read_bytes().decode("utf-8")


def read_text(text: str, rdf_format: RdfFormat) -> tuple[list[Concept], list[Edge]]:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "graph"
        path.write_bytes(text.encode("utf-8"))
        return read_rdf(path, rdf_format=rdf_format)


@pytest.mark.parametrize("rdf_format", FORMATS)
def test_the_hand_made_graph(clinic: NetworkxStore, rdf_format: RdfFormat) -> None:
    found, edges = read_text(written(clinic, rdf_format), rdf_format)
    assert found == list(clinic.concepts())
    assert edges == list(clinic.edges())


@pytest.mark.parametrize("rdf_format", FORMATS)
def test_a_tangle_of_evidence(tangle: NetworkxStore, rdf_format: RdfFormat) -> None:
    again = NetworkxStore()
    found, edges = read_text(written(tangle, rdf_format), rdf_format)
    again.add_concepts(found)
    assert not again.add_edges(edges).total
    assert list(again.edges()) == list(tangle.edges())
    assert again.statistics() == tangle.statistics()


@pytest.mark.parametrize("rdf_format", FORMATS)
@slow
@given(
    st.lists(concepts, max_size=4),
    st.lists(evidence, min_size=1, max_size=3),
    st.sampled_from(Polarity),
)
@example(
    [Concept("X:1", "biolink:Drug", (Name("a\\"), Name('"', "de"), Name('"""', "zh-Hant")))],
    [
        Evidence(
            Provenance("s", licence="", url="not a url <>"),
            document='"""\\',
            sentence="\r\n\u2028\x00\\u0041",
            start=0,
            end=1,
            qualifiers=(("severity", ""), ("sex", "'")),
        )
    ],
    Polarity.NEGATIVE,
)
def test_any_record_comes_back(
    rdf_format: RdfFormat, more: list[Concept], pieces: list[Evidence], polarity: Polarity
) -> None:
    built = graph_of(more, pieces, polarity)
    found, edges = read_text(written(built, rdf_format), rdf_format)
    assert sorted(found, key=lambda c: c.curie) == list(built.concepts())
    assert edges == list(built.edges())


@given(st.one_of(curies, st.just("MEDKGQA:x"), st.just("A.b-C:1_2/3#4?5=6%20&7")))
def test_a_curie_comes_back_from_its_iri(curie: str) -> None:
    iri = curie_to_iri(curie)
    assert iri_to_curie(iri) == curie
    assert iri.isascii()
    assert not set('<>"{}|\\^` ') & set(iri)


@given(curies, curies)
def test_two_curies_have_two_iris(one: str, other: str) -> None:
    assert (curie_to_iri(one) == curie_to_iri(other)) == (one == other)


def test_iris_are_those_the_vocabularies_use() -> None:
    assert curie_to_iri("HP:0002315") == "http://purl.obolibrary.org/obo/HP_0002315"
    assert curie_to_iri("biolink:Drug") == "https://w3id.org/biolink/vocab/Drug"
    assert curie_to_iri("medkgqa:has_complication") == "urn:medkgqa:has_complication"
    with pytest.raises(GraphFormatError, match=r"example\.org"):
        iri_to_curie("https://example.org/x")


def test_simple_sparql_works(clinic: NetworkxStore) -> None:
    """A positive edge is a plain triple; a negative one is not."""
    query = """
        PREFIX biolink: <https://w3id.org/biolink/vocab/>
        PREFIX skos: <http://www.w3.org/2004/02/skos/core#>
        SELECT ?drug WHERE { ?d biolink:treats ?c ; skos:altLabel ?drug .
                             ?c skos:prefLabel "migraine"@en }"""
    rows: Any = to_rdf(clinic).query(query)
    assert {str(row.drug) for row in rows} == {"propranolol", "Inderal", "sumatriptan"}


def test_the_graph_itself_may_be_passed_on(clinic: NetworkxStore) -> None:
    graph = to_rdf(clinic)
    assert list(concepts_from_rdf(graph)) == list(clinic.concepts())
    assert list(edges_from_rdf(graph)) == list(clinic.edges())


def test_each_statement_is_made_once(tangle: NetworkxStore) -> None:
    """The lines of N-Triples are the triples of the graph, one for one."""
    import rdflib

    graph = to_rdf(tangle)
    assert len(list(statements(tangle))) == len(graph)
    lines = rdflib.Graph().parse(data=written(tangle, "nt"), format="nt")
    assert set(lines) == set(graph)


# -- what is not such a file ---------------------------------------------------------------


@pytest.mark.parametrize("rdf_format", FORMATS)
@pytest.mark.parametrize(
    "text",
    [
        "this is not RDF",
        "<a> <b>",
        '<urn:a> <urn:b> "unfinished',
        "\x00\x01\x02",
        "{" * 5_000,
        "[" * 5_000,
        "@prefix x: <",
        "<?xml version='1.0'?><rdf:RDF/>",
    ],
)
def test_other_text_is_refused(text: str, rdf_format: RdfFormat) -> None:
    with pytest.raises(SourceFormatError, match=rf"graph:\d+: not {rdf_format}: "):
        read_text(text, rdf_format)


@pytest.mark.parametrize("rdf_format", FORMATS)
def test_other_encodings_are_refused(tmp_path: Path, rdf_format: RdfFormat) -> None:
    path = tmp_path / "graph"
    path.write_bytes('<urn:a> <urn:b> "é" .'.encode("latin-1"))
    with pytest.raises(SourceFormatError, match="graph:1: not"):
        read_rdf(path, rdf_format=rdf_format)


def spoiled(clinic: NetworkxStore, predicate: str, value: str | None) -> str:
    """The clinic as N-Triples with one triple changed to another value, or without it."""
    lines = written(clinic, "nt").split("\n")[1:]  # without the count of triples
    # A new predicate takes the place of another of the same evidence.
    like = OWN + "version" if "qualifier" in predicate else predicate
    at = next(
        i for i, line in enumerate(lines) if f" <{like}> " in line and "definition-" not in line
    )
    subject = lines[at].split(" ", 1)[0]
    lines[at] = "" if value is None else f"{subject} <{predicate}> {value} ."
    return "\n".join(lines)


@pytest.mark.parametrize(
    ("predicate", "value"),
    [
        (BIOLINK + "category", None),
        (BIOLINK + "category", "<https://example.org/Drug>"),
        (BIOLINK + "subject", None),
        (BIOLINK + "subject", '"text"'),
        (BIOLINK + "negated", None),
        (BIOLINK + "negated", '"perhaps"'),
        (OWN + "kind", '"nickname"'),
        (OWN + "position", '"first"'),
        (OWN + "text", None),
        (OWN + "source", None),
        (OWN + "start", '"-7"'),
        (OWN + "end", '"soon"'),
        (OWN + "qualifier-colour", '"red"'),
    ],
)
def test_a_spoiled_graph_is_refused_at_its_node(
    clinic: NetworkxStore, predicate: str, value: str | None
) -> None:
    text = spoiled(clinic, predicate, value)
    with pytest.raises(SourceFormatError, match=r"graph: (http|urn)"):
        read_text(text, "nt")


@pytest.fixture(scope="module")
def whole() -> dict[RdfFormat, str]:
    """A small graph as text in both formats."""
    piece = Evidence(Provenance("s"), document="d", sentence="Said “so”.\n", start=0, end=9)
    built = graph_of(
        [Concept("X:1", "biolink:Drug", (Name('a "b"', "zh"),))], [piece], Polarity.NEGATIVE
    )
    return {rdf_format: written(built, rdf_format) for rdf_format in FORMATS}


@pytest.mark.parametrize("rdf_format", FORMATS)
@settings(max_examples=150, deadline=None)
@given(st.data())
def test_a_file_cut_anywhere_is_refused(
    whole: dict[RdfFormat, str], rdf_format: RdfFormat, data: st.DataObject
) -> None:
    text = whole[rdf_format]
    least = text.index("\n") + 1
    cut = text[: data.draw(st.integers(least, len(text.rstrip()) - 1))]
    with pytest.raises(SourceFormatError):
        read_text(cut, rdf_format)


@pytest.mark.parametrize("rdf_format", FORMATS)
@settings(max_examples=150, deadline=None)
@given(st.data())
def test_a_file_with_a_changed_character(
    whole: dict[RdfFormat, str], rdf_format: RdfFormat, data: st.DataObject
) -> None:
    """It is read, or refused; nothing else happens."""
    text = whole[rdf_format]
    at = data.draw(st.integers(0, len(text) - 1))
    changed = text[:at] + data.draw(st.sampled_from('"<>.;:@^_\\\n\x00é[]{}()')) + text[at + 1 :]
    try:
        read_text(changed, rdf_format)
    except SourceFormatError:
        return


def test_nothing_is_fetched(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def refuse(*arguments: object, **options: object) -> None:
        raise AssertionError("the network was used")

    monkeypatch.setattr(socket, "create_connection", refuse)
    path = tmp_path / "graph"
    path.write_text(
        "@prefix x: <http://example.org/x#> .\n@base <http://example.org/> .\nx:a x:b x:c ."
    )
    assert read_rdf(path) == ([], [])


def test_a_file_appears_whole_or_not_at_all(tmp_path: Path, clinic: NetworkxStore) -> None:
    path = tmp_path / "graph.ttl"
    write_rdf(clinic, path)
    before = path.read_bytes()
    clinic.add_concepts([Concept("X:1", "biolink:Drug", (Name("half \ud800"),))])
    with pytest.raises(InvalidRecordError, match="half a character"):
        write_rdf(clinic, path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


@given(st.one_of(hostile, texts))
@slow
def test_turtle_and_n_triples_agree(text: str) -> None:
    name = Name(text.strip() or "x")
    definition = Definition(text, Provenance("s"), language="")
    built = NetworkxStore([Concept("X:1", "biolink:Drug", (name,), (), (definition,))])
    turtle, triples = (read_text(written(built, f), f) for f in FORMATS)
    assert turtle == triples == (list(built.concepts()), [])
