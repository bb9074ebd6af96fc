"""PrimeKG, on small files with its published columns."""

from __future__ import annotations

from pathlib import Path

import pytest

from kg import schema
from kg.errors import SourceFormatError
from kg.networkx_store import NetworkxStore
from kg.records import Polarity, Triple
from loaders.primekg import RELATIONS, TYPES, PrimeKgLoader

HEADER = (
    "relation,display_relation,x_index,x_id,x_type,x_name,x_source,"
    "y_index,y_id,y_type,y_name,y_source"
)
DRUG = "1,DB00001,drug,Lepirudin,DrugBank"
OTHER_DRUG = "9,DB00002,drug,Cetuximab,DrugBank"
DISEASE = "2,5044,disease,hypertensive disorder,MONDO"
GROUP = '3,13924_12592,disease,"osteogenesis imperfecta, grouped",MONDO_grouped'
PHENOTYPE = "4,1250,effect/phenotype,Seizure,HPO"
GENE = "5,9796,gene/protein,PHYHIP,NCBI"
ANATOMY = "6,1004132,anatomy,nose,UBERON"
PROCESS = "7,33152,biological_process,somatic,GO"
EXPOSURE = "8,C046012,exposure,1-naphthol,CTD"


def both_ways(relation: str, display: str, one: str, other: str) -> str:
    return f"{relation},{display},{one},{other}\n{relation},{display},{other},{one}\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    rows = (
        both_ways("indication", "indication", DRUG, DISEASE)
        + both_ways("off-label use", "off-label use", DRUG, GROUP)
        + both_ways("drug_drug", "synergistic interaction", DRUG, OTHER_DRUG)
        + both_ways("drug_protein", "target", DRUG, GENE)
        + both_ways("disease_phenotype_positive", "phenotype present", DISEASE, PHENOTYPE)
        + both_ways("disease_phenotype_negative", "phenotype absent", GROUP, PHENOTYPE)
        + both_ways("anatomy_protein_absent", "expression absent", GENE, ANATOMY)
        + both_ways("disease_disease", "parent-child", DISEASE, GROUP)
        + both_ways("bioprocess_protein", "interacts with", GENE, PROCESS)
        + both_ways("exposure_disease", "linked to", EXPOSURE, DISEASE)
    )
    (tmp_path / "kg.csv").write_text(f"{HEADER}\n{rows}", "utf-8")
    return tmp_path


def test_each_relation_comes_once_and_the_right_way_round(folder: Path) -> None:
    loader = PrimeKgLoader(folder)
    store = NetworkxStore(loader.concepts())
    edges = list(loader.edges())
    assert len(edges) == 10
    assert store.add_edges(edges).total == 0
    drug, disease, grouped = "DRUGBANK:DB00001", "MONDO:0005044", "PRIMEKG:3"
    found = {(e.triple, e.polarity): dict(e.qualifiers) for e in store.edges()}
    yes, no = Polarity.POSITIVE, Polarity.NEGATIVE
    assert found == {
        (Triple(drug, schema.TREATS, disease), yes): {},
        (Triple(drug, schema.TREATS, grouped), yes): {"role": "off_label"},
        (Triple(drug, schema.INTERACTS_WITH, "DRUGBANK:DB00002"), yes): {
            "description": "synergistic interaction"
        },
        (Triple(drug, schema.BINDS, "NCBIGene:9796"), yes): {"modifier": "target"},
        (Triple(disease, schema.HAS_PHENOTYPE, "HP:0001250"), yes): {},
        (Triple(grouped, schema.HAS_PHENOTYPE, "HP:0001250"), no): {},
        (Triple("NCBIGene:9796", schema.EXPRESSED_IN, "UBERON:1004132"), no): {},
        (Triple(disease, schema.ASSOCIATED_WITH, grouped), yes): {"description": "parent or child"},
        (Triple("NCBIGene:9796", schema.PARTICIPATES_IN, "GO:0033152"), yes): {},
        (Triple("MESH:C046012", schema.ASSOCIATED_WITH, disease), yes): {},
    }
    assert store.concept(grouped).name() == "osteogenesis imperfecta, grouped"


def test_every_relation_fits_the_schema() -> None:
    assert len(RELATIONS) == 30
    for name, relation in RELATIONS.items():
        refused = schema.refusal(TYPES[relation.start], relation.predicate, TYPES[relation.end])
        assert refused is None, (name, refused)


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        (f"cures,cures,{DRUG},{DISEASE}", "unknown relation 'cures'"),
        (f"indication,indication,{GENE},{DISEASE}", "indication at a 'gene/protein'"),
        (f"indication,indication,{DRUG},{DISEASE.replace('MONDO', 'NCBITAXON')}", "'NCBITAXON'"),
        (f"indication,indication,{DRUG},{DISEASE.replace('2,5044', 'two,5044')}", "'two'"),
        (f"indication,indication,{DRUG}", "7 cells, 12 expected"),
        (f'indication,"indication,{DRUG},{DISEASE}', "close the quotation"),
    ],
)
def test_a_wrong_row_is_named_with_its_line(tmp_path: Path, row: str, problem: str) -> None:
    (tmp_path / "kg.csv").write_text(f"{HEADER}\n{row}\n", "utf-8")
    loader = PrimeKgLoader(tmp_path)
    with pytest.raises(SourceFormatError, match=r"kg\.csv:2: ") as raised:
        list(loader.concepts())
    assert problem in str(raised.value)
