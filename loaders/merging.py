"""Several sources into one graph, so that one disease is one node.

First what the sources state: concepts whose cross-references agree become one
(:mod:`kg.identity`). Then, of what is left, concepts of equal names: where a preferred name of
one is a preferred or exact name of another of the same or a compatible class, and no identifier
of theirs contradicts that they are one. What was joined, found no counterpart, or contradicts
itself is in the report. Several entries of a finer catalogue that one disease states become kinds
of it (:mod:`loaders.kinds`).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations
from typing import Any

from kg.identity import IdentityMap, IdentityRules, map_identities
from kg.names import normalise
from kg.networkx_store import NetworkxStore
from kg.records import Concept, Edge, Triple, curie_prefix
from kg.schema import RefusalReport
from kg.store import GraphStore
from loaders.kinds import StatedKind, kind_edges, stated_kinds
from loaders.source import GraphSource

#: Says of a licence whether evidence under it is wanted.
Wanted = Callable[[str], bool]
Progress = Callable[[str, float], None]

_NAMING = ("preferred", "exact")


def every_licence(licence: str) -> bool:
    """Want evidence whatever its licence."""
    return True


def no_progress(step: str, done: float) -> None:
    """Report nothing."""


@dataclass(slots=True)
class MergeReport:
    """What became of the sources.

    Args:
        identity: what was joined by cross-references, and what contradicted itself; None where
            there was one source only.
        by_name: how many concepts went into the node of another one of equal name.
        kinds: how many entries of finer catalogues became a kind of a disease stating several.
        name_conflicts: names nodes share whose identifiers say that they are not one, with the
            keys of the nodes.
        unlicensed: pieces of evidence left out, by licence.
        sources_left_out: names of sources whose concepts were left out for their licence.
        refused: edges the graph did not take.
    """

    identity: IdentityMap | None = None
    by_name: int = 0
    kinds: int = 0
    name_conflicts: list[tuple[str, tuple[str, ...]]] = field(default_factory=list)
    unlicensed: Counter[str] = field(default_factory=Counter)
    sources_left_out: list[str] = field(default_factory=list)
    refused: RefusalReport = field(default_factory=RefusalReport)

    def to_json(self) -> dict[str, Any]:
        """The report as a JSON-safe record."""
        record: dict[str, Any] = {
            "refused": dict(self.refused.counts),
            "examples": self.refused.examples,
            "licence_left_out": dict(self.unlicensed),
            "sources_left_out": self.sources_left_out,
        }
        if self.identity is not None:
            record["merged"] = self.identity.merged
            record["merged_by_name"] = self.by_name
            record["kinds_by_cross_reference"] = self.kinds
            record["conflicts"] = [str(c) for c in self.identity.conflicts]
            record["name_conflicts"] = {name: list(keys) for name, keys in self.name_conflicts}
            record["unmapped"] = len(self.identity.unmapped)
        return record

    def __str__(self) -> str:
        lines = [str(self.refused)]
        if self.identity is not None:
            apart = f"{len(self.name_conflicts)} of equal name kept apart by their identifiers"
            by_name = f"{self.by_name} merged by name, {apart}"
            by_xref = f"{self.kinds} entries are a kind of the disease that states several of them"
            lines = [str(self.identity), by_name, by_xref, *lines]
        for licence, count in self.unlicensed.most_common():
            lines.append(f"{count} pieces of evidence left out: {licence}")
        if self.sources_left_out:
            lines.append(f"left out for their licence: {', '.join(self.sources_left_out)}")
        return "\n".join(lines)


def merge_sources(
    sources: Sequence[GraphSource],
    *,
    base: GraphStore | None = None,
    wanted: Wanted = every_licence,
    progress: Progress = no_progress,
) -> tuple[NetworkxStore, MergeReport]:
    """Load sources into one new graph.

    Args:
        sources: the one whose names and classes win first.
        base: a graph to add them to, which stays as it is.
        wanted: which licences may come in. Of a source under another licence neither concepts
            nor evidence do.
        progress: called before each step.

    Raises:
        SourceFormatError: naming file and line, where a source cannot be read.
    """
    report = MergeReport()
    concepts: list[Concept] = []
    kinds: list[StatedKind] = []
    if base is not None:
        progress("names of the graph", 0.0)
        concepts += [_licensed(c, wanted) for c in base.concepts()]
    for number, source in enumerate(sources):
        progress(f"names: {source.card.title}", 0.3 * number / len(sources))
        if wanted(source.card.licence):
            own = [_licensed(c, wanted) for c in source.concepts()]
            kinds += stated_kinds(own, source.card.provenance())
            concepts += own
        else:
            report.sources_left_out.append(source.card.name)
    progress("identities", 0.3)
    keys: dict[str, str] = {}
    if len(sources) > 1 or base is not None:
        concepts = _joined(concepts, report, keys)
    store = NetworkxStore(concepts)
    if base is not None:
        _add(store, base.edges(), keys, wanted, report)
    for number, source in enumerate(sources):
        progress(f"facts: {source.card.title}", 0.4 + 0.6 * number / len(sources))
        _add(store, source.edges(), keys, wanted, report)
    inferred = list(kind_edges(kinds, store, keys))
    report.kinds = len(inferred)
    _add(store, inferred, {}, wanted, report)
    progress("done", 1.0)
    return store, report


def _joined(concepts: list[Concept], report: MergeReport, keys: dict[str, str]) -> list[Concept]:
    """The nodes, and in ``keys`` the node of every concept that went into another's."""
    rules = rules_for(concepts)
    identity = map_identities(concepts, rules=rules)
    nodes = list(identity.concepts(concepts, rules=rules))
    by_name, report.name_conflicts = same_names(nodes, rules)
    report.identity, report.by_name = identity, len(by_name)
    keys.update({k: v for k, v in identity.key_of.items() if k != v})
    keys.update({k: by_name[v] for k, v in keys.items() if v in by_name})
    keys.update(by_name)
    leading: dict[str, Concept] = {n.curie: n for n in nodes if n.curie not in by_name}
    for node in nodes:
        if node.curie in by_name:
            key = by_name[node.curie]
            leading[key] = leading[key].merged(node)
    return [leading[key] for key in sorted(leading)]


def rules_for(concepts: Iterable[Concept]) -> IdentityRules:
    """The usual rules, with every prefix the concepts are keyed by counted as a vocabulary."""
    usual = IdentityRules()
    found: dict[str, dict[str, None]] = defaultdict(dict)
    for concept in concepts:
        found[concept.category][curie_prefix(concept.curie)] = None
    vocabularies = dict(usual.vocabularies)
    for category, prefixes in found.items():
        known = usual.vocabularies.get(category, ())
        vocabularies[category] = (*known, *sorted(set(prefixes) - set(known)))
    for group in usual.compatible:
        together = dict.fromkeys(p for category in group for p in vocabularies.get(category, ()))
        for category in group:
            own = vocabularies.get(category, ())
            vocabularies[category] = (*own, *(p for p in together if p not in own))
    return replace(usual, vocabularies=vocabularies)


def same_names(
    nodes: Sequence[Concept], rules: IdentityRules
) -> tuple[dict[str, str], list[tuple[str, tuple[str, ...]]]]:
    """Which nodes are one by their names: key of a node → key of the one it goes into.

    The names nodes prefer whose identifiers contradict come second, with the nodes.

    Nodes that prefer the same name are one; so are two of which one prefers a name that the
    other, and nobody else, has as an exact one. Not where of any vocabulary two of them have
    identifiers that are all different.
    """
    holders: dict[tuple[tuple[str, ...], str], dict[str, bool]] = defaultdict(dict)
    by_key = {node.curie: node for node in nodes}
    for node in nodes:
        group = rules.group(node.category)
        for name in node.names:
            if name.kind in _NAMING and (normal := normalise(name.text)):
                held = holders[group, normal]
                held[node.curie] = held.get(node.curie, False) or name.kind == "preferred"
    into: dict[str, str] = {}
    ids = {node.curie: _identifiers(node, rules) for node in nodes}
    conflicts: list[tuple[str, tuple[str, ...]]] = []
    for (_, normal), held in sorted(holders.items()):
        displayed = sorted({_root(into, key) for key, preferred in held.items() if preferred})
        everyone = sorted({_root(into, key) for key in held})
        alike = displayed if len(displayed) > 1 else everyone if len(everyone) == 2 else []
        if not displayed or len(alike) < 2:
            continue
        if any(_contradict(ids[one], ids[other]) for one, other in combinations(alike, 2)):
            if len(displayed) > 1:
                conflicts.append((normal, tuple(displayed)))
            continue
        first, *others = sorted(alike, key=lambda key: rules.preference(by_key[key]))
        for other in others:
            into[other] = first
            for vocabulary, found in ids[other].items():
                ids[first][vocabulary] = ids[first].get(vocabulary, frozenset()) | found
    return {key: _root(into, key) for key in into}, conflicts


def _root(into: dict[str, str], key: str) -> str:
    while key in into:
        key = into[key]
    return key


def _identifiers(node: Concept, rules: IdentityRules) -> dict[str, frozenset[str]]:
    """Its identifiers that identify, by vocabulary."""
    found: dict[str, set[str]] = defaultdict(set)
    for curie in (node.curie, *node.xrefs):
        if rules.identifies(node.category, curie):
            found[curie_prefix(curie)].add(curie)
    return {vocabulary: frozenset(ids) for vocabulary, ids in found.items()}


def _contradict(one: dict[str, frozenset[str]], other: dict[str, frozenset[str]]) -> bool:
    return any(one[v].isdisjoint(other[v]) for v in one.keys() & other.keys())


def _licensed(concept: Concept, wanted: Wanted) -> Concept:
    """The concept without definitions under a licence that is not wanted."""
    if wanted is every_licence or not concept.definitions:
        return concept
    kept = tuple(d for d in concept.definitions if wanted(d.provenance.licence))
    return concept if len(kept) == len(concept.definitions) else replace(concept, definitions=kept)


def _add(
    store: NetworkxStore,
    edges: Iterable[Edge],
    keys: dict[str, str],
    wanted: Wanted,
    report: MergeReport,
) -> None:
    refused = store.add_edges(_rekeyed(_wanted(edges, wanted, report), keys, report))
    for reason, count in refused.counts.items():
        report.refused.counts[reason] += count
        known = report.refused.examples.setdefault(reason, [])
        known += refused.examples.get(reason, [])[: report.refused.most_examples - len(known)]


def _wanted(edges: Iterable[Edge], wanted: Wanted, report: MergeReport) -> Iterator[Edge]:
    for edge in edges:
        if wanted is every_licence:
            yield edge
            continue
        kept = tuple(e for e in edge.evidence if wanted(e.provenance.licence))
        for evidence in edge.evidence:
            if not wanted(evidence.provenance.licence):
                report.unlicensed[evidence.provenance.licence] += 1
        if kept:
            yield replace(edge, evidence=kept)


def _rekeyed(edges: Iterable[Edge], keys: dict[str, str], report: MergeReport) -> Iterator[Edge]:
    for edge in edges:
        subject = keys.get(edge.subject, edge.subject)
        object_ = keys.get(edge.object, edge.object)
        if subject == object_ and edge.subject != edge.object:
            report.refused.add(
                f"{edge.predicate}: both ends were merged into one", str(edge.triple)
            )
        elif (subject, object_) == (edge.subject, edge.object):
            yield edge
        else:
            yield Edge(Triple(subject, edge.predicate, object_), edge.evidence, edge.polarity)
