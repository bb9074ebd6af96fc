"""What confidence is made of, and what is said where it does not suffice."""

from __future__ import annotations

from dataclasses import replace

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from kg.errors import UsageError
from kg.networkx_store import NetworkxStore
from kg.schema import DISEASE
from nlp.linker import StoreLinker
from reasoning.answer import Answer, LinkedConcept, Outcome
from reasoning.confidence import ConfidenceModel
from reasoning.engine import Engine, EngineSettings
from reasoning.plan import DescribePlan
from reasoning.question import Understanding
from reasoning.retrieval import Retrieval
from reasoning.sentence_frames import Kind
from reasoning.signals import NAMES, Signals, signals_of, unexplained_words
from reasoning.withholding import withheld

PLAN = DescribePlan("X:1", DISEASE)
SIGNALS = st.builds(Signals, **{name: st.floats(0, 1) for name in NAMES})


def understood(question: str, *names: str) -> Understanding:
    concepts = tuple(
        LinkedConcept(n, question.index(n), question.index(n) + len(n), "X:1", n, "x", 1.0)
        for n in names
    )
    return Understanding(question, "en", concepts)


@pytest.mark.parametrize(
    ("question", "name", "beside", "elsewhere"),
    [
        ("What are the side effects of Azelastine Nasal Spray?", "Azelastine", 2, 0),
        ("What are the treatments for tuberous sclerosis, type 2?", "tuberous sclerosis", 1, 0),
        ("What are the symptoms of Marfan syndrome?", "Marfan syndrome", 0, 0),
        ("Which drugs treat migraine?", "migraine", 0, 0),
        ("What causes bleeding disorders?", "bleeding", 1, 0),
        ("What causes MASA syndrome (disorder)?", "MASA syndrome", 0, 0),
        ("Zorblax: what are the symptoms of migraine?", "migraine", 0, 1),
    ],
)
def test_words_that_nothing_explains_are_counted_by_where_they_stand(
    question: str, name: str, beside: int, elsewhere: int
) -> None:
    found = unexplained_words(understood(question, name))
    assert (len(found[0]), len(found[1])) == (beside, elsewhere)
    for word in (*found[0], *found[1]):
        assert word in question


def test_chinese_has_no_words_to_count() -> None:
    one = replace(understood("偏头痛有哪些症状", "偏头痛"), language="zh")
    assert unexplained_words(one) == ((), ())


@given(SIGNALS, st.sampled_from(NAMES), st.floats(0, 1))
def test_a_signal_never_raises_confidence(signals: Signals, name: str, value: float) -> None:
    model = ConfidenceModel.shipped()
    more = replace(signals, **{name: max(value, getattr(signals, name))})
    assert 0.0 < model(more) <= model(signals) < 1.0


@settings(deadline=None, max_examples=20)
@given(st.lists(st.tuples(SIGNALS, st.booleans()), min_size=2, max_size=40))
def test_a_fit_never_lets_a_signal_speak_for_an_answer(
    answers: list[tuple[Signals, bool]],
) -> None:
    if len({right for _, right in answers}) == 1:
        with pytest.raises(UsageError, match="all alike"):
            ConfidenceModel.fitted(answers, steps=10)
        return
    model = ConfidenceModel.fitted(answers, steps=50)
    assert all(weight <= 0 for weight in model.weights)


def test_a_fit_finds_what_tells_wrong_answers() -> None:
    answers = [(Signals(beside=1), False)] * 40 + [(Signals(), True)] * 40
    answers += [(Signals(beside=1), True)] * 10 + [(Signals(), False)] * 10
    model = ConfidenceModel.fitted(answers, prior=0.01)
    assert model(Signals()) == pytest.approx(0.8, abs=0.02)
    assert model(Signals(beside=1)) == pytest.approx(0.2, abs=0.02)
    assert model.weakest(Signals(beside=1)) == "beside"
    assert model.weakest(Signals()) == ""


def test_what_is_no_model() -> None:
    with pytest.raises(UsageError, match="1 weights for"):
        ConfidenceModel(0.0, (0.0,))
    with pytest.raises(UsageError, match="above 0"):
        ConfidenceModel(0.0, (0.1,) * len(NAMES))
    with pytest.raises(UsageError, match="between 0 and 1"):
        EngineSettings(abstain_below=1.5)


def careful(store: NetworkxStore, question: str, weakest: str) -> Answer:
    """Asked of an engine that trusts nothing and blames one signal."""
    weights = tuple(-5.0 if name == weakest else 0.0 for name in NAMES)
    sure = EngineSettings(abstain_below=0.999, confidence=ConfidenceModel(3.0, weights))
    return Engine(store, linker=StoreLinker(store), settings=sure).ask(question)


@pytest.mark.parametrize(
    ("question", "weakest", "needed"),
    [
        ("symptoms of migrane", "inexact", "“migrane” may mean something else"),
        (
            "What are the symptoms of migraine and asthma?",
            "listed",
            "“migraine and asthma” may mean",
        ),
        ("symptoms of migraine in adults", "group", "What “adults” adds to the question"),
        ("Does salbutamol treat asthma?", "kin", "a record under the very name"),
        ("Does aspirin treat migraine?", "conflicting", "a source that settles it"),
        ("symptoms of migraine", "weak", "A stronger source"),
        ("偏头痛有哪些症状？", "weak", "需要更可靠的来源"),
    ],
)
def test_a_withheld_answer_says_why_and_what_is_needed(
    small_graph: NetworkxStore, question: str, weakest: str, needed: str
) -> None:
    answer = careful(small_graph, question, weakest)
    assert answer.outcome is Outcome.OUT_OF_SCOPE
    assert needed in answer.text
    assert answer.claims == ()
    assert answer.signals is not None


@pytest.mark.parametrize(
    ("question", "quote"),
    [
        ("What is Azelastine Nasal Spray used for?", "Nasal Spray"),
        ("What is Azelastine Spray, that is, Nasal, used for?", "Spray"),
    ],
)
def test_words_that_were_not_understood_are_quoted_as_asked(question: str, quote: str) -> None:
    said = withheld(0.4, 0.9, "beside", understood(question, "Azelastine"))
    uncertain, needed = said.statements
    assert dict(uncertain.values) == {"number": "0.40", "limit": "0.90"}
    assert needed.kind is Kind.NEEDS_WORDS
    assert dict(needed.values) == {"quote": quote}


def test_what_is_not_recorded_stays_so_whatever_the_threshold(small_graph: NetworkxStore) -> None:
    answer = careful(small_graph, "Does sumatriptan treat asthma?", "weak")
    assert answer.outcome is Outcome.NOT_RECORDED
    assert answer.confidence == 0.0
    assert answer.signals is None


def test_names_read_as_a_list_may_be_one_name(small_graph: NetworkxStore) -> None:
    engine = Engine(small_graph, linker=StoreLinker(small_graph))
    one = engine.ask("What are the symptoms of migraine?").signals
    both = engine.ask("What are the symptoms of migraine and asthma?").signals
    assert one is not None
    assert both is not None
    assert (one.listed, both.listed) == (0.0, 1.0)
    assert ConfidenceModel.shipped()(both) <= ConfidenceModel.shipped()(replace(both, listed=0.0))


@pytest.mark.parametrize(
    ("question", "group"),
    [
        ("What are the symptoms of kidney stones in adults?", 1.0),
        ("What causes asthma - infants?", 1.0),
        ("What causes asthma?", 0.0),
        ("成人哮喘的病因", 0.0),
    ],
)
def test_groups_of_people_that_no_name_holds(question: str, group: float) -> None:
    one = Understanding(question, "en" if question.isascii() else "zh")
    assert signals_of(one, Retrieval(PLAN, Outcome.ANSWERED), ()).group == group


def test_two_changed_letters_are_a_signal_and_one_is_not() -> None:
    for score, respelt in ((0.8, 1.0), (0.88, 0.0), (1.0, 0.0)):
        linked = LinkedConcept("x", 0, 1, "X:1", "x", "x", score)
        found = signals_of(Understanding("x", "en", (linked,)), Retrieval(PLAN, Outcome.YES), ())
        assert found.respelt == respelt


def test_a_respelt_name_is_quoted_as_needing_its_full_form() -> None:
    _, needed = withheld(
        0.4, 0.9, "respelt", understood("signs of perirenal abscess", "perirenal abscess")
    ).statements
    assert needed.kind is Kind.NEEDS_NAME
    assert dict(needed.values) == {"quote": "perirenal abscess"}
