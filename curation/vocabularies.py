"""Names of every vocabulary at hand, to find the id of a name and the ids that are one concept."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path

from curation.tsv import read_table
from loaders.hpo import HpoLoader
from loaders.name_dictionaries import DiseaseNamesLoader, DrugNamesLoader, mesh_category
from loaders.obo import OboTerm, read_obo

_SPELLINGS = (
    ("haem", "hem"),
    ("oedema", "edema"),
    ("anaem", "anem"),
    ("aemia", "emia"),
    ("oesoph", "esoph"),
    ("diarrhoea", "diarrhea"),
    ("tumour", "tumor"),
    ("foetal", "fetal"),
    ("paed", "ped"),
    ("gynaec", "gynec"),
    ("orrhoea", "orrhea"),
    ("leuc", "leuk"),
    ("colour", "color"),
    ("dyspnoea", "dyspnea"),
    ("apnoea", "apnea"),
    ("ischaem", "ischem"),
    ("caes", "ces"),
    ("sulph", "sulf"),
    ("ae", "e"),
)
_NUMERALS = ("i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix", "x", "xi", "xii", "xiii")
_ROMAN = {
    roman: str(number)
    for number, roman in enumerate(
        ["i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix", "x", "xi", "xii", "xiii"], 1
    )
}
_QUALITY = re.compile(
    r"\((disorder|finding|morphologic abnormality|qualifier|product)\)|\bNOS\b|\["
)


@lru_cache(maxsize=1 << 20)
def plain(name: str) -> str:
    """A name without case, accents, punctuation, possessives, British spelling, Roman numerals.

    >>> plain("Crohn's Disease"), plain("Anaemia, iron-deficiency"), plain("Behçet type II")
    ('crohn disease', 'anemia iron deficiency', 'behcet type 2')
    """
    folded = unicodedata.normalize("NFKD", name.casefold().replace("’", "'"))
    text = "".join(c for c in folded if not unicodedata.combining(c))
    text = text.replace("'s ", " ").replace("s' ", "s ")
    for british, american in _SPELLINGS:
        text = text.replace(british, american)
    first, *rest = re.findall(r"[^\W_]+", text) or [""]
    return " ".join([first, *(_ROMAN.get(word, word) for word in rest)])


def singular(text: str) -> str:
    """A plain name with its last word in the singular."""
    if text.endswith("ies") and len(text) > 5:
        return f"{text[:-3]}y"
    if text.endswith(("sses", "xes", "ches", "shes")):
        return text[:-2]
    if text.endswith("s") and not text.endswith(("ss", "is", "us", "ies", "itis")):
        return text[:-1]
    return text


@dataclass(slots=True)
class Entry:
    """An id of a vocabulary with its names, best first: label, then exact synonyms."""

    curie: str
    label: str
    synonyms: list[str] = field(default_factory=list)
    related: list[str] = field(default_factory=list)


class Index:
    """Entries by plain name, label matches before synonym matches."""

    def __init__(self, entries: dict[str, Entry]) -> None:
        self.entries = entries
        self.by_label: dict[str, list[str]] = defaultdict(list)
        self.by_synonym: dict[str, list[str]] = defaultdict(list)
        self.by_related: dict[str, list[str]] = defaultdict(list)
        for curie, entry in entries.items():
            self.by_label[plain(entry.label)].append(curie)
            for name in entry.synonyms:
                self.by_synonym[plain(name)].append(curie)
            for name in entry.related:
                self.by_related[plain(name)].append(curie)

    def find(self, name: str, *, related: bool = False) -> tuple[str, str] | None:
        """The one id with that name and how it matched, or None where none or several have it."""
        key = plain(name)
        keys = dict.fromkeys((key, singular(key), f"{key}s"))
        levels = [("label", self.by_label), ("synonym", self.by_synonym)]
        if related:
            levels.append(("related synonym", self.by_related))
        for how, table in levels:
            for wanted in keys:
                found = sorted(set(table.get(wanted, ())))
                if len(found) == 1:
                    return found[0], how
        return None


class Vocabularies:
    """Everything that has names, read once.

    Args:
        folder: the folder of shared public data sets (``ontology/``, ``kg/`` …).
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.hpo = HpoLoader()

    @cached_property
    def doid_2015(self) -> dict[str, OboTerm]:
        """The 2015 release of the Disease Ontology by id."""
        path = self.folder / "ontology/doid/HumanDO-2015-05-14.obo.xz"
        return {t.id: t for t in read_obo(path) if not t.obsolete}

    @cached_property
    def doid_current(self) -> dict[str, OboTerm]:
        """Current terms of the Disease Ontology, as far as its slims at hand have them."""
        found: dict[str, OboTerm] = {}
        for name in ("cancer", "infectious_disease", "rare"):
            path = self.folder / f"ontology/doid/DO_{name}_slim.obo.xz"
            found |= {t.id: t for t in read_obo(path) if not t.obsolete}
        return found

    @cached_property
    def doid_rows(self) -> list[dict[str, str]]:
        """Current id, label, parent label."""
        return list(read_table(self.folder / "ontology/doid/HumanDO.tsv.xz"))

    @cached_property
    def doid(self) -> Index:
        """Current Disease Ontology labels, with the exact synonyms of its slims and of 2015."""
        entries: dict[str, Entry] = {}
        for row in self.doid_rows:
            entries.setdefault(row["id"], Entry(row["id"], row["label"]))
        for row in read_table(self.folder / "ontology/doid-hetionet-slim/term-names.tsv.xz"):
            entry = entries.get(row["doid"])
            if entry and row["type"] == "exact-synonym" and not _QUALITY.search(row["name"]):
                entry.synonyms.append(row["name"].strip())
        for term in (*self.doid_current.values(), *self.doid_2015.values()):
            entry = entries.get(term.id)
            if entry is None:
                continue
            if plain(term.name) != plain(entry.label):
                entry.synonyms.append(term.name)
            for synonym in term.synonyms:
                if _QUALITY.search(synonym.text):
                    continue
                group = entry.synonyms if synonym.scope == "EXACT" else entry.related
                group.append(synonym.text)
        return Index(entries)

    @cached_property
    def hp(self) -> Index:
        """Phenotypic abnormalities."""
        entries = {}
        for curie, branch in self.hpo.branches.items():
            if branch:
                continue
            term = self.hpo.terms[curie]
            entry = Entry(curie, term.name)
            for synonym in term.synonyms:
                if synonym.type in {"obsolete_synonym", "HP:0034334"}:
                    continue
                group = entry.synonyms if synonym.scope == "EXACT" else entry.related
                group.append(synonym.text)
            entries[curie] = entry
        return Index(entries)

    @cached_property
    def symp(self) -> Index:
        """The Symptom Ontology."""
        entries = {}
        for term in read_obo(self.folder / "ontology/symp/symp.obo"):
            if not term.obsolete:
                exact = [s.text for s in term.synonyms if s.scope == "EXACT"]
                entries[term.id] = Entry(term.id, term.name, exact)
        return Index(entries)

    @cached_property
    def mesh_trees(self) -> dict[str, list[str]]:
        """Tree numbers by MeSH CURIE."""
        trees: dict[str, list[str]] = defaultdict(list)
        for row in read_table(self.folder / "ontology/mesh-2015/tree-numbers.tsv.xz"):
            trees[f"MESH:{row['mesh_id']}"].append(row["mesh_tree_number"])
        return trees

    @cached_property
    def mesh_names(self) -> dict[str, str]:
        """Headings by MeSH CURIE."""
        rows = read_table(self.folder / "ontology/mesh-2015/terms.tsv.xz")
        return {f"MESH:{row['mesh_id']}": row["mesh_name"] for row in rows}

    @cached_property
    def mesh(self) -> Index:
        """MeSH headings, with the entry terms of the installed disease and drug dictionaries."""
        entries = {c: Entry(c, name, [_natural(name)]) for c, name in self.mesh_names.items()}
        for loader in (DiseaseNamesLoader(), DrugNamesLoader()):
            for concept in loader.concepts():
                for curie in (concept.curie, *concept.xrefs):
                    if curie in entries:
                        entries[curie].synonyms += [n.text for n in concept.names[:1]]
                        entries[curie].related += [n.text for n in concept.names[1:]]
        return Index(entries)

    def mesh_class(self, curie: str) -> str | None:
        """The class a heading of MeSH has by its trees."""
        return mesh_category(self.mesh_trees.get(curie, []))

    @cached_property
    def unnumbered(self) -> dict[str, str]:
        """Display names of the disease dictionary's headings that MeSH 2015 does not have."""
        loader = DiseaseNamesLoader(caser=self.hpo.caser)
        return {c.curie: c.name() for c in loader.concepts() if c.curie.startswith("MEDKGQA:")}

    @cached_property
    def rare(self) -> dict[str, str]:
        """Names of the OMIM, Orphanet and DECIPHER diseases HPO annotates."""
        return {
            c.curie: c.name()
            for c in self.hpo.concepts()
            if c.curie.startswith(("OMIM:", "ORPHA:", "DECIPHER:"))
        }

    @cached_property
    def rare_index(self) -> Index:
        """Orphanet diseases by name, then OMIM's whose name no Orphanet disease has."""
        entries: dict[str, Entry] = {}
        taken: set[str] = set()
        for curie, name in sorted(self.rare.items(), reverse=True):
            if not curie.startswith("DECIPHER") and plain(name) not in taken:
                taken.add(plain(name))
                entries[curie] = Entry(curie, name)
        return Index(entries)

    def drugbank_rows(self) -> list[tuple[str, str]]:
        """DrugBank ids and names of PharmacotherapyDB and Hetionet, the former's names first."""
        rows: dict[str, str] = {}
        for row in read_table(self.folder / "kg/pharmacotherapydb/drugs.tsv"):
            rows[f"DRUGBANK:{row['drugbank_id']}"] = row["drug"]
        for row in read_table(self.folder / "kg/hetionet/hetionet-v1.0-nodes.tsv.xz"):
            if row["kind"] == "Compound":
                rows.setdefault(f"DRUGBANK:{row['id'].partition('::')[2]}", row["name"])
        return sorted(rows.items())

    @cached_property
    def drugs(self) -> Index:
        """Drugs with DrugBank ids: PharmacotherapyDB, Hetionet, then the dictionary's names."""
        entries = {curie: Entry(curie, name) for curie, name in self.drugbank_rows()}
        for concept in DrugNamesLoader().concepts():
            if concept.curie.startswith("DRUGBANK:"):
                entry = entries.setdefault(concept.curie, Entry(concept.curie, concept.name()))
                entry.synonyms.append(concept.name())
                entry.related += [n.text for n in concept.names[1:]]
        return Index(entries)


def _natural(heading: str) -> str:
    return " ".join(reversed(heading.split(", ")))
