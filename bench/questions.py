"""How many questions of public collections are understood: the name asked about, and what is asked.

    python -m bench.questions --graph GRAPH [--data DIR] [--most N] [--json FILE] [--worst FILE]

Without ``--data`` only the questions generated from the 18 types of QASystemOnMedicalKG are asked
(of names of GRAPH, fixed seed). DIR holds ``qa/medquad`` (read: documents with an even number; the
fallback classifier was trained on odd ones), ``qa/medication-qa-medinfo2019`` (every other row;
``--development`` asks the rest instead, which were read while the rules were written),
``qa/liveqa-medical-2017`` (the short summary of each question) and ``zh/chineseblue/cMedIC``.

A focus is right where a linked concept has it as a name, or its UMLS concept as a cross-reference;
of a preparation ("Baclofen Oral", "Azelastine Nasal Spray") the name of the drug is the focus too.
A focus no concept of the graph has as a name or cross-reference cannot be linked: how many those
are is told, and the share of the others that is linked rightly beside the share of all.
A type the graph covers is right where the intent recognised answers it (also where its name is not
in the graph, so that there is no plan); one it does not cover is right where there is no plan,
whatever the reason given. Each is measured for the rules
alone, the classifier alone, and both as the engine uses them; the floor is the most frequent
intent of the collection. cMedIC grades how plain a query's intent is and names none: there the
share with a plan is told by grade.
"""

from __future__ import annotations

import argparse
import json
import lzma
import random
import re
import tomllib
import xml.etree.ElementTree as ElementTree
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from kg.names import normalise
from kg.saved import open_graph
from kg.schema import DISEASE, DRUG, FOOD, PHENOTYPE, TEST, node_class
from kg.store import GraphStore
from nlp.linker import StoreLinker
from reasoning.guessing import guesses
from reasoning.naming import Namer
from reasoning.plan import Intent
from reasoning.planner import intent_of
from reasoning.question import Understanding
from reasoning.skeleton import language_of, skeletons_of
from reasoning.understanding import Understander

_CAUSES = frozenset({Intent.CAUSES, Intent.RISK_FACTORS})
_SAFE = frozenset({Intent.INTERACTIONS, Intent.CHECK, Intent.SAFETY})
_NO_PLAN: frozenset[Intent] = frozenset()

#: The intents that answer a question type; an empty set: the graph holds no such facts.
MEDQUAD: dict[str, frozenset[Intent]] = {
    "information": frozenset({Intent.DEFINITION}),
    "symptoms": frozenset({Intent.SYMPTOMS}),
    "treatment": frozenset({Intent.TREATMENTS}),
    "causes": _CAUSES,
    "exams and tests": frozenset({Intent.TESTS}),
    "side effects": frozenset({Intent.SIDE_EFFECTS}),
    "indication": frozenset({Intent.INDICATIONS}),
    "brand names": frozenset({Intent.NAMES}),
    "prevention": frozenset({Intent.PREVENTION}),
    "genetic changes": frozenset({Intent.GENES}),
    "complications": frozenset({Intent.COMPLICATIONS}),
    "susceptibility": frozenset({Intent.RISK_FACTORS}),
    "contraindication": frozenset({Intent.CONTRAINDICATIONS}),
    "interactions with medications": frozenset({Intent.INTERACTIONS}),
    "precautions": frozenset({Intent.CONTRAINDICATIONS}),
    **dict.fromkeys(
        ("outlook", "inheritance", "usage", "frequency", "emergency or overdose", "dose",
         "storage and disposal", "forget a dose", "stages", "how does it work", "research",
         "support groups", "when to contact a medical professional", "how effective is it"),
        _NO_PLAN,
    ),
}  # fmt: skip
MEDINFO: dict[str, frozenset[Intent]] = {
    "Information": frozenset({Intent.DEFINITION}),
    "Side effects": frozenset({Intent.SIDE_EFFECTS, Intent.CHECK, Intent.EFFECTS}),
    "Indication": frozenset({Intent.INDICATIONS, Intent.CHECK}),
    "Interaction": _SAFE,
    "Contraindication": frozenset({Intent.CONTRAINDICATIONS, Intent.CHECK, Intent.SAFETY}),
    "Alternatives": frozenset({Intent.SIMILAR}),
    "Brand names": frozenset({Intent.NAMES}),
    "Ingredient": frozenset({Intent.NAMES}),
    "Comparison": frozenset({Intent.COMPARISON}),
    "Combination": _SAFE,
    **dict.fromkeys(
        ("Dose", "Usage", "Appearance", "Action", "Usage/time", "Stopping/tapering", "Overdose",
         "Action/time", "Storage and disposal", "Time/duration", "Usage/duration"),
        _NO_PLAN,
    ),
}  # fmt: skip
LIVEQA: dict[str, frozenset[Intent]] = {
    "INFORMATION": frozenset({Intent.DEFINITION}),
    "TREATMENT": frozenset({Intent.TREATMENTS, Intent.CHECK}),
    "CAUSE": _CAUSES | {Intent.CHECK},
    "SYMPTOM": frozenset({Intent.SYMPTOMS}),
    "DIAGNOSIS": frozenset({Intent.TESTS}),
    "SIDE_EFFECT": frozenset({Intent.SIDE_EFFECTS, Intent.CHECK}),
    "INTERACTION": _SAFE,
    "COMPLICATION": frozenset({Intent.COMPLICATIONS}),
    "CONTRAINDICATION": frozenset({Intent.CONTRAINDICATIONS, Intent.SAFETY, Intent.CHECK}),
    "SUSCEPTIBILITY": frozenset({Intent.RISK_FACTORS}),
    "PREVENTION": frozenset({Intent.PREVENTION}),
    "COMPARISON": frozenset({Intent.COMPARISON}),
    **dict.fromkeys(
        ("PROGNOSIS", "USAGE", "DOSAGE", "INHERITANCE", "STORAGE_DISPOSAL", "TAPERING",
         "PERSON_ORGANIZATION", "RESOURCES", "INGREDIENT", "ACTION", "LIFESTYLE_DIET"),
        _NO_PLAN,
    ),
}  # fmt: skip

CLASSES = {node_class(c).label: c for c in (DISEASE, PHENOTYPE, DRUG, FOOD, TEST)}
#: The 18 types.
QASYSTEM = Path(__file__).with_name("qasystem_questions.toml")
GENERATED = 500


@dataclass(frozen=True, slots=True)
class Asked:
    """A question, its type, the intents that answer it, and what it is about."""

    collection: str
    type: str
    question: str
    intents: frozenset[Intent]
    focus: tuple[str, ...] = ()
    cuis: tuple[str, ...] = ()


def medquad(folder: Path) -> Iterator[Asked]:
    """Questions of documents with an even number."""
    with lzma.open(folder / "qa/medquad/medquad.jsonl.xz", "rt", encoding="utf-8") as lines:
        for row in map(json.loads, lines):
            if row["qtype"] in MEDQUAD and int(row["doc_id"]) % 2 == 0:
                yield Asked(
                    "MedQuAD",
                    row["qtype"],
                    row["question"],
                    MEDQUAD[row["qtype"]],
                    (row["focus"], *row["synonyms"]),
                    tuple(row["cui"]),
                )


def medinfo(folder: Path, *, development: bool = False) -> Iterator[Asked]:
    """Questions people typed about medicines: every other row; the rest may be developed on."""
    path = folder / "qa/medication-qa-medinfo2019/MedInfo2019-QA-Medications.tsv.xz"
    with lzma.open(path, "rt", encoding="utf-8") as lines:
        next(lines)
        for number, line in enumerate(lines):
            question, focus, kind, *_ = line.rstrip("\n").split("\t")
            if kind in MEDINFO and number % 2 == development:
                yield Asked("MedInfo 2019", kind, question, MEDINFO[kind], (focus,))


def liveqa(folder: Path) -> Iterator[Asked]:
    """The summaries of questions sent to the National Library of Medicine."""
    name = "TREC-2017-LiveQA-Medical-Test-Questions-w-summaries.xml.xz"
    with lzma.open(folder / "qa/liveqa-medical-2017" / name, "rb") as stream:
        root = ElementTree.fromstring(stream.read())
    for question in root.iter("NLM-QUESTION"):
        text = (question.findtext("NLM-Summary") or "").strip()
        kinds = [t.text or "" for t in question.iter("TYPE")]
        focus = tuple(f.text or "" for f in question.iter("FOCUS"))
        if text and kinds and kinds[0] in LIVEQA:
            yield Asked("LiveQA 2017", kinds[0], text, LIVEQA[kinds[0]], focus)


def qasystem(store: GraphStore) -> Iterator[Asked]:
    """Questions of the 18 types about concepts of the graph that have a Chinese name."""
    chance = random.Random(18)
    types = tomllib.loads(QASYSTEM.read_text("utf-8"))
    names: dict[str, list[str]] = {}
    for category in CLASSES.values():
        found = [c for c in store.concepts(category) if c.has_name_in("zh")]
        common = [c.name("zh") for c in found if len(store.neighbours(c.curie, limit=12)) >= 12]
        names[category] = sorted(set(common or [c.name("zh") for c in found]))
    for number in range(GENERATED):
        kind = list(types)[number % len(types)]
        category = CLASSES[types[kind]["class"]]
        intents = frozenset(map(Intent, types[kind]["intents"]))
        if names[category]:
            name = chance.choice(names[category])
            question = chance.choice(types[kind]["templates"]).format(name)
            yield Asked("18 types", kind, question, intents, (name,))


@dataclass(slots=True)
class Reader:
    """Understands questions in three ways."""

    store: GraphStore
    _namer: Namer = field(init=False)
    _both: Understander = field(init=False)
    _rules: Understander = field(init=False)

    def __post_init__(self) -> None:
        linker = StoreLinker(self.store)
        self._namer = Namer(linker, {})
        self._both = Understander(linker)
        self._rules = Understander(linker, guessing=False)

    def readings(self, question: str) -> tuple[Understanding, dict[str, Intent | None]]:
        """As the engine understands it, and the intent by each way."""
        both = self._both(question)
        rules = self._rules(question) if both.certainty < 1 else both
        return both, {
            "rules": _recognised(rules),
            "classifier": self._classified(question),
            "both": _recognised(both),
        }

    def _classified(self, question: str) -> Intent | None:
        slots, respelt = self._namer.slots(question)
        phrases = self._namer.phrases(language_of(question, slots))
        for skeleton in skeletons_of(question, slots, phrases, respelt=respelt)[:1]:
            for guess in guesses(skeleton, phrases, least=0.0):
                return intent_of(guess.match.rule.name)
        return None


def _recognised(understood: Understanding) -> Intent | None:
    return (
        understood.intent if understood.plan or understood.ambiguous or understood.unknown else None
    )


def focus_right(asked: Asked, understood: Understanding, store: GraphStore) -> bool:
    """Whether a linked concept is what the question is about."""
    wanted = {form for name in asked.focus for form in forms_of(name)}
    cuis = {f"UMLS:{cui}" for cui in asked.cuis}
    for linked in understood.concepts:
        concept = store.get(linked.curie)
        if concept is None:
            continue
        if wanted & {normalise(n.text) for n in concept.names} or cuis & set(concept.xrefs):
            return True
    return False


_PREPARATION = re.compile(
    r"(?: (?:oral|injection|topical|ophthalmic|otic|rectal|vaginal|transdermal|nasal|buccal"
    r"|inhalation|intravenous|sublingual|implant|patch|spray|cream|gel|drops?|solution|tablets?|capsules?"
    r"|suspension|and|\([^()]*\)))+$",
    re.IGNORECASE,
)


def forms_of(name: str) -> set[str]:
    """The normal forms of a focus: its own and, of a preparation, that of the drug.

    >>> sorted(forms_of("Azelastine Nasal Spray"))
    ['azelastine', 'azelastine nasal spray']
    """
    return {normalise(name), normalise(_PREPARATION.sub("", name))} - {""}


def umls_of(store: GraphStore) -> frozenset[str]:
    """Every UMLS concept some concept of the graph refers to."""
    return frozenset(x for c in store.concepts() for x in c.xrefs if x.startswith("UMLS:"))


def linkable(asked: Asked, store: GraphStore, umls: frozenset[str]) -> bool:
    """Whether some concept of the graph is what the question is about."""
    if any(f"UMLS:{cui}" in umls for cui in asked.cuis):
        return True
    return any(store.find(form) for name in asked.focus for form in forms_of(name))


def sampled(questions: Sequence[Asked], most: int) -> list[Asked]:
    """At most ``most`` of each type, drawn with a fixed seed."""
    by_type: dict[str, list[Asked]] = defaultdict(list)
    for asked in questions:
        by_type[asked.type].append(asked)
    chance = random.Random(5)
    return [a for some in by_type.values() for a in chance.sample(some, min(most, len(some)))]


@dataclass(slots=True)
class Count:
    """Right ones by what is measured, of ``total``; ``linkable`` of them have a focus to link."""

    total: int = 0
    linkable: int = 0
    right: Counter[str] = field(default_factory=Counter)

    def line(self) -> str:
        """As percentages."""
        names = ("focus", "rules", "classifier", "both")
        told = [f"{n} {100 * self.right[n] / max(self.total, 1):5.1f} %" for n in names]
        share = 100 * self.right["focus of linkable"] / max(self.linkable, 1)
        return " ".join([*told, f"focus {share:5.1f} % of {self.linkable} linkable"])


def measure(
    questions: Sequence[Asked], reader: Reader, worst: list[str]
) -> dict[tuple[str, str], Count]:
    """Counts by collection and type ("all" and "covered" among the types)."""
    counts: dict[tuple[str, str], Count] = defaultdict(Count)
    umls = umls_of(reader.store)
    for asked in questions:
        understood, intents = reader.readings(asked.question)
        right = {name for name, intent in intents.items() if _right(asked, intent)}
        known = linkable(asked, reader.store, umls)
        if focus_right(asked, understood, reader.store):
            right |= {"focus", "focus of linkable"} if known else {"focus"}
        for key in (asked.type, "all", *(("covered",) if asked.intents else ())):
            counts[asked.collection, key].total += 1
            counts[asked.collection, key].linkable += known
            counts[asked.collection, key].right.update(right)
        if asked.intents and ("both" not in right or (known and "focus" not in right)):
            worst.append(_worst(asked, understood, intents["both"], right))
    return counts


def _worst(
    asked: Asked, understood: Understanding, got: Intent | None, right: Collection[str]
) -> str:
    wrong = "intent" if "both" not in right else "focus"
    linked = ", ".join(c.name for c in understood.concepts) or "nothing"
    return (
        f"{wrong} | {asked.collection} | {asked.type} | {asked.question} | {got} | "
        f"{understood.rule or understood.reason} | wanted {asked.focus[:2]} | linked {linked}"
    )


def _right(asked: Asked, intent: Intent | None) -> bool:
    return intent in asked.intents if asked.intents else intent is None


def floor(questions: Sequence[Asked]) -> float:
    """The share right by always giving the most frequent intent."""
    kinds = Counter(min(a.intents) if a.intents else None for a in questions)
    return kinds.most_common(1)[0][1] / len(questions)


def cmedic(folder: Path, reader: Reader) -> Iterator[str]:
    """Of each grade of intent, how many queries have a plan."""
    grades: dict[str, Counter[str]] = defaultdict(Counter)
    for line in (folder / "zh/chineseblue/cMedIC/test.txt").read_text("utf-8").splitlines():
        grade, _, text = line.partition("\t")
        understood, _ = reader.readings(text)
        outcome = "plan" if understood.plan else str(understood.outcome)
        grades[grade][outcome] += 1
    for grade, outcomes in sorted(grades.items()):
        told = ", ".join(f"{name} {n}" for name, n in outcomes.most_common())
        yield f"cMedIC test, grade {grade}: {told}"


def main() -> None:
    """Ask, count, print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--graph", type=Path, required=True, help="a saved graph")
    parser.add_argument("--data", type=Path, help="folder with qa/ and zh/")
    parser.add_argument("--most", type=int, default=150, help="questions of a type")
    parser.add_argument("--development", action="store_true", help="the rows that may be read")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--worst", type=Path, help="where to list 100 questions not understood")
    parser.add_argument("--only", help="one collection: medquad, medinfo, liveqa or 18types")
    options = parser.parse_args()
    store = open_graph(options.graph)
    reader = Reader(store)
    collections = [list(qasystem(store))] if options.only in (None, "18types") else []
    if options.data:
        read = {
            "medquad": partial(medquad, options.data),
            "medinfo": partial(medinfo, options.data, development=options.development),
            "liveqa": partial(liveqa, options.data),
        }
        collections += [list(r()) for name, r in read.items() if options.only in (None, name)]
    worst: list[str] = []
    records = []
    for questions in collections:
        some = sampled(questions, options.most)
        counts = measure(some, reader, worst)
        print(f"{some[0].collection}: {len(some)} questions, floor {100 * floor(some):.1f} %")
        for (collection, kind), count in sorted(counts.items(), key=lambda c: -c[1].total):
            print(f"  {kind:42} {count.total:5}  {count.line()}")
            records.append(
                {
                    "collection": collection,
                    "type": kind,
                    "total": count.total,
                    "linkable": count.linkable,
                }
                | dict(count.right)
            )
    if options.data and options.only is None:
        print("\n".join(cmedic(options.data, reader)))
    if options.worst:
        chosen = random.Random(1).sample(worst, min(100, len(worst)))
        options.worst.write_text(re.sub(r"[^\S\n]+", " ", "\n".join(chosen)) + "\n", "utf-8")
    if options.json:
        options.json.write_text(json.dumps(records, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
