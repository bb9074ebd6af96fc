"""BioC collections, as XML and as JSON, one document at a time.

Format: Comeau et al. 2013, https://doi.org/10.1093/database/bat064; the JSON form has the same
elements (``documents``, ``passages``, ``annotations``, ``relations``). The passages of a document
are joined by line ends, and the annotations moved with them, so that a collection whose passages
do not touch reads like one whose passages do.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kg.errors import SourceFormatError
from kg.records import Provenance
from loaders.annotations import (
    AnnotatedDocument,
    GoldMention,
    GoldRelation,
    checked_mention,
    sorted_mentions,
)
from loaders.json_members import read_members
from loaders.reading import LONGEST_LINE
from loaders.xml_events import XmlElement, read_elements
from nlp.records import Document

_DOCUMENTS = ("documents", "PubTator3")


@dataclass(frozen=True, slots=True)
class _Annotation:
    id: str
    text: str
    infons: dict[str, str]
    spans: tuple[tuple[int, int], ...]  # (offset, length), as the file counts


@dataclass(frozen=True, slots=True)
class _Passage:
    offset: int
    text: str
    infons: dict[str, str]
    annotations: tuple[_Annotation, ...]


@dataclass(slots=True)
class _Collected:
    """A document of either form."""

    id: str
    line: int
    passages: list[_Passage] = field(default_factory=list)
    annotations: list[_Annotation] = field(default_factory=list)  # of the document itself
    relations: list[tuple[dict[str, str], list[str]]] = field(default_factory=list)


def read_bioc_xml(path: Path, *, longest: int = LONGEST_LINE) -> Iterator[AnnotatedDocument]:
    """The documents of a BioC XML collection.

    Raises:
        SourceFormatError: with file and line, for broken XML, a bomb, offsets that are no number
            or not those of the annotated text; and where there is no document.
    """
    found = False
    for element in read_elements(path, "document", longest=longest, doctype=True):
        found = True
        yield _annotated(path, _from_xml(path, element))
    if not found:
        raise SourceFormatError(path, None, "holds no document", fix="give a BioC collection")


def read_bioc_json(path: Path, *, longest: int = LONGEST_LINE) -> Iterator[AnnotatedDocument]:
    """The documents of a BioC JSON collection, one held in memory at a time.

    Raises:
        SourceFormatError: with file and line, as :func:`read_bioc_xml` does.
    """
    found = False
    for name, line, value in read_members(path, longest=longest):
        if name in _DOCUMENTS:
            found = True
            yield _annotated(path, _from_json(path, line, value))
    if not found:
        raise SourceFormatError(path, None, "holds no document", fix="give a BioC collection")


def _from_xml(path: Path, element: XmlElement) -> _Collected:
    collected = _Collected(element.child_text("id"), element.line)
    for child in element.children:
        if child.tag == "passage":
            collected.passages.extend(_xml_passages(path, child))
        elif child.tag == "annotation":
            collected.annotations.append(_xml_annotation(path, child))
    for relation in _descendants(element, "relation"):
        nodes = [n.attributes.get("refid", "") for n in relation.children if n.tag == "node"]
        collected.relations.append((_xml_infons(relation), nodes))
    return collected


def _descendants(element: XmlElement, tag: str) -> Iterator[XmlElement]:
    pending = list(element.children)
    while pending:
        child = pending.pop(0)
        if child.tag == tag:
            yield child
        elif child.tag in {"passage", "sentence"}:
            pending[:0] = child.children


def _xml_passages(path: Path, element: XmlElement) -> Iterator[_Passage]:
    """The passage, or its sentences where the text stands in those."""
    sentences = [c for c in element.children if c.tag == "sentence"]
    infons = _xml_infons(element)
    for part in sentences if sentences and element.child("text") is None else [element]:
        offset = _number(path, part.line, part.child_text("offset"), "offset")
        found = part.child("text")
        annotations = [_xml_annotation(path, a) for a in part.children if a.tag == "annotation"]
        if part is element:
            for sentence in sentences:
                annotations += [
                    _xml_annotation(path, a) for a in sentence.children if a.tag == "annotation"
                ]
        yield _Passage(offset, found.text if found else "", infons, tuple(annotations))


def _xml_infons(element: XmlElement) -> dict[str, str]:
    return {
        c.attributes.get("key", ""): c.text.strip() for c in element.children if c.tag == "infon"
    }


def _xml_annotation(path: Path, element: XmlElement) -> _Annotation:
    spans = tuple(
        (
            _number(path, c.line, c.attributes.get("offset", ""), "offset"),
            _number(path, c.line, c.attributes.get("length", ""), "length"),
        )
        for c in element.children
        if c.tag == "location"
    )
    return _Annotation(
        element.attributes.get("id", ""), element.child_text("text"), _xml_infons(element), spans
    )


def _number(path: Path, line: int, value: Any, what: str) -> int:
    if isinstance(value, str) and value.strip().isdecimal():
        return int(value)
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    problem = f"{what} {str(value)[:40]!r} is no whole number"
    raise SourceFormatError(path, line, problem, fix="give characters from the beginning")


def _from_json(path: Path, line: int, value: Any) -> _Collected:
    record = _object(path, line, value, "document")
    collected = _Collected(str(record.get("id") or record.get("pmid") or ""), line)
    for part in _list(path, line, record, "passages"):
        passage = _object(path, line, part, "passage")
        infons = _json_infons(passage)
        sentences = _list(path, line, passage, "sentences")
        parts = sentences if sentences and not passage.get("text") else [passage]
        for piece in parts:
            given = _object(path, line, piece, "sentence")
            annotations = tuple(
                _json_annotation(path, line, a) for a in _list(path, line, given, "annotations")
            )
            offset = _number(path, line, given.get("offset", ""), "offset")
            collected.passages.append(
                _Passage(offset, str(given.get("text") or ""), infons, annotations)
            )
        collected.relations += _json_relations(path, line, passage)
    collected.annotations += [
        _json_annotation(path, line, a) for a in _list(path, line, record, "annotations")
    ]
    collected.relations += _json_relations(path, line, record)
    return collected


def _object(path: Path, line: int, value: Any, what: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise SourceFormatError(path, line, f"a {what} that is no object", fix="give BioC JSON")
    return value


def _list(path: Path, line: int, record: dict[str, Any], name: str) -> list[Any]:
    value = record.get(name) or []
    if not isinstance(value, list):
        raise SourceFormatError(path, line, f"{name} is no list", fix="give BioC JSON")
    return value


def _json_infons(record: dict[str, Any]) -> dict[str, str]:
    infons = record.get("infons")
    if not isinstance(infons, dict):
        return {}
    return {str(k): str(v) for k, v in infons.items() if v is not None}


def _json_annotation(path: Path, line: int, value: Any) -> _Annotation:
    record = _object(path, line, value, "annotation")
    spans = []
    for part in _list(path, line, record, "locations"):
        place = _object(path, line, part, "location")
        spans.append(
            (
                _number(path, line, place.get("offset", ""), "offset"),
                _number(path, line, place.get("length", ""), "length"),
            )
        )
    return _Annotation(
        str(record.get("id") or ""),
        str(record.get("text") or ""),
        _json_infons(record),
        tuple(spans),
    )


def _json_relations(
    path: Path, line: int, record: dict[str, Any]
) -> list[tuple[dict[str, str], list[str]]]:
    found = []
    for value in _list(path, line, record, "relations"):
        relation = _object(path, line, value, "relation")
        nodes = [
            str(_object(path, line, n, "node").get("refid", ""))
            for n in _list(path, line, relation, "nodes")
        ]
        found.append((_json_infons(relation), nodes))
    return found


def _annotated(path: Path, collected: _Collected) -> AnnotatedDocument:
    if not collected.id:
        raise SourceFormatError(path, collected.line, "a document without id", fix="give it one")
    passages = [p for p in collected.passages if p.text]
    if not passages:
        problem = f"document {collected.id!r} has no text"
        raise SourceFormatError(path, collected.line, problem, fix="give it passages with text")
    starts: list[int] = []
    text = ""
    for passage in passages:
        text = f"{text}\n" if text else text
        starts.append(len(text))
        text += passage.text
    mentions = [
        _mention(path, collected, annotation, text, passages, starts)
        for annotation in (*(a for p in passages for a in p.annotations), *collected.annotations)
        if annotation.spans
    ]
    identifier = collected.id
    source = "pubmed" if identifier.isdecimal() else path.name
    document = Document(
        f"PMID:{identifier}" if identifier.isdecimal() else identifier,
        text,
        Provenance(source),
        title_end=_title_end(passages),
    )
    relations = tuple(filter(None, (_relation(*r) for r in collected.relations)))
    return AnnotatedDocument(document, sorted_mentions(mentions), relations)


def _title_end(passages: list[_Passage]) -> int:
    first = passages[0]
    kind = first.infons.get("type", "").lower() + first.infons.get("section_type", "").lower()
    two = len(passages) > 1 and first.offset == 0 and not kind
    return len(first.text) if "title" in kind or two else 0


def _mention(
    path: Path,
    collected: _Collected,
    annotation: _Annotation,
    text: str,
    passages: list[_Passage],
    starts: list[int],
) -> GoldMention:
    pieces = []
    for offset, length in annotation.spans:
        homes = [
            at + offset - p.offset
            for at, p in zip(starts, passages, strict=True)
            if p.offset <= offset and offset + length <= p.offset + len(p.text)
        ]
        if not homes or not length:
            problem = (
                f"annotation {annotation.id!r} at [{offset}, {offset + length}) lies in no passage "
                f"of {collected.id!r}"
            )
            raise SourceFormatError(path, collected.line, problem, fix="correct the offsets")
        pieces.append((homes[-1], homes[-1] + length))
    start, end = min(s for s, _ in pieces), max(e for _, e in pieces)
    identifiers = annotation.infons.get("identifier", "")
    mention = GoldMention(
        start,
        end,
        text[start:end],
        annotation.infons.get("type", ""),
        tuple(i.strip() for i in identifiers.replace(";", ",").split(",") if i.strip(" -")),
        id=annotation.id,
        pieces=tuple(pieces) if len(pieces) > 1 else (),
    )
    if len(pieces) > 1 or not annotation.text:
        return mention
    return checked_mention(text, mention, annotation.text, path, collected.line)


def _relation(infons: dict[str, str], nodes: list[str]) -> GoldRelation | None:
    """A relation between two; one of more mentions has no place in a triple."""
    kind = infons.get("type", "") or infons.get("relation", "")
    if len(nodes) == 2:
        return GoldRelation(kind, nodes[0], nodes[1])
    first = infons.get("entity1") or infons.get("Chemical") or infons.get("role1", "")
    second = infons.get("entity2") or infons.get("Disease") or infons.get("role2", "")
    if not first or not second:
        return None
    return GoldRelation(kind or infons.get("relation", ""), first, second)
