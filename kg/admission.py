"""What every store does with an edge before it keeps it.

Ends given as cross-references become keys; the schema is asked; a symmetric edge is turned so
that its subject sorts first; evidence is sorted, each piece once. So the same edges, whatever
their order and wherever they are stored, make the same graph.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from kg.records import Edge, Triple, curie_prefix
from kg.schema import PREDICATES, refusal


def oriented(triple: Triple) -> Triple:
    """The triple as it is stored: a symmetric one with its lesser CURIE as subject.

    >>> print(oriented(Triple("DRUGBANK:DB2", "biolink:interacts_with", "DRUGBANK:DB1")))
    (DRUGBANK:DB1)-[biolink:interacts_with]->(DRUGBANK:DB2)
    """
    known = PREDICATES.get(triple.predicate)
    if known is None or not known.symmetric or triple.subject <= triple.object:
        return triple
    return Triple(triple.object, triple.predicate, triple.subject)


def settled(edge: Edge) -> Edge:
    """The edge as a store keeps it: oriented, its evidence sorted and each piece once."""
    triple = oriented(edge.triple)
    turned = edge if triple is edge.triple else Edge(triple, edge.evidence, edge.polarity)
    if len(turned.evidence) == 1:
        return turned
    return Edge(triple, turned.evidence[:1], turned.polarity).merged(turned)


def admit(
    edge: Edge,
    *,
    keys_of: Callable[[str], Sequence[str]],
    category_of: Callable[[str], str],
) -> Edge | str:
    """The edge as it goes into a store, or why it does not.

    Args:
        edge: as an importer gives it; its ends may be cross-references.
        keys_of: keys of the concepts that have a CURIE as key or, failing that, cross-reference.
        category_of: class of the concept with a key.
    """
    ends: list[str] = []
    for role, end in (("subject", edge.subject), ("object", edge.object)):
        keys = keys_of(end)
        if not keys:
            return f"{edge.predicate}: {role} from {curie_prefix(end)} is no concept of the graph"
        if len(keys) > 1:
            return f"{edge.predicate}: {role} is a cross-reference of several concepts"
        ends.append(keys[0])
    subject, object_ = ends
    reason = refusal(category_of(subject), edge.predicate, category_of(object_))
    if reason is not None:
        return reason
    if (subject, object_) != (edge.subject, edge.object):
        if subject == object_ and edge.subject != edge.object:
            return f"{edge.predicate}: both ends are one concept of the graph"
        edge = Edge(Triple(subject, edge.predicate, object_), edge.evidence, edge.polarity)
    return settled(edge)
