"""From names to ids.

Each role looks in its own vocabularies, in the order of :data:`LOOKUPS`; the id found is replaced
by the key of its concept (:mod:`curation.identity`). A name nowhere found gets an id of ours and
is reported.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

from curation.drafts import DraftConcept, Drafts, Term
from curation.identity import Merger, Pair
from curation.vocabularies import Vocabularies, plain, singular
from kg.records import curie_prefix
from kg.schema import (
    DISEASE,
    DRUG,
    DRUG_CLASS,
    FOOD,
    PATIENT_GROUP,
    PHENOTYPE,
    RISK_FACTOR,
    SPECIALTY,
    TEST,
)
from loaders.tables import own_id

#: Vocabularies in which a role's names are looked up.
LOOKUPS = {
    "condition": ("doid", "hp", "rare", "mesh condition", "symp"),
    "symptom": ("hp", "doid", "symp", "rare", "mesh condition"),
    "drug": ("drugs", "mesh chemical"),
    "class": ("mesh chemical",),
    "test": ("mesh procedure",),
    "risk factor": ("mesh any",),
    "measure": ("mesh any",),
    "specialty": ("mesh any",),
    "group": ("mesh any",),
    "food": ("mesh any",),
}
_OWN_CLASS = {
    "condition": DISEASE,
    "symptom": PHENOTYPE,
    "drug": DRUG,
    "class": DRUG_CLASS,
    "test": TEST,
    "risk factor": RISK_FACTOR,
    "measure": RISK_FACTOR,
    "specialty": SPECIALTY,
    "group": PATIENT_GROUP,
    "food": FOOD,
}
_MESH_TREES = {
    "mesh condition": ("C", "F03", "F01.145"),
    "mesh chemical": ("D",),
    "mesh procedure": ("E01", "E02", "E04", "E05", "N06"),
    "mesh any": ("E", "F01", "G", "H02", "I", "J02", "M", "N"),
}


#: Names whose vocabulary entry is another thing: the finding is a synonym of the disease there.
_GIVEN = {
    ("symptom", "heartburn"): "MESH:D006356",
    ("symptom", "status migrainosus"): own_id("status migrainosus"),
    ("symptom", "tension pneumothorax"): own_id("tension pneumothorax"),
    ("group", "children"): "MESH:D002648",
    ("group", "infants"): "MESH:D007223",
    ("group", "newborns"): "MESH:D007231",
    ("group", "older people"): "MESH:D000368",
    ("group", "breastfeeding"): own_id("breastfeeding women"),
}


@dataclass(slots=True)
class Resolved:
    """An id with its class and how it was found."""

    curie: str
    category: str
    basis: str


@dataclass(slots=True)
class Resolver:
    """Finds ids, remembering what it found and what it did not."""

    vocabularies: Vocabularies
    merger: Merger
    drafts: Drafts
    found: dict[Term, Resolved] = field(default_factory=dict)
    unresolved: Counter[Term] = field(default_factory=Counter)
    notes: list[str] = field(default_factory=list)
    _known: dict[str, dict[str, Term]] = field(default_factory=lambda: defaultdict(dict))

    def __post_init__(self) -> None:
        for concept in self.drafts.concepts:
            self._announce(concept)
        for concept in self.drafts.concepts:
            self.resolve(concept.term)

    def _announce(self, concept: DraftConcept) -> None:
        """Let the names of a draft be used for it in other drafts."""
        for text, language, kind in concept.names:
            if language == "en" and kind in {"preferred", "exact", "abbreviation", "lay"}:
                key = singular(plain(text))
                known = self._known[key].setdefault(concept.term.role, concept.term)
                if known != concept.term and kind == "preferred":
                    self._known[key][concept.term.role] = concept.term

    def _drafted(self, term: Term) -> Term:
        """The drafted concept this term names, or the term itself."""
        roles = {
            "symptom": ("condition", "symptom"),
            "risk factor": ("condition", "drug", "class", "symptom", "group"),
            "measure": ("drug", "class", "condition"),
            "test": ("test",),
        }.get(term.role, (term.role,))
        by_role = self._known.get(singular(plain(term.name)), {})
        return next((by_role[role] for role in roles if role in by_role), term)

    def symptoms_by_our_names(self) -> Iterator[Pair]:
        """Terms of the Symptom Ontology that a draft names otherwise ("high blood pressure")."""
        for curie, entry in sorted(self.vocabularies.symp.entries.items()):
            if self.merger.key(curie) != curie:
                continue
            for role in ("condition", "symptom"):
                term = self._known.get(singular(plain(entry.label)), {}).get(role)
                if term is not None and self.resolve(term).curie != curie:
                    basis = f"a name of our tables: {entry.label}"
                    yield Pair(self.resolve(term).curie, curie, basis)
                    break

    def resolve(self, term: Term) -> Resolved:
        """The id of a term; the same one for every spelling of it."""
        drafted = self._drafted(term)
        if drafted not in self.found:
            self.found[drafted] = self._look_up(drafted)
        if drafted != term:
            self.found[term] = self.found[drafted]
        return self.found[drafted]

    def _look_up(self, term: Term) -> Resolved:
        given = _GIVEN.get((term.role, term.name))
        if given:
            return Resolved(given, self._category(term.role, given), "given")
        names = [term.name, *self._further_names(term)]
        for place, name in enumerate(names):
            found = self._first(term.role, name, related=False)
            if found:
                return found if not place else self._by_other_name(term, name, found)
        if term.role in {"risk factor", "measure"}:
            for role in ("symptom", "drug") if term.role == "risk factor" else ("drug",):
                found = self._first(role, term.name, related=False)
                if found:
                    return found
        if term.role in {"drug", "symptom"}:
            found = self._first(term.role, term.name, related=True)
            if found:
                return found
        self.unresolved[term] += 1
        return Resolved(own_id(term.name), _OWN_CLASS[term.role], "own id")

    def _by_other_name(self, term: Term, name: str, found: Resolved) -> Resolved:
        self.notes.append(f"{term.role} {term.name!r} found by its name {name!r}: {found.curie}")
        return found

    def _further_names(self, term: Term) -> list[str]:
        for concept in self.drafts.concepts:
            if concept.term == term:
                return [
                    t
                    for t, language, kind in concept.names[1:]
                    if (language, kind) == ("en", "exact")
                ]
        return []

    def _first(self, role: str, name: str, *, related: bool) -> Resolved | None:
        for vocabulary in LOOKUPS[role]:
            found = self._in(vocabulary, name, related=related)
            if found:
                curie, how = found
                key = self.merger.key(curie)
                if role in {"measure", "test", "specialty"} and key.startswith(("DOID:", "HP:")):
                    continue  # "weight loss" as a measure is not the symptom
                category = self._category(role, key)
                return Resolved(key, category, f"{vocabulary} {how} ({curie})")
        return None

    def _in(self, vocabulary: str, name: str, *, related: bool) -> tuple[str, str] | None:
        v = self.vocabularies
        if vocabulary in {"doid", "hp", "symp"}:
            return {"doid": v.doid, "hp": v.hp, "symp": v.symp}[vocabulary].find(
                name, related=related
            )
        if vocabulary == "rare":
            return v.rare_index.find(name)
        if vocabulary == "drugs":
            return v.drugs.find(name, related=related)
        found = v.mesh.find(name, related=related)
        if found and any(t.startswith(_MESH_TREES[vocabulary]) for t in v.mesh_trees[found[0]]):
            return found
        return None

    def _category(self, role: str, key: str) -> str:
        prefix = curie_prefix(key)
        if prefix in {"DOID", "ORPHA", "OMIM"}:
            return DISEASE
        if role == "condition":
            return DISEASE
        if prefix in {"HP", "SYMP"}:
            return PHENOTYPE
        if prefix == "MESH" and role == "symptom":
            return self.vocabularies.mesh_class(key) or PHENOTYPE
        return _OWN_CLASS[role]
