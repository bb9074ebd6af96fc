"""Hetionet: the same records from its tables and its JSON."""

from __future__ import annotations

import bz2
import json
from pathlib import Path

import pytest

from kg import schema
from kg.errors import SourceFormatError
from kg.networkx_store import NetworkxStore
from kg.records import Triple
from loaders.hetionet import KINDS, RELATIONS, HetionetLoader, hetionet_curie

NODES = {
    "Anatomy::UBERON:0000004": "nose",
    "Compound::DB00014": "Goserelin",
    "Compound::DB00015": "Reteplase",
    "Disease::DOID:9352": "type 2 diabetes mellitus",
    "Gene::1956": "EGFR",
    "Pharmacologic Class::N0000000069": "Calcium Channel Antagonists",
    "Side Effect::C0000737": "Abdominal pain",
    "Symptom::D058447": "Eye Pain",
    "Pathway::WP98_r72088": "Prostaglandins",
}
EDGES = (
    ("Compound::DB00014", "CtD", "Disease::DOID:9352"),
    ("Compound::DB00015", "CpD", "Disease::DOID:9352"),
    ("Compound::DB00014", "CcSE", "Side Effect::C0000737"),
    ("Compound::DB00014", "CrC", "Compound::DB00015"),
    ("Compound::DB00014", "CuG", "Gene::1956"),
    ("Disease::DOID:9352", "DaG", "Gene::1956"),
    ("Disease::DOID:9352", "DpS", "Symptom::D058447"),
    ("Anatomy::UBERON:0000004", "AeG", "Gene::1956"),
    ("Gene::1956", "GpPW", "Pathway::WP98_r72088"),
    ("Pharmacologic Class::N0000000069", "PCiC", "Compound::DB00014"),
)


@pytest.fixture
def tables(tmp_path: Path) -> Path:
    nodes = "".join(f"{i}\t{n}\t{i.partition('::')[0]}\n" for i, n in NODES.items())
    edges = "".join("\t".join(edge) + "\n" for edge in EDGES)
    (tmp_path / "hetionet-v1.0-nodes.tsv").write_text("id\tname\tkind\n" + nodes, "utf-8")
    path = tmp_path / "hetionet-v1.0-edges-partial.sif"
    path.write_text("source\tmetaedge\ttarget\n" + edges, "utf-8")
    return tmp_path


def as_json() -> bytes:
    nodes: list[dict[str, object]] = [
        {"kind": kind, "identifier": int(i) if kind == "Gene" else i, "name": name, "data": {}}
        for (kind, _, i), name in ((key.partition("::"), name) for key, name in NODES.items())
    ]
    edges = []
    for start, short, end in EDGES:
        stated: dict[str, object] = {"license": RELATIONS[short].licence.replace("-", " ", 1)}
        if short == "DaG":
            stated = {"license": "", "pubmed_ids": [12, 34]}
        edges.append(
            {
                "source_id": start.split("::"),
                "target_id": end.split("::"),
                "kind": RELATIONS[short].verb,
                "direction": "both",
                "data": stated,
            }
        )
    edges[0]["source_id"], edges[0]["target_id"] = edges[0]["target_id"], edges[0]["source_id"]
    whole = {"metanode_kinds": list(KINDS), "kind_to_abbrev": {}, "nodes": nodes, "edges": edges}
    return json.dumps(whole, indent=1).encode()


def test_tables_become_the_edges_the_metaedges_mean(tables: Path) -> None:
    loader = HetionetLoader(tables)
    store = NetworkxStore(loader.concepts())
    assert store.add_edges(loader.edges()).total == 0
    assert store.statistics().concepts == len(NODES)
    gene, disease, drug = "NCBIGene:1956", "DOID:9352", "DRUGBANK:DB00014"
    wanted = {
        Triple(drug, schema.TREATS, disease): (("role", "disease_modifying"),),
        Triple("DRUGBANK:DB00015", schema.TREATS, disease): (("role", "symptomatic"),),
        Triple(drug, schema.HAS_SIDE_EFFECT, "UMLS:C0000737"): (),
        Triple(drug, schema.REGULATES, gene): (("modifier", "upregulated"),),
        Triple(gene, schema.GENE_ASSOCIATED, disease): (),
        Triple(disease, schema.HAS_PHENOTYPE, "MESH:D058447"): (),
        Triple(gene, schema.EXPRESSED_IN, "UBERON:0000004"): (),
        Triple(gene, schema.PARTICIPATES_IN, "WIKIPATHWAYS:WP98_r72088"): (),
        Triple(drug, schema.MEMBER_OF, "NDFRT:N0000000069"): (),
        Triple(drug, schema.SIMILAR_TO, "DRUGBANK:DB00015"): (),
    }
    assert {e.triple: e.qualifiers for e in store.edges()} == wanted


def test_what_comes_from_sider_says_so(tables: Path) -> None:
    evidence = {e.predicate: e.evidence[0] for e in HetionetLoader(tables).edges()}
    side_effect = evidence[schema.HAS_SIDE_EFFECT]
    assert side_effect.provenance.licence == "CC-BY-NC-SA-4.0"
    assert side_effect.provenance.source == "hetionet-sider"
    assert side_effect.record == "Compound::DB00014|CcSE|Side Effect::C0000737"
    assert evidence[schema.TREATS].provenance.licence == "CC0-1.0"
    assert evidence[schema.GENE_ASSOCIATED].provenance.licence == "ODbL-1.0"


def test_the_json_gives_the_same_graph_and_its_own_licences(tables: Path, tmp_path: Path) -> None:
    folder = tmp_path / "json"
    folder.mkdir()
    (folder / "hetionet-v1.0.json.bz2").write_bytes(bz2.compress(as_json()))
    from_tables, from_json = HetionetLoader(tables), HetionetLoader(folder)
    assert list(from_json.concepts()) == list(from_tables.concepts())
    pairs = zip(from_json.edges(), from_tables.edges(), strict=True)
    for ours, other in pairs:
        assert (ours.triple, ours.qualifiers) == (other.triple, other.qualifiers)
        assert ours.evidence[0].record == other.evidence[0].record
        assert ours.evidence[0].provenance == other.evidence[0].provenance
    (associated,) = [e for e in from_json.edges() if e.predicate == schema.GENE_ASSOCIATED]
    assert associated.evidence[0].references == ("PMID:12", "PMID:34")


def test_every_relation_fits_the_schema() -> None:
    for relation in RELATIONS.values():
        start, end = KINDS[relation.start][0], KINDS[relation.end][0]
        if relation.turned:
            start, end = end, start
        assert schema.refusal(start, relation.predicate, end) is None, relation


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ("Compound::DB1\tXtX\tDisease::DOID:1", "unknown metaedge 'XtX'"),
        ("Disease::DOID:1\tCtD\tCompound::DB1", "is no id of a 'Compound'"),
        ("Compound::DB 1\tCtD\tDisease::DOID:1", "is not a CURIE"),
    ],
)
def test_a_wrong_edge_is_named_with_its_line(tables: Path, row: str, problem: str) -> None:
    path = tables / "hetionet-v1.0-edges-partial.sif"
    path.write_text(f"source\tmetaedge\ttarget\n{row}\n", "utf-8")
    with pytest.raises(SourceFormatError, match=r"partial\.sif:2: ") as raised:
        list(HetionetLoader(tables).edges())
    assert problem in str(raised.value)


def test_pathways_keep_the_vocabulary_they_are_of() -> None:
    assert hetionet_curie("Pathway", "PC7_10399") == "HETIONET.PATHWAY:PC7_10399"
