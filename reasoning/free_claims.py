"""Free sentences → claims, checked against the graph; in doubt against the sentence.

Names are linked, relations are read by the phrases of :mod:`nlp.relations`, and each claim is
looked up: supported by an edge, contradicted by one, or not in the graph. A sentence is supported
only where all of it was read: every name takes part in a supported claim, every other word adds
nothing (``reasoning/free_text.toml``), a denial belongs to a denied claim. "Aspirin treats
headache in two days" is not borne out by an edge between aspirin and headache.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from typing import Any

from kg.names import is_han
from kg.records import Edge, Polarity, Triple
from kg.schema import (
    CAUSES,
    DISEASE,
    DRUG,
    GENE,
    HAS_COMPLICATION,
    HAS_PHENOTYPE,
    HAS_SIDE_EFFECT,
    PHENOTYPE,
    PREDISPOSES,
)
from kg.store import GraphStore
from nlp.linker import Linker, rivals
from nlp.records import Mention, Relation
from nlp.relations import PhraseRelations
from nlp.sentences import sentences
from reasoning.claim_checker import (
    FINE,
    OPPOSITES,
    SEVERITY,
    CheckedClaim,
    SentenceReport,
    Status,
)

#: A name linked with less than this was guessed: nothing is supported through it.
SURE = 0.9
#: What the words of one predicate can also mean; each is looked up.
MEANINGS: Mapping[str, tuple[str, ...]] = {
    CAUSES: (CAUSES, HAS_SIDE_EFFECT, HAS_PHENOTYPE, HAS_COMPLICATION),
    HAS_SIDE_EFFECT: (HAS_SIDE_EFFECT, CAUSES),
    HAS_COMPLICATION: (HAS_COMPLICATION, CAUSES),
    PREDISPOSES: (PREDISPOSES, CAUSES),
}
_SAME_EFFECT = frozenset({CAUSES, HAS_SIDE_EFFECT, HAS_PHENOTYPE, HAS_COMPLICATION, PREDISPOSES})
_MARK = re.compile(r"\s*\[(\d+(?:\s*,\s*\d+)*)\]")
_SHORTENED = (
    (re.compile(r"\bcan['’]t\b", re.IGNORECASE), "cannot"),
    (re.compile(r"\bwon['’]t\b", re.IGNORECASE), "will not"),
    (re.compile(r"(?<=[a-z])n['’]t\b", re.IGNORECASE), " not"),
)
_WORD = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*|%")
_UNNAMED = (DRUG, DISEASE, PHENOTYPE, GENE)


@dataclass(frozen=True, slots=True)
class FreeWords:
    """What ``reasoning/free_text.toml`` says of one language."""

    words: frozenset[str]
    negations: tuple[str, ...]
    clause: re.Pattern[str]
    verb: re.Pattern[str]
    joined: str
    system: str
    user: str
    fact: str
    removed: str


@cache
def load_free_words(language: str) -> FreeWords:
    """The words of ``en`` or ``zh``.

    >>> "treats" in load_free_words("en").words
    True
    """
    text = files("reasoning").joinpath("free_text.toml").read_text(encoding="utf-8")
    table: dict[str, Any] = tomllib.loads(text)[language]
    return FreeWords(
        words=frozenset(table["words"]),
        negations=tuple(table["negations"]),
        clause=re.compile(table["clause"], re.IGNORECASE),
        verb=re.compile(table["verb"], re.IGNORECASE),
        **{k: table[k] for k in ("joined", "system", "user", "fact", "removed")},
    )


class FreeReader:
    """Reads and checks free text of one language.

    Args:
        store: where claims are looked up.
        linker: finds the names.
        language: ``en`` or ``zh``.
    """

    def __init__(self, store: GraphStore, linker: Linker, language: str) -> None:
        self._store = store
        self._linker = linker
        self._language = language
        self._words = load_free_words(language)
        self._phrases = PhraseRelations(language)

    def reports(self, text: str) -> Iterator[SentenceReport]:
        """A report per sentence, offsets in ``text``."""
        for start, end in sentences(text):
            yield self.report(text[start:end], start)

    def report(self, sentence: str, start: int = 0) -> SentenceReport:
        """What the graph says to one sentence, which stands at ``start`` of its text."""
        marks = tuple(int(n) for m in _MARK.finditer(sentence) for n in m[1].split(","))
        plain = _spelled_out(_MARK.sub("", sentence))
        claims: list[CheckedClaim] = []
        problems: list[str] = []
        for clause in self._clauses(plain):
            found, problem = self._read(clause)
            claims += [replace(c, marks=marks) for c in found if c not in claims]
            problems += [problem] if problem else []
        status = max((c.status for c in claims), key=SEVERITY.index, default=Status.NO_CLAIM)
        problem = next(iter(problems), "")
        if status in FINE and problem:
            status = Status.NOT_IN_GRAPH
        told = problem if status is Status.NOT_IN_GRAPH and problem else ""
        told = told or next((c.problem for c in claims if c.status is status and c.problem), "")
        return SentenceReport(
            sentence, start, start + len(sentence), status, tuple(claims), problem=told
        )

    # --- clauses

    def _clauses(self, sentence: str) -> Iterator[str]:
        """The clauses of a sentence; one without a subject is given that of the first."""
        cuts = [0]
        cuts += [m.end() for m in self._words.clause.finditer(sentence) if m.end() > 0]
        bounds = [*zip(cuts, [*cuts[1:], len(sentence)], strict=True)]
        first = sentence[: bounds[0][1]]
        verb = self._words.verb.search(first)
        subject = first[: verb.start()].strip() if verb else ""
        for number, (a, b) in enumerate(bounds):
            clause = sentence[a:b]
            if number + 1 < len(bounds):
                cut = [m for m in self._words.clause.finditer(sentence) if m.end() == b]
                clause = sentence[a : cut[0].start()] if cut else clause
            if number:
                clause = f"{subject}{self._words.joined}{clause.strip()}"
            if clause.strip():
                yield clause

    # --- one clause

    def _read(self, clause: str) -> tuple[list[CheckedClaim], str]:
        """Claims of a clause, and what it says beyond them ("" for nothing)."""
        mentions = list(self._linker.link(clause))
        unlinked = [
            u
            for u in self._linker.unlinked(clause, mentions)
            if not u.ordinary and self._rest(u.text, ())
        ]
        pairs: dict[tuple[int, int, bool], list[CheckedClaim]] = {}
        read: set[tuple[int, int]] = set()
        for named in self._namings(clause, mentions, [(u.start, u.end) for u in unlinked]):
            found = self._phrases.extract(clause, [(0, len(clause))], named)
            for relation in found:
                one, other = named[relation.subject], named[relation.object]
                read |= {(one.start, one.end), (other.start, other.end)}
                first, second = sorted((one.start, other.start))
                key = (first, second, relation.predicate in _SAME_EFFECT)
                pairs.setdefault(key, []).append(self._checked(relation, one, other))
        claims = [_best(found) for found in pairs.values()]
        spans = [(m.start, m.end) for m in mentions] + [(u.start, u.end) for u in unlinked]
        loose = [clause[a:b] for a, b in spans if (a, b) not in read]
        rest = self._rest(clause, spans)
        if not claims:
            nothing = not spans and not rest
            return [], "" if nothing else "no claim that can be checked was read in it"
        if loose:
            return claims, f"{loose[0]!r} takes no part in a claim that was read"
        if rest:
            return claims, f"{rest!r} says more than was checked"
        if self._denies(clause, spans) and all(c.polarity is Polarity.POSITIVE for c in claims):
            return claims, "what it denies was not understood"
        return claims, ""

    def _namings(
        self, clause: str, mentions: Sequence[Mention], unlinked: Sequence[tuple[int, int]]
    ) -> Iterator[list[Mention]]:
        """The mentions, with unknown names of one class or another among them."""
        if not unlinked:
            yield list(mentions)
            return
        for category in _UNNAMED:
            unknown = [Mention(a, b, clause[a:b], category) for a, b in unlinked]
            yield sorted([*mentions, *unknown], key=lambda m: m.start)

    def _rest(self, clause: str, spans: Sequence[tuple[int, int]]) -> str:
        """Words that are neither names nor known to add nothing."""
        text = _blanked(clause, spans).lower().replace("’", "'")
        if self._language == "zh":
            for word in sorted(self._words.words, key=len, reverse=True):
                text = text.replace(word, " ")
            kept = "".join(c if is_han(c) or c.isalnum() or c == "%" else " " for c in text)
            return " ".join(kept.split())
        allowed = self._words.words | set(self._words.negations)
        return " ".join(w for w in _WORD.findall(text) if w not in allowed)

    def _denies(self, clause: str, spans: Sequence[tuple[int, int]]) -> bool:
        text = _blanked(clause, spans).lower().replace("’", "'")
        if self._language == "zh":
            return any(word in text for word in self._words.negations)
        return bool(set(_WORD.findall(text)) & set(self._words.negations))

    # --- one claim

    def _checked(self, relation: Relation, one: Mention, other: Mention) -> CheckedClaim:
        """What the graph says to a relation that was read."""
        polarity = relation.polarity
        triples = [
            Triple(s.curie, predicate, o.curie)
            for predicate in MEANINGS.get(relation.predicate, (relation.predicate,))
            for s in rivals(one)
            for o in rivals(other)
            if s.score >= SURE and o.score >= SURE
        ]
        status, edge, problem = self._looked_up(triples, polarity)
        if not triples:
            unsure = [m.text for m in (one, other) if not m.candidates]
            guessed = [
                m.text for m in (one, other) if m.candidates and m.candidates[0].score < SURE
            ]
            problem = f"no concept named {', '.join(unsure or guessed)}"
        triple = edge.triple if edge is not None else next(iter(triples), None)
        return CheckedClaim(
            one.text,
            triple.predicate if edge is not None and triple else relation.predicate,
            other.text,
            polarity,
            status,
            triple,
            edge if status is Status.SUPPORTED else None,
            problem=problem,
        )

    def _looked_up(
        self, triples: Sequence[Triple], polarity: Polarity
    ) -> tuple[Status, Edge | None, str]:
        for triple in triples:
            if (edge := self._store.edge(triple, polarity)) is not None:
                return Status.SUPPORTED, edge, ""
        positive = polarity is Polarity.POSITIVE
        opposite = Polarity.NEGATIVE if positive else Polarity.POSITIVE
        for triple in triples:
            if (edge := self._store.edge(triple, opposite)) is not None:
                return Status.CONTRADICTED, edge, f"the graph records the opposite of {triple}"
            for other in OPPOSITES.get(triple.predicate, ()) if positive else ():
                found = self._store.edge(Triple(triple.subject, other, triple.object))
                if found is not None:
                    problem = f"the graph records {other} instead of {triple}"
                    return Status.CONTRADICTED, found, problem
        missing = f"no edge {triples[0]} ({polarity.value})" if triples else ""
        return Status.NOT_IN_GRAPH, None, missing


def _best(claims: Sequence[CheckedClaim]) -> CheckedClaim:
    """Of several readings of one pair: a supported one, else a contradicted one, else the first."""
    for status in (Status.SUPPORTED, Status.CONTRADICTED):
        for claim in claims:
            if claim.status is status:
                return claim
    return claims[0]


def _spelled_out(text: str) -> str:
    """Without English contractions: "doesn't" is "does not"."""
    for pattern, plain in _SHORTENED:
        text = pattern.sub(plain, text)
    return text


def _blanked(text: str, spans: Sequence[tuple[int, int]]) -> str:
    for start, end in spans:
        text = text[:start] + " " * (end - start) + text[end:]
    return text
