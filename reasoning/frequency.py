"""How much an edge weighs: its confidence, how often it occurs, how much it matters.

The Human Phenotype Ontology states frequency as a term (``HP:0040280`` … ``HP:0040285``), a
ratio (``3/7``) or a percentage; our own tables state a class by name. Class bounds are those of
the ontology's frequency terms (https://hpo.jax.org).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

from kg.records import Edge, EvidenceKind

#: What an edge counts that states no frequency.
UNSTATED = 0.5

_CLASSES = MappingProxyType(
    {
        "HP:0040280": 1.0,  # obligate
        "HP:0040281": 0.895,  # very frequent, 80-99 %
        "HP:0040282": 0.545,  # frequent, 30-79 %
        "HP:0040283": 0.17,  # occasional, 5-29 %
        "HP:0040284": 0.025,  # very rare, 1-4 %
        "HP:0040285": 0.0,  # excluded
        "obligate": 1.0,
        "very_common": 0.895,
        "very_frequent": 0.895,
        "common": 0.545,
        "frequent": 0.545,
        "occasional": 0.17,
        "uncommon": 0.05,
        "rare": 0.025,
        "very_rare": 0.025,
    }
)
_RATIO = re.compile(r"(\d+)\s*/\s*(\d+)")
_PERCENT = re.compile(r"(\d+(?:\.\d+)?)\s*%?(?:\s*[-–]\s*(\d+(?:\.\d+)?)\s*)?%")


def midpoint(text: str) -> float | None:
    """The frequency ``text`` states, in [0, 1], or None where it states none.

    >>> midpoint("HP:0040282"), midpoint("3/4"), midpoint("45%"), midpoint("5-10%")
    (0.545, 0.75, 0.45, 0.075)
    >>> midpoint("seldom") is None
    True
    """
    text = text.strip()
    known = _CLASSES.get(text, _CLASSES.get(text.casefold().replace(" ", "_").replace("-", "_")))
    if known is not None:
        return known
    if ratio := _RATIO.fullmatch(text):
        part, whole = int(ratio[1]), int(ratio[2])
        return min(part / whole, 1.0) if whole else None
    if percent := _PERCENT.fullmatch(text):
        low = float(percent[1])
        high = float(percent[2] or percent[1])
        return min((low + high) / 200.0, 1.0)
    return None


def frequency(edge: Edge) -> float:
    """The mean of the frequencies the evidence states; :data:`UNSTATED` where it states none."""
    stated = frequency_stated(edge)
    return UNSTATED if stated is None else stated


def frequency_stated(edge: Edge) -> float | None:
    """The mean of the frequencies the evidence states, or None where it states none."""
    stated = [
        value
        for evidence in edge.evidence
        for name, text in evidence.qualifiers
        if name == "frequency" and (value := midpoint(text)) is not None
    ]
    return sum(stated) / len(stated) if stated else None


#: What other qualifiers are worth. The first name that is stated decides (the line of treatment
#: before its role), and of its values the best.
_WEIGHTS: Mapping[str, Mapping[str, float]] = MappingProxyType(
    {
        "line": {"first": 1.0, "further": 0.72},
        "severity": {"contraindicated": 1.0, "major": 0.9, "moderate": 0.7, "minor": 0.5},
        "strength": {"contraindicated": 1.0, "caution": 0.7},
        "role": {"disease_modifying": 0.75, "symptomatic": 0.6, "red_flag": 0.3},
    }
)
_UNQUALIFIED = 0.7

#: A row written for common medicine weighs more than one of a list of thousands of rare diseases.
_CURATED = 1.3


def weight(edge: Edge) -> float:
    """What an edge adds to the rank of what it supports, in (0, 1].

    Confidence × frequency × what line of treatment, severity, strength or role is stated. A
    warning sign of a disease is rare in it, where no frequency is stated.
    """
    curated = any(e.kind is EvidenceKind.CURATOR for e in edge.evidence)
    product = edge.confidence * frequency(edge) * _qualified(edge)
    return max(min(product * (_CURATED if curated else 1.0), 1.0), 1e-4)


def _qualified(edge: Edge) -> float:
    qualifiers = [q for e in edge.evidence for q in e.qualifiers]
    rare = frequency_stated(edge) is None
    for name, weights in _WEIGHTS.items():
        stated = [
            weights[text]
            for qualifier, text in qualifiers
            if qualifier == name and text in weights and (rare or text != "red_flag")
        ]
        if stated:
            return max(stated)
    return _UNQUALIFIED


def only_caution(edge: Edge) -> bool:
    """Whether all that is stated is caution, not a contraindication."""
    strengths = {text for name, text in edge.qualifiers if name == "strength"}
    return strengths == {"caution"}
