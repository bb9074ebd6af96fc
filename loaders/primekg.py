"""PrimeKG: diseases, drugs, phenotypes, genes and exposures from twenty resources, in one CSV.

Chandak, Huang and Zitnik 2023, https://doi.org/10.1038/s41597-023-01960-3; the file is ``kg.csv``
of https://doi.org/10.7910/DVN/IXA7BM, with the columns ``relation``, ``display_relation``,
``x_index``, ``x_id``, ``x_type``, ``x_name``, ``x_source`` and the same for ``y``.

Every relation stands there twice, once each way, so which end is the parent of which is lost:
``parent-child`` relations become ``associated_with`` edges that say so in ``description``. Of the
two rows of any relation the one whose ends are in the order of :data:`RELATIONS` is read, and for
two ends of one type the one with the lesser index first. Diseases the authors grouped
(``MONDO_grouped``) have no id of their own: their CURIE is ``PRIMEKG:`` and their index.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from kg import schema
from kg.errors import SourceFormatError
from kg.records import Concept, Edge, Evidence, Polarity, Triple
from loaders.csv_rows import read_records
from loaders.reading import LONGEST_LINE
from loaders.source import SourceCard
from loaders.source_files import RowPlace, fitting, named, required_file

CARD = SourceCard(
    name="primekg",
    title="PrimeKG, precision medicine knowledge graph",
    citation=(
        "Chandak, Huang and Zitnik 2023, Building a knowledge graph to enable precision "
        "medicine, Scientific Data"
    ),
    licence="NOASSERTION",
    doi="10.1038/s41597-023-01960-3",
    url="https://doi.org/10.7910/DVN/IXA7BM",
    expected=(("nodes", 129_375), ("rows", 8_100_498), ("relations", 4_050_249)),
)
FILES = ("kg.csv", "primekg.csv")
CONFIDENCE = 0.7

TYPES = {
    "gene/protein": schema.GENE,
    "drug": schema.DRUG,
    "effect/phenotype": schema.PHENOTYPE,
    "disease": schema.DISEASE,
    "biological_process": schema.PROCESS,
    "molecular_function": schema.ACTIVITY,
    "cellular_component": schema.COMPONENT,
    "exposure": schema.RISK_FACTOR,
    "pathway": schema.PATHWAY,
    "anatomy": schema.ANATOMY,
}
#: Source → prefix, and how many digits its numbers have.
SOURCES = {
    "NCBI": ("NCBIGene", 0),
    "DrugBank": ("DRUGBANK", 0),
    "MONDO": ("MONDO", 7),
    "HPO": ("HP", 7),
    "GO": ("GO", 7),
    "UBERON": ("UBERON", 7),
    "REACTOME": ("REACT", 0),
    "CTD": ("MESH", 0),
}


@dataclass(frozen=True, slots=True)
class Relation:
    """What a relation becomes.

    Args:
        start: type of the subject.
        end: type of the object.
        predicate: ours.
        qualifiers: what it says beyond the predicate.
        negative: whether it denies.
    """

    start: str
    end: str
    predicate: str
    qualifiers: tuple[tuple[str, str], ...] = ()
    negative: bool = False


def _family(kind: str) -> Relation:
    qualifiers = (("description", "parent or child"),)
    return Relation(kind, kind, schema.ASSOCIATED_WITH, qualifiers)


_OFF_LABEL = (("role", "off_label"),)
_SYNERGY = (("description", "synergistic interaction"),)

RELATIONS = {
    "protein_protein": Relation("gene/protein", "gene/protein", schema.BINDS),
    "drug_protein": Relation("drug", "gene/protein", schema.BINDS),
    "contraindication": Relation("drug", "disease", schema.CONTRAINDICATED_IN),
    "indication": Relation("drug", "disease", schema.TREATS),
    "off-label use": Relation("drug", "disease", schema.TREATS, _OFF_LABEL),
    "drug_drug": Relation("drug", "drug", schema.INTERACTS_WITH, _SYNERGY),
    "phenotype_protein": Relation("gene/protein", "effect/phenotype", schema.GENE_ASSOCIATED),
    "phenotype_phenotype": _family("effect/phenotype"),
    "disease_phenotype_negative": Relation(
        "disease", "effect/phenotype", schema.HAS_PHENOTYPE, negative=True
    ),
    "disease_phenotype_positive": Relation("disease", "effect/phenotype", schema.HAS_PHENOTYPE),
    "disease_protein": Relation("gene/protein", "disease", schema.GENE_ASSOCIATED),
    "disease_disease": _family("disease"),
    "drug_effect": Relation("drug", "effect/phenotype", schema.HAS_SIDE_EFFECT),
    "bioprocess_bioprocess": _family("biological_process"),
    "molfunc_molfunc": _family("molecular_function"),
    "cellcomp_cellcomp": _family("cellular_component"),
    "molfunc_protein": Relation("gene/protein", "molecular_function", schema.PARTICIPATES_IN),
    "cellcomp_protein": Relation("gene/protein", "cellular_component", schema.PARTICIPATES_IN),
    "bioprocess_protein": Relation("gene/protein", "biological_process", schema.PARTICIPATES_IN),
    "exposure_protein": Relation("exposure", "gene/protein", schema.AFFECTS),
    "exposure_disease": Relation("exposure", "disease", schema.ASSOCIATED_WITH),
    "exposure_exposure": _family("exposure"),
    "exposure_bioprocess": Relation("exposure", "biological_process", schema.AFFECTS),
    "exposure_molfunc": Relation("exposure", "molecular_function", schema.AFFECTS),
    "exposure_cellcomp": Relation("exposure", "cellular_component", schema.AFFECTS),
    "pathway_pathway": _family("pathway"),
    "pathway_protein": Relation("gene/protein", "pathway", schema.PARTICIPATES_IN),
    "anatomy_anatomy": _family("anatomy"),
    "anatomy_protein_present": Relation("gene/protein", "anatomy", schema.EXPRESSED_IN),
    "anatomy_protein_absent": Relation(
        "gene/protein", "anatomy", schema.EXPRESSED_IN, negative=True
    ),
}
_ENDS = tuple(f"{end}_{what}" for end in "xy" for what in ("index", "id", "type", "name", "source"))
_INDEX = re.compile(r"\d{1,9}")
_Row = dict[str, str]


class PrimeKgLoader:
    """PrimeKG.

    Args:
        folder: folder of ``kg.csv``, or the file itself, packed or not.
        longest: longest line accepted, in bytes.
    """

    def __init__(self, folder: Path, *, longest: int = LONGEST_LINE) -> None:
        self._folder = folder
        self._longest = longest

    @property
    def card(self) -> SourceCard:
        """Where the records come from."""
        return CARD

    def _rows(self) -> Iterator[tuple[Path, int, _Row, Relation]]:
        path = required_file(self._folder, *FILES)
        needed = ("relation", "display_relation", *_ENDS)
        for number, row in read_records(path, needed=needed, longest=self._longest):
            relation = RELATIONS.get(row["relation"])
            if relation is None:
                problem = f"unknown relation {row['relation'][:80]!r}"
                raise SourceFormatError(path, number, problem, fix="see RELATIONS")
            for end in "xy":
                if row[f"{end}_type"] not in (relation.start, relation.end):
                    problem = f"{row['relation']} at a {row[f'{end}_type'][:80]!r}"
                    raise SourceFormatError(path, number, problem, fix="is a column missing?")
                fitting(row[f"{end}_index"], _INDEX, "node index", path, number)
            yield path, number, row, relation

    def concepts(self) -> Iterator[Concept]:
        """Each node once, as the rows come."""
        seen: set[int] = set()
        for path, number, row, _ in self._rows():
            for end in "xy":
                index = int(row[f"{end}_index"])
                if index not in seen:
                    seen.add(index)
                    with RowPlace(path, number):
                        kind, name = TYPES[row[f"{end}_type"]], row[f"{end}_name"]
                        concept = named(_curie(path, number, row, end), kind, name)
                    yield concept

    def edges(self) -> Iterator[Edge]:
        """Each relation once, by one of its two rows."""
        provenance = CARD.provenance()
        for path, number, row, relation in self._rows():
            if not _first_of_two(row, relation):
                continue
            with RowPlace(path, number):
                start, end = _curie(path, number, row, "x"), _curie(path, number, row, "y")
                qualifiers = relation.qualifiers
                if row["relation"] == "drug_protein":
                    qualifiers = (("modifier", row["display_relation"]),)
                evidence = Evidence(
                    provenance,
                    record=f"{row['x_index']}|{row['relation']}|{row['y_index']}",
                    confidence=CONFIDENCE,
                    qualifiers=qualifiers,
                )
                polarity = Polarity.NEGATIVE if relation.negative else Polarity.POSITIVE
                edge = Edge(Triple(start, relation.predicate, end), (evidence,), polarity)
            yield edge


def _first_of_two(row: _Row, relation: Relation) -> bool:
    if relation.start == relation.end:
        return int(row["x_index"]) <= int(row["y_index"])
    return row["x_type"] == relation.start


def _curie(path: Path, number: int, row: _Row, end: str) -> str:
    """The CURIE of one end: ``5044`` of MONDO is ``MONDO:0005044``."""
    source, identifier = row[f"{end}_source"], row[f"{end}_id"]
    if source == "MONDO_grouped":
        return f"PRIMEKG:{row[f'{end}_index']}"
    if source not in SOURCES:
        problem = f"unknown source {source[:80]!r}"
        raise SourceFormatError(path, number, problem, fix=f"known: {', '.join(SOURCES)}")
    prefix, digits = SOURCES[source]
    return f"{prefix}:{identifier.zfill(digits) if digits else identifier}"
