"""The loaders over the owners' real files, where they are at hand.

The folder is named by ``MEDKGQA_SHARED_DATA``, or is ``../shared/data`` beside the checkout.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from kg import schema
from kg.networkx_store import NetworkxStore
from kg.records import Edge, Polarity
from loaders.ddi_ansm import AnsmLoader
from loaders.ddi_onc import OncLoader
from loaders.disease_39net import Disease39NetLoader
from loaders.doid_symptoms import DoidSymptomsLoader
from loaders.hetionet import RELATIONS, HetionetLoader
from loaders.merging import merge_sources
from loaders.mesh import MeshLoader
from loaders.obo_ontology import OboOntologyLoader, disease_ontology_2015, symptom_ontology
from loaders.pharmacotherapydb import PharmacotherapyDbLoader
from loaders.qasystem import QASystemLoader
from loaders.reading import open_bytes, read_columns
from loaders.registry import DataFile, data_sets
from loaders.sider import SiderLoader
from loaders.source import GraphSource, SourceCard
from loaders.source_files import required_file

pytestmark = pytest.mark.slow
_ROOT = Path(__file__).parents[2]
_GIVEN = os.environ.get("MEDKGQA_SHARED_DATA")
DATA = Path(_GIVEN) if _GIVEN else _ROOT.parent / "shared" / "data"


@pytest.fixture(scope="module")
def data() -> Path:
    if not DATA.is_dir():
        pytest.skip(f"the owners' files are not at hand: no folder {DATA}")
    return DATA


def load(source: GraphSource) -> NetworkxStore:
    store = NetworkxStore(source.concepts())
    refused = store.add_edges(source.edges())
    assert refused.total == 0, refused
    return store


def expected(card: SourceCard) -> dict[str, int]:
    return dict(card.expected)


def test_hetionet(data: Path) -> None:
    folder = data / "kg/hetionet"
    loader = HetionetLoader(folder)
    assert sum(1 for _ in loader.concepts()) == expected(loader.card)["nodes"] == 47_031
    counts: Counter[str] = Counter()
    for edge in loader.edges():
        counts[edge.evidence[0].record.split("|")[1]] += 1
    columns = ("metaedge", "edges_here")
    published = {m: int(n) for _, (m, n) in read_columns(folder / "edge-coverage.tsv", columns)}
    assert counts == published
    assert counts.keys() == RELATIONS.keys()
    assert (counts["CtD"], counts["CpD"], counts["DpS"], counts["CcSE"]) == (
        755,
        390,
        3_357,
        138_944,
    )


def test_pharmacotherapydb(data: Path) -> None:
    loader = PharmacotherapyDbLoader(data / "kg/pharmacotherapydb")
    store = load(loader)
    wanted = expected(loader.card)
    assert store.statistics().concepts_by_category == {
        schema.DISEASE: wanted["diseases"],
        schema.DRUG: wanted["drugs"],
    }

    def count(fits: Callable[[Edge], bool]) -> int:
        return sum(map(fits, store.edges()))

    role = {e.key: dict(e.qualifiers).get("role") for e in store.edges()}
    assert count(lambda e: role[e.key] == "disease_modifying") == wanted["disease-modifying"]
    assert count(lambda e: role[e.key] == "symptomatic") == wanted["symptomatic"]
    assert count(lambda e: e.polarity is Polarity.NEGATIVE) == wanted["not indicated"] == 243


def test_sider(data: Path) -> None:
    loader = SiderLoader(data / "kg/sider-4.1")
    concepts = list(loader.concepts())
    edges = list(loader.edges())
    effects = [e for e in edges if e.predicate == schema.HAS_SIDE_EFFECT]
    assert len({e.subject for e in effects}) == expected(loader.card)["drugs"] == 1_430
    assert len(effects) == 145_321
    frequent = sum(1 for e in effects if any(n == "frequency" for n, _ in e.qualifiers))
    assert 0.35 < frequent / len(effects) < 0.42, "published: 39.9 % of pairs"
    assert loader.report.refused.counts["frequency under placebo"] == 37_900
    ends = {end for e in edges for end in (e.subject, e.object)}
    assert ends <= {c.curie for c in concepts}


def test_disease_and_symptom_ontology(data: Path) -> None:
    for loader, terms in (
        (disease_ontology_2015(data / "ontology/doid"), 8_948),
        (symptom_ontology(data / "ontology/symp"), 1_020),
    ):
        store = load(loader)
        obsolete = loader.report.refused.counts["an obsolete term"]
        assert len(store) + obsolete == terms == expected(loader.card)["terms"]
        assert len(store) == expected(loader.card)["in use"]
    rare = OboOntologyLoader(data / "ontology/doid/DO_rare_slim.obo.xz")
    assert sum(1 for _ in rare.concepts()) == 3_458  # of 3,460, two are obsolete
    assert rare.card.version.startswith("doid/releases/2026-07-31")


def test_mesh(data: Path) -> None:
    loader = MeshLoader(data / "ontology/mesh-2015")
    store = load(loader)
    left_out = loader.report.refused.counts["a branch without a class"]
    assert len(store) + left_out == expected(loader.card)["descriptors"] == 27_455
    by_class = store.statistics().concepts_by_category
    assert by_class[schema.PHENOTYPE] >= expected(loader.card)["symptoms"] == 438
    assert by_class[schema.DISEASE] > 4_000


def test_doid_symptoms(data: Path) -> None:
    loader = DoidSymptomsLoader(data / "ontology/doid")
    assert load(loader).statistics().edges == expected(loader.card)["pairs"] == 2_222


def test_onc(data: Path) -> None:
    loader = OncLoader(data / "kg/ddi-onc")
    roles = Counter(dict(e.qualifiers)["role"] for e in loader.edges())
    assert roles == {"high_priority": 1_930, "non_interruptive": 2_101}
    assert set(roles.values()) == set(expected(loader.card).values())


def test_ansm(data: Path) -> None:
    folder = data / "kg/ddi-worldvista-ansm"
    table, xml = AnsmLoader(folder), AnsmLoader(folder / "all_eng_tables_sept2016.xml.xz")
    edges = [e for e in table.edges() if e.predicate == schema.INTERACTS_WITH]
    assert edges == list(xml.edges())
    assert len(edges) == expected(table.card)["interactions"] == 2_886
    levels = Counter(dict(e.qualifiers).get("severity") for e in edges)
    assert levels == {
        "contraindicated": 503,
        "major": 764,
        "moderate": 1_202,
        "minor": 410,
        None: 7,
    }
    members = sum(1 for e in table.edges() if e.predicate == schema.MEMBER_OF)
    assert members == expected(table.card)["class members"] - 2, "two have no name"


def test_qasystem(data: Path) -> None:
    loader = QASystemLoader(data / "zh/qasystemonmedicalkg")
    store = load(loader)
    diseases = [c for c in store.concepts(schema.DISEASE) if c.definitions]
    assert len(diseases) == 100, "the sample; all of it has 8,808"
    assert len(store.statistics().edges_by_predicate) == 10


def test_disease_39net(data: Path) -> None:
    folder = data / "zh/disease-39net"
    loader = Disease39NetLoader(folder)
    diseases = {c.curie for c in loader.concepts() if c.category == schema.DISEASE}
    cut = loader.report.refused.counts["a disease whose name was cut"]
    rows = sum(1 for _ in loader._records(required_file(folder, "disease.csv")))
    assert rows + cut == expected(loader.card)["rows"] == 14_336
    assert len(diseases) > 9_000
    assert sum(1 for _ in loader.edges()) > 150_000


def test_merging_leaves_no_disease_twice_where_a_mapping_exists(data: Path) -> None:
    sources: list[GraphSource] = [
        disease_ontology_2015(data / "ontology/doid"),
        MeshLoader(data / "ontology/mesh-2015"),
        PharmacotherapyDbLoader(data / "kg/pharmacotherapydb"),
        DoidSymptomsLoader(data / "ontology/doid"),
    ]
    store, report = merge_sources(sources)
    assert report.identity is not None
    assert report.identity.merged > 2_000
    holders: dict[str, list[str]] = {}
    for disease in store.concepts(schema.DISEASE):
        holders.setdefault(disease.name().casefold(), []).append(disease.curie)
    twice = {name for name, keys in holders.items() if len(keys) > 1}
    apart = {name for name, _ in report.name_conflicts}
    assert len(twice) <= len(apart), "what stands twice contradicts itself, and is reported"


REGISTERED = [(d.name, f) for d in data_sets() for f in d.files if f.sha256 and not f.as_packed]


@pytest.mark.parametrize(("name", "file"), REGISTERED, ids=[f.name for _, f in REGISTERED])
def test_checksums_are_those_of_the_owners_files(name: str, file: DataFile, data: Path) -> None:
    from hashlib import sha256

    copies = [p for p in data.rglob("*") if p.name.removesuffix(".xz") == file.name]
    if name == "disease-ontology-2015":
        copies = [data / "ontology/doid/HumanDO-2015-05-14.obo.xz"]
    digests = {}
    for path in copies:
        with open_bytes(path) as stream:
            content = stream.read()
        digests[sha256(content).hexdigest()] = len(content)
    assert digests[file.sha256] == file.size
