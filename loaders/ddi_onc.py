"""The two lists of drug interactions made for the US Office of the National Coordinator (ONC).

High-priority: Phansalkar et al. 2012, https://doi.org/10.1136/amiajnl-2011-000612. To be
non-interruptive: Phansalkar et al. 2013, https://doi.org/10.1136/amiajnl-2012-001089. Expanded to
pairs of drugs with DrugBank ids by Ayvaz et al. 2015, https://doi.org/10.1016/j.jbi.2015.04.006
(https://github.com/dbmi-pitt/public-PDDI-analysis). The files have no header; cells are parted by
``$``: name, DrugBank id, name, DrugBank id.

A high-priority pair gets severity ``major`` and role ``high_priority``, a non-interruptive one
severity ``minor`` and role ``non_interruptive``: the lists say whom to interrupt, not how much
harm there is, so this is a reading of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from kg.errors import SourceFormatError
from kg.records import Concept, Edge, Evidence, Triple
from kg.schema import DRUG, INTERACTS_WITH
from loaders.reading import LONGEST_LINE
from loaders.source import SourceCard
from loaders.source_files import fitting, named, optional_file, read_headless

CARD = SourceCard(
    name="onc",
    title="ONC high-priority and non-interruptive drug–drug interactions",
    citation=(
        "Phansalkar et al. 2012, High-priority drug-drug interactions for use in electronic "
        "health records, JAMIA; Phansalkar et al. 2013, Drug-drug interactions that should be "
        "non-interruptive, JAMIA"
    ),
    licence="NOASSERTION",
    doi="10.1136/amiajnl-2011-000612",
    url="https://github.com/dbmi-pitt/public-PDDI-analysis",
    expected=(("high-priority", 1_930), ("non-interruptive", 2_101)),
)
#: File, severity, role.
LISTS = (
    ("ONC_High_Priority_Mapped.csv", "major", "high_priority"),
    ("ONC_Non_Interuptive_Mapped.csv", "minor", "non_interruptive"),
)
CONFIDENCE = 0.8

_DRUGBANK = re.compile(r"DB\d{5}")


class OncLoader:
    """Pairs of interacting drugs.

    Args:
        folder: folder of either file or both, or one file.
        longest: longest line accepted, in bytes.
    """

    def __init__(self, folder: Path, *, longest: int = LONGEST_LINE) -> None:
        self._folder = folder
        self._longest = longest

    @property
    def card(self) -> SourceCard:
        """Where the records come from."""
        return CARD

    def _rows(self) -> Iterator[tuple[str, list[str], str, str]]:
        found = False
        for name, severity, role in LISTS:
            path = optional_file(self._folder, name)
            if path is None or (self._folder.is_file() and not path.name.startswith(name)):
                continue
            found = True
            for number, cells in read_headless(path, 5, separator="$", longest=self._longest):
                fitting(cells[1], _DRUGBANK, "DrugBank id", path, number)
                fitting(cells[3], _DRUGBANK, "DrugBank id", path, number)
                if not (cells[0].strip() and cells[2].strip()) or cells[4]:
                    problem = "not name$id$name$id$"
                    raise SourceFormatError(path, number, problem, fix="are names missing?")
                yield name, cells, severity, role
        if not found:
            problem = f"holds neither {LISTS[0][0]} nor {LISTS[1][0]}"
            raise SourceFormatError(self._folder, None, problem, fix="give the owner's files")

    def concepts(self) -> Iterator[Concept]:
        """Each drug once."""
        seen: set[str] = set()
        for _, (one_name, one, other_name, other, _), _, _ in self._rows():
            for drug, name in ((one, one_name), (other, other_name)):
                if drug not in seen:
                    seen.add(drug)
                    yield named(f"DRUGBANK:{drug}", DRUG, name)

    def edges(self) -> Iterator[Edge]:
        """One edge a pair."""
        provenance = CARD.provenance()
        for file, (_, one, _, other, _), severity, role in self._rows():
            evidence = Evidence(
                provenance,
                record=f"{file}|{one}|{other}",
                confidence=CONFIDENCE,
                qualifiers=(("role", role), ("severity", severity)),
            )
            triple = Triple(f"DRUGBANK:{one}", INTERACTS_WITH, f"DRUGBANK:{other}")
            yield Edge(triple, (evidence,))
