"""A file of questions in, a file of answers out, one JSON object a line.

Lines that name the same ``conversation`` follow each other: a question may refer to the one before.
A line that cannot be read gives one error record in its place; the rest is answered. The answers
appear under their final name only when all are written.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tqdm import tqdm

from kg.errors import UsageError
from medkgqa.facade import MedicalQA
from reasoning.answer import Answer
from reasoning.engine import Conversation
from reasoning.serialization import (
    BatchLineError,
    BatchQuestion,
    answer_record,
    error_record,
    read_batch_line,
)


@dataclass(frozen=True, slots=True)
class BatchReport:
    """How many lines were answered, and how many could not be read."""

    answered: int
    errors: int

    def __str__(self) -> str:
        unread = f", {self.errors} lines with errors" if self.errors else ""
        return f"{self.answered} questions answered{unread}"


def answer_file(qa: MedicalQA, questions: Path, answers: Path, *, limit: int | None) -> BatchReport:
    """Answer every line of ``questions`` into ``answers``.

    Raises:
        OSError: where a file cannot be read or written; ``answers`` is then left as it was.
    """
    answered = errors = 0
    partial = answers.with_name(f"{answers.name}.partial-{os.getpid()}")
    try:
        with questions.open("rb") as source, partial.open("w", encoding="utf-8") as target:
            lines = tqdm(source, unit=" questions", disable=not sys.stderr.isatty())
            for record in _records(qa, lines, limit):
                if "error" in record:
                    errors += 1
                else:
                    answered += 1
                target.write(json.dumps(record, ensure_ascii=False) + "\n")
        partial.replace(answers)
    finally:
        partial.unlink(missing_ok=True)
    return BatchReport(answered, errors)


def _records(qa: MedicalQA, lines: tqdm[bytes], limit: int | None) -> Iterator[dict[str, object]]:
    conversations: dict[str | int, Conversation] = {}
    for number, raw in enumerate(lines, start=1):
        if not raw.strip():
            continue
        identifier: str | int | None = None
        try:
            asked = read_batch_line(raw.decode("utf-8"))
            identifier = asked.id
            answer = _asker(qa, asked, conversations)(
                asked.question, limit=limit, options=asked.options, reader=asked.reader
            )
        except UnicodeDecodeError as error:
            yield error_record(number, id=None, error=f"not UTF-8: {error.reason}")
        except BatchLineError as error:
            yield error_record(number, id=error.id, error=str(error))
        except UsageError as error:
            yield error_record(number, id=identifier, error=str(error))
        else:
            yield answer_record(answer, id=identifier)


def _asker(
    qa: MedicalQA, asked: BatchQuestion, conversations: dict[str | int, Conversation]
) -> Callable[..., Answer]:
    """Who answers a line: the conversation it belongs to, if any."""
    if asked.conversation is None:
        return qa.ask
    return conversations.setdefault(asked.conversation, qa.conversation()).ask
