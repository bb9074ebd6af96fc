"""How many lay names, brands and short forms are linked to the concept they mean.

    python bench/lay_names.py [--graph FOLDER] [--list]

``bench/lay_names.tsv``: a name, its language, the display names of the concepts it may mean, and
whether it was written ``before`` or ``after`` its author saw what the linker makes of such names.
Each name is linked alone, as if typed into a search box. Right: the best candidate of a mention
that covers the name is one of those concepts. Downloads nothing.
"""

from __future__ import annotations

import argparse
import csv
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from kg.saved import open_graph
from kg.store import GraphStore
from nlp.linker import StoreLinker

_NAMES = Path(__file__).parent / "lay_names.tsv"


@dataclass(frozen=True, slots=True)
class LayName:
    """A name and the display names of the concepts it may mean."""

    text: str
    language: str
    expected: tuple[str, ...]
    half: str


def read_names(path: Path = _NAMES) -> list[LayName]:
    """The list, in its order."""
    with path.open(encoding="utf-8", newline="") as stream:
        rows = csv.DictReader(stream, delimiter="\t", quoting=csv.QUOTE_NONE)
        return [
            LayName(r["name"], r["language"], tuple(r["expected"].split("|")), r["half"])
            for r in rows
        ]


def expected_keys(store: GraphStore, name: LayName) -> set[str]:
    """Concepts whose English display name is one of those expected."""
    return {
        match.curie
        for text in name.expected
        for match in store.find(text)
        if store.concept(match.curie).name().casefold() == text.casefold()
    }


def linked(linker: StoreLinker, text: str) -> tuple[str, str]:
    """Key and display name of what the longest mention means; empty where nothing is linked."""
    mentions = linker.link(text)
    if not mentions:
        return "", ""
    longest = max(mentions, key=lambda m: m.end - m.start)
    best = longest.candidates[0]
    return best.curie, best.name


def main(arguments: Sequence[str] | None = None) -> None:
    """Link every name and print the shares."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--graph", type=Path, help="a saved graph; the starter graph where absent")
    parser.add_argument("--list", action="store_true", help="print every name linked wrongly")
    options = parser.parse_args(arguments)
    store = _graph(options.graph)
    linker = StoreLinker(store)
    total: Counter[tuple[str, str]] = Counter()
    right: Counter[tuple[str, str]] = Counter()
    for name in read_names():
        kind = (name.language, name.half)
        total[kind] += 1
        keys = expected_keys(store, name)
        curie, found = linked(linker, name.text)
        if curie in keys and curie:
            right[kind] += 1
        elif options.list:
            known = "" if keys else " (no concept of that name)"
            print(f"{name.text}: {found or 'nothing'}, not {'/'.join(name.expected)}{known}")
    for kind in sorted(total):
        print(f"{kind[0]} {kind[1]:7} {right[kind]:4} of {total[kind]:4}")
    print(f"all {right.total()} of {total.total()} = {right.total() / total.total():.1%}")


def _graph(path: Path | None) -> GraphStore:
    if path is not None:
        return open_graph(path)
    from loaders.starter import build_starter  # builds: half a minute

    return build_starter()


if __name__ == "__main__":
    main()
