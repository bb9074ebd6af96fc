"""The figures of :mod:`bench.stores` as Markdown tables; parts of one run are put together.

python bench/store_tables.py FILE.json [FILE.json …]
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

if not __package__:  # run as a file: find the folder beside this one's parent
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench.plain_networkx import PLAIN_QUERIES
from bench.store_queries import QUERIES
from bench.stores import aims

Figures = Mapping[str, Any]
STORES = {
    "snapshot": "snapshot",
    "networkx": "in-memory store",
    "plain": "bare networkx",
    "neo4j": "Neo4j store",
}
_SIZES = (
    ("build_s", "build, s", 1),
    ("build_cpu_s", "… processor, s", 1),
    ("open_ms", "open, ms", 1),
    ("open_cpu_ms", "… processor, ms", 1),
    ("memory_mb", "memory, MB", 0),
    ("server_memory_mb", "… of the server, MB", 0),
    ("disk_mb", "disk, MB", 0),
)


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table; all columns but the first to the right.

    >>> print(table(["a", "b"], [["x", "1"]]))
    | a | b |
    |---|---:|
    | x | 1 |
    """
    lines = [head, ["---", *("---:" for _ in head[1:])], *rows]
    return "\n".join(
        "|" + "|".join(line) + "|" if line[0] == "---" else "| " + " | ".join(line) + " |"
        for line in lines
    )


def number(value: float) -> str:
    """Three figures that count.

    >>> number(0.01234), number(12.345), number(1234.5)
    ('0.0123', '12.3', '1,234')
    """
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def pair(figures: Figures | None, names: tuple[str, str]) -> str:
    """``p50 / p99`` of a question, or a dash."""
    if figures is None:
        return "–"
    return " / ".join(number(figures[name]) for name in names)


def parts(paths: Sequence[Path]) -> tuple[dict[str, Figures], dict[str, dict[str, Figures]]]:
    """Graphs and, of each, stores, of several files; a later file adds or replaces stores."""
    graphs: dict[str, Figures] = {}
    stores: dict[str, dict[str, Figures]] = {}
    for path in paths:
        content = json.loads(path.read_text(encoding="utf-8"))
        for name, by_store in content["stores"].items():
            graphs[name] = content[name]
            stores.setdefault(name, {}).update(by_store)
    return graphs, stores


def of_graph(graph: Figures, by_store: Mapping[str, Figures]) -> Iterator[str]:
    """The tables of one graph."""
    measured = {s: by_store[s] for s in STORES if s in by_store and "left_out" not in by_store[s]}
    for store, figures in by_store.items():
        if "left_out" in figures:
            yield f"Left out: {STORES[store]}: {figures['left_out']}."
    if "snapshot" in measured:  # it is written where the graph is made
        built = {name: graph[name] for name in ("build_s", "build_cpu_s")}
        measured["snapshot"] = {**measured["snapshot"], **built}
    heads = [STORES[s] for s in measured]
    yield table(
        ["", *heads],
        [
            [title, *(f"{f[key]:,.{places}f}" if key in f else "–" for f in measured.values())]
            for key, title, places in _SIZES
            if any(key in f for f in measured.values())
        ],
    )
    titles = [*QUERIES, *(t for t in PLAIN_QUERIES if t not in QUERIES)]
    for head, names in (
        ("clock, ms", ("p50", "p99")),
        ("processor, ms", ("cpu_p50", "cpu_p99")),
        ("least processor of three, ms", ("least_p50", "least_p99")),
    ):
        rows = [[t, *(pair(f.get(t), names) for f in measured.values())] for t in titles]
        yield table([head, *heads], [row for row in rows if set(row[1:]) != {"–"}])


def of_driver(by_graph: Mapping[str, Mapping[str, Figures]]) -> str:
    """Our Neo4j store beside Cypher by hand."""
    rows = [
        [
            graph,
            title,
            *(number(beside[k]) for k in ("store_p50_ms", "driver_p50_ms")),
            *(f"{beside[k]:.2f}×" for k in ("ratio_p50", "ratio_mean")),
        ]
        for graph, by_store in by_graph.items()
        for title, beside in by_store.get("neo4j", {}).get("driver", {}).items()
    ]
    return table(["graph", "question", "store, ms", "by hand, ms", "p50", "mean"], rows)


def main() -> int:
    """Print the tables of the files named."""
    graphs, stores = parts([Path(argument) for argument in sys.argv[1:]])
    for name, by_store in stores.items():
        print(f"### {name}: {graphs[name]['nodes']:,} nodes, {graphs[name]['edges']:,} edges\n")
        for text in of_graph(graphs[name], by_store):
            print(f"{text}\n")
    print(f"{of_driver(stores)}\n")
    rows = [
        [title, number(aim), number(value), "met" if met else "**missed**"]
        for title, value, aim, met in aims(stores)
    ]
    print(table(["aim", "", "measured", ""], rows))
    return 0


if __name__ == "__main__":
    sys.exit(main())
