"""The seam every language model fills: tokens, next-token logits over a cache, scores.

A :class:`LanguageModel` turns text into tokens and opens a :class:`Session` on a prompt. The
session holds the key-value cache: :meth:`Session.advance` feeds any number of tokens in one
forward pass, :attr:`Session.logits` are the scores of the next token, :meth:`Session.score`
rates whole continuations in one batch over the shared prefix.

Nothing here imports a runtime; ``reasoning/openvino_model.py`` holds the default model.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, TypeAlias, runtime_checkable

import numpy as np
import numpy.typing as npt

Logits: TypeAlias = npt.NDArray[np.float32]
"""float32 ``[vocabulary]``: one unnormalised score a token."""


@runtime_checkable
class Session(Protocol):
    """One running text: a prompt, what was added to it, and the model's cache of both."""

    @property
    def logits(self) -> Logits:
        """Scores of the next token, float32 ``[vocabulary]``; stays valid after ``advance``."""
        ...

    @property
    def length(self) -> int:
        """Number of tokens held, prompt included."""
        ...

    def advance(self, tokens: Sequence[int]) -> None:
        """Feed ``tokens`` (at least one) in ONE forward pass.

        Raises :class:`kg.errors.UsageError` for no tokens or beyond the model's context.
        """
        ...

    def fork(self) -> Session:
        """An independent session with the same text so far."""
        ...

    def score(self, continuations: Sequence[Sequence[int]]) -> list[float]:
        """Log-probability (natural, ≤ 0, summed over tokens) of each continuation.

        The session itself does not move. The continuations share the cached prefix and are
        computed in as few batches as memory allows. An empty continuation scores 0.
        """
        ...

    def close(self) -> None:
        """Free the cache. The session is unusable afterwards; closing twice is harmless."""
        ...


@runtime_checkable
class RowSession(Session, Protocol):
    """A session that can score some tokens without scoring all."""

    def logits_at(self, tokens: npt.NDArray[np.int64]) -> Logits:
        """:attr:`logits` of ``tokens`` alone, float32 ``[len(tokens)]``."""
        ...


@runtime_checkable
class LanguageModel(Protocol):
    """A tokenizer and a next-token predictor."""

    @property
    def name(self) -> str:
        """What users call it: ``smollm2-135m-instruct``."""
        ...

    @property
    def vocabulary_size(self) -> int:
        """Number of tokens, hence the length of ``logits``."""
        ...

    @property
    def end_token(self) -> int:
        """The token by which the model says that it has finished."""
        ...

    def encode(self, text: str) -> list[int]:
        """Tokens of ``text``. Text that looks like a control token stays plain text."""
        ...

    def encode_many(self, texts: Sequence[str]) -> list[list[int]]:
        """:meth:`encode` of each text, in one batch where the model can."""
        ...

    def decode(self, tokens: Sequence[int]) -> str:
        """Text of ``tokens``; control tokens are left out."""
        ...

    def chat_prompt(self, system: str, user: str) -> list[int]:
        """Tokens up to where the assistant's answer begins, in the model's own chat format."""
        ...

    def start(self, prompt_tokens: Sequence[int]) -> Session:
        """A session on ``prompt_tokens`` (at least one)."""
        ...


@runtime_checkable
class TabledModel(LanguageModel, Protocol):
    """A model that tells what each of its tokens writes."""

    def token_table(self) -> str | Sequence[bytes]:
        """The tokenizer in the JSON of the tokenizers library, or ``[vocabulary]`` what each
        token adds to a text, nothing for control tokens."""
        ...


def log_probabilities(logits: npt.NDArray[np.floating]) -> npt.NDArray[np.float64]:
    """Natural log-softmax over the last axis, computed in float64.

    >>> log_probabilities(np.zeros(4, dtype=np.float32)).round(4).tolist()
    [-1.3863, -1.3863, -1.3863, -1.3863]
    """
    shifted = logits.astype(np.float64)
    shifted -= shifted.max(axis=-1, keepdims=True)
    normalised: npt.NDArray[np.float64] = shifted - np.log(
        np.exp(shifted).sum(axis=-1, keepdims=True)
    )
    return normalised
