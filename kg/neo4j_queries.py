"""The Cypher of the Neo4j store: built from the schema and integers, all values as parameters.

A query that answers with many edges answers with one row that holds them as a list: the driver
spends longer on a row than on what is in it. An edge that many paths share is sent once.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Any

from kg.neo4j_properties import CONCEPT_COLUMNS, EDGE_COLUMNS
from kg.schema import CLASSES, PREDICATES
from kg.store import Direction, EdgeFilter, Step

CONCEPTS_OF = f"MATCH (c:Concept) WHERE c.curie IN $curies RETURN {CONCEPT_COLUMNS}"
CATEGORIES_OF = "MATCH (c:Concept) WHERE c.curie IN $curies RETURN c.curie, c.category"

#: Edges from which the walk of PageRank is made.
WALK = (
    "MATCH (s:Concept)-[r {polarity: 'positive'}]->(o:Concept) "
    "RETURN s.curie, type(r), o.curie, r.confidence"
)

STATISTICS = {
    "categories": "MATCH (c:Concept) RETURN c.category, count(c), sum(size(c.names))",
    "predicates": ("MATCH (:Concept)-[r]->(:Concept) RETURN type(r), r.polarity, count(r) "),
    "evidence": (
        "MATCH (:Concept)-[r]->(:Concept) UNWIND range(0, size(r.evidence) - 1) AS i "
        "RETURN r.sources[i], r.licences[i], count(i)"
    ),
    "contradictions": (
        "MATCH (s:Concept)-[n {polarity: 'negative'}]->(o:Concept) WHERE EXISTS { "
        "MATCH (s)-[p {polarity: 'positive'}]->(o) WHERE type(p) = type(n) } RETURN count(n)"
    ),
}

_NOTHING = "`medkgqa nothing`"


def _types(predicates: Collection[str]) -> str:
    """``:A|B`` for a relationship pattern; a type no edge has where the schema knows none."""
    if not predicates:
        return ""
    labels = sorted(PREDICATES[p].label for p in predicates if p in PREDICATES)
    return ":" + ("|".join(labels) or _NOTHING)


def _class_labels(categories: Collection[str]) -> str:
    """``A|B`` for a node pattern; ``Concept`` for no class in particular."""
    if not categories:
        return "Concept"
    return "|".join(sorted(CLASSES[c].label for c in categories if c in CLASSES)) or _NOTHING


def _ways(
    direction: Direction, predicates: Collection[str]
) -> list[tuple[str, Collection[str], str]]:
    """Patterns ``(left arrow, predicates, right arrow)`` that together follow a direction.

    A symmetric predicate is followed either way, whatever is asked.
    """
    if direction is Direction.BOTH:
        return [("-", predicates, "-")]
    asked = predicates or PREDICATES.keys()
    plain = [p for p in asked if p not in PREDICATES or not PREDICATES[p].symmetric]
    symmetric = [p for p in asked if p in PREDICATES and PREDICATES[p].symmetric]
    arrows = ("-", "->") if direction is Direction.OUT else ("<-", "-")
    ways: list[tuple[str, Collection[str], str]] = []
    if plain:
        ways.append((arrows[0], plain, arrows[1]))
    if symmetric:
        ways.append(("-", symmetric, "-"))
    return ways


def concepts_query(category: str | None) -> str:
    """A page of ``$most`` concepts of a class whose CURIEs come after ``$after``."""
    label = "" if category is None else f" AND c:{CLASSES[category].label}"
    return (
        f"MATCH (c:Concept) WHERE c.curie > $after{label} "
        f"WITH c ORDER BY c.curie LIMIT $most RETURN {CONCEPT_COLUMNS}"
    )


def edges_query(edge_filter: EdgeFilter) -> tuple[str, dict[str, Any]]:
    """A page of ``$most`` subjects after ``$after``: rows of CURIE, class, and a list of
    edges, each with the class of its object."""
    polarity, parameters = _polarity(edge_filter)
    query = (
        "MATCH (s:Concept) WHERE s.curie > $after WITH s ORDER BY s.curie LIMIT $most "
        f"OPTIONAL MATCH (s)-[r{_types(edge_filter.predicates)}]->(o:Concept)"
        f"{' WHERE ' + polarity if polarity else ''} "
        f"RETURN s.curie, s.category, collect(CASE WHEN r IS NULL THEN NULL "
        f"ELSE [{EDGE_COLUMNS}, o.category] END) ORDER BY s.curie"
    )
    return query, parameters


def _polarity(edge_filter: EdgeFilter) -> tuple[str, dict[str, Any]]:
    if edge_filter.polarity is None:
        return "", {}
    return "r.polarity = $polarity", {"polarity": edge_filter.polarity.value}


def beside_query(
    direction: Direction, edge_filter: EdgeFilter, limit: int | None, *, many: bool = False
) -> tuple[str, dict[str, Any]]:
    """Edges at the concept ``$curie``, or at any of ``$curies``: one row, a list of edges.

    With ``limit``, strongest first and no more than that.
    """
    polarity, parameters = _polarity(edge_filter)
    conditions = [polarity] if polarity else []
    if edge_filter.sources:
        conditions.append("any(x IN r.sources WHERE x IN $sources)")
        parameters["sources"] = sorted(edge_filter.sources)
    where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
    label = _class_labels(edge_filter.categories)
    patterns = [
        f"(c){left}[r{_types(predicates)}]{right}(o:{label}){where}"
        for left, predicates, right in _ways(direction, edge_filter.predicates)
    ]
    start = "MATCH (c:Concept {curie: $curie})"
    if many:
        start = "MATCH (c:Concept) WHERE c.curie IN $curies"
    if len(patterns) == 1:
        matched = f"{start} MATCH {patterns[0]}"
    else:
        branches = " UNION ALL ".join(f"WITH c MATCH {p} RETURN r" for p in patterns)
        matched = f"{start} CALL {{ {branches} }}"
    ranked = " WITH DISTINCT r" if many else ""
    if limit is not None:
        ranked += (
            " WITH r, startNode(r).curie AS s, endNode(r).curie AS o ORDER BY "
            "r.confidence DESC, s, r.predicate, o, r.polarity LIMIT $most"
        )
        parameters["most"] = max(limit, 0)
    return f"{matched}{ranked} RETURN collect({EDGE_COLUMNS})", parameters


def path_query(steps: Sequence[Step], limit: int | None) -> tuple[str, dict[str, Any]]:
    """Typed paths from ``$start``: one row that holds them as a tree.

    A tree is a list of ``[edge, tree of the paths that go on from it]``; the last edge of a path
    has no tree. With ``limit``, the first in lexical order of CURIEs, then of edges; the tree
    itself is in no order.
    """
    clauses = ["MATCH (n0:Concept {curie: $start})"]
    parameters: dict[str, Any] = {}
    for k, step in enumerate(steps):
        conditions = [f"n{k + 1} <> n{j}" for j in range(k + 1)]
        if step.polarity is not None:
            conditions.append(f"r{k}.polarity = $polarity{k}")
            parameters[f"polarity{k}"] = step.polarity.value
        clauses.append(_step_clause(k, step, _class_labels(step.categories), conditions))
    edges = [f"r{k}" for k in range(len(steps))]
    if limit is not None:
        order = [f"n{k + 1}.curie" for k in range(len(steps))]
        order += [key for k, step in enumerate(steps) for key in _edge_order(k, step)]
        clauses.append(f"WITH {', '.join(edges)} ORDER BY {', '.join(order)} LIMIT $most")
        parameters["most"] = max(limit, 0)
    tree = ""
    for k in reversed(range(1, len(steps))):
        clauses.append(f"WITH {', '.join(edges[:k])}, collect({_branch(k, tree)}) AS tree")
        tree = "tree"
    clauses.append(f"RETURN collect({_branch(0, tree)})")
    return " ".join(clauses), parameters


def _edge_order(k: int, step: Step) -> Iterator[str]:
    """What orders the edges of a step that join the same two concepts: subject, predicate,
    polarity, as far as the step leaves them open."""
    if len(_ways(step.direction, step.predicates)) > 1 or step.direction is Direction.BOTH:
        yield f"startNode(r{k}).curie"
    if len(step.predicates) != 1:
        yield f"r{k}.predicate"
    if step.polarity is None:
        yield f"r{k}.polarity"


def _branch(k: int, tree: str) -> str:
    columns = EDGE_COLUMNS.replace("(r)", f"(r{k})").replace("r.", f"r{k}.")
    return f"[{columns}, {tree}]" if tree else f"[{columns}]"


def _shared_edges(collected: str, lists: str) -> str:
    """The end of a query: what was collected, and every edge of the lists once, with its id."""
    return (
        f"WITH {collected} AS paths, collect({lists}) AS every "
        "CALL { WITH every UNWIND every AS passed UNWIND passed AS r WITH DISTINCT r "
        f"RETURN collect([id(r), {EDGE_COLUMNS}]) AS edges }} RETURN paths, edges"
    )


def _step_clause(k: int, step: Step, label: str, conditions: Sequence[str]) -> str:
    where = " AND ".join(conditions)
    ways = _ways(step.direction, step.predicates)
    if len(ways) == 1:
        left, predicates, right = ways[0]
        pattern = f"(n{k}){left}[r{k}{_types(predicates)}]{right}(n{k + 1}:{label})"
        return f"MATCH {pattern} WHERE {where}"
    # Two ways: match undirected and say which types must point which way.
    (_, plain, _), (_, symmetric, _) = ways
    forward = f"startNode(r{k}) = n{k if step.direction is Direction.OUT else k + 1}"
    either = " OR ".join(f"r{k}:{PREDICATES[p].label}" for p in sorted(symmetric))
    pattern = f"(n{k})-[r{k}{_types([*plain, *symmetric])}]-(n{k + 1}:{label})"
    return f"MATCH {pattern} WHERE {where} AND ({either} OR {forward})"


def shortest_query(
    max_hops: int, edge_filter: EdgeFilter, limit: int
) -> tuple[str, dict[str, Any]]:
    """All shortest paths from ``$start`` to ``$end``, in lexical order of CURIEs: one row of
    the paths (CURIEs passed) and the edges, each once, with its id.

    Conditions on classes name the two ends, so that Neo4j checks them while it searches: a
    condition on a slice of the nodes would make it search every path instead.
    """
    conditions: list[str] = []
    parameters: dict[str, Any] = {"most": max(limit, 0)}
    if edge_filter.polarity is not None:
        conditions.append("all(r IN relationships(p) WHERE r.polarity = $polarity)")
        parameters["polarity"] = edge_filter.polarity.value
    if edge_filter.categories:
        conditions.append("all(n IN nodes(p) WHERE n.category IN $categories OR n = a OR n = b)")
        parameters["categories"] = sorted(edge_filter.categories)
    for name in ("sources", "licences"):
        wanted = getattr(edge_filter, name)
        if wanted:
            conditions.append(
                f"all(r IN relationships(p) WHERE any(x IN r.{name} WHERE x IN ${name}))"
            )
            parameters[name] = sorted(wanted)
    where = f"WHERE {' AND '.join(conditions)} " if conditions else ""
    hops = f"[{_types(edge_filter.predicates)}*..{int(max_hops)}]"
    return (
        "MATCH (a:Concept {curie: $start}), (b:Concept {curie: $end}) "
        f"MATCH p = allShortestPaths((a)-{hops}-(b)) {where}"
        "WITH [n IN nodes(p) | n.curie] AS curies, relationships(p) AS passed "
        "WITH curies, collect(passed) AS ways ORDER BY curies LIMIT $most "
        "UNWIND ways AS passed " + _shared_edges("collect(DISTINCT curies)", "passed"),
        parameters,
    )
