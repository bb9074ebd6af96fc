"""What was read, as JSON lines and as PubTator text.

The JSON record is the stable one other programs rely on: ``id``, ``mentions`` (``start``, ``end``,
``text``, ``type``, ``concept``, ``score``, ``assertion``), ``relations`` (``subject`` and
``object`` as indexes into ``mentions``, ``subject_concept``, ``object_concept``, ``predicate``,
``polarity``, ``score``, ``sentence``). PubTator is the format of Wei et al. 2013,
https://doi.org/10.1093/nar/gkt441.
"""

from __future__ import annotations

from typing import Any

from kg.records import Concept, Polarity, curie_prefix
from kg.schema import (
    CAUSES,
    CLASSES,
    DISEASE,
    DRUG,
    DRUG_CLASS,
    HAS_SIDE_EFFECT,
    PHENOTYPE,
    SUBCLASS_OF,
)
from kg.store import Direction, EdgeFilter, GraphStore
from nlp.linker import rivals
from nlp.records import Assertion, Mention, Reading, Relation

#: How PubTator corpora call the classes; any other goes by its label in the schema. What a name of
#: the graph alone says is a class of drugs is no chemical to their annotators.
PUBTATOR_TYPES = {
    DRUG: "Chemical",
    DISEASE: "Disease",
    PHENOTYPE: "Disease",
    "biolink:Gene": "Gene",
}
#: How PubTator corpora call the relations; any other goes by its label.
PUBTATOR_RELATIONS = {CAUSES: "CID", HAS_SIDE_EFFECT: "CID"}

_IS_A = EdgeFilter(predicates=frozenset({SUBCLASS_OF}))
_CHEMICAL = frozenset({DRUG, DRUG_CLASS})
_BROADER_STEPS = 2
_AS_GOOD = 0.1  # score a concept with the id wanted may be behind the best


def in_prefix(
    curie: str | None, ids: str | None, store: GraphStore | None, *, steps: int = _BROADER_STEPS
) -> str | None:
    """``curie``, or its id in the vocabulary ``ids`` where it has one.

    A condition without one gets that of the nearest broader condition, at most ``steps``
    above: vocabularies differ in how fine they are.

    Args:
        curie: a concept's key, or None.
        ids: prefix wanted, e.g. ``MESH``; None leaves the key.
        store: where cross-references are looked up; None leaves the key.
        steps: how far above a condition is looked.
    """
    if curie is None or ids is None or store is None or curie_prefix(curie) == ids:
        return curie
    concept = store.get(curie)
    if concept is None:
        return curie
    level, seen = [concept], {concept.curie}
    for _ in range(steps + 1):
        for each in level:
            found = next((x for x in (each.curie, *each.xrefs) if curie_prefix(x) == ids), None)
            if found is not None:
                return found
        if concept.category not in (DISEASE, PHENOTYPE):
            break
        level = [broader for each in level for broader in _broader(each, store, seen)]
    return curie


def _broader(concept: Concept, store: GraphStore, seen: set[str]) -> list[Concept]:
    """The concepts one step above, by key, that were not seen yet."""
    edges = store.neighbours(concept.curie, edge_filter=_IS_A, direction=Direction.OUT)
    found = sorted({edge.object for edge in edges} - seen)
    seen.update(found)
    return [store.concept(curie) for curie in found]


def identifier_of(mention: Mention, ids: str | None, store: GraphStore | None) -> str | None:
    """The id a mention is given: of its best concept, or of the first almost as good one that has
    an id in the vocabulary asked for; None for NIL.
    """
    if ids is not None:
        near = rivals(mention, margin=_AS_GOOD)
        for candidate in near:
            if not candidate.name and curie_prefix(candidate.curie) == ids:
                return candidate.curie
        for steps in (0, _BROADER_STEPS):
            for candidate in near:
                found = in_prefix(candidate.curie, ids, store, steps=steps)
                if found is not None and curie_prefix(found) == ids:
                    return found
    return in_prefix(mention.concept, ids, store)


def reading_record(
    reading: Reading, *, ids: str | None = None, store: GraphStore | None = None
) -> dict[str, Any]:
    """One reading as a JSON-safe record.

    Args:
        reading: what was read.
        ids: vocabulary ids are given in where the concept has one, e.g. ``MESH``.
        store: the graph that knows the cross-references.
    """
    concepts = [identifier_of(m, ids, store) for m in reading.mentions]
    return {
        "id": reading.document.id,
        "mentions": [
            _mention_record(m, concept)
            for m, concept in zip(reading.mentions, concepts, strict=True)
        ],
        "relations": [
            {
                "subject": r.subject,
                "object": r.object,
                "subject_concept": concepts[r.subject],
                "object_concept": concepts[r.object],
                "predicate": r.predicate,
                "polarity": r.polarity.value,
                "score": round(r.score, 4),
                "sentence": reading.document.text[slice(*r.sentence)],
            }
            for r in reading.relations
        ],
        "extractor": reading.extractor,
    }


def _mention_record(mention: Mention, concept: str | None) -> dict[str, Any]:
    return {
        "start": mention.start,
        "end": mention.end,
        "text": mention.text,
        "type": mention.category,
        "concept": concept,
        "score": round(mention.score, 4),
        "assertion": mention.assertion.value,
    }


def pubtator_text(
    reading: Reading, *, ids: str | None = None, store: GraphStore | None = None
) -> str:
    """One reading as a PubTator block, with the blank line that ends it.

    Offsets count in title, one character, abstract, as PubTator has it. Drug–condition relations
    that are stated, between mentions that are not denied, are ``CID`` lines.

    Args:
        reading: what was read.
        ids: vocabulary ids are given in where the concept has one, e.g. ``MESH``; a relation is
            written where both its ends have one.
        store: the graph that knows the cross-references.
    """
    document = reading.document
    number = document.id.removeprefix("PMID:")
    title, abstract = document.text[: document.title_end], document.text[document.title_end :]
    if not document.title_end:
        title, abstract = document.text, ""
    lines = [f"{number}|t|{_one_line(title)}", f"{number}|a|{_one_line(abstract[1:])}"]
    for mention in reading.mentions:
        concept = _local(identifier_of(mention, ids, store), ids)
        kind = PUBTATOR_TYPES.get(mention.category) or CLASSES[mention.category].label
        text = _one_line(mention.text)
        lines.append(f"{number}\t{mention.start}\t{mention.end}\t{text}\t{kind}\t{concept}")
    lines.extend(_relation_lines(reading, number, ids, store))
    return "\n".join(lines) + "\n\n"


def _relation_lines(
    reading: Reading, number: str, ids: str | None, store: GraphStore | None
) -> list[str]:
    lines: dict[str, None] = {}
    for relation in reading.relations:
        kind = PUBTATOR_RELATIONS.get(relation.predicate)
        if kind is None or not _is_stated(relation, reading):
            continue
        ends = [reading.mentions[relation.subject], reading.mentions[relation.object]]
        if ends[0].category not in _CHEMICAL or PUBTATOR_TYPES.get(ends[1].category) != "Disease":
            continue
        found = [identifier_of(m, ids, store) for m in ends]
        if not all(x is not None and ids in (None, curie_prefix(x)) for x in found):
            continue  # a relation of what has no such id says nothing
        keys = [_local(x, ids) for x in found]
        lines[f"{number}\t{kind}\t{keys[0]}\t{keys[1]}"] = None
    return list(lines)


def _is_stated(relation: Relation, reading: Reading) -> bool:
    ends = (reading.mentions[relation.subject], reading.mentions[relation.object])
    return relation.polarity is Polarity.POSITIVE and all(
        m.assertion is not Assertion.NEGATED for m in ends
    )


def _local(curie: str | None, ids: str | None) -> str:
    """How PubTator writes an id: bare in the vocabulary asked for, ``-1`` for none."""
    if curie is None:
        return "-1"
    return curie.partition(":")[2] if ids is not None and curie_prefix(curie) == ids else curie


def _one_line(text: str) -> str:
    """Every line break as one space each, so that offsets stay."""
    return "".join(" " if c in "\r\n\t\u2028\u2029\x0b\x0c\x1c\x1d\x1e\x85" else c for c in text)
