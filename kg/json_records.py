"""Evidence and definitions as JSON, without loss: what stores without columns keep them as.

Fields that hold their default are left out, keys are sorted, and the same record always gives the
same text.
"""

from __future__ import annotations

import json
from dataclasses import fields
from functools import lru_cache
from typing import Any

from kg.errors import GraphFormatError
from kg.records import Definition, Evidence, EvidenceKind, Provenance

_decode = json.JSONDecoder().decode
_PROVENANCE_DEFAULTS = {f.name: f.default for f in fields(Provenance)}
_EVIDENCE_DEFAULTS = {f.name: f.default for f in fields(Evidence)}
_DEFINITION_DEFAULTS = {f.name: f.default for f in fields(Definition)}


def _without_defaults(record: Any, defaults: dict[str, Any]) -> dict[str, Any]:
    return {
        name: getattr(record, name)
        for name, default in defaults.items()
        if getattr(record, name) != default
    }


def _dump(record: dict[str, Any]) -> str:
    return json.dumps(record, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def _load(text: str, what: str) -> dict[str, Any]:
    try:
        record = _decode(text)
    except ValueError as error:
        raise GraphFormatError(f"{what} {text[:80]!r} is not JSON: {error}") from error
    try:
        record["provenance"] = _provenance(tuple(record["provenance"].items()))
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise GraphFormatError(
            f"{what} {text[:80]!r} lacks its provenance; load the graph again"
        ) from error
    loaded: dict[str, Any] = record
    return loaded


@lru_cache(maxsize=1024)
def _provenance(fields_given: tuple[tuple[str, str], ...]) -> Provenance:
    """One record for all the evidence of a source: they are many, and equal."""
    return Provenance(**dict(fields_given))


def evidence_to_json(evidence: Evidence) -> str:
    """One piece of evidence as a line of JSON.

    >>> evidence_to_json(Evidence(Provenance("demo"), record="row 1"))
    '{"provenance":{"source":"demo"},"record":"row 1"}'
    """
    record = _without_defaults(evidence, _EVIDENCE_DEFAULTS)
    record["provenance"] = _without_defaults(evidence.provenance, _PROVENANCE_DEFAULTS)
    return _dump(record)


def evidence_from_json(text: str) -> Evidence:
    """The evidence a line of JSON stands for.

    Raises:
        GraphFormatError: where it is not one written by :func:`evidence_to_json`.
    """
    record = _load(text, "evidence")
    try:
        if "kind" in record:
            record["kind"] = EvidenceKind(record["kind"])
        if "references" in record:
            record["references"] = tuple(record["references"])
        if "qualifiers" in record:
            record["qualifiers"] = tuple((n, v) for n, v in record["qualifiers"])
        return Evidence(**record)
    except (TypeError, ValueError) as error:
        raise GraphFormatError(f"evidence {text[:80]!r} cannot be read: {error}") from error


def definition_to_json(definition: Definition) -> str:
    """A definition as a line of JSON."""
    record = _without_defaults(definition, _DEFINITION_DEFAULTS)
    record["provenance"] = _without_defaults(definition.provenance, _PROVENANCE_DEFAULTS)
    return _dump(record)


def definition_from_json(text: str) -> Definition:
    """The definition a line of JSON stands for.

    Raises:
        GraphFormatError: where it is not one written by :func:`definition_to_json`.
    """
    record = _load(text, "definition")
    try:
        record["references"] = tuple(record.get("references", ()))
        return Definition(**record)
    except TypeError as error:
        raise GraphFormatError(f"definition {text[:80]!r} cannot be read: {error}") from error
