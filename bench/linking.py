"""How well and how fast names are linked.

    python -m bench.linking GRAPH --data DIR [--questions N]

GRAPH is a saved graph; DIR holds ``ner/bc5cdr`` and ``qa/medquad``. Printed: abstracts a second of
the exact pass on one core; the dictionary's strict mention F1 on the three BC5CDR sets and the
share of exactly found mentions whose concept carries the gold MeSH id; the share of MedQuAD
questions whose focus is linked, of those whose focus is a name of the graph, and of all; the same
with one typo put into the focus; milliseconds a question.
"""

from __future__ import annotations

import argparse
import json
import lzma
import random
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from kg.names import normalise
from kg.saved import open_graph
from kg.schema import DISEASE, DRUG, DRUG_CLASS, PHENOTYPE
from kg.store import GraphStore
from loaders.pubtator import AnnotatedDocument, read_annotated
from nlp.bulk_linker import BulkLinker
from nlp.linker import StoreLinker, rivals
from nlp.records import Mention

TYPES = {DRUG: "Chemical", DRUG_CLASS: "Chemical", DISEASE: "Disease", PHENOTYPE: "Disease"}
SETS = ("Training", "Development", "Test")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("graph", type=Path)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--questions", type=int, default=3000)
    options = parser.parse_args()
    store = open_graph(options.graph)
    started = time.perf_counter()
    bulk = BulkLinker(store.concepts())
    print(f"bulk linker: {len(bulk)} names, built in {time.perf_counter() - started:.1f} s")
    for name in SETS:
        path = options.data / "ner" / "bc5cdr" / f"CDR_{name}Set.PubTator.txt.gz"
        documents = list(read_annotated(path))
        if name == SETS[0]:
            speed([d.document.text for d in documents], bulk)
        accuracy(name, documents, bulk, store)
    questions = list(medquad(options.data))
    random.Random(0).shuffle(questions)
    focus(questions[: options.questions], store)


def speed(texts: list[str], bulk: BulkLinker) -> None:
    """Abstracts a second of processor time, first and later passes."""
    for label in ("first pass", "second pass", "third pass"):
        started = time.process_time()  # other work on the machine does not count
        found = sum(len(bulk.link(text)) for text in texts)
        rate = len(texts) / (time.process_time() - started)
        print(f"exact pass, {label}: {rate:,.0f} abstracts/s, {found} mentions")


def accuracy(
    name: str, documents: list[AnnotatedDocument], bulk: BulkLinker, store: GraphStore
) -> None:
    """Strict mention F1 by type, and the share of right concepts among exact mentions."""
    counts: Counter[tuple[str, str]] = Counter()
    for annotated in documents:
        gold = {(m.start, m.end): m for m in annotated.mentions}
        for mention in bulk.link(annotated.document.text):
            kind = TYPES.get(mention.category)
            if kind is None:
                continue
            counts[kind, "found"] += 1
            wanted = gold.get((mention.start, mention.end))
            if wanted is None or wanted.type != kind:
                continue
            counts[kind, "right"] += 1
            if wanted.identifiers:
                counts[kind, "with id"] += 1
                counts[kind, "linked"] += _has_id(mention, wanted.identifiers, store)
        for wanted in annotated.mentions:
            counts[wanted.type, "gold"] += 1
    for kind in ("Chemical", "Disease"):
        right = counts[kind, "right"]
        precision, recall = right / counts[kind, "found"], right / counts[kind, "gold"]
        f1 = 2 * precision * recall / (precision + recall)
        linked = counts[kind, "linked"] / counts[kind, "with id"]
        print(
            f"BC5CDR {name} {kind}: precision {precision:.3f} recall {recall:.3f} F1 {f1:.3f}; "
            f"right concept {linked:.3f}"
        )


def _has_id(mention: Mention, identifiers: tuple[str, ...], store: GraphStore) -> bool:
    concept = store.concept(mention.candidates[0].curie)
    known = {concept.curie, *concept.xrefs}
    return any(f"MESH:{i.removeprefix('MESH:')}" in known for i in identifiers)


def medquad(folder: Path) -> Iterator[dict[str, object]]:
    """The questions of MedQuAD."""
    with lzma.open(folder / "qa" / "medquad" / "medquad.jsonl.xz", "rt", encoding="utf-8") as file:
        for line in file:
            yield json.loads(line)


def focus(rows: list[dict[str, object]], store: GraphStore) -> None:
    """Share of questions whose focus is linked, as asked and with one typo in it."""
    linker = StoreLinker(store)
    chance = random.Random(1)
    known = linked = linked_known = typo = typos = 0
    seconds = 0.0
    for row in rows:
        question, name = str(row["question"]), str(row["focus"])
        in_graph = bool(store.find(name))
        started = time.perf_counter()
        mentions = linker.link(question)
        seconds += time.perf_counter() - started
        right = _names_focus(mentions, row, store)
        known += in_graph
        linked += right
        linked_known += right and in_graph
        if in_graph and name in question and len(name) >= 8 and name.isascii():
            typos += 1
            changed = question.replace(name, _with_typo(name, chance))
            typo += _names_focus(linker.link(changed), row, store)
    print(f"MedQuAD: {len(rows)} questions, focus is a name of the graph in {known}")
    print(f"  linked, of those: {linked_known / known:.4f}; of all: {linked / len(rows):.4f}")
    print(f"  linked with one typo in the focus: {typo / typos:.4f} of {typos}")
    print(f"  {1000 * seconds / len(rows):.2f} ms a question")


def _names_focus(mentions: tuple[Mention, ...], row: dict[str, object], store: GraphStore) -> bool:
    synonyms = row["synonyms"] if isinstance(row["synonyms"], list) else []
    names = {normalise(str(name)) for name in (row["focus"], *synonyms)}
    return any(
        normalise(name.text) in names
        for mention in mentions
        for candidate in rivals(mention)
        for name in store.concept(candidate.curie).names
    )


def _with_typo(name: str, chance: random.Random) -> str:
    """One letter dropped, doubled, exchanged with the next, or replaced."""
    places = [i for i in range(1, len(name) - 1) if name[i].isalpha() and name[i + 1].isalpha()]
    i = chance.choice(places)
    other = chance.choice("abcdefghijklmnopqrstuvwxyz")
    changed = (
        name[:i] + name[i + 1 :],
        name[:i] + name[i] + name[i:],
        name[:i] + name[i + 1] + name[i] + name[i + 2 :],
        name[:i] + other + name[i + 1 :],
    )
    return chance.choice(changed)


if __name__ == "__main__":
    main()
