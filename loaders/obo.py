"""The OBO flat file format 1.2, as far as HPO, Disease Ontology and Symptom Ontology use it.

Format: https://owlcollab.github.io/oboformat/doc/GO.format.obo-1_2.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from kg.errors import SourceFormatError
from loaders.reading import LONGEST_LINE, read_lines

_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"\s*(.*)')
_REFERENCES = re.compile(r"\[(.*)\]")
_ESCAPED = re.compile(r"\\(.)")


@dataclass(frozen=True, slots=True)
class OboSynonym:
    """A synonym: text, scope (``EXACT``, ``BROAD``, ``NARROW``, ``RELATED``) and its type."""

    text: str
    scope: str
    type: str = ""


@dataclass(slots=True)
class OboTerm:
    """One ``[Term]`` stanza."""

    id: str
    line: int
    name: str = ""
    definition: str = ""
    definition_references: tuple[str, ...] = ()
    alternative_ids: list[str] = field(default_factory=list)
    synonyms: list[OboSynonym] = field(default_factory=list)
    xrefs: list[str] = field(default_factory=list)
    parents: list[str] = field(default_factory=list)
    subsets: list[str] = field(default_factory=list)
    obsolete: bool = False
    replaced_by: str = ""


@dataclass(frozen=True, slots=True)
class OboHeader:
    """What the file says about itself."""

    version: str = ""
    ontology: str = ""


def read_obo_header(path: Path) -> OboHeader:
    """The header of an OBO file.

    Raises:
        SourceFormatError: where the file does not start as an OBO file.
    """
    tags: dict[str, str] = {}
    for number, line in read_lines(path):
        if line.startswith("["):
            break
        tag, _, value = line.partition(": ")
        if number == 1 and tag != "format-version":
            raise SourceFormatError(path, 1, f"starts with {line[:40]!r}", fix="give an OBO file")
        tags.setdefault(tag, value.strip())
    version = tags.get("data-version", tags.get("date", ""))
    return OboHeader(version.removesuffix(".obo"), tags.get("ontology", ""))


def read_obo(path: Path, *, longest: int = LONGEST_LINE) -> Iterator[OboTerm]:
    """Yield every term, obsolete ones too.

    Raises:
        SourceFormatError: for a stanza without id, an unclosed quotation, or no term at all.
    """
    term: OboTerm | None = None
    in_term = False
    found = False
    for number, line in read_lines(path, longest=longest):
        if number == 1 and not line.startswith(("format-version", "[")):
            raise SourceFormatError(path, 1, f"starts with {line[:40]!r}", fix="give an OBO file")
        if line.startswith("["):
            if term is not None:
                yield term
            term, in_term = None, line == "[Term]"
            continue
        if not in_term or not line:
            continue
        tag, separator, value = line.partition(": ")
        if not separator:
            problem = f"no tag in {line[:60]!r}"
            raise SourceFormatError(path, number, problem, fix="write tag: value")
        if tag == "id":
            term = OboTerm(value.strip(), number)
            found = True
        elif term is None:
            problem = f"{tag!r} before the id of its term"
            raise SourceFormatError(path, number, problem, fix="add id:")
        else:
            _set(term, tag, value, path, number)
    if term is not None:
        yield term
    if not found:
        raise SourceFormatError(path, None, "holds no [Term]", fix="give an OBO file")


def _set(term: OboTerm, tag: str, value: str, path: Path, number: int) -> None:
    if tag == "name":
        term.name = value.strip()
    elif tag == "def":
        term.definition, rest = _quoted(value, path, number)
        term.definition_references = _references(rest)
    elif tag == "synonym":
        text, rest = _quoted(value, path, number)
        kinds = rest.partition("[")[0].split()
        if text.strip():
            scope = kinds[0] if kinds else "RELATED"
            term.synonyms.append(OboSynonym(text.strip(), scope, "".join(kinds[1:2])))
    elif tag == "xref":
        term.xrefs.append(_unescape(value.split(" ", 1)[0]))
    elif tag == "is_a":
        term.parents.append(value.split(" ", 1)[0])
    elif tag == "alt_id":
        term.alternative_ids.append(value.strip())
    elif tag == "subset":
        term.subsets.append(value.split(" ", 1)[0])
    elif tag == "is_obsolete":
        term.obsolete = value.strip() == "true"
    elif tag == "replaced_by":
        term.replaced_by = value.split(" ", 1)[0]


def _quoted(value: str, path: Path, number: int) -> tuple[str, str]:
    found = _QUOTED.match(value)
    if not found:
        problem = f"unclosed quotation {value[:60]!r}"
        raise SourceFormatError(path, number, problem, fix='close the "')
    return _unescape(found.group(1)), found.group(2)


def _references(rest: str) -> tuple[str, ...]:
    found = _REFERENCES.search(rest)
    if not found or not found.group(1).strip():
        return ()
    parts = re.split(r"(?<!\\),\s*", found.group(1))
    return tuple(_unescape(part).removeprefix("url:").strip() for part in parts if part.strip())


def _unescape(text: str) -> str:
    return _ESCAPED.sub(r"\1", text) if "\\" in text else text
