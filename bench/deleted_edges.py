"""A graph in which some edges are not there, and questions that had been answered by them."""

# ruff: noqa: D102 - GraphStore documents these methods

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from bench.generated_questions import generated_questions
from kg.records import Edge, EdgeKey, Polarity, Triple
from kg.restricted import RestrictedStore
from kg.schema import MEMBER_OF, SUBCLASS_OF
from kg.store import EVERY_EDGE, Direction, EdgeFilter, GraphStore
from medkgqa.facade import MedicalQA
from reasoning.answer import Answer, Outcome

_CLASSES = frozenset({SUBCLASS_OF, MEMBER_OF})
_SUPPORTED = frozenset({Outcome.ANSWERED, Outcome.YES, Outcome.NO, Outcome.CONFLICTING})


class WithoutEdges(RestrictedStore):
    """``store`` without the edges ``removed``, which may grow."""

    def __init__(self, store: GraphStore, removed: set[EdgeKey]) -> None:
        super().__init__(store)
        self.removed = removed

    def _kept(self, edges: Iterable[Edge]) -> Iterator[Edge]:
        return (edge for edge in edges if edge.key not in self.removed)

    @property
    def fingerprint(self) -> str:
        return f"{super().fingerprint} without {len(self.removed)}"

    def edges(self, edge_filter: EdgeFilter = EVERY_EDGE) -> Iterator[Edge]:
        return self._kept(super().edges(edge_filter))

    def edge(self, triple: Triple, polarity: Polarity = Polarity.POSITIVE) -> Edge | None:
        found = super().edge(triple, polarity)
        return None if found is None or found.key in self.removed else found

    def neighbours(
        self,
        curie: str,
        *,
        direction: Direction = Direction.BOTH,
        edge_filter: EdgeFilter = EVERY_EDGE,
        limit: int | None = None,
    ) -> list[Edge]:
        every = super().neighbours(curie, direction=direction, edge_filter=edge_filter)
        return list(self._kept(every))[:limit]


@dataclass(slots=True)
class DeletedEdges:
    """How questions are answered when their supporting edges are gone."""

    answerable: int = 0
    outcomes: dict[str, int] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)

    @property
    def not_recorded(self) -> float:
        """Share answered "not recorded"."""
        return self.outcomes.get(Outcome.NOT_RECORDED.value, 0) / max(1, self.answerable)


def measure_deleted(store: GraphStore, count: int, *, seed: int = 11) -> DeletedEdges:
    """Ask, delete every edge the answer stands on, ask again, until nothing stands or repeats.

    Edges that say what is a kind of what stay: they are no answer by themselves.
    """
    whole = MedicalQA(store=store, lm="none")
    found = DeletedEdges()
    for question in generated_questions(store, count, seed=seed):
        answer = whole.ask(question, limit=None)
        if answer.outcome not in _SUPPORTED or not _standing(answer):
            continue
        found.answerable += 1
        removed: set[EdgeKey] = set()
        part = MedicalQA(store=WithoutEdges(store, removed), lm="none")
        while answer.outcome in _SUPPORTED and (standing := _standing(answer)):
            if standing <= removed:
                break  # told although it is gone
            removed |= standing
            answer = part.ask(question, limit=None)
        found.outcomes[answer.outcome.value] = found.outcomes.get(answer.outcome.value, 0) + 1
        if answer.outcome is not Outcome.NOT_RECORDED:
            found.faults.append(f"{answer.outcome.value}: {question}")
    return found


def _standing(answer: Answer) -> set[EdgeKey]:
    return {c.edge.key for c in answer.claims if c.edge.predicate not in _CLASSES}
