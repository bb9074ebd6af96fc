"""The DDI corpus 2013: drugs of a sentence and what is said of their interaction.

Herrero-Zazo et al. 2013, https://doi.org/10.1016/j.jbi.2013.07.011. The owner's zip of XML files;
offsets are characters of the sentence, the last one included. CC BY-NC 4.0: for measuring, not for
what ships.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from defusedxml import ElementTree

from kg.errors import SourceFormatError
from nlp.relation_pairs import CHEMICAL, Entity, PairDocument, candidate_pairs
from nlp.training.relation_examples import RelationExample

TYPES = ("mechanism", "effect", "advise", "int")
FOLDERS = {"train": "DDICorpus/Train/", "test": "DDICorpus/Test/Test for DDI Extraction task/"}


def ddi_sentences(path: Path, part: str) -> Iterator[RelationExample]:
    """Sentences with two drugs or more; each mention is a concept of its own.

    Args:
        path: the zip.
        part: ``train`` or ``test``.

    Raises:
        SourceFormatError: where the zip holds no file of that part.
    """
    with zipfile.ZipFile(path) as archive:
        members = [
            n
            for n in sorted(archive.namelist())
            if n.startswith(FOLDERS[part]) and n.endswith(".xml")
        ]
        if not members:
            raise SourceFormatError(path, None, f"no files below {FOLDERS[part]}", fix="")
        for member in members:
            for sentence in ElementTree.fromstring(archive.read(member)).iter("sentence"):
                example = _example(sentence)
                if example is not None:
                    yield example


def _example(sentence: Any) -> RelationExample | None:
    text = sentence.get("text", "")
    entities: list[Entity] = []
    places: dict[str, int] = {}
    for entity in sentence.iter("entity"):
        start, _, end = entity.get("charOffset").split(";")[0].partition("-")
        places[entity.get("id")] = len(entities)
        span = (int(start), min(len(text), int(end) + 1))
        entities.append(Entity(entity.get("id"), CHEMICAL, (span,)))
    if len(entities) < 2:
        return None
    document = PairDocument(sentence.get("id"), text, 0, ((0, len(text)),), tuple(entities))
    stated: dict[frozenset[int], str] = {}
    for pair in sentence.iter("pair"):
        if pair.get("ddi") == "true":
            ends = frozenset(places[pair.get(key)] for key in ("e1", "e2"))
            stated[ends] = pair.get("type") or "int"
    labels = {
        pair: tuple(int(stated.get(frozenset(pair)) == name) for name in TYPES)
        for pair in candidate_pairs(document)
    }
    return RelationExample(document, labels, TYPES)
