"""Is a confident answer right? Calibration error, risk–coverage, and questions without support.

    python -m bench.calibration --data DIR [--graph FOLDER] [--questions 600] [--deleted 300]
                                [--json FILE]

*Right* is judged from the data set, never by eye: a KG_RAG statement by its label; a MedQuAD
question by its focus and type (the concept found has the focus, or one of the synonyms the
publisher lists, among its names, and what is asked of it is what the type says). The second says
that the question was understood, not that the graph is complete. Each set is split by question
number: the calibration is fitted on the even ones, everything printed is of the odd ones. The
floor is the raw confidence, uncalibrated.

*Deleted edges*: generated questions that have an answer are asked again over the graph without
the edges that answered them; all of those should be "not recorded" (:mod:`bench.deleted_edges`).
"""

from __future__ import annotations

import argparse
import json
import lzma
import os
import random
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bench.deleted_edges import measure_deleted
from bench.kg_rag import statements
from kg.names import normalise
from kg.saved import open_graph
from medkgqa.facade import MedicalQA
from medkgqa.graphs import open_starter
from medkgqa.settings import Settings
from reasoning.answer import Answer, Outcome
from reasoning.confidence import Calibration, calibration_error, risk_coverage

_INTENTS = {
    "information": {"definition"},
    "symptoms": {"symptoms"},
    "treatment": {"treatments"},
    "causes": {"causes"},
    "complications": {"complications"},
    "exams and tests": {"tests"},
    "prevention": {"prevention"},
    "genetic changes": {"genes"},
    "susceptibility": {"risk_factors"},
    "side effects": {"side_effects"},
    "contraindication": {"contraindications"},
    "indication": {"indications"},
}
_TOLD = frozenset({Outcome.ANSWERED, Outcome.YES, Outcome.NO, Outcome.CONFLICTING})
Judged = tuple[float, bool]


def judged_statements(qa: MedicalQA, data: Path) -> Iterator[Judged | None]:
    """Confidence and rightness of each KG_RAG statement; None where it was not decided."""
    for statement in statements(data / "qa" / "kg_rag"):
        answer = qa.ask(statement.text)
        if answer.outcome not in (Outcome.YES, Outcome.NO):
            yield None
            continue
        yield answer.confidence, (answer.outcome is Outcome.YES) == statement.label


def judged_questions(qa: MedicalQA, data: Path, count: int) -> Iterator[Judged | None]:
    """Confidence and rightness of MedQuAD questions whose type the graph has an answer to."""
    with lzma.open(data / "qa" / "medquad" / "medquad.jsonl.xz", "rt", encoding="utf-8") as stream:
        rows = [json.loads(line) for line in stream]
    rows = [row for row in rows if row["qtype"] in _INTENTS]
    for row in random.Random(7).sample(rows, min(count, len(rows))):
        answer = qa.ask(row["question"])
        if answer.outcome not in _TOLD or answer.plan is None:
            yield None
            continue
        yield answer.confidence, _understood(qa, answer, row)


def _understood(qa: MedicalQA, answer: Answer, row: dict[str, Any]) -> bool:
    assert answer.plan is not None
    if answer.plan.intent.value not in _INTENTS[row["qtype"]]:
        return False
    focus = {normalise(name) for name in (row["focus"], *row["synonyms"])}
    names = {
        normalise(name.text)
        for concept in answer.concepts
        for name in qa.store.concept(concept.curie).names
    }
    return bool(focus & names)


def measure(judged: list[Judged | None]) -> dict[str, Any]:
    """Fitted on the even ones, measured on the odd ones."""
    fitted_on = [j for j in judged[::2] if j is not None]
    held_out = judged[1::2]
    told = [j for j in held_out if j is not None]
    if not fitted_on or not told:
        return {"questions": len(judged), "answered": len(told)}
    calibration = Calibration.fitted(fitted_on)
    calibrated = [(calibration(raw), right) for raw, right in told]
    curve = list(risk_coverage(calibrated, asked=len(told)))
    safe = [r.coverage for r in curve if r.risk <= 0.01]
    return {
        "questions": len(judged),
        "measured on": len(held_out),
        "answered": len(told),
        "right": sum(right for _, right in told) / len(told),
        "calibration error, raw (floor)": calibration_error(told),
        "calibration error": calibration_error(calibrated),
        "coverage of the answered at risk 1 %": max(safe, default=0.0),
        "risk and coverage": [(r.threshold, round(r.coverage, 4), round(r.risk, 4)) for r in curve],
        "calibration": {"bounds": calibration.bounds, "shares": calibration.shares},
    }


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--graph", type=Path)
    parser.add_argument("--questions", type=int, default=600)
    parser.add_argument("--deleted", type=int, default=300)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    settings = Settings.from_environment(os.environ)
    store = open_graph(options.graph) if options.graph else open_starter(settings)
    qa = MedicalQA(store=store, lm="none", settings=settings)
    deleted = measure_deleted(store, options.deleted)
    figures = {
        "KG_RAG statements": measure(list(judged_statements(qa, options.data))),
        "MedQuAD": measure(list(judged_questions(qa, options.data, options.questions))),
        "deleted edges": {
            "answerable": deleted.answerable,
            "not recorded": deleted.not_recorded,
            "outcomes": deleted.outcomes,
            "others": deleted.faults,
        },
    }
    text = json.dumps(figures, indent=1, ensure_ascii=False)
    print(text)
    if options.json:
        options.json.write_text(text + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
