"""A trained classifier of questions, for those no phrase matches.

The phrase files say what they understand; this says what a question that none of them matches
most likely asks. It is a multinomial logistic regression over words, pairs of words, beginnings
of words (English) and runs of characters (Chinese) of the question with its names taken out, as
:mod:`reasoning.skeleton` leaves it. It answers with a probability for each rule; understanding
uses a rule only above a threshold, and only where the plan type-checks.

The weights (``intents.npz``) are made by ``curation/train_intents.py`` from the phrase files,
from examples written for this project and from the question types of MedQuAD documents
(Ben Abacha and Demner-Fushman, "A question-entailment approach to question answering",
doi:10.1186/s12859-019-3119-4); no test question is among them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from itertools import pairwise

import numpy as np
import numpy.typing as npt

#: Least probability with which a rule is taken, of those whose plan type-checks.
LEAST_PROBABILITY = 0.55

#: The rule of questions that no plan can say.
NOTHING = "none"

_TOKEN = re.compile(r"<\d+:([A-Z]*)>")
_PIECE = re.compile(r"\x00[a-z]|[a-z0-9]+|[\u4e00-\u9fff]")
#: What class of name a letter of a slot stands for here; others are "y".
_CLASSES = {"D": "d", "S": "d", "R": "r", "C": "c", "G": "g", "T": "t"}
_STEM = 5


def features(text: str) -> list[str]:
    """What the classifier sees of a skeleton (names as ``<0:D>``), each once.

    >>> features("why <0:R>")
    ['why', '\\x00r', '^ why', 'why \\x00r', '\\x00r $', '#1']
    """
    plain = _TOKEN.sub(lambda m: f" \0{_CLASSES.get(m[1][:1], 'y')} ", text)
    pieces = _PIECE.findall(plain.lower())
    return list(dict.fromkeys(_grams(pieces, len(_TOKEN.findall(text)))))


def _grams(pieces: Sequence[str], names: int) -> Iterator[str]:
    yield from pieces
    ended = ["^", *pieces, "$"]
    for one, two in pairwise(ended):
        yield f"{one} {two}"
    for one, two, three in zip(pieces, pieces[1:], pieces[2:], strict=False):
        if not (one + two + three).isascii():
            yield f"{one} {two} {three}"
    for piece in pieces:
        if piece.isascii() and len(piece) > _STEM:
            yield f"{piece[:_STEM]}*"
    yield f"#{min(names, 3)}"


@dataclass(frozen=True, slots=True, eq=False)
class IntentModel:
    """Weights: ``float32 [features + 1, rules]``, the last row the bias."""

    rules: tuple[str, ...]
    vocabulary: dict[str, int]
    weights: npt.NDArray[np.float32]

    def probabilities(self, text: str) -> list[tuple[float, str]]:
        """Rules by how likely the skeleton asks them, best first; the sum is 1."""
        rows = [self.vocabulary[f] for f in features(text) if f in self.vocabulary]
        scores = self.weights[-1] + self.weights[rows].sum(axis=0) / max(len(rows), 1) ** 0.5
        shares = np.exp(scores - scores.max())
        shares /= shares.sum()
        ranked = sorted(zip(shares.tolist(), self.rules, strict=True), reverse=True)
        return [(float(share), rule) for share, rule in ranked]


@cache
def load_intents() -> IntentModel:
    """The weights that came with the package, read when the first question needs them."""
    with (files("reasoning") / "intents.npz").open("rb") as stream:
        arrays = np.load(stream, allow_pickle=False)
        rules = bytes(arrays["rules"]).decode().split("\n")
        words = bytes(arrays["vocabulary"]).decode().split("\n")
        weights = arrays["weights"].astype(np.float32) * float(arrays["scale"])
    return IntentModel(tuple(rules), {w: i for i, w in enumerate(words)}, weights)
