"""Training examples of relations: documents whose pairs carry labels, some of them unknown.

A corpus says nothing of relations its annotators did not mark, so a label of a pair is stated
(1), not stated (0) or unknown (-1); the loss counts known labels only.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from nlp.relation_pairs import CHEMICAL, DISEASE, Pair, PairDocument, Priors, priors_of

#: What is predicted of a pair. ``correlated`` is BioRED's Positive_Correlation, wider than
#: ``causes`` (BC5CDR's chemical-induced disease); ``related`` is any relation at all. Of
#: interactions BioRED marks too few (21 in its open documents) to learn from.
LABELS = ("causes", "treats", "correlated", "related")
UNKNOWN = -1


@dataclass(frozen=True, slots=True)
class RelationExample:
    """A document and, per candidate pair, one of 1, 0 and -1 for each label of ``names``."""

    document: PairDocument
    labels: Mapping[Pair, tuple[int, ...]]
    names: tuple[str, ...] = LABELS

    def of(self, label: str) -> dict[Pair, bool]:
        """The pairs of which ``label`` is known."""
        place = self.names.index(label)
        return {p: v[place] == 1 for p, v in self.labels.items() if v[place] != UNKNOWN}

    def target(self, pairs: Sequence[Pair]) -> npt.NDArray[np.int8]:
        """Labels of ``pairs``, int8 [pairs, labels]."""
        unknown = (UNKNOWN,) * len(self.names)
        rows = [self.labels.get(p, unknown) for p in pairs]
        return np.array(rows, dtype=np.int8).reshape(len(rows), len(self.names))


def label_row(document: PairDocument, pair: Pair, **known: bool | None) -> tuple[int, ...]:
    """Labels of one pair; what its classes rule out stays unknown, as does what is not given."""
    kinds = {document.entities[i].kind for i in pair}
    fitting = set(LABELS) if kinds == {CHEMICAL, DISEASE} else {"related"}
    return tuple(
        UNKNOWN if name not in fitting or known.get(name) is None else int(bool(known[name]))
        for name in LABELS
    )


def causes_priors(examples: Iterable[RelationExample]) -> Priors:
    """Counts of ``causes`` over training examples; none of those without that label."""
    return priors_of((e.document, e.of("causes")) for e in examples if "causes" in e.names)


def pair_scores(gold: Set[Hashable], found: Set[Hashable]) -> dict[str, float]:
    """Precision, recall and F1 in percent of found against gold.

    >>> pair_scores({("1", "a", "b")}, {("1", "a", "b"), ("1", "a", "c")})["precision"]
    50.0
    """
    hits = len(gold & found)
    precision = 100 * hits / len(found) if found else 0.0
    recall = 100 * hits / len(gold) if gold else 0.0
    f1 = 2 * precision * recall / (precision + recall) if hits else 0.0
    return {"precision": round(precision, 2), "recall": round(recall, 2), "f1": round(f1, 2)}
