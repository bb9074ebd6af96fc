"""Sentences read from a text, each checked against the store.

Used by :mod:`reasoning.verification`, which says what for.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from kg.records import Concept, Edge, EvidenceKind, Polarity, Triple
from kg.schema import CONTRAINDICATED_IN, HAS_PHENOTYPE, PREDICATES, TREATS
from kg.store import Direction, EdgeFilter, GraphStore
from reasoning.frame_parser import Note, ReadClause, ReadEntry, ReadSentence
from reasoning.frequency import frequency
from reasoning.quoted_definitions import is_quoted
from reasoning.readings import is_reading
from reasoning.sentence_frames import (
    DETAIL_KINDS,
    Frames,
    Kind,
    Relation,
    fill,
    frequency_class,
)

#: A claim is contradicted where a positive edge of another predicate says the opposite.
OPPOSITES: Mapping[str, tuple[str, ...]] = {TREATS: (CONTRAINDICATED_IN,)}


class Status(StrEnum):
    """What the graph says to a sentence or claim, worst last."""

    NO_CLAIM = "no_claim"
    SUPPORTED = "supported"
    NOT_IN_GRAPH = "not_in_graph"
    CONTRADICTED = "contradicted"
    UNREADABLE = "unreadable"


#: Statuses from best to worst.
SEVERITY = tuple(Status)
#: What an answer may be.
FINE = (Status.NO_CLAIM, Status.SUPPORTED)


@dataclass(frozen=True, slots=True)
class CheckedClaim:
    """One triple a text states (or denies), and what the graph says to it.

    ``triple`` is None where a name is not in the graph; ``edge`` where no edge supports it.
    """

    subject_name: str
    predicate: str
    object_name: str
    polarity: Polarity
    status: Status
    triple: Triple | None = None
    edge: Edge | None = None
    marks: tuple[int, ...] = ()
    problem: str = ""


@dataclass(frozen=True, slots=True)
class SentenceReport:
    """One sentence of a text: ``[start, end)`` in characters, its claims, its status."""

    text: str
    start: int
    end: int
    status: Status
    claims: tuple[CheckedClaim, ...] = ()
    kind: Kind | None = None
    problem: str = ""


class Names:
    """Names of the store, looked up once each.

    With ``frames`` that use lay names, another name of a concept with its display name in brackets
    is a name too.
    """

    def __init__(
        self, store: GraphStore, concepts: Iterable[Concept], frames: Frames | None = None
    ) -> None:
        self._store = store
        self._frames = frames
        self._found: dict[str, tuple[Concept, ...]] = {}
        self._at_hand: dict[str, list[Concept]] = {}
        for concept in concepts:
            for text in {n.text for n in concept.names}:
                self._at_hand.setdefault(text, []).append(concept)

    @property
    def lay(self) -> bool:
        """Whether lay names are used."""
        return self._frames is not None and self._frames.naming is not None

    def concepts(self, name: str) -> tuple[Concept, ...]:
        """Concepts that have exactly this name, those at hand first."""
        if name not in self._found:
            found = {c.curie: c for c in self._at_hand.get(name, ())}
            for match in self._store.find(name):
                if match.curie in found:
                    continue
                concept = self._store.concept(match.curie)
                if any(n.text == name for n in concept.names):
                    found[concept.curie] = concept
            self._found[name] = (*found.values(), *self._explained(name, found))
        return self._found[name]

    def _explained(self, name: str, found: Collection[str]) -> Iterator[Concept]:
        """Concepts that have the lay name and, in brackets, the display name ``name`` says."""
        gloss = self._frames.joining.gloss if self._frames is not None else ""
        if self._frames is None or not gloss:
            return
        opening, closing = gloss.removeprefix("{name}").split("{clinical}")
        if not name.endswith(closing):
            return
        at = name.find(opening, 1)
        while at > 0:
            lay, clinical = name[:at], name[at + len(opening) : len(name) - len(closing)]
            for concept in self.concepts(clinical) if clinical else ():
                kept = any(n.text == lay for n in concept.names)
                display = concept.name(self._frames.language)
                if kept and display == clinical and concept.curie not in found:
                    yield concept
            at = name.find(opening, at + 1)

    def known(self, name: str) -> bool:
        """Whether any concept has exactly this name."""
        return bool(self.concepts(name))


@dataclass(slots=True)
class Checker:
    """Checks the sentences of one text in their order."""

    store: GraphStore
    names: Names
    frames: Frames
    text: str
    question: str | None
    cited: dict[int, list[Edge]] = field(default_factory=dict)
    listed: set[str] = field(default_factory=set)

    def check(self, sentences: Sequence[ReadSentence]) -> tuple[SentenceReport, ...]:
        """A report per sentence."""
        return tuple(self._report(sentence) for sentence in sentences)

    def _report(self, sentence: ReadSentence) -> SentenceReport:
        claims = tuple(self._claims(sentence))
        problem = self._problem(sentence, claims)
        status = max((c.status for c in claims), key=SEVERITY.index, default=Status.NO_CLAIM)
        if "unreadable" in sentence.texts:
            status = Status.UNREADABLE
        elif problem and status in FINE:
            absent = sentence.kind in (Kind.WHETHER, Kind.NONE, Kind.LEFT_OUT, Kind.ONLY)
            status = Status.CONTRADICTED if absent else Status.NOT_IN_GRAPH
        elif status is Status.NO_CLAIM and sentence.kind in _ABOUT_THE_GRAPH | _ABOUT_A_CONCEPT:
            status = Status.SUPPORTED
        return SentenceReport(
            self.text[sentence.start : sentence.end],
            sentence.start,
            sentence.end,
            status,
            claims,
            sentence.kind,
            problem or next((c.problem for c in claims if c.problem), ""),
        )

    # claims

    def _claims(self, sentence: ReadSentence) -> Iterator[CheckedClaim]:
        for clause in sentence.clauses:
            yield self._clause(clause)
        if sentence.relation is None:
            return
        anchors = sentence.anchors[:1] if sentence.kind is Kind.ONLY else sentence.anchors
        for entry in sentence.entries:
            for number, anchor in enumerate(anchors):
                yield self._entry(sentence, entry, anchor, number)

    def _clause(self, clause: ReadClause) -> CheckedClaim:
        return self._claim(
            clause.subject,
            clause.predicate,
            clause.object,
            clause.polarity,
            clause.marks,
            clause.note,
            "",
        )

    def _entry(
        self, sentence: ReadSentence, entry: ReadEntry, anchor: str, number: int
    ) -> CheckedClaim:
        relation = sentence.relation
        assert relation is not None
        subject, object_ = (
            (anchor, entry.name) if relation.anchor_slot == "subject" else (entry.name, anchor)
        )
        alone = len(sentence.anchors) == 1 or sentence.kind is Kind.ONLY
        marks = entry.marks if alone else entry.marks[number : number + 1]
        return self._claim(
            subject,
            relation.predicate,
            object_,
            relation.polarity,
            marks,
            entry.note,
            sentence.frequency,
        )

    def _claim(
        self,
        subject: str,
        predicate: str,
        object_: str,
        polarity: Polarity,
        marks: tuple[int, ...],
        note: Note,
        term: str,
    ) -> CheckedClaim:
        triples = list(self._triples(subject, predicate, object_))
        edges = [e for t in triples if (e := self.store.edge(t, polarity)) is not None]
        for mark in marks:
            self.cited.setdefault(mark, []).extend(edges)
        for edge in edges:
            self.listed |= {edge.subject, edge.object}
        fitting = [e for e in edges if not _misquoted(e, note, term)]
        status, problem = Status.SUPPORTED, ""
        if not triples:
            unknown = [n for n in (subject, object_) if not self.names.known(n)]
            status, problem = Status.NOT_IN_GRAPH, f"no concept named {', '.join(unknown)}"
        elif not edges:
            status, problem = self._unsupported(triples, polarity)
        elif not fitting:
            status, problem = Status.NOT_IN_GRAPH, _misquoted(edges[0], note, term)
        best = next(iter(fitting or edges), None)
        triple = best.triple if best else next(iter(triples), None)
        return CheckedClaim(
            subject, predicate, object_, polarity, status, triple, best, marks, problem
        )

    def _unsupported(self, triples: list[Triple], polarity: Polarity) -> tuple[Status, str]:
        positive = polarity is Polarity.POSITIVE
        opposite = Polarity.NEGATIVE if positive else Polarity.POSITIVE
        for triple in triples:
            if self.store.edge(triple, opposite) is not None:
                return Status.CONTRADICTED, f"the graph records the opposite of {triple}"
            for other in OPPOSITES.get(triple.predicate, ()) if positive else ():
                if self.store.edge(Triple(triple.subject, other, triple.object)) is not None:
                    return Status.CONTRADICTED, f"the graph records {other} instead of {triple}"
        return Status.NOT_IN_GRAPH, f"no edge {triples[0]} ({polarity.value})"

    def _triples(self, subject: str, predicate: str, object_: str) -> Iterator[Triple]:
        for one in self.names.concepts(subject):
            for other in self.names.concepts(object_):
                yield Triple(one.curie, predicate, other.curie)

    # what else a sentence says

    def _problem(self, sentence: ReadSentence, claims: tuple[CheckedClaim, ...]) -> str:
        kind = sentence.kind
        if kind is Kind.WHETHER:
            return self._recorded_after_all(sentence)
        if kind in (Kind.NONE, Kind.COUNT, Kind.FURTHER, Kind.LIST):
            return self._miscounted(sentence, len(sentence.entries))
        if kind is Kind.ONLY:
            return self._shared_after_all(sentence)
        if kind is Kind.LEFT_OUT:
            return self._not_left_out(sentence)
        if kind in DETAIL_KINDS.values():
            return self._misquoted_detail(sentence)
        if kind in (Kind.CURATOR, Kind.CURATOR_ALL):
            marks = sentence.marks or tuple(self.cited)
            # A name may be that of several concepts: one of the edges it can mean suffices.
            curated = all(any(map(_is_curated, self.cited.get(mark, ()))) for mark in marks)
            return "" if marks and curated else "a marked fact is known otherwise"
        if kind in _ABOUT_A_CONCEPT:
            return self._misdescribed(sentence)
        return self._misquoted_question(sentence)

    def _recorded_after_all(self, sentence: ReadSentence) -> str:
        assert sentence.relation is not None
        triples = list(
            self._triples(sentence.anchors[0], sentence.relation.predicate, sentence.anchors[1])
        )
        recorded = [
            any(self.store.edge(t, polarity) is not None for polarity in Polarity) for t in triples
        ]
        if not triples:
            return f"no concept named {' or '.join(sentence.anchors)}"
        return f"{triples[0]} is recorded" if all(recorded) else ""

    def _miscounted(self, sentence: ReadSentence, told: int) -> str:
        if sentence.kind is Kind.LIST and not sentence.more:
            return ""
        held = self._held(sentence)
        count = int(sentence.texts.get("count", 0))
        if sentence.kind is Kind.NONE:
            return f"{held} are recorded" if held else ""
        exact = sentence.kind is not Kind.COUNT or count == held
        if not exact or told + sentence.more + count > held:
            return f"{held} are recorded"
        return ""

    def _held(self, sentence: ReadSentence) -> int:
        """How many concepts stand in the relation to every anchor, for the likeliest reading."""
        assert sentence.relation is not None
        shared: set[str] | None = None
        for anchor in sentence.anchors:
            found: set[str] = set()
            for concept in self.names.concepts(anchor):
                ends = self._ends(concept.curie, sentence.relation)
                found = ends if len(ends) > len(found) else found
                if sentence.kind is Kind.NONE and not ends:
                    return 0
            shared = found if shared is None else shared & found
        return len(shared or ())

    def _ends(self, curie: str, relation: Relation) -> set[str]:
        symmetric = PREDICATES[relation.predicate].symmetric
        wanted = EdgeFilter(predicates=frozenset({relation.predicate}), polarity=relation.polarity)
        edges = self.store.neighbours(
            curie,
            direction=Direction.BOTH if symmetric else relation.direction,
            edge_filter=wanted,
        )
        return {e.object if e.subject == curie else e.subject for e in edges}

    def _not_left_out(self, sentence: ReadSentence) -> str:
        """Where a name means several concepts, one of them that is left out suffices."""
        assert sentence.relation is not None
        for name in sentence.anchors:
            concepts = self.names.concepts(name)
            kept = [self._ends(c.curie, sentence.relation) & self.listed for c in concepts]
            if not concepts:
                return f"no concept named {name}"
            if all(kept):
                return f"{min(kept[0])} is listed and should be left out"
        return ""

    def _shared_after_all(self, sentence: ReadSentence) -> str:
        """Where a name means several concepts, one that lacks what is listed suffices."""
        assert sentence.relation is not None
        if len(sentence.anchors) != 2:  # a name with "and" in it, read as two
            return f"{len(sentence.anchors)} concepts, not the two that are compared"
        one, other = sentence.anchors
        told = [{c.curie for c in self.names.concepts(e.name)} for e in sentence.entries]
        held = [self._ends(c.curie, sentence.relation) for c in self.names.concepts(one)]
        lacking = [self._ends(c.curie, sentence.relation) for c in self.names.concepts(other)]
        if not held or not lacking:
            return f"no concept named {one} or {other}"
        if not any(
            all(meant - ends for meant in told)
            and len(told) + sentence.more <= max(len(own - ends) for own in held)
            for ends in lacking
        ):
            return f"what is listed is recorded for {other} too"
        return ""

    def _misquoted_detail(self, sentence: ReadSentence) -> str:
        name = next(q for q, kind in DETAIL_KINDS.items() if kind is sentence.kind)
        value = sentence.texts["value"]
        cited = [e for mark in sentence.marks for e in self.cited.get(mark, ())]
        if any((name, value) in e.qualifiers for e in cited):
            return ""
        return f"no marked fact has the {name} {value!r}"

    def _misdescribed(self, sentence: ReadSentence) -> str:
        for concept in self.names.concepts(sentence.anchors[0]):
            if self._describes(concept, sentence):
                return ""
        return f"not recorded of {sentence.anchors[0]!r}"

    def _describes(self, concept: Concept, sentence: ReadSentence) -> bool:
        identifiers = {concept.curie, *concept.xrefs}
        match sentence.kind:
            case Kind.DEFINITION:
                texts, language = sentence.texts, self.frames.language
                return any(
                    is_quoted(d, texts["source"], texts["value"], language)
                    for d in concept.definitions
                )
            case Kind.NO_DEFINITION:
                return not concept.definitions
            case Kind.IDENTIFIERS | Kind.IDENTIFIERS_YES | Kind.IDENTIFIERS_NO:
                return self._strung_of(sentence.texts["identifiers"], identifiers)
            case Kind.OTHER_NAMES:
                return self._strung_of(sentence.texts["names"], {n.text for n in concept.names})
            case Kind.ALIKE:
                return self._alike(concept, sentence.texts["names"])
            case Kind.ALSO_CALLED:
                return sentence.texts["quote"] in {n.text for n in concept.names}
        return True

    def _alike(self, concept: Concept, text: str) -> bool:
        """Whether ``text`` lists concepts each of which shares a finding with ``concept``."""
        has = Relation(HAS_PHENOTYPE, Direction.OUT, Polarity.POSITIVE)
        own = self._ends(concept.curie, has)
        joining = self.frames.joining
        joints = "|".join(map(re.escape, (joining.between, joining.last)))
        ends = [m.span() for m in re.finditer(joints, text)] + [(len(text), len(text))]
        reached, seen = {0}, set[int]()
        while reached:
            at = reached.pop()
            seen.add(at)
            for end, following in ends:
                if end <= at or following in seen:
                    continue
                named = self.names.concepts(text[at:end])
                if any(own & self._ends(c.curie, has) for c in named):
                    if end == len(text):
                        return True
                    reached.add(following)
        return False

    def _strung_of(self, text: str, allowed: Collection[str]) -> bool:
        """Whether ``text`` is a list in running text of nothing but ``allowed``."""
        joining = self.frames.joining
        reached, seen = {0}, set[int]()
        while reached:
            at = reached.pop()
            seen.add(at)
            for one in allowed:
                end = at + len(one)
                if not text.startswith(one, at):
                    continue
                if end == len(text):
                    return True
                for separator in (joining.between, joining.last, joining.or_last):
                    if text.startswith(separator, end) and end + len(separator) not in seen:
                        reached.add(end + len(separator))
        return False

    def _misquoted_question(self, sentence: ReadSentence) -> str:
        quote = sentence.texts.get("quote")
        if quote is not None and self.question is not None and quote not in self.question:
            return f"{quote!r} is not in the question"
        read_as = sentence.texts.get("reading")
        if read_as is not None and not is_reading(
            read_as, self.question or read_as, self.frames.language
        ):
            return f"{read_as!r} is nothing a question can be read as"
        for slot in ("options", "choices"):
            told = sentence.texts.get(slot)
            if told is not None and not self._strung_of(told, self._offered(told)):
                return f"{told!r} names what the graph does not hold"
        return ""

    def _offered(self, text: str) -> set[str]:
        """Every ``name (CURIE)`` of concepts whose CURIE stands in ``text``."""
        option = self.frames.joining.option
        offered: set[str] = set()
        for curie in re.findall(r"[A-Za-z][\w.\-]*:[^\s:()（）、，,]+", text):
            concept = self.store.get(curie)
            if concept is not None:
                offered |= {fill(option, name=n.text, curie=curie) for n in concept.names}
        return offered


_ABOUT_THE_GRAPH = frozenset(
    {
        Kind.WHETHER,
        Kind.NONE,
        Kind.COUNT,
        Kind.FURTHER,
        Kind.LEFT_OUT,
        Kind.ONLY,
        Kind.CURATOR,
        Kind.CURATOR_ALL,
    }
) | frozenset(DETAIL_KINDS.values())
_ABOUT_A_CONCEPT = frozenset(
    {
        Kind.DEFINITION,
        Kind.NO_DEFINITION,
        Kind.IDENTIFIERS,
        Kind.IDENTIFIERS_YES,
        Kind.IDENTIFIERS_NO,
        Kind.IDENTIFIERS_NONE,
        Kind.OTHER_NAMES,
        Kind.ALSO_CALLED,
        Kind.ALIKE,
    }
)


def _misquoted(edge: Edge, note: Note, term: str) -> str:
    """What a note or a frequency says beyond the edge's evidence; ``""`` for nothing."""
    if note and not set(note) & set(edge.qualifiers):
        return f"{note[0][0]} {note[0][1]!r} is not recorded of {edge.triple}"
    if term and frequency_class(frequency(edge)) != term:
        return f"frequency {term} is not recorded of {edge.triple}"
    return ""


def _is_curated(edge: Edge) -> bool:
    """Whether nothing but general medical knowledge stands behind an edge."""
    return all(e.kind is EvidenceKind.CURATOR for e in edge.evidence)
