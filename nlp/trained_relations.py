"""The trained relation model as an extractor, beside the phrases.

What a sentence says in so many words (:mod:`nlp.relations`) and what the model reads over a whole
document complete each other. Where both speak of the same two concepts, the phrases win: they
point at the words, and they read a denial, which the model cannot. Only an asserted mention
supports what the model finds, and a sentence that denies or doubts supports nothing.
"""

from __future__ import annotations

import logging
import re
import tomllib
from collections.abc import Iterator, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Literal

from kg.errors import MissingExtraError, ModelUnavailableError
from kg.records import Polarity
from kg.schema import CAUSES, CONDITIONS, DRUG, DRUG_CLASS, INTERACTS_WITH
from nlp.edges import TOLERATED
from nlp.records import Assertion, Mention, Relation
from nlp.relation_model import FoundPair, RelationModel
from nlp.relation_pairs import CHEMICAL, DISEASE, Entity, PairDocument
from nlp.relations import PhraseRelations, RelationExtractor

#: Label of the model → predicate. Of treatment the open corpora hold 214 examples, too few to learn
#: from (see the model card): the phrases read it, as they read all other predicates.
PREDICATES = {"causes": CAUSES}
_DENIED = re.compile(
    r"\b(?:not|no|never|neither|nor|without|fail(?:s|ed) to|cannot|lack of)\b|n't\b"
)

RelationChoice = Literal["auto", "trained", "phrases"]
LOGGER = logging.getLogger(__name__)

Place = tuple[int, int, tuple[int, int]]


class TrainedRelations:
    """Relations of a document by a model and by phrases.

    Args:
        model: labels pairs of concepts.
        phrases: what a sentence says in so many words; none where not given.
    """

    def __init__(self, model: RelationModel, *, phrases: RelationExtractor | None = None) -> None:
        self._model = model
        self._phrases = phrases
        table = tomllib.loads(
            files("nlp").joinpath("cues", "relations_en.toml").read_text(encoding="utf-8")
        )
        cues = [*table["negation"]["before"], *table["doubt"]["before"]]
        listed = "|".join(map(re.escape, sorted(cues, key=len, reverse=True)))
        self._open = re.compile(rf"\b(?:{listed})\b")

    @classmethod
    def shipped(cls, *, phrases: RelationExtractor | None = None) -> TrainedRelations:
        """The model of this package.

        Raises:
            MissingExtraError: without openvino or tokenizers.
        """
        folder = Path(str(files("nlp").joinpath("models", "relations-en")))
        return cls(RelationModel(folder), phrases=phrases)

    @property
    def version(self) -> str:
        """See :attr:`RelationExtractor.version`."""
        return self._model.version

    def extract(
        self, text: str, sentences: Sequence[tuple[int, int]], mentions: Sequence[Mention]
    ) -> tuple[Relation, ...]:
        """See :meth:`RelationExtractor.extract`."""
        stated: tuple[Relation, ...] = ()
        if self._phrases is not None:
            stated = self._phrases.extract(text, sentences, mentions)
        said = {
            (_concept(mentions[r.subject]), r.predicate, _concept(mentions[r.object]))
            for r in stated
        }
        said |= {(o, p, s) for s, p, o in said if p == INTERACTS_WITH}
        found = [
            relation
            for relation in self.document_relations(text, sentences, mentions)
            if (
                _concept(mentions[relation.subject]),
                relation.predicate,
                _concept(mentions[relation.object]),
            )
            not in said
        ]
        return tuple(
            sorted([*stated, *found], key=lambda r: (r.sentence, r.subject, r.object, r.predicate))
        )

    def document_relations(
        self, text: str, sentences: Sequence[tuple[int, int]], mentions: Sequence[Mention]
    ) -> Iterator[Relation]:
        """What the model finds, each with the mentions and the sentence that support it most."""
        document, members = self.pair_document(text, sentences, mentions)
        if len(document.entities) < 2:
            return
        lowered = text.lower()
        for one in self.found(document):
            for label in sorted(one.given & PREDICATES.keys()):
                predicate = PREDICATES[label]
                tolerated = {Assertion.ASSERTED} | TOLERATED.get(predicate, frozenset())
                ends = [
                    [i for i in members[e] if mentions[i].assertion in tolerated] for e in one.pair
                ]
                support = self._support(lowered, sentences, mentions, *ends)
                if support is not None:
                    subject, object_, sentence = support
                    yield Relation(
                        subject,
                        object_,
                        predicate,
                        Polarity.POSITIVE,
                        round(one.probabilities[label], 4),
                        sentence,
                        self.version,
                    )

    def found(self, document: PairDocument) -> list[FoundPair]:
        """What the model says of every pair of a document."""
        return self._model.find(document)

    def pair_document(
        self, text: str, sentences: Sequence[tuple[int, int]], mentions: Sequence[Mention]
    ) -> tuple[PairDocument, list[list[int]]]:
        """The document as concepts, and the mentions (by index) of each."""
        concepts: dict[tuple[str, str], list[int]] = {}
        for number, mention in enumerate(mentions):
            kind = _kind(mention)
            if kind and any(s <= mention.start and mention.end <= e for s, e in sentences):
                concepts.setdefault((_concept(mention), kind), []).append(number)
        members: dict[tuple[str, str], list[int]] = {}
        for (concept, kind), numbers in concepts.items():
            key = self._model.key([mentions[i].text for i in numbers], concept)
            members.setdefault((key, kind), []).extend(numbers)
        entities = []
        for (key, kind), numbers in members.items():
            spans = sorted({(mentions[i].start, mentions[i].end) for i in numbers})
            entities.append(Entity(key, kind, tuple(spans)))
        title_end = max(0, text.find("\n"))
        return (
            PairDocument("", text, title_end, tuple(sentences), tuple(entities)),
            list(members.values()),
        )

    def _support(
        self,
        text: str,
        sentences: Sequence[tuple[int, int]],
        mentions: Sequence[Mention],
        subjects: Sequence[int],
        objects: Sequence[int],
    ) -> Place | None:
        """The nearest two mentions no word between or before them denies, and their sentence."""
        together: list[tuple[int, Place]] = []
        apart: list[tuple[int, Place]] = []
        denied = False
        for s in subjects:
            for o in objects:
                left, right = sorted((mentions[s], mentions[o]), key=lambda m: m.start)
                gap = max(0, right.start - left.end)
                sentence = _sentence_of(left, sentences)
                if right.end <= sentence[1]:
                    if self._is_open(text, sentence, left, right):
                        denied = True
                    else:
                        together.append((gap, (s, o, sentence)))
                else:
                    end = _sentence_of(right, sentences)
                    near = text[sentence[1] : end[0]].strip() == ""
                    span = (sentence[0], end[1]) if near else _sentence_of(mentions[o], sentences)
                    apart.append((gap, (s, o, span)))
        if together:
            return min(together)[1]
        return min(apart)[1] if apart and not denied else None

    def _is_open(self, text: str, sentence: tuple[int, int], left: Mention, right: Mention) -> bool:
        """Whether the sentence denies or doubts what it says of the two."""
        if self._open.search(text, max(sentence[0], left.start - 80), right.end):
            return True
        return _DENIED.search(text, left.end, max(left.end, right.start)) is not None


def relation_extractors(choice: RelationChoice = "auto") -> dict[str, RelationExtractor]:
    """Language → what finds its relations.

    Args:
        choice: ``trained``: the model beside the phrases, or an error; ``phrases``: these alone;
            ``auto``: the model where it can be run, else the phrases, with a warning.

    Raises:
        MissingExtraError: ``trained``, without openvino or tokenizers.
        ModelUnavailableError: ``trained``, where the model is absent.
    """
    found: dict[str, RelationExtractor] = {x: PhraseRelations(x) for x in ("en", "zh")}
    if choice == "phrases":
        return found
    try:
        found["en"] = TrainedRelations.shipped(phrases=found["en"])
    except (MissingExtraError, ModelUnavailableError) as error:
        if choice == "trained":
            raise
        LOGGER.warning("relations are read by phrases only: %s", error)
    return found


def _sentence_of(mention: Mention, sentences: Sequence[tuple[int, int]]) -> tuple[int, int]:
    return next(
        ((s, e) for s, e in sentences if s <= mention.start < e), (mention.start, mention.end)
    )


def _concept(mention: Mention) -> str:
    """The concept's CURIE (MeSH: its id), or the mention's own words where it has none."""
    return (mention.concept or mention.text.lower()).removeprefix("MESH:")


def _kind(mention: Mention) -> str:
    if mention.category in CONDITIONS:
        return DISEASE
    return CHEMICAL if mention.category in (DRUG, DRUG_CLASS) else ""
