"""The words of FHIR resources: coded ones as sentences, attachments as the text they carry.

What a sentence reads is data (``fhir_sentences.toml``).
"""

from __future__ import annotations

import base64
import binascii
import re
import tomllib
import zlib
from collections.abc import Iterator
from html.parser import HTMLParser
from importlib.resources import files
from pathlib import Path
from typing import Any

from kg.errors import SourceFormatError
from loaders.ccda import header_identifiers, narrative, parsed

#: Most names kept for what later resources refer to.
_MOST_NAMES = 100_000
#: Longest attachment that is packed, in bytes.
_LONGEST_ATTACHMENT = 50_000_000
_TAG = re.compile(
    r"\s*\((?:disorder|finding|situation|procedure|substance|morphologic abnormality|event"
    r"|organism|product|medicinal product|observable entity|qualifier value)\)$"
)
_PAST = frozenset({"inactive", "remission", "resolved"})
_POSSIBLE = frozenset({"unconfirmed", "provisional", "differential"})
_BLOCKS = frozenset({"p", "div", "br", "li", "tr", "h1", "h2", "h3", "h4", "h5", "td", "th"})


def referenced(reference: str) -> str:
    """The id in a reference.

    >>> referenced("Patient/12"), referenced("urn:uuid:ab-c"), referenced("#med1")
    ('12', 'ab-c', 'med1')
    """
    return re.split(r"[/:#]", reference)[-1]


def known_of_patient(resource: dict[str, Any]) -> tuple[str, ...]:
    """Names, addresses, telephone numbers and record numbers of a Patient resource."""
    found: dict[str, None] = {}
    people = [resource, *_dicts(resource.get("contact"))]
    for person in people:
        for name in [*_dicts(person.get("name")), *_dicts([person.get("name")])]:
            for part in (name.get("text"), name.get("family"), *_list(name.get("given"))):
                _add(found, part)
        for address in [*_dicts(person.get("address")), *_dicts([person.get("address")])]:
            for part in (*_list(address.get("line")), address.get("city")):
                _add(found, part)
            _add(found, address.get("postalCode"))
        for telecom in _dicts(person.get("telecom")):
            _add(found, telecom.get("value"))
    for identifier in _dicts(resource.get("identifier")):
        _add(found, identifier.get("value"))
    for extension in _dicts(resource.get("extension")):
        _add(found, extension.get("valueString"))
        for place in _dicts([extension.get("valueAddress")]):
            _add(found, place.get("city"))
    _add(found, resource.get("id"))
    _add(found, resource.get("birthDate"))
    return tuple(found)


def _add(found: dict[str, None], value: Any) -> None:
    """Keep a value, and the words of a name of several."""
    if not isinstance(value, str) or len(value.strip()) < 2:
        return
    found[value.strip()] = None
    words = value.split()
    if 1 < len(words) <= 4 and not any(c.isdigit() for c in words[0]):
        for word in words:
            if len(word) > 2 and word[0].isupper():
                found[word.strip(".,")] = None


def strings_named(resource: dict[str, Any]) -> tuple[str, ...]:
    """What references of a resource call the people and places they mean (``display``)."""
    found: list[str] = []
    pending: list[Any] = [resource]
    while pending:
        value = pending.pop()
        if isinstance(value, dict):
            reference, display = value.get("reference"), value.get("display")
            people = isinstance(reference, str) and not re.search(
                r"(?:Condition|Medication|Observation|Substance|Procedure)/", reference
            )
            if people and isinstance(display, str) and len(display) > 2:
                found.append(display)
            pending.extend(value.values())
        elif isinstance(value, list):
            pending.extend(value)
    return tuple(dict.fromkeys(found))


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _dicts(value: Any) -> list[dict[str, Any]]:
    return [v for v in _list(value) if isinstance(v, dict)]


def concept_name(value: Any) -> str:
    """What a CodeableConcept calls its concept, without SNOMED's tag.

    >>> concept_name({"coding": [{"display": "Asthma (disorder)"}]})
    'Asthma'
    """
    if not isinstance(value, dict):
        return ""
    named = [value.get("text"), *(c.get("display") for c in _dicts(value.get("coding")))]
    name = next((n for n in named if isinstance(n, str) and n.strip()), "")
    return _TAG.sub("", name.strip())


def _codes(value: Any) -> set[str]:
    return {str(c.get("code", "")) for c in _dicts((value or {}).get("coding"))} if value else set()


class FhirText:
    """Words of the resources of one file.

    Args:
        path: the file, for messages.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._names: dict[str, str] = {}
        source = files("loaders").joinpath("fhir_sentences.toml")
        self._frames: dict[str, dict[str, str]] = tomllib.loads(source.read_text(encoding="utf-8"))

    def remember(self, resource: dict[str, Any]) -> None:
        """Keep the name of a resource that others refer to; the oldest go first."""
        for held in [*_dicts(resource.get("contained")), resource]:
            name = concept_name(held.get("code"))
            if held.get("resourceType") in {"Condition", "Medication"} and name:
                if len(self._names) >= _MOST_NAMES:
                    self._names.pop(next(iter(self._names)))
                self._names[str(held.get("id", ""))] = name

    def sentences(self, kind: str, resource: dict[str, Any]) -> str:
        """A coded resource as sentences, one a line; ``""`` where it names nothing."""
        makers = {
            "Condition": self._condition,
            "MedicationRequest": self._medication,
            "AllergyIntolerance": self._allergy,
            "Observation": self._observation,
        }
        if _codes(resource.get("verificationStatus")) & {"entered-in-error"} or (
            resource.get("status") == "entered-in-error"
        ):
            return ""
        lines = list(filter(None, makers[kind](resource)))
        notes = [n.get("text") for n in _dicts(resource.get("note"))]
        return "\n".join([*lines, *(n for n in notes if isinstance(n, str))]) if lines else ""

    def _say(self, group: str, frame: str, **inputs: str) -> str:
        if not all(inputs.values()):
            return ""
        sentence = self._frames[group][frame]
        for name, value in inputs.items():
            sentence = sentence.replace(f"{{{name}}}", value)
        return sentence

    def _condition(self, resource: dict[str, Any]) -> list[str]:
        verified = _codes(resource.get("verificationStatus"))
        frame = "active"
        if "refuted" in verified:
            frame = "refuted"
        elif verified & _POSSIBLE:
            frame = "possible"
        elif _codes(resource.get("clinicalStatus")) & _PAST:
            frame = "past"
        return [self._say("condition", frame, name=concept_name(resource.get("code")))]

    def _medication(self, resource: dict[str, Any]) -> list[str]:
        name = concept_name(resource.get("medicationCodeableConcept"))
        name = name or self._referred(resource.get("medicationReference"))
        if resource.get("doNotPerform") is True:
            return [self._say("medication", "forbidden", name=name)]
        reasons = [concept_name(c) for c in _dicts(resource.get("reasonCode"))]
        reasons += [self._referred(r) for r in _dicts(resource.get("reasonReference"))]
        said = [self._say("medication", "reason", name=name, reason=r) for r in reasons if r]
        doses = [d.get("text") for d in _dicts(resource.get("dosageInstruction"))]
        lines = said or [self._say("medication", "taken", name=name)]
        return [*lines, *(d for d in doses if isinstance(d, str) and name)]

    def _referred(self, reference: Any) -> str:
        if not isinstance(reference, dict):
            return ""
        display = reference.get("display")
        if isinstance(display, str) and display:
            return display
        return self._names.get(referenced(str(reference.get("reference", ""))), "")

    def _allergy(self, resource: dict[str, Any]) -> list[str]:
        name = concept_name(resource.get("code"))
        verified = _codes(resource.get("verificationStatus"))
        frame = "known"
        if "refuted" in verified:
            frame = "refuted"
        elif verified & _POSSIBLE:
            frame = "possible"
        lines = [self._say("allergy", frame, name=name)]
        for reaction in _dicts(resource.get("reaction")) if frame == "known" else []:
            cause = concept_name(reaction.get("substance")) or name
            for shown in _dicts(reaction.get("manifestation")):
                effect = concept_name(shown)
                lines.append(self._say("allergy", "reaction", name=cause, reaction=effect))
        return lines

    def _observation(self, resource: dict[str, Any]) -> list[str]:
        parts = [resource, *_dicts(resource.get("component"))]
        return [
            self._say("observation", "value", name=concept_name(p.get("code")), value=_value(p))
            for p in parts
        ]

    def attachments(
        self, line: int, resource: dict[str, Any]
    ) -> Iterator[tuple[str, tuple[str, ...]]]:
        """The text of each attachment that is text, with identifiers its own header gives.

        Raises:
            SourceFormatError: where it is not base64, or not text of its encoding.
        """
        held = [c.get("attachment") for c in _dicts(resource.get("content"))]
        for attachment in _dicts([*held, *_list(resource.get("presentedForm"))]):
            kind = str(attachment.get("contentType") or "text/plain").lower()
            coded = attachment.get("data")
            if not isinstance(coded, str) or not kind.startswith(("text/", "application/xhtml")):
                continue
            found = re.search(r"charset=\"?([\w-]+)", kind)
            text = self._decoded(line, coded, found.group(1) if found else "utf-8")
            if "<ClinicalDocument" in text[:4000]:
                root = parsed(text.encode(), self._path)
                yield narrative(root), header_identifiers(root)
            else:
                yield plain_text(text) if "html" in kind or "xml" in kind else text, ()

    def _decoded(self, line: int, coded: str, encoding: str) -> str:
        try:
            raw = base64.b64decode("".join(coded.split()), validate=True)
            if raw.startswith(b"\x1f\x8b"):
                raw = zlib.decompressobj(wbits=31).decompress(raw, _LONGEST_ATTACHMENT)
            return raw.decode(encoding)
        except (binascii.Error, LookupError, ValueError, zlib.error) as error:
            raise SourceFormatError(
                self._path, line, f"an attachment that is no text ({error})", fix="export it again"
            ) from error


def _value(part: dict[str, Any]) -> str:
    quantity = part.get("valueQuantity")
    if isinstance(quantity, dict) and isinstance(quantity.get("value"), (int, float)):
        return f"{quantity['value']:g} {quantity.get('unit') or ''}".strip()
    said = concept_name(part.get("valueCodeableConcept")) or part.get("valueString")
    return said if isinstance(said, str) else ""


class _Words(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._silent += tag in {"script", "style"}
        if tag in _BLOCKS:
            self.words.append("\n")

    def handle_endtag(self, tag: str) -> None:
        self._silent -= tag in {"script", "style"} and self._silent > 0
        if tag in _BLOCKS:
            self.words.append("\n")

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.words.append(data)


def plain_text(markup: str) -> str:
    """HTML without its tags, blocks on lines of their own.

    >>> plain_text("<p>No <b>fever</b>.</p><p>Cough.</p>")
    'No fever.\\nCough.'
    """
    reader = _Words()
    reader.feed(markup)
    reader.close()
    lines = (" ".join(line.split()) for line in "".join(reader.words).split("\n"))
    return "\n".join(line for line in lines if line)
