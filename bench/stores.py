"""The graph stores side by side: build, open, memory, disk and queries on the same graphs.

    python bench/stores.py [--json FILE] [--data DIR] [--graphs hetionet,synthetic,large]
                           [--stores snapshot,networkx,plain,neo4j] [--queries N] [--keep DIR]

Graphs: the part of Hetionet at hand (where --data is given), and two synthetic ones of 47,000
nodes and 2.25 M edges, and 129,000 nodes and 8.1 M edges. Every store is measured in a process of
its own, asked the same questions in the same order; answers are compared. ``plain`` is a bare
networkx graph and code written for it (:mod:`bench.plain_networkx`). Runs with the base install;
what it has to leave out it says. With --keep the graphs are left in that folder and used again, so
that a run may be done in parts.

Times are milliseconds of answers as records: by the clock, and, marked CPU, of the processor in the
process that asks (a Neo4j server's own is given beside). A snapshot reads the evidence of an edge
when it is looked at; two rows have all of it read. The in-memory stores are filled from the
snapshot, so their build time includes reading it. Memory is what the process grew by, pages of the
snapshot's files that were touched included.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

if not __package__:  # run as a file: find the folder beside this one's parent
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench.graphs import HETIONET_EDGES, Size, hetionet_columns, synthetic_columns
from bench.plain_networkx import PLAIN_QUERIES, plain_graph
from bench.store_queries import QUERIES, draws, measure, pagerank_overlap
from kg.errors import MissingExtraError, StoreUnavailableError
from kg.networkx_store import NetworkxStore
from kg.saved import open_graph
from kg.snapshot_format import GraphColumns
from kg.snapshot_writer import write_columns
from kg.store import GraphStore

SIZES = {"synthetic": Size(47_000, 2_250_000), "large": Size(129_000, 8_100_000)}
#: Bytes an edge takes in the in-memory store, and in a bare graph, measured; decides what fits.
BYTES_AN_EDGE, PLAIN_BYTES_AN_EDGE = 1_700, 600
#: Share of the free memory that is taken at most: others work on the machine too.
MOST_OF_FREE = 0.8
#: Edges Neo4j is filled with at most.
MOST_NEO4J_EDGES = 3_000_000

Figures = dict[str, Any]


class LeftOutError(Exception):
    """A measurement that cannot be made here, and why."""


# -- the stores ------------------------------------------------------------------------------


@contextmanager
def opened_snapshot(graph: Path, figures: Figures) -> Iterator[GraphStore]:
    """The snapshot itself: opened several times, the median counts."""
    taken, spent = [], []
    for _ in range(21):
        began, busy = time.perf_counter(), time.process_time()
        store = open_graph(graph)
        spent.append(time.process_time() - busy)
        taken.append(time.perf_counter() - began)
    figures["open_ms"] = 1e3 * sorted(taken)[len(taken) // 2]
    figures["open_cpu_ms"] = 1e3 * sorted(spent)[len(spent) // 2]
    figures["disk_mb"] = folder_size(graph) / 1e6
    yield store


def check_fits(edges: int, bytes_an_edge: int) -> None:
    """Say so where a graph of so many edges does not fit into memory."""
    needed, free = edges * bytes_an_edge, free_memory()
    if free is not None and needed > MOST_OF_FREE * free:
        raise LeftOutError(f"{edges:,} edges need {needed / 1e9:.0f} GB, {free / 1e9:.0f} are free")


@contextmanager
def timed_build(figures: Figures) -> Iterator[None]:
    """Add how long the building inside took: by the clock, and of the processor."""
    began, busy = time.perf_counter(), _busy()
    yield
    figures["build_s"] = time.perf_counter() - began
    figures["build_cpu_s"] = _busy() - busy


def _busy() -> float:
    """Processor seconds of this process and those it waited for."""
    spent = os.times()
    return spent.user + spent.system + spent.children_user + spent.children_system


@contextmanager
def opened_networkx(graph: Path, figures: Figures) -> Iterator[GraphStore]:
    """The in-memory store, filled from the snapshot."""
    saved = open_graph(graph)
    check_fits(saved.statistics().edges, BYTES_AN_EDGE)
    with timed_build(figures):
        store = NetworkxStore.from_store(saved)
    yield store


@contextmanager
def opened_plain(graph: Path, figures: Figures) -> Iterator[Any]:
    """A bare networkx graph."""
    saved = open_graph(graph)
    check_fits(saved.statistics().edges, PLAIN_BYTES_AN_EDGE)
    with timed_build(figures):
        bare = plain_graph(saved.columns)
    yield bare


@contextmanager
def opened_neo4j(graph: Path, figures: Figures) -> Iterator[GraphStore]:
    """A Neo4j server of our own, filled by its bulk import."""
    import platformdirs

    from bench.neo4j_side import beside_driver
    from kg.neo4j_import import write_import
    from kg.neo4j_server import Neo4jServer, fetch_jars, missing_tools
    from kg.neo4j_store import Neo4jStore

    saved = open_graph(graph)
    edges = saved.statistics().edges
    if edges > MOST_NEO4J_EDGES:
        raise LeftOutError(f"{edges:,} edges are more than the import is tried with here")
    if missing := missing_tools():
        raise LeftOutError(f"not installed: {', '.join(missing)}")
    jars = fetch_jars(platformdirs.user_cache_path("medkgqa"))
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        server = Neo4jServer(jars, home, heap=1024)
        with timed_build(figures):
            server.admin(*write_import(saved, Path(folder) / "files"))
        began = time.perf_counter()
        with server:
            figures["start_s"] = time.perf_counter() - began
            began = time.perf_counter()
            with Neo4jStore(server.address.url) as store:
                figures["open_ms"] = 1e3 * (time.perf_counter() - began)
                figures["disk_mb"] = folder_size(home / "data") / 1e6
                yield store
                figures["server_memory_mb"] = resident_memory(server.pid)
                figures["driver"] = beside_driver(store, server.address, draws(saved, 200))


STORES: Mapping[str, Callable[[Path, Figures], Any]] = {
    "snapshot": opened_snapshot,
    "networkx": opened_networkx,
    "plain": opened_plain,
    "neo4j": opened_neo4j,
}


def folder_size(folder: Path) -> int:
    """Bytes of all files below a folder."""
    return sum(f.stat().st_size for f in folder.rglob("*") if f.is_file())


def free_memory() -> int | None:
    """Bytes of memory that are free, None where the system does not say."""
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
    except FileNotFoundError:
        return None
    sizes = {name: int(rest.split()[0]) for name, rest in (line.split(":") for line in lines)}
    return sizes["MemAvailable"] * 1024


def resident_memory(process: int | None = None) -> float:
    """Resident memory of a process, this one where None, in megabytes.

    Where the system does not say: the peak of this one.
    """
    try:
        pages = int(Path(f"/proc/{process or 'self'}/statm").read_text(encoding="ascii").split()[1])
    except FileNotFoundError:
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak / (1e6 if sys.platform == "darwin" else 1e3)
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def measure_store(name: str, graph: Path, queries: int, seconds: float) -> Figures:
    """Everything about one store on one graph; ``left_out`` where it cannot be measured."""
    before = resident_memory()
    saved = open_graph(graph)
    starts, others = draws(saved, queries), draws(saved, min(queries, 200), seed=8)
    asked: Mapping[str, Any] = PLAIN_QUERIES if name == "plain" else QUERIES
    gc.collect()
    figures: Figures = {}
    try:
        with STORES[name](graph, figures) as store:
            for title, query in asked.items():
                timing = measure(store, query, starts, seconds=seconds, before=others)
                figures[title] = timing.to_json()
            figures["memory_mb"] = resident_memory() - before
            if name == "snapshot":
                few = starts[: 10 if len(saved.columns.edges) <= MOST_NEO4J_EDGES else 2]
                figures["pagerank_overlap"] = pagerank_overlap(saved, few)
    except (LeftOutError, MissingExtraError, StoreUnavailableError) as reason:
        return {"left_out": str(reason)}
    return figures


# -- one run ---------------------------------------------------------------------------------


def make_graph(name: str, folder: Path, source: Path | None) -> tuple[Path, Figures] | None:
    """Write the graph of that name as a snapshot, or find it; None where it cannot be made."""
    graph, beside = folder / name, folder / f"{name}.json"
    if beside.exists():
        found: Figures = json.loads(beside.read_text(encoding="utf-8"))
        return graph, found
    figures: Figures = {}
    columns: GraphColumns
    began = time.perf_counter()
    if name == "hetionet":
        if source is None or not (source / HETIONET_EDGES).exists():
            print("left out: hetionet (give --data with the folder that holds kg/hetionet)")
            return None
        columns = hetionet_columns(source)
    else:
        columns = synthetic_columns(SIZES[name])
    figures |= {"nodes": len(columns.curies), "edges": len(columns.edges)}
    figures["make_s"] = time.perf_counter() - began
    with timed_build(figures):
        write_columns(columns, graph)
    folder.mkdir(parents=True, exist_ok=True)
    beside.write_text(json.dumps(figures), encoding="utf-8")
    return graph, figures


def in_own_process(store: str, graph: Path, options: argparse.Namespace) -> Figures:
    """:func:`measure_store` in a fresh process."""
    command = [sys.executable, __file__, "--measure", store, "--graph", str(graph)]
    command += ["--queries", str(options.queries), "--seconds", str(options.seconds)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        return {"left_out": f"failed: {done.stderr.strip().splitlines()[-1]}"}
    figures: Figures = json.loads(done.stdout.splitlines()[-1])
    return figures


def show(graph: str, by_store: Mapping[str, Figures]) -> None:
    """Print one graph's table."""
    measured = {s: f for s, f in by_store.items() if "left_out" not in f}
    print(f"\n{graph}")
    for store, figures in by_store.items():
        if "left_out" in figures:
            print(f"  {store}: left out: {figures['left_out']}")
            continue
        sizes = [f"{k} {figures[k]:.1f}" for k in figures if isinstance(figures[k], float)]
        print(f"  {store}: {', '.join(sizes)}")
    heads = "".join(
        f"{s + ' p50':>16}{'p99':>10}{'CPU p50':>10}{'p99':>10}{'least':>10}{'p99':>10}"
        for s in measured
    )
    print(f"  {'milliseconds':24}{heads}")
    for title in [*QUERIES, *(t for t in PLAIN_QUERIES if t not in QUERIES)]:
        show_query(title, {s: f[title] for s, f in measured.items() if title in f}, list(measured))
    for title, beside in measured.get("neo4j", {}).get("driver", {}).items():
        print(
            f"  {title:24}{beside['store_p50_ms']:16.3f} by our Neo4j store, "
            f"{beside['driver_p50_ms']:.3f} by hand through the driver: "
            f"{beside['ratio_p50']:.2f}× (mean {beside['ratio_mean']:.2f}×)"
        )


def show_query(title: str, by_store: Mapping[str, Figures], stores: Sequence[str]) -> None:
    """Print one question's row: a column a store, ratios, and whether the answers differ."""
    cells = "".join(
        f"{f['p50']:16.3f}"
        + "".join(f"{f[k]:10.3f}" for k in ("p99", "cpu_p50", "cpu_p99", "least_p50", "least_p99"))
        if (f := by_store.get(store))
        else " " * 66
        for store in stores
    )
    ratios = [
        f"{store} / snapshot {f['p50'] / by_store['snapshot']['p50']:.0f}×"
        for store, f in by_store.items()
        if store != "snapshot" and "snapshot" in by_store
    ]
    same = len({f["answers"] for s, f in by_store.items() if s != "plain"}) <= 1
    print(f"  {title:24}{cells}   {', '.join(ratios)}{'' if same else '  ANSWERS DIFFER'}")


def aims(by_graph: Mapping[str, Mapping[str, Figures]]) -> list[tuple[str, float, float, bool]]:
    """What was aimed at: name, measured, aim, whether it is met."""
    found: list[tuple[str, float, float, bool]] = []
    for graph, by_store in by_graph.items():
        for title, beside in by_store.get("neo4j", {}).get("driver", {}).items():
            ratio = beside["ratio_p50"]
            found.append((f"{graph}: Neo4j store / driver, {title} ≤", ratio, 1.2, ratio <= 1.2))
        snapshot = by_store.get("snapshot", {"left_out": ""})
        if "left_out" in snapshot:
            continue
        below = {
            "open, ms": (snapshot["open_ms"], 10.0),
            "open, CPU ms": (snapshot["open_cpu_ms"], 10.0),
        }
        for title, aim in (
            ("1 hop, 10 edges", 0.1),
            ("2-hop paths, 10", 0.1),
            ("2-hop subgraph, 200", 2.0),
        ):
            below[f"{title}, p99, ms"] = (snapshot[title]["p99"], aim)
            below[f"{title}, CPU p99, ms"] = (snapshot[title]["cpu_p99"], aim)
            below[f"{title}, least CPU of three, p99, ms"] = (snapshot[title]["least_p99"], aim)
        found += [(f"{graph}: {n} <", v, aim, v < aim) for n, (v, aim) in below.items()]
        overlap = snapshot["pagerank_overlap"]
        found.append((f"{graph}: PageRank overlap ≥", overlap, 0.99, overlap >= 0.99))
        for other, factor, titles in (
            ("networkx", 100.0, ["2-hop subgraph, 200"]),
            ("plain", 100.0, ["2-hop subgraph, 200"]),
            ("neo4j", 50.0, list(QUERIES)),
        ):
            figures = by_store.get(other, {"left_out": ""})
            for title in titles if "left_out" not in figures else ():
                compared = "subgraph as networkx" if other == "plain" else title
                # a server's work shows on the clock only
                what, key = ("clock", "p50") if other == "neo4j" else ("least CPU", "least_p50")
                ratio = figures[title][key] / snapshot[compared][key]
                named = f"{graph}: {other} / snapshot, {title}, {what} ≥"
                found.append((named, ratio, factor, ratio >= factor))
    return found


def main() -> int:
    """Measure, print, and write the numbers where asked."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", type=Path, help="also write the numbers to this file")
    parser.add_argument("--data", type=Path, help="folder that holds kg/hetionet")
    parser.add_argument("--graphs", default="hetionet,synthetic,large")
    parser.add_argument("--stores", default=",".join(STORES))
    parser.add_argument("--keep", type=Path, help="folder to leave the graphs in, and find them")
    parser.add_argument("--queries", type=int, default=1_000)
    parser.add_argument("--seconds", type=float, default=20.0, help="for one query on one store")
    parser.add_argument("--measure", choices=STORES, help=argparse.SUPPRESS)
    parser.add_argument("--graph", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        figures = measure_store(options.measure, options.graph, options.queries, options.seconds)
        print(json.dumps(figures))
        return 0
    result: dict[str, Any] = {"machine": platform.processor() or platform.machine()}
    result["cores"] = os.cpu_count()
    by_graph: dict[str, dict[str, Figures]] = {}
    for name in options.graphs.split(","):
        with tempfile.TemporaryDirectory() as folder:
            made = make_graph(name, options.keep or Path(folder), options.data)
            if made is None:
                continue
            graph, figures = made
            print(
                f"{name}: {figures['nodes']:,} nodes, {figures['edges']:,} edges, "
                f"made in {figures['make_s']:.1f} s, snapshot written in "
                f"{figures['build_s']:.1f} s (processor {figures['build_cpu_s']:.1f} s)"
            )
            result[name] = figures
            by_store = {s: in_own_process(s, graph, options) for s in options.stores.split(",")}
            by_graph[name] = by_store
            show(name, by_store)
        result |= {"stores": by_graph, "aims": aims(by_graph)}
        if options.json:  # after each graph: a long run that is broken off leaves what it has
            options.json.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    checked = aims(by_graph)
    print("\naims")
    for title, value, aim, met in checked:
        print(f"  {'met   ' if met else 'MISSED'} {title} {aim:g}: {value:.3f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
