"""Language models at the front door: listing, fetching with a progress bar, opening."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tqdm import tqdm

from medkgqa.settings import Settings
from reasoning.model_files import DEFAULT_MODEL, fetch, statuses

if TYPE_CHECKING:
    from reasoning.language_model import LanguageModel


def fetch_model(name: str, settings: Settings) -> Path:
    """Fetch a model where it is absent; its path. ``default`` names the default one.

    Raises:
        ModelUnavailableError: where it cannot be had, saying why.
        MissingExtraError: without the extra ``lm``.
    """
    wanted = DEFAULT_MODEL if name == "default" else name
    with tqdm(total=100, unit="%", disable=not sys.stderr.isatty(), leave=False) as bar:

        def show(stage: str, part: float) -> None:
            bar.set_description(f"{wanted}: {stage}")
            bar.n = round(100 * part)
            bar.refresh()

        return fetch(wanted, settings.cache, progress=show)


def open_default_model(settings: Settings) -> LanguageModel:
    """The default language model, fetched first where it is absent.

    Raises:
        MissingExtraError: without the extra ``lm``.
        ModelUnavailableError: where the weights cannot be had.
    """
    from reasoning.openvino_model import OpenVINOModel, import_openvino

    import_openvino()
    fetch_model("default", settings)
    return OpenVINOModel(DEFAULT_MODEL, settings.cache, threads=settings.threads or None)


def model_records(settings: Settings) -> list[dict[str, Any]]:
    """Every known model as a JSON-safe record."""
    return [
        {
            "name": status.source.name,
            "title": status.source.title,
            "licence": status.source.licence,
            "package": f"{status.source.package}=={status.source.version}",
            "sha256": status.source.wheel_sha256,
            "megabytes": round(status.source.wheel_size / 1e6),
            "default": status.source.name == DEFAULT_MODEL,
            "installed": status.path is not None,
            "path": None if status.path is None else str(status.path),
        }
        for status in statuses(settings.cache)
    ]
