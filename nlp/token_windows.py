"""Texts as windows of word pieces, the input of a token model; training and reading share it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from kg.errors import MissingExtraError, ModelUnavailableError
from kg.names import is_han, normalise
from nlp.gazetteer import Gazetteer
from nlp.token_scheme import Span, TokenScheme, Word

Batch = dict[str, npt.NDArray[np.int64]]


@dataclass(frozen=True, slots=True)
class Pieces:
    """A text in pieces: their ids, ``[start, end)`` in the text, and the word each belongs to."""

    ids: Sequence[int]
    offsets: Sequence[tuple[int, int]]
    words: Sequence[int | None]


class PieceMaker(Protocol):
    """Cuts a text into pieces; the ids of the first and last piece, and of one that is hidden."""

    first: int
    last: int
    hidden: int

    def pieces(self, text: str) -> Pieces:
        """The pieces of ``text``, without the special ones."""
        ...


class WordPieces:
    """WordPiece from a ``tokenizer.json``, by the ``tokenizers`` package.

    Raises:
        MissingExtraError: without that package.
        ModelUnavailableError: where the file is absent.
    """

    def __init__(self, path: Path) -> None:
        try:
            from tokenizers import Tokenizer
        except ImportError as error:
            raise MissingExtraError("tokenizers", extra="lm") from error
        if not path.is_file():
            raise ModelUnavailableError(f"{path} is absent; install the package again")
        self._tokenizer = Tokenizer.from_file(str(path))
        self._tokenizer.no_truncation()
        self._tokenizer.no_padding()
        self.first = self._tokenizer.token_to_id("[CLS]") or 0
        self.last = self._tokenizer.token_to_id("[SEP]") or 0
        self.hidden = self._tokenizer.token_to_id("[MASK]") or 0

    def pieces(self, text: str) -> Pieces:
        """See :meth:`PieceMaker.pieces`."""
        encoding = self._tokenizer.encode(text, add_special_tokens=False)
        return Pieces(encoding.ids, encoding.offsets, encoding.word_ids)


class CharacterPieces:
    """One piece a character, simplified and lower case; white space is left out.

    Args:
        path: the characters, one a line; the line number is the id. The first three lines are the
            names of padding, beginning and end; the fourth stands for every unknown character.
    """

    def __init__(self, path: Path) -> None:
        try:
            lines = path.read_text(encoding="utf-8").split("\n")
        except OSError as error:
            raise ModelUnavailableError(f"{path}: no readable characters ({error})") from error
        self._ids = {line: number for number, line in enumerate(lines) if line}
        self.first, self.last, self._unknown = 1, 2, 3
        self.hidden = self._unknown

    def pieces(self, text: str) -> Pieces:
        """See :meth:`PieceMaker.pieces`."""
        places = [i for i, c in enumerate(text) if not c.isspace()]
        ids = [self._ids.get(plain_character(text[i]), self._unknown) for i in places]
        return Pieces(ids, [(i, i + 1) for i in places], list(range(len(places))))


@lru_cache(maxsize=1 << 14)
def plain_character(character: str) -> str:
    """A character simplified, in lower case and half width, where that is one character.

    >>> plain_character("頭"), plain_character("Ａ"), plain_character("，")
    ('头', 'a', ',')
    """
    if 0xFF01 <= ord(character) <= 0xFF5E:
        character = chr(ord(character) - 0xFEE0)
    plain = normalise(character) if is_han(character) else character.lower()
    return plain if len(plain) == 1 else character


def piece_maker(scheme: TokenScheme, folder: Path) -> PieceMaker:
    """The piece maker of a model or encoder folder."""
    if scheme.pieces == "characters":
        return CharacterPieces(folder / "characters.txt")
    return WordPieces(folder / "tokenizer.json")


@dataclass(frozen=True, slots=True)
class Window:
    """A stretch of a text as pieces.

    Args:
        text: index of the text it is of.
        pieces: ids, int64 [length], the special ones included.
        features: int64 [length]; see :attr:`TokenScheme.features`.
        words: the words that begin inside it; piece indexes count in ``pieces``.
        first_word: number of the first of them among the words of the text.
    """

    text: int
    pieces: npt.NDArray[np.int64]
    features: npt.NDArray[np.int64]
    words: tuple[Word, ...]
    first_word: int


class WindowMaker:
    """Cuts texts into windows.

    Args:
        scheme: labels, features and sizes.
        maker: cuts texts into pieces.
        gazetteer: where known names stand; None where the scheme asks for none.
    """

    def __init__(
        self, scheme: TokenScheme, maker: PieceMaker, gazetteer: Gazetteer | None = None
    ) -> None:
        self._scheme = scheme
        self._maker = maker
        self._gazetteer = gazetteer
        self._index = {name: place for place, name in enumerate(scheme.features)}

    def windows(self, number: int, text: str, *, corpus: str = "") -> Iterator[Window]:
        """The windows of a text, in order.

        Args:
            number: kept as :attr:`Window.text`.
            text: the text.
            corpus: how to annotate; the scheme's first corpus where not given.
        """
        scheme = self._scheme
        pieces = self._maker.pieces(text)
        spans = self._gazetteer.spans(text) if self._gazetteer else []
        features = self._features(pieces.offsets, spans)
        words = _words(pieces)
        tag = self._index[corpus or scheme.corpora[0]]
        count = len(pieces.ids)
        begin = 0
        while True:
            end = _word_start(pieces.words, min(begin + scheme.max_pieces - 2, count), begin)
            inside = [k for k, word in enumerate(words) if begin <= word[0] < end]
            yield Window(
                number,
                np.array([self._maker.first, *pieces.ids[begin:end], self._maker.last], np.int64),
                np.array([tag, *features[begin:end], 0], np.int64),
                tuple((words[k][0] - begin + 1, words[k][1], words[k][2]) for k in inside),
                inside[0] if inside else 0,
            )
            if end >= count:
                return
            begin = max(end - scheme.stride, begin + 1)
            while begin < end and pieces.words[begin] == pieces.words[begin - 1]:
                begin += 1

    def _features(self, offsets: Sequence[tuple[int, int]], spans: Sequence[Span]) -> list[int]:
        features = [0] * len(offsets)
        place = 0
        for start, end, name in spans:
            while place < len(offsets) and offsets[place][0] < start:
                place += 1
            prefix = "B-"
            while place < len(offsets) and offsets[place][1] <= end:
                features[place] = self._index[prefix + name]
                prefix = "I-"
                place += 1
        return features


def _word_start(words: Sequence[int | None], end: int, begin: int) -> int:
    """The last place at or before ``end`` where a word begins; ``end`` where there is none."""
    place = end
    while begin + 1 < place < len(words) and words[place] == words[place - 1]:
        place -= 1
    return place if place > begin + 1 else end


def _words(pieces: Pieces) -> list[Word]:
    words: list[Word] = []
    previous: int | None = None
    for piece, word in enumerate(pieces.words):
        start, end = pieces.offsets[piece]
        if word == previous and words:
            first, begin, _ = words[-1]
            words[-1] = (first, begin, end)
        else:
            words.append((piece, start, end))
        previous = word
    return words


def collate(windows: Sequence[Window]) -> Batch:
    """Pad windows to one length: ``pieces``, ``mask``, ``features`` int64 [batch, length]."""
    length = max(len(w.pieces) for w in windows)
    shape = (len(windows), length)
    batch = {name: np.zeros(shape, dtype=np.int64) for name in ("pieces", "mask", "features")}
    for row, window in enumerate(windows):
        size = len(window.pieces)
        batch["pieces"][row, :size] = window.pieces
        batch["mask"][row, :size] = 1
        batch["features"][row, :size] = window.features
    return batch


class LabelKeeper:
    """Collects the label probabilities of the words of texts from their windows.

    A word two windows hold is taken from the one in which it has more context.

    Args:
        count: how many texts there are.
    """

    def __init__(self, count: int) -> None:
        self._kept: list[dict[int, tuple[int, Word, npt.NDArray[Any]]]] = [{} for _ in range(count)]

    def add(self, window: Window, scores: npt.NDArray[np.float32]) -> None:
        """Take the scores of a window's words; ``scores`` float32 [length, labels]."""
        kept = self._kept[window.text]
        last = len(window.words) - 1
        for k, word in enumerate(window.words):
            context = min(k, last - k)
            number = window.first_word + k
            if number not in kept or context > kept[number][0]:
                kept[number] = (context, word, scores[word[0]])

    def words(self, text: int) -> list[tuple[Word, npt.NDArray[Any]]]:
        """Each word of a text, in order, with its scores [labels]."""
        return [kept[1:] for _, kept in sorted(self._kept[text].items())]
