"""The configuration file of a mention recogniser: what is trained on what, how."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from kg.errors import SourceFormatError
from nlp.token_scheme import TokenScheme
from nlp.training.masked_language import MaskedLanguageConfig
from nlp.training.token_trainer import TokenTrainingConfig


@dataclass(frozen=True, slots=True)
class CorpusPart:
    """Files of one corpus and one use.

    Args:
        corpus: name of the corpus, one of the scheme's.
        format: ``pubtator``, ``bio`` (a character and its label a line), or ``ade-train`` and
            ``ade-test`` (documents of the ADE corpus).
        files: paths below the data folder.
        types: annotated type → class of the model; other types are not used.
        licence: as its owner states it.
        name: what the scores of a test part are called.
        columns: of a table, those that hold text.
    """

    corpus: str
    format: str
    files: tuple[str, ...]
    types: Mapping[str, str]
    licence: str = ""
    name: str = ""
    columns: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ReadingPlan:
    """What an encoder reads, unlabelled, before it is fine-tuned.

    Args:
        training: rates, sizes, seed.
        texts: the files; their types do not count. ``csv`` is a table with a header line.
    """

    training: MaskedLanguageConfig
    texts: tuple[CorpusPart, ...]


@dataclass(frozen=True, slots=True)
class TokenPlan:
    """A configuration file, read.

    Args:
        name: name of the model.
        version: of its weights.
        language: ``en`` or ``zh``.
        encoder: name of the encoder it starts from (:mod:`nlp.training.encoders`).
        start_from: name of a shipped recogniser whose fine-tuned encoder it starts from; ``""``
            for the encoder as published.
        title: one line on what it does.
        scheme: labels, features, windows.
        training: rates, sizes, seed.
        train: what it is trained on; documents of ``test`` are left out.
        held_out: what choices are made on; may be empty.
        test: what it is scored on.
        reading: what its encoder reads first; None for nothing.
    """

    name: str
    version: str
    language: str
    encoder: str
    start_from: str
    title: str
    scheme: TokenScheme
    training: TokenTrainingConfig
    train: tuple[CorpusPart, ...]
    held_out: tuple[CorpusPart, ...]
    test: tuple[CorpusPart, ...]
    reading: ReadingPlan | None = None


def read_plan(path: Path) -> TokenPlan:
    """Read a configuration file.

    Raises:
        SourceFormatError: where it is no TOML, or a field is missing or unknown.
    """
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
        return _plan(table)
    except (tomllib.TOMLDecodeError, KeyError, TypeError) as error:
        fix = "see the files in nlp/training/configs"
        raise SourceFormatError(path, None, f"no configuration: {error}", fix=fix) from error


def _plan(table: dict[str, Any]) -> TokenPlan:
    model = table["model"]
    _check_settings("training", table["training"], TokenTrainingConfig)
    parts = {
        use: tuple(_part(row) for row in table.get(use, ()))
        for use in ("train", "held_out", "test")
    }
    return TokenPlan(
        model["name"],
        model["version"],
        model["language"],
        model["encoder"],
        model.get("start_from", ""),
        model["title"],
        TokenScheme.from_json({"gazetteer": (), **table["scheme"]}),
        TokenTrainingConfig(**table["training"]),
        **parts,
        reading=_reading(table["reading"], table["training"]) if "reading" in table else None,
    )


def _reading(table: Mapping[str, Any], training: Mapping[str, Any]) -> ReadingPlan:
    """It reads with as many layers as are fine-tuned."""
    settings = {name: value for name, value in table.items() if name != "text"}
    _check_settings("reading", settings, MaskedLanguageConfig)
    texts = tuple(_part({"types": (), **row}) for row in table["text"])
    layers = training.get("layers", 0)
    return ReadingPlan(MaskedLanguageConfig(**settings, layers=layers), texts)


def _check_settings(name: str, given: Mapping[str, Any], settings: type) -> None:
    unknown = set(given) - {field.name for field in fields(settings)}
    if unknown:
        raise KeyError(f"{name}.{sorted(unknown)[0]} is no setting")


def _part(row: Mapping[str, Any]) -> CorpusPart:
    types = row["types"]
    if not isinstance(types, dict):
        types = {name: name for name in types}
    return CorpusPart(
        row["corpus"],
        row["format"],
        tuple(row["files"]),
        types,
        row.get("licence", ""),
        row.get("name", row["corpus"]),
        tuple(row.get("columns", ())),
    )
