"""Answers worded by a real llama.cpp server on loopback, which is handed the grammar."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bench.llama_server import llama_server
from kg.errors import MissingExtraError, ModelUnavailableError
from kg.networkx_store import NetworkxStore
from nlp.linker import StoreLinker
from reasoning.answer import Outcome
from reasoning.endpoint_model import EndpointModel, GrammarForm
from reasoning.engine import Engine, EngineSettings, Mode
from reasoning.grammar_text import recognised
from reasoning.model_files import DEFAULT_MODEL
from reasoning.sentence_grammar import Literal, Unordered, choice, sequence
from reasoning.verification import Status, verify_answer
from reasoning.writer import worded

pytestmark = pytest.mark.lm

QUESTIONS = [
    ("Which drugs treat migraine?", Outcome.ANSWERED),
    ("Does propranolol treat asthma?", Outcome.NO),
    ("Does warfarin treat migraine?", Outcome.NOT_RECORDED),
    ("What is migraine?", Outcome.ANSWERED),
    ("Can I take warfarin with aspirin?", Outcome.NO),
    ("普萘洛尔能治疗哮喘吗？", Outcome.NO),
]


@pytest.fixture(scope="module")
def address(lm_cache: Path) -> Iterator[str]:
    """A running server with the default model; skips, saying why, where it cannot be had."""
    try:
        with llama_server(lm_cache / "models" / DEFAULT_MODEL / "weights.gguf") as url:
            yield url
    except MissingExtraError as error:
        pytest.skip(f"no llama.cpp server: {error}")


def engine(store: NetworkxStore, address: str, **options: object) -> Engine:
    form = options.pop("form", GrammarForm.AUTO)
    model = EndpointModel(address, form=form)  # type: ignore[arg-type]
    settings = EngineSettings(**options)  # type: ignore[arg-type]
    return Engine(store, linker=StoreLinker(store), language_model=model, settings=settings)


def test_the_server_is_known_for_one_that_takes_gbnf(address: str) -> None:
    model = EndpointModel(address)
    assert model.form is GrammarForm.GBNF
    assert model.name == f"{DEFAULT_MODEL} at {address}"
    with pytest.raises(ModelUnavailableError, match=f"it has: {DEFAULT_MODEL}"):
        EndpointModel(f"{address}#another")


@pytest.mark.parametrize(
    ("form", "question", "outcome"),
    [
        *((GrammarForm.AUTO, *asked) for asked in QUESTIONS),
        *((GrammarForm.SCHEMA, *asked) for asked in QUESTIONS[:2]),
    ],
)
def test_strict_answers_keep_to_the_grammar(
    form: GrammarForm, question: str, outcome: Outcome, address: str, small_graph: NetworkxStore
) -> None:
    answer = engine(small_graph, address, form=form).ask(question)
    plain = engine(small_graph, address, mode=Mode.TEMPLATE).ask(question)
    assert answer.outcome is outcome
    assert answer.worded_by.startswith(DEFAULT_MODEL), answer.text
    assert plain.worded_by == "frames"
    assert [c.edge.key for c in answer.claims] == [c.edge.key for c in plain.claims]
    assert verify_answer(answer, small_graph).status in (Status.SUPPORTED, Status.NO_CLAIM)


@pytest.mark.parametrize("form", [GrammarForm.NONE, GrammarForm.GUIDED])
def test_a_server_that_does_not_take_the_grammar_is_not_believed(
    form: GrammarForm, address: str, small_graph: NetworkxStore
) -> None:
    question = "Which drugs treat migraine?"
    answer = engine(small_graph, address, form=form).ask(question)
    plain = engine(small_graph, address, mode=Mode.TEMPLATE).ask(question)
    assert answer.worded_by == "frames"
    assert answer.text == plain.text


@pytest.mark.parametrize("question", ["Which drugs treat migraine?", "偏头痛有哪些症状？"])
def test_cited_answers_keep_only_what_the_graph_bears_out(
    question: str, address: str, small_graph: NetworkxStore
) -> None:
    answer = engine(small_graph, address, mode=Mode.CITED).ask(question)
    assert answer.outcome is Outcome.ANSWERED
    assert answer.free == answer.worded_by.startswith(DEFAULT_MODEL)
    for sentence in answer.removed:
        assert sentence not in answer.text
    if answer.removed:
        assert str(len(answer.removed)) in answer.text


def test_hostile_names_pass_the_servers_own_grammar_parser(address: str) -> None:
    names = ['say "all"', "a\\b", "x {y} [1]", "two\nlines", "头痛", "::= root", "tab\there", "é🩸"]
    grammar = sequence(
        "Recorded: ",
        Unordered(tuple(Literal(n, (n,)) for n in names), at_least=len(names), last=" and "),
        choice(".", " only."),
    )
    text = worded(EndpointModel(address), "s", "List them.", grammar, max_tokens=200)
    assert text is not None
    claims = recognised(grammar, text)
    assert claims is not None
    assert sorted(map(str, claims)) == sorted(names)


def test_a_question_no_rule_recognises_is_read_under_the_plan_grammar(
    address: str, small_graph: NetworkxStore
) -> None:
    answer = engine(small_graph, address, model_reads=True).ask(
        "migraine, the people who take something"
    )
    assert (answer.plan is None) == (answer.outcome is Outcome.OUT_OF_SCOPE)
    assert answer.read_by == ("" if answer.plan is None else f"{DEFAULT_MODEL} at {address}")
