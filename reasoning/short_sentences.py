"""Long lists as several short sentences, for readers who are no clinicians.

The same facts in the same order; what is left unnamed is counted by the last sentence of a list.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise

from reasoning.sentence_frames import Kind
from reasoning.statements import Script, Statement

#: Most entries of one list.
MOST_LISTED = 5

_LISTS = (Kind.LIST, Kind.FREQUENCY)


def in_short_sentences(script: Script) -> Script:
    """``script`` with no list of more than :data:`MOST_LISTED` entries."""
    statements = tuple(short for one in script.statements for short in _shortened(one))
    return replace(script, statements=statements)


def _shortened(statement: Statement) -> Iterator[Statement]:
    facts = statement.facts
    if statement.kind not in _LISTS or len(facts) <= MOST_LISTED:
        yield statement
        return
    parts = -(-len(facts) // MOST_LISTED)
    ends = [len(facts) * n // parts for n in range(parts + 1)]  # as equal as can be
    for start, end in pairwise(ends):
        count = statement.count if end == len(facts) else 0
        yield replace(statement, facts=facts[start:end], count=count)
