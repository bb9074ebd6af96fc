"""Which of the options given is the answer, by the graph alone.

An option is chosen where exactly one of them names a concept that was found (or, for a yes/no
question, the verdict). None or several: no choice, rather than a guess.
"""

from __future__ import annotations

from collections.abc import Sequence

from kg.store import GraphStore
from nlp.linker import Linker
from reasoning.answer import Outcome
from reasoning.plan import CheckPlan, DescribePlan
from reasoning.retrieval import Retrieval
from reasoning.sentence_frames import LANGUAGES, Frames, load_frames

#: A linked option counts from this score on.
SURE = 0.9


def choose(
    options: Sequence[str],
    retrieval: Retrieval,
    store: GraphStore,
    linker: Linker,
    frames: Frames,
) -> int | None:
    """Index of the one option the retrieved edges support, or None."""
    if isinstance(retrieval.plan, CheckPlan):
        return _verdict_option(options, retrieval.outcome, frames)
    found = _found(retrieval)
    hits = [n for n, option in enumerate(options) if _named(option, store, linker) & found]
    return hits[0] if len(hits) == 1 else None


def _found(retrieval: Retrieval) -> set[str]:
    found = {match.concept for match in retrieval.matches}
    if isinstance(retrieval.plan, DescribePlan):
        found |= {edge.object for edge in retrieval.supporting}
    return found


def _verdict_option(options: Sequence[str], outcome: Outcome, frames: Frames) -> int | None:
    if outcome not in (Outcome.YES, Outcome.NO):
        return None
    every = (frames, *(load_frames(language) for language in LANGUAGES))
    words = {w for f in every for w in f.verdicts[outcome.value]}
    hits = [n for n, option in enumerate(options) if option.strip().casefold() in words]
    return hits[0] if len(hits) == 1 else None


def _named(option: str, store: GraphStore, linker: Linker) -> set[str]:
    """Concepts an option names as a whole."""
    text = option.strip()
    exact = {match.curie for match in store.find(text)}
    if exact or not text:
        return exact
    return {
        candidate.curie
        for mention in linker.link(text)
        if (mention.start, mention.end) == (0, len(text))
        for candidate in mention.candidates
        if candidate.score >= SURE
    }
