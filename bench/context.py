"""Negation and the like: F1 by assertion over the labelled sentences written for this project.

    python -m bench.context [tests/nlp/context_sentences.jsonl]

One half ("blind") was written before the cues were tuned, and they were not tuned on it.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from pathlib import Path

from nlp.context import Context
from nlp.records import Assertion
from nlp.sentences import sentences


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    default = Path(__file__).parent.parent / "tests" / "nlp" / "context_sentences.jsonl"
    parser.add_argument("sentences", type=Path, nargs="?", default=default)
    path = parser.parse_args().sentences
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    for language in ("en", "zh"):
        context = Context.load(language)
        mine = [row for row in rows if row["language"] == language]
        for half in ("blind", "tuned"):
            report(f"{language} {half}", [r for r in mine if r["half"] == half], context)
        report(f"{language} all", mine, context)


def report(label: str, rows: list[dict[str, list[tuple[int, int, str]]]], context: Context) -> None:
    """F1 of each assertion."""
    counts: Counter[tuple[str, str]] = Counter()
    for row in rows:
        text = str(row["text"])
        spans = [(start, end) for start, end, _ in row["mentions"]]
        found = []
        for start, end in sentences(text):
            inside = [s for s in spans if start <= s[0] and s[1] <= end]
            found.extend(context.assertions(text, (start, end), inside))
        for (_, _, gold), got in zip(row["mentions"], found, strict=True):
            counts[gold, "gold"] += 1
            counts[got.value, "got"] += 1
            counts[gold, "both"] += gold == got
    scores = []
    for assertion in Assertion:
        total = counts[assertion.value, "gold"] + counts[assertion.value, "got"]
        if total:
            scores.append(f"{assertion.value} {2 * counts[assertion.value, 'both'] / total:.3f}")
    print(f"{label}: {len(rows)} sentences; F1 {', '.join(scores)}")


if __name__ == "__main__":
    main()
