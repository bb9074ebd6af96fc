"""i2b2/VA 2010: concepts, assertions and relations of clinical notes.

Format: Uzuner et al. 2011, https://doi.org/10.1136/amiajnl-2011-000203, and the annotation files of
the challenge: ``txt/NAME.txt``, ``concept/NAME.con``, ``ast/NAME.ast``, ``rel/NAME.rel``; a line is
``c="chest pain" 12:3 12:4||t="problem"``, where 12 is the line from 1 and 3 the word from 0. The
notes are under agreement (n2c2); they are marked clinical.
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
    sorted_mentions,
)
from loaders.plain import LONGEST_TEXT, plain_id, whole_text
from loaders.reading import read_lines
from loaders.source_files import PACKINGS
from nlp.records import Document

LICENCE = "LicenseRef-n2c2-Data-Use-Agreement"
_CONCEPT = r'c="(.*?)" (\d+):(\d+) (\d+):(\d+)'
_CON = re.compile(rf'{_CONCEPT}\|\|t="([^"]*)"\s*')
_AST = re.compile(rf'{_CONCEPT}\|\|t="([^"]*)"\|\|a="([^"]*)"\s*')
_REL = re.compile(rf'{_CONCEPT}\|\|r="([^"]*)"\|\|{_CONCEPT}\s*')
_WORD = re.compile(r"\S+")


def read_i2b2_2010(path: Path, *, longest: int = LONGEST_TEXT) -> Iterator[AnnotatedDocument]:
    """The notes of a folder (or one ``.txt``), with what was marked in them.

    Args:
        path: the folder that holds ``txt`` (or ``.txt`` files), or one note.
        longest: most bytes of a note, and of a line of annotations.

    Raises:
        SourceFormatError: with file and line, for a line of no known shape, or a place that is
            not that of the quoted words.
    """
    if path.is_file():
        notes = [path]
    else:
        folder = path / "txt" if (path / "txt").is_dir() else path
        notes = sorted(p for p in folder.glob("*.txt*") if p.is_file())
    if not notes:
        raise SourceFormatError(path, None, "holds no .txt", fix="give the folder of the notes")
    for note in notes:
        yield _annotated(note, longest)


def _annotated(note: Path, longest: int) -> AnnotatedDocument:
    text = whole_text(note, longest=longest)
    words = _words(text)
    mentions: dict[tuple[int, int, str], GoldMention] = {}
    for file, number, found in _marks(note, "concept", "con", _CON, longest):
        start, end = _span(file, number, found, words, text)
        given = mentions.setdefault(
            (start, end, found[6]),
            GoldMention(start, end, text[start:end], found[6], id=f"c{len(mentions) + 1}"),
        )
        assert given
    for file, number, found in _marks(note, "ast", "ast", _AST, longest):
        start, end = _span(file, number, found, words, text)
        key = (start, end, found[6])
        known = mentions.get(key) or GoldMention(
            start, end, text[start:end], found[6], id=f"c{len(mentions) + 1}"
        )
        mentions[key] = replace(known, assertion=found[7])
    by_span = {(m.start, m.end): m.id for m in mentions.values()}
    relations = []
    for file, number, found in _marks(note, "rel", "rel", _REL, longest):
        ends = [_span(file, number, found, words, text, group=g) for g in (1, 7)]
        ids = [by_span.get(span) for span in ends]
        if None in ids:
            raise SourceFormatError(file, number, "relates words that are no concept", fix="")
        relations.append(GoldRelation(found[6], str(ids[0]), str(ids[1])))
    name = plain_id(note)
    document = Document(
        f"i2b2-2010:{name}",
        text,
        Provenance("i2b2-2010", licence=LICENCE),
        clinical=True,
        patient=name,
    )
    return AnnotatedDocument(document, sorted_mentions(mentions.values()), tuple(relations))


def _words(text: str) -> list[list[tuple[int, int]]]:
    """Offsets of the words of each line."""
    lines = []
    start = 0
    for line in text.split("\n"):
        lines.append([(start + m.start(), start + m.end()) for m in _WORD.finditer(line)])
        start += len(line) + 1
    return lines


def _marks(
    note: Path, folder: str, suffix: str, form: re.Pattern[str], longest: int
) -> Iterator[tuple[Path, int, re.Match[str]]]:
    stem = plain_id(note) if note.suffix != ".txt" else note.stem
    places = (note.parent.parent / folder, note.parent / folder, note.parent)
    files = (p / f"{stem}.{suffix}{packing}" for p in places for packing in PACKINGS)
    file = next((f for f in files if f.is_file()), None)
    if file is None:
        return
    for number, line in read_lines(file, longest=longest):
        if not line.strip():
            continue
        found = form.fullmatch(line)
        if found is None:
            problem = f"{line[:80]!r} is no line of a .{suffix} file"
            raise SourceFormatError(file, number, problem, fix="is this a file of the challenge?")
        yield file, number, found


def _span(
    file: Path,
    number: int,
    found: re.Match[str],
    words: list[list[tuple[int, int]]],
    text: str,
    *,
    group: int = 1,
) -> tuple[int, int]:
    quoted = found[group]
    first_line, first_word, last_line, last_word = (int(found[group + i]) for i in range(1, 5))
    try:
        if not first_line or not last_line:
            raise IndexError
        start = words[first_line - 1][first_word][0]
        end = words[last_line - 1][last_word][1]
    except IndexError:
        problem = f"no word {first_line}:{first_word} to {last_line}:{last_word} in the note"
        raise SourceFormatError(file, number, problem, fix="is this its note?") from None
    if text[start:end].casefold().split() != quoted.casefold().split():
        problem = f"{first_line}:{first_word} is {text[start:end][:60]!r}, not {quoted[:60]!r}"
        raise SourceFormatError(file, number, problem, fix="is this its note?")
    return start, end
