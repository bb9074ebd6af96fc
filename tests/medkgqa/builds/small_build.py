"""A small graph of names, documents about them, and a reader that is the same everywhere."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from kg.networkx_store import NetworkxStore
from kg.records import Concept, Name
from kg.saved import open_graph
from kg.schema import DISEASE, DRUG, PHENOTYPE
from kg.store import GraphStore
from loaders.kgx import write_kgx
from medkgqa.build_reading import SavedGraphReader
from nlp.reader import Reader

DRUGS = ("propranolol", "metformin", "aspirin", "ibuprofen", "warfarin", "lithium")
DISEASES = ("migraine", "asthma", "hypertension", "stroke", "gout")
SIGNS = ("headache", "fever", "cough", "nausea", "rash", "tremor")


def _named(prefix: str, category: str, names: Iterable[str]) -> Iterator[Concept]:
    for name in names:
        yield Concept(f"{prefix}:{name}", category, (Name(name, "en", "preferred"),))


def small_store() -> NetworkxStore:
    return NetworkxStore(
        [
            *_named("D", DRUG, DRUGS),
            *_named("C", DISEASE, DISEASES),
            *_named("P", PHENOTYPE, SIGNS),
        ]
    )


def text_of(number: int) -> str:
    drug, other = DRUGS[number % 6], DRUGS[(number * 5 + 1) % 6]
    disease, sign = DISEASES[number % 5], SIGNS[(number // 2) % 6]
    return (
        f"{disease.title()} is treated with {drug}. {other.title()} may cause {sign}. "
        f"{drug.title()} does not cause {sign}. Symptoms of {disease} include {sign}."
    )


def write_documents(path: Path, count: int, *, first: int = 0, source: str = "mine") -> Path:
    lines = (
        json.dumps({"id": f"d{n}", "text": text_of(n), "source": source})
        for n in range(first, first + count)
    )
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return path


def exported(graph: Path, folder: Path) -> dict[str, bytes]:
    write_kgx(open_graph(graph), folder)
    return {name: (folder / name).read_bytes() for name in ("nodes.tsv", "edges.tsv")}


def sentences(graph: Path) -> dict[str, set[str]]:
    """Document → extractors of its evidence."""
    found: dict[str, set[str]] = {}
    for edge in open_graph(graph).edges():
        for evidence in edge.evidence:
            if evidence.document:
                found.setdefault(evidence.document, set()).add(evidence.extractor)
    return found


@dataclass(frozen=True)
class PhraseReader(SavedGraphReader):
    """The reader of names and phrases, whatever other models are installed."""

    @property
    def version(self) -> str:
        return "phrases"

    def reader(self, names: GraphStore) -> Reader:
        return Reader.of_store(names)
