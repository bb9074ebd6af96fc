"""GraphML, read and written: for Gephi, yEd, Cytoscape, networkx and Neo4j's exports.

Format: http://graphml.graphdrawing.org/specification.html (Brandes et al. 2002,
https://doi.org/10.1007/3-540-45848-4_59).

Written: a node is its CURIE, with ``label`` (the Cypher label), ``name``, ``category``, ``xrefs``
(parted by ``|``), and ``names`` and ``definitions`` as JSON; an edge has ``label``,
``predicate``, ``polarity``, ``confidence``, ``sources`` and ``evidence`` as JSON. A graph comes
back unchanged. Characters XML 1.0 cannot hold are written as ``\\uXXXX`` in the JSON and left out
of the plain attributes.

Read: also foreign files. A node needs an id, and a class the schema knows, as ``category`` or by
label (``label``, ``labels``, as in ``:Drug``); its name is ``name`` or its id. An edge needs a
predicate the schema knows, as ``predicate`` or by label. What has neither is counted, not kept.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any, TextIO, TypeVar
from xml.sax.saxutils import escape, quoteattr

from kg.errors import GraphFormatError, InvalidRecordError, SourceFormatError, UsageError
from kg.json_records import (
    definition_from_json,
    definition_to_json,
    evidence_from_json,
    evidence_to_json,
)
from kg.records import Concept, Edge, Evidence, Name, Polarity, Triple
from kg.schema import CLASS_BY_LABEL, CLASSES, PREDICATE_BY_LABEL, PREDICATES
from kg.store import GraphStore
from loaders.reading import LONGEST_LINE
from loaders.source import ImportReport, SourceCard
from loaders.source_files import RowPlace, is_curie, name_curie, required_file
from loaders.xml_events import XmlElement, read_elements

NODE_KEYS = ("label", "name", "category", "xrefs", "names", "definitions")
EDGE_KEYS = ("label", "predicate", "polarity", "confidence", "sources", "evidence")
#: What an edge of a foreign graph counts that states no confidence.
FOREIGN_CONFIDENCE = 0.7

_Record = TypeVar("_Record")

_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_HEADER = """<?xml version="1.0" encoding="UTF-8"?>
<graphml xmlns="http://graphml.graphdrawing.org/xmlns">
"""


def write_graphml(
    store: GraphStore, path: Path, *, progress: Callable[[str, float], None] | None = None
) -> tuple[int, int]:
    """Write a graph; how many nodes and edges.

    Args:
        store: the graph.
        path: the file; it appears only when all is written.
        progress: told what is being done and which share is done.

    Raises:
        UsageError: where the file cannot be written.
        GraphFormatError: where a CURIE holds a character XML cannot.
    """
    partial = path.with_name(f"{path.name}.partial-{os.getpid()}")
    tell = progress or (lambda step, done: None)
    try:
        with partial.open("w", encoding="utf-8", newline="\n") as stream:
            stream.write(_HEADER)
            for owner, keys in (("node", NODE_KEYS), ("edge", EDGE_KEYS)):
                for key in keys:
                    kind = "double" if key == "confidence" else "string"
                    stream.write(
                        f'  <key id="{owner}_{key}" for="{owner}" attr.name="{key}" '
                        f'attr.type="{kind}"/>\n'
                    )
            stream.write('  <graph edgedefault="directed">\n')
            tell("nodes", 0.0)
            nodes = _write_all(stream, store.concepts(), _node)
            tell("edges", 0.3)
            edges = _write_all(stream, enumerate(store.edges()), _edge)
            stream.write("  </graph>\n</graphml>\n")
        partial.replace(path)
    except OSError as error:
        raise UsageError(f"{path} cannot be written ({error.strerror})") from error
    finally:
        partial.unlink(missing_ok=True)
    tell("done", 1.0)
    return nodes, edges


def _write_all(stream: TextIO, records: Iterable[_Record], form: Callable[[_Record], str]) -> int:
    count = 0
    for record in records:
        stream.write(form(record))
        count += 1
    return count


def _fields(owner: str, values: Mapping[str, str]) -> str:
    return "".join(
        f'<data key="{owner}_{key}">{escape(value)}</data>'
        for key, value in values.items()
        if value
    )


def _id(curie: str) -> str:
    if _NOT_XML.search(curie):
        raise GraphFormatError(f"{curie!r} holds a character XML cannot; rename the concept")
    return quoteattr(curie)


def _plain(text: str) -> str:
    """Text without the characters XML 1.0 cannot hold."""
    return _NOT_XML.sub("", text)


def _json(text: str) -> str:
    """JSON with those characters escaped, so that none is lost."""
    return _NOT_XML.sub(lambda m: f"\\u{ord(m.group()):04x}", text)


def _node(concept: Concept) -> str:
    known = CLASSES.get(concept.category)
    names = [[n.text, n.language, n.kind] for n in concept.names]
    values = {
        "label": known.label if known else "",
        "name": _plain(concept.name()),
        "category": concept.category,
        "xrefs": _plain("|".join(concept.xrefs)),
        "names": _json(json.dumps(names, ensure_ascii=False, separators=(",", ":"))),
        "definitions": _json("\n".join(map(definition_to_json, concept.definitions))),
    }
    return f"    <node id={_id(concept.curie)}>{_fields('node', values)}</node>\n"


def _edge(numbered: tuple[int, Edge]) -> str:
    number, edge = numbered
    known = PREDICATES.get(edge.predicate)
    values = {
        "label": known.label if known else "",
        "predicate": edge.predicate,
        "polarity": edge.polarity.value,
        "confidence": str(edge.confidence),
        "sources": _plain("|".join(edge.sources)),
        "evidence": _json("\n".join(map(evidence_to_json, edge.evidence))),
    }
    ends = f"source={_id(edge.subject)} target={_id(edge.object)}"
    return f'    <edge id="e{number}" {ends}>{_fields("edge", values)}</edge>\n'


class GraphmlLoader:
    """A graph in a GraphML file.

    Args:
        folder: the file, packed or not, or a folder that holds one.
        card: where the graph comes from; made of the file name where None.
        longest: most bytes a node or an edge may take.
    """

    def __init__(
        self, folder: Path, *, card: SourceCard | None = None, longest: int = LONGEST_LINE
    ) -> None:
        self._folder = folder
        self._longest = longest
        self._card = card
        self.report = ImportReport()

    @cached_property
    def _path(self) -> Path:
        return required_file(self._folder, "*.graphml", "*.graphml.xml")

    @cached_property
    def card(self) -> SourceCard:
        """Where the records come from."""
        stem = self._path.name.partition(".")[0] or "graphml"
        return self._card or SourceCard(stem, f"GraphML graph {stem}", "", "NOASSERTION")

    def _elements(self, tag: str) -> Iterator[tuple[XmlElement, dict[str, str]]]:
        """Nodes or edges, each with its values by the names the file's keys give them."""
        titles: dict[str, str] = {}
        defaults: dict[str, str] = {}
        for element in read_elements(self._path, "key", tag, longest=self._longest):
            if element.tag == "key":
                key = element.attributes.get("id", "")
                if element.attributes.get("for", "all") in (tag, "all"):
                    titles[key] = element.attributes.get("attr.name", key)
                    if default := element.child_text("default"):
                        defaults[titles[key]] = default
                continue
            values = dict(defaults)
            for child in element.children:
                if child.tag == "data":
                    key = child.attributes.get("key", "")
                    values[titles.get(key, key)] = child.text
            for name in ("label", "labels"):
                if name in element.attributes:
                    values.setdefault(name, element.attributes[name])
            yield element, values

    def _nodes(self) -> Iterator[tuple[XmlElement, dict[str, str], str]]:
        found = False
        for element, values in self._elements("node"):
            found = True
            with RowPlace(self._path, element.line):
                curie = _curie(element, values)
            if not curie:
                raise SourceFormatError(self._path, element.line, "a node without id", fix="add id")
            yield element, values, curie
        if not found:
            raise SourceFormatError(self._path, None, "holds no node", fix="give a GraphML file")

    def concepts(self) -> Iterator[Concept]:
        """The nodes whose class is known.

        Raises:
            SourceFormatError: naming file and line.
        """
        for element, values, curie in self._nodes():
            category = _category(values)
            if not category:
                self.report.skip("a node of no known class", curie)
                continue
            try:
                concept = _concept(curie, category, values)
            except (InvalidRecordError, GraphFormatError, TypeError, ValueError) as error:
                raise SourceFormatError(self._path, element.line, str(error)) from error
            yield concept

    def edges(self) -> Iterator[Edge]:
        """The edges whose predicate is known.

        Raises:
            SourceFormatError: naming file and line.
        """
        curies = {element.attributes["id"]: curie for element, _, curie in self._nodes()}
        for element, values in self._elements("edge"):
            predicate = _predicate(values)
            if not predicate:
                example = f"{self._path.name}:{element.line}"
                self.report.skip("an edge of no known predicate", example)
                continue
            ends = [element.attributes.get(name, "") for name in ("source", "target")]
            for end in ends:
                if end not in curies:
                    problem = f"an edge at {end!r}, which is no node of the file"
                    raise SourceFormatError(self._path, element.line, problem, fix="add the node")
            triple = Triple(curies[ends[0]], predicate, curies[ends[1]])
            try:
                edge = self._edge(triple, values, element)
            except (InvalidRecordError, GraphFormatError, ValueError) as error:
                raise SourceFormatError(self._path, element.line, str(error)) from error
            yield edge

    def _edge(self, triple: Triple, values: Mapping[str, str], element: XmlElement) -> Edge:
        polarity = Polarity(values.get("polarity", "").strip() or "positive")
        if lines := values.get("evidence", "").split("\n") if values.get("evidence") else []:
            return Edge(triple, tuple(map(evidence_from_json, lines)), polarity)
        evidence = Evidence(
            self.card.provenance(),
            record=f"edge {element.attributes.get('id') or element.line}",
            confidence=float(values.get("confidence") or FOREIGN_CONFIDENCE),
        )
        return Edge(triple, (evidence,), polarity)


def _curie(element: XmlElement, values: Mapping[str, str]) -> str:
    """The CURIE of a node: its id, or what it calls ``curie``, or one made of its id."""
    given = element.attributes.get("id", "")
    for text in (values.get("curie", ""), given, values.get("id", "")):
        if is_curie(text.strip()):
            return text.strip()
    return name_curie("GRAPHML", "node", given) if given else ""


def _category(values: Mapping[str, str]) -> str:
    stated = values.get("category", "").strip()
    if stated in CLASSES:
        return stated
    labels = re.split(r"[:;|,\s]+", f"{values.get('labels', '')}:{values.get('label', '')}")
    return next((CLASS_BY_LABEL[one].curie for one in labels if one in CLASS_BY_LABEL), "")


def _predicate(values: Mapping[str, str]) -> str:
    stated = values.get("predicate", "").strip()
    if stated in PREDICATES:
        return stated
    label = values.get("label", "").strip().lstrip(":")
    return PREDICATE_BY_LABEL[label].curie if label in PREDICATE_BY_LABEL else ""


def _concept(curie: str, category: str, values: Mapping[str, str]) -> Concept:
    display = values.get("name", "").strip() or curie
    names = [Name(display, "en", "preferred")]
    if values.get("names"):
        given: Any = json.loads(values["names"])
        names = [Name(text, language, kind) for text, language, kind in given]
    xrefs = tuple(x for x in values.get("xrefs", "").split("|") if x)
    lines = values["definitions"].split("\n") if values.get("definitions") else []
    return Concept(curie, category, tuple(names), xrefs, tuple(map(definition_from_json, lines)))
