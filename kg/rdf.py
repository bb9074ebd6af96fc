"""The graph as RDF and back, without loss: Turtle and N-Triples, files and rdflib graphs.

What is written is said in :mod:`kg.rdf_statements`. N-Triples are written one by one, so that a
graph of any size may be; Turtle, and all reading, goes through rdflib, which holds the graph in
memory (a kilobyte a triple).
"""

from __future__ import annotations

import itertools
import os
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Literal

from kg.errors import GraphFormatError, MissingExtraError, SourceFormatError
from kg.rdf_statements import (
    BIOLINK,
    EVIDENCE_TEXTS,
    OBO,
    OWN,
    PROVENANCE_TEXTS,
    RDF,
    SKOS,
    XSD,
    iri_to_curie,
    statements,
)
from kg.records import (
    Concept,
    Definition,
    Edge,
    Evidence,
    EvidenceKind,
    Name,
    Polarity,
    Provenance,
    Triple,
)
from kg.store import GraphStore

if TYPE_CHECKING:
    import rdflib

RdfFormat = Literal["turtle", "nt"]

#: First line of a file, a comment; a file that was cut holds fewer triples than it says.
_HEADER = b"# medkgqa graph, %015d triples\n"
_HEADER_LINE = re.compile(rb"# medkgqa graph, (\d+) triples\n")


def to_rdf(store: GraphStore) -> rdflib.Graph:
    """Every concept and edge of a store as an rdflib graph.

    Raises:
        InvalidRecordError: where a text holds half a character, which no encoding can write.
        MissingExtraError: without the extra ``rdf``.
    """
    module = _rdflib()
    iri, literal = module.URIRef, module.Literal
    graph: rdflib.Graph = module.Graph(bind_namespaces="none")
    for prefix, base in (("biolink", BIOLINK), ("obo", OBO), ("skos", SKOS), ("own", OWN)):
        graph.bind(prefix, base)
    for subject, predicate, term in statements(store):
        if term.kind == "iri":
            value = iri(term.text)
        elif term.kind == "text":
            value = literal(term.text, lang=term.language or None)
        else:
            value = literal(term.text, datatype=iri(XSD + term.kind))
        graph.add((iri(subject), iri(predicate), value))
    return graph


def write_rdf(store: GraphStore, path: Path, *, rdf_format: RdfFormat = "turtle") -> None:
    """Write a store as Turtle or N-Triples; the file appears whole or not at all.

    Raises:
        InvalidRecordError: where a text holds half a character, which no encoding can write.
        MissingExtraError: for Turtle, without the extra ``rdf``.
    """
    partial = path.with_name(f"{path.name}.partial-{os.getpid()}")
    try:
        with partial.open("wb") as file:
            file.write(_HEADER % 0)
            if rdf_format == "nt":
                count = _write_lines(store, file)
            else:
                graph = to_rdf(store)
                graph.serialize(file, format=rdf_format, encoding="utf-8")
                count = len(graph)
            file.seek(0)
            file.write(_HEADER % count)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def _write_lines(store: GraphStore, file: IO[bytes]) -> int:
    count = 0
    for subject, predicate, term in statements(store):
        file.write(f"<{subject}> <{predicate}> {term.to_nt()} .\n".encode())
        count += 1
    return count


def read_rdf(path: Path, *, rdf_format: RdfFormat = "turtle") -> tuple[list[Concept], list[Edge]]:
    """The concepts and edges of a file written by :func:`write_rdf`.

    Nothing but the file is read, whatever addresses stand in it.

    Raises:
        SourceFormatError: where the file is not such RDF, with the line where the parser stopped;
            without, where a record is incomplete: its triples may stand anywhere.
        MissingExtraError: without the extra ``rdf``.
    """
    with path.open("rb") as file:
        return parse_rdf(file, path, rdf_format=rdf_format)


def parse_rdf(
    file: IO[bytes], path: Path, *, rdf_format: RdfFormat = "turtle"
) -> tuple[list[Concept], list[Edge]]:
    """Like :func:`read_rdf`, of an open file; ``path`` is for messages.

    Raises:
        SourceFormatError, MissingExtraError: like :func:`read_rdf`.
    """
    graph: rdflib.Graph = _rdflib().Graph(bind_namespaces="none")
    first = file.readline()
    try:
        _PARSERS[rdf_format](graph, file, first)
    except _ParseError as error:
        raise SourceFormatError(path, error.line, f"not {rdf_format}: {error}") from error
    header = _HEADER_LINE.fullmatch(first)
    if header is not None and len(graph) < int(header[1]):
        problem = f"{len(graph)} of {int(header[1])} triples; the file was cut"
        raise SourceFormatError(path, None, problem, fix="write or fetch it again")
    try:
        return list(concepts_from_rdf(graph)), list(edges_from_rdf(graph))
    except GraphFormatError as error:
        raise SourceFormatError(path, None, str(error)) from error


class _ParseError(ValueError):
    """What the parser said, and the line where it stopped, from 1."""

    def __init__(self, error: Exception, line: int) -> None:
        self.line = line
        super().__init__(" ".join(str(error).split())[:300] or type(error).__name__)


#: The parsers assert, index and convert where others would complain; theirs are of these too.
_FAILURES = (
    AssertionError,
    AttributeError,
    LookupError,
    RecursionError,
    SyntaxError,
    TypeError,
    ValueError,
)


def _parse_lines(graph: rdflib.Graph, file: IO[bytes], first: bytes) -> None:
    """N-Triples, a line at a time."""
    module = _rdflib().plugins.parsers.ntriples
    parser = module.W3CNTriplesParser(module.NTGraphSink(graph))
    failures = (module.ParseError, *_FAILURES)
    for number, raw in enumerate(itertools.chain([first], file), 1):
        try:
            for line in re.split("[\r\n]", raw.decode("utf-8")):
                parser.line = line
                parser.parseline()
        except failures as error:
            raise _ParseError(error, number) from error


def _parse_turtle(graph: rdflib.Graph, file: IO[bytes], first: bytes) -> None:
    """Turtle, the whole text at once: a statement may end in any line."""
    module = _rdflib().plugins.parsers.notation3
    parser = module.SinkParser(module.RDFSink(graph), baseURI=OWN, turtle=True)
    content = first + file.read()
    try:
        parser.loadBuf(content.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise _ParseError(error, content.count(b"\n", 0, error.start) + 1) from error
    except module.BadSyntax as error:
        raise _ParseError(error, error.lines + 1) from error
    except _FAILURES as error:
        raise _ParseError(error, parser.lines + 1) from error


_PARSERS: Mapping[RdfFormat, Callable[[rdflib.Graph, IO[bytes], bytes], None]] = {
    "turtle": _parse_turtle,
    "nt": _parse_lines,
}


def concepts_from_rdf(graph: rdflib.Graph) -> Iterator[Concept]:
    """The concepts of an rdflib graph made by :func:`to_rdf`, by key."""
    reader = _Reader(graph)
    concepts = [reader.concept(node) for node in reader.of_type(SKOS + "Concept")]
    yield from sorted(concepts, key=lambda c: c.curie)


def edges_from_rdf(graph: rdflib.Graph) -> Iterator[Edge]:
    """The edges of an rdflib graph made by :func:`to_rdf`, by triple and polarity."""
    reader = _Reader(graph)
    edges = [reader.edge(node) for node in reader.of_type(BIOLINK + "Association")]
    yield from sorted(edges, key=lambda e: e.key)


def _rdflib() -> Any:
    try:
        import rdflib
        import rdflib.plugins.parsers.notation3
        import rdflib.plugins.parsers.ntriples
    except ImportError as error:
        raise MissingExtraError("rdflib", extra="rdf") from error
    return rdflib


@contextmanager
def _named(node: str) -> Iterator[None]:
    """Say at which node a record could not be made."""
    try:
        yield
    except (ValueError, GraphFormatError) as error:
        raise GraphFormatError(f"{node}: {error}") from error


class _Reader:
    def __init__(self, graph: rdflib.Graph) -> None:
        self._graph = graph
        self._iri = _rdflib().URIRef

    def of_type(self, iri: str) -> list[str]:
        subjects = self._graph.subjects(self._iri(RDF + "type"), self._iri(iri))
        return sorted(str(s) for s in subjects)

    def _values(self, subject: str, predicate: str) -> list[Any]:
        return list(self._graph.objects(self._iri(subject), self._iri(predicate)))

    def _one(self, subject: str, predicate: str) -> Any:
        values = self._values(subject, predicate)
        if len(values) != 1:
            raise GraphFormatError(f"{subject}: {len(values)} values of {predicate}, one expected")
        return values[0]

    def _text(self, subject: str, name: str) -> str:
        values = self._values(subject, OWN + name)
        return str(values[0]) if values else ""

    def _curie(self, subject: str, predicate: str) -> str:
        return iri_to_curie(str(self._one(subject, predicate)))

    def _ordered(self, subject: str, predicate: str) -> list[str]:
        nodes = [str(v) for v in self._values(subject, predicate)]
        return sorted(nodes, key=lambda n: int(self._one(n, OWN + "position")))

    def _in_language(self, node: str) -> tuple[str, str]:
        text = self._one(node, OWN + "text")
        apart = self._values(node, OWN + "language")
        return str(text), str(apart[0]) if apart else text.language or ""

    def concept(self, node: str) -> Concept:
        with _named(node):
            return Concept(
                iri_to_curie(node),
                self._curie(node, BIOLINK + "category"),
                tuple(self._name(n) for n in self._ordered(node, OWN + "name")),
                tuple(iri_to_curie(str(x)) for x in self._values(node, SKOS + "exactMatch")),
                tuple(self._definition(d) for d in self._ordered(node, OWN + "definition")),
            )

    def _name(self, node: str) -> Name:
        kind: Any = str(self._one(node, OWN + "kind"))
        return Name(*self._in_language(node), kind)

    def _definition(self, node: str) -> Definition:
        text, language = self._in_language(node)
        return Definition(
            text,
            self._provenance(node),
            language,
            self._text(node, "record"),
            tuple(str(r) for r in self._values(node, OWN + "reference")),
        )

    def edge(self, node: str) -> Edge:
        with _named(node):
            parts = [self._curie(node, BIOLINK + r) for r in ("subject", "predicate", "object")]
            negated = str(self._one(node, BIOLINK + "negated"))
            if negated not in ("true", "false"):
                raise GraphFormatError(f"{node}: negated is {negated!r}, not true or false")
            pieces = [self._evidence(str(e)) for e in self._values(node, BIOLINK + "has_evidence")]
            polarity = Polarity.NEGATIVE if negated == "true" else Polarity.POSITIVE
            return Edge(Triple(*parts), tuple(sorted(pieces)), polarity)

    def _evidence(self, node: str) -> Evidence:
        start = f"{OWN}qualifier-"
        qualifiers = [
            (str(p).removeprefix(start), str(o))
            for p, o in self._graph.predicate_objects(self._iri(node))
            if str(p).startswith(start)
        ]
        texts = {name: self._text(node, name) for name in EVIDENCE_TEXTS}
        return Evidence(
            self._provenance(node),
            EvidenceKind(self._text(node, "kind")),
            start=int(self._text(node, "start") or -1),
            end=int(self._text(node, "end") or -1),
            confidence=float(self._text(node, "confidence")),
            references=tuple(str(r) for r in self._values(node, OWN + "reference")),
            qualifiers=tuple(sorted(qualifiers)),
            **texts,
        )

    def _provenance(self, node: str) -> Provenance:
        return Provenance(**{name: self._text(node, name) for name in PROVENANCE_TEXTS})
