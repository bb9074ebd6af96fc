"""Which facts of equal evidence a question is about, by a language model.

"What are the symptoms of Marfan syndrome in the eyes?" is answered with every recorded symptom, the
best supported first: no plan says "in the eyes". Where words of a question are used by nothing,
facts that rank equal by evidence can be put in the order of how much likelier the model finds each
after the question than after the name alone: whole candidates scored together, per token, against
an unconditional score, as in :mod:`reasoning.plan_reading`. The graph still decides what is a fact,
and evidence what comes first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import groupby

from reasoning.language_model import LanguageModel
from reasoning.question import Understanding
from reasoning.retrieval import Match, Retrieval
from reasoning.sentence_frames import Frames, fill
from reasoning.signals import unexplained_words

#: Facts of one rank that are scored; further ones keep their place behind them.
MOST_SCORED = 60


def by_relevance(
    retrieval: Retrieval,
    understood: Understanding,
    model: LanguageModel,
    frames: Frames,
    name_of: Callable[[str], str],
    *,
    named: int,
) -> Retrieval:
    """``retrieval`` with facts of equal evidence rank in the order of relevance.

    Args:
        retrieval: what was found.
        understood: the question; where all of its words are used, nothing changes.
        model: scores the facts.
        frames: hold the prompt.
        name_of: display names by CURIE.
        named: facts that will be named; ranks wholly behind them are left as they are.
    """
    if not any(unexplained_words(understood)):
        return retrieval
    heads = [m for m in retrieval.matches if not m.beside]
    rest = [m for m in retrieval.matches if m.beside]
    ordered: list[Match] = []
    for rank in _ranks(heads):
        tied, behind = list(rank[:MOST_SCORED]), rank[MOST_SCORED:]
        if len(tied) > 1 and len(ordered) < named:
            gains = _gains(understood, [name_of(m.concept) for m in tied], model, frames)
            order = sorted(range(len(tied)), key=lambda n: (-gains[n], n))
            tied = [tied[n] for n in order]
        ordered += (*tied, *behind)
    return replace(retrieval, matches=(*ordered, *rest))


def _ranks(matches: Sequence[Match]) -> Iterator[list[Match]]:
    for _, rank in groupby(matches, key=lambda match: round(match.score, 6)):
        yield list(rank)


def _gains(
    understood: Understanding, names: Sequence[str], model: LanguageModel, frames: Frames
) -> list[float]:
    """How much likelier each name is after the question, in natural log a token."""
    encoded = model.encode_many([f" {name}" for name in names])
    about = ", ".join(c.name for c in understood.concepts)
    totals = []
    for asked in (understood.question, about):
        user = fill(frames.prompt["user"], question=asked, facts="")
        session = model.start(model.chat_prompt(frames.prompt["system"], user))
        try:
            totals.append(session.score(encoded))
        finally:
            session.close()
    return [
        (after - floor) / len(tokens) for after, floor, tokens in zip(*totals, encoded, strict=True)
    ]
