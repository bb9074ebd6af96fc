"""The disease table of QASystemOnMedicalGraph: 14,336 Chinese diseases scraped from 39.net.

https://github.com/zhihao-chen/QASystemOnMedicalGraph, ``data/disease.csv``. The owner's file is
GB18030; a copy in UTF-8 is read too. Lists are parted by spaces; one the site showed in part ends
in ``[详细]``, and a name it cut ends in ``...``: cut names are left out and counted.

``alias`` gives names, ``symptom`` ``has_phenotype``, ``complication`` ``has_complication``,
``part`` ``located_in``, ``department`` ``managed_by_specialty`` (with period, rate and money of
treatment in ``description``), ``checklist`` ``diagnoses``, ``treatment`` and ``drug`` ``treats``,
``age`` ``predisposes_to_condition`` of a group of people.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from kg import schema
from kg.errors import SourceFormatError
from kg.records import Concept, Edge, Name
from loaders.csv_rows import read_records
from loaders.named_facts import Fact, NamedFacts, Part, course, is_name, people
from loaders.reading import LONGEST_LINE, open_bytes
from loaders.source import ImportReport, SourceCard
from loaders.source_files import RowPlace, required_file

CARD = SourceCard(
    name="disease-39net",
    title="QASystemOnMedicalGraph, Chinese disease table",
    citation="Chen Zhihao, QASystemOnMedicalGraph",
    licence="NOASSERTION",
    url="https://github.com/zhihao-chen/QASystemOnMedicalGraph",
    expected=(("rows", 14_336),),
)
FILES = ("disease.csv",)
CONFIDENCE = 0.4

COLUMNS = (
    "name",
    "alias",
    "part",
    "age",
    "department",
    "checklist",
    "symptom",
    "complication",
    "treatment",
    "drug",
    "period",
    "rate",
    "money",
)
#: Column → predicate, class at its other end, whether the disease is the object.
_PLAIN: tuple[tuple[str, str, str, bool], ...] = (
    ("symptom", schema.HAS_PHENOTYPE, schema.PHENOTYPE, False),
    ("complication", schema.HAS_COMPLICATION, schema.DISEASE, False),
    ("part", schema.LOCATED_IN, schema.ANATOMY, False),
    ("checklist", schema.DIAGNOSES, schema.TEST, True),
    ("treatment", schema.TREATS, schema.TEST, True),
    ("drug", schema.TREATS, schema.DRUG, True),
)
_MORE = "[详细]"
_CUT = ("...", "…")
_UNKNOWN = "暂无相关资料"
_ALIASES = re.compile(r"[,，、;；]")
_LISTED = re.compile(r"[\s、，,;；]+")
#: What stands in lists and is no name: questions to the reader, prices, cells of shifted rows.
_NO_DEPARTMENT = re.compile(
    r".*[？?>].*|.*\d元.*|元）?|.*[\d～~]+(岁.*)?|.*(发病|人群|男性|女性).*"
)
_NO_NAME = re.compile(r".*[？?>].*|.*\d元.*|元）?")
_Row = dict[str, str]


class Disease39NetLoader:
    """The disease table.

    Args:
        folder: folder of ``disease.csv``, or the file itself, packed or not.
        longest: longest line accepted, in bytes.
    """

    def __init__(self, folder: Path, *, longest: int = LONGEST_LINE) -> None:
        self._folder = folder
        self._longest = longest
        self._facts = NamedFacts("NET39", CARD.provenance(), CONFIDENCE)
        self.report = ImportReport()

    @property
    def card(self) -> SourceCard:
        """Where the records come from."""
        return CARD

    def _path(self) -> Path:
        return required_file(self._folder, *FILES)

    def _rows(self, path: Path, *, count: bool = False) -> Iterator[tuple[int, _Row]]:
        """Rows with a whole name; ``count`` reports the others."""
        encoding = _encoding(path)
        for number, row in read_records(
            path, encoding=encoding, needed=COLUMNS, longest=self._longest
        ):
            row["name"] = row["name"].strip()
            if not row["name"]:
                raise SourceFormatError(path, number, "a disease without name", fix="name it")
            if not row["name"].endswith(_CUT):
                yield number, row
            elif count:
                self.report.skip("a disease whose name was cut", f"{path.name}:{number}")

    def concepts(self) -> Iterator[Concept]:
        """Diseases of the rows first, then complications, then all else, each once."""
        path = self._path()
        seen: set[str] = set()
        for number, row in self._rows(path, count=True):
            disease = Part(schema.DISEASE, row["name"])
            seen.add(self._facts.curie(disease))
            with RowPlace(path, number):
                concept = self._facts.concept(disease)
                aliases = [Name(text, "zh") for text in _aliases(row)]
                concept = replace(concept, names=(*concept.names, *aliases))
            yield concept
        for first in (schema.HAS_COMPLICATION, ""):
            for number, row in self._rows(path):
                parts = (
                    (number, part)
                    for fact in _facts(row)
                    if not first or fact.predicate == first
                    for part in (fact.subject, fact.object)
                )
                yield from self._facts.concepts(path, parts, seen)

    def edges(self) -> Iterator[Edge]:
        """The facts of every row."""
        path = self._path()
        for number, row in self._rows(path):
            for fact in _facts(row):
                with RowPlace(path, number):
                    edge = self._facts.edge(fact, f"{FILES[0]} row {number}", self.report)
                if edge is not None:
                    yield edge
            for column, *_ in _PLAIN:
                for name in row[column].split():
                    if name.endswith(_CUT):
                        self.report.skip("a name cut by the site", f"{path.name}:{number} {name}")


def _encoding(path: Path) -> str:
    """UTF-8 or, as the owner wrote it, GB18030: by the first bytes that are not ASCII."""
    with open_bytes(path) as stream:
        start = stream.read(1 << 16)
    try:
        start.decode("utf-8")
    except UnicodeDecodeError as error:
        return "utf-8" if error.start > len(start) - 4 else "gb18030"
    return "utf-8"


def _aliases(row: _Row) -> list[str]:
    texts = (text.strip().removesuffix("等") for text in _ALIASES.split(row["alias"]))
    return [t for t in dict.fromkeys(texts) if is_name(t) and t != row["name"]]


def _listed(cell: str, no_name: re.Pattern[str] = _NO_NAME) -> Iterator[str]:
    """The whole names of a list, without what fits ``no_name``.

    >>> list(_listed("药物治疗、手术治疗 [详细]")), list(_listed("枸橼酸西地那非... 他达拉非片"))
    (['药物治疗', '手术治疗'], ['他达拉非片'])
    """
    for name in dict.fromkeys(_LISTED.split(cell.replace(_MORE, " "))):
        if is_name(name) and not name.endswith(_CUT) and not no_name.fullmatch(name):
            yield name


def _facts(row: _Row) -> Iterator[Fact]:
    disease = Part(schema.DISEASE, row["name"])
    for column, predicate, category, reverse in _PLAIN:
        for name in _listed(row[column]):
            other = Part(category, name)
            yield Fact(*((other, predicate, disease) if reverse else (disease, predicate, other)))
    stated = course(
        (title, "" if row[column].strip() == _UNKNOWN else row[column])
        for title, column in (("疗程", "period"), ("治愈率", "rate"), ("费用", "money"))
    )
    for name in _listed(row["department"], _NO_DEPARTMENT):
        part = Part(schema.SPECIALTY, name)
        yield Fact(disease, schema.TREATED_BY_SPECIALTY, part, stated)
    group = people(row["age"])
    if group is not None:
        yield Fact(Part(schema.PATIENT_GROUP, group), schema.PREDISPOSES, disease)
