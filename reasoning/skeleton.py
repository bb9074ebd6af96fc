"""A question with its names taken out: what the rules match.

Names become tokens ``<3:DS>`` (number of the slot, a letter per class it may have); what is left
is lower-cased, without quotation marks, in simplified characters, on one line. A slot is a linked
name, an unknown one, an identifier, or a noun phrase that stands for concepts ("diseases that
cause <0:S>"), which keeps the hops that lead to them.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from kg.names import is_han, normalise
from kg.records import Polarity
from nlp.linker import Unlinked
from nlp.records import Candidate, Mention
from reasoning.plan import Hop
from reasoning.rules import IDENTIFIER, LETTERS, OTHER, UNKNOWN, Phrases

#: Candidates scored this much below the best are not what was meant.
CANDIDATE_MARGIN = 0.12

#: Longest sentence, and question of several sentences, matched as one, in characters, with
#: names taken out; of a longer one, the beginning.
MOST_MATCHED = 250

#: Most sentences looked at.
MOST_SENTENCES = 12

_IDENTIFIER = re.compile(r"\b[A-Za-z][A-Za-z.]*:\d[\w.]*|\bUMLS:C\d+|\bMESH:[A-Z]\d+")
_QUOTES = re.compile(r"[\"“”„«»‘`*_「」『』《》【】]|(?<!\w)'|'(?!\w)")
_SPACES = re.compile(r"\s+")
_SENTENCE = re.compile(
    r"(?<=[?!。？！;；])\s*|(?<=[.])\s+(?=[A-Z<])"
    r"|(?<=[a-z]{4}[.])\s+(?=[a-z])|(?<=>[.])\s+|(?<=> [.])\s+|\n+"
)
_TOKEN = re.compile(r"<(\d+):[A-Z]*>")
_GROUP = re.compile(
    r"(?:\b(?:in|for|of|during|when|while|if|with|among)(?: (?:the|a|my|is|are|am|i|she))* )?"
    r"<\d+:L>"
    r"(?: (?:women|woman|patients|people))?的?期?(?:患者|病人|妇女)?"
)


@dataclass(frozen=True, slots=True)
class Slot:
    """What a token of the skeleton stands for.

    ``origin`` and ``hops`` are of a noun phrase: where its hops start and which they are.
    """

    number: int
    start: int
    end: int
    text: str
    letters: str
    candidates: tuple[Candidate, ...] = ()
    unknown: Unlinked | None = None
    origin: Slot | None = None
    hops: tuple[Hop, ...] = ()

    @property
    def token(self) -> str:
        """How the slot is written in the skeleton."""
        return f"<{self.number}:{self.letters}>"


@dataclass(frozen=True, slots=True)
class Skeleton:
    """A sentence of the question, and the slots its tokens stand for (by number)."""

    text: str
    slots: tuple[Slot, ...]
    asks: bool = False  # written with a question mark

    def letters(self) -> list[str]:
        """The letters of each token in the text."""
        return [self.slots[int(number)].letters for number in _TOKEN.findall(self.text)]

    def slots_in(self, matched: str) -> list[Slot]:
        """The slots of a stretch of the skeleton, in order."""
        return [self.slots[int(number)] for number in _TOKEN.findall(matched)]


def slots_of(
    question: str, mentions: Iterable[Mention], unlinked: Iterable[Unlinked]
) -> tuple[Slot, ...]:
    """Names, unknown names and identifiers of a question, by start, numbered."""
    spans = [Slot(0, m.start(), m.end(), m[0], IDENTIFIER) for m in _IDENTIFIER.finditer(question)]
    for mention in mentions:
        kept = near_best(mention.candidates)
        letters = "".join(dict.fromkeys(LETTERS.get(c.category, OTHER) for c in kept))
        spans.append(Slot(0, mention.start, mention.end, mention.text, letters, kept))
    spans += [Slot(0, u.start, u.end, u.text, UNKNOWN, unknown=u) for u in unlinked]
    kept_spans: list[Slot] = []
    for slot in sorted(spans, key=lambda s: (s.start, s.letters == UNKNOWN, -s.end)):
        if not kept_spans or slot.start >= kept_spans[-1].end:
            kept_spans.append(slot)
    return tuple(
        Slot(i, s.start, s.end, s.text, s.letters, s.candidates, s.unknown)
        for i, s in enumerate(kept_spans)
    )


def near_best(candidates: Sequence[Candidate]) -> tuple[Candidate, ...]:
    """The candidates not far below the best, best first."""
    if not candidates:
        return ()
    best = max(c.score for c in candidates)
    kept = [c for c in candidates if c.score >= best - CANDIDATE_MARGIN]
    return tuple(sorted(kept, key=lambda c: -c.score))


def detect_language(text: str) -> str:
    """``zh`` where Chinese characters outweigh Latin words, else ``en``.

    >>> detect_language("Marfan综合征有哪些症状？"), detect_language("What is 糖尿病?")
    ('zh', 'zh')
    >>> detect_language("What is the treatment of 糖尿病?"), detect_language("")
    ('en', 'en')
    """
    han = sum(is_han(c) for c in text)
    words = len(re.findall(r"[A-Za-z]+", text))
    return "zh" if han > words else "en"


def language_of(question: str, slots: Sequence[Slot]) -> str:
    """The language of the words around the names; of the whole where there are none."""
    rest = _outside(question, [s for s in slots if s.letters != UNKNOWN])
    return detect_language(rest if re.search(r"\w", rest) else question)


def _outside(question: str, slots: Sequence[Slot]) -> str:
    pieces, at = [], 0
    for slot in slots:
        pieces.append(question[at : slot.start])
        at = slot.end
    return " ".join((*pieces, question[at:]))


def skeletons_of(
    question: str,
    slots: Sequence[Slot],
    phrases: Phrases,
    *,
    respelt: Mapping[str, str] = MappingProxyType({}),
) -> list[Skeleton]:
    """The question as skeletons: each sentence, those that ask first, then the whole.

    ``respelt`` are lower-cased words to be replaced by the words they misspell.
    """
    pieces: list[str] = []
    at = 0
    for slot in slots:
        pieces += [_unmarked(question[at : slot.start]), f" {slot.token} "]
        at = slot.end
    pieces.append(_unmarked(question[at:]))
    whole = "".join(pieces)
    sentences = [s for s in _SENTENCE.split(whole) if s.strip()]
    asking = [s for s in sentences if s.rstrip().endswith(("?", "？"))]
    others = [s for s in sentences if s not in asking]
    ordered = [*asking, *others] if len(sentences) > 1 else sentences
    if len(sentences) > 1 and len(whole) <= MOST_MATCHED:
        ordered = [*ordered, whole]
    texts: dict[str, bool] = {}
    for sentence in ordered[:MOST_SENTENCES]:
        text = _cut(tidy(_respelt(sentence, respelt), phrases))
        texts.setdefault(text, sentence in asking)
    return [Skeleton(t, tuple(slots), asks) for t, asks in texts.items() if t]


def _respelt(text: str, words: Mapping[str, str]) -> str:
    if not words:
        return text
    return re.sub(r"[A-Za-z]+", lambda m: words.get(m[0].lower(), m[0]), text)


def _cut(text: str) -> str:
    """The text up to the last whole word or token within the limit."""
    if len(text) <= MOST_MATCHED:
        return text
    kept = text[:MOST_MATCHED]
    return kept[: kept.rfind("<")] if kept.rfind("<") > kept.rfind(">") else kept


def _unmarked(text: str) -> str:
    """Text of the asker without the characters that make a token."""
    return text.replace("<", " ").replace(">", " ")


def tidy(text: str, phrases: Phrases) -> str:
    """Lower case, no quotes, one space, without polite openings; tokens stay as they are."""
    parts = re.split(r"(<\d+:[A-Z]*>)", text)
    plain = [p if i % 2 else _plain(p) for i, p in enumerate(parts)]
    joined = "".join(plain) if phrases.language == "zh" else " ".join(plain)
    joined = _SPACES.sub("" if phrases.language == "zh" else " ", joined)
    joined = joined.strip(" ?!.,;:。？！，；：、…")
    for pattern, replacement in phrases.replacements:
        joined = pattern.sub(replacement, joined)
    for _ in range(3):
        stripped = phrases.openings.sub("", joined, count=1).strip(" ,，:：")
        if stripped == joined or not stripped:
            break
        joined = stripped
    return joined.strip(" ?!.,;:。？！，；：、…")


def _plain(text: str) -> str:
    folded = unicodedata.normalize("NFKC", text).lower().replace("’", "'")
    folded = "".join(normalise(c) or c if is_han(c) else c for c in folded)
    folded = _QUOTES.sub(" ", folded).replace("<", " ").replace(">", " ")
    return re.sub(r"\(\s*(?:are|s|es)\s*\)", "", folded)


def with_slot(skeleton: Skeleton, span: tuple[int, int], slot: Slot) -> Skeleton:
    """The skeleton with ``span`` replaced by the token of a new slot (numbered last)."""
    text = f"{skeleton.text[: span[0]]}{slot.token}{skeleton.text[span[1] :]}"
    return Skeleton(text, (*skeleton.slots, slot))


def without_groups(skeleton: Skeleton) -> Skeleton | None:
    """The skeleton without names of patient groups ("in <2:L>"), or None where it has none.

    >>> slots = (Slot(0, 0, 1, "x", "R"), Slot(1, 2, 3, "pregnancy", "L"))
    >>> without_groups(Skeleton("does <0:R> help during <1:L>", slots)).text
    'does <0:R> help'
    """
    text = _GROUP.sub(" ", skeleton.text)
    if text == skeleton.text or not _TOKEN.search(text):
        return None
    apart = " " if " " in skeleton.text.strip() else ""
    return Skeleton(apart.join(text.split()), skeleton.slots, skeleton.asks)


def polarity_of(words: str, phrases: Phrases) -> Polarity:
    """NEGATIVE where the words of a match (without its tokens) deny, an odd number of times."""
    denials = len(phrases.negation.findall(_TOKEN.sub(" ", words)))
    return Polarity.NEGATIVE if denials % 2 else Polarity.POSITIVE
