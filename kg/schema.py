"""Which classes exist, which predicates, and what each predicate may join.

Classes and predicates are Biolink's where Biolink has them (Unni et al. 2022,
https://doi.org/10.1111/cts.13302, https://biolink.github.io/biolink-model/); the few it lacks
carry the prefix ``medkgqa``. Every class and predicate also has a short label a person can type
in Cypher: ``(:Drug)-[:TREATS]->(:Disease)``.

The schema refuses an edge rather than bending it; what it refuses is counted and shown by a
:class:`RefusalReport`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from types import MappingProxyType

from kg.errors import InvalidRecordError

DISEASE = "biolink:Disease"
PHENOTYPE = "biolink:PhenotypicFeature"
DRUG = "biolink:Drug"
DRUG_CLASS = "biolink:ChemicalRole"
GENE = "biolink:Gene"
TEST = "biolink:Procedure"
RISK_FACTOR = "biolink:Behavior"
SPECIALTY = "medkgqa:Specialty"
FOOD = "biolink:Food"
ANATOMY = "biolink:AnatomicalEntity"
PATHWAY = "biolink:Pathway"
PROCESS = "biolink:BiologicalProcess"
ACTIVITY = "biolink:MolecularActivity"
COMPONENT = "biolink:CellularComponent"
ORGANISATION = "medkgqa:Manufacturer"
PATIENT_GROUP = "biolink:PopulationOfIndividualOrganisms"

TREATS = "biolink:treats"
PREVENTS = "biolink:preventative_for_condition"
HAS_PHENOTYPE = "biolink:has_phenotype"
CAUSES = "biolink:causes"
HAS_SIDE_EFFECT = "biolink:has_side_effect"
CONTRAINDICATED_IN = "biolink:contraindicated_in"
INTERACTS_WITH = "biolink:interacts_with"
GENE_ASSOCIATED = "biolink:gene_associated_with_condition"
PREDISPOSES = "biolink:predisposes_to_condition"
HAS_COMPLICATION = "medkgqa:has_complication"
DIAGNOSES = "biolink:diagnoses"
TREATED_BY_SPECIALTY = "medkgqa:managed_by_specialty"
SUBCLASS_OF = "biolink:subclass_of"
MEMBER_OF = "medkgqa:member_of_class"
SIMILAR_TO = "biolink:similar_to"
ASSOCIATED_WITH = "biolink:associated_with"
LOCATED_IN = "biolink:located_in"
EXPRESSED_IN = "biolink:expressed_in"
REGULATES = "biolink:regulates"
AFFECTS = "biolink:affects"
BINDS = "biolink:directly_physically_interacts_with"
PARTICIPATES_IN = "biolink:participates_in"
RECOMMENDED_FOOD = "medkgqa:food_recommended_in"
AVOIDED_FOOD = "medkgqa:food_avoided_in"
MANUFACTURED_BY = "biolink:has_manufacturer"

CONDITIONS = frozenset({DISEASE, PHENOTYPE})


@dataclass(frozen=True, slots=True)
class NodeClass:
    """A class of nodes: its Biolink CURIE and the label Cypher shows."""

    curie: str
    label: str


@dataclass(frozen=True, slots=True)
class Predicate:
    """A predicate: what it may join, and how Cypher names it.

    Args:
        curie: Biolink (or ``medkgqa``) CURIE.
        label: relationship type in Cypher.
        domain: classes its subject may have.
        range: classes its object may have.
        symmetric: whether subject and object may be exchanged.
    """

    curie: str
    label: str
    domain: frozenset[str]
    range: frozenset[str]
    symmetric: bool = False


def _predicate(
    curie: str, label: str, domain: Iterable[str], range_: Iterable[str], symmetric: bool = False
) -> Predicate:
    return Predicate(curie, label, frozenset(domain), frozenset(range_), symmetric)


_CLASSES = (
    NodeClass(DISEASE, "Disease"),
    NodeClass(PHENOTYPE, "Symptom"),
    NodeClass(DRUG, "Drug"),
    NodeClass(DRUG_CLASS, "DrugClass"),
    NodeClass(GENE, "Gene"),
    NodeClass(TEST, "Test"),
    NodeClass(RISK_FACTOR, "RiskFactor"),
    NodeClass(SPECIALTY, "Specialty"),
    NodeClass(FOOD, "Food"),
    NodeClass(ANATOMY, "Anatomy"),
    NodeClass(PATHWAY, "Pathway"),
    NodeClass(PROCESS, "BiologicalProcess"),
    NodeClass(ACTIVITY, "MolecularActivity"),
    NodeClass(COMPONENT, "CellularComponent"),
    NodeClass(ORGANISATION, "Manufacturer"),
    NodeClass(PATIENT_GROUP, "PatientGroup"),
)

_DRUGS = (DRUG, DRUG_CLASS)
_ALL = tuple(c.curie for c in _CLASSES)

_PREDICATES = (
    _predicate(TREATS, "TREATS", (*_DRUGS, TEST), CONDITIONS),
    _predicate(PREVENTS, "PREVENTS", (*_DRUGS, TEST, FOOD, RISK_FACTOR), CONDITIONS),
    _predicate(HAS_PHENOTYPE, "HAS_SYMPTOM", (DISEASE,), CONDITIONS),
    _predicate(CAUSES, "CAUSES", (*_DRUGS, DISEASE, PHENOTYPE, GENE, RISK_FACTOR), CONDITIONS),
    _predicate(HAS_SIDE_EFFECT, "HAS_SIDE_EFFECT", _DRUGS, CONDITIONS),
    _predicate(
        CONTRAINDICATED_IN, "CONTRAINDICATED_IN", (*_DRUGS, TEST), (*CONDITIONS, PATIENT_GROUP)
    ),
    _predicate(INTERACTS_WITH, "INTERACTS_WITH", (*_DRUGS, FOOD), (*_DRUGS, FOOD), symmetric=True),
    _predicate(GENE_ASSOCIATED, "ASSOCIATED_WITH_DISEASE", (GENE,), CONDITIONS),
    _predicate(
        PREDISPOSES,
        "RISK_FACTOR_FOR",
        (RISK_FACTOR, DISEASE, PHENOTYPE, PATIENT_GROUP, *_DRUGS, GENE, FOOD),
        CONDITIONS,
    ),
    _predicate(HAS_COMPLICATION, "HAS_COMPLICATION", CONDITIONS, CONDITIONS),
    _predicate(DIAGNOSES, "DIAGNOSES", (TEST,), CONDITIONS),
    _predicate(TREATED_BY_SPECIALTY, "MANAGED_BY", CONDITIONS, (SPECIALTY,)),
    _predicate(SUBCLASS_OF, "SUBCLASS_OF", _ALL, _ALL),
    _predicate(MEMBER_OF, "MEMBER_OF_CLASS", _DRUGS, (DRUG_CLASS,)),
    _predicate(SIMILAR_TO, "SIMILAR_TO", _ALL, _ALL, symmetric=True),
    _predicate(ASSOCIATED_WITH, "ASSOCIATED_WITH", _ALL, _ALL, symmetric=True),
    _predicate(LOCATED_IN, "LOCATED_IN", (*CONDITIONS, COMPONENT), (ANATOMY,)),
    _predicate(EXPRESSED_IN, "EXPRESSED_IN", (GENE,), (ANATOMY, DISEASE)),
    _predicate(REGULATES, "REGULATES", (GENE, ANATOMY, DISEASE, *_DRUGS), (GENE,)),
    _predicate(AFFECTS, "AFFECTS", _ALL, _ALL),
    _predicate(BINDS, "BINDS", (*_DRUGS, GENE), (*_DRUGS, GENE), symmetric=True),
    _predicate(
        PARTICIPATES_IN, "PARTICIPATES_IN", (GENE,), (PATHWAY, PROCESS, ACTIVITY, COMPONENT)
    ),
    _predicate(RECOMMENDED_FOOD, "RECOMMENDED_IN", (FOOD,), CONDITIONS),
    _predicate(AVOIDED_FOOD, "TO_AVOID_IN", (FOOD,), (*CONDITIONS, PATIENT_GROUP)),
    _predicate(MANUFACTURED_BY, "MANUFACTURED_BY", (DRUG,), (ORGANISATION,)),
)

CLASSES = MappingProxyType({c.curie: c for c in _CLASSES})
PREDICATES = MappingProxyType({p.curie: p for p in _PREDICATES})
CLASS_BY_LABEL = MappingProxyType({c.label: c for c in _CLASSES})
PREDICATE_BY_LABEL = MappingProxyType({p.label: p for p in _PREDICATES})


def node_class(curie: str) -> NodeClass:
    """The class with that CURIE.

    Raises:
        InvalidRecordError: where the schema has none.
    """
    try:
        return CLASSES[curie]
    except KeyError:
        raise InvalidRecordError(
            f"unknown class {curie!r}; known: {', '.join(sorted(CLASSES))}"
        ) from None


def predicate(curie: str) -> Predicate:
    """The predicate with that CURIE.

    Raises:
        InvalidRecordError: where the schema has none.
    """
    try:
        return PREDICATES[curie]
    except KeyError:
        raise InvalidRecordError(
            f"unknown predicate {curie!r}; known: {', '.join(sorted(PREDICATES))}"
        ) from None


def refusal(subject_class: str, predicate_curie: str, object_class: str) -> str | None:
    """Why the schema refuses an edge between two classes, or None where it allows it.

    >>> refusal(DRUG, TREATS, DISEASE) is None
    True
    >>> refusal(DISEASE, TREATS, DRUG)
    'biolink:treats does not take a biolink:Disease as subject'
    """
    known = PREDICATES.get(predicate_curie)
    if known is None:
        return f"{predicate_curie} is not a predicate of the schema"
    if subject_class not in known.domain:
        return f"{predicate_curie} does not take a {subject_class} as subject"
    if object_class not in known.range:
        return f"{predicate_curie} does not take a {object_class} as object"
    return None


@dataclass(slots=True)
class RefusalReport:
    """What an import refused: a count and the first examples per reason."""

    most_examples: int = 5
    counts: Counter[str] = field(default_factory=Counter)
    examples: dict[str, list[str]] = field(default_factory=dict)

    def add(self, reason: str, example: str) -> None:
        """Count one refusal and keep ``example`` while there are few."""
        self.counts[reason] += 1
        kept = self.examples.setdefault(reason, [])
        if len(kept) < self.most_examples:
            kept.append(example)

    @property
    def total(self) -> int:
        """How many records were refused."""
        return self.counts.total()

    def __str__(self) -> str:
        if not self.total:
            return "nothing refused"
        lines = [f"{self.total} refused"]
        for reason, count in self.counts.most_common():
            lines.append(f"  {count} × {reason}, e.g. {'; '.join(self.examples[reason])}")
        return "\n".join(lines)
