"""Who words an answer: the frames, a language model under the grammar, or one in its own words."""

from __future__ import annotations

from dataclasses import dataclass

from kg.store import GraphStore
from nlp.linker import Linker
from reasoning.answer import Answer, Outcome
from reasoning.cited import cite, verify_cited
from reasoning.engine_settings import EngineSettings, Mode
from reasoning.free_claims import FreeReader, load_free_words
from reasoning.sentence_frames import Frames, fill
from reasoning.verbalization import Wording
from reasoning.verification import verify_answer
from reasoning.writer import AnyModel, worded

#: Tokens of the longest answer a language model may word.
MOST_TOKENS = 4096


@dataclass(frozen=True, slots=True)
class Told:
    """The words of an answer and whose they are."""

    text: str
    by: str
    free: bool = False
    removed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Teller:
    """Words answers over one store, and reads them back; ``model`` None for frames alone."""

    store: GraphStore
    linker: Linker
    model: AnyModel | None
    settings: EngineSettings

    def told(self, question: str, wording: Wording, frames: Frames, outcome: Outcome) -> Told:
        """Verdicts and absences are told by the frames; a list of facts may be told freely.

        Raises:
            DecodingError: where the model cannot word the answer under its grammar.
        """
        if self.model is None or self.settings.mode is not Mode.CITED:
            return Told(*self._worded(question, wording, frames))
        if outcome is Outcome.ANSWERED and wording.claims:
            return self._cited(question, wording, frames, self.model)
        return Told(wording.text, "frames")

    def verify(self, answer: Answer, fixed: tuple[str, ...]) -> None:
        """Read an answer back before anybody sees it.

        Raises:
            VerificationError: where it does not say what the graph holds.
        """
        if answer.free:
            reader = FreeReader(self.store, self.linker, answer.language)
            verify_cited(answer, self.store, reader, fixed=fixed)
        else:
            verify_answer(answer, self.store, fixed=fixed)

    def _worded(self, question: str, wording: Wording, frames: Frames) -> tuple[str, str]:
        model = self.model
        if model is None:
            return wording.text, "frames"
        shown = (fill(frames.prompt["fact"], fact=c.text) for c in wording.claims)
        facts = "".join(f for f, _ in zip(shown, range(self.settings.facts_shown), strict=False))
        user = fill(frames.prompt["user"], question=question, facts=facts)
        text = worded(model, frames.prompt["system"], user, wording.grammar, max_tokens=MOST_TOKENS)
        return (wording.text, "frames") if text is None else (text, model.name)

    def _cited(self, question: str, wording: Wording, frames: Frames, model: AnyModel) -> Told:
        words = load_free_words(frames.language)
        reader = FreeReader(self.store, self.linker, frames.language)
        facts = wording.claims[: self.settings.facts_shown]
        cited = cite(question, facts, model, reader, words)
        note = fill(words.removed, count=len(cited.removed)) if cited.removed else ""
        text = words.joined.join(filter(None, (cited.text or wording.text, note)))
        by = model.name if cited.text else "frames"
        return Told(text, by, free=bool(cited.text), removed=cited.removed)
