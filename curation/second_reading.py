# ruff: noqa: T201 (a command: its report goes to standard output)
"""Which dangerous rows were read a second time: ``curation/second_reading.tsv``.

    python -m curation.second_reading            # list the rows nobody read again; status 1 if any
    python -m curation.second_reading --accept   # write all rows down as read, after reading them

Contraindications and interactions, with what is said of them (strength, severity, age limit): a
row that is changed is a row not read.
"""

from __future__ import annotations

import argparse
import csv
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from curation.tsv import write_table

_ROOT = Path(__file__).parent.parent
_TABLES = _ROOT / "loaders" / "tables"
_LIST = Path(__file__).parent / "second_reading.tsv"
_HEADER = ("subject", "predicate", "object", "grade", "what")

Reading = tuple[str, str, str, str]


def dangerous_rows(tables: Path = _TABLES) -> Iterator[tuple[Reading, str]]:
    """Key and wording of each contraindication and interaction of the shipped tables."""
    for name in ("contraindications", "interactions"):
        path = tables / f"facts_{name}.tsv"
        with path.open(encoding="utf-8", newline="") as stream:
            for row in csv.DictReader(stream, delimiter="\t", quoting=csv.QUOTE_NONE):
                pairs = dict(part.partition("=")[::2] for part in row["qualifiers"].split(" ; "))
                grade = pairs.get("severity") or pairs.get("strength", "")
                grade = " ".join(filter(None, (grade, pairs.get("population", ""))))
                key = row["subject"], row["predicate"], row["object"], grade
                yield key, f"{row['subject_name']} | {row['object_name']}"


def read_again(path: Path = _LIST) -> set[Reading]:
    """Keys of the rows read a second time."""
    with path.open(encoding="utf-8", newline="") as stream:
        rows = csv.DictReader(stream, delimiter="\t", quoting=csv.QUOTE_NONE)
        return {(r["subject"], r["predicate"], r["object"], r["grade"]) for r in rows}


def main(arguments: Sequence[str] | None = None) -> int:
    """List what was not read again, or write down that it was."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--accept", action="store_true", help="all rows were read: write them down")
    options = parser.parse_args(arguments)
    rows = list(dangerous_rows())
    if options.accept:
        print(write_table(_LIST, _HEADER, sorted((*key, what) for key, what in rows)), "rows")
        return 0
    known = read_again()
    missing = [what for key, what in rows if key not in known]
    for what in missing:
        print(what)
    print(f"{len(rows)} dangerous rows, {len(missing)} not read again")
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
