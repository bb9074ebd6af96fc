"""Answers for patients: the same claims in plainer words, read back by the same verifier."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bench.fake_models import RandomModel
from kg.errors import UsageError, VerificationError
from kg.networkx_store import NetworkxStore
from kg.records import Concept, Edge, Evidence, EvidenceKind, Name, Polarity, Provenance, Triple
from kg.schema import CONTRAINDICATED_IN, DISEASE, DRUG, HAS_PHENOTYPE, PHENOTYPE, TREATS
from kg.store import Direction
from nlp.linker import StoreLinker
from reasoning.answer import Answer, Outcome
from reasoning.engine import Engine, EngineSettings
from reasoning.free_verification import verify_free
from reasoning.lay_names import LayNames
from reasoning.sentence_frames import LANGUAGES, Kind, Relation, load_frames
from reasoning.short_sentences import in_short_sentences
from reasoning.statements import Fact, Script, Statement
from reasoning.verification import Status, verify_answer, verify_text

SOURCE = Provenance("example", licence="CC0-1.0")
QUESTIONS = (
    "What are the symptoms of hypertension?",
    "Which drugs treat hypertension?",
    "Does ramipril treat hypertension?",
    "Does ramipril treat migraine?",
    "Is ramipril contraindicated in pruritus?",
    "What are the contraindications of ramipril?",
    "What is ramipril used for?",
    "What does xyzzyitis cause?",
    "What is hypertension?",
    "高血压有哪些症状？",
    "雷米普利能治疗高血压吗？",
    "雷米普利能治疗偏头痛吗？",
)


def concept(curie: str, category: str, name: str, chinese: str, *lay: str) -> Concept:
    others = tuple(Name(text, "en", "lay") for text in lay)
    names = (Name(name, "en", "preferred"), Name(chinese, "zh", "preferred"), *others)
    return Concept(curie, category, names)


@pytest.fixture(scope="module")
def store() -> NetworkxStore:
    built = NetworkxStore(
        [
            concept("DOID:1", DISEASE, "hypertension", "高血压", "high blood pressure", "tension"),
            concept("DOID:2", DISEASE, "migraine", "偏头痛"),
            concept("DRUGBANK:1", DRUG, "ramipril", "雷米普利"),
            concept("HP:1", PHENOTYPE, "epistaxis", "鼻出血", "nosebleed"),
            concept("HP:2", PHENOTYPE, "pruritus", "瘙痒", "skin trouble"),
            concept("HP:3", PHENOTYPE, "erythema", "红斑", "skin trouble"),
            concept("HP:4", PHENOTYPE, "arachnodactyly", "蜘蛛指", "long slender fingers"),
            concept("HP:5", PHENOTYPE, "cough", "咳嗽", "bark"),
        ]
    )

    def edge(subject: str, predicate: str, object_: str, *, often: str = "") -> Edge:
        said = (("frequency", often),) if often else ()
        curated = EvidenceKind.CURATOR if object_ == "HP:4" else EvidenceKind.RECORD
        evidence = Evidence(SOURCE, curated, record="r", qualifiers=said)
        return Edge(Triple(subject, predicate, object_), (evidence,))

    edges = [
        edge("DRUGBANK:1", TREATS, "DOID:1"),
        edge("DRUGBANK:1", CONTRAINDICATED_IN, "HP:2"),
        *(edge("DOID:1", HAS_PHENOTYPE, f"HP:{n}", often="HP:0040281") for n in (1, 2, 3, 5)),
        edge("DOID:1", HAS_PHENOTYPE, "HP:4", often="HP:0040283"),
    ]
    assert built.add_edges(edges).total == 0
    return built


def engine(store: NetworkxStore, model: RandomModel | None = None) -> Engine:
    return Engine(store, linker=StoreLinker(store), language_model=model)


@pytest.mark.parametrize("question", QUESTIONS)
def test_a_patient_is_told_the_same_claims(question: str, store: NetworkxStore) -> None:
    clinical, plain = (engine(store).ask(question, reader=r) for r in ("clinician", "patient"))
    assert plain.reader == "patient"
    assert plain.text != clinical.text
    assert replace(plain, text="", reader="", notice="", timings={}) == replace(
        clinical, text="", reader="", notice="", timings={}
    )


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("question", QUESTIONS)
def test_any_model_words_it_for_patients_within_the_graph(
    question: str, seed: int, store: NetworkxStore
) -> None:
    model = RandomModel(seed)
    answer = engine(store, model).ask(question, reader="patient")  # raises where it does not verify
    assert [c.edge.key for c in answer.claims] == [
        c.edge.key for c in engine(store).ask(question).claims
    ]


def test_the_lay_name_comes_with_the_clinical_one_once(store: NetworkxStore) -> None:
    text = engine(store).ask("What are the symptoms of hypertension?", reader="patient").text
    assert text.count("high blood pressure (hypertension)") == 1
    assert text.count("high blood pressure") == 2
    assert text.count("hypertension") == 1
    assert "long slender fingers (arachnodactyly) [5]" in text
    assert "most people who have it (8 or more in 10)" in text


def test_lay_names_that_are_not_used(store: NetworkxStore) -> None:
    lay = LayNames(store, load_frames("en", "patient"))
    assert lay(store.concept("DOID:1")) == "high blood pressure"
    assert lay(store.concept("HP:1")) == "nosebleed"
    assert lay(store.concept("HP:2")) is None  # two concepts have it
    assert lay(store.concept("HP:5")) is None  # no plainer than the display name
    assert LayNames(store, load_frames("en"))(store.concept("DOID:1")) is None


def test_a_lay_name_never_explains_another_concept(store: NetworkxStore) -> None:
    true = "The records say that ramipril is used to treat high blood pressure (hypertension) [1]."
    assert verify_text(true, store, reader="patient").status is Status.SUPPORTED
    for wrong in ("nosebleed (hypertension)", "high blood pressure (migraine)", "hypertension ()"):
        text = true.replace("high blood pressure (hypertension)", wrong)
        assert verify_text(text, store, reader="patient").status is not Status.SUPPORTED


def test_a_clinician_answer_in_lay_names_does_not_verify(store: NetworkxStore) -> None:
    answer = engine(store).ask("Which drugs treat hypertension?", reader="patient")
    with pytest.raises(VerificationError):
        verify_answer(replace(answer, reader="clinician"), store)


def test_not_recorded_is_neither_no_nor_safe(store: NetworkxStore) -> None:
    answer = engine(store).ask("Does ramipril treat migraine?", reader="patient")
    assert answer.outcome is Outcome.NOT_RECORDED
    assert "not a yes and not a no" in answer.text
    danger = engine(store).ask("Is ramipril contraindicated in epistaxis?", reader="patient")
    assert "does not mean it is safe" in danger.text


def closing_lines(answer: Answer) -> int:
    frames = load_frames(answer.language, "patient")
    return sum("".join(map(str, t.parts)) in answer.text for t in frames.of(Kind.TALK_TO))


def test_every_answer_says_whom_to_talk_to_but_in_an_emergency(store: NetworkxStore) -> None:
    asking = engine(store)
    assert closing_lines(asking.ask("What is ramipril used for?", reader="patient")) == 1
    urgent = "I have crushing chest pain and cannot breathe. What treats hypertension?"
    told, clinical = asking.ask(urgent, reader="patient"), asking.ask(urgent)
    assert told.emergency
    assert closing_lines(told) == 0
    assert told.text.split("\n\n")[0] == clinical.text.split("\n\n")[0]


def test_any_text_check_knows_sentences_for_patients(store: NetworkxStore) -> None:
    text = engine(store).ask("What are the symptoms of hypertension?", reader="patient").text
    found = verify_free(text, store, StoreLinker(store))
    assert found.failures == ()
    assert len(found.claims) == 5


@pytest.mark.parametrize("language", LANGUAGES)
def test_preferred_names_are_plain_text(language: str) -> None:
    naming = load_frames(language, "patient").naming
    assert naming is not None
    for clinical, lay in naming.preferred.items():
        assert clinical != lay
        assert lay == lay.strip()


def test_another_reader_is_refused(store: NetworkxStore) -> None:
    with pytest.raises(UsageError, match="'nurse'"):
        engine(store).ask("What is hypertension?", reader="nurse")
    with pytest.raises(UsageError, match="'nurse'"):
        EngineSettings(reader="nurse")


def test_long_lists_are_told_in_short_sentences() -> None:
    relation = Relation(TREATS, Direction.IN, Polarity.POSITIVE)
    facts = tuple(Fact(f"X:{n}", ()) for n in range(11))
    told = Statement(Kind.LIST, relation, anchors=("X:99",), facts=facts, count=7)
    short = in_short_sentences(Script((told,))).statements
    assert [len(s.facts) for s in short] == [3, 4, 4]
    assert tuple(f for s in short for f in s.facts) == facts
    assert [s.count for s in short] == [0, 0, 7]
    assert in_short_sentences(Script((told, short[0]))).statements == (*short, short[0])
