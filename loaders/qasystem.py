"""QASystemOnMedicalKG: Chinese disease records with symptoms, drugs, food, tests and departments.

Liu Huanyong, https://github.com/liuhuanyong/QASystemOnMedicalKG, ``data/medical.json``: one JSON
object a line. The records were scraped from a health site and contain errors.

====================================  ==================================================
field                                 becomes
====================================  ==================================================
``name``, ``desc``                    a disease with its definition
``symptom``                           ``has_phenotype``
``acompany``                          ``has_complication``
``cure_department``                   ``managed_by_specialty``, with the course of treatment
                                      (``cure_lasttime``, ``cured_prob``, ``cost_money``) in
                                      ``description``; of two departments the second is a
                                      ``subclass_of`` the first
``check``                             ``diagnoses``
``common_drug``, ``recommand_drug``   ``treats`` by a drug
``cure_way``                          ``treats`` by a procedure
``do_eat``, ``recommand_eat``         ``food_recommended_in``
``not_eat``                           ``food_avoided_in``
``drug_detail``                       ``has_manufacturer``
``easy_get``                          ``predisposes_to_condition`` of a group of people
====================================  ==================================================

``cause`` and ``prevent`` are texts and left out, as the graph holds no free text.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from kg import schema
from kg.errors import SourceFormatError
from kg.records import Concept, Definition
from loaders.disease_records import DiseaseRecordsLoader
from loaders.named_facts import Fact, Part, course, is_name, people
from loaders.reading import read_lines
from loaders.source import SourceCard
from loaders.source_files import RowPlace

CARD = SourceCard(
    name="qasystemonmedicalkg",
    title="QASystemOnMedicalKG, Chinese disease records",
    citation="Liu Huanyong, QASystemOnMedicalKG",
    licence="NOASSERTION",
    url="https://github.com/liuhuanyong/QASystemOnMedicalKG",
    expected=(("records", 8_808),),
)
FILES = ("medical.json", "medical*.json", "medical*.jsonl")

_LISTS = (
    "symptom",
    "acompany",
    "cure_department",
    "check",
    "common_drug",
    "recommand_drug",
    "cure_way",
    "do_eat",
    "recommand_eat",
    "not_eat",
    "drug_detail",
)
_TEXTS = ("name", "desc", "easy_get", "cure_lasttime", "cured_prob", "cost_money")
#: List → predicate, class at its other end, whether the disease is the object, what it says.
_PLAIN: tuple[tuple[str, str, str, bool, str], ...] = (
    ("symptom", schema.HAS_PHENOTYPE, schema.PHENOTYPE, False, ""),
    ("acompany", schema.HAS_COMPLICATION, schema.DISEASE, False, ""),
    ("check", schema.DIAGNOSES, schema.TEST, True, ""),
    ("common_drug", schema.TREATS, schema.DRUG, True, "常用药品"),
    ("recommand_drug", schema.TREATS, schema.DRUG, True, "好评药品"),
    ("cure_way", schema.TREATS, schema.TEST, True, ""),
    ("do_eat", schema.RECOMMENDED_FOOD, schema.FOOD, True, "宜吃"),
    ("recommand_eat", schema.RECOMMENDED_FOOD, schema.FOOD, True, "推荐食谱"),
    ("not_eat", schema.AVOIDED_FOOD, schema.FOOD, True, "忌吃"),
)
_Record = dict[str, Any]


class QASystemLoader(DiseaseRecordsLoader[_Record]):
    """Disease records in JSON lines, ``medical.json``; see :class:`DiseaseRecordsLoader`."""

    source_card = CARD
    file_names = FILES
    prefix = "QASYSTEM"
    confidence = 0.4

    def _records(self, path: Path, *, report: bool = False) -> Iterator[tuple[int, _Record]]:
        for number, line in read_lines(path, longest=self._longest):
            if line.strip():
                yield number, _checked(path, number, line)

    def _diseases(
        self, path: Path, number: int, record: _Record, seen: set[str]
    ) -> Iterator[Concept]:
        disease = Part(schema.DISEASE, record["name"])
        for concept in self._named.concepts(path, [(number, disease)], seen):
            with RowPlace(path, number):
                described = self._described(concept, record)
            yield described

    def _described(self, disease: Concept, record: _Record) -> Concept:
        text = " ".join(record["desc"].split())
        if not text:
            return disease
        definition = Definition(text, self._named.provenance, language="zh", record=record["_id"])
        return replace(disease, definitions=(definition,))

    def _facts(self, record: _Record) -> Iterator[Fact]:
        return _facts(record)

    def _entry(self, number: int, record: _Record) -> str:
        return str(record["_id"])

    def _refused(self, record: _Record) -> Iterator[tuple[str, str]]:
        for name in (n for field in _LISTS for n in record[field] if not is_name(n)):
            yield "an empty or overlong name", name[:30]


def _checked(path: Path, number: int, line: str) -> _Record:
    """The record of a line with every field there, names stripped."""
    try:
        found = json.loads(line)
    except (json.JSONDecodeError, RecursionError) as error:
        problem = f"no JSON ({error})"
        raise SourceFormatError(path, number, problem, fix="one JSON object a line") from error
    if not isinstance(found, dict) or not str(found.get("name") or "").strip():
        problem = "a record without a name"
        raise SourceFormatError(path, number, problem, fix="one JSON object a line, with name")
    record: _Record = {}
    for field in _TEXTS:
        value = found.get(field) or ""
        if not isinstance(value, str):
            raise SourceFormatError(path, number, f"{field} is no text", fix='write "text"')
        record[field] = value
    record["name"] = record["name"].strip()
    identity = found.get("_id")
    if isinstance(identity, dict) and isinstance(identity.get("$oid"), str):
        record["_id"] = identity["$oid"]
    else:
        record["_id"] = f"record {record['name']}"
    for field in _LISTS:
        value = found.get(field) or []
        if not isinstance(value, list) or not all(isinstance(v, str) for v in value):
            problem = f"{field} is no list of texts"
            raise SourceFormatError(path, number, problem, fix='write ["a", "b"]')
        record[field] = [v.strip() for v in value]
    return record


def _facts(record: _Record) -> Iterator[Fact]:
    disease = Part(schema.DISEASE, record["name"])
    for field, predicate, category, reverse, says in _PLAIN:
        qualifiers = (("description", says),) if says else ()
        for name in filter(is_name, record[field]):
            other = Part(category, name)
            start, end = (other, disease) if reverse else (disease, other)
            yield Fact(start, predicate, end, qualifiers)
    yield from _departments(disease, record)
    for detail in record["drug_detail"]:
        maker, drug = manufacturer(detail)
        if maker and is_name(maker) and is_name(drug):
            yield Fact(
                Part(schema.DRUG, drug), schema.MANUFACTURED_BY, Part(schema.ORGANISATION, maker)
            )
    group = people(record["easy_get"])
    if group is not None:
        yield Fact(Part(schema.PATIENT_GROUP, group), schema.PREDISPOSES, disease)


def _departments(disease: Part, record: _Record) -> Iterator[Fact]:
    departments = [Part(schema.SPECIALTY, n) for n in record["cure_department"] if is_name(n)]
    stated = course(
        (title, record[field])
        for title, field in (
            ("疗程", "cure_lasttime"),
            ("治愈率", "cured_prob"),
            ("费用", "cost_money"),
        )
    )
    for department in departments:
        yield Fact(disease, schema.TREATED_BY_SPECIALTY, department, stated)
    if len(departments) == 2 and departments[0] != departments[1]:
        yield Fact(departments[1], schema.SUBCLASS_OF, departments[0])


def manufacturer(detail: str) -> tuple[str, str]:
    """Maker and drug of a product on sale; the maker ``""`` where it cannot be told.

    >>> manufacturer("桂林南药布美他尼片(布美他尼片)")
    ('桂林南药', '布美他尼片')
    >>> manufacturer("泰诺林(对乙酰氨基酚缓释片)")
    ('', '对乙酰氨基酚缓释片')
    """
    product, _, rest = detail.partition("(")
    drug = rest.removesuffix(")").strip()
    if drug and product.endswith(drug) and product != drug:
        return product.removesuffix(drug).strip(), drug
    return "", drug or product.strip()
