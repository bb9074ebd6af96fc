"""Notes of MIMIC-III (``NOTEEVENTS.csv``) and MIMIC-IV (``discharge.csv``, ``radiology.csv``).

Formats: Johnson et al. 2016, https://doi.org/10.1038/sdata.2016.35, table NOTEEVENTS;
MIMIC-IV-Note, https://doi.org/10.13026/1n74-ne17, tables discharge and radiology. Both are under
the PhysioNet Credentialed Health Data Licence; notes are marked clinical, the patient is the
subject.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from kg.errors import SourceFormatError
from kg.records import Provenance
from loaders.csv_rows import read_records
from loaders.reading import LONGEST_LINE
from nlp.records import Document

LICENCE = "LicenseRef-PhysioNet-Credentialed-Health-Data-1.5.0"
COLUMNS_3 = ("ROW_ID", "SUBJECT_ID", "HADM_ID", "CHARTDATE", "CATEGORY", "ISERROR", "TEXT")
COLUMNS_4 = ("note_id", "subject_id", "hadm_id", "note_type", "charttime", "text")


def read_mimic_3(path: Path, *, longest: int = LONGEST_LINE) -> Iterator[Document]:
    """The notes of MIMIC-III but for those marked as errors (``ISERROR`` is 1).

    Raises:
        SourceFormatError: with file and line, for a missing column, a row of another width, a
            quotation that is not closed, or no note.
    """
    return _notes(path, "mimic-iii", COLUMNS_3, longest)


def read_mimic_4(path: Path, *, longest: int = LONGEST_LINE) -> Iterator[Document]:
    """The notes of MIMIC-IV.

    Raises:
        SourceFormatError: as :func:`read_mimic_3` does.
    """
    return _notes(path, "mimic-iv-note", COLUMNS_4, longest)


def _notes(path: Path, source: str, columns: tuple[str, ...], longest: int) -> Iterator[Document]:
    provenance = Provenance(source, licence=LICENCE)
    found = False
    for number, row in read_records(path, needed=columns, longest=longest):
        cells = {name.lower(): value for name, value in row.items()}
        if cells.get("iserror", "").strip() in {"1", "1.0"} or not cells["text"].strip():
            continue
        found = True
        yield _note(path, number, cells, provenance)
    if not found:
        raise SourceFormatError(path, None, "holds no note", fix="give a table with rows")


def _note(path: Path, number: int, cells: Mapping[str, str], provenance: Provenance) -> Document:
    identifier = cells.get("note_id") or cells.get("row_id", "")
    if not identifier or not cells["subject_id"]:
        problem = "a note without id or subject"
        raise SourceFormatError(path, number, problem, fix="give the owner's table")
    return Document(
        f"{provenance.source}:{identifier}",
        cells["text"],
        provenance,
        date=(cells.get("chartdate") or cells.get("charttime", ""))[:10],
        clinical=True,
        patient=cells["subject_id"],
        identifiers=tuple(i for i in (cells["subject_id"], cells["hadm_id"]) if len(i) > 4),
    )
