"""Which concept a mention names: exact names, explained short forms, annotated names, near names.

In this order, the first that gives anything counts:

1. the long form, where the document explains the mention as a short form;
2. names as annotators of corpora linked them (a table beside the model, class and MeSH id);
3. a name of the graph, equal after normalisation (:mod:`kg.names`), or of the dictionaries;
4. the same of the mention's variants: without a bracket, without "-induced" and the like;
5. near names: the graph's own character n-gram index proposes, and string similarity
   (:mod:`rapidfuzz`) decides, lower where a word of one has no partner in the other;
6. the longest end of a disease's name (its head), or beginning of a chemical's (without its salt).

Where nothing is near enough the mention stays unlinked (NIL).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from rapidfuzz import fuzz

from kg.names import normalise
from kg.records import Concept
from kg.schema import DISEASE, DRUG, DRUG_CLASS, FOOD, PHENOTYPE
from kg.store import GraphStore, NameMatch
from nlp.abbreviations import short_forms
from nlp.concept_names import ConceptNames, NameTable
from nlp.records import Candidate

#: What a class of the recogniser may be in the graph; the first where it is not linked.
CATEGORIES: Mapping[str, tuple[str, ...]] = {
    "Chemical": (DRUG, DRUG_CLASS, FOOD),
    "Disease": (DISEASE, PHENOTYPE),
}
_BRACKET = re.compile(r"\s*[(\[][^)\]]*[)\]]\s*")
_CAUSED = re.compile(r"^\S+[- ](?:induced|associated|related|dependent|mediated)\s+", re.IGNORECASE)
_SHORTEST_STEM = 4
_CASED = 2  # characters up to which case tells short forms apart
_SAYS_SOMETHING = 4  # characters of a word that two near names must share
_ALIKE = 75  # per cent of two words that count as one
_PART_ONLY = 0.85  # what is left of the likeness where a word has no partner
#: Endings of adjectives → endings of nouns they may be of; longer endings first.
_ENDINGS: Mapping[str, tuple[str, ...]] = {
    "toxic": ("toxicity",),
    "etic": ("esia", "esis", "etes", "ea"),
    "otic": ("osis",),
    "itic": ("itis",),
    "ptic": ("psy", "psis"),
    "yzed": ("ysis",),
    "ian": ("ism", "ia"),
    "ive": ("ion",),
    "ous": ("us", "ity", "is"),
    "ic": ("ia", "y", "ism", "sm", "is", "ics"),
    "al": ("", "a", "ia"),
}
_KIND_SCORE = {"preferred": 1.0, "exact": 0.98, "brand": 0.98, "lay": 0.97, "abbreviation": 0.95}


@dataclass(frozen=True, slots=True)
class LinkingOptions:
    """How bold the linker is.

    Args:
        near: least similarity of a near name, 0 to 1.
        proposals: how many near names are compared.
        least_length: shortest mention near names are looked for, in characters.
        head_score: score of a concept only the head of the mention names.
    """

    near: float = 0.78
    proposals: int = 20
    least_length: int = 5
    head_score: float = 0.6


@dataclass(slots=True)
class ConceptLinker:
    """Links mentions to the concepts of a graph.

    Args:
        store: the graph.
        names: further names, with ids.
        options: how bold.
    """

    store: GraphStore
    names: ConceptNames = field(default_factory=ConceptNames)
    options: LinkingOptions = LinkingOptions()

    def __post_init__(self) -> None:
        self._cached = lru_cache(maxsize=1 << 16)(self._link)

    _cached: object = field(init=False, repr=False, compare=False, default=None)

    def link(self, text: str, name: str) -> tuple[Candidate, ...]:
        """Concepts a mention of class ``name`` may name, best first; empty for NIL."""
        return self._cached(text, name)  # type: ignore[operator, no-any-return]

    def link_all(
        self, text: str, spans: Iterable[tuple[int, int, str]]
    ) -> list[tuple[Candidate, ...]]:
        """The candidates of each span ``(start, end, class)`` of a document."""
        long_forms = explained(text)
        found = []
        for start, end, name in spans:
            candidates: tuple[Candidate, ...] = ()
            mention = text[start:end]
            if mention in long_forms:
                candidates = self.link(long_forms[mention], name)
            found.append(candidates or self.link(mention, name))
        return found

    def _link(self, text: str, name: str) -> tuple[Candidate, ...]:
        for variant, factor in variants_of(text):
            found = self._known(variant, name, factor)
            if found:
                return found
        near = self._near(text, CATEGORIES[name])
        if near:
            return near
        return self._part(text, name)

    def _known(self, text: str, name: str, factor: float) -> tuple[Candidate, ...]:
        """What the tables and the graph say of a name; ids the graph lacks stand behind it."""
        annotated = self._listed(self.names.annotated, text, name, factor)
        if annotated and annotated[0].curie in self.store:
            return annotated
        exact = self._exact(text, CATEGORIES[name], factor)
        if exact:
            return (*exact, *(c for c in annotated if c.curie not in self.store))
        return annotated or self._listed(self.names.dictionary, text, name, factor)

    def _listed(
        self, names: NameTable, text: str, name: str, factor: float
    ) -> tuple[Candidate, ...]:
        table = names.get(name, {})
        ids = table.get(text) or (table.get(normalise(text), ()) if len(text) > _CASED else ())
        return tuple(
            self._candidate(curie, name, round(0.97 * factor * 0.9**place, 4))
            for place, curie in enumerate(ids[:2])
        )

    def _candidate(self, curie: str, name: str, score: float) -> Candidate:
        known = self.store.resolve(curie)
        if known is None:
            return Candidate(curie, "", CATEGORIES[name][0], score)
        concept = self.store.concept(known)
        return Candidate(known, concept.name(), concept.category, score)

    def _exact(
        self, text: str, categories: Collection[str], factor: float
    ) -> tuple[Candidate, ...]:
        matches = self.store.find(text)
        scored = ((m, _KIND_SCORE.get(m.name.kind, 0.9)) for m in matches)
        return self._candidates(scored, categories, factor)

    def _candidates(
        self,
        matches: Iterable[tuple[NameMatch, float]],
        categories: Collection[str],
        factor: float = 1.0,
    ) -> tuple[Candidate, ...]:
        found = []
        for match, score in matches:
            concept = self.store.concept(match.curie)
            if concept.category in categories:
                found.append((score * factor, _in_mesh(concept), concept))
        found.sort(key=lambda row: (-row[0], not row[1], row[2].curie))
        return tuple(Candidate(c.curie, c.name(), c.category, round(s, 4)) for s, _, c in found)

    def _near(self, text: str, categories: tuple[str, ...]) -> tuple[Candidate, ...]:
        if len(text) < self.options.least_length:
            return ()
        own = normalise(text)
        scored = []
        for match in self.store.search(text, limit=self.options.proposals, categories=categories):
            score = similarity(own, normalise(match.name.text))
            if score >= self.options.near:
                scored.append((match, 0.95 * score))
        return self._candidates(scored, categories)[:5]

    def _part(self, text: str, name: str) -> tuple[Candidate, ...]:
        words = text.split()
        for size in range(len(words) - 1, 0, -1):
            part = " ".join(words[-size:] if name == "Disease" else words[:size])
            if len(part) < self.options.least_length:
                continue
            factor = self.options.head_score
            found = self._known(part, name, factor)
            if found:
                return found
        return ()


def explained(text: str) -> dict[str, str]:
    """Short form → long form, as a document explains them; the first explanation counts.

    >>> explained("acute renal failure (ARF); ARF was fatal")
    {'ARF': 'acute renal failure'}
    """
    forms: dict[str, str] = {}
    for form in short_forms(text):
        forms.setdefault(text[slice(*form.short)], text[slice(*form.long)])
    return forms


def variants_of(text: str) -> list[tuple[str, float]]:
    """A mention and other ways to write it, each with what it costs.

    >>> variants_of("levodopa-induced dyskinesia")
    [('levodopa-induced dyskinesia', 1.0), ('dyskinesia', 0.9)]
    """
    forms = [(text, 1.0)]
    without = _BRACKET.sub(" ", text).strip()
    if without and without != text:
        forms.append((without, 0.97))
    uncaused = _CAUSED.sub("", without)
    if uncaused and uncaused != without:
        forms.append((uncaused, 0.9))
    forms.extend((noun, 0.88) for noun in _nouns(uncaused or without))
    return forms


def _nouns(text: str) -> Iterable[str]:
    """What an adjective at the end may be of: "hypertensive" → "hypertension"."""
    for ending, others in _ENDINGS.items():
        if text.endswith(ending) and len(text) - len(ending) >= _SHORTEST_STEM:
            return [text[: -len(ending)] + other for other in others]
    return ()


def similarity(one: str, other: str) -> float:
    """How alike two names in normal form are, 0 to 1, whatever the order of their words.

    >>> similarity("renal failure", "failure renal"), similarity("nephritis", "neuritis") < 0.9
    (1.0, True)
    """
    alike = max(fuzz.ratio(one, other), fuzz.token_sort_ratio(one, other)) / 100
    return alike if _covers(one, other) and _covers(other, one) else _PART_ONLY * alike


def _covers(one: str, other: str) -> bool:
    """Whether every word of ``other`` that says something is like a word of ``one``."""
    words = one.split()
    return all(
        any(fuzz.ratio(word, own) >= _ALIKE for own in words)
        for word in other.split()
        if len(word) >= _SAYS_SOMETHING
    )


def _in_mesh(concept: Concept) -> bool:
    return any(x.startswith("MESH:") for x in (concept.curie, *concept.xrefs))
