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
from kg.records import Concept, Name
from loaders.csv_rows import read_records
from loaders.disease_records import DiseaseRecordsLoader
from loaders.named_facts import Fact, Part, course, is_name, people
from loaders.reading import open_bytes
from loaders.source import SourceCard
from loaders.source_files import RowPlace

CARD = SourceCard(
    name="disease-39net",
    title="QASystemOnMedicalGraph, Chinese disease table",
    citation="Chen Zhihao, QASystemOnMedicalGraph",
    licence="NOASSERTION",
    url="https://github.com/zhihao-chen/QASystemOnMedicalGraph",
    expected=(("rows", 14_336),),
)
FILES = ("disease.csv",)

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


class Disease39NetLoader(DiseaseRecordsLoader[_Row]):
    """The disease table, ``disease.csv``; see :class:`DiseaseRecordsLoader`."""

    source_card = CARD
    file_names = FILES
    prefix = "NET39"
    confidence = 0.4

    def _records(self, path: Path, *, report: bool = False) -> Iterator[tuple[int, _Row]]:
        """Rows with a whole name."""
        encoding = _encoding(path)
        for number, row in read_records(
            path, encoding=encoding, needed=COLUMNS, longest=self._longest
        ):
            row["name"] = row["name"].strip()
            if not row["name"]:
                raise SourceFormatError(path, number, "a disease without name", fix="name it")
            if not row["name"].endswith(_CUT):
                yield number, row
            elif report:
                self.report.skip("a disease whose name was cut", f"{path.name}:{number}")

    def _diseases(self, path: Path, number: int, record: _Row, seen: set[str]) -> Iterator[Concept]:
        disease = Part(schema.DISEASE, record["name"])
        seen.add(self._named.curie(disease))
        with RowPlace(path, number):
            concept = self._named.concept(disease)
            aliases = [Name(text, "zh") for text in _aliases(record)]
            concept = replace(concept, names=(*concept.names, *aliases))
        yield concept

    def _facts(self, record: _Row) -> Iterator[Fact]:
        return _facts(record)

    def _entry(self, number: int, record: _Row) -> str:
        return f"{FILES[0]} row {number}"

    def _refused(self, record: _Row) -> Iterator[tuple[str, str]]:
        for column, *_ in _PLAIN:
            for name in record[column].split():
                if name.endswith(_CUT):
                    yield "a name cut by the site", name


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
