"""A spaCy ``tok2vec`` NER trained on the same corpora: how fast, and how good.

    python -m bench.tok2vec --data DIR [--epochs N] [--documents N] [--texts N] [--graph GRAPH]

Trained on the train parts of ``nlp/training/configs/ner-en.toml`` (documents of its
test sets left out; NCBI, which marks diseases only, is left out too, since spaCy has no partial
labels), seed 20, batches of eight documents, spaCy's default architecture for
processors. Printed: strict F1 on the BC5CDR test set, abstracts a second; with ``--graph`` those
of the whole pipeline of this project too, in the same process, one after the other.
"""

from __future__ import annotations

import argparse
import random
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import spacy
from spacy.language import Language
from spacy.training import Example
from thinc.api import fix_random_seed

from bench.reading import TEST, speed
from kg.saved import open_graph
from loaders.pubtator import read_annotated
from medkgqa.training_command import shipped_config, training_texts
from nlp.reader import Reader
from nlp.recogniser import make_recogniser
from nlp.trained_relations import relation_extractors
from nlp.training.examples import SpanExample, span_scores
from nlp.training.token_plan import read_plan

_BATCH = 8


def main() -> None:
    """Train, measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--documents", type=int, help="train on so many; for speeds few will do")
    parser.add_argument("--texts", type=int, help="test and time so many")
    parser.add_argument("--graph", type=Path, help="also time the whole pipeline of this project")
    options = parser.parse_args()
    texts = training_texts(read_plan(shipped_config("ner")), options.data)
    train = [e for e in texts.train if "Chemical" in e.annotated][: options.documents]
    nlp = trained(train, epochs=options.epochs)
    test = texts.tests["BC5CDR test"][: options.texts]
    wall, processor = time.perf_counter(), time.process_time()
    docs = list(nlp.pipe([e.text for e in test], batch_size=64))
    wall, processor = time.perf_counter() - wall, time.process_time() - processor
    found = [[(x.start_char, x.end_char, x.label_) for x in doc.ents] for doc in docs]
    scores = span_scores([e.spans for e in test], found, ["Chemical", "Disease"])
    print(f"trained on {len(train)} documents, {options.epochs} epochs: {scores}")
    print(f"{len(test) / wall:.1f} abstracts/s, {len(test) / processor:.1f} a processor second")
    if options.graph is not None:
        store = open_graph(options.graph)
        documents = list(read_annotated(options.data / TEST))[: options.texts]
        recogniser = make_recogniser(store, "trained")
        for relations in ("phrases", "trained"):
            speed(Reader(recogniser, relations=relation_extractors(relations)), documents)


def trained(train: Sequence[SpanExample], *, epochs: int) -> Language:
    """A pipeline of one ``ner`` with its own ``tok2vec``."""
    fix_random_seed(20)
    nlp = spacy.blank("en")
    nlp.add_pipe("ner")
    examples = list(_examples(nlp, train))
    nlp.initialize(lambda: examples)
    chance = random.Random(20)
    for epoch in range(epochs):
        chance.shuffle(examples)
        losses: dict[str, float] = {}
        for begin in range(0, len(examples), _BATCH):
            nlp.update(examples[begin : begin + _BATCH], drop=0.1, losses=losses)
        print(f"epoch {epoch + 1}: loss {losses['ner']:.0f}", flush=True)
    return nlp


def _examples(nlp: Language, train: Sequence[SpanExample]) -> Iterator[Example]:
    for example in train:
        doc = nlp.make_doc(example.text)
        spans = [
            span
            for start, end, name in example.spans
            if (span := doc.char_span(start, end, name)) is not None
        ]
        reference = doc.copy()
        reference.set_ents(spans)
        yield Example(doc, reference)


if __name__ == "__main__":
    main()
