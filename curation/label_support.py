"""Labels that state a contraindication, an effect or a combination to avoid (class C, by id).

Two sets of US labels: the contraindications sections that come with Every Cure's list, and the
182 cardiovascular labels of NLM's interaction corpus. A label is cited by its id in the set;
nothing of its text is carried over.
"""

from __future__ import annotations

import re
import zipfile
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import ClassVar

from curation.drafts import HEPATIC, PREGNANCY, RENAL
from curation.facts import Fact, Record
from curation.name_book import NameBook, stem
from curation.text_support import Answer, form, name_forms, sentences
from curation.tsv import read_table
from kg.schema import (
    ASSOCIATED_WITH,
    CONTRAINDICATED_IN,
    HAS_SIDE_EFFECT,
    INTERACTS_WITH,
    PREVENTS,
    TREATS,
)
from loaders.tables import own_id

_SALTS = frozenset(
    stem(
        "hydrochloride sodium potassium acetate sulfate maleate fumarate tartrate "
        "mesylate bitartrate besylate succinate calcium phosphate hcl citrate anhydrous "
        "monohydrate dihydrate hemifumarate medoxomil cilexetil disodium hydrobromide "
        "bromide chloride nitrate lactate magnesium tromethamine tosylate pamoate "
        "decanoate dipropionate propionate valerate bisulfate extended release trihydrate "
        "hyclate axetil proxetil mofetil etexilate dimeglumine meglumine hemihydrate "
        "gluconate oxalate "
    ).split()
)
#: How labels speak of the groups our tables warn of.
_GROUPS = {
    PREGNANCY: ("pregnancy", "pregnant", "women who are or may become pregnant", "teratogenic"),
    RENAL: (
        *("severe renal impairment", "renal impairment", "renal failure", "renal disease"),
        *("renal insufficiency", "renal dysfunction", "creatinine clearance", "impaired renal"),
        *("end stage renal disease", "impaired kidney function", "anuria", "dialysis"),
    ),
    HEPATIC: (
        *("severe hepatic impairment", "hepatic impairment", "hepatic failure", "liver disease"),
        *("hepatic disease", "hepatic insufficiency", "impaired hepatic", "liver failure"),
        *(
            "hepatic dysfunction",
            "liver dysfunction",
            "child pugh",
            "cirrhosis",
            "liver impairment",
        ),
    ),
}
_REACTION = re.compile(
    r"\b(after taking|hypersensitiv\w*|allerg\w*|sensitivity|anaphyla\w*|not contraindicated)\b"
)
#: Before a condition that the drug may bring, not one it must not be given in.
_BROUGHT = re.compile(r"\b(?:risk of|result in|may cause|can cause|lead to|cause of)\b")
_HAPPENS = re.compile(
    r"\b(cause\w*|causing|occur\w*|report\w*|result\w*|associated|induce\w*|produc\w*|adverse|"
    r"experience\w*|develop\w*|observed|precipitate\w*|exacerbat\w*|increase the risk)\b"
)
_ADVISED = re.compile(
    r"\b(contraindicat\w*|avoid\w*|caution\w*|should not|not recommended|discontinu\w*|monitor\w*|"
    r"not be (?:used|given|administered)|do not)\b"
)


class DrugFinder:
    """Which of our drugs a label's list of ingredients is."""

    def __init__(self, book: NameBook, facts: Iterable[Fact]) -> None:
        drugs: set[str] = set()
        made_of: dict[str, set[str]] = defaultdict(set)
        for fact in facts:
            if fact.table == "ingredients" and fact.predicate == ASSOCIATED_WITH:
                product, part = product_and_part(fact)
                made_of[product].add(part)
            if fact.table in {"side_effects", "contraindications", "treatments", "interactions"}:
                drugs.add(fact.subject)
                if fact.table == "interactions":
                    drugs.add(fact.object)
        self._by_name = book.by_name(drugs)
        self._products = {frozenset(parts): product for product, parts in made_of.items()}

    def find(self, name: str) -> set[str]:
        """The drug of that name, without its salt, or the product of those ingredients."""
        found = self._one(stem(name).split())
        if found:
            return found
        parts = [self._one(stem(p).split()) for p in re.split(r"\s*(?:,|/|\band\b)\s*", name) if p]
        if len(parts) < 2 or not all(parts):
            parts = list(self._spelled(stem(name).split()))
        key = frozenset(min(part) for part in parts)
        if len(key) > 1 and key in self._products:
            return {self._products[key]}
        return set(key) if len(key) == 1 else set()

    def _one(self, words: list[str]) -> set[str]:
        while words:
            found = self._by_name.get(" ".join(words))
            if found:
                return found
            if words[-1] not in _SALTS:
                return set()
            words = words[:-1]
        return set()

    def _spelled(self, words: list[str]) -> Iterator[set[str]]:
        """Drugs named one after another; nothing where a word is no drug and no salt."""
        parts: list[set[str]] = []
        while words:
            for length in range(len(words), 0, -1):
                found = self._by_name.get(" ".join(words[:length]))
                if found:
                    parts.append(found)
                    words = words[length:]
                    break
            else:
                if words[0] not in _SALTS:
                    return
                words = words[1:]
        yield from parts


def product_and_part(fact: Fact) -> tuple[str, str]:
    """The combination and the ingredient a row of ingredients speaks of."""
    if "/" in fact.subject_name and "/" not in fact.object_name:
        return fact.subject, fact.object
    return fact.object, fact.subject


def _wanted(book: NameBook, curie: str) -> set[tuple[str, ...]]:
    """Names of a condition as a label may have them."""
    for name, further in _GROUPS.items():
        if curie == own_id(name) or stem(name) in book.english[curie]:
            return name_forms(set(map(stem, further)) | book.english[curie])
    return name_forms(book.english[curie])


class LabelText:
    """Sections of labels by drug."""

    def __init__(self, book: NameBook) -> None:
        self._book = book
        self._sections: dict[tuple[str, str], list[Answer]] = defaultdict(list)

    def add(self, drugs: set[str], kind: str, record: Record, text: str) -> None:
        """One section of the labels of ``drugs``."""
        words = [w for w in map(form, sentences(text)) if w]
        for drug in drugs:
            self._sections[drug, kind].append(Answer(record, kind, words))

    def states(self, fact: Fact) -> list[Record]:
        """A contraindications section that names the condition, or the other drug."""
        ends = [(fact.subject, fact.object)]
        if fact.predicate == INTERACTS_WITH:
            ends.append((fact.object, fact.subject))
        elif fact.predicate != CONTRAINDICATED_IN:
            return []
        for at, other in ends:
            names = _wanted(self._book, other) - name_forms(self._book.english[at])
            for answer in self._sections.get((at, "contraindications"), ()):
                refused = _REACTION if fact.predicate == INTERACTS_WITH else None
                brought = None if fact.predicate == INTERACTS_WITH else _BROUGHT
                if answer.has(names, refused=refused, refused_before=brought):
                    return [answer.record]
        return []

    def mentions(self, fact: Fact) -> list[Record]:
        """A warning that speaks of the condition, the other drug or the effect."""
        ends = [(fact.subject, fact.object)]
        if fact.predicate == INTERACTS_WITH:
            ends.append((fact.object, fact.subject))
        wanted = self._WORDING.get(fact.predicate)
        for at, other in ends if wanted else ():
            names = _wanted(self._book, other) - name_forms(self._book.english[at])
            for answer in self._sections.get((at, "warnings"), ()):
                if answer.has(names, wanted=wanted):
                    return [answer.record]
        return []

    _WORDING: ClassVar[dict[str, re.Pattern[str]]] = {
        CONTRAINDICATED_IN: _ADVISED,
        HAS_SIDE_EFFECT: _HAPPENS,
    }


class EveryCureLabels(LabelText):
    """Contraindications sections of the labels behind Every Cure's list."""

    def __init__(self, folder: Path, book: NameBook, drugs: DrugFinder) -> None:
        super().__init__(book)
        seen: set[tuple[str, str]] = set()
        path = folder / "kg/everycure-matrix/matrix_contraindication_list.tsv.xz"
        for row in read_table(path):
            key = row["active ingredient"], row["contraindications"]
            if key in seen or not row["drug|disease"]:
                continue
            seen.add(key)
            record = Record("everycure", row["drug|disease"])
            found = drugs.find(row["active ingredient"])
            self.add(found, "contraindications", record, row["contraindications"])

    def find(self, fact: Fact) -> list[Record]:
        """At most one label."""
        return self.states(fact)


class EveryCureIndications:
    """Every Cure's indications, also of a narrower name ("bacterial pneumonia": pneumonia)."""

    def __init__(self, folder: Path, book: NameBook, drugs: DrugFinder) -> None:
        self._book = book
        self._rows: dict[str, list[tuple[str, Record]]] = defaultdict(list)
        for row in read_table(folder / "kg/everycure-matrix/matrix_indication_list.tsv.xz"):
            name = stem(row["final normalized disease label"])
            record = Record("everycure", row["drug|disease"])
            for drug in drugs.find(row["final normalized drug label"]):
                self._rows[drug].append((name, record))

    def find(self, fact: Fact) -> list[Record]:
        """At most one row."""
        if fact.predicate not in {TREATS, PREVENTS}:
            return []
        names = self._book.english[fact.object] | {stem(fact.object_name)}
        rows = self._rows.get(fact.subject, ())
        ends = tuple(f" {name}" for name in names if len(name) > 4)
        for whole in (True, False):
            for name, record in rows:
                ending = name.endswith(ends) and not _OTHER.search(name)
                if name in names if whole else ending:
                    return [record]
        return []


#: Words before a name that make another thing of it.
_OTHER = re.compile(r"\b(non|pre|pseudo|post|without|anti|related|like|associated|induced)\b")


class NlmLabels(LabelText):
    """The cardiovascular labels of NLM's corpus."""

    def __init__(self, folder: Path, book: NameBook, drugs: DrugFinder) -> None:
        super().__init__(book)
        path = folder / "ner/nlm-ddi-fda-labels/DataSet_May_2014_Final.zip"
        with zipfile.ZipFile(path) as archive:
            for name in sorted(archive.namelist()):
                if name.endswith(".txt"):
                    text = archive.read(name).decode("utf-8", "replace")
                    found = drugs.find(_ingredients(text))
                    record = Record("nlm-ddi", name.rpartition("/")[2].removesuffix(".txt"))
                    for kind, section in _sections(text):
                        self.add(found, kind, record, section)

    def find(self, fact: Fact) -> list[Record]:
        """At most one label."""
        return self.states(fact) or self.mentions(fact)


def _ingredients(text: str) -> str:
    head = text.strip().partition("\n")[0]
    match = re.search(r"containing (.+?)\.?\s*$", head) or re.search(r"\(([^)]+)\)", head)
    return match.group(1) if match else re.split(r" (?:tablet|capsule|injection)", head)[0]


def _sections(text: str) -> Iterator[tuple[str, str]]:
    kind = ""
    lines: list[str] = []
    for line in text.splitlines():
        title = line.strip(" \t:0123456789.")
        if title and title.isupper() and len(title) < 60:
            if kind:
                yield kind, "\n".join(lines)
            heading = title.casefold()
            kind = "contraindications" if heading.startswith("contraindication") else ""
            kind = "warnings" if re.search(r"warning|precaution|adverse", heading) else kind
            lines = []
        else:
            lines.append(re.sub(r"<[^>]+>", " ", line))
    if kind:
        yield kind, "\n".join(lines)
