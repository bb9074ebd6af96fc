"""A saved graph of names, and settings of nobody's own."""

from __future__ import annotations

from pathlib import Path

import pytest

from kg.saved import save_graph
from medkgqa.settings import Settings
from tests.medkgqa.builds.small_build import (
    small_store,
)


@pytest.fixture(scope="module")
def names(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A saved graph of names without edges."""
    path = tmp_path_factory.mktemp("names") / "names"
    save_graph(small_store(), path)
    return path


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(tmp_path / "cache", secret=tmp_path / "private" / "secret")
