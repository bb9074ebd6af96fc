"""Statements → words: every wording an answer may have, as one sentence grammar.

Each statement (:mod:`reasoning.statements`) becomes the choice among the frames of its kind, with
the slots filled by names, citation marks and numbers; the sentences follow in order, some with an
optional connective from a closed list. A language model then decodes under that grammar: it
chooses wording, and cannot choose facts. Without a model the first wording of each choice stands,
so that both paths speak the same language.

The mark ``[n]`` stands for the n-th claim of the answer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache

from kg.records import Concept, Edge, EdgeKey, EvidenceKind
from kg.schema import HAS_PHENOTYPE
from kg.store import GraphStore
from reasoning.answer import Claim
from reasoning.frequency import only_caution
from reasoning.lay_names import LayNames
from reasoning.sentence_frames import (
    NOTE_QUALIFIERS,
    Frames,
    Joining,
    Kind,
    Slot,
    Template,
    fill,
    load_frames,
)
from reasoning.sentence_grammar import Choice, Grammar, Literal, Unordered
from reasoning.sentence_grammar import Sequence as Parts
from reasoning.statements import Fact, Script, Statement

#: Sentences that may follow a connective.
_CONNECTED = frozenset({Kind.LIST, Kind.FREQUENCY, Kind.PLAIN})
#: Sentences about names, in which a lay name would say nothing.
_BY_DISPLAY_NAME = frozenset({Kind.TAKEN_AS, Kind.ALSO_CALLED, Kind.OTHER_NAMES})


@dataclass(frozen=True, slots=True)
class Wording:
    """Every way to say an answer, and its claims in the order of their marks."""

    grammar: Grammar
    claims: tuple[Claim, ...]

    @property
    def text(self) -> str:
        """The first wording of each choice."""
        return first_reading(self.grammar)


def word(
    script: Script,
    store: GraphStore,
    frames: Frames,
    *,
    concepts: Sequence[Concept] = (),
    asides: Sequence[Statement] = (),
) -> Wording:
    """Every wording of ``script``, then of ``asides``, in the language of ``frames``.

    ``concepts`` are at hand already and need no look-up in the store.
    """
    edges = {e.key: e for e in (*script.named, *script.unnamed)}
    at_hand = {c.curie: c for c in concepts}
    numbers = {key: n for n, key in enumerate(edges, 1)}
    worder = _Worder(frames, store, at_hand, numbers, LayNames(store, frames))
    sentences: list[Grammar] = []
    before: Statement | None = None
    for statement in (*script.statements, *asides):
        if sentences and frames.joining.sentences:
            sentences.append(Literal(frames.joining.sentences))
        goes_on = before is not None and _head(before) == _head(statement)
        sentences.append(worder.sentence(statement, place=len(sentences), goes_on=goes_on))
        before = statement
    return Wording(Parts(tuple(sentences)), tuple(worder.claim(e) for e in edges.values()))


def _head(statement: Statement) -> tuple[object, ...]:
    """What two sentences of one list have in common."""
    alike = (statement.kind, statement.relation, statement.frequency, statement.anchors)
    return alike if statement.facts else (statement,)


def first_reading(grammar: Grammar) -> str:
    """The text of a grammar when the first of each choice is taken.

    >>> first_reading(Choice((Literal("a"), Literal("b"))))
    'a'
    """
    match grammar:
        case Literal():
            return grammar.text
        case Choice():
            return first_reading(grammar.options[0])
        case Parts():
            return "".join(first_reading(part) for part in grammar.parts)
        case Unordered():
            texts = [first_reading(item) for item in grammar.items[: grammar.at_most]]
            last = grammar.between if grammar.last is None else grammar.last
            start = grammar.between.join(texts[:-1])
            return start + (last if len(texts) > 1 else "") + "".join(texts[-1:])


def note_of(edge: Edge, frames: Frames, *, behind: str = "") -> tuple[str, str] | None:
    """The qualifier ``(name, value)`` told in brackets behind a fact, or None.

    Of several values the one listed first in the frames stands (the gravest severity). The role
    of a symptom ("warning sign") is told only ``behind`` the symptom itself; what is only a
    caution for some source and contraindicated for another is not called a caution.
    """
    stated = set(edge.qualifiers)
    if ("strength", "contraindicated") in stated:
        stated.discard(("strength", "caution"))
    if edge.predicate == HAS_PHENOTYPE and behind != edge.object:
        stated = {pair for pair in stated if pair[0] != "role"}
    for name in NOTE_QUALIFIERS:
        for pair in frames.notes:
            if pair[0] == name and pair in stated:
                return pair
    return None


def evidence_phrase(kind: EvidenceKind, frames: Frames, **inputs: str) -> str:
    """How a fact is known, in words: ``record``, ``document`` and ``source`` filled in."""
    return fill(frames.evidence[kind.value], **inputs)


@dataclass(slots=True)
class _Worder:
    """Fills templates. ``numbers`` gives the mark of each edge."""

    frames: Frames
    store: GraphStore
    at_hand: dict[str, Concept]
    numbers: Mapping[EdgeKey, int]
    lay_names: LayNames
    lay: dict[str, str | None] = field(default_factory=dict)
    introduced: set[str] = field(default_factory=set)

    @property
    def step(self) -> int:
        """Parts of the grammar a sentence takes: itself, and a separator where there is one."""
        return 2 if self.frames.joining.sentences else 1

    def name(self, curie: str) -> str:
        """Display name of a concept in the language of the frames."""
        if curie not in self.at_hand:
            self.at_hand[curie] = self.store.concept(curie)
        return self.at_hand[curie].name(self.frames.language)

    def called(self, curie: str) -> str:
        """What the reader is told: the lay name where there is one.

        The display name stands in brackets behind it the first time. Call it once a place in the
        text, in the order of the text.
        """
        name = self.name(curie)
        if curie not in self.lay:
            self.lay[curie] = self.lay_names(self.at_hand[curie])
        lay = self.lay[curie]
        if lay is None:
            return name
        if curie in self.introduced:
            return lay
        self.introduced.add(curie)
        return fill(self.frames.joining.gloss, name=lay, clinical=name)

    def claim(self, edge: Edge) -> Claim:
        """The claim an edge makes, in the first clause of its predicate, whoever reads it."""
        text = first_reading(self._clause(edge, self.name, load_frames(self.frames.language)))
        return Claim(text, edge, self.name(edge.subject), self.name(edge.object))

    def sentence(self, statement: Statement, *, place: int, goes_on: bool = False) -> Grammar:
        """Every wording of one statement; its connective, if any, is not its neighbour's.

        One that ``goes_on`` with the list before it begins with the connective at first.
        """
        templates = self.frames.of(statement.kind, statement.relation, statement.frequency)
        slots = self._slots(statement)
        plain = tuple(_filled(template, slots) for template in templates)
        joining = self.frames.joining
        openings: tuple[str, ...] = ()
        if place and statement.kind in _CONNECTED:
            openings = joining.connectives
        elif place and statement.kind is Kind.OPPOSING:
            openings = joining.contrast
        if not openings:
            return Choice(plain)
        lowered = Choice(tuple(_filled(t.lowered(), slots) for t in templates))
        opening = Literal(openings[place // self.step % len(openings)])
        connected = Parts((opening, lowered))
        return Choice((connected, *plain) if goes_on else (*plain, connected))

    def _slots(self, statement: Statement) -> Mapping[str, Callable[[], Grammar]]:
        joining = self.frames.joining
        name = self.name if statement.kind in _BY_DISPLAY_NAME else self.called
        anchors = [name(curie) for curie in statement.anchors]
        slots: dict[str, Callable[[], Grammar]] = {
            "list": lambda: self._list(statement.facts, statement.count),
            "clauses": lambda: self._clauses(statement.edges),
            "count": lambda: Literal(str(statement.count)),
            "marks": lambda: Literal(self._mark_list(statement.edges)),
            "concept": lambda: Literal(anchors[0]),
            "options": lambda: Literal(self._options(statement, joining.last)),
            "choices": lambda: Literal(self._options(statement, joining.or_last)),
            "names": lambda: Literal(strung([n for _, n in statement.options], joining)),
            "identifiers": lambda: Literal(strung([n for _, n in statement.options], joining)),
        }
        slots = {slot: cache(made) for slot, made in slots.items()}  # a name is introduced once
        for slot, text in statement.values:
            slots[slot] = _constant(text)
        if statement.kind is Kind.ONLY and statement.relation is not None:
            slots[statement.relation.anchor_slot], slots["concept"] = map(_constant, anchors)
        elif statement.kind is Kind.WHETHER:
            slots["subject"], slots["object"] = map(_constant, anchors)
        elif statement.relation is not None:
            slots[statement.relation.anchor_slot] = _constant(
                strung(anchors, joining, last=joining.both)
            )
        return slots

    def _list(self, facts: Sequence[Fact], more: int) -> Grammar:
        joining = self.frames.joining
        parts: list[Grammar] = []
        for number, fact in enumerate(facts):
            if number:
                final = number == len(facts) - 1 and not more
                parts.append(Literal(joining.last if final else joining.between))
            parts += self._entry(fact)
            if fact.also:
                before, after = joining.also.split("{list}")
                parts += [Literal(before), self._list(fact.also, 0), Literal(after)]
        if more:
            parts.append(Literal(joining.last + fill(joining.more, count=more)))
        return Parts(tuple(parts))

    def _entry(self, fact: Fact) -> tuple[Grammar, Grammar]:
        marks = tuple(self.numbers[e.key] for e in fact.edges)
        note = self._note(fact.edges[0], fact.concept) if len(fact.edges) == 1 else ""
        return (
            Literal(self.called(fact.concept), marks),
            Literal(note + self.frames.joining.marks(marks)),
        )

    def _note(self, edge: Edge, behind: str = "") -> str:
        pair = note_of(edge, self.frames, behind=behind)
        joining = self.frames.joining
        return fill(joining.note, note=self.frames.notes[pair]) if pair else ""

    def _clauses(self, edges: Sequence[Edge]) -> Grammar:
        parts: list[Grammar] = []
        for edge in edges:
            if parts:
                parts.append(Literal(self.frames.joining.clauses))
            number = self.numbers[edge.key]
            note = "" if self._is_cautious(edge) else self._note(edge)
            tail = Literal(note + self.frames.joining.marks((number,)), (number,))
            parts.append(Parts((self._clause(edge, self.called, self.frames), tail)))
        return Parts(tuple(parts))

    def _is_cautious(self, edge: Edge) -> bool:
        return edge.predicate in self.frames.cautions and only_caution(edge)

    def _clause(self, edge: Edge, name: Callable[[str], str], frames: Frames) -> Grammar:
        templates = frames.clauses[edge.predicate, edge.polarity]
        if self._is_cautious(edge):
            templates = frames.cautions[edge.predicate]
        slots = {
            "subject": _constant(name(edge.subject)),
            "object": _constant(name(edge.object)),
        }
        return Choice(tuple(_filled(template, slots) for template in templates))

    def _mark_list(self, edges: Sequence[Edge]) -> str:
        numbers = sorted(self.numbers[e.key] for e in edges)
        return strung([f"[{n}]" for n in numbers], self.frames.joining)

    def _options(self, statement: Statement, last: str) -> str:
        joining = self.frames.joining
        told = [fill(joining.option, name=n, curie=c) for c, n in statement.options]
        return strung(told, joining, last=last)


def strung(texts: Sequence[str], joining: Joining, *, last: str | None = None) -> str:
    """``texts`` as a list in running text, ``last`` before the last of them.

    >>> from reasoning.sentence_frames import load_frames
    >>> strung(["a", "b", "c"], load_frames("en").joining)
    'a, b and c'
    """
    if len(texts) < 2:
        return "".join(texts)
    return joining.between.join(texts[:-1]) + (last or joining.last) + texts[-1]


def _constant(text: str) -> Callable[[], Grammar]:
    return lambda: Literal(text)


def _filled(template: Template, slots: Mapping[str, Callable[[], Grammar]]) -> Grammar:
    return Parts(tuple(_pieces(template, slots)))


def _pieces(template: Template, slots: Mapping[str, Callable[[], Grammar]]) -> Iterator[Grammar]:
    for part in template.parts:
        yield slots[part.name]() if isinstance(part, Slot) else Literal(part)
