"""Records that put a drug in a class, or a class under another.

A class of Hetionet or of the French agency counts as ours where a name is the same, or where the
two share a telling word of their names and at least a third of their members.
"""

from __future__ import annotations

from collections import defaultdict

from curation.facts import Fact, Record
from curation.name_book import NameBook, stem
from curation.tsv import read_table
from curation.vocabularies import Vocabularies
from kg.schema import ASSOCIATED_WITH, MEMBER_OF, SUBCLASS_OF
from loaders.name_dictionaries import DrugNamesLoader, read_dictionary

_DULL = frozenset(
    {
        *("agent", "agents", "drug", "drugs", "inhibitor", "inhibitors", "antagonist"),
        *("antagonists", "agonist", "agonists", "receptor", "blocker", "blockers", "class"),
        *("activity", "substance", "acid", "other", "type", "selective", "non"),
    }
)
_LEAST_SHARE = 1 / 3


class ClassRecords:
    """Support for ``member_of_class`` and ``subclass_of`` rows."""

    def __init__(self, v: Vocabularies, book: NameBook, facts: list[Fact]) -> None:
        self._v = v
        self._book = book
        self._ours: dict[str, set[str]] = defaultdict(set)
        for fact in facts:
            if fact.predicate == MEMBER_OF:
                self._ours[fact.object].add(fact.subject)
        self._drugs = {d for members in self._ours.values() for d in members}
        self._theirs = {**self._hetionet(), **self._ansm()}
        self._matches: dict[str, list[str]] = {}
        self._mesh = self._drug_headings()
        self._by_form: dict[str, set[str]] = defaultdict(set)
        for curie, name in v.mesh_names.items():
            self._by_form[stem(name)].add(curie)

    def find(self, fact: Fact) -> list[Record]:
        """Records that say the drug is of the class, or the class below the other."""
        if fact.predicate == MEMBER_OF:
            found = []
            for name in self._same(fact.object):
                record = self._theirs[name][1].get(fact.subject)
                if record:
                    found.append(record)
            return found + self._by_tree(fact)
        if fact.predicate == SUBCLASS_OF and fact.table == "classes":
            return self._by_tree(fact)
        return []

    def _same(self, curie: str) -> list[str]:
        if curie not in self._matches:
            self._matches[curie] = [n for n in self._theirs if self._is_same(curie, n)]
        return self._matches[curie]

    def _is_same(self, curie: str, name: str) -> bool:
        forms, members = self._theirs[name]
        ours = self._book.english[curie]
        if forms & ours:
            return True
        shared = set(members) & self._ours[curie]
        union = set(members) & self._drugs | self._ours[curie]
        words = {w for form in ours for w in form.split() if len(w) > 4} - _DULL
        theirs = {w for form in forms for w in form.split() if len(w) > 4} - _DULL
        alike = words & theirs or any(a[:6] == b[:6] for a in words for b in theirs)
        return bool(alike) and len(shared) >= 2 and len(shared) / len(union) >= _LEAST_SHARE

    def _hetionet(self) -> dict[str, tuple[set[str], dict[str, Record]]]:
        names = {}
        for row in read_table(self._v.folder / "kg/hetionet/hetionet-v1.0-nodes.tsv.xz"):
            if row["kind"] == "Pharmacologic Class":
                names[row["id"]] = row["name"]
        classes: dict[str, tuple[set[str], dict[str, Record]]] = {}
        for row in read_table(self._v.folder / "kg/hetionet/hetionet-v1.0-edges-partial.sif.xz"):
            if row["metaedge"] == "PCiC":
                forms, members = classes.setdefault(row["source"], (set(), {}))
                forms.add(stem(names[row["source"]]))
                drug = f"DRUGBANK:{row['target'].partition('::')[2]}"
                members[drug] = Record("hetionet", f"{row['source']}|PCiC|{row['target']}")
        return classes

    def _ansm(self) -> dict[str, tuple[set[str], dict[str, Record]]]:
        drugs = self._book.by_name({m for members in self._ours.values() for m in members})
        classes: dict[str, tuple[set[str], dict[str, Record]]] = {}
        path = self._v.folder / "kg/ddi-worldvista-ansm/classes.tsv.xz"
        for number, row in enumerate(read_table(path), start=2):
            forms, members = classes.setdefault(f"ansm {row['class_code']}", (set(), {}))
            forms.add(stem(row["class"]))
            for drug in drugs.get(stem(row["drug"]), ()):
                members[drug] = Record("ansm", f"classes.tsv row {number}")
        return classes

    def _drug_headings(self) -> dict[str, set[str]]:
        headings: dict[str, set[str]] = defaultdict(set)
        for concept in DrugNamesLoader().concepts():
            for curie in (concept.curie, *concept.xrefs):
                if curie.startswith("MESH:"):
                    headings[concept.curie].add(curie)
        return headings

    def _by_tree(self, fact: Fact) -> list[Record]:
        """MeSH puts a heading of the subject below one of the object."""
        starts = self._mesh.get(fact.subject, set()) | self._headings(fact.subject)
        for heading in sorted(self._headings(fact.object)):
            for start in sorted(starts - {heading}):
                for tree in self._v.mesh_trees.get(start, ()):
                    if any(tree.startswith(f"{t}.") for t in self._v.mesh_trees[heading]):
                        record = f"{start.partition(':')[2]}|{heading.partition(':')[2]}"
                        return [Record("mesh", record)]
        return []

    def _headings(self, curie: str) -> set[str]:
        if curie.startswith("MESH:"):
            return {curie}
        return {c for form in self._book.english[curie] for c in self._by_form.get(form, ())}


class Combinations:
    """Ingredients of combinations, by the names the drug dictionary has for them."""

    def __init__(self, book: NameBook) -> None:
        self._book = book
        content = read_dictionary(DrugNamesLoader().path)
        self._titles = {
            stem(name): name
            for name in content["drug_canonical_to_data"]
            if ", " in name or " and " in name or "/" in name
        }

    def find(self, fact: Fact) -> list[Record]:
        """A combination's entry that names the ingredient."""
        if fact.table != "ingredients" or fact.predicate != ASSOCIATED_WITH:
            return []
        ends = self._book.english[fact.subject], self._book.english[fact.object]
        combined, ingredient = ends if any("/" in n for n in (fact.subject_name,)) else ends[::-1]
        for form, title in self._titles.items():
            if form in combined and any(f" {name} " in f" {form} " for name in ingredient):
                return [Record("drug-ner", title)]
        return []
