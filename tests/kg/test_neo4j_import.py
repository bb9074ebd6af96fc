"""CSV files for ``neo4j-admin database import``, imported by the real tool into a fresh home."""

from __future__ import annotations

from pathlib import Path

import pytest

from kg.errors import GraphError
from kg.neo4j_import import SEPARATORS, write_import
from kg.neo4j_server import Neo4jServer
from kg.neo4j_store import Neo4jStore
from kg.networkx_store import NetworkxStore
from kg.records import Concept, Definition, Edge, Evidence, Name, Provenance, Triple

HOSTILE = [
    "'}) DETACH DELETE n //",
    '"quoted", and "" twice',
    "line\nbreak\r\ntab\tcarriage\rreturn",
    "a\x00b\x1fc",
    "back\\slash\\",
    "semi;colon|pipe,comma",
    "naïve – 偏头痛 𠮷 😀",
    "偏" * 30_000,
]


def add_hostile(built: NetworkxStore) -> None:
    source = Provenance(HOSTILE[1], HOSTILE[2], "", url=HOSTILE[4])
    built.add_concepts(
        Concept(
            f"X:{n}';,𠮷",
            "biolink:Drug",
            (Name(text.strip()), Name(f"x{text}", "zh")),
            (f"Y:{n};,",),
            (Definition(text, source, record=text), Definition("", source)),
        )
        for n, text in enumerate(HOSTILE)
    )
    built.add_edges(
        Edge(
            Triple(f"X:{n}';,𠮷", "biolink:treats", "DOID:2841"),
            (
                Evidence(source, document=text, sentence=text, start=0, end=3, extractor=text),
                Evidence(source, record=text, confidence=0.1, references=("", text)),
                Evidence(
                    Provenance("other"), record=text, qualifiers=(("severity", text), ("sex", ""))
                ),
            ),
        )
        for n, text in enumerate(HOSTILE)
    )


@pytest.mark.neo4j
@pytest.mark.slow
def test_what_is_imported_is_what_is_written(
    neo4j_jars: Path,
    tmp_path: Path,
    clinic: NetworkxStore,
    tangle: NetworkxStore,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clinic.add_concepts(tangle.concepts())
    clinic.add_edges(tangle.edges())
    add_hostile(clinic)
    server = Neo4jServer(neo4j_jars, tmp_path / "home", heap=256)
    write_import(clinic, tmp_path / "csv")
    monkeypatch.chdir(tmp_path / "csv")
    server.admin("@arguments")
    with server, Neo4jStore(server.address.url) as store:
        assert list(store.concepts()) == list(clinic.concepts())
        assert list(store.edges()) == list(clinic.edges())
        assert store.statistics() == clinic.statistics()
        for name in ("migraine", "偏頭痛", HOSTILE[1], HOSTILE[-1]):
            assert store.find(name) == clinic.find(name) != []
        before = store.fingerprint
        assert store.add_edges(clinic.edges()).total == 0
        assert list(store.edges()) == list(clinic.edges()), "the same keys as the store writes"
        assert store.fingerprint != before != "neo4j-empty"


def test_the_arguments_stand_beside_the_files(tmp_path: Path, clinic: NetworkxStore) -> None:
    arguments = write_import(clinic, tmp_path / "csv")
    beside = (tmp_path / "csv" / "arguments").read_text().splitlines()
    assert beside[:4] == arguments[:4] == ["database", "import", "full", "neo4j"]
    assert "--nodes=concepts.csv" in beside
    assert f"--relationships={tmp_path / 'csv' / 'edges.csv'}" in arguments
    assert "--array-delimiter=U+001F" in arguments


def test_the_separator_is_in_no_text(tmp_path: Path) -> None:
    def arguments(text: str) -> list[str]:
        return write_import(
            NetworkxStore([Concept("X:1", "biolink:Drug", (Name(f"a{text}b"),))]), tmp_path
        )

    assert "--array-delimiter=U+001D" in arguments(SEPARATORS[:2])
    with pytest.raises(GraphError, match="every character"):
        arguments(SEPARATORS)
