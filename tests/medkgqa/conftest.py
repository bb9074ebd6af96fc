"""A user's own files, a small graph made of them, and a clean environment."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from medkgqa.graphs import open_starter
from medkgqa.settings import Settings

ABSTRACTS = [
    {
        "id": "PMID:1",
        "title": "Propranolol in migraine",
        "text": "Propranolol in migraine\nMigraine is treated with propranolol. "
        "No rash was seen. Lithium-induced tremor was reported in two patients.",
        "date": "2020-01-01",
        "source": "my-abstracts",
    },
    {
        "id": "PMID:2",
        "text": "Amiodarone does not cause asthma. Symptoms of asthma include wheezing and cough.",
    },
]


@pytest.fixture(scope="session")
def settings() -> Settings:
    """The settings a user has: caches are shared with the command line."""
    return Settings.from_environment(os.environ)


@pytest.fixture(scope="session")
def starter(settings: Settings) -> Path:
    """Folder of the starter graph, built once."""
    open_starter(settings)
    return settings.graphs


@pytest.fixture
def abstracts(tmp_path: Path) -> Path:
    """A user's JSON lines."""
    path = tmp_path / "abstracts.jsonl"
    path.write_text("".join(json.dumps(a) + "\n" for a in ABSTRACTS), encoding="utf-8")
    return path
