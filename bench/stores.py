"""The graph stores side by side: build, open, memory, disk and queries on the same graphs.

    python bench/stores.py [--json FILE] [--data DIR] [--graphs hetionet,middle,large]
                           [--stores networkx,snapshot,neo4j] [--queries N]

Graphs: the part of Hetionet at hand (where --data is given), and two synthetic ones of 47,000
nodes and 2.25 M edges, and 129,000 nodes and 8.1 M edges. Every store is measured in a process of
its own, asked the same questions in the same order; answers are compared. Runs with the base
install; what it has to leave out it says.

Times are wall-clock milliseconds of answers as records, evidence included. The in-memory store is
filled from the snapshot, so its build time includes reading it. Memory is what the process grew by,
pages of the snapshot's files that were touched included.
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
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

if not __package__:  # run as a file: find the folder beside this one's parent
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench.graphs import HETIONET_EDGES, Size, hetionet_columns, synthetic_columns
from bench.store_queries import QUERIES, draws, measure, pagerank_overlap
from kg.errors import MissingExtraError, StoreUnavailableError
from kg.networkx_store import NetworkxStore
from kg.saved import open_graph
from kg.snapshot_format import GraphColumns
from kg.snapshot_writer import write_columns
from kg.store import GraphStore

SIZES = {"middle": Size(47_000, 2_250_000), "large": Size(129_000, 8_100_000)}
#: Bytes an edge takes in the in-memory store, measured; decides what fits.
BYTES_AN_EDGE = 1_700
#: Edges Neo4j is filled with at most.
MOST_NEO4J_EDGES = 3_000_000

Figures = dict[str, Any]


class LeftOutError(Exception):
    """A measurement that cannot be made here, and why."""


# -- the stores ------------------------------------------------------------------------------


@contextmanager
def opened_snapshot(graph: Path, figures: Figures) -> Iterator[GraphStore]:
    """The snapshot itself: opened several times, the median counts."""
    taken = []
    for _ in range(21):
        began = time.perf_counter()
        store = open_graph(graph)
        taken.append(time.perf_counter() - began)
    figures["open_ms"] = 1e3 * sorted(taken)[len(taken) // 2]
    figures["disk_mb"] = sum(f.stat().st_size for f in graph.rglob("*") if f.is_file()) / 1e6
    yield store


@contextmanager
def opened_networkx(graph: Path, figures: Figures) -> Iterator[GraphStore]:
    """The in-memory store, filled from the snapshot."""
    saved = open_graph(graph)
    edges = saved.statistics().edges
    needed, free = edges * BYTES_AN_EDGE, free_memory()
    if free is not None and needed > free:
        raise LeftOutError(f"{edges:,} edges need {needed / 1e9:.0f} GB, {free / 1e9:.0f} are free")
    began = time.perf_counter()
    store = NetworkxStore.from_store(saved)
    figures["build_s"] = time.perf_counter() - began
    yield store


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
        server = Neo4jServer(jars, Path(folder) / "home", heap=1024)
        began = time.perf_counter()
        server.admin(*write_import(saved, Path(folder) / "files"))
        with server, Neo4jStore(server.address.url) as store:
            figures["build_s"] = time.perf_counter() - began
            yield store
            figures["driver"] = beside_driver(store, server.address, draws(saved, 200))


STORES: Mapping[str, Callable[[Path, Figures], Any]] = {
    "snapshot": opened_snapshot,
    "networkx": opened_networkx,
    "neo4j": opened_neo4j,
}


def free_memory() -> int | None:
    """Bytes of memory that are free, None where the system does not say."""
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
    except FileNotFoundError:
        return None
    sizes = {name: int(rest.split()[0]) for name, rest in (line.split(":") for line in lines)}
    return sizes["MemAvailable"] * 1024


def resident_memory() -> float:
    """Resident memory of this process in megabytes; its peak where the system says no more."""
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    except FileNotFoundError:
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak / (1e6 if sys.platform == "darwin" else 1e3)
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def measure_store(name: str, graph: Path, queries: int, seconds: float) -> Figures:
    """Everything about one store on one graph; ``left_out`` where it cannot be measured."""
    before = resident_memory()
    starts = draws(open_graph(graph), queries)
    gc.collect()
    figures: Figures = {}
    try:
        with STORES[name](graph, figures) as store:
            for title, query in QUERIES.items():
                figures[title] = measure(store, query, starts, seconds=seconds).to_json()
            figures["memory_mb"] = resident_memory() - before
            if name == "snapshot":
                figures["pagerank_overlap"] = pagerank_overlap(open_graph(graph), starts[:10])
    except (LeftOutError, MissingExtraError, StoreUnavailableError) as reason:
        return {"left_out": str(reason)}
    return figures


# -- one run ---------------------------------------------------------------------------------


def make_graph(name: str, folder: Path, source: Path | None) -> tuple[Path, Figures] | None:
    """Write the graph of that name as a snapshot; None where it cannot be made."""
    began = time.perf_counter()
    columns: GraphColumns
    if name == "hetionet":
        if source is None or not (source / HETIONET_EDGES).exists():
            print("left out: hetionet (give --data with the folder that holds kg/hetionet)")
            return None
        columns = hetionet_columns(source)
    else:
        columns = synthetic_columns(SIZES[name])
    made = time.perf_counter()
    write_columns(columns, folder / name)
    figures = {
        "nodes": len(columns.curies),
        "edges": len(columns.edges),
        "make_s": made - began,
        "write_s": time.perf_counter() - made,
    }
    return folder / name, figures


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
    print(f"  {'milliseconds':24}" + "".join(f"{s + ' p50':>16}{'p99':>10}" for s in measured))
    for title in QUERIES:
        cells = "".join(
            f"{f[title]['p50']:16.3f}{f[title]['p99']:10.3f}" for f in measured.values()
        )
        ratios = [
            f"{store} / snapshot {f[title]['p50'] / measured['snapshot'][title]['p50']:.0f}×"
            for store, f in measured.items()
            if store != "snapshot" and "snapshot" in measured
        ]
        same = len({f[title]["answers"] for f in measured.values()}) == 1
        print(f"  {title:24}{cells}   {', '.join(ratios)}{'' if same else '  ANSWERS DIFFER'}")
    for title, beside in measured.get("neo4j", {}).get("driver", {}).items():
        print(
            f"  {title:24}{beside['store_p50_ms']:16.3f} by our Neo4j store, "
            f"{beside['driver_p50_ms']:.3f} by hand through the driver: "
            f"{beside['ratio_p50']:.2f}× (mean {beside['ratio_mean']:.2f}×)"
        )


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
            "1 hop p99, ms": (snapshot["1 hop, 10 edges"]["p99"], 0.1),
            "2-hop p99, ms": (snapshot["2-hop paths, 10"]["p99"], 0.1),
            "subgraph p99, ms": (snapshot["2-hop subgraph, 200"]["p99"], 2.0),
        }
        found += [(f"{graph}: {n} <", v, aim, v < aim) for n, (v, aim) in below.items()]
        overlap = snapshot["pagerank_overlap"]
        found.append((f"{graph}: PageRank overlap ≥", overlap, 0.99, overlap >= 0.99))
        for other, factor, titles in (
            ("networkx", 100.0, ["2-hop subgraph, 200"]),
            ("neo4j", 50.0, [t for t in QUERIES if "PageRank" not in t]),
        ):
            figures = by_store.get(other, {"left_out": ""})
            for title in titles if "left_out" not in figures else ():
                ratio = figures[title]["p50"] / snapshot[title]["p50"]
                found.append(
                    (f"{graph}: {other} / snapshot, {title} ≥", ratio, factor, ratio >= factor)
                )
    return found


def main() -> int:
    """Measure, print, and write the numbers where asked."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", type=Path, help="also write the numbers to this file")
    parser.add_argument("--data", type=Path, help="folder that holds kg/hetionet")
    parser.add_argument("--graphs", default="hetionet,middle,large")
    parser.add_argument("--stores", default=",".join(STORES))
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
            made = make_graph(name, Path(folder), options.data)
            if made is None:
                continue
            graph, figures = made
            print(
                f"{name}: {figures['nodes']:,} nodes, {figures['edges']:,} edges, "
                f"made in {figures['make_s']:.1f} s, snapshot written in {figures['write_s']:.1f} s"
            )
            result[name] = figures
            by_store = {s: in_own_process(s, graph, options) for s in options.stores.split(",")}
            by_graph[name] = by_store
            show(name, by_store)
    result["stores"] = by_graph
    result["aims"] = checked = aims(by_graph)
    print("\naims")
    for title, value, aim, met in checked:
        print(f"  {'met   ' if met else 'MISSED'} {title} {aim:g}: {value:.3f}")
    if options.json:
        options.json.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
