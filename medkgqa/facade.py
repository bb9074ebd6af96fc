"""The Python front door: :class:`MedicalQA`."""

from __future__ import annotations

import logging
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from kg.errors import MissingExtraError, ModelUnavailableError
from kg.store import GraphStore
from medkgqa.graphs import open_part, open_store
from medkgqa.settings import Settings
from nlp.linker import StoreLinker
from reasoning.answer import Answer
from reasoning.engine import Conversation, Engine, EngineSettings

if TYPE_CHECKING:
    from reasoning.literature import Literature
    from reasoning.literature_index import LiteratureIndex
    from reasoning.verification import Verification
    from reasoning.writer import AnyModel

LOGGER = logging.getLogger(__name__)
Mode = Literal["strict", "cited", "template"]
Reader = Literal["clinician", "patient"]


class MedicalQA:
    """Ask medical questions of a knowledge graph.

    Args:
        graph: folder of a saved graph; the starter graph where neither this nor ``store`` is given.
        store: URL of a Neo4j server, or a :class:`~kg.store.GraphStore` of your own.
        lm: ``"default"`` (SmolLM2-135M-Instruct), ``"none"`` (sentence frames only),
            ``"hf:NAME"`` (a model of transformers, by name or folder), the ``http://`` address of
            an OpenAI-compatible server, or a :class:`~reasoning.language_model.LanguageModel` or
            :class:`~reasoning.writer.Writer` of your own.
        mode: ``"strict"`` (the model words, inside the grammar of the subgraph), ``"cited"`` (in
            its own words; sentences that the graph does not bear out are removed) or
            ``"template"``.
        named: how many facts the text names; all of them are in :attr:`Answer.claims`.
        model_reads: whether the model says what a question asks that no rule recognises, among the
            plans that type-check for its names; the answer says so (:attr:`Answer.read_by`).
        model_ranks: whether the model orders facts of equal evidence by relevance to words of the
            question that nothing else uses.
        reader: whom answers are worded for: ``"clinician"`` or ``"patient"`` (plain sentences and
            lay names, the same claims).
        licence: ``"open"``: use only evidence that may be passed on with attribution at most.
        literature: file that ``medkgqa index`` wrote, or a
            :class:`~reasoning.literature_index.LiteratureIndex`: sentences of its documents that
            support or contradict what is asked are in :attr:`Answer.literature`, word for word.
        summarise: so many sentences of documents that together say most, whole, with their ids: of
            those behind the claims of a graph built from documents (:attr:`Answer.summary`), and
            of those that ``literature`` quotes; 0 for none.
        abstain_below: an answer less likely to be right than this, in [0, 1], is withheld; the
            text says why and what would make it surer.
        settings: folders and threads; from the environment where not given.

    Raises:
        UsageError: on a graph, store, model or literature index that cannot be.
        GraphFormatError: on a folder that holds no graph of ours.

    The model is opened at the first question that needs it. Where the default one cannot be had
    (no extra ``lm``, no registry), a warning says so and the frames word the answers.
    """

    def __init__(
        self,
        graph: str | Path | None = None,
        *,
        store: str | GraphStore | None = None,
        lm: str | AnyModel = "default",
        mode: Mode = "strict",
        named: int = 10,
        model_reads: bool = False,
        model_ranks: bool = False,
        reader: Reader = "clinician",
        licence: Literal["open"] | None = None,
        literature: str | Path | LiteratureIndex | None = None,
        summarise: int = 0,
        abstain_below: float = 0.0,
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
        self._linker = StoreLinker(self.store)
        self._engine = Engine(
            self.store,
            linker=self._linker,
            language_model=model,
            settings=EngineSettings(
                mode=mode,
                named=named,
                abstain_below=abstain_below,
                model_reads=model_reads,
                model_ranks=model_ranks,
                reader=reader,
                summarise=summarise,
            ),
            literature=self._literature(
                literature, open_only=licence is not None, summarise=summarise
            ),
        )

    def _literature(
        self, literature: str | Path | LiteratureIndex | None, *, open_only: bool, summarise: int
    ) -> Literature | None:
        if literature is None:
            return None
        from medkgqa.literature import open_literature  # nothing else needs it

        return open_literature(
            literature, self.store, self.settings, open_only=open_only, summarise=summarise
        )

    def ask(
        self,
        question: str,
        *,
        limit: int | None = 100,
        options: Sequence[str] | None = None,
        reader: Reader | None = None,
    ) -> Answer:
        """Answer one question.

        Args:
            question: in English or Chinese. Any text has an answer, if only that it is out of
                scope.
            limit: the most claims the answer holds; None for all.
            options: possible answers; the index of the one the graph supports is in
                :attr:`Answer.choice`.
            reader: whom it is worded for; as given to :class:`MedicalQA` where None.

        Raises:
            UsageError: on another reader.
            NoContinuationError: where the language model could not word the answer (a defect).
            VerificationError: where the wording does not hold against the graph (a defect).
        """
        return self._engine.ask(question, limit=limit, options=options, reader=reader)

    def conversation(self) -> Conversation:
        """Questions one after another, each of which may refer to the one before.

        "And its side effects?" is asked of what the last answer was about; with no answer before
        it, it is asked back which disease, symptom or drug is meant.
        """
        return self._engine.conversation()

    def verify(self, text: str) -> Verification:
        """What the graph says to each sentence of any text, in English or Chinese.

        Each claim read is supported, contradicted, or not in the graph; a sentence that says more
        than was read is not in the graph.
        """
        from reasoning.free_verification import verify_free

        return verify_free(text, self.store, self._linker)

    def _language_model(self, lm: str | AnyModel) -> AnyModel | None:
        if not isinstance(lm, str):
            return lm
        if lm == "none":
            return None
        from medkgqa.models import open_default_model, open_model

        if lm != "default":
            return open_model(lm, self.settings)
        try:
            return open_default_model(self.settings)
        except (MissingExtraError, ModelUnavailableError) as error:
            LOGGER.warning("%s. Answers are worded from the sentence frames.", error)
            return None
