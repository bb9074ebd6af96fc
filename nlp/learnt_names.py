"""What the bulk linker has learnt of a graph's names, in arrays, and the file it is kept in.

Learning the names of a graph (tokens, what each may name, and how surely) takes seconds, opening
what was learnt some hundredths of one. The file is an uncompressed ``.npz``
(https://numpy.org/doc/stable/reference/generated/numpy.savez.html) without pickled objects, whose
members carry checksums; it names what it was learnt from, so that it is never used for another
graph or by another version of the code (:func:`learnt_key`).
"""

from __future__ import annotations

import os
import zipfile
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from hashlib import sha256
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np

from kg.names import tokens
from kg.records import NAME_KINDS, Concept, Name
from kg.schema import GENE
from kg.strings import Ints, Strings
from nlp.admission import Admission, is_short_form
from nlp.lexicon import Lexicon
from nlp.name_trie import NameTrie
from nlp.records import Candidate

#: Everything whose change changes what is learnt; files, or folders of files.
_DECIDING = {
    "kg": ("names.py", "records.py", "schema.py", "traditional_chinese.txt"),
    "nlp": ("admission.py", "learnt_names.py", "lexicon.py", "lexicon", "name_trie.py"),
}


#: What reading an archive, or using arrays of the wrong shape or type, can raise.
_UNREADABLE = (
    OSError,
    EOFError,
    LookupError,
    ValueError,
    TypeError,
    AttributeError,
    zipfile.BadZipFile,
    zlib.error,
)


class UnreadableNamesError(ValueError):
    """A file that holds no learnt names, or those of another graph or version."""


@dataclass(frozen=True, slots=True)
class Entry:
    """What one sequence of tokens may name."""

    candidates: tuple[Candidate, ...]  # best first, where no rule depends on the text
    asked: tuple[tuple[Name, Candidate], ...]  # names the admission rules are asked about


@dataclass(frozen=True, slots=True)
class LearntNames:
    """The names of a graph: *n* sequences of tokens, *c* concepts, *p* and *a* rows.

    Args:
        words: the different tokens; their places are the numbers in the trie.
        trie: the sequences.
        curies: [c] concepts' keys.
        display: [c] their names.
        categories: the different classes.
        category: uint16 [c], place in ``categories``.
        plain_starts: int64 [n + 1], where the rows of each sequence begin.
        plain_concepts: int32 [p], best first.
        plain_scores: float64 [p].
        asked_starts: int64 [n + 1].
        asked_concepts: int32 [a].
        asked_kinds: uint8 [a], place in :data:`kg.records.NAME_KINDS`.
        asked_texts: [a] names as the graph writes them.
    """

    words: Strings
    trie: NameTrie
    curies: Strings
    display: Strings
    categories: Strings
    category: Ints
    plain_starts: Ints
    plain_concepts: Ints
    plain_scores: Ints
    asked_starts: Ints
    asked_concepts: Ints
    asked_kinds: Ints
    asked_texts: Strings

    def __len__(self) -> int:
        """How many different sequences there are."""
        return len(self.plain_starts) - 1

    def vocabulary(self) -> dict[str, int]:
        """Token → its number."""
        return {word: i for i, word in enumerate(self.words.slice(0, len(self.words)))}

    def entry(self, number: int) -> Entry:
        """What sequence ``number`` may name."""
        low, high = self.plain_starts[number : number + 2].tolist()
        plain = (
            self._candidate(concept, score)
            for concept, score in zip(
                self.plain_concepts[low:high].tolist(),
                self.plain_scores[low:high].tolist(),
                strict=True,
            )
        )
        low, high = self.asked_starts[number : number + 2].tolist()
        asked = (
            (
                Name(self.asked_texts[row], kind=NAME_KINDS[self.asked_kinds[row]]),
                self._candidate(int(self.asked_concepts[row]), 1.0),
            )
            for row in range(low, high)
        )
        return Entry(tuple(plain), tuple(asked))

    def _candidate(self, row: int, score: float) -> Candidate:
        category = self.categories[int(self.category[row])]
        return Candidate(self.curies[row], self.display[row], category, score)

    # -- kept in a file --------------------------------------------------------------------

    def save(self, path: Path, key: str) -> None:
        """Write the file at ``path``, whole or not at all.

        Raises:
            OSError: where it cannot be written.
        """
        arrays: dict[str, Any] = {"key": np.array(key)}
        for name in _COLUMNS:
            value = getattr(self, name)
            if isinstance(value, Strings):
                arrays[f"{name}.text"] = np.frombuffer(value.blob, dtype=np.uint8)
                arrays[f"{name}.offsets"] = value.offsets
            elif isinstance(value, NameTrie):
                arrays |= {f"trie.{x}": getattr(value, x) for x in ("tokens", "first", "ends")}
            else:
                arrays[name] = value
        partial = path.with_name(f".{path.name}.{os.getpid()}")
        try:
            with partial.open("wb") as stream:
                np.savez(stream, **arrays)
            partial.replace(path)
        finally:
            partial.unlink(missing_ok=True)

    @classmethod
    def load(cls, path: Path, key: str) -> LearntNames:
        """Read the file :meth:`save` wrote.

        Raises:
            FileNotFoundError: where there is none.
            UnreadableNamesError: where it is truncated, altered, foreign, or has another key.
        """
        try:
            with path.open("rb") as stream:
                archive = np.load(stream, allow_pickle=False)
                arrays = {name: archive[name] for name in archive.files}
            if str(arrays["key"]) != key:
                raise ValueError("it was learnt from another graph, or by another version")
            return cls._of(arrays)
        except FileNotFoundError:
            raise
        except _UNREADABLE as error:
            raise UnreadableNamesError(f"{path}: no learnt names can be read ({error})") from error

    @classmethod
    def _of(cls, arrays: Mapping[str, Ints]) -> LearntNames:
        columns: dict[str, Any] = {}
        for name in _COLUMNS:
            if f"{name}.text" in arrays:
                columns[name] = _column(arrays[f"{name}.text"], arrays[f"{name}.offsets"])
            elif name != "trie":
                columns[name] = arrays[name]
        trie = (arrays[f"trie.{x}"] for x in ("tokens", "first", "ends"))
        learnt = cls(trie=NameTrie(*trie, vocabulary=len(columns["words"])), **columns)
        learnt._check()
        return learnt

    def _check(self) -> None:
        """Refuse arrays that do not fit together."""
        concepts, size = len(self.curies), len(self)
        rows = (
            (self.plain_starts, (self.plain_concepts, self.plain_scores)),
            (self.asked_starts, (self.asked_concepts, self.asked_kinds, self.asked_texts)),
        )
        fits = len(self.display) == len(self.category) == concepts
        for starts, columns in rows:
            fits &= (
                len(starts) == size + 1 and starts[0] == 0 and bool((np.diff(starts) >= 0).all())
            )
            fits &= all(len(column) == starts[-1] for column in columns)
        for numbers, most in (
            (self.category, len(self.categories)),
            (self.plain_concepts, concepts),
            (self.asked_concepts, concepts),
            (self.asked_kinds, len(NAME_KINDS)),
            (self.trie.ends, size),
        ):
            fits &= not len(numbers) or int(numbers.max()) < most
        for numbers in (self.plain_concepts, self.asked_concepts):
            fits &= not len(numbers) or int(numbers.min()) >= 0
        if not fits:
            raise ValueError("its arrays do not fit together")


_COLUMNS = tuple(field.name for field in fields(LearntNames))


def _column(text: Ints, offsets: Ints) -> Strings:
    """A column of strings from the arrays of a file."""
    whole = len(offsets) and offsets[0] == 0 and offsets[-1] == len(text)
    if not whole or not _rise(offsets):
        raise ValueError("a column of strings does not fit its offsets")
    return Strings(text.tobytes(), offsets)


def _rise(numbers: Ints) -> bool:
    """Whether no number is smaller than the one before it."""
    return bool((np.diff(numbers) >= 0).all())


def learnt_key(fingerprint: str) -> str:
    """What is learnt from a graph by this version of the code, as a hash.

    Args:
        fingerprint: that of the graph.
    """
    digest = sha256(fingerprint.encode())
    for package, names in _DECIDING.items():
        for name in names:
            place = Path(str(files(package).joinpath(name)))
            for path in sorted(place.iterdir()) if place.is_dir() else [place]:
                digest.update(path.read_bytes())
    return digest.hexdigest()[:32]


class _Learner:
    """Goes through concepts and collects the columns."""

    def __init__(self, lexicon: Lexicon) -> None:
        self._lexicon = lexicon
        self._admission = Admission(lexicon)
        self._concepts: list[Candidate] = []
        self._sequences: dict[tuple[str, ...], list[tuple[Name, int]]] = {}

    def learn(self, concepts: Iterable[Concept]) -> LearntNames:
        for concept in concepts:
            row = len(self._concepts)
            self._concepts.append(Candidate(concept.curie, concept.name(), concept.category, 1.0))
            for name in concept.names:
                parts = tuple(t.text for t in tokens(name.text))
                if parts and not self._is_generic(name, parts):
                    self._sequences.setdefault(parts, []).append((name, row))
        return self._columns()

    def _is_generic(self, name: Name, parts: tuple[str, ...]) -> bool:
        text = name.text.lower()
        lexicon = self._lexicon
        if text in lexicon.generic or " ".join(parts) in lexicon.generic:
            return True
        if len(parts) > 1:
            return False
        return len(text) < 2 or text.isdigit() or name.text in lexicon.function

    def _columns(self) -> LearntNames:
        words: dict[str, int] = {}
        sequences = [
            tuple(words.setdefault(part, len(words)) for part in parts) for parts in self._sequences
        ]
        plain: list[tuple[int, float]] = []
        asked: list[tuple[Name, int]] = []
        plain_starts, asked_starts = [0], [0]
        for uses in self._sequences.values():
            plain.extend(self._plain(uses))
            asked.extend(use for use in uses if self._depends_on_text(*use))
            plain_starts.append(len(plain))
            asked_starts.append(len(asked))
        categories = {c.category: 0 for c in self._concepts}
        place = {category: i for i, category in enumerate(categories)}
        return LearntNames(
            words=Strings.of(words),
            trie=NameTrie.of(sequences, vocabulary=len(words)),
            curies=Strings.of(c.curie for c in self._concepts),
            display=Strings.of(c.name for c in self._concepts),
            categories=Strings.of(categories),
            category=np.array([place[c.category] for c in self._concepts], dtype=np.uint16),
            plain_starts=np.array(plain_starts, dtype=np.int64),
            plain_concepts=np.array([row for row, _ in plain], dtype=np.int32),
            plain_scores=np.array([score for _, score in plain], dtype=np.float64),
            asked_starts=np.array(asked_starts, dtype=np.int64),
            asked_concepts=np.array([row for _, row in asked], dtype=np.int32),
            asked_kinds=np.array([NAME_KINDS.index(n.kind) for n, _ in asked], dtype=np.uint8),
            asked_texts=Strings.of(name.text for name, _ in asked),
        )

    def _plain(self, uses: Iterable[tuple[Name, int]]) -> list[tuple[int, float]]:
        """Concepts whose names are meant wherever they stand, with scores, best first."""
        best: dict[str, tuple[int, float]] = {}
        for name, row in uses:
            if self._depends_on_text(name, row):
                continue
            concept = self._concepts[row]
            score = self._admission.score(name, concept.category, name.text)
            if score and best.get(concept.curie, (row, 0.0))[1] < score:
                best[concept.curie] = (row, score)
        ordered = sorted(best.items(), key=lambda item: (-item[1][1], item[0]))
        return [found for _, found in ordered]

    def _depends_on_text(self, name: Name, row: int) -> bool:
        if not name.text.isascii():
            return False
        if self._concepts[row].category == GENE and " " not in name.text:
            return True
        return is_short_form(name) or name.kind == "brand"


def learn_names(concepts: Iterable[Concept], lexicon: Lexicon) -> LearntNames:
    """Learn the names of ``concepts``."""
    return _Learner(lexicon).learn(concepts)
