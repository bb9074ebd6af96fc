"""A compact graph of common medicine, in which every kind of question has an answer."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from kg.networkx_store import NetworkxStore
from kg.records import (
    Concept,
    Definition,
    Edge,
    Evidence,
    EvidenceKind,
    Name,
    NameKind,
    Polarity,
    Provenance,
    Triple,
)
from kg.schema import (
    AVOIDED_FOOD,
    CAUSES,
    CONTRAINDICATED_IN,
    DIAGNOSES,
    DISEASE,
    DRUG,
    DRUG_CLASS,
    FOOD,
    GENE,
    GENE_ASSOCIATED,
    HAS_COMPLICATION,
    HAS_PHENOTYPE,
    HAS_SIDE_EFFECT,
    INTERACTS_WITH,
    MEMBER_OF,
    PATIENT_GROUP,
    PHENOTYPE,
    PREDISPOSES,
    PREVENTS,
    RECOMMENDED_FOOD,
    RISK_FACTOR,
    SIMILAR_TO,
    SPECIALTY,
    SUBCLASS_OF,
    TEST,
    TREATED_BY_SPECIALTY,
    TREATS,
)
from nlp.linker import StoreLinker
from reasoning.understanding import Understander

SOURCE = Provenance("compact", "1", "CC0-1.0")

#: CURIE, class, English names, Chinese names: "|" between names, the first is preferred.
CONCEPTS = (
    ("T:asthma", DISEASE, "asthma|bronchial asthma", "哮喘|支气管哮喘"),
    ("T:allergic-asthma", DISEASE, "allergic asthma", "过敏性哮喘"),
    ("T:respiratory-disease", DISEASE, "respiratory system disease", "呼吸系统疾病"),
    ("T:migraine", DISEASE, "migraine", "偏头痛"),
    ("T:hypertension", DISEASE, "hypertension|high blood pressure", "高血压"),
    ("T:diabetes", DISEASE, "diabetes mellitus|diabetes", "糖尿病"),
    ("T:type2", DISEASE, "type 2 diabetes mellitus|type 2 diabetes|T2DM", "2型糖尿病"),
    ("T:influenza", DISEASE, "influenza|flu", "流感|流行性感冒"),
    ("T:measles", DISEASE, "measles", "麻疹"),
    ("T:pneumonia", DISEASE, "pneumonia", "肺炎"),
    ("T:mi", DISEASE, "myocardial infarction|heart attack", "心肌梗死|心梗"),
    ("T:stroke", DISEASE, "stroke", "中风|脑卒中"),
    ("T:marfan", DISEASE, "Marfan syndrome", "马方综合征"),
    ("T:ulcer", DISEASE, "peptic ulcer disease|stomach ulcer", "消化性溃疡|胃溃疡"),
    ("T:lung-cancer", DISEASE, "lung cancer", "肺癌"),
    ("T:retinopathy", DISEASE, "diabetic retinopathy", "糖尿病视网膜病变"),
    ("T:depression-d", DISEASE, "major depressive disorder|depression", "抑郁症"),
    ("T:loeys-dietz", DISEASE, "Loeys-Dietz syndrome", ""),
    ("T:multiple-sclerosis", DISEASE, "multiple sclerosis|MS", "多发性硬化"),
    ("T:mitral-stenosis", DISEASE, "mitral stenosis|MS", "二尖瓣狭窄"),
    ("T:gout", DISEASE, "gout", "痛风"),
    ("T:fever", PHENOTYPE, "fever|high temperature", "发热|发烧"),
    ("T:cough", PHENOTYPE, "cough", "咳嗽"),
    ("T:dry-cough", PHENOTYPE, "dry cough", "干咳"),
    ("T:rash", PHENOTYPE, "rash|skin rash", "皮疹"),
    ("T:headache", PHENOTYPE, "headache", "头痛|头疼"),
    ("T:nausea", PHENOTYPE, "nausea", "恶心"),
    ("T:diarrhea", PHENOTYPE, "diarrhea", "腹泻|拉肚子"),
    ("T:wheezing", PHENOTYPE, "wheezing", "喘鸣"),
    ("T:chest-pain", PHENOTYPE, "chest pain", "胸痛"),
    ("T:photophobia", PHENOTYPE, "photophobia", "畏光"),
    ("T:ectopia", PHENOTYPE, "ectopia lentis", "晶状体异位"),
    ("T:bradycardia", PHENOTYPE, "bradycardia", "心动过缓"),
    ("T:bleeding", PHENOTYPE, "gastrointestinal bleeding", "胃肠道出血"),
    ("T:propranolol", DRUG, "propranolol|Inderal", "普萘洛尔|心得安"),
    ("T:metoprolol", DRUG, "metoprolol", "美托洛尔"),
    ("T:lisinopril", DRUG, "lisinopril", "赖诺普利"),
    ("T:salbutamol", DRUG, "salbutamol|albuterol", "沙丁胺醇"),
    ("T:sumatriptan", DRUG, "sumatriptan", "舒马普坦"),
    ("T:metformin", DRUG, "metformin|Glucophage", "二甲双胍|格华止"),
    ("T:aspirin", DRUG, "aspirin", "阿司匹林"),
    ("T:ibuprofen", DRUG, "ibuprofen|Advil", "布洛芬"),
    ("T:warfarin", DRUG, "warfarin", "华法林"),
    ("T:oseltamivir", DRUG, "oseltamivir|Tamiflu", "奥司他韦|达菲"),
    ("T:clopidogrel", DRUG, "clopidogrel", "氯吡格雷"),
    ("T:beta-blockers", DRUG_CLASS, "beta blockers", "β受体阻滞剂"),
    ("T:nsaids", DRUG_CLASS, "non-steroidal anti-inflammatory drugs|NSAIDs", "非甾体抗炎药"),
    ("T:ace", DRUG_CLASS, "ACE inhibitors", "血管紧张素转换酶抑制剂"),
    ("T:FBN1", GENE, "FBN1", ""),
    ("T:TGFBR2", GENE, "TGFBR2", ""),
    ("T:spirometry", TEST, "spirometry", "肺功能检查"),
    ("T:ecg", TEST, "electrocardiography|ECG", "心电图"),
    ("T:smoking", RISK_FACTOR, "tobacco smoking|smoking", "吸烟"),
    ("T:pulmonology", SPECIALTY, "pulmonology", "呼吸科"),
    ("T:cardiology", SPECIALTY, "cardiology", "心内科"),
    ("T:pregnancy", PATIENT_GROUP, "pregnancy|pregnant women|pregnant", "妊娠|孕妇|怀孕"),
    ("T:grapefruit", FOOD, "grapefruit", "西柚|葡萄柚"),
    ("T:beer", FOOD, "beer", "啤酒"),
    ("T:oatmeal", FOOD, "oatmeal", "燕麦"),
)

Q = tuple[tuple[str, str], ...]
FIRST: Q = (("line", "first"),)
CAUTION: Q = (("strength", "caution"),)

#: Subject, predicate, object, confidence, qualifiers; a leading "-" denies.
EDGES: tuple[tuple[str, str, str, float, Q], ...] = (
    ("allergic-asthma", SUBCLASS_OF, "asthma", 1.0, ()),
    ("asthma", SUBCLASS_OF, "respiratory-disease", 1.0, ()),
    ("pneumonia", SUBCLASS_OF, "respiratory-disease", 1.0, ()),
    ("type2", SUBCLASS_OF, "diabetes", 1.0, ()),
    ("dry-cough", SUBCLASS_OF, "cough", 1.0, ()),
    ("propranolol", MEMBER_OF, "beta-blockers", 1.0, ()),
    ("metoprolol", MEMBER_OF, "beta-blockers", 1.0, ()),
    ("aspirin", MEMBER_OF, "nsaids", 1.0, ()),
    ("ibuprofen", MEMBER_OF, "nsaids", 1.0, ()),
    ("lisinopril", MEMBER_OF, "ace", 1.0, ()),
    ("asthma", HAS_PHENOTYPE, "wheezing", 0.9, (("frequency", "HP:0040281"),)),
    ("asthma", HAS_PHENOTYPE, "dry-cough", 0.9, (("frequency", "HP:0040282"),)),
    ("-asthma", HAS_PHENOTYPE, "fever", 0.9, ()),
    ("migraine", HAS_PHENOTYPE, "headache", 0.9, (("frequency", "100%"),)),
    ("migraine", HAS_PHENOTYPE, "photophobia", 0.9, (("frequency", "4/5"),)),
    ("migraine", HAS_PHENOTYPE, "nausea", 0.9, (("frequency", "HP:0040283"),)),
    ("influenza", HAS_PHENOTYPE, "fever", 0.9, (("frequency", "90%"),)),
    ("influenza", HAS_PHENOTYPE, "dry-cough", 0.9, (("frequency", "80%"),)),
    ("influenza", HAS_PHENOTYPE, "headache", 0.9, ()),
    ("measles", HAS_PHENOTYPE, "fever", 0.9, ()),
    ("measles", HAS_PHENOTYPE, "cough", 0.9, ()),
    ("measles", HAS_PHENOTYPE, "rash", 0.9, ()),
    ("pneumonia", HAS_PHENOTYPE, "fever", 0.8, ()),
    ("pneumonia", HAS_PHENOTYPE, "cough", 0.8, ()),
    ("pneumonia", HAS_PHENOTYPE, "chest-pain", 0.5, ()),
    ("mi", HAS_PHENOTYPE, "chest-pain", 0.9, (("frequency", "HP:0040281"),)),
    ("marfan", HAS_PHENOTYPE, "ectopia", 0.9, (("frequency", "3/5"),)),
    ("type2", HAS_PHENOTYPE, "nausea", 0.2, ()),
    ("FBN1", GENE_ASSOCIATED, "marfan", 0.9, ()),
    ("TGFBR2", GENE_ASSOCIATED, "loeys-dietz", 0.9, ()),
    ("TGFBR2", GENE_ASSOCIATED, "marfan", 0.5, ()),
    ("salbutamol", TREATS, "asthma", 0.9, FIRST),
    ("sumatriptan", TREATS, "migraine", 0.9, FIRST),
    ("propranolol", TREATS, "migraine", 0.7, ()),
    ("aspirin", TREATS, "migraine", 0.6, ()),
    ("-warfarin", TREATS, "migraine", 0.9, ()),
    ("propranolol", TREATS, "hypertension", 0.8, ()),
    ("metoprolol", TREATS, "hypertension", 0.8, ()),
    ("lisinopril", TREATS, "hypertension", 0.9, FIRST),
    ("metformin", TREATS, "type2", 0.9, FIRST),
    ("oseltamivir", TREATS, "influenza", 0.9, ()),
    ("aspirin", TREATS, "mi", 0.9, ()),
    ("ibuprofen", TREATS, "headache", 0.9, ()),
    ("aspirin", TREATS, "gout", 0.2, ()),
    ("-aspirin", TREATS, "gout", 0.4, ()),
    ("aspirin", PREVENTS, "stroke", 0.8, ()),
    ("metformin", HAS_SIDE_EFFECT, "diarrhea", 0.9, (("frequency", "common"),)),
    ("metformin", HAS_SIDE_EFFECT, "nausea", 0.9, ()),
    ("lisinopril", HAS_SIDE_EFFECT, "dry-cough", 0.9, ()),
    ("propranolol", HAS_SIDE_EFFECT, "bradycardia", 0.9, ()),
    ("nsaids", HAS_SIDE_EFFECT, "bleeding", 0.9, ()),
    ("beta-blockers", CONTRAINDICATED_IN, "asthma", 0.9, ()),
    ("nsaids", CONTRAINDICATED_IN, "ulcer", 0.9, ()),
    ("ibuprofen", CONTRAINDICATED_IN, "pregnancy", 0.9, ()),
    ("metformin", CONTRAINDICATED_IN, "pregnancy", 0.5, CAUTION),
    ("lisinopril", CONTRAINDICATED_IN, "pregnancy", 0.9, ()),
    ("warfarin", INTERACTS_WITH, "nsaids", 0.9, (("severity", "major"),)),
    ("warfarin", INTERACTS_WITH, "grapefruit", 0.5, ()),
    ("clopidogrel", INTERACTS_WITH, "warfarin", 0.9, ()),
    ("smoking", PREDISPOSES, "lung-cancer", 0.9, ()),
    ("hypertension", PREDISPOSES, "stroke", 0.9, ()),
    ("smoking", PREDISPOSES, "stroke", 0.8, ()),
    ("diabetes", HAS_COMPLICATION, "retinopathy", 0.9, ()),
    ("influenza", HAS_COMPLICATION, "pneumonia", 0.9, ()),
    ("hypertension", CAUSES, "mi", 0.6, ()),
    ("spirometry", DIAGNOSES, "asthma", 0.9, ()),
    ("ecg", DIAGNOSES, "mi", 0.9, ()),
    ("asthma", TREATED_BY_SPECIALTY, "pulmonology", 0.9, ()),
    ("mi", TREATED_BY_SPECIALTY, "cardiology", 0.9, ()),
    ("marfan", SIMILAR_TO, "loeys-dietz", 0.7, ()),
    ("beer", AVOIDED_FOOD, "gout", 0.9, ()),
    ("oatmeal", RECOMMENDED_FOOD, "diabetes", 0.6, ()),
)

BRANDS = frozenset({"Inderal", "Glucophage", "Advil", "Tamiflu"})
SHORT = frozenset({"MS", "ECG", "T2DM", "NSAIDs"})


def _names(english: str, chinese: str) -> tuple[Name, ...]:
    names: list[Name] = []
    for language, forms in (("en", english), ("zh", chinese)):
        for i, form in enumerate(filter(None, forms.split("|"))):
            kind: NameKind = "exact" if i else "preferred"
            if form in BRANDS:
                kind = "brand"
            elif form in SHORT:
                kind = "abbreviation"
            names.append(Name(form, language, kind))
    return tuple(names)


def _edge(row: int, subject: str, predicate: str, object_: str, sure: float, marks: Q) -> Edge:
    polarity = Polarity.NEGATIVE if subject.startswith("-") else Polarity.POSITIVE
    evidence = Evidence(
        SOURCE, EvidenceKind.RECORD, record=f"row {row}", confidence=sure, qualifiers=marks
    )
    triple = Triple(f"T:{subject.lstrip('-')}", predicate, f"T:{object_}")
    return Edge(triple, (evidence,), polarity)


@pytest.fixture(scope="session")
def medicine() -> NetworkxStore:
    store = NetworkxStore()
    defined = Definition("A disease of the airways.", SOURCE, record="asthma")
    store.add_concepts(
        Concept(
            curie,
            category,
            _names(english, chinese),
            xrefs=("DOID:2841", "MESH:D001249") if curie == "T:asthma" else (),
            definitions=(defined,) if curie == "T:asthma" else (),
        )
        for curie, category, english, chinese in CONCEPTS
    )
    report = store.add_edges(_edge(i, *row) for i, row in enumerate(EDGES))
    assert report.total == 0, str(report)
    return store


@pytest.fixture(scope="session")
def understand(medicine: NetworkxStore) -> Understander:
    return Understander(StoreLinker(medicine))


@pytest.fixture(scope="session")
def named(medicine: NetworkxStore) -> Callable[[str], str]:
    def name(curie: str) -> str:
        return medicine.concept(curie).name()

    return name
