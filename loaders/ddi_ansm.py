"""Drug interactions of the French agency's thesaurus (ANSM), in English by WorldVista.

ANSM, Thésaurus des interactions médicamenteuses; translated and tabulated in
https://github.com/dbmi-pitt/public-PDDI-analysis (Ayvaz et al. 2015,
https://doi.org/10.1016/j.jbi.2015.04.006). Read from the owner's XML, or from a flat table
``interactions.tsv`` of it with the columns of :data:`COLUMNS`; which drugs a class holds comes
from ``classes.tsv`` where it is there.

ANSM's four levels become (:data:`SEVERITIES`) contraindicated, major, moderate, minor; misspelt
ones are recognised by their likeness. What a level could not be found for has no ``severity``.
Interactions stand between drugs (RxNorm ids) and classes, as the source states them.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from kg.errors import SourceFormatError
from kg.records import Concept, Edge, Evidence, Triple
from kg.schema import DRUG, DRUG_CLASS, FOOD, INTERACTS_WITH, MEMBER_OF
from loaders.csv_rows import read_records
from loaders.reading import LONGEST_LINE
from loaders.source import ImportReport, SourceCard
from loaders.source_files import RowPlace, fitting, name_curie, named, optional_file
from loaders.xml_events import XmlElement, read_elements

CARD = SourceCard(
    name="ansm",
    title="ANSM interactions in English, WorldVista, September 2016",
    citation="ANSM, Thésaurus des interactions médicamenteuses, English by WorldVista, 2016",
    licence="NOASSERTION",
    version="2016-09",
    url="https://github.com/dbmi-pitt/public-PDDI-analysis",
    expected=(("interactions", 2_886), ("classes", 161), ("class members", 1_942)),
)
XML_FILES = ("all_eng_tables_sept2016.xml", "all_eng_tables*.xml")
TABLE = "interactions.tsv"
CLASSES = "classes.tsv"
CONFIDENCE = 0.8

SEVERITIES = {
    "contraindication": "contraindicated",
    "not recommended": "major",
    "precaution for use": "moderate",
    "take into account": "minor",
}
#: How the names of foods among the "drugs" begin.
FOODS = ("grapefruit", "alcohol")
COLUMNS = (
    "kind1",
    "name1",
    "code1",
    "kind2",
    "name2",
    "code2",
    "severity",
    "description",
    "comment",
)
_RXNORM = re.compile(r"\d{1,8}")
_LETTERS = re.compile(r"[^a-z0-9 ]+")


@dataclass(frozen=True, slots=True)
class Party:
    """One side of an interaction: a drug (RxNorm id) or a class (ANSM code)."""

    kind: str
    name: str
    code: str

    @property
    def curie(self) -> str:
        """Its CURIE, of the code: names of a class vary in spelling. Of the name without code."""
        if self.kind == "class":
            return f"ANSM:{self.code}" if self.code else name_curie("ANSM", "class", self.title)
        return f"RXNORM:{self.code}" if self.code else name_curie("ANSM", "drug", self.title)

    @property
    def title(self) -> str:
        """Its name in lower case; ``OTHER X`` is the class X again."""
        return " ".join(self.name.split()).removeprefix("OTHER ").lower()

    def concept(self) -> Concept:
        """It as a concept."""
        if self.kind == "class":
            return named(self.curie, DRUG_CLASS, self.title)
        food = self.title.startswith(FOODS)
        return named(self.curie, FOOD if food else DRUG, self.title)


@dataclass(frozen=True, slots=True)
class _Interaction:
    record: str
    line: int
    one: Party
    other: Party
    severity: str
    description: str
    comment: str


def severity(text: str) -> str:
    """Our level for ANSM's, ``""`` where it is none of the four.

    >>> severity("CONTRAINDICATON"), severity("Precautions for use."), severity("see below")
    ('contraindicated', 'moderate', '')
    """
    plain = " ".join(_LETTERS.sub(" ", text.lower().replace("c0n", "con")).split())
    plain = plain.removesuffix(" with")
    near = difflib.get_close_matches(plain, SEVERITIES, n=1, cutoff=0.8)
    return SEVERITIES[near[0]] if near else ""


class AnsmLoader:
    """Interactions between drugs and classes of drugs.

    Args:
        folder: folder of the XML or of ``interactions.tsv``, and of ``classes.tsv`` where there;
            or one of the first two.
        longest: longest line (XML: element) accepted, in bytes.
    """

    def __init__(self, folder: Path, *, longest: int = LONGEST_LINE) -> None:
        self._folder = folder
        self._longest = longest
        self.report = ImportReport()

    @property
    def card(self) -> SourceCard:
        """Where the records come from."""
        return CARD

    def _path(self) -> Path:
        path = optional_file(self._folder, TABLE, *XML_FILES)
        if path is None:
            problem = f"holds neither {XML_FILES[0]} nor {TABLE}"
            raise SourceFormatError(self._folder, None, problem, fix="give the owner's files")
        return path

    def _interactions(self, path: Path) -> Iterator[_Interaction]:
        if ".xml" in path.name:
            for number, element in enumerate(
                read_elements(path, "INTERACTION", longest=self._longest), start=1
            ):
                yield _from_element(path, element, number)
            return
        for line, row in self._rows(path, COLUMNS):
            cells = [row[column] for column in COLUMNS]
            sides = []
            for kind, name, code in (cells[:3], cells[3:6]):
                if kind not in ("class", "drug"):
                    problem = f"kind {kind[:80]!r}"
                    raise SourceFormatError(path, line, problem, fix="write class or drug")
                sides.append(_party(path, line, kind, name, code))
            record = f"{TABLE} row {line}"
            yield _Interaction(record, line, sides[0], sides[1], *cells[6:])

    def _rows(self, path: Path, needed: tuple[str, ...]) -> Iterator[tuple[int, dict[str, str]]]:
        return read_records(path, separator="\t", needed=needed, longest=self._longest)

    def _members(self, *, count: bool = False) -> Iterator[tuple[Path, int, Party, Party]]:
        path = None if self._folder.is_file() else optional_file(self._folder, CLASSES)
        if path is None:
            return
        for line, row in self._rows(path, ("class", "class_code", "drug", "rxcui")):
            name, code, drug, rxcui = row["class"], row["class_code"], row["drug"], row["rxcui"]
            if not drug.strip():
                if count:
                    self.report.skip("a member without name", f"{path.name}:{line}")
                continue
            member = _party(path, line, "drug", drug, rxcui)
            yield path, line, member, _party(path, line, "class", name, code)

    def concepts(self) -> Iterator[Concept]:
        """Each drug and class, once for each spelling."""
        path = self._path()
        seen: set[tuple[str, str]] = set()
        for place, line, party in self._parties(path):
            if (party.curie, party.title) not in seen:
                seen.add((party.curie, party.title))
                with RowPlace(place, line):
                    concept = party.concept()
                yield concept

    def _parties(self, path: Path) -> Iterator[tuple[Path, int, Party]]:
        for found in self._interactions(path):
            yield path, found.line, found.one
            yield path, found.line, found.other
        for place, line, member, group in self._members(count=True):
            yield place, line, member
            yield place, line, group

    def edges(self) -> Iterator[Edge]:
        """One edge an interaction, and one for each member of a class."""
        provenance = CARD.provenance()
        path = self._path()
        for found in self._interactions(path):
            level = severity(found.severity)
            if not level:
                self.report.skip("no known severity", f"{found.line}: {found.severity[:60]!r}")
            stated = (
                ("severity", level),
                ("mechanism", " ".join(found.description.split())),
                ("management", " ".join(found.comment.split())),
            )
            with RowPlace(path, found.line):
                evidence = Evidence(
                    provenance,
                    record=found.record,
                    confidence=CONFIDENCE,
                    qualifiers=tuple((name, value) for name, value in stated if value),
                )
                triple = Triple(found.one.curie, INTERACTS_WITH, found.other.curie)
                edge = Edge(triple, (evidence,))
            yield edge
        for place, line, member, group in self._members():
            with RowPlace(place, line):
                evidence = Evidence(
                    provenance, record=f"{CLASSES} row {line}", confidence=CONFIDENCE
                )
                edge = Edge(Triple(member.curie, MEMBER_OF, group.curie), (evidence,))
            yield edge


def _party(path: Path, line: int, kind: str, name: str, code: str) -> Party:
    if not name.strip():
        raise SourceFormatError(path, line, f"a {kind} without name", fix="name it")
    if kind == "drug" and code.strip():
        fitting(code.strip(), _RXNORM, "RxNorm id", path, line)
    return Party(kind, name, code.strip())


def _from_element(path: Path, element: XmlElement, number: int) -> _Interaction:
    sides = []
    for tag in ("DRUG1", "DRUG2"):
        side = element.child(tag)
        inside = side.children[0] if side is not None and side.children else None
        if inside is None or inside.tag not in ("DRUG", "CLASS"):
            problem = f"an interaction without {tag}"
            raise SourceFormatError(path, element.line, problem, fix="is the file cut off?")
        kind = inside.tag.lower()
        code = inside.attributes.get("code" if kind == "class" else "rxcui", "")
        sides.append(_party(path, inside.line, kind, inside.attributes.get("name", ""), code))
    return _Interaction(
        f"{TABLE} row {number + 1}",
        element.line,
        sides[0],
        sides[1],
        element.child_text("SEVERITY"),
        element.child_text("DESCRIPTION"),
        element.child_text("COMMENT"),
    )
