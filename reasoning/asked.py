"""What of a question is read: not too long, something at all, and without the options it offers."""

from __future__ import annotations

import re

from reasoning.question import Reason

#: Longest question read, in characters.
MOST_CHARACTERS = 4_000

_SPLIT_OPTIONS = re.compile(r"given list is ?:?(?P<options>.*)$", re.IGNORECASE | re.DOTALL)


def unreadable(question: str) -> Reason | None:
    """Why a question is not even looked at, or None."""
    if len(question) > MOST_CHARACTERS:
        return Reason.TOO_LONG
    return None if any(c.isalnum() for c in question) else Reason.EMPTY


def without_options(question: str) -> tuple[str, tuple[str, ...]]:
    """The question without the list it offers, and that list."""
    match = _SPLIT_OPTIONS.search(question)
    if match is None:
        return question, ()
    options = [o.strip(" .") for o in match["options"].split(",")]
    return question[: match.start()], tuple(o for o in options if o)
