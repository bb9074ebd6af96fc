"""Names with ids that a model brings along, beside the names of whatever graph is linked to.

A file of tab-separated lines packed with xz: how it is known (``annotated`` in a corpus, from a
``dictionary``, or a name the ``vocabulary`` of the ids itself gives), class, name, id; names of one
class with several ids have a line for each, the most frequent first.
"""

from __future__ import annotations

import lzma
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from kg.errors import ModelUnavailableError
from kg.names import normalise

#: Class → name as written, or its normal form → ids.
NameTable = Mapping[str, Mapping[str, tuple[str, ...]]]


@dataclass(frozen=True, slots=True)
class ConceptNames:
    """Names with ids.

    Args:
        annotated: as annotators of corpora linked them, as written and in normal form.
        dictionary: of dictionaries, in normal form.
        vocabulary: the vocabulary's own names, in normal form; in lower case besides where that
            tells concepts apart ("benzamide" is one, "benzamides" are a class).
    """

    annotated: NameTable = field(default_factory=dict)
    dictionary: NameTable = field(default_factory=dict)
    vocabulary: NameTable = field(default_factory=dict)

    @classmethod
    def load(cls, path: Path) -> ConceptNames:
        """The names of a file :func:`write_concept_names` wrote.

        Raises:
            ModelUnavailableError: where it cannot be read.
        """
        try:
            lines = lzma.decompress(path.read_bytes()).decode("utf-8").splitlines()
            rows = [line.split("\t") for line in lines]
            tables: dict[str, dict[str, dict[str, tuple[str, ...]]]] = {}
            for known, name, text, curie in rows:
                table = tables.setdefault(known, {}).setdefault(name, {})
                _add(table, text, curie)
                if known == "annotated":  # the others are in normal form already
                    _add(table, normalise(text), curie)
        except (OSError, lzma.LZMAError, UnicodeDecodeError, ValueError) as error:
            raise ModelUnavailableError(f"{path}: no readable names ({error})") from error
        return cls(*(tables.get(known, {}) for known in ("annotated", "dictionary", "vocabulary")))


def _add(table: dict[str, tuple[str, ...]], key: str, curie: str) -> None:
    ids = table.get(key)
    if ids is None:
        table[key] = (curie,)
    elif curie not in ids:
        table[key] = (*ids, curie)


def write_concept_names(rows: Iterable[tuple[str, str, str, str]], path: Path) -> None:
    """Write ``(how it is known, class, name, id)`` rows, in their order."""
    kept = dict.fromkeys(
        "\t".join(row) for row in rows if not any("\t" in x or "\n" in x for x in row)
    )
    path.write_bytes(lzma.compress("\n".join(kept).encode("utf-8"), preset=9))
