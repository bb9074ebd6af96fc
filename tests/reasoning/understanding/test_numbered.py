"""A number the graph does not know beside a name it knows."""

from __future__ import annotations

import pytest

from kg.networkx_store import NetworkxStore
from kg.records import Concept, Name
from kg.schema import DISEASE, DRUG, PHENOTYPE
from nlp.linker import StoreLinker
from nlp.records import Candidate, Mention
from reasoning.numbered import with_number
from reasoning.understanding import Understander


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


def test_a_numbered_kind_is_found_as_the_graph_writes_it() -> None:
    store = NetworkxStore()
    names = {"T:g": "gout", "T:2": "autosomal recessive gout type 2A", "T:15": "hereditary gout 15"}
    store.add_concepts(Concept(curie, DISEASE, (Name(name),)) for curie, name in names.items())
    understand = Understander(StoreLinker(store))
    for question, meant in (
        ("What are the symptoms of gout type 2A?", "T:2"),
        ("What are the symptoms of gout type 15?", "T:15"),
    ):
        assert [c.curie for c in understand(question).concepts] == [meant]
    unknown = understand("What are the symptoms of gout type 7?")
    assert [u.text for u in unknown.unknown] == ["gout type 7"]
