"""Builds that are killed, stopped by a bad document, or started twice."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from kg.errors import EmptyImportError, SourceFormatError, UsageError
from medkgqa.build_journal import BuildJournal, journal_folder
from medkgqa.building import BuildPlan, build_graph
from medkgqa.settings import Settings
from tests.medkgqa.builds.small_build import (
    PhraseReader,
    exported,
    write_documents,
)

KILLER = """
import json, os, random, signal, sys, time
from pathlib import Path
from medkgqa.build_reading import SavedGraphReader
from medkgqa.building import BuildPlan, build_graph
from medkgqa.settings import Settings
from nlp.reader import Reader

class Phrases(SavedGraphReader):
    version = "phrases"

    def reader(self, names):
        return Reader.of_store(names)

folder, names = Path(sys.argv[1]), Path(sys.argv[2])
inputs = sorted(folder.glob("*.jsonl"))
draw = random.Random(7)

def build(target, shard=3):
    plan = BuildPlan(shard=shard, report=folder / f"{target}.json")
    source = Phrases(names)
    settings = Settings(folder)
    return build_graph(
        inputs, folder / target, graph=names, settings=settings, plan=plan, source=source
    )

def child(target):
    number = os.fork()
    if not number:
        build(target)
        os._exit(0)
    return number

begun = time.monotonic()
os.waitpid(child("whole"), 0)
lasted = time.monotonic() - begun
killed, held = 0, []
for fraction in (0.35, 0.5, 0.65, 0.8, 0.9, 0.97, draw.random(), draw.random()):
    number = child("killed")
    time.sleep(lasted * fraction)
    os.kill(number, signal.SIGKILL)
    killed += os.WIFSIGNALED(os.waitpid(number, 0)[1])
    held.append((folder / "killed.build").exists())
build("killed")
print(json.dumps({"killed": killed, "held": held}))
"""


def test_a_killed_build_ends_in_the_same_graph(names: Path, tmp_path: Path) -> None:
    write_documents(tmp_path / "a.jsonl", 90)
    write_documents(tmp_path / "b.jsonl", 60, first=80)
    done = subprocess.run(
        [sys.executable, "-c", KILLER, str(tmp_path), str(names)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    seen = json.loads(done.stdout.splitlines()[-1])
    assert seen["killed"] >= 3
    assert any(seen["held"])
    whole = exported(tmp_path / "whole", tmp_path / "one")
    assert whole == exported(tmp_path / "killed", tmp_path / "two")
    assert not journal_folder(tmp_path / "killed").exists()
    first, second = (
        json.loads((tmp_path / f"{name}.json").read_text("utf-8")) for name in ("whole", "killed")
    )
    assert first.pop("graph") != second.pop("graph")
    assert first == second


def test_an_unreadable_document_stops_the_build_and_its_repair_goes_on(
    names: Path, settings: Settings, tmp_path: Path
) -> None:
    good = write_documents(tmp_path / "a.jsonl", 40)
    bad = write_documents(tmp_path / "b.jsonl", 20, first=40)
    whole = bad.read_text("utf-8")
    bad.write_text(whole + "{", encoding="utf-8")
    target = tmp_path / "g"
    plan = BuildPlan(shard=8)

    def build() -> int:
        return build_graph(
            [good, bad],
            target,
            graph=names,
            settings=settings,
            source=PhraseReader(names),
            plan=plan,
        ).documents

    with pytest.raises(SourceFormatError, match=r"b\.jsonl:21: broken JSON"):
        build()
    assert not target.exists()
    assert journal_folder(target).exists()
    bad.write_text(whole, encoding="utf-8")
    assert build() == 60
    build_graph(
        [good, bad], tmp_path / "h", graph=names, settings=settings, source=PhraseReader(names)
    )
    assert exported(target, tmp_path / "1") == exported(tmp_path / "h", tmp_path / "2")


def test_an_unreadable_first_document_leaves_nothing(
    names: Path, settings: Settings, tmp_path: Path
) -> None:
    bad = tmp_path / "b.jsonl"
    bad.write_text("{", encoding="utf-8")
    with pytest.raises(SourceFormatError):
        build_graph(
            [bad], tmp_path / "g", graph=names, settings=settings, source=PhraseReader(names)
        )
    (tmp_path / "letter.txt").write_text("Dear Sir, thank you.", encoding="utf-8")
    with pytest.raises(EmptyImportError, match="no relation"):
        build_graph(
            [tmp_path / "letter.txt"],
            tmp_path / "g",
            graph=names,
            settings=settings,
            source=PhraseReader(names),
        )
    assert sorted(p.name for p in tmp_path.iterdir()) == ["b.jsonl", "letter.txt"]


def test_a_second_build_to_one_place_is_refused(
    names: Path, settings: Settings, tmp_path: Path
) -> None:
    path = write_documents(tmp_path / "a.jsonl", 3)
    target = tmp_path / "g"
    with (
        BuildJournal(journal_folder(target), identity="x", fingerprints=["1"]),
        pytest.raises(UsageError, match="another build is running"),
    ):
        build_graph([path], target, graph=names, settings=settings, source=PhraseReader(names))
