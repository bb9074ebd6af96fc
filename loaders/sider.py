"""SIDER 4.1: side effects of drugs with their frequencies, and indications, from drug labels.

Kuhn et al. 2016, https://doi.org/10.1093/nar/gkv1075; columns: http://sideeffects.embl.de, file
README. The tables have no header. Drugs are STITCH compounds: the flat id ``CID1…`` is the
PubChem compound without stereochemistry. Their names are in ``drug_names.tsv``; without that file
a drug is called by its CURIE.

Only preferred terms (``PT``) become edges: every label term has at least one. What a label says
under placebo is no side effect and left out. Frequencies of one pair are gathered: words as the
source has them, percentages as one range.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from kg.records import Concept, Edge, Evidence, Triple
from kg.schema import DRUG, HAS_SIDE_EFFECT, PHENOTYPE, TREATS
from loaders.reading import LONGEST_LINE
from loaders.source import ImportReport, SourceCard
from loaders.source_files import (
    RowPlace,
    fitting,
    named,
    optional_file,
    read_headless,
    required_file,
)

CARD = SourceCard(
    name="sider",
    title="SIDER 4.1 side effect resource",
    citation="Kuhn et al. 2016, The SIDER database of drugs and side effects, Nucleic Acids Res.",
    licence="CC-BY-NC-SA-4.0",
    version="4.1",
    doi="10.1093/nar/gkv1075",
    url="http://sideeffects.embl.de",
    expected=(
        ("drugs", 1_430),
        ("side effect rows", 309_849),
        ("frequency rows", 291_632),
        ("indication rows", 30_835),
    ),
)
SIDE_EFFECTS = "meddra_all_se.tsv"
FREQUENCIES = "meddra_freq.tsv"
INDICATIONS = "meddra_all_indications.tsv"
DRUG_NAMES = "drug_names.tsv"

CONFIDENCE = 0.7
#: Of an indication found by language processing in a label.
INDICATION_CONFIDENCE = 0.5

_STITCH = re.compile(r"CID1\d{8}")
_UMLS = re.compile(r"C\d{7}")
_PERCENT = re.compile(r"(\d+(?:\.\d+)?)%")


class SiderLoader:
    """Drugs, their side effects and indications.

    Args:
        folder: folder of the owner's files; only ``meddra_all_se.tsv`` must be there.
        longest: longest line accepted, in bytes.
    """

    def __init__(self, folder: Path, *, longest: int = LONGEST_LINE) -> None:
        self._folder = folder
        self._longest = longest
        self.report = ImportReport()

    @property
    def card(self) -> SourceCard:
        """Where the records come from."""
        return CARD

    def _side_effects(self, *, count: bool = False) -> Iterator[tuple[str, str, str]]:
        """``(STITCH id, UMLS id, name)`` of every preferred term; ``count`` reports others."""
        path = required_file(self._folder, SIDE_EFFECTS)
        for number, cells in read_headless(path, 6, longest=self._longest):
            fitting(cells[0], _STITCH, "flat STITCH id", path, number)
            fitting(cells[2], _UMLS, "UMLS id", path, number)
            if cells[3] == "PT":
                fitting(cells[4], _UMLS, "UMLS id", path, number)
                yield cells[0], cells[4], cells[5]
            elif count and cells[3] != "LLT":
                self.report.skip("a term without MedDRA type", f"{path.name}:{number}")

    def _indications(self, *, count: bool = False) -> Iterator[tuple[str, str, str]]:
        path = None if self._folder.is_file() else optional_file(self._folder, INDICATIONS)
        if path is None:
            return
        for number, cells in read_headless(path, 7, longest=self._longest):
            fitting(cells[0], _STITCH, "flat STITCH id", path, number)
            fitting(cells[1], _UMLS, "UMLS id", path, number)
            if cells[2] != "NLP_indication":
                if count:
                    self.report.skip(f"indication: {cells[2]}", f"{path.name}:{number}")
            elif cells[4] == "PT":
                fitting(cells[5], _UMLS, "UMLS id", path, number)
                yield cells[0], cells[5], cells[6]

    def _names(self) -> dict[str, str]:
        path = None if self._folder.is_file() else optional_file(self._folder, DRUG_NAMES)
        if path is None:
            return {}
        names = {}
        for number, (stitch, name) in read_headless(path, 2, longest=self._longest):
            names[fitting(stitch, _STITCH, "flat STITCH id", path, number)] = name
        return names

    def concepts(self) -> Iterator[Concept]:
        """Each drug and each side effect or indication once."""
        names = self._names()
        seen: set[str] = set()
        for rows in (self._side_effects(count=True), self._indications(count=True)):
            for drug, effect, name in rows:
                if drug not in seen:
                    seen.add(drug)
                    with RowPlace(self._folder, None):
                        yield named(_compound(drug), DRUG, names.get(drug, ""))
                if effect not in seen:
                    seen.add(effect)
                    with RowPlace(self._folder, None):
                        yield named(f"UMLS:{effect}", PHENOTYPE, name)

    def edges(self) -> Iterator[Edge]:
        """Side effects, each pair once, then indications."""
        provenance = CARD.provenance()
        stated = self._frequencies()
        seen: set[tuple[str, str]] = set()
        for drug, effect, _ in self._side_effects():
            if (drug, effect) in seen:
                continue
            seen.add((drug, effect))
            evidence = Evidence(
                provenance,
                record=f"{SIDE_EFFECTS}|{drug}|{effect}",
                confidence=CONFIDENCE,
                qualifiers=_gathered(stated.get((drug, effect), ())),
            )
            yield Edge(Triple(_compound(drug), HAS_SIDE_EFFECT, f"UMLS:{effect}"), (evidence,))
        seen.clear()
        for drug, effect, _ in self._indications():
            if (drug, effect) in seen:
                continue
            seen.add((drug, effect))
            evidence = Evidence(
                provenance,
                record=f"{INDICATIONS}|{drug}|{effect}",
                confidence=INDICATION_CONFIDENCE,
            )
            yield Edge(Triple(_compound(drug), TREATS, f"UMLS:{effect}"), (evidence,))

    def _frequencies(self) -> dict[tuple[str, str], tuple[str, ...]]:
        """What the labels say of each pair, under the drug and not under placebo."""
        path = None if self._folder.is_file() else optional_file(self._folder, FREQUENCIES)
        stated: dict[tuple[str, str], tuple[str, ...]] = {}
        if path is None:
            return stated
        for number, cells in read_headless(path, 10, longest=self._longest):
            fitting(cells[0], _STITCH, "flat STITCH id", path, number)
            if cells[3] == "placebo":
                self.report.skip("frequency under placebo", f"{path.name}:{number}")
            elif cells[7] == "PT" and cells[4].strip():
                fitting(cells[8], _UMLS, "UMLS id", path, number)
                known = stated.get((cells[0], cells[8]), ())
                if cells[4].strip() not in known:
                    stated[cells[0], cells[8]] = (*known, cells[4].strip())
        return stated


def _compound(stitch: str) -> str:
    """The PubChem CURIE of a flat STITCH id: ``CID100000085`` is compound 85."""
    return f"PUBCHEM.COMPOUND:{int(stitch[4:])}"


def _gathered(stated: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    """Frequencies as qualifiers: the words, and the percentages as one range.

    >>> _gathered(("5%", "rare", "21%"))
    (('frequency', 'rare'), ('frequency', '5-21%'))
    """
    percents = sorted({float(m.group(1)) for s in stated if (m := _PERCENT.fullmatch(s))})
    values = [s for s in stated if not _PERCENT.fullmatch(s)]
    if len(percents) > 1:
        values.append(f"{percents[0]:g}-{percents[-1]:g}%")
    elif percents:
        values.append(f"{percents[0]:g}%")
    return tuple(("frequency", value) for value in values)
