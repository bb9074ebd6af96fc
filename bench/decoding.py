"""How fast decoding is: constrained against free in the same run, and what surrounds it.

    python -m bench.decoding [--json FILE] [--threads N] [--cache DIR] [--server]

``--server`` has a llama.cpp server (package xllamacpp) word the same answers too, with the grammar
handed over and without, by its own clock: what its grammar costs beside what our automaton does.

Needs the extra `lm` and fetches the default weights. Medians over questions; milliseconds.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import platform
import random
import statistics
import subprocess
import sys
import time
from pathlib import Path

import platformdirs

from bench.llama_server import completed, llama_server
from reasoning.automaton import Automaton
from reasoning.decoding import Decoded, decode, free_decode
from reasoning.grammar_text import gbnf, recognised
from reasoning.language_model import LanguageModel, Session
from reasoning.model_files import DEFAULT_MODEL, fetch
from reasoning.openvino_model import OpenVINOModel
from reasoning.sentence_grammar import Grammar, Literal, Unordered, choice, sequence
from reasoning.token_trie import token_trie

SYSTEM = "Answer the question in one sentence, from the facts given."
FACTS: dict[str, tuple[str, ...]] = {
    "migraine": ("propranolol", "sumatriptan", "topiramate", "amitriptyline", "ibuprofen"),
    "asthma": ("salbutamol", "budesonide", "montelukast", "formoterol", "prednisolone"),
    "hypertension": ("lisinopril", "amlodipine", "hydrochlorothiazide", "losartan", "atenolol"),
    "type 2 diabetes mellitus": ("metformin", "gliclazide", "empagliflozin", "insulin glargine"),
    "gout": ("allopurinol", "colchicine", "naproxen", "febuxostat"),
    "epilepsy": ("valproic acid", "lamotrigine", "levetiracetam", "carbamazepine"),
    "depression": ("sertraline", "fluoxetine", "citalopram", "mirtazapine", "venlafaxine"),
    "tuberculosis": ("isoniazid", "rifampicin", "pyrazinamide", "ethambutol"),
}


def main() -> None:
    """Measure, print a table, and write it as JSON where asked."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", type=Path, help="also write the numbers to this file")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--cache", type=Path, default=default_cache())
    parser.add_argument("--server", action="store_true", help="a llama.cpp server beside it")
    options = parser.parse_args()
    fetch(DEFAULT_MODEL, options.cache)
    OpenVINOModel(DEFAULT_MODEL, options.cache, threads=options.threads)  # makes its cache
    figures: dict[str, float | str] = {"processor": processor(), "threads": options.threads}
    figures["start_to_ready_s"] = start_to_ready(options.cache, options.threads)
    model = OpenVINOModel(DEFAULT_MODEL, options.cache, threads=options.threads)
    answer("migraine", model)  # the first passes of a process allocate memory
    figures |= speed(model)
    figures |= scoring(model)
    figures |= compiling(model, names(5_000))
    if options.server:
        figures |= served(options.cache, options.threads)
    for name, figure in figures.items():
        print(f"{name:34} {figure:.3f}" if isinstance(figure, float) else f"{name:34} {figure}")
    if options.json:
        options.json.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")


def default_cache() -> Path:
    configured = os.environ.get("MEDKGQA_CACHE")
    return Path(configured) if configured else platformdirs.user_cache_path("medkgqa")


def processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    found = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return f"{found[0]} ({len(found)} cores)" if found else platform.processor()


def grammar_of(disease: str) -> Grammar:
    drugs = Unordered(
        tuple(Literal(drug, (drug,)) for drug in FACTS[disease]),
        at_least=len(FACTS[disease]),
        last=" and ",
    )
    name = disease.capitalize()
    return choice(
        sequence(f"{name} is treated with ", drugs, "."),
        sequence(f"Drugs used to treat {disease} are ", drugs, "."),
        sequence(f"For {disease}, the following drugs are recorded: ", drugs, "."),
    )


def open_session(disease: str, model: LanguageModel) -> Session:
    return model.start(model.chat_prompt(SYSTEM, question_about(disease)))


def question_about(disease: str) -> str:
    facts = "; ".join(f"{drug} treats {disease}" for drug in FACTS[disease])
    return f"Facts: {facts}.\nQuestion: Which drugs treat {disease}?"


def answer(disease: str, model: LanguageModel, *, jump: bool = True) -> tuple[Decoded, float]:
    """What was said and the seconds until the first token could be chosen."""
    started = time.perf_counter()
    session = open_session(disease, model)
    first = time.perf_counter() - started
    automaton = Automaton(grammar_of(disease), model)
    said = decode(session, automaton, jump=jump)
    assert set(said.claims) == set(FACTS[disease])
    session.close()
    return said, first


def speed(model: LanguageModel) -> dict[str, float | str]:
    strict, stepped, free, firsts, forwards, wholes = [], [], [], [], [], []
    for disease in FACTS:
        started = time.perf_counter()
        said, first = answer(disease, model)
        wholes.append(time.perf_counter() - started)
        firsts.append(first)
        strict.append(said.seconds / len(said.tokens))
        forwards.append(said.forwards / len(said.tokens))
        one_by_one, _ = answer(disease, model, jump=False)
        stepped.append(one_by_one.seconds / len(one_by_one.tokens))
        session = open_session(disease, model)
        unbound = free_decode(model, session, max_tokens=len(said.tokens))
        free.append(unbound.seconds / max(1, len(unbound.tokens)))
    return {
        "strict_ms_per_token": 1e3 * statistics.median(strict),
        "strict_without_jump_ms_per_token": 1e3 * statistics.median(stepped),
        "free_ms_per_token": 1e3 * statistics.median(free),
        "strict_to_free": statistics.median(strict) / statistics.median(free),
        "forwards_per_token": statistics.median(forwards),
        "prompt_to_first_logits_ms": 1e3 * statistics.median(firsts),
        "whole_answer_ms": 1e3 * statistics.median(wholes),
    }


def scoring(model: LanguageModel) -> dict[str, float | str]:
    """Fifty candidates over one prefix, together and one by one: names made up, and real ones.

    Processor time of all threads, which other work on the machine disturbs less than the clock.
    """
    session = open_session("migraine", model)
    real = [drug for drugs in FACTS.values() for drug in drugs]
    real += [f"{drug} and {other}" for drug, other in itertools.pairwise(real)]
    figures: dict[str, float | str] = {}
    for kind, texts in (("", names(50)), ("_real", real[:50])):
        candidates = model.encode_many(texts)
        session.score(candidates)
        started = time.process_time()
        found = session.score(candidates)
        together = time.process_time() - started
        started = time.process_time()
        alone = [session.score([candidate])[0] for candidate in candidates]
        single = time.process_time() - started
        trie = token_trie(candidates)
        figures |= {
            f"score_50{kind}_together_cpu_ms": 1e3 * together,
            f"score_50{kind}_one_by_one_cpu_ms": 1e3 * single,
            f"score{kind}_together_to_one_by_one": together / single,
            f"score{kind}_largest_difference": max(
                abs(one - other) for one, other in zip(found, alone, strict=True)
            ),
            f"score{kind}_tokens": float(sum(map(len, candidates))),
            f"score{kind}_tokens_computed": float(len(trie.inner)),
        }
    return figures


def served(cache: Path, threads: int) -> dict[str, float | str]:
    """The same answers by a llama.cpp server; milliseconds a token by its own clock."""
    bound, free, wholes = [], [], []
    with llama_server(fetch(DEFAULT_MODEL, cache), threads=threads) as url:
        for disease in FACTS:
            system, user = SYSTEM, question_about(disease)
            rules = gbnf(grammar_of(disease))
            completed(url, system, user, max_tokens=1)  # the prompt is in its cache from here on
            started = time.perf_counter()
            said = completed(url, system, user, max_tokens=256, grammar=rules)
            wholes.append(time.perf_counter() - started)
            assert recognised(grammar_of(disease), said.text) is not None
            bound.append(said.milliseconds / said.tokens)
            unbound = completed(url, system, user, max_tokens=said.tokens)
            free.append(unbound.milliseconds / max(1, unbound.tokens))
    return {
        "llama_cpp_grammar_ms_per_token": statistics.median(bound),
        "llama_cpp_free_ms_per_token": statistics.median(free),
        "llama_cpp_grammar_to_free": statistics.median(bound) / statistics.median(free),
        "llama_cpp_answer_without_prompt_ms": 1e3 * statistics.median(wholes),
    }


def names(count: int) -> list[str]:
    """Distinct made-up names of one to four words, many of them prefixes of others."""
    draw = random.Random(0)
    stems = ["cardio", "neuro", "hepat", "nephr", "derm", "oste", "gastr", "arthr", "myel", "angi"]
    ends = ["itis", "osis", "oma", "opathy", "algia", "emia", "ectomy", "plegia", "megaly", "uria"]
    extra = ["type 2", "acute", "chronic", "syndrome", "juvenile", "familial", "with fever"]
    found: dict[str, None] = {}
    while len(found) < count:
        word = draw.choice(stems) + draw.choice(stems) + draw.choice(ends)
        found[" ".join([word, *draw.sample(extra, draw.randint(0, 3))])] = None
    return list(found)


def compiling(model: LanguageModel, found: list[str]) -> dict[str, float | str]:
    """From grammar to the first set of allowed names, and a whole walk through the list."""
    grammar = sequence(
        "Recorded are: ",
        Unordered(tuple(Literal(n, (n,)) for n in found), at_least=10, at_most=10, last=" and "),
        ".",
    )
    compiled, walked, draw = [], [], random.Random(0)
    for _ in range(5):
        started = time.perf_counter()
        automaton = Automaton(grammar, model)
        state = automaton.start
        for token in automaton.forced(state):
            state = automaton.step(state, token)
        assert len(automaton.tokens(state)) > 10
        compiled.append(time.perf_counter() - started)
        while not automaton.is_final(state):
            state = automaton.step(state, draw.choice(automaton.tokens(state).tolist()))
        walked.append(time.perf_counter() - started)
    return {
        f"compile_{len(found)}_names_ms": 1e3 * statistics.median(compiled),
        f"compile_and_walk_{len(found)}_names_ms": 1e3 * statistics.median(walked),
    }


def start_to_ready(cache: Path, threads: int) -> float:
    """Seconds from starting Python to a model that has answered one pass; median of three."""
    program = (
        "import sys; from pathlib import Path; from reasoning.openvino_model import OpenVINOModel;"
        f"m = OpenVINOModel({DEFAULT_MODEL!r}, Path(sys.argv[1]), threads={threads}); m.start([1])"
    )
    seconds = []
    for _ in range(3):
        started = time.perf_counter()
        subprocess.run([sys.executable, "-c", program, str(cache)], check=True)
        seconds.append(time.perf_counter() - started)
    return statistics.median(seconds)


if __name__ == "__main__":
    main()
