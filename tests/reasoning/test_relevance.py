"""A model may order facts of equal evidence, and can neither add nor drop any."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from bench.fake_models import ToyTokenizer
from kg.networkx_store import NetworkxStore
from kg.records import Concept, Edge, Evidence, Name, Provenance, Triple
from kg.schema import DISEASE, HAS_PHENOTYPE, PHENOTYPE
from nlp.linker import StoreLinker
from reasoning.answer import Answer
from reasoning.engine import Engine, EngineSettings
from reasoning.language_model import LanguageModel

NAMES = ("cough", "fever", "itching", "nausea", "vertigo")
SURE = "headache"


class Preferring(ToyTokenizer):
    """Finds one name likelier after a question than after a name; wording is none of its work."""

    name = "preferring"

    def __init__(self, liked: str) -> None:
        super().__init__(())
        self.liked = liked
        self.asked = 0

    def encode(self, text: str) -> list[int]:
        return self.encode_many([text])[0]

    def chat_prompt(self, system: str, user: str) -> list[int]:
        return self.encode_many([user])[0]

    def start(self, prompt_tokens: Sequence[int]) -> PreferringSession:
        self.asked += 1
        return PreferringSession(self, "symptoms" in self.decode(prompt_tokens))


class PreferringSession:
    """Scores whole candidates only."""

    def __init__(self, model: Preferring, after_question: bool) -> None:
        self.model, self.after_question = model, after_question
        self.tokens: tuple[int, ...] = ()
        self.logits = np.zeros(model.vocabulary_size, dtype=np.float32)
        self.length = 1

    def advance(self, tokens: Sequence[int]) -> None:
        raise AssertionError("nothing is decoded here")

    def fork(self) -> PreferringSession:
        return self

    def score(self, continuations: Sequence[Sequence[int]]) -> list[float]:
        liked = [self.model.decode(c).strip() == self.model.liked for c in continuations]
        return [-1.0 if one and self.after_question else -10.0 for one in liked]

    def close(self) -> None:
        pass


@pytest.fixture(scope="module")
def store() -> NetworkxStore:
    names = [SURE, *NAMES]
    built = NetworkxStore(
        [
            Concept("X:0", DISEASE, (Name("zorbitis"),)),
            *(Concept(f"X:{n}", PHENOTYPE, (Name(name),)) for n, name in enumerate(names, 1)),
        ]
    )
    source = Provenance("example")
    edges = [
        Edge(
            Triple("X:0", HAS_PHENOTYPE, f"X:{n}"),
            (Evidence(source, record="r", confidence=0.9 if name == SURE else 0.5),),
        )
        for n, name in enumerate(names, 1)
    ]
    assert built.add_edges(edges).total == 0
    return built


def ask(store: NetworkxStore, question: str, liked: str, *, ranks: bool = True) -> Answer:
    model = Preferring(liked)
    assert isinstance(model, LanguageModel)
    settings = EngineSettings(mode="template", model_ranks=ranks)
    engine = Engine(store, linker=StoreLinker(store), language_model=model, settings=settings)
    answer = engine.ask(question)
    assert bool(model.asked) is (ranks and "balloon" in question)
    return answer


@pytest.mark.parametrize("liked", NAMES)
def test_the_liked_fact_comes_first_of_its_rank(liked: str, store: NetworkxStore) -> None:
    question = "What are the symptoms of zorbitis in a balloon?"
    told = [c.object_name for c in ask(store, question, liked).claims]
    assert told[:2] == [SURE, liked]  # what is better supported stays before it
    assert told[2:] == [name for name in NAMES if name != liked]


def test_nothing_is_asked_where_every_word_is_used_or_it_is_off(store: NetworkxStore) -> None:
    plain = ask(store, "What are the symptoms of zorbitis?", "vertigo")
    assert [c.object_name for c in plain.claims] == [SURE, *NAMES]
    off = ask(store, "What are the symptoms of zorbitis in a balloon?", "vertigo", ranks=False)
    assert [c.object_name for c in off.claims] == [SURE, *NAMES]
