"""What an answer says, before it is worded: retrieved edges arranged as statements.

A :class:`Statement` is one sentence to come: a kind of frame and the edges, concepts and numbers
that fill it. Which facts are named, in which order and grouped how is decided here, by the graph
alone; the choice among wordings is left to :mod:`reasoning.verbalization` and the language model.

Edges are told as they stand: found through a subclass, an edge is told of the subclass, and the
subclass edge is told too.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from kg.records import Definition, Edge, EvidenceKind, Polarity
from kg.schema import PREDICATES
from kg.store import Direction
from reasoning.frequency import frequency, midpoint
from reasoning.plan import CLASS_PREDICATES
from reasoning.sentence_frames import DETAIL_KINDS, Kind, Relation, frequency_class, text_language

#: Most edges whose mechanism, management and description are quoted.
MOST_DETAILED = 3


@dataclass(frozen=True, slots=True)
class Fact:
    """One entry of a list: a concept, and the edge that joins it to each anchor.

    ``also`` are what is a kind of it, or what it is a kind of, told in the same line.
    """

    concept: str
    edges: tuple[Edge, ...]
    also: tuple[Fact, ...] = ()

    @property
    def told(self) -> tuple[Edge, ...]:
        """Its edges and those of what is told with it, in the order of the text."""
        return (*self.edges, *(edge for fact in self.also for edge in fact.edges))


@dataclass(frozen=True, slots=True)
class Statement:
    """One sentence to come.

    Args:
        kind: which frames word it.
        relation: predicate, direction and polarity, where the kind has frames per relation.
        frequency: HPO frequency term, for :attr:`Kind.FREQUENCY`.
        anchors: CURIEs the sentence is about; for :attr:`Kind.WHETHER` subject and object.
        facts: entries of its list.
        edges: what its clauses state, or what its marks point at.
        count: a number it gives; in a list, how many more there are.
        values: further inputs, ``(slot, text)``.
        options: ``(curie, name)`` of concepts offered for choice.
    """

    kind: Kind
    relation: Relation | None = None
    frequency: str = ""
    anchors: tuple[str, ...] = ()
    facts: tuple[Fact, ...] = ()
    edges: tuple[Edge, ...] = ()
    count: int = 0
    values: tuple[tuple[str, str], ...] = ()
    options: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Script:
    """Everything an answer says, in order, and the edges it rests on beyond those named."""

    statements: tuple[Statement, ...]
    unnamed: tuple[Edge, ...] = ()
    definitions: tuple[Definition, ...] = ()

    @property
    def named(self) -> tuple[Edge, ...]:
        """Edges told in the text, in its order, each once."""
        told = (
            e for s in self.statements for e in (*(x for f in s.facts for x in f.told), *s.edges)
        )
        return once(told)


@dataclass(frozen=True, slots=True)
class Group:
    """Facts that stand in one relation to the same anchors."""

    relation: Relation
    anchors: tuple[str, ...]
    facts: tuple[Fact, ...]


def relation_of(edge: Edge, near: str) -> Relation:
    """The relation ``edge`` stands in, seen from its end ``near``."""
    symmetric = PREDICATES[edge.predicate].symmetric
    outwards = symmetric or edge.subject == near
    return Relation(edge.predicate, Direction.OUT if outwards else Direction.IN, edge.polarity)


def hop_relation(predicate: str, direction: Direction, polarity: Polarity) -> Relation:
    """The relation a hop of a plan stands for; a symmetric one has one direction."""
    out = PREDICATES[predicate].symmetric or direction is not Direction.IN
    return Relation(predicate, Direction.OUT if out else Direction.IN, polarity)


def edge_frequency(edge: Edge) -> str:
    """HPO term of how frequent the evidence says an edge is; ``""`` where it does not say.

    Where pieces of evidence differ it is the class of their mean.
    """
    stated = any(
        name == "frequency" and midpoint(value) is not None
        for evidence in edge.evidence
        for name, value in evidence.qualifiers
    )
    return frequency_class(frequency(edge)) if stated else ""


def listed(group: Group, kind: Kind, *, frequency: str = "", more: int = 0) -> Iterator[Statement]:
    """A group as a list, or as a plain statement where it is a single fact."""
    alone = len(group.facts) == 1 and not group.facts[0].also
    if alone and not more and kind is Kind.LIST:
        yield Statement(Kind.PLAIN, edges=group.facts[0].edges)
        return
    yield Statement(kind, group.relation, frequency, group.anchors, group.facts, count=more)


def details(edges: Iterable[Edge], language: str) -> Iterator[Statement]:
    """What the records add in their own words, where few enough edges are told."""
    told = [e for e in edges if e.predicate not in CLASS_PREDICATES]
    if len(told) > MOST_DETAILED:
        return
    for edge in told:
        for name, kind in DETAIL_KINDS.items():
            values = [value for qualifier, value in edge.qualifiers if qualifier == name]
            values.sort(key=lambda value: text_language(value) != language)
            if values:
                yield Statement(kind, edges=(edge,), values=(("value", values[0]),))


def iscurated(edge: Edge) -> bool:
    """Whether nothing but general medical knowledge stands behind an edge."""
    return all(e.kind is EvidenceKind.CURATOR for e in edge.evidence)


def curated(edges: Iterable[Edge]) -> Iterator[Statement]:
    """A note on what is general medical knowledge, where any of it is."""
    told = once(edges)
    curated = tuple(e for e in told if iscurated(e))
    if curated and len(curated) == len(told):
        yield Statement(Kind.CURATOR_ALL)
    elif curated:
        yield Statement(Kind.CURATOR, edges=curated)


def once(edges: Iterable[Edge]) -> tuple[Edge, ...]:
    """Edges in order, each once."""
    return tuple({e.key: e for e in edges}.values())
