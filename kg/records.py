"""The records every part of the project exchanges.

A graph is a set of :class:`Concept` nodes and :class:`Edge` records. An edge is a
:class:`Triple` with a :class:`Polarity` and at least one :class:`Evidence`; it cannot be made
without. What one piece of evidence says about the edge (frequency, severity, onset, sex) is
kept with that piece, as its qualifiers, so that taking a source away takes away exactly what it
said; :attr:`Edge.qualifiers` is the union.

Classes and predicates are named after the Biolink model (Unni et al. 2022,
https://doi.org/10.1111/cts.13302); identifiers are CURIEs (https://www.w3.org/TR/curie/).
All records are frozen, hashable and compare by value.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Literal, Self

from kg.errors import InvalidCurieError, InvalidRecordError

if TYPE_CHECKING:
    import networkx as nx

_CURIE = re.compile(r"[A-Za-z][A-Za-z0-9_.\-]*:[^\s:<>\"{}|\\^`][^\s<>\"{}|\\^`]*")

#: Qualifier names an evidence may carry; anything else is refused when the record is made.
QUALIFIERS = frozenset(
    {
        "frequency",  # "HP:0040281", "3/7" or "45%", as the source writes it
        "severity",
        "onset",
        "sex",
        "modifier",
        "line",  # "first" or "further": line of treatment
        "mechanism",
        "management",
        "population",  # "pregnancy", "children" …
        "route",
        "phase",
        "strength",
        "role",  # e.g. "red_flag", "symptomatic", "disease_modifying"
        "description",
    }
)

NameKind = Literal["preferred", "exact", "related", "lay", "abbreviation", "brand"]
NAME_KINDS: tuple[NameKind, ...] = (
    "preferred",
    "exact",
    "related",
    "lay",
    "abbreviation",
    "brand",
)


def check_curie(curie: str) -> str:
    """Return ``curie`` unchanged, or raise :class:`InvalidCurieError`.

    >>> check_curie("MESH:D003920")
    'MESH:D003920'
    >>> check_curie("diabetes")
    Traceback (most recent call last):
    ...
    kg.errors.InvalidCurieError: 'diabetes' is not a CURIE; write PREFIX:local, as in MESH:D003920
    """
    if not _CURIE.fullmatch(curie):
        raise InvalidCurieError(f"{curie!r} is not a CURIE; write PREFIX:local, as in MESH:D003920")
    return curie


def curie_prefix(curie: str) -> str:
    """The vocabulary a CURIE belongs to.

    >>> curie_prefix("DOID:9352")
    'DOID'
    """
    return curie.partition(":")[0]


def _set_sorted(record: object, field_name: str) -> None:
    """Sort a tuple field of a frozen record, each value once: its order says nothing."""
    values: tuple[str, ...] = getattr(record, field_name)
    if len(values) > 1:
        ordered = tuple(sorted(set(values)))
        if ordered != values:
            object.__setattr__(record, field_name, ordered)


class Polarity(StrEnum):
    """Whether an edge states its triple or denies it."""

    POSITIVE = "positive"
    NEGATIVE = "negative"


class EvidenceKind(StrEnum):
    """How a fact is known."""

    RECORD = "record"  # a record of a data set
    SENTENCE = "sentence"  # a sentence of a document
    CURATOR = "curator"  # general medical knowledge, no source opened


@dataclass(frozen=True, slots=True, order=True)
class Name:
    """One surface form of a concept.

    Args:
        text: the form, stripped, not empty.
        language: BCP 47 primary tag (``en``, ``zh``).
        kind: what sort of name it is; one ``preferred`` per language at most.
    """

    text: str
    language: str = "en"
    kind: NameKind = "exact"

    def __post_init__(self) -> None:
        if not self.text or self.text != self.text.strip():
            raise InvalidRecordError(f"name {self.text!r} is empty or padded; strip it")
        if self.kind not in NAME_KINDS:
            raise InvalidRecordError(f"name kind {self.kind!r} is none of {NAME_KINDS}")


@dataclass(frozen=True, slots=True, order=True)
class Provenance:
    """Where evidence comes from.

    Args:
        source: short id of the data set or document collection, e.g. ``hpo-annotations``.
        version: the owner's version or release date; ``""`` where none is stated.
        licence: SPDX expression or ``LicenseRef-…``; ``NOASSERTION`` where none is stated.
        retrieved: ISO date of retrieval, or ``""``.
        url: address of the source itself, as given by the source, or ``""``.
    """

    source: str
    version: str = ""
    licence: str = "NOASSERTION"
    retrieved: str = ""
    url: str = ""

    def __post_init__(self) -> None:
        if not self.source:
            raise InvalidRecordError("provenance without a source; name the data set or collection")


@dataclass(frozen=True, slots=True, order=True)
class Definition:
    """A definition of a concept, with where it was read.

    ``record`` names the entry inside the source; ``references`` are what that entry cites.
    """

    text: str
    provenance: Provenance
    language: str = "en"
    record: str = ""
    references: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        _set_sorted(self, "references")


@dataclass(frozen=True, slots=True)
class Concept:
    """A node: something with an identity and names.

    Args:
        curie: the key.
        category: Biolink class, e.g. ``biolink:Disease``.
        names: every surface form; the first ``preferred`` of a language is its display name.
        xrefs: CURIEs of the same concept in other vocabularies, sorted.
        definitions: definitions with their sources.
    """

    curie: str
    category: str
    names: tuple[Name, ...]
    xrefs: tuple[str, ...] = ()
    definitions: tuple[Definition, ...] = ()

    def __post_init__(self) -> None:
        check_curie(self.curie)
        check_curie(self.category)
        for xref in self.xrefs:
            check_curie(xref)
        _set_sorted(self, "xrefs")
        if not self.names:
            raise InvalidRecordError(f"concept {self.curie} has no name; give at least one")

    def name(self, language: str = "en") -> str:
        """The display name in ``language``, else in English, else the first one.

        >>> c = Concept("DOID:9352", "biolink:Disease",
        ...             (Name("type 2 diabetes", "en", "preferred"), Name("2型糖尿病", "zh")))
        >>> c.name(), c.name("zh"), c.name("fr")
        ('type 2 diabetes', '2型糖尿病', 'type 2 diabetes')
        """
        if len(self.names) == 1:
            return self.names[0].text
        for wanted in (language, "en"):
            in_language = [n for n in self.names if n.language == wanted]
            if in_language:
                preferred = (n.text for n in in_language if n.kind == "preferred")
                return next(preferred, in_language[0].text)
        return self.names[0].text

    def has_name_in(self, language: str) -> bool:
        """Whether any name is in ``language``."""
        return any(n.language == language for n in self.names)

    def merged(self, other: Concept) -> Concept:
        """This concept with the names, cross-references and definitions of ``other``.

        Key, category and display names stay this one's; a preferred name of ``other`` becomes
        an exact one where this concept already has a preferred name in that language.
        """
        taken = {n.language for n in self.names if n.kind == "preferred"}
        names = dict.fromkeys(self.names)
        seen = {(n.text, n.language) for n in self.names}
        for name in other.names:
            if (name.text, name.language) in seen:
                continue
            seen.add((name.text, name.language))
            if name.kind == "preferred" and name.language in taken:
                name = replace(name, kind="exact")
            names[name] = None
        extra = (other.curie, *other.xrefs) if other.curie != self.curie else other.xrefs
        xrefs = tuple(sorted({*self.xrefs, *extra} - {self.curie}))
        definitions = tuple(dict.fromkeys((*self.definitions, *other.definitions)))
        return Concept(self.curie, self.category, tuple(names), xrefs, definitions)


@dataclass(frozen=True, slots=True, order=True)
class Triple:
    """Subject, predicate, object: three CURIEs."""

    subject: str
    predicate: str
    object: str

    def __post_init__(self) -> None:
        for part in (self.subject, self.predicate, self.object):
            check_curie(part)

    def __str__(self) -> str:
        return f"({self.subject})-[{self.predicate}]->({self.object})"


@dataclass(frozen=True, slots=True, order=True)
class Evidence:
    """What supports (or, on a negative edge, denies) a triple.

    Exactly one of ``record`` and ``document`` is given: a record of a data set, or a document
    with the sentence and its offsets.

    Args:
        provenance: the source.
        kind: how the fact is known.
        record: id of the record inside the source, e.g. a row (``diseases.tsv:17``).
        document: id of the document, e.g. ``PMID:123`` or the user's own.
        sentence: the sentence, verbatim; only with ``document``.
        start: first character of the sentence in the document, 0-based; -1 with ``record``.
        end: one past its last character; -1 with ``record``.
        confidence: how much it counts, in (0, 1].
        references: what the record cites (``PMID:…``), as the source itself writes it.
        qualifiers: sorted ``(name, value)`` pairs of what this evidence says about the edge.
        extractor: model and version that read the sentence; ``""`` for a record.

    Raises:
        InvalidRecordError: on any other combination.
    """

    provenance: Provenance
    kind: EvidenceKind = EvidenceKind.RECORD
    record: str = ""
    document: str = ""
    sentence: str = ""
    start: int = -1
    end: int = -1
    confidence: float = 1.0
    references: tuple[str, ...] = ()
    qualifiers: tuple[tuple[str, str], ...] = ()
    extractor: str = ""

    def __post_init__(self) -> None:
        where = self.record or self.document or self.provenance.source
        if bool(self.record) == bool(self.document):
            raise InvalidRecordError(
                f"evidence of {where!r}: give a record or a document, not both"
            )
        if not 0.0 < self.confidence <= 1.0:
            raise InvalidRecordError(
                f"evidence of {where!r}: confidence {self.confidence} is not in (0, 1]"
            )
        if self.document:
            if not self.sentence or not 0 <= self.start < self.end:
                raise InvalidRecordError(
                    f"evidence of {where!r}: a document needs its sentence and offsets, "
                    f"got {self.sentence!r} [{self.start}, {self.end})"
                )
        elif self.sentence or (self.start, self.end) != (-1, -1):
            raise InvalidRecordError(f"evidence of {where!r}: sentence or offsets on a record")
        for name, _ in self.qualifiers:
            if name not in QUALIFIERS:
                raise InvalidRecordError(
                    f"evidence of {where!r}: unknown qualifier {name!r}; "
                    f"known: {', '.join(sorted(QUALIFIERS))}"
                )
        _set_sorted(self, "qualifiers")
        _set_sorted(self, "references")

    @property
    def key(self) -> tuple[str, str, str, int, str, tuple[tuple[str, str], ...]]:
        """What makes two pieces of evidence the same one, whatever their confidence."""
        return (
            self.provenance.source,
            self.record,
            self.document,
            self.start,
            self.extractor,
            self.qualifiers,
        )


EdgeKey = tuple[Triple, Polarity]


@dataclass(frozen=True, slots=True)
class Edge:
    """A stored triple with polarity and evidence.

    >>> source = Provenance("example", licence="CC0-1.0")
    >>> migraine = Triple("DRUGBANK:DB00669", "biolink:treats", "DOID:6364")
    >>> edge = Edge(migraine, (Evidence(source, record="row 1", confidence=0.5),))
    >>> edge.merged(Edge(migraine, (Evidence(source, record="row 2", confidence=0.5),))).confidence
    0.75
    """

    triple: Triple
    evidence: tuple[Evidence, ...]
    polarity: Polarity = Polarity.POSITIVE

    def __post_init__(self) -> None:
        if not self.evidence:
            raise InvalidRecordError(f"edge {self.triple} has no evidence; an edge needs some")

    @property
    def subject(self) -> str:
        """CURIE of the subject."""
        return self.triple.subject

    @property
    def predicate(self) -> str:
        """CURIE of the predicate."""
        return self.triple.predicate

    @property
    def object(self) -> str:
        """CURIE of the object."""
        return self.triple.object

    @property
    def key(self) -> EdgeKey:
        """What a store keeps once: triple and polarity."""
        return (self.triple, self.polarity)

    @property
    def qualifiers(self) -> tuple[tuple[str, str], ...]:
        """Every qualifier any of the evidence states, sorted, each once."""
        return tuple(sorted({q for e in self.evidence for q in e.qualifiers}))

    @property
    def sources(self) -> tuple[str, ...]:
        """Ids of the sources the evidence comes from, sorted."""
        return tuple(sorted({e.provenance.source for e in self.evidence}))

    @property
    def confidence(self) -> float:
        """Noisy-or over the evidence, in (0, 1], to six decimals."""
        return round(1.0 - math.prod(1.0 - e.confidence for e in self.evidence), 6)

    def merged(self, other: Edge) -> Edge:
        """This edge with the evidence of ``other`` added; same evidence is kept once.

        Raises:
            InvalidRecordError: if ``other`` is another triple or polarity.
        """
        if other.key != self.key:
            raise InvalidRecordError(f"cannot merge {other.triple} into {self.triple}")
        by_key = {e.key: e for e in self.evidence}
        for evidence in other.evidence:
            known = by_key.get(evidence.key)
            if known is None or evidence.confidence > known.confidence:
                by_key[evidence.key] = evidence
        return Edge(self.triple, tuple(sorted(by_key.values())), self.polarity)

    def without_source(self, source: str) -> Edge | None:
        """This edge without the evidence of ``source``, or None where nothing is left."""
        left = tuple(e for e in self.evidence if e.provenance.source != source)
        return Edge(self.triple, left, self.polarity) if left else None


@dataclass(frozen=True, slots=True)
class Subgraph:
    """Retrieved edges with the concepts at their ends, in ranked order."""

    concepts: tuple[Concept, ...] = ()
    edges: tuple[Edge, ...] = ()
    _by_curie: Mapping[str, Concept] = field(init=False, repr=False, compare=False, hash=False)

    def __post_init__(self) -> None:
        by_curie = {c.curie: c for c in self.concepts}
        for edge in self.edges:
            for end in (edge.subject, edge.object):
                if end not in by_curie:
                    raise InvalidRecordError(f"subgraph edge {edge.triple} lacks concept {end}")
        object.__setattr__(self, "_by_curie", by_curie)

    def concept(self, curie: str) -> Concept:
        """The concept with that CURIE; KeyError where it is not in the subgraph."""
        return self._by_curie[curie]

    def __contains__(self, curie: object) -> bool:
        return curie in self._by_curie

    def __iter__(self) -> Iterator[Edge]:
        return iter(self.edges)

    def __len__(self) -> int:
        return len(self.edges)

    def union(self, others: Iterable[Self]) -> Subgraph:
        """This subgraph with the concepts and edges of ``others``, each once, in order."""
        concepts = dict(self._by_curie)
        edges = {e.key: e for e in self.edges}
        for other in others:
            for concept in other.concepts:
                concepts.setdefault(concept.curie, concept)
            for edge in other.edges:
                edges.setdefault(edge.key, edge)
        return Subgraph(tuple(concepts.values()), tuple(edges.values()))

    def to_networkx(self) -> nx.MultiDiGraph[str]:
        """A networkx multigraph: nodes by CURIE, edges keyed by ``(predicate, polarity)``.

        Node attributes: ``name``, ``category``, ``concept``. Edge attributes: ``predicate``,
        ``polarity``, ``confidence``, ``sources``, ``edge`` (the record itself).
        """
        import networkx as nx

        graph: nx.MultiDiGraph[str] = nx.MultiDiGraph()
        for concept in self.concepts:
            graph.add_node(
                concept.curie, name=concept.name(), category=concept.category, concept=concept
            )
        for edge in self.edges:
            attributes: dict[str, Any] = {
                "predicate": edge.predicate,
                "polarity": edge.polarity.value,
                "confidence": edge.confidence,
                "sources": edge.sources,
                "edge": edge,
            }
            graph.add_edge(
                edge.subject, edge.object, key=(edge.predicate, edge.polarity.value), **attributes
            )
        return graph
