"""The linker's word lists, read from the data files in ``nlp/lexicon/``."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Any


@dataclass(frozen=True, slots=True)
class Lexicon:
    """Word lists of English and Chinese. All lower case, Chinese simplified.

    Args:
        function: English words that never begin or end a name.
        generic: words and phrases (both languages) that name a kind of thing and no thing.
        people: words for people that a graph may have as groups of patients and that, where it
            does not, are no unknown names.
        common: everyday English words: never a gene or short form in lower case, never a typo.
        determiners: "the", "my" …
        joining: prepositions of "failure of the kidney".
        gene_cues: words that announce a gene symbol.
        organs: organ → what doctors call it.
        heads: "disease", "syndrome": no name by themselves, but often the end of one.
        conjunctions: "and", "or" …
        complaints: "hurts" → "pain".
        short_forms: short form → full name.
        han_function: Chinese question words that name nothing.
        han_rewrites: Chinese spellings and others that mean the same.
    """

    function: frozenset[str]
    generic: frozenset[str]
    people: frozenset[str]
    common: frozenset[str]
    determiners: frozenset[str]
    joining: frozenset[str]
    gene_cues: frozenset[str]
    organs: Mapping[str, tuple[str, ...]]
    heads: frozenset[str]
    conjunctions: frozenset[str]
    complaints: Mapping[str, str]
    short_forms: Mapping[str, str]
    han_function: frozenset[str]
    han_rewrites: tuple[tuple[str, str], ...]

    @classmethod
    def load(cls) -> Lexicon:
        """Read the data files shipped with the package (about 3 ms)."""
        english, chinese = _toml("en.toml"), _toml("zh.toml")
        return cls(
            function=frozenset(english["function"]),
            generic=frozenset(english["generic"]) | frozenset(chinese["generic"]),
            people=frozenset(english["people"]),
            common=frozenset(_lines("common_en.txt")),
            determiners=frozenset(english["determiners"]),
            joining=frozenset(english["joining"]),
            gene_cues=frozenset(english["gene_cues"]) | frozenset(chinese["gene_cues"]),
            organs={organ: tuple(words) for organ, words in english["organs"].items()},
            heads=frozenset(english["heads"]),
            conjunctions=frozenset(english["conjunctions"]),
            complaints=dict(english["complaints"]),
            short_forms={
                short: full
                for short, _, full in (x.partition("\t") for x in _lines("abbreviations.tsv"))
            },
            han_function=frozenset(chinese["function"]),
            han_rewrites=tuple((old, new) for old, new in chinese["rewrites"]),
        )


def _lines(name: str) -> list[str]:
    text = files("nlp").joinpath("lexicon", name).read_text(encoding="utf-8")
    return [line for line in text.splitlines() if line and not line.startswith("#")]


def _toml(name: str) -> dict[str, Any]:
    return tomllib.loads(files("nlp").joinpath("lexicon", name).read_text(encoding="utf-8"))
