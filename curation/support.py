"""Which records at hand support a drafted fact.

Class A first: curated pairs, then documents of public health institutes, then annotated
abstracts and co-occurrence. Class B and C records corroborate and are named by their ids.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from itertools import chain

from curation import pair_support as pairs
from curation.chinese_support import ChineseTable
from curation.class_support import ClassRecords, Combinations
from curation.facts import SHARED, Fact, Record
from curation.identity import Merger
from curation.label_support import (
    DrugFinder,
    EveryCureIndications,
    EveryCureLabels,
    NlmLabels,
    product_and_part,
)
from curation.name_book import NameBook
from curation.sider_support import Sider
from curation.text_support import MedicationAnswers, MedQuad
from curation.vocabularies import Vocabularies
from kg.schema import (
    CONTRAINDICATED_IN,
    HAS_COMPLICATION,
    HAS_PHENOTYPE,
    HAS_SIDE_EFFECT,
    INTERACTS_WITH,
    PREVENTS,
    TREATS,
)

#: Records named per fact, each of another source.
MOST_RECORDS = 3
#: Sources of class A; the rest corroborate.
OPEN_SOURCES = (
    "pharmacotherapydb",
    "doid-symptoms",
    "hpo",
    "mesh",
    "medquad",
    "bc5cdr",
    "biored",
    "raredis",
    "hetionet",
    "drug-ner",
)
_CORROBORATING = (
    "onc",
    "ansm",
    "hetionet-sider",
    "sider",
    "ddi-corpus",
    "nlm-ddi",
    "biotext",
    "ade-corpus",
    "medication-qa",
    "everycure",
    "disease-39net",
    "qasystemonmedicalkg",
    "disease-symptom-kaggle",
)
_ORDER = {source: n for n, source in enumerate((*OPEN_SOURCES, *_CORROBORATING))}
#: A pair recorded of one predicate also speaks for these.
_ALSO = {PREVENTS: (TREATS,), HAS_COMPLICATION: (HAS_PHENOTYPE,)}


#: Predicates for which what is recorded of a member speaks for its class.
_OF_MEMBERS = {TREATS, PREVENTS, HAS_SIDE_EFFECT, CONTRAINDICATED_IN, INTERACTS_WITH}
#: Predicates for which what is recorded of an ingredient speaks for the product, of a class for
#: its members.
_OF_PARTS = {HAS_SIDE_EFFECT, CONTRAINDICATED_IN, INTERACTS_WITH}
_OF_CLASSES = {CONTRAINDICATED_IN, INTERACTS_WITH}
#: Members of the widest class whose records speak for its members: what is said of
#: "anticoagulants" was said of one of them.
_WIDEST_CLASS = 15
#: How far along the hierarchy a record may stand.
_STEPS = 2
#: Sources in which someone wrote down each symptom: not those that count what stands together.
_READ_SYMPTOMS = ("hpo", "doid-symptoms", "raredis")
#: Deeper than any path of HPO.
_DEEPEST = 20


class Hierarchy:
    """What is a kind of what, over HPO and the Disease Ontology."""

    def __init__(self, v: Vocabularies, merger: Merger) -> None:
        self._parents: dict[str, set[str]] = defaultdict(set)
        self._children: dict[str, set[str]] = defaultdict(set)
        self._findings: dict[str, set[str]] = defaultdict(set)
        pairs_ = [(t.id, p) for t in v.hpo.terms.values() for p in t.parents]
        for child, parent in pairs_:
            self._findings[merger.key(parent)].add(merger.key(child))
        pairs_ += [(t.id, p) for t in v.doid_2015.values() for p in t.parents]
        for child, parent in pairs_:
            self._parents[merger.key(child)].add(merger.key(parent))
            self._children[merger.key(parent)].add(merger.key(child))

    def below(self, curie: str) -> list[str]:
        """Its kinds, nearest first."""
        return self._walk(curie, self._children)

    def above(self, curie: str) -> list[str]:
        """What it is a kind of, nearest first."""
        return self._walk(curie, self._parents)

    def kinds_of_finding(self, curie: str) -> list[str]:
        """All that HPO calls a kind of it, nearest first: who has a kind of it has it."""
        return self._walk(curie, self._findings, most=_DEEPEST)

    @staticmethod
    def _walk(curie: str, steps: dict[str, set[str]], most: int = _STEPS) -> list[str]:
        found: list[str] = []
        level = {curie}
        for _ in range(most):
            level = {n for c in level for n in steps.get(c, ())} - {curie, *found}
            found += sorted(level)
        return found


class Supporters:
    """Every way a fact can be supported."""

    def __init__(self, v: Vocabularies, merger: Merger, book: NameBook, facts: list[Fact]) -> None:
        curies = {c for fact in facts for c in (fact.subject, fact.object)}
        resolve = pairs.name_resolver(book, curies)
        self._book = book
        self._pairs: dict[pairs.Triple, list[Record]] = defaultdict(list)
        for triple, record in chain(
            pairs.pharmacotherapydb(v, merger),
            pairs.doid_symptoms(v, merger),
            pairs.hpo(v, merger),
            pairs.hetionet(v, merger),
            pairs.bc5cdr(v, merger),
            pairs.biored(v, merger),
            pairs.onc(v),
            pairs.ansm(v, resolve),
            pairs.annotated_interactions(
                v, resolve, "ner/ddi-corpus-2013/DDICorpus-2013.zip", "ddi-corpus", "id"
            ),
            pairs.annotated_interactions(
                v, resolve, "ner/nlm-ddi-fda-labels/DataSet_May_2014_Final.zip", "nlm-ddi", "setID"
            ),
            pairs.biotext(v, resolve),
            pairs.everycure(v, resolve),
            pairs.ade_corpus(v, resolve),
            pairs.raredis(v, resolve),
            pairs.kaggle(v, resolve),
        ):
            known = self._pairs[triple]
            if all(record.source != k.source for k in known):
                known.append(record)
        medication = v.folder / "qa/medication-qa-medinfo2019/MedInfo2019-QA-Medications.tsv.xz"
        self._hierarchy = Hierarchy(v, merger)
        self._members = self._members_of(facts)
        self._classes: dict[str, list[str]] = defaultdict(list)
        for name, members in self._members.items():
            for member in members if len(members) <= _WIDEST_CLASS else ():
                self._classes[member].append(name)
        self._parts: dict[str, list[str]] = defaultdict(list)
        for fact in facts:
            if fact.table == "ingredients":
                product, part = product_and_part(fact)
                self._parts[product].append(part)
        self._with_effects = {s for s, p, _ in self._pairs if p == HAS_SIDE_EFFECT}
        self._combinations = Combinations(book)
        drugs = DrugFinder(book, facts)
        self._labels = (
            EveryCureLabels(v.folder, book, drugs).find,
            NlmLabels(v.folder, book, drugs).find,
            Sider(v.folder, book).find,
        )
        self._finders = (
            MedQuad(v.folder / "qa/medquad/medquad.jsonl.xz", book, curies).find,
            ClassRecords(v, book, facts).find,
            self._combinations.find,
            *self._labels,
            EveryCureIndications(v.folder, book, drugs).find,
            MedicationAnswers(medication, book, curies).find,
            ChineseTable("disease-39net", pairs.read_39net(v.folder), book).find,
            ChineseTable("qasystemonmedicalkg", pairs.read_qasystem(v.folder), book).find,
        )

    def records(self, fact: Fact) -> list[Record]:
        """Up to :data:`MOST_RECORDS` records of different sources, the best first."""
        found: dict[str, Record] = {}
        if SHARED in fact.places:
            return self._combinations.find(fact)
        for record in chain(self._of_pairs(fact), *(find(fact) for find in self._finders)):
            found.setdefault(record.source, record)
        if not found:
            for record in self._wider(fact):
                found.setdefault(record.source, record)
        return sorted(found.values(), key=lambda r: _ORDER[r.source])[:MOST_RECORDS]

    def _of_pairs(self, fact: Fact) -> list[Record]:
        records = self._exact(fact.subject, fact.predicate, fact.object)
        for predicate in _ALSO.get(fact.predicate, ()):
            records = records + self._exact(fact.subject, predicate, fact.object)
        return records

    def _exact(self, subject: str, predicate: str, object_: str) -> list[Record]:
        if predicate == INTERACTS_WITH and object_ < subject:
            subject, object_ = object_, subject
        records = self._pairs.get((subject, predicate, object_), [])
        if predicate == HAS_SIDE_EFFECT and subject in self._with_effects:
            for name in sorted(self._book.english[object_]):
                records = records + self._pairs.get((subject, predicate, f"name:{name}"), [])
        return records

    def _wider(self, fact: Fact) -> list[Record]:
        """Records of what implies the fact, or of a member of its class; noted on the row."""
        if fact.predicate == HAS_SIDE_EFFECT:
            for below in self._hierarchy.below(fact.object):
                records = self._exact(fact.subject, fact.predicate, below)
                if records:
                    fact.note = f"record of a kind of it: {below}"
                    return records
        if fact.predicate == HAS_PHENOTYPE:
            for below in self._hierarchy.kinds_of_finding(fact.object):
                found = self._exact(fact.subject, fact.predicate, below)
                records = [r for r in found if r.source in _READ_SYMPTOMS]
                if records:
                    fact.note = f"record of a kind of it: {below}"
                    return records
        if fact.predicate == CONTRAINDICATED_IN:
            for above in self._hierarchy.above(fact.object):
                records = self._exact(fact.subject, fact.predicate, above)
                if records:
                    fact.note = f"record of the wider condition: {above}"
                    return records
        return self._of_member(fact) or self._of_part(fact) or self._of_class(fact)

    def _of_part(self, fact: Fact) -> list[Record]:
        """Records of an ingredient of a combination."""
        if fact.predicate not in _OF_PARTS:
            return []
        for one, other in ((fact.subject, fact.object), (fact.object, fact.subject)):
            for part in self._parts.get(one, ()):
                if part == other or (one == fact.object and fact.predicate != INTERACTS_WITH):
                    continue
                records = self._exact(part, fact.predicate, other)
                named = replace(fact, subject=part, object=other)
                records = records or [r for find in self._labels for r in find(named)]
                if records:
                    fact.note = f"record of an ingredient: {part}"
                    return records
        return []

    def _of_class(self, fact: Fact) -> list[Record]:
        """Records of a class that the drug is in, or of the classes of both."""
        if fact.predicate not in _OF_CLASSES:
            return []
        objects = [fact.object]
        if fact.predicate == INTERACTS_WITH:
            objects += self._classes.get(fact.object, [])
        for subject in [fact.subject, *self._classes.get(fact.subject, ())]:
            for object_ in objects:
                records = self._exact(subject, fact.predicate, object_)
                if records:
                    fact.note = f"record of a class: {subject} {object_}"
                    return records
        return []

    def _of_member(self, fact: Fact) -> list[Record]:
        if fact.predicate not in _OF_MEMBERS:
            return []
        objects = [fact.object]
        if fact.predicate == INTERACTS_WITH:
            objects += self._members.get(fact.object, ())
        for subject in [fact.subject, *self._members.get(fact.subject, ())]:
            for object_ in objects:
                records = self._exact(subject, fact.predicate, object_)
                if records:
                    fact.note = f"record of a member: {subject} {object_}"
                    return records
        return []

    def _members_of(self, facts: list[Fact]) -> dict[str, tuple[str, ...]]:
        """Drugs of each class, those of the classes below it too."""
        direct: dict[str, set[str]] = defaultdict(set)
        for fact in facts:
            if fact.table == "classes":
                direct[fact.object].add(fact.subject)
        members = {}
        for curie in direct:
            found: set[str] = set()
            waiting = [curie]
            while waiting:
                for member in direct.get(waiting.pop(), ()):
                    if member not in found:
                        found.add(member)
                        waiting.append(member)
            members[curie] = tuple(sorted(found - set(direct)))
        return members
