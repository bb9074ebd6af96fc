"""Language models that follow no sense, to show that the automaton alone keeps the promise.

All of them fill :class:`reasoning.language_model.LanguageModel`. Their logits are a function of
the tokens so far, so that feeding tokens one by one or together makes no difference. With
``tokenizer`` a real model lends its tokens; without, :class:`ToyTokenizer` cuts text into bytes
and a few longer pieces, some of which begin others.
"""

# ruff: noqa: D102 - LanguageModel and Session document these methods

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import numpy.typing as npt

from reasoning.language_model import LanguageModel, Logits, Session, log_probabilities

PIECES = (
    *("an", "and", " and", "pain", " pain", "aspirin", " aspirin", " a", " as", " dia"),
    *("diabetes", " diabetes", " mellitus", ", ", ",", ".", " treats", "treat", " with"),
    *("\n", "头", "头痛", "、"),
)


class Tokenizer(Protocol):
    """The part of a language model that needs no weights."""

    @property
    def vocabulary_size(self) -> int: ...
    @property
    def end_token(self) -> int: ...
    def encode_many(self, texts: Sequence[str]) -> list[list[int]]: ...
    def decode(self, tokens: Sequence[int]) -> str: ...
    def chat_prompt(self, system: str, user: str) -> list[int]: ...


class ToyTokenizer:
    """Longest match over UTF-8 bytes and ``PIECES``; token 0 is the end."""

    def __init__(self, pieces: Sequence[str] = PIECES) -> None:
        self._bytes = [b"", *(bytes([b]) for b in range(256)), *(p.encode() for p in pieces)]
        self._token = {text: token for token, text in enumerate(self._bytes) if text}
        self._longest = max(map(len, self._bytes))

    @property
    def vocabulary_size(self) -> int:
        return len(self._bytes)

    @property
    def end_token(self) -> int:
        return 0

    @property
    def table(self) -> Sequence[bytes]:
        """What each token writes."""
        return self._bytes

    def encode_many(self, texts: Sequence[str]) -> list[list[int]]:
        return [self._encode(text.encode()) for text in texts]

    def decode(self, tokens: Sequence[int]) -> str:
        return b"".join(self._bytes[token] for token in tokens).decode(errors="replace")

    def chat_prompt(self, system: str, user: str) -> list[int]:
        return self._encode(f"{system}\n{user}\n".encode())

    def _encode(self, rest: bytes) -> list[int]:
        tokens = []
        while rest:
            size = next(n for n in range(self._longest, 0, -1) if rest[:n] in self._token)
            tokens.append(self._token[rest[:size]])
            rest = rest[size:]
        return tokens


@dataclass
class FakeSession:
    """A session that records every pass made through it."""

    model: FakeModel
    tokens: list[int] = field(default_factory=list)
    passes: list[list[int]] = field(default_factory=list)

    @property
    def logits(self) -> Logits:
        return self.model.logits_after(self.tokens)

    @property
    def length(self) -> int:
        return len(self.tokens)

    def logits_at(self, tokens: npt.NDArray[np.int64]) -> Logits:
        return self.model.scores_after(self.tokens, tokens)

    def advance(self, tokens: Sequence[int]) -> None:
        assert tokens, "a pass without tokens"
        self.passes.append(list(tokens))
        self.tokens.extend(tokens)

    def fork(self) -> FakeSession:
        return FakeSession(self.model, list(self.tokens))

    def score(self, continuations: Sequence[Sequence[int]]) -> list[float]:
        return [self._score(continuation) for continuation in continuations]

    def close(self) -> None:
        self.tokens = []

    def _score(self, continuation: Sequence[int]) -> float:
        total, text = 0.0, list(self.tokens)
        for token in continuation:
            total += float(log_probabilities(self.model.logits_after(text))[token])
            text.append(token)
        return total


class FakeModel:
    """Base of the models below: a tokenizer and :meth:`logits_after`."""

    name = "fake"

    def __init__(self, tokenizer: Tokenizer | None = None) -> None:
        self.tokenizer = tokenizer or ToyTokenizer()

    def logits_after(self, tokens: Sequence[int]) -> Logits:
        raise NotImplementedError

    def scores_after(self, tokens: Sequence[int], asked: npt.NDArray[np.int64]) -> Logits:
        """Rows ``asked`` of :meth:`logits_after`."""
        return self.logits_after(tokens)[asked]

    @property
    def vocabulary_size(self) -> int:
        return self.tokenizer.vocabulary_size

    @property
    def end_token(self) -> int:
        return self.tokenizer.end_token

    def encode(self, text: str) -> list[int]:
        return self.encode_many([text])[0]

    def encode_many(self, texts: Sequence[str]) -> list[list[int]]:
        return self.tokenizer.encode_many(texts)

    def decode(self, tokens: Sequence[int]) -> str:
        return self.tokenizer.decode(tokens)

    def chat_prompt(self, system: str, user: str) -> list[int]:
        return self.tokenizer.chat_prompt(system, user)

    def start(self, prompt_tokens: Sequence[int]) -> FakeSession:
        session = FakeSession(self)
        session.advance(prompt_tokens)
        return session


class RandomModel(FakeModel):
    """Logits between -10 and 10 that are a hash of ``seed``, the text so far, and the token."""

    name = "random"

    def __init__(self, seed: int, tokenizer: Tokenizer | None = None) -> None:
        super().__init__(tokenizer)
        self.seed = seed

    def logits_after(self, tokens: Sequence[int]) -> Logits:
        return self.scores_after(tokens, np.arange(self.vocabulary_size, dtype=np.int64))

    def scores_after(self, tokens: Sequence[int], asked: npt.NDArray[np.int64]) -> Logits:
        text = zlib.crc32(np.asarray(tokens, dtype=np.int64).tobytes(), self.seed)
        mixed = asked.astype(np.uint64) + np.uint64(text << 20)
        for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
            mixed = (mixed ^ (mixed >> np.uint64(shift))) * np.uint64(factor)  # splitmix64
        share = (mixed ^ (mixed >> np.uint64(31))).astype(np.float64) / 2.0**64
        return (20 * share - 10).astype(np.float32)


class TabledRandomModel(RandomModel):
    """A random model that tells what its tokens write."""

    def token_table(self) -> Sequence[bytes]:
        assert isinstance(self.tokenizer, ToyTokenizer)
        return self.tokenizer.table


class EarlyEndingModel(RandomModel):
    """Always prefers to end."""

    name = "early-ending"

    def scores_after(self, tokens: Sequence[int], asked: npt.NDArray[np.int64]) -> Logits:
        scores = super().scores_after(tokens, asked)
        scores[asked == self.end_token] = 1e4
        return scores


class NeverEndingModel(RandomModel):
    """Never ends of its own, and prefers what it has already said."""

    name = "never-ending"

    def scores_after(self, tokens: Sequence[int], asked: npt.NDArray[np.int64]) -> Logits:
        scores = super().scores_after(tokens, asked)
        scores[np.isin(asked, tokens)] += 100.0
        scores[asked == self.end_token] = -1e4
        return scores


class LeastPlausibleModel:
    """A real model turned upside down: what it finds least plausible it prefers."""

    def __init__(self, model: LanguageModel) -> None:
        self._model = model
        self.name = f"least-plausible-{model.name}"

    @property
    def vocabulary_size(self) -> int:
        return self._model.vocabulary_size

    @property
    def end_token(self) -> int:
        return self._model.end_token

    def encode(self, text: str) -> list[int]:
        return self._model.encode(text)

    def encode_many(self, texts: Sequence[str]) -> list[list[int]]:
        return self._model.encode_many(texts)

    def decode(self, tokens: Sequence[int]) -> str:
        return self._model.decode(tokens)

    def chat_prompt(self, system: str, user: str) -> list[int]:
        return self._model.chat_prompt(system, user)

    def start(self, prompt_tokens: Sequence[int]) -> LeastPlausibleSession:
        return LeastPlausibleSession(self._model.start(prompt_tokens))


class LeastPlausibleSession:
    """A session whose logits are negated."""

    def __init__(self, session: Session) -> None:
        self._session = session

    @property
    def logits(self) -> Logits:
        return -self._session.logits

    def logits_at(self, tokens: npt.NDArray[np.int64]) -> Logits:
        rows = getattr(self._session, "logits_at", None)
        found: Logits = self._session.logits[tokens] if rows is None else rows(tokens)
        return -found

    @property
    def length(self) -> int:
        return self._session.length

    def advance(self, tokens: Sequence[int]) -> None:
        self._session.advance(tokens)

    def fork(self) -> LeastPlausibleSession:
        return LeastPlausibleSession(self._session.fork())

    def score(self, continuations: Sequence[Sequence[int]]) -> list[float]:
        return [-score for score in self._session.score(continuations)]

    def close(self) -> None:
        self._session.close()
