"""The labels and features of a token model, and how word labels become spans."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from kg.errors import ModelUnavailableError

#: ``(index of the piece that begins it, start, end)`` of a word; characters of the text.
Word = tuple[int, int, int]
#: ``(start, end, class)`` in characters of the text.
Span = tuple[int, int, str]


@dataclass(frozen=True, slots=True)
class TokenScheme:
    """What a token model tells apart.

    Args:
        classes: classes of mentions; each has a label for its first word and one for later ones.
        gazetteer: classes of the known names that are given as features; none for no gazetteer.
        corpora: corpora whose annotation the model has learnt; the first is the default.
        pieces: ``words`` (WordPiece, ``tokenizer.json``) or ``characters`` (``characters.txt``).
        max_pieces: most pieces of a window, the two special ones included.
        stride: pieces of context two windows of one text share.
    """

    classes: tuple[str, ...]
    gazetteer: tuple[str, ...] = ()
    corpora: tuple[str, ...] = ("default",)
    pieces: Literal["words", "characters"] = "words"
    max_pieces: int = 384
    stride: int = 64

    @property
    def labels(self) -> tuple[str, ...]:
        """Labels by index.

        >>> TokenScheme(("Disease",)).labels
        ('O', 'B-Disease', 'I-Disease')
        """
        return ("O", *(f"{prefix}-{name}" for name in self.classes for prefix in "BI"))

    @property
    def features(self) -> tuple[str, ...]:
        """Features by index: none, first or later word of a name, then one for each corpus.

        >>> TokenScheme(("Disease",), ("Disease",), ("NCBI",)).features
        ('none', 'B-Disease', 'I-Disease', 'NCBI')
        """
        named = (f"{prefix}-{name}" for name in self.gazetteer for prefix in "BI")
        return ("none", *named, *self.corpora)

    def to_json(self) -> dict[str, Any]:
        """A JSON-safe record."""
        return {
            "classes": list(self.classes),
            "gazetteer": list(self.gazetteer),
            "corpora": list(self.corpora),
            "pieces": self.pieces,
            "max_pieces": self.max_pieces,
            "stride": self.stride,
        }

    @classmethod
    def from_json(cls, record: Mapping[str, Any]) -> TokenScheme:
        """Read what :meth:`to_json` wrote.

        Raises:
            ModelUnavailableError: where a field is missing.
        """
        try:
            return cls(
                tuple(record["classes"]),
                tuple(record["gazetteer"]),
                tuple(record["corpora"]),
                record["pieces"],
                int(record["max_pieces"]),
                int(record["stride"]),
            )
        except KeyError as error:
            raise ModelUnavailableError(f"scheme of a token model without {error}") from error

    def decode(self, words: Sequence[Word], labels: Sequence[int]) -> list[Span]:
        """Spans of a sequence of word labels; an I without B opens a span.

        >>> TokenScheme(("Disease",)).decode([(1, 0, 5), (2, 6, 12), (3, 13, 15)], [1, 2, 0])
        [(0, 12, 'Disease')]
        """
        names = self.labels
        spans: list[Span] = []
        open_name = ""
        for (_, start, end), label in zip(words, labels, strict=True):
            name = names[label][2:]
            if not name:
                open_name = ""
            elif names[label].startswith("I-") and name == open_name:
                spans[-1] = (spans[-1][0], end, name)
            else:
                spans.append((start, end, name))
                open_name = name
        return spans
