"""The project's own tables of common medicine: one fact a row, each saying how it is known.

A row whose ``known`` is ``record`` names records of other data sets that support it (or, in the
carried tables, state it); they become evidence of those data sets. What the row itself adds
(frequency, line of treatment, severity) is ours, so a drafted row is also evidence of kind
``curator``, named by table and line: ``facts_symptoms.tsv:17``.

What each counts (:data:`CONFIDENCE`): a curated pair of a medical data set 0.9, a document of a
public health institute that says it 0.8, a record that merely corroborates it (co-occurrence,
automatically read labels, scraped tables) 0.5; the curator's word alone 0.6.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from pathlib import Path

from kg.errors import SourceFormatError
from kg.records import (
    Concept,
    Edge,
    Evidence,
    EvidenceKind,
    Name,
    NameKind,
    Polarity,
    Provenance,
    Triple,
)
from loaders.source import SourceCard
from loaders.tables import table_rows, tables_folder

CARD = SourceCard(
    name="medkgqa-tables",
    title="MedKGQA tables of common medicine",
    citation="This project, folders curation/ and loaders/tables/",
    licence="Apache-2.0",
)
SEPARATOR = " ; "
CURATOR_CONFIDENCE = 0.6

#: Licence and confidence of the data sets rows cite.
CITED: dict[str, tuple[str, str, float]] = {
    "pharmacotherapydb": ("1.0", "CC0-1.0", 0.9),
    "doid-symptoms": ("", "CC0-1.0", 0.9),
    "hpo": ("2025-01-16", "LicenseRef-HPO", 0.85),
    "medquad": ("", "CC-BY-4.0", 0.8),
    "bc5cdr": ("", "LicenseRef-PublicDomain", 0.7),
    "biored": ("", "LicenseRef-PublicDomain", 0.7),
    "hetionet": ("1.0", "CC0-1.0", 0.6),
    "hetionet-sider": ("1.0", "CC-BY-NC-SA-4.0", 0.7),
    "sider": ("4.1", "CC-BY-NC-SA-4.0", 0.7),
    "drug-ner": ("2.0.9", "MIT", 0.8),
    "ddi-corpus": ("2013", "CC-BY-NC-4.0", 0.7),
    "nlm-ddi": ("2014-05", "NOASSERTION", 0.8),
    "biotext": ("", "NOASSERTION", 0.6),
    "ade-corpus": ("2", "NOASSERTION", 0.6),
    "raredis": ("1", "CC-BY-4.0", 0.8),
    "medication-qa": ("2019", "NOASSERTION", 0.6),
    "mesh": ("2015", "CC0-1.0", 0.9),
    "onc": ("", "NOASSERTION", 0.8),
    "ansm": ("2016-09", "NOASSERTION", 0.8),
    "everycure": ("", "NOASSERTION", 0.5),
    "disease-39net": ("", "NOASSERTION", 0.4),
    "qasystemonmedicalkg": ("", "NOASSERTION", 0.4),
    "disease-symptom-kaggle": ("", "NOASSERTION", 0.3),
}
#: Tables whose rows are records themselves, with nothing added by us.
CARRIED = ("facts_pharmacotherapydb.tsv", "facts_do_symptoms.tsv")

_FACT_COLUMNS = (
    "subject",
    "predicate",
    "object",
    "polarity",
    "qualifiers",
    "known",
    "source",
    "record",
    "url",
)


class CuratedLoader:
    """Concepts and facts of the shipped tables.

    Args:
        folder: where the tables lie; inside the package where None.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder or tables_folder()

    @property
    def card(self) -> SourceCard:
        """Where the records come from."""
        return CARD

    def concepts(self) -> Iterator[Concept]:
        """Concepts with their names, English and Chinese."""
        names: dict[str, list[Name]] = {}
        columns: tuple[str, ...] = ("curie", "text", "language", "kind")
        for number, row in table_rows("names.tsv", columns, folder=self._folder):
            curie, text, language, kind = row
            names.setdefault(curie, []).append(Name(text, language, self._kind(kind, number)))
        columns = ("curie", "category")
        for number, row in table_rows("concepts.tsv", columns, folder=self._folder):
            curie, category = row
            if curie not in names:
                path = self._folder / "concepts.tsv"
                raise SourceFormatError(path, number, f"{curie} has no name", fix="build again")
            yield Concept(curie, category, tuple(names[curie]))

    def _kind(self, kind: str, number: int) -> NameKind:
        match kind:
            case "preferred" | "exact" | "related" | "lay" | "abbreviation" | "brand":
                return kind
            case _:
                path = self._folder / "names.tsv"
                raise SourceFormatError(path, number, f"name kind {kind!r}", fix="build again")

    def edges(self) -> Iterator[Edge]:
        """Facts, table by table."""
        for path in sorted(self._folder.glob("facts_*.tsv")):
            for number, row in table_rows(path.name, _FACT_COLUMNS, folder=self._folder):
                yield self._edge(path, number, row)

    def _edge(self, path: Path, number: int, row: tuple[str, ...]) -> Edge:
        subject, predicate, object_, polarity, qualifiers, known, *cited = row
        pairs = self._qualifiers(path, number, qualifiers)
        carried = path.name in CARRIED
        evidence = self._cited(path, number, cited, pairs if carried else ())
        if known == "curator" or not carried:
            evidence.append(
                Evidence(
                    self.provenance,
                    EvidenceKind.CURATOR,
                    record=f"{path.name}:{number}",
                    confidence=CURATOR_CONFIDENCE,
                    qualifiers=pairs,
                )
            )
        return Edge(Triple(subject, predicate, object_), tuple(evidence), Polarity(polarity))

    @cached_property
    def provenance(self) -> Provenance:
        """Provenance of the curator's own rows."""
        return CARD.provenance()

    @cached_property
    def _cited_provenance(self) -> dict[str, Provenance]:
        return {s: Provenance(s, version, licence) for s, (version, licence, _) in CITED.items()}

    def _cited(
        self, path: Path, number: int, cited: list[str], pairs: tuple[tuple[str, str], ...]
    ) -> list[Evidence]:
        if not cited[0]:
            return []
        columns = [cell.split(SEPARATOR) for cell in cited]
        if len({len(column) for column in columns}) != 1:
            raise SourceFormatError(path, number, "sources, records and urls do not pair", fix="")
        evidence = []
        for source, record, url in zip(*columns, strict=True):
            if source not in CITED:
                raise SourceFormatError(path, number, f"unknown source {source!r}", fix="")
            provenance = self._cited_provenance[source]
            if url not in {"", "-"}:
                provenance = Provenance(source, provenance.version, provenance.licence, "", url)
            evidence.append(
                Evidence(provenance, record=record, confidence=CITED[source][2], qualifiers=pairs)
            )
        return evidence

    @staticmethod
    def _qualifiers(path: Path, number: int, cell: str) -> tuple[tuple[str, str], ...]:
        pairs = []
        for part in filter(None, cell.split(SEPARATOR)):
            name, equals, value = part.partition("=")
            if not equals:
                raise SourceFormatError(path, number, f"qualifier {part!r}", fix="write name=value")
            pairs.append((name, value))
        return tuple(sorted(pairs))
