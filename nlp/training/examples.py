"""Training examples: texts with labelled spans, possibly labelled for some classes only."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from kg.errors import InvalidRecordError
from nlp.token_scheme import Span, TokenScheme, Word


@dataclass(frozen=True, slots=True)
class SpanExample:
    """A text with gold spans.

    Args:
        id: id of the document.
        text: the text offsets count in.
        spans: ``(start, end, class)``, sorted, not overlapping.
        annotated: the classes its annotators marked; of the others nothing is known.
        corpus: the corpus it is of.
    """

    id: str
    text: str
    spans: tuple[Span, ...]
    annotated: frozenset[str]
    corpus: str

    def __post_init__(self) -> None:
        end = 0
        for start, stop, name in self.spans:
            if name not in self.annotated or not end <= start < stop <= len(self.text):
                raise InvalidRecordError(
                    f"example {self.id}: span [{start}, {stop}) {name} overlaps, is outside, or "
                    "of a class that is not annotated"
                )
            end = stop


def without_overlaps(spans: Iterable[Span]) -> tuple[Span, ...]:
    """The spans, longest first where they overlap, sorted by start.

    >>> without_overlaps([(0, 4, "Disease"), (0, 9, "Disease"), (12, 15, "Chemical")])
    ((0, 9, 'Disease'), (12, 15, 'Chemical'))
    """
    kept: list[Span] = []
    for span in sorted(spans, key=lambda s: (s[0] - s[1], s)):
        if all(span[1] <= k[0] or k[1] <= span[0] for k in kept):
            kept.append(span)
    return tuple(sorted(kept))


def allowed_labels(
    words: Sequence[Word], example: SpanExample, scheme: TokenScheme
) -> npt.NDArray[np.bool_]:
    """The labels each word may have: bool [words, labels].

    Inside a span that is one; outside, ``O`` and the labels of classes that were not annotated.
    """
    labels = scheme.labels
    outside = np.array(
        [label == "O" or label[2:] not in example.annotated for label in labels], dtype=np.bool_
    )
    allowed = np.tile(outside, (len(words), 1))
    starts = [start for _, start, _ in words]
    for start, end, name in example.spans:
        first = int(np.searchsorted(starts, start))
        if first > 0 and words[first - 1][2] > start:
            first -= 1
        prefix = "I-" if starts and start < starts[0] else "B-"  # began before the window
        for k in range(first, len(words)):
            if words[k][1] >= end:
                break
            allowed[k] = False
            allowed[k, labels.index(prefix + name)] = True
            prefix = "I-"
    return allowed


def span_scores(
    gold: Sequence[Iterable[Span]], found: Sequence[Iterable[Span]], classes: Sequence[str]
) -> dict[str, dict[str, float]]:
    """Strict precision, recall and F1 (in percent) per class and over all (``micro``).

    A span counts as found when start, end and class agree, as in the BioCreative V evaluation.

    >>> span_scores([[(0, 4, "Drug")]], [[(0, 4, "Drug"), (5, 9, "Drug")]], ["Drug"])["micro"]
    {'precision': 50.0, 'recall': 100.0, 'f1': 66.67}
    """
    counts = {name: [0, 0, 0] for name in classes}
    for gold_spans, found_spans in zip(gold, found, strict=True):
        gold_set, found_set = set(gold_spans), set(found_spans)
        for name in classes:
            wanted = {s for s in gold_set if s[2] == name}
            got = {s for s in found_set if s[2] == name}
            counts[name][0] += len(wanted & got)
            counts[name][1] += len(got)
            counts[name][2] += len(wanted)
    totals = [sum(c[i] for c in counts.values()) for i in range(3)]
    return {name: _scores(*three) for name, three in [*counts.items(), ("micro", totals)]}


def _scores(hits: int, found: int, gold: int) -> dict[str, float]:
    precision = 100 * hits / found if found else 0.0
    recall = 100 * hits / gold if gold else 0.0
    f1 = 2 * precision * recall / (precision + recall) if hits else 0.0
    return {"precision": round(precision, 2), "recall": round(recall, 2), "f1": round(f1, 2)}
