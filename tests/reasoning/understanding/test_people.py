"""Whom a question speaks of: ages, times and relatives, and the groups they stand for."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from reasoning.people import Age, asked_age, load_people, people

CURATION = Path(__file__).parents[3] / "curation" / "groups" / "groups.toml"
_DAYS = {"days": 1, "year": 365, "years": 365}


@pytest.mark.parametrize(
    ("question", "name", "text"),
    [
        ("can my 5 year old take ibuprofen", "children", "5 year old"),
        ("is it safe for a 3-month-old baby?", "infants", "3-month-old baby"),
        ("my two week old has a rash", "newborns", "two week old"),
        ("can my 80 year old mother take it", "older people", "80 year old mother"),
        ("kids under 6", "children", "kids under 6"),
        ("babies under 6 months", "infants", "babies under 6 months"),
        ("a 7 y/o boy", "children", "7 y/o boy"),
        ("people over 65", "older people", "people over 65"),
        ("我两岁的孩子能吃吗", "children", "两岁的孩子"),
        ("6个月大的宝宝", "infants", "6个月大的宝宝"),
        ("8岁以下儿童", "children", "8岁以下儿童"),
        ("一岁以下的宝宝能吃吗", "infants", "一岁以下的宝宝"),
        ("我妈七十五岁", "older people", "七十五岁"),
        ("in the third trimester", "pregnancy", "third trimester"),
        ("孕晚期能吃吗", "pregnancy", "孕晚期"),
        ("while nursing", "breastfeeding", "nursing"),
        ("can diabetics eat it", "diabetes mellitus", "diabetics"),
    ],
)
def test_people_are_found(question: str, name: str, text: str) -> None:
    found = [(p.name, question[p.start : p.end]) for p in people(question)]
    assert (name, text) in found


@pytest.mark.parametrize(
    "question",
    [
        "I have had a cough for 3 weeks",
        "take it for 2 months",
        "a 30 year old man",
        "nursing home",
        "发烧3天了",
        "吃了3个月的药",
        "5 mg of it",
        "",
    ],
)
def test_what_is_no_age_of_a_group_is_none(question: str) -> None:
    assert list(people(question)) == []


def test_a_word_of_a_group_may_say_an_age() -> None:
    toddler, teenager = asked_age("for my toddler"), asked_age("can teenagers take it")
    assert toddler is not None
    assert toddler.age == Age(365, 1460)
    assert teenager is not None
    assert teenager.age == Age(13 * 365, 18 * 365)
    assert asked_age("for children") is None


def test_the_limits_are_those_of_the_tables() -> None:
    drafted = tomllib.loads(CURATION.read_text("utf-8"))["group"]
    limits = {g["name"]: g["ages"] for g in drafted if "ages" in g}
    for name, age in load_people().groups:
        least, most = limits.pop(name)
        assert _days(least) == age.least
        assert not most or _days(most) == age.most
    assert not limits


def _days(text: str) -> int:
    match = re.fullmatch(r"(\d+) (\w+)", text)
    assert match is not None, text
    return int(match[1]) * _DAYS[match[2]]
