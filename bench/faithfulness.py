"""Does constrained decoding keep a language model inside the graph, and what does it cost?

Questions generated over the starter graph (``--questions``) are answered with the default model
and with one whose logits are random. Every answer passes the engine's own verifier (a failure
raises and is counted) and a second checker that shares no code with the engine and reads only a
KGX export (:mod:`bench.kgx_checker`). Milliseconds a token, constrained against free decoding of
the same prompt, are measured in the same run.

    python -m bench.faithfulness [--questions 1000] [--json FILE]
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

from bench.fake_models import RandomModel
from bench.generated_questions import generated_questions
from bench.kgx_checker import Export, faults
from kg.errors import DecodingError, VerificationError
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


def main() -> int:
    """Run the comparison; 1 where any answer was at fault."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--questions", type=int, default=1000)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    settings = Settings.from_environment(os.environ)
    store = open_starter(settings)
    questions = list(generated_questions(store, options.questions))
    with tempfile.TemporaryDirectory() as folder:
        write_kgx(store, Path(folder) / "kgx")
        export = Export.read(Path(folder) / "kgx")
    model = open_default_model(settings)
    runs = [
        examine(name, MedicalQA(store=store, lm=each, settings=settings), questions, export)
        for name, each in ((model.name, model), ("random logits", RandomModel(3, model)))
    ]
    runs.append(examine("frames", MedicalQA(store=store, lm="none"), questions, export))
    free = free_speed(model, questions[:20])
    for run in runs:
        print(run)
    print(f"free decoding with {model.name}: {free} ms a token")
    if options.json:
        options.json.write_text(json.dumps({"runs": runs, "free ms a token": free}, indent=1))
    return 1 if any(run["faults"] for run in runs) else 0


if __name__ == "__main__":
    sys.exit(main())
