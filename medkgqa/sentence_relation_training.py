"""Relations of a sentence (DDI-2013, BioText): trained and scored by one command, not shipped.

These corpora may not be passed on with the code, or their owners state no licence, so these
weights are not shipped either; the scores stand beside those of what ships. The network is the
same as that for documents; of its features those that look at documents are idle.
"""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from kg.errors import UsageError
from loaders import biotext, ddi_corpus
from nlp.relation_pairs import Pair, Priors, Specificity
from nlp.training.relation_examples import RelationExample, pair_scores
from nlp.training.relation_training import RelationTrainer
from nlp.training.token_run import sha256_of

HELD_OUT = 8  # every eighth document of the training set
Found = dict[tuple[str, Pair], tuple[int, float]]


@dataclass(frozen=True, slots=True)
class SentenceTask:
    """A corpus of sentences with pairs.

    Args:
        title: what its scores are called.
        file: path below the data folder.
        labels: what is predicted of a pair, one at most.
        read: file and part (``train``, ``test``) → examples.
        document: which document an example is of; those held out are whole documents.
    """

    title: str
    file: str
    labels: tuple[str, ...]
    read: Callable[[Path, Any], Iterable[RelationExample]]
    document: Callable[[RelationExample], str]


#: ``task`` of a configuration → its corpus.
TASKS: Mapping[str, SentenceTask] = MappingProxyType(
    {
        "ddi": SentenceTask(
            "DDI-2013 test, gold mentions",
            "ner/ddi-corpus-2013/DDICorpus-2013.zip",
            ddi_corpus.TYPES,
            ddi_corpus.ddi_sentences,
            lambda e: e.document.id.rpartition(".s")[0],
        ),
        "biotext": SentenceTask(
            "BioText, every fifth block, gold mentions",
            "ner/biotext/sentences_with_roles_and_relations.txt.xz",
            biotext.TYPES,
            biotext.biotext_sentences,
            lambda e: e.document.id,
        ),
    }
)


def train_sentences(
    plan: Mapping[str, Any],
    *,
    data: Path,
    encoder: Path,
    out: Path,
    start: dict[str, Any] | None,
) -> dict[str, dict[str, dict[str, float]]]:
    """Train on one corpus and score on its test part; leaves ``metrics.json`` in ``out``.

    Args:
        plan: the configuration, with its ``training`` and, in ``model``, its ``task``.
        data: folder the corpus lies below.
        encoder: folder of the encoder.
        out: folder of checkpoints and scores.
        start: tensors of an encoder fine-tuned before.

    Raises:
        UsageError: where there is no such task, or the corpus is absent.
    """
    task = _task(plan, data)
    path = data / task.file
    sentences = list(task.read(path, "train"))
    documents = sorted({task.document(e) for e in sentences})
    chosen = set(documents[::HELD_OUT])
    held = [e for e in sentences if task.document(e) in chosen]
    rest = [e for e in sentences if task.document(e) not in chosen]
    trainer = RelationTrainer(
        plan["training"],
        encoder=encoder,
        folder=out / "checkpoints",
        priors=Priors(),
        specificity=Specificity({}),
        start=start,
        labels=task.labels,
    )
    history = trainer.train(rest)
    threshold, chosen_f1 = _threshold(held, _predicted(trainer, held))
    test = list(task.read(path, "test"))
    scores = {task.title: _scores(test, _predicted(trainer, test), threshold)}
    record = {
        "scores": scores,
        "threshold": threshold,
        "held_out_f1": chosen_f1,
        "sentences": {"train": len(rest), "held out": len(held), "test": len(test)},
        "history": history,
        "training": asdict(plan["training"]),
        "files": {task.file: sha256_of(path)},
        "command": shlex.join(["medkgqa", *sys.argv[1:]]),
    }
    (out / "metrics.json").write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    return scores


def _task(plan: Mapping[str, Any], data: Path) -> SentenceTask:
    name = plan["model"]["task"]
    if name not in TASKS:
        raise UsageError(f"task {name!r} is none of: {', '.join(TASKS)}")
    path = data / TASKS[name].file
    if not path.is_file():
        raise UsageError(f"{path} is absent; --data must be the folder that holds it")
    return TASKS[name]


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
    """Detection (any type), type (micro over all), and every pair in a relation as a floor."""
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
        "floor, detection: every pair": pair_scores(pairs, every),
    }
