"""One normal form for names, shared by the stores and by the linker.

Two surface forms that differ in case, accents, hyphens, possessives, plural, British or American
spelling, Roman or Arabic numerals, or traditional or simplified Chinese characters have the same
normal form. The normal form is a key, not a spelling: "disease" may become anything as long as
every "Diseases" becomes the same.

* Text is split into tokens: runs of Latin letters, runs of digits, single Greek letters (spelled
  out), single Chinese characters, runs of any other letters. Everything else separates.
* Latin tokens are rewritten (:func:`normal_word`), but not those with a digit right behind them
  (``GARS1``), which are gene symbols and codes.
* Tokens are joined by one space; by none next to a Chinese character, and none between a word
  and the number after it, so that ``COVID-19``, ``COVID 19`` and ``covid19`` are one.

>>> normalise("Haemorrhagic Oedemas") == normalise("hemorrhagic edema")
True
>>> normalise("Alzheimer’s disease") == normalise("alzheimers diseases")
True
>>> normalise("2 型 糖尿病"), normalise("頭痛"), normalise("Diabetes mellitus, type II")
('2型糖尿病', '头痛', 'diabetes mellitus type2')

The character table is data (``traditional_chinese.txt``), read on first use.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from itertools import pairwise
from types import MappingProxyType
from typing import Literal

_HAN = "\u3005\u3007\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0003134f"
_TOKEN = re.compile(
    rf"(?P<word>[a-z]+(?:'[a-z]+)*)|(?P<number>\d+)|(?P<greek>[α-ω])|(?P<han>[{_HAN}])"
    rf"|(?P<other>(?:(?![a-zα-ω{_HAN}])[^\W\d_])+)"
)
_IS_HAN = re.compile(f"[{_HAN}]")

_GREEK = dict(
    zip(
        "αβγδεζηθικλμνξοπρστυφχψως",
        [
            "alpha",
            "beta",
            "gamma",
            "delta",
            "epsilon",
            "zeta",
            "eta",
            "theta",
            "iota",
            "kappa",
            "lambda",
            "mu",
            "nu",
            "xi",
            "omicron",
            "pi",
            "rho",
            "sigma",
            "tau",
            "upsilon",
            "phi",
            "chi",
            "psi",
            "omega",
            "sigma",
        ],
        strict=True,
    )
)
_LETTERS = {"ø": "o", "ł": "l", "đ": "d", "æ": "ae", "œ": "oe", "ı": "i", "’": "'", "‘": "'"}
# "x" is left out: trisomy X is not trisomy 10.
_ROMAN = [
    "i",
    "ii",
    "iii",
    "iv",
    "v",
    "vi",
    "vii",
    "viii",
    "ix",
    "-",
    "xi",
    "xii",
    "xiii",
    "xiv",
    "xv",
]

_IRREGULAR: Mapping[str, str] = MappingProxyType(
    {
        "bacteria": "bacterium",
        "bronchi": "bronchus",
        "calculi": "calculus",
        "calices": "calyx",
        "children": "child",
        "cortices": "cortex",
        "criteria": "criterion",
        "emboli": "embolus",
        "feet": "foot",
        "fungi": "fungus",
        "grey": "gray",
        "indices": "index",
        "men": "man",
        "mould": "mold",
        "nuclei": "nucleus",
        "ova": "ovum",
        "overdoses": "overdose",
        "phenomena": "phenomenon",
        "purposes": "purpose",
        "stimuli": "stimulus",
        "teeth": "tooth",
        "thrombi": "thrombus",
        "viruses": "virus",
        "women": "woman",
        "aluminium": "aluminum",
        "frusemide": "furosemide",
        "lignocaine": "lidocaine",
    }
)
# Words in -s that another word would swallow, or that read badly cut.
_KEPT = frozenset(
    [
        "aids",
        "ards",
        "caries",
        "diabetes",
        "herpes",
        "mers",
        "pcos",
        "pfas",
        "pots",
        "rabies",
        "sars",
        "scabies",
        "series",
        "species",
    ]
)

_PLURALS: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern), replacement)
    for pattern, replacement in (
        (r"itides$", "itis"),
        (r"(?<=[a-z]{4}o)ses$", "sis"),
        (r"(?<=sta)ses$", "sis"),
        (r"yses$", "ysis"),
        (r"(?<=[nt])uses$", "us"),
        (r"omata$", "oma"),
        (r"(?<=[a-z]{2})ies$", "y"),
        (r"(?<=ss|sh|ch)(?<!ach)es$", ""),
        (r"(?<=[a-z]x)es$", ""),
        (r"(?<=[a-z]{3})ae$", "a"),
        (r"(?<=[a-z]{3})(?<![sui])s$", ""),
    )
)

_SPELLINGS: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern), replacement)
    for pattern, replacement in (
        (r"[ao]+e(?=[a-z])", "e"),  # haemorrhage, oedema, paediatric, dyspnoea
        (r"(?<=[a-z]{2})our(?=(?:al|ed|ing|less|ful|ite)?$)", "or"),  # tumour, behavioural
        (r"(?<=[a-z]{2}[btv])re$", "er"),  # fibre, litre, goitre
        (r"(?<=[a-z]{2})is(?=(?:e|ed|er|ing|ation)$)", "iz"),  # immunise, catheterisation
        (r"(?<=[a-z]{2})ys(?=(?:e|ed|er|ing)$)", "yz"),  # paralysed
        (r"sulph", "sulf"),
        (r"leuc(?=[eo])", "leuk"),
        (r"amfet", "amphet"),
        (r"ciclo", "cyclo"),
        (r"(?<=[aeiou])ll(?=(?:ed|ing|er|or|ation)$)", "l"),  # labelled, counselling
        (r"logue$", "log"),
        (r"(?<=[a-z]{3})ie$", "y"),  # as the singular of "calories" is made
        (r"gramme$", "gram"),
        (r"(?<=fen)ce$", "se"),
        (r"ageing$", "aging"),
    )
)

TokenKind = Literal["word", "number", "han", "other"]


@dataclass(frozen=True, slots=True)
class NameToken:
    """One token of a text in normal form, with where it stood.

    Args:
        text: the normal form of the token.
        start: first character in the text given, 0-based.
        end: one past its last character.
        kind: how it joins with its neighbours.
        opens: whether a name may begin here: false inside ``HbA1c`` before ``1``.
    """

    text: str
    start: int
    end: int
    kind: TokenKind
    opens: bool


@cache
def _simplified() -> dict[str, str]:
    text = files("kg").joinpath("traditional_chinese.txt").read_text(encoding="utf-8")
    pairs = (p for line in text.splitlines() if not line.startswith("#") for p in line.split())
    return {pair[0]: pair[1] for pair in pairs}


@lru_cache(maxsize=1 << 14)
def _folded(character: str) -> str:
    """One character without case, accent, width and traditional form."""
    previous = ""
    text = character
    while text != previous:
        previous = text
        plain = unicodedata.normalize("NFKD", text).casefold()
        text = "".join(
            _LETTERS.get(c, c)
            for c in unicodedata.normalize("NFKD", plain)
            if unicodedata.category(c) != "Mn"
        )
    table = _simplified()
    return "".join(table.get(c, c) for c in text)


@lru_cache(maxsize=1 << 16)
def normal_word(word: str) -> str:
    """A lower-case Latin word in singular and American spelling; a Roman numeral as digits.

    >>> [normal_word(w) for w in ("oedemas", "diagnoses", "headaches", "viii", "tumours", "aids")]
    ['edema', 'diagnosis', 'headache', '8', 'tumor', 'aids']
    """
    if word in _ROMAN:
        return str(_ROMAN.index(word) + 1)
    previous = ""
    while word != previous:
        previous = word
        word = _IRREGULAR.get(word, word)
        if word in _KEPT:
            return word
        for pattern, replacement in _PLURALS:
            cut = pattern.sub(replacement, word)
            if cut != word:
                word = cut
                break
        for pattern, replacement in _SPELLINGS:
            word = pattern.sub(replacement, word)
    return word


def _fold_text(text: str) -> tuple[str, Sequence[int]]:
    """The text folded, and for each folded character the index of the one it came from."""
    if text.isascii():
        return text.lower(), range(len(text) + 1)
    folded: list[str] = []
    origin: list[int] = []
    for i, character in enumerate(text):
        part = _folded(character)
        folded.append(part)
        origin.extend([i] * len(part))
    origin.append(len(text))
    return "".join(folded), origin


def _normal(match: re.Match[str], digit_behind: bool) -> tuple[str, TokenKind]:
    text = match.group()
    match match.lastgroup:
        case "word":
            while text.endswith("'s"):
                text = text[:-2]
            text = text.replace("'", "")
            text = text if digit_behind else normal_word(text)
            return text, "number" if text.isdigit() else "word"
        case "number":
            return text, "number"
        case "greek":
            return _GREEK[text], "word"
        case "han":
            return text, "han"
        case _:
            return text, "other"


def tokens(text: str) -> list[NameToken]:
    """The tokens of a text in normal form, with offsets into ``text`` as it was given.

    ``join(tokens(text)[i:j])`` is the normal form of the characters those tokens cover.

    >>> [(t.text, t.start, t.end) for t in tokens("Ménière's disease")]
    [('meniere', 0, 9), ('disease', 10, 17)]
    """
    folded, origin = _fold_text(text)
    matches = list(_TOKEN.finditer(folded))
    found: list[NameToken] = []
    before: tuple[int, str] = (-1, "")
    for i, match in enumerate(matches):
        start, end = match.span()
        behind = matches[i + 1] if i + 1 < len(matches) else None
        digit_behind = behind is not None and behind.start() == end and behind["number"] is not None
        normal, kind = _normal(match, digit_behind)
        apart = before[0] != start or "han" in (kind, before[1])
        opens = apart and (i == 0 or origin[start] != origin[start - 1])
        before = (end, kind)
        found.append(NameToken(normal, origin[start], origin[end - 1] + 1, kind, opens))
    return found


def join(parts: Iterable[NameToken]) -> str:
    """The normal form that these neighbouring tokens make together."""
    listed = list(parts)
    if not listed:
        return ""
    out = [listed[0].text]
    for left, right in pairwise(listed):
        close = "han" in (left.kind, right.kind) or (left.kind, right.kind) == ("word", "number")
        out.append(right.text if close else " " + right.text)
    return "".join(out)


def normalise(text: str) -> str:
    """The normal form of a name; ``""`` where it has no letter and no digit.

    Deterministic, and ``normalise(normalise(x)) == normalise(x)``.

    >>> normalise("β-Thalassaemia"), normalise("BRCA-1"), normalise("GARS1"), normalise("—")
    ('beta thalassemia', 'brca1', 'gars1', '')
    """
    return join(tokens(text))


def is_han(character: str) -> bool:
    """Whether a character is Chinese (or kana): written without spaces."""
    return _IS_HAN.fullmatch(character) is not None
