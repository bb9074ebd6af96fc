"""Which of the options given is the answer, by the graph alone.

An option is chosen where exactly one of them names a concept that was found (or, for a yes/no
question, the verdict). Where a question asks for what stands in several relations at once ("which
gene is associated with X and Y") and no option stands in all, the one option that stands in some
of them is chosen: the best supported, though the answer does not claim it. None or several: no
choice, rather than a guess.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from kg.store import GraphStore
from nlp.linker import Linker
from reasoning.answer import Outcome
from reasoning.plan import CheckPlan, DescribePlan, FindPlan
from reasoning.retrieval import Retrieval, execute
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
    named = [_named(option, store, linker) for option in options]
    hits = _among(named, _found(retrieval))
    if not hits and isinstance(retrieval.plan, FindPlan):
        hits = _among(named, _found_in_part(retrieval.plan, store))
    return hits[0] if len(hits) == 1 else None


def _among(named: Sequence[set[str]], found: set[str]) -> list[int]:
    return [n for n, concepts in enumerate(named) if concepts & found]


def _found_in_part(plan: FindPlan, store: GraphStore) -> set[str]:
    """What stands in some of several constraints, none of which is an exclusion."""
    if len(plan.constraints) < 2 or plan.union or any(c.negated for c in plan.constraints):
        return set()
    matches = execute(replace(plan, union=True), store, widen=False).matches
    return {match.concept for match in matches}


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
