"""Language models at the front door: listing, fetching with a progress bar, opening."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tqdm import tqdm

from kg.errors import UsageError
from medkgqa.settings import Settings
from reasoning.model_files import DEFAULT_MODEL, KNOWN_MODELS, fetch, statuses

if TYPE_CHECKING:
    from reasoning.language_model import LanguageModel
    from reasoning.writer import AnyModel


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


def open_model(lm: str, settings: Settings) -> AnyModel:
    """The language model that ``lm`` names.

    Args:
        lm: ``default``, ``hf:NAME`` (a name on the Hugging Face hub, a folder, or one of
            ``medkgqa models list``), or the ``http://`` address of an OpenAI-compatible server;
            ``guided:`` before one of the first two has llguidance run the grammar.
        settings: cache, threads, key.

    Raises:
        MissingExtraError: without the extra it needs.
        ModelUnavailableError: where it cannot be had.
        UsageError: where ``lm`` is none of these.
    """
    if lm.startswith("guided:"):
        return _guided(lm.removeprefix("guided:"), settings)
    if lm == "default":
        return open_default_model(settings)
    if lm.startswith(("http://", "https://")):
        from reasoning.endpoint_model import EndpointModel

        return EndpointModel(lm, key=settings.lm_key)
    kind, _, name = lm.partition(":")
    if kind != "hf" or not name:
        raise UsageError(
            f"language model {lm!r} is none of: default, none, hf:NAME, http://HOST:PORT, "
            "guided:default, guided:hf:NAME"
        )
    from reasoning.hf_model import HFModel, dequantised

    folder: str | Path = name
    if name in KNOWN_MODELS and not Path(name).exists():
        fetch_model(name, settings)
        folder = dequantised(name, settings.cache)
    return HFModel(folder, called=f"hf:{name}", threads=settings.threads or None)


def _guided(lm: str, settings: Settings) -> AnyModel:
    """A local model under llguidance."""
    from reasoning.guidance import GuidedWriter
    from reasoning.language_model import LanguageModel

    if lm.startswith(("http://", "https://")):
        raise UsageError(f"guided:{lm}: that model does not run here; its server takes the grammar")
    model = open_model(lm, settings)
    if not isinstance(model, LanguageModel):
        raise UsageError(f"guided:{lm}: give guided:default or guided:hf:NAME")
    return GuidedWriter(model)


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
