"""Relations between the concepts of a document, by a trained model, without torch.

A model is a folder::

    model.xml, model.bin   the encoder (OpenVINO, int8 weights)
    head.npz               the head over pairs (:mod:`nlp.relation_head`)
    settings.json          name, version, labels, thresholds, calibration
    tokenizer.json         word pieces
    names.tsv.xz           name → MeSH id, of the training documents and MeSH's own names
    priors.tsv.xz          how often the training documents stated a relation of a concept or pair
    trees.tsv.xz           MeSH id → tree numbers of diseases
    card.md, metrics.json  what it was trained on and what it scored

A document too long for the encoder is read in stretches of whole sentences, and a pair takes the
best score it has in one of them.
"""

from __future__ import annotations

import json
import lzma
import math
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from kg.errors import MissingExtraError, ModelUnavailableError
from nlp.relation_head import RelationHead
from nlp.relation_pairs import (
    DISEASE,
    Entity,
    Pair,
    PairDocument,
    Priors,
    Span,
    Specificity,
    candidate_pairs,
    features,
    share_sentence,
)
from nlp.relation_pieces import encoder_rows, joined_states, marked_pieces
from nlp.token_windows import WordPieces


@dataclass(frozen=True, slots=True)
class LabelSettings:
    """When a label is given: probability ``1 / (1 + exp(-(slope * logit + shift)))`` at least
    ``threshold``; at least ``apart``, where there is one, if no sentence names both."""

    threshold: float
    slope: float
    shift: float
    apart: float | None = None

    def least(self, together: bool) -> float:
        """The least probability of a pair that a sentence names ``together``, or that none does."""
        return self.threshold if together or self.apart is None else self.apart

    def probability(self, logit: float) -> float:
        """The calibrated probability of a logit."""
        return 1.0 / (1.0 + math.exp(-max(-60.0, min(60.0, self.slope * logit + self.shift))))


@dataclass(frozen=True, slots=True)
class FoundPair:
    """What the model says of a pair: label → calibrated probability, for every label it may have.

    ``given`` are the labels above their thresholds.
    """

    pair: Pair
    probabilities: Mapping[str, float]
    given: frozenset[str]


class RelationModel:
    """Labels pairs of concepts of a document.

    Args:
        folder: the model's folder.
        threads: processor threads; 0 leaves the choice to OpenVINO.

    Raises:
        MissingExtraError: without openvino or tokenizers.
        ModelUnavailableError: where a file is absent or damaged.
    """

    def __init__(self, folder: Path, *, threads: int = 0) -> None:
        if find_spec("openvino") is None:
            raise MissingExtraError("openvino", extra="lm")
        record = _settings(folder / "settings.json")
        self.version = f"{record['name']}-{record['version']}"
        self.labels: dict[str, LabelSettings] = {
            name: LabelSettings(
                float(row["threshold"]), float(row["slope"]), float(row["shift"]), row.get("apart")
            )
            for name, row in record["labels"].items()
        }
        self._most_pieces = int(record["max_pieces"])
        self._narrow = bool(record["most_specific_only"])
        self._maker = WordPieces(folder / "tokenizer.json")
        self._mark = self._maker.pieces(record["mark"]).ids[0]
        self._head = RelationHead.load(folder / "head.npz")
        self._names = {row[0]: row[1] for row in _rows(folder / "names.tsv.xz", 2)}
        self._priors = read_priors(folder / "priors.tsv.xz", base=float(record["base"]))
        trees: dict[str, list[str]] = {}
        for key, number in _rows(folder / "trees.tsv.xz", 2):
            trees.setdefault(key, []).append(number)
        self._specificity = Specificity(trees)
        self._path = folder / "model.xml"
        if not self._path.is_file() or not self._path.with_suffix(".bin").is_file():
            raise ModelUnavailableError(
                f"{self._path} or its .bin is absent; install the package again"
            )
        self._threads = threads
        self._requests: dict[int, Any] = {}

    def key(self, names: Sequence[str], concept: str) -> str:
        """MeSH id of the first name the model knows; ``concept`` where it knows none."""
        found = (self._names.get(name.lower()) for name in names)
        return next((key for key in found if key is not None), concept)

    def find(self, document: PairDocument) -> list[FoundPair]:
        """What is found of every candidate pair whose mentions the model can see."""
        pairs, logits = self.scores(document)
        found = [self._found(document, p, row) for p, row in zip(pairs, logits, strict=True)]
        return self._most_specific(document, found) if self._narrow else found

    def scores(self, document: PairDocument) -> tuple[list[Pair], npt.NDArray[np.float32]]:
        """The candidate pairs whose mentions the model can see, and their logits, float32
        [pairs, labels]."""
        best: dict[Pair, npt.NDArray[np.float32]] = {}
        for part, back in self._parts(document):
            for pair, row in self._scored(part):
                whole = (back[pair[0]], back[pair[1]])
                best[whole] = row if whole not in best else np.maximum(best[whole], row)
        pairs = sorted(best)
        rows = np.zeros((len(pairs), len(self.labels)), dtype=np.float32)
        for place, pair in enumerate(pairs):
            rows[place] = best[pair]
        return pairs, rows

    def _found(self, document: PairDocument, pair: Pair, row: npt.NDArray[np.float32]) -> FoundPair:
        fitting = labels_of(document, pair)
        likely = {
            name: settings.probability(float(row[place]))
            for place, (name, settings) in enumerate(self.labels.items())
            if name in fitting
        }
        together = share_sentence(document, pair)
        given = {name for name, p in likely.items() if p >= self.labels[name].least(together)}
        return FoundPair(pair, likely, frozenset(given))

    def _most_specific(self, document: PairDocument, found: Sequence[FoundPair]) -> list[FoundPair]:
        """Without ``causes`` of a disease of which the chemical causes a kind."""
        caused: dict[int, set[str]] = {}
        for one in found:
            if "causes" in one.given:
                key = document.entities[one.pair[1]].key
                caused.setdefault(one.pair[0], set()).add(key)
        kept = []
        for one in found:
            key = document.entities[one.pair[1]].key
            others = caused.get(one.pair[0], set()) if "causes" in one.given else set()
            if any(self._specificity.is_kind_of(other, key) for other in others):
                one = FoundPair(one.pair, one.probabilities, one.given - {"causes"})
            kept.append(one)
        return kept

    def _scored(self, document: PairDocument) -> Iterator[tuple[Pair, npt.NDArray[np.float32]]]:
        marked = marked_pieces(document, self._maker, mark=self._mark, max_pieces=self._most_pieces)
        pairs = [p for p in candidate_pairs(document) if all(marked.marks[i] for i in p)]
        if not pairs:
            return
        counted = features(document, pairs, priors=self._priors, specificity=self._specificity)
        rows, ranges = encoder_rows(marked)
        request, states = self._request(), []
        for row in rows:
            result = request.infer({name: values[None] for name, values in row.items()})
            states.append((np.array(result[0][0]), np.array(result[1][0])))
        hidden, attention = joined_states(states, ranges, len(marked.pieces))
        logits = self._head.logits(hidden, attention, marked.marks, pairs, counted)
        yield from zip(pairs, logits, strict=True)

    def _request(self) -> Any:
        """The encoder, opened once in each process (OpenVINO does not survive a fork)."""
        if os.getpid() not in self._requests:
            import openvino

            settings = {"PERFORMANCE_HINT": "LATENCY", "INFERENCE_PRECISION_HINT": "f32"}
            if self._threads:
                settings["INFERENCE_NUM_THREADS"] = str(self._threads)
            compiled = openvino.Core().compile_model(str(self._path), "CPU", settings)
            self._requests[os.getpid()] = compiled.create_infer_request()
        return self._requests[os.getpid()]

    def _parts(self, document: PairDocument) -> Iterator[tuple[PairDocument, list[int]]]:
        """The document in stretches the encoder can hold, with the entities' numbers in it."""
        room = self._most_pieces - 2
        sizes = [
            len(self._maker.pieces(document.text[s:e]).ids)
            + sum(s <= start < e for entity in document.entities for start, _ in entity.spans)
            for s, e in document.sentences
        ]
        if sum(sizes) <= room:
            yield document, list(range(len(document.entities)))
            return
        first = 0
        while first < len(sizes):
            last, total = first, 0
            while last < len(sizes) and (last == first or total + sizes[last] <= room):
                total += sizes[last]
                last += 1
            yield _stretch(document, first, last)
            if last >= len(sizes):
                return
            first = max(last - 2, first + 1)


def labels_of(document: PairDocument, pair: Pair) -> frozenset[str]:
    """The labels the classes of a pair allow."""
    if document.entities[pair[1]].kind == DISEASE:
        return frozenset({"causes", "treats", "correlated", "related"})
    return frozenset({"related"})


def _stretch(document: PairDocument, first: int, last: int) -> tuple[PairDocument, list[int]]:
    """Sentences ``first`` to ``last`` as a document of their own."""
    start, end = document.sentences[first][0], document.sentences[last - 1][1]
    entities, numbers = [], []
    for number, entity in enumerate(document.entities):
        inside = tuple((s - start, e - start) for s, e in entity.spans if start <= s and e <= end)
        if inside:
            entities.append(Entity(entity.key, entity.kind, inside))
            numbers.append(number)
    spans: tuple[Span, ...] = tuple(
        (s - start, e - start) for s, e in document.sentences[first:last]
    )
    title_end = max(0, min(document.title_end - start, end - start))
    part = PairDocument(document.id, document.text[start:end], title_end, spans, tuple(entities))
    return part, numbers


def read_priors(path: Path, *, base: float) -> Priors:
    """Counts from lines ``first⇥second or nothing⇥pairs seen⇥stated``."""
    concepts: dict[str, tuple[int, int]] = {}
    pairs: dict[tuple[str, str], tuple[int, int]] = {}
    for first, second, seen, stated in _rows(path, 4):
        if second:
            pairs[first, second] = (int(seen), int(stated))
        else:
            concepts[first] = (int(seen), int(stated))
    return Priors(concepts, pairs, base)


def _rows(path: Path, columns: int) -> Iterator[list[str]]:
    try:
        with lzma.open(path, "rt", encoding="utf-8") as stream:
            for line in stream:
                cells = line.rstrip("\n").split("\t")
                if len(cells) != columns:
                    raise ModelUnavailableError(f"{path}: {line!r} has not {columns} columns")
                yield cells
    except (OSError, lzma.LZMAError) as error:
        raise ModelUnavailableError(f"{path}: not readable ({error})") from error


def _settings(path: Path) -> dict[str, Any]:
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ModelUnavailableError(f"{path}: not a readable relation model ({error})") from error
    if not isinstance(record, dict):
        raise ModelUnavailableError(f"{path}: holds no record")
    return record
