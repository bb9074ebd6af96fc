"""The ADE corpus: drugs and the adverse effects that sentences of case reports ascribe to them.

Gurulingappa et al. 2012, https://doi.org/10.1016/j.jbi.2012.04.008, ``DRUG-AE.rel``: PubMed id,
sentence, effect, drug, and their offsets in a document that is not given. Only drugs and effects
of a relation are marked, and only sentences with one are in the file, so that nearly every marked
drug and effect of a sentence are a pair: what there is to learn is which names are marked. The
corpus has no split of its own: of its documents in the order of their numbers every fifth is a
test document here. Its licence is not stated: for measuring, not for what ships.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from kg.errors import SourceFormatError
from loaders.reading import read_lines
from nlp.relation_pairs import Span

_EVERY = 5
_COLUMNS = 8

Part = Literal["train", "test"]


@dataclass(frozen=True, slots=True)
class AdeSentence:
    """A sentence with its pairs.

    Args:
        document: PubMed id.
        text: the sentence.
        pairs: spans in it of each drug and the effect ascribed to it.
    """

    document: str
    text: str
    pairs: tuple[tuple[Span, Span], ...]


def ade_sentences(path: Path, part: Part) -> list[AdeSentence]:
    """The sentences of one part, in the order of the file.

    Args:
        path: ``DRUG-AE.rel``, packed or not.
        part: ``test`` for every fifth document, ``train`` for the others.

    Raises:
        SourceFormatError: with file and line, where a line has other columns or its names do not
            stand in its sentence.
    """
    found: dict[tuple[str, str], list[tuple[Span, Span]]] = {}
    for number, line in read_lines(path):
        cells = line.rstrip("\n").split("|")
        if len(cells) != _COLUMNS:
            raise SourceFormatError(
                path, number, f"{len(cells)} columns", fix=f"expected {_COLUMNS}, parted by |"
            )
        document, text, effect, effect_start, _, drug, drug_start, _ = cells
        apart = _whole(path, number, drug_start) - _whole(path, number, effect_start)
        spans = _places(text, effect, drug, apart)
        if spans is None:
            raise SourceFormatError(
                path, number, f"{drug!r} or {effect!r} is not in the sentence", fix="download again"
            )
        found.setdefault((document, text), []).append(spans)
    documents = sorted({document for document, _ in found}, key=lambda d: (len(d), d))
    tested = set(documents[::_EVERY])
    return [
        AdeSentence(document, text, tuple(dict.fromkeys(pairs)))
        for (document, text), pairs in found.items()
        if (document in tested) == (part == "test")
    ]


def _whole(path: Path, number: int, cell: str) -> int:
    if not cell.isdecimal():
        raise SourceFormatError(path, number, f"offset {cell!r}", fix="expected a whole number")
    return int(cell)


def _places(text: str, effect: str, drug: str, apart: int) -> tuple[Span, Span] | None:
    """Spans of drug and effect: as far apart as in the document, else where each stands first."""
    effects, drugs = _occurrences(text, effect), _occurrences(text, drug)
    if not effects or not drugs:
        return None
    rows = sorted((abs(d - e - apart), d, e) for d in drugs for e in effects)
    _, at, begin = rows[0]
    return (at, at + len(drug)), (begin, begin + len(effect))


def _occurrences(text: str, name: str) -> list[int]:
    places, at = [], text.find(name)
    while at >= 0:
        places.append(at)
        at = text.find(name, at + 1)
    return places
