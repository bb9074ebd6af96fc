"""Three hundred questions nobody should ask: an answer to each, every claim on an edge."""

from __future__ import annotations

from bench.fuzz_questions import Fuzzer, faults, some_names
from kg.networkx_store import NetworkxStore
from nlp.linker import StoreLinker
from reasoning.engine import Engine


def test_no_question_crashes_and_no_claim_lacks_an_edge(medicine: NetworkxStore) -> None:
    engine = Engine(medicine, linker=StoreLinker(medicine))
    questions = list(Fuzzer(some_names(medicine), seed=3).questions(300))
    assert max(map(len, questions)) > 1_000_000
    found = [(q[:100], fault) for q in questions for fault in faults(q, engine)]
    assert found == []
