"""The Disease Ontology's curated pairs of a disease and a symptom.

https://github.com/DiseaseOntology/HumanDiseaseOntology, ``DOreports/disease-symptom.tsv``;
Schriml et al. 2022, https://doi.org/10.1093/nar/gkab1063
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from kg.records import Concept, Edge, Evidence, Triple
from kg.schema import DISEASE, HAS_PHENOTYPE, PHENOTYPE
from loaders.reading import LONGEST_LINE, read_columns
from loaders.source import SourceCard
from loaders.source_files import fitting, named, required_file

CARD = SourceCard(
    name="doid-symptoms",
    title="Disease–symptom pairs of the Human Disease Ontology",
    citation="Schriml et al. 2022, The Human Disease Ontology 2022 update, Nucleic Acids Research",
    licence="CC0-1.0",
    doi="10.1093/nar/gkab1063",
    url="https://github.com/DiseaseOntology/HumanDiseaseOntology",
    expected=(("pairs", 2_222),),
)
FILES = ("disease-symptom.tsv",)
CONFIDENCE = 0.9

_COLUMNS = ("disease_id", "disease_label", "symptom_id", "symptom_label")
_DOID = re.compile(r"DOID:\d+")
_SYMPTOM = re.compile(r"(SYMP|HP):\d{7}")


class DoidSymptomsLoader:
    """Diseases and their symptoms.

    Args:
        folder: folder of ``disease-symptom.tsv``, or that file.
        longest: longest line accepted, in bytes.
    """

    def __init__(self, folder: Path, *, longest: int = LONGEST_LINE) -> None:
        self._folder = folder
        self._longest = longest

    @property
    def card(self) -> SourceCard:
        """Where the records come from."""
        return CARD

    def _rows(self) -> Iterator[tuple[str, ...]]:
        path = required_file(self._folder, *FILES)
        for number, row in read_columns(path, _COLUMNS, longest=self._longest):
            fitting(row[0], _DOID, "Disease Ontology id", path, number)
            fitting(row[2], _SYMPTOM, "Symptom Ontology id", path, number)
            yield row

    def concepts(self) -> Iterator[Concept]:
        """Each disease and symptom once."""
        seen: set[str] = set()
        for disease, disease_name, symptom, symptom_name in self._rows():
            for curie, category, name in (
                (disease, DISEASE, disease_name),
                (symptom, PHENOTYPE, symptom_name),
            ):
                if curie not in seen:
                    seen.add(curie)
                    yield named(curie, category, name)

    def edges(self) -> Iterator[Edge]:
        """One ``has_phenotype`` edge a pair."""
        provenance = CARD.provenance()
        for disease, _, symptom, _ in self._rows():
            evidence = Evidence(provenance, record=f"{disease}|{symptom}", confidence=CONFIDENCE)
            yield Edge(Triple(disease, HAS_PHENOTYPE, symptom), (evidence,))
