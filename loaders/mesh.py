"""MeSH descriptors as three tables: names, tree numbers, symptoms.

Medical Subject Headings, U.S. National Library of Medicine, release 2015, as tabulated by
https://github.com/dhimmel/mesh (CC0). The tables have descriptors, no entry terms.

The tree numbers say the class (:data:`BRANCHES`, first match wins): ``C23.888`` and the list of
symptoms are symptoms, the rest of ``C`` and ``F03`` diseases, ``D`` drugs, and so on. Branches
without a class in the schema (organisms, places, publications …) are left out and counted. The
tree of anatomy says which part belongs to which, not what is a kind of what, so it gives no
``subclass_of`` edges.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from kg import schema
from kg.records import Concept, Edge, Evidence, Triple
from loaders.reading import LONGEST_LINE, read_columns
from loaders.source import ImportReport, SourceCard
from loaders.source_files import fitting, named, optional_file, required_file

CARD = SourceCard(
    name="mesh",
    title="Medical Subject Headings 2015, descriptors",
    citation="Medical Subject Headings, U.S. National Library of Medicine, 2015",
    licence="CC0-1.0",
    version="2015",
    url="https://github.com/dhimmel/mesh",
    expected=(("descriptors", 27_455), ("tree numbers", 56_341), ("symptoms", 438)),
)
TERMS = "terms.tsv"
TREE_NUMBERS = "tree-numbers.tsv"
SYMPTOMS = "symptoms.tsv"
CONFIDENCE = 0.9

#: Class of a branch, the deciding one first; None where there is no class for it.
BRANCHES: tuple[tuple[str, str | None], ...] = (
    ("C23.888", schema.PHENOTYPE),
    ("C", schema.DISEASE),
    ("F03", schema.DISEASE),
    ("F01.145", schema.RISK_FACTOR),
    ("D27", schema.DRUG_CLASS),
    ("D08", None),  # enzymes
    ("D12.776", None),  # proteins
    ("D13", None),  # nucleic acids
    ("D25", None),  # materials
    ("D", schema.DRUG),
    ("E01", schema.TEST),
    ("E02", schema.TEST),
    ("E03", schema.TEST),
    ("E04", schema.TEST),
    ("E06", schema.TEST),
    ("H02", schema.SPECIALTY),
    ("J02", schema.FOOD),
    ("M01", schema.PATIENT_GROUP),
    ("A13", None),  # animals
    ("A18", None),  # plants
    ("A19", None),  # fungi
    ("A20", None),  # bacteria
    ("A21", None),  # viruses
    ("A", schema.ANATOMY),
)
_DESCRIPTOR = re.compile(r"D\d{6,9}")
_TREE_NUMBER = re.compile(r"[A-Z]\d{2}(\.\d{3})*")


def mesh_class(tree_numbers: list[str], *, symptom: bool = False) -> str | None:
    """The class of a descriptor, or None.

    >>> mesh_class(["C10.597.617", "C23.888.592.612"])
    'biolink:PhenotypicFeature'
    >>> mesh_class(["B01.050"]) is None
    True
    """
    if symptom:
        return schema.PHENOTYPE
    for branch, category in BRANCHES:
        if category is not None and any(_branch(n) == branch for n in tree_numbers):
            return category
    return None


def _branch(tree_number: str) -> str:
    """The first branch of :data:`BRANCHES` a tree number lies in, ``""`` for none."""
    return next((branch for branch, _ in BRANCHES if tree_number.startswith(branch)), "")


class MeshLoader:
    """Descriptors with a class, and their hierarchy.

    Args:
        folder: folder of ``terms.tsv``, ``tree-numbers.tsv`` and, where there, ``symptoms.tsv``.
        longest: longest line accepted, in bytes.
    """

    def __init__(self, folder: Path, *, longest: int = LONGEST_LINE) -> None:
        self._folder = folder
        self._longest = longest
        self.report = ImportReport()

    @property
    def card(self) -> SourceCard:
        """Where the records come from."""
        return CARD

    def _column(self, path: Path, columns: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
        for number, row in read_columns(path, columns, longest=self._longest):
            fitting(row[0], _DESCRIPTOR, "MeSH descriptor", path, number)
            if columns[-1] == "mesh_tree_number":
                fitting(row[-1], _TREE_NUMBER, "tree number", path, number)
            yield row

    def _tree(self) -> dict[str, list[str]]:
        """Tree numbers by descriptor."""
        path = required_file(self._folder, TREE_NUMBERS)
        found: dict[str, list[str]] = {}
        for descriptor, tree_number in self._column(path, ("mesh_id", "mesh_tree_number")):
            found.setdefault(descriptor, []).append(tree_number)
        return found

    def _classes(self, tree: dict[str, list[str]]) -> dict[str, str]:
        path = optional_file(self._folder, SYMPTOMS)
        symptoms = {row[0] for row in self._column(path, ("mesh_id",))} if path else set()
        classes = {}
        for descriptor, numbers in tree.items():
            category = mesh_class(numbers, symptom=descriptor in symptoms)
            if category is not None:
                classes[descriptor] = category
        return classes

    def concepts(self) -> Iterator[Concept]:
        """Every descriptor that has a class."""
        classes = self._classes(self._tree())
        path = required_file(self._folder, TERMS)
        for descriptor, name in self._column(path, ("mesh_id", "mesh_name")):
            if descriptor in classes:
                yield named(f"MESH:{descriptor}", classes[descriptor], name)
            else:
                self.report.skip("a branch without a class", f"{descriptor} {name}")

    def edges(self) -> Iterator[Edge]:
        """``subclass_of`` edges between descriptors of one class (conditions count as one)."""
        tree = self._tree()
        classes = self._classes(tree)
        holder = {number: descriptor for descriptor, all_ in tree.items() for number in all_}
        provenance = CARD.provenance()
        for descriptor, numbers in tree.items():
            parents = {holder.get(n.rpartition(".")[0]) for n in numbers} - {None, descriptor}
            for parent in sorted(filter(None, parents)):
                if not _alike(classes.get(descriptor), classes.get(parent)):
                    continue
                evidence = Evidence(
                    provenance, record=f"{descriptor}|{parent}", confidence=CONFIDENCE
                )
                triple = Triple(f"MESH:{descriptor}", schema.SUBCLASS_OF, f"MESH:{parent}")
                yield Edge(triple, (evidence,))


def _alike(one: str | None, other: str | None) -> bool:
    if one is None or other is None or schema.ANATOMY in (one, other):
        return False
    return one == other or {one, other} == schema.CONDITIONS
