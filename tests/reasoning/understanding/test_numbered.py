"""A number the graph does not know beside a name it knows."""

from __future__ import annotations

import pytest

from kg.schema import DISEASE, DRUG, PHENOTYPE
from nlp.records import Candidate, Mention
from reasoning.numbered import with_number


def mention(question: str, name: str, category: str) -> Mention:
    start = question.index(name)
    found = Candidate("DOID:1", name, category, 1.0)
    return Mention(start, start + len(name), name, category, (found,))


@pytest.mark.parametrize(
    ("question", "name", "whole"),
    [
        ("Symptoms of spastic paraplegia 15?", "spastic paraplegia", "spastic paraplegia 15"),
        ("spastic paraplegia-11", "spastic paraplegia", "spastic paraplegia-11"),
        ("what is bipolar II?", "bipolar", "bipolar II"),
        ("gout, type 2b, treatment", "gout", "gout, type 2b"),
        ("type IX gout treatment", "gout", "type IX gout"),
        ("糖原贮积病IX型有哪些症状？", "糖原贮积病", "糖原贮积病IX型"),
        ("二型痛风", "痛风", "二型痛风"),
    ],
)
def test_the_number_belongs_to_the_name(question: str, name: str, whole: str) -> None:
    span = with_number(question, mention(question, name, DISEASE))
    assert span is not None
    assert question[slice(*span)] == whole


@pytest.mark.parametrize(
    ("question", "name", "category"),
    [
        ("What treats gout?", "gout", DISEASE),
        ("gout for 2 weeks", "gout", DISEASE),
        ("hypertension 160/90?", "hypertension", DISEASE),
        ("heart failure stage 3 treatment", "heart failure", DISEASE),
        ("does asthma I had return", "asthma", DISEASE),
        ("what is the type of gout", "gout", DISEASE),
        ("fever 39?", "fever", PHENOTYPE),
        ("aspirin 100?", "aspirin", DRUG),
    ],
)
def test_other_numbers_do_not(question: str, name: str, category: str) -> None:
    assert with_number(question, mention(question, name, category)) is None
