"""The names of a question, told from the words it asks with.

The linker knows names; the phrase files know the words of questions. What only looks like a name
and is a word of a phrase is no name, a misspelt word of a phrase is put right, and a name that
swallows such a word ("complications of diabetes") is cut to the name in it.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from rapidfuzz import process
from rapidfuzz.distance import OSA

from kg.names import normalise
from nlp.linker import Linker, Unlinked
from nlp.records import Mention
from reasoning.numbered import numbered
from reasoning.people import with_people
from reasoning.qualifiers import Qualified, Sort, beside_names, patients
from reasoning.rules import Phrases, load_phrases, load_short_forms
from reasoning.skeleton import Slot, detect_language, slots_of

#: A mention that scores less was linked by guessing a typo or a variant.
GUESS_BELOW = 0.9

#: Shortest word of a phrase that tells anything, in letters.
SHORTEST_WORD = 3

#: Shortest word that may be a misspelt one of a phrase, and one with two typos, in letters.
LEAST_MISSPELT, TWO_EDITS = 6, 9


_UNIT = re.compile(r"(?:mc|m|k|µ|u)?g|m?l|iu|meq", re.IGNORECASE)

#: What the name of a numbered kind may begin with beside what people write.
_BEFORE_NUMBERED = ("", "autosomal recessive ", "autosomal dominant ", "hereditary ", "familial ")

#: The strength of a preparation names nothing.
_STRENGTH = re.compile(r"\d[\d.,/-]* ?(?:mg|mcg|µg|ug|g|ml|mls|units?|iu|%|meq|毫克|微克|克|毫升)?")


class Namer:
    """Finds the slots of a question with a linker over one graph."""

    def __init__(self, linker: Linker, phrases: Mapping[str, Phrases]) -> None:
        self._linker = linker
        self._phrases = dict(phrases)

    def phrases(self, language: str) -> Phrases:
        """The phrases of a language, read when the first question needs them."""
        if language not in self._phrases:
            self._phrases[language] = load_phrases(language)
        return self._phrases[language]

    def slots(self, question: str) -> tuple[tuple[Slot, ...], dict[str, str]]:
        """The names of the question, less what only looks like one and is a word of a phrase.

        Also misspelt words of phrases ("symtoms"), with the word meant.
        """
        linked = [
            m
            for m in self._linker.link(question)
            if not self._asks(m.text) and not _is_unit(question, m.start, m.text)
        ]
        mentions = [self._every_meaning(m) for m in self._unframed(question, linked)]
        mentions = with_people(question, mentions, self._linker)
        kinds = numbered(question, mentions)
        respelt_kinds = [self._numbered_name(question, *span) for span in kinds.values()]
        wider, narrowed, told = self._narrowed(question, mentions)
        wider += [m for m in respelt_kinds if m is not None]
        kinds = {at: span for at, span in kinds.items() if all(w.start != span[0] for w in wider)}
        mentions = [m for m in mentions if all(not _within(m, w) for w in wider)] + wider
        kinds.update(narrowed)
        unlinked = [
            u
            for u in self._linker.unlinked(question, mentions)
            if all(u.end <= start or end <= u.start for start, end in (*kinds.values(), *told))
        ]
        unlinked += [self._unknown_kind(question, *span) for span in kinds.values()]
        mentions = [m for m in mentions if m.start not in kinds]
        respelt = {u.text.lower(): word for u in unlinked if (word := self._meant(u.text))}
        slots = slots_of(
            question,
            [m for m in mentions if not (_guessed(m) and self._is_phrase(m.text))],
            [
                u
                for u in unlinked
                if u.text.lower() not in respelt
                and not self._is_phrase(u.text)
                and not _STRENGTH.fullmatch(u.text.lower())
                and not _is_unit(question, u.start, u.text)
            ],
        )
        return slots, respelt

    def _narrowed(
        self, question: str, mentions: Sequence[Mention]
    ) -> tuple[list[Mention], dict[int, tuple[int, int]], list[tuple[int, int]]]:
        """Wider mentions that are names, and by start the mentions with words of another kind.

        Also the spans of names with other words that narrow them.
        """
        wider: list[Mention] = []
        kinds: dict[int, tuple[int, int]] = {}
        told: list[tuple[int, int]] = []
        for found in beside_names(question, mentions, self._linker):
            if isinstance(found, Mention):
                wider.append(found)
            elif found.sort is Sort.KIND:
                kinds[found.name_start] = (found.start, found.end)
            else:
                told.append((found.start, found.end))
        return wider, kinds, told

    def beside(self, question: str, slots: Sequence[Slot]) -> list[Qualified]:
        """What narrows the names of a question that are known all the same."""
        mentions = [
            Mention(s.start, s.end, s.text, s.candidates[0].category, s.candidates)
            for s in slots
            if s.candidates
        ]
        found = beside_names(question, mentions, self._linker)
        narrowed = [q for q in found if isinstance(q, Qualified)]
        return narrowed + list(patients(question, detect_language(question), mentions))

    def _numbered_name(self, question: str, start: int, end: int) -> Mention | None:
        """A numbered kind as the graph writes it: with or without "type", "hereditary" …"""
        text = question[start:end]
        plain = re.sub(r",? *\b(?:sub)?type +", " ", text, flags=re.IGNORECASE)
        for form in dict.fromkeys((plain, re.sub(r"[ -]+(\S+)$", r" type \1", plain), text)):
            for word in _BEFORE_NUMBERED:
                found = self._linker.named(f"{word}{form}")
                if found:
                    category, score = found[0].category, found[0].score
                    return Mention(start, end, text, category, found, score)
        return None

    def _unknown_kind(self, question: str, start: int, end: int) -> Unlinked:
        text = question[start:end]
        return Unlinked(start, end, text, self._linker.nearest(text))

    def _asks(self, text: str) -> bool:
        """Whether what was linked is a noun of questions ("side effects"), whatever it may name."""
        phrases = self.phrases(detect_language(text))
        words = phrases.asked_of.sub("", text.lower())
        return phrases.nouns.fullmatch(words) is not None

    def _every_meaning(self, mention: Mention) -> Mention:
        """A short form that means several things, with all of them as equal candidates."""
        meanings = load_short_forms().get(mention.text.upper(), ())
        best = max((c.score for c in mention.candidates), default=0.0)
        found = {
            c.curie: replace(c, score=best)
            for name in meanings
            for linked in self._linker.link(name)[:1]
            if (linked.start, linked.end) == (0, len(name))
            for c in linked.candidates[:1]
        }
        return replace(mention, candidates=tuple(found.values())) if len(found) > 1 else mention

    def _unframed(self, question: str, mentions: Sequence[Mention]) -> list[Mention]:
        """Mentions, those that swallow a word of the question ("complications of X") cut to X."""
        kept: list[Mention] = []
        for mention in mentions:
            framed = self.phrases(detect_language(mention.text)).framed.search(mention.text.lower())
            within = (
                []
                if framed is None
                else self._linker.link(mention.text[slice(*framed.span("name"))])
            )
            if framed is None or not within:
                kept.append(mention)
                continue
            shift = mention.start + framed.start("name")
            kept += [replace(m, start=m.start + shift, end=m.end + shift) for m in within]
        return kept

    def _meant(self, text: str) -> str | None:
        """The word of a phrase that an unknown word misspells, or None."""
        word = text.lower()
        if len(word) < LEAST_MISSPELT or not (word.isascii() and word.isalpha()):
            return None
        vocabulary = self.phrases("en").vocabulary
        if word in vocabulary:
            return None
        edits = 1 if len(word) < TWO_EDITS else 2
        near = [v for v in vocabulary if v[0] == word[0] and abs(len(v) - len(word)) <= edits]
        found = process.extractOne(word, near, scorer=OSA.distance, score_cutoff=edits)
        return found[0] if found is not None else None

    def _is_phrase(self, text: str) -> bool:
        words = re.findall(
            r"[a-z0-9]+|[^\W\da-z]+", text.lower() if text.isascii() else normalise(text)
        )
        known = [self._is_word_of_phrases(w) for w in words]
        short = [w.isascii() and len(w) < SHORTEST_WORD for w in words]
        return any(known) and all(k or s for k, s in zip(known, short, strict=True))

    def _is_word_of_phrases(self, word: str) -> bool:
        if not word.isascii():
            return _made_of(word, self.phrases("zh").vocabulary)
        vocabulary = self.phrases("en").vocabulary
        singular = word[:-1] if word.endswith("s") and len(word) > SHORTEST_WORD else word
        return word in vocabulary or singular in vocabulary


def _made_of(word: str, vocabulary: Collection[str]) -> bool:
    """Whether a Chinese word is made of known ones."""
    if word in vocabulary:
        return True
    if not word or word[0].isascii():
        return False
    return any(
        word[:cut] in vocabulary and _made_of(word[cut:], vocabulary) for cut in range(1, len(word))
    )


def _is_unit(question: str, start: int, text: str) -> bool:
    """Whether what may be a short form is the unit of the number before it ("200 mg")."""
    return question[:start].rstrip()[-1:].isdigit() and _UNIT.fullmatch(text) is not None


def _within(mention: Mention, other: Mention) -> bool:
    return other.start <= mention.start and mention.end <= other.end


def _guessed(mention: Mention) -> bool:
    return max((c.score for c in mention.candidates), default=0.0) < GUESS_BELOW
