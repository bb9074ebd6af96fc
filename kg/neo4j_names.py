"""Names in Neo4j: exactly by the server's full-text index, nearly by an index built here."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Any

import numpy as np

from kg.name_index import NameIndex
from kg.names import normalise
from kg.neo4j_properties import CONCEPT_COLUMNS, concept_from, name_key
from kg.neo4j_session import KEY_INDEX, XREF_INDEX, Neo4jConnection, quoted_terms
from kg.records import Concept, Name
from kg.store import NameMatch

#: Most terms of one full-text query; Lucene takes 1,024 clauses.
MOST_TERMS = 500

_BY_KEY = (
    f"CALL db.index.fulltext.queryNodes('{KEY_INDEX}', $terms) YIELD node AS c "
    f"RETURN {CONCEPT_COLUMNS}"
)
_BY_XREF = (
    f"CALL db.index.fulltext.queryNodes('{XREF_INDEX}', $terms) YIELD node AS c "
    "RETURN c.curie, c.xrefs"
)


def _parts(sequence: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(sequence), MOST_TERMS):
        yield sequence[start : start + MOST_TERMS]


class Neo4jNames:
    """Finds concepts by name.

    Args:
        connection: to the server.
        concepts: every concept, by key.
    """

    def __init__(
        self, connection: Neo4jConnection, concepts: Callable[[], Iterator[Concept]]
    ) -> None:
        self._connection = connection
        self._concepts = concepts
        self._index: tuple[str, NameIndex, list[tuple[str, Name]], list[str]] | None = None

    def exact(self, normals: Sequence[str]) -> list[list[NameMatch]]:
        """Concepts with a name of each normal form, by key."""
        wanted = [n for n in dict.fromkeys(normals) if n]
        found: dict[str, dict[str, NameMatch]] = {n: {} for n in wanted}
        for part in _parts(wanted):
            terms = quoted_terms([name_key(n) for n in part])
            for (columns,) in self._connection.values(_BY_KEY, terms=terms):
                concept = concept_from(columns)
                for name in concept.names:
                    matches = found.get(normalise(name.text))
                    if matches is not None:
                        matches.setdefault(concept.curie, NameMatch(concept.curie, name, 1.0))
        return [[m for _, m in sorted(found.get(n, {}).items())] for n in normals]

    def nearest(
        self, text: str, *, limit: int, categories: Collection[str], fingerprint: str
    ) -> list[NameMatch]:
        """Concepts whose names are nearest to ``text``, best first.

        The names are read from the server once for each ``fingerprint`` and indexed here, so that
        the same names are found as by every other store.
        """
        if self._index is None or self._index[0] != fingerprint:
            self._index = (fingerprint, *self._read())
        _, index, rows, classes = self._index
        allowed: Any = None
        if categories:
            allowed = np.array([c in categories for c in classes], dtype=bool)
        nearest = index.nearest(text, limit=limit, allowed=allowed)
        return [NameMatch(rows[row][0], rows[row][1], score) for row, score in nearest]

    def _read(self) -> tuple[NameIndex, list[tuple[str, Name]], list[str]]:
        listed = list(self._concepts())
        rows = [(c.curie, name) for c in listed for name in c.names]
        number = {c.curie: i for i, c in enumerate(listed)}
        index = NameIndex.build((number[curie], name.text) for curie, name in rows)
        return index, rows, [c.category for c in listed]

    def referring(self, xrefs: Sequence[str]) -> dict[str, tuple[str, ...]]:
        """Keys of the concepts that have each of these as a cross-reference, sorted."""
        found: dict[str, set[str]] = {}
        for part in _parts(xrefs):
            wanted = set(part)
            for key, held in self._connection.values(_BY_XREF, terms=quoted_terms(part)):
                for xref in wanted.intersection(held):
                    found.setdefault(xref, set()).add(key)
        return {xref: tuple(sorted(keys)) for xref, keys in found.items()}
