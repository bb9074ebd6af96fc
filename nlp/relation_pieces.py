"""A document with marked mentions as word pieces, the input of the relation model.

Before each mention stands a mark; the mark and the pieces of the mention carry the class of the
concept as a second input. Training and reading share this.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from nlp.relation_pairs import CHEMICAL, DISEASE, PairDocument
from nlp.token_windows import PieceMaker

#: What a piece is, by number.
PIECE_KINDS = ("text", "chemical", "disease", "mark of a chemical", "mark of a disease")
_OF_KIND = {CHEMICAL: 1, DISEASE: 2}
_MARK = len(_OF_KIND)

#: Most pieces the encoder takes, and most of a document, which it then sees in two rows.
ROW_PIECES = 512
MOST_PIECES = 1000


@dataclass(frozen=True, slots=True)
class MarkedPieces:
    """A document in pieces.

    Args:
        pieces: ids, int64 [length], the special ones included.
        kinds: number in :data:`PIECE_KINDS`, int64 [length].
        marks: per entity, where its marks stand; empty where all its mentions were cut off.
    """

    pieces: npt.NDArray[np.int64]
    kinds: npt.NDArray[np.int64]
    marks: tuple[tuple[int, ...], ...]


def marked_pieces(
    document: PairDocument, maker: PieceMaker, *, mark: int, max_pieces: int = MOST_PIECES
) -> MarkedPieces:
    """The pieces of ``document``; what goes beyond ``max_pieces`` is cut off.

    Args:
        document: whose text and concepts.
        maker: cuts text into pieces.
        mark: id of the piece that marks a mention.
        max_pieces: most pieces, special ones included.
    """
    cut = maker.pieces(document.text)
    starts = [start for start, _ in cut.offsets]
    spans = _spans(document)
    kinds = [0] * len(cut.ids)
    marks_before: dict[int, list[int]] = {}
    for number, (start, end, kind) in enumerate(spans):
        first = max(0, bisect_right(starts, start) - 1)
        if cut.offsets[first][1] <= start:
            first += 1
        marks_before.setdefault(first, []).append(number)
        for place in range(first, len(cut.ids)):
            if starts[place] >= end:
                break
            kinds[place] = kind
    ids, tags, places = [maker.first], [0], {}
    for place, piece in enumerate(cut.ids):
        for number in marks_before.get(place, ()):
            places[number] = len(ids)
            ids.append(mark)
            tags.append(spans[number][2] + _MARK)
        ids.append(piece)
        tags.append(kinds[place])
    room = max_pieces - 1
    kept = {spans[n]: p for n, p in places.items() if p < room}
    return MarkedPieces(
        np.array([*ids[:room], maker.last], dtype=np.int64),
        np.array([*tags[:room], 0], dtype=np.int64),
        tuple(
            tuple(
                kept[key]
                for start, end in entity.spans
                if (key := (start, end, _OF_KIND[entity.kind])) in kept
            )
            for entity in document.entities
        ),
    )


def _spans(document: PairDocument) -> list[tuple[int, int, int]]:
    """The distinct mentions, outer before inner."""
    found = {(s, e, _OF_KIND[entity.kind]) for entity in document.entities for s, e in entity.spans}
    return sorted(found, key=lambda span: (span[0], -span[1], span[2]))


def mark_matrix(
    marks: Sequence[Sequence[int]],
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.bool_]]:
    """Marks padded to one length: places int64 [entities, most], which are real bool."""
    most = max(1, max((len(m) for m in marks), default=1))
    places = np.zeros((len(marks), most), dtype=np.int64)
    real = np.zeros((len(marks), most), dtype=np.bool_)
    for row, of in enumerate(marks):
        places[row, : len(of)] = of
        real[row, : len(of)] = True
    return places, real


def encoder_rows(
    marked: MarkedPieces,
) -> tuple[list[dict[str, npt.NDArray[np.int64]]], list[tuple[int, int, int]]]:
    """What the encoder is given for a document: one row, or two that overlap.

    Returns:
        rows of ``pieces``, ``mask``, ``kinds``, int64 [length of the row], and for each row
        ``(begin, end, skipped)``: it stands for pieces ``[begin, end)`` of the document, from
        its place ``skipped`` on.
    """
    pieces, kinds, count = marked.pieces, marked.kinds, len(marked.pieces)
    if count <= ROW_PIECES:
        return [_row(pieces, kinds)], [(0, count, 0)]
    seen = ROW_PIECES - 1
    head = _row(np.append(pieces[:seen], pieces[-1:]), np.append(kinds[:seen], [0]))
    tail = _row(np.append(pieces[:1], pieces[-seen:]), np.append([0], kinds[-seen:]))
    return [head, tail], [(0, seen, 0), (count - seen, count, 1)]


def _row(
    pieces: npt.NDArray[np.int64], kinds: npt.NDArray[np.int64]
) -> dict[str, npt.NDArray[np.int64]]:
    return {"pieces": pieces, "mask": np.ones_like(pieces), "kinds": kinds}


def joined_states(
    states: Sequence[tuple[Any, Any]], ranges: Sequence[tuple[int, int, int]], count: int
) -> tuple[Any, Any]:
    """Hidden states [count, width] and attention [heads, count, count] of a document's rows.

    Where rows overlap they are averaged; arrays of numpy and of torch are both fine.
    """
    if len(states) == 1:
        hidden, attention = states[0]
        return hidden[:count], attention[:, :count, :count]
    (h1, a1), (h2, a2) = states
    (_, end, _), (begin, _, skipped) = ranges
    size = count - begin
    module = _module_of(h1)
    h2, a2 = h2[skipped : skipped + size], a2[:, skipped : skipped + size, skipped : skipped + size]
    both = end - begin
    hidden = module.concatenate([h1[:begin], (h1[begin:end] + h2[:both]) / 2, h2[both:]])
    heads = a1.shape[0]
    attention = module.zeros((heads, count, count), dtype=a1.dtype)
    attention[:, :end, :end] = a1[:, :end, :end]
    attention[:, begin:, begin:] = attention[:, begin:, begin:] + a2
    return hidden, attention / attention.sum(-1)[..., None]


def _module_of(values: Any) -> Any:
    """The library an array is of."""
    if isinstance(values, np.ndarray):
        return np
    import torch

    return torch
