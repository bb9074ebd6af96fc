"""Documents whose answer to the fitting question says what a fact says.

MedQuAD (CC BY 4.0): questions and answers of US public health institutes. An answer supports a
fact where the document's subject is one end of the fact, the question is of a fitting type, and
the answer names the other end in a sentence that does not deny it. Only the document is cited;
no sentence of it is taken over.
"""

from __future__ import annotations

import json
import lzma
import re
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

from curation.facts import Fact, Record
from curation.name_book import NameBook, stem
from curation.tsv import read_table
from curation.wordings import says_risk
from kg.schema import (
    CONTRAINDICATED_IN,
    DIAGNOSES,
    HAS_COMPLICATION,
    HAS_PHENOTYPE,
    HAS_SIDE_EFFECT,
    INTERACTS_WITH,
    PREDISPOSES,
    PREVENTS,
    TREATS,
)

_GENERAL = ("information",)
#: Predicate → question types at the document of the subject, and at that of the object.
FITTING: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    HAS_PHENOTYPE: (("symptoms", "information", "exams and tests", "complications"), ()),
    HAS_COMPLICATION: (
        ("complications", "information", "symptoms", "outlook", "treatment"),
        ("causes", "susceptibility", "information"),
    ),
    TREATS: ((), ("treatment", "information", "considerations")),
    PREVENTS: ((), ("prevention", "information", "treatment")),
    DIAGNOSES: ((), ("exams and tests", "information", "stages", "symptoms")),
    PREDISPOSES: (
        ("complications", "information", "symptoms"),
        ("causes", "susceptibility", "prevention", "information", "genetic changes", "frequency"),
    ),
    HAS_SIDE_EFFECT: ((), ("causes", "susceptibility")),
    CONTRAINDICATED_IN: ((), ("treatment", "information", "considerations", "prevention")),
}
#: Predicate → question types that ask for just that: of a document about a kind of the condition
#: ("Adult …") or one whose focus is not its bare name, only these are read.
_ASKING: dict[str, tuple[str, ...]] = {
    HAS_PHENOTYPE: ("symptoms",),
    HAS_COMPLICATION: ("complications",),
    TREATS: ("treatment",),
    PREVENTS: ("prevention",),
    DIAGNOSES: ("exams and tests",),
}
_DENIED = re.compile(
    r"\b(no|not|without|never|absence of|rather than|cannot|neither|nor|unlike|instead of|"
    r"except|free of|rule out|ruled out)\b"
)
_AVOIDED = re.compile(
    r"\b(avoid\w*|should not|do not|not be (?:used|taken|given)|contraindicat\w*|not recommended|"
    r"not safe|unsafe|harmful|dangerous|must not|never|worsen\w*|aggravat\w*|trigger\w*|"
    r"make\w* .{1,20}worse|caution\w*|stop taking|not take)\b"
)
_SENTENCE = re.compile(r"(?<=[.!?;:])\s+|\s+-\s+|\n+|•")


def sentences(text: str) -> list[str]:
    """A text in its sentences and list entries."""
    return _SENTENCE.split(text)


#: How many words before a name a denial may stand.
_REACH = 6
#: Words of one meaning, as texts and names vary them.
_SAME = {
    variant: word
    for word, variants in {
        "abdomen": "abdominal belly stomach tummy",
        "kidney": "renal",
        "liver": "hepatic",
        "heart": "cardiac",
        "lung": "pulmonary",
        "muscle": "muscular",
        "nose": "nasal",
        "eye": "ocular",
        "brain": "cerebral",
        "vomiting": "vomit",
        "swelling": "swollen swell edema",
        "pain": "painful ache aching sore soreness discomfort",
        "weakness": "weak",
        "fatigue": "tired tiredness exhaustion exhausted fatigued",
        "itching": "itchy itchiness itch pruritus",
        "blurred": "blurry",
        "cough": "coughing",
        "sneezing": "sneeze",
        "wheezing": "wheeze",
        "sweating": "sweat sweaty perspiration diaphoresis",
        "bleeding": "bleed hemorrhage",
        "nausea": "nauseous nauseated",
        "dizziness": "dizzy lightheadedness lightheaded",
        "fever": "feverish febrile",
        "numbness": "numb",
        "urination": "urinate urinating urinary",
        "smoking": "smoke smoker cigarette tobacco",
        "diabetes": "diabetic mellitus",
        "obesity": "obese overweight",
        "breathing": "breath breathe respiratory",
        "difficulty": "trouble difficult problem",
        "swallowing": "swallow dysphagia",
        "reduced": "decreased low loss decrease poor",
        "increased": "high elevated raised increase",
        "frequent": "frequently often",
        "vision": "visual sight",
        "stiffness": "stiff",
        "redness": "red erythema",
        "confusion": "confused",
        "age": "aging older elderly advanced",
        "test": "testing level",
        "scan": "tomography imaging ct mri",
        "sun": "sunlight ultraviolet",
        "alcohol": "drinking alcoholic",
        "family": "familial relative",
    }.items()
    for variant in variants.split()
}
#: Words of a name that need not stand in a text.
_LIGHT = frozenset("of the a an in and or to with by on at for use test".split())  # noqa: SIM905


def form(text: str) -> tuple[str, ...]:
    """The telling words of a text, stemmed, each in its commonest variant.

    >>> form("Abdominal pains"), form("ache in the belly")
    (('abdomen', 'pain'), ('pain', 'in', 'the', 'abdomen'))
    """
    return tuple(_SAME.get(word, word) for word in stem(text).split())


@dataclass(slots=True)
class Answer:
    """An answer of a document: the words of each sentence, and which sentences have a word.

    ``near``: the document's focus is the name of the condition with words around it.
    """

    record: Record
    qtype: str
    sentences: list[tuple[str, ...]] = field(default_factory=list)
    near: bool = False
    _at: dict[str, set[int]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for number, words in enumerate(self.sentences):
            for word in words:
                self._at.setdefault(word, set()).add(number)

    def says(self, names: set[tuple[str, ...]], *, avoided: bool) -> bool:
        """Whether a sentence names one of ``names`` and does not deny it (or says to avoid it)."""
        return any(self._says(name, avoided) for name in names)

    def has(
        self,
        names: set[tuple[str, ...]],
        *,
        wanted: re.Pattern[str] | None = None,
        refused: re.Pattern[str] | None = None,
        refused_before: re.Pattern[str] | None = None,
    ) -> bool:
        """Whether a sentence names one of ``names``, with ``wanted`` and without ``refused``.

        ``refused_before`` looks at the few words before the name.
        """
        for name in names:
            places = [self._at.get(word, set()) for word in name]
            for number in set.intersection(*places) if places else ():
                words = self.sentences[number]
                text = " ".join(words)
                start = _place(words, name)
                if start < 0 or (wanted and not wanted.search(text)):
                    continue
                before = " ".join(words[max(0, start - _REACH) : start])
                if not (refused and refused.search(text)) and not (
                    refused_before and refused_before.search(before)
                ):
                    return True
        return False

    def _says(self, name: tuple[str, ...], avoided: bool) -> bool:
        places = [self._at.get(word, set()) for word in name]
        if not places:
            return False
        for number in set.intersection(*places):
            words = self.sentences[number]
            start = _place(words, name)
            if start < 0:
                continue
            warned = _AVOIDED.search(" ".join(words))
            if avoided:
                if warned:
                    return True
            elif not warned and not _DENIED.search(" ".join(words[max(0, start - _REACH) : start])):
                return True
        return False


def _place(words: tuple[str, ...], name: tuple[str, ...]) -> int:
    """Where a sentence has all the words of a name close together, or -1."""
    spots = [[i for i, word in enumerate(words) if word == part] for part in name]
    for first in spots[0]:
        near = [min(spot, key=lambda i: abs(i - first)) for spot in spots]
        if max(near) - min(near) <= len(name) + 2 and len(set(near)) == len(set(name)):
            return min(near)
    return -1


def name_forms(names: set[str]) -> set[tuple[str, ...]]:
    """Stemmed names as the words a sentence must hold; too short ones are left out."""
    found = set()
    for name in names:
        words = tuple(w for w in form(name) if w not in _LIGHT)
        if words and (len(words) > 1 or len(words[0]) > 3):
            found.add(words)
    return found


class MedQuad:
    """Answers by concept."""

    def __init__(self, path: Path, book: NameBook, curies: set[str]) -> None:
        self._book = book
        self._answers: dict[str, list[Answer]] = defaultdict(list)
        self._urls: dict[str, str] = {}
        by_name = book.by_name(curies)
        by_cui: dict[str, set[str]] = defaultdict(set)
        for curie in curies:
            for cui in book.umls[curie]:
                by_cui[cui].add(curie)
        with lzma.open(path, "rt", encoding="utf-8") as stream:
            for line in stream:
                entry = json.loads(line)
                if not entry["answer"]:
                    continue
                self._urls[f"{entry['collection']}/{entry['doc_id']}"] = str(entry["url"])
                subjects, near = _subjects(entry, by_name, by_cui)
                if subjects:
                    answer = _answer(entry)
                    answer.near = near
                    for curie in subjects:
                        self._answers[curie].append(answer)

    def find(self, fact: Fact) -> list[Record]:
        """At most one document that supports the fact: one read for it, else one found.

        Raises:
            LookupError: where a document that a draft names is not in the set.
        """
        for document in fact.documents:
            if document not in self._urls:
                raise LookupError(f"{fact.places[0]}: MedQuAD has no answer of {document!r}")
            return [Record("medquad", document, self._urls[document])]
        fitting = FITTING.get(fact.predicate)
        if fitting is None:
            return []
        avoided = fact.predicate == CONTRAINDICATED_IN
        for types, at, other in (
            (fitting[0], fact.subject, fact.object),
            (fitting[1], fact.object, fact.subject),
        ):
            names = name_forms(self._book.english[other]) - name_forms(self._book.english[at])
            for qtype in types:
                for answer in self._answers.get(at, ()):
                    if not _is_asked(answer, qtype, fact.predicate):
                        continue
                    if answer.says(names, avoided=avoided):
                        return [answer.record]
        return self._worded(fact)

    def _worded(self, fact: Fact) -> list[Record]:
        """A document of the condition that words a risk factor without its name."""
        if fact.predicate != PREDISPOSES:
            return []
        for qtype in FITTING[PREDISPOSES][1]:
            for answer in self._answers.get(fact.object, ()):
                if _is_asked(answer, qtype, PREDISPOSES) and any(
                    says_risk(fact.subject_name, words) for words in answer.sentences
                ):
                    return [answer.record]
        return []


def _is_asked(answer: Answer, qtype: str, predicate: str) -> bool:
    """Whether an answer is of a question type, and may be read for the predicate."""
    return answer.qtype == qtype and (not answer.near or qtype in _ASKING.get(predicate, ()))


#: What stands before or behind the condition in the focus of a document.
_AROUND = re.compile(
    r"^what 1 need to know about |^parasites? |^adult |^understanding |^your guide to "
    r"| in adults?$| and you$| treatment$| overview$"
)


def focus_forms(focus: str) -> list[str]:
    """The focus as it stands, and less what is said around the name of the condition.

    >>> focus_forms("What I need to know about Gallstones")
    ['what 1 need to know about gallstone', 'gallstone']
    """
    whole = stem(focus)
    bare = _AROUND.sub("", stem(re.sub(r"\([^)]*\)|:.*| - .*(?= - )", " ", focus))).strip()
    return [whole] if bare in ("", whole) else [whole, bare]


def _subjects(
    entry: dict[str, object], by_name: dict[str, set[str]], by_cui: dict[str, set[str]]
) -> tuple[set[str], bool]:
    """The concepts a document is about, and whether only by a focus with words around it."""
    for place, focus in enumerate(focus_forms(str(entry["focus"]))):
        found = set(by_name.get(focus, ()))
        if found:
            return found, place > 0
    found = set()
    for synonym in _strings(entry["synonyms"]):
        found |= by_name.get(stem(synonym), set())
    if len(found) == 1:
        return found, False
    matches = [by_cui.get(cui, set()) for cui in _strings(entry["cui"])]
    alone = len(matches) == 1 and len(matches[0]) == 1
    return set().union(*matches) if alone else set(), False


def _strings(value: object) -> list[str]:
    return [str(v) for v in value] if isinstance(value, list) else []


def _answer(entry: dict[str, object]) -> Answer:
    record = Record("medquad", f"{entry['collection']}/{entry['doc_id']}", str(entry["url"]))
    words = [form(s) for s in sentences(str(entry["answer"]))]
    return Answer(record, str(entry["qtype"]), [w for w in words if w])


class MedicationAnswers:
    """MedInfo 2019 questions on medication (no licence stated): corroborates rows, by row id."""

    _TYPES: ClassVar[dict[str, tuple[str, ...]]] = {
        HAS_SIDE_EFFECT: ("side effects", "long term consequences", "overdose"),
        INTERACTS_WITH: ("interaction",),
        TREATS: ("indication", "information", "action"),
        CONTRAINDICATED_IN: ("contraindication", "interaction"),
    }

    def __init__(self, path: Path, book: NameBook, curies: set[str]) -> None:
        self._book = book
        self._answers: dict[str, list[Answer]] = defaultdict(list)
        by_name = book.by_name(curies)
        for number, row in enumerate(read_table(path), start=2):
            url = row["URL"].strip()
            record = Record("medication-qa", f"row {number}", url if url.startswith("http") else "")
            words = [form(s) for s in sentences(row["Answer"] or "")]
            answer = Answer(record, row["Question Type"].strip().casefold(), words)
            for curie in by_name.get(stem(row["Focus (Drug)"]), ()):
                self._answers[curie].append(answer)

    def find(self, fact: Fact) -> list[Record]:
        """At most one row that corroborates the fact."""
        types = self._TYPES.get(fact.predicate, ())
        ends = [(fact.subject, fact.object)]
        if fact.predicate == INTERACTS_WITH:
            ends.append((fact.object, fact.subject))
        for at, other in ends:
            names = name_forms(self._book.english[other]) - name_forms(self._book.english[at])
            for answer in self._answers.get(at, ()):
                if answer.qtype in types and answer.says(names, avoided=False):
                    return [answer.record]
        return []
