from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import cast

import pytest

from kg.networkx_store import NetworkxStore
from kg.records import Polarity, Provenance
from kg.schema import CAUSES
from nlp.bulk_linker import BulkLinker
from nlp.edges import edges_from
from nlp.reader import DictionaryRecogniser, Reader
from nlp.records import Document, Reading
from nlp.relation_model import FoundPair, LabelSettings, RelationModel
from nlp.relation_pairs import DISEASE, PairDocument, candidate_pairs
from nlp.relations import PhraseRelations
from nlp.trained_relations import TrainedRelations, relation_extractors

DENIED = [
    "There is no evidence of headache with metformin.",
    "Metformin does not cause headache.",
    "There is no evidence that aspirin causes asthma.",
    "We studied whether aspirin causes asthma.",
    "It is unclear whether aspirin causes headache.",
    "Patients on ibuprofen had no rash.",
    "Metformin was given without headache.",
    "Her mother's migraine was treated with propranolol.",
    "If migraine is treated with propranolol, call us.",
    "Ibuprofen: is it safe?\nIbuprofen did not cause rash in these patients.",
    "二甲双胍不会引起头痛。",
    "没有证据表明阿司匹林会导致哮喘。",
    "服用布洛芬后无皮疹。",
]


class SaysAll:
    """A model that gives ``causes`` to every pair of a chemical and a disease."""

    version = "says-all-1"

    def key(self, names: Sequence[str], concept: str) -> str:
        return concept

    def find(self, document: PairDocument) -> list[FoundPair]:
        likely: Mapping[str, float] = {"causes": 0.7}
        return [
            FoundPair(pair, likely, frozenset(likely))
            for pair in candidate_pairs(document)
            if document.entities[pair[1]].kind == DISEASE
        ]


@pytest.fixture(scope="module")
def trained_reader(bulk_linker: BulkLinker) -> Reader:
    model = cast("RelationModel", SaysAll())
    return Reader(
        DictionaryRecogniser(bulk_linker),
        relations={
            "en": TrainedRelations(model, phrases=PhraseRelations("en")),
            "zh": PhraseRelations("zh"),
        },
    )


def _read(reader: Reader, text: str) -> Reading:
    title_end = max(0, text.find("\n"))
    return reader.read(Document("test:1", text, Provenance("test"), title_end=title_end))


@pytest.mark.parametrize("text", DENIED)
def test_what_is_denied_or_doubted_makes_no_positive_edge(
    trained_reader: Reader, named_store: NetworkxStore, text: str
) -> None:
    edges = list(edges_from(_read(trained_reader, text), named_store))
    assert [e for e in edges if e.polarity is Polarity.POSITIVE] == []


def test_evidence_names_the_model_and_the_sentence(
    trained_reader: Reader, named_store: NetworkxStore
) -> None:
    text = "A trial of ibuprofen\nNobody slept. After two doses of ibuprofen a rash was seen."
    (edge,) = edges_from(_read(trained_reader, text), named_store)
    (evidence,) = edge.evidence
    assert (edge.subject, edge.predicate, edge.object) == ("EX:ibuprofen", CAUSES, "EX:rash")
    assert evidence.extractor == "says-all-1"
    assert evidence.sentence == "After two doses of ibuprofen a rash was seen."


def test_one_asserted_mention_is_enough(trained_reader: Reader, named_store: NetworkxStore) -> None:
    text = "Before ibuprofen there was no rash. On day two of ibuprofen a rash appeared."
    (edge,) = edges_from(_read(trained_reader, text), named_store)
    assert edge.evidence[0].sentence == "On day two of ibuprofen a rash appeared."


def test_sentences_side_by_side_are_quoted_together(
    trained_reader: Reader, named_store: NetworkxStore
) -> None:
    text = "She took ibuprofen. A rash was seen the next day."
    (edge,) = edges_from(_read(trained_reader, text), named_store)
    assert edge.evidence[0].sentence == text


def test_phrases_win_over_the_model(trained_reader: Reader, named_store: NetworkxStore) -> None:
    (edge,) = edges_from(_read(trained_reader, "Ibuprofen causes rash."), named_store)
    assert edge.evidence[0].extractor.startswith("medkgqa-rules")


def test_phrases_can_be_asked_for_alone() -> None:
    extractors = relation_extractors("phrases")
    assert {name: e.version for name, e in extractors.items()} == {
        "en": "phrases-1",
        "zh": "phrases-1",
    }


def test_probability_grows_with_the_logit() -> None:
    settings = LabelSettings(threshold=0.4, slope=1.2, shift=-0.3)
    likely = [settings.probability(x) for x in (-900.0, -1.0, 0.0, 1.0, 900.0)]
    assert likely == sorted(likely)
    assert 0 < likely[0] < likely[-1] <= 1
