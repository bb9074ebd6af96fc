"""What tells right answers from wrong ones before anybody judged them: the inputs of confidence.

Most wrong answers rest on a name that was taken for less than it says ("azelastine nasal spray" as
azelastine, "tuberous sclerosis, type 2" as tuberous sclerosis), so words of the question that
nothing explains are counted: those beside a name apart from the others.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from functools import cache
from importlib.resources import files

from kg.records import Edge
from nlp.lexicon import Lexicon
from nlp.typos import EDIT_SCORES
from reasoning.answer import Outcome
from reasoning.plan import FindPlan, Intent, Plan
from reasoning.question import Understanding
from reasoning.retrieval import Retrieval

#: Unexplained words beyond so many count no more.
MOST_WORDS = 3
#: The linker's score of a name two of whose letters were changed.
RESPELT = EDIT_SCORES[2]
#: Groups of people beside those that the graph may have as groups of patients.
_WHOM = frozenset({"adult", "adults", "men", "women", "male", "males", "female", "females"})
_WORD = re.compile(r"[a-z0-9]+(?:['’][a-z]+)?", re.IGNORECASE)
#: Words that say which one is meant, by what follows them.
_WHICH = frozenset({"type", "types", "form", "stage", "grade", "group", "class", "subtype"})
#: Right behind a name: a word that ends names, so that what was understood is a part of one.
_HEAD = re.compile(r" (diseases?|disorders?|syndromes?|deficienc(?:y|ies))\b", re.IGNORECASE)
#: Behind a name they are a part of it ("Azelastine Nasal Spray"), elsewhere words for a medicine.
_FORMS = frozenset(
    {"cream", "drops", "gel", "inhaler", "lotion", "nasal", "ointment", "patch", "spray", "syrup"}
)
_ENDINGS = ("", "s", "es", "d", "ed", "ing", "y", "ies", "n't")


@dataclass(frozen=True, slots=True)
class Signals:
    """What an answer rests on; each is 0 where nothing speaks against it.

    Args:
        inexact: 1 less the lowest score of the names linked, in [0, 1].
        respelt: 1 where a name was found by changing two letters or more of what was written.
        beside: words beside a name that nothing explains, up to :data:`MOST_WORDS`.
        unexplained: such words elsewhere, up to :data:`MOST_WORDS`.
        guessed: 1 less the certainty of the plan, in [0, 1].
        dropped: 1 where a name of the question is unknown, was not used, or was taken broadly.
        group: 1 where the question speaks of a group of people that no name holds.
        kin: 1 where it was answered through sub- or superclasses.
        rivals: 1 where a name can mean something else too.
        listed: 1 where several names were read as a list of what is asked about: they may be one
            name ("nephropathy, deafness, and hyperparathyroidism" is a syndrome).
        weak: 1 less the mean confidence of the edges told, in [0, 1].
        conflicting: 1 where records conflict.
    """

    inexact: float = 0.0
    respelt: float = 0.0
    beside: float = 0.0
    unexplained: float = 0.0
    guessed: float = 0.0
    dropped: float = 0.0
    group: float = 0.0
    kin: float = 0.0
    rivals: float = 0.0
    listed: float = 0.0
    weak: float = 0.0
    conflicting: float = 0.0

    @property
    def values(self) -> tuple[float, ...]:
        """The signals in the order of :data:`NAMES`."""
        return tuple(float(getattr(self, name)) for name in NAMES)


NAMES = tuple(field.name for field in fields(Signals))


def signals_of(understood: Understanding, retrieval: Retrieval, told: Sequence[Edge]) -> Signals:
    """The signals of an answer that tells the edges ``told``."""
    beside, elsewhere = unexplained_words(understood)
    evidence = sum(edge.confidence for edge in told) / len(told) if told else 1.0
    least = min((c.score for c in understood.concepts), default=1.0)
    return Signals(
        inexact=1.0 - least,
        respelt=float(least <= RESPELT),
        beside=min(len(beside), MOST_WORDS),
        unexplained=min(len(elsewhere), MOST_WORDS),
        guessed=1.0 - understood.certainty,
        dropped=float(bool(understood.unknown or understood.ignored or understood.broader)),
        group=float(bool(group_words(understood))),
        kin=float(retrieval.via_subclass),
        rivals=float(any(c.alternatives for c in understood.concepts)),
        listed=float(_is_list(retrieval.plan)),
        weak=1.0 - evidence,
        conflicting=float(retrieval.outcome is Outcome.CONFLICTING),
    )


def _is_list(plan: Plan) -> bool:
    """Whether one thing is asked of several concepts; findings are told in lists, and no names."""
    if not isinstance(plan, FindPlan) or plan.intent is Intent.DISEASES_WITH_FINDINGS:
        return False
    return sum(not constraint.negated for constraint in plan.constraints) > 1


def group_words(understood: Understanding) -> tuple[str, ...]:
    """Words for groups of people outside the names of an English question, as written."""
    if understood.language != "en":
        return ()
    groups = Lexicon.load().people | _WHOM
    spans = [(c.start, c.end) for c in understood.concepts]
    pieces = _pieces(understood.question, spans)
    return tuple(word for word, is_name in pieces if not is_name and word.lower() in groups)


def unexplained_words(understood: Understanding) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Words of an English question that are in no name, no phrase and no word list.

    Two lists: those that follow or precede a name with nothing explained between, and the rest.
    A word that ends names ("bleeding disorders", where bleeding was understood) counts beside a
    name too. Chinese, written without spaces, has none.
    """
    if understood.language != "en":
        return (), ()
    known = _known_words()
    spans = [(c.start, c.end) for c in understood.concepts]
    beside: list[str] = []
    elsewhere: list[str] = []
    for run, touches in _runs(understood.question, spans, known):
        (beside if touches else elsewhere).extend(run)
    ends = {end for _, end in spans}
    heads = (_HEAD.match(understood.question, end) for end in sorted(ends))
    beside += [head[1] for head in heads if head and head.end() not in ends]
    return tuple(beside), tuple(elsewhere)


def _runs(
    text: str, spans: Sequence[tuple[int, int]], known: frozenset[str]
) -> Iterator[tuple[list[str], bool]]:
    """Runs of unexplained words, and whether a name stands right before or behind the run."""
    run: list[str] = []
    touches = False
    for word, is_name in _pieces(text, spans):
        if is_name:
            if run:
                yield run, True
            run, touches = [], True
        elif touches and word.lower() in _FORMS:
            run.append(word)
        elif word.lower() in _WHICH and not run:
            continue
        elif _is_known(word.lower(), known):
            if run:
                yield run, touches
            run, touches = [], False
        else:
            run.append(word)
    if run:
        yield run, touches


def _pieces(text: str, spans: Sequence[tuple[int, int]]) -> Iterator[tuple[str, bool]]:
    """Words outside the names, and the names, in order."""
    position = 0
    for start, end in sorted(spans):
        if start < position:
            continue
        yield from ((word, False) for word in _WORD.findall(text[position:start]))
        yield text[start:end], True
        position = end
    yield from ((word, False) for word in _WORD.findall(text[position:]))


def _is_known(word: str, known: frozenset[str]) -> bool:
    return any(word.removesuffix(ending) in known for ending in _ENDINGS if word.endswith(ending))


@cache
def _known_words() -> frozenset[str]:
    """Function words and the words of the phrases by which questions are understood.

    What is taken off a question before it is understood ("nasal spray") is not among them.
    """
    lexicon = Lexicon.load()
    phrases = files("reasoning").joinpath("phrases", "en.toml").read_text(encoding="utf-8")
    table = tomllib.loads(phrases)
    table["text"] = {
        k: v for k, v in table["text"].items() if k not in ("replacements", "openings")
    }
    asked = (word for word in re.findall(r"[a-z]+", json.dumps(table)) if len(word) > 1)
    return frozenset(
        (
            "i",
            *asked,
            *lexicon.function,
            *lexicon.determiners,
            *lexicon.joining,
            *lexicon.conjunctions,
        )
    )
