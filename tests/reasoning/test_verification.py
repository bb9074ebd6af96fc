"""The verifier catches what the graph does not hold."""

from __future__ import annotations

from dataclasses import replace

import pytest

from kg.errors import VerificationError
from kg.networkx_store import NetworkxStore
from kg.records import Edge, Evidence, Polarity, Provenance
from kg.schema import CONTRAINDICATED_IN, DISEASE, DRUG, HAS_PHENOTYPE, PHENOTYPE, TREATS
from kg.store import Direction
from reasoning.answer import Answer, Outcome
from reasoning.plan import CheckPlan, Constraint, FindPlan, Hop, Intent, Plan
from reasoning.retrieval import execute
from reasoning.script import script
from reasoning.sentence_frames import load_frames
from reasoning.verbalization import word
from reasoning.verification import Status, text_language, verify_answer, verify_text

TREATED_BY = Hop((TREATS,), Direction.IN, (DRUG,))
TREATMENTS = FindPlan(
    Intent.TREATMENTS, (DRUG,), (Constraint("DOID:6364", (TREATED_BY,)),), (DISEASE,)
)
SYMPTOMS = FindPlan(
    Intent.SYMPTOMS,
    (PHENOTYPE,),
    (Constraint("DOID:6364", (Hop((HAS_PHENOTYPE,), Direction.OUT, (PHENOTYPE,)),)),),
    (DISEASE,),
)


def check(subject: str, object_: str, *, polarity: Polarity = Polarity.POSITIVE) -> CheckPlan:
    return CheckPlan(subject, object_, (TREATS,), DRUG, DISEASE, (CONTRAINDICATED_IN,), polarity)


HARMFUL = check("DRUGBANK:DB00571", "DOID:2841")
HELPFUL = check("DRUGBANK:DB00571", "DOID:6364")


def answered(plan: Plan, store: NetworkxStore, language: str = "en") -> Answer:
    retrieval = execute(plan, store)
    told = script(retrieval, store, language=language)
    wording = word(told, store, load_frames(language))
    return Answer(
        "?",
        language,
        wording.text,
        retrieval.outcome,
        claims=wording.claims,
        plan=retrieval.plan,
        subgraph=retrieval.subgraph,
    )


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("plan", [TREATMENTS, SYMPTOMS, HARMFUL, HELPFUL])
def test_an_honest_answer_passes(plan: Plan, language: str, small_graph: NetworkxStore) -> None:
    answer = answered(plan, small_graph, language)
    verification = verify_answer(answer, small_graph)
    assert verification.status is Status.SUPPORTED
    told = {c.edge.triple for c in verification.claims if c.edge}
    assert told <= {c.triple for c in answer.claims}
    assert told


TAMPERED = [
    (TREATMENTS, "en", "propranolol", "warfarin", Status.NOT_IN_GRAPH),
    (TREATMENTS, "en", "propranolol", "unobtainium", Status.NOT_IN_GRAPH),
    (TREATMENTS, "en", "migraine", "asthma", Status.CONTRADICTED),
    (TREATMENTS, "en", "(first line)", "(further line)", Status.NOT_IN_GRAPH),
    (TREATMENTS, "zh", "普萘洛尔", "华法林", Status.NOT_IN_GRAPH),
    (SYMPTOMS, "en", "Very frequent", "Occasional", Status.UNREADABLE),
    (SYMPTOMS, "en", "headache [1]", "fever [1]", Status.CONTRADICTED),
    (SYMPTOMS, "zh", "头痛[1]", "发热[1]", Status.CONTRADICTED),
    (HARMFUL, "en", "is contraindicated in", "is not contraindicated in", Status.CONTRADICTED),
    (HARMFUL, "en", "is contraindicated in", "treats", Status.CONTRADICTED),
    (HARMFUL, "zh", "禁用于", "可治疗", Status.CONTRADICTED),
    (HELPFUL, "en", "treats", "does not treat", Status.CONTRADICTED),
    (HELPFUL, "zh", "可治疗", "不能治疗", Status.CONTRADICTED),
    (HELPFUL, "en", "Yes: ", "Clearly, ", Status.UNREADABLE),
]


@pytest.mark.parametrize(("plan", "language", "old", "new", "status"), TAMPERED)
def test_a_tampered_text_is_caught(
    plan: Plan, language: str, old: str, new: str, status: Status, small_graph: NetworkxStore
) -> None:
    answer = answered(plan, small_graph, language)
    assert old in answer.text
    text = answer.text.replace(old, new, 1)
    verification = verify_text(text, small_graph, language=language)
    assert verification.status is status, verification.sentences
    with pytest.raises(VerificationError, match="fails verification"):
        verify_answer(replace(answer, text=text), small_graph)


@pytest.mark.parametrize(
    ("plan", "language", "old", "new"),
    [
        (HELPFUL, "en", "Yes", "No"),
        (HARMFUL, "en", "No", "Yes"),
        (HELPFUL, "zh", "是：", "否："),
        (HARMFUL, "zh", "否：", "是："),
    ],
)
def test_yes_and_no_cannot_be_exchanged(
    plan: Plan, language: str, old: str, new: str, small_graph: NetworkxStore
) -> None:
    answer = answered(plan, small_graph, language)
    text = answer.text.replace(old, new, 1)
    assert text != answer.text
    with pytest.raises(VerificationError, match="the text decides"):
        verify_answer(replace(answer, text=text), small_graph)
    other = Outcome.NO if answer.outcome is Outcome.YES else Outcome.YES
    with pytest.raises(VerificationError, match="by the graph the outcome is"):
        verify_answer(replace(answer, text=text, outcome=other), small_graph)


def test_an_exchanged_frequency_is_caught(small_graph: NetworkxStore) -> None:
    text = answered(SYMPTOMS, small_graph).text
    tampered = text.replace("Very frequent", "Constant").replace("80–99 %", "100 %")
    verification = verify_text(tampered, small_graph)
    assert verification.status is Status.NOT_IN_GRAPH
    assert "frequency HP:0040280" in verification.failures[0].problem


def test_an_absence_that_is_recorded_is_contradicted(small_graph: NetworkxStore) -> None:
    text = "The graph does not record whether propranolol treats migraine."
    assert verify_text(text, small_graph).status is Status.CONTRADICTED
    text = "No treatments for migraine are recorded here."
    assert verify_text(text, small_graph).status is Status.CONTRADICTED
    text = "The graph does not record whether warfarin treats migraine."
    assert verify_text(text, small_graph).status is Status.SUPPORTED


def test_a_count_beyond_the_graph_is_caught(small_graph: NetworkxStore) -> None:
    text = "Recorded treatments for migraine include propranolol [1] and {} more."
    assert verify_text(text.format(2), small_graph).status is Status.SUPPORTED
    assert verify_text(text.format(3), small_graph).status is Status.NOT_IN_GRAPH


def test_a_mark_must_cite_its_own_claim(small_graph: NetworkxStore) -> None:
    answer = answered(TREATMENTS, small_graph)
    swapped = answer.text.replace("[1]", "[x]").replace("[2]", "[1]").replace("[x]", "[2]")
    with pytest.raises(VerificationError, match=r"mark \[\d\] cites"):
        verify_answer(replace(answer, text=swapped), small_graph)
    with pytest.raises(VerificationError, match="cites nothing"):
        verify_answer(replace(answer, claims=answer.claims[:1]), small_graph)


def test_a_claim_without_an_edge_or_with_foreign_evidence_fails(
    small_graph: NetworkxStore,
) -> None:
    answer = answered(HELPFUL, small_graph)
    foreign = Evidence(Provenance("elsewhere"), record="none")
    invented = replace(answer.claims[0], edge=Edge(answer.claims[0].triple, (foreign,)))
    with pytest.raises(VerificationError, match="cites evidence"):
        verify_answer(replace(answer, claims=(invented,)), small_graph)


def test_a_wrong_quotation_is_caught(small_graph: NetworkxStore) -> None:
    good = (
        "It is recorded that warfarin interacts with aspirin (major) [1]. "
        "The advice recorded for [1] is: “avoid”."
    )
    assert verify_text(good, small_graph).status is Status.SUPPORTED
    bad = good.replace("“avoid”", "“no action needed”")
    assert verify_text(bad, small_graph).status is Status.NOT_IN_GRAPH
    mild = good.replace("(major)", "(minor)")
    assert verify_text(mild, small_graph).status is Status.NOT_IN_GRAPH


def test_a_fact_from_a_record_is_not_general_knowledge(small_graph: NetworkxStore) -> None:
    text = (
        "It is recorded that {} treats migraine [1]. "
        "What is marked [1] is general medical knowledge; no source was opened for it."
    )
    assert verify_text(text.format("aspirin"), small_graph).status is Status.SUPPORTED
    assert verify_text(text.format("propranolol"), small_graph).status is Status.NOT_IN_GRAPH


def test_free_text_is_unreadable_sentence_by_sentence(small_graph: NetworkxStore) -> None:
    text = "Take two of these. It is recorded that propranolol treats migraine [1]. Good luck!"
    verification = verify_text(text, small_graph)
    statuses = [s.status for s in verification.sentences]
    assert statuses == [Status.UNREADABLE, Status.SUPPORTED, Status.UNREADABLE]
    for sentence in verification.sentences:
        assert text[sentence.start : sentence.end] == sentence.text


@pytest.mark.parametrize(
    "text", ["", " ", "\n\n", "[1]" * 500, "is " * 5000, "。" * 100, "Yes: " * 300, "\0\x1b[31m"]
)
def test_hostile_texts_are_reported_not_raised(text: str, small_graph: NetworkxStore) -> None:
    verification = verify_text(text, small_graph)
    assert verification.status in (Status.NO_CLAIM, Status.UNREADABLE)
    assert not verification.claims


def test_a_list_of_unknown_names_without_end(small_graph: NetworkxStore) -> None:
    listed = ", ".join(f"x{n} [{n}]" for n in range(300))
    verification = verify_text(f"Recorded treatments for migraine include {listed}.", small_graph)
    assert verification.status is Status.UNREADABLE


def test_names_are_taken_exactly(small_graph: NetworkxStore) -> None:
    text = "It is recorded that Propranolol treats migraine [1]."
    assert verify_text(text, small_graph).status is Status.NOT_IN_GRAPH
    text = "It is recorded that Inderal treats migraine [1]."
    assert verify_text(text, small_graph).status is Status.SUPPORTED


def test_language_is_guessed() -> None:
    assert text_language("据记录，FBN1与马方综合征相关。") == "zh"
    assert text_language("The word 病 means illness.") == "en"
