"""How an engine answers."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from kg.errors import UsageError
from reasoning.confidence import ConfidenceModel
from reasoning.sentence_frames import CLINICIAN, check_reader

#: Facts that one text names at most.
MOST_NAMED = 100


class Mode(StrEnum):
    """Who words answers."""

    STRICT = "strict"  # the language model under the grammar; frames where there is no model
    CITED = "cited"  # the language model in its own words; what does not hold is removed
    TEMPLATE = "template"  # frames always


@dataclass(frozen=True, slots=True)
class EngineSettings:
    """How an engine answers.

    Args:
        mode: who words answers.
        named: different things named in the text, each with what is a kind of it in the same
            line; the rest is counted.
        abstain_below: an answer less confident than this is withheld, with the reason.
        model_ranks: whether the language model orders facts of equal evidence rank by relevance to
            words of the question that nothing uses (:mod:`reasoning.relevance`); off, for with
            the default model the order is no better (docs/benchmarks.md).
        confidence: the probability that an answer is right, by its signals; the shipped model
            where None.
        facts_shown: facts a language model is shown in its prompt.
        model_reads: whether the language model says what a question asks that no rule recognises
            (:mod:`reasoning.plan_reading`); off, for with the default model it is wrong too often
            (docs/benchmarks.md).
        summarise: sentences of documents told as a summary of what is behind the claims; 0 for
            none.
        reader: whom answers are worded for, where a question does not say.
    """

    mode: Mode | str = Mode.STRICT
    named: int = 10
    abstain_below: float = 0.0
    facts_shown: int = 10
    model_reads: bool = False
    model_ranks: bool = False
    confidence: ConfidenceModel | None = None
    reader: str = CLINICIAN
    summarise: int = 0

    def __post_init__(self) -> None:
        if self.mode not in tuple(Mode):
            raise UsageError(f"mode {self.mode!r} is none of {', '.join(Mode)}")
        object.__setattr__(self, "mode", Mode(self.mode))
        if not 0.0 <= self.abstain_below <= 1.0:
            raise UsageError(f"abstain_below={self.abstain_below}; a confidence is between 0 and 1")
        if not 1 <= self.named <= MOST_NAMED:
            raise UsageError(f"named={self.named}; 1 to {MOST_NAMED} facts can be named in a text")
        check_reader(self.reader)
        if self.summarise < 0:
            raise UsageError(f"summarise={self.summarise}; give how many sentences, 0 for none")
