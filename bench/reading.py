"""Text becomes graph becomes answer, and what finds the mentions on the way.

    python -m bench.reading answers GRAPH --data DIR [--ner names] [--relations phrases]
    python -m bench.reading mentions GRAPH --data DIR
    python -m bench.reading linking GRAPH --data DIR [--split dev] [--errors FILE]
    python -m bench.reading speed GRAPH --data DIR

GRAPH is a saved graph whose names are read (the starter graph); DIR holds ``ner``.

``answers``: the 500 BC5CDR test abstracts are read with their raw text only into a new graph, which
is then asked "Which diseases can X cause?" for every chemical of the gold pairs, X being the form
its documents use most. Set precision, recall and F1 of (chemical, disease) MeSH ids against the
gold pairs of all documents. Floor: every disease the dictionary finds in one document with the
chemical.

``mentions``: strict F1 of the whole pipeline (recogniser, then short forms), and of the dictionary.

``linking``: with gold mentions, the share whose MeSH (or, where the corpus has it, OMIM) id is
the one the annotators gave. Mentions without an id, or with none in the vocabulary, do not count.
With ``--split dev`` the dev sets, and names of the train documents alone
(:mod:`bench.concept_linking`).

``speed``: abstracts a second of the whole pipeline, wall clock, and of the recogniser alone.
"""

from __future__ import annotations

import argparse
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path

from bench.concept_linking import linking
from kg.networkx_store import NetworkxStore
from kg.saved import open_graph
from kg.store import GraphStore
from loaders.pubtator import AnnotatedDocument, read_annotated
from medkgqa.facade import MedicalQA
from nlp.edges import edges_from
from nlp.reader import Reader
from nlp.readout import PUBTATOR_TYPES, in_prefix
from nlp.recogniser import make_recogniser
from nlp.records import Reading
from nlp.trained_relations import relation_extractors
from nlp.training.examples import span_scores

TEST = "ner/bc5cdr/CDR_TestSet.PubTator.txt.gz"
Pairs = set[tuple[str, str]]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=["answers", "mentions", "linking", "speed"])
    parser.add_argument("graph", type=Path)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--ner", choices=["trained", "names"], default="trained")
    parser.add_argument("--relations", choices=["trained", "phrases"], default="trained")
    parser.add_argument("--split", choices=["dev", "test"], default="test", help="of linking")
    parser.add_argument("--errors", type=Path, help="file wrongly linked mentions are listed in")
    options = parser.parse_args()
    store = open_graph(options.graph)
    if options.what == "linking":
        linking(store, options.data, split=options.split, errors=options.errors)
        return
    extractors = relation_extractors(options.relations)
    reader = Reader(make_recogniser(store, options.ner), relations=extractors)
    documents = list(read_annotated(options.data / TEST))
    if options.what == "speed":
        speed(reader, documents)
    elif options.what == "mentions":
        mentions(reader, documents)
        mentions(Reader.of_store(store), documents)
    else:
        answers(store, reader, documents)


def answers(store: GraphStore, reader: Reader, documents: list[AnnotatedDocument]) -> None:
    """Read, build, ask, and score."""
    readings = list(reader.read_all(d.document for d in documents))
    edges = [edge for reading in readings for edge in edges_from(reading, store)]
    ends = dict.fromkeys(end for edge in edges for end in (edge.subject, edge.object))
    graph = NetworkxStore(store.concept(end) for end in ends)
    graph.add_edges(edges)
    gold = {(_mesh(r.subject), _mesh(r.object)) for d in documents for r in d.relations}
    names = chemical_names(documents)
    asked = sorted({chemical for chemical, _ in gold})
    qa = MedicalQA(store=graph, lm="none", mode="template")
    found: Pairs = set()
    for chemical in asked:
        answer = qa.ask(f"Which diseases can {names[chemical]} cause?", limit=None)
        for claim in answer.claims:
            if claim.polarity.value == "positive":
                found.add((chemical, in_prefix(claim.triple.object, "MESH", store) or ""))
    print(f"{reader.version}: {len(edges)} edges, {len(asked)} questions")
    print(f"text to graph to answer: {_scores(gold, found)}")
    floor = set(co_occurring(store, documents))
    print(f"dictionary co-occurrence: {_scores(gold, {p for p in floor if p[0] in set(asked)})}")


def chemical_names(documents: Iterable[AnnotatedDocument]) -> dict[str, str]:
    """Each chemical's most frequent form of at least four characters, else the most frequent."""
    forms: dict[str, Counter[str]] = defaultdict(Counter)
    for annotated in documents:
        for mention in annotated.mentions:
            for identifier in mention.identifiers:
                forms[_mesh(identifier)][mention.text] += 1
    return {
        curie: max(counts, key=lambda form: (len(form) > 3, counts[form], form))
        for curie, counts in forms.items()
    }


def co_occurring(
    store: GraphStore, documents: Iterable[AnnotatedDocument]
) -> Iterator[tuple[str, str]]:
    """Every chemical with every disease of one document, as the dictionary finds them."""
    reader = Reader.of_store(store)
    for annotated in documents:
        named: dict[str, set[str]] = {"Chemical": set(), "Disease": set()}
        for mention in reader.read(annotated.document).mentions:
            kind = PUBTATOR_TYPES.get(mention.category)
            if kind is not None and kind in named:
                named[kind].add(in_prefix(mention.concept, "MESH", store) or "")
        for chemical in named["Chemical"]:
            for disease in named["Disease"]:
                yield chemical, disease


def mentions(reader: Reader, documents: list[AnnotatedDocument]) -> None:
    """Strict mention F1 of a reader."""
    gold = [{(m.start, m.end, m.type) for m in d.mentions} for d in documents]
    found = [spans_of(reading) for reading in reader.read_all(d.document for d in documents)]
    print(f"{reader.version}, mentions, BC5CDR test:")
    for name, row in span_scores(gold, found, ["Chemical", "Disease"]).items():
        print(f"  {name}: {row}")


def spans_of(reading: Reading) -> set[tuple[int, int, str]]:
    """The mentions of a reading as PubTator types them."""
    return {(m.start, m.end, PUBTATOR_TYPES.get(m.category, "")) for m in reading.mentions}


def speed(reader: Reader, documents: list[AnnotatedDocument]) -> None:
    """Abstracts a second, wall clock and processor time."""
    texts = [d.document for d in documents]
    list(reader.read_all(texts[:16]))
    wall, processor = time.perf_counter(), time.process_time()
    found = sum(len(reading.mentions) for reading in reader.read_all(texts))
    wall, processor = time.perf_counter() - wall, time.process_time() - processor
    print(
        f"{reader.version}: {len(texts) / wall:.1f} abstracts/s ({len(texts) / processor:.1f} a "
        f"second of processor time), {found} mentions"
    )


def _mesh(identifier: str) -> str:
    return identifier if ":" in identifier else f"MESH:{identifier}"


def _scores(gold: Pairs, found: Pairs) -> str:
    both = len(gold & found)
    precision = 100 * both / max(1, len(found))
    recall = 100 * both / max(1, len(gold))
    f1 = 2 * precision * recall / max(1e-9, precision + recall)
    return (
        f"precision {precision:.1f}, recall {recall:.1f}, F1 {f1:.1f} ({len(found)} of {len(gold)})"
    )


if __name__ == "__main__":
    main()
