"""The encoder's network against plain numpy, and what happens to damaged files."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from kg.errors import ModelUnavailableError
from nlp.bert_network import bert_network, read_safetensors
from nlp.sentence_encoder import SentenceEncoder

openvino = pytest.importorskip("openvino", reason="needs the extra lm")
WIDTH, HEADS, INNER, LAYERS, EPS = 8, 2, 12, 2, 1e-12
Array = npt.NDArray[np.float32]


def weights() -> dict[str, Array]:
    drawn = np.random.default_rng(3)

    def matrix(*shape: int) -> Array:
        return drawn.normal(0, 0.4, shape).astype(np.float32)

    found = {
        "embeddings.word_embeddings.weight": matrix(20, WIDTH),
        "embeddings.position_embeddings.weight": matrix(16, WIDTH),
        "embeddings.token_type_embeddings.weight": matrix(2, WIDTH),
        "embeddings.LayerNorm.weight": matrix(WIDTH),
        "embeddings.LayerNorm.bias": matrix(WIDTH),
    }
    shapes = {
        "attention.self.query": (WIDTH, WIDTH),
        "attention.self.key": (WIDTH, WIDTH),
        "attention.self.value": (WIDTH, WIDTH),
        "attention.output.dense": (WIDTH, WIDTH),
        "attention.output.LayerNorm": (WIDTH,),
        "intermediate.dense": (INNER, WIDTH),
        "output.dense": (WIDTH, INNER),
        "output.LayerNorm": (WIDTH,),
    }
    for layer in range(LAYERS):
        for name, shape in shapes.items():
            found[f"encoder.layer.{layer}.{name}.weight"] = matrix(*shape)
            found[f"encoder.layer.{layer}.{name}.bias"] = matrix(shape[0])
    return found


def by_numpy(of: dict[str, Array], ids: list[int]) -> Array:
    """The states of one text without padding."""

    def normal(x: Array, name: str) -> Array:
        centred = (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + EPS)
        return centred * of[f"{name}.weight"] + of[f"{name}.bias"]

    def linear(x: Array, name: str) -> Array:
        return x @ of[f"{name}.weight"].T + of[f"{name}.bias"]

    x = of["embeddings.word_embeddings.weight"][ids]
    x = x + of["embeddings.position_embeddings.weight"][: len(ids)]
    x = normal(x + of["embeddings.token_type_embeddings.weight"][0], "embeddings.LayerNorm")
    for layer in range(LAYERS):
        name = f"encoder.layer.{layer}."
        parts = [linear(x, f"{name}attention.self.{p}") for p in ("query", "key", "value")]
        q, k, v = (p.reshape(len(ids), HEADS, -1).transpose(1, 0, 2) for p in parts)
        scores = np.exp(q @ k.transpose(0, 2, 1) / math.sqrt(WIDTH // HEADS))
        heeded = (scores / scores.sum(-1, keepdims=True)) @ v
        heeded = heeded.transpose(1, 0, 2).reshape(len(ids), WIDTH)
        x = normal(
            linear(heeded, f"{name}attention.output.dense") + x, f"{name}attention.output.LayerNorm"
        )
        inner = linear(x, f"{name}intermediate.dense")
        erf = np.vectorize(math.erf)(inner / math.sqrt(2))
        x = normal(
            linear(inner * 0.5 * (1 + erf), f"{name}output.dense") + x, f"{name}output.LayerNorm"
        )
    return np.asarray(x, np.float32)


def test_the_network_is_bert_and_padding_changes_nothing() -> None:
    of = weights()
    network = bert_network(of, layers=LAYERS, heads=HEADS, eps=EPS)
    compiled = openvino.Core().compile_model(
        network, "CPU", {"INFERENCE_PRECISION_HINT": "f32", "INFERENCE_NUM_THREADS": "1"}
    )
    ids = np.array([[3, 7, 9, 1], [5, 2, 0, 0]], np.int64)
    mask = np.array([[1, 1, 1, 1], [1, 1, 0, 0]], np.int64)
    states = compiled({"ids": ids, "mask": mask})[0]
    np.testing.assert_allclose(states[0], by_numpy(of, [3, 7, 9, 1]), atol=2e-4)
    np.testing.assert_allclose(states[1, :2], by_numpy(of, [5, 2]), atol=2e-4)


def test_a_missing_tensor_is_named() -> None:
    of = weights()
    del of["encoder.layer.1.output.dense.bias"]
    with pytest.raises(ModelUnavailableError, match=r"encoder\.layer\.1\.output\.dense\.bias"):
        bert_network(of, layers=LAYERS, heads=HEADS, eps=EPS)


def test_safetensors_are_read_as_they_were_written(tmp_path: Path) -> None:
    values = np.arange(6, dtype=np.float32).reshape(2, 3)
    header = {
        "__metadata__": {"format": "pt"},
        "a": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]},
        "ids": {"dtype": "I64", "shape": [1], "data_offsets": [24, 32]},
    }
    encoded = json.dumps(header).encode()
    encoded += b" " * (-len(encoded) % 8)
    path = tmp_path / "model.safetensors"
    path.write_bytes(len(encoded).to_bytes(8, "little") + encoded + values.tobytes() + bytes(8))
    found = read_safetensors(path)
    assert list(found) == ["a"]
    np.testing.assert_array_equal(found["a"], values)


@pytest.mark.parametrize("content", [b"", b"garbage that is longer than eight bytes", b"\x08" * 16])
def test_a_damaged_file_is_named(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "model.safetensors"
    path.write_bytes(content)
    with pytest.raises(ModelUnavailableError, match=r"model\.safetensors.*fetch it again"):
        read_safetensors(path)


def test_an_unknown_encoder_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelUnavailableError, match="'e9000'"):
        SentenceEncoder.fetched("e9000", tmp_path)
