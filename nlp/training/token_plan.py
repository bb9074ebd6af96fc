"""The configuration file of a mention recogniser: what is trained on what, how."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from kg.errors import SourceFormatError
from nlp.token_scheme import TokenScheme
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
    """

    corpus: str
    format: str
    files: tuple[str, ...]
    types: Mapping[str, str]
    licence: str = ""
    name: str = ""


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
    known = {field.name for field in fields(TokenTrainingConfig)}
    unknown = set(table["training"]) - known
    if unknown:
        raise KeyError(f"training.{sorted(unknown)[0]} is no setting")
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
    )


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
    )
