"""A BERT encoder as an OpenVINO network, straight from its weights, without torch.

Devlin et al. 2019, https://doi.org/10.48550/arXiv.1810.04805. Weights are read from the safetensors
format (https://huggingface.co/docs/safetensors): the length of a JSON header as eight bytes, the
header, the tensors.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from kg.errors import MissingExtraError, ModelUnavailableError

Array = npt.NDArray[np.float32]


def read_safetensors(path: Path) -> dict[str, Array]:
    """The float32 tensors of a file by name; others are left out.

    Raises:
        ModelUnavailableError: where the file is absent or is none of that format.
    """
    try:
        stored = np.memmap(path, np.uint8, mode="r")
        size = int.from_bytes(stored[:8].tobytes(), "little")
        header = json.loads(stored[8 : 8 + size].tobytes())
        start = 8 + size
        found = {}
        for name, place in header.items():
            if place.get("dtype") == "F32":
                begin, end = place["data_offsets"]
                flat = stored[start + begin : start + end].view(np.float32)
                found[name] = np.asarray(flat).reshape(place["shape"])
        return found
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelUnavailableError(
            f"{path}: no readable safetensors file ({error}); remove its folder and fetch it again"
        ) from error


def bert_network(weights: Mapping[str, Array], *, layers: int, heads: int, eps: float) -> Any:
    """The network: ``ids`` and ``mask`` int64 [text, piece] → states float32 [text, piece, width].

    Args:
        weights: by the names of ``transformers.BertModel``.
        layers: how many.
        heads: of attention, a layer.
        eps: of layer normalisation.

    Raises:
        MissingExtraError: without openvino.
        ModelUnavailableError: where a tensor is missing.
    """
    try:
        import openvino
        from openvino import opset13 as ops
    except ImportError as error:
        raise MissingExtraError("openvino", extra="lm") from error
    try:
        return _Network(weights, ops, heads, eps).model(openvino, layers)
    except KeyError as error:
        raise ModelUnavailableError(f"the weights lack the tensor {error}; fetch them again") from (
            error
        )


class _Network:
    """Builds one network; ``ops`` is an operation set of OpenVINO."""

    def __init__(self, weights: Mapping[str, Array], ops: Any, heads: int, eps: float) -> None:
        self._weights = weights
        self._ops = ops
        self._heads = heads
        self._eps = eps
        self._width = weights["embeddings.word_embeddings.weight"].shape[1]

    def model(self, openvino: Any, layers: int) -> Any:
        ops = self._ops
        ids = ops.parameter([-1, -1], np.int64, name="ids")
        mask = ops.parameter([-1, -1], np.int64, name="mask")
        states = self._embedded(ids)
        hidden = ops.subtract(np.float32(1.0), ops.convert(mask, "f32"))
        shut = ops.multiply(ops.unsqueeze(hidden, np.array([1, 2])), np.float32(-1e4))
        for number in range(layers):
            states = self._layer(states, shut, f"encoder.layer.{number}.")
        return openvino.Model([states], [ids, mask], "bert")

    def _embedded(self, ids: Any) -> Any:
        ops, name = self._ops, "embeddings.{}_embeddings.weight"
        length = ops.gather(ops.shape_of(ids), np.array(1), np.array(0))
        places = ops.range(np.int64(0), length, np.int64(1), "i64")
        words = ops.gather(self._weights[name.format("word")], ids, np.array(0))
        positions = ops.gather(self._weights[name.format("position")], places, np.array(0))
        kind = self._weights[name.format("token_type")][0]
        return self._normal(ops.add(ops.add(words, positions), kind), "embeddings.LayerNorm.")

    def _layer(self, states: Any, shut: Any, name: str) -> Any:
        ops, width = self._ops, self._width // self._heads
        query, key, value = (
            self._apart(self._linear(states, f"{name}attention.self.{part}."))
            for part in ("query", "key", "value")
        )
        scores = ops.multiply(ops.matmul(query, key, False, True), np.float32(width**-0.5))
        heeded = ops.matmul(ops.softmax(ops.add(scores, shut), -1), value, False, False)
        joined = ops.reshape(
            ops.transpose(heeded, np.array([0, 2, 1, 3])), np.array([0, 0, self._width]), True
        )
        out = self._linear(joined, f"{name}attention.output.dense.")
        states = self._normal(ops.add(out, states), f"{name}attention.output.LayerNorm.")
        inner = ops.gelu(self._linear(states, f"{name}intermediate.dense."), "erf")
        out = self._linear(inner, f"{name}output.dense.")
        return self._normal(ops.add(out, states), f"{name}output.LayerNorm.")

    def _apart(self, states: Any) -> Any:
        """[text, piece, width] → [text, head, piece, width of a head]."""
        shape = np.array([0, 0, self._heads, self._width // self._heads])
        apart = self._ops.reshape(states, shape, True)
        return self._ops.transpose(apart, np.array([0, 2, 1, 3]))

    def _linear(self, states: Any, name: str) -> Any:
        product = self._ops.matmul(states, self._weights[f"{name}weight"], False, True)
        return self._ops.add(product, self._weights[f"{name}bias"])

    def _normal(self, states: Any, name: str) -> Any:
        ops = self._ops
        normal = ops.mvn(states, np.array([-1]), True, self._eps, "inside_sqrt")
        scaled = ops.multiply(normal, self._weights[f"{name}weight"])
        return ops.add(scaled, self._weights[f"{name}bias"])
