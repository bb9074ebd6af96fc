"""Every name of a graph in a document, found in one pass.

Names and text become sequences of numbers, one per normal token (:mod:`kg.names`), and a trie of
the names (:mod:`nlp.name_trie`) finds all of them at every place of a text. Offsets are those of
the text as given. What was learnt of a saved graph can be kept (:func:`open_linker`), since
learning takes seconds and opening does not.

>>> from kg.records import Concept, Name
>>> migraine = Concept("DOID:6364", "biolink:Disease", (Name("migraine headache"),))
>>> linker = BulkLinker([migraine])
>>> [(m.start, m.end, m.concept) for m in linker.link("No Migraine headaches, today.")]
[(3, 21, 'DOID:6364')]
"""

from __future__ import annotations

import logging
import re
from collections.abc import Collection, Iterable
from itertools import accumulate, chain
from pathlib import Path

from kg.names import tokens
from kg.records import Concept
from kg.store import GraphStore
from nlp.admission import Admission, is_shouting
from nlp.learnt_names import Entry, LearntNames, UnreadableNamesError, learn_names, learnt_key
from nlp.lexicon import Lexicon
from nlp.records import Candidate, Mention
from nlp.tokens import HAN

LOGGER = logging.getLogger(__name__)

_MARKS = "\u0300-\u036f"
_CHUNK = re.compile(
    rf"([{HAN}]|(?:(?![{HAN}])[^\W_])(?:(?![{HAN}])[^\W_]|[{_MARKS}]"
    rf"|(?<=[^\W\d_])['’](?=[^\W\d_]))*)"
)
_ASCII_CHUNK = re.compile(r"([A-Za-z0-9]+(?:(?<=[A-Za-z])'[A-Za-z]+)*)")
_CROSSES = re.compile(r"[.!?。！？；]\s|[。！？；]|\n\s*\n|[\[\]{}<>|=]")
_UNKNOWN = (-1,)
_ANNOUNCED_WITHIN = 30  # characters on either side in which "gene" announces a symbol
_MOST_KEPT = 16  # files of learnt names in one folder


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
        lexicon = lexicon or Lexicon.load()
        wanted = (c for c in concepts if not categories or c.category in categories)
        self._use(learn_names(wanted, lexicon), lexicon)

    @classmethod
    def of_learnt(cls, learnt: LearntNames) -> BulkLinker:
        """The linker of names learnt before, with the shipped word lists."""
        linker = cls.__new__(cls)
        linker._use(learnt, Lexicon.load())
        return linker

    def _use(self, learnt: LearntNames, lexicon: Lexicon) -> None:
        self.learnt = learnt
        self._lexicon = lexicon
        self._admission = Admission(lexicon)
        self._numbers = learnt.vocabulary()
        self._chunks: dict[str, tuple[int, ...]] = {}
        self._entries: dict[int, Entry] = {}

    def __len__(self) -> int:
        """How many different names are looked for."""
        return len(self.learnt)

    def link(self, text: str) -> tuple[Mention, ...]:
        """The mentions of ``text``: leftmost, longest, not overlapping, with candidates."""
        if not len(self):
            return ()
        parts = (_ASCII_CHUNK if text.isascii() else _CHUNK).split(text)
        words = parts[1::2]
        known = self._chunks
        numbered = [known[w] if w in known else self._numbers_of_chunk(w) for w in words]
        joined = list(chain.from_iterable(numbered))
        found = self.learnt.trie.find(joined)
        if not found:
            return ()
        starts = list(accumulate(map(len, parts), initial=0))
        chunk_at = _chunk_positions(numbered) if len(joined) != len(numbered) else None
        return self._mentions(text, found, starts, chunk_at)

    def _mentions(
        self,
        text: str,
        found: list[tuple[int, int, int]],
        starts: list[int],
        chunk_at: dict[int, int] | None,
    ) -> tuple[Mention, ...]:
        """Turn matches (first token, one past the last, entry) into mentions, longest first."""
        spans = []
        for first, last, number in found:
            length = last - first
            if chunk_at is not None:
                if first not in chunk_at or last not in chunk_at:
                    continue
                first, last = chunk_at[first], chunk_at[last]
            spans.append((first, -last, number, length))
        spans.sort()
        shouting = is_shouting(text)
        mentions = []
        free = 0
        for first, minus_last, number, length in spans:
            if first < free:
                continue
            start, end = starts[2 * first + 1], starts[-2 * minus_last]
            if length > 1 and _CROSSES.search(text, start, end):
                continue
            mention = self._mention(text, start, end, self._entry(number), shouting)
            if mention is not None:
                mentions.append(mention)
                free = -minus_last
        return tuple(mentions)

    def _entry(self, number: int) -> Entry:
        if number not in self._entries:
            self._entries[number] = self.learnt.entry(number)
        return self._entries[number]

    def _mention(
        self, text: str, start: int, end: int, entry: Entry, shouting: bool
    ) -> Mention | None:
        candidates = entry.candidates
        if entry.asked:
            candidates = self._asked(text, start, end, entry, shouting)
        if not candidates:
            return None
        top = candidates[0]
        return Mention(start, end, text[start:end], top.category, candidates, top.score)

    def _asked(
        self, text: str, start: int, end: int, entry: Entry, shouting: bool
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

    def _numbers_of_chunk(self, chunk: str) -> tuple[int, ...]:
        """The numbers of a chunk's tokens; one unknown one where any token is in no name."""
        numbers = tuple(self._numbers.get(t.text, -1) for t in tokens(chunk))
        if not numbers or -1 in numbers:
            numbers = _UNKNOWN
        if len(self._chunks) < 1_000_000 and len(chunk) < 40:
            self._chunks[chunk] = numbers
        return numbers


def open_linker(store: GraphStore, folder: Path | None = None) -> BulkLinker:
    """The linker of a graph's names, learnt once where a folder is given to keep it in.

    Args:
        store: the graph.
        folder: keeps what was learnt, for saved graphs (whose fingerprint says what they hold).
            What cannot be read there is learnt anew; where nothing can be written, a warning
            says so and nothing is kept.
    """
    if folder is None:
        return BulkLinker(store.concepts())
    key = learnt_key(store.fingerprint)
    path = folder / f"names-{key}.npz"
    try:
        linker = BulkLinker.of_learnt(LearntNames.load(path, key))
    except FileNotFoundError:
        LOGGER.info("learning the names of a graph, once, into %s", path)
    except UnreadableNamesError as error:
        LOGGER.warning("%s; the names are learnt again", error)
    else:
        return linker
    linker = BulkLinker(store.concepts())
    try:
        folder.mkdir(parents=True, exist_ok=True)
        linker.learnt.save(path, key)
        _remove_oldest(folder)
    except OSError as error:
        LOGGER.warning("%s: what was learnt of the names cannot be kept (%s)", path, error)
    return linker


def _remove_oldest(folder: Path) -> None:
    """Keep the newest files of learnt names only; the others can be made again."""
    kept = sorted(folder.glob("names-*.npz"), key=lambda p: p.stat().st_mtime, reverse=True)
    for path in kept[_MOST_KEPT:]:
        path.unlink(missing_ok=True)


def _ordered(candidates: Iterable[Candidate]) -> tuple[Candidate, ...]:
    return tuple(sorted(candidates, key=lambda c: (-c.score, c.curie)))


def _chunk_positions(numbered: list[tuple[int, ...]]) -> dict[int, int]:
    """Token index at which each chunk begins → index of the chunk; one past the end too."""
    at = {0: 0}
    position = 0
    for i, numbers in enumerate(numbered):
        position += len(numbers)
        at[position] = i + 1
    return at
