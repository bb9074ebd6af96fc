"""What each rule of the phrase files looks for in the graph.

A rule that finds concepts has *ways*: from an anchor of these classes, follow these hops. A rule
that checks a triple has predicates that state it and predicates that deny it; those the schema
cannot put between the two classes at hand are left out when the plan is made.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from kg.records import Polarity
from kg.schema import (
    ASSOCIATED_WITH,
    AVOIDED_FOOD,
    CAUSES,
    CONTRAINDICATED_IN,
    DIAGNOSES,
    DISEASE,
    DRUG,
    DRUG_CLASS,
    FOOD,
    GENE,
    GENE_ASSOCIATED,
    HAS_COMPLICATION,
    HAS_PHENOTYPE,
    HAS_SIDE_EFFECT,
    INTERACTS_WITH,
    MEMBER_OF,
    PATIENT_GROUP,
    PHENOTYPE,
    PREDISPOSES,
    PREVENTS,
    RECOMMENDED_FOOD,
    RISK_FACTOR,
    SIMILAR_TO,
    SPECIALTY,
    SUBCLASS_OF,
    TEST,
    TREATED_BY_SPECIALTY,
    TREATS,
)
from kg.store import Direction
from reasoning.plan import CLASS_PREDICATES, MOST_CLASSES, Hop, Intent

_OUT, _IN, _BOTH = Direction.OUT, Direction.IN, Direction.BOTH

CONDITION = (DISEASE, PHENOTYPE)
DRUGS = (DRUG, DRUG_CLASS)
CAUSING = (*DRUGS, *CONDITION, GENE, RISK_FACTOR, PATIENT_GROUP, FOOD)


@dataclass(frozen=True, slots=True)
class Way:
    """From an anchor of one of ``anchors``, these hops lead to what is asked.

    ``up`` takes in the classes of the anchor first (a contraindication of its class counts).
    """

    anchors: tuple[str, ...]
    hops: tuple[Hop, ...]
    up: bool = False


@dataclass(frozen=True, slots=True)
class Search:
    """What a rule that finds concepts looks for.

    ``deniable``: "not" in the question asks for edges that deny (else it belongs to the words).
    """

    intent: Intent
    ways: tuple[Way, ...]
    deniable: bool = False


@dataclass(frozen=True, slots=True)
class Check:
    """What a rule that checks a triple looks for."""

    stated_by: tuple[str, ...]
    denied_by: tuple[str, ...] = ()
    intent: Intent = Intent.CHECK


def _hop(
    predicates: str | tuple[str, ...],
    direction: Direction,
    categories: tuple[str, ...],
    most: int = 1,
) -> Hop:
    names = (predicates,) if isinstance(predicates, str) else predicates
    return Hop(names, direction, categories, Polarity.POSITIVE, most=most)


def _search(intent: Intent, *ways: Way, deniable: bool = False) -> Search:
    return Search(intent, ways, deniable)


_MEMBERS = _hop(CLASS_PREDICATES, _IN, DRUGS, MOST_CLASSES)
_TREATED_WITH = _hop(TREATS, _IN, DRUGS)
_PHENOTYPES = _hop(HAS_PHENOTYPE, _OUT, CONDITION)
_SIDE_EFFECTS = _hop((HAS_SIDE_EFFECT, CAUSES), _OUT, CONDITION)
_CAUSED_BY_DRUG = _hop((HAS_SIDE_EFFECT, CAUSES), _IN, DRUGS)
_CONTRAINDICATED = _hop(CONTRAINDICATED_IN, _IN, DRUGS)

#: Rules that find concepts, by the anchor in their slot ``a``.
SEARCHES: Mapping[str, Search] = MappingProxyType(
    {
        "symptoms": _search(
            Intent.SYMPTOMS,
            Way((DISEASE,), (_PHENOTYPES,)),
            Way((PHENOTYPE,), (_hop(CAUSES, _OUT, CONDITION),)),
            deniable=True,
        ),
        "diseases_with_findings": _search(
            Intent.DISEASES_WITH_FINDINGS,
            Way(CONDITION, (_hop(HAS_PHENOTYPE, _IN, (DISEASE,)),)),
            deniable=True,
        ),
        "treatments": _search(
            Intent.TREATMENTS,
            Way(CONDITION, (_hop(TREATS, _IN, (*DRUGS, TEST)),)),
            deniable=True,
        ),
        "drug_treatments": _search(
            Intent.TREATMENTS, Way(CONDITION, (_TREATED_WITH,)), deniable=True
        ),
        "uses_of_drugs": _search(
            Intent.TREATMENTS, Way(CONDITION, (_hop((TREATS, PREVENTS), _IN, DRUGS),))
        ),
        "indications": _search(
            Intent.INDICATIONS,
            Way(DRUGS, (_hop((TREATS, PREVENTS), _OUT, CONDITION),)),
            deniable=True,
        ),
        "side_effects": _search(Intent.SIDE_EFFECTS, Way(DRUGS, (_SIDE_EFFECTS,)), deniable=True),
        "drugs_with_side_effect": _search(
            Intent.DRUGS_WITH_SIDE_EFFECT, Way(CONDITION, (_CAUSED_BY_DRUG,)), deniable=True
        ),
        "contraindications": _search(
            Intent.CONTRAINDICATIONS,
            Way(DRUGS, (_hop(CONTRAINDICATED_IN, _OUT, (*CONDITION, PATIENT_GROUP)),), up=True),
        ),
        "contraindicated_drugs": _search(
            Intent.CONTRAINDICATED_DRUGS,
            Way((*CONDITION, PATIENT_GROUP), (_CONTRAINDICATED,), up=True),
        ),
        "genes": _search(
            Intent.GENES,
            Way(CONDITION, (_hop(GENE_ASSOCIATED, _IN, (GENE,)),)),
            deniable=True,
        ),
        "diseases_of_gene": _search(
            Intent.DISEASES_OF_GENE,
            Way((GENE,), (_hop((GENE_ASSOCIATED, CAUSES), _OUT, CONDITION),)),
            deniable=True,
        ),
        "causes": _search(
            Intent.CAUSES,
            Way((DISEASE,), (_hop((CAUSES, GENE_ASSOCIATED, PREDISPOSES), _IN, CAUSING),)),
            Way((PHENOTYPE,), (_hop((CAUSES, HAS_PHENOTYPE, HAS_SIDE_EFFECT), _IN, CAUSING),)),
            deniable=True,
        ),
        "effects": _search(
            Intent.EFFECTS,
            Way(DRUGS, (_SIDE_EFFECTS,)),
            Way((DISEASE,), (_hop((CAUSES, HAS_COMPLICATION, HAS_PHENOTYPE), _OUT, CONDITION),)),
            Way((PHENOTYPE,), (_hop((CAUSES, HAS_COMPLICATION), _OUT, CONDITION),)),
            Way((GENE,), (_hop((GENE_ASSOCIATED, CAUSES), _OUT, CONDITION),)),
            Way((RISK_FACTOR, PATIENT_GROUP, FOOD), (_hop(PREDISPOSES, _OUT, CONDITION),)),
        ),
        "interactions": _search(
            Intent.INTERACTIONS,
            Way((*DRUGS, FOOD), (_hop(INTERACTS_WITH, _BOTH, (*DRUGS, FOOD)),), up=True),
        ),
        "foods_interacting": _search(
            Intent.INTERACTIONS,
            Way(DRUGS, (_hop(INTERACTS_WITH, _BOTH, (FOOD,)),), up=True),
        ),
        "risk_factors": _search(
            Intent.RISK_FACTORS,
            Way(CONDITION, (_hop(PREDISPOSES, _IN, CAUSING),)),
        ),
        "complications": _search(
            Intent.COMPLICATIONS,
            Way(CONDITION, (_hop(HAS_COMPLICATION, _OUT, CONDITION),)),
        ),
        "tests": _search(Intent.TESTS, Way(CONDITION, (_hop(DIAGNOSES, _IN, (TEST,)),))),
        "diagnosed_by": _search(
            Intent.DIAGNOSED_BY, Way((TEST,), (_hop(DIAGNOSES, _OUT, CONDITION),))
        ),
        "prevention": _search(
            Intent.PREVENTION,
            Way(CONDITION, (_hop(PREVENTS, _IN, (*DRUGS, TEST, FOOD, RISK_FACTOR)),)),
        ),
        "specialty": _search(
            Intent.SPECIALTY, Way(CONDITION, (_hop(TREATED_BY_SPECIALTY, _OUT, (SPECIALTY,)),))
        ),
        "diseases_of_specialty": _search(
            Intent.SPECIALTY, Way((SPECIALTY,), (_hop(TREATED_BY_SPECIALTY, _IN, CONDITION),))
        ),
        "similar": _search(
            Intent.SIMILAR,
            Way(CONDITION, (_hop(SIMILAR_TO, _BOTH, CONDITION),)),
            Way(
                (DRUG,),
                (
                    _hop(CLASS_PREDICATES, _OUT, (DRUG_CLASS,)),
                    _hop(CLASS_PREDICATES, _IN, (DRUG,)),
                ),
            ),
        ),
        "class_members": _search(Intent.CLASS_MEMBERS, Way((DRUG_CLASS,), (_MEMBERS,))),
        "kinds": _search(
            Intent.CLASS_MEMBERS,
            Way((DISEASE,), (_hop(SUBCLASS_OF, _IN, (DISEASE,)),)),
            Way((PHENOTYPE,), (_hop(SUBCLASS_OF, _IN, (PHENOTYPE,)),)),
        ),
        "class_of_drug": _search(
            Intent.CLASS_OF_DRUG,
            Way(DRUGS, (_hop(CLASS_PREDICATES, _OUT, (DRUG_CLASS,)),)),
        ),
        "shared_symptoms": _search(Intent.SHARED, Way((DISEASE,), (_PHENOTYPES,))),
        "foods_avoided": _search(
            Intent.FOODS_AVOIDED,
            Way(CONDITION, (_hop(AVOIDED_FOOD, _IN, (FOOD,)),)),
            Way((FOOD,), (_hop(AVOIDED_FOOD, _OUT, CONDITION),)),
        ),
        "foods_recommended": _search(
            Intent.FOODS_RECOMMENDED,
            Way(CONDITION, (_hop(RECOMMENDED_FOOD, _IN, (FOOD,)),)),
            Way((FOOD,), (_hop(RECOMMENDED_FOOD, _OUT, CONDITION),)),
        ),
        # noun phrases
        "eaten": _search(
            Intent.FOODS_RECOMMENDED,
            Way(CONDITION, (_hop(RECOMMENDED_FOOD, _IN, (FOOD,)),)),
            Way((FOOD,), (_hop(RECOMMENDED_FOOD, _OUT, CONDITION),)),
        ),
        # noun phrases
        "diseases_with": _search(
            Intent.DISEASES_WITH_FINDINGS, Way(CONDITION, (_hop(HAS_PHENOTYPE, _IN, (DISEASE,)),))
        ),
        "diseases_treated_by": _search(
            Intent.INDICATIONS, Way(DRUGS, (_hop(TREATS, _OUT, CONDITION),))
        ),
        "drugs_for": _search(Intent.TREATMENTS, Way(CONDITION, (_TREATED_WITH,))),
        "drugs_causing": _search(Intent.DRUGS_WITH_SIDE_EFFECT, Way(CONDITION, (_CAUSED_BY_DRUG,))),
        "members": _search(Intent.CLASS_MEMBERS, Way((DRUG_CLASS,), (_MEMBERS,))),
        "causes_of": _search(
            Intent.CAUSES, Way(CONDITION, (_hop((CAUSES, HAS_PHENOTYPE), _IN, (DISEASE,)),))
        ),
        "complications_of": _search(
            Intent.COMPLICATIONS, Way(CONDITION, (_hop(HAS_COMPLICATION, _OUT, CONDITION),))
        ),
        "symptoms_of": _search(Intent.SYMPTOMS, Way((DISEASE,), (_PHENOTYPES,))),
    }
)

#: Rules whose members of a class (slot ``c``) must also stand in the search of slot ``a``.
MEMBER_SEARCHES: Mapping[str, str] = MappingProxyType(
    {
        "members_treating": "uses_of_drugs",
        "members_causing": "drugs_with_side_effect",
        "members_contraindicated": "contraindicated_drugs",
        "treating_causing": "drugs_with_side_effect",
        "treating_contraindicated": "contraindicated_drugs",
    }
)

#: What the slot ``c`` of these rules stands for; of the others, the members of a class.
AMONG: Mapping[str, str] = MappingProxyType(
    {"treating_causing": "drug_treatments", "treating_contraindicated": "drug_treatments"}
)

#: What the words of a rule may ask as well, tried where its own search finds nothing: 感冒吃什么
#: asks for food or for medicine.
OR_ELSE: Mapping[str, str] = MappingProxyType({"eaten": "drug_treatments"})

#: Rules with a slot ``x`` that excludes: what is excluded are drugs reached from ``x`` this way.
EXCLUDING_SEARCHES: Mapping[str, str] = MappingProxyType(
    {
        "treatments_not_harmful": "contraindicated_drugs",
        "treatments_without_side_effect": "drugs_with_side_effect",
        "members_not_harmful": "contraindicated_drugs",
    }
)

#: What these rules look for in slot ``a`` before anything is excluded; others, treatments.
EXCLUDED_FROM: Mapping[str, str] = MappingProxyType({"members_not_harmful": "class_members"})

#: Searches that find what "X but not … Y" leaves out; each names the group of the words that say
#: so.
EXCLUDED_BY = ("drugs_with_side_effect", "contraindicated_drugs")

#: What two concepts of a class are compared by where the question does not say.
ASPECTS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        **dict.fromkeys(
            DRUGS, ("class_of_drug", "indications", "side_effects", "contraindications")
        ),
        DISEASE: ("symptoms", "treatments", "tests"),
        PHENOTYPE: ("causes", "treatments", "tests"),
    }
)

_CAUSED = (HAS_SIDE_EFFECT, CAUSES, HAS_COMPLICATION, HAS_PHENOTYPE, GENE_ASSOCIATED, PREDISPOSES)

CHECKS: Mapping[str, Check] = MappingProxyType(
    {
        "check_treats": Check((TREATS,), (CONTRAINDICATED_IN,)),
        "check_prevents": Check((PREVENTS,)),
        "check_side_effect": Check((HAS_SIDE_EFFECT, CAUSES)),
        "check_causes": Check(_CAUSED),
        "check_symptom": Check((HAS_PHENOTYPE, CAUSES)),
        "check_gene": Check((GENE_ASSOCIATED, CAUSES)),
        "check_contraindicated": Check((CONTRAINDICATED_IN,)),
        "check_interacts": Check((INTERACTS_WITH,)),
        "check_is_a": Check(CLASS_PREDICATES),
        "check_risk": Check((PREDISPOSES, CAUSES)),
        "check_complication": Check((HAS_COMPLICATION, CAUSES)),
        "check_test": Check((DIAGNOSES,)),
        "check_specialty": Check((TREATED_BY_SPECIALTY,)),
        "check_food": Check((RECOMMENDED_FOOD,), (AVOIDED_FOOD,)),
        "check_similar": Check((SIMILAR_TO,)),
        "check_associated": Check((*_CAUSED, ASSOCIATED_WITH, SIMILAR_TO, TREATS, DIAGNOSES)),
    }
)

#: "Is X safe with Y" by what Y is: an edge of these makes it unsafe.
UNSAFE: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        **dict.fromkeys((*CONDITION, PATIENT_GROUP), (CONTRAINDICATED_IN, AVOIDED_FOOD)),
        **dict.fromkeys((*DRUGS, FOOD), (INTERACTS_WITH,)),
    }
)

MEMBER_PREDICATES = (MEMBER_OF, SUBCLASS_OF)
