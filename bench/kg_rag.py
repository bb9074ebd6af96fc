"""The KG_RAG benchmark: statements and multiple choice, with what leaks beside what is known.

    python -m bench.kg_rag --data DIR [--graph FOLDER] [--lm none|default] [--json FILE]

DIR holds ``qa/kg_rag``, ``kg/hetionet``, ``ontology/doid`` and ``ontology/mesh-2015``. Without
``--graph`` the starter graph, Hetionet, the Disease Ontology of 2015 and the MeSH tree are merged
first (a minute); ``--keep FOLDER`` saves that.

*Statements* are true, false, or not recorded; abstentions count as wrong. Nearly every fact
behind them is true and nearly every statement with "not" is false, so the floors are the majority
and "not means false". Beside each gene statement stands a *twin*: its gene replaced by that of
another statement, recorded nowhere. A twin's positive form must not be affirmed, its negated form
not be denied.

*Multiple choice*: options are stripped and shuffled, since distractors carry an extra blank in
the published file. Floors: random, the blank itself, the most frequent option string. The graph
chooses the option recorded for both diseases, else the only one recorded for either, or abstains;
a guess of the language model over the rest is a figure of its own.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import random
import re
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kg.saved import open_graph
from kg.schema import GENE_ASSOCIATED
from kg.store import Direction, EdgeFilter, GraphStore
from medkgqa.facade import MedicalQA
from medkgqa.graphs import open_starter
from medkgqa.loading import load_graph, pair_up
from medkgqa.models import open_default_model
from medkgqa.settings import Settings
from reasoning.answer import Outcome
from reasoning.decoding import rank
from reasoning.language_model import LanguageModel

#: What is merged with the starter graph, and its folder.
SOURCES = {
    "hetionet": "kg/hetionet",
    "disease-ontology-2015": "ontology/doid",
    "mesh": "ontology/mesh-2015",
}
_GENE = re.compile(
    r"^(?P<disease>.+?) (?:associates|is (?P<no>not )?associated with) Gene (?P<gene>\S+)$"
)
_CHOICE = "Out of the given list, which Gene is associated with {} and {}. Given list is: {}"


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement of the file."""

    text: str
    label: bool

    @property
    def kind(self) -> str:
        """Gene, treatment, identifier or class."""
        if "identifier" in self.text:
            return "identifier"
        if " Gene " in self.text:
            return "gene"
        return "treats" if "treat" in self.text else "class"

    @property
    def denies(self) -> bool:
        """Whether "not" stands in it."""
        return " not " in self.text


def statements(folder: Path) -> list[Statement]:
    """Statements of ``true_false_questions.csv``."""
    with (folder / "true_false_questions.csv").open(encoding="utf-8", newline="") as stream:
        return [Statement(r["text"], r["label"] == "True") for r in csv.DictReader(stream)]


def measure_statements(qa: MedicalQA, asked: Sequence[Statement]) -> dict[str, Any]:
    """Right, wrong and abstained, by kind, with the floors."""
    found: dict[str, Counter[str]] = {}
    missed: list[str] = []
    for statement in asked:
        outcome = qa.ask(statement.text).outcome
        want = Outcome.YES if statement.label else Outcome.NO
        decided = outcome in (Outcome.YES, Outcome.NO)
        verdict = "right" if outcome is want else "wrong" if decided else outcome.value
        found.setdefault(statement.kind, Counter())[verdict] += 1
        if verdict != "right":
            missed.append(f"{verdict}: {statement.text} ({statement.label})")
    total = sum(found.values(), Counter[str]())
    majority = Counter(s.label for s in asked).most_common(1)[0][1]
    by_not = sum(s.label != s.denies for s in asked)
    return {
        "statements": len(asked),
        "right": total["right"] / len(asked),
        "wrong": total["wrong"] / len(asked),
        "right where decided": total["right"] / max(1, total["right"] + total["wrong"]),
        "floor, majority": majority / len(asked),
        "floor, not means false": by_not / len(asked),
        "by kind": {kind: dict(counts) for kind, counts in sorted(found.items())},
        "missed": missed,
    }


def twins(asked: Sequence[Statement], store: GraphStore, *, seed: int = 7) -> Iterator[str]:
    """For each gene statement, the same disease with a gene that is recorded nowhere for it."""
    parts = [m for s in asked if (m := _GENE.match(s.text))]
    told = {(m["disease"].casefold(), m["gene"]) for m in parts}
    chance = random.Random(seed)
    for match in parts:
        known = _genes_of(match["disease"], store)
        others = sorted(
            {
                m["gene"]
                for m in parts
                if (match["disease"].casefold(), m["gene"]) not in told
                and not known & _concepts(m["gene"], store)
            }
        )
        gene = chance.choice(others)
        yield f"{match['disease']} associates Gene {gene}"
        yield f"{match['disease']} is not associated with Gene {gene}"


def _concepts(name: str, store: GraphStore) -> set[str]:
    return {match.curie for match in store.find(name)}


def _genes_of(disease: str, store: GraphStore) -> set[str]:
    wanted = EdgeFilter(predicates=frozenset({GENE_ASSOCIATED}))
    return {
        edge.subject
        for curie in _concepts(disease, store)
        for edge in store.neighbours(curie, direction=Direction.IN, edge_filter=wanted)
    }


def measure_twins(qa: MedicalQA, asked: Sequence[Statement]) -> dict[str, Any]:
    """Share of twins that are neither affirmed nor, negated, denied."""
    held = count = 0
    failed: list[str] = []
    for text in twins(asked, qa.store):
        count += 1
        forbidden = Outcome.NO if " not " in text else Outcome.YES
        if qa.ask(text).outcome is forbidden:
            failed.append(text)
        else:
            held += 1
    return {"twins": count, "not believed": held / count, "failed": failed}


def measure_choices(
    qa: MedicalQA, folder: Path, model: LanguageModel | None, *, seed: int = 7
) -> dict[str, Any]:
    """Coverage, precision where covered, and the model's guess over the rest, each apart."""
    with (folder / "mcq_questions.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    chance = random.Random(seed)
    frequent = Counter(o.strip() for r in rows for o in r["options_combined"].split(","))
    covered = right = guesses = guessed = 0
    by_blank = by_frequency = 0.0
    wrong: list[str] = []
    for row in rows:
        raw, answer = row["options_combined"].split(","), row["correct_node"].strip()
        options = [option.strip() for option in raw]
        by_blank += _hit(options, [-_blanks(o, n) for n, o in enumerate(raw)], answer)
        by_frequency += _hit(options, [frequent[o] for o in options], answer)
        chance.shuffle(options)
        question = _CHOICE.format(row["disease_1"], row["disease_2"], ", ".join(options))
        choice = qa.ask(question, options=options).choice
        if choice is not None:
            covered += 1
            right += options[choice] == answer
            if options[choice] != answer:
                wrong.append(f"{question} → {options[choice]}, not {answer}")
        elif model is not None:
            guesses += 1
            guessed += _guess(model, question, options) == answer
    count = len(rows)
    return {
        "questions": count,
        "covered by the graph": covered / count,
        "right where covered": right / covered if covered else None,
        "right by the graph, of all": right / count,
        "guessed by the model": guesses,
        "right of the guesses": guessed / guesses if guesses else None,
        "right by graph and guesses, of all": (right + guessed) / count if guesses else None,
        "added by the model": guessed / count if guesses else None,
        "floor, graph and a random guess": (right + 0.2 * (count - covered)) / count,
        "floor, random": 0.2,
        "floor, blanks of the published file": by_blank / count,
        "floor, most frequent option": by_frequency / count,
        "wrong": wrong,
    }


def _blanks(option: str, place: int) -> int:
    """Blanks before an option beyond the one that follows a comma."""
    return len(option) - len(option.lstrip()) - (place > 0)


def _hit(options: Sequence[str], scores: Sequence[int], answer: str) -> float:
    """Chance that the best-scored option is the answer, ties drawn at random."""
    best = [o for o, score in zip(options, scores, strict=True) if score == max(scores)]
    return (answer in best) / len(best)


def _guess(model: LanguageModel, question: str, options: Sequence[str]) -> str:
    system = "Answer with one of the options."
    session = model.start(model.chat_prompt(system, question))
    background = model.start(model.chat_prompt(system, "Which gene?"))
    try:
        return rank(model, session, list(options), background=background)[0].text
    finally:
        session.close()
        background.close()


def merged(data: Path, target: Path, settings: Settings) -> GraphStore:
    """The starter graph with :data:`SOURCES`, saved at ``target``."""
    sources = pair_up(list(SOURCES), [data / folder for folder in SOURCES.values()])
    load_graph(sources, target, base=open_starter(settings))
    return open_graph(target)


def main() -> int:
    """Measure and print; 1 where a statement's twin was believed."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--graph", type=Path)
    parser.add_argument("--keep", type=Path)
    parser.add_argument("--lm", choices=["none", "default"], default="none")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    settings = Settings.from_environment(os.environ)
    with tempfile.TemporaryDirectory() as folder:
        target = options.keep or Path(folder) / "merged"
        store = (
            open_graph(options.graph) if options.graph else merged(options.data, target, settings)
        )
        qa = MedicalQA(store=store, lm="none", settings=settings)
        files = options.data / "qa" / "kg_rag"
        model = None if options.lm == "none" else open_default_model(settings)
        asked = statements(files)
        figures = {
            "true/false": measure_statements(qa, asked),
            "twins": measure_twins(qa, asked),
            "multiple choice": measure_choices(qa, files, model),
        }
    text = json.dumps(figures, indent=1, ensure_ascii=False)
    print(text)
    if options.json:
        options.json.write_text(text + "\n", encoding="utf-8")
    return 1 if figures["twins"]["failed"] else 0


if __name__ == "__main__":
    sys.exit(main())
