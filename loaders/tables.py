"""The project's own tables, shipped as TSV inside the package.

``mesh.tsv``            MeSH 2015 headings of diseases, chemicals, procedures (dhimmel/mesh, CC0)
``drugbank.tsv``        DrugBank ids by name (PharmacotherapyDB and Hetionet, CC0)
``disease_ontology.tsv`` names and parents of the Disease Ontology (CC0; 2015 synonyms CC BY 3.0)
``identity.tsv``        pairs of ids that are one concept, each with how that is known
``kinds.tsv``           entries of OMIM and Orphanet of which a disease states several (CC0)
``concepts.tsv``, ``names.tsv``  the concepts and names of the tables of common medicine
``facts_*.tsv``         one fact a row (see :mod:`loaders.curated`)
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import cache
from importlib.resources import files
from pathlib import Path

from loaders.reading import read_columns

OWN_PREFIX = "MEDKGQA"
_DRUG_COLUMNS = ("curie", "name")


def tables_folder() -> Path:
    """Where the shipped tables lie."""
    return Path(str(files("loaders"))) / "tables"


def table_rows(
    name: str, columns: Sequence[str], *, folder: Path | None = None
) -> Iterator[tuple[int, tuple[str, ...]]]:
    """Rows of a shipped table as ``(line number, wanted columns)``.

    Raises:
        SourceFormatError: where the table is missing or malformed.
    """
    yield from read_columns((folder or tables_folder()) / name, columns)


@cache
def mesh_by_heading() -> dict[str, str]:
    """MeSH CURIEs by lower-cased heading."""
    return {name.lower(): curie for _, (curie, name) in table_rows("mesh.tsv", ("curie", "name"))}


@cache
def drugbank_by_name() -> dict[str, str]:
    """DrugBank CURIEs by lower-cased name, where one drug only has the name."""
    rows = [(name.lower(), curie) for _, (curie, name) in table_rows("drugbank.tsv", _DRUG_COLUMNS)]
    counts = Counter(name for name, _ in rows)
    return {name: curie for name, curie in rows if counts[name] == 1}


def own_id(name: str) -> str:
    """A CURIE of ours for a name no vocabulary at hand has.

    >>> own_id("Second-hand smoke exposure")
    'MEDKGQA:second-hand-smoke-exposure'
    """
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")
    if not slug:
        slug = "u" + "-".join(f"{ord(c):x}" for c in name)
    return f"{OWN_PREFIX}:{slug}"
