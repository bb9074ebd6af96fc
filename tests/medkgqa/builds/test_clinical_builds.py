"""Nothing that identifies a patient is stored."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from kg.errors import SourceFormatError, UsageError
from kg.saved import open_graph
from medkgqa.build_journal import journal_folder
from medkgqa.building import BuildPlan, build_graph
from medkgqa.settings import Settings
from tests.medkgqa.builds.small_build import (
    PhraseReader,
    exported,
)

PLANTED = (
    "Okonkwo",
    "Adaeze",
    "Maria Lopez",
    "555-867-5309",
    "MRN-4432981",
    "03/04/1952",
    "12 Elm Street",
    "a.lopez@mail.com",
    "7712345",
)


def _clinical_inputs(folder: Path) -> list[Path]:
    folder.mkdir()
    note = (
        "Patient Name: Maria Lopez\\nMRN: MRN-4432981\\nDOB: 03/04/1952\\nLives at 12 Elm Street. "
        "Call 555-867-5309 or a.lopez@mail.com.\\nMigraine is treated with aspirin. "
        "Maria Lopez says ibuprofen may cause rash."
    ).replace("\\n", "\n")
    (folder / "Maria Lopez.txt").write_text(note, encoding="utf-8")
    mimic = folder / "NOTEEVENTS.csv"
    mimic.write_text(
        "ROW_ID,SUBJECT_ID,HADM_ID,CHARTDATE,CHARTTIME,STORETIME,CATEGORY,DESCRIPTION,CGID,"
        "ISERROR,TEXT\n"
        '1,7712345,99,2150-01-01,,,"Nursing","Report",1,,"Subject 7712345.\n'
        'Ms. Adaeze Okonkwo: gout is treated with warfarin."\n'
        '2,7712345,99,2150-01-01,,,"Nursing","Report",1,1,"An error."\n',
        encoding="utf-8",
    )
    bundle = {
        "resourceType": "Bundle",
        "entry": [
            {
                "resource": {
                    "resourceType": "Condition",
                    "id": "c1",
                    "subject": {"reference": "Patient/p1"},
                    "code": {"text": "Asthma"},
                    "note": [{"text": "Okonkwo, Adaeze: asthma is treated with lithium."}],
                }
            },
            {
                "resource": {
                    "resourceType": "Patient",
                    "id": "p1",
                    "name": [{"family": "Okonkwo", "given": ["Adaeze"]}],
                    "telecom": [{"value": "555-867-5309"}],
                }
            },
        ],
    }
    (folder / "bundle.json").write_text(json.dumps(bundle), encoding="utf-8")
    return [folder / "Maria Lopez.txt", mimic, folder / "bundle.json"]


def _bytes_below(*places: Path) -> bytes:
    files = [p for place in places for p in (place, *place.rglob("*")) if p.is_file()]
    return b"\n".join(p.read_bytes() + p.name.encode() for p in files)


def test_no_identifier_reaches_journal_graph_export_or_report(
    names: Path, settings: Settings, tmp_path: Path
) -> None:
    inputs = _clinical_inputs(tmp_path / "notes")
    broken = tmp_path / "notes" / "broken.jsonl"
    broken.write_text("{", encoding="utf-8")
    target, kgx = tmp_path / "g", tmp_path / "kgx"
    plan = BuildPlan(clinical=True, report=tmp_path / "report.json", shard=1)
    with pytest.raises(SourceFormatError):
        build_graph(
            [*inputs, broken],
            target,
            graph=names,
            settings=settings,
            source=PhraseReader(names),
            plan=plan,
        )
    journal = _bytes_below(journal_folder(target))
    assert b"treated with" in journal
    report = build_graph(
        inputs, target, graph=names, settings=settings, source=PhraseReader(names), plan=plan
    )
    assert report.deidentified == 3
    exported(target, kgx)
    stored = journal + _bytes_below(target, kgx, tmp_path / "report.json")
    for planted in PLANTED:
        assert planted.encode() not in stored, planted
    assert settings.secret.stat().st_mode & 0o077 == 0
    assert settings.secret.read_bytes().strip() not in stored
    sources = {s for e in open_graph(target).edges() for s in e.sources}
    assert sources == {"clinical-notes", "mimic-iii", "fhir"}
    first = _bytes_below(kgx)
    build_graph(
        inputs, target, graph=names, settings=settings, source=PhraseReader(names), plan=plan
    )
    exported(target, kgx)
    assert _bytes_below(kgx) == first


def test_a_clinical_line_without_a_secret_is_refused(
    names: Path, settings: Settings, tmp_path: Path
) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text(json.dumps({"id": 1, "text": "Mr. Poe.", "clinical": True}), "utf-8")
    with pytest.raises(UsageError, match="--secret"):
        build_graph(
            [path], tmp_path / "g", graph=names, settings=settings, source=PhraseReader(names)
        )
    short = tmp_path / "short"
    short.write_text("abc", "utf-8")
    plan = BuildPlan(secret=short)
    with pytest.raises(UsageError, match="at least eight"):
        build_graph(
            [path],
            tmp_path / "g",
            graph=names,
            settings=settings,
            source=PhraseReader(names),
            plan=plan,
        )
