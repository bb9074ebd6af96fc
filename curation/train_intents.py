"""Train the fallback classifier of questions: ``reasoning/intents.npz``.

    python -m curation.train_intents [--data ../shared/data] [--out reasoning/intents.npz]

Trained on, of both languages: sentences made from the phrase patterns (a fixed number a rule,
drawn with a fixed seed), the examples of ``curation/intents/``, and, where ``--data`` is given,
MedQuAD questions with the focus taken out: documents whose number is odd (CC BY 4.0; the even
ones are for measuring, ``bench/questions.py``). A tenth of the examples, and of the sentences, is
held out, and what is right of it is printed with the floor, the most frequent rule.
"""

from __future__ import annotations

import argparse
import json
import lzma
import random
import re
import sys
import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from re import _constants as codes  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any

import numpy as np

from reasoning.intents import NOTHING, IntentModel, features
from reasoning.rules import SLOT_KINDS, load_phrases

ROOT = Path(__file__).resolve().parent.parent
#: Sentences made from each pattern of each rule.
A_PATTERN = 12
#: Features that occur less often are left out.
LEAST_COUNT = 3
EPOCHS, RATE, DECAY = 12, 0.5, 1e-6
#: An example written by hand counts this often.
BY_HAND = 6
#: MedQuAD question types and the rule each asks.
MEDQUAD = {
    "symptoms": "symptoms",
    "treatment": "treatments",
    "causes": "causes",
    "complications": "complications",
    "prevention": "prevention",
    "exams and tests": "tests",
    "genetic changes": "genes",
    "susceptibility": "risk_factors",
    "information": "definition",
    "side effects": "side_effects",
    "indication": "indications",
    "contraindication": "contraindications",
    "brand names": "names",
}
_MOST_OF_A_TYPE = 150
_LETTERS = {"Y": "Y", "D": "D", "S": "S", "R": "R", "C": "C", "G": "G", "T": "T"}

Sample = tuple[str, str]  # skeleton, rule


def from_examples() -> Iterator[Sample]:
    """The examples written by hand, their capital letters as slots."""
    for path in sorted((ROOT / "curation" / "intents").glob("*.toml")):
        for rule, texts in tomllib.loads(path.read_text("utf-8"))["examples"].items():
            for text in texts:
                yield re.sub(r"(?<![A-Za-z])[DSRCGTY](?![A-Za-z])", _slot, text), rule


def _slot(match: re.Match[str]) -> str:
    return f"<0:{_LETTERS[match[0]]}>"


def from_patterns(chance: random.Random) -> Iterator[Sample]:
    """Sentences the phrase patterns match."""
    for language in ("en", "zh"):
        phrases = load_phrases(language)
        refused = {rule.id for rule in phrases.refusals}
        for rule in (*phrases.rules, *phrases.refusals):
            if rule.name in ("identifier", "compare") and rule.id not in refused:
                continue
            name = NOTHING if rule.id in refused else rule.name
            for _ in range(A_PATTERN):
                text = _made(rule.expression, rule.slots, chance)
                yield " ".join(text.split()) if language == "en" else text.replace(" ", ""), name


def _made(expression: str, slots: Any, chance: random.Random) -> str:
    letters = {g: chance.choice(SLOT_KINDS[kind][:2]) for g, kind in slots.items()}
    named = re.sub(
        r"\(\?P<([a-z])>(?:[^()]|\((?:[^()]|\([^()]*\))*\))*\)",
        lambda m: f"\x01{letters.get(m[1], 'D')}",
        expression,
    )
    parsed = parser.parse(named)
    text = "".join(_draw(parsed, chance))
    return re.sub(r"\x01([A-Z])", lambda m: f" <0:{m[1]}> ", text)


def _draw(parsed: Any, chance: random.Random) -> Iterator[str]:
    for code, value in parsed:
        if code is codes.LITERAL:
            yield chr(value)
        elif code is codes.IN:
            yield _one_of(value, chance)
        elif code in (codes.MAX_REPEAT, codes.MIN_REPEAT, codes.POSSESSIVE_REPEAT):
            least, most, inner = value
            gap = any(c is codes.IN and v[0][0] is codes.NEGATE for c, v in inner)
            times = 0 if gap else chance.randint(least, min(int(most), least + 1))
            for _ in range(times):
                yield from _draw(inner, chance)
        elif code is codes.SUBPATTERN:
            yield from _draw(value[3], chance)
        elif code is codes.ATOMIC_GROUP:
            yield from _draw(value, chance)
        elif code is codes.BRANCH:
            yield from _draw(chance.choice(value[1]), chance)


def _one_of(items: Any, chance: random.Random) -> str:
    code, value = chance.choice(items)
    if code is codes.LITERAL:
        return chr(value)
    if code is codes.RANGE:
        return chr(chance.randint(*value))
    return " " if value is codes.CATEGORY_SPACE else ""


def from_medquad(folder: Path) -> Iterator[Sample]:
    """Questions of the odd documents with their focus taken out, some of each type."""
    taken: Counter[str] = Counter()
    path = folder / "qa" / "medquad" / "medquad.jsonl.xz"
    with lzma.open(path, "rt", encoding="utf-8") as lines:
        for row in map(json.loads, lines):
            rule, focus = MEDQUAD.get(row["qtype"]), row["focus"]
            if rule is None or int(row["doc_id"]) % 2 == 0 or focus not in row["question"]:
                continue
            taken[rule] += 1
            if taken[rule] <= _MOST_OF_A_TYPE:
                slot = "<0:R>" if row["semantic_group"] == ["Chemicals & Drugs"] else "<0:D>"
                yield (
                    row["question"]
                    .replace(focus, slot)
                    .rstrip(" ?")
                    .lower()
                    .replace("<0:d>", "<0:D>")
                    .replace("<0:r>", "<0:R>"),
                    rule,
                )


def trained(samples: Sequence[Sample], weights: Sequence[float]) -> IntentModel:
    """Weights by stochastic gradient descent with AdaGrad steps; deterministic."""
    rules = sorted({rule for _, rule in samples})
    counted = Counter(f for text, _ in samples for f in features(text))
    words = sorted(f for f, n in counted.items() if n >= LEAST_COUNT)
    vocabulary = {w: i for i, w in enumerate(words)}
    rows = [
        np.array([vocabulary[f] for f in features(t) if f in vocabulary] + [len(words)])
        for t, _ in samples
    ]
    labels = [rules.index(rule) for _, rule in samples]
    table = np.zeros((len(words) + 1, len(rules)))
    squares = np.full_like(table, 1e-3)
    order = np.random.default_rng(7)
    for _ in range(EPOCHS):
        for n in order.permutation(len(samples)):
            at = rows[n]
            share = np.full(len(at), 1.0 / max(len(at) - 1, 1) ** 0.5)
            share[-1] = 1.0
            scores = share @ table[at]
            scores = np.exp(scores - scores.max())
            slope = scores / scores.sum()
            slope[labels[n]] -= 1.0
            step = weights[n] * np.outer(share, slope) + DECAY * table[at]
            squares[at] += step**2
            table[at] -= RATE * step / np.sqrt(squares[at])
    return IntentModel(tuple(rules), vocabulary, table.astype(np.float32))


def write(model: IntentModel, path: Path) -> None:
    """Weights rounded to 8 bits; rules and vocabulary as lines."""
    scale = float(np.abs(model.weights).max()) / 127
    np.savez_compressed(
        path,
        rules=np.frombuffer("\n".join(model.rules).encode(), dtype=np.uint8),
        vocabulary=np.frombuffer("\n".join(model.vocabulary).encode(), dtype=np.uint8),
        weights=np.round(model.weights / scale).astype(np.int8),
        scale=np.float64(scale),
    )


def share_right(model: IntentModel, samples: Iterable[Sample]) -> tuple[float, float]:
    """Share of samples whose rule comes first, and that of the most frequent rule."""
    known = [(text, rule) for text, rule in samples if rule in model.rules]
    right = sum(model.probabilities(text)[0][1] == rule for text, rule in known)
    floor = Counter(rule for _, rule in known).most_common(1)[0][1]
    return right / len(known), floor / len(known)


def main() -> None:
    """Train, measure on what was held out, train on all, write."""
    options = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    options.add_argument("--data", type=Path, help="folder with qa/medquad")
    options.add_argument("--out", type=Path, default=ROOT / "reasoning" / "intents.npz")
    chosen = options.parse_args()
    chance = random.Random(7)
    by_hand = list(dict.fromkeys(from_examples()))
    made = list(dict.fromkeys(from_patterns(chance)))
    medquad = list(dict.fromkeys(from_medquad(chosen.data))) if chosen.data else []
    chance.shuffle(by_hand)
    chance.shuffle(made)
    held = {"by hand": by_hand[::10], "made": made[::10]}
    away = {s for some in held.values() for s in some}
    kept = [s for s in (*by_hand, *made, *medquad) if s not in away]
    weights = {s: float(BY_HAND) for s in by_hand}
    model = trained(kept, [weights.get(s, 1.0) for s in kept])
    for name, samples in held.items():
        right, floor = share_right(model, samples)
        sys.stdout.write(
            f"held out, {name:8} {len(samples):5} {100 * right:5.1f} %, floor {100 * floor:.1f}\n"
        )
    every = [*by_hand, *made, *medquad]
    final = trained(every, [weights.get(s, 1.0) for s in every])
    write(final, chosen.out)
    sys.stdout.write(
        f"{len(every)} samples, {len(final.vocabulary)} features, {len(final.rules)} rules, "
        f"{chosen.out.stat().st_size:,} bytes\n"
    )


if __name__ == "__main__":
    main()
