"""One training run of a mention recogniser: train, export, score, and write what was done.

Beside the model, a run leaves ``card.md`` (what it is for, what it was trained on, under which
licences, what it scored) and ``metrics.json`` (scores, loss by epoch, settings, sha256 of every
file read, the command).
"""

from __future__ import annotations

import hashlib
import json
import logging
import platform
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from nlp.concept_names import write_concept_names
from nlp.gazetteer import Gazetteer, write_names
from nlp.token_model import TokenModel
from nlp.token_windows import WindowMaker, collate, piece_maker
from nlp.training.examples import SpanExample, span_scores
from nlp.training.export import Precision, export_openvino
from nlp.training.token_plan import TokenPlan
from nlp.training.token_trainer import Progress, TokenTrainer

LOGGER = logging.getLogger(__name__)

Scores = dict[str, dict[str, dict[str, float]]]


@dataclass(frozen=True, slots=True)
class TrainingTexts:
    """The examples of a run.

    Args:
        train: to train on.
        held_out: to choose on; may be empty.
        tests: name of a test set → its examples.
        hashes: path of each file read → sha256 in hex.
    """

    train: Sequence[SpanExample]
    held_out: Sequence[SpanExample]
    tests: Mapping[str, Sequence[SpanExample]]
    hashes: Mapping[str, str]


def run_training(
    plan: TokenPlan,
    texts: TrainingTexts,
    *,
    encoder: Path,
    names: Mapping[str, Sequence[str]],
    out: Path,
    command: str,
    concepts: Sequence[tuple[str, str, str, str]] = (),
    precision: Precision = "weights",
    teacher: Any = None,
    start: Mapping[str, npt.NDArray[np.float32]] | None = None,
    progress: Progress | None = None,
) -> Scores:
    """Train, export to ``out``, and score what was exported.

    Checkpoints lie in ``out/checkpoints``; the same call goes on from the newest.

    Args:
        plan: the configuration.
        texts: what it is trained and scored on.
        encoder: folder of the encoder.
        names: names by class for the gazetteer features; not used where the scheme has none.
        out: folder of the model.
        command: what was typed, for the record.
        concepts: rows of :mod:`nlp.concept_names` for the linker; no file where there are none.
        precision: what becomes int8.
        teacher: a trained network, where the model is to be distilled.
        start: tensors of an encoder fine-tuned before.
        progress: called with steps done and all steps.
    """
    gazetteer = Gazetteer(names) if plan.scheme.gazetteer else None
    trainer = TokenTrainer(
        plan.training,
        plan.scheme,
        encoder=encoder,
        gazetteer=gazetteer,
        folder=out / "checkpoints",
        teacher=teacher,
        start=start,
    )
    history = trainer.train(texts.train, texts.held_out, progress=progress)
    write_model(plan, trainer.network, encoder, names, out, texts.train, precision=precision)
    if concepts:
        write_concept_names(concepts, out / "concepts.xz")
    scores = evaluate_model(out, texts.tests)
    record = {
        "model": f"{plan.name}-{plan.version}",
        "scores": scores,
        "history": history,
        "documents": {"train": len(texts.train), "held_out": len(texts.held_out)},
        "training": asdict(plan.training),
        "precision": precision,
        "files": dict(texts.hashes),
        "command": command,
        "machine": f"Python {platform.python_version()}, {platform.machine()}",
    }
    (out / "metrics.json").write_text(json.dumps(record, indent=1, ensure_ascii=False) + "\n")
    (out / "card.md").write_text(model_card(plan, texts, scores, command), encoding="utf-8")
    return scores


def write_model(
    plan: TokenPlan,
    network: Any,
    encoder: Path,
    names: Mapping[str, Sequence[str]],
    out: Path,
    examples: Sequence[SpanExample],
    *,
    precision: Precision = "weights",
) -> None:
    """Write the folder :class:`nlp.token_model.TokenModel` reads."""
    out.mkdir(parents=True, exist_ok=True)
    scheme = plan.scheme
    record = {"name": plan.name, "version": plan.version, "language": plan.language}
    text = json.dumps({**record, **scheme.to_json()}, indent=1) + "\n"
    (out / "scheme.json").write_text(text, encoding="utf-8")
    vocabulary = "characters.txt" if scheme.pieces == "characters" else "tokenizer.json"
    shutil.copyfile(encoder / vocabulary, out / vocabulary)
    gazetteer = None
    if scheme.gazetteer:
        chosen = {name: forms for name, forms in names.items() if name in scheme.gazetteer}
        write_names(chosen, out / "names.xz")
        gazetteer = Gazetteer.load(out / "names.xz")
    maker = WindowMaker(scheme, piece_maker(scheme, out), gazetteer)
    windows = [w for e in examples[:160] for w in maker.windows(0, e.text, corpus=e.corpus)]
    batches = [collate(windows[i : i + 2]) for i in range(0, len(windows), 2)]
    export_openvino(
        network, batches[0], out / "model.xml", precision=precision, calibration=batches
    )


def evaluate_model(folder: Path, tests: Mapping[str, Sequence[SpanExample]]) -> Scores:
    """Strict scores of a model folder, by test set."""
    model = TokenModel(folder)
    return {
        name: span_scores(
            [e.spans for e in examples],
            [
                [(s.start, s.end, s.name) for s in spans if s.name in examples[0].annotated]
                for spans in model.spans([e.text for e in examples], corpus=examples[0].corpus)
            ],
            sorted(examples[0].annotated),
        )
        for name, examples in tests.items()
    }


def sha256_of(path: Path) -> str:
    """sha256 of a file, in hex."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def model_card(plan: TokenPlan, texts: TrainingTexts, scores: Scores, command: str) -> str:
    """The model card as Markdown."""
    lines = [
        f"# {plan.name} {plan.version}",
        "",
        f"{plan.title}. Reads text for the graph; not a medical device, and no substitute for "
        "reading the source.",
        "",
        f"- **Language** {plan.language}; **classes** {', '.join(plan.scheme.classes)}",
        f"- **Base encoder** {plan.encoder}; **weights** int8, OpenVINO",
        f"- **Trained on** {len(texts.train)} documents; documents of the test sets left out",
        f"- **Command** `{command}`",
        "",
        "| corpus | files | licence as its owner states it |",
        "|---|---|---|",
    ]
    for part in plan.train:
        files = ", ".join(Path(name).name for name in part.files)
        lines.append(f"| {part.corpus} | {files} | {part.licence or 'not stated'} |")
    for part in plan.reading.texts if plan.reading else ():
        files = ", ".join(Path(name).name for name in part.files)
        corpus = f"{part.corpus} (read without labels)"
        lines.append(f"| {corpus} | {files} | {part.licence or 'not stated'} |")
    lines += ["", "Strict scores (start, end and class agree), in percent:", ""]
    lines += ["| test set | class | precision | recall | F1 |", "|---|---|---|---|---|"]
    for test, table in scores.items():
        for name, row in table.items():
            lines.append(
                f"| {test} | {name} | {row['precision']} | {row['recall']} | {row['f1']} |"
            )
    return "\n".join(lines) + "\n"
