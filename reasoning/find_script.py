"""What to say of the concepts a plan found: grouped by relation, the best named, the rest counted.

Each result is told by the shortest way from the anchors to it. Edges of one relation to the same
anchor become one list; what several anchors share becomes one list with a mark per anchor.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from kg.records import Edge, EdgeKey
from kg.schema import CONTRAINDICATED_IN, INTERACTS_WITH
from kg.store import EdgeFilter, GraphStore
from reasoning.plan import CLASS_PREDICATES, Constraint, FindPlan
from reasoning.retrieval import Match, Retrieval
from reasoning.sentence_frames import Kind, Relation, has_frequencies
from reasoning.statements import (
    Fact,
    Group,
    Script,
    Statement,
    curated,
    details,
    edge_frequency,
    hop_relation,
    listed,
    once,
    relation_of,
)

#: Most kin told in one line with a result.
MOST_ALSO = 3


def find_script(
    plan: FindPlan,
    retrieval: Retrieval,
    store: GraphStore,
    *,
    language: str,
    named: int,
    limit: int | None,
) -> Script:
    """What to say of the matches of a plan that finds concepts."""
    if not retrieval.matches:
        return Script(tuple(_nothing_found(plan, store)))
    best = _told(plan, retrieval.matches[:limit], named=named)
    beside = {m.concept: m.beside for m in best if m.beside}
    groups = _groups(plan, best)
    counted = _counted(plan, retrieval, groups, best)
    statements = [*_count_asked(plan, retrieval, groups, counted, store)]
    for group in groups:
        statements += _worded_group(group, counted.get((group.relation, group.anchors), 0), beside)
    rest = retrieval.total - len(best) - sum(counted.values())
    if rest > 0:
        statements.append(Statement(Kind.FURTHER_PLAIN, count=rest))
    opposing = once(e for m in best for e in m.opposing)
    statements += [Statement(Kind.OPPOSING, edges=(e,)) for e in opposing]
    statements += _left_out(plan)
    if all(m.via_subclass for m in best):
        statements.append(Statement(Kind.RELATED))
    told = once((*(e for g in groups for f in g.facts for e in f.edges), *opposing))
    statements += details(told, language)
    statements += curated(told)
    kept = retrieval.matches[:limit]
    return Script(tuple(statements), once(e for m in kept for e in (*m.edges, *m.opposing)))


def one_sided_script(
    plan: FindPlan, retrieval: Retrieval, *, named: int, limit: int | None
) -> Script:
    """What one of two concepts has and the other has not, as one list a relation."""
    has = next(c.anchor for c in plan.constraints if not c.negated)
    lacks = next(c.anchor for c in plan.constraints if c.negated)
    best = _told(plan, retrieval.matches[:limit], named=named)
    beside = {m.concept: m.beside for m in best if m.beside}
    groups = _groups(plan, best)
    counted = _counted(plan, retrieval, groups, best)
    statements = [
        Statement(
            Kind.ONLY,
            group.relation,
            anchors=(has, lacks),
            facts=_folded(group.facts, beside),
            count=counted.get((group.relation, group.anchors), 0),
        )
        for group in groups
        if group.anchors == (has,) and group.relation.predicate not in CLASS_PREDICATES
    ]
    classes = [
        Statement(Kind.PLAIN, edges=fact.edges)
        for group in groups
        if group.anchors == (has,) and group.relation.predicate in CLASS_PREDICATES
        for fact in group.facts
    ]
    if statements:
        statements.append(Statement(Kind.ONE_SIDED))
    kept = retrieval.matches[:limit]
    return Script((*statements, *classes), once(e for m in kept for e in m.edges))


def _told(plan: FindPlan, matches: Sequence[Match], *, named: int) -> tuple[Match, ...]:
    """The ``named`` best matches that are different things, each with its nearest kin.

    Kin that stands in another relation, or is more or less frequent, is only counted.
    """
    heads = [m for m in matches if not m.beside][:named]
    told: list[Match] = []
    for head in heads:
        place = _place(plan, head)
        kin = (m for m in matches if m.beside == head.concept and _place(plan, m) == place)
        told += [head, *(m for m, _ in zip(kin, range(MOST_ALSO), strict=False))]
    return tuple(told)


def _place(plan: FindPlan, match: Match) -> tuple[tuple[Relation, str, str], ...]:
    """Relations and near ends a match is reached by, and how frequent its edges are."""
    return tuple(
        (relation, near, edge_frequency(edge)) for relation, near, _, edge in _oriented(plan, match)
    )


def _folded(facts: Sequence[Fact], beside: Mapping[str, str]) -> tuple[Fact, ...]:
    """Facts with those that are told beside another one in the same line as that."""
    present = {fact.concept for fact in facts}
    also: dict[str, list[Fact]] = {}
    for fact in facts:
        if beside.get(fact.concept) in present:
            also.setdefault(beside[fact.concept], []).append(fact)
    inside = {fact.concept for others in also.values() for fact in others}
    return tuple(
        replace(fact, also=tuple(also.get(fact.concept, ())))
        for fact in facts
        if fact.concept not in inside
    )


def _nothing_found(plan: FindPlan, store: GraphStore) -> Iterator[Statement]:
    only = plan.constraints[0]
    asked = [hop for hop in only.hops if not hop.expansion]
    danger = False
    told = False
    if len(plan.constraints) == 1 and len(asked) == 1:
        for predicate in asked[0].predicates:
            relation = hop_relation(predicate, asked[0].direction, asked[0].polarity)
            if not _any_recorded(only.anchor, relation, store):
                yield Statement(Kind.NONE, relation, anchors=(only.anchor,))
                told = True
                danger = danger or predicate in (CONTRAINDICATED_IN, INTERACTS_WITH)
    if not told:
        yield Statement(Kind.NOTHING)
    yield Statement(Kind.CAUTION_DANGER if danger else Kind.CAUTION_NONE)


def _any_recorded(anchor: str, relation: Relation, store: GraphStore) -> bool:
    wanted = EdgeFilter(predicates=frozenset({relation.predicate}), polarity=relation.polarity)
    found = store.neighbours(anchor, direction=relation.direction, edge_filter=wanted, limit=1)
    return bool(found)


def _oriented(plan: FindPlan, match: Match) -> list[tuple[Relation, str, str, Edge]]:
    """How a match is reached: steps ``(relation, near end, far end, edge)`` from the anchors.

    For each anchor the shortest way is told; other edges of the match stay untold.
    """
    steps: dict[EdgeKey, tuple[Relation, str, str, Edge]] = {}
    for constraint in plan.constraints:
        if not constraint.negated:
            for near, far, edge in _way(constraint, match):
                steps.setdefault(edge.key, (relation_of(edge, near), near, far, edge))
    return list(steps.values())


def _way(constraint: Constraint, match: Match) -> list[tuple[str, str, Edge]]:
    """The shortest way over the edges of a match from an anchor to its concept; [] for none.

    It has an edge for every hop asked; class edges that only widen the hops come on top.
    """
    needed = sum(not set(h.predicates) <= {*CLASS_PREDICATES} for h in constraint.hops)
    start, goal = (constraint.anchor, 0), (match.concept, needed)
    ways: dict[tuple[str, int], list[tuple[str, str, Edge]]] = {start: []}
    layer = [start]
    while layer and goal not in ways:
        following: list[tuple[str, int]] = []
        for edge in match.edges:
            counts = edge.predicate not in CLASS_PREDICATES
            for near, far in ((edge.subject, edge.object), (edge.object, edge.subject)):
                for place in [p for p in layer if p[0] == near]:
                    reached = (far, place[1] + counts)
                    if reached not in ways and edge not in {e for *_, e in ways[place]}:
                        ways[reached] = [*ways[place], (near, far, edge)]
                        following.append(reached)
        layer = following
    arrived = [place for place in ways if place[0] == match.concept]
    return ways[max(arrived, key=lambda place: min(place[1], needed))] if arrived else []


def _groups(plan: FindPlan, matches: Sequence[Match]) -> list[Group]:
    """Edges of the matches by relation and near end; class edges last."""
    facts: dict[tuple[Relation, str], dict[str, Fact]] = {}
    for match in matches:
        for relation, near, far, edge in _oriented(plan, match):
            facts.setdefault((relation, near), {}).setdefault(far, Fact(far, (edge,)))
    groups = [Group(r, (near,), tuple(found.values())) for (r, near), found in facts.items()]
    asked = sum(not c.negated for c in plan.constraints)
    if asked > 1 and not plan.union:
        groups = _together(groups)
    return sorted(groups, key=lambda g: g.relation.predicate in CLASS_PREDICATES)


def _together(groups: list[Group]) -> list[Group]:
    """Groups of one relation with the same facts become one with several anchors."""
    merged: dict[tuple[Relation, frozenset[str]], Group] = {}
    for group in groups:
        key = (group.relation, frozenset(f.concept for f in group.facts))
        known = merged.get(key)
        if known is None:
            merged[key] = group
            continue
        edges = {f.concept: f.edges for f in group.facts}
        facts = tuple(Fact(f.concept, (*f.edges, *edges[f.concept])) for f in known.facts)
        merged[key] = Group(group.relation, (*known.anchors, *group.anchors), facts)
    return list(merged.values())


def _counted(
    plan: FindPlan, retrieval: Retrieval, groups: list[Group], told: Sequence[Match]
) -> dict[tuple[Relation, tuple[str, ...]], int]:
    """How many further matches each group has; those that fit no group are not counted."""
    counts: dict[tuple[Relation, tuple[str, ...]], int] = {}
    known = {(g.relation, frozenset(g.anchors)): (g.relation, g.anchors) for g in groups}
    named = {match.concept for match in told}
    for match in (m for m in retrieval.matches if m.concept not in named):
        ways = _oriented(plan, match)
        if len({relation for relation, *_ in ways}) != 1 or any(
            w[2] != match.concept for w in ways
        ):
            continue
        key = known.get((ways[0][0], frozenset(near for _, near, _, _ in ways)))
        if key is not None:
            counts[key] = counts.get(key, 0) + 1
    return counts


def _count_asked(
    plan: FindPlan,
    retrieval: Retrieval,
    groups: list[Group],
    counted: dict[tuple[Relation, tuple[str, ...]], int],
    store: GraphStore,
) -> Iterator[Statement]:
    if not plan.count:
        return
    first = groups[0]
    more = counted.get((first.relation, first.anchors), 0)
    counted_all = len(groups) == 1 and len(first.facts) + more == retrieval.total > 1
    if counted_all and _recorded(first, store) == retrieval.total:
        yield Statement(Kind.COUNT, first.relation, anchors=first.anchors, count=retrieval.total)
    else:
        yield Statement(Kind.TOTAL_PLAIN, count=retrieval.total)


def _recorded(group: Group, store: GraphStore) -> int:
    """How many concepts of any class the graph holds in the relation of a group."""
    wanted = EdgeFilter(
        predicates=frozenset({group.relation.predicate}), polarity=group.relation.polarity
    )
    ends = [
        {
            edge.object if edge.subject == anchor else edge.subject
            for edge in store.neighbours(
                anchor, direction=group.relation.direction, edge_filter=wanted
            )
        }
        for anchor in group.anchors
    ]
    return len(set.intersection(*ends))


def _worded_group(group: Group, more: int, beside: Mapping[str, str]) -> Iterator[Statement]:
    by_frequency = _by_frequency(group)
    if by_frequency:
        for term, facts in by_frequency:
            kind = Kind.FREQUENCY if term else Kind.LIST
            yield from listed(replace(group, facts=_folded(facts, beside)), kind, frequency=term)
        if more:
            yield Statement(Kind.FURTHER, group.relation, anchors=group.anchors, count=more)
    else:
        group = replace(group, facts=_folded(group.facts, beside))
        yield from listed(group, Kind.LIST, more=more)


def _by_frequency(group: Group) -> list[tuple[str, tuple[Fact, ...]]]:
    """Facts by how frequent they are, most frequent first; [] where too few say."""
    if not has_frequencies(group.relation) or len(group.anchors) > 1:
        return []
    found: dict[str, list[Fact]] = {}
    for fact in group.facts:
        found.setdefault(edge_frequency(fact.edges[0]), []).append(fact)
    unstated = len(found.get("", []))
    if 2 * unstated >= len(group.facts):
        return []
    return [(term, tuple(found[term])) for term in sorted(found, key=lambda t: (t == "", t))]


def _left_out(plan: FindPlan) -> Iterator[Statement]:
    negated = [c for c in plan.constraints if c.negated]
    for constraint in negated:
        relation = _single_relation(constraint)
        if relation is None:
            yield Statement(Kind.LEFT_OUT_PLAIN)
        else:
            yield Statement(Kind.LEFT_OUT, relation, anchors=(constraint.anchor,))
    if negated:
        yield Statement(Kind.LEFT_OUT_CAUTION)


def _single_relation(constraint: Constraint) -> Relation | None:
    asked = [hop for hop in constraint.hops if not hop.expansion]
    if len(asked) != 1 or len(asked[0].predicates) != 1:
        return None
    return hop_relation(asked[0].predicates[0], asked[0].direction, asked[0].polarity)
