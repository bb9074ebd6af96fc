"""Who can be asked for text without giving logits: a model behind a server.

A :class:`Writer` may be handed a grammar, but is not trusted to have kept to it.
:func:`worded` is the one way in which the engine has an answer worded, by either kind of model.
"""

from __future__ import annotations

import logging
from typing import Protocol, TypeAlias, runtime_checkable

from kg.errors import DecodingError
from reasoning.automaton import Automaton
from reasoning.decoding import decode, free_decode
from reasoning.grammar_text import recognised
from reasoning.language_model import LanguageModel
from reasoning.sentence_grammar import Grammar

_LOG = logging.getLogger(__name__)


@runtime_checkable
class Writer(Protocol):
    """Writes text on request."""

    @property
    def name(self) -> str:
        """What users call it."""
        ...

    def write(
        self, system: str, user: str, *, grammar: Grammar | None = None, max_tokens: int = 512
    ) -> str:
        """What the model says to ``user``; ``grammar`` is handed over where that is possible.

        Raises:
            ModelUnavailableError: where it cannot be reached, or answers with something else.
            DecodingError: where its text cannot be read.
        """
        ...


AnyModel: TypeAlias = LanguageModel | Writer


def worded(
    model: AnyModel, system: str, user: str, grammar: Grammar, *, max_tokens: int
) -> str | None:
    """A text of ``grammar``, as ``model`` prefers it.

    None where a :class:`Writer` wrote something else; a :class:`LanguageModel` cannot.

    Raises:
        DecodingError: where a language model cannot write any text of the grammar.
        ModelUnavailableError: where a writer cannot be reached.
    """
    if isinstance(model, LanguageModel):
        session = model.start(model.chat_prompt(system, user))
        try:
            said = decode(session, Automaton(grammar, model), max_tokens=max_tokens)
        finally:
            session.close()
        _LOG.debug("worded in %d forward passes, %.3f s", said.forwards, said.seconds)
        return said.text
    try:
        text = model.write(system, user, grammar=grammar, max_tokens=max_tokens)
    except DecodingError as error:
        _LOG.warning("%s: %s", model.name, error)
        return None
    if recognised(grammar, text) is None:
        _LOG.warning("%s did not keep to the grammar: %r", model.name, text[:200])
        return None
    return text


def written(model: AnyModel, system: str, user: str, *, max_tokens: int) -> str:
    """What ``model`` says when it may say anything: to be checked before anybody reads it.

    Raises:
        ModelUnavailableError: where a writer cannot be reached.
    """
    if not isinstance(model, LanguageModel):
        return model.write(system, user, max_tokens=max_tokens)
    session = model.start(model.chat_prompt(system, user))
    try:
        return free_decode(model, session, max_tokens=max_tokens).text
    finally:
        session.close()
