"""The steps of reading as spaCy components, usable in anybody's pipeline.

==========================  ============================================================
``medkgqa_sentences``       sentence starts (``doc.sents``)
``medkgqa_mentions``        names of a graph: ``doc.ents``, ``span._.concept``, ``._.candidates``
``medkgqa_short_forms``     "myocardial infarction (MI)": later "MI" is a mention as well
``medkgqa_context``         ``span._.assertion``: negated, uncertain, historical, family …
``medkgqa_relations``       ``doc._.relations``
==========================  ============================================================

What they find is kept in ``doc.user_data`` as plain lists, so that ``Doc.to_bytes`` and several
processes keep it; the extension attributes read it from there. ``doc._.mentions`` holds every
mention with its exact offsets; ``doc.ents`` the same, widened to whole tokens.

Factories are registered when this module is imported, which spaCy does by itself through the
entry points of this distribution; extension attributes when a component is made.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from spacy.language import Language
from spacy.tokens import Doc, Span
from spacy.util import filter_spans

from kg.errors import UsageError
from kg.networkx_store import NetworkxStore
from kg.records import Concept, Name, Polarity
from nlp.bulk_linker import BulkLinker
from nlp.context import Context, with_assertions
from nlp.reader import (
    BatchRecogniser,
    DictionaryRecogniser,
    MentionRecogniser,
    extractor_of,
    language_of,
    with_short_forms,
)
from nlp.recogniser import NerChoice, make_recogniser
from nlp.records import Assertion, Candidate, Mention, Relation
from nlp.relations import RelationExtractor
from nlp.sentences import sentences
from nlp.trained_relations import RelationChoice, relation_extractors

MENTIONS = "medkgqa_mentions"
RELATIONS = "medkgqa_relations"
SENTENCES = "medkgqa_sentences"
TITLE_END = "medkgqa_title_end"
_NAMES_FILE = "names.json"


def register_extensions() -> None:
    """Make ``span._.concept`` and the like known to spaCy; once is enough."""
    if Span.has_extension("concept"):
        return
    Span.set_extension("concept", getter=_concept)
    Span.set_extension("candidates", getter=_candidates)
    Span.set_extension("assertion", getter=_assertion)
    Doc.set_extension("mentions", getter=mentions_of)
    Doc.set_extension("relations", getter=relations_of)


def mentions_of(doc: Doc) -> tuple[Mention, ...]:
    """Every mention found, by start, with its offsets in ``doc.text``."""
    return tuple(_mention(row) for row in doc.user_data.get(MENTIONS, ()))


def relations_of(doc: Doc) -> tuple[Relation, ...]:
    """Every relation found; its indexes count in ``doc._.mentions``."""
    return tuple(
        Relation(s, o, predicate, Polarity(polarity), score, (start, end), extractor)
        for s, o, predicate, polarity, score, start, end, extractor in doc.user_data.get(
            RELATIONS, ()
        )
    )


def sentences_of(doc: Doc) -> tuple[tuple[int, int], ...]:
    """Exact offsets of the sentences; split here where no component did."""
    rows = doc.user_data.get(SENTENCES)
    if rows is None:
        return sentences(doc.text)
    return tuple((start, end) for start, end in rows)


def keep_mentions(doc: Doc, mentions: Sequence[Mention]) -> None:
    """Write mentions to ``doc.user_data`` and ``doc.ents``."""
    doc.user_data[MENTIONS] = [_mention_row(m) for m in mentions]
    spans = []
    for mention in mentions:
        label = mention.category.partition(":")[2]
        span = doc.char_span(mention.start, mention.end, label, alignment_mode="expand")
        if span is not None:
            spans.append(span)
    doc.set_ents(filter_spans(spans))


def _mention_row(mention: Mention) -> list[Any]:
    rows = [[c.curie, c.name, c.category, c.score] for c in mention.candidates]
    found = mention
    return [
        found.start,
        found.end,
        found.text,
        found.category,
        rows,
        found.score,
        found.assertion.value,
    ]


def _mention(row: Sequence[Any]) -> Mention:
    start, end, text, category, candidates, score, assertion = row
    listed = tuple(Candidate(*candidate) for candidate in candidates)
    return Mention(start, end, text, category, listed, score, Assertion(assertion))


def _row_at(span: Span) -> Sequence[Any] | None:
    """The first mention inside a span."""
    for row in span.doc.user_data.get(MENTIONS, ()):
        if span.start_char <= row[0] and row[1] <= span.end_char:
            return list(row)
    return None


def _concept(span: Span) -> str | None:
    candidates = _candidates(span)
    return candidates[0].curie if candidates else None


def _candidates(span: Span) -> tuple[Candidate, ...]:
    row = _row_at(span)
    return () if row is None else _mention(row).candidates


def _assertion(span: Span) -> str | None:
    row = _row_at(span)
    return None if row is None else str(row[6])


class SentenceComponent:
    """Sets sentence starts; keeps exact offsets for the components behind it."""

    def __init__(self) -> None:
        register_extensions()

    def __call__(self, doc: Doc) -> Doc:
        """Split ``doc`` into sentences."""
        title_end = int(doc.user_data.get(TITLE_END, 0))
        spans = sentences(doc.text, breaks=[title_end] if title_end else [])
        doc.user_data[SENTENCES] = [list(span) for span in spans]
        starts = {start for start, _ in spans}
        at = 0
        for token in doc:
            end = token.idx + max(1, len(token))
            token.is_sent_start = token.i == 0 or any(s in starts for s in range(at, end))
            at = end
        return doc


class MentionComponent:
    """Finds names with a recogniser: the dictionary of a graph, or a trained model."""

    def __init__(self, recogniser: MentionRecogniser | None = None) -> None:
        register_extensions()
        self._recogniser = recogniser
        self._concepts: tuple[Concept, ...] = ()
        self._ner: NerChoice = "names"

    @property
    def extractor(self) -> str:
        """Names and versions of what reads, as kept with the evidence."""
        return extractor_of(self._found_by())

    def use(self, recogniser: MentionRecogniser) -> None:
        """Find names with this recogniser from now on."""
        self._recogniser = recogniser
        self._concepts = ()

    def use_concepts(self, concepts: Iterable[Concept], *, ner: NerChoice = "names") -> None:
        """Find the names of these concepts; they are saved with the pipeline.

        Args:
            concepts: whose names count.
            ner: ``names``, or a trained model that finds mentions and links them to these.

        Raises:
            MissingExtraError: ``trained``, where it cannot be run.
        """
        self._concepts = tuple(
            Concept(c.curie, c.category, c.names, c.xrefs) for c in concepts
        )  # definitions are not needed here
        self._ner = ner
        if ner == "names":
            self._recogniser = DictionaryRecogniser(BulkLinker(self._concepts))
        else:
            self._recogniser = make_recogniser(NetworkxStore(self._concepts), ner)

    def __call__(self, doc: Doc) -> Doc:
        """Find names in ``doc``.

        Raises:
            UsageError: where no recogniser was given.
        """
        keep_mentions(doc, self._found_by().recognise(doc.text))
        return doc

    def pipe(self, stream: Iterable[Doc], *, batch_size: int) -> Iterator[Doc]:
        """Find names in many documents, ``batch_size`` at a time."""
        recogniser = self._found_by()
        if not isinstance(recogniser, BatchRecogniser):
            yield from map(self, stream)
            return
        remaining = iter(stream)
        while docs := list(islice(remaining, batch_size)):
            listed = recogniser.recognise_all([doc.text for doc in docs])
            for doc, mentions in zip(docs, listed, strict=True):
                keep_mentions(doc, mentions)
                yield doc

    def _found_by(self) -> MentionRecogniser:
        if self._recogniser is None:
            raise UsageError(
                "medkgqa_mentions knows no names; call nlp.get_pipe('medkgqa_mentions')"
                ".use_concepts(store.concepts()), or build the pipeline with build_pipeline(store)"
            )
        return self._recogniser

    def to_bytes(self, **_: Any) -> bytes:
        """The concepts' names as JSON; a recogniser of another kind is not saved."""
        rows = [
            [c.curie, c.category, [[n.text, n.language, n.kind] for n in c.names], list(c.xrefs)]
            for c in self._concepts
        ]
        record = {"ner": self._ner, "concepts": rows}
        return json.dumps(record, ensure_ascii=False).encode("utf-8")

    def from_bytes(self, data: bytes, **_: Any) -> MentionComponent:
        """Take the names :meth:`to_bytes` wrote."""
        record = json.loads(data.decode("utf-8"))
        if record["concepts"]:
            self.use_concepts(
                (
                    Concept(curie, category, tuple(Name(*name) for name in names), tuple(xrefs))
                    for curie, category, names, xrefs in record["concepts"]
                ),
                ner=record["ner"],
            )
        return self

    def to_disk(self, path: str | Path, **_: Any) -> None:
        """Write the names below ``path``."""
        folder = Path(path)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / _NAMES_FILE).write_bytes(self.to_bytes())

    def from_disk(self, path: str | Path, **_: Any) -> MentionComponent:
        """Read the names below ``path``."""
        return self.from_bytes((Path(path) / _NAMES_FILE).read_bytes())


class ShortFormComponent:
    """Adds the short forms a document explains by one of its mentions."""

    def __init__(self) -> None:
        register_extensions()

    def __call__(self, doc: Doc) -> Doc:
        """Add short forms to the mentions of ``doc``."""
        known = mentions_of(doc)
        mentions = with_short_forms(doc.text, known)
        if mentions != known:
            keep_mentions(doc, mentions)
        return doc


class ContextComponent:
    """Sets what the text says of each mention."""

    def __init__(self, languages: Sequence[str] = ("en", "zh")) -> None:
        register_extensions()
        self._contexts = {language: Context.load(language) for language in languages}

    def __call__(self, doc: Doc) -> Doc:
        """Set the assertions of ``doc``."""
        mentions = mentions_of(doc)
        spans = sentences_of(doc)
        for language, context in self._contexts.items():
            mine = [s for s in spans if language_of(doc.text[slice(*s)]) == language]
            mentions = with_assertions(doc.text, mine, mentions, context)
        doc.user_data[MENTIONS] = [_mention_row(m) for m in mentions]
        return doc


class RelationComponent:
    """Finds relations, sentence by sentence, in the language of the sentence."""

    def __init__(self, extractors: dict[str, RelationExtractor]) -> None:
        register_extensions()
        self._extractors = extractors

    def use(self, language: str, extractor: RelationExtractor) -> None:
        """Find the relations of one language's sentences with this extractor from now on."""
        self._extractors[language] = extractor

    def __call__(self, doc: Doc) -> Doc:
        """Find the relations of ``doc``."""
        mentions, spans = mentions_of(doc), sentences_of(doc)
        found: list[Relation] = []
        for language, extractor in self._extractors.items():
            mine = [s for s in spans if language_of(doc.text[slice(*s)]) == language]
            found.extend(extractor.extract(doc.text, mine, mentions))
        found.sort(key=lambda r: (r.sentence, r.subject, r.object, r.predicate))
        doc.user_data[RELATIONS] = [
            [
                *(r.subject, r.object, r.predicate, r.polarity.value, r.score),
                *r.sentence,
                r.extractor,
            ]
            for r in found
        ]
        return doc


@Language.factory("medkgqa_sentences", assigns=["token.is_sent_start"])
def make_sentences(nlp: Language, name: str) -> Callable[[Doc], Doc]:
    """Sentence starts."""
    return SentenceComponent()


@Language.factory("medkgqa_mentions", assigns=["doc.ents", "span._.concept"])
def make_mentions(nlp: Language, name: str) -> Callable[[Doc], Doc]:
    """Names; knows none until ``use`` or ``use_concepts`` is called, or it is loaded."""
    return MentionComponent()


@Language.factory("medkgqa_short_forms", requires=["doc.ents"], assigns=["doc.ents"])
def make_short_forms(nlp: Language, name: str) -> Callable[[Doc], Doc]:
    """Short forms explained in the document."""
    return ShortFormComponent()


@Language.factory(
    "medkgqa_context", requires=["doc.ents"], default_config={"languages": ["en", "zh"]}
)
def make_context(nlp: Language, name: str, languages: list[str]) -> Callable[[Doc], Doc]:
    """Assertions."""
    return ContextComponent(languages)


@Language.factory(
    "medkgqa_relations",
    requires=["doc.ents"],
    default_config={"languages": ["en", "zh"], "choice": "phrases"},
)
def make_relations(
    nlp: Language, name: str, languages: list[str], choice: RelationChoice
) -> Callable[[Doc], Doc]:
    """Relations by phrases, and by the trained model where ``choice`` asks for it."""
    extractors = relation_extractors(choice)
    return RelationComponent({language: extractors[language] for language in languages})
