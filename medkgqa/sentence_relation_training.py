"""Drug interactions, sentence by sentence: trained and scored by one command, not shipped.

The corpus may not be passed on with the code, so these weights are not either; the scores stand
beside those of what ships. The network is the same; of the features those of documents are idle.
"""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from loaders.ddi_corpus import TYPES, ddi_sentences
from nlp.relation_pairs import Pair, Priors, Specificity
from nlp.training.relation_examples import RelationExample, pair_scores
from nlp.training.relation_training import RelationTrainer
from nlp.training.token_run import sha256_of

DDI = "ner/ddi-corpus-2013/DDICorpus-2013.zip"
HELD_OUT = 8  # every eighth document of the training set
Found = dict[tuple[str, Pair], tuple[int, float]]


def train_ddi(
    plan: Mapping[str, Any],
    *,
    data: Path,
    encoder: Path,
    out: Path,
    start: dict[str, Any] | None,
) -> dict[str, dict[str, dict[str, float]]]:
    """Train on DDI-2013 and score on its test set; leaves ``metrics.json`` in ``out``.

    Args:
        plan: the configuration, with its ``training``.
        data: folder the corpus lies below.
        encoder: folder of the encoder.
        out: folder of checkpoints and scores.
        start: tensors of an encoder fine-tuned before.
    """
    sentences = list(ddi_sentences(data / DDI, "train"))
    documents = sorted({_document(e) for e in sentences})
    chosen = set(documents[::HELD_OUT])
    held = [e for e in sentences if _document(e) in chosen]
    rest = [e for e in sentences if _document(e) not in chosen]
    trainer = RelationTrainer(
        plan["training"],
        encoder=encoder,
        folder=out / "checkpoints",
        priors=Priors(),
        specificity=Specificity({}),
        start=start,
        labels=TYPES,
    )
    history = trainer.train(rest)
    threshold, chosen_f1 = _threshold(held, _predicted(trainer, held))
    test = list(ddi_sentences(data / DDI, "test"))
    scores = {"DDI-2013 test, gold mentions": _scores(test, _predicted(trainer, test), threshold)}
    record = {
        "scores": scores,
        "threshold": threshold,
        "held_out_f1": chosen_f1,
        "sentences": {"train": len(rest), "held out": len(held), "test": len(test)},
        "history": history,
        "training": asdict(plan["training"]),
        "files": {DDI: sha256_of(data / DDI)},
        "command": shlex.join(["medkgqa", *sys.argv[1:]]),
    }
    (out / "metrics.json").write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    return scores


def _document(example: RelationExample) -> str:
    return example.document.id.rpartition(".s")[0]


def _predicted(trainer: RelationTrainer, examples: Sequence[RelationExample]) -> Found:
    """Per pair its likeliest type and the probability of that."""
    found: Found = {}
    for example, (pairs, logits) in zip(examples, trainer.scores(examples), strict=True):
        for pair, row in zip(pairs, logits, strict=True):
            place = int(row.argmax())
            found[example.document.id, pair] = (place, float(1 / (1 + np.exp(-row[place]))))
    return found


def _threshold(examples: Sequence[RelationExample], found: Found) -> tuple[float, float]:
    """The probability at which the F1 of types is best."""
    best = (-1.0, 0.5)
    for threshold in np.round(np.arange(0.1, 0.9, 0.02), 2):
        f1 = _scores(examples, found, float(threshold))["type"]["f1"]
        best = max(best, (f1, float(threshold)))
    return best[1], best[0]


def _scores(
    examples: Sequence[RelationExample], found: Found, threshold: float
) -> dict[str, dict[str, float]]:
    """Detection (any type), type (micro over the four), and naming two drugs as a floor."""
    gold = {
        (e.document.id, pair, row.index(1))
        for e in examples
        for pair, row in e.labels.items()
        if 1 in row
    }
    given = {(i, pair, place) for (i, pair), (place, p) in found.items() if p >= threshold}
    every = {(e.document.id, pair) for e in examples for pair in e.labels}
    pairs = {key[:2] for key in gold}
    return {
        "detection": pair_scores(pairs, {key[:2] for key in given}),
        "type": pair_scores(gold, given),
        "floor, detection: every two drugs": pair_scores(pairs, every),
    }
