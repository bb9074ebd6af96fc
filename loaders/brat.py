"""brat standoff annotation: ``NAME.txt`` with ``NAME.ann`` beside it.

Format: Stenetorp et al. 2012, https://brat.nlplab.org/standoff.html. Read are text-bound
annotations (``T``, also in several pieces), relations (``R``), attributes (``A``, ``M``),
normalisations (``N``) and, as relations of their trigger, the arguments of events (``E``); notes
and equivalences are left alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from kg.errors import SourceFormatError
from kg.records import Provenance
from loaders.annotations import (
    AnnotatedDocument,
    GoldMention,
    GoldRelation,
    checked_mention,
    sorted_mentions,
)
from loaders.plain import LONGEST_TEXT, plain_id, whole_text
from loaders.reading import read_lines
from loaders.source_files import PACKINGS
from nlp.records import Document

_SPAN = re.compile(r"(\S+) (\d+ \d+(?:;\d+ \d+)*)")
_BINARY = re.compile(r"(\S+) (\w+):(\S+) (\w+):(\S+)\s*")


def read_brat(path: Path, *, longest: int = LONGEST_TEXT) -> Iterator[AnnotatedDocument]:
    """The document of a text file, with the annotations beside it.

    Args:
        path: ``NAME.txt`` or ``NAME.ann``, packed or not; or a folder of such pairs.
        longest: most bytes of a text, and of a line of annotations.

    Raises:
        SourceFormatError: with file and line, for a line of no known shape, offsets that are not
            those of the text, a reference to nothing; and where a file of the pair is missing.
    """
    if path.is_dir():
        texts = sorted(p for p in path.rglob("*.txt*") if annotation_file(p) is not None)
        if not texts:
            raise SourceFormatError(path, None, "no .txt with its .ann below it", fix="give both")
        for text in texts:
            yield from read_brat(text, longest=longest)
        return
    text_path = _beside(path, ".txt")
    marks = _beside(path, ".ann")
    for wanted, found in ((".txt", text_path), (".ann", marks)):
        if found is None:
            problem = f"no {plain_id(path)}{wanted} beside it"
            raise SourceFormatError(path, None, problem, fix="put both files in one folder")
    assert text_path is not None
    assert marks is not None
    content = whole_text(text_path, longest=longest)
    document = Document(plain_id(text_path), content, Provenance(text_path.name))
    yield _Annotations(marks, content, longest).of(document)


def annotation_file(path: Path) -> Path | None:
    """The ``.ann`` beside a text file, or None."""
    return _beside(path, ".ann")


def _beside(path: Path, suffix: str) -> Path | None:
    stem = re.sub(r"\.(?:txt|ann)(?:\.(?:gz|xz|bz2))?$", "", path.name)
    candidates = (path.with_name(f"{stem}{suffix}{packing}") for packing in PACKINGS)
    return next((p for p in candidates if p.is_file()), None)


class _Annotations:
    """The annotations of one file, read line by line."""

    def __init__(self, path: Path, text: str, longest: int) -> None:
        self._path = path
        self._text = text
        self._longest = longest
        self._mentions: dict[str, GoldMention] = {}
        self._triggers: dict[str, str] = {}  # event → the mention that is its trigger
        self._relations: list[tuple[int, str, str, str]] = []

    def of(self, document: Document) -> AnnotatedDocument:
        """``document`` with them."""
        later: list[tuple[int, str, str]] = []
        for number, line in read_lines(self._path, longest=self._longest):
            if not line.strip() or line[0] in "#*":
                continue
            identifier, tab, rest = line.partition("\t")
            if not tab or identifier[:1] not in {"T", "R", "E", "A", "M", "N"}:
                raise self._broken(number, f"{line[:60]!r} is no annotation")
            if identifier[0] == "T":
                self._mentions[identifier] = self._mention(number, identifier, rest)
            else:
                later.append((number, identifier, rest))
        for number, identifier, rest in sorted(later, key=lambda given: given[1][0] != "E"):
            self._refer(number, identifier, rest)
        relations = tuple(
            GoldRelation(kind, self._known(number, first), self._known(number, second))
            for number, kind, first, second in self._relations
        )
        return AnnotatedDocument(document, sorted_mentions(self._mentions.values()), relations)

    def _broken(self, number: int, problem: str) -> SourceFormatError:
        return SourceFormatError(self._path, number, problem, fix="write it as brat does")

    def _mention(self, number: int, identifier: str, rest: str) -> GoldMention:
        head, _, quoted = rest.partition("\t")
        found = _SPAN.fullmatch(head.strip())
        if found is None:
            raise self._broken(number, f"{head[:60]!r} is no type and offsets")
        pieces = [tuple(map(int, piece.split())) for piece in found[2].split(";")]
        start, end = pieces[0][0], pieces[-1][1]
        mention = GoldMention(start, end, self._text[start:end], found[1], id=identifier)
        if len(pieces) == 1:
            return checked_mention(self._text, mention, quoted, self._path, number)
        joined = " ".join(self._text[s:e] for s, e in pieces)
        if joined.split() != quoted.split():
            raise self._broken(number, f"{found[2]} is {joined[:60]!r}, not {quoted[:60]!r}")
        return replace(mention, pieces=tuple((s, e) for s, e in pieces))

    def _known(self, number: int, identifier: str) -> str:
        """The mention an id stands for: itself, or the trigger of an event."""
        known = self._triggers.get(identifier, identifier)
        if known not in self._mentions:
            raise self._broken(number, f"{identifier!r} is no annotation of this file")
        return known

    def _refer(self, number: int, identifier: str, rest: str) -> None:
        kind = identifier[0]
        if kind == "R":
            found = _BINARY.fullmatch(rest)
            if found is None:
                raise self._broken(number, f"{rest[:60]!r} is no relation of two")
            self._relations.append((number, found[1], found[3], found[5]))
        elif kind == "E":
            self._event(number, identifier, rest)
        else:
            self._attribute(number, kind, rest)

    def _event(self, number: int, identifier: str, rest: str) -> None:
        parts = [part.partition(":") for part in rest.split()]
        if not parts or not all(colon for _, colon, _ in parts):
            raise self._broken(number, f"{rest[:60]!r} is no event")
        trigger = parts[0][2]
        self._triggers[identifier] = self._known(number, trigger)
        for role, _, argument in parts[1:]:
            self._relations.append((number, role, trigger, argument))

    def _attribute(self, number: int, kind: str, rest: str) -> None:
        words = rest.split("\t")[0].split()
        if len(words) < 2:
            raise self._broken(number, f"{rest[:60]!r} is no attribute of an annotation")
        if words[1][:1] == "R":
            return  # of a relation
        target = self._known(number, words[1])
        mention = self._mentions[target]
        if kind == "N" and len(words) > 2:
            mention = replace(mention, identifiers=(*mention.identifiers, words[2]))
        elif kind != "N":
            value = words[2] if len(words) > 2 else words[0]
            mention = replace(mention, assertion=" ".join(filter(None, (mention.assertion, value))))
        self._mentions[target] = mention
