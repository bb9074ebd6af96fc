"""Kinds of a disease, from a concept that states several identifiers of a finer catalogue.

The Disease Ontology's Jervell and Lange-Nielsen syndrome states OMIM:220400 and OMIM:612347. It
cannot be both (:mod:`kg.identity` refuses to merge them), but OMIM has an entry for each gene and
Orphanet one for each form, so each entry is a kind of it. Without these edges a gene or finding
recorded of an entry would be unknown of the disease.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from kg.records import Concept, Edge, Evidence, Provenance, Triple, curie_prefix
from kg.schema import DISEASE, SUBCLASS_OF
from kg.store import Direction, EdgeFilter, GraphStore

#: Catalogues whose entries are finer than what states several of them.
FINER = frozenset({"OMIM", "ORPHA"})
#: A kind that is inferred from cross-references counts less than a stated one.
CONFIDENCE = 0.7
_MOST_STEPS = 12
_UP = EdgeFilter(predicates=frozenset({SUBCLASS_OF}))


@dataclass(frozen=True, slots=True)
class StatedKind:
    """That ``curie`` states ``kind`` as one of several entries of a finer catalogue."""

    kind: str
    curie: str
    provenance: Provenance


def stated_kinds(concepts: Iterable[Concept], provenance: Provenance) -> Iterator[StatedKind]:
    """What the cross-references of one source's diseases say of kinds.

    >>> from kg.records import Name
    >>> one = Concept("DOID:2842", DISEASE, (Name("JLNS"),), ("OMIM:220400", "OMIM:612347"))
    >>> [k.kind for k in stated_kinds([one], Provenance("doid"))]
    ['OMIM:220400', 'OMIM:612347']
    """
    for concept in concepts:
        if concept.category != DISEASE or curie_prefix(concept.curie) in FINER:
            continue
        by_catalogue: dict[str, list[str]] = defaultdict(list)
        for xref in concept.xrefs:
            if curie_prefix(xref) in FINER:
                by_catalogue[curie_prefix(xref)].append(xref)
        for entries in by_catalogue.values():
            if len(set(entries)) > 1:
                yield from (StatedKind(e, concept.curie, provenance) for e in sorted(set(entries)))


def kind_edges(
    kinds: Iterable[StatedKind], store: GraphStore, keys: Mapping[str, str]
) -> Iterator[Edge]:
    """The edges between nodes of ``store``.

    Left out where either end is no disease of the store, both are one node, or the kind is
    already something the other is a kind of.

    Args:
        kinds: as stated.
        store: the graph, with the hierarchy its sources state.
        keys: the node of every concept that went into another's.
    """
    for stated in kinds:
        kind, whole = (keys.get(c, c) for c in (stated.kind, stated.curie))
        ends = [store.get(kind), store.get(whole)]
        if kind == whole or any(end is None or end.category != DISEASE for end in ends):
            continue
        if kind in _above(whole, store):
            continue
        record = f"{stated.curie}|xref|{stated.kind}"
        evidence = Evidence(stated.provenance, record=record, confidence=CONFIDENCE)
        yield Edge(Triple(kind, SUBCLASS_OF, whole), (evidence,))


def _above(curie: str, store: GraphStore) -> set[str]:
    """Everything a concept is a kind of."""
    layer, seen = {curie}, {curie}
    for _ in range(_MOST_STEPS):
        layer = {
            edge.object
            for one in layer
            for edge in store.neighbours(one, direction=Direction.OUT, edge_filter=_UP)
        } - seen
        seen |= layer
    return seen - {curie}
