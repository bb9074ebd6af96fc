"""Reading a document without spaCy: mentions, what is said of them, relations.

The spaCy pipeline (:mod:`nlp.pipeline`) runs the same steps as components and reads the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Protocol, runtime_checkable

from kg.store import GraphStore
from nlp.abbreviations import short_forms
from nlp.bulk_linker import BulkLinker
from nlp.context import Context, with_assertions
from nlp.records import Document, Mention, Reading, Relation
from nlp.relations import PhraseRelations, RelationExtractor
from nlp.sentences import sentences
from nlp.tokens import has_han

#: Name and version kept with every piece of evidence this reader yields.
VERSION = "medkgqa-rules-1"
_TEXTS = 64  # read together


@runtime_checkable
class MentionRecogniser(Protocol):
    """Finds names in a document; a trained model or the dictionary."""

    @property
    def version(self) -> str:
        """Name and version."""
        ...

    def recognise(self, text: str) -> tuple[Mention, ...]:
        """Mentions by start, not overlapping; ``text[m.start:m.end] == m.text``."""
        ...


@runtime_checkable
class BatchRecogniser(Protocol):
    """A recogniser that reads many texts faster than one by one."""

    def recognise_all(self, texts: Sequence[str]) -> list[tuple[Mention, ...]]:
        """The mentions of each text."""
        ...


@dataclass(frozen=True, slots=True)
class DictionaryRecogniser:
    """The names of a graph, found by the bulk linker."""

    linker: BulkLinker

    @property
    def version(self) -> str:
        """See :attr:`MentionRecogniser.version`."""
        return "dictionary-1"

    def recognise(self, text: str) -> tuple[Mention, ...]:
        """See :meth:`MentionRecogniser.recognise`."""
        return self.linker.link(text)


class Reader:
    """Reads documents with rules; English and Chinese, told apart by their characters.

    Args:
        recogniser: finds the names.
        relations: language → what finds relations; the shipped phrases where not given.
        contexts: language → what finds assertions; the shipped cues where not given.
    """

    def __init__(
        self,
        recogniser: MentionRecogniser,
        *,
        relations: dict[str, RelationExtractor] | None = None,
        contexts: dict[str, Context] | None = None,
    ) -> None:
        self._recogniser = recogniser
        self._relations: dict[str, RelationExtractor] = (
            {language: PhraseRelations(language) for language in ("en", "zh")}
            if relations is None
            else relations
        )
        self._contexts = contexts or {language: Context.load(language) for language in ("en", "zh")}

    @classmethod
    def of_store(cls, store: GraphStore) -> Reader:
        """A reader that knows the names of ``store`` and no more.

        :func:`nlp.recogniser.make_recogniser` gives the trained models.
        """
        return cls(DictionaryRecogniser(BulkLinker(store.concepts())))

    @property
    def version(self) -> str:
        """Names and versions of what reads, as kept with the evidence."""
        return extractor_of(self._recogniser)

    @property
    def versions(self) -> tuple[str, ...]:
        """Every version evidence of this reader can be kept under, sorted."""
        return tuple(sorted({self.version, *(r.version for r in self._relations.values())}))

    def read(self, document: Document) -> Reading:
        """Mentions and relations of one document."""
        return self._read(document, self._recogniser.recognise(document.text))

    def _read(self, document: Document, found: tuple[Mention, ...]) -> Reading:
        text = document.text
        spans = sentences(text, breaks=[document.title_end] if document.title_end else [])
        mentions = with_short_forms(text, found)
        mentions = self._asserted(text, spans, mentions)
        return Reading(document, mentions, self._related(text, spans, mentions), self.version)

    def read_all(self, documents: Iterable[Document]) -> Iterator[Reading]:
        """The readings of documents, lazily, in order."""
        recogniser = self._recogniser
        if not isinstance(recogniser, BatchRecogniser):
            for document in documents:
                yield self.read(document)
            return
        remaining = iter(documents)
        while part := list(islice(remaining, _TEXTS)):
            listed = recogniser.recognise_all([document.text for document in part])
            for document, found in zip(part, listed, strict=True):
                yield self._read(document, found)

    def _asserted(
        self, text: str, spans: Sequence[tuple[int, int]], mentions: tuple[Mention, ...]
    ) -> tuple[Mention, ...]:
        for language, context in self._contexts.items():
            mine = [s for s in spans if language_of(text[slice(*s)]) == language]
            mentions = with_assertions(text, mine, mentions, context)
        return mentions

    def _related(
        self, text: str, spans: Sequence[tuple[int, int]], mentions: tuple[Mention, ...]
    ) -> tuple[Relation, ...]:
        found: list[Relation] = []
        for language, extractor in self._relations.items():
            mine = [s for s in spans if language_of(text[slice(*s)]) == language]
            found.extend(extractor.extract(text, mine, mentions))
        return tuple(sorted(found, key=lambda r: (r.sentence, r.subject, r.object, r.predicate)))


def extractor_of(recogniser: MentionRecogniser) -> str:
    """What evidence is kept under: the rules, and the model where one found the mentions."""
    if isinstance(recogniser, DictionaryRecogniser):
        return VERSION
    return f"{VERSION}+{recogniser.version}"


def language_of(text: str) -> str:
    """``zh`` where a text holds Chinese, else ``en``.

    >>> language_of("无发热"), language_of("no fever")
    ('zh', 'en')
    """
    return "zh" if has_han(text) else "en"


def with_short_forms(text: str, mentions: Sequence[Mention]) -> tuple[Mention, ...]:
    """``mentions``, and every short form the text explains by one of them.

    A short form found by the recogniser under another meaning takes the meaning explained.
    """
    by_span = {(m.start, m.end): m for m in mentions}
    meant: dict[str, Mention] = {}
    for found in short_forms(text):
        long = _explaining(found.long, by_span, mentions)
        if long is not None:
            meant.setdefault(text[slice(*found.short)], long)
    if not meant:
        return tuple(mentions)
    kept = list(mentions)
    for short, long in meant.items():
        kept = _with_short_form(text, kept, short, long)
    return tuple(sorted(kept, key=lambda m: m.start))


def _explaining(
    span: tuple[int, int],
    by_span: dict[tuple[int, int], Mention],
    mentions: Sequence[Mention],
) -> Mention | None:
    """The mention a long form is: the same span, or the one that ends it and fills most of it."""
    if span in by_span:
        return by_span[span]
    for mention in mentions:
        inside = span[0] <= mention.start and mention.end == span[1]
        if inside and mention.end - mention.start >= 0.5 * (span[1] - span[0]):
            return mention
    return None


def _with_short_form(
    text: str, mentions: Sequence[Mention], short: str, long: Mention
) -> list[Mention]:
    kept = list(mentions)
    start = text.find(short)
    while start >= 0:
        end = start + len(short)
        whole = not (text[start - 1 : start].isalnum() or text[end : end + 1].isalnum())
        over = [m for m in kept if m.start < end and start < m.end]
        if whole and all((m.start, m.end) == (start, end) for m in over):
            kept = [m for m in kept if m not in over]
            kept.append(replace(long, start=start, end=end, text=short))
        start = text.find(short, end)
    return kept
