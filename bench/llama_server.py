"""A real llama.cpp server on loopback, in a process of its own, from the wheel ``xllamacpp``.

    python -m bench.llama_server WEIGHTS.gguf [--threads N]

prints its address and serves until its input ends. :func:`llama_server` does so for a test or a
measurement. llama.cpp: https://github.com/ggml-org/llama.cpp/tree/master/tools/server
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from kg.errors import MissingExtraError, ModelUnavailableError

CONTEXT = 8_192
"""Tokens of the longest text, prompt included (SmolLM2's own limit)."""


@contextmanager
def llama_server(weights: Path, *, threads: int = 1, seconds: float = 60.0) -> Iterator[str]:
    """The address (``http://127.0.0.1:PORT``) of a server that runs the model of a GGUF file.

    Raises:
        MissingExtraError: without the package ``xllamacpp`` (extra ``dev``).
        ModelUnavailableError: where it does not start; with the end of its log.
    """
    command = [sys.executable, "-m", "bench.llama_server", str(weights), f"--threads={threads}"]
    root = Path(__file__).parents[1]
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as log:
        process = subprocess.Popen(
            command, cwd=root, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True
        )
        with process:
            try:
                assert process.stdin is not None
                assert process.stdout is not None
                address = process.stdout.readline().strip()
                if not address.startswith("http://"):
                    process.wait(timeout=seconds)
                    log.seek(0)
                    raise _not_started(weights, log.read(), process.returncode)
                yield address
                process.stdin.close()
                process.wait(timeout=seconds)
            finally:
                process.kill()


def _not_started(weights: Path, log: str, code: int) -> Exception:
    if "No module named 'xllamacpp'" in log:
        return MissingExtraError("xllamacpp", extra="dev")
    end = " / ".join(log.strip().splitlines()[-3:]) or "nothing in its log"
    return ModelUnavailableError(
        f"the llama.cpp server did not start with {weights} (exit code {code}): {end}; fetch the "
        "weights again, or run: python -m bench.llama_server WEIGHTS"
    )


@dataclass(frozen=True, slots=True)
class Completed:
    """What the server said, in how many tokens and milliseconds of its own clock."""

    text: str
    tokens: int
    milliseconds: float


def completed(
    url: str, system: str, user: str, *, max_tokens: int, grammar: str | None = None
) -> Completed:
    """One chat completion, greedy; ``grammar`` is GBNF."""
    body = {
        "messages": [{"role": "system", "content": system}, {"role": "user", "content": user}],
        "temperature": 0,
        "max_tokens": max_tokens,
    } | ({"grammar": grammar} if grammar is not None else {})
    request = urllib.request.Request(
        f"{url}/v1/chat/completions",
        json.dumps(body).encode(),
        {"Content-Type": "application/json"},
    )
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(request, timeout=120) as reply:
        answer = json.load(reply)
    timings = answer["timings"]
    text = answer["choices"][0]["message"]["content"]
    return Completed(text, int(timings["predicted_n"]), float(timings["predicted_ms"]))


def serve(weights: Path, threads: int) -> None:
    """Serve until standard input ends."""
    import xllamacpp

    parameters = xllamacpp.CommonParams()
    parameters.model.path = str(weights)
    parameters.model_alias = {weights.parent.name}
    parameters.hostnames = ["127.0.0.1"]
    parameters.port = 0
    parameters.n_ctx = CONTEXT
    parameters.n_parallel = 1
    parameters.warmup = False
    parameters.cpuparams.n_threads = threads
    parameters.cpuparams_batch.n_threads = threads
    parameters.cpuparams.poll = parameters.cpuparams_batch.poll = 0  # other work goes first
    server = xllamacpp.Server(parameters)
    print(server.listening_address, flush=True)
    sys.stdin.read()


def main() -> None:
    """Serve the weights named."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("weights", type=Path)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    serve(options.weights, options.threads)


if __name__ == "__main__":
    main()
