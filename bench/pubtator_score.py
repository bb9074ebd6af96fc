"""Scores a PubTator file against another: mentions, and relation lines such as CID.

    python bench/pubtator_score.py GOLD FOUND [--relation CID]
    python bench/pubtator_score.py GOLD --strip RAW

It shares no code with this project (standard library only), so that what ``medkgqa extract --to
pubtator`` writes is read by somebody else. A mention counts where document, start, end and type
agree (strict); with an id, where the id agrees as well; a relation where document and both ids do,
each pair once a document. ``--strip`` writes the documents of GOLD without their annotations.
Files may be packed with gzip.
"""

from __future__ import annotations

import argparse
import gzip
import sys
from collections.abc import Iterator
from pathlib import Path

TYPES = ("Chemical", "Disease")


def lines_of(path: Path) -> Iterator[str]:
    """The lines of a file, unpacked."""
    opened = gzip.open if path.suffix == ".gz" else open
    with opened(path, "rt", encoding="utf-8") as stream:
        for line in stream:
            yield line.rstrip("\r\n")


def read(path: Path, relation: str) -> tuple[set[tuple[str, ...]], ...]:
    """Documents, mentions without and with ids, relations."""
    documents: set[tuple[str, ...]] = set()
    mentions: set[tuple[str, ...]] = set()
    linked: set[tuple[str, ...]] = set()
    pairs: set[tuple[str, ...]] = set()
    for line in lines_of(path):
        cells = line.split("\t")
        if "|t|" in line and len(cells) == 1:
            documents.add((line.split("|", 1)[0],))
        elif len(cells) == 4 and cells[1] == relation:
            pairs.add((cells[0], cells[2], cells[3]))
        elif len(cells) >= 6 and cells[1].isdigit() and cells[4] in TYPES:
            place = (cells[0], cells[1], cells[2], cells[4])
            mentions.add(place)
            for one in cells[5].split("|"):
                if one not in ("", "-1"):
                    linked.add((*place, one))
    return documents, mentions, linked, pairs


def scores(gold: set[tuple[str, ...]], found: set[tuple[str, ...]]) -> str:
    """Precision, recall and F1 in percent."""
    both = len(gold & found)
    precision, recall = 100 * both / max(1, len(found)), 100 * both / max(1, len(gold))
    f1 = 2 * precision * recall / max(1e-9, precision + recall)
    return f"precision {precision:.2f}, recall {recall:.2f}, F1 {f1:.2f} ({len(found)} found)"


def main() -> int:
    """Score, or strip, and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("gold", type=Path)
    parser.add_argument("found", type=Path, nargs="?")
    parser.add_argument("--relation", default="CID")
    parser.add_argument("--strip", type=Path)
    options = parser.parse_args()
    if options.strip is not None:
        kept = [line for line in lines_of(options.gold) if "\t" not in line]
        options.strip.write_text("\n".join(kept) + "\n", encoding="utf-8")
        return 0
    if options.found is None:
        parser.error("name the file to score, or --strip")
    gold, found = (read(path, options.relation) for path in (options.gold, options.found))
    print(f"{len(gold[0])} documents, {len(gold[0] - found[0])} of them missing")
    for name in TYPES:
        of_type = [{m for m in side[1] if m[3] == name} for side in (gold, found)]
        print(f"{name}: {scores(*of_type)}")
    for name, place in (("mentions", 1), ("mentions with ids", 2), (options.relation, 3)):
        print(f"{name}: {scores(gold[place], found[place])}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
