"""Writing to a real Neo4j: merging, repeating, removing, hostile text, several writers."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kg.errors import (
    GraphError,
    GraphFormatError,
    InvalidRecordError,
    StoreUnavailableError,
)
from kg.neo4j_server import ServerAddress
from kg.neo4j_session import SCHEMA, Neo4jConnection, quoted_terms
from kg.neo4j_store import Neo4jStore
from kg.networkx_store import NetworkxStore
from kg.records import Concept, Edge, Evidence, Name, Polarity, Provenance, Triple
from kg.schema import CLASSES, PREDICATES
from kg.store import GraphStore, MutableGraphStore, contradictions
from tests.strategies import concepts, evidence, hostile, texts

pytestmark = pytest.mark.neo4j

Cypher = Callable[..., list[dict[str, Any]]]
MIGRAINE, ASTHMA, PROPRANOLOL = "DOID:6364", "DOID:2841", "DRUGBANK:DB00571"
TREATS = Triple(PROPRANOLOL, "biolink:treats", MIGRAINE)
slow = settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def same(store: GraphStore, other: GraphStore) -> None:
    assert list(store.concepts()) == list(other.concepts())
    assert list(store.edges()) == list(other.edges())
    assert store.statistics() == other.statistics()


def fill(store: MutableGraphStore, built: GraphStore) -> None:
    store.add_concepts(built.concepts())
    assert store.add_edges(built.edges()).total == 0


def record(source: str, name: str, confidence: float = 0.5) -> Evidence:
    return Evidence(Provenance(source), record=name, confidence=confidence)


def pair_with(names: Iterable[Name] = (Name("propranolol"),)) -> list[Concept]:
    return [
        Concept(PROPRANOLOL, "biolink:Drug", tuple(names)),
        Concept(MIGRAINE, "biolink:Disease", (Name("migraine"),)),
    ]


def test_it_is_mutable(neo4j_store: Neo4jStore) -> None:
    assert isinstance(neo4j_store, MutableGraphStore)


def test_adding_twice_changes_nothing(neo4j_store: Neo4jStore, tangle: NetworkxStore) -> None:
    fill(neo4j_store, tangle)
    once = neo4j_store.fingerprint
    fill(neo4j_store, tangle)
    same(neo4j_store, tangle)
    assert neo4j_store.fingerprint != once


def test_halves_of_a_graph_merge(neo4j_store: Neo4jStore, tangle: NetworkxStore) -> None:
    neo4j_store.add_concepts(tangle.concepts())
    every = [
        Edge(edge.triple, (piece,), edge.polarity)
        for edge in tangle.edges()
        for piece in edge.evidence
    ]
    neo4j_store.add_edges(every[::2])
    neo4j_store.add_edges(every[1::2])
    same(neo4j_store, tangle)


def test_concepts_merge_as_in_memory(neo4j_store: Neo4jStore) -> None:
    one = Concept("DOID:1", "biolink:Disease", (Name("one", kind="preferred"),), ("MESH:D1",))
    other = Concept("DOID:1", "biolink:Drug", (Name("uno", kind="preferred"),), ("MESH:D2",))
    memory = NetworkxStore()
    for store in (neo4j_store, memory):
        store.add_concepts([one])
        assert store.add_concepts([other, one]) == 2
    same(neo4j_store, memory)
    assert [c.curie for c in neo4j_store.concepts("biolink:Disease")] == ["DOID:1"]
    assert list(neo4j_store.concepts("biolink:Drug")) == []


def test_the_stronger_of_equal_evidence_stays(neo4j_store: Neo4jStore) -> None:
    neo4j_store.add_concepts(pair_with())
    for confidence in (0.5, 0.9, 0.2):
        neo4j_store.add_edges([Edge(TREATS, (record("demo", "1", confidence),))])
    kept = neo4j_store.edge(TREATS)
    assert kept is not None
    assert [e.confidence for e in kept.evidence] == [0.9]


def test_removing_a_source(neo4j_store: Neo4jStore, tangle: NetworkxStore) -> None:
    fill(neo4j_store, tangle)
    whole = NetworkxStore.from_store(tangle)
    touched = neo4j_store.remove_source("papers")
    assert touched == tangle.remove_source("papers") > 0
    same(neo4j_store, tangle)
    assert neo4j_store.remove_source("papers") == 0
    fill(neo4j_store, whole)
    same(neo4j_store, whole)


def test_refusals_are_counted_as_in_memory(neo4j_store: Neo4jStore, clinic: NetworkxStore) -> None:
    fill(neo4j_store, clinic)
    piece = (record("demo", "1"),)
    edges = [
        Edge(Triple(MIGRAINE, "biolink:treats", PROPRANOLOL), piece),
        Edge(Triple(PROPRANOLOL, "biolink:no_such", MIGRAINE), piece),
        Edge(Triple(PROPRANOLOL, "biolink:treats", "DOID:404"), piece),
        Edge(Triple(PROPRANOLOL, "biolink:treats", "UMLS:SHARED"), piece),
        Edge(Triple("DOID:6364", "biolink:similar_to", "MESH:D008881"), piece),
        Edge(Triple(PROPRANOLOL, "biolink:treats", "MESH:D001249"), piece),
    ]
    reports = [store.add_edges(edges) for store in (neo4j_store, clinic)]
    assert reports[0] == reports[1]
    assert reports[0].total == 5
    same(neo4j_store, clinic)


def test_contradictions_are_both_kept(neo4j_store: Neo4jStore) -> None:
    neo4j_store.add_concepts(pair_with())
    neo4j_store.add_edges(
        Edge(TREATS, (record("demo", polarity.value),), polarity) for polarity in Polarity
    )
    ((positive, negative),) = contradictions(neo4j_store)
    assert (positive.triple, negative.triple) == (TREATS, TREATS)
    assert neo4j_store.statistics().contradictions == 1


@slow
@given(st.lists(concepts, max_size=6), st.lists(evidence, min_size=1, max_size=4))
def test_any_record_comes_back_as_it_went_in(
    neo4j_store: Neo4jStore, cypher: Cypher, given_concepts: list[Concept], pieces: list[Evidence]
) -> None:
    cypher("MATCH (n) DETACH DELETE n")
    memory = NetworkxStore()
    edge = Edge(TREATS, tuple(pieces))
    for store in (neo4j_store, memory):
        store.add_concepts([*given_concepts, *pair_with()])
        store.add_edges([edge])
    assert sorted(neo4j_store.concepts(), key=lambda c: c.curie) == list(memory.concepts())
    assert list(neo4j_store.edges()) == list(memory.edges())
    assert neo4j_store.statistics() == memory.statistics()
    for concept in given_concepts:
        for name in concept.names:
            assert neo4j_store.find(name.text) == memory.find(name.text)
        for xref in concept.xrefs:
            assert neo4j_store.keys_of(xref) == memory.keys_of(xref)


@slow
@given(st.one_of(hostile, texts).map(str.strip).filter(bool))
def test_hostile_text_is_text(neo4j_store: Neo4jStore, cypher: Cypher, text: str) -> None:
    """It is stored verbatim, makes no label, type, property or node, and finds only itself."""
    cypher("MATCH (n) DETACH DELETE n")
    neo4j_store.add_concepts(pair_with([Name(text)]))
    piece = Evidence(Provenance(text), document=text, sentence=text, start=0, end=1)
    neo4j_store.add_edges([Edge(TREATS, (piece,))])
    stored = neo4j_store.edge(TREATS)
    assert stored is not None
    assert (stored.evidence, neo4j_store.concept(PROPRANOLOL).names) == ((piece,), (Name(text),))
    assert cypher("MATCH (n:Concept) RETURN count(n) AS n") == [{"n": 2}]
    known = {"Concept", "GraphRevision", *(c.label for c in CLASSES.values())}
    ((labels,),) = (r.values() for r in cypher("MATCH (n) UNWIND labels(n) AS x RETURN collect(x)"))
    assert known.issuperset(labels)
    ((types,),) = (r.values() for r in cypher("MATCH ()-[r]->() RETURN collect(type(r))"))
    assert types == ["TREATS"]
    assert {m.curie for m in neo4j_store.find(text)} <= {PROPRANOLOL}
    for call in (neo4j_store.get, neo4j_store.neighbours, neo4j_store.resolve):
        assert not call(text)
    assert neo4j_store.remove_source("somebody else") == 0
    assert neo4j_store.remove_source(text) == 1


def test_names_and_curies_of_any_length(neo4j_store: Neo4jStore) -> None:
    """Neo4j stops its database for good where a full-text index is given 32 kB: it never is."""
    long = Name("偏" * 200_000, "zh")
    neo4j_store.add_concepts(pair_with([long, Name("a b " * 20_000 + "c")]))
    assert neo4j_store.concept(PROPRANOLOL).names[0] == long
    assert [m.curie for m in neo4j_store.find(long.text)] == [PROPRANOLOL]
    assert neo4j_store.find(long.text[1:]) == []
    before = neo4j_store.fingerprint
    with pytest.raises(InvalidRecordError, match="Neo4j takes"):
        neo4j_store.add_concepts(
            [Concept("X:" + "1" * 40_000, "biolink:Drug", (Name("x"),)), *pair_with()]
        )
    assert neo4j_store.fingerprint == before, "nothing of the batch is written"
    assert neo4j_store.get("X:" + "1" * 40_000) is None
    assert neo4j_store.find("migraine")[0].curie == MIGRAINE, "and the server lives"


def test_half_a_character_is_refused(neo4j_store: Neo4jStore) -> None:
    with pytest.raises(InvalidRecordError, match=r"'\\ud800' is half a character"):
        neo4j_store.add_concepts(pair_with([Name("a\ud800")]))
    with pytest.raises(InvalidRecordError, match="half a character"):
        neo4j_store.get("X:\ud800")
    assert list(neo4j_store.concepts()) == []


def test_writers_side_by_side_lose_nothing(
    neo4j_store: Neo4jStore, neo4j_address: ServerAddress
) -> None:
    """Each adds its own evidence to the same edges, all at once."""
    drugs = [Concept(f"DRUGBANK:{n}", "biolink:Drug", (Name(f"drug {n}"),)) for n in range(20)]
    disease = Concept(MIGRAINE, "biolink:Disease", (Name("migraine"),))

    def write(writer: int) -> None:
        with Neo4jStore(neo4j_address.url) as store:
            store.add_concepts([*drugs, disease])
            for round_ in range(3):
                piece = (record(f"writer {writer}", f"{round_}"),)
                store.add_edges(
                    Edge(Triple(d.curie, "biolink:treats", MIGRAINE), piece) for d in drugs
                )

    with ThreadPoolExecutor(5) as pool:
        list(pool.map(write, range(5)))
    edges = list(neo4j_store.edges())
    assert len(edges) == 20
    assert {len(e.evidence) for e in edges} == {15}
    assert neo4j_store.statistics().concepts == 21


def test_one_store_serves_several_threads(neo4j_store: Neo4jStore, tangle: NetworkxStore) -> None:
    fill(neo4j_store, tangle)
    keys = [c.curie for c in tangle.concepts()] * 5
    with ThreadPoolExecutor(6) as pool:
        found = list(pool.map(neo4j_store.neighbours, keys))
    assert found == [tangle.neighbours(key) for key in keys]


def test_indexes_are_made_on_first_use(
    neo4j_address: ServerAddress, cypher: Cypher, neo4j_store: Neo4jStore
) -> None:
    cypher("DROP CONSTRAINT concept_curie")
    cypher("DROP INDEX drug_name")
    Neo4jStore(neo4j_address.url).close()
    indexes = {r["name"]: r["state"] for r in cypher("SHOW INDEXES YIELD name, state")}
    assert {name: indexes.get(name) for name in SCHEMA} == dict.fromkeys(SCHEMA, "ONLINE")
    plan = "EXPLAIN MATCH (d:Drug {name: 'x'})-[:TREATS]->(o:Concept {curie: 'X:1'}) RETURN d"
    cypher(plan)
    neo4j_store.add_concepts(pair_with())
    with pytest.raises(GraphError, match="already exists"):
        neo4j_store._connection.write(
            lambda tx: tx.run("CREATE (:Concept {curie: $curie})", curie=MIGRAINE).consume()
        )


def test_a_person_can_read_it(
    neo4j_store: Neo4jStore, clinic: NetworkxStore, cypher: Cypher
) -> None:
    fill(neo4j_store, clinic)
    rows = cypher(
        "MATCH (d:Drug)-[r:TREATS {polarity: 'positive'}]->(c:Disease {name: 'migraine'}) "
        "RETURN d.name AS drug, c.name_zh AS zh, r.sources AS sources, r.sentences AS said "
        "ORDER BY drug"
    )
    assert rows[0] == {
        "drug": "propranolol",
        "zh": "偏头痛",
        "sources": ["curated", "papers"],
        "said": ["β-Blockers – e.g. propranolol – treat migraine."],
    }
    assert [r["drug"] for r in rows] == ["propranolol", "sumatriptan"]


def test_work_of_other_hands_is_named(neo4j_store: Neo4jStore, cypher: Cypher) -> None:
    neo4j_store.add_concepts(pair_with())
    cypher("MATCH (a:Drug), (b:Disease) CREATE (a)-[:TREATS {polarity: 'positive'}]->(b)")
    with pytest.raises(GraphFormatError, match=r"\(DRUGBANK:DB00571\)-\[:TREATS\]->\(DOID:6364\)"):
        neo4j_store.neighbours(MIGRAINE)
    cypher("MATCH ()-[r]->() DELETE r")
    cypher("CREATE (:Concept {curie: 'X:mine'})")
    with pytest.raises(GraphFormatError, match="X:mine"):
        list(neo4j_store.concepts())


# -- the connection ------------------------------------------------------------------------


def test_a_read_cannot_write(neo4j_address: ServerAddress, neo4j_store: Neo4jStore) -> None:
    connection = Neo4jConnection(neo4j_address.url)
    with pytest.raises(GraphError, match="refuses this"):
        connection.values("CREATE (:Concept {curie: 'X:1'})")
    assert connection.values("RETURN 1") == [[1]]
    connection.close()
    connection.close()


def test_a_wrong_login(neo4j_address: ServerAddress) -> None:
    wrong = neo4j_address.bolt.replace("//", "//neo4j:not-the-password@")
    with pytest.raises(StoreUnavailableError, match="the login right") as caught:
        Neo4jStore(wrong)
    assert "not-the-password" not in str(caught.value)


def test_nobody_answers() -> None:
    with pytest.raises(StoreUnavailableError, match="is the server up"):
        Neo4jStore("bolt://neo4j:secret@127.0.0.1:1")


@pytest.mark.parametrize(
    "url", ["", "http://localhost", "neo4j://", "neo4j://u:secret@:7687", "bolt://u:secret@h:port"]
)
def test_no_address_of_a_server(url: str) -> None:
    with pytest.raises(StoreUnavailableError, match="is not the address") as caught:
        Neo4jStore(url)
    assert "secret" not in str(caught.value)


@given(st.lists(st.one_of(hostile, texts), max_size=5))
def test_terms_stay_terms(terms: list[str]) -> None:
    """Outside quoted terms a full-text query holds nothing but OR."""
    query = quoted_terms(terms)
    inside = escaped = False
    outside = []
    for character in query:
        if escaped:
            escaped = False
        elif character == "\\":
            escaped = True
        elif character == '"':
            inside = not inside
        elif not inside:
            outside.append(character)
    assert not inside
    assert not escaped
    assert "".join(outside) == " OR " * (len(terms) - 1)


def test_queries_are_made_of_the_schema() -> None:
    assert all(p.label.isidentifier() for p in PREDICATES.values())
    assert all(c.label.isidentifier() for c in CLASSES.values())


def test_several_may_come_first(
    neo4j_address: ServerAddress, neo4j_store: Neo4jStore, cypher: Cypher
) -> None:
    """Constraints and indexes are made once, by whoever is quicker."""
    for row in cypher("SHOW INDEXES YIELD name, type, owningConstraint WHERE type <> 'LOOKUP'"):
        kind = "CONSTRAINT" if row["owningConstraint"] else "INDEX"
        cypher(f"DROP {kind} `{row['name']}`")
    with ThreadPoolExecutor(4) as pool:
        for store in pool.map(Neo4jStore, [neo4j_address.url] * 4):
            store.close()
    assert {r["name"] for r in cypher("SHOW INDEXES YIELD name")} >= SCHEMA.keys()
    assert list(neo4j_store.concepts()) == []
