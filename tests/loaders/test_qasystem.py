"""QASystemOnMedicalKG: every relation the schema has."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from kg import schema
from kg.errors import SourceFormatError
from kg.networkx_store import NetworkxStore
from loaders.qasystem import QASystemLoader

RECORD: dict[str, Any] = {
    "_id": {"$oid": "5bb5"},
    "name": "百日咳",
    "desc": "百日咳是\n传染病。",
    "prevent": "text",
    "symptom": ["低热", "百日咳", " ", "x" * 99],
    "acompany": ["肺不张"],
    "cure_department": ["儿科", "小儿内科"],
    "cure_way": ["药物治疗"],
    "cure_lasttime": "1-2个月",
    "cured_prob": "98%",
    "cost_money": "1000-4000元",
    "check": ["血常规"],
    "common_drug": ["百咳静糖浆"],
    "recommand_drug": ["红霉素肠溶片"],
    "do_eat": ["南瓜子仁"],
    "recommand_eat": ["百合粥"],
    "not_eat": ["螃蟹"],
    "drug_detail": ["北京同仁堂百咳静糖浆(百咳静糖浆)", "泰诺林(红霉素肠溶片)"],
    "easy_get": "多见于小儿",
}
OTHER = {"name": "肺不张", "easy_get": "无特定的人群", "symptom": None}


def write(folder: Path, *records: object) -> QASystemLoader:
    lines = "".join(json.dumps(r, ensure_ascii=False) + "\n" for r in records)
    (folder / "medical.json").write_text(lines, "utf-8")
    return QASystemLoader(folder)


def test_every_field_becomes_its_edge(tmp_path: Path) -> None:
    loader = write(tmp_path, RECORD, OTHER)
    store = NetworkxStore(loader.concepts())
    assert store.add_edges(loader.edges()).total == 0

    def name(curie: str) -> str:
        return store.concept(curie).name("zh")

    found = {(name(e.subject), e.predicate, name(e.object)) for e in store.edges()}
    assert found == {
        ("百日咳", schema.HAS_PHENOTYPE, "低热"),
        ("百日咳", schema.HAS_COMPLICATION, "肺不张"),
        ("百日咳", schema.TREATED_BY_SPECIALTY, "儿科"),
        ("百日咳", schema.TREATED_BY_SPECIALTY, "小儿内科"),
        ("小儿内科", schema.SUBCLASS_OF, "儿科"),
        ("药物治疗", schema.TREATS, "百日咳"),
        ("血常规", schema.DIAGNOSES, "百日咳"),
        ("百咳静糖浆", schema.TREATS, "百日咳"),
        ("红霉素肠溶片", schema.TREATS, "百日咳"),
        ("南瓜子仁", schema.RECOMMENDED_FOOD, "百日咳"),
        ("百合粥", schema.RECOMMENDED_FOOD, "百日咳"),
        ("螃蟹", schema.AVOIDED_FOOD, "百日咳"),
        ("百咳静糖浆", schema.MANUFACTURED_BY, "北京同仁堂"),
        ("小儿", schema.PREDISPOSES, "百日咳"),
    }
    (managed,) = [e for e in store.edges() if name(e.object) == "儿科" and "managed" in e.predicate]
    assert managed.qualifiers == (("description", "疗程：1-2个月；治愈率：98%；费用：1000-4000元"),)
    assert managed.evidence[0].record == "5bb5"
    assert managed.evidence[0].provenance.licence == "NOASSERTION"
    (disease,) = [c for c in store.concepts(schema.DISEASE) if c.name("zh") == "百日咳"]
    assert disease.curie == "QASYSTEM:condition.百日咳"
    assert [(d.text, d.language) for d in disease.definitions] == [("百日咳是 传染病。", "zh")]


def test_a_disease_stays_one_whatever_else_calls_it(tmp_path: Path) -> None:
    concepts = {c.curie: c for c in write(tmp_path, RECORD, OTHER).concepts()}
    assert concepts["QASYSTEM:condition.肺不张"].category == schema.DISEASE
    assert concepts["QASYSTEM:condition.低热"].category == schema.PHENOTYPE


def test_what_is_left_out_is_counted(tmp_path: Path) -> None:
    loader = write(tmp_path, RECORD)
    list(loader.edges())
    assert dict(loader.report.refused.counts) == {
        "biolink:has_phenotype of a concept to itself": 1,
        "an empty or overlong name": 2,
    }


@pytest.mark.parametrize(
    ("record", "problem"),
    [
        ({"symptom": []}, "without a name"),
        (["a"], "without a name"),
        ({"name": "a", "symptom": "b"}, "symptom is no list"),
        ({"name": "a", "check": [1]}, "check is no list"),
        ({"name": "a", "desc": ["b"]}, "desc is no text"),
        ({"name": " "}, "without a name"),
        ({"name": ["a"]}, "name is no text"),
    ],
)
def test_a_wrong_record_is_named_with_its_line(
    tmp_path: Path, record: object, problem: str
) -> None:
    loader = write(tmp_path, RECORD, record)
    with pytest.raises(SourceFormatError, match=r"medical\.json:2: ") as raised:
        list(loader.concepts())
    assert problem in str(raised.value)
