"""i2b2 2012 (events and times) and 2014 (identifiers): one XML file a note.

Formats: Sun et al. 2013, https://doi.org/10.1136/amiajnl-2013-001628 (2012), and Stubbs and Uzuner
2015, https://doi.org/10.1016/j.jbi.2015.07.020 (2014). Both hold the note in ``TEXT`` and,
in ``TAGS``, one empty element an annotation with ``id``, ``start``, ``end`` and ``text``. The
notes are under agreement (n2c2); they are marked clinical.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from kg.errors import SourceFormatError
from kg.records import Provenance
from loaders.annotations import (
    AnnotatedDocument,
    GoldMention,
    GoldRelation,
    checked_mention,
    sorted_mentions,
)
from loaders.i2b2_2010 import LICENCE
from loaders.plain import plain_id
from loaders.reading import LONGEST_LINE
from loaders.xml_events import XmlElement, read_elements
from nlp.records import Document

ROOT_2012 = "ClinicalNarrativeTemporalAnnotation"
ROOT_2014 = "deIdi2b2"


def read_i2b2_2012(path: Path, *, longest: int = LONGEST_LINE) -> Iterator[AnnotatedDocument]:
    """A note with its events (polarity and modality as assertion), times and links.

    Raises:
        SourceFormatError: with file and line, for broken XML, a bomb, no text, or offsets that
            are not those of the annotated text.
    """
    for root in _files(path, ROOT_2012, longest):
        yield _annotated(*root, "i2b2-2012")


def read_i2b2_2014(path: Path, *, longest: int = LONGEST_LINE) -> Iterator[AnnotatedDocument]:
    """A note with its identifiers; the patient is the part of the file name before the hyphen.

    Raises:
        SourceFormatError: as :func:`read_i2b2_2012` does.
    """
    for root in _files(path, ROOT_2014, longest):
        yield _annotated(*root, "i2b2-2014")


def _files(path: Path, root: str, longest: int) -> Iterator[tuple[Path, XmlElement]]:
    files = sorted(p for p in path.rglob("*.xml*") if p.is_file()) if path.is_dir() else [path]
    found = False
    for file in files:
        for element in read_elements(file, root, longest=longest):
            found = True
            yield file, element
    if not found:
        raise SourceFormatError(
            path, None, f"holds no <{root}>", fix="give a file of the challenge"
        )


def _annotated(path: Path, root: XmlElement, source: str) -> AnnotatedDocument:
    written = root.child("TEXT")
    if written is None or not written.text.strip():
        raise SourceFormatError(path, root.line, "no TEXT", fix="give a file of the challenge")
    text = written.text
    tags = root.child("TAGS")
    mentions: list[GoldMention] = []
    links: list[GoldRelation] = []
    for tag in tags.children if tags is not None else []:
        if "fromID" in tag.attributes:
            get = tag.attributes.get
            links.append(GoldRelation(get("type", ""), get("fromID", ""), get("toID", "")))
        elif tag.attributes.get("start"):
            mentions.append(_mention(path, tag, text))
    name = plain_id(path)
    document = Document(
        f"{source}:{name}",
        text,
        Provenance(source, licence=LICENCE),
        clinical=True,
        patient=name.partition("-")[0] if source == "i2b2-2014" else name,
    )
    return AnnotatedDocument(document, sorted_mentions(mentions), tuple(links))


def _mention(path: Path, tag: XmlElement, text: str) -> GoldMention:
    get = tag.attributes.get
    if not (get("start", "").isdecimal() and get("end", "").isdecimal()):
        raise SourceFormatError(path, tag.line, "offsets that are no whole numbers", fix="")
    start, end = int(get("start", "")), int(get("end", ""))
    quoted = get("text", "")
    if text[start:end].split() != quoted.split() and start:
        earlier = text[start - 1 : end - 1]  # some files count from 1
        if earlier.split() == quoted.split():
            start, end = start - 1, end - 1
    kind = get("TYPE") or get("type") or tag.tag
    mention = GoldMention(
        start,
        end,
        text[start:end],
        kind,
        id=get("id", ""),
        assertion=" ".join(filter(None, (get("polarity", ""), get("modality", "")))),
    )
    return checked_mention(text, mention, quoted, path, tag.line)
