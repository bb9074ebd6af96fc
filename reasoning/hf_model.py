"""Any causal language model of Hugging Face transformers, on torch.

The network's body runs on a key-value cache; its head, a matrix of one row per token, is applied
to the rows that are asked for: :meth:`HFSession.logits_at` for what a grammar allows, all of them
only where :attr:`HFSession.logits` is read. Candidates are scored in ONE pass, packed as a prefix
tree whose attention mask lets each position see the text so far and its own branch.

The cache of the last prompt is kept, so that the next prompt recomputes only what differs.
"""

from __future__ import annotations

import copy
import inspect
import itertools
import os
import re
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from kg.errors import MissingExtraError, ModelUnavailableError, UsageError
from reasoning.language_model import Logits, log_probabilities
from reasoning.model_files import model_directory, verify
from reasoning.token_trie import ROOT, TokenTrie, token_trie

_SYSTEM, _USER = "\ue000", "\ue001"  # stand in a chat template where the texts will
_SEAMS = ("\n", "¶", "\t")  # one goes before a text where its start is treated specially
_DEFAULT_CONTEXT = 2048
_MOST_PACKED = 2048  # positions scored in one pass


class HFModel:
    """A causal language model by name or path.

    Args:
        name: a name on the Hugging Face hub, or a folder in the same layout.
        called: what users call it; ``name`` where not given.
        device: ``cuda``, ``cpu`` …; where None, the accelerator if there is one.
        dtype: ``bfloat16``, ``float32`` …; where None, bfloat16 on an accelerator or a processor
            with instructions for it, else float32.
        threads: processor threads for the whole process; torch's choice where None.

    Raises:
        MissingExtraError: without torch or transformers (the extra ``hf``).
        ModelUnavailableError: where there is no such model, or it cannot be loaded.
    """

    def __init__(
        self,
        name: str | Path,
        *,
        called: str | None = None,
        device: str | None = None,
        dtype: str | None = None,
        threads: int | None = None,
    ) -> None:
        self._torch, transformers = import_torch()
        if threads is not None:
            self._torch.set_num_threads(threads)
        self._name = called or str(name)
        self._device = device or _device(self._torch)
        kind = getattr(self._torch, dtype or _dtype(self._torch, self._device))
        try:
            self._tokenizer: Any = transformers.AutoTokenizer.from_pretrained(str(name))
            self._network: Any = transformers.AutoModelForCausalLM.from_pretrained(
                str(name), dtype=kind, trust_remote_code=False
            )
        except (OSError, ValueError, KeyError, ImportError) as error:
            raise ModelUnavailableError(
                f"{name} cannot be loaded as a causal language model: {_first_line(error)}; give "
                "a folder that holds one, or the name of one on the hub"
            ) from error
        self._network = self._network.to(self._device).eval()
        self._body: Any = self._network.base_model
        self._head: Any = self._network.get_output_embeddings()
        self._cache_word = _cache_word(self._body)
        self._end = _end_token(self._tokenizer, self._network, self._name)
        names = sorted(self._tokenizer.get_added_vocab(), key=len, reverse=True)
        self._control = re.compile("|".join(map(re.escape, names)) or r"(?!)")
        self._seam: list[int] | None = None
        if self.decode([*self.encode("a"), *self.encode("b"), *self.encode(" c")]) != "ab c":
            self._seam = list(
                self._tokenizer([_SEAMS[0]], add_special_tokens=False)["input_ids"][0]
            )
        self._whole_head = not self._head_is_plain()
        self._kept: tuple[list[int], Any] | None = None

    @property
    def name(self) -> str:
        """What users call it."""
        return self._name

    @property
    def vocabulary_size(self) -> int:
        """Number of tokens, rows of the head."""
        return int(self._head.weight.shape[0])

    @property
    def end_token(self) -> int:
        """The tokenizer's end-of-sequence token."""
        return self._end

    @property
    def context_length(self) -> int:
        """Most tokens a session can hold."""
        return int(getattr(self._network.config, "max_position_embeddings", _DEFAULT_CONTEXT))

    def encode(self, text: str) -> list[int]:
        """Tokens of ``text``; a control token spelled out in it stays plain text."""
        return self.encode_many([text])[0]

    def encode_many(self, texts: Sequence[str]) -> list[list[int]]:
        """Tokens of each text, in one call of the tokenizer."""
        pieces = [self._without_control(text) for text in texts]
        flat = [piece for of_text in pieces for piece in of_text]
        encoded = iter(self._plain(flat))
        return [[t for _ in of_text for t in next(encoded)] for of_text in pieces]

    def decode(self, tokens: Sequence[int]) -> str:
        """Text of ``tokens``, control tokens left out."""
        if not len(tokens):
            return ""
        seam = self._seam or []
        text = self._said([*seam, *map(int, tokens)])
        return text[len(self._said(seam)) :] if seam else text

    def chat_prompt(self, system: str, user: str) -> list[int]:
        """The model's own chat format; ``system`` and ``user`` cannot leave their places."""
        if not self._tokenizer.chat_template:
            whole = self._tokenizer([f"{system}\n\n{user}\n\n"], add_special_tokens=True)
            return [int(t) for t in whole["input_ids"][0]]
        text = self._chat_template()
        tokens: list[int] = []
        for piece in re.split(f"([{_SYSTEM}{_USER}])", text):
            if piece in (_SYSTEM, _USER):
                tokens += self.encode(system if piece == _SYSTEM else user)
            elif piece:
                tokens += self._tokenizer([piece], add_special_tokens=False)["input_ids"][0]
        return tokens

    def token_table(self) -> str:
        """The tokenizer as JSON.

        Raises:
            ModelUnavailableError: where it is not one of the tokenizers library.
        """
        backend = getattr(self._tokenizer, "backend_tokenizer", None)
        if backend is None:
            raise ModelUnavailableError(f"{self._name} has no fast tokenizer; use another model")
        plain = copy.copy(backend)
        plain.no_padding()
        plain.no_truncation()
        return str(plain.to_str())

    def start(self, prompt_tokens: Sequence[int]) -> HFSession:
        """A session on ``prompt_tokens``; what it shares with the last prompt is not recomputed."""
        tokens = list(map(int, prompt_tokens))
        session = HFSession(self, *self._remembered(tokens))
        session.advance(tokens[session.length :])
        if session.can_crop:
            self._kept = (tokens, copy.deepcopy(session.cache))
        return session

    # --- parts

    def _remembered(self, tokens: Sequence[int]) -> tuple[Any, int]:
        """A cache of the longest beginning of ``tokens`` at hand, and its length."""
        if self._kept is None:
            return None, 0
        known, cache = self._kept
        shared = 0
        for one, other in zip(known, tokens[:-1], strict=False):
            if one != other:
                break
            shared += 1
        if not shared:
            return None, 0
        cache = copy.deepcopy(cache)
        _crop(cache, shared)
        return cache, shared

    def _plain(self, texts: list[str]) -> list[list[int]]:
        """Tokens of texts without control tokens in them."""
        if not texts:
            return []
        if self._seam is None:
            rows = self._tokenizer(texts, add_special_tokens=False)["input_ids"]
            return [list(row) for row in rows]
        return [self._behind_a_seam(text) for text in texts]

    def _behind_a_seam(self, text: str) -> list[int]:
        """Tokens of ``text`` as it stands after other text; the first seam it does not melt into.

        Raises:
            ModelUnavailableError: where it melts into all of them.
        """
        for mark in _SEAMS:
            pair = self._tokenizer([mark, mark + text], add_special_tokens=False)["input_ids"]
            seam, row = map(list, pair)
            if row[: len(seam)] == seam:
                return row[len(seam) :]
        raise ModelUnavailableError(
            f"the tokenizer of {self._name} cannot write {text[:50]!r} after other text; "
            "use another model"
        )

    def _said(self, tokens: list[int]) -> str:
        return str(
            self._tokenizer.decode(
                tokens, skip_special_tokens=True, clean_up_tokenization_spaces=False
            )
        )

    def _chat_template(self) -> str:
        """The chat format with marks in the places of system and user text."""
        system = {"role": "system", "content": _SYSTEM}
        user = {"role": "user", "content": _USER}
        joined = {"role": "user", "content": f"{_SYSTEM}\n\n{_USER}"}
        for turns in ([system, user], [joined]):
            try:
                text = self._tokenizer.apply_chat_template(
                    turns, tokenize=False, add_generation_prompt=True
                )
            except (ValueError, RuntimeError) as error:  # "system role not supported"
                problem = error
                continue
            if _SYSTEM in text and _USER in text:
                return str(text)
            problem = ValueError("the template leaves out what it is given")
        raise ModelUnavailableError(
            f"the chat template of {self._name} takes no question: {_first_line(problem)}; "
            "use another model"
        )

    def _without_control(self, text: str) -> list[str]:
        """``text`` cut inside every spelled-out control token, so that none is recognised."""
        cuts = [match.start() + 1 for match in self._control.finditer(text)]
        edges = [0, *cuts, len(text)]
        return [text[a:b] for a, b in itertools.pairwise(edges) if a < b]

    def _head_is_plain(self) -> bool:
        """Whether logits are the head's product alone, without scaling or capping after it."""
        torch = self._torch
        tokens = torch.tensor([self.encode("a b")], device=self._device)
        with torch.inference_mode():
            whole = self._network(tokens).logits.float()
            own = self._head(self._body(tokens)[0]).float()
        return bool(torch.allclose(whole, own, rtol=1e-3, atol=1e-3))


def _crop(cache: Any, length: int) -> None:
    """Keep the first ``length`` tokens; told as how many to remove, which every release takes."""
    surplus = cache.get_seq_length() - length
    if surplus > 0:
        cache.crop(-surplus)


class HFSession:
    """One text on a transformers cache."""

    def __init__(self, model: HFModel, cache: Any = None, length: int = 0) -> None:
        """A session that goes on from ``cache``, which holds ``length`` tokens."""
        self._model = model
        self._cache = cache
        self._length = length
        self._closed = False
        self._hidden: Any = None
        self._logits: Logits | None = None

    @property
    def cache(self) -> Any:
        """The transformers cache."""
        return self._cache

    @property
    def can_crop(self) -> bool:
        """Whether tokens can be taken back from the cache (full attention in all layers)."""
        layers = getattr(self._cache, "layers", ())
        sliding = any(getattr(layer, "is_sliding", False) for layer in layers)
        return bool(layers) and not sliding and all(hasattr(x, "crop") for x in layers)

    @property
    def logits(self) -> Logits:
        """Scores of the next token, float32 ``[vocabulary]``."""
        if self._logits is None:
            self._logits = _as_numpy(self._head(self._hidden))
        return self._logits

    @property
    def length(self) -> int:
        """Tokens held."""
        return self._length

    def logits_at(self, tokens: npt.NDArray[np.int64]) -> Logits:
        """Scores of ``tokens`` as the next one, float32 ``[len(tokens)]``: those rows alone."""
        if self._logits is not None or self._model._whole_head:
            return self.logits[tokens]
        head, torch = self._model._head, self._model._torch
        with torch.inference_mode():
            rows = torch.as_tensor(tokens, device=head.weight.device)
            scores = head.weight[rows] @ self._hidden
            if getattr(head, "bias", None) is not None:
                scores = scores + head.bias[rows]
        return _as_numpy(scores)

    def advance(self, tokens: Sequence[int]) -> None:
        """Feed ``tokens`` in one forward pass."""
        self._check(len(tokens))
        hidden = self._forward(np.asarray(tokens, dtype=np.int64))
        self._length += len(tokens)
        self._hidden = hidden[-1].clone()
        self._logits = None

    def fork(self) -> HFSession:
        """A session with a copy of this one's cache."""
        self._check(1)
        other = HFSession(self._model, copy.deepcopy(self._cache), self._length)
        other._hidden, other._logits = self._hidden, self._logits
        return other

    def score(self, continuations: Sequence[Sequence[int]]) -> list[float]:
        """Summed log-probability of each continuation; one pass over their prefix tree."""
        trie = token_trie(continuations)
        if not len(trie.tokens):
            return [0.0 for _ in continuations]
        self._check(int(trie.depths.max()) + 1)
        if not self.can_crop or len(trie.inner) > _MOST_PACKED:
            return self._score_in_parts(continuations)
        scores = np.empty(len(trie.tokens), dtype=np.float64)
        first = trie.parents == ROOT
        scores[first] = log_probabilities(self.logits)[trie.tokens[first]]
        inner = trie.inner
        if len(inner):
            scores[~first] = self._below(trie, inner)[~first]
        return trie.totals(scores)

    def close(self) -> None:
        """Free the cache."""
        self._cache = self._hidden = None
        self._closed = True

    # --- parts

    def _forward(self, tokens: npt.NDArray[np.int64], **options: Any) -> Any:
        """Hidden states ``[len(tokens), width]``; the cache grows by ``tokens``.

        Logits instead, where the model does more than multiply by its head.
        """
        torch, model = self._model._torch, self._model
        with torch.inference_mode():
            batch = torch.as_tensor(tokens, device=model._device)[None]
            network = model._network if model._whole_head else model._body
            cache = {model._cache_word: self._cache}
            out = network(input_ids=batch, use_cache=True, **cache, **options)
        self._cache = out[model._cache_word]
        return out.logits[0] if model._whole_head else out.last_hidden_state[0]

    def _below(self, trie: TokenTrie, inner: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
        """Log-probability of every node that has a parent, float64 ``[nodes]``; others are 0."""
        torch = self._model._torch
        seen = trie.visible(self._length)
        kind = self._model._head.weight.dtype
        mask = torch.zeros(seen.shape, dtype=kind, device=self._model._device)
        hidden_places = torch.as_tensor(~seen, device=self._model._device)
        mask.masked_fill_(hidden_places, torch.finfo(kind).min)
        depths = torch.as_tensor(trie.depths[inner], device=self._model._device)
        hidden = self._forward(
            trie.tokens[inner],
            attention_mask=mask[None, None],
            position_ids=(depths + self._length)[None],
        )
        _crop(self._cache, self._length)
        with torch.inference_mode():
            chances = torch.log_softmax(self._head(hidden).float(), dim=-1)
            below, rows = trie.asked_below()
            chosen = chances[torch.as_tensor(rows), torch.as_tensor(trie.tokens[below])]
        scores = np.zeros(len(trie.tokens), dtype=np.float64)
        scores[below] = _as_numpy(chosen)
        return scores

    def _score_in_parts(self, continuations: Sequence[Sequence[int]]) -> list[float]:
        """Halves where the tree is too big; one by one where the cache cannot be cropped."""
        if self.can_crop and len(continuations) > 1:
            half = len(continuations) // 2
            return [*self.score(continuations[:half]), *self.score(continuations[half:])]
        totals = []
        for continuation in continuations:
            other = self.fork()
            total = 0.0
            for token in continuation:
                total += float(log_probabilities(other.logits)[token])
                other.advance([token])
            other.close()
            totals.append(total)
        return totals

    def _head(self, hidden: Any) -> Any:
        """Logits of what :meth:`_forward` gave, ``[…, width]``."""
        model = self._model
        if model._whole_head:
            return hidden
        with model._torch.inference_mode():
            return model._head(hidden)

    def _check(self, added: int) -> None:
        if self._closed:
            raise UsageError("this session is closed; start another one")
        if added < 1:
            raise UsageError("no tokens to advance by; give at least one")
        limit = self._model.context_length
        if self._length + added > limit:
            raise UsageError(
                f"{self._length} + {added} tokens exceed the {limit} that {self._model.name} "
                "can hold; shorten the prompt or the answer"
            )


def import_torch() -> tuple[Any, Any]:
    """The modules torch and transformers.

    Raises:
        MissingExtraError: where either is not installed.
    """
    try:
        import torch
        import transformers
    except ImportError as error:
        raise MissingExtraError(error.name or "torch", extra="hf") from error
    return torch, transformers


def dequantised(name: str, cache_dir: Path) -> Path:
    """Folder of an installed GGUF model in the layout of transformers, float32.

    Made once, beside the weights: a packed GGUF opened each time is slow to open and to run.

    Raises:
        ModelUnavailableError: where the weights are absent or damaged, or there is no room.
        MissingExtraError: without torch, transformers (the extra ``hf``) or gguf (``lm``).
    """
    directory = model_directory(name, cache_dir) / "transformers-float32"
    if (directory / "config.json").is_file():
        return directory
    torch, transformers = import_torch()
    weights = verify(name, cache_dir)
    try:
        with tempfile.TemporaryDirectory(dir=directory.parent, prefix=".convert-") as staging:
            ready = Path(staging) / "ready"
            source = {"gguf_file": weights.name}
            tokenizer = transformers.AutoTokenizer.from_pretrained(str(weights.parent), **source)
            network = transformers.AutoModelForCausalLM.from_pretrained(
                str(weights.parent), dtype=torch.float32, **source
            )
            tokenizer.save_pretrained(ready)
            _float_copy(network, torch, transformers).save_pretrained(ready)
            if directory.exists():
                shutil.rmtree(directory)
            os.replace(ready, directory)
    except ImportError as error:
        raise MissingExtraError("gguf", extra="lm") from error
    except OSError as error:
        raise ModelUnavailableError(
            f"cannot write the float32 form of {name} to {directory}: {_first_line(error)}; free "
            "space there, or choose another cache directory"
        ) from error
    return directory


def _float_copy(network: Any, torch: Any, transformers: Any) -> Any:
    """The same weights in a model that does not remember having been quantised."""
    config = copy.deepcopy(network.config)
    if hasattr(config, "quantization_config"):
        del config.quantization_config
    plain = transformers.AutoModelForCausalLM.from_config(config, dtype=torch.float32)
    plain.load_state_dict(network.state_dict())
    plain.generation_config = network.generation_config
    return plain


def _device(torch: Any) -> str:
    return "cuda" if torch.cuda.is_available() else "cpu"


def _dtype(torch: Any, device: str) -> str:
    """bfloat16 where it is computed natively; sums in it are short, products are not emulated."""
    if device != "cpu":
        return "bfloat16"
    native = getattr(torch.cpu, "_is_amx_tile_supported", None)
    return "bfloat16" if native is not None and native() else "float32"


def _cache_word(body: Any) -> str:
    """What this release of transformers calls the cache that goes in and comes out."""
    taken = inspect.signature(body.forward).parameters
    return "cache" if "cache" in taken else "past_key_values"


def _end_token(tokenizer: Any, network: Any, name: str) -> int:
    end = tokenizer.eos_token_id
    if end is None:
        end = network.generation_config.eos_token_id
    if isinstance(end, list | tuple):
        end = end[0] if end else None
    if end is None:
        raise ModelUnavailableError(f"{name} has no end-of-sequence token; use another model")
    return int(end)


def _as_numpy(scores: Any) -> Logits:
    array: Logits = scores.float().cpu().numpy()
    return array


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0] or type(error).__name__
