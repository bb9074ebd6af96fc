"""The Human Disease Ontology: names, hierarchy, definitions, from our table of it.

Current labels and parents (CC0 1.0); synonyms and definitions of the current slims (CC0 1.0), else
of the 2015 release (CC BY 3.0). Where a disease states several entries of OMIM or Orphanet, each is
a kind of it (``kinds.tsv``, :mod:`loaders.kinds`).
https://disease-ontology.org; Schriml et al. 2022,
https://doi.org/10.1093/nar/gkab1063
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from kg.records import Concept, Definition, Edge, Evidence, Name, Provenance, Triple
from kg.schema import DISEASE, SUBCLASS_OF
from loaders.kinds import CONFIDENCE as KIND_CONFIDENCE
from loaders.source import SourceCard
from loaders.tables import table_rows

CARD = SourceCard(
    name="doid",
    title="Human Disease Ontology",
    citation="Schriml et al. 2022, The Human Disease Ontology 2022 update, Nucleic Acids Research",
    licence="CC0-1.0",
    doi="10.1093/nar/gkab1063",
    url="https://disease-ontology.org",
    expected=(("diseases", 12_246),),
)
#: The release whose synonyms and definitions stand where no current one is at hand.
OLD_RELEASE = "2015-05-14"
OLD_LICENCE = "CC-BY-3.0"
CONFIDENCE = 0.95
_COLUMNS = (
    "curie",
    "name",
    "parents",
    "synonyms",
    "definition",
    "references",
    "xrefs",
    "release",
)


class DiseaseOntologyLoader:
    """Diseases and their hierarchy.

    Args:
        folder: the folder of ``disease_ontology.tsv`` and ``kinds.tsv``; the shipped tables where
            None.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder

    @property
    def card(self) -> SourceCard:
        """Where the records come from."""
        return CARD

    def _rows(self) -> Iterator[tuple[int, tuple[str, ...]]]:
        return table_rows("disease_ontology.tsv", _COLUMNS, folder=self._folder)

    def concepts(self) -> Iterator[Concept]:
        """Every disease."""
        sources = {release: _provenance(release) for release in ("", OLD_RELEASE)}
        for _, row in self._rows():
            curie, label, _, synonyms, definition, references, xrefs, release = row
            source = sources.setdefault(release, _provenance(release))
            names = {label.casefold(): Name(label, "en", "preferred")}
            for text in filter(None, synonyms.split("|")):
                short = text.isupper() and len(text) <= 6 and " " not in text
                name = Name(text, "en", "abbreviation" if short else "exact")
                names.setdefault(text.casefold(), name)
            definitions: tuple[Definition, ...] = ()
            if definition:
                cited = tuple(filter(None, references.split("|")))
                definitions = (Definition(definition, source, record=curie, references=cited),)
            ids = tuple(filter(None, xrefs.split("|")))
            yield Concept(curie, DISEASE, tuple(names.values()), ids, definitions)

    def edges(self) -> Iterator[Edge]:
        """The hierarchy, then the entries of finer catalogues."""
        provenance = CARD.provenance()
        for _, (curie, _, parents, *_) in self._rows():
            for parent in filter(None, parents.split("|")):
                evidence = Evidence(provenance, record=curie, confidence=CONFIDENCE)
                yield Edge(Triple(curie, SUBCLASS_OF, parent), (evidence,))
        for _, (kind, whole) in table_rows("kinds.tsv", ("kind", "curie"), folder=self._folder):
            record = f"{whole}|xref|{kind}"
            evidence = Evidence(provenance, record=record, confidence=KIND_CONFIDENCE)
            yield Edge(Triple(kind, SUBCLASS_OF, whole), (evidence,))


def _provenance(release: str) -> Provenance:
    licence = OLD_LICENCE if release == OLD_RELEASE else CARD.licence
    return Provenance(CARD.name, release, licence, url=CARD.url)
