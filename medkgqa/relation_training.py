"""``medkgqa train relations`` and ``evaluate relations``: corpora in, a model folder out."""

from __future__ import annotations

import json
import logging
import platform
import shlex
import sys
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np

from kg.errors import MissingExtraError, SourceFormatError, UsageError
from loaders import relation_corpora as corpora
from loaders.pubtator import read_annotated
from nlp.relation_model import RelationModel, labels_of
from nlp.relation_pairs import Pair, PairDocument, Specificity, candidate_pairs, share_sentence
from nlp.training.encoders import encoder_folder
from nlp.training.optimisation import CHECKPOINT
from nlp.training.relation_calibration import Calibration, Key, calibrated
from nlp.training.relation_examples import LABELS, RelationExample, causes_priors, pair_scores
from nlp.training.relation_export import write_relation_model
from nlp.training.relation_training import RelationTrainer, RelationTrainingConfig
from nlp.training.shipped_encoder import exported_encoder
from nlp.training.token_run import sha256_of

Scores = dict[str, dict[str, dict[str, float]]]
LOGGER = logging.getLogger(__name__)
MESH_TREES = "ontology/mesh-2015/tree-numbers.tsv.xz"
MESH_NAMES = "ontology/mesh-2015/terms.tsv.xz"


def train(
    config: Path,
    *,
    data: Path,
    encoder: Path | None,
    out: Path,
    cache: Path,
    start: Path | None = None,
) -> Scores:
    """Train the relation model, calibrate it on held-out documents, export and score it.

    Checkpoints lie in ``out/checkpoints``; the same call goes on from the newest.

    Args:
        config: configuration file, see ``nlp/training/configs/relations.toml``.
        data: folder the corpora lie below.
        encoder: folder of the encoder, where it is not to be fetched.
        out: folder of the model.
        cache: where fetched encoders are kept.
        start: checkpoint whose encoder it starts from; where not given and the configuration
            names a recogniser, that of the run beside ``out``, else the shipped one's weights.

    Raises:
        UsageError: where ``start`` is absent.
        MissingExtraError: without the extra ``train``.
        ModelUnavailableError: where the encoder, or the recogniser to start from, cannot be had.
    """
    plan = _plan(config)
    encoder = encoder or encoder_folder(plan["model"]["encoder"], cache)
    if "task" in plan["model"]:
        from medkgqa.sentence_relation_training import train_sentences

        tensors = _start(plan, out, start)
        return train_sentences(plan, data=data, encoder=encoder, out=out, start=tensors)
    examples = corpora.training_examples(data)
    chosen = corpora.held_out_documents(data)
    held = [e for e in examples if e.document.id in chosen]
    rest = [e for e in examples if e.document.id not in chosen]
    trees = corpora.tree_numbers(data / MESH_TREES)
    priors, specificity = causes_priors(rest), Specificity(trees)
    trainer = RelationTrainer(
        plan["training"],
        encoder=encoder,
        folder=out / "checkpoints",
        priors=priors,
        specificity=specificity,
        start=_start(plan, out, start),
    )
    history = trainer.train(rest, held_out=lambda: _held_out(trainer, held, specificity)[1])
    (labels, narrow), scores = _held_out(trainer, held, specificity)
    closed = corpora.test_documents(data) | chosen
    names = corpora.descriptor_names(data / MESH_NAMES, trees)
    names |= corpora.training_names(data, closed)
    write_relation_model(
        trainer.network,
        encoder=encoder,
        out=out,
        name=plan["model"]["name"],
        version=plan["model"]["version"],
        priors=priors,
        names=names,
        trees=trees,
        labels=labels,
        most_specific_only=narrow,
    )
    return _written(plan, out, data, history, {"train": len(rest), "held out": len(held)}, scores)


def evaluate(model: Path | None, *, data: Path) -> Scores:
    """Scores of a model folder (the shipped one where None) on gold mentions of test documents."""
    folder = model or Path(str(files("nlp").joinpath("models", "relations-en")))
    reading = RelationModel(folder)
    return {
        "BC5CDR test, gold mentions": cid_scores(reading, data / corpora.BC5CDR["test"]),
        "BioRED test, gold mentions": biored_scores(reading, data / corpora.BIORED["test"]),
    }


def recalibrate(folder: Path, labels: Iterable[str], *, data: Path) -> dict[str, float]:
    """Choose thresholds and probabilities of some labels of a model folder anew; their F1.

    The documents are those held out in training (:mod:`loaders.relation_corpora`); the folder's
    ``settings.json`` is replaced.
    """
    model = RelationModel(folder)
    chosen = corpora.held_out_documents(data)
    held = [e for e in corpora.training_examples(data) if e.document.id in chosen]
    scored = [model.scores(example.document) for example in held]
    specificity = Specificity(corpora.tree_numbers(data / MESH_TREES))
    (found, _), scores = held_out_calibration(held, scored, specificity)
    path = folder / "settings.json"
    record = json.loads(path.read_text(encoding="utf-8"))
    wanted = set(labels)
    record["labels"] |= {name: asdict(c) for name, c in found.items() if name in wanted}
    partial = path.with_suffix(".partial")
    partial.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    partial.replace(path)
    return {name: f1 for name, f1 in scores.items() if name in wanted}


def cid_scores(model: RelationModel, path: Path) -> dict[str, dict[str, float]]:
    """Chemical-induced disease pairs, and what naming them together gives."""
    gold = stated_pairs(path, {"CID"})
    found: set[Key] = set()
    together: set[Key] = set()
    anywhere: set[Key] = set()
    for example in corpora.bc5cdr(path):
        document = example.document
        found |= {key_of(document, f.pair) for f in model.find(document) if "causes" in f.given}
        pairs = [p for p in candidate_pairs(document) if "causes" in labels_of(document, p)]
        anywhere |= {key_of(document, p) for p in pairs}
        together |= {key_of(document, p) for p in pairs if share_sentence(document, p)}
    return {
        "CID": pair_scores(gold, found),
        "floor: in one sentence": pair_scores(gold, together),
        "floor: in one document": pair_scores(gold, anywhere),
    }


def biored_scores(model: RelationModel, path: Path) -> dict[str, dict[str, float]]:
    """Pairs in any relation, both ends chemicals or diseases, one a chemical at least."""
    gold: dict[str, set[Key]] = {name: set() for name in ("related", "treats", "correlated")}
    found: dict[str, set[Key]] = {name: set() for name in gold}
    together: set[Key] = set()
    for example in corpora.biored(path):
        document = example.document
        for name in gold:
            gold[name] |= {key_of(document, p) for p, yes in example.of(name).items() if yes}
        for one in model.find(document):
            for name in one.given & gold.keys():
                found[name].add(key_of(document, one.pair))
        pairs = candidate_pairs(document)
        together |= {key_of(document, p) for p in pairs if share_sentence(document, p)}
    table = {name: pair_scores(gold[name], found[name]) for name in gold}
    return table | {"related, floor: in one sentence": pair_scores(gold["related"], together)}


def stated_pairs(path: Path, types: Iterable[str]) -> set[Key]:
    """Document and ends of every relation of some types in a PubTator file."""
    wanted = set(types)
    return {
        (a.document.id, r.subject, r.object)
        for a in read_annotated(path)
        for r in a.relations
        if r.type in wanted
    }


def key_of(document: PairDocument, pair: Pair) -> Key:
    """The document and the two concepts."""
    a, b = (document.entities[i].key for i in pair)
    return document.id, a, b


def _held_out(
    trainer: RelationTrainer, held: Sequence[RelationExample], specificity: Specificity
) -> tuple[tuple[dict[str, Calibration], bool], dict[str, float]]:
    """Calibration of each label, whether filtering helps, and the F1 of each."""
    return held_out_calibration(held, trainer.scores(held), specificity)


def held_out_calibration(
    held: Sequence[RelationExample],
    scored: Sequence[tuple[Sequence[Pair], Any]],
    specificity: Specificity,
) -> tuple[tuple[dict[str, Calibration], bool], dict[str, float]]:
    """Calibration of each label, whether filtering helps, and the F1 of each.

    Args:
        held: documents the model was not trained on.
        scored: of each its pairs and their logits, float [pairs, labels].
        specificity: which disease is a kind of which.
    """
    rows: dict[str, list[tuple[Key, float, bool]]] = {label: [] for label in LABELS}
    gold: dict[str, set[Key]] = {label: set() for label in LABELS}
    for example, (pairs, logits) in zip(held, scored, strict=True):
        document = example.document
        for place, label in enumerate(LABELS):
            known = example.of(label)
            if any(label in labels_of(document, p) and p not in known for p in example.labels):
                continue  # of a corpus that does not mark this label all is not known
            gold[label] |= {key_of(document, p) for p, yes in known.items() if yes}
            rows[label] += [
                (key_of(document, p), float(x), share_sentence(document, p))
                for p, x in zip(pairs, logits[:, place], strict=True)
                if p in known
            ]

    def narrowed(found: set[Key]) -> set[Key]:
        return most_specific(found, specificity)

    labels = {}
    for label, of in rows.items():
        together = None if label == "causes" else np.array([t for *_, t in of], dtype=bool)
        labels[label] = calibrated([k for k, *_ in of], _array(of), gold[label], together=together)
    of = rows["causes"]
    filtered = calibrated([k for k, *_ in of], _array(of), gold["causes"], filtered=narrowed)
    narrow = filtered.scores["f1"] > labels["causes"].scores["f1"]
    if narrow:
        labels["causes"] = filtered
    return (labels, narrow), {label: c.scores["f1"] for label, c in labels.items()}


def most_specific(found: set[Key], specificity: Specificity) -> set[Key]:
    """Without a disease of which the same chemical, in the same document, causes a kind."""
    caused: dict[tuple[str, str], set[str]] = {}
    for document, chemical, disease in found:
        caused.setdefault((document, chemical), set()).add(disease)
    return {
        (d, c, x)
        for d, c, x in found
        if not any(specificity.is_kind_of(o, x) for o in caused[d, c])
    }


def _array(rows: Sequence[tuple[Key, float, bool]]) -> Any:
    return np.array([x for _, x, _ in rows])


def _plan(path: Path) -> dict[str, Any]:
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
        settings: dict[str, Any] = {
            k: tuple(v) if isinstance(v, list) else v for k, v in table["training"].items()
        }
        return {**table, "training": RelationTrainingConfig(**settings)}
    except (tomllib.TOMLDecodeError, KeyError, TypeError) as error:
        fix = "see nlp/training/configs/relations.toml"
        raise SourceFormatError(path, None, f"no configuration: {error}", fix=fix) from error


def _start(plan: Mapping[str, Any], out: Path, given: Path | None) -> dict[str, Any] | None:
    """Tensors of the encoder to start from, or None to start from the encoder as published."""
    name = plan["model"].get("start_from")
    if given is None and not name:
        return None
    path = given or out.parent / name / "checkpoints" / CHECKPOINT
    if given is not None and not given.exists():
        raise UsageError(f"{given} is absent; give the checkpoint of a run of medkgqa train ner")
    try:
        import torch
    except ImportError as error:
        raise MissingExtraError("torch", extra="train") from error
    if not path.exists():
        shipped = Path(str(files("nlp").joinpath("models", name, "model.xml")))
        LOGGER.info("no run at %s; starting from the weights of %s", path.parent.parent, shipped)
        return {k: torch.from_numpy(v) for k, v in exported_encoder(shipped).items()}
    state = torch.load(path, weights_only=True, map_location="cpu")["network"]
    return {k.removeprefix("encoder."): v for k, v in state.items() if k.startswith("encoder.")}


def _written(
    plan: Mapping[str, Any],
    out: Path,
    data: Path,
    history: Sequence[Mapping[str, Any]],
    documents: Mapping[str, int],
    held_out: Mapping[str, float],
) -> Scores:
    """Score the folder and write ``metrics.json`` and ``card.md``."""
    scores = evaluate(out, data=data)
    command = shlex.join(["medkgqa", *sys.argv[1:]])
    files_read = [*corpora.BC5CDR.values(), *corpora.BIORED.values(), MESH_TREES, MESH_NAMES]
    record = {
        "model": f"{plan['model']['name']}-{plan['model']['version']}",
        "scores": scores,
        "held_out_f1": dict(held_out),
        "history": list(history),
        "documents": dict(documents),
        "training": asdict(plan["training"]),
        "files": {name: sha256_of(data / name) for name in files_read},
        "command": command,
        "machine": f"Python {platform.python_version()}, {platform.machine()}",
    }
    (out / "metrics.json").write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    (out / "card.md").write_text(_card(plan, scores, documents, held_out, command), "utf-8")
    return scores


def _card(
    plan: Mapping[str, Any],
    scores: Scores,
    documents: Mapping[str, int],
    held_out: Mapping[str, float],
    command: str,
) -> str:
    model = plan["model"]
    lines = [
        f"# {model['name']} {model['version']}",
        "",
        "Which chemical causes or treats which disease, by document, in English biomedical text. "
        "Reads text for the graph; not a medical device, and no substitute for the source.",
        "",
        f"- **Base encoder** {model['encoder']} (Apache-2.0), fine-tuned as {model['start_from']} "
        "first; **weights** int8 (encoder) and half precision (head)",
        f"- **Trained on** {documents['train']} documents; thresholds and probabilities on "
        f"{documents['held out']} more; no test document of BC5CDR, BioRED or the NCBI disease "
        "corpus in either, nor in the counts of `priors.tsv.xz` and the names of `names.tsv.xz`",
        f"- **Held-out F1** {', '.join(f'{k} {v}' for k, v in held_out.items())}",
        f"- **Command** `{command}`",
        "- **Used for** `causes` alone: of treatment the corpora hold too few examples; "
        "denials, interactions and all other predicates are read by the phrases",
        "",
        "| corpus | licence as its owner states it |",
        "|---|---|",
        *(f"| {row['name']} | {row['licence']} |" for row in plan["corpus"]),
        "",
        "Scores in percent:",
        "",
        "| test set | relation | precision | recall | F1 |",
        "|---|---|---|---|---|",
    ]
    for test, table in scores.items():
        for name, row in table.items():
            lines.append(
                f"| {test} | {name} | {row['precision']} | {row['recall']} | {row['f1']} |"
            )
    return "\n".join(lines) + "\n"
