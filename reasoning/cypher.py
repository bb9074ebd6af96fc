"""Plans as Cypher, for Neo4j 5 and later.

Labels and relationship types are those of :mod:`kg.schema` (``(:Drug)-[:TREATS]->(:Disease)``);
a node carries ``curie``, a relationship ``polarity``. The query returns the edges the executor
returns for the same plan, one row each: ``subject``, ``predicate`` (relationship type),
``object``, ``polarity``, and for a plan that finds concepts the ``target`` they support.

Nothing of the question's text enters a query: labels and types come from the schema, CURIEs are
parameters. :attr:`Cypher.text` writes them in as quoted literals, for pasting into a browser.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import product
from types import MappingProxyType

from kg.records import Polarity
from kg.schema import PREDICATES, SUBCLASS_OF, node_class, predicate
from kg.store import Direction
from reasoning.plan import (
    CLASS_PREDICATES,
    MOST_CLASSES,
    WIDENING,
    AmongPlan,
    CheckPlan,
    Constraint,
    DescribePlan,
    FindPlan,
    Hop,
    JointPlan,
    Plan,
    SimilarPlan,
    class_predicates,
)

_PARAMETER = re.compile(r"\$([a-z_0-9]+)")
_EDGE_COLUMNS = (
    "startNode(r).curie AS subject, type(r) AS predicate, "
    "endNode(r).curie AS object, r.polarity AS polarity"
)
_ROW = "subject, predicate, object, polarity"


@dataclass(frozen=True, slots=True)
class Cypher:
    """A query and its parameters (strings, or lists of strings)."""

    query: str
    parameters: Mapping[str, str | list[str]] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """The query with its parameters written in as literals.

        >>> Cypher("MATCH (n {curie: $a}) RETURN n", {"a": "X:o'b"}).text
        "MATCH (n {curie: 'X:o\\\\'b'}) RETURN n"
        """
        return _PARAMETER.sub(lambda m: _literal(self.parameters[m[1]]), self.query)


def to_cypher(plan: Plan) -> Cypher:
    """The plan as a query that returns the same edges."""
    match plan:
        case FindPlan():
            return _find(plan)
        case CheckPlan():
            return _check(plan)
        case AmongPlan():
            return _among(plan)
        case DescribePlan():
            return _describe(plan)
        case SimilarPlan():
            return _similar(plan)
        case JointPlan():
            return _joint(plan)


def _literal(value: str | list[str]) -> str:
    if isinstance(value, list):
        return "[" + ", ".join(_literal(v) for v in value) + "]"
    escaped = value.replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n")
    return f"'{escaped}'"


def _labels(categories: Iterable[str]) -> str:
    return "|".join(dict.fromkeys(node_class(c).label for c in categories))


def _types(predicates: Iterable[str]) -> str:
    return "|".join(dict.fromkeys(predicate(p).label for p in predicates))


def _arrow(inner: str, direction: Direction) -> str:
    left, right = {
        Direction.OUT: ("-", "->"),
        Direction.IN: ("<-", "-"),
        Direction.BOTH: ("-", "-"),
    }[direction]
    return f"{left}[{inner}]{right}"


def _hop(hop: Hop) -> str:
    symmetric = all(PREDICATES[p].symmetric for p in hop.predicates)
    repeats = "" if hop.least == hop.most == 1 else f"*{hop.least}..{hop.most}"
    inner = f":{_types(hop.predicates)}{repeats} {{polarity: '{hop.polarity.value}'}}"
    return _arrow(inner, Direction.BOTH if symmetric else hop.direction)


def _chain(constraint: Constraint, category: str, parameter: str, *, end: str) -> str:
    """The pattern from the anchor to ``end``; intermediate nodes show their classes."""
    pieces = [f"(:{_labels([category])} {{curie: ${parameter}}})"]
    at: tuple[str, ...] = (category,)
    for i, hop in enumerate(constraint.hops):
        at = tuple(dict.fromkeys((*at, *hop.categories))) if hop.expansion else hop.categories
        last = i == len(constraint.hops) - 1
        pieces += [_hop(hop), end if last else f"(:{_labels(at)})"]
    return "".join(pieces)


def _find(plan: FindPlan) -> Cypher:
    parameters: dict[str, str | list[str]] = {}
    wanted: list[str] = []
    unwanted: list[str] = []
    target = f"(t:{_labels(plan.target)})"
    pairs = zip(plan.constraints, plan.anchor_categories, strict=True)
    for i, (constraint, category) in enumerate(pairs):
        parameters[f"anchor{i}"] = constraint.anchor
        chain = _chain(
            constraint, category, f"anchor{i}", end="(t)" if constraint.negated else target
        )
        (unwanted if constraint.negated else wanted).append(chain)
    anchors = ", ".join(f"$anchor{i}" for i in range(len(plan.constraints)))
    conditions = [f"NOT t.curie IN [{anchors}]"]
    conditions += [f"NOT EXISTS {{ MATCH {chain} }}" for chain in unwanted]
    lines = _any_of(wanted) if plan.union else _all_of(wanted)
    lines += [
        "WHERE " + "\n  AND ".join(conditions),
        "UNWIND paths AS path",
        "UNWIND relationships(path) AS r",
        f"RETURN DISTINCT t.curie AS target, {_EDGE_COLUMNS}",
        "ORDER BY target, subject, predicate, object",
    ]
    return Cypher("\n".join(lines), MappingProxyType(parameters))


def _all_of(chains: list[str]) -> list[str]:
    lines = [f"MATCH p = {chains[0]}", "WITH t, collect(p) AS paths"]
    for chain in chains[1:]:
        lines += [f"MATCH p = {chain}", "WITH t, paths, collect(p) AS more"]
        lines += ["WITH t, paths + more AS paths"]
    return lines


def _any_of(chains: list[str]) -> list[str]:
    branches = "\n  UNION\n".join(f"  MATCH p = {chain} RETURN t, p" for chain in chains)
    return ["CALL {", branches, "}", "WITH t, collect(p) AS paths"]


def _check(plan: CheckPlan) -> Cypher:
    names = dict.fromkeys((*plan.predicates, *plan.denied_by))
    query = "\nUNION\n".join(branch for name in names for branch in _check_branches(plan, name))
    return Cypher(query, MappingProxyType({"subject": plan.subject, "object": plan.object}))


def _check_branches(plan: CheckPlan, name: str) -> Iterator[str]:
    subject = f"(:{_labels([plan.subject_category])} {{curie: $subject}})"
    object_ = f"(:{_labels([plan.object_category])} {{curie: $object}})"
    positive = f"WHERE all(r IN relationships(p) WHERE r.polarity = '{Polarity.POSITIVE.value}')"
    if name in CLASS_PREDICATES:
        types = _types(class_predicates(plan.subject_category))
        ends = (subject.replace("(", "(a", 1), object_.replace("(", "(b", 1))
        path = f"allShortestPaths((a)-[:{types}*1..{Hop.MOST_REPEATS}]->(b))"
        start = f"MATCH {ends[0]}, {ends[1]} WHERE a <> b"  # from a to a it would be an error
        yield "\n".join((start, f"MATCH p = {path}", positive, *_unwound()))
        return
    direction = Direction.BOTH if PREDICATES[name].symmetric else Direction.OUT
    arrow = _arrow(f":{_types([name])}", direction)
    widening = WIDENING.get(name)
    if not plan.widened or widening is None:
        only_positive = plan.widened or name not in plan.predicates
        where = (positive,) if only_positive else ()
        yield "\n".join((f"MATCH p = {subject}{arrow}{object_}", *where, *_unwound()))
        return
    for up, over in product(widening.subject or (None,), widening.object or (None,)):
        left = _kin(plan.subject_category, up)
        right = _kin(plan.object_category, _turned(over))
        start = f"{subject}{left}(x)" if left else subject.replace("(", "(x", 1)
        end = f"(y){right}{object_}" if right else object_.replace("(", "(y", 1)
        yield "\n".join(_joined(start, f"(x){arrow}(y)", end))


def _joined(start: str, joint: str, end: str, *conditions: str) -> tuple[str, ...]:
    """Positive edges on the ways from two concepts to their kin and of the joint between them.

    Each in a MATCH of its own: within one, no edge is passed twice, and two concepts may have a
    class in common.
    """
    positive = f"all(r IN edges WHERE r.polarity = '{Polarity.POSITIVE.value}')"
    return (
        f"MATCH p = {start}",
        f"MATCH q = {joint}",
        f"MATCH s = {end}",
        *(f"WHERE {condition}" for condition in conditions),
        "WITH relationships(p) + relationships(q) + relationships(s) AS edges",
        f"WHERE {positive}",
        "UNWIND edges AS r",
        f"RETURN DISTINCT {_EDGE_COLUMNS}",
    )


def _unwound() -> tuple[str, ...]:
    return ("UNWIND relationships(p) AS r", f"RETURN DISTINCT {_EDGE_COLUMNS}")


def _turned(direction: Direction | None) -> Direction | None:
    if direction is None:
        return None
    return Direction.IN if direction is Direction.OUT else Direction.OUT


def _kin(category: str, direction: Direction | None) -> str:
    """An expansion beside the asked edge; ``""`` where the predicate allows none."""
    if direction is None:
        return ""
    types = _types(class_predicates(category))
    return _arrow(f":{types}*0..{MOST_CLASSES}", direction)


def _among(plan: AmongPlan) -> Cypher:
    up = f"[:{_types(CLASS_PREDICATES)}*0..{MOST_CLASSES}]"
    among = "a.curie IN $concepts AND b.curie IN $concepts AND a.curie < b.curie"
    joint = f"(x)-[:{_types(plan.predicates)}]-(y)"
    query = "\n".join(_joined(f"(a)-{up}->(x)", joint, f"(y)<-{up}-(b)", among))
    return Cypher(query, MappingProxyType({"concepts": list(plan.concepts)}))


def _describe(plan: DescribePlan) -> Cypher:
    types = _types(class_predicates(plan.category))
    query = "\n".join(
        (
            f"MATCH (n:{_labels([plan.category])} {{curie: $concept}})",
            f"OPTIONAL MATCH (n)-[r:{types} {{polarity: 'positive'}}]->()",
            f"RETURN n.curie AS concept, {_EDGE_COLUMNS}",
        )
    )
    return Cypher(query, MappingProxyType({"concept": plan.concept}))


def _similar(plan: SimilarPlan) -> Cypher:
    label, edge = _labels([plan.category]), _types([plan.predicate])
    own = f"[:{edge} {{polarity: '{Polarity.POSITIVE.value}'}}]"
    kin = f"[:{_types([SUBCLASS_OF])}*1..{MOST_CLASSES}]"
    query = "\n".join(
        (
            f"MATCH (a:{label} {{curie: $concept}})-{own}->(f)",
            f"WITH a, f, COUNT {{ (:{label})-{own}->(f) }} AS spread",
            f"MATCH (t:{label})-{own}->(f)",
            f"WHERE t <> a AND NOT EXISTS {{ (a)-{kin}->(t) }} AND NOT EXISTS {{ (t)-{kin}->(a) }}",
            "WITH a, t, collect(f) AS shared, sum(1.0 / log(1 + spread)) AS weight",
            f"WHERE size(shared) >= {plan.least} "
            f"AND size(shared) >= {plan.LEAST_SHARE} * COUNT {{ (a)-{own}->() }}",
            f"WITH a, t, shared, weight / sqrt(1.0 * COUNT {{ (a)-{own}->() }} "
            f"* COUNT {{ (t)-{own}->() }}) AS score",
            f"ORDER BY round(score, 6) DESC, t.curie LIMIT {plan.most}",
            "UNWIND shared AS f",
            f"MATCH (x)-[r:{edge} {{polarity: '{Polarity.POSITIVE.value}'}}]->(f)",
            "WHERE x = a OR x = t",
            f"RETURN DISTINCT t.curie AS target, {_EDGE_COLUMNS}",
            "ORDER BY target, subject, predicate, object",
        )
    )
    return Cypher(query, MappingProxyType({"concept": plan.concept}))


def _joint(plan: JointPlan) -> Cypher:
    """The edges of every part, in one query; the parameters of part 1 begin with ``p1_``."""
    parameters: dict[str, str | list[str]] = {}
    branches = []
    for number, part in enumerate(plan.parts, 1):
        own = to_cypher(part)
        parameters |= {f"p{number}_{name}": value for name, value in own.parameters.items()}
        query = _PARAMETER.sub(rf"$p{number}_\1", own.query).replace("\n", "\n  ")
        branches.append(f"CALL {{\n  {query}\n}}\nRETURN DISTINCT {_ROW}")
    return Cypher("\nUNION\n".join(branches), MappingProxyType(parameters))
