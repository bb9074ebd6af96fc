"""The bench that shows the promise kept counts what is wrong, and goes on where it was ended."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.faithfulness import Examined, Journal, constrained, examine
from bench.fake_models import RandomModel
from bench.kgx_checker import Export, faults
from kg.networkx_store import NetworkxStore
from reasoning.engine import Engine

COUNT = 120


@pytest.fixture(scope="module")
def examined(small_graph: NetworkxStore) -> Examined:
    return Examined("small", small_graph, COUNT)


@pytest.mark.parametrize("decoder", ["random", "early", "never", "frames"])
def test_no_decoder_says_what_the_graph_does_not_hold(
    decoder: str, examined: Examined, tmp_path: Path
) -> None:
    journal = Journal(tmp_path / "journal.jsonl")
    examine(examined, decoder, COUNT, RandomModel(2), journal)
    (total,) = journal.sums()
    assert (total["questions"], total["faults"]) == (COUNT, {})
    assert total["claims"] > COUNT / 2
    assert 0 < total["chinese"] < COUNT


def test_a_claim_that_is_no_edge_is_found(
    examined: Examined, monkeypatch: pytest.MonkeyPatch
) -> None:
    export = examined.export
    engine = Engine(examined.store, linker=examined.linker)
    asked = ["Which drugs treat migraine?"]
    assert constrained("frames", engine, asked, export)["faults"] == {}
    monkeypatch.setattr(export, "edges", set())
    assert constrained("frames", engine, asked, export)["faults"]["second checker"] >= 3


def test_a_sentence_about_a_name_is_no_other_concept_but_another_name_is() -> None:
    owners = {("complications", "of", "gout"): {"X:2"}, ("gout",): {"X:1"}, ("tophus",): {"X:3"}}
    export = Export(names={"X:1": {("gout",)}}, owners=owners)
    gout = {"curie": "X:1", "text": "gout", "alternatives": []}
    record = {"claims": [], "concepts": [gout], "outcome": "answered"}
    told = "Recorded complications of gout: none."
    assert list(faults({**record, "answer": told}, export)) == []
    (fault,) = faults({**record, "answer": "Recorded complications of gout: tophus."}, export)
    assert "tophus" in fault
    (fault,) = faults({**record, "answer": told, "concepts": []}, export)
    assert "complications of gout" in fault


def test_a_long_name_is_taken_whole() -> None:
    long, part = tuple("去甲肾上腺素和多巴胺再摄取抑制剂类药物"), tuple("再摄取抑制剂")
    export = Export(names={"X:1": {long}}, owners={long: {"X:1"}, part: {"X:2"}})
    concept = {"curie": "X:1", "text": "某药", "alternatives": []}
    record = {"claims": [], "concepts": [concept], "outcome": "answered"}
    assert list(faults({**record, "answer": "".join(long)}, export)) == []
    (fault,) = faults({**record, "answer": "".join(part)}, export)
    assert "X:2" in fault


def test_a_killed_run_goes_on_behind_what_it_wrote(examined: Examined, tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    examine(examined, "frames", 100, RandomModel(2), Journal(path))
    path.write_text(path.read_text("utf-8") + '{"graph": "sm', "utf-8")
    again = Journal(path)
    assert again.has("small", "frames", 0, 100)
    examine(examined, "frames", COUNT, RandomModel(2), again)
    (total,) = again.sums()
    assert total["questions"] == COUNT
