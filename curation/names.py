"""``concepts.tsv`` and ``names.tsv``: what the facts speak of, and all its names."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

from curation.drafts import DraftConcept, Drafts, Term
from curation.facts import Fact
from curation.identity import Merger
from curation.resolve import Resolved, Resolver
from curation.tsv import write_table
from curation.vocabularies import Vocabularies, plain, singular
from kg.records import curie_prefix
from loaders.readable import LowerCaser

#: Vocabularies whose label is the display name where no draft gives the concept one.
_LABELLED = ("DOID", "HP", "SYMP")


class NameWriter:
    """Collects concepts and names; the first display name of a language stays."""

    def __init__(
        self, v: Vocabularies, merger: Merger, resolver: Resolver, categories: dict[str, str]
    ) -> None:
        self._categories = categories
        self._v = v
        self._merger = merger
        self._resolver = resolver
        self._caser: LowerCaser = v.hpo.caser
        self.concepts: dict[str, tuple[str, str]] = {}
        self.names: dict[str, dict[tuple[str, str], str]] = defaultdict(dict)
        self.notes: list[str] = []

    def drafted(self, drafts: Drafts) -> None:
        """Concepts with a draft of their own."""
        for concept in drafts.concepts:
            found = self._resolver.resolve(concept.term)
            self._add(found, concept.names)

    def used(self, facts: Iterable[Term]) -> None:
        """Terms that facts use, whether drafted or not."""
        for term in facts:
            found = self._resolver.resolve(term)
            label = self._label(found.curie)
            if label and found.curie not in self.concepts:
                self._add(found, [(label, "en", "preferred")])
            kind = "exact" if found.curie in self.concepts else "preferred"
            self._add(found, [(term.name, "en", kind)])

    def carried(self, facts: Iterable[Fact], categories: dict[str, str]) -> None:
        """Concepts of carried facts."""
        for fact in facts:
            for curie, name in ((fact.subject, fact.subject_name), (fact.object, fact.object_name)):
                if curie not in self.concepts:
                    label = self._label(curie) or name
                    found = Resolved(curie, categories[curie], "carried")
                    self._add(found, [(label, "en", "preferred")])

    def further(self, drafts: Drafts, used: Iterable[Term]) -> None:
        """Names of ``[[term]]`` tables, for every concept of that name."""
        by_name: dict[str, set[str]] = defaultdict(set)
        for term in used:
            by_name[singular(plain(term.name))].add(self._resolver.resolve(term).curie)
        for entry in drafts.terms:
            key = singular(plain(entry.term.name))
            curies = by_name.get(key, set()) | self._looked_up(entry)
            if not curies:
                self.notes.append(f"{entry.place}: names nothing used or known")
            for curie in sorted(curies):
                kinds = [
                    (t, la, "exact" if la == "en" and k == "preferred" else k)
                    for t, la, k in entry.names
                ]
                category = self.concepts.get(curie, ("", ""))[0]
                label = self._label(curie)
                if not category:
                    found = self._resolver.resolve(entry.term)
                    category = found.category
                    if label:
                        self._add(Resolved(curie, category, "term"), [(label, "en", "preferred")])
                self._add(Resolved(curie, category, "term"), kinds)

    def _looked_up(self, entry: DraftConcept) -> set[str]:
        found = self._resolver.resolve(entry.term)
        if found.basis != "own id":
            return {found.curie}
        self._resolver.unresolved.pop(entry.term, None)
        return set()

    def _label(self, curie: str) -> str:
        v = self._v
        prefix = curie_prefix(curie)
        if prefix not in _LABELLED:
            return ""
        index = {"DOID": v.doid, "HP": v.hp, "SYMP": v.symp}[prefix]
        entry = index.entries.get(curie)
        return self._caser.lowered(entry.label) if entry else ""

    def _add(self, found: Resolved, names: Iterable[tuple[str, str, str]]) -> None:
        curie = found.curie
        category = self._categories.get(curie, found.category)
        self.concepts.setdefault(curie, (category, found.basis))
        mine = self.names[curie]
        shown = {language for (_, language), kind in mine.items() if kind == "preferred"}
        texts = {(text.casefold(), language) for text, language in mine}
        for text, language, kind in names:
            if kind == "preferred" and language in shown:
                kind = "exact"
            if (text.casefold(), language) in texts:
                continue
            if kind in {"exact", "lay"} and language == "en":
                other = self._other(curie, text)
                if other:
                    self.notes.append(f"{text!r} of {curie} is the label of {other}: related")
                    kind = "related"
            texts.add((text.casefold(), language))
            if kind == "preferred":
                shown.add(language)
            mine[text, language] = kind

    def _other(self, curie: str, text: str) -> str:
        """Another concept of which ``text`` is the label."""
        for index in (self._v.doid, self._v.hp):
            for found in index.by_label.get(plain(text), ()):
                if self._merger.key(found) != curie:
                    return found
        return ""

    def write(self, out: Path) -> tuple[int, int]:
        """Write both tables; how many concepts and names."""
        concepts = [
            (curie, category, self._display(curie), basis)
            for curie, (category, basis) in sorted(self.concepts.items())
        ]
        header = ("curie", "category", "name", "basis")
        count = write_table(out / "concepts.tsv", header, concepts)
        names = [
            (curie, text, language, kind)
            for curie in sorted(self.names)
            for (text, language), kind in self.names[curie].items()
        ]
        header = ("curie", "text", "language", "kind")
        return count, write_table(out / "names.tsv", header, names)

    def _display(self, curie: str) -> str:
        names = self.names[curie]
        return next(
            (
                t
                for (t, language), kind in names.items()
                if language == "en" and kind == "preferred"
            ),
            next(iter(names))[0],
        )
