"""The Python front door: :class:`MedicalQA`."""

from __future__ import annotations

import logging
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from kg.errors import MissingExtraError, ModelUnavailableError, UsageError
from kg.store import GraphStore
from medkgqa.graphs import open_part, open_store
from medkgqa.settings import Settings
from nlp.linker import StoreLinker
from reasoning.answer import Answer
from reasoning.engine import Engine, EngineSettings

if TYPE_CHECKING:
    from reasoning.language_model import LanguageModel

LOGGER = logging.getLogger(__name__)
Mode = Literal["strict", "template"]


class MedicalQA:
    """Ask medical questions of a knowledge graph.

    Args:
        graph: folder of a saved graph; the starter graph where neither this nor ``store`` is given.
        store: URL of a Neo4j server, or a :class:`~kg.store.GraphStore` of your own.
        lm: ``"default"`` (SmolLM2-135M-Instruct), ``"none"`` (sentence frames only), or a
            :class:`~reasoning.language_model.LanguageModel` of your own.
        mode: ``"strict"`` (the model words, inside the grammar of the subgraph) or ``"template"``.
        named: how many facts the text names; all of them are in :attr:`Answer.claims`.
        licence: ``"open"``: use only evidence that may be passed on with attribution at most.
        settings: folders and threads; from the environment where not given.

    Raises:
        UsageError: on a graph, store or model that cannot be.
        GraphFormatError: on a folder that holds no graph of ours.

    The model is opened at the first question that needs it. Where the default one cannot be had
    (no extra ``lm``, no registry), a warning says so and the frames word the answers.
    """

    def __init__(
        self,
        graph: str | Path | None = None,
        *,
        store: str | GraphStore | None = None,
        lm: str | LanguageModel = "default",
        mode: Mode = "strict",
        named: int = 10,
        licence: Literal["open"] | None = None,
        settings: Settings | None = None,
    ) -> None:
        self.settings = settings or Settings.from_environment(os.environ)
        if store is None or isinstance(store, str):
            self.store: GraphStore = open_store(self.settings, graph=graph, store=store)
        else:
            self.store = store
        if licence is not None:
            self.store = open_part(self.store)
        model = None if mode == "template" else self._language_model(lm)
        self._engine = Engine(
            self.store,
            linker=StoreLinker(self.store),
            language_model=model,
            settings=EngineSettings(mode=mode, named=named),
        )

    def ask(
        self, question: str, *, limit: int | None = 100, options: Sequence[str] | None = None
    ) -> Answer:
        """Answer one question.

        Args:
            question: in English or Chinese. Any text has an answer, if only that it is out of
                scope.
            limit: the most claims the answer holds; None for all.
            options: possible answers; the index of the one the graph supports is in
                :attr:`Answer.choice`.

        Raises:
            NoContinuationError: where the language model could not word the answer (a defect).
            VerificationError: where the wording does not hold against the graph (a defect).
        """
        return self._engine.ask(question, limit=limit, options=options)

    def _language_model(self, lm: str | LanguageModel) -> LanguageModel | None:
        if not isinstance(lm, str):
            return lm
        if lm == "none":
            return None
        if lm != "default":
            raise UsageError(f"language model {lm!r} is none of: default, none")
        from medkgqa.models import open_default_model

        try:
            return open_default_model(self.settings)
        except (MissingExtraError, ModelUnavailableError) as error:
            LOGGER.warning("%s. Answers are worded from the sentence frames.", error)
            return None
