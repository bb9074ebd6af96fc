"""A few sentences that together say most: extracted, never written.

Of many sentences that support or deny what was asked, ``count`` are picked, each whole and as it
was recorded. First counts what no sentence picked before it has stated (the triples read in it), as
in maximum coverage, then how far up the sentence stood, less how much it repeats a sentence picked
before it (maximal marginal relevance, Carbonell and Goldstein 1998). Where sentences stand on both
sides and two or more are picked, each side has one.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from kg.errors import InvalidRecordError
from kg.names import tokens
from kg.records import Evidence, Polarity
from reasoning.answer import Claim

#: What relevance weighs against repetition.
RELEVANCE = 0.7


@dataclass(frozen=True, slots=True)
class Telling:
    """A sentence that may be picked.

    Args:
        sentence: as recorded.
        says: what it states, each piece hashable.
        side: what it does to what was asked; opaque.
    """

    sentence: str
    says: frozenset[Hashable]
    side: Hashable


@dataclass(frozen=True, slots=True)
class SummarySentence:
    """A sentence of a document, the claims of the answer it is evidence of (from 1), its side.

    ``stated``: whether it states those claims; else it denies them.
    """

    evidence: Evidence
    claims: tuple[int, ...]
    stated: bool

    def __post_init__(self) -> None:
        if not self.evidence.document or not self.claims:
            raise InvalidRecordError("a summary holds sentences of documents, each with its claims")


@dataclass(frozen=True, slots=True)
class Summary:
    """The sentences picked, and how many there were that state and that deny."""

    sentences: tuple[SummarySentence, ...]
    stating: int
    denying: int


def summary_of(claims: Sequence[Claim], count: int) -> Summary | None:
    """Of the sentences behind the claims of an answer, the ``count`` that together say most.

    None where no claim rests on a sentence of a document.
    """
    behind: dict[tuple[str, str, int], dict[int, Evidence]] = {}
    for number, claim in enumerate(claims, 1):
        for evidence in claim.evidence:
            if evidence.document:
                place = (evidence.provenance.source, evidence.document, evidence.start)
                behind.setdefault(place, {}).setdefault(number, evidence)
    if not behind:
        return None
    found = list(_sided(claims, behind.values()))
    tellings = [Telling(s.evidence.sentence, frozenset(s.claims), s.stated) for s in found]
    kept = tuple(found[n] for n in picked(tellings, count))
    stating = sum(sentence.stated for sentence in found)
    return Summary(kept, stating, len(found) - stating)


def _sided(
    claims: Sequence[Claim], behind: Iterable[dict[int, Evidence]]
) -> Iterator[SummarySentence]:
    """A sentence once for the claims it states and once for those it denies."""
    for numbers in behind:
        for polarity in Polarity:
            of = {n: e for n, e in numbers.items() if claims[n - 1].polarity is polarity}
            if of:
                stated = polarity is Polarity.POSITIVE
                yield SummarySentence(next(iter(of.values())), tuple(of), stated)


def picked(
    tellings: Sequence[Telling], count: int, *, vectors: npt.NDArray[np.float32] | None = None
) -> list[int]:
    """Positions of the ``count`` sentences that together say most, in their own order.

    Args:
        tellings: best first.
        count: at least 1.
        vectors: ``float32 [sentence, dimension]`` of length 1 by which repetition is told; by
            their words where None.
    """
    if count >= len(tellings):
        return list(range(len(tellings)))
    likeness = _by_words([t.sentence for t in tellings]) if vectors is None else vectors @ vectors.T
    chosen: list[int] = []
    said: set[Hashable] = set()
    while len(chosen) < count:
        left = [n for n in range(len(tellings)) if n not in chosen]
        sides = {tellings[n].side for n in chosen}
        missing = {t.side for t in tellings} - sides
        if len(missing) >= count - len(chosen):
            left = [n for n in left if tellings[n].side in missing]
        best = max(left, key=lambda n: _worth(n, tellings, chosen, said, likeness))
        chosen.append(best)
        said |= tellings[best].says
    return sorted(chosen)


def _worth(
    number: int,
    tellings: Sequence[Telling],
    chosen: Sequence[int],
    said: set[Hashable],
    likeness: npt.NDArray[np.float32],
) -> tuple[int, float, int]:
    """What a sentence adds: what is new first, then marginal relevance; no ties."""
    new = len(tellings[number].says - said)
    relevance = 1.0 - number / len(tellings)
    repeats = max((float(likeness[number, other]) for other in chosen), default=0.0)
    return new, RELEVANCE * relevance - (1.0 - RELEVANCE) * repeats, -number


def _by_words(texts: Sequence[str]) -> npt.NDArray[np.float32]:
    """Cosine of the words two texts share, rare ones weighing more: ``float32 [text, text]``."""
    bags = [Counter(token.text for token in tokens(text)) for text in texts]
    held = Counter(word for bag in bags for word in bag)
    place = {word: n for n, word in enumerate(held)}
    weights = np.zeros((len(texts), max(1, len(place))), dtype=np.float32)
    for row, bag in enumerate(bags):
        for word, times in bag.items():
            weights[row, place[word]] = times * math.log(1 + len(texts) / held[word])
    lengths = np.linalg.norm(weights, axis=1, keepdims=True)
    weights /= np.where(lengths > 0, lengths, 1.0)
    likeness: npt.NDArray[np.float32] = weights @ weights.T
    return likeness
