"""PharmacotherapyDB 1.0: indications of drugs, judged by physicians.

Himmelstein et al. 2016, https://doi.org/10.6084/m9.figshare.3103054; columns:
https://github.com/dhimmel/indications/tree/gh-pages/catalog

``DM`` (changes the course of the disease) and ``SYM`` (eases symptoms) are ``treats`` edges whose
qualifier ``role`` says which; ``NOT`` (resources list it, the curators refuse it) is a negative
``treats`` edge.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from kg.errors import SourceFormatError
from kg.records import Concept, Edge, Evidence, Polarity, Triple
from kg.schema import DISEASE, DRUG, TREATS
from loaders.reading import LONGEST_LINE, read_columns
from loaders.source import SourceCard
from loaders.source_files import fitting, named, required_file

CARD = SourceCard(
    name="pharmacotherapydb",
    title="PharmacotherapyDB 1.0",
    citation="Himmelstein et al. 2016, PharmacotherapyDB 1.0, figshare",
    licence="CC0-1.0",
    version="1.0",
    doi="10.6084/m9.figshare.3103054",
    url="https://github.com/dhimmel/indications",
    expected=(
        ("diseases", 97),
        ("drugs", 601),
        ("disease-modifying", 755),
        ("symptomatic", 390),
        ("not indicated", 243),
    ),
)
FILES = ("indications.tsv",)
CONFIDENCE = 0.9
ROLES = {"DM": "disease_modifying", "SYM": "symptomatic", "NOT": ""}

_COLUMNS = ("doid_id", "drugbank_id", "disease", "drug", "category")
_DOID = re.compile(r"DOID:\d+")
_DRUGBANK = re.compile(r"DB\d{5}")


class PharmacotherapyDbLoader:
    """Drugs, diseases, and which treat which.

    Args:
        folder: folder of ``indications.tsv``, or that file.
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
            fitting(row[1], _DRUGBANK, "DrugBank id", path, number)
            if row[4] not in ROLES:
                problem = f"category {row[4][:80]!r}"
                raise SourceFormatError(path, number, problem, fix="write DM, SYM or NOT")
            yield row

    def concepts(self) -> Iterator[Concept]:
        """Each disease and drug once."""
        seen: set[str] = set()
        for disease, drug, disease_name, drug_name, _ in self._rows():
            for curie, category, name in (
                (disease, DISEASE, disease_name),
                (f"DRUGBANK:{drug}", DRUG, drug_name),
            ):
                if curie not in seen:
                    seen.add(curie)
                    yield named(curie, category, name)

    def edges(self) -> Iterator[Edge]:
        """One edge a pair; negative for ``NOT``."""
        provenance = CARD.provenance()
        for disease, drug, _, _, category in self._rows():
            role = ROLES[category]
            evidence = Evidence(
                provenance,
                record=f"{disease}|{drug}",
                confidence=CONFIDENCE,
                qualifiers=(("role", role),) if role else (),
            )
            polarity = Polarity.POSITIVE if role else Polarity.NEGATIVE
            yield Edge(Triple(f"DRUGBANK:{drug}", TREATS, disease), (evidence,), polarity)
