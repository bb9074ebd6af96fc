"""How long an answer without a language model takes: inside one process, and as a whole one.

    python -m bench.latency GRAPH [--processes 20] [--most 400]

Inside one process the questions of the project's suite (at most so many, evenly spread) are asked
twice; the second asking is told, of a process that has answered before. A whole process is
``python -m medkgqa ask --lm none --graph GRAPH QUESTION``, once before it is measured. Times are
of the processor and of the clock, the latter of a machine that may be busy with other things: told
are median, 99th percentile and largest. Which of torch, OpenVINO, transformers, spaCy and networkx
either path imports is told too.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from bench.question_suite import read_suite
from kg.saved import open_graph
from nlp.linker import StoreLinker
from reasoning.engine import Engine

HEAVY = ("torch", "openvino", "transformers", "spacy", "networkx")
QUESTIONS = ("What are the symptoms of gout?", "高血压吃什么药？", "Does ibuprofen treat asthma?")


def told(name: str, seconds: Sequence[float]) -> str:
    """A line: median, 99th percentile and largest, in milliseconds."""
    ordered = sorted(seconds)
    high = ordered[min(len(ordered) - 1, int(0.99 * len(ordered)))]
    figures = (statistics.median(ordered), high, ordered[-1])
    median, percentile, largest = (f"{1000 * s:.1f}" for s in figures)
    return f"{name}: median {median} ms, 99th percentile {percentile}, largest {largest}"


def inside(graph: Path, questions: Sequence[str]) -> tuple[list[float], list[float]]:
    """Seconds of processor and clock of each question, asked a second time."""
    store = open_graph(graph)
    engine = Engine(store, linker=StoreLinker(store))
    processor: list[float] = []
    clock: list[float] = []
    for measured in (False, True):
        for question in questions:
            started, worked = time.perf_counter(), time.process_time()
            engine.ask(question)
            if measured:
                processor.append(time.process_time() - worked)
                clock.append(time.perf_counter() - started)
    return processor, clock


def whole(graph: Path, times: int) -> tuple[list[float], list[float]]:
    """Seconds of processor and clock of whole processes, the first one left out."""
    processor: list[float] = []
    clock: list[float] = []
    for number in range(times + 1):
        question = QUESTIONS[number % len(QUESTIONS)]
        command = (sys.executable, "-m", "medkgqa", "ask", "--lm", "none", "--graph", str(graph))
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        started = time.perf_counter()
        subprocess.run((*command, question), check=True, stdout=subprocess.DEVNULL)
        passed = time.perf_counter() - started
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        if number:
            worked = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
            processor.append(worked)
            clock.append(passed)
    return processor, clock


def main() -> None:
    """Ask, measure, print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("graph", type=Path, help="a saved graph")
    parser.add_argument("--processes", type=int, default=20)
    parser.add_argument("--most", type=int, default=400, help="questions of the suite")
    options = parser.parse_args()
    asked = [q.question for q in read_suite() if not q.previous]
    asked = asked[:: max(1, len(asked) // options.most)][: options.most]
    processor, clock = inside(options.graph, asked)
    print(told(f"inside one process, {len(asked)} questions, processor", processor))
    print(told("inside one process, clock", clock))
    print(f"under 20 ms of processor: {sum(s < 0.02 for s in processor)} of {len(processor)}")
    print("imported of the heavy ones:", sorted(set(HEAVY) & sys.modules.keys()) or "none")
    processor, clock = whole(options.graph, options.processes)
    print(told(f"whole process, {options.processes} times, processor", processor))
    print(told("whole process, clock", clock))
    print(f"load of the machine, 1 minute: {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
