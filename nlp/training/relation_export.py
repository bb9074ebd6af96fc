"""Writes the folder :class:`nlp.relation_model.RelationModel` reads."""

from __future__ import annotations

import json
import lzma
import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from nlp.relation_head import LAYERS
from nlp.relation_pairs import Priors
from nlp.relation_pieces import MOST_PIECES
from nlp.training.export import export_openvino
from nlp.training.relation_calibration import Calibration
from nlp.training.relation_training import MARK


def write_relation_model(
    network: Any,
    *,
    encoder: Path,
    out: Path,
    name: str,
    version: str,
    priors: Priors,
    names: Mapping[str, str],
    trees: Mapping[str, Sequence[str]],
    labels: Mapping[str, Calibration],
    most_specific_only: bool,
) -> None:
    """Write the model folder.

    Args:
        network: the trained ``encoder`` and ``head``.
        encoder: folder of the encoder it started from, for its ``tokenizer.json``.
        out: folder to write.
        name: of the model.
        version: of its weights.
        priors: counts over its training documents.
        names: name → MeSH id.
        trees: MeSH id → tree numbers.
        labels: label → calibration, in the order of the head's outputs.
        most_specific_only: whether ``causes`` is kept for the most specific disease only.
    """
    out.mkdir(parents=True, exist_ok=True)
    network = network.eval().to("cpu")
    example = {part: np.ones((1, 24), dtype=np.int64) for part in ("pieces", "mask", "kinds")}
    export_openvino(network["encoder"], example, out / "model.xml")
    state = {k: v.detach().float().numpy() for k, v in network["head"].state_dict().items()}
    np.savez(
        out / "head.npz",
        **{
            f"{n}.{part}": state[f"{n}.{part}"].astype(np.float16)
            for n in LAYERS
            for part in ("weight", "bias")
        },
    )
    shutil.copyfile(encoder / "tokenizer.json", out / "tokenizer.json")
    _write_rows(out / "names.tsv.xz", sorted(names.items()))
    _write_rows(out / "trees.tsv.xz", ((k, n) for k, of in sorted(trees.items()) for n in of))
    counted = [(k, "", *c) for k, c in priors.concepts.items()]
    counted += [(a, b, *c) for (a, b), c in priors.pairs.items()]
    _write_rows(out / "priors.tsv.xz", sorted(counted))
    record = {
        "name": name,
        "version": version,
        "mark": MARK,
        "max_pieces": MOST_PIECES,
        "base": priors.base,
        "most_specific_only": most_specific_only,
        "labels": {label: asdict(c) for label, c in labels.items()},
    }
    (out / "settings.json").write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


def _write_rows(path: Path, rows: Iterable[Sequence[object]]) -> None:
    text = "".join("\t".join(map(str, row)) + "\n" for row in rows)
    path.write_bytes(lzma.compress(text.encode("utf-8"), preset=9))
