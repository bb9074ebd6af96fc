"""The shipped English recogniser in OpenVINO and in ONNX Runtime: as good, and how fast.

    python -m bench.onnx_runtime --data DIR --cache DIR [--threads N] [--texts N]

Needs the extra ``train``, ``onnx`` and ``onnxruntime``; nothing else of this project does. The
shipped int8 weights are made floats again, exported to ONNX and quantised anew there (int8
weights, activations at run time: ``onnxruntime.quantization.quantize_dynamic``). Windows, batches
and everything after the network are the same. Printed: strict F1 on the BC5CDR test set and texts
a second of the recogniser alone, all on the same number of threads, one after the other, twice.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from medkgqa.training_command import shipped_config, shipped_model, training_texts
from nlp.token_model import TokenModel
from nlp.training.encoders import encoder_folder
from nlp.training.examples import SpanExample, span_scores
from nlp.training.shipped_encoder import exported_tensors
from nlp.training.token_network import make_network
from nlp.training.token_plan import read_plan


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--cache", type=Path, required=True, help="where encoders are kept")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--texts", type=int, default=500)
    options = parser.parse_args()
    plan = read_plan(shipped_config("ner"))
    test = training_texts(plan, options.data).tests["BC5CDR test"][: options.texts]
    path = shipped_model("ner-en")
    with tempfile.TemporaryDirectory() as folder:
        exported = _exported(plan, path, encoder_folder(plan.encoder, options.cache), Path(folder))
        for _ in range(2):
            model = TokenModel(path.parent, threads=options.threads)
            _report("OpenVINO, int8 weights", model, test)
            for name, file in exported.items():
                model = TokenModel(path.parent, threads=options.threads)
                model._request = _Session(file, options.threads)
                _report(f"ONNX Runtime, {name}", model, test)


def _exported(plan: Any, path: Path, encoder: Path, folder: Path) -> dict[str, Path]:
    import torch
    from onnxruntime.quantization import QuantType, quantize_dynamic

    network = make_network(encoder, plan.scheme, dropout=0.0).eval()
    tensors = exported_tensors(path)
    network.load_state_dict({name: torch.from_numpy(tensor) for name, tensor in tensors.items()})
    whole, small = folder / "fp32.onnx", folder / "int8.onnx"
    names = ["pieces", "mask", "features"]
    torch.onnx.export(
        network,
        tuple(torch.ones(2, 16, dtype=torch.int64) for _ in names),
        str(whole),
        input_names=names,
        output_names=["logits"],
        dynamic_axes={name: {0: "batch", 1: "length"} for name in [*names, "logits"]},
        dynamo=False,
    )
    quantize_dynamic(str(whole), str(small), weight_type=QuantType.QInt8)
    return {"fp32": whole, "int8": small}


class _Session:
    """ONNX Runtime where the model expects OpenVINO's request."""

    def __init__(self, path: Path, threads: int) -> None:
        import onnxruntime

        settings = onnxruntime.SessionOptions()
        settings.intra_op_num_threads = threads
        self._session = onnxruntime.InferenceSession(str(path), settings, ["CPUExecutionProvider"])

    def infer(self, batch: Mapping[str, Any]) -> list[Any]:
        """The logits of a batch."""
        return list(self._session.run(None, dict(batch)))


def _report(name: str, model: TokenModel, test: Sequence[SpanExample]) -> None:
    texts = [e.text for e in test]
    list(model.spans(texts[:16], corpus=test[0].corpus))
    wall, processor = time.perf_counter(), time.process_time()
    listed = list(model.spans(texts, corpus=test[0].corpus))
    wall, processor = time.perf_counter() - wall, time.process_time() - processor
    found = [[(s.start, s.end, s.name) for s in spans] for spans in listed]
    scores = span_scores([e.spans for e in test], found, ["Chemical", "Disease"])
    f1 = " ".join(f"{k} {row['f1']}" for k, row in scores.items())
    print(
        f"{name}: F1 {f1}; {len(texts) / wall:.1f} texts/s, {len(texts) / processor:.1f} a second "
        "of processor time",
        flush=True,
    )


if __name__ == "__main__":
    main()
