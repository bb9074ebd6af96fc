"""Grammars run by llguidance instead of our own automaton: any model, any grammar it can read.

Our automaton allows one tokenization of each name; llguidance allows all of them, and takes
grammars that are not sentences (JSON schemas). A model under it is a
:class:`~reasoning.writer.Writer`: what it wrote is read against the grammar before it is believed.

The grammar of an answer goes in as Lark with everything in ONE terminal (:func:`lark`). As rules,
the form that llguidance's own conversion from GBNF gives, its lexer takes the longest name without
going back, and refuses what is allowed: after "diabetes", where "diabetes mellitus" is another
name, " and" can no longer follow.

llguidance reports errors by a state in which it allows the end token; every mask is asked for its
error first, and a mask is empty until it is filled: nothing here ever allows all tokens.

https://github.com/guidance-ai/llguidance (MIT)
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from kg.errors import DecodingError, MissingExtraError, ModelUnavailableError, NoContinuationError
from reasoning.automaton import Reading
from reasoning.decoding import decode, free_decode
from reasoning.grammar_text import SentenceSchema, lark, recognised
from reasoning.language_model import LanguageModel, TabledModel
from reasoning.sentence_grammar import Claims, Grammar

Said: TypeAlias = tuple[int, ...]
"""A state: the tokens said so far."""


class Guidance:
    """llguidance over the tokens of ``model``; made once a model (a second or two).

    Raises:
        MissingExtraError: without llguidance (the extra ``guidance``).
        ModelUnavailableError: where the model does not tell its tokens' bytes, or llguidance
            cannot read them.
    """

    def __init__(self, model: LanguageModel) -> None:
        try:
            import llguidance
            import llguidance.numpy
        except ImportError as error:
            raise MissingExtraError("llguidance", extra="guidance") from error
        if not isinstance(model, TabledModel):
            raise ModelUnavailableError(
                f"{model.name} does not tell the bytes of its tokens, which llguidance needs; use "
                "another model, or leave out guided:"
            )
        self.model = model
        self._runtime: Any = llguidance
        try:
            table = _Table(model, self._bytes(model.token_table()))
            self._tokenizer: Any = llguidance.LLTokenizer(
                llguidance.TokenizerWrapper(table), eos_token=model.end_token
            )
        except ValueError as error:
            raise ModelUnavailableError(
                f"llguidance cannot read the tokens of {model.name}: {error}; leave out guided:"
            ) from error

    def _bytes(self, table: str | Sequence[bytes]) -> Sequence[bytes]:
        """What each token adds to a text, nothing for control tokens.

        Of a tokenizer of the tokenizers library llguidance is asked for no more than that: where
        a forced text spells out a control token, it would make one of it.
        """
        if not isinstance(table, str):
            return table
        whole = self._runtime.LLTokenizer(table, n_vocab=self.model.vocabulary_size)
        return [
            b"" if whole.is_special_token(token) else bytes(whole.decode_bytes([token]))
            for token in range(whole.vocab_size)
        ]

    def constraint(self, grammar: Grammar) -> GuidedText:
        """``grammar`` as a constraint on tokens; lists in the order given, as in GBNF.

        Raises:
            NoContinuationError: where a part of it can say nothing.
            DecodingError: where llguidance cannot take it.
        """
        rules = self._runtime.LLMatcher.grammar_from_lark(lark(grammar))
        return GuidedText(self, rules, lambda text: recognised(grammar, text))

    def schema(self, schema: SentenceSchema, grammar: Grammar) -> GuidedText:
        """A JSON object of ``schema``, whose text is one of ``grammar``; without spare blanks.

        Raises:
            DecodingError: where llguidance cannot take it.
        """
        rules = self._runtime.LLMatcher.grammar_from_json_schema(
            json.dumps(schema.schema), {"whitespace_flexible": False}
        )
        return GuidedText(self, rules, lambda reply: recognised(grammar, schema.text(reply)))

    def matcher(self, rules: str) -> Any:
        """llguidance's matcher of ``rules``, at the start."""
        found = self._runtime.LLMatcher(self._tokenizer, rules, log_level=0)
        raise_its_error(found)
        return found

    def mask(self, matcher: Any) -> npt.NDArray[np.int64]:
        """Ids of the tokens that ``matcher`` allows next, ascending."""
        size = self.model.vocabulary_size
        bits = np.zeros((1, (size + 31) // 32), dtype=np.int32)
        self._runtime.numpy.fill_next_token_bitmask(matcher, bits)
        raise_its_error(matcher)
        return np.flatnonzero(np.unpackbits(bits.view(np.uint8), bitorder="little")[:size])


class GuidedText:
    """A :class:`~reasoning.decoding.Constraint` whose states are the tokens said.

    One matcher is moved to the state asked for, forward or back; going straight on costs nothing.
    """

    def __init__(
        self, guidance: Guidance, rules: str, read: Callable[[str], Claims | None]
    ) -> None:
        """``read``: the claims of a whole text, None where it is none of the grammar."""
        self._guidance = guidance
        self._matcher = guidance.matcher(rules)
        self._read = read
        self._at: Said = ()
        self._known: tuple[Said, npt.NDArray[np.int64]] | None = None
        self.end_token = guidance.model.end_token
        """The token by which the model may stop in a final state."""
        self.start: Said = ()
        """Nothing said."""

    def tokens(self, state: Said) -> npt.NDArray[np.int64]:
        """Ids of the tokens that may follow ``state``, ascending, without the end token.

        Where the text that follows is forced, the one token of its canonical tokenization.
        """
        if self._known is None or self._known[0] != state:
            self._go_to(state)
            found = self._guidance.mask(self._matcher)
            self._known = (state, found[found != self.end_token])
        return self._known[1]

    def step(self, state: Said, token: int) -> Said:
        """The state after ``token``; :class:`NoContinuationError` where it is not allowed."""
        self._go_to(state)
        if token == self.end_token or self._matcher.validate_tokens([token]) != 1:
            raise NoContinuationError(
                f"token {token} ({self._guidance.model.decode([token])!r}) is not allowed here"
            )
        self._take((token,))
        return self._at

    def is_final(self, state: Said) -> bool:
        """Whether the text may stop in ``state``."""
        self._go_to(state)
        return bool(self._matcher.is_accepting())

    def reading(self, state: Said) -> Reading:
        """Text and claims of a final ``state``.

        Raises:
            DecodingError: where the text is not complete, or the grammar does not hold it.
        """
        if not self.is_final(state):
            raise DecodingError("this state does not end a text; go on to a final state")
        text = self._guidance.model.decode(state)
        claims = self._read(text)
        if claims is None:
            raise DecodingError(f"llguidance let {text[:200]!r} through, no text of the grammar")
        return Reading(text, claims)

    def _go_to(self, state: Said) -> None:
        """Move the matcher to ``state``."""
        if self._at == state:
            return
        shared = 0
        for one, other in zip(self._at, state, strict=False):
            if one != other:
                break
            shared += 1
        if len(self._at) > shared:
            self._matcher.rollback(len(self._at) - shared)
            raise_its_error(self._matcher)
            self._at = state[:shared]
        if len(state) > shared:
            self._take(state[shared:])

    def _take(self, tokens: Said) -> None:
        self._matcher.consume_tokens(list(tokens))
        raise_its_error(self._matcher)
        self._at = (*self._at, *tokens)


class GuidedWriter:
    """A local model that writes under llguidance: a :class:`~reasoning.writer.Writer`."""

    def __init__(self, model: LanguageModel) -> None:
        """Raises what :class:`Guidance` does."""
        self._model = model
        self._guidance = Guidance(model)

    @property
    def name(self) -> str:
        """The model's name, and the engine's."""
        return f"{self._model.name} under llguidance"

    def write(
        self, system: str, user: str, *, grammar: Grammar | None = None, max_tokens: int = 512
    ) -> str:
        """See :meth:`reasoning.writer.Writer.write`."""
        session = self._model.start(self._model.chat_prompt(system, user))
        try:
            if grammar is None:
                return free_decode(self._model, session, max_tokens=max_tokens).text
            constraint = self._guidance.constraint(grammar)
            return decode(session, constraint, max_tokens=max_tokens).text
        finally:
            session.close()


class _Table:
    """What llguidance asks of a tokenizer that is not one of the tokenizers library."""

    def __init__(self, model: LanguageModel, table: Sequence[bytes]) -> None:
        self._model = model
        self.tokens = [piece or b"<%d>" % token for token, piece in enumerate(table)]
        self.special_token_ids = [token for token, piece in enumerate(table) if not piece]
        self.eos_token_id = model.end_token
        self.bos_token_id = None

    def __call__(self, text: str | bytes) -> list[int]:
        """Tokens of ``text``."""
        written = text if isinstance(text, str) else text.decode("utf-8", errors="replace")
        return list(self._model.encode(written))


def raise_its_error(matcher: Any) -> None:
    """Raise :class:`DecodingError` where llguidance is in its error state."""
    if matcher.is_error():
        problem = str(matcher.get_error()).partition("\n<state>")[0].strip()
        raise DecodingError(f"llguidance: {problem}; use our own automaton: leave out guided:")
