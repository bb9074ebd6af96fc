"""Does a language model bring forward the facts that a question is about?

    python -m bench.relevance [--questions 60] [--graph FOLDER]

"What are the symptoms of D in the eyes?" is asked of diseases drawn at random that have at least 15
recorded symptoms of which two or more, and at most half, belong to the part of the body by the
ontology's own classes. Counted is the share of the first ten symptoms that do. Orders: by evidence
(as answers are without a model), with ties of evidence in any order, with ties by the default
model's normalised score (reasoning/relevance.py), and the best that ties allow.
"""

from __future__ import annotations

import argparse
import os
import random
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import groupby
from pathlib import Path

from kg.saved import open_graph
from kg.schema import HAS_PHENOTYPE, SUBCLASS_OF
from kg.store import Direction, EdgeFilter, GraphStore
from medkgqa.graphs import open_starter
from medkgqa.models import open_default_model
from medkgqa.settings import Settings
from nlp.linker import StoreLinker
from reasoning.engine import Engine
from reasoning.relevance import by_relevance
from reasoning.retrieval import Match, execute
from reasoning.sentence_frames import load_frames

#: Parts of the body as people say them, and the class of the ontology.
PARTS = {
    "eyes": "HP:0000478",
    "skin": "HP:0001574",
    "heart": "HP:0001626",
    "nerves": "HP:0000707",
    "bones": "HP:0000924",
    "ears": "HP:0000598",
    "kidneys": "HP:0000077",
    "gut": "HP:0025031",
}
FIRST, LEAST = 10, 15


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--questions", type=int, default=60)
    parser.add_argument("--graph", type=Path)
    options = parser.parse_args()
    settings = Settings.from_environment(os.environ)
    store = open_graph(options.graph) if options.graph else open_starter(settings)
    model = open_default_model(settings)
    engine = Engine(store, linker=StoreLinker(store))
    right: Counter[str] = Counter()
    shown = asked = tied = 0
    for question, part in questions(store, options.questions):
        understood = engine.understood(question)
        if understood.plan is None:
            continue
        found = execute(understood.plan, store)
        if len(found.matches) < LEAST:
            continue
        frames = load_frames(understood.language)
        ranked = by_relevance(
            found, understood, model, frames, lambda c: store.concept(c).name(), named=FIRST
        )
        asked += 1
        tied += ranked.matches != found.matches
        shown += FIRST
        inside = descendants(store, PARTS[part])
        orders = {
            "evidence": found.matches,
            "ties by the model": ranked.matches,
            "ties at random": shuffled(found.matches, asked),
            "best of ties": best(found.matches, inside),
        }
        for label, matches in orders.items():
            heads = [m for m in matches if not m.beside][:FIRST]
            right[label] += sum(m.concept in inside for m in heads)
    print(f"{asked} questions, order changed in {tied}")
    for label, count in right.items():
        print(f"{label}: {100 * count / max(1, shown):.1f} % of the first {FIRST}")
    return 0


def questions(store: GraphStore, count: int) -> Iterator[tuple[str, str]]:
    """Questions with the part of the body they ask about."""
    chance = random.Random(11)
    diseases = sorted({e.subject for e in store.edges() if e.predicate == HAS_PHENOTYPE})
    chance.shuffle(diseases)
    parts = {part: descendants(store, curie) for part, curie in PARTS.items()}
    wanted = EdgeFilter(predicates=frozenset({HAS_PHENOTYPE}))
    made = 0
    for disease in diseases:
        edges = store.neighbours(disease, direction=Direction.OUT, edge_filter=wanted)
        has = {e.object for e in edges}
        fitting = [p for p, inside in parts.items() if 2 <= len(has & inside) <= len(has) / 2]
        if len(has) < LEAST or not fitting:
            continue
        part = chance.choice(fitting)
        yield f"What are the symptoms of {store.concept(disease).name()} in the {part}?", part
        made += 1
        if made >= count:
            return


def descendants(store: GraphStore, curie: str) -> frozenset[str]:
    """A class and everything below it."""
    reached, front = {curie}, [curie]
    wanted = EdgeFilter(predicates=frozenset({SUBCLASS_OF}))
    while front:
        below = {
            e.subject
            for c in front
            for e in store.neighbours(c, direction=Direction.IN, edge_filter=wanted)
        }
        front = sorted(below - reached)
        reached |= below
    return frozenset(reached)


def shuffled(matches: Sequence[Match], seed: int) -> list[Match]:
    """Ties of evidence in any order."""
    chance = random.Random(seed)
    return [m for _, tie in ties(matches) for m in chance.sample(tie, len(tie))]


def best(matches: Sequence[Match], inside: frozenset[str]) -> list[Match]:
    """Ties of evidence with what is asked about first."""
    return [
        m for _, tie in ties(matches) for m in sorted(tie, key=lambda m: m.concept not in inside)
    ]


def ties(matches: Sequence[Match]) -> Iterator[tuple[float, list[Match]]]:
    """Results that are told first, by their rank."""
    heads = [replace(m, beside="") for m in matches if not m.beside]
    for score, tie in groupby(heads, key=lambda m: round(m.score, 6)):
        yield score, list(tie)


if __name__ == "__main__":
    sys.exit(main())
