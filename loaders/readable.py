"""Names of catalogues made readable: ``Epilepsy, reading`` → ``reading epilepsy``.

OMIM inverts its titles at commas and capitalises their first word; HPO capitalises every term.
Both hide the everyday word order and case. The original is always kept as a further name.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

_WORD = re.compile(r"[A-Za-z][A-Za-z\-']*")
_LOWER_WORD = re.compile(r"[a-z][a-z\-']+")
_NOT_INVERTED = re.compile(
    r"(with|without|and|or|due|type|in|of|to|caused|included|including|susceptibility|not|"
    r"[IVX]+\b|[A-Z0-9]{1,3}\b)",
)


_LEARNED_ENDING = re.compile(
    r"[a-z-]{4,}(ia|is|sis|emia|oma|omas|ism|pathy|trophy|uria|edema|plasia|ency|ity|tion|cele|pnea|"
    r"gram|genous|ectomy|ular|ary|emic|otic|al)"
)


class LowerCaser:
    """Knows which words are ordinary, so that a capital at the start of a name can go.

    A word is ordinary where the texts it was made from write it in lower case inside a sentence
    more often than with a capital, or where it never stands with a capital there and has an
    ending of learned words (``-emia``, ``-pathy``).

    >>> caser = LowerCaser(["A seizure of Marfan type; the seizure stops."])
    >>> caser.lowered("Seizure of the arm"), caser.lowered("Marfan syndrome")
    ('seizure of the arm', 'Marfan syndrome')
    """

    def __init__(self, texts: Iterable[str]) -> None:
        lower: Counter[str] = Counter()
        capital: Counter[str] = Counter()
        for text in texts:
            for word in _WORD.findall(text)[1:]:
                if word.islower():
                    lower[word] += 1
                else:
                    capital[word.lower()] += 1
        self._ordinary = frozenset(w for w, n in lower.items() if n > 2 * capital[w])
        self._proper = frozenset(w for w, n in capital.items() if n and w not in self._ordinary)

    def lowered(self, name: str) -> str:
        """``name`` with its first letter in lower case where its first word is ordinary."""
        found = _WORD.match(name)
        if not found or not found.group()[1:].islower():
            return name
        first = found.group().lower()
        forms = {first, first.split("-")[0], f"{first}s"}
        learned = _LEARNED_ENDING.fullmatch(first) and first not in self._proper
        return name[0].lower() + name[1:] if learned or forms & self._ordinary else name

    def decapitalised(self, title: str) -> str:
        """A heading In Title Case with every ordinary word in lower case.

        >>> LowerCaser(["the disease of the lung in Alzheimer and Crohn"]).decapitalised(
        ...     "Alzheimer Disease")
        'Alzheimer disease'
        """
        return " ".join(self.lowered(word) for word in title.split())


def tidy(name: str) -> str:
    """A catalogue name without OMIM's ``@`` marks and stray spaces.

    >>> tidy("5-@oxoprolinase  deficiency ")
    '5-oxoprolinase deficiency'
    """
    return " ".join(name.replace("@", "").split())


def uninverted(name: str) -> str | None:
    """The natural order of a name inverted at its only comma, or None where there is none.

    >>> uninverted("Epilepsy, reading"), uninverted("Achalasia, familial esophageal")
    ('reading epilepsy', 'familial esophageal achalasia')
    >>> uninverted("Brachydactyly, type E"), uninverted("Deafness, with goiter")
    ('brachydactyly type E', None)
    """
    head, comma, tail = name.partition(", ")
    if not comma or "," in tail or not head or ";" in name or "(" in name:
        return None
    if head[0].isupper() and head[1:2].islower():
        head = head[0].lower() + head[1:]
    if re.match(r"type \w+$", tail):
        return f"{head} {tail}"
    if _NOT_INVERTED.match(tail) or not _LOWER_WORD.match(tail) or len(tail.split()) > 4:
        return None
    return f"{tail} {head}"


def split_aliases(name: str) -> list[str]:
    """OMIM's ``TITLE; ABBREVIATION;; OTHER TITLE`` in parts, and a bracketed abbreviation apart.

    >>> split_aliases("MARFAN SYNDROME; MFS")
    ['MARFAN SYNDROME', 'MFS']
    >>> split_aliases("Williams-Beuren Syndrome (WBS)")
    ['Williams-Beuren Syndrome', 'WBS']
    """
    parts = [part.strip() for part in re.split(r";+", name) if part.strip()]
    found = re.fullmatch(r"(.+?) \(([A-Z][A-Za-z0-9\-]{1,7})\)", parts[0]) if parts else None
    if found:
        parts[0:1] = [found.group(1), found.group(2)]
    return parts


_ROMAN = re.compile(r"[IVX]+[A-Za-z]?|[A-Z]")


def sentence_case(name: str) -> str:
    """An all-capital title in sentence case; other names unchanged.

    >>> sentence_case("MARFAN SYNDROME, TYPE II"), sentence_case("van der Woude syndrome")
    ('Marfan syndrome, type II', 'van der Woude syndrome')
    """
    if not name.isupper() or (" " not in name and not (name.isalpha() and len(name) > 8)):
        return name
    words = [w if _ROMAN.fullmatch(w.strip(",")) else w.lower() for w in name.split()]
    text = " ".join(words)
    return text[0].upper() + text[1:]
