"""``medkgqa train`` and ``medkgqa evaluate``: the models that read text, from corpora at hand."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from typing import Any

from tqdm import tqdm

from kg.errors import UsageError
from loaders.mesh_names import fetched_wheel, mesh_names
from medkgqa.settings import Settings
from medkgqa.training_corpora import (
    chinese_names,
    corpus_examples,
    installed_names,
    linked_names,
    reading_texts,
)
from nlp.token_windows import piece_maker
from nlp.training.encoders import encoder_folder
from nlp.training.masked_language import MaskedLanguageTrainer
from nlp.training.shipped_encoder import exported_encoder
from nlp.training.token_plan import TokenPlan, read_plan
from nlp.training.token_run import (
    Scores,
    TrainingTexts,
    evaluate_model,
    run_training,
    sha256_of,
)
from nlp.training.token_trainer import Progress

#: Model → its configuration file, where none is given.
CONFIGS = {"ner": "ner-en.toml", "ner-zh": "ner-zh.toml", "relations": "relations.toml"}


def train(
    name: str,
    *,
    config: Path | None,
    data: Path,
    out: Path,
    settings: Settings,
    encoder: Path | None = None,
    teacher: Path | None = None,
) -> dict[str, Any]:
    """Train a model; its scores on the test sets of its configuration.

    Args:
        name: one of :data:`CONFIGS`.
        config: configuration file; the shipped one where None.
        data: folder the corpora lie below.
        out: folder of the model; checkpoints too, so that a broken run goes on.
        settings: where the encoder is kept.
        encoder: folder of the encoder, where it is not to be fetched.
        teacher: folder of a run of this command whose checkpoint is distilled.

    Raises:
        UsageError: where the model is not known, or a corpus is absent.
        MissingExtraError: without the extra ``train``.
    """
    path = config or shipped_config(name)
    if name == "relations":
        from medkgqa.relation_training import train as train_relations

        return train_relations(path, data=data, encoder=encoder, out=out, cache=settings.cache)
    plan = read_plan(path)
    base = encoder or encoder_folder(plan.encoder, settings.cache)
    texts = training_texts(plan, data)
    teaching = None if teacher is None else _teacher(plan, teacher, base)
    start = _start(plan, texts, data, base, out)
    with _bar(f"{plan.name}-{plan.version}") as progress:
        return run_training(
            plan,
            texts,
            encoder=base,
            names=_names(plan),
            concepts=concept_rows(plan, texts, data, settings.cache),
            out=out,
            command=shlex.join(["medkgqa", *sys.argv[1:]]),
            teacher=teaching,
            start=start,
            progress=progress,
        )


def evaluate(name: str, *, config: Path | None, data: Path, model: Path | None) -> dict[str, Any]:
    """Scores of a model on the test sets of its configuration.

    Args:
        name: one of :data:`CONFIGS`.
        config: configuration file; the shipped one where None.
        data: folder the corpora lie below.
        model: folder of the model; the shipped one where None.
    """
    if name == "relations":
        from medkgqa.relation_training import evaluate as evaluate_relations

        return evaluate_relations(model, data=data)
    plan = read_plan(config or shipped_config(name))
    folder = model or shipped_model(plan.name).parent
    return evaluate_model(folder, _tests(plan, data))


def score_lines(scores: Scores) -> str:
    """Scores as lines of text."""
    lines = [f"{'':<32} {'precision':>9} {'recall':>7} {'F1':>7}"]
    for test, table in scores.items():
        for name, row in table.items():
            numbers = f"{row['precision']:>9.2f} {row['recall']:>7.2f} {row['f1']:>7.2f}"
            lines.append(f"{test + ', ' + name:<32} {numbers}")
    return "\n".join(lines)


def shipped_config(name: str) -> Path:
    """The configuration file shipped for a model."""
    if name not in CONFIGS:
        raise UsageError(f"no model {name!r} to train; there are: {', '.join(CONFIGS)}")
    return Path(str(files("nlp").joinpath("training", "configs", CONFIGS[name])))


def shipped_model(name: str) -> Path:
    """The network of a shipped recogniser."""
    return Path(str(files("nlp").joinpath("models", name, "model.xml")))


def training_texts(plan: TokenPlan, data: Path) -> TrainingTexts:
    """The examples a plan names, the documents of its test sets only in those."""
    tests = _tests(plan, data)
    held_back = {e.id for examples in tests.values() for e in examples}
    held_out = corpus_examples(plan.held_out, data, without=held_back)
    train_set = corpus_examples(
        plan.train, data, without=held_back | {example.id for example in held_out}
    )
    read = plan.reading.texts if plan.reading else ()
    parts = (*plan.train, *plan.held_out, *plan.test, *read)
    paths = sorted({name for part in parts for name in part.files})
    hashes = {name: sha256_of(data / name) for name in paths}
    return TrainingTexts(train_set, held_out, tests, hashes)


def _tests(plan: TokenPlan, data: Path) -> dict[str, list[Any]]:
    return {part.name: corpus_examples([part], data) for part in plan.test}


def _names(plan: TokenPlan) -> dict[str, list[str]]:
    if not plan.scheme.gazetteer:
        return {}
    return chinese_names() if plan.language == "zh" else installed_names()


def _start(
    plan: TokenPlan, texts: TrainingTexts, data: Path, base: Path, out: Path
) -> dict[str, Any] | None:
    """The encoder to fine-tune, where it is not the one as published; it may read on first."""
    if plan.start_from:
        return exported_encoder(shipped_model(plan.start_from))
    if plan.reading is None:
        return None
    scored = (*texts.held_out, *(e for examples in texts.tests.values() for e in examples))
    read = reading_texts(plan.reading.texts, data, without={e.text for e in scored})
    trainer = MaskedLanguageTrainer(
        plan.reading.training,
        encoder=base,
        maker=piece_maker(plan.scheme, base),
        folder=out / "checkpoints" / "reading",
    )
    return trainer.train(read)


def concept_rows(
    plan: TokenPlan, texts: TrainingTexts, data: Path, cache: Path
) -> list[tuple[str, str, str, str]]:
    """Names with ids of the training corpora, MeSH and the dictionaries, for English."""
    if plan.language != "en":
        return []
    tested = {e.id for examples in texts.tests.values() for e in examples}
    listed = mesh_names(fetched_wheel(cache))
    return linked_names(plan.train, data, without=tested, vocabulary=listed)


def _teacher(plan: TokenPlan, folder: Path, base: Path) -> Any:
    """The network of another run, all its layers kept."""
    from nlp.training.token_trainer import TokenTrainer

    trainer = TokenTrainer(
        replace(plan.training, layers=0),
        plan.scheme,
        encoder=base,
        gazetteer=None,
        folder=folder / "checkpoints",
    )
    trainer.restore()
    return trainer.network.eval()


@contextmanager
def _bar(title: str) -> Iterator[Progress]:
    with tqdm(unit="step", desc=title, disable=not sys.stderr.isatty()) as bar:

        def show(done: int, total: int) -> None:
            bar.total = total
            bar.n = done
            bar.refresh()

        yield show
