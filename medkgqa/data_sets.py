"""``medkgqa data``: the data sets that can be loaded, and fetching one from its owner.

What is fetched is compared with the checksum of the file the loader was written for. Where none
is known, nothing is fetched unless the user says so.
"""

from __future__ import annotations

import hashlib
import logging
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import urlsplit

from kg.errors import UsageError
from loaders.licences import is_open
from loaders.reading import open_bytes
from loaders.registry import DataFile, DataSet, data_set, data_sets
from loaders.source_files import PACKINGS
from medkgqa.settings import Settings

LOGGER = logging.getLogger(__name__)
_CHUNK = 1 << 20


def data_folder(name: str, settings: Settings) -> Path:
    """Where a fetched data set lies."""
    return settings.cache / "data" / name


@dataclass(slots=True)
class FetchReport:
    """What fetching a data set did.

    Args:
        folder: where its files lie.
        files: names of the files that are there now, checked.
        unverified: those of them no checksum is known of.
        left_out: files that were not fetched, each with the reason.
    """

    folder: Path
    files: list[str] = field(default_factory=list)
    unverified: list[str] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        """The report as a JSON-safe record."""
        return {
            "folder": str(self.folder),
            "files": self.files,
            "unverified": self.unverified,
            "left_out": self.left_out,
        }

    def __str__(self) -> str:
        lines = [f"{', '.join(self.files)} in {self.folder}"]
        if self.unverified:
            lines.append(f"not verified, as no checksum is known: {', '.join(self.unverified)}")
        lines += [f"left out: {one}" for one in self.left_out]
        return "\n".join(lines)


def data_set_record(found: DataSet, settings: Settings) -> dict[str, Any]:
    """A data set as a JSON-safe record."""
    card, folder = found.card, data_folder(found.name, settings)
    return {
        "name": found.name,
        "title": card.title,
        "version": card.version,
        "licence": card.licence,
        "open": is_open(card.licence),
        "citation": card.citation,
        "doi": card.doi,
        "address": found.address,
        "expected": dict(card.expected),
        "fetchable": found.fetchable,
        "fetched": all(_present(folder, f.name) for f in found.files if f.needed),
        "folder": str(folder),
        "files": [
            {
                "name": file.name,
                "address": file.address,
                "sha256": file.sha256,
                "bytes": file.size,
                "needed": file.needed,
                "note": file.note,
            }
            for file in found.files
        ],
    }


def data_set_records(settings: Settings) -> list[dict[str, Any]]:
    """Every registered data set as a JSON-safe record, by name."""
    return [data_set_record(found, settings) for found in data_sets()]


def data_set_lines(settings: Settings) -> str:
    """The data sets as a table for people."""
    lines = []
    for record in data_set_records(settings):
        sizes = sum(file["bytes"] for file in record["files"])
        megabytes = f"{sizes / 1e6:.1f} MB" if sizes else "size ?"
        verified = all(f["sha256"] for f in record["files"] if f["needed"])
        state = "fetched" if record["fetched"] else "not fetched"
        if not record["fetchable"]:
            state = "by hand"
        elif not record["fetched"] and not verified:
            state = "not fetched, no checksum"
        lines.append(
            f"{record['name']:<22}{record['licence']:<17}{megabytes:>9}  {state:<26}"
            f"{record['title']}\n{'':<22}{record['address']}"
        )
    return "\n".join(lines)


def fetch_data_set(name: str, settings: Settings, *, unverified: bool = False) -> FetchReport:
    """Fetch the files of a data set into the user's cache.

    Args:
        name: of the data set.
        settings: where the cache is.
        unverified: also fetch files whose checksum is not known, and take a file that is another
            than the one the checksum is of.

    Raises:
        UsageError: for an unknown data set, a file the owner gives by hand only, one that cannot
            be verified, or an address that does not answer. Nothing half fetched stays.
    """
    found = data_set(name)
    folder = data_folder(name, settings)
    report = FetchReport(folder)
    _refuse_early(found, unverified=unverified)
    for file in found.files:
        if not file.address:
            report.left_out.append(f"{file.name}: {file.note or 'has no address'}")
        elif not file.sha256 and not unverified:
            report.left_out.append(f"{file.name}: no checksum is known; add --unverified")
        else:
            present = _present(folder, file.name)
            if present is None or (file.sha256 and _digest(file, present) != file.sha256):
                _fetch(file, folder, unverified=unverified)
            report.files.append(file.name)
            if not file.sha256:
                report.unverified.append(file.name)
    return report


def _refuse_early(found: DataSet, *, unverified: bool) -> None:
    """Refuse what cannot be had before anything is fetched."""
    for file in (f for f in found.files if f.needed):
        if not file.address:
            raise UsageError(
                f"{file.name} of {found.name} has no address to fetch from ({file.note}); get it "
                f"from {found.address} and load it with: medkgqa load {found.name} --from DIR"
            )
        if not file.sha256 and not unverified:
            raise UsageError(
                f"{file.name} of {found.name} cannot be verified: {file.note or 'no checksum'}; "
                f"to fetch it all the same from {file.address}, add --unverified"
            )


def _present(folder: Path, name: str) -> Path | None:
    return next((p for s in PACKINGS if (p := folder / f"{name}{s}").is_file()), None)


def _digest(file: DataFile, path: Path) -> str:
    """SHA-256 of the unpacked content, or of the packed file where that is what is known."""
    digest = hashlib.sha256()
    with path.open("rb") if file.as_packed else open_bytes(path) as stream:
        while chunk := stream.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def _fetch(file: DataFile, folder: Path, *, unverified: bool) -> None:
    import pooch

    suffix = PurePosixPath(urlsplit(file.address).path).suffix
    name = f"{file.name}{suffix}" if suffix in PACKINGS else file.name
    pooch.get_logger().setLevel(logging.WARNING)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".partial-", dir=folder) as partial:
            fetched = Path(
                pooch.retrieve(
                    file.address,
                    known_hash=None,
                    fname=name,
                    path=partial,
                    progressbar=sys.stderr.isatty(),
                )
            )
            _verify(file, fetched, unverified=unverified)
            fetched.replace(folder / name)
    except (OSError, ValueError) as error:
        if isinstance(error, UsageError):
            raise
        raise UsageError(f"{file.address} cannot be fetched ({error})") from error


def _verify(file: DataFile, path: Path, *, unverified: bool) -> None:
    digest = _digest(file, path)
    if not file.sha256 or digest == file.sha256:
        return
    problem = (
        f"{file.address} gave another file than this version was written for "
        f"(SHA-256 {digest}, expected {file.sha256})"
    )
    if not unverified:
        raise UsageError(f"{problem}; to take it all the same, add --unverified")
    LOGGER.warning("%s; taken as asked", problem)
