"""How fast decoding is: constrained against free in the same run, and what surrounds it.

    python -m bench.decoding [--json FILE] [--threads N] [--cache DIR] [--server] [--hf]

``--server`` has a llama.cpp server (package xllamacpp) word the same answers too, with the grammar
handed over and without, by its own clock: what its grammar costs beside what our automaton does.
``--hf`` scores candidates by the same weights on torch too (the extra `hf`).

Needs the extra `lm` and fetches the default weights; where the extra `guidance` is installed,
llguidance runs the same grammars. Medians over questions; ``_ms`` by the clock, ``_cpu_ms``
processor time of all threads, which other work on the machine disturbs less.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import platform
import random
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any, TypeAlias

import platformdirs

from bench.llama_server import completed, llama_server
from reasoning.automaton import Automaton
from reasoning.decoding import Constraint, Decoded, decode, free_decode
from reasoning.grammar_text import gbnf, recognised
from reasoning.language_model import LanguageModel, Session, log_probabilities
from reasoning.model_files import DEFAULT_MODEL, fetch
from reasoning.openvino_model import OpenVINOModel
from reasoning.sentence_grammar import Choice, Grammar, Literal, Unordered, choice, sequence
from reasoning.sentence_grammar import Sequence as Parts
from reasoning.token_trie import token_trie

Engine: TypeAlias = Callable[[Grammar], Constraint[Any]]
"""What makes a constraint of a grammar."""

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
    parser.add_argument("--hf", action="store_true", help="candidates on torch beside it")
    options = parser.parse_args()
    fetch(DEFAULT_MODEL, options.cache)
    OpenVINOModel(DEFAULT_MODEL, options.cache, threads=options.threads)  # makes its cache
    figures: dict[str, float | str] = {}
    for part in parts(options):
        for name, figure in part.items():
            shown = f"{figure:.3f}" if isinstance(figure, float) else figure
            print(f"{name:44} {shown}", flush=True)
        figures |= part
    if options.json:
        options.json.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")


def parts(options: argparse.Namespace) -> Iterator[dict[str, float | str]]:
    """The figures, as they are measured."""
    yield {"processor": processor(), "threads": options.threads}
    yield {"start_to_ready_s": start_to_ready(options.cache, options.threads)}
    before = resident_mb()
    model = OpenVINOModel(DEFAULT_MODEL, options.cache, threads=options.threads)
    answer("migraine", model)  # the first passes of a process allocate memory
    yield speed(model)
    yield {"memory_of_model_and_answers_mb": resident_mb() - before}
    yield scoring(model)
    yield compiling(model, names(5_000))
    if find_spec("llguidance") is None:
        yield {"llguidance": "not installed: pip install 'medkgqa[guidance]'"}
    else:
        yield engines(model, names(5_000))
    if options.server:
        yield served(options.cache, options.threads)
    if options.hf:
        yield {f"hf_{key}": value for key, value in scoring(on_torch(options)).items()}


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


def resident_mb() -> float:
    """The most memory this process has held so far, megabytes."""
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most / (1e6 if sys.platform == "darwin" else 1e3)


def on_torch(options: argparse.Namespace) -> LanguageModel:
    """The default weights on torch, float32."""
    from reasoning.hf_model import HFModel, dequantised

    folder = dequantised(DEFAULT_MODEL, options.cache)
    return HFModel(folder, dtype="float32", threads=options.threads)


def cpu_ms(work: Callable[[], Any]) -> tuple[float, Any]:
    """Processor milliseconds of ``work``, and what it gives."""
    started = time.process_time()
    found = work()
    return 1e3 * (time.process_time() - started), found


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
    strict_cpu, free_cpu, wholes_cpu = [], [], []
    for disease in FACTS:
        started = time.perf_counter()
        spent, (said, first) = cpu_ms(lambda disease=disease: answer(disease, model))
        wholes.append(time.perf_counter() - started)
        wholes_cpu.append(spent)
        firsts.append(first)
        strict.append(said.seconds / len(said.tokens))
        forwards.append(said.forwards / len(said.tokens))
        one_by_one, _ = answer(disease, model, jump=False)
        stepped.append(one_by_one.seconds / len(one_by_one.tokens))
        session = open_session(disease, model)
        bound = Automaton(grammar_of(disease), model)
        spent, again = cpu_ms(lambda session=session, bound=bound: decode(session, bound))
        strict_cpu.append(spent / len(again.tokens))
        session = open_session(disease, model)
        most = len(said.tokens)
        spent, unbound = cpu_ms(
            lambda session=session, most=most: free_decode(model, session, max_tokens=most)
        )
        free.append(unbound.seconds / max(1, len(unbound.tokens)))
        free_cpu.append(spent / max(1, len(unbound.tokens)))
    return {
        "strict_ms_per_token": 1e3 * statistics.median(strict),
        "strict_without_jump_ms_per_token": 1e3 * statistics.median(stepped),
        "free_ms_per_token": 1e3 * statistics.median(free),
        "strict_to_free": statistics.median(strict) / statistics.median(free),
        "strict_cpu_ms_per_token": statistics.median(strict_cpu),
        "free_cpu_ms_per_token": statistics.median(free_cpu),
        "strict_to_free_cpu": statistics.median(strict_cpu) / statistics.median(free_cpu),
        "forwards_per_token": statistics.median(forwards),
        "prompt_to_first_logits_ms": 1e3 * statistics.median(firsts),
        "whole_answer_ms": 1e3 * statistics.median(wholes),
        "whole_answer_cpu_ms": statistics.median(wholes_cpu),
    }


def scoring(model: LanguageModel) -> dict[str, float | str]:
    """Fifty candidates over one prefix, together and one by one: names made up, and real ones.

    One by one means three things: a pass a candidate over the cached prefix; a pass a token, as a
    decoder without packing does; and the prompt read anew with each candidate.
    """
    prompt = model.chat_prompt(SYSTEM, question_about("migraine"))
    session = model.start(prompt)
    real = [drug for drugs in FACTS.values() for drug in drugs]
    real += [f"{drug} and {other}" for drug, other in itertools.pairwise(real)]
    figures: dict[str, float | str] = {}
    for kind, texts in (("", names(50)), ("_real", real[:50])):
        candidates = model.encode_many(texts)
        session.score(candidates)
        together, found = cpu_ms(lambda c=candidates: session.score(c))
        single, alone = cpu_ms(lambda c=candidates: [session.score([one])[0] for one in c])
        stepped, _ = cpu_ms(lambda c=candidates: [by_steps(session, one) for one in c])
        anew, _ = cpu_ms(lambda c=candidates: [read_anew(model, prompt, one) for one in c])
        trie = token_trie(candidates)
        figures |= {
            f"score_50{kind}_together_cpu_ms": together,
            f"score_50{kind}_one_by_one_cpu_ms": single,
            f"score_50{kind}_token_by_token_cpu_ms": stepped,
            f"score_50{kind}_prompt_anew_cpu_ms": anew,
            f"score{kind}_together_to_one_by_one": together / single,
            f"score{kind}_together_to_token_by_token": together / stepped,
            f"score{kind}_together_to_prompt_anew": together / anew,
            f"score{kind}_largest_difference": max(
                abs(one - other) for one, other in zip(found, alone, strict=True)
            ),
            f"score{kind}_tokens": float(sum(map(len, candidates))),
            f"score{kind}_tokens_computed": float(len(trie.inner)),
        }
    return figures


def by_steps(session: Session, tokens: list[int]) -> float:
    """The score of one candidate, a token a pass; the last token is not fed."""
    fork, total = session.fork(), 0.0
    for place, token in enumerate(tokens):
        total += float(log_probabilities(fork.logits)[token])
        if place + 1 < len(tokens):
            fork.advance([token])
    fork.close()
    return total


def read_anew(model: LanguageModel, prompt: list[int], tokens: list[int]) -> float:
    """The score of one candidate behind the whole prompt, nothing kept: two passes."""
    # a first token that differs makes a model that remembers its last prompt forget it
    model.start([tokens[0]]).close()
    session = model.start(prompt)
    found = session.score([tokens])[0]
    session.close()
    return found


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
    compiled, compiled_cpu, whole, draw = [], [], [], random.Random(0)
    for _ in range(5):
        started, spent = time.perf_counter(), time.process_time()
        automaton = Automaton(grammar, model)
        state = automaton.start
        for token in automaton.forced(state):
            state = automaton.step(state, token)
        assert len(automaton.tokens(state)) > 10
        compiled.append(time.perf_counter() - started)
        compiled_cpu.append(time.process_time() - spent)
        while not automaton.is_final(state):
            state = automaton.step(state, draw.choice(automaton.tokens(state).tolist()))
        whole.append(time.perf_counter() - started)
    return {
        f"compile_{len(found)}_names_ms": 1e3 * statistics.median(compiled),
        f"compile_{len(found)}_names_cpu_ms": 1e3 * statistics.median(compiled_cpu),
        f"compile_and_walk_{len(found)}_names_ms": 1e3 * statistics.median(whole),
    }


def engines(model: LanguageModel, found: list[str]) -> dict[str, float | str]:
    """Our automaton and llguidance over the same grammars, without the passes of the model.

    A token: the allowed set, and the step after one of it drawn at random.
    """
    from reasoning.guidance import Guidance

    made, guidance = cpu_ms(lambda: Guidance(model))
    both: dict[str, Engine] = {
        "automaton": lambda grammar: Automaton(grammar, model),
        "llguidance": guidance.constraint,
    }
    figures: dict[str, float | str] = {"llguidance_tokenizer_cpu_ms": made}
    sentences = [in_order(grammar_of(disease)) for disease in FACTS]
    listed = [sequence("Recorded is: ", choice(*found), ".")]
    for kind, grammars in (("sentences", sentences), (f"{len(found)}_names", listed)):
        for name, engine in both.items():
            walks = [walked(engine, grammar, seed) for grammar in grammars for seed in range(8)]
            figures[f"{name}_{kind}_compile_cpu_ms"] = statistics.median(w[0] for w in walks)
            figures[f"{name}_{kind}_cpu_ms_per_token"] = statistics.median(w[1] for w in walks)
            figures[f"{name}_{kind}_compile_and_walk_cpu_ms"] = statistics.median(
                compiled + a_token * tokens for compiled, a_token, tokens in walks
            )
    return figures


def in_order(grammar: Grammar) -> Grammar:
    """The sentences of :func:`grammar_of` with their drugs in the order given, as in Lark."""
    assert isinstance(grammar, Choice)
    sentences = []
    for option in grammar.options:
        assert isinstance(option, Parts)
        start, listed, end = option.parts
        assert isinstance(listed, Unordered)
        *most, last = listed.items
        parts = itertools.chain.from_iterable(zip(most, [Literal(", ")] * len(most), strict=True))
        *joined, _ = parts
        sentences.append(sequence(start, *joined, " and ", last, end))
    return choice(*sentences)


def walked(engine: Engine, grammar: Grammar, seed: int) -> tuple[float, float, int]:
    """Processor milliseconds to compile ``grammar``, a token of a random walk through it, tokens.

    Our automaton compiles as it is walked.
    """
    draw = random.Random(seed)
    compiled, constraint = cpu_ms(lambda: engine(grammar))
    state, spent, tokens = constraint.start, 0.0, 0
    while True:
        ms, allowed = cpu_ms(lambda state=state: constraint.tokens(state))
        spent += ms
        if not len(allowed):
            return compiled, spent / tokens, tokens
        token = int(draw.choice(allowed))
        ms, state = cpu_ms(lambda state=state, token=token: constraint.step(state, token))
        spent, tokens = spent + ms, tokens + 1


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
