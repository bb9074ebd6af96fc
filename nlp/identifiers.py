"""Finding what tells who a patient is: the eighteen identifiers of the Safe Harbor method.

45 CFR 164.514(b)(2): names, places below a state, dates but for the year, telephone and fax
numbers, e-mail addresses, social security, record, health plan, account, licence, vehicle and
device numbers, URLs, IP addresses, biometric identifiers, photographs (which text cannot hold) and
any other unique number; ages over 89 count as dates. Rules, and names known beforehand (from the
record a note belongs to); a name once found is found again wherever it stands.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from importlib.resources import files
from typing import Any

from nlp.lexicon import Lexicon


class IdentifierKind(StrEnum):
    """What an identifier is."""

    NAME = "name"
    LOCATION = "location"
    DATE = "date"
    AGE = "age"
    PHONE = "phone"
    FAX = "fax"
    EMAIL = "email"
    SSN = "ssn"
    RECORD = "record"
    PLAN = "plan"
    ACCOUNT = "account"
    LICENCE = "licence"
    VEHICLE = "vehicle"
    DEVICE = "device"
    URL = "url"
    IP = "ip"
    BIOMETRIC = "biometric"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Identifier:
    """An identifier at ``[start, end)`` of a text."""

    start: int
    end: int
    kind: IdentifierKind
    text: str


_MONTH = (
    r"(?:Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?"
    r"|Sept?(?:ember)?|Oct(?:ober)?|Nov(?:ember)?|Dec(?:ember)?)"
)
_PATTERNS: tuple[tuple[IdentifierKind, str], ...] = (
    (IdentifierKind.EMAIL, r"[\w.+%-]+@[\w-]+(?:\.[\w-]+)+"),
    (IdentifierKind.URL, r"(?:https?://|ftp://|www\.)[^\s\"'<>]+[^\s\"'<>.,;:)]"),
    (
        IdentifierKind.IP,
        r"\b(?:\d{1,3}\.){3}\d{1,3}\b|\b(?:[0-9a-fA-F]{1,4}:){7}[0-9a-fA-F]{1,4}\b",
    ),
    (
        IdentifierKind.OTHER,
        r"\b[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}\b",
    ),
    (IdentifierKind.SSN, r"\b\d{3}-\d{2}-\d{4}\b|\b[1-9]\d{5}(?:19|20)\d{9}[\dXx]\b"),
    (
        IdentifierKind.DATE,
        r"\b(?:19|20)\d\d[-/.]\d{1,2}[-/.]\d{1,2}(?!\d)(?:T[\d:.]+(?:Z|[+-]\d\d:?\d\d)?)?",
    ),
    (IdentifierKind.DATE, r"\b(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{0,6}\b"),
    (IdentifierKind.DATE, r"\b\d{1,2}[-/.]\d{1,2}[-/.](?:(?:19|20)\d\d|\d\d)\b"),
    (IdentifierKind.DATE, rf"\b{_MONTH}\.? \d{{1,2}}(?:st|nd|rd|th)?(?:,? (?:19|20)\d\d)?\b"),
    (
        IdentifierKind.DATE,
        rf"\b\d{{1,2}}(?:st|nd|rd|th)? (?:of )?{_MONTH}\.?,?(?: (?:19|20)\d\d)?\b",
    ),
    (IdentifierKind.DATE, rf"\b{_MONTH}\.?,? (?:of )?(?:19|20)\d\d\b"),
    (IdentifierKind.DATE, rf"\b\d{{1,2}}-{_MONTH}-\d{{2,4}}\b"),
    (
        IdentifierKind.DATE,
        r"(?i:(?<=\bon )|(?<=\bsince )|(?<=\bfrom )|(?<=\buntil )|(?<=\bdated )|(?<=\bfollow-up ))"
        r"(?:0?[1-9]|1[0-2])/(?:0?[1-9]|[12]\d|3[01])\b(?![/\d%])",
    ),
    (IdentifierKind.DATE, r"(?:(?:19|20)\d\d年)?\d{1,2}月\d{1,2}[日号]|(?:19|20)\d\d年\d{1,2}月"),
    (
        IdentifierKind.AGE,
        r"\b(?:9\d|1[0-4]\d)(?=[ -]?(?:years?|yrs?|y/?o|-year)\b)|(?:9\d|1[0-4]\d)(?=岁)",
    ),
    (IdentifierKind.PHONE, r"(?<![\w-])(?:\+?1[-. ]?)?\(?\d{3}\)?[-. ]?\d{3}[-. ]\d{4}(?![\w-])"),
    (
        IdentifierKind.PHONE,
        r"(?<!\d)(?:\+?86[- ]?)?1[3-9]\d{9}(?!\d)|(?<!\d)0\d{2,3}-\d{7,8}(?!\d)",
    ),
    (IdentifierKind.PHONE, r"(?<![\w-])\+\d{1,3}(?:[ -]\d{2,4}){2,4}(?![\w-])"),
    (
        IdentifierKind.VEHICLE,
        r"\b(?=[A-HJ-NPR-Z0-9]*\d)(?=[A-HJ-NPR-Z0-9]*[A-Z])[A-HJ-NPR-Z0-9]{17}\b",
    ),
    (IdentifierKind.LICENCE, r"\b[A-Z]{2}\d{7}\b"),
    (IdentifierKind.OTHER, r"(?<![\w.])\d{9,}(?![\w.])"),
)
_NAME_WORD = (
    r"(?:Mc[A-Z][a-z]+\b|[A-Z]\.|[A-Z][a-zà-ÿ]*(?:['’-][A-Z]?[a-zà-ÿ]+)*\d{0,4}\b"
    r"|(?:de|van|von|la)\b(?= [A-Z]))"
)
_VALUE = re.compile(r"\s*[\"']?(?P<value>[^\n\r\t\"<>;,，；。|{}\[\]]{1,60})")
_NUMBERED_NAME = re.compile(r"\b[A-Z][a-zà-ÿ'’]+\d{2,4}\b")
_AGED = re.compile(
    rf"\b(?P<name>{_NAME_WORD}(?: {_NAME_WORD}){{1,2}})"
    r"(?=,? (?:is|was) an? [\w-]*\d+|,? (?:an? )?\d{1,3}[- ]year)"
)
_RELATED = re.compile(
    r"\b(?i:patient|client|mother|father|husband|wife|son|daughter|sister|brother|partner|friend"
    r"|neighbor|caregiver|guardian|aunt|uncle|cousin|fianc[eé]e?|named|name is|called)"
    rf",? (?P<name>{_NAME_WORD} {_NAME_WORD}(?: {_NAME_WORD})?)"
)
_NUMBER = re.compile(r"#?\s*[A-Za-z]{0,4}[-# ]?\d[\w\-/.]*")
_IDS = frozenset(
    {
        IdentifierKind.RECORD,
        IdentifierKind.PLAN,
        IdentifierKind.ACCOUNT,
        IdentifierKind.LICENCE,
        IdentifierKind.VEHICLE,
        IdentifierKind.DEVICE,
        IdentifierKind.SSN,
        IdentifierKind.PHONE,
        IdentifierKind.FAX,
        IdentifierKind.BIOMETRIC,
    }
)


class IdentifierFinder:
    """Finds identifiers with rules and word lists.

    >>> finder = IdentifierFinder()
    >>> text = "Mr. John Doe (MRN: 12345) was seen on 3/4/2019; call 555-123-4567."
    >>> [(found.text, found.kind.value) for found in finder.find(text)]
    ... # doctest: +NORMALIZE_WHITESPACE
    [('John Doe', 'name'), ('12345', 'record'), ('3/4/2019', 'date'),
     ('555-123-4567', 'phone')]
    """

    def __init__(self) -> None:
        path = files("nlp").joinpath("lexicon", "identifiers.toml")
        table = tomllib.loads(path.read_text(encoding="utf-8"))
        self._common = Lexicon.load().common
        self._first = frozenset(table["names"]["first"])
        self._last = frozenset(table["names"]["last"])
        self._patterns = [(kind, re.compile(p)) for kind, p in _PATTERNS]
        self._labels = _label_pattern(table["labels"])
        self._bare = _bare_number_pattern(table["labels"])
        self._kinds = {
            text: IdentifierKind(kind) for kind, texts in table["labels"].items() for text in texts
        }
        self._titled = _titled_pattern(table)
        self._places = _place_patterns(table["places"])
        self._han_name = re.compile(rf"[{table['names']['han_last']}][\u4e00-\u9fff]{{1,2}}")

    def find(self, text: str, *, known: Collection[str] = ()) -> tuple[Identifier, ...]:
        """The identifiers of a text, by position, not overlapping.

        Args:
            text: any text.
            known: identifiers known beforehand (the patient's name, street …), found wherever
                they stand as whole words, in any case.
        """
        found = [*self._known(text, known), *self._labelled(text), *self._by_pattern(text)]
        names = [*self._named(text)]
        found.extend(names)
        found.extend(self._again(text, [n.text for n in names if n.kind is IdentifierKind.NAME]))
        return _longest(found)

    def _by_pattern(self, text: str) -> Iterator[Identifier]:
        for kind, pattern in self._patterns:
            for match in pattern.finditer(text):
                yield Identifier(match.start(), match.end(), kind, match[0])
        for pattern in self._places:
            for match in pattern.finditer(text):
                start, end = match.span("place")
                yield Identifier(start, end, IdentifierKind.LOCATION, match["place"])

    def _known(self, text: str, known: Collection[str]) -> Iterator[Identifier]:
        for value in known:
            if len(value.strip()) < 2:
                continue
            pattern = re.compile(rf"(?<!\w){re.escape(value.strip())}(?!\w)", re.IGNORECASE)
            for match in pattern.finditer(text):
                yield Identifier(match.start(), match.end(), IdentifierKind.NAME, match[0])

    def _labelled(self, text: str) -> Iterator[Identifier]:
        """ "MRN: 12345", "MRN 12345", ``"family": "Doe"``, "姓名：张三"."""
        for match in self._labels.finditer(text):
            kind = self._kinds[match["label"].lower()]
            value = _VALUE.match(text, match.end())
            if value is None:
                continue
            span = self._value_span(kind, value)
            if span is not None:
                yield Identifier(*span, kind, text[slice(*span)])
        for match in self._bare.finditer(text):
            kind = self._kinds[match["label"].lower()]
            yield Identifier(*match.span("value"), kind, match["value"])

    def _value_span(self, kind: IdentifierKind, value: re.Match[str]) -> tuple[int, int] | None:
        start, raw = value.start("value"), value["value"]
        if kind in _IDS or kind is IdentifierKind.OTHER:
            found = _NUMBER.match(raw)
            return (start, start + len(found[0].rstrip(" ."))) if found else None
        if kind is IdentifierKind.NAME:
            found = re.match(rf"{_NAME_WORD}(?:[ ,]+{_NAME_WORD}){{0,3}}", raw)
            if found is not None and self._is_name(found[0]):
                return start, start + len(found[0])
            found = self._han_name.match(raw)
            return (start, start + len(found[0])) if found else None
        if kind is IdentifierKind.LOCATION:
            found = re.match(r"[A-Z0-9\u4e00-\u9fff][^:：]*", raw)
            return (start, start + len(found[0].rstrip(" ."))) if found else None
        return None  # dates, addresses of mail and web are found by their own form

    def _is_name(self, text: str) -> bool:
        words = re.findall(r"[A-Za-z'’-]+", text)
        return any(
            w in self._first or w in self._last or w.lower() not in self._common for w in words
        )

    def _named(self, text: str) -> Iterator[Identifier]:
        for pattern in (self._titled, _AGED, _RELATED):
            for match in pattern.finditer(text):
                name = next(g for g in ("name", "signed") if match.groupdict().get(g))
                if self._is_name(match[name]):
                    yield Identifier(*match.span(name), IdentifierKind.NAME, match[name])
        for match in _NUMBERED_NAME.finditer(text):
            yield Identifier(*match.span(), IdentifierKind.NAME, match[0])
        for match in re.finditer(
            rf"\b(?P<first>[A-Z][a-z]+)(?: [A-Z]\.)? (?P<last>{_NAME_WORD})", text
        ):
            first, last = match["first"], match["last"]
            if first in self._first and (last in self._last or last.lower() not in self._common):
                yield Identifier(*match.span(), IdentifierKind.NAME, match[0])

    def _again(self, text: str, names: Iterable[str]) -> Iterator[Identifier]:
        """Parts of names found, wherever they stand with a capital."""
        parts = {
            word
            for name in names
            for word in re.findall(r"[A-Z][\w'’-]{2,}", name)
            if word.lower() not in self._common or word in self._first or word in self._last
        }
        if not parts:
            return
        pattern = re.compile(r"\b(?:" + "|".join(map(re.escape, sorted(parts))) + r")\b")
        for match in pattern.finditer(text):
            yield Identifier(*match.span(), IdentifierKind.NAME, match[0])


def _label_pattern(labels: Mapping[str, Collection[str]]) -> re.Pattern[str]:
    texts = sorted((text for group in labels.values() for text in group), key=len, reverse=True)
    joined = "|".join(map(re.escape, texts))
    return re.compile(
        rf"(?<![A-Za-z])(?P<label>{joined})[\"']?(?:\s*[:：#=]\s*(?:is\s+)?\[?\s*|\s+(?:is|no\.?|number|为)\s+)",
        re.IGNORECASE,
    )


def _bare_number_pattern(labels: Mapping[str, Collection[str]]) -> re.Pattern[str]:
    """A label with nothing but a space, or in Chinese nothing, before four digits or more.

    A year is none; a telephone number is known by its form ("cell 2000/mm3" is none).
    """
    kinds = _IDS - {IdentifierKind.PHONE, IdentifierKind.FAX}
    texts = (text for kind in kinds for text in labels.get(kind.value, ()))
    joined = "|".join(map(re.escape, sorted(texts, key=len, reverse=True)))
    return re.compile(
        rf"(?<![A-Za-z])(?P<label>{joined})(?:\s+|(?<=[\u4e00-\u9fff]))"
        r"(?P<value>(?!(?:19|20)\d\d\b)(?=(?:[A-Za-z-]*\d){4})(?:[A-Za-z]{1,4}-?)?\d[\w-]*\w)",
        re.IGNORECASE,
    )


def _titled_pattern(table: Mapping[str, Any]) -> re.Pattern[str]:
    titles = "|".join(map(re.escape, table["titles"]))
    credentials = "|".join(map(re.escape, table["credentials"]))
    return re.compile(
        rf"\b(?:{titles})\.? (?P<name>{_NAME_WORD}(?: {_NAME_WORD}){{0,2}})"
        rf"|\b(?P<signed>{_NAME_WORD}(?: {_NAME_WORD}){{1,2}}),? (?:{credentials})(?!\w)"
    )


def _place_patterns(places: Mapping[str, Collection[str]]) -> list[re.Pattern[str]]:
    streets = "|".join(map(re.escape, sorted(places["streets"], key=len, reverse=True)))
    units = "|".join(map(re.escape, places["units"]))
    kinds = "|".join(map(re.escape, sorted(places["institutions"], key=len, reverse=True)))
    states = "|".join(map(re.escape, sorted(places["states"], key=len, reverse=True)))
    word = r"[A-Z][\w'’-]*(?:\.(?= [A-Z]))?"
    return [
        re.compile(
            rf"(?P<place>\b\d{{1,6}} (?:[NSEW]\.? )?{word}(?: {word}){{0,3}}? (?:{streets})\b\.?"
            rf"(?:,? (?:{units})\.? ?[\w-]+)?)"
        ),
        re.compile(
            rf"(?P<place>\b{word}(?: {word}){{0,2}},? (?:{states}),? \d{{5}}(?:-\d{{4}})?\b)"
        ),
        re.compile(rf"(?P<place>\b{word}(?: {word}){{0,2}}), (?:{states})\b"),
        re.compile(rf"\b(?:{states}),? (?P<place>\d{{5}}(?:-\d{{4}})?)\b"),
        re.compile(rf"(?P<place>\b(?:{word} ){{1,4}}(?:{kinds})\b)"),
        re.compile(
            rf"\b(?i:lives?|living|lived|resides?|residing|born|works?|grew up) (?:in|at|near)"
            rf" (?P<place>{word}(?: {word}){{0,2}})"
        ),
        re.compile(r"(?P<place>\bP\.? ?O\.? Box \d+)"),
        re.compile(
            r"(?P<place>(?:[\u4e00-\u9fff]{2,6}(?:省|自治区))?[\u4e00-\u9fff]{2,6}市[\u4e00-\u9fff\d]{0,20}"
            r"(?:区|县|路|街|号|室|村|镇))"
        ),
    ]


def _longest(found: Iterable[Identifier]) -> tuple[Identifier, ...]:
    """Identifiers that do not overlap: the longest stands; by position."""
    kept: list[Identifier] = []
    for identifier in sorted(found, key=lambda i: (i.start - i.end, i.start)):
        if all(identifier.end <= k.start or k.end <= identifier.start for k in kept):
            kept.append(identifier)
    return tuple(sorted(kept, key=lambda i: i.start))
