"""Clinical text without what tells who the patient is.

Identifiers (:mod:`nlp.identifiers`) become tags, or surrogates that are the same for the same
identifier of the same patient; dates are shifted by a number of days fixed per patient, so that
intervals stay. Both follow from a secret by HMAC-SHA256, so that whoever lacks the secret cannot
undo them by trying all patients. Runs before anything of a clinical source is stored.
"""

from __future__ import annotations

import hmac
import re
import tomllib
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from datetime import date, timedelta
from hashlib import sha256
from importlib.resources import files
from typing import Literal

from kg.errors import UsageError
from nlp.identifiers import Identifier, IdentifierFinder, IdentifierKind
from nlp.records import Document
from nlp.tokens import has_han

_MOST_DAYS = 365
_MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
)

Style = Literal["tags", "surrogates"]


@dataclass(frozen=True, slots=True)
class Deidentified:
    """A text without identifiers, and how many of each kind were taken out."""

    text: str
    counts: dict[IdentifierKind, int]


class Deidentifier:
    """Takes identifiers out of texts.

    Args:
        secret: what surrogates and shifts follow from; at least eight characters, kept by the
            owner of the notes and never stored with them.
        style: ``tags`` (``[NAME]``) or ``surrogates`` (another name).
        finder: finds the identifiers; the shipped rules where not given.

    Raises:
        UsageError: for a shorter secret.

    >>> tags = Deidentifier(secret="only for this example")
    >>> tags.text("Mr. John Doe, MRN: 12345, called from 555-123-4567.", patient="p1").text
    'Mr. [NAME], MRN: [RECORD], called from [PHONE].'
    """

    def __init__(
        self, *, secret: str, style: Style = "tags", finder: IdentifierFinder | None = None
    ) -> None:
        if len(secret) < 8:
            raise UsageError(
                f"a secret of {len(secret)} characters can be guessed; give at least eight"
            )
        self._secret = secret.encode()
        self._style = style
        self._finder = finder or IdentifierFinder()
        path = files("nlp").joinpath("lexicon", "identifiers.toml")
        self._names = tomllib.loads(path.read_text(encoding="utf-8"))["names"]

    def shift(self, patient: str) -> int:
        """Days the dates of a patient are shifted by: 1 to 365, forward or back."""
        number = self._number("shift", patient)
        days = 1 + number % _MOST_DAYS
        return days if (number >> 32) % 2 else -days

    def text(self, text: str, *, patient: str, known: Collection[str] = ()) -> Deidentified:
        """A text without identifiers.

        Args:
            text: any text.
            patient: id of the patient it is of; the same id gives the same surrogates.
            known: identifiers known from the patient's record.
        """
        pieces: list[str] = []
        counts: dict[IdentifierKind, int] = {}
        at = 0
        for found in self._finder.find(text, known=known):
            pieces.append(text[at : found.start])
            pieces.append(self._instead(found, patient))
            counts[found.kind] = counts.get(found.kind, 0) + 1
            at = found.end
        pieces.append(text[at:])
        return Deidentified("".join(pieces), counts)

    def document(
        self, document: Document, *, patient: str, known: Collection[str] = ()
    ) -> Document:
        """A document without identifiers, its id replaced as well; it is no longer clinical."""
        title = document.text[: document.title_end]
        body = document.text[document.title_end :]
        plain_title = self.text(title, patient=patient, known=known).text
        plain_body = self.text(body, patient=patient, known=known).text
        shifted = _shifted_date(document.date, self.shift(patient)) if document.date else ""
        return replace(
            document,
            id=f"note:{self._number('id', document.id):016x}",
            text=plain_title + plain_body,
            title_end=len(plain_title),
            date=shifted or "",
            clinical=False,
            patient="",
            identifiers=(),
        )

    def _instead(self, found: Identifier, patient: str) -> str:
        if found.kind is IdentifierKind.DATE:
            return _shifted_date(found.text, self.shift(patient)) or "[DATE]"
        if found.kind is IdentifierKind.AGE:
            return "90+" if self._style == "surrogates" else "[AGE]"
        if self._style == "tags":
            return f"[{found.kind.value.upper()}]"
        return self._surrogate(found, patient)

    def _surrogate(self, found: Identifier, patient: str) -> str:
        """Another value of the same kind, the same for the same value."""
        makers: dict[IdentifierKind, Callable[[str, str], str]] = {
            IdentifierKind.NAME: self._name,
            IdentifierKind.LOCATION: self._place,
            IdentifierKind.EMAIL: lambda t, p: f"user{self._number(t, p) % 10**6}@example.org",
            IdentifierKind.URL: lambda t, p: f"https://example.org/{self._number(t, p) % 10**6}",
            IdentifierKind.IP: lambda t, p: f"192.0.2.{self._number(t, p) % 254 + 1}",
        }
        return makers.get(found.kind, self._digits)(found.text, patient)

    def _name(self, text: str, patient: str) -> str:
        if has_han(text):
            number = self._number(text, patient)
            last, first = self._names["han_last"], self._names["han_first"]
            return str(last[number % len(last)] + first[(number >> 16) % len(first)])
        chosen = []
        for word in text.split():
            number = self._number(word.casefold(), patient)
            listed: list[str] = self._names["first" if word in self._names["first"] else "last"]
            others = [n for n in listed if n.casefold() != word.casefold()]
            chosen.append(others[number % len(others)])
        return " ".join(chosen)

    def _place(self, text: str, patient: str) -> str:
        cities: list[str] = self._names["cities"]
        number = self._number(text.casefold(), patient)
        city = cities[number % len(cities)]
        return f"{number % 900 + 100} {city} Road" if text[:1].isdigit() and " " in text else city

    def _digits(self, text: str, patient: str) -> str:
        """Every letter and digit replaced by another of its kind; signs stay."""
        stream = hmac.new(self._secret, f"digits\0{patient}\0{text}".encode(), sha256).digest()
        out = []
        for i, character in enumerate(text):
            byte = stream[i % len(stream)] + i // len(stream)
            if character.isdigit():
                out.append(str(byte % 10))
            elif character.isascii() and character.isalpha():
                base = "A" if character.isupper() else "a"
                out.append(chr(ord(base) + byte % 26))
            else:
                out.append(character)
        return "".join(out)

    def _number(self, what: str, patient: str) -> int:
        digest = hmac.new(self._secret, f"{what}\0{patient}".encode(), sha256).digest()
        return int.from_bytes(digest[:8], "big")


def _shifted_date(text: str, days: int) -> str | None:
    """A date as it was written, ``days`` later; None where it cannot be told which day it is."""
    for pattern, write in _FORMS:
        match = pattern.fullmatch(text)
        if match is None:
            continue
        parts = match.groupdict()
        try:
            day = date(_year(parts["y"]), _month(parts["m"]), int(parts["d"]))
            return write(match, day + timedelta(days=days))
        except (ValueError, OverflowError):
            return None
    return None


def _year(text: str) -> int:
    year = int(text)
    if len(text) > 2:
        return year
    return year + (1900 if year > 30 else 2000)


def _month(text: str) -> int:
    return int(text) if text.isdigit() else [m[:3] for m in _MONTHS].index(text[:3].title()) + 1


def _like(text: str, number: int) -> str:
    """A number with as many digits as the one it stands for."""
    return f"{number:0{len(text)}d}" if text.startswith("0") or len(text) == 4 else str(number)


def _numeric(match: re.Match[str], day: date) -> str:
    parts = {"y": day.year, "m": day.month, "d": day.day}
    out = match.string
    for name in sorted(parts, key=match.start, reverse=True):
        old = match[name]
        number = parts[name] % 100 if name == "y" and len(old) == 2 else parts[name]
        new = f"{number:02d}" if name == "y" and len(old) == 2 else _like(old, number)
        out = out[: match.start(name)] + new + out[match.end(name) :]
    return out


def _compact(match: re.Match[str], day: date) -> str:
    return f"{day:%Y%m%d}" + match["rest"]


def _worded(match: re.Match[str], day: date) -> str:
    name = _MONTHS[day.month - 1]
    written = match["m"]
    short = name if len(written) > 4 or written == name else name[:3]
    text = match.string[: match.start("m")] + "\0" + match.string[match.end("m") :]
    text = re.sub(r"\d{4}", str(day.year), text)
    text = re.sub(r"(?<!\d)\d{1,2}(?:st|nd|rd|th)?(?!\d)", str(day.day), text, count=1)
    return text.replace("\0", short)


_FORMS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str], date], str]], ...] = (
    (re.compile(r"(?P<y>\d{4})[-/.](?P<m>\d{1,2})[-/.](?P<d>\d{1,2})(?:T.*)?"), _numeric),
    (re.compile(r"(?P<y>\d{4})年(?P<m>\d{1,2})月(?P<d>\d{1,2})[日号]"), _numeric),
    (re.compile(r"(?P<y>\d{4})(?P<m>\d\d)(?P<d>\d\d)(?P<rest>\d*)"), _compact),
    (re.compile(r"(?P<m>\d{1,2})[-/.](?P<d>\d{1,2})[-/.](?P<y>\d{4}|\d\d)"), _numeric),
    (
        re.compile(r"(?P<m>[A-Za-z]{3,9})\.? (?P<d>\d{1,2})(?:st|nd|rd|th)?,? (?P<y>\d{4})"),
        _worded,
    ),
    (
        re.compile(
            r"(?P<d>\d{1,2})(?:st|nd|rd|th)? (?:of )?(?P<m>[A-Za-z]{3,9})\.?,? (?P<y>\d{4})"
        ),
        _worded,
    ),
)
