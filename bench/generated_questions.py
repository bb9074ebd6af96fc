"""Questions generated from the edges of a graph: the same seed gives the same questions."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence

from kg.records import Concept, Edge
from kg.store import GraphStore

TEMPLATES: dict[str, dict[str, tuple[str, ...]]] = {
    "biolink:has_phenotype": {
        "en": (
            "What are the symptoms of {subject}?",
            "Is {object} a symptom of {subject}?",
            "Which diseases have {object}?",
        ),
        "zh": ("{subject}有哪些症状？", "{object}是{subject}的症状吗？"),
    },
    "biolink:treats": {
        "en": (
            "Which drugs treat {object}?",
            "What is {subject} used for?",
            "Does {subject} treat {object}?",
        ),
        "zh": ("{object}怎么治疗？", "{subject}能治什么病？", "{subject}能治疗{object}吗？"),
    },
    "biolink:has_side_effect": {
        "en": ("What are the side effects of {subject}?", "Can {subject} cause {object}?"),
        "zh": ("{subject}有哪些副作用？",),
    },
    "biolink:contraindicated_in": {
        "en": (
            "What are the contraindications of {subject}?",
            "Is {subject} contraindicated in {object}?",
        ),
        "zh": ("{subject}有哪些禁忌？",),
    },
    "biolink:gene_associated_with_condition": {
        "en": (
            "Which genes are associated with {object}?",
            "Is {subject} associated with {object}?",
        ),
        "zh": ("哪些基因与{object}有关？",),
    },
    "medkgqa:has_complication": {
        "en": ("What are the complications of {subject}?",),
        "zh": ("{subject}有哪些并发症？",),
    },
}


def generated_questions(store: GraphStore, count: int, *, seed: int = 7) -> Iterator[str]:
    """``count`` questions, a third of the yes/no ones about a pair picked at random.

    English and Chinese in turn where the concepts have Chinese names.
    """
    chance = random.Random(seed)
    by_predicate: dict[str, list[Edge]] = {name: [] for name in TEMPLATES}
    for edge in store.edges():
        if edge.predicate in by_predicate:
            by_predicate[edge.predicate].append(edge)
    kinds = [name for name, edges in by_predicate.items() if edges]
    made = 0
    while made < count:
        edges = by_predicate[kinds[made % len(kinds)]]
        edge = chance.choice(edges)
        subject, object_ = store.concept(edge.subject), store.concept(edge.object)
        if chance.random() < 1 / 3:
            object_ = store.concept(chance.choice(edges).object)
        language = _language(made, (subject, object_))
        template = chance.choice(TEMPLATES[edge.predicate][language])
        yield template.format(subject=subject.name(language), object=object_.name(language))
        made += 1


def _language(number: int, concepts: Sequence[Concept]) -> str:
    chinese = number % 3 == 0 and all(c.has_name_in("zh") for c in concepts)
    return "zh" if chinese else "en"
