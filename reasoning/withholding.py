"""An answer that is not sure enough: why it is withheld, and what would make it surer."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from reasoning.question import Understanding
from reasoning.sentence_frames import Kind
from reasoning.signals import group_words, unexplained_words
from reasoning.statements import Script, Statement

#: What is said to be missing, by the signal that takes most from the confidence.
_NEEDED: Mapping[str, Kind] = MappingProxyType(
    {
        "guessed": Kind.NEEDS_PHRASING,
        "dropped": Kind.NEEDS_PHRASING,
        "kin": Kind.NEEDS_RECORD,
        "conflicting": Kind.NEEDS_AGREEMENT,
    }
)


def withheld(confidence: float, least: float, weakest: str, understood: Understanding) -> Script:
    """What is said instead of the answer.

    Args:
        confidence: of the answer.
        least: the confidence that was wanted.
        weakest: the signal (:class:`reasoning.signals.Signals`) that speaks most against it.
        understood: the question.
    """
    values = (("number", f"{confidence:.2f}"), ("limit", f"{least:.2f}"))
    return Script((Statement(Kind.TOO_UNCERTAIN, values=values), _needed(weakest, understood)))


def _needed(weakest: str, understood: Understanding) -> Statement:
    concepts = understood.concepts
    if weakest in ("inexact", "respelt", "rivals") and concepts:
        loosest = min(concepts, key=lambda c: (c.score, c.start))
        return Statement(Kind.NEEDS_NAME, values=(("quote", loosest.text),))
    if weakest == "listed" and concepts:
        first, last = min(c.start for c in concepts), max(c.end for c in concepts)
        return Statement(Kind.NEEDS_NAME, values=(("quote", understood.question[first:last]),))
    beside, elsewhere = unexplained_words(understood)
    group = group_words(understood)
    words = {"beside": beside, "unexplained": elsewhere, "group": group}.get(weakest)
    if words:
        together = " ".join(words)
        quote = together if together in understood.question else words[0]
        return Statement(Kind.NEEDS_WORDS, values=(("quote", quote),))
    return Statement(_NEEDED.get(weakest, Kind.NEEDS_EVIDENCE))
