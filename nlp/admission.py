"""Whether a name of the graph, found in a text, is meant by that text.

Gene symbols and short forms are words of English in another case ("WAS", "REST", "AIDS"), so
they count only as they are written in the graph, or where nothing else could be meant.
"""

from __future__ import annotations

from dataclasses import dataclass

from kg.records import Name, NameKind
from kg.schema import GENE
from nlp.lexicon import Lexicon

#: Score of a name by what kind of name it is, in (0, 1].
KIND_SCORES: dict[NameKind, float] = {
    "preferred": 1.0,
    "exact": 0.98,
    "brand": 0.98,
    "lay": 0.97,
    "abbreviation": 0.95,
    "related": 0.9,
}


def is_shouting(text: str) -> bool:
    """Whether a text is written in capitals throughout, so that case says nothing.

    >>> is_shouting("WHAT WAS THE CAUSE?"), is_shouting("COPD")
    (True, False)
    """
    return text.isupper() and sum(c.isalpha() for c in text) > 12 and " " in text.strip()


def is_short_form(name: Name) -> bool:
    """Whether a name is written as initials: "COPD", "T2DM", "HbA1c".

    >>> is_short_form(Name("COPD")), is_short_form(Name("asthma"))
    (True, False)
    >>> is_short_form(Name("AT III")), is_short_form(Name("Type I"))
    (True, False)
    """
    if name.kind == "abbreviation":
        return True
    text = name.text
    letters = [c for c in text if c.isalpha()]
    initials = sum(c.isupper() for c in letters)
    if " " in text:
        return len(text) <= 8 and initials == len(letters) >= 2
    return len(text) <= 6 and initials >= 2


@dataclass(frozen=True, slots=True)
class Admission:
    """The rules, with the word lists they look at."""

    lexicon: Lexicon

    def score(
        self,
        name: Name,
        category: str,
        phrase: str,
        *,
        announced: bool = False,
        shouting: bool = False,
        all_lower: bool = False,
    ) -> float:
        """How likely ``phrase``, equal to ``name`` but for its form, means it; 0 where not.

        Args:
            name: the name found.
            category: class of its concept.
            phrase: as the text writes it.
            announced: whether a word like "gene" stands beside it.
            shouting: whether the whole text is in capitals.
            all_lower: whether the whole text is in lower case.
        """
        base = KIND_SCORES[name.kind]
        if not phrase.isascii():
            return base if len(phrase) > 1 else 0.0
        if len(phrase) < 2:
            return 0.0
        same_case = phrase == name.text and not shouting
        ordinary = phrase.lower() in self.lexicon.common
        if category == GENE and " " not in name.text:
            return self._gene(base, name, phrase, same_case, ordinary, announced)
        if is_short_form(name):
            return self._short_form(base, phrase, same_case, ordinary, shouting, all_lower)
        if name.kind == "brand" and ordinary:
            return base if same_case and phrase[:1].isupper() else 0.0
        return base

    def _gene(
        self,
        base: float,
        name: Name,
        phrase: str,
        same_case: bool,
        ordinary: bool,
        announced: bool,
    ) -> float:
        if ordinary:
            return base if same_case and announced else 0.0
        if same_case:
            return base if announced or len(phrase) > 2 else 0.0
        has_digit = any(c.isdigit() for c in phrase)
        symbol = name.text.upper() == name.text or has_digit
        if not symbol:
            return base  # a gene's full name of one word: "huntingtin"
        if announced or (has_digit and len(phrase) >= 4):
            return base - 0.03
        return 0.0

    def _short_form(
        self,
        base: float,
        phrase: str,
        same_case: bool,
        ordinary: bool,
        shouting: bool,
        all_lower: bool,
    ) -> float:
        if same_case:
            return base
        if ordinary:
            return 0.0
        if len(phrase) == 2:
            return base - 0.07 if all_lower else 0.0
        return base - (0.0 if shouting else 0.03)
