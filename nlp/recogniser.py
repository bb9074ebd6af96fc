"""The trained mention recognisers: shipped models find mentions, the graph says what they name.

English text is read by ``ner-en``, text with Chinese characters by ``ner-zh`` (:mod:`nlp.models`);
mentions are linked by :class:`nlp.concept_linker.ConceptLinker`. Of the classes the models know
nothing of (genes, tests, risk factors, …) the names of the graph are found as before.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Sequence
from functools import cached_property
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

from kg.errors import MissingExtraError, ModelUnavailableError, UsageError
from kg.schema import DISEASE, DRUG, FOOD, PHENOTYPE
from kg.store import GraphStore
from nlp.bulk_linker import BulkLinker, open_linker
from nlp.concept_linker import CATEGORIES, ConceptLinker
from nlp.concept_names import ConceptNames
from nlp.reader import DictionaryRecogniser, MentionRecogniser
from nlp.records import Candidate, Mention
from nlp.token_model import FoundSpan, TokenModel, model_version
from nlp.tokens import has_han

LOGGER = logging.getLogger(__name__)

#: ``trained``: the models, or an error; ``names``: the names of the graph only; ``auto``: the
#: models where they can be run, else the names, with a warning.
NerChoice = Literal["auto", "trained", "names"]

#: Classes the models find; the graph's names of these count only inside what a model found.
_COVERED = frozenset({DRUG, FOOD, DISEASE, PHENOTYPE})
#: Class of the Chinese model → class the linker knows.
_CLASSES = {
    "Chemical": "Chemical",
    "Disease": "Disease",
    "drug": "Chemical",
    "disease": "Disease",
    "symptom": "Disease",
}
_NIL_CATEGORIES = {"symptom": PHENOTYPE}


def model_folder(language: str) -> Path:
    """Folder of the shipped recogniser of a language."""
    return Path(str(files("nlp").joinpath("models", f"ner-{language}")))


class TrainedRecogniser:
    """Finds mentions with trained models; see :class:`nlp.reader.MentionRecogniser`.

    Models are opened when first needed, once in each process (OpenVINO does not survive a fork).

    Args:
        store: the graph mentions are linked to.
        folders: language → folder of a model; the shipped ones where not given.
        threads: processor threads; 0 leaves the choice to OpenVINO.
        names: finds the graph's names; learnt from it where not given.

    Raises:
        MissingExtraError: without openvino or tokenizers.
        ModelUnavailableError: where no English model is in place.
    """

    def __init__(
        self,
        store: GraphStore,
        *,
        folders: dict[str, Path] | None = None,
        threads: int = 0,
        names: BulkLinker | None = None,
    ) -> None:
        for package in ("openvino", "tokenizers"):
            if find_spec(package) is None:
                raise MissingExtraError(package, extra="lm")
        chosen = folders or {language: model_folder(language) for language in ("en", "zh")}
        self._folders = {k: path for k, path in chosen.items() if (path / "model.xml").is_file()}
        if "en" not in self._folders:
            raise ModelUnavailableError(
                f"{chosen.get('en')} holds no model.xml; install the package again, or read with "
                "the names of the graph: --ner names"
            )
        self._threads = threads
        self._store = store
        self._names = BulkLinker(store.concepts()) if names is None else names
        self._models: dict[tuple[int, str], TokenModel] = {}

    @cached_property
    def _linker(self) -> ConceptLinker:
        """Links what the models find; a build that only asks for the version does without."""
        listed = self._folders["en"] / "concepts.xz"
        known = ConceptNames.load(listed) if listed.is_file() else ConceptNames()
        return ConceptLinker(self._store, known)

    @property
    def version(self) -> str:
        """See :attr:`nlp.reader.MentionRecogniser.version`."""
        return "+".join(model_version(self._folders[name]) for name in sorted(self._folders))

    def recognise(self, text: str) -> tuple[Mention, ...]:
        """See :meth:`nlp.reader.MentionRecogniser.recognise`."""
        return self.recognise_all([text])[0]

    def recognise_all(self, texts: Sequence[str]) -> list[tuple[Mention, ...]]:
        """The mentions of each text; faster than one by one."""
        found: dict[int, tuple[Mention, ...]] = {}
        by_language: dict[str, list[int]] = {"en": [], "zh": []}
        for place, text in enumerate(texts):
            by_language["zh" if has_han(text) else "en"].append(place)
        for language, places in by_language.items():
            if not places:
                continue
            if language not in self._folders:
                found.update((i, self._names.link(texts[i])) for i in places)
                continue
            spans = self._model(language).spans([texts[i] for i in places])
            for i, listed in zip(places, spans, strict=True):
                found[i] = self._mentions(texts[i], listed)
        return [found[i] for i in range(len(texts))]

    def _mentions(self, text: str, spans: Sequence[FoundSpan]) -> tuple[Mention, ...]:
        """The spans linked, and the graph's names of other classes between them."""
        known = [s for s in spans if s.name in _CLASSES]
        by_name = {(m.start, m.end): m for m in self._names.link(text)}
        linked = self._linker.link_all(text, [(s.start, s.end, _CLASSES[s.name]) for s in known])
        mentions = []
        for span, candidates in zip(known, linked, strict=True):
            if not candidates and (span.start, span.end) in by_name:
                candidates = _of_class(by_name[span.start, span.end], span)
            mentions.append(_mention(text, span, candidates))
        taken = [(s.start, s.end) for s in known]
        for mention in by_name.values():
            free = all(mention.end <= start or end <= mention.start for start, end in taken)
            if free and mention.category not in _COVERED:
                mentions.append(mention)
        return tuple(sorted(mentions, key=lambda m: m.start))

    def _model(self, language: str) -> TokenModel:
        key = (os.getpid(), language)
        if key not in self._models:
            self._models[key] = TokenModel(self._folders[language], threads=self._threads)
        return self._models[key]


def _of_class(mention: Mention, span: FoundSpan) -> tuple[Candidate, ...]:
    wanted = CATEGORIES[_CLASSES[span.name]]
    return tuple(c for c in mention.candidates if c.category in wanted)


def _mention(text: str, span: FoundSpan, candidates: tuple[Candidate, ...]) -> Mention:
    category = _NIL_CATEGORIES.get(span.name) or CATEGORIES[_CLASSES[span.name]][0]
    if candidates and _CLASSES[span.name] == "Disease":
        category = candidates[0].category  # a chemical stays one, whatever the graph calls it
    named = text[span.start : span.end]
    score = min(1.0, max(0.0001, span.score))
    return Mention(span.start, span.end, named, category, candidates, score)


def make_recogniser(
    store: GraphStore,
    ner: NerChoice = "auto",
    *,
    warn: Callable[[str], None] = LOGGER.warning,
    kept: Path | None = None,
) -> MentionRecogniser:
    """The recogniser asked for.

    Args:
        store: the graph whose names count.
        ner: which one; see :data:`NerChoice`.
        warn: is told, once, where ``auto`` has to do without the models.
        kept: folder that keeps what is learnt of a saved graph's names.

    Raises:
        MissingExtraError: ``trained``, without openvino or tokenizers.
        ModelUnavailableError: ``trained``, without a model.
        UsageError: for any other word.
    """
    if ner not in ("auto", "trained", "names"):
        raise UsageError(f"--ner {ner!r} is none of: auto, trained, names")
    names = open_linker(store, kept)
    if ner != "names":
        try:
            return TrainedRecogniser(store, names=names)
        except (MissingExtraError, ModelUnavailableError) as error:
            if ner == "trained":
                raise
            warn(f"reading with the names of the graph only, not the trained model: {error}")
    return DictionaryRecogniser(names)
