"""A graph as RDF statements, one by one, in memory of one record: what :mod:`kg.rdf` writes.

A positive edge stands as a plain triple, so that simple SPARQL works, and every edge, positive or
negative, as a ``biolink:Association`` with its evidence as nodes. Concepts are SKOS concepts:
``skos:prefLabel`` and ``skos:altLabel`` with language tags, ``skos:exactMatch`` for
cross-references.

IRIs: Biolink terms ``https://w3id.org/biolink/vocab/…``; OBO identifiers as OBO PURLs
(``http://purl.obolibrary.org/obo/DOID_9352``); every other CURIE at ``https://bioregistry.io/``.
What RDF has no term for is in ``urn:medkgqa:``. RDF 1.1: https://www.w3.org/TR/rdf11-concepts/ ;
SKOS: https://www.w3.org/TR/skos-reference/ .
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from typing import Literal, NamedTuple
from urllib.parse import quote, unquote

from kg.errors import GraphFormatError, InvalidRecordError
from kg.records import Concept, Definition, Edge, Evidence, Polarity, Provenance
from kg.store import GraphStore

BIOLINK = "https://w3id.org/biolink/vocab/"
OBO = "http://purl.obolibrary.org/obo/"
OTHER = "https://bioregistry.io/"
OWN = "urn:medkgqa:"
SKOS = "http://www.w3.org/2004/02/skos/core#"
RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_OBO_PREFIXES = frozenset({"DOID", "HP", "MONDO", "CHEBI", "UBERON", "GO", "SYMP", "CL"})
XSD = "http://www.w3.org/2001/XMLSchema#"
_LANGUAGE = re.compile(r"[a-z]{2,3}")
EVIDENCE_TEXTS = ("record", "document", "sentence", "extractor")
PROVENANCE_TEXTS = ("source", "version", "licence", "retrieved", "url")


class Term(NamedTuple):
    """The object of a statement: an IRI, or a text with its language or the name of its type."""

    text: str
    kind: Literal["iri", "text", "integer", "boolean", "double"] = "text"
    language: str = ""

    def to_nt(self) -> str:
        """As N-Triples writes it (https://www.w3.org/TR/n-triples/).

        >>> Term("a \\"b\\"", language="en").to_nt(), Term("7", "integer").to_nt()
        ('"a \\\\"b\\\\""@en', '"7"^^<http://www.w3.org/2001/XMLSchema#integer>')
        """
        if self.kind == "iri":
            return f"<{self.text}>"
        quoted = self.text.translate(_ESCAPES)
        if self.language:
            return f'"{quoted}"@{self.language}'
        return f'"{quoted}"' if self.kind == "text" else f'"{quoted}"^^<{XSD}{self.kind}>'


_ESCAPES = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r"})


class Statement(NamedTuple):
    """A triple of RDF; subject and predicate are IRIs."""

    subject: str
    predicate: str
    object: Term


def curie_to_iri(curie: str) -> str:
    """The IRI of a CURIE.

    >>> curie_to_iri("DOID:9352"), curie_to_iri("biolink:treats")
    ('http://purl.obolibrary.org/obo/DOID_9352', 'https://w3id.org/biolink/vocab/treats')
    """
    prefix, _, local = curie.partition(":")
    escaped = quote(local, safe="")
    if prefix == "biolink":
        return BIOLINK + escaped
    if prefix == "medkgqa":
        return OWN + escaped
    if prefix in _OBO_PREFIXES:
        return f"{OBO}{prefix}_{escaped}"
    return f"{OTHER}{prefix}:{escaped}"


def iri_to_curie(iri: str) -> str:
    """The CURIE of an IRI made by :func:`curie_to_iri`.

    Raises:
        GraphFormatError: for an IRI of another form.

    >>> iri_to_curie("https://bioregistry.io/DRUGBANK:DB00571")
    'DRUGBANK:DB00571'
    """
    for start, prefix in ((BIOLINK, "biolink:"), (OWN, "medkgqa:")):
        if iri.startswith(start):
            return prefix + unquote(iri.removeprefix(start))
    if iri.startswith(OBO):
        prefix, _, local = iri.removeprefix(OBO).partition("_")
        return f"{prefix}:{unquote(local)}"
    if iri.startswith(OTHER):
        prefix, _, local = iri.removeprefix(OTHER).partition(":")
        return f"{prefix}:{unquote(local)}"
    raise GraphFormatError(f"{iri!r} is not an IRI this project writes")


def statements(store: GraphStore) -> Iterator[Statement]:
    """Every statement about a graph, each once.

    Raises:
        InvalidRecordError: where a text holds half a character, which no encoding can write.
    """
    for concept in store.concepts():
        yield from dict.fromkeys(_of_concept(concept))
    for edge in store.edges():
        yield from dict.fromkeys(_of_edge(edge))


def _digest(*parts: object) -> str:
    return hashlib.blake2b(repr(parts).encode("utf-8"), digest_size=12).hexdigest()


def _text(value: str, language: str = "") -> Term:
    try:
        value.encode("utf-8")
    except UnicodeEncodeError as error:
        raise InvalidRecordError(
            f"{value[error.start : error.end]!r} in {value[:60]!r} is half a character; "
            "read its source in its own encoding"
        ) from error
    return Term(value, language=language)


def _link(subject: str, predicate: str, target: str) -> Statement:
    return Statement(subject, predicate, Term(target, "iri"))


def _labelled(node: str, link: str, label: str, own: str, text: Term) -> Iterator[Statement]:
    """A text of a node, directly and at a node of its own."""
    yield Statement(node, label, text)
    yield _link(node, link, own)
    yield Statement(own, OWN + "text", text)


def _tagged(text: str, language: str, own: str) -> tuple[Term, list[Statement]]:
    """A text in its language; one RDF would not give back as it is stands apart."""
    if _LANGUAGE.fullmatch(language):
        return _text(text, language), []
    return _text(text), [Statement(own, OWN + "language", _text(language))]


def _of_concept(concept: Concept) -> Iterator[Statement]:
    node = curie_to_iri(concept.curie)
    yield _link(node, RDF + "type", SKOS + "Concept")
    yield _link(node, BIOLINK + "category", curie_to_iri(concept.category))
    for position, name in enumerate(concept.names):
        own = f"{OWN}name-{_digest(concept.curie, position)}"
        label = SKOS + ("prefLabel" if name.kind == "preferred" else "altLabel")
        text, apart = _tagged(name.text, name.language, own)
        yield from _labelled(node, OWN + "name", label, own, text)
        yield from apart
        yield Statement(own, OWN + "kind", Term(name.kind))
        yield Statement(own, OWN + "position", Term(str(position), "integer"))
    for xref in concept.xrefs:
        yield _link(node, SKOS + "exactMatch", curie_to_iri(xref))
    for position, definition in enumerate(concept.definitions):
        own = f"{OWN}definition-{_digest(concept.curie, position)}"
        yield Statement(own, OWN + "position", Term(str(position), "integer"))
        yield from _of_definition(node, own, definition)


def _of_definition(node: str, own: str, definition: Definition) -> Iterator[Statement]:
    text, apart = _tagged(definition.text, definition.language, own)
    yield from _labelled(node, OWN + "definition", SKOS + "definition", own, text)
    yield from apart
    if definition.record:
        yield Statement(own, OWN + "record", _text(definition.record))
    for reference in definition.references:
        yield Statement(own, OWN + "reference", _text(reference))
    yield from _of_provenance(own, definition.provenance)


def _of_edge(edge: Edge) -> Iterator[Statement]:
    triple, positive = edge.triple, edge.polarity is Polarity.POSITIVE
    parts = [curie_to_iri(c) for c in (triple.subject, triple.predicate, triple.object)]
    if positive:
        yield _link(parts[0], parts[1], parts[2])
    node = f"{OWN}association-{_digest(str(triple), edge.polarity)}"
    yield _link(node, RDF + "type", BIOLINK + "Association")
    for role, part in zip(("subject", "predicate", "object"), parts, strict=True):
        yield _link(node, BIOLINK + role, part)
    yield Statement(node, BIOLINK + "negated", Term("false" if positive else "true", "boolean"))
    yield Statement(node, OWN + "confidence", Term(repr(edge.confidence), "double"))
    for evidence in edge.evidence:
        own = f"{OWN}evidence-{_digest(node, evidence)}"
        yield _link(node, BIOLINK + "has_evidence", own)
        yield from _of_evidence(own, evidence)


def _of_evidence(own: str, evidence: Evidence) -> Iterator[Statement]:
    yield Statement(own, OWN + "kind", Term(evidence.kind.value))
    for name in EVIDENCE_TEXTS:
        if getattr(evidence, name):
            yield Statement(own, OWN + name, _text(getattr(evidence, name)))
    if evidence.document:
        yield Statement(own, OWN + "start", Term(str(evidence.start), "integer"))
        yield Statement(own, OWN + "end", Term(str(evidence.end), "integer"))
    # As text: xsd:double would come back in another notation from some stores.
    yield Statement(own, OWN + "confidence", Term(repr(evidence.confidence)))
    for reference in evidence.references:
        yield Statement(own, OWN + "reference", _text(reference))
    for name, value in evidence.qualifiers:
        yield Statement(own, f"{OWN}qualifier-{name}", _text(value))
    yield from _of_provenance(own, evidence.provenance)


def _of_provenance(own: str, provenance: Provenance) -> Iterator[Statement]:
    for name in PROVENANCE_TEXTS:
        value = getattr(provenance, name)
        if value:
            yield Statement(own, OWN + name, _text(value))
