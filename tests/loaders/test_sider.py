"""SIDER: preferred terms, frequencies gathered, placebo left out."""

from __future__ import annotations

from pathlib import Path

import pytest

from kg.errors import SourceFormatError
from kg.networkx_store import NetworkxStore
from kg.schema import HAS_SIDE_EFFECT, TREATS
from loaders.sider import SiderLoader

PAIR = "CID100000085\tCID000010917\tC0000737\t"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "meddra_all_se.tsv").write_text(
        "CID100000085\tCID000010917\tC0000729\tLLT\tC0000729\tAbdominal cramps\n"
        "CID100000085\tCID000010917\tC0000729\tPT\tC0000737\tAbdominal pain\n"
        "CID100000085\tCID000010917\tC0000737\tPT\tC0000737\tAbdominal pain\n"
        "CID100000137\tCID000000137\tC0851353\t\t\tBlood disorders\n",
        "utf-8",
    )
    (tmp_path / "meddra_freq.tsv").write_text(
        f"{PAIR}\t21%\t0.21\t0.21\tPT\tC0000737\tAbdominal pain\n"
        f"{PAIR}\t5%\t0.05\t0.05\tPT\tC0000737\tAbdominal pain\n"
        f"{PAIR}\tcommon\t0.01\t0.1\tPT\tC0000737\tAbdominal pain\n"
        f"{PAIR}placebo\t50%\t0.5\t0.5\tPT\tC0000737\tAbdominal pain\n",
        "utf-8",
    )
    (tmp_path / "meddra_all_indications.tsv").write_text(
        "CID100000085\tC0020615\tNLP_indication\tHypoglycemia\tPT\tC0020615\tHypoglycaemia\n"
        "CID100000085\tC0015544\ttext_mention\tFailure to Thrive\tPT\tC0015544\tFailure\n",
        "utf-8",
    )
    (tmp_path / "drug_names.tsv").write_text("CID100000085\tcarnitine\n", "utf-8")
    return tmp_path


def test_one_edge_a_pair_with_what_the_labels_say(folder: Path) -> None:
    loader = SiderLoader(folder)
    store = NetworkxStore(loader.concepts())
    assert store.add_edges(loader.edges()).total == 0
    effect, treats = sorted(store.edges(), key=lambda e: e.predicate)
    assert (effect.predicate, effect.subject) == (HAS_SIDE_EFFECT, "PUBCHEM.COMPOUND:85")
    assert effect.object == "UMLS:C0000737"
    assert effect.qualifiers == (("frequency", "5-21%"), ("frequency", "common"))
    assert effect.evidence[0].provenance.licence == "CC-BY-NC-SA-4.0"
    assert (treats.predicate, treats.object) == (TREATS, "UMLS:C0020615")
    assert store.concept("PUBCHEM.COMPOUND:85").name() == "carnitine"
    assert store.concept("UMLS:C0000737").name() == "Abdominal pain"


def test_what_is_left_out_is_counted_once(folder: Path) -> None:
    loader = SiderLoader(folder)
    list(loader.concepts())
    list(loader.edges())
    assert dict(loader.report.refused.counts) == {
        "a term without MedDRA type": 1,
        "indication: text_mention": 1,
        "frequency under placebo": 1,
    }


def test_only_the_side_effects_must_be_there(folder: Path) -> None:
    for name in ("meddra_freq.tsv", "meddra_all_indications.tsv", "drug_names.tsv"):
        (folder / name).unlink()
    loader = SiderLoader(folder)
    (drug, effect) = list(loader.concepts())
    assert (drug.name(), effect.name()) == ("PUBCHEM.COMPOUND:85", "Abdominal pain")
    (edge,) = loader.edges()
    assert edge.qualifiers == ()
    (folder / "meddra_all_se.tsv").unlink()
    with pytest.raises(SourceFormatError, match="holds no meddra_all_se"):
        list(loader.edges())
