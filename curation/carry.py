"""Tables carried over by script: MeSH headings, Disease Ontology, identity, kinds of diseases."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from curation.identity import Merger, Pair, stated_entries
from curation.tsv import write_table
from curation.vocabularies import Vocabularies, plain
from loaders.obo import OboTerm

#: MeSH trees whose headings are carried: diseases, chemicals and drugs, procedures, disorders.
_TREES = ("C", "D", "E01", "E02", "E04", "F03", "F01.145", "J02", "N02.421", "H02")


def write_mesh(vocabularies: Vocabularies, out: Path) -> int:
    """``mesh.tsv``: curie, name, trees."""
    rows = []
    for curie, name in sorted(vocabularies.mesh_names.items()):
        trees = sorted(vocabularies.mesh_trees.get(curie, []))
        if any(tree.startswith(_TREES) for tree in trees):
            rows.append((curie, name, "|".join(trees)))
    return write_table(out / "mesh.tsv", ("curie", "name", "trees"), rows)


def write_drugbank(vocabularies: Vocabularies, out: Path) -> int:
    """``drugbank.tsv``: curie, name, of PharmacotherapyDB's and Hetionet's drugs."""
    return write_table(out / "drugbank.tsv", ("curie", "name"), vocabularies.drugbank_rows())


def write_disease_ontology(vocabularies: Vocabularies, out: Path) -> int:
    """``disease_ontology.tsv``: curie, name, parents, synonyms, definition, references, xrefs."""
    header = (
        "curie",
        "name",
        "parents",
        "synonyms",
        "definition",
        "references",
        "xrefs",
        "release",
    )
    return write_table(out / "disease_ontology.tsv", header, _disease_rows(vocabularies))


def _disease_rows(v: Vocabularies) -> Iterator[tuple[str, ...]]:
    by_label: dict[str, str] = {}
    parents: dict[str, list[str]] = defaultdict(list)
    for row in v.doid_rows:
        by_label.setdefault(row["label"], row["id"])
    for row in v.doid_rows:
        parent = by_label.get(row["subClassOf"])
        if parent and parent not in parents[row["id"]]:
            parents[row["id"]].append(parent)
    for curie, entry in sorted(v.doid.entries.items()):
        synonyms = dict.fromkeys(
            s.replace("|", "/") for s in entry.synonyms if plain(s) != plain(entry.label)
        )
        named = {plain(entry.label), *map(plain, synonyms)}
        term, release = v.doid_current.get(curie), "2026-07-31"
        if term is None:
            term, release = v.doid_2015.get(curie), "2015-05-14"
        if term is None or plain(term.name) not in named:
            term, release = OboTerm(curie, 0), ""
        umls = [x for x in term.xrefs if x.startswith("UMLS_CUI:")]
        yield (
            curie,
            entry.label,
            "|".join(parents[curie]),
            "|".join(synonyms),
            _spaced(term.definition),
            "|".join(r.replace("|", "%7C") for r in term.definition_references),
            "|".join(x.replace("UMLS_CUI:", "UMLS:") for x in umls),
            release,
        )


def _spaced(definition: str) -> str:
    """A definition with the relation names (``results_in``) written as words."""
    return re.sub(r"(?<=[a-z])_(?=[a-z])", " ", definition)


def write_identity(merger: Merger, drugs: list[Pair], out: Path) -> int:
    """``identity.tsv``: key, curie, basis; one row for each id that is not its own key."""
    basis: dict[str, str] = {}
    for pair in merger.accepted:
        basis.setdefault(pair.other, pair.basis)
        basis.setdefault(pair.one, pair.basis)
    rows = []
    for curie in sorted(merger.group_of):
        key = merger.key(curie)
        if key != curie:
            rows.append((key, curie, basis.get(curie, "")))
    rows += [(pair.one, pair.other, pair.basis) for pair in drugs]
    rows.sort(key=lambda row: row[1])
    return write_table(out / "identity.tsv", ("key", "curie", "basis"), rows)


def write_kinds(v: Vocabularies, merger: Merger, out: Path) -> int:
    """``kinds.tsv``: kind, curie; entries of HPO's diseases that a disease states several of.

    An entry that is the disease itself, or something it is a kind of, is left out.
    """
    parents: dict[str, set[str]] = defaultdict(set)
    for curie, _, listed, *_ in _disease_rows(v):
        parents[merger.key(curie)] |= {merger.key(p) for p in listed.split("|") if p}
    rows = []
    for curie, entries in stated_entries(v).items():
        key, above = merger.key(curie), _above(merger.key(curie), parents)
        rows += [
            (entry, curie)
            for entry in entries
            if entry in v.rare and merger.key(entry) != key and merger.key(entry) not in above
        ]
    return write_table(out / "kinds.tsv", ("kind", "curie"), sorted(rows))


def _above(key: str, parents: dict[str, set[str]]) -> set[str]:
    seen: set[str] = set()
    waiting = [key]
    while waiting:
        new = parents.get(waiting.pop(), set()) - seen
        seen |= new
        waiting += new
    return seen
