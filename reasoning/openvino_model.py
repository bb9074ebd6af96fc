"""A GGUF language model run by OpenVINO, without torch: raw logits over our own cache.

OpenVINO GenAI reads the GGUF once and writes OpenVINO's own format; to that graph one input is
added, ``logit_positions``, so that the language-model head is computed only where a score is
asked for. What is made is kept beside the weights, per OpenVINO version, with OpenVINO's
compiled form, so that later starts take a fraction of a second.

Files, in the directory of the weights::

    openvino-VERSION/model.xml, .bin         the network, with logit_positions
    openvino-VERSION/openvino_tokenizer.*    text to tokens; openvino_detokenizer.* back
    openvino-VERSION/vocabulary.json         size, context length, control tokens
    openvino-VERSION/compiled/               OpenVINO's cache

Telemetry: ``import openvino`` writes an identifier to the user's home and reports its use to
Google Analytics, through the package ``openvino_telemetry``. :func:`import_openvino` makes that
package unimportable in this process, upon which OpenVINO uses its own do-nothing stand-in.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import importlib.util
import itertools
import json
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from kg.errors import MissingExtraError, ModelUnavailableError, UsageError
from reasoning.language_model import Logits, log_probabilities
from reasoning.model_files import installed, model_directory, verify

_SCORED_POSITIONS_PER_BATCH = 512  # bounds the logits of one scoring batch to 100 MB
_CONTROL_TOKEN = 3  # GGUF's token type of <|im_start|> and the like


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """What the tokenizer's graph does not tell: sizes and control tokens, by text."""

    size: int
    context_length: int
    end_token: int
    control_tokens: dict[str, int]


class OpenVINOModel:
    """SmolLM2 (or another ChatML model of the llama family) through OpenVINO on the CPU."""

    def __init__(self, name: str, cache_dir: Path, *, threads: int | None = None) -> None:
        """Open installed model ``name``; the first time converts and compiles it (seconds).

        ``threads``: CPU threads, OpenVINO's choice where None. Raises
        :class:`ModelUnavailableError` where the weights are absent or damaged and
        :class:`MissingExtraError` without the extra ``lm``.
        """
        runtime = import_openvino()
        if installed(name, cache_dir) is None:
            raise ModelUnavailableError(
                f"model {name} is not in {cache_dir}; fetch it with: medkgqa models get {name}"
            )
        directory = _converted(name, cache_dir, runtime)
        self._name = name
        self._runtime = runtime
        self._vocabulary = _read_vocabulary(directory / "vocabulary.json")
        core = runtime.Core()
        core.set_property({"CACHE_DIR": str(directory / "compiled")})
        core.add_extension(str(_tokenizer_library()))
        try:
            self._tokenizer = core.compile_model(directory / "openvino_tokenizer.xml", "CPU")
            self._detokenizer = core.compile_model(directory / "openvino_detokenizer.xml", "CPU")
            self._network = core.compile_model(
                directory / "model.xml", "CPU", _compile_options(threads)
            )
        except RuntimeError as error:
            raise ModelUnavailableError(
                f"{directory}: OpenVINO cannot read it: {error}; delete that directory, it is "
                "made again from the weights"
            ) from error
        names = sorted(self._vocabulary.control_tokens, key=len, reverse=True)
        self._control = re.compile("|".join(map(re.escape, names)) or r"(?!)")
        self._scorer: Any = None

    @property
    def name(self) -> str:
        """The model's name in the registry."""
        return self._name

    @property
    def vocabulary_size(self) -> int:
        """Number of tokens."""
        return self._vocabulary.size

    @property
    def end_token(self) -> int:
        """``<|im_end|>``."""
        return self._vocabulary.end_token

    @property
    def context_length(self) -> int:
        """Most tokens a session can hold."""
        return self._vocabulary.context_length

    def encode(self, text: str) -> list[int]:
        """Tokens of ``text``; a control token spelled out in it stays plain text."""
        return self.encode_many([text])[0]

    def encode_many(self, texts: Sequence[str]) -> list[list[int]]:
        """Tokens of each text, in one call of the tokenizer."""
        pieces: list[str] = []
        owners: list[int] = []
        for number, text in enumerate(texts):
            for piece in self._without_control(text):
                pieces.append(piece)
                owners.append(number)
        encoded: list[list[int]] = [[] for _ in texts]
        if not pieces:
            return encoded
        result = self._tokenizer(pieces)
        rows, masks = result["input_ids"], result["attention_mask"]
        for owner, row, mask in zip(owners, rows, masks, strict=True):
            encoded[owner].extend(row[mask.astype(bool)].tolist())
        for text, tokens in zip(texts, encoded, strict=True):
            if len(tokens) >= self.context_length:
                raise UsageError(
                    f"text of {len(text)} characters does not fit the {self.context_length} "
                    f"tokens of {self.name}; shorten it"
                )
        return encoded

    def decode(self, tokens: Sequence[int]) -> str:
        """Text of ``tokens``, control tokens left out."""
        if not len(tokens):
            return ""
        batch = np.asarray([list(tokens)], dtype=np.int64)
        return str(self._detokenizer([batch])["string_output"][0])

    def chat_prompt(self, system: str, user: str) -> list[int]:
        """``system`` and ``user`` in ChatML, up to the start of the assistant's text."""
        start, end = self._vocabulary.control_tokens["<|im_start|>"], self.end_token
        parts = self.encode_many([f"system\n{system}", f"user\n{user}", "assistant\n", "\n"])
        system_tokens, user_tokens, assistant_tokens, newline = parts
        return [
            *(start, *system_tokens, end, *newline),
            *(start, *user_tokens, end, *newline),
            *(start, *assistant_tokens),
        ]

    def start(self, prompt_tokens: Sequence[int]) -> OpenVINOSession:
        """A session on ``prompt_tokens``."""
        session = OpenVINOSession(self, self._network.create_infer_request())
        session.advance(prompt_tokens)
        return session

    def _without_control(self, text: str) -> list[str]:
        """``text`` cut inside every spelled-out control token, so that none is recognised."""
        cuts = [match.start() + 1 for match in self._control.finditer(text)]
        edges = [0, *cuts, len(text)]
        return [text[a:b] for a, b in itertools.pairwise(edges) if a < b]

    def _tensor(self, array: npt.NDArray[Any]) -> Any:
        return self._runtime.Tensor(np.ascontiguousarray(array))

    def _scoring_request(self) -> Any:
        if self._scorer is None:
            self._scorer = self._network.create_infer_request()
        return self._scorer


class OpenVINOSession:
    """One text in OpenVINO's stateful cache."""

    def __init__(self, model: OpenVINOModel, request: Any) -> None:
        """A session without text yet, over an infer request of ``model``."""
        self._model = model
        self._request = request
        self._length = 0
        self._logits: Logits = np.zeros(0, dtype=np.float32)

    @property
    def logits(self) -> Logits:
        """Scores of the next token, float32 ``[vocabulary]``."""
        return self._logits

    @property
    def length(self) -> int:
        """Tokens held."""
        return self._length

    def advance(self, tokens: Sequence[int]) -> None:
        """Feed ``tokens`` in one forward pass."""
        self._check(len(tokens))
        batch = np.asarray([list(tokens)], dtype=np.int64)
        logits = _forward(self._request, batch, self._length, [len(tokens) - 1])
        self._length += len(tokens)
        self._logits = logits[0, 0].copy()

    def fork(self) -> OpenVINOSession:
        """A session with a copy of this one's cache."""
        self._check(1)
        other = OpenVINOSession(self._model, self._model._network.create_infer_request())
        self._copy_cache(other._request)
        other._length, other._logits = self._length, self._logits
        return other

    def score(self, continuations: Sequence[Sequence[int]]) -> list[float]:
        """Summed log-probability of each continuation, batched over the cached prefix."""
        first = log_probabilities(self._logits)
        scores = [float(first[c[0]]) if len(c) else 0.0 for c in continuations]
        longer = sorted(
            (i for i, c in enumerate(continuations) if len(c) > 1),
            key=lambda i: len(continuations[i]),
        )
        while longer:
            rows = max(1, _SCORED_POSITIONS_PER_BATCH // len(continuations[longer[0]]))
            batch, longer = longer[:rows], longer[rows:]
            rest = self._score_batch([continuations[i] for i in batch])
            for i, added in zip(batch, rest, strict=True):
                scores[i] += added
        return scores

    def close(self) -> None:
        """Free the cache."""
        self._request = None

    def _score_batch(self, continuations: Sequence[Sequence[int]]) -> list[float]:
        """Scores of all tokens but the first, one row of the batch a continuation."""
        width = max(map(len, continuations)) - 1
        self._check(width)
        tokens = np.full((len(continuations), width), self._model.end_token, dtype=np.int64)
        for row, continuation in enumerate(continuations):
            tokens[row, : len(continuation) - 1] = continuation[:-1]
        request = self._model._scoring_request()
        self._copy_cache(request)
        logits = _forward(request, tokens, self._length, range(width), from_row=0)
        scores = []
        for row, continuation in enumerate(continuations):
            scores.append(_score_of(logits[row, : len(continuation) - 1], continuation[1:]))
        return scores

    def _copy_cache(self, request: Any) -> None:
        request.reset_state()
        own = {state.name: state for state in self._request.query_state()}
        for state in request.query_state():
            state.state = self._model._tensor(np.array(own[state.name].state.data))

    def _check(self, added: int) -> None:
        if self._request is None:
            raise UsageError("this session is closed; start another one")
        if added < 1:
            raise UsageError("no tokens to advance by; give at least one")
        limit = self._model.context_length
        if self._length + added > limit:
            raise UsageError(
                f"{self._length} + {added} tokens exceed the {limit} that {self._model.name} "
                "can hold; shorten the prompt or the answer"
            )


def import_openvino() -> Any:
    """OpenVINO's Python module, with its telemetry unable to start in this process."""
    sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]
    try:
        return importlib.import_module("openvino")
    except ImportError as error:
        raise MissingExtraError("openvino", extra="lm") from error


def convert(weights: Path, target: Path, runtime: Any) -> None:
    """Write the OpenVINO form of a GGUF file into the existing directory ``target``."""
    try:
        genai = importlib.import_module("openvino_genai")
    except ImportError as error:
        raise MissingExtraError("openvino-genai", extra="lm") from error
    linked = target / weights.name
    os.symlink(weights.resolve(), linked)
    try:
        genai.LLMPipeline(str(linked), "CPU", enable_save_ov_model=True)
    except RuntimeError as error:
        raise ModelUnavailableError(
            f"{weights}: OpenVINO cannot read this GGUF: {error}; fetch it again"
        ) from error
    linked.unlink()
    network = runtime.Core().read_model(target / "openvino_model.xml")
    _add_logit_positions(network, runtime)
    runtime.save_model(network, target / "model.xml", compress_to_fp16=False)
    del network  # its weights are mapped from the file removed next
    for suffix in ("xml", "bin"):
        (target / f"openvino_model.{suffix}").unlink()
    vocabulary = json.dumps(_vocabulary_of(weights), ensure_ascii=False)
    (target / "vocabulary.json").write_text(vocabulary, encoding="utf-8")


def _converted(name: str, cache_dir: Path, runtime: Any) -> Path:
    """Directory of the converted model, made where it is not there yet."""
    version = importlib.metadata.version("openvino")
    directory = model_directory(name, cache_dir) / f"openvino-{version}"
    if (directory / "vocabulary.json").is_file():
        return directory
    weights = verify(name, cache_dir)
    try:
        with tempfile.TemporaryDirectory(dir=directory.parent, prefix=".convert-") as staging:
            ready = Path(staging) / "ready"
            ready.mkdir()
            convert(weights, ready, runtime)
            _put_in_place(ready, directory)
    except OSError as error:
        raise ModelUnavailableError(
            f"cannot write the OpenVINO form of {name} to {directory}: {error}; free space "
            "there, or choose another cache directory"
        ) from error
    return directory


def _put_in_place(ready: Path, directory: Path) -> None:
    """Rename ``ready`` to ``directory``; a whole one another process made first stays."""
    if directory.exists() and not (directory / "vocabulary.json").is_file():
        shutil.rmtree(directory)
    try:
        os.replace(ready, directory)
    except OSError:
        if not (directory / "vocabulary.json").is_file():
            raise


def _add_logit_positions(network: Any, runtime: Any) -> None:
    """Gather the hidden states at ``logit_positions`` before the language-model head."""
    head = network.get_results()[0].input_value(0).get_node()
    if head.get_type_name() != "MatMul":
        raise ModelUnavailableError(
            f"the network ends in {head.get_type_name()}, not in a MatMul to the vocabulary; "
            "this OpenVINO version is not supported: install openvino==2026.4.1"
        )
    operators = importlib.import_module("openvino.opset13")
    positions = operators.parameter([-1], np.int64, name="logit_positions")
    positions.output(0).set_names({"logit_positions"})
    axis = operators.constant(np.int64(1))
    gathered = operators.gather(head.input_value(0), positions, axis)
    head.input(0).replace_source_output(gathered.output(0))
    network.add_parameters([positions])
    network.validate_nodes_and_infer_types()


def _vocabulary_of(weights: Path) -> dict[str, object]:
    try:
        import gguf
    except ImportError as error:
        raise MissingExtraError("gguf", extra="lm") from error
    fields = gguf.GGUFReader(weights).fields
    architecture = fields["general.architecture"].contents()
    tokens = fields["tokenizer.ggml.tokens"].contents()
    kinds = fields["tokenizer.ggml.token_type"].contents()
    return {
        "size": len(tokens),
        "context_length": fields[f"{architecture}.context_length"].contents(),
        "end_token": fields["tokenizer.ggml.eos_token_id"].contents(),
        "control_tokens": {
            token: number
            for number, (token, kind) in enumerate(zip(tokens, kinds, strict=True))
            if kind == _CONTROL_TOKEN
        },
    }


def _read_vocabulary(path: Path) -> Vocabulary:
    try:
        fields = json.loads(path.read_text(encoding="utf-8"))
        return Vocabulary(**fields)
    except (OSError, ValueError, TypeError) as error:
        raise ModelUnavailableError(
            f"{path}: damaged, {error}; delete {path.parent}, it is made again from the weights"
        ) from error


def _tokenizer_library() -> Path:
    """OpenVINO's tokenizer extension, found without importing its Python package."""
    spec = importlib.util.find_spec("openvino_tokenizers")
    if spec is None or spec.origin is None:
        raise MissingExtraError("openvino-tokenizers", extra="lm")
    libraries = sorted((Path(spec.origin).parent / "lib").glob("*openvino_tokenizers.*"))
    if not libraries:
        raise MissingExtraError("openvino-tokenizers", extra="lm")
    return libraries[0]


def _compile_options(threads: int | None) -> dict[str, str]:
    """float32 sums everywhere, so that a processor with bfloat16 words the same answer."""
    options = {
        "PERFORMANCE_HINT": "LATENCY",
        "INFERENCE_PRECISION_HINT": "f32",
        "KV_CACHE_PRECISION": "f16",
    }
    if threads is not None:
        options["INFERENCE_NUM_THREADS"] = str(threads)
    return options


def _forward(
    request: Any,
    tokens: npt.NDArray[np.int64],
    past: int,
    positions: Sequence[int],
    *,
    from_row: int | None = None,
) -> npt.NDArray[np.float32]:
    """Logits ``[batch, len(positions), vocabulary]`` of ``tokens`` ``[batch, width]``.

    ``past``: tokens in the cache. ``from_row``: the cache row all rows continue, their own
    where None. The array is the request's own memory: copy what must outlive the next call.
    """
    batch, width = tokens.shape
    rows = np.arange(batch) if from_row is None else np.full(batch, from_row)
    request.infer(
        {
            "input_ids": tokens,
            "attention_mask": np.ones((batch, past + width), dtype=np.int64),
            "position_ids": np.tile(np.arange(past, past + width), (batch, 1)),
            "beam_idx": rows.astype(np.int32),
            "logit_positions": np.asarray(positions, dtype=np.int64),
        }
    )
    logits: npt.NDArray[np.float32] = request.get_tensor("logits").data
    return logits


def _score_of(logits: npt.NDArray[np.float32], targets: Sequence[int]) -> float:
    """Summed log-probability of ``targets`` under ``logits`` ``[len(targets), vocabulary]``."""
    highest = logits.max(axis=-1)
    sums = np.exp(logits - highest[:, None]).sum(axis=-1, dtype=np.float64)
    chosen = logits[np.arange(len(targets)), np.asarray(targets)]
    return float((chosen.astype(np.float64) - highest - np.log(sums)).sum())
