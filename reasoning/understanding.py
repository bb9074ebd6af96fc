"""A question → a plan, or a typed reason why there is none.

Names are linked, the question is matched against the phrases of its language
(:mod:`reasoning.rules`) with the names taken out, and the best match becomes a plan
(:mod:`reasoning.planner`). No language model is asked unless one is given as reader, and then only
where nothing else recognises the question (:mod:`reasoning.plan_reading`).

A question nothing matches, one that needs what no plan can say, an unknown name and an ambiguous
one end in an outcome of their own, never in a guess (:mod:`reasoning.reading`).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace

from kg.errors import UsageError
from nlp.linker import Linker
from reasoning.anchoring import decided
from reasoning.answer import Outcome
from reasoning.asked import unreadable, without_options
from reasoning.breadth import told_apart
from reasoning.naming import Namer
from reasoning.of_whom import read_of_whom
from reasoning.people import asked_age
from reasoning.plan_reading import PlanReader
from reasoning.question import Reason, Understanding, UnknownName
from reasoning.reading import Reading
from reasoning.rules import LANGUAGES, Phrases
from reasoning.skeleton import Slot, detect_language, language_of

__all__ = ["Reason", "Understander", "Understanding", "UnknownName", "detect_language"]


class Understander:
    """Understands questions with a linker over one graph.

    ``guessing``: whether a trained classifier says what a question asks that no phrase matches.
    ``reader``: a language model that is asked where the classifier is not sure either.
    """

    def __init__(
        self,
        linker: Linker,
        *,
        phrases: Mapping[str, Phrases] | None = None,
        guessing: bool = True,
        reader: PlanReader | None = None,
    ) -> None:
        self._namer = Namer(linker, phrases or {})
        self._guessing = guessing
        self._reader = reader

    def __call__(
        self,
        question: str,
        *,
        language: str | None = None,
        previous: Understanding | None = None,
        preferred: Collection[str] = (),
    ) -> Understanding:
        """What ``question`` means; no question makes it fail.

        Args:
            question: the question or statement.
            language: ``en`` or ``zh``; detected where None.
            previous: the turn before, for "and its side effects?".
            preferred: concepts (CURIEs) that are meant where a name may mean several.

        Raises:
            UsageError: on another language.
        """
        if language is not None and language not in LANGUAGES:
            raise UsageError(f"language {language!r} is none of {', '.join(LANGUAGES)}")
        refused = unreadable(question)
        if refused is not None:
            return self._declined(question, language or detect_language(question[:200]), refused)
        asked, options = without_options(question)
        tag = self._namer.phrases(detect_language(asked)).tag.search(asked)
        asked = asked if tag is None else asked[: tag.start()] or asked
        slots, respelt = self._namer.slots(asked)
        slots = tuple(decided(slot, preferred) for slot in slots)
        spoken = language or language_of(asked, slots)
        phrases = self._namer.phrases(spoken)

        def reading(named: tuple[Slot, ...]) -> Reading:
            return Reading(question, asked, spoken, phrases, named, options, respelt)

        def read(named: tuple[Slot, ...]) -> Understanding:
            return reading(named).understood(previous, guessing=self._guessing)

        understood = read_of_whom(slots, phrases, read)
        if self._reader is not None and understood.reason is Reason.NO_QUESTION:
            understood = reading(slots).read_by(self._reader) or understood
        understood = replace(understood, age=asked_age(asked))
        return told_apart(understood, self._namer.beside(asked, slots))

    def _declined(self, question: str, language: str, reason: Reason) -> Understanding:
        return Understanding(
            question,
            language,
            outcome=Outcome.OUT_OF_SCOPE,
            reason=reason,
            explanation=self._namer.phrases(language).reasons[reason.value],
        )


def understand(
    question: str,
    linker: Linker,
    *,
    language: str | None = None,
    previous: Understanding | None = None,
) -> Understanding:
    """What ``question`` means, for one question; keep an :class:`Understander` for many."""
    return Understander(linker)(question, language=language, previous=previous)
