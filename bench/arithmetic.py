"""What the default model's arithmetic costs, and what depends on it.

    python -m bench.arithmetic [--questions 60] [--threads 1] [--cache DIR]

The same weights under OpenVINO's own choice, with activations rounded to int8, and in float32
throughout, as shipped: processor time of a token, a prompt and an answer; how much the scores of
eight sentences differ between one packed tree, single candidates and single steps; and how many
generated questions of the starter graph are worded otherwise than in float32. Needs the extra `lm`.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Mapping
from pathlib import Path

import numpy as np

import reasoning.openvino_model as openvino_model
from bench.decoding import SYSTEM, by_steps, cpu_ms, default_cache
from bench.generated_questions import generated_questions
from bench.remembering_linker import RememberingLinker
from medkgqa.graphs import open_starter
from medkgqa.settings import Settings
from nlp.linker import StoreLinker
from reasoning.engine import Engine
from reasoning.language_model import Session
from reasoning.model_files import DEFAULT_MODEL
from reasoning.openvino_model import OpenVINOModel

QUESTION = "What is a migraine?"
SINGLE = 60
"""Tokens fed one by one."""


def ways(threads: int) -> dict[str, dict[str, str]]:
    """Options of OpenVINO, by name; what is shipped stands first."""
    shipped = openvino_model._compile_options(threads)
    own = {"PERFORMANCE_HINT": "LATENCY", "INFERENCE_NUM_THREADS": str(threads)}
    rounded = {"DYNAMIC_QUANTIZATION_GROUP_SIZE": "32", "KV_CACHE_PRECISION": "f16"}
    return {
        "float32 throughout": shipped,
        "float32, activations rounded": shipped | rounded,
        "OpenVINO's own choice": own,
    }


def opened(cache: Path, threads: int, options: Mapping[str, str]) -> OpenVINOModel:
    """The default model compiled with ``options`` instead of the shipped ones."""
    shipped = openvino_model._compile_options
    openvino_model._compile_options = lambda _: dict(options)
    try:
        return OpenVINOModel(DEFAULT_MODEL, cache, threads=threads)
    finally:
        openvino_model._compile_options = shipped


def costs(model: OpenVINOModel) -> dict[str, float]:
    """Processor milliseconds, and the largest difference between ways of scoring."""
    session = model.start(model.chat_prompt(SYSTEM, QUESTION))
    sentences = model.encode_many([f"reason number {n} is pain" for n in range(8)])
    packed = np.array(session.score(sentences))
    alone = np.array([session.score([one])[0] for one in sentences])
    steps = np.array([by_steps(session, one) for one in sentences])
    single, _ = cpu_ms(lambda: feed_singly(session, [sentences[0][0]] * SINGLE))
    prompt = model.chat_prompt(SYSTEM, f"{QUESTION} " * 60)
    read, _ = cpu_ms(lambda: model.start(prompt))
    return {
        "token_cpu_ms": single / SINGLE,
        "prompt_tokens": float(len(prompt)),
        "prompt_cpu_ms": read,
        "packed_to_steps_nats": float(abs(packed - steps).max()),
        "packed_to_alone_nats": float(abs(packed - alone).max()),
    }


def feed_singly(session: Session, tokens: list[int]) -> None:
    for token in tokens:
        session.advance([token])


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--questions", type=int, default=60)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--cache", type=Path, default=default_cache())
    options = parser.parse_args()
    store = open_starter(Settings.from_environment(os.environ))
    linker = RememberingLinker(StoreLinker(store))
    questions = list(generated_questions(store, options.questions))
    first: list[str] = []
    for name, chosen in ways(options.threads).items():
        model = opened(options.cache, options.threads, chosen)
        engine = Engine(store, linker=linker, language_model=model)
        engine.ask(questions[0])
        spent, texts = cpu_ms(lambda e=engine: [e.ask(question).text for question in questions])
        first = first or texts
        found = costs(model) | {
            "answer_cpu_ms": spent / len(questions),
            "answers_worded_otherwise": float(
                sum(a != b for a, b in zip(texts, first, strict=True))
            ),
        }
        for what, figure in found.items():
            print(f"{name:30} {what:26} {figure:.4f}", flush=True)


if __name__ == "__main__":
    main()
