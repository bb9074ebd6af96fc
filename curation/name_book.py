"""All the names of a concept, in a form in which texts and tables can be searched for them."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping

from curation.identity import Merger
from curation.vocabularies import Vocabularies, plain

_IS_PLURAL = re.compile(r"(?<![sui])s$")


def stem(text: str) -> str:
    """A plain text with every word in the singular, for comparing.

    >>> stem("Loose stools; Crohn's diseases")
    'loose stool crohn disease'
    """
    return " ".join(map(_stem_word, plain(text).split()))


def _stem_word(word: str) -> str:
    if len(word) > 4 and word.endswith("ies"):
        return f"{word[:-3]}y"
    return _IS_PLURAL.sub("", word) if len(word) > 3 else word


class NameBook:
    """Names by concept.

    Args:
        vocabularies: everything that has names.
        merger: which ids are one concept.
        drafted: names of our own, ``{curie: {(text, language): kind}}``.
    """

    def __init__(
        self,
        vocabularies: Vocabularies,
        merger: Merger,
        drafted: Mapping[str, Mapping[tuple[str, str], str]],
    ) -> None:
        self._merger = merger
        self.english: dict[str, set[str]] = defaultdict(set)
        self.chinese: dict[str, set[str]] = defaultdict(set)
        self.umls: dict[str, set[str]] = defaultdict(set)
        for curie, names in drafted.items():
            for (text, language), kind in names.items():
                if language == "zh":
                    self.chinese[curie].add(text)
                elif kind != "related":
                    self._add(curie, text)
        for index in (vocabularies.doid, vocabularies.hp, vocabularies.symp, vocabularies.drugs):
            for curie, entry in index.entries.items():
                key = merger.key(curie)
                for text in (entry.label, *entry.synonyms):
                    self._add(key, text)
        for curie, name in vocabularies.mesh_names.items():
            self._add(merger.key(curie), name)
            self._add(merger.key(curie), " ".join(reversed(name.split(", "))))
        for curie, name in vocabularies.rare.items():
            self._add(merger.key(curie), name)
        self._collect_umls(vocabularies)

    def _add(self, curie: str, text: str) -> None:
        form = stem(text)
        if len(form) > 3 or text.isupper():
            self.english[curie].add(form)

    def _collect_umls(self, v: Vocabularies) -> None:
        for term in v.doid_2015.values():
            for xref in term.xrefs:
                if xref.startswith("UMLS_CUI:"):
                    self.umls[self._merger.key(term.id)].add(xref.partition(":")[2])
        for term in v.hpo.terms.values():
            for xref in term.xrefs:
                if xref.startswith("UMLS:"):
                    self.umls[self._merger.key(term.id)].add(xref.partition(":")[2])

    def by_name(self, curies: Iterable[str]) -> dict[str, set[str]]:
        """Which of these concepts have a name."""
        found: dict[str, set[str]] = defaultdict(set)
        for curie in curies:
            for name in self.english[curie]:
                found[name].add(curie)
        return found
