"""Settings of the front door. This is the only place that reads the environment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import platformdirs

from kg.errors import UsageError


def _data_folder() -> Path:
    """Where what cannot be made again is kept."""
    return platformdirs.user_data_path("medkgqa")


@dataclass(frozen=True, slots=True)
class Settings:
    """Where things lie on this machine.

    Args:
        cache: folder for what can be made again: the starter graph, models, compiled models.
        threads: threads a language model may use; 0 for one per core.
        neo4j_user: login of a Neo4j server, where its URL holds none.
        neo4j_password: password of that login.
        secret: file of the secret that surrogates of clinical identifiers follow from.
        lm_key: key of a server that runs a language model.
    """

    cache: Path
    threads: int = 0
    neo4j_user: str = ""
    neo4j_password: str = field(default="", repr=False)
    secret: Path = field(default_factory=lambda: _data_folder() / "deidentification.secret")
    lm_key: str = field(default="", repr=False)

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Settings:
        """Read ``MEDKGQA_CACHE`` (a folder), ``MEDKGQA_THREADS`` (a whole number),
        ``MEDKGQA_SECRET`` (a file), ``NEO4J_USERNAME`` and ``NEO4J_PASSWORD``, and
        ``MEDKGQA_LM_KEY``.

        >>> Settings.from_environment({"MEDKGQA_CACHE": "/tmp/c", "MEDKGQA_THREADS": "2"}).threads
        2
        """
        folder = environment.get("MEDKGQA_CACHE", "")
        cache = Path(folder) if folder else platformdirs.user_cache_path("medkgqa")
        threads = environment.get("MEDKGQA_THREADS", "0")
        if not threads.isdecimal():
            raise UsageError(f"MEDKGQA_THREADS={threads!r} is not a whole number; give 1 or more")
        secret = environment.get("MEDKGQA_SECRET", "")
        return cls(
            cache.expanduser(),
            int(threads),
            environment.get("NEO4J_USERNAME", ""),
            environment.get("NEO4J_PASSWORD", ""),
            Path(secret).expanduser() if secret else _data_folder() / "deidentification.secret",
            environment.get("MEDKGQA_LM_KEY", ""),
        )

    @property
    def models(self) -> Path:
        """Folder of language models."""
        return self.cache / "models"

    @property
    def graphs(self) -> Path:
        """Folder of graphs built from what is installed."""
        return self.cache / "graphs"

    @property
    def learnt_names(self) -> Path:
        """Folder of what was learnt of the names of graphs."""
        return self.cache / "names"
