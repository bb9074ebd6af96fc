"""A GGUF language model run by OpenVINO, without torch: raw logits over our own cache.

OpenVINO GenAI reads the GGUF once and writes OpenVINO's own format; to that graph one input is
added, ``logit_positions``, so that the language-model head is computed only where a score is
asked for, and another, ``tree_bias``, to the attention mask of every layer, so that candidates are
scored as one packed tree: each token sees the text before and its own ancestors, and a prefix that
many candidates share is computed once. What is made is kept beside the weights, per OpenVINO
version, with OpenVINO's compiled form, so that later starts take a fraction of a second.

Files, in the directory of the weights::

    openvino-VERSION-tree/model.xml, .bin         the network, with the two inputs
    openvino-VERSION-tree/openvino_tokenizer.*    text to tokens; openvino_detokenizer.* back
    openvino-VERSION-tree/vocabulary.json         size, context length, control tokens
    openvino-VERSION-tree/compiled/               OpenVINO's cache

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
from reasoning.token_trie import ROOT, TokenTrie, token_trie

_MOST_PACKED = 512  # tokens of a tree scored in one pass; bounds its logits to 100 MB
_HIDDEN = -1e9  # added to the attention score of a token that must not be seen
_ATTENTION = "ScaledDotProductAttention"
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
        weights = installed(name, cache_dir)
        if weights is None:
            raise ModelUnavailableError(
                f"model {name} is not in {cache_dir}; fetch it with: medkgqa models get {name}"
            )
        directory = _converted(name, cache_dir, runtime)
        self._name = name
        self._weights = weights
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
        pieces = [self._without_control(text) for text in texts]
        flat = [piece for of_text in pieces for piece in of_text]
        rows = iter(self._rows(flat))
        encoded = [[t for _ in of_text for t in next(rows)] for of_text in pieces]
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

    def token_table(self) -> tuple[bytes, ...]:
        """What each token adds to a text, nothing for control tokens; read from the weights.

        Raises:
            ModelUnavailableError: where the tokenizer is not a byte-level one.
        """
        return _token_bytes(self._weights)

    def start(self, prompt_tokens: Sequence[int]) -> OpenVINOSession:
        """A session on ``prompt_tokens``."""
        session = OpenVINOSession(self, self._network.create_infer_request())
        session.advance(prompt_tokens)
        return session

    def _rows(self, texts: list[str]) -> list[list[int]]:
        """Tokens of texts without control tokens in them; the tokenizer pads them to one width."""
        if not texts:
            return []
        result = self._tokenizer(texts)
        kept = result["attention_mask"].astype(np.bool_)
        tokens: list[int] = result["input_ids"][kept].tolist()
        ends = np.cumsum(kept.sum(axis=1)).tolist()
        return [tokens[a:b] for a, b in itertools.pairwise([0, *ends])]

    def _without_control(self, text: str) -> list[str]:
        """``text`` cut inside every spelled-out control token, so that none is recognised."""
        if text and not self._control.search(text):
            return [text]
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
        """Summed log-probability of each continuation; one pass over their prefix tree."""
        trie = token_trie(continuations)
        if not len(trie.tokens):
            return [0.0 for _ in continuations]
        if len(trie.inner) > _MOST_PACKED and len(continuations) > 1:
            half = len(continuations) // 2
            return [*self.score(continuations[:half]), *self.score(continuations[half:])]
        scores = np.empty(len(trie.tokens), dtype=np.float64)
        first = trie.parents == ROOT
        scores[first] = log_probabilities(self._logits)[trie.tokens[first]]
        if len(trie.inner):
            below, chances = self._below(trie)
            scores[below] = chances
        return trie.totals(scores)

    def close(self) -> None:
        """Free the cache."""
        self._request = None

    def _below(self, trie: TokenTrie) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
        """The nodes that have a parent, and their log-probabilities after it."""
        inner = trie.inner
        self._check(int(trie.depths.max()) + 1)
        request = self._model._scoring_request()
        self._copy_cache(request)
        logits = _forward(
            request,
            trie.tokens[inner][None],
            self._length,
            range(len(inner)),
            places=self._length + trie.depths[inner],
            hidden=~trie.visible(self._length),
        )
        below, rows = trie.asked_below()
        return below, _chosen(logits[0], rows, trie.tokens[below])

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
    _add_logit_positions(network)
    _add_tree_bias(network)
    runtime.save_model(network, target / "model.xml", compress_to_fp16=False)
    del network  # its weights are mapped from the file removed next
    for suffix in ("xml", "bin"):
        (target / f"openvino_model.{suffix}").unlink()
    vocabulary = json.dumps(_vocabulary_of(weights), ensure_ascii=False)
    (target / "vocabulary.json").write_text(vocabulary, encoding="utf-8")


def _converted(name: str, cache_dir: Path, runtime: Any) -> Path:
    """Directory of the converted model, made where it is not there yet."""
    version = importlib.metadata.version("openvino")
    directory = model_directory(name, cache_dir) / f"openvino-{version}-tree"
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


def _add_logit_positions(network: Any) -> None:
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


def _add_tree_bias(network: Any) -> None:
    """Add an input to what every layer's attention scores are masked with.

    float32, broadcast to ``[batch, heads, new tokens, all tokens]``; 0 hides nothing more.
    """
    layers = [n for n in network.get_ops() if n.get_type_name() == _ATTENTION]
    if not layers or any(len(n.inputs()) < 4 for n in layers):
        raise ModelUnavailableError(
            "the network has no attention layers with a mask; this OpenVINO version is not "
            "supported: install openvino==2026.4.1"
        )
    operators = importlib.import_module("openvino.opset13")
    bias = operators.parameter([-1, -1, -1, -1], np.float32, name="tree_bias")
    bias.output(0).set_names({"tree_bias"})
    biased: dict[tuple[str, int], Any] = {}
    for layer in layers:
        mask = layer.input_value(3)
        place = (mask.get_node().get_friendly_name(), mask.get_index())
        if place not in biased:
            biased[place] = operators.add(mask, bias)
        layer.input(3).replace_source_output(biased[place].output(0))
    network.add_parameters([bias])
    network.validate_nodes_and_infer_types()


def _vocabulary_of(weights: Path) -> dict[str, object]:
    fields = _gguf_fields(weights)
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


def _token_bytes(weights: Path) -> tuple[bytes, ...]:
    fields = _gguf_fields(weights)
    kind = fields["tokenizer.ggml.model"].contents()
    if kind != "gpt2":
        raise ModelUnavailableError(f"{weights}: tokenizer {kind}, not the byte-level gpt2")
    tokens = fields["tokenizer.ggml.tokens"].contents()
    kinds = fields["tokenizer.ggml.token_type"].contents()
    byte_of = _byte_letters()
    return tuple(
        b"" if kind == _CONTROL_TOKEN else bytes(byte_of[letter] for letter in token)
        for token, kind in zip(tokens, kinds, strict=True)
    )


def _byte_letters() -> dict[str, int]:
    """The letter by which a byte-level tokenizer shows each byte: itself, or one from 256 on.

    https://github.com/openai/gpt-2/blob/master/src/encoder.py
    """
    shown = {*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)}
    hidden = [byte for byte in range(256) if byte not in shown]
    letters = {chr(byte): byte for byte in shown}
    return letters | {chr(256 + number): byte for number, byte in enumerate(hidden)}


def _gguf_fields(weights: Path) -> Any:
    try:
        import gguf
    except ImportError as error:
        raise MissingExtraError("gguf", extra="lm") from error
    return gguf.GGUFReader(weights).fields


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
    """float32 throughout, so that every processor words the same answer.

    OpenVINO's own choice is bfloat16 where the processor has it; where it has instructions for
    short dot products (VNNI), activations rounded to int8 in groups; and a cache of fewer bits.
    All make the scores depend on the processor, or on how many tokens are fed at once: the same
    six tokens scored together and one by one differed by up to 0.3 nats, here by 0.0001. Without
    rounding a token costs 1.7 times as much there (10 to 18 ms on one core).
    """
    options = {
        "PERFORMANCE_HINT": "LATENCY",
        "INFERENCE_PRECISION_HINT": "f32",
        "DYNAMIC_QUANTIZATION_GROUP_SIZE": "0",
        "KV_CACHE_PRECISION": "f32",
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
    places: npt.NDArray[np.int64] | None = None,
    hidden: npt.NDArray[np.bool_] | None = None,
) -> npt.NDArray[np.float32]:
    """Logits ``[1, len(positions), vocabulary]`` of ``tokens`` ``[1, width]``.

    ``past``: tokens in the cache. ``places``: int64 ``[width]``, the position of each token in its
    text, in order where None. ``hidden``: bool ``[width, past + width]``, what a token must not
    see besides what comes after it. The array is the request's own memory: copy what must outlive
    the next call.
    """
    width = tokens.shape[1]
    ordered = np.arange(past, past + width) if places is None else places
    bias = np.zeros((1, 1), np.float32) if hidden is None else np.float32(_HIDDEN) * hidden
    request.infer(
        {
            "input_ids": tokens,
            "attention_mask": np.ones((1, past + width), dtype=np.int64),
            "position_ids": ordered[None],
            "beam_idx": np.zeros(1, dtype=np.int32),
            "logit_positions": np.asarray(positions, dtype=np.int64),
            "tree_bias": bias.astype(np.float32)[None, None],
        }
    )
    logits: npt.NDArray[np.float32] = request.get_tensor("logits").data
    return logits


def _chosen(
    logits: npt.NDArray[np.float32], rows: npt.NDArray[np.int64], tokens: npt.NDArray[np.int64]
) -> npt.NDArray[np.float64]:
    """Log-probability of each of ``tokens`` under the row of ``logits`` named beside it."""
    highest = logits.max(axis=-1)
    sums = np.exp(logits - highest[:, None]).sum(axis=-1, dtype=np.float64)
    found: npt.NDArray[np.float64] = (
        logits[rows, tokens].astype(np.float64) - highest[rows] - np.log(sums)[rows]
    )
    return found
