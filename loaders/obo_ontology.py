"""OBO files of the user's own: Disease Ontology, Symptom Ontology, MONDO, HPO, UBERON.

Format: https://owlcollab.github.io/oboformat/doc/GO.format.obo-1_2.html. The prefix of a term
says its class (:data:`CLASSES`). Obsolete terms are left out; alternative ids are kept as
cross-references, and cross-references are written with the prefixes of :data:`XREFS`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from functools import cached_property
from pathlib import Path

from kg.errors import SourceFormatError
from kg.records import Concept, Definition, Edge, Evidence, Name, NameKind, Triple
from kg.schema import ANATOMY, DISEASE, PHENOTYPE, SUBCLASS_OF
from loaders.obo import OboTerm, read_obo, read_obo_header
from loaders.reading import LONGEST_LINE
from loaders.source import ImportReport, SourceCard
from loaders.source_files import RowPlace, is_curie, required_file

DISEASE_ONTOLOGY = SourceCard(
    name="doid",
    title="Human Disease Ontology",
    citation="Schriml et al. 2022, The Human Disease Ontology 2022 update, Nucleic Acids Research",
    licence="CC0-1.0",
    doi="10.1093/nar/gkab1063",
    url="https://disease-ontology.org",
)
DISEASE_ONTOLOGY_2015 = replace(
    DISEASE_ONTOLOGY, licence="CC-BY-3.0", expected=(("terms", 8_948), ("in use", 6_574))
)
SYMPTOM_ONTOLOGY = SourceCard(
    name="symp",
    title="Symptom Ontology",
    citation="Symptom Ontology, Disease Ontology project, Institute for Genome Sciences",
    licence="CC0-1.0",
    url="https://github.com/DiseaseOntology/SymptomOntology",
    expected=(("terms", 1_020), ("in use", 895)),
)
FILES_2015 = ("HumanDO.obo", "HumanDO-2015*.obo")
DISEASE_FILES = ("doid.obo", "HumanDO.obo", "HumanDO*.obo", "doid*.obo", "DO_*.obo")
SYMPTOM_FILES = ("symp.obo", "symp*.obo")
CONFIDENCE = 0.95

CLASSES = {
    "DOID": DISEASE,
    "MONDO": DISEASE,
    "SYMP": PHENOTYPE,
    "HP": PHENOTYPE,
    "UBERON": ANATOMY,
}
#: Prefixes as OBO files have them → ours; what is not here, nor matches :data:`_SNOMED`, stays.
XREFS = {
    "MIM": "OMIM",
    "OMIMPS": "OMIM",
    "ORDO": "ORPHA",
    "Orphanet": "ORPHA",
    "MSH": "MESH",
    "UMLS_CUI": "UMLS",
    "NCI": "NCIT",
    "NCIt": "NCIT",
}
_SNOMED = re.compile(r"(SNOMEDCT|SNOMED_CT|SCTID)\w*")
_YEARS = re.compile(r"(ICD9CM|NCI)\w*?_?\d{4}\w*")
_ABBREVIATION = "OMO:0003012"


class OboOntologyLoader:
    """Terms and hierarchy of one OBO file.

    Args:
        folder: the file, or a folder that holds it.
        card: where it comes from; its version is read from the file.
        patterns: names the file may have in the folder, the preferred one first.
        longest: longest line accepted, in bytes.
    """

    def __init__(
        self,
        folder: Path,
        *,
        card: SourceCard = DISEASE_ONTOLOGY,
        patterns: tuple[str, ...] = DISEASE_FILES,
        longest: int = LONGEST_LINE,
    ) -> None:
        self._folder = folder
        self._card = card
        self._patterns = patterns
        self._longest = longest
        self.report = ImportReport()

    @cached_property
    def _path(self) -> Path:
        return required_file(self._folder, *self._patterns)

    @cached_property
    def card(self) -> SourceCard:
        """Where the records come from, with the file's own version."""
        return replace(self._card, version=read_obo_header(self._path).version)

    def _terms(self, *, count: bool = False) -> Iterator[tuple[str, OboTerm]]:
        """``(class, term)`` of every term that is in use; ``count`` reports the others."""
        path = self._path
        for term in read_obo(path, longest=self._longest):
            category = CLASSES.get(term.id.partition(":")[0])
            if category is None or term.obsolete:
                if count:
                    reason = "an obsolete term" if category else "a term of another ontology"
                    self.report.skip(reason, term.id)
            elif not term.name:
                raise SourceFormatError(path, term.line, f"{term.id} has no name", fix="add name:")
            else:
                yield category, term

    def concepts(self) -> Iterator[Concept]:
        """Every term that is not obsolete."""
        provenance = self.card.provenance()
        for category, term in self._terms(count=True):
            with RowPlace(self._path, term.line):
                definitions: tuple[Definition, ...] = ()
                if term.definition:
                    definitions = (
                        Definition(
                            term.definition,
                            provenance,
                            record=term.id,
                            references=term.definition_references,
                        ),
                    )
                xrefs = tuple(x for x in self._xrefs(term) if x != term.id)
                concept = Concept(term.id, category, _names(term), xrefs, definitions)
            yield concept

    def _xrefs(self, term: OboTerm) -> Iterator[str]:
        for raw in (*term.alternative_ids, *term.xrefs):
            xref = ontology_curie(raw)
            if is_curie(xref) and not xref.startswith(("http:", "https:")):
                yield xref
            else:
                self.report.skip("a cross-reference that is no CURIE", f"{term.id}: {raw}")

    def edges(self) -> Iterator[Edge]:
        """The hierarchy."""
        provenance = self.card.provenance()
        for _, term in self._terms():
            for parent in term.parents:
                if parent.partition(":")[0] not in CLASSES:
                    continue
                with RowPlace(self._path, term.line):
                    evidence = Evidence(provenance, record=term.id, confidence=CONFIDENCE)
                    edge = Edge(Triple(term.id, SUBCLASS_OF, parent), (evidence,))
                yield edge


def disease_ontology_2015(folder: Path, *, longest: int = LONGEST_LINE) -> OboOntologyLoader:
    """The Disease Ontology of May 2015, whose licence was CC BY 3.0."""
    return OboOntologyLoader(
        folder, card=DISEASE_ONTOLOGY_2015, patterns=FILES_2015, longest=longest
    )


def symptom_ontology(folder: Path, *, longest: int = LONGEST_LINE) -> OboOntologyLoader:
    """The Symptom Ontology, from a folder that holds ``symp.obo``."""
    return OboOntologyLoader(folder, card=SYMPTOM_ONTOLOGY, patterns=SYMPTOM_FILES, longest=longest)


def ontology_curie(text: str) -> str:
    """A cross-reference with the prefix this project uses.

    >>> ontology_curie("MSH:D003920"), ontology_curie("SNOMEDCT_US_2025_09_01:44054006")
    ('MESH:D003920', 'SNOMEDCT:44054006')
    """
    prefix, colon, local = text.partition(":")
    if _SNOMED.fullmatch(prefix):
        prefix = "SNOMEDCT"
    elif found := _YEARS.fullmatch(prefix):
        prefix = found.group(1)
    return f"{XREFS.get(prefix, prefix)}{colon}{local}"


def _names(term: OboTerm) -> tuple[Name, ...]:
    names = {term.name.casefold(): Name(term.name, "en", "preferred")}
    for synonym in term.synonyms:
        kind: NameKind = "exact" if synonym.scope == "EXACT" else "related"
        if synonym.type == _ABBREVIATION:
            kind = "abbreviation"
        known = names.get(synonym.text.casefold())
        if known is None or (known.kind == "related" and kind != "related"):
            names[synonym.text.casefold()] = Name(synonym.text, "en", kind)
    return tuple(names.values())
