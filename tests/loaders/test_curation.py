"""How the tables of common medicine are made: groups of patients, wordings, one order."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from curation.drafts import Drafts, read_drafts
from curation.text_support import form
from curation.wordings import says_risk
from kg.schema import CONTRAINDICATED_IN, SUBCLASS_OF
from loaders.tables import table_rows
from nlp.lexicon import Lexicon
from reasoning.sentence_frames import load_frames

ROOT = Path(__file__).parents[2]

UNSUITED = """
[[group]]
name = "children"
zh = ["儿童"]

[[group]]
name = "infants"
parents = ["children"]

[[unsuited]]
group = "children"
population = "under_2_years"
strength = "contraindicated"
drugs = ["loperamide", "class:opioids"]
documents = ["5_NIDDK_QA/0000123"]
why = "slowed breathing"
why_zh = "呼吸抑制"
"""


def drafts_of(tmp_path: Path, text: str) -> Drafts:
    (tmp_path / "groups.toml").write_text(text, "utf-8")
    return read_drafts(tmp_path)


def test_what_is_unsuited_for_a_group_carries_its_age_and_reason(tmp_path: Path) -> None:
    drafts = drafts_of(tmp_path, UNSUITED)
    assert drafts.problems == []
    kind, *unsuited = drafts.facts
    assert (kind.predicate, kind.object.name) == (SUBCLASS_OF, "children")
    assert [f.subject.role for f in unsuited] == ["drug", "class"]
    for fact in unsuited:
        assert fact.predicate == CONTRAINDICATED_IN
        assert fact.object.role == "group"
        assert fact.qualifiers["population"] == ["under_2_years"]
        assert fact.qualifiers["description"] == ["slowed breathing", "呼吸抑制"]
        assert fact.documents == ["5_NIDDK_QA/0000123"]


def test_an_unknown_strength_is_a_problem(tmp_path: Path) -> None:
    drafts = drafts_of(tmp_path, UNSUITED.replace('"contraindicated"', '"bad"'))
    assert any("strength 'bad'" in problem for problem in drafts.problems)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_age_of_the_drafts_can_be_said(language: str) -> None:
    stated = {
        value
        for fact in read_drafts(ROOT / "curation" / "groups").facts
        for value in fact.qualifiers.get("population", ())
    }
    assert {"under_2_years", "under_15_kg", "from_65_years"} <= stated
    said = {value for name, value in load_frames(language).notes if name == "population"}
    assert stated <= said


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("female sex", "Migraine is three times more common in women than in men."),
        ("female sex", "It affects women more often than men."),
        ("male sex", "Men are more likely than women to have the disease."),
        ("family history of gout", "Gout sometimes runs in families."),
        ("family history of gout", "Your risk is higher if a family member has had the disease."),
    ],
)
def test_a_sentence_words_a_risk_factor(name: str, sentence: str) -> None:
    assert says_risk(name, form(sentence))


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("male sex", "Migraine is three times more common in women than in men."),
        ("female sex", "It occurs more often in white women than in black women."),
        ("female sex", "It is not more common in women."),
        ("family history of gout", "Whether it runs in families is unclear."),
        ("family history of gout", "Whether it has a genetic cause, meaning it runs in families."),
        ("family history of gout", "A condition that runs in families may cause it."),
        ("family history of gout", "Have a family member who has had thyroid disease."),
        ("smoking", "It is more common in women than in men."),
    ],
)
def test_another_sentence_does_not(name: str, sentence: str) -> None:
    assert not says_risk(name, form(sentence))


SCRIPT = """
from collections import defaultdict
from types import SimpleNamespace
from curation.facts import Record
from curation.support import Supporters
from kg.schema import HAS_SIDE_EFFECT

names = {f"name {n}" for n in range(40)}
supporters = Supporters.__new__(Supporters)
supporters._book = SimpleNamespace(english={"HP:1": names})
supporters._with_effects = {"DRUG:1"}
supporters._pairs = defaultdict(list)
for name in sorted(names):
    supporters._pairs["DRUG:1", HAS_SIDE_EFFECT, f"name:{name}"] = [Record("sider", name)]
print([r.record for r in supporters._exact("DRUG:1", HAS_SIDE_EFFECT, "HP:1")])
"""


def test_of_equal_records_the_same_is_always_named_first() -> None:
    told = set()
    for seed in ("1", "2", "3"):
        environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)}
        run = subprocess.run(
            [sys.executable, "-c", SCRIPT],
            env=environment,
            capture_output=True,
            text=True,
            check=True,
        )
        told.add(run.stdout)
    assert len(told) == 1


def test_no_brand_name_counts_as_an_everyday_word() -> None:
    columns = ("text", "language", "kind")
    brands = {
        text.lower()
        for _, (text, language, kind) in table_rows("names.tsv", columns)
        if (language, kind) == ("en", "brand")
    }
    assert {"tylenol", "lasix", "zocor"} <= brands
    assert not brands & Lexicon.load().common


def test_words_for_people_name_groups_and_are_no_unknown_names() -> None:
    lexicon = Lexicon.load()
    assert {"child", "toddler", "baby"} <= lexicon.people
    assert not lexicon.people & lexicon.generic
