"""What to say of a retrieval: the statements of an answer, in order.

Which facts are told is decided here, by the graph alone (:mod:`reasoning.statements`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from kg.records import Edge, Polarity, Triple
from kg.schema import CONTRAINDICATED_IN, INTERACTS_WITH
from kg.store import Direction, GraphStore
from reasoning.answer import Outcome
from reasoning.find_script import find_script, one_sided_script
from reasoning.frequency import only_caution
from reasoning.plan import (
    CLASS_PREDICATES,
    AmongPlan,
    CheckPlan,
    DescribePlan,
    FindPlan,
    Intent,
    JointPlan,
    SimilarPlan,
)
from reasoning.quoted_definitions import known_as, quoted
from reasoning.retrieval import Retrieval
from reasoning.sentence_frames import Kind, Relation
from reasoning.statements import (
    Fact,
    Group,
    Script,
    Statement,
    curated,
    details,
    listed,
    relation_of,
)

#: Most clauses in one sentence.
MOST_CLAUSES = 4
#: Most definitions quoted.
MOST_DEFINITIONS = 2
#: Fewest facts named of each of several things asked.
LEAST_NAMED = 3
#: Of how many similar concepts it is told what they share, and how much of it.
MOST_ALIKE_TOLD, MOST_SHARED_TOLD = 4, 5
#: Most pairs told as not recorded, of a question about several concepts.
MOST_PAIRS = 6


def general_script(plan: CheckPlan, retrieval: Retrieval, *, language: str) -> Script:
    """What to say of a check whose answer holds in general, but was asked of some patients."""
    told = _deciding(plan, retrieval)
    statements = [Statement(Kind.PLAIN, edges=told), *details(told, language), *curated(told)]
    edges = (*retrieval.supporting, *retrieval.denying)
    return Script((*statements, Statement(Kind.CAUTION_DANGER)), edges)


def script(
    retrieval: Retrieval,
    store: GraphStore,
    *,
    language: str = "en",
    named: int = 10,
    limit: int | None = None,
) -> Script:
    """What to say of ``retrieval``: the ``named`` best facts by name, the others counted.

    ``limit`` bounds the results whose edges become claims. A retrieval made with a limit of its
    own has lost the rest, which is then only counted.
    """
    named = named if limit is None else min(named, limit)
    match retrieval.plan:
        case FindPlan() as plan:
            return find_script(plan, retrieval, store, language=language, named=named, limit=limit)
        case CheckPlan() as plan:
            return _check(plan, retrieval, store, language=language)
        case AmongPlan() as plan:
            return _among(plan, retrieval, language=language, named=named)
        case DescribePlan() as plan:
            return _describe(plan, retrieval, store, language=language, named=named)
        case SimilarPlan() as plan:
            return _similar(plan, retrieval, store, language=language, named=named)
        case JointPlan() as plan:
            return _joint(plan, retrieval, store, language=language, named=named, limit=limit)


# --- check


_VERDICTS = {Outcome.YES: Kind.YES, Outcome.NO: Kind.NO, Outcome.CONFLICTING: Kind.CONFLICTING}


def _check(plan: CheckPlan, retrieval: Retrieval, store: GraphStore, *, language: str) -> Script:
    deciding = _deciding(plan, retrieval)
    edges = (*retrieval.supporting, *retrieval.denying)
    if not deciding:
        return Script(tuple(_unrecorded(plan, retrieval, store)), edges)
    statements = [Statement(_VERDICTS[retrieval.outcome], edges=deciding)]
    if retrieval.via_subclass:
        statements.append(Statement(Kind.RELATED))
    statements += details(deciding, language)
    statements += curated(deciding)
    return Script(tuple(statements), edges)


def _deciding(plan: CheckPlan, retrieval: Retrieval) -> tuple[Edge, ...]:
    """The edges that settle the question, class edges last, as many as one sentence takes."""
    if retrieval.outcome is Outcome.CONFLICTING:
        half = MOST_CLAUSES // 2
        if retrieval.via_subclass:
            return (*_joined(plan, retrieval.supporting), *_joined(plan, retrieval.denying))
        return (*_clauses(retrieval.supporting, half), *_clauses(retrieval.denying, half))
    stated = (retrieval.outcome is Outcome.YES) == (plan.polarity is Polarity.POSITIVE)
    if retrieval.outcome not in (Outcome.YES, Outcome.NO):
        return ()
    return _joined(plan, retrieval.supporting if stated else retrieval.denying)


def _joined(plan: CheckPlan, edges: Sequence[Edge]) -> tuple[Edge, ...]:
    """The first edge that says something and the class edges that join it to what was asked."""
    classes = [e for e in edges if e.predicate in CLASS_PREDICATES]
    for fact in edges:
        if not classes or fact.predicate in CLASS_PREDICATES:
            continue
        for one, other in ((fact.subject, fact.object), (fact.object, fact.subject)):
            up, over = _way(plan.subject, one, classes), _way(plan.object, other, classes)
            if up is not None and over is not None:
                return tuple(dict.fromkeys((fact, *up, *over)))
    return _clauses(edges, MOST_CLAUSES)


def _way(start: str, goal: str, edges: Sequence[Edge]) -> list[Edge] | None:
    """The shortest way between two concepts over ``edges``, followed either way, or None."""
    ways: dict[str, list[Edge]] = {start: []}
    layer = [start]
    while layer and goal not in ways:
        following = []
        for place in layer:
            for edge in edges:
                far = {edge.subject: edge.object, edge.object: edge.subject}.get(place)
                if far is not None and far not in ways:
                    ways[far] = [*ways[place], edge]
                    following.append(far)
        layer = following
    return ways.get(goal)


def _clauses(edges: Sequence[Edge], most: int) -> tuple[Edge, ...]:
    """The first edge that says something, and the class edges that lead to it."""
    facts = [e for e in edges if e.predicate not in CLASS_PREDICATES]
    classes = [e for e in edges if e.predicate in CLASS_PREDICATES]
    if not facts:
        return tuple(classes[:most])
    if not classes:
        return tuple(facts[:2][:most])
    ends = {facts[0].subject, facts[0].object}
    chain: list[Edge] = []
    while (link := next((e for e in classes if e not in chain and _touches(e, ends)), None)) and (
        len(chain) < most - 1
    ):
        chain.append(link)
        ends |= {link.subject, link.object}
    return (facts[0], *chain)


def _touches(edge: Edge, ends: set[str]) -> bool:
    return edge.subject in ends or edge.object in ends


def _unrecorded(plan: CheckPlan, retrieval: Retrieval, store: GraphStore) -> Iterator[Statement]:
    """Not recorded; of a danger, what denies it is told, which is no proof of safety."""
    danger = plan.intent is Intent.SAFETY
    told = _clauses(retrieval.denying, MOST_CLAUSES)
    cautions = tuple(e for e in retrieval.supporting if only_caution(e))
    if cautions:
        told = _clauses(retrieval.supporting, MOST_CLAUSES)
    if told:
        yield Statement(Kind.PLAIN, edges=told)
    if cautions:
        yield Statement(Kind.ONLY_CAUTION)
        yield from curated(told)
        return
    for predicate in () if told else plan.predicates[: 2 if danger else 1]:
        danger = danger or predicate in (CONTRAINDICATED_IN, INTERACTS_WITH)
        triple = Triple(plan.subject, predicate, plan.object)
        if any(store.edge(triple, polarity) for polarity in Polarity):
            yield Statement(Kind.NOTHING)
        else:
            relation = Relation(predicate, Direction.OUT, Polarity.POSITIVE)
            yield Statement(Kind.WHETHER, relation, anchors=(plan.subject, plan.object))
    yield Statement(Kind.CAUTION_DANGER if danger else Kind.CAUTION)


# --- among


def _among(plan: AmongPlan, retrieval: Retrieval, *, language: str, named: int) -> Script:
    facts = [e for e in retrieval.supporting if e.predicate not in CLASS_PREDICATES][:named]
    ends = {end for e in facts for end in (e.subject, e.object)}
    classes = [
        e
        for e in retrieval.supporting
        if e.predicate in CLASS_PREDICATES and _touches(e, ends | set(plan.concepts))
    ]
    statements = [Statement(Kind.PLAIN, edges=(e,)) for e in facts]
    if classes:
        statements.append(Statement(Kind.PLAIN, edges=tuple(classes[:MOST_CLAUSES])))
    told = (*facts, *classes[:MOST_CLAUSES])
    statements += details(told, language)
    absent = list(_absent_pairs(plan, retrieval))
    statements += absent
    if absent:
        statements.append(Statement(Kind.CAUTION_DANGER))
    statements += curated(told)
    return Script(tuple(statements), retrieval.supporting)


def _absent_pairs(plan: AmongPlan, retrieval: Retrieval) -> Iterator[Statement]:
    classes = [e for e in retrieval.supporting if e.predicate in CLASS_PREDICATES]
    facts = [e for e in retrieval.supporting if e.predicate not in CLASS_PREDICATES]
    kin = {concept: _with_classes(concept, classes) for concept in plan.concepts}
    relation = Relation(plan.predicates[0], Direction.OUT, Polarity.POSITIVE)
    told = 0
    for number, a in enumerate(plan.concepts):
        for b in plan.concepts[number + 1 :]:
            joined = any(
                (e.subject in kin[a] and e.object in kin[b])
                or (e.subject in kin[b] and e.object in kin[a])
                for e in facts
            )
            if not joined and told < MOST_PAIRS:
                told += 1
                yield Statement(Kind.WHETHER, relation, anchors=(a, b))


def _with_classes(concept: str, classes: Sequence[Edge]) -> set[str]:
    kin = {concept}
    grown = True
    while grown:
        wider = {e.object for e in classes if e.subject in kin} - kin
        kin |= wider
        grown = bool(wider)
    return kin


# --- joint

#: Said at most once, behind everything that is told.
_CLOSING = frozenset(
    {Kind.LEFT_OUT_CAUTION, Kind.ONE_SIDED, Kind.CAUTION_NONE, Kind.CAUTION_DANGER}
)
#: Of a comparison: what the other has is told beside it, and not left out of the answer.
_LEFT_OUT = frozenset({Kind.LEFT_OUT, Kind.LEFT_OUT_PLAIN})
_SOURCED = frozenset({Kind.CURATOR, Kind.CURATOR_ALL})


def _joint(
    plan: JointPlan,
    retrieval: Retrieval,
    store: GraphStore,
    *,
    language: str,
    named: int,
    limit: int | None,
) -> Script:
    """The parts one after another; what holds of all of them is said once, at the end.

    Of a part that compares two concepts and found nothing, nothing is said, unless none found
    anything.
    """
    comparing = plan.intent is Intent.COMPARISON
    each = max(LEAST_NAMED, (2 * named) // len(retrieval.parts))
    told = [p for p in retrieval.parts if p.total or not comparing] or [retrieval.parts[0]]
    scripts = [
        (_one_sided(p, named=min(each, named), limit=limit) if comparing else None)
        or script(p, store, language=language, named=min(each, named), limit=limit)
        for p in told
    ]
    statements = [s for part in scripts for s in part.statements]
    unsaid = _CLOSING | _SOURCED | (_LEFT_OUT if comparing else frozenset())
    spoken = [s for s in statements if s.kind not in unsaid]
    closing = [s for s in dict.fromkeys(statements) if s.kind in _CLOSING]
    if comparing:
        closing = [s for s in closing if s.kind is not Kind.LEFT_OUT_CAUTION]
    facts = tuple(e for part in scripts for e in part.named)
    return Script(
        (*spoken, *closing, *curated(facts)),
        tuple({e.key: e for part in scripts for e in part.unnamed}.values()),
        tuple(d for part in scripts for d in part.definitions),
    )


def _one_sided(part: Retrieval, *, named: int, limit: int | None) -> Script | None:
    """The script of a part that tells what one has and the other has not; None of another."""
    plan = part.plan
    if not isinstance(plan, FindPlan) or not part.matches or part.via_subclass:
        return None
    if sorted(c.negated for c in plan.constraints) != [False, True]:
        return None
    found = one_sided_script(plan, part, named=named, limit=limit)
    return found if found.statements else None


# --- similar


def _similar(
    plan: SimilarPlan, retrieval: Retrieval, store: GraphStore, *, language: str, named: int
) -> Script:
    """The concepts alike by name, and of the best what they share."""
    relation = Relation(plan.predicate, Direction.OUT, Polarity.POSITIVE)
    if not retrieval.matches:
        return Script((Statement(Kind.NOTHING), Statement(Kind.CAUTION_NONE)))
    best = retrieval.matches[:named]
    concepts = [(m.concept, store.concept(m.concept).name(language)) for m in best]
    statements = [Statement(Kind.ALIKE, anchors=(plan.concept,), options=tuple(concepts))]
    for match in best[:MOST_ALIKE_TOLD]:
        pairs = zip(match.edges[::2], match.edges[1::2], strict=True)
        facts = tuple(Fact(own.object, (own, other)) for own, other in pairs)[:MOST_SHARED_TOLD]
        group = Group(relation, (plan.concept, match.concept), facts)
        statements.append(Statement(Kind.LIST, relation, anchors=group.anchors, facts=facts))
    told = (e for s in statements for f in s.facts for e in f.edges)
    statements += curated(told)
    return Script(tuple(statements), retrieval.supporting)


# --- describe


def _describe(
    plan: DescribePlan, retrieval: Retrieval, store: GraphStore, *, language: str, named: int
) -> Script:
    match plan.intent:
        case Intent.IDENTIFIER:
            return Script(tuple(_identified(plan, retrieval)))
        case Intent.NAMES:
            own = "" if (concept := store.get(plan.concept)) is None else concept.name(language)
            return Script(tuple(_called(plan, retrieval, own=own, named=named)))
    ordered = sorted(retrieval.definitions, key=lambda d: d.language != language)
    definitions = tuple(ordered[:MOST_DEFINITIONS])
    statements = [
        Statement(
            Kind.DEFINITION,
            anchors=(plan.concept,),
            values=(
                ("source", known_as(d.provenance.source, language)),
                ("value", quoted(d.text)),
            ),
        )
        for d in definitions
    ]
    statements += _classes_told(plan, retrieval, named=named)
    if not statements:
        statements = [Statement(Kind.NO_DEFINITION, anchors=(plan.concept,))]
    return Script(tuple(statements), retrieval.supporting, definitions)


def _classes_told(plan: DescribePlan, retrieval: Retrieval, *, named: int) -> Iterator[Statement]:
    grouped: dict[Relation, list[Fact]] = {}
    for edge in retrieval.supporting[:named]:
        far = edge.object if edge.subject == plan.concept else edge.subject
        grouped.setdefault(relation_of(edge, plan.concept), []).append(Fact(far, (edge,)))
    for relation, facts in grouped.items():
        yield from listed(Group(relation, (plan.concept,), tuple(facts)), Kind.LIST)
    yield from curated(retrieval.supporting[:named])


def _identified(plan: DescribePlan, retrieval: Retrieval) -> Iterator[Statement]:
    anchors = (plan.concept,)
    asked = plan.identifier
    prefix = asked.partition(":")[0].casefold() + ":"
    same_kind = [i for i in retrieval.identifiers if i.casefold().startswith(prefix)]
    held = next((i for i in same_kind if i.casefold() == asked.casefold()), None)
    if retrieval.outcome is Outcome.NOT_RECORDED or not retrieval.identifiers:
        yield Statement(Kind.IDENTIFIERS_NONE, anchors=anchors)
        yield Statement(Kind.CAUTION_NONE)
        return
    if not asked:
        kind, told = Kind.IDENTIFIERS, list(retrieval.identifiers)
    else:
        kind = Kind.IDENTIFIERS_YES if retrieval.outcome is Outcome.YES else Kind.IDENTIFIERS_NO
        told = [held] if held else same_kind
    yield Statement(kind, anchors=anchors, options=tuple((i, i) for i in told))


def _called(
    plan: DescribePlan, retrieval: Retrieval, *, own: str, named: int
) -> Iterator[Statement]:
    names = tuple(dict.fromkeys(n.text for n in retrieval.names if n.text != own))[:named]
    if names:
        options = tuple((plan.concept, name) for name in names)
        yield Statement(Kind.OTHER_NAMES, anchors=(plan.concept,), options=options)
    else:
        yield Statement(Kind.NOTHING)
        yield Statement(Kind.CAUTION_NONE)
