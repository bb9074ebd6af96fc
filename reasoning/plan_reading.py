"""A language model says what a question asks that no phrase matches and no classifier knows.

It may choose among the plans that type-check for the names linked in the question, and nothing
else: each plan is one line of a closed list (``reasoning/readings.toml``), the list is the whole
grammar, and every line in it has its executable plan. Two ways, after who is asked:

* a :class:`~reasoning.language_model.LanguageModel` scores all lines together after the question
  and, as the *floor*, after the names alone. The line whose score rises most over its floor is
  taken, if it rises by :data:`LEAST_GAIN` a word and more than "something else" does. A model
  that learns nothing from the question's words is thereby silent.
* a :class:`~reasoning.writer.Writer`, which gives no scores, writes one line under the grammar,
  "something else" among them; what is no line of it counts as nothing.

Scoring against the prior of the answer follows Holtzman et al. 2021, "Surface Form Competition",
https://doi.org/10.18653/v1/2021.emnlp-main.564.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from reasoning.grammar_text import recognised
from reasoning.guessing import asked_of, readings
from reasoning.language_model import LanguageModel
from reasoning.matching import RuleMatch
from reasoning.plan import FindPlan
from reasoning.question import Understanding
from reasoning.readings import ReadingWords, load_reading_words
from reasoning.rules import Phrases
from reasoning.sentence_frames import fill
from reasoning.sentence_grammar import Choice, Literal
from reasoning.skeleton import Skeleton, Slot
from reasoning.writer import AnyModel, worded

#: Longest sentence read so, in characters with names taken out: a story is not one question.
LONGEST_READ = 250
#: Most lines scored; a question has 20 to 40.
MOST_OPTIONS = 64
#: By how much a line's log-probability (natural, a token) has to rise over its floor.
LEAST_GAIN = 0.0
#: A reading of a language model is never surer than this.
MOST_CERTAIN = 0.5
#: Tokens of the longest line a writer may write.
MOST_TOKENS = 128


@dataclass(frozen=True, slots=True)
class Read:
    """The line taken, by its place in the list, and how sure the model is, in (0, 1]."""

    index: int
    certainty: float


class PlanReader(Protocol):
    """Chooses what a question asks among lines that each stand for a plan."""

    @property
    def name(self) -> str:
        """Whose reading it is."""
        ...

    def read(
        self, question: str, names: Sequence[str], lines: Sequence[str], words: ReadingWords
    ) -> Read | None:
        """The line that says what ``question`` asks of ``names``; None where none does.

        Raises:
            ModelUnavailableError: where the model cannot be reached.
        """
        ...


class ModelPlanReader:
    """A :class:`PlanReader` over any model; see the module.

    ``least_gain``: see :data:`LEAST_GAIN`; for models that give scores.
    """

    def __init__(self, model: AnyModel, *, least_gain: float = LEAST_GAIN) -> None:
        self._model = model
        self._least_gain = least_gain

    @property
    def name(self) -> str:
        """The model's name."""
        return self._model.name

    def read(
        self, question: str, names: Sequence[str], lines: Sequence[str], words: ReadingWords
    ) -> Read | None:
        """See :meth:`PlanReader.read`."""
        nothing = fill(words.nothing, names=words.between.join(names))
        if isinstance(self._model, LanguageModel):
            gains = gains_of(self._model, question, names, [*lines, nothing], words)
            return self._best(gains)
        options = tuple(Literal(line, (number,)) for number, line in enumerate([*lines, nothing]))
        user = fill(words.user, question=question)
        grammar = Choice(options)
        text = worded(self._model, words.system, user, grammar, max_tokens=MOST_TOKENS)
        taken = () if text is None else recognised(grammar, text) or ()
        index = next((n for n in taken if isinstance(n, int)), len(lines))
        return Read(index, MOST_CERTAIN) if index < len(lines) else None

    def _best(self, gains: Sequence[float]) -> Read | None:
        *of_lines, of_nothing = gains
        best = max(range(len(of_lines)), key=of_lines.__getitem__)
        if of_lines[best] <= max(self._least_gain, of_nothing):
            return None
        total = sum(math.exp(gain - of_lines[best]) for gain in gains)
        return Read(best, round(min(1 / total, MOST_CERTAIN), 4))


def gains_of(
    model: LanguageModel,
    question: str,
    names: Sequence[str],
    lines: Sequence[str],
    words: ReadingWords,
) -> list[float]:
    """How much likelier each line is, in natural log a token, after the question than the names."""
    encoded = model.encode_many([f"{words.before}{line}" for line in lines])
    totals = []
    for asked in (question, words.between.join(names)):
        session = model.start(model.chat_prompt(words.system, fill(words.user, question=asked)))
        try:
            totals.append(session.score(encoded))
        finally:
            session.close()
    return [
        (after - floor) / len(tokens) for after, floor, tokens in zip(*totals, encoded, strict=True)
    ]


def read_by_model(
    question: str,
    skeletons: Sequence[Skeleton],
    phrases: Phrases,
    planned: Callable[[RuleMatch], Understanding],
    reader: PlanReader,
) -> Understanding | None:
    """``question`` as ``reader`` reads it: with a plan that type-checks, or None.

    Args:
        question: as asked.
        skeletons: its sentences, those that ask first; the first with known names is read.
        phrases: of its language.
        planned: makes what was understood of a match, with or without a plan.
        reader: who chooses.

    Raises:
        ModelUnavailableError: where the model behind ``reader`` cannot be reached.
    """
    words = load_reading_words(phrases.language)
    for skeleton in skeletons:
        slots = asked_of(skeleton, everyday=True)
        if not slots or len(skeleton.text) > LONGEST_READ:
            continue
        options = plan_options(skeleton, slots, phrases, words, planned)
        if not options:
            continue
        names = [slot.text for slot in slots]
        read = reader.read(question, names, list(options), words)
        if read is None:
            return None
        line = list(options)[read.index]
        return replace(options[line], certainty=read.certainty, read_by=reader.name, read_as=line)
    return None


def plan_options(
    skeleton: Skeleton,
    slots: Sequence[Slot],
    phrases: Phrases,
    words: ReadingWords,
    planned: Callable[[RuleMatch], Understanding],
) -> dict[str, Understanding]:
    """Every line that can be said of ``slots`` with what it means: a plan, no plan twice."""
    denied = phrases.negation.search(skeleton.text) is not None
    options: dict[str, Understanding] = {}
    plans = []
    for name, template in words.rules.items():
        if name == "shared_symptoms" and len(slots) < 2:
            continue
        for match in readings(name, skeleton, slots, phrases, how="read"):
            understood = planned(match)
            plan = understood.plan
            if plan is None or plan in plans or (denied and isinstance(plan, FindPlan)):
                continue
            line = fill(template, **_names_of(match, words))
            if line not in options and len(options) < MOST_OPTIONS:
                plans.append(plan)
                options[line] = understood
    return options


def _names_of(match: RuleMatch, words: ReadingWords) -> dict[str, str]:
    return {
        group: words.between.join(slot.text for slot in slots)
        for group, slots in match.slots.items()
    }
