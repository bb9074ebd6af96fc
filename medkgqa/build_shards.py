"""Documents in shards: what a build hands out, reads and commits as one.

Shards are cut the same way whoever reads them and however often a build was interrupted: the
documents of one file, so many at a time. Clinical documents are de-identified here, before a shard
leaves the process that reads the file.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from kg.errors import UsageError
from kg.records import Provenance
from loaders.documents import DocumentFile
from nlp.deidentification import Deidentifier
from nlp.records import Document

#: Source of clinical documents whose own source could name a patient.
CLINICAL_SOURCE = "clinical-notes"


@dataclass(frozen=True, slots=True)
class Shard:
    """Some documents of one file, de-identified where they had to be.

    Args:
        file: which of the build's files, from 0.
        number: which shard of that file, from 0.
        last: whether the file ends with it.
        documents: at least one.
        deidentified: how many of them were clinical.
    """

    file: int
    number: int
    last: bool
    documents: tuple[Document, ...]
    deidentified: int = 0

    def to_json(self) -> str:
        """The shard as a line of JSON."""
        documents = [
            [
                d.id,
                d.text,
                d.title_end,
                d.date,
                [getattr(d.provenance, name) for name in _PROVENANCE],
            ]
            for d in self.documents
        ]
        place = [self.file, self.number, self.last, self.deidentified]
        return json.dumps([place, documents], ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> Shard:
        """The shard a line of JSON stands for."""
        (file, number, last, deidentified), documents = json.loads(text)
        made = tuple(
            Document(id_, words, Provenance(*provenance), title_end=title_end, date=date)
            for id_, words, title_end, date, provenance in documents
        )
        return cls(file, number, last, made, deidentified)


_PROVENANCE = ("source", "version", "licence", "retrieved", "url")


@dataclass(frozen=True, slots=True)
class ShardOptions:
    """How documents are cut into shards.

    Args:
        size: documents a shard.
        clinical: whether every document counts as clinical.
        secret: what surrogates follow from, where any document is clinical.
        reader: options of the format's reader, such as ``columns``.
    """

    size: int = 32
    clinical: bool = False
    secret: str = field(default="", repr=False)
    reader: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.size < 1:
            raise UsageError(f"{self.size} documents a shard; give one or more")


def shards_of(
    files: Sequence[DocumentFile],
    file: int,
    *,
    done: Collection[int] = (),
    options: ShardOptions,
) -> Iterator[Shard]:
    """The shards of one file that are not done, in order.

    Raises:
        SourceFormatError: with file and line, where a document cannot be read.
        UsageError: where a document is clinical and there is no secret.
    """
    source = files[file]
    cleaner = _Cleaner(source, options)
    held: list[Document] = []
    number = 0
    for document in source.documents(**options.reader):
        if len(held) == options.size:
            if number not in done:
                yield cleaner.shard(file, number, held, last=False)
            held, number = [], number + 1
        held.append(document)
    if held and number not in done:
        yield cleaner.shard(file, number, held, last=True)


class _Cleaner:
    """Makes shards of documents, without what tells whose they are."""

    def __init__(self, source: DocumentFile, options: ShardOptions) -> None:
        self._source = source
        self._options = options
        self._deidentifier: Deidentifier | None = None

    def shard(self, file: int, number: int, documents: list[Document], *, last: bool) -> Shard:
        everything = self._options.clinical or self._source.format.clinical
        clinical = [everything or d.clinical for d in documents]
        cleaned = tuple(
            self._without_identifiers(d) if c else replace(d, patient="", identifiers=())
            for d, c in zip(documents, clinical, strict=True)
        )
        return Shard(file, number, last, cleaned, sum(clinical))

    def _without_identifiers(self, document: Document) -> Document:
        if self._deidentifier is None:
            if not self._options.secret:
                raise UsageError(
                    f"{self._source.path} is clinical; give --secret FILE, a file of at least "
                    "eight characters that surrogates follow from"
                )
            self._deidentifier = Deidentifier(secret=self._options.secret, style="surrogates")
        cleaned = self._deidentifier.document(
            document,
            patient=document.patient or document.id,
            known=(*document.identifiers, *_numbers(document.patient)),
        )
        card = self._source.format.card
        source = card.name if self._source.format.clinical else CLINICAL_SOURCE
        return replace(cleaned, provenance=Provenance(source, licence=card.licence))


def _numbers(patient: str) -> tuple[str, ...]:
    """The id of a patient where it is no short number: "110" is a blood pressure as well."""
    return (patient,) if len(patient) > 4 else ()
