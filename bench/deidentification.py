"""Recall of de-identification on direct identifiers.

    python -m bench.deidentification --data DIR

(1) ``clinical/synthea-fhir``: every string of a record that its owner's anonymised twin no longer
holds, where it stands in a field of direct identifiers, must be gone from our text of the record.
(2) ``clinical/aci-bench``: notes with identifiers planted in sentences; the names planted are not
in the lists this project ships. Also printed: how many words of the notes themselves are taken
out, which are mostly the names the notes hold.
"""

from __future__ import annotations

import argparse
import csv
import json
import lzma
import random
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from nlp.deidentification import Deidentifier

DIRECT = re.compile(
    r"/(?:family|given|line|city|postalCode|birthDate|deceasedDateTime|district)$"
    r"|telecom/value$|identifier/value$|Patient-.*valueString$|name$"
)
PEOPLE = ("Adaeze Okonkwo", "Lars Bjornstad", "Sivakumar Iyer", "Wanjiru Kamau", "Ingrid Solheim")
PLANTS = (
    ("The patient, {0}, was informed of the results.", "name", PEOPLE),
    ("I discussed this with Dr. {0} by phone.", "name", ("Vandenberghe", "Achterberg", "Quispe")),
    ("Patient Name: {0}", "name", PEOPLE),
    ("Emergency contact: {0}", "name", PEOPLE),
    ("Electronically signed by: {0}, MD", "name", PEOPLE),
    ("She lives at {0}.", "location", ("88 Larkspur Lane", "4410 Old Mill Road, Apt 9")),
    ("Transferred from {0}.", "location", ("Kettering Medical Center", "Saint Brendan Hospital")),
    ("She lives in {0}.", "location", ("Poughkeepsie, NY 12601", "Kalamazoo, MI")),
    ("Date of birth: {0}", "date", ("03/14/1961", "1958-11-02", "July 4, 1970")),
    ("He was last seen on {0}.", "date", ("April 2, 2019", "12/05/2018", "3 May 2020")),
    ("Reach the daughter at {0}.", "phone", ("(555) 201-9921", "555-303-8817", "+1 555 404 1212")),
    ("Fax: {0}", "fax", ("555-771-2200",)),
    ("Email: {0}", "email", ("a.person@mail.example", "kamau_w@clinic.example.org")),
    ("SSN: {0}", "ssn", ("512-44-9981",)),
    ("MRN: {0}", "record", ("88-10293", "A7719204")),
    ("Member ID: {0}", "plan", ("QX-2210-99", "W883920114")),
    ("Account number: {0}", "account", ("7710-2239",)),
    ("Driver's license: {0}", "licence", ("S512-9981-22",)),
    ("License plate: {0}", "vehicle", ("8KLM221",)),
    ("Pacemaker serial number: {0}", "device", ("PJN-339201",)),
    ("Portal: {0}", "url", ("https://portal.clinic.example/p/9921",)),
    ("Logged in from {0}.", "ip", ("10.22.8.119",)),
    ("The patient is {0} years old.", "age", ("93", "101")),
)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    folder = parser.parse_args().data / "clinical"
    deidentifier = Deidentifier(secret="measured in a benchmark")
    records(folder / "synthea-fhir", deidentifier)
    notes(folder / "aci-bench", deidentifier)


def records(folder: Path, deidentifier: Deidentifier) -> None:
    """Identifiers left in FHIR records, against their anonymised twins."""
    kept: Counter[str] = Counter()
    total = 0
    pairs = [
        *(
            (p, p.parent.parent / "anonymized" / p.name)
            for p in folder.glob("*/original/*.json.xz")
        ),
        *((p, folder / "ccda" / "fhir-anonymized" / p.name) for p in folder.glob("ccda/fhir/*.xz")),
    ]
    for original, twin in pairs:
        text, other = (lzma.decompress(p.read_bytes()).decode() for p in (original, twin))
        staying = {value for _, value in leaves(json.loads(other))}
        plain = deidentifier.text(text, patient=original.name).text
        for path, value in set(leaves(json.loads(text))):
            if value in staying or len(value) < 3 or not DIRECT.search(path):
                continue
            total += 1
            if f'"{value}"' in plain:
                kept[path] += 1
    print(f"FHIR twins: {len(pairs)} records, {total} direct identifiers, {kept.total()} left")
    print(f"  recall {1 - kept.total() / total:.4f} {dict(kept.most_common(5)) if kept else ''}")


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Every string of a JSON value with the names that lead to it."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from leaves(inner, f"{path}/{key}")
    elif isinstance(value, list):
        for inner in value:
            yield from leaves(inner, path)
    elif isinstance(value, str):
        yield path, value


def notes(folder: Path, deidentifier: Deidentifier) -> None:
    """Planted identifiers left in notes, by kind."""
    csv.field_size_limit(10**8)
    chance = random.Random(0)
    planted: Counter[str] = Counter()
    left: Counter[str] = Counter()
    words = removed = 0
    for path in sorted(folder.glob("*.csv.xz")):
        with lzma.open(path, "rt", encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                note = row["note"]
                plain = deidentifier.text(note, patient="n")
                words += len(note.split())
                removed += sum(plain.counts.values())
                values = []
                for frame, kind, choices in chance.sample(PLANTS, 6):
                    value = chance.choice(choices)
                    values.append((kind, value))
                    note += "\n" + frame.format(value)
                text = deidentifier.text(note, patient="n").text
                for kind, value in values:
                    planted[kind] += 1
                    left[kind] += re.search(rf"(?<!\w){re.escape(value)}(?!\w)", text) is not None
    recall = 1 - left.total() / planted.total()
    print(f"ACI-Bench: {planted.total()} identifiers planted, {left.total()} left: {recall:.4f}")
    print("  " + ", ".join(f"{k} {1 - left[k] / n:.3f}" for k, n in sorted(planted.items())))
    print(f"  {removed} identifiers found in the notes themselves, of {words} words")


if __name__ == "__main__":
    main()
