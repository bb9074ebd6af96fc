"""Merges one concept of several sources into one node, by cross-references.

Sources name the same disease ``DOID:14323``, ``OMIM:154700`` or ``MESH:D008382`` and state which
identifiers correspond. Concepts joined by such statements become one node, unless that would put
two identifiers of one vocabulary on it: then somebody is wrong, nobody here can tell who, and
nothing of it is merged. Every such case is kept as an :class:`IdentityConflict`:

* ``several``: a concept states two identifiers of one vocabulary;
* ``shared``: two concepts of one vocabulary state the same identifier;
* ``chain``: each statement is sound alone, but together they join two of one vocabulary;
* ``class``: a cross-reference leads to a concept of a class that cannot be the same thing.

A concept's cross-references into its own vocabulary are its former identifiers and count as it.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import groupby
from types import MappingProxyType
from typing import Literal

from kg.names import normalise
from kg.records import Concept, Edge, Triple, curie_prefix
from kg.schema import (
    ANATOMY,
    DISEASE,
    DRUG,
    DRUG_CLASS,
    GENE,
    PHENOTYPE,
    RefusalReport,
)

_CONDITION = (
    "DOID",
    "MONDO",
    "OMIM",
    "ORPHA",
    "DECIPHER",
    "HP",
    "SYMP",
    "MESH",
    "NCIT",
    "UMLS",
)
_CHEMICAL = ("DRUGBANK", "RXNORM", "CHEBI", "PUBCHEM.COMPOUND", "CHEMBL", "MESH", "UNII", "UMLS")

ConflictKind = Literal["several", "shared", "chain", "class"]


@dataclass(frozen=True, slots=True)
class IdentityRules:
    """Which identifiers identify, and which classes may be one thing.

    Args:
        vocabularies: per class, the prefixes whose identifiers identify, the best key first.
            Other prefixes are kept as cross-references and never merge anything.
        compatible: classes that may merge, the one that names the node first. A class in none
            of them merges with itself only.
    """

    vocabularies: Mapping[str, tuple[str, ...]] = field(
        default_factory=lambda: MappingProxyType(
            {
                DISEASE: _CONDITION,
                PHENOTYPE: ("HP", "SYMP", *(p for p in _CONDITION if p not in ("HP", "SYMP"))),
                DRUG: _CHEMICAL,
                DRUG_CLASS: ("CHEBI", "MESH", "UMLS"),
                GENE: ("NCBIGene", "HGNC", "ENSEMBL", "UMLS"),
                ANATOMY: ("UBERON", "MESH", "UMLS"),
            }
        )
    )
    compatible: tuple[tuple[str, ...], ...] = ((DISEASE, PHENOTYPE),)

    def group(self, category: str) -> tuple[str, ...]:
        """The classes a class may merge with, itself among them."""
        return next((group for group in self.compatible if category in group), (category,))

    def identifies(self, category: str, curie: str) -> bool:
        """Whether an identifier can merge concepts of a class."""
        return curie_prefix(curie) in self.vocabularies.get(category, ())

    def preference(self, concept: Concept) -> tuple[int, int, str]:
        """Sort key that puts the concept whose key the node takes first."""
        known = self.vocabularies.get(concept.category, ())
        prefix = curie_prefix(concept.curie)
        place = known.index(prefix) if prefix in known else len(known)
        return (self.group(concept.category).index(concept.category), place, concept.curie)


@dataclass(frozen=True, slots=True, order=True)
class IdentityConflict:
    """Concepts that were not merged.

    Args:
        kind: what is wrong, see the module.
        vocabulary: prefix the identifiers share; the other class for ``class``.
        identifiers: what contradicts each other, sorted.
        concepts: keys of the concepts concerned, sorted.
    """

    kind: ConflictKind
    vocabulary: str
    identifiers: tuple[str, ...]
    concepts: tuple[str, ...]

    def __str__(self) -> str:
        return (
            f"{self.kind}: {', '.join(self.identifiers)} ({self.vocabulary}) "
            f"on {', '.join(self.concepts)}"
        )


@dataclass(frozen=True, slots=True)
class IdentityMap:
    """Which node each identifier belongs to.

    Args:
        key_of: key of the node, for every key of a concept and every identifier that led to it.
        conflicts: what was refused, sorted.
        unmapped: keys of concepts that were joined with nothing though another source has
            concepts they might be, sorted.
        merged: how many concepts went into another one's node.
    """

    key_of: Mapping[str, str]
    conflicts: tuple[IdentityConflict, ...]
    unmapped: tuple[str, ...]
    merged: int

    def concepts(
        self, concepts: Iterable[Concept], *, rules: IdentityRules | None = None
    ) -> Iterator[Concept]:
        """The concepts as nodes, by key: names of the preferred one first, every id kept."""
        rules = IdentityRules() if rules is None else rules
        nodes: dict[str, list[Concept]] = defaultdict(list)
        for concept in concepts:
            nodes[self.key_of.get(concept.curie, concept.curie)].append(concept)
        for key, members in sorted(nodes.items()):
            members.sort(key=rules.preference)  # stable: of one key, the first given leads
            node = replace(members[0], curie=key, xrefs=())
            for member in members:
                node = node.merged(member)
            yield node

    def edges(self, edges: Iterable[Edge], report: RefusalReport) -> Iterator[Edge]:
        """The edges between nodes. What would join a node with itself goes into the report."""
        for edge in edges:
            subject = self.key_of.get(edge.subject, edge.subject)
            object_ = self.key_of.get(edge.object, edge.object)
            if (subject, object_) == (edge.subject, edge.object):
                yield edge
            elif subject == object_ and edge.subject != edge.object:
                report.add(f"{edge.predicate}: both ends were merged into one", str(edge.triple))
            else:
                yield Edge(Triple(subject, edge.predicate, object_), edge.evidence, edge.polarity)

    def __str__(self) -> str:
        kinds = Counter(c.kind for c in self.conflicts)
        by_prefix = Counter(curie_prefix(c) for c in self.unmapped)
        lines = [f"{self.merged} concepts merged into another's node"]
        for title, counts in (("not merged", kinds), ("found no counterpart", by_prefix)):
            shown = ", ".join(f"{name} {count}" for name, count in counts.most_common())
            lines.append(f"{title}: {shown or 'none'}")
        return "\n".join(lines)


class _Sets:
    """Disjoint sets with path halving (Tarjan and van Leeuwen 1984)."""

    def __init__(self) -> None:
        self._parent: dict[str, str] = {}

    def root(self, member: str) -> str:
        parent = self._parent
        parent.setdefault(member, member)
        while parent[member] != member:
            parent[member] = parent[parent[member]]
            member = parent[member]
        return member

    def join(self, one: str, other: str) -> None:
        first, second = sorted((self.root(one), self.root(other)))
        self._parent[second] = first

    def sets(self) -> list[list[str]]:
        by_root: dict[str, list[str]] = defaultdict(list)
        for member in sorted(self._parent):
            by_root[self.root(member)].append(member)
        return list(by_root.values())


def map_identities(
    concepts: Iterable[Concept],
    *,
    statements: Iterable[tuple[str, str]] = (),
    rules: IdentityRules | None = None,
) -> IdentityMap:
    """Find which concepts are one, by their cross-references.

    Args:
        concepts: of all sources.
        statements: further pairs of a concept's key and a corresponding identifier, as of a
            mapping table; they count like the concept's own cross-references.
        rules: which identifiers identify.

    >>> from kg.records import Name
    >>> found = map_identities([
    ...     Concept("DOID:14323", DISEASE, (Name("Marfan syndrome"),), ("OMIM:154700",)),
    ...     Concept("OMIM:154700", DISEASE, (Name("MARFAN SYNDROME; MFS"),))])
    >>> found.key_of["OMIM:154700"], found.merged
    ('DOID:14323', 1)
    """
    rules = IdentityRules() if rules is None else rules
    known: dict[str, Concept] = {}
    for concept in concepts:
        seen = known.get(concept.curie)
        known[concept.curie] = concept if seen is None else seen.merged(concept)
    for key, identifier in statements:
        if key in known and identifier not in (key, *known[key].xrefs):
            stating = known[key]
            known[key] = replace(stating, xrefs=(*stating.xrefs, identifier))
    stated = _Statements(known, rules)
    sets = _Sets()
    for key, identifier in stated.sound():
        sets.join(key, identifier)
    conflicts = stated.conflicts
    key_of = dict(stated.former)
    merged = 0
    joined: set[str] = set()
    for members in sets.sets():
        keys = [m for m in members if m in known]
        chain = _chain(members, keys)
        if chain:
            conflicts.extend(chain)
            continue
        best = min((known[k] for k in keys), key=rules.preference).curie
        key_of.update(dict.fromkeys(members, best))
        merged += len(keys) - 1
        if len(keys) > 1:
            joined.update(keys)
    unmapped = _unmapped(known, joined, rules)
    for former, key in stated.former.items():
        key_of[former] = key_of.get(key, key)
    return IdentityMap(
        MappingProxyType({**{k: key_of.get(k, k) for k in known}, **key_of}),
        tuple(sorted(conflicts)),
        unmapped,
        merged,
    )


def _chain(members: list[str], keys: list[str]) -> list[IdentityConflict]:
    """Conflicts of a set that holds two identifiers of one vocabulary."""
    found: list[IdentityConflict] = []
    for vocabulary, ids in groupby(sorted(members, key=curie_prefix), key=curie_prefix):
        listed = tuple(sorted(ids))
        if len(listed) > 1:
            found.append(IdentityConflict("chain", vocabulary, listed, tuple(sorted(keys))))
    return found


def _unmapped(
    known: Mapping[str, Concept], joined: Collection[str], rules: IdentityRules
) -> tuple[str, ...]:
    """Concepts joined with nothing, of groups in which several vocabularies have concepts."""
    prefixes: dict[tuple[str, ...], set[str]] = defaultdict(set)
    for key, concept in known.items():
        prefixes[rules.group(concept.category)].add(curie_prefix(key))
    return tuple(
        key
        for key, concept in sorted(known.items())
        if key not in joined and len(prefixes[rules.group(concept.category)]) > 1
    )


class _Statements:
    """What the concepts' cross-references state, sorted into sound and contradicting."""

    def __init__(self, known: Mapping[str, Concept], rules: IdentityRules) -> None:
        self._known = known
        self._rules = rules
        self.conflicts: list[IdentityConflict] = []
        #: former identifier → key, for identifiers that are nobody's key
        self.former: dict[str, str] = {}
        self._stated: dict[str, list[str]] = defaultdict(list)  # identifier → keys stating it
        for key in sorted(known):
            self._read(known[key])

    def _read(self, concept: Concept) -> None:
        own = curie_prefix(concept.curie)
        by_vocabulary: dict[str, list[str]] = defaultdict(list)
        for xref in sorted(set(concept.xrefs) - {concept.curie}):
            if curie_prefix(xref) == own and xref not in self._known:
                self._former(xref, concept.curie)
            elif self._rules.identifies(concept.category, xref):
                by_vocabulary[curie_prefix(xref)].append(xref)
        for vocabulary, ids in by_vocabulary.items():
            if vocabulary == own:
                ids = [concept.curie, *ids]
            if len(ids) == 1:
                self._stated[ids[0]].append(concept.curie)
            else:
                keys = tuple(sorted({concept.curie, *(i for i in ids if i in self._known)}))
                self._refuse("several", vocabulary, ids, keys)

    def _former(self, identifier: str, key: str) -> None:
        holder = self.former.setdefault(identifier, key)
        if holder != key:
            self._refuse("shared", curie_prefix(key), [identifier], (holder, key))

    def _refuse(
        self, kind: ConflictKind, vocabulary: str, ids: Iterable[str], keys: Iterable[str]
    ) -> None:
        conflict = IdentityConflict(kind, vocabulary, tuple(sorted(ids)), tuple(sorted(set(keys))))
        self.conflicts.append(conflict)

    def sound(self) -> Iterator[tuple[str, str]]:
        """Statements ``(key, identifier)`` that contradict no other one by themselves."""
        for identifier, keys in sorted(self._stated.items()):
            target = self.former.get(identifier, identifier)
            groups: dict[tuple[str, ...], list[str]] = defaultdict(list)
            for key in keys:
                groups[self._rules.group(self._known[key].category)].append(key)
            owner = self._known.get(target)
            for group, alike in groups.items():
                if owner is not None and owner.category not in group:
                    self._refuse("class", owner.category, [identifier], [*alike, target])
                elif shared := _of_one_vocabulary(alike):
                    for vocabulary, both in shared:
                        self._refuse("shared", vocabulary, [identifier], both)
                elif owner is not None or len(groups) == 1:
                    yield from ((key, target) for key in alike)
                else:  # concepts of unlike classes share an id that is no concept here
                    self._refuse("class", group[0], [identifier], keys)


def _of_one_vocabulary(keys: list[str]) -> list[tuple[str, list[str]]]:
    """Vocabularies of which there are several keys, with those."""
    by_prefix: dict[str, list[str]] = defaultdict(list)
    for key in keys:
        by_prefix[curie_prefix(key)].append(key)
    return [(prefix, both) for prefix, both in by_prefix.items() if len(both) > 1]


@dataclass(frozen=True, slots=True)
class NameDuplicates:
    """How many names stand on more than one node.

    Args:
        names: distinct normal forms of names.
        duplicated: those that stand on more than one node.
        examples: the first few, with the nodes' keys.
    """

    names: int
    duplicated: int
    examples: tuple[tuple[str, tuple[str, ...]], ...]


def name_duplicates(
    concepts: Iterable[Concept],
    *,
    category: str = DISEASE,
    language: str = "en",
    display_only: bool = True,
    most_examples: int = 10,
) -> NameDuplicates:
    """Count names of a class that stand on more than one node, after normalisation.

    Args:
        concepts: the nodes.
        category: Biolink class looked at.
        language: which names count.
        display_only: count display names only; a synonym may rightly be shared.
        most_examples: how many duplicated names to hand out.
    """
    nodes: dict[str, set[str]] = defaultdict(set)
    for concept in concepts:
        if concept.category != category or not concept.has_name_in(language):
            continue
        texts = (
            [concept.name(language)]
            if display_only
            else [n.text for n in concept.names if n.language == language]
        )
        for text in texts:
            normal = normalise(text)
            if normal:
                nodes[normal].add(concept.curie)
    doubled = sorted((name, tuple(sorted(keys))) for name, keys in nodes.items() if len(keys) > 1)
    return NameDuplicates(len(nodes), len(doubled), tuple(doubled[:most_examples]))
