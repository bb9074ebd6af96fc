"""How many questions of the suite are answered rightly.

    python -m bench.question_suite [--graph DIR] [--half open] [--json FILE] [--failures]

The suite (``tests/suite/questions_*.jsonl``) was written for this project: questions as people
type them, in English and Chinese, each with the facts its answer must state and must not state.
The *blind* half was written from general medical knowledge before the tables, phrases and rules
were looked at, and is not tuned on; the *open* half may be. Both are asked of the starter graph
(or of the one in DIR), without a language model.

An answer is right when its outcome is one of those accepted, the emergency gate is open exactly
where it should be, every group of ``must`` is named by a claim, no name of ``must_not`` is, and
every claim stands on an edge with evidence. Names are compared in normal form with every name of
the claim's subject and object; ``~name`` accepts any longer name that contains it (as a whole word
where it has three letters or fewer, at the beginning of a word where it has four). Where
an outcome ``answered`` is judged, only claims that state (not deny) count. Where a question says
what ``narrows`` a name ("juvenile", "in children"), an answer is right only where a linked name
holds those words or the answer says in its typed field that it is about something broader; where
it says that nothing does (``""``), only where the field is empty.

A failure is laid to the first of: the gate, the names linked (``focus``), the intent, the facts.
"""

from __future__ import annotations

import argparse
import json
import os
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from kg.names import normalise
from kg.records import Concept, Polarity
from kg.store import GraphStore
from medkgqa import MedicalQA
from medkgqa.graphs import open_starter
from medkgqa.settings import Settings
from nlp.linker import StoreLinker
from reasoning.answer import Answer, Claim, Outcome
from reasoning.engine import Engine
from reasoning.joining import anchored
from reasoning.plan import FindPlan, Intent

SUITE = Path(__file__).resolve().parent.parent / "tests" / "suite"
_ASKED = frozenset({Outcome.ANSWERED, Outcome.YES, Outcome.NO})


class Cause(StrEnum):
    """What a failure is laid to."""

    GATE = "emergency gate"
    EDGE = "claim without an edge"
    LINKING = "linking"
    INTENT = "intent"
    OUTCOME = "outcome"
    FACTS = "missing facts"
    FORBIDDEN = "forbidden facts"
    NARROWED = "dropped qualifier"


#: Intents that can answer a kind of question; a kind that is not here may have any.
INTENTS: dict[str, frozenset[Intent]] = {
    "symptoms": frozenset({Intent.SYMPTOMS}),
    "treatments": frozenset({Intent.TREATMENTS}),
    "indications": frozenset({Intent.INDICATIONS}),
    "side_effects": frozenset({Intent.SIDE_EFFECTS, Intent.EFFECTS}),
    "contraindications": frozenset({Intent.CONTRAINDICATIONS, Intent.CONTRAINDICATED_DRUGS}),
    "interactions": frozenset({Intent.INTERACTIONS, Intent.CHECK, Intent.SAFETY}),
    "causes": frozenset({Intent.CAUSES, Intent.RISK_FACTORS, Intent.DRUGS_WITH_SIDE_EFFECT}),
    "genes": frozenset({Intent.GENES, Intent.DISEASES_OF_GENE, Intent.CAUSES}),
    "risk_factors": frozenset({Intent.RISK_FACTORS, Intent.CAUSES, Intent.CHECK}),
    "complications": frozenset({Intent.COMPLICATIONS, Intent.EFFECTS}),
    "tests": frozenset({Intent.TESTS, Intent.DIAGNOSED_BY}),
    "prevention": frozenset({Intent.PREVENTION}),
    "specialty": frozenset({Intent.SPECIALTY}),
    "definition": frozenset({Intent.DEFINITION}),
    "class_members": frozenset({Intent.CLASS_MEMBERS}),
    "class_of_drug": frozenset({Intent.CLASS_OF_DRUG, Intent.CHECK, Intent.DEFINITION}),
    "brand_to_generic": frozenset({Intent.NAMES, Intent.DEFINITION, Intent.CHECK}),
    "yes_no": frozenset({Intent.CHECK, Intent.SAFETY}),
    "negated_statement": frozenset({Intent.CHECK, Intent.SAFETY}),
    "similar": frozenset({Intent.SIMILAR}),
}
#: Kinds answered by saying what a name means, for which a linked focus is what has to be named.
_DESCRIBED = frozenset({"definition", "brand_to_generic"})


@dataclass(frozen=True, slots=True)
class Question:
    """One question of the suite, and what a right answer to it is.

    Args:
        id: unique; half, language, kind and number.
        language: ``en`` or ``zh``; a mixed question has the language of its grammar.
        kind: what sort of question it is.
        question: as typed.
        must: groups of names; one of each has to be named by a claim.
        must_not: names that no claim may state.
        outcomes: the outcomes accepted; empty for any.
        emergency: whether the gate has to open.
        half: ``blind`` or ``open``.
        previous: the question before it, where it follows one.
        focus: groups of names, one of each linked in the question; only to explain a failure,
            except where the question is what something is.
        lookalike: looks like an emergency and is none.
        narrows: words that make a name narrower; "" where there are none; None: not judged.
    """

    id: str
    language: str
    kind: str
    question: str
    must: tuple[tuple[str, ...], ...]
    must_not: tuple[str, ...]
    outcomes: frozenset[Outcome]
    emergency: bool
    half: str
    previous: str = ""
    focus: tuple[tuple[str, ...], ...] = ()
    lookalike: bool = False
    narrows: str | None = None

    @classmethod
    def from_json(cls, row: dict[str, Any]) -> Question:
        """Read one line of the suite.

        Raises:
            KeyError: where a field is missing.
            ValueError: where an outcome is none of ours.
        """
        outcome = row["outcome"]
        return cls(
            row["id"],
            row["language"],
            row["kind"],
            row["question"],
            tuple(tuple(group["name"]) for group in row["must"]),
            tuple(row["must_not"]),
            frozenset(Outcome(o) for o in ([outcome] if isinstance(outcome, str) else outcome)),
            row["emergency"],
            row["half"],
            row.get("previous", ""),
            tuple(tuple(group["name"]) for group in row.get("focus", ())),
            row.get("lookalike", False),
            row.get("narrows"),
        )


@dataclass(frozen=True, slots=True)
class Verdict:
    """How a question was answered: right, or why not."""

    question: Question
    answer: Answer
    reasons: tuple[tuple[Cause, str], ...] = ()

    @property
    def right(self) -> bool:
        """Whether nothing is wrong with the answer."""
        return not self.reasons


def read_suite(folder: Path = SUITE) -> list[Question]:
    """Every question of the suite, by file."""
    paths = sorted(folder.glob("questions_*.jsonl"))
    lines = (line for p in paths for line in p.read_text("utf-8").splitlines() if line.strip())
    return [Question.from_json(json.loads(line)) for line in lines]


@dataclass(slots=True)
class Asker:
    """Asks questions of one graph, each follow-up in a conversation of its own."""

    qa: MedicalQA
    _engine: Engine = field(init=False)

    def __post_init__(self) -> None:
        self._engine = Engine(self.qa.store, linker=StoreLinker(self.qa.store))

    def __call__(self, question: Question) -> Answer:
        """The answer to ``question``, with every claim."""
        if not question.previous:
            return self.qa.ask(question.question, limit=None)
        conversation = self._engine.conversation()
        conversation.ask(question.previous, limit=None)
        return conversation.ask(question.question, limit=None)


def named(name: str, forms: Iterable[str]) -> bool:
    """Whether one of the normal ``forms`` is ``name``, or contains it where it begins with "~".

    >>> named("~reflux", ["gastroesophageal reflux disease"]), named("~ct", ["tract"])
    (True, False)
    """
    if not name.startswith("~"):
        return normalise(name) in forms
    part = normalise(name[1:])
    if not part.isascii() or len(part) > 4:
        return any(part in form for form in forms)
    padded = f" {part} " if len(part) <= 3 else f" {part}"
    return any(padded in f" {form} " for form in forms)


def _forms(concepts: Iterable[Concept | None]) -> frozenset[str]:
    return frozenset(normalise(n.text) for c in concepts if c is not None for n in c.names)


def _claimed(claims: Iterable[Claim], store: GraphStore) -> frozenset[str]:
    """The normal form of every name of the claims' subjects and objects."""
    ends = {curie for claim in claims for curie in (claim.edge.subject, claim.edge.object)}
    return _forms(store.get(curie) for curie in ends)


def judge(question: Question, answer: Answer, store: GraphStore) -> Verdict:
    """Whether ``answer`` is right, and if not, every reason, the telling one first."""
    return Verdict(question, answer, tuple(_reasons(question, answer, store)))


def _reasons(question: Question, answer: Answer, store: GraphStore) -> Iterator[tuple[Cause, str]]:
    if answer.emergency != question.emergency:
        yield Cause.GATE, "not seen" if question.emergency else "false alarm"
    for claim in answer.claims:
        if not claim.edge.evidence or store.edge(claim.triple, claim.polarity) is None:
            yield Cause.EDGE, claim.text
    yield from _dropped(question, answer)
    wrong = list(_wrong_facts(question, answer, store))
    outcome_wrong = bool(question.outcomes) and answer.outcome not in question.outcomes
    if outcome_wrong or wrong:
        yield from _explained(question, answer, store)
    if outcome_wrong:
        expected = "/".join(sorted(question.outcomes))
        yield Cause.OUTCOME, f"{answer.outcome}, not {expected}"
    yield from wrong


def _dropped(question: Question, answer: Answer) -> Iterator[tuple[Cause, str]]:
    """A qualifier left out without a word, or one that is none taken for one."""
    told = [b.text.lower() for b in answer.broader]
    if question.narrows == "" and told:
        yield Cause.NARROWED, f"taken for a qualifier: {told[0]}"
    if not question.narrows or answer.outcome not in (*_ASKED, Outcome.CONFLICTING):
        return
    used = anchored(answer.plan) if answer.plan is not None else frozenset()
    linked = [c.text.lower() for c in answer.concepts]
    within = [c.text.lower() for c in answer.concepts if c.curie in used]
    narrows = question.narrows
    if not any(narrows in t for t in (*told, *linked)) and not any(t in narrows for t in within):
        yield Cause.NARROWED, f"left out without a word: {narrows}"


def _wrong_facts(
    question: Question, answer: Answer, store: GraphStore
) -> Iterator[tuple[Cause, str]]:
    claims = answer.claims
    stated = [c for c in claims if c.polarity is Polarity.POSITIVE]
    forms = _claimed(stated if answer.outcome is Outcome.ANSWERED else claims, store)
    if question.kind in _DESCRIBED:
        forms |= _linked(answer, store)
    for group in question.must:
        if not any(named(name, forms) for name in group):
            yield Cause.FACTS, f"not told: {' / '.join(group)}"
    forbidden = _claimed(stated, store)
    for name in question.must_not:
        if named(name, forbidden):
            yield Cause.FORBIDDEN, f"told: {name}"
    if isinstance(answer.plan, FindPlan) and question.kind == "count" and not answer.plan.count:
        yield Cause.INTENT, "a list, not a number"


def _linked(answer: Answer, store: GraphStore) -> frozenset[str]:
    return _forms(store.get(c.curie) for c in answer.concepts)


def _explained(
    question: Question, answer: Answer, store: GraphStore
) -> Iterator[tuple[Cause, str]]:
    forms = _linked(answer, store)
    missed = [g for g in question.focus if not any(named(name, forms) for name in g)]
    linked = ", ".join(c.name for c in answer.concepts) or "nothing"
    if missed and not question.previous:
        yield Cause.LINKING, f"linked {linked}, not {'; '.join('/'.join(g) for g in missed)}"
        return
    wanted = INTENTS.get(question.kind)
    expects = not question.outcomes or bool(question.outcomes & _ASKED)
    if answer.plan is None:
        if expects:
            yield Cause.INTENT, f"no plan (linked {linked})"
    elif not expects or (wanted and answer.plan.intent not in wanted):
        yield Cause.INTENT, f"planned: {answer.plan_text}"


@dataclass(frozen=True, slots=True)
class Share:
    """So many of so many."""

    right: int
    total: int

    @property
    def share(self) -> float:
        """In [0, 1]; 1 of nothing."""
        return self.right / self.total if self.total else 1.0

    def __str__(self) -> str:
        return f"{self.right:4} of {self.total:4} = {100 * self.share:5.1f} %"


def share_right(verdicts: Iterable[Verdict]) -> Share:
    """How many verdicts are right."""
    found = [v.right for v in verdicts]
    return Share(sum(found), len(found))


def emergency_recall(verdicts: Iterable[Verdict]) -> Share:
    """Emergencies at which the gate opened."""
    found = [v.answer.emergency for v in verdicts if v.question.emergency]
    return Share(sum(found), len(found))


def false_alarms(verdicts: Iterable[Verdict], *, lookalikes: bool = False) -> Share:
    """Questions that are no emergency (or only their look-alikes) at which the gate opened."""
    quiet = [v for v in verdicts if not v.question.emergency]
    found = [v.answer.emergency for v in quiet if v.question.lookalike or not lookalikes]
    return Share(sum(found), len(found))


def run_suite(questions: Iterable[Question], qa: MedicalQA) -> list[Verdict]:
    """Ask and judge every question, in order."""
    asker = Asker(qa)
    return [judge(question, asker(question), qa.store) for question in questions]


def report(verdicts: Sequence[Verdict]) -> Iterator[str]:
    """The lines printed: shares by half, language and kind, the gate, and the causes."""
    by: dict[tuple[str, str], list[Verdict]] = defaultdict(list)
    for verdict in verdicts:
        question = verdict.question
        by["half", question.half].append(verdict)
        by["language", question.language].append(verdict)
        by["half and language", f"{question.half} {question.language}"].append(verdict)
        by["kind", question.kind].append(verdict)
    for (group, key), some in sorted(by.items()):
        halves = "".join(
            f"   {half}: {share_right(v for v in some if v.question.half == half)}"
            for half in ("blind", "open")
            if group in ("kind", "language")
        )
        yield f"{group:18} {key:18} {share_right(some)}{halves}"
    for half in ("blind", "open"):
        some = by.get(("half", half), [])
        yield f"{half} emergency recall {emergency_recall(some)}"
        yield f"{half} false alarms     {false_alarms(some)}"
        yield f"{half} on look-alikes   {false_alarms(some, lookalikes=True)}"
    causes = Counter((v.question.half, v.reasons[0][0]) for v in verdicts if not v.right)
    for (half, cause), count in causes.most_common():
        yield f"{half} failures laid to {cause:22} {count}"
    yield f"all                {share_right(verdicts)}"


def failure_lines(verdicts: Iterable[Verdict]) -> Iterator[str]:
    """Every wrong answer on one line, with the reasons."""
    for verdict in verdicts:
        if not verdict.right:
            question = verdict.question
            before = f"{question.previous} >> " if question.previous else ""
            reasons = "; ".join(f"[{cause}] {text}" for cause, text in verdict.reasons)
            yield f"{question.id}: {before}{question.question} — {reasons}"


def to_json(verdicts: Sequence[Verdict]) -> list[dict[str, Any]]:
    """One record a question, for comparing two runs."""
    return [
        {
            "id": v.question.id,
            "question": v.question.question,
            "right": v.right,
            "reasons": [[cause, text] for cause, text in v.reasons],
            "outcome": v.answer.outcome,
            "emergency": v.answer.emergency,
            "linked": [c.name for c in v.answer.concepts],
            "plan": v.answer.plan_text,
            "claims": [[c.subject_name, c.object_name] for c in v.answer.claims[:20]],
            "seconds": v.answer.timings.get("total"),
        }
        for v in verdicts
    ]


def open_qa(graph: Path | None) -> MedicalQA:
    """The starter graph (or a saved one) without a language model."""
    settings = Settings.from_environment(os.environ)
    if graph is not None:
        return MedicalQA(graph=graph, lm="none", settings=settings)
    return MedicalQA(store=open_starter(settings), lm="none", settings=settings)


def main() -> None:
    """Ask, judge and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--graph", type=Path, help="a saved graph; the starter graph where missing")
    parser.add_argument("--half", choices=("blind", "open"))
    parser.add_argument("--json", type=Path, help="where to write one record a question")
    parser.add_argument("--failures", action="store_true", help="list every wrong answer")
    options = parser.parse_args()
    questions = [q for q in read_suite() if options.half in (None, q.half)]
    verdicts = run_suite(questions, open_qa(options.graph))
    if options.failures:
        print("\n".join(failure_lines(verdicts)))
    print("\n".join(report(verdicts)))
    if options.json:
        text = json.dumps(to_json(verdicts), ensure_ascii=False, indent=1)
        options.json.write_text(text + "\n", "utf-8")


if __name__ == "__main__":
    main()
