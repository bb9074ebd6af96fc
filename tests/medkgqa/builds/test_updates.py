"""What a newer model, a revision and a deletion replace."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from kg.networkx_store import NetworkxStore
from kg.records import Edge, Evidence, EvidenceKind, Polarity, Provenance, Triple
from kg.saved import open_graph, save_graph
from kg.schema import TREATS
from kg.store import GraphStore
from medkgqa.build_merging import model_of
from medkgqa.build_reading import SavedGraphReader
from medkgqa.building import DEFAULT_PLAN, build_graph
from medkgqa.settings import Settings
from nlp.reader import VERSION, Reader
from nlp.records import Document, Reading
from tests.medkgqa.builds.small_build import (
    PhraseReader,
    exported,
    sentences,
    write_documents,
)

#: A later version of the reader of names and phrases.
NEWER = f"{model_of(VERSION)}-99"


class _Renamed(Reader):
    """A reader that reads as another version: nothing that is denied."""

    def read(self, document: Document) -> Reading:
        reading = super().read(document)
        stated = tuple(r for r in reading.relations if r.polarity is Polarity.POSITIVE)
        return replace(reading, relations=stated, extractor=NEWER)


@dataclass(frozen=True)
class NewerReader(SavedGraphReader):
    @property
    def version(self) -> str:
        return "newer"

    def reader(self, names: GraphStore) -> Reader:
        return _Renamed.of_store(names)


def test_a_newer_model_replaces_what_the_older_one_read(
    names: Path, settings: Settings, tmp_path: Path
) -> None:
    again = write_documents(tmp_path / "a.jsonl", 10)
    once = write_documents(tmp_path / "b.jsonl", 5, first=10)
    target = tmp_path / "g"
    source = PhraseReader(names)
    build_graph([again, once], target, graph=names, settings=settings, source=source)
    store = NetworkxStore.from_store(open_graph(target))
    triple = Triple("D:aspirin", TREATS, "C:gout")
    record = Evidence(Provenance("data-set"), record="row 1")
    other = Evidence(
        Provenance("mine"),
        EvidenceKind.SENTENCE,
        document="d1",
        sentence="x",
        start=0,
        end=1,
        extractor="encoder-1",
    )
    store.add_edges([Edge(triple, (record, other))])
    save_graph(store, target)
    plan = replace(DEFAULT_PLAN, update=True)
    arguments = {"graph": names, "settings": settings, "plan": plan}
    build_graph([again], target, source=NewerReader(names), **arguments)  # type: ignore[arg-type]
    found = sentences(target)
    assert found["d1"] == {NEWER, "encoder-1"}
    assert all(found[f"d{n}"] == {NEWER} for n in (0, *range(2, 10)))
    assert all(found[f"d{n}"] == {VERSION} for n in range(10, 15))
    kept = open_graph(target).edge(triple)
    assert kept is not None
    assert {record, other} <= set(kept.evidence)
    denied = {
        e.document
        for edge in open_graph(target).edges()
        if edge.polarity is Polarity.NEGATIVE
        for e in edge.evidence
    }
    assert denied == {f"d{n}" for n in range(10, 15)}
    first = exported(target, tmp_path / "1")
    build_graph([again], target, source=NewerReader(names), **arguments)  # type: ignore[arg-type]
    assert exported(target, tmp_path / "2") == first


def _pubmed(path: Path, *articles: tuple[int, str], deleted: str = "") -> Path:
    body = "".join(
        f"<PubmedArticle><MedlineCitation><PMID>{pmid}</PMID><Article><ArticleTitle>Of drugs."
        f"</ArticleTitle><Abstract><AbstractText>{text}</AbstractText></Abstract></Article>"
        "</MedlineCitation></PubmedArticle>"
        for pmid, text in articles
    )
    gone = f"<DeleteCitation><PMID>{deleted}</PMID></DeleteCitation>" if deleted else ""
    path.write_text(f"<PubmedArticleSet>{body}{gone}</PubmedArticleSet>", encoding="utf-8")
    return path


def test_deleted_and_revised_citations(names: Path, settings: Settings, tmp_path: Path) -> None:
    first = _pubmed(
        tmp_path / "pubmed1.xml",
        (11, "Migraine is treated with aspirin."),
        (12, "Gout is treated with ibuprofen."),
        (13, "Asthma is treated with lithium."),
    )
    update = _pubmed(
        tmp_path / "pubmed2.xml", (12, "Stroke is treated with warfarin."), deleted="13"
    )
    for target, inputs, plan in (
        (tmp_path / "together", [[first, update]], DEFAULT_PLAN),
        (tmp_path / "later", [[first], [update]], replace(DEFAULT_PLAN, update=True)),
    ):
        for given in inputs:
            report = build_graph(
                given, target, graph=names, settings=settings, source=PhraseReader(names), plan=plan
            )
        found = {(e.subject, e.object) for e in open_graph(target).edges()}
        assert found == {("D:aspirin", "C:migraine"), ("D:warfarin", "C:stroke")}
        assert report.deleted == 1
    edges = [
        exported(tmp_path / n, tmp_path / f"{n}-kgx")["edges.tsv"] for n in ("together", "later")
    ]
    assert edges[0] == edges[1]
