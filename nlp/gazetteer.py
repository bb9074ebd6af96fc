"""Where known names stand in a text: features for the trained mention recogniser.

Names are matched case-blind at word boundaries, longest first, by Aho-Corasick (Aho, Corasick
1975, https://doi.org/10.1145/360825.360855); Chinese characters stand at a boundary everywhere. A
match is a hint, not a mention: the model learns how far to trust it.
"""

from __future__ import annotations

import lzma
from collections.abc import Iterable, Mapping
from pathlib import Path

import ahocorasick

from kg.errors import ModelUnavailableError
from kg.names import is_han

_SHORTEST = 3
_SHORTEST_HAN = 2


class Gazetteer:
    """Names by class, found in texts.

    Args:
        names: class name → names of it. A name of two classes counts for the first one given.
    """

    def __init__(self, names: Mapping[str, Iterable[str]]) -> None:
        self._automaton = ahocorasick.Automaton(ahocorasick.STORE_INTS)
        self._categories = tuple(names)
        many = len(self._categories)
        # The class given first comes last, so that a name of two classes is its.
        for place in range(many - 1, -1, -1):
            for form in names[self._categories[place]]:
                key = form.lower().strip()
                if _is_long_enough(key):
                    self._automaton.add_word(key, len(key) * many + place)
        self._automaton.make_automaton()

    @classmethod
    def load(cls, path: Path) -> Gazetteer:
        """The names of a file :func:`write_names` wrote.

        Raises:
            ModelUnavailableError: where the file cannot be read.
        """
        return cls(read_names(path))

    def spans(self, text: str) -> list[tuple[int, int, str]]:
        """``(start, end, class)`` of every longest match, by start; offsets in ``text``.

        Lower-casing must not move offsets, so characters it would lengthen stay as they are.
        """
        if not len(self._automaton):
            return []
        lowered = "".join(c if len(c.lower()) != 1 else c.lower() for c in text)
        spans: list[tuple[int, int, str]] = []
        for last, number in self._automaton.iter_long(lowered):
            length, place = divmod(number, len(self._categories))
            category = self._categories[place]
            start, end = last - length + 1, last + 1
            if _is_boundary(lowered, start) and _is_boundary(lowered, end):
                spans.append((start, end, category))
        return spans


def _is_boundary(text: str, place: int) -> bool:
    """Whether no word goes on across ``place``."""
    sides = text[max(0, place - 1) : place + 1]
    inside = 0 < place < len(text)
    return not inside or not sides.isalnum() or any(is_han(c) for c in sides)


def _is_long_enough(name: str) -> bool:
    return len(name) >= (_SHORTEST_HAN if any(is_han(c) for c in name) else _SHORTEST)


def write_names(names: Mapping[str, Iterable[str]], path: Path) -> None:
    """Write names by class, sorted, as lines ``class<TAB>name`` packed with xz."""
    lines = {
        f"{category}\t{form.lower().strip()}"
        for category, forms in names.items()
        for form in forms
        if _is_long_enough(form.strip()) and "\n" not in form
    }
    order = {category: place for place, category in enumerate(names)}
    listed = sorted(lines, key=lambda line: (order[line.partition("\t")[0]], line))
    path.write_bytes(lzma.compress("\n".join(listed).encode("utf-8"), preset=9))


def read_names(path: Path) -> dict[str, list[str]]:
    """The names :func:`write_names` wrote, by class.

    Raises:
        ModelUnavailableError: where the file is absent or damaged.
    """
    try:
        lines = lzma.decompress(path.read_bytes()).decode("utf-8").splitlines()
    except (OSError, lzma.LZMAError, UnicodeDecodeError) as error:
        raise ModelUnavailableError(f"{path}: no readable names ({error})") from error
    names: dict[str, list[str]] = {}
    for line in lines:
        category, _, form = line.partition("\t")
        names.setdefault(category, []).append(form)
    return names
