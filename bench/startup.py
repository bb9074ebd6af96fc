"""How long ``medkgqa build`` and ``medkgqa extract`` take before the first document.

    python -m bench.startup GRAPH [--repeat N]

GRAPH is a saved graph. Each command reads one document of two sentences into a new place, in a
process of its own, with a cache of its own: the first time (the names of the graph are learnt and
kept), then again. Printed, of each: processor seconds, and the least of the repetitions; wall-clock
seconds beside them, of the machine as it is.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

TEXT = "Lithium may cause tremor. Asthma is treated with salbutamol."


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("graph", type=Path)
    parser.add_argument("--repeat", type=int, default=3)
    options = parser.parse_args()
    print("| command | first: CPU s | wall s | then: CPU s | wall s |")
    print("|---|---|---|---|---|")
    for command in ("build", "extract"):
        for ner in ("names", "trained"):
            with tempfile.TemporaryDirectory() as folder:
                times = [
                    run(command, ner, options.graph.resolve(), Path(folder), number)
                    for number in range(options.repeat + 1)
                ]
            cells = [*times[0], *min(times[1:])]
            shown = " | ".join(f"{seconds:.2f}" for seconds in cells)
            print(f"| {command} --ner {ner} | {shown} |", flush=True)


def run(command: str, ner: str, graph: Path, folder: Path, number: int) -> tuple[float, float]:
    """CPU and wall-clock seconds of one command."""
    text = folder / "one.txt"
    text.write_text(TEXT, encoding="utf-8")
    program = [sys.executable, "-m", "medkgqa", command, str(text), "--graph", str(graph)]
    program += ["--ner", ner, "--out", str(folder / f"out-{number}")]
    if command == "extract":
        program += ["--to", "pubtator"]
    environment = {**os.environ, "MEDKGQA_CACHE": str(folder / "cache")}
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    begun = time.perf_counter()
    done = subprocess.run(program, capture_output=True, text=True, env=environment, check=False)
    wall = time.perf_counter() - begun
    if done.returncode:
        raise SystemExit(done.stderr[-3000:])
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, wall


if __name__ == "__main__":
    main()
