"""``answer.plan`` pasted into Neo4j as Cypher returns the edges the executor returned.

200 generated plans of every shape, run on a graph with classes, kinds, loops of every predicate
and both polarities: as text with the parameters written in, which is what a person pastes, and
with the parameters apart; and the executor itself on Neo4j and in memory.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from kg.neo4j_store import Neo4jStore
from kg.networkx_store import NetworkxStore
from kg.records import Concept, Edge, Evidence, Name, Polarity, Provenance, Triple
from kg.schema import (
    CLASSES,
    CONTRAINDICATED_IN,
    DISEASE,
    DRUG,
    DRUG_CLASS,
    GENE,
    INTERACTS_WITH,
    MEMBER_OF,
    PHENOTYPE,
    PREDICATE_BY_LABEL,
    PREDICATES,
    RISK_FACTOR,
    SUBCLASS_OF,
    TREATS,
    Predicate,
)
from kg.store import Direction
from reasoning.cypher import to_cypher
from reasoning.plan import (
    WIDENING,
    AmongPlan,
    CheckPlan,
    Constraint,
    DescribePlan,
    FindPlan,
    Hop,
    Intent,
    Plan,
)
from reasoning.retrieval import Retrieval, execute
from reasoning.widening import widened

pytestmark = pytest.mark.neo4j

Row = tuple[str, str, str, str]
KINDS = (DISEASE, PHENOTYPE, DRUG, DRUG_CLASS, GENE, RISK_FACTOR)
CURIES = {kind: [f"T{n}:{i}" for i in range(9)] for n, kind in enumerate(KINDS)}
PLANS = 200


@pytest.fixture(scope="module")
def graph() -> NetworkxStore:
    chance = random.Random(5)
    built = NetworkxStore(
        Concept(curie, kind, (Name(f"name of {curie}"),))
        for kind, curies in CURIES.items()
        for curie in curies
    )
    edges: list[Edge] = []
    for _ in range(2_600):
        known = PREDICATES[chance.choice([*sorted(PREDICATES), TREATS, SUBCLASS_OF, MEMBER_OF])]
        ends = _ends(known, chance)
        if ends is None:
            continue
        subject, object_ = ends
        confidence = chance.choice([0.3, 0.5, 0.5, 0.9])
        source = Provenance(chance.choice(["one", "other"]))
        piece = Evidence(source, record=str(chance.randrange(99)), confidence=confidence)
        taxonomy = known.curie in (SUBCLASS_OF, MEMBER_OF)
        negative = chance.random() < 0.15 and not taxonomy
        polarity = Polarity.NEGATIVE if negative else Polarity.POSITIVE
        edges.append(Edge(Triple(subject, known.curie, object_), (piece,), polarity))
    assert built.add_edges(edges).total == 0
    return built


def _ends(known: Predicate, chance: random.Random) -> tuple[str, str] | None:
    """A subject and an object; classes stand above what they hold, so that none is its own."""
    subjects = [k for k in KINDS if k in known.domain]
    objects = [k for k in KINDS if k in known.range]
    if not subjects or not objects:
        return None
    kind = chance.choice(subjects)
    other = kind if known.curie == SUBCLASS_OF else chance.choice(objects)
    subject, object_ = chance.choice(CURIES[kind]), chance.choice(CURIES[other])
    if kind == other and known.symmetric and subject == object_:
        return None
    if known.curie in (SUBCLASS_OF, MEMBER_OF) and kind == other:
        # Odd ones are kinds of even ones: no chain is longer than what a plan takes in.
        evens, odds = CURIES[kind][::2], CURIES[kind][1::2]
        subject, object_ = chance.choice(odds), chance.choice(evens)
    return subject, object_


# -- plans ---------------------------------------------------------------------------------


def hops_from(kind: str, chance: random.Random, count: int) -> tuple[tuple[Hop, ...], str]:
    """``count`` hops that follow one another by the schema, and the class they arrive at."""
    hops: list[Hop] = []
    at = kind
    for _ in range(count):
        ways = list(_ways_from(at))
        predicate, direction, to = chance.choice(ways)
        polarity = Polarity.NEGATIVE if chance.random() < 0.15 else Polarity.POSITIVE
        hops.append(Hop((predicate,), direction, (to,), polarity))
        at = to
    return tuple(hops), at


def _ways_from(kind: str) -> Iterator[tuple[str, Direction, str]]:
    for known in PREDICATES.values():
        if known.curie in (SUBCLASS_OF, MEMBER_OF):
            continue
        for to in KINDS:
            if kind in known.domain and to in known.range:
                yield known.curie, Direction.OUT, to
            if to in known.domain and kind in known.range:
                yield known.curie, Direction.IN, to


def find_plan(chance: random.Random) -> FindPlan:
    kinds = [chance.choice(KINDS) for _ in range(chance.choice([1, 1, 2, 3]))]
    constraints: list[Constraint] = []
    target = ""
    for number, kind in enumerate(kinds):
        while True:
            hops, at = hops_from(kind, chance, chance.choice([1, 1, 2]))
            if at == (target or at):
                break
        target = at
        negated = number > 0 and chance.random() < 0.3
        constraints.append(Constraint(chance.choice(CURIES[kind]), hops, negated))
    union = len(constraints) > 1 and chance.random() < 0.3
    plan = FindPlan(Intent.TREATMENTS, (target,), tuple(constraints), tuple(kinds), union)
    return (widened(plan) or plan) if chance.random() < 0.5 else plan


def check_plan(chance: random.Random) -> CheckPlan:
    kind = chance.choice(KINDS)
    predicate, direction, to = chance.choice(list(_ways_from(kind)))
    if direction is Direction.IN:
        kind, to = to, kind
    denied = (CONTRAINDICATED_IN,) if predicate == TREATS and kind in (DRUG, DRUG_CLASS) else ()
    if chance.random() < 0.2:
        kind = to = chance.choice([DISEASE, DRUG_CLASS])
        predicate, denied = SUBCLASS_OF, ()
    subject, object_ = chance.choice(CURIES[kind]), chance.choice(CURIES[to])
    return CheckPlan(
        subject,
        object_,
        (predicate,),
        kind,
        to,
        denied_by=denied,
        polarity=chance.choice(list(Polarity)),
        widened=predicate in WIDENING and chance.random() < 0.6,
    )


def generated_plans(count: int) -> list[Plan]:
    chance = random.Random(17)
    plans: list[Plan] = []
    while len(plans) < count:
        match chance.randrange(8):
            case 0 | 1 | 2 | 3:
                plans.append(find_plan(chance))
            case 4 | 5:
                plans.append(check_plan(chance))
            case 6:
                drugs = chance.sample(CURIES[DRUG], chance.randint(2, 4))
                plans.append(AmongPlan(tuple(drugs), (DRUG,) * len(drugs), (INTERACTS_WITH,)))
            case _:
                kind = chance.choice(KINDS)
                plans.append(DescribePlan(chance.choice(CURIES[kind]), kind))
    return plans


# -- the same edges ------------------------------------------------------------------------


def of_executor(found: Retrieval) -> set[Row]:
    """Edges the plan stands on; what merely denies a result it found is no part of the plan."""
    edges = list(found.supporting)
    if isinstance(found.plan, CheckPlan):
        edges += found.denying
    return {(e.subject, e.predicate, e.object, e.polarity.value) for e in edges}


def of_cypher(rows: list[dict[str, Any]]) -> set[Row]:
    return {
        (r["subject"], PREDICATE_BY_LABEL[r["predicate"]].curie, r["object"], r["polarity"])
        for r in rows
        if r["predicate"] is not None
    }


def test_200_plans(
    graph: NetworkxStore, neo4j_store: Neo4jStore, cypher: Callable[..., list[dict[str, Any]]]
) -> None:
    neo4j_store.add_concepts(graph.concepts())
    assert neo4j_store.add_edges(graph.edges()).total == 0
    answered = 0
    for plan in generated_plans(PLANS):
        found = execute(plan, graph)
        assert execute(plan, neo4j_store) == found, plan
        query = to_cypher(found.plan)
        rows = cypher(query.text)
        assert of_cypher(rows) == of_executor(found), f"{found.plan}\n{query.text}"
        assert cypher(query.query, **query.parameters) == rows
        answered += bool(rows)
    assert answered > PLANS / 3, "many plans should find something"


def test_the_plans_are_of_every_shape() -> None:
    plans = generated_plans(PLANS)
    finds = [p for p in plans if isinstance(p, FindPlan)]
    assert {type(p) for p in plans} == {FindPlan, CheckPlan, AmongPlan, DescribePlan}
    assert any(p.union for p in finds)
    assert any(c.negated for p in finds for c in p.constraints)
    assert any(h.expansion for p in finds for c in p.constraints for h in c.hops)
    assert {p.widened for p in plans if isinstance(p, CheckPlan)} == {True, False}
    assert all(kind in CLASSES for kind in KINDS)
