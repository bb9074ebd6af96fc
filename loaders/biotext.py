"""The BioText corpus: treatments and diseases of a sentence, and what the one does to the other.

Rosario & Hearst 2004, https://doi.org/10.3115/1218955.1219010: sentences of abstracts with marked
roles and, behind ``||``, one relation for the sentence. It names no documents and has no split:
blocks of forty sentences are taken in turn, every fifth for testing, so that sentences of one
abstract seldom stand on both sides. Its licence is not stated: for measuring, not for what ships.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from kg.errors import SourceFormatError
from loaders.reading import read_lines
from nlp.relation_pairs import CHEMICAL, DISEASE, Entity, PairDocument, candidate_pairs
from nlp.training.relation_examples import RelationExample

TYPES = ("treats", "prevents", "side effect")
_LABELS = {"TREAT_FOR_DIS": "treats", "PREVENT": "prevents", "SIDE_EFF": "side effect"}
_MARK = re.compile(r"<(/?)(TREAT|DIS)(?:_[A-Z_]+|ONLY)?>")
_KIND = {"TREAT": CHEMICAL, "DIS": DISEASE}
_BLOCK, _EVERY = 40, 5


def biotext_sentences(path: Path, part: str) -> Iterator[RelationExample]:
    """Sentences that mark a treatment and a disease; each marked stretch is a concept of its own.

    Args:
        path: ``sentences_with_roles_and_relations.txt``, packed or not.
        part: ``train`` or ``test``.

    Raises:
        SourceFormatError: with file and line, where marks or relation are missing.
    """
    for number, line in read_lines(path, encoding="latin-1"):
        if ((number // _BLOCK) % _EVERY == 0) != (part == "test"):
            continue
        text, bar, relation = line.rstrip("\n").rpartition("||")
        if not bar:
            raise SourceFormatError(path, number, "no relation", fix="expected sentence||RELATION")
        example = _example(number, text, _LABELS.get(relation.strip(), ""))
        if example is not None:
            yield example


def _example(number: int, marked: str, label: str) -> RelationExample | None:
    """The sentence without its marks; one that closes nothing (the file has one) is passed over."""
    text, entities = "", []
    opened: tuple[str, int] | None = None
    at = 0
    for mark in _MARK.finditer(marked):
        text += marked[at : mark.start()]
        at = mark.end()
        closing, kind = mark.groups()
        if not closing:
            opened = (kind, len(text))
        elif opened is not None and opened[0] == kind:
            inside = text[opened[1] :]
            start = opened[1] + len(inside) - len(inside.lstrip())
            end = len(text.rstrip())
            if start < end:
                entities.append(Entity(f"{kind} {start}", _KIND[kind], ((start, end),)))
            opened = None
    text += marked[at:]
    document = PairDocument(f"line {number}", text, 0, ((0, len(text)),), tuple(entities))
    labels = {
        pair: tuple(int(name == label) for name in TYPES)
        for pair in candidate_pairs(document)
        if entities[pair[1]].kind == DISEASE
    }
    return RelationExample(document, labels, TYPES) if labels else None
