"""Relations a sentence states in so many words: "X is treated with Y", "Y-induced X".

A sentence is rewritten with a mark in place of each mention, or of a list of them ("A, B and C"),
and the phrases of ``nlp/cues/relations_*.toml`` are looked for in what results. A phrase that is
denied ("no evidence that X causes Y") yields a relation of negative polarity; one that is left
open ("whether X causes Y") yields none.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib.resources import files
from itertools import combinations, product
from typing import Any, Protocol, runtime_checkable

from kg.names import is_han, normalise
from kg.records import Polarity
from kg.schema import refusal
from nlp.lexicon import Lexicon
from nlp.linker import rivals
from nlp.records import Mention, Relation

_CONTRACTIONS = (
    (re.compile(r"\bcan'?t\b|\bcannot\b"), "can not"),
    (re.compile(r"\bwon't\b"), "will not"),
    (re.compile(r"n't\b"), " not"),
)
_SPACES = re.compile(r"\s+")
_EMPTY_PARENTHESES = re.compile(r"\s?[(\[（][^()\[\]（）«»]{0,80}[)\]）]")
_HEDGE = re.compile(r"\b(?:may|might|could|possibly|potentially|likely)\b|可能|也许|或许")
_GAP = re.compile(
    r"\s*(?:,|;|/|、|，|；|\band/or\b|\band\b|\bor\b|\bas well as\b|\bplus\b|\balong with\b"
    r")+\s*"
)
_HAN_GAP = re.compile(
    r"\s*(?:[、，,/;；+]|和|及|或|以及|与|并|或者|还有|\s)+\s*[^，,、不未无治导引但因有是为]{0,3}"
)
_NEUTRAL = re.compile(r"not (?:only|just|merely|necessarily)|不(?:仅|但|只|光|单|止|良|适|足|明)")


@runtime_checkable
class RelationExtractor(Protocol):
    """Finds what a document says of pairs of its mentions."""

    @property
    def version(self) -> str:
        """Name and version, kept with every piece of evidence."""
        ...

    def extract(
        self, text: str, sentences: Sequence[tuple[int, int]], mentions: Sequence[Mention]
    ) -> tuple[Relation, ...]:
        """The relations among ``mentions``, by sentence; indexes count in ``mentions``."""
        ...


@dataclass(frozen=True, slots=True)
class Phrase:
    """One way to state a predicate.

    Args:
        predicate: CURIE.
        form: expression over the marked sentence, with groups ``s`` and ``o``, or ``b``.
        score: confidence, in (0, 1].
        subject_classes: classes the subject may have; the schema's where empty.
        object_classes: the same of the object.
        own_negation: whether "not" is a part of the meaning ("should not be used in").
    """

    predicate: str
    form: re.Pattern[str]
    score: float
    subject_classes: frozenset[str] = frozenset()
    object_classes: frozenset[str] = frozenset()
    own_negation: bool = False


@dataclass(frozen=True, slots=True)
class _Marked:
    """A sentence with marks, and the mentions (by index) behind each mark."""

    text: str
    groups: tuple[tuple[int, ...], ...]


class PhraseRelations:
    """Relations by the phrases of one language.

    Args:
        language: ``en`` or ``zh``.
        lexicon: word lists; those shipped where not given.
    """

    def __init__(self, language: str = "en", *, lexicon: Lexicon | None = None) -> None:
        path = files("nlp").joinpath("cues", f"relations_{language}.toml")
        table = tomllib.loads(path.read_text(encoding="utf-8"))
        self._spaced = language != "zh"
        self._lexicon = lexicon or Lexicon.load()
        self._table = table
        self._denied = _Open(table["negation"], spaced=self._spaced)
        self._doubted = _Open(table["doubt"], spaced=self._spaced)
        self._own_denied = re.compile("|".join(table["negation"]["own"]))

    @cached_property
    def _phrases(self) -> tuple[Phrase, ...]:
        """The phrases; their expressions are compiled when a text of the language is read."""
        return tuple(_phrases(self._table))

    @property
    def version(self) -> str:
        """See :attr:`RelationExtractor.version`."""
        return "phrases-1"

    def extract(
        self, text: str, sentences: Sequence[tuple[int, int]], mentions: Sequence[Mention]
    ) -> tuple[Relation, ...]:
        """See :meth:`RelationExtractor.extract`."""
        found: list[Relation] = []
        place = 0
        for start, end in sentences:
            while place < len(mentions) and mentions[place].start < start:
                place += 1
            last = place
            while last < len(mentions) and mentions[last].end <= end:
                last += 1
            if last - place > 1:
                found.extend(self._in_sentence(text, (start, end), mentions, range(place, last)))
        return tuple(found)

    def _in_sentence(
        self, text: str, sentence: tuple[int, int], mentions: Sequence[Mention], inside: range
    ) -> list[Relation]:
        marked = self._marked(text, sentence, mentions, inside)
        best: dict[tuple[int, int, str], Relation] = {}
        for phrase in self._phrases:
            for match in phrase.form.finditer(marked.text):
                polarity = self._polarity(phrase, marked.text, match)
                if polarity is None:
                    continue
                hedged = _HEDGE.search(match[0]) is not None
                score = phrase.score * (0.8 if hedged else 1.0)
                for s, o in _pairs(match, marked, phrase):
                    if not _joins(mentions[s], mentions[o], phrase):
                        continue
                    relation = Relation(s, o, phrase.predicate, polarity, score, sentence)
                    key = (s, o, phrase.predicate)
                    if key not in best or _rank(relation) > _rank(best[key]):
                        best[key] = relation
        return sorted(best.values(), key=lambda r: (r.subject, r.object, r.predicate))

    def _polarity(self, phrase: Phrase, text: str, match: re.Match[str]) -> Polarity | None:
        """Stated, denied, or (None) left open."""
        before, said = text[: match.start()], match[0]
        if self._doubted.before(before, said) or self._doubted.inside(said):
            return None
        denied = self._denied.before(before, said)
        if phrase.own_negation:
            denied = denied or self._own_denied.search(said) is not None
        else:
            denied = denied or self._denied.inside(_NEUTRAL.sub("", said))
        return Polarity.NEGATIVE if denied else Polarity.POSITIVE

    def _marked(
        self, text: str, sentence: tuple[int, int], mentions: Sequence[Mention], inside: range
    ) -> _Marked:
        """The sentence in lower case with «0», «1» … for lists of mentions."""
        groups: list[list[int]] = []
        pieces: list[str] = []
        at = sentence[0]
        for i in inside:
            gap = text[at : mentions[i].start]
            if groups and self._joins_list(gap):
                groups[-1].append(i)
            else:
                pieces.append(self._plain(gap))
                pieces.append(f"«{len(groups)}»")
                groups.append([i])
            at = mentions[i].end
        pieces.append(self._plain(text[at : sentence[1]]).rstrip(" .。!！;；"))
        joined = _EMPTY_PARENTHESES.sub("", "".join(pieces))
        joined = _SPACES.sub(" " if self._spaced else "", joined).strip()
        return _Marked(joined, tuple(map(tuple, groups)))

    def _joins_list(self, gap: str) -> bool:
        """Whether what stands between two mentions makes them one list."""
        gap = gap.lower()
        if re.fullmatch(r"\s*[(（]\s*|\s*[)）]\s*", gap):
            return gap.strip() in "(（"  # "myocardial infarction (MI"
        if not self._spaced:
            return _HAN_GAP.fullmatch(gap) is not None
        pieces = _GAP.split(gap.lstrip(")）"))
        if len(pieces) < 2:
            return False
        return all(self._is_filler(piece) for piece in pieces)

    def _is_filler(self, piece: str) -> bool:
        """Words a list may hold beside its mentions: "severe", an unknown symptom."""
        words = re.findall(r"[\w-]+", piece)
        plain = {"severe", "mild", "chronic", "acute", "moderate", "high", "low", "of", "the", "a"}
        return len(words) <= 3 and not any(
            w in self._lexicon.function | self._lexicon.generic and w not in plain for w in words
        )

    def _plain(self, text: str) -> str:
        text = text.lower().replace("’", "'").replace("«", "(").replace("»", ")")
        if not self._spaced:
            text = "".join(normalise(c) or c if is_han(c) else c for c in text)
            return text.replace("，", ",").replace("：", ":")
        for pattern, plain in _CONTRACTIONS:
            text = pattern.sub(plain, text)
        return text


class _Open:
    """Words inside a phrase, or right before it, that deny it or leave it open."""

    def __init__(self, table: Mapping[str, Any], *, spaced: bool) -> None:
        edge = r"\b" if spaced else ""
        inside = "|".join(map(re.escape, sorted(table["inside"], key=len, reverse=True)))
        before = "|".join(map(re.escape, sorted(table["before"], key=len, reverse=True)))
        beside = "|".join(table.get("adjacent", ["(?!)"]))
        behind = r"(?: [\w'-]+){0,4} ?$" if spaced else r"[^,，;；]{0,6}$"
        self._inside = re.compile(f"{edge}(?:{inside}){edge}")
        self._before = re.compile(f"{edge}(?:{before}){edge}{behind}")
        self._beside = re.compile(f"{edge}(?:{beside})$")

    def inside(self, said: str) -> bool:
        return self._inside.search(said) is not None

    def before(self, text: str, said: str) -> bool:
        """Whether ``text`` opens ``said``; a "no" before a mention is the mention's, not ours."""
        if not said.startswith("«") and self._beside.search(text[-40:]):
            return True
        return self._before.search(text[-120:]) is not None


def _rank(relation: Relation) -> tuple[bool, float]:
    """A denial outranks a statement of the same; then the better score."""
    return (relation.polarity is Polarity.NEGATIVE, relation.score)


def _pairs(match: re.Match[str], marked: _Marked, phrase: Phrase) -> Iterator[tuple[int, int]]:
    named = match.groupdict()
    if named.get("b") is not None:
        yield from combinations(marked.groups[int(named["b"])], 2)
    if named.get("s") is not None and named.get("o") is not None:
        yield from product(marked.groups[int(named["s"])], marked.groups[int(named["o"])])


def _joins(subject: Mention, object_: Mention, phrase: Phrase) -> bool:
    """Whether some reading of the two mentions fits the phrase and the schema."""
    subjects = {c.category for c in rivals(subject)} or {subject.category}
    objects = {c.category for c in rivals(object_)} or {object_.category}
    if subject.concept is not None and subject.concept == object_.concept:
        return False
    return any(
        (not phrase.subject_classes or s in phrase.subject_classes)
        and (not phrase.object_classes or o in phrase.object_classes)
        and refusal(s, phrase.predicate, o) is None
        for s in subjects
        for o in objects
    )


def _phrases(table: Mapping[str, Any]) -> Iterator[Phrase]:
    groups = table["groups"] | {
        "S": r"«(?P<s>\d+)»",
        "O": r"«(?P<o>\d+)»",
        "B": r"«(?P<b>\d+)»",
    }
    for pattern in table["pattern"]:
        for form in pattern["forms"]:
            for name, expression in groups.items():
                form = form.replace("{" + name + "}", expression)
            for name, expression in groups.items():  # a group may use another one
                form = form.replace("{" + name + "}", expression)
            yield Phrase(
                pattern["predicate"],
                re.compile(form),
                pattern["score"],
                frozenset(pattern.get("subject_classes", ())),
                frozenset(pattern.get("object_classes", ())),
                pattern.get("own_negation", False),
            )
