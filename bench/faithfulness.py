"""Does constrained decoding keep a language model inside the graph, and what does it cost?

Questions generated over each graph, English and Chinese, are answered by every decoder: the
default model, one whose logits are random, one that prefers what the default model finds least
plausible, one that always wants to end, one that never does and repeats itself, and the frames.
Every answer passes the engine's own verifier (a failure raises and is counted) and a second
checker that shares no code with the engine and reads only a KGX export
(:mod:`bench.kgx_checker`). Beside them the default model answers freely, and what it says is read
against the graph as any text is (``medkgqa verify``); its claims borne out, contradicted, or not in
the graph are counted. Time a token, constrained against free: ``python -m bench.decoding``.

    python -m bench.faithfulness [--questions 1000] [--slow 500] [--free 20] [--graph FOLDER ...]
        [--decoder NAME ...] [--journal FILE] [--json FILE]

``--slow``: questions asked of the two decoders that run the network; the others get
``--questions``; ``--free`` are answered freely. ``--graph`` may be repeated; the starter graph
where not given. ``--decoder`` (repeatable) runs these alone: ``default``, ``least``, ``random``,
``early``, ``never``, ``frames``, ``free``. With ``--journal`` every hundred questions are written
down when they are done, and the same command goes on behind them.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import cached_property
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
from bench.remembering_linker import RememberingLinker
from kg.errors import DecodingError, VerificationError
from kg.saved import open_graph
from kg.store import GraphStore
from loaders.kgx import write_kgx
from medkgqa.graphs import open_starter
from medkgqa.models import open_default_model
from medkgqa.settings import Settings
from nlp.linker import StoreLinker
from reasoning.decoding import free_decode
from reasoning.engine import Engine
from reasoning.free_verification import verify_free
from reasoning.language_model import LanguageModel
from reasoning.serialization import answer_record
from reasoning.skeleton import detect_language

CHUNK = 100
"""Questions after which what was found is written down."""

DECODERS = ("default", "least", "random", "early", "never", "frames", "free")
SLOW = ("default", "least")


class Journal:
    """What was found, a chunk of questions a line; lines of a killed run are kept."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._lines: list[dict[str, Any]] = []
        if path is not None and path.exists():
            for line in path.read_text("utf-8").splitlines():
                try:
                    self._lines.append(json.loads(line))
                except ValueError:
                    print(f"{path}: a cut line is left out", file=sys.stderr)

    def has(self, graph: str, decoder: str, start: int, end: int) -> bool:
        """Whether these questions were asked of that decoder before."""
        asked = (graph, decoder, start, end)
        return any((r["graph"], r["decoder"], r["start"], r["end"]) == asked for r in self._lines)

    def add(self, record: dict[str, Any]) -> None:
        """Write one chunk down."""
        self._lines.append(record)
        if self._path is not None:
            with self._path.open("a", encoding="utf-8") as stream:
                stream.write(json.dumps(record, ensure_ascii=False) + "\n")

    def sums(self) -> Iterator[dict[str, Any]]:
        """Each graph and decoder with its chunks added up."""
        grouped: dict[tuple[str, str], list[dict[str, Any]]] = {}
        for record in self._lines:
            grouped.setdefault((record["graph"], record["decoder"]), []).append(record)
        for (graph, decoder), records in grouped.items():
            total: dict[str, Any] = {"graph": graph, "decoder": decoder}
            for key in ("questions", "chinese", "claims", "tokens", "answers_with_claims"):
                total[key] = sum(r.get(key, 0) for r in records)
            for key in ("outcomes", "faults"):
                total[key] = dict(sum((Counter(r[key]) for r in records), Counter()))
            seconds = sum(r["seconds"] for r in records)
            total["seconds per answer"] = round(seconds / max(total["questions"], 1), 4)
            yield total


class Examined:
    """One graph with its generated questions."""

    def __init__(self, name: str, store: GraphStore, count: int) -> None:
        self.name = name
        self.store = store
        self.questions = list(generated_questions(store, count))
        self.linker = RememberingLinker(StoreLinker(store))

    @cached_property
    def export(self) -> Export:
        """What the second checker reads, written and read when it is first needed."""
        with tempfile.TemporaryDirectory() as folder:
            write_kgx(self.store, Path(folder) / "kgx")
            return Export.read(Path(folder) / "kgx")


def constrained(
    decoder: str, engine: Engine, questions: Sequence[str], export: Export
) -> dict[str, Any]:
    """Ask every question; what the two checkers found."""
    found: Counter[str] = Counter()
    outcomes: Counter[str] = Counter()
    claims = with_claims = 0
    for number, question in enumerate(questions):
        try:
            answer = engine.ask(question)
        except (DecodingError, VerificationError) as error:
            found[type(error).__name__] += 1
            print(f"{decoder}: {question}: {error}", file=sys.stderr)
            continue
        outcomes[answer.outcome.value] += 1
        claims += len(answer.claims)
        with_claims += bool(answer.claims)
        for fault in faults(answer_record(answer, id=number), export):
            found["second checker"] += 1
            print(f"{decoder}: {question}: {fault}", file=sys.stderr)
    return {
        "claims": claims,
        "answers_with_claims": with_claims,
        "outcomes": dict(outcomes),
        "faults": dict(found),
    }


def free(model: LanguageModel, examined: Examined, questions: Sequence[str]) -> dict[str, Any]:
    """What the model says when it may say anything, read against the graph."""
    statuses: Counter[str] = Counter()
    sentences: Counter[str] = Counter()
    tokens = with_claims = 0
    for question in questions:
        session = model.start(model.chat_prompt("Answer the medical question.", question))
        said = free_decode(model, session, max_tokens=64)
        session.close()
        tokens += len(said.tokens)
        checked = verify_free(said.text, examined.store, examined.linker)
        read = [claim for sentence in checked.sentences for claim in sentence.claims]
        with_claims += bool(read)
        statuses.update(claim.status.value for claim in read)
        sentences.update(sentence.status.value for sentence in checked.sentences)
    return {
        "claims": sum(statuses.values()),
        "answers_with_claims": with_claims,
        "tokens": tokens,
        "outcomes": {f"sentences {name}": n for name, n in sentences.items()},
        "faults": {f"claims {name}": n for name, n in statuses.items() if name != "supported"},
    }


def language_model(decoder: str, model: LanguageModel) -> LanguageModel | None:
    """The model that decodes; None for the frames."""
    match decoder:
        case "default":
            return model
        case "least":
            return LeastPlausibleModel(model)
        case "random":
            return RandomModel(3, model)
        case "early":
            return EarlyEndingModel(4, model)
        case "never":
            return NeverEndingModel(5, model)
    return None


def examine(
    examined: Examined, decoder: str, count: int, model: LanguageModel, journal: Journal
) -> None:
    """The first ``count`` questions by one decoder, chunk by chunk, but those done before."""
    lm = language_model(decoder, model)
    engine = Engine(examined.store, linker=examined.linker, language_model=lm)
    for start in range(0, min(count, len(examined.questions)), CHUNK):
        questions = examined.questions[start : min(start + CHUNK, count)]
        place = (examined.name, decoder, start, start + len(questions))
        if journal.has(*place):
            continue
        export = None if decoder == "free" else examined.export
        started = time.perf_counter()
        if export is None:
            found = free(model, examined, questions)
        else:
            found = constrained(decoder, engine, questions, export)
        chinese = sum(detect_language(question) == "zh" for question in questions)
        journal.add(
            dict(zip(("graph", "decoder", "start", "end"), place, strict=True))
            | {"questions": len(questions), "chinese": chinese}
            | found
            | {"seconds": round(time.perf_counter() - started, 3)}
        )


def main() -> int:
    """Run the comparison; 1 where any constrained answer was at fault."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--questions", type=int, default=1000)
    parser.add_argument("--slow", type=int, default=500)
    parser.add_argument("--free", type=int, default=20)
    parser.add_argument("--graph", type=Path, action="append", default=[])
    parser.add_argument("--decoder", choices=DECODERS, action="append", default=[])
    parser.add_argument("--journal", type=Path)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    settings = Settings.from_environment(os.environ)
    model = open_default_model(settings)
    stores: list[tuple[str, GraphStore]] = [(p.name, open_graph(p)) for p in options.graph]
    stores = stores or [("starter", open_starter(settings))]
    journal = Journal(options.journal)
    for name, store in stores:
        examined = Examined(name, store, options.questions)
        for decoder in options.decoder or DECODERS:
            most = options.free if decoder == "free" else options.questions
            most = min(most, options.slow) if decoder in SLOW else most
            examine(examined, decoder, most, model, journal)
    runs = list(journal.sums())
    for run in runs:
        print(json.dumps(run, ensure_ascii=False))
    if options.json:
        options.json.write_text(json.dumps(runs, indent=1, ensure_ascii=False), "utf-8")
    return 1 if any(run["faults"] for run in runs if run["decoder"] != "free") else 0


if __name__ == "__main__":
    sys.exit(main())
