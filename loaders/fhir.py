"""FHIR R4: bundles (JSON) and bulk exports (ndjson) as documents of their patients.

Specification: https://hl7.org/fhir/R4/. Read are Condition, MedicationRequest, AllergyIntolerance
and Observation, as sentences (:mod:`loaders.fhir_text`), and the text attachments of
DocumentReference and DiagnosticReport. Every document is clinical; what the Patient resource tells
of a person (names, addresses, numbers) goes with each of their documents, for de-identification to
look for. A file is read twice, first for its patients; a bulk export's ``Patient*.ndjson`` is
looked for beside it. Attachments that are an address are never fetched.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kg.errors import SourceFormatError
from kg.records import Provenance
from loaders.fhir_text import FhirText, known_of_patient, referenced, strings_named
from loaders.json_members import read_members
from loaders.plain import json_line
from loaders.reading import LONGEST_LINE, open_bytes, read_lines
from nlp.records import Document

SOURCE = "fhir"
_NOTES = frozenset({"DocumentReference", "DiagnosticReport"})
_CODED = frozenset({"Condition", "MedicationRequest", "AllergyIntolerance", "Observation"})
_DATES = ("recordedDate", "onsetDateTime", "authoredOn", "effectiveDateTime", "date", "issued")


@dataclass(slots=True)
class _Patients:
    """What is known of each patient, by every id one is referred to by."""

    known: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def add(self, resource: dict[str, Any], full_url: str) -> None:
        values = known_of_patient(resource)
        for name in {str(resource.get("id", "")), referenced(full_url)} - {""}:
            self.known[name] = values

    def of(self, whom: str) -> tuple[str, ...]:
        """What is known of one; of the only one there is, where a resource does not say whom."""
        if whom or len(set(self.known.values())) != 1:
            return self.known.get(whom, ())
        return next(iter(self.known.values()))


def read_fhir(path: Path, *, longest: int = LONGEST_LINE) -> Iterator[Document]:
    """The documents of a bundle, of one resource, or of an ndjson file.

    Args:
        path: the file, packed or not.
        longest: most characters of one resource.

    Raises:
        SourceFormatError: with file and line, for broken JSON, an entry that is no resource, an
            attachment that is not base64 or not text of its encoding; and where there is no
            resource at all.
    """
    patients = _Patients()
    for source in [*_patient_files(path), path]:
        for _, resource, full_url in _resources(source, longest):
            if resource.get("resourceType") == "Patient":
                patients.add(resource, full_url)
    text = FhirText(path)
    found = False
    for line, resource, _ in _resources(path, longest):
        found = True
        yield from _documents(text, line, resource, patients)
    if not found:
        raise SourceFormatError(path, None, "holds no resource", fix="give a bundle or ndjson")


def _patient_files(path: Path) -> list[Path]:
    if ".ndjson" not in path.suffixes:
        return []
    return sorted(p for p in path.parent.glob("Patient*.ndjson*") if p != path)


def _resources(path: Path, longest: int) -> Iterator[tuple[int, dict[str, Any], str]]:
    """``(line, resource, its full URL)`` of a file of either form."""
    if _is_lines(path, longest):
        for number, written in read_lines(path, longest=longest):
            if written.strip():
                yield number, _resource(path, number, json_line(path, number, written)), ""
        return
    alone: dict[str, Any] = {}
    for name, line, value in read_members(path, longest=longest):
        if name != "entry":
            alone[name] = value
            continue
        entry = _resource(path, line, value)
        held = entry.get("resource")
        if held is not None:
            yield line, _resource(path, line, held), str(entry.get("fullUrl") or "")
    if alone.get("resourceType") not in {"Bundle", None}:
        yield 1, alone, ""


def _is_lines(path: Path, longest: int) -> bool:
    """Whether the first line is a whole resource that is no bundle."""
    with open_bytes(path) as stream:
        first = stream.readline(longest + 1)
    if len(first) > longest or not first.strip().endswith(b"}"):
        return ".ndjson" in path.suffixes
    return b'"Bundle"' not in first[:2000]


def _resource(path: Path, line: int, value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise SourceFormatError(path, line, "not a resource", fix="give FHIR R4 as JSON")
    return value


def _documents(
    text: FhirText, line: int, resource: dict[str, Any], patients: _Patients
) -> Iterator[Document]:
    kind = str(resource.get("resourceType", ""))
    text.remember(resource)
    texts: list[tuple[str, tuple[str, ...]]]
    if kind in _CODED:
        texts = [(text.sentences(kind, resource), ())]
    elif kind in _NOTES:
        texts = list(text.attachments(line, resource))
    else:
        return
    subject = resource.get("subject") or resource.get("patient")
    whom = referenced(subject.get("reference", "")) if isinstance(subject, dict) else ""
    known = (*patients.of(whom), *strings_named(resource))
    identifier = f"{kind}/{resource.get('id') or line}"
    dates = (str(resource[name]) for name in _DATES if isinstance(resource.get(name), str))
    date = next(dates, "")[:10]
    for number, (words, more) in enumerate(texts):
        if words.strip():
            yield Document(
                f"fhir:{identifier}" + (f"#{number}" if number else ""),
                words,
                Provenance(SOURCE),
                date=date if len(date) in {4, 7, 10} else "",
                clinical=True,
                patient=whom or identifier,
                identifiers=tuple(dict.fromkeys((*known, *more))),
            )
