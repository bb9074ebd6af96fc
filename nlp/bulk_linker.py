"""Every name of a graph in a document, found in one pass.

Names and text become sequences of small codes, one per normal token (:mod:`kg.names`), and an
Aho–Corasick automaton (Aho & Corasick 1975, https://doi.org/10.1145/360825.360855) over the codes
finds all names at once, whatever their number. A code is three characters, each from an alphabet
of its own, so that no match can begin inside a code. Offsets are those of the text as given.

>>> from kg.records import Concept, Name
>>> migraine = Concept("DOID:6364", "biolink:Disease", (Name("migraine headache"),))
>>> linker = BulkLinker([migraine])
>>> [(m.start, m.end, m.concept) for m in linker.link("No Migraine headaches, today.")]
[(3, 21, 'DOID:6364')]
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from itertools import accumulate

import ahocorasick

from kg.names import tokens
from kg.records import Concept, Name
from kg.schema import GENE
from nlp.admission import Admission, is_short_form, is_shouting
from nlp.lexicon import Lexicon
from nlp.records import Candidate, Mention
from nlp.tokens import HAN

_MARKS = "\u0300-\u036f"
_CHUNK = re.compile(
    rf"([{HAN}]|(?:(?![{HAN}])[^\W_])(?:(?![{HAN}])[^\W_]|[{_MARKS}]"
    rf"|(?<=[^\W\d_])['’](?=[^\W\d_]))*)"
)
_ASCII_CHUNK = re.compile(r"([A-Za-z0-9]+(?:(?<=[A-Za-z])'[A-Za-z]+)*)")
_CROSSES = re.compile(r"[.!?。！？；]\s|[。！？；]|\n\s*\n|[\[\]{}<>|=]")
_BASE = 40
_WIDTH = 3
_UNKNOWN = " " * _WIDTH
_MOST_TOKENS = _BASE**_WIDTH
_ANNOUNCED_WITHIN = 30  # characters on either side in which "gene" announces a symbol


@dataclass(frozen=True, slots=True)
class _Entry:
    """What one sequence of tokens may name."""

    length: int  # tokens
    candidates: tuple[Candidate, ...]  # best first, where no rule depends on the text
    asked: tuple[tuple[Name, Candidate], ...]  # names the admission rules are asked about


class BulkLinker:
    """Finds the names of ``concepts`` in documents.

    Args:
        concepts: whose names are looked for, e.g. ``store.concepts()``.
        categories: only these classes; all where empty.
        lexicon: word lists; those shipped where not given.
    """

    def __init__(
        self,
        concepts: Iterable[Concept],
        *,
        categories: Collection[str] = (),
        lexicon: Lexicon | None = None,
    ) -> None:
        self._lexicon = lexicon or Lexicon.load()
        self._admission = Admission(self._lexicon)
        self._codes: dict[str, str] = {}
        self._chunks: dict[str, str] = {}
        self._entries: list[_Entry] = []
        self._automaton = ahocorasick.Automaton(ahocorasick.STORE_INTS)
        self._build(c for c in concepts if not categories or c.category in categories)

    def __len__(self) -> int:
        """How many different names are looked for."""
        return len(self._entries)

    def link(self, text: str) -> tuple[Mention, ...]:
        """The mentions of ``text``: leftmost, longest, not overlapping, with candidates."""
        if not self._entries:
            return ()
        parts = (_ASCII_CHUNK if text.isascii() else _CHUNK).split(text)
        words = parts[1::2]
        known = self._chunks
        coded = [known[w] if w in known else self._code_of_chunk(w) for w in words]
        joined = "".join(coded)
        found = list(self._automaton.iter(joined))
        if not found:
            return ()
        starts = list(accumulate(map(len, parts), initial=0))
        chunk_at = _chunk_positions(coded) if len(joined) != _WIDTH * len(coded) else None
        return self._mentions(text, found, starts, chunk_at)

    def _mentions(
        self,
        text: str,
        found: list[tuple[int, int]],
        starts: list[int],
        chunk_at: dict[int, int] | None,
    ) -> tuple[Mention, ...]:
        """Turn matches (last code character, entry) into mentions, leftmost longest first."""
        spans = []
        for end, index in found:
            behind = (end + 1) // _WIDTH
            first, last = behind - self._entries[index].length, behind
            if chunk_at is not None:
                if first not in chunk_at or last not in chunk_at:
                    continue
                first, last = chunk_at[first], chunk_at[last]
            spans.append((first, -last, index))
        spans.sort()
        shouting = is_shouting(text)
        mentions = []
        free = 0
        for first, minus_last, index in spans:
            if first < free:
                continue
            start, end = starts[2 * first + 1], starts[-2 * minus_last]
            mention = self._mention(text, start, end, self._entries[index], shouting)
            if mention is not None:
                mentions.append(mention)
                free = -minus_last
        return tuple(mentions)

    def _mention(
        self, text: str, start: int, end: int, entry: _Entry, shouting: bool
    ) -> Mention | None:
        piece = text[start:end]
        if entry.length > 1 and _CROSSES.search(piece):
            return None
        candidates = entry.candidates
        if entry.asked:
            candidates = self._asked(text, start, end, entry, shouting)
        if not candidates:
            return None
        top = candidates[0]
        return Mention(start, end, piece, top.category, candidates, top.score)

    def _asked(
        self, text: str, start: int, end: int, entry: _Entry, shouting: bool
    ) -> tuple[Candidate, ...]:
        piece = text[start:end]
        around = text[max(0, start - _ANNOUNCED_WITHIN) : end + _ANNOUNCED_WITHIN].lower()
        announced = any(cue in around for cue in self._lexicon.gene_cues)
        best = {c.curie: c for c in entry.candidates}
        for name, candidate in entry.asked:
            score = self._admission.score(
                name, candidate.category, piece, announced=announced, shouting=shouting
            )
            known = best.get(candidate.curie)
            if score and (known is None or known.score < score):
                best[candidate.curie] = Candidate(
                    candidate.curie, candidate.name, candidate.category, round(score, 4)
                )
        return _ordered(best.values())

    def _code_of_chunk(self, chunk: str) -> str:
        """The codes of a chunk's tokens; the unknown one where any token is in no name."""
        codes = [self._codes.get(t.text) for t in tokens(chunk)]
        code = _UNKNOWN
        if codes and None not in codes:
            code = "".join(c for c in codes if c)
        if len(self._chunks) < 1_000_000 and len(chunk) < 40:
            self._chunks[chunk] = code
        return code

    def _build(self, concepts: Iterable[Concept]) -> None:
        named: dict[tuple[str, ...], list[tuple[Name, Candidate]]] = {}
        for concept in concepts:
            candidate = Candidate(concept.curie, concept.name(), concept.category, 1.0)
            for name in concept.names:
                parts = tuple(t.text for t in tokens(name.text))
                if parts and not self._is_generic(name, parts):
                    named.setdefault(parts, []).append((name, candidate))
        for parts, uses in named.items():
            key = "".join(self._code(part) for part in parts)
            self._automaton.add_word(key, len(self._entries))
            self._entries.append(self._entry(len(parts), uses))
        self._automaton.make_automaton()

    def _is_generic(self, name: Name, parts: tuple[str, ...]) -> bool:
        text = name.text.lower()
        lexicon = self._lexicon
        if text in lexicon.generic or " ".join(parts) in lexicon.generic:
            return True
        if len(parts) > 1:
            return False
        return len(text) < 2 or text.isdigit() or name.text in lexicon.function

    def _entry(self, length: int, uses: list[tuple[Name, Candidate]]) -> _Entry:
        plain: dict[str, Candidate] = {}
        asked = []
        for name, candidate in uses:
            if self._depends_on_text(name, candidate.category):
                asked.append((name, candidate))
                continue
            score = self._admission.score(name, candidate.category, name.text)
            known = plain.get(candidate.curie)
            if score and (known is None or known.score < score):
                plain[candidate.curie] = Candidate(
                    candidate.curie, candidate.name, candidate.category, score
                )
        return _Entry(length, _ordered(plain.values()), tuple(asked))

    def _depends_on_text(self, name: Name, category: str) -> bool:
        if not name.text.isascii():
            return False
        if category == GENE and " " not in name.text:
            return True
        return is_short_form(name) or name.kind == "brand"

    def _code(self, part: str) -> str:
        code = self._codes.get(part)
        if code is None:
            number = len(self._codes) + 1
            if number >= _MOST_TOKENS:
                raise ValueError(f"more than {_MOST_TOKENS} different words in the names")
            letters = []
            for place in range(_WIDTH):
                number, digit = divmod(number, _BASE)
                letters.append(chr(0x100 + place * _BASE + digit))
            code = self._codes[part] = "".join(letters)
        return code


def _ordered(candidates: Iterable[Candidate]) -> tuple[Candidate, ...]:
    return tuple(sorted(candidates, key=lambda c: (-c.score, c.curie)))


def _chunk_positions(coded: list[str]) -> dict[int, int]:
    """Token index at which each chunk begins → index of the chunk; one past the end too."""
    at = {0: 0}
    position = 0
    for i, code in enumerate(coded):
        position += len(code) // _WIDTH
        at[position] = i + 1
    return at
