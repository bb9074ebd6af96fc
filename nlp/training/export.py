"""A trained torch network as an OpenVINO model with int8 weights, for reading without torch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from kg.errors import MissingExtraError

#: ``weights``: int8 weights, computed with as floats; ``all``: int8 activations too, where they
#: can be had without loss; ``none``: as trained, in half precision on disk.
Precision = Literal["weights", "all", "none"]


def export_openvino(
    network: Any,
    example: Mapping[str, npt.NDArray[np.int64]],
    target: Path,
    *,
    precision: Precision = "weights",
    calibration: Sequence[Mapping[str, npt.NDArray[np.int64]]] = (),
) -> None:
    """Write ``target`` (``.xml``, the weights beside it as ``.bin``).

    Args:
        network: a torch module in evaluation mode; its forward takes the inputs by position.
        example: one batch of inputs, by name, in the order of the forward's arguments; every
            dimension but those of size one may differ later.
        target: path of the ``.xml``.
        precision: what becomes int8.
        calibration: batches the ranges of the activations are measured on, for ``all``.

    Raises:
        MissingExtraError: without torch, openvino or nncf.
    """
    try:
        import nncf
        import openvino
        import torch
    except ImportError as error:
        raise MissingExtraError("torch, openvino or nncf", extra="train") from error
    network = network.eval().to("cpu")
    inputs = tuple(torch.from_numpy(value) for value in example.values())
    with torch.inference_mode():
        model = openvino.convert_model(network, example_input=inputs)
    for port, (name, value) in zip(model.inputs, example.items(), strict=True):
        port.get_tensor().set_names({name})
        port.get_node().set_friendly_name(name)
        port.get_node().set_partial_shape(openvino.PartialShape([-1] * value.ndim))
    model.validate_nodes_and_infer_types()
    if precision == "weights":
        model = nncf.compress_weights(model, mode=nncf.CompressWeightsMode.INT8_SYM)
    elif precision == "all":
        model = nncf.quantize(
            model,
            nncf.Dataset(list(calibration), dict),
            model_type=nncf.ModelType.TRANSFORMER,
            subset_size=len(calibration),
        )
    target.parent.mkdir(parents=True, exist_ok=True)
    openvino.save_model(model, str(target), compress_to_fp16=True)
