"""Does constrained decoding keep a language model inside the graph, and what does it cost?

Questions generated over each graph, English and Chinese, are answered by every decoder: the
default model, one whose logits are random, one that prefers what the default model finds least
plausible, one that always wants to end, one that never does and repeats itself, and the frames.
Every answer passes the engine's own verifier (a failure raises and is counted) and a second
checker that shares no code with the engine and reads only a KGX export
(:mod:`bench.kgx_checker`). Milliseconds a token, constrained against free decoding of the same
prompt, are measured in the same run.

    python -m bench.faithfulness [--questions 1000] [--slow 500] [--graph FOLDER ...] [--json FILE]

``--slow``: questions asked of the two decoders that run the network; the others get
``--questions``. ``--graph`` may be repeated; the starter graph where not given.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

from bench.fake_models import (
    EarlyEndingModel,
    LeastPlausibleModel,
    NeverEndingModel,
    RandomModel,
)
from bench.generated_questions import generated_questions
from bench.kgx_checker import Export, faults
from kg.errors import DecodingError, VerificationError
from kg.saved import open_graph
from kg.store import GraphStore
from loaders.kgx import write_kgx
from medkgqa.facade import MedicalQA
from medkgqa.graphs import open_starter
from medkgqa.models import open_default_model
from medkgqa.settings import Settings
from reasoning.decoding import free_decode
from reasoning.language_model import LanguageModel
from reasoning.serialization import answer_record


def examine(name: str, qa: MedicalQA, questions: list[str], export: Export) -> dict[str, Any]:
    """Ask every question; what the two checkers found."""
    found: Counter[str] = Counter()
    outcomes: Counter[str] = Counter()
    claims = 0
    started = time.perf_counter()
    for number, question in enumerate(questions):
        try:
            answer = qa.ask(question)
        except (DecodingError, VerificationError) as error:
            found[type(error).__name__] += 1
            print(f"{name}: {question}: {error}", file=sys.stderr)
            continue
        outcomes[answer.outcome.value] += 1
        claims += len(answer.claims)
        for fault in faults(answer_record(answer, id=number), export):
            found["second checker"] += 1
            print(f"{name}: {question}: {fault}", file=sys.stderr)
    return {
        "model": name,
        "questions": len(questions),
        "claims": claims,
        "outcomes": dict(outcomes),
        "faults": dict(found),
        "seconds per answer": round((time.perf_counter() - started) / len(questions), 4),
    }


def free_speed(model: LanguageModel, questions: list[str]) -> float:
    """Milliseconds a token of free decoding after the same question."""
    tokens, seconds = 0, 0.0
    for question in questions:
        session = model.start(model.chat_prompt("Answer the medical question.", question))
        said = free_decode(model, session, max_tokens=64)
        session.close()
        tokens += len(said.tokens)
        seconds += said.seconds
    return round(1000 * seconds / tokens, 2)


def decoders(
    model: LanguageModel, most: int, slow: int
) -> list[tuple[str, LanguageModel | str, int]]:
    """Every decoder: its name, itself, and how many questions it is asked."""
    return [
        (model.name, model, min(slow, most)),
        ("least plausible", LeastPlausibleModel(model), min(slow, most)),
        ("random logits", RandomModel(3, model), most),
        ("early ending", EarlyEndingModel(4, model), most),
        ("never ending", NeverEndingModel(5, model), most),
        ("frames", "none", most),
    ]


def examine_graph(
    name: str, store: GraphStore, model: LanguageModel, most: int, slow: int, settings: Settings
) -> list[dict[str, Any]]:
    """Every decoder over the same questions of one graph."""
    questions = list(generated_questions(store, most))
    with tempfile.TemporaryDirectory() as folder:
        write_kgx(store, Path(folder) / "kgx")
        export = Export.read(Path(folder) / "kgx")
    runs = []
    for label, lm, count in decoders(model, most, slow):
        if not count:
            continue
        qa = MedicalQA(store=store, lm=lm, settings=settings)
        runs.append({"graph": name, **examine(label, qa, questions[:count], export)})
        print(runs[-1], flush=True)
    return runs


def main() -> int:
    """Run the comparison; 1 where any answer was at fault."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--questions", type=int, default=1000)
    parser.add_argument("--slow", type=int, default=500)
    parser.add_argument("--graph", type=Path, action="append", default=[])
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    settings = Settings.from_environment(os.environ)
    model = open_default_model(settings)
    stores: list[tuple[str, GraphStore]] = [(p.name, open_graph(p)) for p in options.graph]
    stores = stores or [("starter", open_starter(settings))]
    runs = [
        run
        for name, store in stores
        for run in examine_graph(name, store, model, options.questions, options.slow, settings)
    ]
    free = free_speed(model, list(generated_questions(stores[0][1], 20)))
    print(f"free decoding with {model.name}: {free} ms a token")
    if options.json:
        options.json.write_text(json.dumps({"runs": runs, "free ms a token": free}, indent=1))
    return 1 if any(run["faults"] for run in runs) else 0


if __name__ == "__main__":
    sys.exit(main())
