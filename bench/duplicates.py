"""How many disease names stand on several nodes, before and after sources are merged.

    python bench/duplicates.py --data DIR [--json FILE]

``DIR`` holds the folders of the data sets: ``kg/hetionet``, ``kg/pharmacotherapydb``,
``ontology/doid`` (``HumanDO-2015*.obo`` or another Disease Ontology file), ``ontology/mesh-2015``.
Names are compared in normal form; conditions are diseases and symptoms together. Left over after
merging is what no mapping joins, or what a conflict keeps apart.
"""

from __future__ import annotations

import argparse
import json
import time
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from kg.identity import map_identities
from kg.names import normalise
from kg.records import Concept, curie_prefix
from kg.schema import CONDITIONS, DISEASE
from loaders.hetionet import HetionetLoader
from loaders.merging import merge_sources, rules_for
from loaders.mesh import MeshLoader
from loaders.obo_ontology import OboOntologyLoader
from loaders.pharmacotherapydb import PharmacotherapyDbLoader
from loaders.source import GraphSource


def duplicates(
    nodes: Iterable[Concept], categories: frozenset[str], *, display_only: bool
) -> tuple[int, dict[str, tuple[str, ...]]]:
    """Names in normal form, and those on several nodes with the nodes' keys."""
    holders: dict[str, set[str]] = defaultdict(set)
    for node in nodes:
        if node.category not in categories:
            continue
        names = [node.name()] if display_only else [n.text for n in node.names]
        for text in names:
            if normal := normalise(text):
                holders[normal].add(node.curie)
    doubled = {n: tuple(sorted(keys)) for n, keys in sorted(holders.items()) if len(keys) > 1}
    return len(holders), doubled


def sources_in(folder: Path) -> list[GraphSource]:
    """The four sources of the data at hand."""
    patterns = ("HumanDO-2015*.obo", "HumanDO.obo", "doid.obo")
    return [
        OboOntologyLoader(folder / "ontology/doid", patterns=patterns),
        MeshLoader(folder / "ontology/mesh-2015"),
        HetionetLoader(folder / "kg/hetionet"),
        PharmacotherapyDbLoader(folder / "kg/pharmacotherapydb"),
    ]


def measure(folder: Path) -> dict[str, Any]:
    """Every count, as a JSON-safe record."""
    started = time.perf_counter()
    sources = sources_in(folder)
    # Before: every source keeps its own node for each of its concepts.
    apart = [
        Concept(f"SOURCE{number}:{concept.curie}", concept.category, concept.names)
        for number, source in enumerate(sources)
        for concept in {c.curie: c for c in source.concepts()}.values()
    ]
    by_key = {c.curie: c for source in sources for c in source.concepts()}
    identity = map_identities(
        (c for s in sources for c in s.concepts()), rules=rules_for(by_key.values())
    )
    linked = list(identity.concepts(c for s in sources for c in s.concepts()))
    store, report = merge_sources(sources)
    stages = (
        ("apart", apart),
        ("equal keys", list(by_key.values())),
        ("cross-references", linked),
        ("names too", list(store.concepts())),
    )
    counts: dict[str, Any] = {}
    for title, nodes in stages:
        counts[title] = {"nodes": len(nodes)}
        for what, categories in (("diseases", frozenset({DISEASE})), ("conditions", CONDITIONS)):
            names, doubled = duplicates(nodes, categories, display_only=True)
            counts[title][what] = {"names": names, "duplicated": len(doubled)}
    _, left = duplicates(store.concepts(), CONDITIONS, display_only=True)
    kinds: dict[str, int] = defaultdict(int)
    for keys in left.values():
        kinds[" + ".join(sorted(map(curie_prefix, keys)))] += 1
    return {
        "counts": counts,
        "left_by_vocabulary": dict(sorted(kinds.items(), key=lambda k: -k[1])),
        "left": dict(list(left.items())[:20]),
        "conflicts": len(identity.conflicts),
        "merged": identity.merged,
        "merged_by_name": report.by_name,
        "edges": store.statistics().edges,
        "refused": report.refused.total,
        "seconds": round(time.perf_counter() - started, 1),
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True, metavar="DIR")
    parser.add_argument("--json", type=Path, metavar="FILE")
    options = parser.parse_args(arguments)
    found = measure(options.data)
    print(
        f"{'stage':<18}{'nodes':>9}{'disease names':>15}{'twice':>7}{'conditions':>12}{'twice':>7}"
    )
    for title, count in found["counts"].items():
        diseases, conditions = count["diseases"], count["conditions"]
        print(
            f"{title:<18}{count['nodes']:>9,}{diseases['names']:>15,}{diseases['duplicated']:>7,}"
            f"{conditions['names']:>12,}{conditions['duplicated']:>7,}"
        )
    print(f"joined by cross-references {found['merged']:,}, by name {found['merged_by_name']:,}; ")
    print(f"conflicts {found['conflicts']:,}; edges {found['edges']:,}, {found['seconds']} s")
    print("left over by vocabulary:", found["left_by_vocabulary"])
    for name, keys in found["left"].items():
        print(f"  {name}: {', '.join(keys)}")
    if options.json is not None:
        options.json.write_text(json.dumps(found, ensure_ascii=False, indent=2), encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
