"""Names in a question, as mentions with scored candidates.

Three passes, each over what the ones before left: the names themselves (longest first), rewritten
names ("failure of the kidney" → "kidney failure" → "renal failure", short forms), and misspelt
names. Names are looked up in the graph's own index, so nothing is built beforehand and the first
question of a process costs milliseconds. What a word of everyday English names is not asked of
the index: "was" is no gene. Reading whole documents is :mod:`nlp.bulk_linker`'s.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Protocol, runtime_checkable

from kg.records import Polarity
from kg.schema import GENE, SUBCLASS_OF
from kg.store import Direction, EdgeFilter, GraphStore, NameMatch
from nlp.admission import KIND_SCORES, Admission, is_shouting
from nlp.inverted import inverted
from nlp.lexicon import Lexicon
from nlp.records import Candidate, Mention
from nlp.stretches import name_stretches
from nlp.tokens import Token, breaks_between, tokens_of
from nlp.typos import TypoFinder
from nlp.variants import variants

_TIE = 0.05  # scores nearer than this are weighed by what the graph says
_WELL_KNOWN = 12  # edges at a concept the graph says much of
_LITTLE_KNOWN = 3
_STANDS_BACK = 0.08
_MOST_WEIGHTS = 100_000
_MOST_WIDER = 4  # steps up from a concept to what it is a kind of
_MOST_CLASSES_OF = 8  # classes looked at of one concept
_KIND_OF = EdgeFilter(predicates=frozenset({SUBCLASS_OF}), polarity=Polarity.POSITIVE)
_MOST_IDIOM = 4  # words of a lay name that a small word begins or ends


@dataclass(frozen=True, slots=True)
class LinkerOptions:
    """How far the linker goes.

    Args:
        most_tokens: longest name tried, in words.
        most_characters: longest Chinese name tried, in characters.
        most_searches: how often a question may search for misspelt names.
        typos: whether misspelt names are looked for at all.
        least_typo_length: shortest word that may be a misspelt name, in characters.
        least_han_length: shortest Chinese name that may have its characters in another order.
        two_edit_length: from this length on a name may hold two typos.
    """

    most_tokens: int = 9
    most_characters: int = 16
    most_searches: int = 8
    typos: bool = True
    least_typo_length: int = 5
    least_han_length: int = 4
    two_edit_length: int = 9


@dataclass(frozen=True, slots=True)
class Unlinked:
    """A noun-like stretch that names nothing known.

    Args:
        start: first character, 0-based.
        end: one past the last character.
        text: the characters between.
        nearest: concepts with the nearest names, best first; may be empty.
        ordinary: whether it is made of everyday words only ("loud noise").
    """

    start: int
    end: int
    text: str
    nearest: tuple[Candidate, ...] = ()
    ordinary: bool = False


@runtime_checkable
class Linker(Protocol):
    """Finds names in a text."""

    def link(self, text: str, *, categories: Collection[str] = ()) -> tuple[Mention, ...]:
        """Mentions that do not overlap, by start; each with candidates, best first.

        ``categories``: only candidates of these classes. ``text[m.start:m.end] == m.text``.
        """
        ...

    def unlinked(self, text: str, mentions: Sequence[Mention]) -> tuple[Unlinked, ...]:
        """Noun-like stretches of ``text`` outside ``mentions``, by start."""
        ...

    def nearest(
        self, text: str, *, limit: int = 5, categories: Collection[str] = ()
    ) -> tuple[Candidate, ...]:
        """Concepts with the names nearest to ``text``, best first."""
        ...

    def named(self, text: str) -> tuple[Candidate, ...]:
        """Concepts one of whose names is the whole of ``text``, best first."""
        ...

    def called(self, curie: str, *, wider: bool = False) -> tuple[str, ...]:
        """Names of a concept; ``wider``: and of everything it is a kind of, nearest first."""
        ...


def rivals(mention: Mention, *, margin: float = 0.05) -> tuple[Candidate, ...]:
    """The candidates within ``margin`` of the best; more than one means ambiguous.

    >>> a, b = Candidate("A:1", "a", "biolink:Disease", 1.0), Candidate("B:1", "b", "x:y", 0.9)
    >>> [c.curie for c in rivals(Mention(0, 1, "a", "biolink:Disease", (a, b)))]
    ['A:1']
    """
    if not mention.candidates:
        return ()
    least = mention.candidates[0].score - margin
    return tuple(c for c in mention.candidates if c.score >= least)


class StoreLinker:
    """Links names through a store's own name index (:meth:`GraphStore.find`, ``search``).

    Args:
        store: the graph whose names are linked.
        options: how far to go.
        lexicon: word lists; those shipped where not given.
    """

    def __init__(
        self,
        store: GraphStore,
        *,
        options: LinkerOptions | None = None,
        lexicon: Lexicon | None = None,
    ) -> None:
        self._store = store
        self._options = options or LinkerOptions()
        self._lexicon = lexicon or Lexicon.load()
        self._admission = Admission(self._lexicon)
        self._weights: dict[str, int] = {}

    def link(self, text: str, *, categories: Collection[str] = ()) -> tuple[Mention, ...]:
        """See :meth:`Linker.link`."""
        search = _Search(self, text, frozenset(categories))
        mentions = _longest_first([*search.exact(), *search.idioms(), *search.rewritten()])
        if self._options.typos:
            mentions = _longest_first([*search.misspelt(mentions), *mentions])
        return tuple(mentions)

    def unlinked(self, text: str, mentions: Sequence[Mention]) -> tuple[Unlinked, ...]:
        """See :meth:`Linker.unlinked`."""
        covered = [(m.start, m.end) for m in mentions]
        found = []
        for stretch in name_stretches(text, covered, self._lexicon):
            piece = text[stretch.start : stretch.end]
            nearest = () if stretch.ordinary else self.nearest(piece)
            found.append(Unlinked(stretch.start, stretch.end, piece, nearest, stretch.ordinary))
        return tuple(found)

    def nearest(
        self, text: str, *, limit: int = 5, categories: Collection[str] = ()
    ) -> tuple[Candidate, ...]:
        """See :meth:`Linker.nearest`."""
        found = self._store.search(text, limit=limit, categories=categories)
        return tuple(self._candidate(m, min(1.0, m.score)) for m in found if m.score > 0.0)

    def named(self, text: str) -> tuple[Candidate, ...]:
        """See :meth:`Linker.named`."""
        best: dict[str, Candidate] = {}
        for match in self._store.find(text):
            found = self._candidate(match, KIND_SCORES.get(match.name.kind, 1.0))
            if found.curie not in best or best[found.curie].score < found.score:
                best[found.curie] = found
        return tuple(sorted(best.values(), key=lambda c: (-c.score, c.curie)))

    def called(self, curie: str, *, wider: bool = False) -> tuple[str, ...]:
        """See :meth:`Linker.called`."""
        layer, seen = [curie], {curie: None}
        for _ in range(_MOST_WIDER if wider else 0):
            above = [
                edge.object
                for one in layer
                for edge in self._store.neighbours(
                    one, direction=Direction.OUT, edge_filter=_KIND_OF, limit=_MOST_CLASSES_OF
                )
            ]
            layer = [a for a in dict.fromkeys(above) if a not in seen]
            seen.update(dict.fromkeys(layer))
        concepts = (self._store.get(one) for one in seen)
        return tuple(n.text for c in concepts if c is not None for n in c.names)

    def edges_at(self, curie: str) -> int:
        """How many edges the graph has at a concept, counted up to a dozen."""
        if curie not in self._weights:
            if len(self._weights) > _MOST_WEIGHTS:
                self._weights.clear()
            self._weights[curie] = len(self._store.neighbours(curie, limit=_WELL_KNOWN))
        return self._weights[curie]

    def _candidate(self, match: NameMatch, score: float) -> Candidate:
        concept = self._store.concept(match.curie)
        return Candidate(concept.curie, concept.name(), concept.category, round(score, 4))


class _Search:
    """One text being linked."""

    def __init__(self, linker: StoreLinker, text: str, categories: frozenset[str]) -> None:
        self._linker = linker
        self._store = linker._store
        self._options = linker._options
        self._lexicon = linker._lexicon
        self._admission = linker._admission
        self._text = text
        self._categories = categories
        self._tokens = tokens_of(text)
        self._breaks = breaks_between(text, self._tokens)
        self._shouting = is_shouting(text)
        self._found: dict[str, list[NameMatch]] = {}

    def exact(self) -> Iterator[Mention]:
        """Every window of tokens that is a name, overlapping ones included."""
        for first, last in self._windows():
            mention = self._named(first, last, self._piece(first, last))
            if mention is not None:
                yield mention

    def rewritten(self) -> Iterator[Mention]:
        """Windows that are a name once their words are put in another order."""
        for first, last, phrase in (
            *inverted(self._text, self._tokens, self._breaks, self._lexicon),
            *variants(self._tokens, self._breaks, self._lexicon),
        ):
            mention = self._named(first, last, phrase, factor=0.95)
            if mention is not None:
                yield mention

    def misspelt(self, mentions: Sequence[Mention]) -> Iterator[Mention]:
        """Names that hold an unknown word outside ``mentions`` and one or two typos."""
        finder = TypoFinder(
            self._text,
            self._tokens,
            self._breaks,
            self._lexicon,
            self._nearest,
            least_length=self._options.least_typo_length,
            least_han_length=self._options.least_han_length,
            two_edit_length=self._options.two_edit_length,
            most_searches=self._options.most_searches,
        )
        for near in finder.find([(m.start, m.end) for m in mentions]):
            mention = self._mention(near.first, near.last, near.matches)
            if mention is not None:
                yield mention

    def _nearest(self, phrase: str) -> list[NameMatch]:
        """Names near ``phrase`` that may be misspelt: no symbols, no short forms."""
        found = self._store.search(phrase, limit=8, categories=self._categories)
        return [
            m
            for m in found
            if m.name.kind != "abbreviation" and self._store.concept(m.curie).category != GENE
        ]

    def idioms(self) -> Iterator[Mention]:
        """Lay names that begin or end with a word no other name does: "throwing up"."""
        for first in range(len(self._tokens)):
            for last in range(first + 1, min(len(self._tokens), first + _MOST_IDIOM)):
                if self._breaks[last] or self._tokens[last].han:
                    break
                bounds = (
                    self._cannot_bound(self._tokens[first]),
                    self._cannot_bound(self._tokens[last]),
                )
                if any(bounds):
                    mention = self._idiom(first, last)
                    if mention is not None:
                        yield mention

    def _idiom(self, first: int, last: int) -> Mention | None:
        phrase = self._piece(first, last)
        if all(self._cannot_bound(t) for t in self._tokens[first : last + 1]):
            return None
        lay = [m for m in self._find(phrase) if m.name.kind == "lay"]
        return self._mention(first, last, [(match, KIND_SCORES["lay"]) for match in lay])

    def _windows(self) -> Iterator[tuple[int, int]]:
        tokens, options = self._tokens, self._options
        for first, token in enumerate(tokens):
            if self._cannot_bound(token):
                continue
            words = 0
            for last in range(first, len(tokens)):
                if last > first and self._breaks[last]:
                    break
                words += 0 if tokens[last].han else 1
                characters = last - first + 1 - words
                if words > options.most_tokens or characters > options.most_characters:
                    break
                if not self._cannot_bound(tokens[last]):
                    yield first, last

    def _cannot_bound(self, token: Token) -> bool:
        """Whether no name begins or ends with this word, as written."""
        if token.text.isupper() and len(token.text) > 1 and not self._shouting:
            return False  # "IT", "WAS": a symbol, or an emphasis that admission refuses
        return token.word in self._lexicon.function or token.form in self._lexicon.function

    def _piece(self, first: int, last: int) -> str:
        return self._text[self._tokens[first].start : self._tokens[last].end]

    def _named(self, first: int, last: int, phrase: str, *, factor: float = 1.0) -> Mention | None:
        """The mention of tokens ``first`` to ``last``, where ``phrase`` is a name."""
        if phrase.lower() in self._lexicon.generic:
            return None
        scored: list[tuple[NameMatch, float]] = []
        for match in self._find(phrase):
            score = self._admit(match, phrase, first, last)
            if score:
                scored.append((match, score * factor))
        if not scored and first == last:
            full = self._expansion(phrase)
            scored = [(match, 0.95) for match in self._find(full)] if full else []
        return self._mention(first, last, scored)

    def _find(self, phrase: str) -> list[NameMatch]:
        if phrase not in self._found:
            self._found[phrase] = self._store.find(phrase)
        return self._found[phrase]

    def _expansion(self, word: str) -> str | None:
        """The full name of a short form, as written or (where no English word) in any case."""
        short_forms = self._lexicon.short_forms
        if word in short_forms:
            ordinary = self._shouting and word.lower() in self._lexicon.common
            return None if ordinary else short_forms[word]
        if len(word) > 2 and word.lower() not in self._lexicon.common:
            return short_forms.get(word.upper())
        return None

    def _admit(self, match: NameMatch, phrase: str, first: int, last: int) -> float:
        concept = self._store.concept(match.curie)
        near = self._tokens[max(0, first - 2) : first] + self._tokens[last + 1 : last + 3]
        announced = any(t.word in self._lexicon.gene_cues for t in near)
        if not announced:
            after = self._text[self._tokens[last].end :].lstrip()[:2]
            announced = after in self._lexicon.gene_cues
        return self._admission.score(
            match.name,
            concept.category,
            phrase,
            announced=announced,
            shouting=self._shouting,
            all_lower=self._text.islower(),
        )

    def _mention(
        self, first: int, last: int, scored: Sequence[tuple[NameMatch, float]]
    ) -> Mention | None:
        best: dict[str, Candidate] = {}
        for match, score in scored:
            concept = self._store.concept(match.curie)
            if self._categories and concept.category not in self._categories:
                continue
            candidate = Candidate(
                concept.curie, concept.name(), concept.category, round(min(score, 1.0), 4)
            )
            if candidate.curie not in best or best[candidate.curie].score < candidate.score:
                best[candidate.curie] = candidate
        if not best:
            return None
        candidates = self._by_weight(best.values())
        start, end = self._tokens[first].start, self._tokens[last].end
        top = candidates[0]
        return Mention(start, end, self._text[start:end], top.category, candidates, top.score)

    def _by_weight(self, candidates: Iterable[Candidate]) -> tuple[Candidate, ...]:
        """Best first; of equally named ones, those the graph says little of stand back."""
        ordered = sorted(candidates, key=lambda c: (-c.score, c.curie))
        near = [c for c in ordered if c.score >= ordered[0].score - _TIE]
        if len(near) < 2:
            return tuple(ordered)
        edges = {c.curie: self._linker.edges_at(c.curie) for c in near}
        if max(edges.values()) < _WELL_KNOWN:
            return tuple(ordered)
        weighed = [
            replace(c, score=round(c.score - _STANDS_BACK, 4))
            if edges.get(c.curie, _WELL_KNOWN) < _LITTLE_KNOWN
            else c
            for c in ordered
        ]
        return tuple(sorted(weighed, key=lambda c: (-c.score, c.curie)))


def _longest_first(mentions: Sequence[Mention]) -> list[Mention]:
    """The longest mentions that do not overlap, by start; ties go to the better score."""
    kept: list[Mention] = []
    order = sorted(mentions, key=lambda m: (m.start - m.end, -m.score, m.start))
    for mention in order:
        if all(mention.end <= k.start or k.end <= mention.start for k in kept):
            kept.append(mention)
    return sorted(kept, key=lambda m: m.start)
