"""Decoding under an automaton (or another grammar engine), and choosing among whole candidates.

:func:`decode` is greedy: at each choice the model's best allowed token. Runs of tokens without
alternative are not asked for but fed together with the choice before them, one forward pass for
all (jump-forward). It ends in a final state, or raises; it never lets an unlisted token through.

Greedy decoding is short-sighted: one frequent first token can win every step. *What* to say is
therefore chosen by :func:`rank`, which scores whole candidates; *how* to say it, by decoding.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

import numpy as np
import numpy.typing as npt

from kg.errors import DecodingError, NoContinuationError
from reasoning.automaton import Reading
from reasoning.language_model import LanguageModel, Logits, Session
from reasoning.sentence_grammar import Claims

StateT = TypeVar("StateT")


class Constraint(Protocol[StateT]):
    """What may be said: :class:`~reasoning.automaton.Automaton`, or another grammar engine."""

    @property
    def end_token(self) -> int:
        """The token by which the model may stop in a final state."""
        ...

    @property
    def start(self) -> StateT:
        """The state before any token."""
        ...

    def tokens(self, state: StateT) -> npt.NDArray[np.int64]:
        """Ids of the tokens allowed in ``state``, ascending; empty where it can only end."""
        ...

    def step(self, state: StateT, token: int) -> StateT:
        """The state after ``token``; :class:`NoContinuationError` where it is not allowed."""
        ...

    def is_final(self, state: StateT) -> bool:
        """Whether the text may stop in ``state``."""
        ...

    def reading(self, state: StateT) -> Reading:
        """Text and claims of a final ``state``."""
        ...


@dataclass(frozen=True, slots=True)
class Decoded:
    """What was said. ``forwards``: passes through the model; ``seconds``: wall-clock time."""

    text: str
    claims: Claims
    tokens: tuple[int, ...]
    forwards: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Ranked:
    """One candidate: its place in the list given, and its score (higher is better)."""

    index: int
    text: str
    score: float


def decode(
    session: Session,
    automaton: Constraint[StateT],
    *,
    max_tokens: int = 512,
    jump: bool = True,
    feed_all: bool = False,
) -> Decoded:
    """The text the model prefers, greedily, among those of the automaton's grammar.

    ``jump`` False feeds one token a pass, for comparison. ``feed_all`` feeds the last tokens
    too, so that the session can go on after the text. Raises :class:`NoContinuationError` where
    nothing is allowed, and :class:`DecodingError` where ``max_tokens`` do not reach an end:
    half a text is never returned.
    """
    started = time.perf_counter()
    state, tokens, pending, forwards = automaton.start, list[int](), list[int](), 0
    while True:
        allowed = automaton.tokens(state)
        if not len(allowed):
            break
        forced = len(allowed) == 1 and not automaton.is_final(state)
        if pending and not (forced and jump):
            session.advance(pending)
            pending, forwards = [], forwards + 1
        token = int(allowed[0]) if forced else _preferred(session, automaton, state)
        if token == automaton.end_token:
            break
        if len(tokens) == max_tokens:
            raise DecodingError(
                f"no end of the text within max_tokens={max_tokens}; raise it, or lower at_most "
                "of the grammar's lists"
            )
        tokens.append(token)
        pending.append(token)
        state = automaton.step(state, token)
    if not automaton.is_final(state):
        raise NoContinuationError(f"nothing may follow tokens {tokens[-10:]}; decoding stops")
    if feed_all and pending:
        session.advance(pending)
        forwards += 1
    reading = automaton.reading(state)
    seconds = time.perf_counter() - started
    return Decoded(reading.text, reading.claims, tuple(tokens), forwards, seconds)


def free_decode(model: LanguageModel, session: Session, *, max_tokens: int = 64) -> Decoded:
    """The text the model prefers when anything may be said: for comparison only, no claims."""
    started = time.perf_counter()
    tokens: list[int] = []
    forwards = 0
    while len(tokens) < max_tokens:
        token = int(np.argmax(session.logits))
        if token == model.end_token:
            break
        tokens.append(token)
        session.advance([token])
        forwards += 1
    seconds = time.perf_counter() - started
    return Decoded(model.decode(tokens), (), tuple(tokens), forwards, seconds)


def rank(
    model: LanguageModel,
    session: Session,
    candidates: Sequence[str],
    *,
    background: Session | None = None,
) -> tuple[Ranked, ...]:
    """``candidates`` as continuations of ``session``, best first; equal ones keep their order.

    The score is the mean log-probability a token; with a ``background`` session (the same prompt
    without the question) its own score is subtracted, so that a name is not preferred only
    because it is frequent in text.
    """
    encoded = model.encode_many(candidates)
    if any(not tokens for tokens in encoded):
        raise DecodingError("an empty candidate cannot be ranked; leave it out")
    scores = np.array(session.score(encoded), dtype=np.float64)
    if background is not None:
        scores -= background.score(encoded)
    scores /= np.array([len(tokens) for tokens in encoded], dtype=np.float64)
    order = np.argsort(-scores, kind="stable")
    return tuple(Ranked(int(i), candidates[int(i)], float(scores[i])) for i in order)


def _preferred(session: Session, automaton: Constraint[StateT], state: StateT) -> int:
    """The best allowed token, the end token among them in a final state; ties: the first."""
    allowed = automaton.tokens(state)
    final = automaton.is_final(state)
    asked = np.append(allowed, automaton.end_token) if final else allowed
    rows = getattr(session, "logits_at", None)  # RowSession; isinstance would read all logits
    scores: Logits = session.logits[asked] if rows is None else rows(asked)
    best = int(np.argmax(scores[: len(allowed)]))
    if final and not scores[best] > scores[-1]:
        return automaton.end_token
    return int(allowed[best])
