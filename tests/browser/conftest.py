"""``medkgqa neo4j`` with a small graph, running for real, and a Chromium that looks at it.

With ``MEDKGQA_SCREENSHOTS=docs/images`` the pictures of the guide are taken anew (from the graph
``MEDKGQA_SCREENSHOT_GRAPH``, a saved one, where given).
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from kg.networkx_store import NetworkxStore
from kg.records import Concept, Edge, Evidence, EvidenceKind, Name, Polarity, Provenance, Triple
from kg.saved import save_graph
from kg.schema import (
    CLASS_BY_LABEL,
    PREDICATE_BY_LABEL,
)
from medkgqa.neo4j_command import Serving, serve_graph
from medkgqa.settings import Settings

RECORDS = Provenance("example-records", "1", "CC0-1.0")
ARTICLES = Provenance("example-articles", licence="CC-BY-4.0")

CONCEPTS = {
    "Disease": "migraine|asthma|allergic asthma|Marfan syndrome|Loeys-Dietz syndrome|hypertension|"
    "stroke|influenza|myocardial infarction/heart attack",
    "Symptom": "headache|fever|nausea|dyspnea|ectopia lentis|bleeding",
    "Drug": "ibuprofen|aspirin|warfarin|propranolol|sumatriptan|salbutamol",
    "DrugClass": "beta blockers",
    "Gene": "FBN1|TGFBR1",
    "Test": "spirometry",
    "Specialty": "pulmonology",
    "RiskFactor": "smoking/smoking cessation",
    "PatientGroup": "pregnancy",
}
EDGES = """
migraine HAS_SYMPTOM headache
migraine HAS_SYMPTOM nausea
influenza HAS_SYMPTOM headache
influenza HAS_SYMPTOM fever
asthma HAS_SYMPTOM dyspnea
Marfan_syndrome HAS_SYMPTOM ectopia_lentis
sumatriptan TREATS migraine
propranolol TREATS migraine
ibuprofen TREATS migraine
ibuprofen TREATS fever
salbutamol TREATS asthma
propranolol TREATS asthma
propranolol MEMBER_OF_CLASS beta_blockers
beta_blockers CONTRAINDICATED_IN asthma
warfarin CONTRAINDICATED_IN pregnancy
ibuprofen HAS_SIDE_EFFECT bleeding
aspirin HAS_SIDE_EFFECT bleeding
warfarin HAS_SIDE_EFFECT bleeding
sumatriptan HAS_SIDE_EFFECT nausea
salbutamol HAS_SIDE_EFFECT headache
ibuprofen INTERACTS_WITH warfarin
aspirin INTERACTS_WITH warfarin
FBN1 ASSOCIATED_WITH_DISEASE Marfan_syndrome
FBN1 ASSOCIATED_WITH_DISEASE Loeys-Dietz_syndrome
hypertension HAS_COMPLICATION stroke
smoking RISK_FACTOR_FOR hypertension
smoking RISK_FACTOR_FOR asthma
spirometry DIAGNOSES asthma
asthma MANAGED_BY pulmonology
allergic_asthma SUBCLASS_OF asthma
"""


def small_graph() -> NetworkxStore:
    """A graph in which each saved query finds something."""
    curies: dict[str, str] = {}
    built = NetworkxStore()
    for label, listed in CONCEPTS.items():
        for number, names in enumerate(listed.split("|")):
            first, *others = names.split("/")
            curies[first] = f"{label}:{number}"
            forms = (Name(first, kind="preferred"), *(Name(other) for other in others))
            built.add_concepts([Concept(curies[first], CLASS_BY_LABEL[label].curie, forms)])
    edges: list[Edge] = []
    for number, line in enumerate(EDGES.strip().splitlines()):
        subject, label, object_ = (part.replace("_", " ") for part in line.split())
        predicate = PREDICATE_BY_LABEL[line.split()[1]].curie
        triple = Triple(curies[subject], predicate, curies[object_])
        frequency = (("frequency", "HP:0040281"),) if label == "HAS SYMPTOM" else ()
        edges.append(
            Edge(triple, (Evidence(RECORDS, record=f"row {number}", qualifiers=frequency),))
        )
    sentence = "Propranolol prevents attacks of migraine."
    said = Evidence(
        ARTICLES,
        EvidenceKind.SENTENCE,
        document="example:1",
        sentence=sentence,
        start=0,
        end=len(sentence),
        confidence=0.6,
        extractor="cues",
    )
    treats = PREDICATE_BY_LABEL["TREATS"].curie
    edges.append(Edge(Triple(curies["propranolol"], treats, curies["migraine"]), (said,)))
    denied = Triple(curies["propranolol"], treats, curies["asthma"])
    edges.append(Edge(denied, (Evidence(RECORDS, record="no"),), Polarity.NEGATIVE))
    refused = built.add_edges(edges)
    assert refused.total == 0, refused
    return built


@pytest.fixture(scope="session")
def small() -> NetworkxStore:
    """The small graph, in memory."""
    return small_graph()


@pytest.fixture(scope="session")
def served(
    small: NetworkxStore, neo4j_jars: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Serving]:
    """``medkgqa neo4j`` with the small graph, on free ports and in a home of its own."""
    folder = tmp_path_factory.mktemp("served")
    graph = Path(os.environ.get("MEDKGQA_SCREENSHOT_GRAPH", folder / "graph"))
    if not graph.exists():
        save_graph(small, graph)
    settings = replace(Settings.from_environment(os.environ), neo4j_password="")
    with serve_graph(settings, graph=graph, home=folder / "home", bolt_port=0, http_port=0) as (
        serving,
        _,
    ):
        yield serving
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """A headless Chromium; skips, saying why, where there is none."""
    playwright = pytest.importorskip(
        "playwright.sync_api", reason="no playwright: pip install 'medkgqa[dev]'"
    )
    names = ("chromium", "chromium-browser", "google-chrome")
    program = next(filter(None, map(shutil.which, names)), None)
    if program is None:
        pytest.skip("no Chromium on this machine: apt-get install chromium")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield browser
        browser.close()
