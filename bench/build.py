"""Throughput and memory of a whole build: documents → reading → graph → saved.

    python -m bench.build GRAPH --data DIR [--documents N] [--engines sequential,processes,ray]

``GRAPH`` is the saved graph whose names are read, ``DIR`` holds the BC5CDR corpus in PubTator form
(``ner/bc5cdr``); its annotations are not read, so that any split will do.

First the stages of a build in one process, in CPU seconds, which a busy machine hardly changes.
Then, for each engine, one build in a process of its own: wall-clock seconds (of the machine as it
is, whose load average is printed), CPU seconds of the process and what it started and waited for,
the highest resident memory of any one process, and whether the KGX export has the bytes of the
first engine's.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

ENGINES = {
    "sequential": ("--workers", "1"),
    "processes": ("--workers", "2"),
    "ray": ("--engine", "ray", "--workers", "2"),
}
FILES = ("CDR_TestSet", "CDR_DevelopmentSet", "CDR_TrainingSet")


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("graph", type=Path)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--documents", type=int, default=1500)
    parser.add_argument("--engines", default=",".join(ENGINES))
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        texts = _documents(options.data, work / "documents.jsonl", options.documents)
        print(f"cores {os.cpu_count()}, load average at the start {os.getloadavg()[0]:.1f}")
        _print_stages(_measure(options.graph, texts, work / "stages", ("--stages",)))
        print("| engine | documents | wall s | CPU s | MB | same export |")
        print("|---|---|---|---|---|---|", flush=True)
        first = ""
        for name in filter(None, options.engines.split(",")):
            found = _measure(options.graph, texts, work / name, ENGINES[name])
            first = first or found["export"]
            same = "yes" if found["export"] == first else "NO"
            print(
                f"| {name} | {found['documents']} | {found['wall']:.0f} | {found['cpu']:.0f} | "
                f"{found['memory']:.0f} | {same} |",
                flush=True,
            )
    return 0


def _documents(data: Path, target: Path, count: int) -> Path:
    from loaders.documents import open_documents

    written = 0
    with target.open("w", encoding="utf-8") as stream:
        for name in FILES:
            path = next((data / "ner" / "bc5cdr").glob(f"{name}.PubTator.txt*"))
            for document in open_documents(path, "pubtator"):
                if written == count:
                    return target
                written += 1
                record = {
                    "id": document.id,
                    "title": document.text[: document.title_end],
                    "text": document.text,
                    "source": "pubmed",
                }
                stream.write(json.dumps(record, ensure_ascii=False) + "\n")
    return target


def _print_stages(found: dict[str, Any]) -> None:
    stages, documents = found["stages"], found["documents"]
    print("| stage | CPU s | documents/CPU s |")
    print("|---|---|---|")
    for name, seconds in stages.items():
        rate = "" if name.startswith("start") else f"{documents / seconds:,.0f}"
        print(f"| {name} | {seconds:.2f} | {rate} |")
    whole = sum(seconds for name, seconds in stages.items() if not name.startswith("start"))
    print(f"| all but the starts | {whole:.2f} | {documents / whole:,.0f} |")
    print(f"reader {found['reader']}")
    print(f"documents {documents}, edges {found['edges']}, {found['memory']:.0f} MB\n", flush=True)


def _measure(graph: Path, texts: Path, out: Path, engine: tuple[str, ...]) -> dict[str, Any]:
    """One build in a process of its own."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    begun = time.perf_counter()
    program = [sys.executable, "-m", "bench.build", "--child", str(graph), str(out), *engine]
    done = subprocess.run([*program, str(texts)], capture_output=True, text=True, check=False)
    wall = time.perf_counter() - begun
    if done.returncode:
        raise SystemExit(done.stderr[-3000:])
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {**found, "wall": wall, "cpu": max(cpu, found["cpu"])}


def _child(arguments: Sequence[str]) -> int:
    """Build, and say what it took; in a process of its own."""
    graph, out, texts = Path(arguments[0]), Path(arguments[1]), Path(arguments[-1])
    engine = list(arguments[2:-1])
    found = (
        _stages(graph, out, texts) if "--stages" in engine else _build(graph, out, texts, engine)
    )
    usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    found["cpu"] = sum(u.ru_utime + u.ru_stime for u in usages)
    found["memory"] = max(u.ru_maxrss for u in usages) / 1024
    print(json.dumps(found))
    return 0


def _build(graph: Path, out: Path, texts: Path, engine: list[str]) -> dict[str, Any]:
    from kg.saved import open_graph
    from loaders.kgx import write_kgx
    from medkgqa.building import BuildPlan, build_graph
    from medkgqa.settings import Settings

    plan = BuildPlan(
        engine="ray" if "ray" in engine else "local",
        workers=int(engine[engine.index("--workers") + 1]),
        ner="names",
    )
    report = build_graph([texts], out, graph=graph, settings=Settings(out), plan=plan)
    folder = out.with_name(f"{out.name}-kgx")
    write_kgx(open_graph(out), folder)
    export = hashlib.sha256((folder / "edges.tsv").read_bytes()).hexdigest()
    return {"documents": report.documents, "export": export}


def _stages(graph: Path, out: Path, texts: Path) -> dict[str, Any]:
    """CPU seconds of what a build does, one thing after another."""
    from kg.saved import open_graph
    from loaders.documents import document_files
    from medkgqa.build_journal import BuildJournal, journal_folder
    from medkgqa.build_merging import GraphMerger
    from medkgqa.build_reading import SavedGraphReader, ShardReader
    from medkgqa.build_shards import ShardOptions, shards_of

    marks = [time.process_time()]

    def mark() -> float:
        marks.append(time.process_time())
        return marks[-1] - marks[-2]

    source = SavedGraphReader(graph, ner="names", kept=out.with_name("kept"))
    ShardReader(source)
    stages = {"start, the first time": mark()}
    reader = ShardReader(source)
    stages["start"] = mark()
    shards = list(shards_of(document_files(texts), 0, options=ShardOptions()))
    stages["loading"] = mark()
    reader.read(shards[0])  # phrases are compiled, words met for the first time
    stages["start: the first 32 documents"] = mark()
    readings = [reader.read(shard) for shard in shards]
    stages["reading"] = mark()
    with BuildJournal(journal_folder(out), identity="bench", fingerprints=["bench"]) as journal:
        for reading in readings:
            journal.commit(reading)
        stages["journal"] = mark()
        GraphMerger(journal, source.names()).write(out)
        stages["merging and saving"] = mark()
        journal.remove()
    edges = open_graph(out).statistics().edges
    return {
        "stages": stages,
        "documents": sum(len(s.documents) for s in shards),
        "edges": edges,
        "reader": source.version,
    }


if __name__ == "__main__":
    given = sys.argv[1:]
    sys.exit(_child(given[1:]) if given[:1] == ["--child"] else main(given))
