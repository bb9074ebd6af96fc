"""A language model says what is asked: of the plans that type-check, and of nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import pytest

from bench.fake_models import FakeModel, RandomModel
from kg.errors import InvalidRecordError, UsageError
from kg.networkx_store import NetworkxStore
from nlp.linker import StoreLinker
from reasoning.answer import Outcome
from reasoning.engine import Engine, EngineSettings
from reasoning.language_model import Logits
from reasoning.plan import CheckPlan, FindPlan, Intent
from reasoning.plan_reading import MOST_CERTAIN, ModelPlanReader, Read
from reasoning.question import Reason
from reasoning.readings import ReadingWords, is_reading, load_reading_words, reading_words
from reasoning.sentence_grammar import Grammar, readings
from reasoning.serialization import answer_record
from reasoning.understanding import Understander
from reasoning.verification import Status, verify_answer

UNRECOGNISED = "migraine, the people who take something"


@dataclass
class Picker:
    """Takes the line that ``wanted`` names, and remembers what there was to choose from."""

    wanted: str
    name: str = "picker"
    lines: tuple[str, ...] = ()

    def read(
        self, question: str, names: Sequence[str], lines: Sequence[str], words: ReadingWords
    ) -> Read | None:
        self.lines = tuple(lines)
        return Read(self.lines.index(self.wanted), 0.4) if self.wanted in lines else None


class ScriptedWriter:
    """Writes ``text``, whatever it is asked; remembers the grammar."""

    name = "scripted"

    def __init__(self, text: str) -> None:
        self.text = text
        self.grammar: Grammar | None = None

    def write(
        self, system: str, user: str, *, grammar: Grammar | None = None, max_tokens: int = 512
    ) -> str:
        self.grammar = grammar
        return self.text


class HintedModel(FakeModel):
    """Prefers to say what stands between two tildes in its prompt."""

    name = "hinted"

    def logits_after(self, tokens: Sequence[int]) -> Logits:
        logits = RandomModel(1).logits_after([0])
        text = self.decode(tokens)
        _, hint, after = text.partition("~")
        _, asking, said = text.rpartition("It asks for ")
        wanted = after.partition("~")[0]
        if hint and asking and wanted.startswith(said):
            for token in self.encode(wanted[len(said) :])[:1]:
                logits[token] += 50
        return logits


def understander(store: NetworkxStore, reader: Picker | None) -> Understander:
    return Understander(StoreLinker(store), reader=reader)


@pytest.mark.parametrize(
    ("question", "line", "plan"),
    [
        (UNRECOGNISED, "drugs that treat migraine", FindPlan),
        (
            "I get migraine and love propranolol so much",
            "whether propranolol treats migraine",
            CheckPlan,
        ),
        ("偏头痛 嗯 那个", "偏头痛的症状", FindPlan),
    ],
)
def test_a_line_taken_becomes_its_plan(
    question: str, line: str, plan: type, small_graph: NetworkxStore
) -> None:
    assert understander(small_graph, None)(question).reason is Reason.NO_QUESTION
    reader = Picker(line)
    understood = understander(small_graph, reader)(question)
    assert isinstance(understood.plan, plan)
    assert (understood.read_as, understood.read_by) == (line, "picker")
    assert (understood.outcome, understood.certainty) == (None, 0.4)
    assert understood.rule.endswith(".read")
    assert len(set(reader.lines)) == len(reader.lines)
    assert all(
        is_reading(each, question, "zh" if "偏" in question else "en") for each in reader.lines
    )


@pytest.mark.parametrize(
    "question",
    [
        "Which drugs treat migraine?",  # a rule matches
        "How much aspirin should I take?",  # refused: no plan can say it
        "Tell me something",  # no name
        "zorvexitis and migraine again",  # a name that is not in the graph
    ],
)
def test_a_model_is_asked_only_where_nothing_else_knows_and_names_are_known(
    question: str, small_graph: NetworkxStore
) -> None:
    reader = Picker("drugs that treat migraine")
    found = understander(small_graph, reader)(question)
    assert reader.lines == ()
    assert found == understander(small_graph, None)(question)


def engine(store: NetworkxStore, model: object, *, reads: bool = True) -> Engine:
    settings = EngineSettings(model_reads=reads)
    return Engine(store, linker=StoreLinker(store), language_model=model, settings=settings)  # type: ignore[arg-type]


def test_the_answer_says_who_read_the_question_and_is_less_confident(
    small_graph: NetworkxStore,
) -> None:
    reading = engine(small_graph, ScriptedWriter("drugs that treat migraine"))
    answer = reading.ask(UNRECOGNISED)
    assert answer.outcome is Outcome.ANSWERED
    assert answer.read_by == "scripted"
    assert "a language model read it as “drugs that treat migraine”" in answer.text
    plain = reading.ask("Which drugs treat migraine?")
    assert plain.read_by == ""
    assert {c.edge.key for c in plain.claims} == {c.edge.key for c in answer.claims}
    assert 0 < answer.confidence <= MOST_CERTAIN * plain.confidence + 1e-9
    assert answer_record(answer)["read_by"] == "scripted"
    assert answer_record(plain)["read_by"] is None


def test_the_verifier_takes_no_reading_that_is_not_on_the_list(small_graph: NetworkxStore) -> None:
    answer = engine(small_graph, ScriptedWriter("drugs that treat migraine")).ask(UNRECOGNISED)
    for other in ("drugs that cure migraine", "drugs that treat asthma"):
        forged = replace(answer, text=answer.text.replace("drugs that treat migraine", other))
        assert verify_answer_status(forged, small_graph) is not Status.SUPPORTED


def verify_answer_status(answer: object, store: NetworkxStore) -> Status:
    from kg.errors import VerificationError

    try:
        return verify_answer(answer, store).status  # type: ignore[arg-type]
    except VerificationError:
        return Status.NOT_IN_GRAPH


@pytest.mark.parametrize(
    "text", ["drugs that cure everything", "", "something else about migraine"]
)
def test_what_is_no_line_leaves_the_question_unanswered(
    text: str, small_graph: NetworkxStore
) -> None:
    writer = ScriptedWriter(text)
    answer = engine(small_graph, writer).ask(UNRECOGNISED)
    assert answer.outcome is Outcome.OUT_OF_SCOPE
    assert answer.plan is None
    assert writer.grammar is not None
    assert "drugs that treat migraine" in {said for said, _ in readings(writer.grammar)}


def test_it_is_off_unless_asked_for_and_without_a_model(small_graph: NetworkxStore) -> None:
    writer = ScriptedWriter("drugs that treat migraine")
    assert engine(small_graph, writer, reads=False).ask(UNRECOGNISED).plan is None
    assert writer.grammar is None
    assert engine(small_graph, None).ask(UNRECOGNISED).plan is None


@pytest.mark.parametrize("seed", range(5))
def test_whatever_the_logits_only_a_plan_of_the_list_is_executed(
    seed: int, small_graph: NetworkxStore
) -> None:
    answer = engine(small_graph, RandomModel(seed)).ask(UNRECOGNISED)
    if answer.plan is None:
        assert answer.outcome is Outcome.OUT_OF_SCOPE
    else:
        assert answer.read_by == "random"
        assert answer.plan.intent in Intent


def test_a_model_that_learns_from_the_question_is_followed_and_one_that_does_not_is_silent() -> (
    None
):
    words = load_reading_words("en")
    lines = ["the symptoms of gout", "drugs that treat gout", "what gout is"]
    reader = ModelPlanReader(HintedModel())
    read = reader.read("~drugs that treat gout~", ["gout"], lines, words)
    assert read is not None
    assert read.index == 1
    assert 0 < read.certainty <= MOST_CERTAIN

    class Deaf(FakeModel):
        name = "deaf"

        def logits_after(self, tokens: Sequence[int]) -> Logits:
            return RandomModel(3).logits_after([0])

    assert ModelPlanReader(Deaf()).read("anything", ["gout"], lines, words) is None


def test_every_rule_has_a_line_in_both_languages_and_bad_lines_are_told() -> None:
    english, chinese = load_reading_words("en"), load_reading_words("zh")
    assert set(english.rules) == set(chinese.rules)
    with pytest.raises(UsageError, match="'fr'"):
        load_reading_words("fr")
    table = {"system": "", "user": "", "before": "", "nothing": "", "between": " and "}
    with pytest.raises(InvalidRecordError, match="no line for rule 'names'"):
        reading_words({**table, "rules": {k: v for k, v in english.rules.items() if k != "names"}})
    with pytest.raises(InvalidRecordError, match="must use a"):
        reading_words({**table, "rules": {**english.rules, "names": "names of {s}"}})
