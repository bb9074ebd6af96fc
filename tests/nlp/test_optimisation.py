"""What trainings share: rates, checkpoints, batches, and the encoder of an exported model."""

from __future__ import annotations

from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from kg.errors import ModelUnavailableError
from nlp.training.optimisation import Optimisation, bucketed, half_precision, has_bf16
from nlp.training.shipped_encoder import exported_encoder
from nlp.training.token_trainer import TokenTrainingConfig

CONFIG = TokenTrainingConfig(encoder_rate=0.1, head_rate=0.2, warmup=0.5, threads=1, bf16=False)


def _optimisation(network: Any, folder: Path, config: TokenTrainingConfig = CONFIG) -> Any:
    torch = pytest.importorskip("torch")
    head = network[1].parameters()
    return Optimisation(torch, network, config, head=head, steps=4, folder=folder)


def _network() -> Any:
    torch = pytest.importorskip("torch")
    torch.manual_seed(1)
    return torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.Linear(2, 1))


def _loss(network: Any) -> Any:
    torch = pytest.importorskip("torch")
    return network(torch.ones(3, 2)).square().mean()


def test_an_interrupted_training_goes_on_as_if_it_had_not_been(tmp_path: Path) -> None:
    whole = _network()
    steps = _optimisation(whole, tmp_path / "unused")
    losses = [steps.step(_loss(whole)) for _ in range(4)]
    assert losses[-1] < losses[0]
    first = _network()
    begun = _optimisation(first, tmp_path)
    for _ in range(2):
        begun.step(_loss(first))
    begun.save(2, ["x"], more=3)
    second = _network()
    resumed = _optimisation(second, tmp_path)
    state = resumed.load("cpu")
    assert (state["step"], state["history"], state["more"]) == (2, ["x"], 3)
    assert [resumed.step(_loss(second)) for _ in range(2)] == losses[2:]
    assert list(tmp_path.iterdir()) == [tmp_path / "checkpoint.pt"]


def test_a_checkpoint_of_another_configuration_is_left(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    network = _network()
    _optimisation(network, tmp_path).save(1, [])
    other = _optimisation(network, tmp_path, replace(CONFIG, seed=9))
    assert other.load("cpu") is None
    assert "starts anew" in caplog.text
    assert _optimisation(network, tmp_path / "none").load("cpu") is None


@pytest.mark.parametrize(
    ("capabilities", "expected"),
    [
        ({"avx2": True, "avx512_f": False}, False),
        ({"avx512_f": True, "avx512_bf16": True}, True),
        ({"architecture": "arm64", "bf16": True}, True),
    ],
)
def test_half_precision_only_where_the_processor_has_it(
    capabilities: dict[str, object], expected: bool
) -> None:
    made = []

    def autocast(*given: object) -> str:
        made.append(given)
        return "half"

    torch = SimpleNamespace(
        cpu=SimpleNamespace(get_capabilities=lambda: capabilities),
        autocast=autocast,
        bfloat16="bfloat16",
    )
    assert has_bf16(torch) is expected
    context = half_precision(torch, SimpleNamespace(type="cpu"), wanted=True)
    assert (context == "half") is expected
    assert half_precision(torch, SimpleNamespace(type="cpu"), wanted=False) != "half"
    assert half_precision(torch, SimpleNamespace(type="cuda"), wanted=True) == "half"
    assert has_bf16(SimpleNamespace(cpu=SimpleNamespace())) is False


def test_batches_hold_everything_once_and_like_with_like() -> None:
    lengths = [n % 7 for n in range(100)]
    batches = bucketed(lengths, 8, seed=3)
    assert sorted(i for batch in batches for i in batch) == list(range(100))
    assert batches == bucketed(lengths, 8, seed=3) != bucketed(lengths, 8, seed=4)
    spread = [max(lengths[i] for i in b) - min(lengths[i] for i in b) for b in batches]
    assert max(spread) <= 1


def test_the_shipped_encoder_as_numbers_again() -> None:
    """Its embeddings, normalised, are those the exported network itself computes."""
    openvino = pytest.importorskip("openvino")
    path = Path(str(files("nlp").joinpath("models", "ner-en", "model.xml")))
    tensors = exported_encoder(path)
    assert len(tensors) == 5 + 6 * 16
    model = openvino.Core().read_model(str(path))
    layer = "__module.encoder.embeddings.LayerNorm/aten::layer_norm/Add"
    (node,) = [op for op in model.get_ops() if op.get_friendly_name() == layer]
    model.add_outputs([node.output(0)])
    compiled = openvino.Core().compile_model(model, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    pieces = np.array([[101, 2000, 3000, 102]], dtype=np.int64)
    zeros = np.zeros_like(pieces)
    found = compiled({"pieces": pieces, "mask": zeros + 1, "features": zeros})
    expected = tensors["embeddings.word_embeddings.weight"][pieces[0]]
    expected = expected + tensors["embeddings.position_embeddings.weight"][:4]
    expected = expected + tensors["embeddings.token_type_embeddings.weight"][0]
    expected = expected + _feature(model)
    expected -= expected.mean(axis=-1, keepdims=True)
    expected /= np.sqrt((expected**2).mean(axis=-1, keepdims=True) + 1e-12)
    expected *= tensors["embeddings.LayerNorm.weight"]
    expected += tensors["embeddings.LayerNorm.bias"]
    assert np.allclose(found[1][0], expected, atol=2e-3)


def _feature(model: Any) -> Any:
    """What "no feature" adds: the first row of the features."""
    by_name = {op.get_friendly_name(): op for op in model.get_ops()}
    row = by_name["self.feature.weight"].data[0].astype(np.float32)
    return row * by_name["self.feature.weight/scale"].data[0].astype(np.float32)


def test_what_is_no_exported_recogniser_is_refused(tmp_path: Path) -> None:
    pytest.importorskip("openvino")
    with pytest.raises(ModelUnavailableError, match="absent"):
        exported_encoder(tmp_path / "model.xml")
