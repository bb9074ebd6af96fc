"""A small graph in which every outcome can be had."""

from __future__ import annotations

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
    CONTRAINDICATED_IN,
    DISEASE,
    DRUG,
    DRUG_CLASS,
    GENE,
    GENE_ASSOCIATED,
    HAS_PHENOTYPE,
    HAS_SIDE_EFFECT,
    INTERACTS_WITH,
    MEMBER_OF,
    PHENOTYPE,
    SUBCLASS_OF,
    TREATS,
)

RECORDS = Provenance("example-records", "2024-01", "CC0-1.0", url="https://example.org/records")
TABLES = Provenance("example-tables", "1", "Apache-2.0")
ARTICLES = Provenance("example-articles", licence="NOASSERTION")

NAMES: tuple[tuple[str, str, str, str], ...] = (
    ("DOID:6364", DISEASE, "migraine", "偏头痛"),
    ("DOID:2841", DISEASE, "asthma", "哮喘"),
    ("DOID:1", DISEASE, "allergic asthma", "过敏性哮喘"),
    ("DOID:14323", DISEASE, "Marfan syndrome", "马方综合征"),
    ("DRUGBANK:DB00571", DRUG, "propranolol", "普萘洛尔"),
    ("DRUGBANK:DB00945", DRUG, "aspirin", "阿司匹林"),
    ("DRUGBANK:DB00682", DRUG, "warfarin", "华法林"),
    ("DRUGBANK:DB00669", DRUG, "sumatriptan", ""),
    ("DRUGBANK:DB01001", DRUG, "salbutamol", "沙丁胺醇"),
    ("X:triptans", DRUG_CLASS, "triptans", "曲普坦类"),
    ("X:NSAID", DRUG_CLASS, "NSAIDs", "非甾体抗炎药"),
    ("HGNC:3603", GENE, "FBN1", ""),
    ("HP:0002315", PHENOTYPE, "headache", "头痛"),
    ("HP:0001945", PHENOTYPE, "fever", "发热"),
    ("HP:0002018", PHENOTYPE, "nausea", "恶心"),
    ("HP:0000613", PHENOTYPE, "photophobia", "畏光"),
    ("HP:0002321", PHENOTYPE, "vertigo", "眩晕"),
    ("HP:0001083", PHENOTYPE, "ectopia lentis", "晶状体异位"),
    ("HP:0002094", PHENOTYPE, "dyspnea", "呼吸困难"),
)
BRANDS = {"DRUGBANK:DB00571": ("Inderal",)}


def named(curie: str, category: str, english: str, chinese: str = "") -> Concept:
    """A concept with its names."""
    kinds: list[tuple[str, str, NameKind]] = [(english, "en", "preferred")]
    if chinese:
        kinds.append((chinese, "zh", "preferred"))
    kinds += [(brand, "en", "brand") for brand in BRANDS.get(curie, ())]
    definitions: tuple[Definition, ...] = ()
    if curie == "DOID:6364":
        definitions = (
            Definition("A headache that recurs. Often one-sided.", RECORDS, "en", "6364"),
        )
    names = tuple(Name(text, language, kind) for text, language, kind in kinds)
    return Concept(curie, category, names, definitions=definitions)


def stated(
    subject: str,
    predicate: str,
    object_: str,
    *,
    polarity: Polarity = Polarity.POSITIVE,
    kind: EvidenceKind = EvidenceKind.RECORD,
    confidence: float = 0.9,
    **qualifiers: str,
) -> Edge:
    """An edge with one piece of evidence."""
    place = f"{subject}-{predicate}-{object_}"
    if kind is EvidenceKind.SENTENCE:
        sentence = "Warfarin can cause headache."
        evidence = Evidence(
            ARTICLES, kind, document="DOC:1", sentence=sentence, start=0, end=len(sentence)
        )
    else:
        source = TABLES if kind is EvidenceKind.CURATOR else RECORDS
        evidence = Evidence(
            source,
            kind,
            record=place,
            confidence=confidence,
            references=("example reference",),
            qualifiers=tuple(qualifiers.items()),
        )
    return Edge(Triple(subject, predicate, object_), (evidence,), polarity)


def edges() -> list[Edge]:
    """Every edge of the graph."""
    no, curator = Polarity.NEGATIVE, EvidenceKind.CURATOR
    return [
        stated("DOID:6364", HAS_PHENOTYPE, "HP:0002315", frequency="HP:0040281"),
        stated("DOID:6364", HAS_PHENOTYPE, "HP:0002018", frequency="3/7"),
        stated("DOID:6364", HAS_PHENOTYPE, "HP:0000613", frequency="45%"),
        stated("DOID:6364", HAS_PHENOTYPE, "HP:0002321"),
        stated("DOID:6364", HAS_PHENOTYPE, "HP:0001945", polarity=no),
        stated("DOID:2841", HAS_PHENOTYPE, "HP:0002094"),
        stated("DOID:14323", HAS_PHENOTYPE, "HP:0001083", kind=curator, confidence=0.6),
        stated("DOID:1", SUBCLASS_OF, "DOID:2841"),
        stated("DRUGBANK:DB00571", TREATS, "DOID:6364", line="first"),
        stated("DRUGBANK:DB00945", TREATS, "DOID:6364", kind=curator, confidence=0.6),
        stated("DRUGBANK:DB00669", TREATS, "DOID:6364"),
        stated("DRUGBANK:DB00945", TREATS, "DOID:6364", polarity=no),
        stated("DRUGBANK:DB01001", TREATS, "DOID:1"),
        stated("DRUGBANK:DB00945", TREATS, "DOID:2841", polarity=no),
        stated("DRUGBANK:DB00571", CONTRAINDICATED_IN, "DOID:2841"),
        stated("X:NSAID", CONTRAINDICATED_IN, "DOID:2841"),
        stated("DRUGBANK:DB00669", MEMBER_OF, "X:triptans"),
        stated("DRUGBANK:DB00945", MEMBER_OF, "X:NSAID"),
        stated("DRUGBANK:DB00682", HAS_SIDE_EFFECT, "HP:0002315", kind=EvidenceKind.SENTENCE),
        stated("HGNC:3603", GENE_ASSOCIATED, "DOID:14323"),
        stated(
            "DRUGBANK:DB00682",
            INTERACTS_WITH,
            "DRUGBANK:DB00945",
            severity="major",
            mechanism="Both thin the blood. The risk is “high”.",
            management="avoid",
        ),
    ]


@pytest.fixture(scope="session")
def small_graph() -> NetworkxStore:
    """Migraine, asthma and Marfan syndrome with a few drugs, a gene and contradictions."""
    store = NetworkxStore(named(*row) for row in NAMES)
    report = store.add_edges(edges())
    assert report.total == 0, str(report)
    return store
