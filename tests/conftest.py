"""Fixtures shared by all tests: the default language model, fetched once into a cache."""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs
import pytest

from kg.errors import MissingExtraError, ModelUnavailableError
from reasoning.language_model import LanguageModel
from reasoning.model_files import DEFAULT_MODEL, fetch
from reasoning.openvino_model import OpenVINOModel


@pytest.fixture(scope="session")
def lm_cache() -> Path:
    """The user's cache with the default weights in it; skips, saying why, where it cannot be."""
    configured = os.environ.get("MEDKGQA_CACHE")
    cache = Path(configured) if configured else platformdirs.user_cache_path("medkgqa")
    try:
        fetch(DEFAULT_MODEL, cache)
    except (ModelUnavailableError, MissingExtraError) as error:
        pytest.skip(f"no default language model: {error}")
    return cache


@pytest.fixture(scope="session")
def language_model(lm_cache: Path) -> LanguageModel:
    """The default language model; two threads."""
    try:
        return OpenVINOModel(DEFAULT_MODEL, lm_cache, threads=2)
    except MissingExtraError as error:
        pytest.skip(f"no default language model: {error}")
