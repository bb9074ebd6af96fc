"""Plan → edges: what the graph holds of what was asked, ranked.

A plan that finds concepts is followed constraint by constraint from its anchors; what stands in
all of them (or, in a union, in any) and in no negated one is a :class:`Match`, with every edge
that led to it. A plan that checks a triple looks for edges that state it and edges that deny it;
neither is "not recorded", which is no "no".

Where no similar disease is recorded, the diseases with the most similar findings are looked for.
Where the very concepts asked about have no edge, the plan is widened along the classes
(:data:`reasoning.plan.WIDENING`) and executed again; what that finds is marked ``via_subclass``
and the plan handed back is the widened one, so that plan, Cypher and edges agree.

Ranking: evidence confidence × frequency (the midpoint of what the source states), the geometric
mean over constraints. Diseases by how they show come first where they have fewer other findings
and where more else is recorded of them (the common before the rare); what is a kind of a better
result, or what that is a kind of, comes behind the best ones and is told beside it.
Order is deterministic on every store.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from kg.records import Definition, Edge, EdgeKey, Name, Polarity, Subgraph, Triple
from kg.schema import (
    CONTRAINDICATED_IN,
    DIAGNOSES,
    HAS_COMPLICATION,
    HAS_PHENOTYPE,
    PREDISPOSES,
    SUBCLASS_OF,
    TREATS,
)
from kg.store import EVERY_EDGE, Direction, EdgeFilter, GraphStore, subgraph_of
from reasoning.answer import Outcome
from reasoning.frequency import only_caution
from reasoning.plan import (
    CLASS_PREDICATES,
    WIDENING,
    AmongPlan,
    CheckPlan,
    DescribePlan,
    FindPlan,
    Intent,
    JointPlan,
    Plan,
    SimilarPlan,
    SinglePlan,
    class_predicates,
)
from reasoning.profiles import alike
from reasoning.traversal import Reached, Walker, edges_to
from reasoning.widening import by_profile, raised, through_diseases, widened

#: How many of the best are looked at again for specificity.
MOST_SPECIFIC = 30

#: How many of the best are looked at for kinds of one another.
MOST_FOLDED = 30

#: So many records beside the findings make a disease a well-known one.
ENOUGH_KNOWN = 30

#: Questions answered with diseases by how they show.
_PRESENTATIONS = frozenset({Intent.DISEASES_WITH_FINDINGS, Intent.CAUSES})

#: What is recorded of a disease beside its findings.
_WELL_KNOWN = (
    ((TREATS, DIAGNOSES, PREDISPOSES), Direction.IN),
    ((HAS_COMPLICATION,), Direction.OUT),
)


@dataclass(frozen=True, slots=True)
class Match:
    """A concept that was found.

    Args:
        concept: its CURIE.
        edges: what supports it, constraint by constraint, from the anchor on; never empty.
        opposing: recorded edges that deny one of the edges arriving at it.
        score: what it was ranked by, in (0, 1].
        via_subclass: found through a subclass, class or class member of the concept asked about.
        beside: the better result that this one is a kind of, or that is a kind of this one; told
            in one line with it. "" for none.
    """

    concept: str
    edges: tuple[Edge, ...]
    opposing: tuple[Edge, ...] = ()
    score: float = 1.0
    via_subclass: bool = False
    beside: str = ""


@dataclass(frozen=True, slots=True)
class Retrieval:
    """What executing a plan gave.

    Args:
        plan: as executed: the widened form where that is what found something.
        outcome: ``answered`` or ``not_recorded``; for a check ``yes``, ``no``, ``conflicting`` or
            ``not_recorded``.
        matches: results of a plan that finds, best first, up to the limit.
        total: how many results there are without the limit.
        supporting: every edge that supports the results or the triple.
        denying: edges that deny the triple asked about.
        definitions: definitions of the concept described.
        identifiers: its CURIE and cross-references, where those were asked for.
        names: its names, where those were asked for.
        via_subclass: a check that was decided by an edge on kin of the two concepts.
        parts: of a joint plan, what each part gave, in order.
        subgraph: all edges above, each once, in ranked order.
    """

    plan: Plan
    outcome: Outcome
    matches: tuple[Match, ...] = ()
    total: int = 0
    supporting: tuple[Edge, ...] = ()
    denying: tuple[Edge, ...] = ()
    definitions: tuple[Definition, ...] = ()
    identifiers: tuple[str, ...] = ()
    names: tuple[Name, ...] = ()
    via_subclass: bool = False
    parts: tuple[Retrieval, ...] = ()
    subgraph: Subgraph = field(default_factory=Subgraph)


def execute(
    plan: Plan,
    store: GraphStore,
    *,
    limit: int | None = None,
    edge_filter: EdgeFilter = EVERY_EDGE,
    widen: bool = True,
    upward: bool = True,
) -> Retrieval:
    """Run ``plan`` on ``store``.

    ``edge_filter`` restricts sources, licences and qualifiers of the evidence (its predicates,
    polarity and classes are the plan's business and are not looked at). ``widen`` lets a plan
    that finds nothing take in subclasses and classes, ``upward`` what its concept is a kind of.
    A concept that is not in the graph has no
    edges; that is "not recorded".
    """
    walker = Walker(store, edge_filter)
    if isinstance(plan, JointPlan):
        single = [
            _single(part, walker, limit=limit, widen=widen, upward=upward) for part in plan.parts
        ]
        return _joint(plan, single, walker)
    return _single(plan, walker, limit=limit, widen=widen, upward=upward)


def _single(
    plan: SinglePlan, walker: Walker, *, limit: int | None, widen: bool, upward: bool
) -> Retrieval:
    match plan:
        case FindPlan():
            return _find(plan, walker, limit=limit, widen=widen, upward=upward)
        case CheckPlan():
            return _check(plan, walker, widen=widen)
        case AmongPlan():
            return _among(plan, walker)
        case DescribePlan():
            return _describe(plan, walker)
        case SimilarPlan():
            return _similar(plan, walker, limit=limit)


def _joint(plan: JointPlan, parts: list[Retrieval], walker: Walker) -> Retrieval:
    """What the parts gave, together: answered where any of them is."""
    answered = any(part.outcome is Outcome.ANSWERED for part in parts)
    executed = tuple(part.plan for part in parts if not isinstance(part.plan, JointPlan))
    return Retrieval(
        replace(plan, parts=executed),
        Outcome.ANSWERED if answered else Outcome.NOT_RECORDED,
        total=sum(part.total for part in parts),
        supporting=_once(e for part in parts for e in part.supporting),
        denying=_once(e for part in parts for e in part.denying),
        via_subclass=any(part.via_subclass for part in parts),
        parts=tuple(parts),
        subgraph=subgraph_of(walker.store, _once(e for part in parts for e in part.subgraph.edges)),
    )


def _similar(plan: SimilarPlan, walker: Walker, *, limit: int | None) -> Retrieval:
    found = alike(plan, walker)
    matches = tuple(Match(one.curie, one.edges, score=one.score) for one in found)[:limit]
    edges = _once(e for match in matches for e in match.edges)
    return Retrieval(
        plan,
        Outcome.ANSWERED if found else Outcome.NOT_RECORDED,
        matches=matches,
        total=len(found),
        supporting=edges,
        subgraph=subgraph_of(walker.store, edges),
    )


# --- find


def _find(
    plan: FindPlan, walker: Walker, *, limit: int | None, widen: bool, upward: bool
) -> Retrieval:
    found = _reach(plan, walker)
    profile = by_profile(plan) if widen and not found else None
    if profile is not None:
        return _similar(profile, walker, limit=limit)
    for wider in (widened(plan), raised(plan) if upward else None, through_diseases(plan)):
        if widen and not found and wider is not None:
            found = _reach(wider, walker)
            plan = wider if found else plan
    matches = _ranked(plan, found, walker, limit)
    edges = [e for m in matches for e in (*m.edges, *m.opposing)]
    return Retrieval(
        plan,
        Outcome.ANSWERED if found else Outcome.NOT_RECORDED,
        matches=matches,
        total=len(found),
        supporting=_once(e for m in matches for e in m.edges),
        denying=_once(e for m in matches for e in m.opposing),
        via_subclass=any(m.via_subclass for m in matches),
        subgraph=subgraph_of(walker.store, edges),
    )


def _reach(plan: FindPlan, walker: Walker) -> dict[str, tuple[Reached, ...]]:
    """Targets that stand in the constraints, each with how each constraint reached it."""
    wanted = [walker.follow(c.anchor, c.hops) for c in plan.constraints if not c.negated]
    curies = set().union(*wanted) if plan.union else set(wanted[0]).intersection(*wanted[1:])
    curies -= {c.anchor for c in plan.constraints}
    for constraint in plan.constraints:
        if constraint.negated and curies:
            curies -= walker.follow(constraint.anchor, constraint.hops, whole=True).keys()
    return {c: tuple(reached[c] for reached in wanted if c in reached) for c in curies}


def _ranked(
    plan: FindPlan,
    found: dict[str, tuple[Reached, ...]],
    walker: Walker,
    limit: int | None,
) -> tuple[Match, ...]:
    asked = sum(not c.negated for c in plan.constraints)
    scores = {curie: _score(reached, asked) for curie, reached in found.items()}
    order = sorted(scores, key=lambda curie: (-scores[curie], curie))
    if plan.intent in _PRESENTATIONS:
        for curie in order[:MOST_SPECIFIC]:
            scores[curie] *= _specificity(curie, walker) * _known(curie, walker)
        order.sort(key=lambda curie: (-scores[curie], curie))
    beside: dict[str, str] = {}
    if plan.intent not in (Intent.CLASS_MEMBERS, Intent.CLASS_OF_DRUG, Intent.GENES):
        beside = _kin(order[:MOST_FOLDED], walker)
        apart = [curie for curie in order[:MOST_FOLDED] if curie not in beside]
        order = [*apart, *beside, *order[MOST_FOLDED:]]
    return tuple(
        replace(_match(c, found[c], scores[c], walker), beside=beside.get(c, ""))
        for c in order[:limit]
    )


def _score(reached: tuple[Reached, ...], asked: int) -> float:
    """Geometric mean of the constraints' scores; one that is not met counts nearly nothing."""
    product = 1.0
    for one in reached:
        product *= one.score
    product *= 0.01 ** (asked - len(reached))
    return float(round(max(product ** (1.0 / asked), 1e-6), 6))


def _known(curie: str, walker: Walker) -> float:
    """How much else is recorded of a disease, in [0.3, 1]: of what is common, most is."""
    recorded = sum(
        len(walker.step(curie, predicates, direction)) for predicates, direction in _WELL_KNOWN
    )
    return 0.3 + 0.7 * min(1.0, recorded / ENOUGH_KNOWN)


def _kin(order: list[str], walker: Walker) -> dict[str, str]:
    """Results that are a kind of a better one, or what a better one is a kind of, and that one.

    Told in one line with it, so that the ten lines are of ten different things.
    """
    classes: dict[str, set[str]] = {}  # of the results that have a line of their own
    under: dict[str, str] = {}  # those lines, and the kinds of them that were found
    beside: dict[str, str] = {}
    for curie in order:
        own = {e.object for e in walker.step(curie, (SUBCLASS_OF,), Direction.OUT)}
        wider = next((one for one in under if one in own), "")
        narrower = next((one for one, its in classes.items() if curie in its), "")
        if wider:
            beside[curie] = under[curie] = under[wider]
        elif narrower:
            beside[curie] = narrower
        else:
            classes[curie], under[curie] = own, curie
    return beside


def _specificity(curie: str, walker: Walker) -> float:
    findings = walker.count(curie, HAS_PHENOTYPE)
    return 1.0 - 0.1 * min(1.0, findings / 100.0)


def _match(curie: str, reached: tuple[Reached, ...], score: float, walker: Walker) -> Match:
    edges = _once(e for one in reached for e in edges_to(one))
    arriving = [e for one in reached for _, e in one.incoming]
    return Match(
        curie,
        edges,
        opposing=_once(o for e in arriving if (o := walker.opposite(e)) is not None),
        score=round(score, 6),
        via_subclass=all(one.kin for one in reached),
    )


def _once(edges: Iterable[Edge]) -> tuple[Edge, ...]:
    kept: dict[EdgeKey, Edge] = {}
    for edge in edges:
        kept.setdefault(edge.key, edge)
    return tuple(kept.values())


# --- check


def _check(plan: CheckPlan, walker: Walker, *, widen: bool) -> Retrieval:
    result = _decided(plan, walker, *_direct(plan, walker), kin=False)
    if not plan.widened and (result.outcome is not Outcome.NOT_RECORDED or not widen):
        return result
    wide = replace(plan, widened=True)
    supporting = [e for p in plan.predicates for e in _through_kin(wide, p, walker)]
    denying = [e for p in plan.denied_by for e in _through_kin(wide, p, walker)]
    if all(only_caution(e) for e in denying if e.predicate in plan.denied_by):
        denying = []
    wider = _decided(wide, walker, supporting, denying, kin=True)
    if wider.outcome is Outcome.NOT_RECORDED and not plan.widened:
        return result
    return wider


def _direct(plan: CheckPlan, walker: Walker) -> tuple[list[Edge], list[Edge]]:
    supporting: list[Edge] = []
    denying: list[Edge] = []
    for name in plan.predicates:
        if name in CLASS_PREDICATES:
            supporting += walker.ascent(plan.subject, plan.object)
        triple = Triple(plan.subject, name, plan.object)
        supporting += walker.stated(triple, Polarity.POSITIVE)
        denying += walker.stated(triple, Polarity.NEGATIVE)
    for name in plan.denied_by:
        harm = walker.stated(Triple(plan.subject, name, plan.object), Polarity.POSITIVE)
        denying += [e for e in harm if not only_caution(e)]
    return supporting, denying


def _through_kin(plan: CheckPlan, name: str, walker: Walker) -> list[Edge]:
    widening = WIDENING.get(name)
    if widening is None or name in CLASS_PREDICATES:
        return []
    return walker.between(
        (plan.subject, plan.subject_category, widening.subject),
        (plan.object, plan.object_category, widening.object),
        name,
    )


def _decided(
    plan: CheckPlan, walker: Walker, supporting: list[Edge], denying: list[Edge], *, kin: bool
) -> Retrieval:
    for_it, against = _once(supporting), _once(denying)
    stated = bool(for_it) and not _mere_caution(plan, for_it)
    return Retrieval(
        plan,
        _verdict(plan, stated, bool(against)),
        total=len(for_it) + len(against),
        supporting=for_it,
        denying=against,
        via_subclass=kin and bool(for_it or against),
        subgraph=subgraph_of(walker.store, (*for_it, *against)),
    )


def _mere_caution(plan: CheckPlan, edges: Iterable[Edge]) -> bool:
    """Whether a contraindication was asked about and only caution is recorded.

    That answers "is it safe" (no, not without caution) but not "is it contraindicated".
    """
    if plan.intent is Intent.SAFETY:
        return False
    asked = [e for e in edges if e.predicate in plan.predicates]
    return bool(asked) and all(e.predicate == CONTRAINDICATED_IN and only_caution(e) for e in asked)


def _verdict(plan: CheckPlan, stated: bool, denied: bool) -> Outcome:
    """The truth of the statement as worded. That something is safe is never a yes."""
    if stated and denied:
        return Outcome.CONFLICTING
    if not stated and not denied:
        return Outcome.NOT_RECORDED
    if plan.intent is Intent.SAFETY and not stated:
        return Outcome.NOT_RECORDED
    return Outcome.YES if stated == (plan.polarity is Polarity.POSITIVE) else Outcome.NO


# --- among, describe


def _among(plan: AmongPlan, walker: Walker) -> Retrieval:
    pairs = [
        ((a, a_class), (b, b_class))
        for i, (a, a_class) in enumerate(zip(plan.concepts, plan.categories, strict=True))
        for b, b_class in list(zip(plan.concepts, plan.categories, strict=True))[i + 1 :]
    ]
    up = (Direction.OUT,)
    edges = _once(
        edge
        for a, b in pairs
        for name in plan.predicates
        for edge in walker.between((*a, up), (*b, up), name)
    )
    return Retrieval(
        plan,
        Outcome.ANSWERED if edges else Outcome.NOT_RECORDED,
        total=sum(e.predicate not in CLASS_PREDICATES for e in edges),
        supporting=edges,
        via_subclass=any(e.predicate in CLASS_PREDICATES for e in edges),
        subgraph=subgraph_of(walker.store, edges),
    )


def _describe(plan: DescribePlan, walker: Walker) -> Retrieval:
    concept = walker.store.get(plan.concept)
    if concept is None:
        return Retrieval(plan, Outcome.NOT_RECORDED)
    if plan.intent is Intent.IDENTIFIER:
        identifiers = (concept.curie, *concept.xrefs)
        return Retrieval(plan, _identified(plan, identifiers), identifiers=identifiers)
    edges = tuple(walker.step(plan.concept, class_predicates(plan.category), Direction.OUT))
    definitions = concept.definitions if plan.intent is Intent.DEFINITION else ()
    names = concept.names if plan.intent is Intent.NAMES else ()
    known = bool(edges or definitions or names)
    return Retrieval(
        plan,
        Outcome.ANSWERED if known else Outcome.NOT_RECORDED,
        total=len(edges),
        supporting=edges,
        definitions=definitions,
        names=names,
        subgraph=subgraph_of(walker.store, edges),
    )


def _identified(plan: DescribePlan, identifiers: tuple[str, ...]) -> Outcome:
    """Whether the identifier asked about is the concept's; a "no" needs another one of its kind."""
    if not plan.identifier:
        return Outcome.ANSWERED
    wanted = plan.identifier.casefold()
    held = any(i.casefold() == wanted for i in identifiers)
    prefix = wanted.partition(":")[0]
    if not held and not any(i.casefold().partition(":")[0] == prefix for i in identifiers):
        return Outcome.NOT_RECORDED
    return Outcome.YES if held == (plan.polarity is Polarity.POSITIVE) else Outcome.NO
