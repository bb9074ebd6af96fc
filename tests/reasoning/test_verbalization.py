"""What is said of each kind of plan, and how."""

from __future__ import annotations

import pytest

from kg.networkx_store import NetworkxStore
from kg.records import Concept, Edge, Evidence, EvidenceKind, Name, Polarity, Provenance, Triple
from kg.schema import (
    CONTRAINDICATED_IN,
    DISEASE,
    DRUG,
    DRUG_CLASS,
    GENE,
    GENE_ASSOCIATED,
    HAS_PHENOTYPE,
    INTERACTS_WITH,
    MEMBER_OF,
    PHENOTYPE,
    TREATS,
)
from kg.store import Direction
from reasoning.answer import Outcome
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
from reasoning.retrieval import execute
from reasoning.script import script
from reasoning.sentence_frames import load_frames
from reasoning.sentence_grammar import readings
from reasoning.statements import edge_frequency
from reasoning.verbalization import Wording, first_reading, note_of, word
from reasoning.verification import Status, verify_text

OUT, IN = Direction.OUT, Direction.IN
SYMPTOM_OF = Hop((HAS_PHENOTYPE,), IN, (DISEASE,))
TREATED_BY = Hop((TREATS,), IN, (DRUG, DRUG_CLASS))
BARRED_IN = Hop((CONTRAINDICATED_IN,), IN, (DRUG, DRUG_CLASS))


def find(
    *anchors: tuple[str, str, Hop], negated: tuple[str, str, Hop] | None = None, union: bool = False
) -> FindPlan:
    constraints = [Constraint(curie, (hop,)) for curie, _, hop in anchors]
    categories = [category for _, category, _ in anchors]
    if negated:
        constraints.append(Constraint(negated[0], (negated[2],), negated=True))
        categories.append(negated[1])
    return FindPlan(
        Intent.TREATMENTS,
        anchors[0][2].categories,
        tuple(constraints),
        tuple(categories),
        union=union,
    )


def wording(
    plan: Plan,
    store: NetworkxStore,
    language: str = "en",
    named: int = 10,
    limit: int | None = None,
) -> Wording:
    retrieval = execute(plan, store)
    told = script(retrieval, store, language=language, named=named, limit=limit)
    worded = word(told, store, load_frames(language))
    assert verify_text(worded.text, store, language=language).status in (
        Status.SUPPORTED,
        Status.NO_CLAIM,
    )
    return worded


def text_of(plan: Plan, store: NetworkxStore, language: str = "en", named: int = 10) -> str:
    return wording(plan, store, language, named).text


def test_findings_asked_together_carry_a_mark_each(small_graph: NetworkxStore) -> None:
    plan = find(("HP:0002315", PHENOTYPE, SYMPTOM_OF), ("HP:0002018", PHENOTYPE, SYMPTOM_OF))
    assert text_of(plan, small_graph) == (
        "It is recorded that headache is a symptom or sign of migraine [1], "
        "and nausea is a symptom or sign of migraine [2]."
    )


def test_lists_under_several_anchors() -> None:
    source = Provenance("example")
    names = {"X:1": "flu", "X:2": "cold", "X:3": "fever", "X:4": "cough"}
    store = NetworkxStore(
        Concept(curie, DISEASE if curie < "X:3" else PHENOTYPE, (Name(name),))
        for curie, name in names.items()
    )
    store.add_edges(
        Edge(Triple(disease, HAS_PHENOTYPE, finding), (Evidence(source, record="r"),))
        for disease in ("X:1", "X:2")
        for finding in ("X:3", "X:4")
    )
    both = find(("X:3", PHENOTYPE, SYMPTOM_OF), ("X:4", PHENOTYPE, SYMPTOM_OF))
    assert text_of(both, store) == (
        "The conditions recorded with fever and cough include flu [1][2] and cold [3][4]."
    )
    assert "fever与cough" in text_of(both, store, "zh")
    either = find(("X:3", PHENOTYPE, SYMPTOM_OF), ("X:4", PHENOTYPE, SYMPTOM_OF), union=True)
    assert text_of(either, store).count("The conditions recorded with") == 2
    first_only = text_of(both, store, named=1)
    assert first_only.endswith("flu [1][2] and 1 more.")


def test_a_way_of_two_hops_is_told_hop_by_hop(small_graph: NetworkxStore) -> None:
    hops = (SYMPTOM_OF, Hop((GENE_ASSOCIATED,), IN, (GENE,)))
    plan = FindPlan(Intent.GENES, (GENE,), (Constraint("HP:0001083", hops),), (PHENOTYPE,))
    assert text_of(plan, small_graph) == (
        "It is recorded that ectopia lentis is a symptom or sign of Marfan syndrome [1]. "
        "It is recorded that the gene FBN1 is associated with Marfan syndrome [2]. "
        "What is marked [1] is general medical knowledge; no source was opened for it."
    )


def test_what_is_left_out_is_told_and_not_called_safe(small_graph: NetworkxStore) -> None:
    plan = find(("DOID:6364", DISEASE, TREATED_BY), negated=("DOID:2841", DISEASE, BARRED_IN))
    text = text_of(plan, small_graph)
    assert "propranolol" not in text
    assert "Whatever is recorded among drugs contraindicated in asthma is left out." in text
    assert "not thereby shown to be safe" in text


def test_nothing_found(small_graph: NetworkxStore) -> None:
    text = text_of(find(("DOID:14323", DISEASE, TREATED_BY)), small_graph)
    assert text == "No treatments for Marfan syndrome are recorded here. " + (
        "That does not mean that there are none."
    )
    text = text_of(find(("DOID:14323", DISEASE, BARRED_IN)), small_graph)
    assert "does not mean that it is safe" in text
    together = find(("DOID:14323", DISEASE, TREATED_BY), ("DOID:6364", DISEASE, TREATED_BY))
    assert text_of(together, small_graph).startswith("Nothing recorded here answers")


def test_kin_of_the_name_asked_are_told_as_such(small_graph: NetworkxStore) -> None:
    text = text_of(find(("DOID:2841", DISEASE, TREATED_BY)), small_graph)
    assert "salbutamol treats allergic asthma [1]" in text
    assert "allergic asthma is a kind of asthma [2]" in text
    assert "Under the very name asked about nothing is recorded" in text


def safety(subject: str, object_: str, predicate: str, category: str) -> CheckPlan:
    return CheckPlan(
        subject,
        object_,
        (predicate,),
        DRUG,
        category,
        polarity=Polarity.NEGATIVE,
        intent=Intent.SAFETY,
    )


def test_safety_is_never_affirmed(small_graph: NetworkxStore) -> None:
    plan = safety("DRUGBANK:DB00682", "DOID:2841", CONTRAINDICATED_IN, DISEASE)
    text = text_of(plan, small_graph)
    assert text.startswith("The graph does not record whether warfarin is contraindicated")
    assert "does not mean that it is safe" in text
    plan = safety("DRUGBANK:DB00571", "DOID:2841", CONTRAINDICATED_IN, DISEASE)
    assert text_of(plan, small_graph) == "No: propranolol is contraindicated in asthma [1]."


def test_a_recorded_absence_of_danger_is_told_and_not_called_safe() -> None:
    store = NetworkxStore(
        [Concept("X:1", DRUG, (Name("alpha"),)), Concept("X:2", DISEASE, (Name("beta"),))]
    )
    evidence = (Evidence(Provenance("example"), record="r"),)
    triple = Triple("X:1", CONTRAINDICATED_IN, "X:2")
    store.add_edges([Edge(triple, evidence, Polarity.NEGATIVE)])
    plan = safety("X:1", "X:2", CONTRAINDICATED_IN, DISEASE)
    assert execute(plan, store).outcome is Outcome.NOT_RECORDED
    text = text_of(plan, store)
    assert "alpha is not contraindicated in beta [1]" in text
    assert "does not mean that it is safe" in text


def test_a_caution_is_neither_a_contraindication_nor_safety() -> None:
    store = NetworkxStore(
        [Concept("X:1", DRUG, (Name("alpha"),)), Concept("X:2", DISEASE, (Name("beta"),))]
    )
    caution = Evidence(Provenance("example"), record="r", qualifiers=(("strength", "caution"),))
    store.add_edges([Edge(Triple("X:1", CONTRAINDICATED_IN, "X:2"), (caution,))])
    asked = CheckPlan("X:1", "X:2", (CONTRAINDICATED_IN,), DRUG, DISEASE)
    assert execute(asked, store).outcome is Outcome.NOT_RECORDED
    assert text_of(asked, store) == (
        "It is recorded that alpha should be used in beta only with caution [1]. "
        "That is a caution, not a contraindication; it does not mean that it is safe."
    )
    safe = safety("X:1", "X:2", CONTRAINDICATED_IN, DISEASE)
    assert text_of(safe, store) == "No: alpha should be used in beta only with caution [1]."
    assert text_of(safe, store, "zh") == "否：alpha用于beta时须慎用[1]。"
    firm = Evidence(Provenance("other"), record="r", qualifiers=(("strength", "contraindicated"),))
    store.add_edges([Edge(Triple("X:1", CONTRAINDICATED_IN, "X:2"), (firm,))])
    assert text_of(asked, store) == "Yes: alpha is contraindicated in beta [1]."
    claimed = "It is recorded that alpha should be used in beta only with caution [1]."
    assert verify_text(claimed, store).status is Status.SUPPORTED


def test_a_check_through_a_class_tells_the_chain(small_graph: NetworkxStore) -> None:
    plan = CheckPlan("DRUGBANK:DB00945", "DOID:2841", (CONTRAINDICATED_IN,), DRUG, DISEASE)
    assert text_of(plan, small_graph) == (
        "Yes: NSAIDs is contraindicated in asthma [1], "
        "and aspirin belongs to the class NSAIDs [2]. "
        "Under the very name asked about nothing is recorded; this is recorded under narrower or "
        "wider terms."
    )


def test_several_drugs_together(small_graph: NetworkxStore) -> None:
    plan = AmongPlan(
        ("DRUGBANK:DB00571", "DRUGBANK:DB00945", "DRUGBANK:DB00682"), (DRUG,) * 3, (INTERACTS_WITH,)
    )
    text = text_of(plan, small_graph)
    assert "warfarin interacts with aspirin (major) [1]" in text
    assert text.count("does not record whether") == 2
    assert "does not mean that it is safe" in text


def test_descriptions(small_graph: NetworkxStore) -> None:
    plan = DescribePlan("DRUGBANK:DB00571", DRUG, Intent.NAMES)
    assert text_of(plan, small_graph) == (
        "Other names recorded for propranolol are 普萘洛尔 and Inderal."
    )
    plan = DescribePlan("HGNC:3603", GENE, Intent.NAMES)
    assert text_of(plan, small_graph).startswith("Nothing recorded here")
    plan = DescribePlan("HGNC:3603", GENE)
    assert text_of(plan, small_graph) == "No definition of FBN1 is recorded here."
    plan = DescribePlan("DRUGBANK:DB00669", DRUG)
    assert "sumatriptan belongs to the class triptans [1]" in text_of(plan, small_graph)


@pytest.mark.parametrize(
    ("asked", "start"),
    [
        ("", "The identifiers recorded for Marfan syndrome are DOID:14323."),
        ("DOID:14323", "Yes: the identifiers recorded for Marfan syndrome include DOID:14323."),
        ("DOID:1", "No: the identifiers recorded for Marfan syndrome are DOID:14323."),
        ("OMIM:1", "No identifier of that kind is recorded for Marfan syndrome."),
    ],
)
def test_identifiers(asked: str, start: str, small_graph: NetworkxStore) -> None:
    plan = DescribePlan("DOID:14323", DISEASE, Intent.IDENTIFIER, asked)
    assert text_of(plan, small_graph).startswith(start)


def test_ten_are_named_and_the_rest_counted() -> None:
    source = Provenance("example")
    concepts = [Concept("X:0", DISEASE, (Name("flu"),))]
    concepts += [Concept(f"X:{n}", DRUG, (Name(f"drug {n}"),)) for n in range(1, 34)]
    store = NetworkxStore(concepts)
    store.add_edges(
        Edge(Triple(f"X:{n}", TREATS, "X:0"), (Evidence(source, EvidenceKind.CURATOR, record="r"),))
        for n in range(1, 34)
    )
    plan = find(("X:0", DISEASE, TREATED_BY))
    worded = wording(plan, store)
    assert "[10] and 23 more." in worded.text
    assert "[11]" not in worded.text
    assert len(worded.claims) == 33
    assert len(wording(plan, store, limit=12).claims) == 12
    assert "All of this is general medical knowledge" in worded.text
    assert "另外23项" in text_of(plan, store, "zh")


def test_every_reading_of_an_answer_verifies(small_graph: NetworkxStore) -> None:
    plan = find(("DOID:6364", DISEASE, Hop((HAS_PHENOTYPE,), OUT, (PHENOTYPE,))))
    for language in ("en", "zh"):
        worded = wording(plan, small_graph, language, named=3)
        texts = [text for text, _ in readings(worded.grammar)]
        assert worded.text == texts[0] == first_reading(worded.grammar)
        assert len(set(texts)) == len(texts) > 10
        for text in texts:
            assert verify_text(text, small_graph, language=language).status is Status.SUPPORTED


def test_frequency_of_an_edge(small_graph: NetworkxStore) -> None:
    stated = {e.object: edge_frequency(e) for e in small_graph.neighbours("DOID:6364")}
    assert stated["HP:0002315"] == "HP:0040281"
    assert stated["HP:0002018"] == "HP:0040282"
    assert stated["HP:0002321"] == ""


def test_a_warning_sign_is_noted_only_behind_the_symptom() -> None:
    evidence = Evidence(Provenance("example"), record="r", qualifiers=(("role", "red_flag"),))
    edge = Edge(Triple("X:1", HAS_PHENOTYPE, "X:2"), (evidence,))
    frames = load_frames("en")
    assert note_of(edge, frames, behind="X:2") == ("role", "red_flag")
    assert note_of(edge, frames, behind="X:1") is None
    assert note_of(edge, frames) is None


def test_the_gravest_severity_is_noted(small_graph: NetworkxStore) -> None:
    evidence = Evidence(
        Provenance("example"), record="r", qualifiers=(("severity", "minor"), ("severity", "major"))
    )
    edge = Edge(Triple("X:1", INTERACTS_WITH, "X:2"), (evidence,))
    assert note_of(edge, load_frames("en")) == ("severity", "major")
    plain = small_graph.edge(Triple("DRUGBANK:DB00945", MEMBER_OF, "X:NSAID"))
    assert plain is not None
    assert note_of(plain, load_frames("en")) is None
