"""Words → statements: a text read back through the sentence frames.

The reverse of :mod:`reasoning.verbalization`, sharing only the frames with it. A text is a run of
sentences, each an instance of a frame; slots hold names that the caller knows (``known``), so a
name may itself contain commas, "and", brackets or whole sentences. The reading is exhaustive:
every way to cut the text is tried until one fits from the first character to the last.

Effort is bounded: a text that needs more than :data:`MOST_STEPS` attempts has no reading.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from typing import TypeVar

from kg.records import Polarity
from reasoning.sentence_frames import CAUTION, Frame, Frames, Kind, Relation, Slot, Template

MOST_STEPS = 50_000
"""Attempts at matching a slot before a text counts as unreadable."""
LONGEST_NAME = 500
"""Characters; no longer stretch is looked up as a name."""
LONGEST_LIST = 101
"""Entries of one list or sentence."""

Known = Callable[[str], bool]

Note = tuple[tuple[str, str], ...]
"""The ``(qualifier, value)`` pairs a note in brackets may stand for; empty without a note."""

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class ReadEntry:
    """An entry of a list: a name, what its note may mean, and its marks."""

    name: str
    note: Note
    marks: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class ReadClause:
    """A clause: one triple by its names."""

    predicate: str
    polarity: Polarity
    subject: str
    object: str
    note: Note
    marks: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class ReadSentence:
    """One sentence read. ``kind`` is None for a text that was given as fixed.

    Args:
        start, end: characters of the text, 0-based, half-open.
        anchors: names the relation starts from; for :attr:`Kind.WHETHER` subject and object.
        more: how many entries a list leaves out.
        texts: the other slots, by name.
    """

    start: int
    end: int
    kind: Kind | None
    relation: Relation | None = None
    frequency: str = ""
    anchors: tuple[str, ...] = ()
    entries: tuple[ReadEntry, ...] = ()
    more: int = 0
    clauses: tuple[ReadClause, ...] = ()
    marks: tuple[int, ...] = ()
    texts: Mapping[str, str] = field(default_factory=dict)


class _OutOfStepsError(Exception):
    """Too many attempts; caught within this module."""


class FrameParser:
    """Reads texts in the language of ``frames``.

    ``question``: where given, a quotation that runs over a quotation mark has to stand in it.
    """

    def __init__(self, frames: Frames, *, question: str | None = None) -> None:
        self.frames = frames
        self.question = question

    def readings(
        self, text: str, known: Known, *, fixed: Collection[str] = ()
    ) -> Iterator[tuple[ReadSentence, ...]]:
        """Every reading of the whole text; none where it is not made of frames and names.

        ``fixed`` are sentences that may stand as they are.
        """
        reader = _Reader(text, self.frames, known, fixed, self.question)
        try:
            yield from reader.whole()
        except _OutOfStepsError:
            return

    def sentences(
        self, text: str, start: int, known: Known, *, fixed: Collection[str] = ()
    ) -> Iterator[ReadSentence]:
        """Every sentence that can be read from ``start``."""
        reader = _Reader(text, self.frames, known, fixed, self.question)
        try:
            yield from reader.sentences(start)
        except _OutOfStepsError:
            return


Binding = tuple[str, object]


class _Reader:
    """One text being read."""

    def __init__(
        self,
        text: str,
        frames: Frames,
        known: Known,
        fixed: Collection[str],
        question: str | None = None,
    ) -> None:
        self.text = text
        self.question = question
        self.frames = frames
        self.joining = frames.joining
        self.known = known
        self.fixed = sorted(filter(None, fixed), key=len, reverse=True)
        self.steps = 0
        self.mark = _numbered(self.joining.mark)
        self.next_mark = _numbered(self.joining.next_mark)
        self.more = re.compile(
            re.escape(self.joining.last) + _with_number(self.joining.more, "count")
        )
        brackets = self.joining.note.split("{note}")
        self.notes: dict[str, Note] = {}
        for pair, phrase in frames.notes.items():
            note = f"{brackets[0]}{phrase}{brackets[1]}"
            self.notes[note] = (*self.notes.get(note, ()), pair)
        self.mark_starts = [m.start() for m in re.finditer(f"(?={self.mark.pattern})", text)]

    # --- the whole text

    def whole(self) -> Iterator[tuple[ReadSentence, ...]]:
        """Depth first over sentences, without recursion; places that lead nowhere are kept."""
        if not self.text:
            return
        dead: set[int] = set()
        path: list[ReadSentence] = []
        open_: list[Iterator[ReadSentence]] = [self.sentences(0)]
        fruitful = [False]
        while open_:
            sentence = next(open_[-1], None)
            if sentence is None:
                open_.pop()
                ended = fruitful.pop()
                if path:
                    last = path.pop()
                    if not ended:
                        dead.update(self.following(last))
                if fruitful and ended:
                    fruitful[-1] = True
                continue
            if sentence.end == len(self.text):
                fruitful[-1] = True
                yield (*path, sentence)
                continue
            for place in self.following(sentence):
                if place not in dead:
                    path.append(sentence)
                    open_.append(self.sentences(place))
                    fruitful.append(False)
                    break

    def following(self, sentence: ReadSentence) -> tuple[int, ...]:
        """Where the next sentence may begin: at most one place."""
        for separator in ("\n\n", self.joining.sentences):
            if self.text.startswith(separator, sentence.end):
                return (sentence.end + len(separator),)
        return ()

    def sentences(self, start: int) -> Iterator[ReadSentence]:
        """Every sentence that can be read from ``start``."""
        for text in self.fixed:
            if self.text.startswith(text, start):
                yield ReadSentence(start, start + len(text), None)
        for frame in _frames_at(self.frames, self.text[start : start + 1]):
            for bindings, end in self.match(frame.template.parts, start, frame.kind):
                yield _read(start, end, frame.kind, frame.relation, frame.frequency, bindings)
        for opening in self.joining.openings:
            if not self.text.startswith(opening, start):
                continue
            for frame in self.frames.frames:
                parts = frame.template.lowered().parts
                for bindings, end in self.match(parts, start + len(opening), frame.kind):
                    yield _read(start, end, frame.kind, frame.relation, frame.frequency, bindings)

    # --- templates

    def match(
        self, parts: Sequence[str | Slot], at: int, kind: Kind | None
    ) -> Iterator[tuple[tuple[Binding, ...], int]]:
        """Every way the template fits from ``at``: its slots, and where it ends."""
        if not parts:
            yield (), at
            return
        first, rest = parts[0], parts[1:]
        if isinstance(first, str):
            if self.text.startswith(first, at):
                yield from self.match(rest, at + len(first), kind)
            return
        stop = rest[0] if rest and isinstance(rest[0], str) else None
        if stop is not None and self.text.find(stop, at) < 0:
            return
        for value, end in self.slot(first.name, at, stop, kind):
            self.step()
            for bindings, after in self.match(rest, end, kind):
                yield ((first.name, value), *bindings), after

    def slot(
        self, name: str, at: int, stop: str | None, kind: Kind | None
    ) -> Iterator[tuple[object, int]]:
        """Every value the slot can have from ``at``, and where it ends."""
        if name in ("subject", "object"):
            if kind is None or kind is Kind.WHETHER:
                yield from self.name(at, stop)
            else:
                yield from self.anchors(at, stop)
        elif name == "concept":
            yield from self.name(at, stop)
        elif name == "list":
            yield from self.entries(at)
        elif name == "clauses":
            yield from self.strung(at, self.clause, self.joining.clauses, self.joining.clauses)
        elif name == "marks":
            yield from self.strung(at, self.bare_mark, self.joining.between, self.joining.last)
        else:
            pattern = _PATTERNS.get(name, _ANYTHING)
            for end in self.occurrences(stop, at):
                if name == "quote" and not self.quotable(at, end):
                    continue
                if pattern.fullmatch(self.text, at, end):
                    yield self.text[at:end], end

    def quotable(self, start: int, end: int) -> bool:
        """Whether a stretch may be one quotation of the question."""
        text = self.text[start:end]
        return self.question is None or "”" not in text or text in self.question

    def occurrences(self, stop: str | None, at: int) -> Iterator[int]:
        """Where ``stop`` stands after ``at``, leaving at least one character before it."""
        place = self.text.find(stop, at + 1) if stop else -1
        while stop and place >= 0:
            self.step()
            yield place
            place = self.text.find(stop, place + 1)

    # --- names, lists, clauses

    def is_name(self, start: int, end: int) -> bool:
        """Whether the stretch is a known name."""
        self.step()
        return 0 < end - start <= LONGEST_NAME and self.known(self.text[start:end])

    def name(self, at: int, stop: str | None) -> Iterator[tuple[str, int]]:
        """Known names from ``at`` up to ``stop``; without one, up to a note or a mark."""
        if stop is None:
            for name, end, _ in self.noted(at):
                yield name, end
            return
        for end in self.occurrences(stop, at):
            if end - at > LONGEST_NAME:
                return
            if self.is_name(at, end):
                yield self.text[at:end], end

    def noted(self, at: int) -> Iterator[tuple[str, int, int]]:
        """Known names from ``at`` that end at a mark, or at a note before a mark.

        Yields the name, its end, and where the mark begins.
        """
        for mark in self.mark_starts:
            if mark <= at:
                continue
            if mark - at > LONGEST_NAME:
                return
            if self.is_name(at, mark):
                yield self.text[at:mark], mark, mark
            for note in self.notes:
                end = mark - len(note)
                if at < end and self.text.startswith(note, end) and self.is_name(at, end):
                    yield self.text[at:end], end, mark

    def marks_at(self, at: int) -> tuple[tuple[int, ...], int] | None:
        """The run of marks at ``at``, and its end."""
        found = self.mark.match(self.text, at)
        if found is None:
            return None
        numbers = [int(found[1])]
        while following := self.next_mark.match(self.text, found.end()):
            found = following
            numbers.append(int(found[1]))
        return tuple(numbers), found.end()

    def bare_mark(self, at: int) -> Iterator[tuple[int, int]]:
        """One mark in running text."""
        if found := _BARE_MARK.match(self.text, at):
            yield int(found[1]), found.end()

    def note_and_marks(self, at: int) -> Iterator[tuple[Note, tuple[int, ...], int]]:
        """An optional note and then marks, as they follow a fact."""
        if marks := self.marks_at(at):
            yield (), *marks
        for note, pairs in self.notes.items():
            if self.text.startswith(note, at) and (marks := self.marks_at(at + len(note))):
                yield pairs, *marks

    def anchors(self, at: int, stop: str | None) -> Iterator[tuple[tuple[str, ...], int]]:
        """One known name, or several strung together, up to ``stop``."""
        if stop is None:
            return
        joining = self.joining
        ends = sorted(
            {e for s in (joining.between, joining.both, stop) for e in self.occurrences(s, at)}
        )

        def one(start: int) -> Iterator[tuple[str, int]]:
            for end in ends:
                if end - start > LONGEST_NAME:
                    return
                if end > start and self.is_name(start, end):
                    yield self.text[start:end], end

        for value, end in self.strung(at, one, joining.between, joining.both):
            if self.text.startswith(stop, end):
                yield value, end

    def entries(self, at: int) -> Iterator[tuple[object, int]]:
        """Entries of a list, and how many more there are."""
        joining = self.joining
        for value, end in self.strung(at, self.line, joining.between, joining.last):
            entries = tuple(entry for line in value for entry in line)
            yield (entries, 0), end
            if found := self.more.match(self.text, end):
                yield (entries, int(found[1])), found.end()

    def line(self, at: int) -> Iterator[tuple[tuple[ReadEntry, ...], int]]:
        """One entry, and those told in the same line with it."""
        joining = self.joining
        before, after = joining.also.split("{list}")
        for entry, end in self.entry(at):
            yield (entry,), end
            if not self.text.startswith(before, end):
                continue
            inside = self.strung(end + len(before), self.entry, joining.between, joining.last)
            for others, close in inside:
                if self.text.startswith(after, close):
                    yield (entry, *others), close + len(after)

    def entry(self, at: int) -> Iterator[tuple[ReadEntry, int]]:
        """One entry: a name, an optional note, and marks."""
        for name, end, mark in self.noted(at):
            if marks := self.marks_at(mark):
                note = self.notes.get(self.text[end:mark], ())
                yield ReadEntry(name, note, marks[0]), marks[1]

    def clause(self, at: int) -> Iterator[tuple[ReadClause, int]]:
        """One clause with its note and marks."""
        for predicate, polarity, implied, template in _clauses(self.frames):
            for bindings, end in self.match(template.parts, at, None):
                ends = dict(bindings)
                for note, marks, after in self.note_and_marks(end):
                    yield (
                        ReadClause(
                            predicate,
                            polarity,
                            str(ends["subject"]),
                            str(ends["object"]),
                            note or implied,
                            marks,
                        ),
                        after,
                    )

    def strung(
        self,
        at: int,
        one: Callable[[int], Iterator[tuple[_T, int]]],
        between: str,
        last: str,
        depth: int = 1,
    ) -> Iterator[tuple[tuple[_T, ...], int]]:
        """One or more of what ``one`` reads, joined; after ``last`` comes exactly one."""
        for value, end in one(at):
            self.step()
            yield (value,), end
            if depth >= LONGEST_LIST:
                continue
            if last != between and self.text.startswith(last, end):
                for final, after in one(end + len(last)):
                    yield (value, final), after
            if self.text.startswith(between, end):
                following = self.strung(end + len(between), one, between, last, depth + 1)
                for others, after in following:
                    yield (value, *others), after

    def step(self) -> None:
        """Count one attempt."""
        self.steps += 1
        if self.steps > MOST_STEPS:
            raise _OutOfStepsError


_BARE_MARK = re.compile(r"\[(\d{1,6})\]")
_ANYTHING = re.compile(r"(?s).+")
_PATTERNS = {
    "count": re.compile(r"\d{1,9}"),
    "number": re.compile(r"[01]\.\d+"),
    "limit": re.compile(r"[01]\.\d+"),
    "source": re.compile(r"[^\n]{1,200}"),
}


def _clauses(frames: Frames) -> Iterator[tuple[str, Polarity, Note, Template]]:
    """Every clause template with what it states: predicate, polarity, and the note it implies."""
    for (predicate, polarity), templates in frames.clauses.items():
        for template in templates:
            yield predicate, polarity, (), template
    for predicate, templates in frames.cautions.items():
        for template in templates:
            yield predicate, Polarity.POSITIVE, (CAUTION,), template


def _frames_at(frames: Frames, first: str) -> tuple[Frame, ...]:
    """Frames that can begin with a character: literally so, or with a slot."""
    index = _by_first(frames)
    return index.get(first, ()) + index[""]


@cache
def _by_first(frames: Frames) -> Mapping[str, tuple[Frame, ...]]:
    index: dict[str, tuple[Frame, ...]] = {"": ()}
    for frame in frames.frames:
        part = frame.template.parts[0]
        first = "" if isinstance(part, Slot) else part[0]
        index[first] = (*index.get(first, ()), frame)
    return index


def _with_number(text: str, slot: str) -> str:
    before, _, after = text.partition(f"{{{slot}}}")
    return re.escape(before) + r"(\d{1,9})" + re.escape(after)


def _numbered(text: str) -> re.Pattern[str]:
    return re.compile(_with_number(text, "n"))


def _read(
    start: int,
    end: int,
    kind: Kind,
    relation: Relation | None,
    frequency: str,
    bindings: tuple[Binding, ...],
) -> ReadSentence:
    sentence = ReadSentence(start, end, kind, relation, frequency)
    texts: dict[str, str] = {}
    anchors: dict[str, tuple[str, ...]] = {}
    for slot, value in bindings:
        if slot in ("subject", "object", "concept"):
            anchors[slot] = value if isinstance(value, tuple) else (str(value),)
        elif slot == "list" and isinstance(value, tuple):
            sentence = replace(sentence, entries=value[0], more=value[1])
        elif slot == "clauses" and isinstance(value, tuple):
            sentence = replace(sentence, clauses=value)
        elif slot == "marks" and isinstance(value, tuple):
            sentence = replace(sentence, marks=value)
        else:
            texts[slot] = str(value)
    ordered = [n for slot in ("subject", "object", "concept") for n in anchors.get(slot, ())]
    return replace(sentence, anchors=tuple(ordered), texts=texts)


def template_skeleton(template: Template) -> str:
    """A template with its slots alike, for telling frames apart.

    >>> template_skeleton(Template.read("{subject} treats {object}"))
    '\\x00 treats \\x00'
    """
    return "".join("\0" if isinstance(p, Slot) else p for p in template.parts)
