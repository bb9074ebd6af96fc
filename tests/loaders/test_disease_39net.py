"""The 39-net disease table: lists with cut ends, in UTF-8 and GB18030."""

from __future__ import annotations

from pathlib import Path

import pytest

from kg import schema
from kg.errors import SourceFormatError
from kg.networkx_store import NetworkxStore
from loaders.disease_39net import Disease39NetLoader

HEADER = (
    "name,alias,part,age,infection,insurance,department,checklist,symptom,complication,"
    "treatment,drug,period,rate,money,,,,,"
)
ROW = (
    '乙肝,"乙型肝炎，肝炎乙等,乙肝",肝,儿童,有传染性,非医保疾病,传染科 肝病科,肝功能 [详细],'
    "肝肿大 乙肝 [详细],肝硬化,药物治疗、饮食疗法 [详细],恩替卡韦分散片 注射用盐酸精氨...,"
    "3-6月,暂无相关资料,5000元,,,,,"
)
SHIFTED = "某病,,,所有人群,,,20～30岁 内科,费用5000元,头痛,,,>> 应该如何用药？ [详细],,,,,,,,"


def write(folder: Path, *rows: str, encoding: str = "utf-8") -> Disease39NetLoader:
    content = "\r\n".join((HEADER, *rows)) + "\r\n"
    (folder / "disease.csv").write_bytes(content.encode(encoding))
    return Disease39NetLoader(folder)


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
def test_a_row_becomes_its_edges(tmp_path: Path, encoding: str) -> None:
    cut = ROW.replace("乙肝,", "获得性免疫缺...,", 1)
    loader = write(tmp_path, ROW, SHIFTED, cut, encoding=encoding)
    store = NetworkxStore(loader.concepts())
    assert store.add_edges(loader.edges()).total == 0

    def name(curie: str) -> str:
        return store.concept(curie).name("zh")

    assert {(name(e.subject), e.predicate, name(e.object)) for e in store.edges()} == {
        ("乙肝", schema.HAS_PHENOTYPE, "肝肿大"),
        ("乙肝", schema.HAS_COMPLICATION, "肝硬化"),
        ("乙肝", schema.LOCATED_IN, "肝"),
        ("乙肝", schema.TREATED_BY_SPECIALTY, "传染科"),
        ("乙肝", schema.TREATED_BY_SPECIALTY, "肝病科"),
        ("肝功能", schema.DIAGNOSES, "乙肝"),
        ("药物治疗", schema.TREATS, "乙肝"),
        ("饮食疗法", schema.TREATS, "乙肝"),
        ("恩替卡韦分散片", schema.TREATS, "乙肝"),
        ("儿童", schema.PREDISPOSES, "乙肝"),
        ("某病", schema.HAS_PHENOTYPE, "头痛"),
        ("某病", schema.TREATED_BY_SPECIALTY, "内科"),
    }
    disease = store.concept("NET39:condition.乙肝")
    assert [n.text for n in disease.names] == ["乙肝", "乙型肝炎", "肝炎乙"]
    managed = store.neighbours("NET39:specialty.传染科")[0]
    assert managed.qualifiers == (("description", "疗程：3-6月；费用：5000元"),)
    assert managed.evidence[0].record == "disease.csv row 2"
    assert loader.report.refused.counts["a name cut by the site"] == 1
    assert loader.report.refused.counts["a disease whose name was cut"] == 1


def test_a_row_without_name_or_of_another_width_is_named(tmp_path: Path) -> None:
    with pytest.raises(SourceFormatError, match=r"disease\.csv:3: a disease without name"):
        list(write(tmp_path, ROW, " " + "," * 19 + "x").concepts())
    with pytest.raises(SourceFormatError, match=r"disease\.csv:3: 2 cells, 20 expected"):
        list(write(tmp_path, ROW, "a,b").edges())
