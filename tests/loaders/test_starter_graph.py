"""The starter graph: what a fresh machine knows."""

from __future__ import annotations

from collections import defaultdict

import pytest

from kg.names import normalise
from kg.networkx_store import NetworkxStore
from kg.records import Polarity, Triple
from kg.schema import (
    CONTRAINDICATED_IN,
    DISEASE,
    GENE_ASSOCIATED,
    HAS_PHENOTYPE,
    SUBCLASS_OF,
    TREATS,
)
from kg.store import Direction, EdgeFilter, contradictions
from loaders.starter import add_sources, identity_keys, starter_sources

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def starter() -> NetworkxStore:
    store = NetworkxStore()
    steps: list[float] = []
    refused = add_sources(
        store, starter_sources(), identity_keys(), lambda step, done: steps.append(done)
    )
    assert refused.total == 0, str(refused)
    assert steps == sorted(steps)
    assert steps[-1] == 1.0
    return store


def objects(store: NetworkxStore, name: str, predicate: str) -> list[str]:
    (match,) = {m.curie for m in store.find(name) if m.name.kind == "preferred"}
    wanted = EdgeFilter(predicates=frozenset({predicate}), polarity=Polarity.POSITIVE)
    return [e.object for e in store.neighbours(match, direction=Direction.OUT, edge_filter=wanted)]


def test_everything_of_marfan_syndrome_stands_on_one_node(starter: NetworkxStore) -> None:
    for curie in ("DOID:14323", "OMIM:154700", "ORPHA:558", "MESH:D008382"):
        assert starter.resolve(curie) == "DOID:14323"
    assert {m.curie for m in starter.find("马方综合征")} == {"DOID:14323"}
    symptoms = objects(starter, "Marfan syndrome", HAS_PHENOTYPE)
    assert len(symptoms) > 90
    chinese = [s for s in symptoms if starter.concept(s).has_name_in("zh")]
    assert len(chinese) > 0.95 * len(symptoms)


def test_the_first_questions_have_their_facts(starter: NetworkxStore) -> None:
    (migraine,) = {m.curie for m in starter.find("migraine") if m.name.kind == "preferred"}
    treated = EdgeFilter(predicates=frozenset({TREATS}), polarity=Polarity.POSITIVE)
    drugs = {
        starter.concept(e.subject).name()
        for e in starter.neighbours(migraine, direction=Direction.IN, edge_filter=treated)
    }
    assert "sumatriptan" in drugs
    (asthma,) = {m.curie for m in starter.find("asthma") if m.name.kind == "preferred"}
    assert asthma in objects(starter, "propranolol", CONTRAINDICATED_IN)


def test_entries_that_a_disease_states_several_of_are_kinds_of_it(starter: NetworkxStore) -> None:
    dystrophy = starter.resolve("DOID:0050661")
    best = next(m.curie for m in starter.find("BEST1"))
    kinds = {
        e.subject
        for e in starter.neighbours(dystrophy, direction=Direction.IN)
        if e.predicate == SUBCLASS_OF
    }
    assert "OMIM:153700" in kinds
    assert starter.edge(Triple(best, GENE_ASSOCIATED, "OMIM:153700")) is not None


def test_a_recorded_mode_of_inheritance_makes_no_kind(starter: NetworkxStore) -> None:
    """One family's form in OMIM says nothing of the common disease it is merged with."""
    asthma = starter.resolve("DOID:2841")
    assert starter.edge(Triple(asthma, SUBCLASS_OF, "DOID:0050736")) is None


def test_no_disease_stands_twice_under_one_name_but_for_the_refused(starter: NetworkxStore) -> None:
    by_name: dict[str, set[str]] = defaultdict(set)
    for concept in starter.concepts(DISEASE):
        by_name[normalise(concept.name())].add(concept.curie)
    twice = {name: curies for name, curies in by_name.items() if len(curies) > 1}
    assert len(twice) < 60, twice


def test_every_edge_has_evidence_that_names_a_record(starter: NetworkxStore) -> None:
    for edge in starter.edges():
        assert all(e.record and not e.document for e in edge.evidence)
    assert starter.statistics().negative_edges > 900
    assert any(True for _ in contradictions(starter))
