"""What a lay reader calls a concept, where the graph records it.

Two sources: a table of preferred names per language (``reasoning/frames/*.patient.toml``), each of
which has to be a recorded name of the concept; and, of vocabularies whose makers keep lay names as
exact synonyms, the first recorded lay name with fewer hard words than the display name. Names kept
only to be found by ("nappy rash" for irritant dermatitis) are none to be told by, so no other lay
name is used. A name that any other concept of the graph has is never used. The display name
stands in brackets behind a lay name the first time.

A hard word has three syllables or more, or a part lay readers stumble over. Syllables are counted
by vowel groups, as readability formulas do.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from kg.names import normalise
from kg.records import Concept, curie_prefix
from kg.store import GraphStore
from reasoning.sentence_frames import Frames, LayNaming

#: Words of the longest lay name used; longer ones are descriptions.
LONGEST = 6
#: Syllables from which a word is hard.
HARD = 3

_VOWELS = re.compile(r"[aeiouy]+")
#: Endings without a syllable of their own, but behind these letters.
_SILENT = {"es": "szxcgh", "ed": "td"}
_WORD = re.compile(r"[a-z]+(?:'[a-z]+)?")


def syllables(word: str) -> int:
    """Syllables of an English word in lower case, at least 1.

    >>> [syllables(w) for w in ("heart", "pressure", "hypertension", "people", "used", "treated")]
    [1, 2, 4, 2, 1, 2]
    """
    if len(word) > 3 and word.endswith("e") and not word.endswith(("le", "ee", "ie", "ye")):
        word = word[:-1]
    elif len(word) > 3 and word[-2:] in _SILENT and word[-3] not in _SILENT[word[-2:]]:
        word = word[:-2]
    return max(1, len(_VOWELS.findall(word)))


class LayNames:
    """Lay names of one graph in the language of ``frames``; none where these use none."""

    def __init__(self, store: GraphStore, frames: Frames) -> None:
        self._store = store
        self._language = frames.language
        self._naming = frames.naming

    def __call__(self, concept: Concept) -> str | None:
        """The lay name to use for ``concept``, or None where its display name stands."""
        if self._naming is None:
            return None
        clinical = concept.name(self._language)
        for text in self._candidates(concept, clinical, self._naming):
            if normalise(text) != normalise(clinical) and self._alone(text, concept):
                return text
        return None

    def _candidates(self, concept: Concept, clinical: str, naming: LayNaming) -> Iterator[str]:
        own = [n for n in concept.names if n.language == self._language]
        if clinical in naming.preferred:
            yield from (n.text for n in own if n.text == naming.preferred[clinical])
            return
        if curie_prefix(concept.curie) not in naming.vocabularies:
            return
        hard = hard_words(clinical, naming.clinical)
        for text in [n.text for n in own if n.kind == "lay" and n.text not in naming.not_names]:
            if _is_short(text) and hard_words(text, naming.clinical) < hard:
                yield text

    def _alone(self, text: str, concept: Concept) -> bool:
        """Whether no other concept of the graph has the name."""
        return {match.curie for match in self._store.find(text)} == {concept.curie}


def hard_words(text: str, clinical: Sequence[str]) -> int:
    """How many words of an English name are hard; ``clinical`` are parts that make one so.

    >>> hard_words("shortness of breath", ("pnea",)), hard_words("dyspnea", ("pnea",))
    (0, 1)
    """
    words = _WORD.findall(text.lower())
    return sum(syllables(w) >= HARD or any(part in w for part in clinical) for w in words)


def _is_short(text: str) -> bool:
    """Whether it is a name, not a description or a short form."""
    return len(text.split()) <= LONGEST and not any(w.isupper() for w in text.split())
