"""The names patients are told are names the starter graph records, each of one concept."""

from __future__ import annotations

import os

import pytest

from kg.store import GraphStore
from medkgqa.graphs import open_starter
from medkgqa.settings import Settings
from reasoning.lay_names import LayNames
from reasoning.sentence_frames import LANGUAGES, load_frames


@pytest.fixture(scope="module")
def starter() -> GraphStore:
    return open_starter(Settings.from_environment(os.environ))


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_preferred_name_is_used(language: str, starter: GraphStore) -> None:
    frames = load_frames(language, "patient")
    assert frames.naming is not None
    lay = LayNames(starter, frames)
    unused = [
        clinical
        for clinical, name in frames.naming.preferred.items()
        if all(
            lay(concept) != name
            for match in starter.find(clinical)
            if (concept := starter.concept(match.curie)).name(language) == clinical
        )
    ]
    assert unused == []
