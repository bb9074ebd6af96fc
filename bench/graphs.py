"""Graphs the store benchmark runs on: the Hetionet part at hand, and synthetic ones by columns."""

from __future__ import annotations

import csv
import lzma
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from kg.networkx_store import NetworkxStore
from kg.records import Concept, Edge, Evidence, Name, Provenance, Triple
from kg.snapshot_columns import columns_of
from kg.snapshot_format import EDGE_ROW, EVIDENCE_ROW, GraphColumns
from kg.strings import Strings, Text

Ints = npt.NDArray[Any]

HETIONET_NODES = "kg/hetionet/hetionet-v1.0-nodes.tsv.xz"
HETIONET_EDGES = "kg/hetionet/hetionet-v1.0-edges-partial.sif.xz"

_KINDS = {
    "Anatomy": "biolink:AnatomicalEntity",
    "Biological Process": "biolink:BiologicalProcess",
    "Cellular Component": "biolink:CellularComponent",
    "Compound": "biolink:Drug",
    "Disease": "biolink:Disease",
    "Gene": "biolink:Gene",
    "Molecular Function": "biolink:MolecularActivity",
    "Pathway": "biolink:Pathway",
    "Pharmacologic Class": "biolink:ChemicalRole",
    "Side Effect": "biolink:PhenotypicFeature",
    "Symptom": "biolink:PhenotypicFeature",
}
# metaedge → predicate, and whether subject and object change places
_METAEDGES = {
    "AdG": ("biolink:regulates", False),
    "AeG": ("biolink:expressed_in", True),
    "AuG": ("biolink:regulates", False),
    "CbG": ("biolink:directly_physically_interacts_with", False),
    "CcSE": ("biolink:has_side_effect", False),
    "CdG": ("biolink:regulates", False),
    "CpD": ("biolink:treats", False),
    "CrC": ("biolink:similar_to", False),
    "CtD": ("biolink:treats", False),
    "CuG": ("biolink:regulates", False),
    "DaG": ("biolink:gene_associated_with_condition", True),
    "DdG": ("biolink:regulates", False),
    "DlA": ("biolink:located_in", False),
    "DpS": ("biolink:has_phenotype", False),
    "DrD": ("biolink:similar_to", False),
    "DuG": ("biolink:regulates", False),
    "GcG": ("biolink:associated_with", False),
    "GiG": ("biolink:directly_physically_interacts_with", False),
    "GpBP": ("biolink:participates_in", False),
    "GpCC": ("biolink:participates_in", False),
    "GpMF": ("biolink:participates_in", False),
    "GpPW": ("biolink:participates_in", False),
    "Gr>G": ("biolink:regulates", False),
    "PCiC": ("medkgqa:member_of_class", True),
}


def _curie(node: str) -> str:
    kind, _, local = node.partition("::")
    local = local if ":" in local else f"{kind.replace(' ', '').upper()}:{local}"
    return local.replace("|", "-")


def hetionet_columns(folder: Path) -> GraphColumns:
    """The Hetionet part in ``folder`` (Himmelstein et al. 2017, doi:10.7554/eLife.26726)."""
    store = NetworkxStore()
    with lzma.open(folder / HETIONET_NODES, "rt", encoding="utf-8", newline="") as lines:
        store.add_concepts(
            Concept(_curie(row["id"]), _KINDS[row["kind"]], (Name(row["name"].strip()),))
            for row in csv.DictReader(lines, delimiter="\t")
        )
    with lzma.open(folder / HETIONET_EDGES, "rt", encoding="utf-8", newline="") as lines:
        report = store.add_edges(_hetionet_edges(csv.DictReader(lines, delimiter="\t")))
    if report.total:
        print(report)
    return columns_of(store.concepts(), store.edges())


def _hetionet_edges(rows: Iterator[dict[str, str]]) -> Iterator[Edge]:
    provenance = Provenance("hetionet", "1.0", "CC0-1.0")
    for number, row in enumerate(rows, start=2):
        predicate, turned = _METAEDGES[row["metaedge"]]
        ends = (_curie(row["source"]), _curie(row["target"]))
        subject, object_ = reversed(ends) if turned else ends
        support = Evidence(provenance, record=f"{number}", confidence=0.9)
        yield Edge(Triple(subject, predicate, object_), (support,))


# -- synthetic graphs ------------------------------------------------------------------------

# class, prefix, share of nodes; about as in Hetionet
_CLASSES = (
    ("biolink:AnatomicalEntity", "UBERON", 0.01),
    ("biolink:BiologicalProcess", "GO", 0.25),
    ("biolink:Disease", "DOID", 0.12),
    ("biolink:Drug", "DRUGBANK", 0.06),
    ("biolink:Gene", "NCBIGene", 0.42),
    ("biolink:PhenotypicFeature", "HP", 0.14),
)
# predicate, subject class, object class, share of edges
_PREDICATES = (
    ("biolink:directly_physically_interacts_with", 4, 4, 0.10),
    ("biolink:expressed_in", 4, 0, 0.18),
    ("biolink:gene_associated_with_condition", 4, 2, 0.08),
    ("biolink:has_phenotype", 2, 5, 0.12),
    ("biolink:has_side_effect", 3, 5, 0.08),
    ("biolink:interacts_with", 3, 3, 0.08),
    ("biolink:participates_in", 4, 1, 0.24),
    ("biolink:regulates", 4, 4, 0.11),
    ("biolink:treats", 3, 2, 0.01),
)
_SYMMETRIC = {0, 5}


@dataclass(frozen=True, slots=True)
class Size:
    """How large a synthetic graph is."""

    nodes: int
    edges: int


def _pairs(random: np.random.Generator, starts: Ints, ends: Ints, count: int, turn: bool) -> Ints:
    """``count`` distinct pairs of nodes, some nodes far more often than others: ``[count, 2]``."""
    found = np.empty(0, dtype=np.int64)
    wide = np.int64(1) << np.int64(32)
    while len(found) < count:
        more = int((count - len(found)) * 1.3) + 16
        # the square of an even draw: the density falls with the root of the rank
        one = starts[(random.random(more) ** 2 * len(starts)).astype(np.int64)]
        other = ends[(random.random(more) ** 2 * len(ends)).astype(np.int64)]
        if turn:
            one, other = np.minimum(one, other), np.maximum(one, other)
        found = np.unique(np.concatenate([found, (one * wide + other)[one != other]]))
    found = random.permutation(found)[:count]
    return np.stack([found // wide, found % wide], axis=1)


def synthetic_columns(size: Size, *, seed: int = 1) -> GraphColumns:
    """A graph of that size: classes and predicates as in Hetionet, uneven degrees."""
    random = np.random.default_rng(seed)
    counts = [max(2, int(size.nodes * share)) for _, _, share in _CLASSES]
    counts[4] += size.nodes - sum(counts)
    order = sorted(range(len(_CLASSES)), key=lambda k: _CLASSES[k][1])
    curies: list[str] = []
    members: dict[int, Ints] = {}
    category = np.empty(size.nodes, dtype=np.uint16)
    for kind in order:
        first = len(curies)
        curies.extend(f"{_CLASSES[kind][1]}:{i:07d}" for i in range(counts[kind]))
        members[kind] = random.permutation(np.arange(first, len(curies)))
        category[first:] = kind
    rows: list[Ints] = []
    for code, (_, subject, object_, share) in enumerate(_PREDICATES):
        wanted = min(int(size.edges * share), len(members[subject]) * len(members[object_]) // 4)
        pairs = _pairs(random, members[subject], members[object_], wanted, code in _SYMMETRIC)
        rows.append(np.insert(pairs, 1, code, axis=1))
    edges = np.concatenate(rows)
    edges = edges[np.lexsort((edges[:, 2], edges[:, 1], edges[:, 0]))]
    return _assembled(random, curies, category, edges)


def _assembled(
    random: np.random.Generator, curies: list[str], category: Ints, edges: Ints
) -> GraphColumns:
    nodes, count = len(curies), len(edges)
    none = np.empty(0, dtype=np.uint32)
    confidence = np.round(0.05 + 0.95 * random.random(count), 2)
    table = np.zeros(count, dtype=EDGE_ROW)
    table["subject"], table["predicate"], table["object"] = edges.T
    table["evidence"] = np.arange(count)
    table["pieces"] = 1
    table["polarity"] = random.random(count) > 0.02
    evidence = np.zeros(count, dtype=EVIDENCE_ROW)
    evidence["record"] = np.arange(count) * len("row 0000000")
    evidence["record_size"] = len("row 0000000")
    evidence["start"] = evidence["end"] = -1
    evidence["confidence"] = confidence
    return GraphColumns(
        categories=Strings.of(kind for kind, _, _ in _CLASSES),
        predicates=Strings.of(name for name, _, _, _ in _PREDICATES),
        languages=Strings.of(["en"]),
        provenances=Strings.of(['["synthetic","1","CC0-1.0","",""]']),
        documents=Strings.of([""]),
        sentences=Strings.of([""]),
        extractors=Strings.of([""]),
        references=Strings.of(["[]"]),
        qualifiers=Strings.of(["[]"]),
        curies=Strings.of(curies),
        category=category,
        name_starts=np.arange(nodes + 1),
        names=Strings.of(f"synthetic thing {curie}" for curie in curies),
        name_language=np.zeros(nodes, dtype=np.uint16),
        name_kind=np.zeros(nodes, dtype=np.uint8),
        xref_starts=np.zeros(nodes + 1, dtype=np.int64),
        xrefs=Strings.of([]),
        definition_starts=np.zeros(nodes + 1, dtype=np.int64),
        definitions=Strings.of([]),
        definition_provenance=none,
        definition_language=none.astype(np.uint16),
        definition_records=Strings.of([]),
        definition_references=none,
        edges=table,
        confidence=confidence,
        evidence=evidence,
        records=Text("".join(f"row {i:07d}" for i in range(count)).encode()),
    )
