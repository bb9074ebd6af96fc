"""Of many quoted sentences, do the few that are picked say most?

    python -m bench.summaries --data DIR [--split dev] [--graph FOLDER] [--count 3] [--show N]

The 500 BC5CDR abstracts of a split are indexed from their raw text by the names of the graph; of
every chemical annotated to induce a disease "What does X cause?" is asked. Counted are questions
with more supporting sentences than are picked. *Precision*: the share of picked sentences that hold
the chemical and a disease annotated with it in that document. *Said*: different diseases annotated
so that the picked sentences hold, of those that all sentences found hold. *Statements*: different
triples read in the picked sentences, of those read in all. Floor: the first ``count`` in the order
of quotes (the surest reading, then the nearest passage).
"""

from __future__ import annotations

import argparse
import os
import random
import tempfile
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.literature import SPLITS, forms, is_verbatim, write_index
from kg.saved import open_graph
from kg.store import GraphStore
from loaders.annotations import AnnotatedDocument
from loaders.pubtator import read_annotated
from medkgqa.graphs import open_starter
from medkgqa.settings import Settings
from nlp.linker import StoreLinker
from reasoning.engine import Engine
from reasoning.literature import Literature
from reasoning.literature_index import LiteratureIndex
from reasoning.quotes import Quote, Stance
from reasoning.summary import Telling, picked

Way = Callable[[Sequence[Quote]], Sequence[Quote]]


@dataclass(slots=True)
class Tally:
    """Sums over questions."""

    picked: int = 0
    right: int = 0
    said: int = 0
    sayable: int = 0
    stated: int = 0
    statable: int = 0

    def __str__(self) -> str:
        right, said = self.right / max(1, self.picked), self.said / max(1, self.sayable)
        stated = self.stated / max(1, self.statable)
        return (
            f"hold an annotated pair {100 * right:.1f} % of {self.picked} sentences; annotated "
            f"diseases said {100 * said:.1f} % of {self.sayable}; statements {100 * stated:.1f} % "
            f"of {self.statable}"
        )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--split", choices=sorted(SPLITS), default="dev")
    parser.add_argument("--graph", type=Path)
    parser.add_argument("--count", type=int, default=3)
    parser.add_argument("--show", type=int, default=0)
    options = parser.parse_args()
    store = (
        open_graph(options.graph)
        if options.graph
        else open_starter(Settings.from_environment(os.environ))
    )
    name = f"ner/bc5cdr/{SPLITS[options.split]}.PubTator.txt.gz"
    annotated = list(read_annotated(options.data / name))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "literature.index"
        write_index(path, store, [a.document for a in annotated], "names")
        with LiteratureIndex(path) as index:
            print(f"{options.split}: {dict(index.counts())}, {options.count} sentences", flush=True)
            compare(store, index, annotated, options.count, options.show)


def compare(
    store: GraphStore,
    index: LiteratureIndex,
    annotated: Sequence[AnnotatedDocument],
    count: int,
    show: int,
) -> None:
    """Ask of every chemical; print a line a way of picking."""
    texts = {a.document.id: a.document.text for a in annotated}
    gold: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for one in annotated:
        for relation in one.relations:
            gold[relation.subject][one.document.id].add(relation.object)
    names, places = forms(annotated), mentions(annotated)
    linker = StoreLinker(store)
    every = Literature(index, store, quoted=10_000)
    ours = Literature(index, store, summarise=count)
    asking = Engine(store, linker=linker)
    rng = random.Random(4)
    ways: dict[str, Way] = {
        "floor, the first": lambda q: q[:count],
        "any, at random": lambda q: rng.sample(list(q), count),
        "relevance less repetition alone": lambda q: [q[n] for n in picked(alike(q), count)],
        "most different statements first (--summarise)": lambda q: q,
    }
    tallies = {label: Tally() for label in ways}
    asked, whole = 0, 0
    for chemical in sorted(gold):
        question = f"What does {names[chemical]} cause?"
        plan = asking.understood(question).plan
        quotes = [] if plan is None else every.answer(question, [plan]).quotes
        quotes = [q for q in quotes if q.stance is Stance.SUPPORTS]
        if plan is None or len(quotes) <= count:
            continue
        asked += 1
        best = len(set().union(*(diseases(q, chemical, gold, places) for q in quotes)))
        for label, way in ways.items():
            told = ours.answer(question, [plan]).quotes if "--summarise" in label else way(quotes)
            whole += sum(is_verbatim(q, texts) for q in told) == len(told)
            told = [q for q in told if q.stance is Stance.SUPPORTS]
            held = [diseases(q, chemical, gold, places) for q in told]
            tally = tallies[label]
            tally.picked += len(told)
            tally.right += sum(map(bool, held))
            tally.said += len(set().union(*held))
            tally.sayable += best
            tally.stated += len({q.stated for q in told})
            tally.statable += len({q.stated for q in quotes})
        if asked <= show:
            print(question, *(f"\n- {q.evidence.sentence} {q.evidence.document}" for q in told))
    print(f"{asked} questions; word for word in {whole} of {asked * len(ways)} picks")
    for label, tally in tallies.items():
        print(f"{label}: {tally}")


def alike(quotes: Sequence[Quote]) -> list[Telling]:
    """The quotes as if all stated the same."""
    return [Telling(q.evidence.sentence, frozenset({"same"}), q.stance) for q in quotes]


def mentions(
    annotated: Sequence[AnnotatedDocument],
) -> Mapping[str, list[tuple[int, int, str]]]:
    """``(start, end, id)`` of every annotated mention, by document."""
    return {
        a.document.id: [(m.start, m.end, i) for m in a.mentions for i in m.identifiers]
        for a in annotated
    }


def diseases(
    quote: Quote,
    chemical: str,
    gold: Mapping[str, Mapping[str, set[str]]],
    places: Mapping[str, list[tuple[int, int, str]]],
) -> set[str]:
    """Diseases annotated with the chemical in the document that the sentence holds beside it."""
    of = quote.evidence
    inside = {i for start, end, i in places[of.document] if of.start <= start and end <= of.end}
    return inside & gold[chemical].get(of.document, set()) if chemical in inside else set()


if __name__ == "__main__":
    main()
