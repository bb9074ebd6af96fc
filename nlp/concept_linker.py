"""Which concept a mention names: exact names, explained short forms, annotated names, near names.

In this order, the first that gives anything counts:

1. the long form, where the document explains the mention as a short form (:mod:`nlp.aliases`);
2. names as annotators of corpora linked them (a table beside the model, class and MeSH id);
3. a name of the graph, equal after normalisation (:mod:`kg.names`), of MeSH or the dictionaries;
4. the same of the mention's variants: without a bracket, without "-induced" and the like, and of
   other forms of a condition's name (:mod:`nlp.mention_forms`);
5. near names: the graph's own character n-gram index proposes, and string similarity
   (:mod:`rapidfuzz`) decides, lower where a word of one has no partner in the other; for
   conditions near names of the tables too (:mod:`nlp.near_names`);
6. the longest end of a disease's name (its head), or beginning of a chemical's (without its salt).

Where nothing is near enough the mention stays unlinked (NIL).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache

from rapidfuzz import fuzz

from kg.names import normalise
from kg.records import Concept, curie_prefix
from kg.schema import DISEASE, DRUG, DRUG_CLASS, FOOD, PHENOTYPE
from kg.store import GraphStore, NameMatch
from nlp.aliases import Aliases
from nlp.concept_names import ConceptNames, NameTable
from nlp.mention_forms import Forms
from nlp.near_names import NearNames
from nlp.records import Candidate

#: What a class of the recogniser may be in the graph; the first where it is not linked.
CATEGORIES: Mapping[str, tuple[str, ...]] = {
    "Chemical": (DRUG, DRUG_CLASS, FOOD),
    "Disease": (DISEASE, PHENOTYPE),
}
DISEASE_NAME = "Disease"  # class of the recogniser
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
    "al": ("", "a", "ia", "e"),
}
_LISTED = 0.97  # score of a name of a table
_KIND_SCORE = {"preferred": 1.0, "exact": 0.98, "brand": 0.98, "lay": 0.97, "abbreviation": 0.95}


@dataclass(frozen=True, slots=True)
class LinkingOptions:
    """How bold the linker is.

    Args:
        near: least similarity of a near name, 0 to 1.
        proposals: how many near names are compared.
        least_length: shortest mention near names are looked for, in characters.
        head_score: score of a concept only the head of the mention names.
        sure: score from which a near name of the graph needs no other beside it.
        near_listed: least likeness of a near name of the tables, 0 to 1.
        near_listed_score: score of the concept it names.
    """

    near: float = 0.78
    proposals: int = 20
    least_length: int = 5
    head_score: float = 0.6
    sure: float = 0.8
    near_listed: float = 0.6
    near_listed_score: float = 0.7


@dataclass
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
    _forms: Forms = field(init=False, repr=False, compare=False, default_factory=Forms.load)

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
        listed = list(spans)
        names = Aliases.of(text, listed)
        found = []
        for start, end, name in listed:
            mention = text[start:end]
            long, sure = names.long_form(mention, name)
            own = () if sure else self.link(mention, name)
            meant = self.link(long, name) if long and not own else ()
            found.append(own or meant or self.link(mention, name))
        return found

    def _link(self, text: str, name: str) -> tuple[Candidate, ...]:
        for variant, factor in variants_of(text):
            found = self._known(variant, name, factor)
            if found:
                return found
        if name == DISEASE_NAME:
            for form, factor in self._forms.of(text):
                found = self._known_form(form, name, factor)
                if found:
                    return found
        near = self._near(text, CATEGORIES[name])
        if near and near[0].score >= self.options.sure:
            return near
        return self._near_listed(text, name) or near or self._part(text, name)

    def _known_form(self, form: str, name: str, factor: float) -> tuple[Candidate, ...]:
        for variant, less in variants_of(form):
            if not self._forms.is_kind(variant):
                found = self._known(variant, name, factor * less)
                if found:
                    return found
        return ()

    def _known(self, text: str, name: str, factor: float) -> tuple[Candidate, ...]:
        """What the tables and the graph say of a name; what the graph lacks stands behind it."""
        annotated = self._ids(self.names.annotated, text, name)
        if annotated and self.store.resolve(annotated[0]) is not None:
            found = self._resolved(annotated, name, factor)
            return (*found, *self._unresolved(annotated[:1], found[0], name, factor))
        vocabulary = self._own_ids(text, name)
        exact = self._exact(text, CATEGORIES[name], factor)
        if exact:
            ids = (*annotated, *vocabulary) or self._by_synonyms(exact, name)
            return (*exact, *self._unresolved(ids, exact[0], name, factor))
        listed = annotated or vocabulary
        found = self._resolved(listed, name, factor)
        return (*found, *self._unresolved(listed[:1], found[0], name, factor)) if found else ()

    def _own_ids(self, text: str, name: str) -> tuple[str, ...]:
        """What the vocabulary calls by that name, or the dictionaries do."""
        names = self.names
        return self._ids(names.vocabulary, text, name) or self._ids(names.dictionary, text, name)

    def _by_synonyms(self, exact: Sequence[Candidate], name: str) -> tuple[str, ...]:
        """What the vocabulary calls by another name of a concept the graph has no id of."""
        concepts = [self.store.concept(c.curie) for c in exact]
        if any(_in_mesh(concept) for concept in concepts):
            return ()
        for concept in concepts:
            for other in concept.names:
                ids = self._own_ids(other.text, name) if other.language == "en" else ()
                if ids:
                    return ids[:1]
        return ()

    def _ids(self, names: NameTable, text: str, name: str) -> tuple[str, ...]:
        """The first two ids a table has of a name: as written, in lower case, in normal form."""
        table = names.get(name, {})
        ids = table.get(text)
        if ids is None and len(text) > _CASED:
            ids = table.get(text.lower()) or table.get(normalise(text))
        return (ids or ())[:2]

    def _resolved(self, ids: Sequence[str], name: str, factor: float) -> tuple[Candidate, ...]:
        """The concepts of the graph that ids of a table stand for."""
        found = []
        for place, curie in enumerate(ids):
            score = round(_LISTED * factor * 0.9**place, 4)
            known = self.store.resolve(curie)
            if known is None:
                found.append(Candidate(curie, "", CATEGORIES[name][0], score))
            else:
                concept = self.store.concept(known)
                found.append(Candidate(known, concept.name(), concept.category, score))
        return tuple(found)

    def _unresolved(
        self, ids: Sequence[str], best: Candidate, name: str, factor: float
    ) -> tuple[Candidate, ...]:
        """Ids of tables as they are, where the best concept is none or has another one first.

        They have no name, and say which id of its vocabulary a mention has
        (:func:`nlp.readout.identifier_of`).
        """
        if not best.name:
            return ()
        concept = self.store.concept(best.curie)
        given = {curie_prefix(x): x for x in (*reversed(concept.xrefs), concept.curie)}
        return tuple(
            Candidate(curie, "", CATEGORIES[name][0], round(_LISTED * factor * 0.9**place, 4))
            for place, curie in enumerate(dict.fromkeys(ids))
            if given.get(curie_prefix(curie)) != curie
        )

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

    def _near_listed(self, text: str, name: str) -> tuple[Candidate, ...]:
        """The name of a table nearest to a condition's."""
        if name != DISEASE_NAME or len(text) < self.options.least_length:
            return ()
        found = self._listed_names.nearest(normalise(text))
        if not found or found[0].score < self.options.near_listed:
            return ()
        ids = (found[0].curie,)
        factor = self.options.near_listed_score / _LISTED
        resolved = self._resolved(ids, name, factor)
        return (*resolved, *self._unresolved(ids, resolved[0], name, factor))

    @cached_property
    def _listed_names(self) -> NearNames:
        """Names of conditions by annotators and the vocabulary; indexed when first needed."""
        listed: dict[str, str] = {}
        for table in (self.names.annotated, self.names.vocabulary):
            for text, ids in table.get(DISEASE_NAME, {}).items():
                listed.setdefault(normalise(text), ids[0])
        return NearNames(listed)

    def _part(self, text: str, name: str) -> tuple[Candidate, ...]:
        words = text.split()
        for size in range(len(words) - 1, 0, -1):
            part = " ".join(words[-size:] if name == DISEASE_NAME else words[:size])
            if len(part) < self.options.least_length or self._forms.is_kind(part):
                continue
            factor = self.options.head_score
            found = self._known(part, name, factor)
            if found:
                return found
        return ()


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
