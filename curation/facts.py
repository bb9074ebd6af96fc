"""Facts by id: resolved, checked against the schema, merged, and written one a row."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import combinations
from pathlib import Path

from curation.drafts import DraftFact, Drafts, Term
from curation.identity import Merger
from curation.resolve import Resolver
from curation.tsv import read_table, write_table
from curation.vocabularies import Vocabularies
from kg.schema import (
    ASSOCIATED_WITH,
    CONTRAINDICATED_IN,
    DISEASE,
    DRUG,
    DRUG_CLASS,
    FOOD,
    HAS_PHENOTYPE,
    INTERACTS_WITH,
    PATIENT_GROUP,
    PHENOTYPE,
    PREDICATES,
    RISK_FACTOR,
    SPECIALTY,
    TEST,
    TREATS,
    refusal,
)

HEADER = (
    "subject",
    "subject_name",
    "predicate",
    "object",
    "object_name",
    "polarity",
    "qualifiers",
    "known",
    "source",
    "record",
    "url",
    "note",
)
#: Between the parts of a cell.
SEPARATOR = " ; "
#: The place of an interaction that follows from a shared ingredient.
SHARED = "shared ingredient"
_CATEGORIES = {"DM": "disease_modifying", "SYM": "symptomatic"}


@dataclass(frozen=True, slots=True, order=True)
class Record:
    """A record of a data set at hand that supports a fact."""

    source: str
    record: str
    url: str = ""


@dataclass(slots=True)
class Fact:
    """One row."""

    table: str
    subject: str
    subject_name: str
    predicate: str
    object: str
    object_name: str
    qualifiers: dict[str, list[str]] = field(default_factory=dict)
    negative: bool = False
    places: list[str] = field(default_factory=list)
    documents: list[str] = field(default_factory=list)
    records: list[Record] = field(default_factory=list)
    note: str = ""

    @property
    def key(self) -> tuple[str, str, str, bool]:
        """What is written once."""
        return self.subject, self.predicate, self.object, self.negative


def build_facts(
    drafts: Drafts, resolver: Resolver, categories: dict[str, str]
) -> tuple[list[Fact], list[str]]:
    """Every drafted fact once, and what was refused."""
    problems: list[str] = []
    facts: dict[tuple[str, str, str, bool], Fact] = {}
    for draft in [*drafts.facts, *_duplicates(drafts)]:
        subject, object_ = resolver.resolve(draft.subject), resolver.resolve(draft.object)
        what = f"{draft.place}: {draft.subject.name} {draft.predicate} {draft.object.name}"
        if subject.curie == object_.curie:
            problems.append(f"{what}: both are {subject.curie}")
            continue
        reason = refusal(categories[subject.curie], draft.predicate, categories[object_.curie])
        if reason:
            problems.append(f"{what}: {reason} ({subject.curie}, {object_.curie})")
            continue
        fact = Fact(
            draft.table,
            subject.curie,
            draft.subject.name,
            draft.predicate,
            object_.curie,
            draft.object.name,
            {k: list(v) for k, v in draft.qualifiers.items()},
            places=[draft.place],
            documents=list(draft.documents),
        )
        if PREDICATES[draft.predicate].symmetric and fact.object < fact.subject:
            fact.subject, fact.object = fact.object, fact.subject
            fact.subject_name, fact.object_name = fact.object_name, fact.subject_name
        _merge(facts, fact)
    for subject_id, predicate, object_id, _ in facts:
        if predicate == TREATS and (subject_id, CONTRAINDICATED_IN, object_id, False) in facts:
            fact = facts[subject_id, CONTRAINDICATED_IN, object_id, False]
            problems.append(
                f"treats and contraindicated: {fact.subject_name} / {fact.object_name} "
                f"({'; '.join(fact.places)})"
            )
    return list(facts.values()), problems


def _merge(facts: dict[tuple[str, str, str, bool], Fact], fact: Fact) -> None:
    known = facts.setdefault(fact.key, fact)
    if known is fact:
        return
    known.places += fact.places
    known.documents += fact.documents
    for name, values in fact.qualifiers.items():
        if name in {"mechanism", "management"} or name not in known.qualifiers:
            kept = known.qualifiers.setdefault(name, [])
            kept += [v for v in values if v not in kept]


#: The class an id gets that is used as several things, the first of them.
_RANK = (
    DISEASE,
    DRUG,
    DRUG_CLASS,
    PATIENT_GROUP,
    FOOD,
    TEST,
    PHENOTYPE,
    SPECIALTY,
    RISK_FACTOR,
)


def concept_categories(drafts: Drafts, resolver: Resolver) -> dict[str, str]:
    """One class for each id: that of the concept where it is drafted, else by :data:`_RANK`."""
    drafted: dict[str, str] = {}
    for concept in drafts.concepts:
        found = resolver.resolve(concept.term)
        drafted.setdefault(found.curie, found.category)
    used: dict[str, set[str]] = defaultdict(set)
    for fact in drafts.facts:
        for term in (fact.subject, fact.object):
            found = resolver.resolve(term)
            used[found.curie].add(found.category)
    ranked = {curie: min(found, key=_RANK.index) for curie, found in used.items()}
    return ranked | drafted


def _duplicates(drafts: Drafts) -> Iterator[DraftFact]:
    """Interactions between products that share an active ingredient."""
    products: dict[str, dict[Term, None]] = defaultdict(dict)
    for fact in drafts.facts:
        if fact.table == "ingredients" and fact.predicate == ASSOCIATED_WITH:
            products[fact.object.name][fact.subject] = None
    for ingredient, terms in sorted(products.items()):
        pairs = [(term, Term("drug", ingredient)) for term in terms] + list(combinations(terms, 2))
        for one, other in pairs:
            yield DraftFact(
                "interactions",
                one,
                INTERACTS_WITH,
                other,
                {
                    "severity": ["major"],
                    "mechanism": [
                        f"duplicate active ingredient: both contain {ingredient}",
                        "重复用药：两者含有相同的活性成分",
                    ],
                    "management": ["do not take both", "不要同时服用"],
                },
                SHARED,
            )


def carried_facts(v: Vocabularies, merger: Merger) -> list[Fact]:
    """PharmacotherapyDB's pairs and the Disease Ontology's symptoms, as they stand."""
    facts: dict[tuple[str, str, str, bool], Fact] = {}
    for row in read_table(v.folder / "kg/pharmacotherapydb/indications.tsv"):
        role = _CATEGORIES.get(row["category"])
        fact = Fact(
            "pharmacotherapydb",
            f"DRUGBANK:{row['drugbank_id']}",
            row["drug"],
            TREATS,
            merger.key(row["doid_id"]),
            row["disease"],
            {"role": [role]} if role else {},
            negative=row["category"] == "NOT",
        )
        record = f"{row['doid_id']}|{row['drugbank_id']}"
        fact.records = [Record("pharmacotherapydb", record)]
        _merge(facts, fact)
    for row in read_table(v.folder / "ontology/doid/disease-symptom.tsv"):
        fact = Fact(
            "do_symptoms",
            merger.key(row["disease_id"]),
            row["disease_label"],
            HAS_PHENOTYPE,
            merger.key(row["symptom_id"]),
            row["symptom_label"],
        )
        record = f"{row['disease_id']}|{row['symptom_id']}"
        fact.records = [Record("doid-symptoms", record)]
        if fact.subject != fact.object:
            _merge(facts, fact)
    return list(facts.values())


def carried_categories(facts: Iterable[Fact]) -> dict[str, str]:
    """Classes of the ends of carried facts."""
    categories: dict[str, str] = {}
    for fact in facts:
        start = DRUG if fact.table == "pharmacotherapydb" else DISEASE
        categories.setdefault(fact.subject, start)
    for fact in facts:
        end = DISEASE if fact.object.startswith("DOID:") else PHENOTYPE
        categories.setdefault(fact.object, end)
    return categories


def write_facts(facts: list[Fact], out: Path) -> dict[str, Counter[str]]:
    """Write ``facts_<table>.tsv`` files; counts of rows and of rows a record supports."""
    by_table: dict[str, list[Fact]] = defaultdict(list)
    for fact in facts:
        by_table[fact.table].append(fact)
    counts: dict[str, Counter[str]] = {}
    for stale in {path.stem for path in out.glob("facts_*.tsv")} - {f"facts_{t}" for t in by_table}:
        (out / f"{stale}.tsv").unlink()
    for table, rows in by_table.items():
        rows.sort(key=lambda f: (f.subject_name.casefold(), f.object_name.casefold(), f.key))
        write_table(out / f"facts_{table}.tsv", HEADER, map(_row, rows))
        counts[table] = Counter(
            rows=len(rows),
            record=sum(bool(f.records) for f in rows),
            **{f"by {f.records[0].source}": 0 for f in rows if f.records},
        )
        counts[table].update(f"by {f.records[0].source}" for f in rows if f.records)
    return counts


def _row(fact: Fact) -> tuple[str, ...]:
    qualifiers = [f"{name}={value}" for name, vs in fact.qualifiers.items() for value in vs]
    return (
        fact.subject,
        fact.subject_name,
        fact.predicate,
        fact.object,
        fact.object_name,
        "negative" if fact.negative else "positive",
        SEPARATOR.join(q.replace(SEPARATOR, ", ") for q in qualifiers),
        "record" if fact.records else "curator",
        SEPARATOR.join(r.source for r in fact.records),
        SEPARATOR.join(r.record for r in fact.records),
        SEPARATOR.join(r.url or "-" for r in fact.records),
        fact.note,
    )
