"""Pairs of concepts of a document, and what can be counted of them without a network.

A relation is of two concepts over all their mentions, so a document is seen here as its concepts
(:class:`Entity`), each with its mentions. The features of a pair say how often, where and how
near to each other the two are named, which words stand between their nearest mentions, whether
the document also names a more specific disease (MeSH tree numbers), and how often the training
documents stated that relation of the same concepts (:class:`Priors`).
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import combinations, product

import numpy as np
import numpy.typing as npt

CHEMICAL = "Chemical"
DISEASE = "Disease"

Pair = tuple[int, int]
Span = tuple[int, int]

_INDUCED = re.compile(r"^[- ]?(?:induced|associated|related|provoked|triggered|evoked|elicited)\b")
_CAUSE = re.compile(
    r"\b(?:induc|caus|produc|provok|lead|led\b|result(?:s|ed|ing)? in|associat|due to|secondary"
    r"|develop|attribut|side effect|adverse|toxic|complicat|follow|after|precipitat|exacerbat)"
)
_TREAT = re.compile(
    r"\b(?:treat|therap|prevent|reduc|improv|protect|alleviat|attenuat|reliev|efficac|effective"
    r"|inhibit|decreas|revers|suppress|management|manag|receiv|given|for\b)"
)
_DENY = re.compile(r"\b(?:no|not|without|neither|nor|absence|lack|failed|free)\b")
_TOXIC = re.compile(r"toxic|induced|adverse|side effect|complication|overdose|poison|syndrome")


@dataclass(frozen=True, slots=True)
class Entity:
    """A concept of a document.

    Args:
        key: its CURIE, or any name that is the same for its mentions only.
        kind: :data:`CHEMICAL` or :data:`DISEASE`.
        spans: its mentions, ``[start, end)`` in the document, sorted.
    """

    key: str
    kind: str
    spans: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class PairDocument:
    """A document as its concepts; ``sentences`` are spans that hold every mention."""

    id: str
    text: str
    title_end: int
    sentences: tuple[Span, ...]
    entities: tuple[Entity, ...]


def candidate_pairs(document: PairDocument) -> list[Pair]:
    """Pairs a relation may hold of: chemical and disease, and two chemicals in text order."""
    entities = document.entities
    chemicals = [i for i, e in enumerate(entities) if e.kind == CHEMICAL]
    diseases = [i for i, e in enumerate(entities) if e.kind == DISEASE]
    chemicals.sort(key=lambda i: (entities[i].spans[0], entities[i].key))
    return [*product(chemicals, diseases), *combinations(chemicals, 2)]


def share_sentence(document: PairDocument, pair: Pair) -> bool:
    """Whether some sentence names both."""
    first, second = (document.entities[i].spans for i in pair)
    return any(
        any(s <= a < e for a, _ in first) and any(s <= b < e for b, _ in second)
        for s, e in document.sentences
    )


@dataclass(frozen=True, slots=True)
class Priors:
    """How many training documents name a concept (or pair), and how many state the relation.

    ``concepts`` and ``pairs`` map a key (a pair's: the two keys) to ``(documents, stated)``.
    """

    concepts: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    pairs: Mapping[tuple[str, str], tuple[int, int]] = field(default_factory=dict)
    base: float = 0.2

    def concept(self, key: str, less: tuple[int, int] = (0, 0)) -> tuple[float, float]:
        """Smoothed log-odds against the base rate, and log(1 + pairs seen)."""
        return self._odds(self.concepts.get(key, (0, 0)), less, weight=4.0)

    def pair(self, keys: tuple[str, str], less: tuple[int, int] = (0, 0)) -> tuple[float, float]:
        """The same of a pair."""
        return self._odds(self.pairs.get(keys, (0, 0)), less, weight=1.0)

    def _odds(
        self, counts: tuple[int, int], less: tuple[int, int], *, weight: float
    ) -> tuple[float, float]:
        seen, stated = max(0, counts[0] - less[0]), max(0, counts[1] - less[1])
        share = (stated + weight * self.base) / (seen + weight)
        share = min(0.98, max(0.02, share))
        odds = math.log(share / (1 - share)) - math.log(self.base / (1 - self.base))
        return odds, math.log1p(seen)


class Specificity:
    """Which disease is a kind of which, by MeSH tree numbers.

    Args:
        trees: key of a concept → its tree numbers ("C14.280.647").
    """

    def __init__(self, trees: Mapping[str, Sequence[str]]) -> None:
        self._trees = {key: tuple(numbers) for key, numbers in trees.items()}
        self.is_kind_of = cache(self._is_kind_of)

    def _is_kind_of(self, narrow: str, broad: str) -> bool:
        """Whether ``narrow`` stands strictly under ``broad``."""
        return narrow != broad and any(
            n.startswith(b + ".")
            for n in self._trees.get(narrow, ())
            for b in self._trees.get(broad, ())
        )


FEATURE_NAMES = (
    "mentions of the first",
    "mentions of the second",
    "share of the first among its class",
    "share of the second among its class",
    "first in the title",
    "second in the title",
    "both in the title",
    "sentences with both",
    "share of the second's sentences with the first",
    "share of the first's sentences with the second",
    "same sentence",
    "neighbouring sentences",
    "further apart",
    "nearness in characters",
    "first stands before second where nearest",
    "second right after first with 'induced'",
    "words of cause between",
    "words of treatment between",
    "words of denial between",
    "words of cause in shared sentences",
    "words of treatment in shared sentences",
    "toxic in the title",
    "treatment in the title",
    "only one of the first's class",
    "only one of the second's class",
    "first is the first of its class",
    "second is the first of its class",
    "first most frequent of its class",
    "second most frequent of its class",
    "first in the last sentence",
    "second in the last sentence",
    "chemicals in the document",
    "diseases in the document",
    "a more specific disease in the document",
    "more specific than another disease",
    "a more specific disease shares a sentence",
    "odds of the first in training documents",
    "times the first was seen",
    "odds of the second in training documents",
    "times the second was seen",
    "odds of the pair in training documents",
    "times the pair was seen",
)


def features(
    document: PairDocument,
    pairs: Sequence[Pair],
    *,
    priors: Priors,
    specificity: Specificity,
    own: Priors | None = None,
) -> npt.NDArray[np.float32]:
    """One row of :data:`FEATURE_NAMES` per pair, float32 [pairs, features].

    Args:
        own: the counts this very document contributed to ``priors``, taken off again where the
            document is one of those the priors were counted over.
    """
    rows = np.zeros((len(pairs), len(FEATURE_NAMES)), dtype=np.float32)
    page = _Page(document)
    own = own or Priors()
    for row, (first, second) in enumerate(pairs):
        a, b = document.entities[first], document.entities[second]
        counted = [*page.counts(first, second), *page.places(first, second)]
        counted += page.kinds(first, second, specificity)
        counted += priors.concept(a.key, own.concepts.get(a.key, (0, 0)))
        counted += priors.concept(b.key, own.concepts.get(b.key, (0, 0)))
        counted += priors.pair((a.key, b.key), own.pairs.get((a.key, b.key), (0, 0)))
        rows[row] = counted
    return rows


class _Page:
    """The sentences of a document and which concepts stand in each."""

    def __init__(self, document: PairDocument) -> None:
        self._document = document
        self._text = document.text.lower()
        self._title = self._text[: document.title_end]
        starts = [s for s, _ in document.sentences]
        self._of_span = [
            [max(0, int(np.searchsorted(starts, start, side="right")) - 1) for start, _ in e.spans]
            for e in document.entities
        ]
        self._in = [set(places) for places in self._of_span]
        self._count = {
            kind: [i for i, e in enumerate(document.entities) if e.kind == kind]
            for kind in (CHEMICAL, DISEASE)
        }

    def counts(self, first: int, second: int) -> list[float]:
        """How often and where the two are named."""
        entities, end = self._document.entities, self._document.title_end
        a, b = entities[first], entities[second]
        total = {k: sum(len(entities[i].spans) for i in of) for k, of in self._count.items()}
        in_title = [any(s < end for s, _ in e.spans) for e in (a, b)]
        both = self._in[first] & self._in[second]
        return [
            math.log1p(len(a.spans)),
            math.log1p(len(b.spans)),
            len(a.spans) / total[a.kind],
            len(b.spans) / total[b.kind],
            float(in_title[0]),
            float(in_title[1]),
            float(all(in_title)),
            math.log1p(len(both)),
            len(both) / len(self._in[second]),
            len(both) / len(self._in[first]),
        ]

    def places(self, first: int, second: int) -> list[float]:
        """How near the two come, and what stands between and around them there."""
        gap, apart, forward, between = self._nearest(first, second)
        shared = " ".join(
            self._text[slice(*self._document.sentences[i])]
            for i in sorted(self._in[first] & self._in[second])
        )
        return [
            float(apart == 0),
            float(apart == 1),
            float(apart > 1),
            math.exp(-gap / 50.0),
            float(forward),
            float(forward and _INDUCED.search(between) is not None),
            float(_CAUSE.search(between) is not None),
            float(_TREAT.search(between) is not None),
            float(_DENY.search(between) is not None),
            math.log1p(len(_CAUSE.findall(shared))),
            math.log1p(len(_TREAT.findall(shared))),
            float(_TOXIC.search(self._title) is not None),
            float(_TREAT.search(self._title) is not None),
        ]

    def kinds(self, first: int, second: int, specificity: Specificity) -> list[float]:
        """How the two stand among the concepts of their classes."""
        entities = self._document.entities
        last = len(self._document.sentences) - 1
        lone, opens, most, ends = [], [], [], []
        for i in (first, second):
            peers = [entities[p] for p in self._count[entities[i].kind]]
            lone.append(float(len(peers) == 1))
            opens.append(float(entities[i].spans[0] == min(p.spans[0] for p in peers)))
            most.append(float(len(entities[i].spans) == max(len(p.spans) for p in peers)))
            ends.append(float(last in self._in[i]))
        key = entities[second].key
        narrower = [d for d in self._count[DISEASE] if specificity.is_kind_of(entities[d].key, key)]
        broader = any(specificity.is_kind_of(key, entities[d].key) for d in self._count[DISEASE])
        return [
            *lone,
            *opens,
            *most,
            *ends,
            math.log(max(1, len(self._count[CHEMICAL]))),
            math.log(max(1, len(self._count[DISEASE]))),
            float(bool(narrower)),
            float(broader),
            float(any(self._in[d] & self._in[first] for d in narrower)),
        ]

    def _nearest(self, first: int, second: int) -> tuple[int, int, bool, str]:
        """Characters and sentences apart, whether ``first`` comes first, the text between."""
        a, b = self._document.entities[first].spans, self._document.entities[second].spans
        best: tuple[int, int, int, int] | None = None
        for (i, s), (j, o) in product(enumerate(a), enumerate(b)):
            apart = abs(self._of_span[first][i] - self._of_span[second][j])
            rank = (apart, max(0, max(s[0], o[0]) - min(s[1], o[1])), i, j)
            best = rank if best is None else min(best, rank)
        assert best is not None  # an entity has a mention
        apart, gap, i, j = best
        left, right = sorted((a[i], b[j]))
        return gap, apart, a[i] <= b[j], self._text[left[1] : right[0]][:400]


def priors_of(
    documents: Iterable[tuple[PairDocument, Mapping[Pair, bool]]], *, base: float = 0.2
) -> Priors:
    """Counts over documents of whether each pair was stated (pairs of which it is known)."""
    concepts: dict[str, tuple[int, int]] = {}
    pairs: dict[tuple[str, str], tuple[int, int]] = {}
    for document, known in documents:
        for (first, second), stated in known.items():
            a, b = document.entities[first].key, document.entities[second].key
            for key in (a, b):
                seen, yes = concepts.get(key, (0, 0))
                concepts[key] = (seen + 1, yes + stated)
            seen, yes = pairs.get((a, b), (0, 0))
            pairs[a, b] = (seen + 1, yes + stated)
    return Priors(concepts, pairs, base)
