"""Following hops through a store, remembering every edge that led somewhere."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from kg.records import Edge, EdgeKey, Polarity, Triple
from kg.store import Direction, EdgeFilter, GraphStore, edge_order, follows
from reasoning.frequency import weight
from reasoning.plan import MOST_CLASSES, Hop, class_predicates

#: What a concept reached through its kin counts beside one reached directly.
KIN_DISCOUNT = 0.9

#: Most sub- or superclasses of one concept that are looked at.
MOST_KIN = 400

#: A concept, its class, and which ways it may be replaced by its kin.
Side = tuple[str, str, tuple[Direction, ...]]


@dataclass(slots=True, eq=False)
class Reached:
    """A concept on the way from an anchor, with all edges that arrived at it.

    ``score`` is the best product of edge weights on the way; ``kin`` holds where the best way
    went through a sub- or superclass of the anchor.
    """

    curie: str
    score: float = 0.0
    kin: bool = False
    incoming: list[tuple[Reached, Edge]] = field(default_factory=list)

    def arrive(self, origin: Reached, edge: Edge, weight: float, *, kin: bool) -> None:
        """Note one more way here."""
        self.incoming.append((origin, edge))
        if origin.score * weight > self.score:
            self.score, self.kin = origin.score * weight, kin


def edges_to(reached: Reached) -> list[Edge]:
    """Every edge on a way to ``reached``, those nearest the anchor first."""
    kept: dict[EdgeKey, Edge] = {}
    seen: set[int] = set()

    def visit(node: Reached) -> None:
        if id(node) in seen:
            return
        seen.add(id(node))
        for origin, edge in sorted(
            node.incoming, key=lambda way: (-way[0].score, *edge_order(way[1]))
        ):
            visit(origin)
            kept.setdefault(edge.key, edge)

    visit(reached)
    return list(kept.values())


class Walker:
    """Follows hops on a store under a restriction of the evidence."""

    def __init__(self, store: GraphStore, restriction: EdgeFilter) -> None:
        self.store = store
        self._restriction = restriction

    def step(
        self,
        curie: str,
        predicates: Iterable[str],
        direction: Direction,
        *,
        categories: Iterable[str] = (),
        polarity: Polarity = Polarity.POSITIVE,
    ) -> list[Edge]:
        """Edges of one hop from a concept, strongest first."""
        edge_filter = EdgeFilter(
            predicates=frozenset(predicates),
            polarity=polarity,
            sources=self._restriction.sources,
            licences=self._restriction.licences,
            qualifiers=self._restriction.qualifiers,
            categories=frozenset(categories),
        )
        return self.store.neighbours(curie, direction=direction, edge_filter=edge_filter)

    def count(self, curie: str, predicate: str) -> int:
        """How many positive edges of a predicate leave a concept."""
        return len(self.step(curie, (predicate,), Direction.OUT))

    def stated(self, triple: Triple, polarity: Polarity) -> list[Edge]:
        """The edge of that triple and polarity as far as the restriction lets it through."""
        edge = self.store.edge(triple, polarity)
        kept = None if edge is None else self._restricted(edge)
        return [] if kept is None else [kept]

    def opposite(self, edge: Edge) -> Edge | None:
        """The edge that says the contrary, or None."""
        other = Polarity.NEGATIVE if edge.polarity is Polarity.POSITIVE else Polarity.POSITIVE
        found = self.stated(edge.triple, other)
        return found[0] if found else None

    def _restricted(self, edge: Edge) -> Edge | None:
        bare = EdgeFilter(
            sources=self._restriction.sources,
            licences=self._restriction.licences,
            qualifiers=self._restriction.qualifiers,
        )
        return bare.restrict(edge)

    def follow(
        self, anchor: str, hops: Sequence[Hop], *, whole: bool = False
    ) -> dict[str, Reached]:
        """Where the hops lead from ``anchor``, with everything on the way.

        ``whole``: all kin, however many: what is to be left out must not be cut short.
        """
        frontier = {anchor: Reached(anchor, 1.0)}
        most = sys.maxsize if whole else MOST_KIN
        for hop in hops:
            if hop.expansion:
                frontier = self._expanded(frontier, hop, most)
            else:
                frontier = self._hop(frontier, hop)
        return frontier

    def _hop(self, frontier: dict[str, Reached], hop: Hop) -> dict[str, Reached]:
        """One asked edge; a hop repeated more than once is followed layer by layer."""
        arrived: dict[str, Reached] = {}
        for repeat in range(1, hop.most + 1):
            layer: dict[str, Reached] = {}
            for origin in frontier.values():
                for edge in self._hop_edges(origin.curie, hop):
                    end = follows(edge, origin.curie, hop.direction)
                    if end is None:
                        continue
                    node = layer.setdefault(end, Reached(end))
                    node.arrive(origin, edge, weight(edge), kin=origin.kin)
            _merge(arrived, layer) if repeat >= hop.least else None
            frontier = layer
        return arrived

    def _hop_edges(self, curie: str, hop: Hop) -> list[Edge]:
        return self.step(
            curie,
            hop.predicates,
            hop.direction,
            categories=hop.categories,
            polarity=hop.polarity,
        )

    def _expanded(
        self, frontier: dict[str, Reached], hop: Hop, most: int = MOST_KIN
    ) -> dict[str, Reached]:
        """The frontier and its kin; a concept already in the frontier stays as it is."""
        arrived = dict(frontier)
        layer = frontier
        for _ in range(hop.most):
            following: dict[str, Reached] = {}
            for origin in layer.values():
                for edge in self._hop_edges(origin.curie, hop):
                    end = follows(edge, origin.curie, hop.direction)
                    if end is None or end in frontier or len(arrived) >= most:
                        continue
                    node = following.setdefault(end, Reached(end))
                    node.arrive(origin, edge, KIN_DISCOUNT, kin=True)
            _merge(arrived, following)
            layer = following
        return arrived

    def kin(self, side: Side, *, most: int = MOST_CLASSES) -> dict[str, Reached]:
        """A concept and its classes (OUT), its subclasses and members (IN), itself first."""
        curie, category, directions = side
        itself = {curie: Reached(curie, 1.0)}
        found = dict(itself)
        for direction in directions:
            hop = Hop(class_predicates(category), direction, (), least=0, most=most)
            for kin, reached in self._expanded(itself, hop).items():
                found.setdefault(kin, reached)
        return found

    def between(self, subject: Side, object_: Side, predicate: str) -> list[Edge]:
        """Positive edges of ``predicate`` between two concepts or their kin, with the way there.

        The nearest kin first: the edges of the first pair found, the class edges around it.
        """
        subjects, objects = self.kin(subject), self.kin(object_)
        pairs: list[tuple[float, Reached, Edge, Reached]] = []
        turned = len(objects) < len(subjects)
        near, far = (objects, subjects) if turned else (subjects, objects)
        direction = Direction.IN if turned else Direction.OUT
        for one in near.values():
            for edge in self.step(one.curie, (predicate,), direction):
                end = follows(edge, one.curie, direction)
                other = far.get(end) if end is not None else None
                if other is not None:
                    pairs.append((one.score * other.score, one, edge, other))
        pairs.sort(key=lambda pair: (-pair[0], *edge_order(pair[2])))
        return [
            edge
            for _, one, joint, other in pairs
            for edge in (*edges_to(one), joint, *edges_to(other))
        ]

    def ascent(self, start: str, goal: str, *, most: int = Hop.MOST_REPEATS) -> list[Edge]:
        """Class edges on the shortest ways up from ``start`` to ``goal``; ``[]`` without one."""
        predicates = (
            class_predicates(self.store.concept(start).category) if start in self.store else ()
        )
        layer = {start: Reached(start, 1.0)}
        seen = {start}
        for _ in range(most):
            following: dict[str, Reached] = {}
            for origin in layer.values():
                for edge in (
                    self.step(origin.curie, predicates, Direction.OUT) if predicates else ()
                ):
                    if edge.object not in seen:
                        node = following.setdefault(edge.object, Reached(edge.object))
                        node.arrive(origin, edge, edge.confidence, kin=True)
            if goal in following:
                return edges_to(following[goal])
            seen |= following.keys()
            layer = following
        return []


def _merge(arrived: dict[str, Reached], layer: dict[str, Reached]) -> None:
    for curie, node in layer.items():
        known = arrived.get(curie)
        if known is None:
            # a copy: the layer's own node keeps only ways of its length
            arrived[curie] = Reached(curie, node.score, node.kin, list(node.incoming))
            continue
        known.incoming.extend(node.incoming)
        if node.score > known.score:
            known.score, known.kin = node.score, node.kin
