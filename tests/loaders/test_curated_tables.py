"""The shipped tables: whole, consistent, and honest about how each row is known."""

from __future__ import annotations

import csv
import re
import tomllib
from collections import Counter
from pathlib import Path

import pytest

from kg.errors import SourceFormatError
from kg.records import EvidenceKind, Polarity, check_curie
from kg.schema import CLASSES, PREDICATES, refusal
from loaders.curated import CARRIED, CITED, CuratedLoader
from loaders.disease_ontology import DiseaseOntologyLoader
from loaders.starter import identity_keys, rekeyed_edges, starter_fingerprint
from loaders.tables import own_id, table_rows, tables_folder

DRAFTS = Path(__file__).parents[2] / "curation"


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream, delimiter="\t", quoting=csv.QUOTE_NONE))


@pytest.fixture(scope="module")
def facts() -> list[tuple[str, dict[str, str]]]:
    return [
        (f"{path.name}:{number}", row)
        for path in sorted(tables_folder().glob("facts_*.tsv"))
        for number, row in enumerate(rows(path), start=2)
    ]


def test_every_row_says_how_it_is_known(facts: list[tuple[str, dict[str, str]]]) -> None:
    for place, row in facts:
        cited = [row[name] for name in ("source", "record", "url")]
        if row["known"] == "curator":
            assert not any(cited), place
        else:
            assert row["known"] == "record", place
            assert len({len(cell.split(" ; ")) for cell in cited}) == 1, place
            assert all(source in CITED for source in cited[0].split(" ; ")), place


def test_no_identifier_stands_in_a_note_or_a_draft(facts: list[tuple[str, dict[str, str]]]) -> None:
    identifier = re.compile(r"https?://|\bPMID\b|\b10\.\d{4,}/", re.IGNORECASE)
    for place, row in facts:
        assert not identifier.search(row["note"] + row["qualifiers"]), place
    for path in DRAFTS.rglob("*.toml"):
        assert not identifier.search(path.read_text("utf-8")), path.name


def test_every_end_is_a_concept_and_the_schema_allows_every_row(
    facts: list[tuple[str, dict[str, str]]],
) -> None:
    categories = {c: k for _, (c, k) in table_rows("concepts.tsv", ("curie", "category"))}
    assert set(categories.values()) <= set(CLASSES)
    for place, row in facts:
        start, end = categories[row["subject"]], categories[row["object"]]
        assert refusal(start, row["predicate"], end) is None, place
        assert row["subject"] != row["object"], place


def test_one_fact_a_row(facts: list[tuple[str, dict[str, str]]]) -> None:
    seen = Counter(
        (row["subject"], row["predicate"], row["object"], row["polarity"])
        for place, row in facts
        if not place.startswith(CARRIED)
    )
    assert [key for key, count in seen.items() if count > 1] == []


def test_all_of_pharmacotherapydb_is_there_with_its_denials() -> None:
    table = rows(tables_folder() / "facts_pharmacotherapydb.tsv")
    assert len(table) == 1_388
    assert Counter(row["polarity"] for row in table) == {"positive": 1_145, "negative": 243}


def test_a_supported_row_is_evidence_of_the_record_and_of_the_curator() -> None:
    loader = CuratedLoader()
    kinds: Counter[tuple[EvidenceKind, ...]] = Counter()
    for edge in loader.edges():
        kinds[tuple(sorted({e.kind for e in edge.evidence}))] += 1
        for evidence in edge.evidence:
            if evidence.kind is EvidenceKind.CURATOR:
                assert re.fullmatch(r"facts_\w+\.tsv:\d+", evidence.record)
            elif not evidence.qualifiers:
                continue
            else:
                assert evidence.provenance.source in {"pharmacotherapydb", "doid-symptoms"}
    assert kinds[(EvidenceKind.CURATOR, EvidenceKind.RECORD)] > 5_000
    assert kinds[(EvidenceKind.CURATOR,)] > 1_000


def test_concepts_have_english_and_mostly_chinese_names() -> None:
    concepts = list(CuratedLoader().concepts())
    assert len(concepts) > 4_000
    assert all(c.has_name_in("en") for c in concepts)
    drafted = {row["subject"] for row in rows(tables_folder() / "facts_symptoms.tsv")}
    chinese = [c for c in concepts if c.curie in drafted and c.has_name_in("zh")]
    assert len(chinese) >= 0.95 * len(drafted)


def test_a_broken_table_is_named_with_its_line(tmp_path: Path) -> None:
    header = "subject\tpredicate\tobject\tpolarity\tqualifiers\tknown\tsource\trecord\turl\n"
    row = "DRUGBANK:DB1\tbiolink:treats\tDOID:1\tpositive\t{}\trecord\t{}\t{}\t-\n"
    path = tmp_path / "facts_x.tsv"
    for cells, problem in (
        (("line", "medquad", "1"), "qualifier 'line'"),
        (("", "nobody", "1"), "unknown source 'nobody'"),
        (("", "medquad ; hpo", "1"), "do not pair"),
    ):
        path.write_text(header + row.format(*cells), "utf-8")
        with pytest.raises(SourceFormatError, match=rf"facts_x\.tsv:2: .*{problem}"):
            list(CuratedLoader(tmp_path).edges())


def test_identity_leads_from_every_vocabulary_to_one_key() -> None:
    keys = identity_keys()
    assert keys["OMIM:154700"] == keys["ORPHA:558"] == keys["MESH:D008382"] == "DOID:14323"
    assert not set(keys) & set(keys.values())
    for curie in list(keys)[:200]:
        check_curie(curie)
    by_key: Counter[tuple[str, str]] = Counter()
    for curie, key in keys.items():
        by_key[key, curie.partition(":")[0]] += not curie.startswith("SYMP:")  # has duplicates
    joined = {
        key
        for _, (key, basis) in table_rows("identity.tsv", ("key", "basis"))
        if basis.startswith("read by hand")
    }
    twice = {key for (key, _), count in by_key.items() if count > 1}
    joined |= {
        "DOID:1875",
        "DOID:1116",
        "DOID:12134",
    }  # by hand too, each id with a basis of its own
    assert twice <= joined, "two ids of one vocabulary on one concept"


def test_an_edge_whose_ends_become_one_is_left_out() -> None:
    edge = next(DiseaseOntologyLoader().edges())
    assert list(rekeyed_edges([edge], {edge.subject: edge.object})) == []
    (moved,) = rekeyed_edges([edge], {edge.subject: "X:1"})
    assert (moved.subject, moved.polarity) == ("X:1", Polarity.POSITIVE)


def test_predicates_and_drafts_are_whole() -> None:
    for path in sorted(DRAFTS.rglob("*.toml")):
        tomllib.loads(path.read_text("utf-8"))
        assert len(path.read_text("utf-8").splitlines()) <= 600, path.name
    used = {row["predicate"] for path in tables_folder().glob("facts_*.tsv") for row in rows(path)}
    assert used <= set(PREDICATES)


def test_own_ids_are_stable_and_never_empty() -> None:
    assert own_id("GLP-1 receptor agonists") == "MEDKGQA:glp-1-receptor-agonists"
    assert own_id("高血压").startswith("MEDKGQA:u")


def test_the_fingerprint_is_of_the_tables() -> None:
    assert starter_fingerprint() == starter_fingerprint()
    assert len(starter_fingerprint()) == 32
