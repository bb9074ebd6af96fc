"""A question → sentences of documents that support or contradict what it asks.

The plan of the question says which claims are asked for; the index knows which sentences state or
deny them (:mod:`reasoning.literature_index`). Kinds of a concept count where the graph's own
answers let them count (:data:`~reasoning.plan.WIDENING`). Sentences are ordered by the confidence
of their reading and by how near their passage is to the question (BM25), one of each document
first. What no sentence states is "cannot answer from these documents": nothing is quoted then.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from kg.records import Polarity, Triple
from kg.schema import PREDICATES
from kg.store import EVERY_EDGE, Direction, GraphStore
from reasoning.literature_index import FoundStatement, LiteratureIndex
from reasoning.plan import (
    WIDENING,
    AmongPlan,
    CheckPlan,
    Constraint,
    FindPlan,
    Hop,
    JointPlan,
    Plan,
    Widening,
)
from reasoning.quotes import LiteratureAnswer, LiteratureOutcome, Quote, Stance
from reasoning.summary import Telling, picked
from reasoning.traversal import Walker

#: Sentences quoted for and against, each.
MOST_QUOTES = 5
#: Documents pointed at where nothing can be quoted.
MOST_NEAREST = 3

_ITSELF = Widening((), ())
_Place: TypeAlias = tuple[str, str, int, Stance]


@dataclass(frozen=True, slots=True)
class _Held:
    """A sentence, the claim it is held against, and which side it is on."""

    found: FoundStatement
    claim: Triple
    stance: Stance


class Literature:
    """Asks one index.

    Args:
        index: the documents.
        store: the graph whose classes say what is a kind of what.
        licences: documents under other licences are not quoted; every document where None.
        quoted: sentences quoted for, and as many against.
        summarise: where more than 0, quote so many sentences in all instead: those that together
            say most (:mod:`reasoning.summary`).
    """

    def __init__(
        self,
        index: LiteratureIndex,
        store: GraphStore,
        *,
        licences: Collection[str] | None = None,
        quoted: int = MOST_QUOTES,
        summarise: int = 0,
    ) -> None:
        self._index = index
        self._store = store
        self._walker = Walker(store, EVERY_EDGE)
        self._licences = None if licences is None else frozenset(licences)
        self._quoted = quoted
        self._summarise = summarise
        self._documents = len(index)

    def answer(
        self, question: str, plans: Sequence[Plan], *, language: str = "en"
    ) -> LiteratureAnswer:
        """What the documents say.

        Args:
            question: as asked; orders the sentences.
            plans: what it was understood to ask, the likeliest first; the first that any sentence
                answers is taken. Without one the documents cannot answer.
            language: in which concepts are named; sentences stay as they are.

        Raises:
            UsageError: where the index turns out to be damaged.
        """
        for plan in plans:
            kept = list(self._kept(self._held(question, plan)))
            held = self._distinct(kept)
            if held:
                return self._told(held, kept, language)
        nearest = dict.fromkeys(p.document for p in self._index.search(question, limit=10))
        return LiteratureAnswer(
            LiteratureOutcome.CANNOT_ANSWER,
            documents=self._documents,
            nearest=tuple(nearest)[:MOST_NEAREST],
        )

    # --- what a plan asks

    def _held(self, question: str, plan: Plan) -> list[_Held]:
        match plan:
            case CheckPlan():
                return list(self._checked(question, plan))
            case FindPlan():
                return self._found(question, plan)
            case AmongPlan():
                return list(self._among(question, plan))
            case JointPlan():
                return [held for part in plan.parts for held in self._held(question, part)]
            case _:
                return []

    def _checked(self, question: str, plan: CheckPlan) -> Iterator[_Held]:
        for predicates, agrees in ((plan.predicates, True), (plan.denied_by, False)):
            for name in predicates:
                ways = WIDENING.get(name, _ITSELF)
                ends = (
                    self._kin(plan.subject, plan.subject_category, ways.subject),
                    self._kin(plan.object, plan.object_category, ways.object),
                )
                shown = name if agrees else plan.predicates[0]
                claim = Triple(plan.subject, shown, plan.object)
                for found in self._between(question, ends[0], (name,), ends[1]):
                    states = _states(found)
                    if not agrees and not states:
                        continue  # that it does no harm is not that it helps
                    yield _Held(found, claim, _stance(states is agrees))

    def _among(self, question: str, plan: AmongPlan) -> Iterator[_Held]:
        ends = frozenset(plan.concepts)
        for found in self._between(question, ends, plan.predicates, ends):
            yield _stated(found)

    def _found(self, question: str, plan: FindPlan) -> list[_Held]:
        """What stands in every constraint (in a union: in any) by what sentences state."""
        asked: list[Mapping[str, list[FoundStatement]]] = []
        unwanted: set[str] = set()
        for constraint, category in zip(plan.constraints, plan.anchor_categories, strict=True):
            reached = self._reached(question, constraint, category)
            if reached is None:
                return []  # of several hops; one sentence does not state that
            if constraint.negated:
                unwanted |= {end for end, found in reached.items() if any(map(_states, found))}
            else:
                asked.append(reached)
        ends = set().union(*asked) if plan.union else set(asked[0]).intersection(*asked[1:])
        ends -= unwanted | {c.anchor for c in plan.constraints}
        kept = {end for end in ends if self._category(end) in plan.target}
        return [
            _stated(found) for reached in asked for end in sorted(kept & reached.keys())
            for found in reached[end]
        ]  # fmt: skip

    def _reached(
        self, question: str, constraint: Constraint, category: str
    ) -> dict[str, list[FoundStatement]] | None:
        """Statements of a constraint of one hop, by the concept at its other end."""
        hops = [hop for hop in constraint.hops if not hop.expansion]
        if len(hops) != 1 or hops[0].most > 1:
            return None
        hop = hops[0]
        reached: dict[str, list[FoundStatement]] = {}
        for name in hop.predicates:
            ways = WIDENING.get(name, _ITSELF)
            for outward in _outward(hop, name):
                kin = self._kin(
                    constraint.anchor, category, ways.subject if outward else ways.object
                )
                sides = (kin, None) if outward else (None, kin)
                for found in self._index.statements(
                    question, subjects=sides[0], predicates=(name,), objects=sides[1]
                ):
                    if hop.polarity is Polarity.NEGATIVE and _states(found):
                        continue  # asked is what does not hold
                    triple = found.statement.triple
                    reached.setdefault(triple.object if outward else triple.subject, []).append(
                        found
                    )
        return reached

    def _between(
        self,
        question: str,
        subjects: Collection[str],
        predicates: Collection[str],
        objects: Collection[str],
    ) -> Iterator[FoundStatement]:
        """Statements between two sets of concepts, either way round where the predicate is."""
        yield from self._index.statements(
            question, subjects=subjects, predicates=predicates, objects=objects
        )
        symmetric = [name for name in predicates if PREDICATES[name].symmetric]
        if symmetric and set(subjects) != set(objects):
            yield from self._index.statements(
                question, subjects=objects, predicates=symmetric, objects=subjects
            )

    def _kin(self, curie: str, category: str, ways: tuple[Direction, ...]) -> frozenset[str]:
        return frozenset(self._walker.kin((curie, category, ways)))

    def _category(self, curie: str) -> str:
        concept = self._store.get(curie)
        return "" if concept is None else concept.category

    # --- what is told

    def _kept(self, held: Iterable[_Held]) -> Iterator[_Held]:
        """Those under the licences asked for, between concepts the graph holds."""
        for one in held:
            of = one.found.statement
            known = of.triple.subject in self._store and of.triple.object in self._store
            if known and (
                self._licences is None or of.evidence.provenance.licence in self._licences
            ):
                yield one

    def _distinct(self, held: Iterable[_Held]) -> list[_Held]:
        """One a sentence and stance, the surest; best first, one of each document first."""
        best: dict[_Place, _Held] = {}
        for one in held:
            key = _place(one)
            if key not in best or _rank(one) < _rank(best[key]):
                best[key] = one
        order: list[tuple[int, tuple[float, float, str, int], _Held]] = []
        seen: dict[str, int] = {}
        for one in sorted(best.values(), key=_rank):
            document = one.found.statement.evidence.document
            order.append((seen.get(document, 0), _rank(one), one))
            seen[document] = seen.get(document, 0) + 1
        return [one for _, _, one in sorted(order, key=lambda row: row[:2])]

    def _told(
        self, held: Sequence[_Held], kept: Sequence[_Held], language: str
    ) -> LiteratureAnswer:
        by_stance = {s: [one for one in held if one.stance is s] for s in Stance}
        supporting, contradicting = (len(by_stance[s]) for s in Stance)
        outcome = LiteratureOutcome.SUPPORTED
        if contradicting:
            outcome = (
                LiteratureOutcome.CONFLICTING if supporting else LiteratureOutcome.CONTRADICTED
            )
        if self._summarise:
            shown = self._picked(held, kept)
        else:
            shown = [one for s in Stance for one in by_stance[s][: self._quoted]]
        quotes = [self._quote(one, language) for one in shown]
        return LiteratureAnswer(
            outcome, tuple(quotes), supporting, contradicting, documents=self._documents
        )

    def _picked(self, held: Sequence[_Held], kept: Sequence[_Held]) -> list[_Held]:
        """The sentences that together say most, those that support first."""
        says: dict[_Place, set[Triple]] = {}
        for one in kept:
            says.setdefault(_place(one), set()).add(one.found.statement.triple)
        sentences = [one.found.statement.evidence.sentence for one in held]
        tellings = [
            Telling(sentence, frozenset(says[_place(one)]), one.stance)
            for one, sentence in zip(held, sentences, strict=True)
        ]
        vectors = self._index.vectors(sentences)
        best = [held[n] for n in picked(tellings, self._summarise, vectors=vectors)]
        return sorted(best, key=lambda one: one.stance is not Stance.SUPPORTS)

    def _quote(self, held: _Held, language: str) -> Quote:
        of = held.found.statement
        return Quote(
            held.stance,
            held.claim,
            of.triple,
            of.polarity,
            self._names(held.claim, language),
            self._names(of.triple, language),
            of.evidence,
            held.found.date,
        )

    def _names(self, triple: Triple, language: str) -> tuple[str, str]:
        subject, object_ = map(self._store.concept, (triple.subject, triple.object))
        return subject.name(language), object_.name(language)


def _outward(hop: Hop, predicate: str) -> tuple[bool, ...]:
    """Whether the anchor is the subject, the object, or may be either."""
    if hop.direction is Direction.BOTH or PREDICATES[predicate].symmetric:
        return (True, False)
    return (hop.direction is Direction.OUT,)


def _stance(supports: bool) -> Stance:
    return Stance.SUPPORTS if supports else Stance.CONTRADICTS


def _stated(found: FoundStatement) -> _Held:
    """A sentence held against the very claim it states or denies."""
    return _Held(found, found.statement.triple, _stance(_states(found)))


def _states(found: FoundStatement) -> bool:
    return found.statement.polarity is Polarity.POSITIVE


def _place(held: _Held) -> _Place:
    """The sentence and the side it is on."""
    of = held.found.statement.evidence
    return (of.provenance.source, of.document, of.start, held.stance)


def _rank(held: _Held) -> tuple[float, float, str, int]:
    """Sort key: the surest reading, then the nearest passage, then place; leaves no tie."""
    evidence = held.found.statement.evidence
    return (-evidence.confidence, -held.found.score, evidence.document, evidence.start)
