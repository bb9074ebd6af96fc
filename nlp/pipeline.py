"""The spaCy pipeline that reads documents with the names of a graph.

>>> from kg.networkx_store import NetworkxStore
>>> from kg.records import Concept, Name
>>> store = NetworkxStore([Concept("DOID:2841", "biolink:Disease", (Name("asthma"),))])
>>> nlp = build_pipeline(store, ner="names")
>>> doc = nlp("No asthma.")
>>> [(e.text, e._.concept, e._.assertion) for e in doc.ents]
[('asthma', 'DOID:2841', 'negated')]
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import spacy
from spacy.language import Language
from spacy.tokens import Doc

from kg.store import GraphStore
from nlp.components import TITLE_END, MentionComponent, mentions_of, relations_of
from nlp.reader import MentionRecogniser
from nlp.recogniser import NerChoice
from nlp.records import Document, Reading

COMPONENTS = (
    "medkgqa_sentences",
    "medkgqa_mentions",
    "medkgqa_short_forms",
    "medkgqa_context",
    "medkgqa_relations",
)


def build_pipeline(
    store: GraphStore,
    *,
    language: str = "en",
    recogniser: MentionRecogniser | None = None,
    ner: NerChoice = "auto",
) -> Language:
    """A blank pipeline with every component of :mod:`nlp.components`.

    Args:
        store: the graph whose names are looked for.
        language: ``en``, or ``zh`` (one token a character); either reads both languages.
        recogniser: finds the mentions, instead of what ``ner`` names.
        ner: the trained models, the names of the graph, or the models where they can be run.
    """
    nlp = spacy.blank(language)
    nlp.max_length = 50_000_000  # no component here needs memory of a parser's kind
    choice = "phrases" if ner == "names" or recogniser is not None else "auto"
    for name in COMPONENTS:
        nlp.add_pipe(name, config={"choice": choice} if name == "medkgqa_relations" else {})
    mentions = nlp.get_pipe("medkgqa_mentions")
    assert isinstance(mentions, MentionComponent)
    if recogniser is None:
        mentions.use_concepts(store.concepts(), ner=ner)
    else:
        mentions.use(recogniser)
    return nlp


def read(
    nlp: Language,
    documents: Iterable[Document],
    *,
    n_process: int = 1,
    batch_size: int = 64,
) -> Iterator[Reading]:
    """The readings of documents, lazily, in order.

    Args:
        nlp: a pipeline of :func:`build_pipeline`, or one with these components.
        documents: what to read.
        n_process: how many processes read.
        batch_size: documents handed to a process at a time.
    """
    mentions = nlp.get_pipe("medkgqa_mentions")
    assert isinstance(mentions, MentionComponent)
    extractor = mentions.extractor
    pairs = ((_doc(nlp, document), document) for document in documents)
    piped = nlp.pipe(pairs, as_tuples=True, n_process=n_process, batch_size=batch_size)
    for doc, document in piped:
        yield Reading(document, mentions_of(doc), relations_of(doc), extractor)


def _doc(nlp: Language, document: Document) -> Doc:
    doc = nlp.make_doc(document.text)
    if document.title_end:
        doc.user_data[TITLE_END] = document.title_end
    return doc
