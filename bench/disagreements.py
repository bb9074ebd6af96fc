"""Where our tables and data sets of class B and C disagree, and how each case was settled.

    python bench/disagreements.py --data ../shared/data [--write FILE]

Compares treatments, contraindications and interactions with Every Cure's list, SIDER's
indications, PharmacotherapyDB's denials, the interactions of the French agency (ANSM) and of ONC.
``curation/settled.tsv`` holds a note for each case; the exit status is 1 where one has none.
``--write`` writes the cases found, with the notes there are. Downloads nothing.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from curation.drafts import read_drafts
from curation.facts import Fact, build_facts, concept_categories
from curation.identity import build_identity
from curation.name_book import NameBook
from curation.names import NameWriter
from curation.pair_support import ansm, everycure, name_resolver, onc
from curation.resolve import Resolver
from curation.sider_support import Sider
from curation.tsv import read_table, write_table
from curation.vocabularies import Vocabularies
from kg.schema import CONTRAINDICATED_IN, INTERACTS_WITH, TREATS

_CURATION = Path(__file__).parent.parent / "curation"
_HEADER = ("kind", "subject", "object", "ours", "theirs", "note")
_RANK = {"minor": 0, "moderate": 1, "major": 2, "contraindicated": 3}


@dataclass(frozen=True, slots=True, order=True)
class Case:
    """One disagreement."""

    kind: str
    subject: str
    object: str
    ours: str
    theirs: str

    @property
    def key(self) -> tuple[str, str, str]:
        """What a note is given for; interactions whichever way round."""
        first, second = sorted((self.subject, self.object))
        return self.kind, first, second


class Tables:
    """Our drafted facts by id, and the names to find theirs by."""

    def __init__(self, folder: Path) -> None:
        self.vocabularies = Vocabularies(folder)
        self.merger = build_identity(self.vocabularies)
        drafts = read_drafts(_CURATION)
        resolver = Resolver(self.vocabularies, self.merger, drafts)
        categories = concept_categories(drafts, resolver)
        self.facts, _ = build_facts(drafts, resolver, categories)
        names = NameWriter(self.vocabularies, self.merger, resolver, categories)
        names.drafted(drafts)
        names.used([t for f in drafts.facts for t in (f.subject, f.object)])
        self.book = NameBook(self.vocabularies, self.merger, names.names)

    def of(self, predicate: str) -> list[Fact]:
        """Facts of one predicate."""
        return [f for f in self.facts if f.predicate == predicate]


def indications(tables: Tables) -> Iterator[Case]:
    """What we treat and they warn of, and the other way round."""
    resolve = name_resolver(tables.book, {c for f in tables.facts for c in (f.subject, f.object)})
    theirs = {triple: r.record for triple, r in everycure(tables.vocabularies, resolve)}
    sider = Sider(tables.vocabularies.folder, tables.book)
    for fact in tables.of(TREATS):
        record = theirs.get((fact.subject, CONTRAINDICATED_IN, fact.object))
        if record:
            yield _case("treats, but warned of", fact, "treats", f"everycure {record}")
    for fact in tables.of(CONTRAINDICATED_IN):
        treats = replace(fact, predicate=TREATS, places=[], records=[])
        record = theirs.get((fact.subject, TREATS, fact.object))
        cited = [f"everycure {record}"] if record else []
        cited += [f"sider {r.record}" for r in sider.find(treats)]
        if cited:
            ours = fact.qualifiers.get("strength", ["contraindicated"])[0]
            yield _case("warned of, but treats", fact, ours, cited[0])


def denials(tables: Tables) -> Iterator[Case]:
    """What we treat and PharmacotherapyDB says is no indication."""
    path = tables.vocabularies.folder / "kg/pharmacotherapydb/indications.tsv"
    denied = {
        (f"DRUGBANK:{row['drugbank_id']}", tables.merger.key(row["doid_id"]))
        for row in read_table(path)
        if row["category"] == "NOT"
    }
    for fact in tables.of(TREATS):
        if (fact.subject, fact.object) in denied:
            yield _case("treats, but no indication", fact, "treats", "pharmacotherapydb NOT")


def severities(tables: Tables) -> Iterator[Case]:
    """Interactions the French agency or ONC rank otherwise."""
    v = tables.vocabularies
    path = v.folder / "kg/ddi-worldvista-ansm/interactions.tsv.xz"
    grades = {
        f"interactions.tsv row {n}": row["severity_normalised"]
        for n, row in enumerate(read_table(path), start=2)
    }
    drugs = {c for f in tables.of(INTERACTS_WITH) for c in (f.subject, f.object)}
    found: dict[tuple[str, str], list[str]] = {}
    for (one, _, other), record in ansm(v, name_resolver(tables.book, drugs)):
        found.setdefault((one, other), []).append(record.record)
    high = {(one, other) for (one, _, other), r in onc(v) if r.record.startswith("ONC_High")}
    for fact in tables.of(INTERACTS_WITH):
        ours = fact.qualifiers.get("severity", ["moderate"])[0]
        records = found.get((fact.subject, fact.object), [])
        theirs = {grades[r] for r in records}
        if "Contraindication" in theirs and _RANK[ours] < _RANK["contraindicated"]:
            yield _case("lower than ANSM", fact, ours, f"ansm {_first(records, grades)}")
        softer = theirs and theirs <= {"Precaution for use", "Take into account"}
        if ours == "contraindicated" and softer:
            yield _case("higher than ANSM", fact, ours, f"ansm {records[0]}")
        if (fact.subject, fact.object) in high and _RANK[ours] < _RANK["major"]:
            yield _case("lower than ONC", fact, ours, "onc high priority")


def _first(records: list[str], grades: dict[str, str]) -> str:
    return next(r for r in records if grades[r] == "Contraindication")


def _case(kind: str, fact: Fact, ours: str, theirs: str) -> Case:
    return Case(kind, fact.subject_name, fact.object_name, ours, theirs)


def settled_notes(path: Path) -> dict[tuple[str, str, str], str]:
    """Notes by case."""
    return {
        Case(r["kind"], r["subject"], r["object"], "", "").key: r["note"]
        for r in read_table(path)
        if r["note"]
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """Compare, print, and return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder of the shared data sets")
    parser.add_argument("--settled", type=Path, default=_CURATION / "settled.tsv")
    parser.add_argument("--write", type=Path, help="write the cases with their notes")
    options = parser.parse_args(arguments)
    tables = Tables(options.data)
    cases = sorted({*indications(tables), *denials(tables), *severities(tables)})
    notes = settled_notes(options.settled) if options.settled.exists() else {}
    open_cases = [case for case in cases if case.key not in notes]
    for kind, count in Counter(case.kind for case in cases).items():
        print(f"{kind:28} {count:5}")
    for case in open_cases:
        print(f"UNSETTLED {case}")
    if options.write:
        rows = (
            (c.kind, c.subject, c.object, c.ours, c.theirs, notes.get(c.key, "")) for c in cases
        )
        write_table(options.write, _HEADER, rows)
    print(f"{len(cases)} disagreements, {len(open_cases)} without a note")
    return 1 if open_cases else 0


if __name__ == "__main__":
    sys.exit(main())
