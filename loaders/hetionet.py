"""Hetionet v1.0: diseases, compounds, symptoms, side effects, genes and more.

Himmelstein et al. 2017, https://doi.org/10.7554/eLife.26726; formats:
https://github.com/hetio/hetionet/tree/main/hetnet (tables and JSON).

The tables say nothing of licences, so each kind of edge has that of what it was made from
(:data:`RELATIONS`); the JSON states its own for each edge and is taken where both are there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from kg import schema
from kg.errors import SourceFormatError
from kg.records import Concept, Edge, Evidence, Provenance, Triple
from loaders.json_members import read_members
from loaders.licences import spdx
from loaders.reading import LONGEST_LINE, read_columns
from loaders.source import SourceCard
from loaders.source_files import RowPlace, named, optional_file, required_file

CARD = SourceCard(
    name="hetionet",
    title="Hetionet v1.0",
    citation=(
        "Himmelstein et al. 2017, Systematic integration of biomedical knowledge prioritizes "
        "drugs for repurposing, eLife"
    ),
    licence="CC0-1.0",
    version="1.0",
    doi="10.7554/eLife.26726",
    url="https://het.io",
    expected=(("nodes", 47_031), ("edges", 2_250_197)),
)
JSON_FILE = "hetionet-v1.0.json"
NODES_FILE = "hetionet-v1.0-nodes.tsv"
EDGES_FILES = ("hetionet-v1.0-edges.sif", "hetionet-v1.0-edges*.sif")

#: Kind of node → class, prefix of its identifiers where the file leaves it out.
KINDS = {
    "Anatomy": (schema.ANATOMY, ""),
    "Biological Process": (schema.PROCESS, ""),
    "Cellular Component": (schema.COMPONENT, ""),
    "Compound": (schema.DRUG, "DRUGBANK"),
    "Disease": (schema.DISEASE, ""),
    "Gene": (schema.GENE, "NCBIGene"),
    "Molecular Function": (schema.ACTIVITY, ""),
    "Pathway": (schema.PATHWAY, "HETIONET.PATHWAY"),
    "Pharmacologic Class": (schema.DRUG_CLASS, "NDFRT"),
    "Side Effect": (schema.PHENOTYPE, "UMLS"),
    "Symptom": (schema.PHENOTYPE, "MESH"),
}


@dataclass(frozen=True, slots=True)
class Relation:
    """A kind of edge of Hetionet and what it becomes.

    Args:
        start, verb, end: kinds of nodes and the word between them, as the JSON has them.
        predicate: ours.
        turned: whether subject and object change places.
        qualifiers: what the kind says beyond the predicate.
        confidence: how much an edge of it counts.
        licence: of what the kind was made from.
        source: id of the source of the evidence.
    """

    start: str
    verb: str
    end: str
    predicate: str
    turned: bool = False
    qualifiers: tuple[tuple[str, str], ...] = ()
    confidence: float = 0.7
    licence: str = "CC0-1.0"
    source: str = "hetionet"


_UP = (("modifier", "upregulated"),)
_DOWN = (("modifier", "downregulated"),)

RELATIONS: Mapping[str, Relation] = {
    "AdG": Relation("Anatomy", "downregulates", "Gene", schema.REGULATES, qualifiers=_DOWN),
    "AeG": Relation("Anatomy", "expresses", "Gene", schema.EXPRESSED_IN, turned=True),
    "AuG": Relation("Anatomy", "upregulates", "Gene", schema.REGULATES, qualifiers=_UP),
    "CbG": Relation("Compound", "binds", "Gene", schema.BINDS),
    "CcSE": Relation(
        "Compound",
        "causes",
        "Side Effect",
        schema.HAS_SIDE_EFFECT,
        licence="CC-BY-NC-SA-4.0",
        source="hetionet-sider",
    ),
    "CdG": Relation("Compound", "downregulates", "Gene", schema.REGULATES, qualifiers=_DOWN),
    "CpD": Relation(
        "Compound",
        "palliates",
        "Disease",
        schema.TREATS,
        qualifiers=(("role", "symptomatic"),),
        confidence=0.9,
    ),
    "CrC": Relation("Compound", "resembles", "Compound", schema.SIMILAR_TO),
    "CtD": Relation(
        "Compound",
        "treats",
        "Disease",
        schema.TREATS,
        qualifiers=(("role", "disease_modifying"),),
        confidence=0.9,
    ),
    "CuG": Relation("Compound", "upregulates", "Gene", schema.REGULATES, qualifiers=_UP),
    "DaG": Relation(
        "Disease", "associates", "Gene", schema.GENE_ASSOCIATED, turned=True, licence="ODbL-1.0"
    ),
    "DdG": Relation("Disease", "downregulates", "Gene", schema.REGULATES, qualifiers=_DOWN),
    "DlA": Relation("Disease", "localizes", "Anatomy", schema.LOCATED_IN, confidence=0.6),
    "DpS": Relation("Disease", "presents", "Symptom", schema.HAS_PHENOTYPE, confidence=0.6),
    "DrD": Relation("Disease", "resembles", "Disease", schema.SIMILAR_TO, confidence=0.6),
    "DuG": Relation("Disease", "upregulates", "Gene", schema.REGULATES, qualifiers=_UP),
    "GcG": Relation("Gene", "covaries", "Gene", schema.ASSOCIATED_WITH, confidence=0.6),
    "GiG": Relation("Gene", "interacts", "Gene", schema.BINDS),
    "GpBP": Relation("Gene", "participates", "Biological Process", schema.PARTICIPATES_IN),
    "GpCC": Relation("Gene", "participates", "Cellular Component", schema.PARTICIPATES_IN),
    "GpMF": Relation("Gene", "participates", "Molecular Function", schema.PARTICIPATES_IN),
    "GpPW": Relation("Gene", "participates", "Pathway", schema.PARTICIPATES_IN),
    "Gr>G": Relation("Gene", "regulates", "Gene", schema.REGULATES),
    "PCiC": Relation(
        "Pharmacologic Class", "includes", "Compound", schema.MEMBER_OF, turned=True, confidence=0.9
    ),
}
_BY_WORDS = {(r.start, r.verb, r.end): short for short, r in RELATIONS.items()}


def hetionet_curie(kind: str, identifier: str) -> str:
    """The CURIE of a node.

    >>> hetionet_curie("Gene", "1956"), hetionet_curie("Disease", "DOID:9352")
    ('NCBIGene:1956', 'DOID:9352')
    """
    prefix = KINDS[kind][1]
    if kind == "Pathway" and identifier.startswith("WP"):
        return f"WIKIPATHWAYS:{identifier}"
    return f"{prefix}:{identifier}" if prefix else identifier


class HetionetLoader:
    """Hetionet, from its JSON or from its two tables.

    Args:
        folder: folder of the owner's files: ``hetionet-v1.0.json``, or
            ``hetionet-v1.0-nodes.tsv`` and an edge table; packed or not.
        longest: longest line (JSON: value) accepted, in bytes.
    """

    def __init__(self, folder: Path, *, longest: int = LONGEST_LINE) -> None:
        self._folder = folder
        self._longest = longest

    @property
    def card(self) -> SourceCard:
        """Where the records come from."""
        return CARD

    def _json(self) -> Path | None:
        if self._folder.is_file():
            return self._folder if ".json" in self._folder.name else None
        return optional_file(self._folder, JSON_FILE)

    def concepts(self) -> Iterator[Concept]:
        """Every node."""
        path = self._json()
        if path is not None:
            for line, node in _members(path, "nodes", self._longest):
                with RowPlace(path, line):
                    kind, name = _text(path, line, node, "kind"), _text(path, line, node, "name")
                    identifier = _text(path, line, node, "identifier")
                    concept = named(*_identity(path, line, kind, identifier), name)
                yield concept
            return
        path = required_file(self._folder, NODES_FILE)
        for line, (key, name, kind) in read_columns(
            path, ("id", "name", "kind"), longest=self._longest
        ):
            stated, separator, identifier = key.partition("::")
            if not separator or stated != kind:
                problem = f"{key[:80]!r} is no id of a {kind[:80]!r}"
                raise SourceFormatError(path, line, problem, fix="write Kind::identifier")
            with RowPlace(path, line):
                concept = named(*_identity(path, line, kind, identifier), name)
            yield concept

    def edges(self) -> Iterator[Edge]:
        """Every edge."""
        path = self._json()
        if path is not None:
            for line, record in _members(path, "edges", self._longest):
                with RowPlace(path, line):
                    edge = _json_edge(path, line, record)
                yield edge
            return
        path = required_file(self._folder, *EDGES_FILES)
        provenances: dict[tuple[str, str], Provenance] = {}
        columns = ("source", "metaedge", "target")
        for line, (start, short, end) in read_columns(path, columns, longest=self._longest):
            with RowPlace(path, line):
                edge = _table_edge(path, line, start, short, end, provenances)
            yield edge


def _identity(path: Path, line: int, kind: str, identifier: str) -> tuple[str, str]:
    if kind not in KINDS:
        problem = f"unknown kind of node {kind[:80]!r}"
        raise SourceFormatError(path, line, problem, fix=f"known: {', '.join(KINDS)}")
    return hetionet_curie(kind, identifier), KINDS[kind][0]


def _edge(relation: Relation, start: str, end: str, evidence: Evidence) -> Edge:
    if relation.turned:
        start, end = end, start
    return Edge(Triple(start, relation.predicate, end), (evidence,))


def _table_edge(
    path: Path,
    line: int,
    start: str,
    short: str,
    end: str,
    provenances: dict[tuple[str, str], Provenance],
) -> Edge:
    relation = RELATIONS.get(short)
    if relation is None:
        problem = f"unknown metaedge {short[:80]!r}"
        raise SourceFormatError(path, line, problem, fix=f"known: {', '.join(RELATIONS)}")
    ends = []
    for node, kind in ((start, relation.start), (end, relation.end)):
        stated, separator, identifier = node.partition("::")
        if not separator or stated != kind:
            problem = f"{node[:80]!r} is no id of a {kind!r}, which {short} joins"
            raise SourceFormatError(path, line, problem, fix="write Kind::identifier")
        ends.append(hetionet_curie(kind, identifier))
    key = (relation.source, relation.licence)
    if key not in provenances:
        provenances[key] = _provenance(relation, relation.licence)
    evidence = Evidence(
        provenances[key],
        record=f"{start}|{short}|{end}",
        confidence=relation.confidence,
        qualifiers=relation.qualifiers,
    )
    return _edge(relation, ends[0], ends[1], evidence)


def _provenance(relation: Relation, licence: str) -> Provenance:
    return replace(CARD.provenance(), source=relation.source, licence=licence)


def _members(path: Path, wanted: str, longest: int) -> Iterator[tuple[int, Any]]:
    found = False
    for name, line, value in read_members(path, longest=longest):
        if name == wanted:
            found = True
            yield line, value
    if not found:
        raise SourceFormatError(path, None, f"has no {wanted!r}", fix=f"give {JSON_FILE}")


def _text(path: Path, line: int, record: Any, name: str) -> str:
    value = record.get(name) if isinstance(record, dict) else None
    if not isinstance(value, str | int) or isinstance(value, bool):
        raise SourceFormatError(path, line, f"no {name!r} in {str(record)[:80]}", fix="add it")
    return str(value)


def _json_edge(path: Path, line: int, record: Any) -> Edge:
    verb = _text(path, line, record, "kind")
    ends = [_json_end(path, line, record, name) for name in ("source_id", "target_id")]
    words = (ends[0][0], verb, ends[1][0])
    if words not in _BY_WORDS:
        words, ends = (words[2], verb, words[0]), ends[::-1]
    if words not in _BY_WORDS:
        raise SourceFormatError(path, line, f"unknown metaedge {words}", fix="see RELATIONS")
    short = _BY_WORDS[words]
    relation = RELATIONS[short]
    stated = record.get("data")
    stated = stated if isinstance(stated, dict) else {}
    licence = spdx(str(stated["license"])) if stated.get("license") else relation.licence
    pubmed = stated.get("pubmed_ids")
    references = [f"PMID:{p}" for p in pubmed] if isinstance(pubmed, list) else []
    keys = [f"{kind}::{identifier}" for kind, identifier in ends]
    evidence = Evidence(
        _provenance(relation, licence),
        record=f"{keys[0]}|{short}|{keys[1]}",
        confidence=relation.confidence,
        references=tuple(references),
        qualifiers=relation.qualifiers,
    )
    start, end = (hetionet_curie(kind, identifier) for kind, identifier in ends)
    return _edge(relation, start, end, evidence)


def _json_end(path: Path, line: int, record: Any, name: str) -> tuple[str, str]:
    end = record.get(name) if isinstance(record, dict) else None
    if not isinstance(end, list) or len(end) != 2 or end[0] not in KINDS:
        problem = f"{name} {str(end)[:80]} is no [kind, identifier]"
        raise SourceFormatError(path, line, problem, fix="see the JSON hetnet format")
    return end[0], str(end[1])
