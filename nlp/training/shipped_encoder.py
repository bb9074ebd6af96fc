"""The encoder inside an exported recogniser, as numbers to go on training from.

The int8 weights of :func:`nlp.training.export.export_openvino` (one scale a row) are made floats
again, so that a model which starts from a recogniser needs no training run of it on this machine.
OpenVINO keeps the names torch gave the weights, and names every operation after its module.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from kg.errors import MissingExtraError, ModelUnavailableError

_WEIGHT = re.compile(r"self\.(?P<name>.+\.weight)")
_ADDED = re.compile(r"__module\.(?P<name>.+)/aten::(?:linear|layer_norm)/Add")
_SCALED = re.compile(r"__module\.(?P<name>.+)/aten::layer_norm/Multiply_1")
_ENCODER = "encoder."


def exported_encoder(path: Path) -> dict[str, npt.NDArray[np.float32]]:
    """The encoder's tensors, by their names in ``BertModel``; see :func:`exported_tensors`."""
    return {
        name.removeprefix(_ENCODER): tensor
        for name, tensor in exported_tensors(path).items()
        if name.startswith(_ENCODER)
    }


def exported_tensors(path: Path) -> dict[str, npt.NDArray[np.float32]]:
    """Every tensor of a recogniser, by its name in :mod:`nlp.training.token_network`.

    Args:
        path: the ``model.xml`` of an exported recogniser.

    Raises:
        MissingExtraError: without openvino.
        ModelUnavailableError: where the file is absent or holds no encoder.
    """
    try:
        import openvino
    except ImportError as error:
        raise MissingExtraError("openvino", extra="lm") from error
    if not path.is_file() or not path.with_suffix(".bin").is_file():
        raise ModelUnavailableError(f"{path} or its .bin is absent; train the recogniser first")
    model = openvino.Core().read_model(str(path))
    tensors = dict(_tensors(model.get_ordered_ops()))
    if f"{_ENCODER}embeddings.word_embeddings.weight" not in tensors:
        raise ModelUnavailableError(f"{path}: not the network of a recogniser with an encoder")
    return tensors


def _tensors(operations: list[Any]) -> Iterator[tuple[str, npt.NDArray[np.float32]]]:
    constants = {
        op.get_friendly_name(): op for op in operations if op.get_type_name() == "Constant"
    }
    for operation in operations:
        name = operation.get_friendly_name()
        if operation.get_type_name() == "Constant":
            found = _WEIGHT.fullmatch(name)
            if found:
                scale = constants.get(f"{name}/scale")
                weight = operation.data.astype(np.float32)
                factor = 1.0 if scale is None else scale.data.astype(np.float32)
                yield found["name"], weight * factor
        elif found := _ADDED.fullmatch(name):
            yield f"{found['name']}.bias", _vector(operation)
        elif found := _SCALED.fullmatch(name):
            yield f"{found['name']}.weight", _vector(operation)


def _vector(operation: Any) -> npt.NDArray[np.float32]:
    """The constant an operation adds or multiplies with."""
    node = operation.input(1).get_source_output().get_node()
    while node.get_type_name() == "Convert":
        node = node.input(0).get_source_output().get_node()
    values: npt.NDArray[np.float32] = node.data.astype(np.float32).reshape(-1)
    return values
