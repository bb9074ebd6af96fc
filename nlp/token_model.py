"""A trained token model read without torch: OpenVINO, int8 weights, texts batched by length.

A model is a folder::

    model.xml, model.bin    the network
    scheme.json             name, version, labels, features: :class:`nlp.token_scheme.TokenScheme`
    tokenizer.json          or characters.txt
    names.xz                the known names its features come from, where it uses any
    card.md, metrics.json   what it was trained on and what it scored
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
import numpy.typing as npt

from kg.errors import MissingExtraError, ModelUnavailableError
from nlp.gazetteer import Gazetteer
from nlp.token_scheme import TokenScheme, Word
from nlp.token_windows import LabelKeeper, WindowMaker, collate, piece_maker

_BATCH = 8
_TEXTS = 64


@dataclass(frozen=True, slots=True)
class FoundSpan:
    """A mention found: ``[start, end)``, its class, and the mean probability of its labels."""

    start: int
    end: int
    name: str
    score: float


class TokenModel:
    """Finds spans in texts.

    Args:
        folder: the model's folder.
        threads: processor threads; 0 leaves the choice to OpenVINO.

    Raises:
        MissingExtraError: without openvino or tokenizers.
        ModelUnavailableError: where a file is absent or damaged.
    """

    def __init__(self, folder: Path, *, threads: int = 0) -> None:
        try:
            import openvino
        except ImportError as error:
            raise MissingExtraError("openvino", extra="lm") from error
        self.scheme = TokenScheme.from_json(_scheme_record(folder))
        self.version = model_version(folder)
        gazetteer = Gazetteer.load(folder / "names.xz") if self.scheme.gazetteer else None
        self._maker = WindowMaker(self.scheme, piece_maker(self.scheme, folder), gazetteer)
        settings = {"PERFORMANCE_HINT": "LATENCY", "INFERENCE_PRECISION_HINT": "f32"}
        if threads:
            settings["INFERENCE_NUM_THREADS"] = str(threads)
        path = folder / "model.xml"
        if not path.is_file() or not path.with_suffix(".bin").is_file():
            raise ModelUnavailableError(f"{path} or its .bin is absent; install the package again")
        core = openvino.Core()
        self._request = core.compile_model(str(path), "CPU", settings).create_infer_request()

    def spans(self, texts: Sequence[str], *, corpus: str = "") -> list[list[FoundSpan]]:
        """The spans of each text, by start.

        Args:
            texts: held in memory together; see :meth:`stream` for many.
            corpus: whose way of annotating is followed; the scheme's first where not given.
        """
        keeper = LabelKeeper(len(texts))
        windows = [
            w for i, text in enumerate(texts) for w in self._maker.windows(i, text, corpus=corpus)
        ]
        windows = [w for w in windows if w.words]
        windows.sort(key=lambda w: len(w.pieces))
        for begin in range(0, len(windows), _BATCH):
            part = windows[begin : begin + _BATCH]
            logits = self._request.infer(collate(part))[0]
            for row, window in enumerate(part):
                keeper.add(window, logits[row])
        return [self._decoded(keeper.words(i)) for i in range(len(texts))]

    def stream(self, texts: Iterable[str], *, corpus: str = "") -> Iterator[list[FoundSpan]]:
        """The spans of texts, lazily, in order; 64 of them are held at a time."""
        remaining = iter(texts)
        while part := list(islice(remaining, _TEXTS)):
            yield from self.spans(part, corpus=corpus)

    def _decoded(self, words: Sequence[tuple[Word, npt.NDArray[np.float32]]]) -> list[FoundSpan]:
        if not words:
            return []
        scores = np.stack([s for _, s in words])
        scores = np.exp(scores - scores.max(axis=1, keepdims=True))
        likely = scores.max(axis=1) / scores.sum(axis=1)
        listed = [word for word, _ in words]
        starts = [start for _, start, _ in listed]
        ends = [end for _, _, end in listed]
        found = []
        for start, end, name in self.scheme.decode(listed, scores.argmax(axis=1).tolist()):
            inside = likely[starts.index(start) : ends.index(end) + 1]
            found.append(FoundSpan(start, end, name, round(float(inside.mean()), 4)))
        return found


def model_version(folder: Path) -> str:
    """Name and version of a model folder, without opening the model.

    Raises:
        ModelUnavailableError: where the folder holds no model.
    """
    record = _scheme_record(folder)
    return f"{record.get('name', folder.name)}-{record.get('version', '0')}"


def _scheme_record(folder: Path) -> dict[str, object]:
    path = folder / "scheme.json"
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ModelUnavailableError(f"{path}: not a readable token model ({error})") from error
    if not isinstance(record, dict):
        raise ModelUnavailableError(f"{path}: holds no record")
    return record
