"""PubTator: ``PMID|t|title``, ``PMID|a|abstract``, then annotation lines, then a blank line.

Format: Wei et al. 2013, https://doi.org/10.1093/nar/gkt441. Offsets count in title, one character
(a line feed here), abstract, as in the corpora of BioCreative V. Annotations are kept apart: they
are gold for an evaluation, not facts for a graph.

MedMentions (Mohan and Li 2019, https://arxiv.org/abs/1902.09476) is in the same form: its types are
UMLS semantic types (``T116,T123``) and its identifiers UMLS concepts, given here as ``UMLS:C…``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from kg.errors import SourceFormatError
from kg.records import Provenance
from loaders.annotations import AnnotatedDocument, GoldMention, GoldRelation
from loaders.reading import LONGEST_LINE, read_lines
from nlp.records import Document

__all__ = [
    "AnnotatedDocument",
    "GoldMention",
    "GoldRelation",
    "read_annotated",
    "read_medmentions",
    "read_pubtator",
]


#: The corpus of MedMentions, as its owners state it.
MEDMENTIONS_LICENCE = "CC0-1.0"


def read_pubtator(path: Path, *, longest: int = LONGEST_LINE) -> Iterator[Document]:
    """The documents of a PubTator file, without their annotations."""
    return (annotated.document for annotated in read_annotated(path, longest=longest))


def read_annotated(path: Path, *, longest: int = LONGEST_LINE) -> Iterator[AnnotatedDocument]:
    """The documents of a PubTator file with their annotations.

    Raises:
        SourceFormatError: for a line of no known shape, an annotation without its document, or
            offsets that are not those of the annotated text.
    """
    block: list[tuple[int, str]] = []
    found, size = False, 0
    for number, line in read_lines(path, longest=longest):
        size += len(line)
        if size > longest:
            problem = f"a document longer than {longest:,} characters"
            raise SourceFormatError(path, number, problem, fix="leave a blank line in between")
        if line.strip():
            block.append((number, line))
        elif block:
            found = True
            yield _annotated(path, block)
            block, size = [], 0
    if block:
        found = True
        yield _annotated(path, block)
    if not found:
        raise SourceFormatError(path, None, "holds no document", fix="give a PubTator file")


def read_medmentions(path: Path, *, longest: int = LONGEST_LINE) -> Iterator[AnnotatedDocument]:
    """The documents of MedMentions (``corpus_pubtator.txt.gz``), concepts as ``UMLS:C…``."""
    provenance = Provenance("medmentions", licence=MEDMENTIONS_LICENCE)
    for annotated in read_annotated(path, longest=longest):
        mentions = tuple(
            replace(m, identifiers=tuple(map(_umls, m.identifiers))) for m in annotated.mentions
        )
        document = replace(annotated.document, provenance=provenance)
        yield AnnotatedDocument(document, mentions, annotated.relations)


def _umls(identifier: str) -> str:
    return f"UMLS:{identifier.removeprefix('UMLS:')}"


def _annotated(path: Path, block: list[tuple[int, str]]) -> AnnotatedDocument:
    identifier, title = _text_line(path, *block[0], part="t")
    abstract = ""
    rest = block[1:]
    if rest and "|a|" in rest[0][1][:40]:
        other, abstract = _text_line(path, *rest[0], part="a")
        rest = rest[1:]
        if other != identifier:
            raise SourceFormatError(path, block[1][0], f"abstract of {other!r}", fix="")
    text = f"{title}\n{abstract}" if abstract else title
    mentions: list[GoldMention] = []
    relations: list[GoldRelation] = []
    for number, line in rest:
        cells = line.split("\t")
        if cells[0] != identifier or len(cells) < 4:
            problem = f"{line[:60]!r} is no annotation of {identifier}"
            raise SourceFormatError(path, number, problem, fix="leave a blank line in between")
        if cells[1].isdigit() and cells[2].isdigit():
            mentions.append(_mention(path, number, cells, text))
        else:
            relations.append(GoldRelation(cells[1], cells[2], cells[3]))
    pmid = f"PMID:{identifier}" if identifier.isdigit() else identifier
    source = "pubmed" if identifier.isdigit() else path.name
    document = Document(pmid, text, Provenance(source), title_end=len(title))
    return AnnotatedDocument(document, tuple(mentions), tuple(relations))


def _text_line(path: Path, number: int, line: str, *, part: str) -> tuple[str, str]:
    identifier, _, rest = line.partition("|")
    marker, bar, text = rest.partition("|")
    if marker != part or not bar or not identifier:
        problem = f"{line[:60]!r} is no line ID|{part}|…"
        raise SourceFormatError(path, number, problem, fix="give a PubTator file")
    return identifier, text


def _mention(path: Path, number: int, cells: list[str], text: str) -> GoldMention:
    start, end = int(cells[1]), int(cells[2])
    type_ = cells[4] if len(cells) > 4 else ""
    if text[start:end].strip() != cells[3].strip():
        problem = f"[{start}, {end}) is {text[start:end]!r}, not {cells[3]!r}"
        raise SourceFormatError(path, number, problem, fix="correct the offsets")
    identifiers: tuple[str, ...] = ()
    if len(cells) > 5 and cells[5] not in {"", "-1"}:
        identifiers = tuple(i.strip() for i in cells[5].replace("|", ",").split(","))
    return GoldMention(start, min(end, len(text)), text[start:end], type_, identifiers)
