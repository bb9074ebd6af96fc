"""C-CDA: the narrative of a clinical document, section by section.

Specification: HL7 CDA R2 Implementation Guide: Consolidated CDA Templates for Clinical Notes 2.1,
https://www.hl7.org/implement/standards/product_brief.cfm?product_id=492. One file is one document:
each section's title on a line, then its paragraphs, list entries and table rows, one a line. The
names, addresses and numbers of the header go with it, for de-identification to look for.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from xml.etree.ElementTree import Element, ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

from kg.errors import SourceFormatError
from kg.records import Provenance
from loaders.plain import plain_id
from loaders.reading import open_bytes
from nlp.records import Document

SOURCE = "ccda"
#: Longest file, in bytes; a clinical document is parsed as a whole.
LONGEST_DOCUMENT = 50_000_000
_BLOCKS = frozenset({"paragraph", "list", "item", "table", "tr", "caption", "br", "thead", "tbody"})
_CELLS = frozenset({"td", "th"})
_DEEPEST = 200


def read_ccda(path: Path, *, longest: int = LONGEST_DOCUMENT) -> Iterator[Document]:
    """The narrative of a clinical document.

    Raises:
        SourceFormatError: with file and line, for broken XML, a bomb, elements nested too deeply,
            a longer file, or a document without narrative.
    """
    with open_bytes(path) as stream:
        raw = stream.read(longest + 1)
    if len(raw) > longest:
        raise SourceFormatError(path, None, f"longer than {longest:,} bytes", fix="split the file")
    root = parsed(raw, path)
    if _tag(root) != "ClinicalDocument":
        raise SourceFormatError(path, None, f"a <{_tag(root)[:60]}>", fix="give a C-CDA file")
    text = narrative(root)
    if not text:
        raise SourceFormatError(path, None, "holds no narrative", fix="is it coded entries alone?")
    role = next(_named(root, "patientRole"), None)
    own = [i.get("extension", "") for i in role if _tag(i) == "id"] if role is not None else []
    identifier = next((i.get("extension", "") for i in root if _tag(i) == "id"), "")
    stamp = next((i.get("value", "") for i in root if _tag(i) == "effectiveTime"), "")[:8]
    whole = len(stamp) == 8 and stamp.isdecimal()
    yield Document(
        f"ccda:{identifier or plain_id(path)}",
        text,
        Provenance(SOURCE),
        date=f"{stamp[:4]}-{stamp[4:6]}-{stamp[6:]}" if whole else "",
        clinical=True,
        patient=next(filter(None, own), identifier or plain_id(path)),
        identifiers=header_identifiers(root),
    )


def parsed(raw: bytes, path: Path) -> Element:
    """The root of a document.

    Raises:
        SourceFormatError: for broken XML, a document type declaration, or too deep nesting.
    """
    try:
        root: Element = fromstring(raw, forbid_dtd=True)
    except ParseError as error:
        line, column = error.position
        problem = f"broken XML at column {column} ({error.msg})"
        raise SourceFormatError(path, line, problem, fix="export it again") from error
    except (DefusedXmlException, ValueError) as error:
        problem = f"refused XML ({error})"
        raise SourceFormatError(path, None, problem, fix="remove its declarations") from error
    level, depth = [root], 0
    while level:
        level, depth = [child for element in level for child in element], depth + 1
        if depth > _DEEPEST:
            raise SourceFormatError(path, None, f"elements over {_DEEPEST} deep", fix="")
    return root


def _tag(element: Element) -> str:
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""


def _named(root: Element, *tags: str) -> Iterator[Element]:
    return (element for element in root.iter() if _tag(element) in tags)


def narrative(root: Element) -> str:
    """The titles and texts of all sections; ``""`` where they hold none."""
    return "\n\n".join(filter(None, map(_section, _named(root, "section"))))


def _section(section: Element) -> str:
    title = next(("".join(c.itertext()) for c in section if _tag(c) == "title"), "")
    written = next((c for c in section if _tag(c) == "text"), None)
    words: list[str] = []
    if written is not None:
        _walk(written, words)
    lines = (" ".join(line.split()).strip("| ") for line in "".join(words).split("\n"))
    body = "\n".join(line for line in lines if line)
    return "\n".join(filter(None, (" ".join(title.split()), body))) if body else ""


def _walk(element: Element, words: list[str]) -> None:
    tag = _tag(element)
    if tag in _BLOCKS:
        words.append("\n")
    words.append(" ".join((element.text or " ").split("\n")))
    for child in element:
        _walk(child, words)
        words.append(" ".join((child.tail or "").split("\n")))
    words.append("\n" if tag in _BLOCKS else " | " if tag in _CELLS else "")


def header_identifiers(root: Element) -> tuple[str, ...]:
    """Names, addresses and numbers anywhere but in a section."""
    found: dict[str, None] = {}
    pending = [root]
    while pending:
        element = pending.pop()
        if _tag(element) == "section":
            continue
        pending.extend(element)
        tag = _tag(element)
        if tag in {"given", "family", "streetAddressLine", "city", "postalCode"} or (
            tag == "name" and len(element) == 0
        ):
            found["".join(element.itertext()).strip()] = None
        elif tag == "telecom":
            found[element.get("value", "").removeprefix("tel:").removeprefix("mailto:")] = None
        elif tag == "id":
            found[element.get("extension", "")] = None
    return tuple(sorted(value for value in found if len(value) > 1))
