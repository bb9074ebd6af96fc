"""A small graph of well-known names, and what links and reads with it."""

from __future__ import annotations

import pytest

from kg.networkx_store import NetworkxStore
from kg.records import Concept, Name, NameKind, Provenance
from kg.schema import DISEASE, DRUG, DRUG_CLASS, GENE, PHENOTYPE
from nlp.bulk_linker import BulkLinker
from nlp.linker import StoreLinker
from nlp.reader import Reader
from nlp.records import Document

_NAMES: dict[str, tuple[str, str]] = {
    "EX:t2dm": (DISEASE, "type 2 diabetes mellitus|type 2 diabetes|T2DM:abbreviation|2型糖尿病"),
    "EX:t1dm": (DISEASE, "type 1 diabetes mellitus|type 1 diabetes|1型糖尿病"),
    "EX:dm": (DISEASE, "diabetes mellitus|diabetes|糖尿病"),
    "EX:copd": (
        DISEASE,
        "chronic obstructive pulmonary disease|COPD:abbreviation|慢性阻塞性肺疾病",
    ),
    "EX:htn": (DISEASE, "hypertension|high blood pressure:lay|高血压|高血压病"),
    "EX:migraine": (DISEASE, "migraine|migraine headache|偏头痛"),
    "EX:asthma": (DISEASE, "asthma|bronchial asthma|哮喘"),
    "EX:marfan": (DISEASE, "Marfan syndrome|马方综合征"),
    "EX:alzheimer": (DISEASE, "Alzheimer's disease"),
    "EX:renal": (DISEASE, "renal failure|肾衰竭"),
    "EX:aids": (DISEASE, "acquired immunodeficiency syndrome|AIDS:abbreviation"),
    "EX:ms1": (DISEASE, "mitral stenosis|MS:abbreviation"),
    "EX:ms2": (DISEASE, "multiple sclerosis|MS:abbreviation"),
    "EX:breast": (DISEASE, "breast cancer"),
    "EX:ovarian": (DISEASE, "ovarian cancer"),
    "EX:stroke": (DISEASE, "stroke"),
    "EX:disease": (DISEASE, "disease"),
    "EX:headache": (PHENOTYPE, "headache|头痛"),
    "EX:chestpain": (PHENOTYPE, "chest pain|胸痛"),
    "EX:belly": (PHENOTYPE, "abdominal pain|腹痛"),
    "EX:fever": (PHENOTYPE, "fever|发热"),
    "EX:cough": (PHENOTYPE, "cough|咳嗽"),
    "EX:nausea": (PHENOTYPE, "nausea|恶心"),
    "EX:rash": (PHENOTYPE, "rash|皮疹"),
    "EX:propranolol": (DRUG, "propranolol|Inderal:brand|普萘洛尔"),
    "EX:metformin": (DRUG, "metformin|二甲双胍"),
    "EX:aspirin": (DRUG, "aspirin|阿司匹林"),
    "EX:ibuprofen": (DRUG, "ibuprofen|Advil:brand|布洛芬"),
    "EX:warfarin": (DRUG, "warfarin|华法林"),
    "EX:today": (DRUG, "nonoxynol-9|Today:brand"),
    "EX:biguanide": (DRUG_CLASS, "biguanides"),
    "EX:was": (GENE, "WAS"),
    "EX:rest": (GENE, "REST"),
    "EX:cat": (GENE, "CAT"),
    "EX:impact": (GENE, "IMPACT"),
    "EX:brca1": (GENE, "BRCA1"),
    "EX:fbn1": (GENE, "FBN1"),
}


def _concept(curie: str, category: str, written: str) -> Concept:
    names = []
    seen: set[str] = set()
    for part in written.split("|"):
        text, _, kind = part.partition(":")
        language = "en" if text.isascii() else "zh"
        chosen: NameKind = "exact" if language in seen else "preferred"
        if kind in ("abbreviation", "lay", "brand"):
            chosen = kind  # type: ignore[assignment]
        seen.add(language)
        names.append(Name(text, language, chosen))
    return Concept(curie, category, tuple(names))


@pytest.fixture(scope="session")
def named_store() -> NetworkxStore:
    """A graph of names without edges."""
    return NetworkxStore(_concept(curie, *spec) for curie, spec in _NAMES.items())


@pytest.fixture(scope="session")
def store_linker(named_store: NetworkxStore) -> StoreLinker:
    return StoreLinker(named_store)


@pytest.fixture(scope="session")
def bulk_linker(named_store: NetworkxStore) -> BulkLinker:
    return BulkLinker(named_store.concepts())


@pytest.fixture(scope="session")
def reader(named_store: NetworkxStore) -> Reader:
    return Reader.of_store(named_store)


@pytest.fixture(scope="session")
def provenance() -> Provenance:
    return Provenance("written-for-this-test", licence="CC0-1.0")


@pytest.fixture(scope="session")
def document(provenance: Provenance) -> Document:
    title = "Metformin and headache."
    text = f"{title}\nMetformin does not cause headache. Aspirin may cause a rash."
    return Document("PMID:1", text, provenance, title_end=len(title))
