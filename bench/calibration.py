"""Is a confident answer right? Calibration error, risk–coverage, and questions without support.

    python -m bench.calibration --data DIR [--graph FOLDER] [--questions 2000] [--deleted 300]
                                [--json FILE] [--fit FILE]

*Right* is judged from the data set, never by eye: a KG_RAG statement by its label; a MedQuAD
question by its focus and type (the concept found has the focus, or one of the synonyms the
publisher lists, among its names, and what is asked of it is what the type says). The second says
that the question was understood, not that the graph is complete. A focus counts in its natural
order too ("Bronchitis - acute", "Adenocarcinoma of the appendix"), without a short form in
brackets, without "type" before a number, and with "disease" for "disorder". A question of MedInfo
2019 is judged as in :mod:`bench.questions`, by the rows that were not developed on; it is in no
fit.

MedQuAD is split by document, so that no document is on both sides: the confidence model is fitted
on one half (:mod:`bench.calibration_fit`), everything printed is of the other, and KG_RAG is in no
fit. ``--fit`` writes the model (``reasoning/confidence.toml``). The floor is the product of what
the signals say, unfitted: linking score × certainty of the plan (0.9 through kin, 0.8 where a name
was dropped) × mean confidence of the edges, halved where records conflict.

*Deleted edges*: generated questions that have an answer are asked again over the graph without
the edges that answered them; all of those should be "not recorded" (:mod:`bench.deleted_edges`).
"""

from __future__ import annotations

import argparse
import hashlib
import json
import lzma
import os
import random
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from bench.calibration_fit import Example, chosen_prior, cross_validated
from bench.deleted_edges import measure_deleted
from bench.kg_rag import statements
from bench.questions import forms_of, medinfo
from kg.names import normalise
from kg.saved import open_graph
from medkgqa.facade import MedicalQA
from medkgqa.graphs import open_starter
from medkgqa.settings import Settings
from reasoning.answer import Answer, Outcome
from reasoning.confidence import ConfidenceModel, Risk, calibration_error, risk_coverage
from reasoning.signals import NAMES, Signals

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
#: Shares of the answered at which the risk is printed.
_COVERAGES = (0.25, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
_TOLD = frozenset({Outcome.ANSWERED, Outcome.YES, Outcome.NO, Outcome.CONFLICTING})


@dataclass(frozen=True, slots=True)
class Judged:
    """An answer's signals, whether it was right, and the document its question is of."""

    signals: Signals
    right: bool
    document: str
    question: str


def judged_statements(qa: MedicalQA, data: Path) -> Iterator[Judged]:
    """Each KG_RAG statement that was decided."""
    for statement in statements(data / "qa" / "kg_rag"):
        answer = qa.ask(statement.text)
        if answer.outcome in (Outcome.YES, Outcome.NO) and answer.signals is not None:
            right = (answer.outcome is Outcome.YES) == statement.label
            yield Judged(answer.signals, right, "", statement.text)


def judged_questions(qa: MedicalQA, data: Path, count: int) -> Iterator[Judged]:
    """MedQuAD questions of types the graph has answers to, as far as they were answered."""
    with lzma.open(data / "qa" / "medquad" / "medquad.jsonl.xz", "rt", encoding="utf-8") as stream:
        rows = [json.loads(line) for line in stream]
    rows = [row for row in rows if row["qtype"] in _INTENTS]
    for row in random.Random(7).sample(rows, min(count, len(rows))):
        answer = qa.ask(row["question"])
        if answer.outcome not in _TOLD or answer.plan is None or answer.signals is None:
            continue
        document = f"{row['collection']}/{row['doc_id']}"
        yield Judged(answer.signals, _understood(qa, answer, row), document, row["question"])


def _understood(qa: MedicalQA, answer: Answer, row: dict[str, Any]) -> bool:
    assert answer.plan is not None
    if answer.plan.intent.value not in _INTENTS[row["qtype"]]:
        return False
    focus = {form for name in (row["focus"], *row["synonyms"]) for form in forms_of_title(name)}
    names = {
        normalise(name.text)
        for concept in answer.concepts
        for name in qa.store.concept(concept.curie).names
    }
    return bool(focus & names)


def judged_medinfo(qa: MedicalQA, data: Path) -> Iterator[Judged]:
    """MedInfo 2019 questions that were answered, of the rows that were not developed on."""
    for asked in medinfo(data):
        answer = qa.ask(asked.question)
        if answer.outcome not in _TOLD or answer.plan is None or answer.signals is None:
            continue
        wanted = {form for name in asked.focus for form in forms_of(name)}
        names = {
            normalise(name.text)
            for concept in answer.concepts
            for name in qa.store.concept(concept.curie).names
        }
        right = answer.plan.intent in asked.intents and bool(wanted & names)
        yield Judged(answer.signals, right, "", asked.question)


def forms_of_title(name: str) -> set[str]:
    """Normal forms of a title's name: as it is, turned round, without bracket, without "type".

    >>> sorted(forms_of_title("Bronchitis - acute"))
    ['acute bronchitis', 'bronchitis acute']
    >>> sorted(forms_of_title("Rocky Mountain Spotted Fever (RMSF)"))
    ['rocky mountain spotted fever', 'rocky mountain spotted fever rmsf']
    """
    plain = re.sub(r" \([^()]*\)$", "", name)
    head, turns, tail = plain.partition(" - ") if " - " in plain else plain.partition(", ")
    turned = f"{tail} {head}" if turns and "," not in tail and " - " not in tail else plain
    untyped = re.sub(r",? type (?=\d|[IVX]+\b)", " ", plain)
    of = re.sub(r"^([\w-]+) of (?:the )?(.+)$", r"\2 \1", plain)
    headed = re.sub(r"\bdisorder(?=s?\b)", "disease", plain, flags=re.IGNORECASE)
    return {normalise(form) for form in (name, plain, turned, untyped, of, headed)} - {""}


def fitting_half(document: str) -> bool:
    """Whether a document is of the half that is fitted on; the same on every machine."""
    return hashlib.sha256(document.encode()).digest()[0] % 2 == 0


def product(signals: Signals) -> float:
    """The floor: what the signals say, multiplied, without a fit."""
    plan = (1.0 - signals.guessed) * (0.9 if signals.kin else 1.0)
    plan *= 0.8 if signals.dropped else 1.0
    evidence = (1.0 - signals.weak) * (0.5 if signals.conflicting else 1.0)
    return (1.0 - signals.inexact) * plan * evidence


def measure(judged: Sequence[Judged], score: Callable[[Signals], float]) -> dict[str, Any]:
    """Calibration error, and coverage of the answered against risk."""
    scored = [(score(one.signals), one.right) for one in judged]
    if not scored:
        return {"answered": 0}
    curve = list(risk_coverage(scored, asked=len(scored)))
    kept = [min(curve, key=lambda r: (r.coverage < at, r.coverage)) for at in _COVERAGES]
    return {
        "answered": len(scored),
        "right": round(sum(one.right for one in judged) / len(scored), 4),
        "calibration error": round(calibration_error(scored), 4),
        "right over wrong": round(_ordered(scored), 4),
        "coverage at risk 1 %": _covered(curve, 0.01),
        "coverage at risk 5 %": _covered(curve, 0.05),
        "threshold, coverage, risk": [
            (round(r.threshold, 4), round(r.coverage, 4), round(r.risk, 4)) for r in kept
        ],
    }


def _covered(curve: Sequence[Risk], most: float) -> float:
    return round(max((r.coverage for r in curve if r.risk <= most), default=0.0), 4)


def _ordered(scored: Sequence[tuple[float, bool]]) -> float:
    """How often a right answer is more confident than a wrong one, ties counted half."""
    right = [score for score, is_right in scored if is_right]
    wrong = [score for score, is_right in scored if not is_right]
    pairs = ((a > b) + 0.5 * (a == b) for a in right for b in wrong)
    return sum(pairs) / max(1, len(right) * len(wrong))


def model_text(
    model: ConfidenceModel, answers: int, documents: int, command: str, prior: float
) -> str:
    """The model as ``reasoning/confidence.toml`` holds it."""
    weights = "\n".join(f"{n} = {w}" for n, w in zip(NAMES, model.weights, strict=True))
    return (
        "# Log odds that an answer is right: a bias, and what each signal takes from it\n"
        "# (reasoning/signals.py).\n"
        f"# Fitted on {answers} answers to MedQuAD questions of {documents} documents by\n"
        f"# {command}\n"
        f"# with a prior of {prior}, chosen by cross-validation on those documents.\n"
        f"bias = {model.bias}\n\n[weights]\n{weights}\n"
    )


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--graph", type=Path)
    parser.add_argument("--questions", type=int, default=2000)
    parser.add_argument("--deleted", type=int, default=300)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--fit", type=Path, help="write the fitted model to this file")
    options = parser.parse_args()
    settings = Settings.from_environment(os.environ)
    store = open_graph(options.graph) if options.graph else open_starter(settings)
    qa = MedicalQA(store=store, lm="none", settings=settings)
    questions = list(judged_questions(qa, options.data, options.questions))
    fitted_on = [one for one in questions if fitting_half(one.document)]
    held_out = [one for one in questions if not fitting_half(one.document)]
    examples = [Example(one.signals, one.right, one.document) for one in fitted_on]
    prior = chosen_prior(examples)
    model = ConfidenceModel.fitted([(e.signals, e.right) for e in examples], prior=prior)
    if options.fit:
        documents = len({one.document for one in fitted_on})
        command = (
            f"python -m bench.calibration --data DIR --questions {options.questions} --fit FILE"
        )
        written = model_text(model, len(fitted_on), documents, command, prior)
        options.fit.write_text(written, encoding="utf-8")
    scores: dict[str, Callable[[Signals], float]] = {
        "product (floor)": product,
        "fitted here": model,
        "shipped": ConfidenceModel.shipped(),
    }
    sets = {
        "MedQuAD, held-out documents": held_out,
        "MedInfo 2019, rows not developed on": list(judged_medinfo(qa, options.data)),
        "KG_RAG statements": list(judged_statements(qa, options.data)),
    }
    figures: dict[str, Any] = {
        name: {label: measure(judged, score) for label, score in scores.items()}
        for name, judged in sets.items()
    }
    figures["fit"] = {
        "bias": model.bias,
        "weights": dict(zip(NAMES, model.weights, strict=True)),
        "answers": len(fitted_on),
        "prior": prior,
        "cross-validated": {
            str(one): {n: asdict(q) for n, q in cross_validated(examples, one).items()}
            for one in sorted({1.0, prior}, reverse=True)
        },
    }
    if options.deleted:
        deleted = measure_deleted(store, options.deleted)
        figures["deleted edges"] = {
            "answerable": deleted.answerable,
            "not recorded": deleted.not_recorded,
            "outcomes": deleted.outcomes,
            "others": deleted.faults,
        }
    text = json.dumps(figures, indent=1, ensure_ascii=False)
    print(text)
    if options.json:
        options.json.write_text(text + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
