"""Plans executed: outcomes, widening, ranking, restriction of the evidence."""

from __future__ import annotations

import pytest

from kg.networkx_store import NetworkxStore
from kg.records import Concept, Edge, Evidence, EvidenceKind, Name, Polarity, Provenance, Triple
from kg.schema import (
    CONTRAINDICATED_IN,
    DISEASE,
    DRUG,
    DRUG_CLASS,
    HAS_PHENOTYPE,
    INTERACTS_WITH,
    PATIENT_GROUP,
    PHENOTYPE,
    SUBCLASS_OF,
    TREATS,
)
from kg.store import Direction, EdgeFilter
from reasoning.answer import Outcome
from reasoning.frequency import frequency, midpoint, only_caution, weight
from reasoning.plan import (
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
from reasoning.widening import expansion, widened

TREATED = Hop((TREATS,), Direction.IN, (DRUG, DRUG_CLASS))
SHOWS = Hop((HAS_PHENOTYPE,), Direction.OUT, (DISEASE, PHENOTYPE))
SHOWN = Hop((HAS_PHENOTYPE,), Direction.IN, (DISEASE,))


def treating(*diseases: str, union: bool = False) -> FindPlan:
    constraints = tuple(Constraint(d, (TREATED,)) for d in diseases)
    return FindPlan(
        Intent.TREATMENTS, (DRUG, DRUG_CLASS), constraints, (DISEASE,) * len(diseases), union
    )


def showing(disease: str) -> FindPlan:
    found = Constraint(disease, (SHOWS,))
    return FindPlan(Intent.SYMPTOMS, (DISEASE, PHENOTYPE), (found,), (DISEASE,))


def check(subject: str, predicate: str, object_: str, classes: tuple[str, str]) -> CheckPlan:
    return CheckPlan(f"T:{subject}", f"T:{object_}", (predicate,), *classes)


def concepts(found: Retrieval) -> list[str]:
    return [m.concept for m in found.matches]


def test_all_constraints_must_hold_or_any(medicine: NetworkxStore) -> None:
    both = execute(treating("T:migraine", "T:hypertension"), medicine)
    assert concepts(both) == ["T:propranolol"]
    assert {e.object for e in both.matches[0].edges} == {"T:migraine", "T:hypertension"}
    either = execute(treating("T:migraine", "T:hypertension", union=True), medicine)
    assert concepts(either)[0] == "T:propranolol"
    assert len(either.matches) == 5


def test_the_best_comes_first_and_the_limit_only_cuts(medicine: NetworkxStore) -> None:
    every = execute(treating("T:migraine"), medicine)
    assert concepts(every)[0] == "T:sumatriptan"
    assert [m.score for m in every.matches] == sorted(
        (m.score for m in every.matches), reverse=True
    )
    first = execute(treating("T:migraine"), medicine, limit=1)
    assert concepts(first) == concepts(every)[:1]
    assert first.total == every.total == 3
    assert {e.subject for e in first.subgraph} == {"T:sumatriptan"}


def test_frequent_findings_come_first(medicine: NetworkxStore) -> None:
    found = execute(showing("T:migraine"), medicine)
    assert concepts(found) == ["T:headache", "T:photophobia", "T:nausea"]


def test_a_plan_that_finds_nothing_takes_in_subclasses(medicine: NetworkxStore) -> None:
    narrow = treating("T:diabetes")
    found = execute(narrow, medicine)
    assert found.outcome is Outcome.ANSWERED
    assert found.plan == widened(narrow)
    assert found.via_subclass
    assert found.matches[0].via_subclass
    assert [e.predicate for e in found.matches[0].edges] == [SUBCLASS_OF, TREATS]
    assert execute(narrow, medicine, widen=False).outcome is Outcome.NOT_RECORDED
    assert execute(treating("T:migraine"), medicine).plan == treating("T:migraine")


def test_negated_constraints_exclude(medicine: NetworkxStore) -> None:
    finding = (Constraint("T:fever", (SHOWN,)), Constraint("T:rash", (SHOWN,), negated=True))
    plan = FindPlan(Intent.DISEASES_WITH_FINDINGS, (DISEASE,), finding, (PHENOTYPE,) * 2)
    assert set(concepts(execute(plan, medicine))) == {"T:influenza", "T:pneumonia"}


def test_two_hops_keep_the_way(medicine: NetworkxStore) -> None:
    hops = (SHOWN, TREATED)
    plan = FindPlan(
        Intent.TREATMENTS,
        (DRUG, DRUG_CLASS),
        (Constraint("T:chest-pain", hops),),
        (PHENOTYPE,),
    )
    (match,) = execute(plan, medicine).matches
    assert match.concept == "T:aspirin"
    assert [(e.subject, e.object) for e in match.edges] == [
        ("T:mi", "T:chest-pain"),
        ("T:aspirin", "T:mi"),
    ]


def test_an_anchor_is_not_its_own_answer(medicine: NetworkxStore) -> None:
    plan = FindPlan(
        Intent.SIMILAR, (DISEASE,), (Constraint("T:influenza", (SHOWS, SHOWN)),), (DISEASE,)
    )
    found = concepts(execute(plan, medicine))
    assert "T:influenza" not in found
    assert "T:measles" in found


def test_recorded_contradictions_are_shown(medicine: NetworkxStore) -> None:
    found = execute(treating("T:gout"), medicine)
    (match,) = found.matches
    assert [e.polarity for e in match.opposing] == [Polarity.NEGATIVE]
    assert found.denying == match.opposing


@pytest.mark.parametrize(
    ("subject", "predicate", "object_", "classes", "outcome", "via"),
    [
        ("aspirin", TREATS, "migraine", (DRUG, DISEASE), "yes", False),
        ("warfarin", TREATS, "migraine", (DRUG, DISEASE), "no", False),
        ("aspirin", TREATS, "gout", (DRUG, DISEASE), "conflicting", False),
        ("metformin", TREATS, "asthma", (DRUG, DISEASE), "not_recorded", False),
        ("metformin", TREATS, "diabetes", (DRUG, DISEASE), "yes", True),
        ("beta-blockers", TREATS, "hypertension", (DRUG_CLASS, DISEASE), "yes", True),
        ("metformin", TREATS, "type2", (DRUG, DISEASE), "yes", False),
        ("asthma", HAS_PHENOTYPE, "cough", (DISEASE, PHENOTYPE), "yes", True),
        ("propranolol", CONTRAINDICATED_IN, "allergic-asthma", (DRUG, DISEASE), "yes", True),
        (
            "metformin",
            CONTRAINDICATED_IN,
            "pregnancy",
            (DRUG, PATIENT_GROUP),
            "not_recorded",
            False,
        ),
        ("ibuprofen", INTERACTS_WITH, "warfarin", (DRUG, DRUG), "yes", True),
        ("warfarin", INTERACTS_WITH, "clopidogrel", (DRUG, DRUG), "yes", False),
        ("allergic-asthma", SUBCLASS_OF, "respiratory-disease", (DISEASE, DISEASE), "yes", False),
        ("respiratory-disease", SUBCLASS_OF, "asthma", (DISEASE, DISEASE), "not_recorded", False),
    ],
)
def test_checks(
    medicine: NetworkxStore,
    subject: str,
    predicate: str,
    object_: str,
    classes: tuple[str, str],
    outcome: str,
    via: bool,
) -> None:
    found = execute(check(subject, predicate, object_, classes), medicine)
    assert found.outcome == outcome
    assert found.via_subclass is via
    if outcome != "not_recorded":
        assert found.supporting or found.denying
    assert set(found.subgraph) == {*found.supporting, *found.denying}


def test_treating_one_kind_does_not_treat_every_kind(medicine: NetworkxStore) -> None:
    plan = check("metformin", TREATS, "type2", (DRUG, DISEASE))
    assert execute(plan, medicine).outcome is Outcome.YES
    upwards = check("salbutamol", TREATS, "allergic-asthma", (DRUG, DISEASE))
    assert execute(upwards, medicine).outcome is Outcome.NOT_RECORDED


@pytest.mark.parametrize(
    ("polarity", "drug", "outcome"),
    [
        (Polarity.POSITIVE, "aspirin", "yes"),
        (Polarity.NEGATIVE, "aspirin", "no"),
        (Polarity.POSITIVE, "warfarin", "no"),
        (Polarity.NEGATIVE, "warfarin", "yes"),
        (Polarity.NEGATIVE, "metformin", "not_recorded"),
    ],
)
def test_a_negated_statement_is_turned_round(
    medicine: NetworkxStore, polarity: Polarity, drug: str, outcome: str
) -> None:
    plan = CheckPlan(f"T:{drug}", "T:migraine", (TREATS,), DRUG, DISEASE, polarity=polarity)
    assert execute(plan, medicine).outcome == outcome


def test_recorded_harm_denies_treatment(medicine: NetworkxStore) -> None:
    plan = CheckPlan(
        "T:propranolol", "T:asthma", (TREATS,), DRUG, DISEASE, denied_by=(CONTRAINDICATED_IN,)
    )
    found = execute(plan, medicine)
    assert found.outcome is Outcome.NO
    assert found.via_subclass
    assert found.denying[-1].predicate == CONTRAINDICATED_IN or any(
        e.predicate == CONTRAINDICATED_IN for e in found.denying
    )


def test_caution_is_no_denial_of_treatment(medicine: NetworkxStore) -> None:
    plan = CheckPlan(
        "T:metformin",
        "T:pregnancy",
        (CONTRAINDICATED_IN,),
        DRUG,
        PATIENT_GROUP,
        polarity=Polarity.NEGATIVE,
        intent=Intent.SAFETY,
    )
    assert execute(plan, medicine).outcome is Outcome.NO
    found = execute(
        check("metformin", CONTRAINDICATED_IN, "pregnancy", (DRUG, PATIENT_GROUP)), medicine
    )
    assert found.outcome is Outcome.NOT_RECORDED
    assert only_caution(found.supporting[0])


def test_nothing_recorded_is_never_safe(medicine: NetworkxStore) -> None:
    for polarity in Polarity:
        plan = CheckPlan(
            "T:salbutamol",
            "T:pregnancy",
            (CONTRAINDICATED_IN,),
            DRUG,
            PATIENT_GROUP,
            polarity=polarity,
            intent=Intent.SAFETY,
        )
        assert execute(plan, medicine).outcome is Outcome.NOT_RECORDED


def test_a_recorded_absence_of_harm_is_not_safe_either() -> None:
    store = NetworkxStore([named("X:1", DRUG), named("X:2", DISEASE)])
    store.add_edges([edge("X:1", CONTRAINDICATED_IN, "X:2", polarity=Polarity.NEGATIVE)])
    plan = CheckPlan(
        "X:1",
        "X:2",
        (CONTRAINDICATED_IN,),
        DRUG,
        DISEASE,
        polarity=Polarity.NEGATIVE,
        intent=Intent.SAFETY,
    )
    assert execute(plan, store).outcome is Outcome.NOT_RECORDED


def test_among(medicine: NetworkxStore) -> None:
    plan = AmongPlan(("T:warfarin", "T:ibuprofen", "T:clopidogrel"), (DRUG,) * 3, (INTERACTS_WITH,))
    found = execute(plan, medicine)
    assert found.outcome is Outcome.ANSWERED
    assert found.total == 2
    assert found.via_subclass
    none = AmongPlan(("T:metformin", "T:salbutamol"), (DRUG,) * 2, (INTERACTS_WITH,))
    assert execute(none, medicine).outcome is Outcome.NOT_RECORDED


def test_describe(medicine: NetworkxStore) -> None:
    found = execute(DescribePlan("T:asthma", DISEASE), medicine)
    assert found.outcome is Outcome.ANSWERED
    assert found.definitions[0].text == "A disease of the airways."
    assert [e.object for e in found.supporting] == ["T:respiratory-disease"]
    names = execute(DescribePlan("T:ibuprofen", DRUG, Intent.NAMES), medicine).names
    assert "Advil" in [n.text for n in names]
    assert execute(DescribePlan("T:gout", DISEASE), medicine).outcome is Outcome.NOT_RECORDED


@pytest.mark.parametrize(
    ("identifier", "polarity", "outcome"),
    [
        ("DOID:2841", Polarity.POSITIVE, "yes"),
        ("doid:2841", Polarity.POSITIVE, "yes"),
        ("DOID:1", Polarity.POSITIVE, "no"),
        ("DOID:1", Polarity.NEGATIVE, "yes"),
        ("DOID:2841", Polarity.NEGATIVE, "no"),
        ("OMIM:1", Polarity.POSITIVE, "not_recorded"),
    ],
)
def test_identifiers(
    medicine: NetworkxStore, identifier: str, polarity: Polarity, outcome: str
) -> None:
    plan = DescribePlan("T:asthma", DISEASE, Intent.IDENTIFIER, identifier, polarity)
    found = execute(plan, medicine)
    assert found.outcome == outcome
    assert found.identifiers == ("T:asthma", "DOID:2841", "MESH:D001249")


@pytest.mark.parametrize(
    "plan",
    [
        treating("X:nowhere"),
        check("nowhere", TREATS, "asthma", (DRUG, DISEASE)),
        check("nowhere", SUBCLASS_OF, "asthma", (DISEASE, DISEASE)),
        DescribePlan("X:nowhere", DISEASE),
    ],
)
def test_an_unknown_concept_has_nothing_recorded(
    medicine: NetworkxStore, plan: FindPlan | CheckPlan | DescribePlan
) -> None:
    assert execute(plan, medicine).outcome is Outcome.NOT_RECORDED


def test_evidence_can_be_restricted() -> None:
    store = NetworkxStore([named("X:1", DRUG), named("X:2", DISEASE)])
    store.add_edges([edge("X:1", TREATS, "X:2", source="one")])
    plan = treating("X:2")
    assert execute(plan, store, edge_filter=EdgeFilter(sources=frozenset({"one"}))).total == 1
    other = EdgeFilter(sources=frozenset({"two"}))
    assert execute(plan, store, edge_filter=other).outcome is Outcome.NOT_RECORDED
    asked = CheckPlan("X:1", "X:2", (TREATS,), DRUG, DISEASE)
    assert execute(asked, store, edge_filter=other).outcome is Outcome.NOT_RECORDED
    assert execute(asked, store).outcome is Outcome.YES


def named(curie: str, category: str) -> Concept:
    return Concept(curie, category, (Name(curie.lower(), "en", "preferred"),))


def edge(
    subject: str,
    predicate: str,
    object_: str,
    *,
    polarity: Polarity = Polarity.POSITIVE,
    source: str = "s",
    qualifiers: tuple[tuple[str, str], ...] = (),
    kind: EvidenceKind = EvidenceKind.RECORD,
    confidence: float = 0.5,
) -> Edge:
    evidence = Evidence(
        Provenance(source), kind, record="r", confidence=confidence, qualifiers=qualifiers
    )
    return Edge(Triple(subject, predicate, object_), (evidence,), polarity)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("HP:0040280", 1.0),
        ("HP:0040285", 0.0),
        ("common", 0.545),
        ("Very common", 0.895),
        ("3/4", 0.75),
        ("0/0", None),
        ("12.5%", 0.125),
        ("5-10%", 0.075),
        ("5%–10%", 0.075),
        ("often", None),
    ],
)
def test_frequencies(text: str, value: float | None) -> None:
    assert midpoint(text) == value


def test_weights() -> None:
    plain = edge("X:1", TREATS, "X:2")
    assert frequency(plain) == 0.5
    often = edge("X:1", TREATS, "X:2", qualifiers=(("frequency", "90%"),))
    first = edge("X:1", TREATS, "X:2", qualifiers=(("line", "first"),))
    further = edge("X:1", TREATS, "X:2", qualifiers=(("line", "further"),))
    curated = edge("X:1", TREATS, "X:2", kind=EvidenceKind.CURATOR)
    assert weight(often) > weight(plain)
    assert weight(first) > weight(further) > weight(plain)
    assert weight(curated) > weight(plain)
    never = edge("X:1", TREATS, "X:2", qualifiers=(("frequency", "0%"),))
    assert 0 < weight(never) < weight(plain)


def test_expansions_stay_in_the_class() -> None:
    assert expansion(DRUG, Direction.IN).categories == (DRUG, DRUG_CLASS)
    assert expansion(DISEASE, Direction.OUT).predicates == (SUBCLASS_OF,)
    assert expansion(DISEASE, Direction.OUT).expansion


def test_circular_classes_end() -> None:
    store = NetworkxStore([named("X:1", DISEASE), named("X:2", DISEASE), named("X:3", PHENOTYPE)])
    store.add_edges(
        [
            edge("X:1", SUBCLASS_OF, "X:2"),
            edge("X:2", SUBCLASS_OF, "X:1"),
            edge("X:2", HAS_PHENOTYPE, "X:3"),
        ]
    )
    found = execute(showing("X:1"), store)
    assert concepts(found) == ["X:3"]
    asked = CheckPlan("X:1", "X:3", (SUBCLASS_OF,), DISEASE, PHENOTYPE)
    assert execute(asked, store).outcome is Outcome.NOT_RECORDED


def test_every_store_gives_the_same(
    medicine: NetworkxStore, tmp_path_factory: pytest.TempPathFactory
) -> None:
    from kg.saved import open_graph, save_graph

    folder = tmp_path_factory.mktemp("graph") / "medicine"
    save_graph(medicine, folder)
    saved = open_graph(folder)
    plans: list[Plan] = [
        treating("T:migraine"),
        treating("T:diabetes"),
        treating("T:migraine", "T:hypertension", union=True),
        showing("T:influenza"),
        check("ibuprofen", INTERACTS_WITH, "warfarin", (DRUG, DRUG)),
        check("aspirin", TREATS, "gout", (DRUG, DISEASE)),
        DescribePlan("T:asthma", DISEASE),
    ]
    for plan in plans:
        assert execute(plan, saved) == execute(plan, medicine)
