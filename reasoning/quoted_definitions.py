"""How a recorded definition is quoted: its source as people know it, its text without the stop.

The sentence that quotes it ends in a full stop of its own.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from kg.records import Definition


@cache
def _known() -> Mapping[str, Mapping[str, str]]:
    return tomllib.loads(files("reasoning").joinpath("sources.toml").read_text("utf-8"))


def known_as(source: str, language: str) -> str:
    """What people call a source; its id where that is all there is.

    >>> known_as("doid", "en"), known_as("our-own", "en")
    ('the Human Disease Ontology', 'our-own')
    """
    return _known().get(source, {}).get(language, source)


def quoted(text: str) -> str:
    """The text of a definition as it is quoted.

    >>> quoted("A disease of joints. "), quoted("and so on ...")
    ('A disease of joints', 'and so on ...')
    """
    plain = text.strip()
    return plain if plain.endswith(("..", "。。")) else plain.removesuffix(".").removesuffix("。")


def is_quoted(definition: Definition, source: str, text: str, language: str) -> bool:
    """Whether a sentence of that language quotes this definition from where it stands."""
    named = known_as(definition.provenance.source, language)
    return (source, text) == (named, quoted(definition.text))
