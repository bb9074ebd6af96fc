"""``medkgqa load``: data sets and graphs of other formats become a saved graph of ours."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tqdm import tqdm

from kg.errors import EmptyImportError, UsageError
from kg.saved import save_graph
from kg.schema import RefusalReport
from kg.store import GraphStatistics, GraphStore
from loaders.licences import is_open
from loaders.merging import MergeReport, every_licence, merge_sources
from loaders.source import GraphSource

#: Formats that are no data set; every name of the registry is one too.
FORMATS = ("csv", "graphml", "kgx", "rdf")


@dataclass(frozen=True, slots=True)
class LoadReport:
    """What a load kept, what it merged, and what the schema refused."""

    folder: Path
    statistics: GraphStatistics
    merge: MergeReport

    @property
    def refused(self) -> RefusalReport:
        """Edges the graph did not take, by reason."""
        return self.merge.refused

    def to_json(self) -> dict[str, Any]:
        """The report as a JSON-safe record."""
        return {
            "graph": str(self.folder),
            "concepts": self.statistics.concepts,
            "edges": self.statistics.edges,
            "evidence": self.statistics.evidence,
            **self.merge.to_json(),
        }

    def __str__(self) -> str:
        counts = self.statistics
        return (
            f"{counts.concepts:,} concepts, {counts.edges:,} edges and {counts.evidence:,} pieces "
            f"of evidence saved in {self.folder}; {self.merge}"
        )


def known_formats() -> tuple[str, ...]:
    """Every name ``medkgqa load`` takes."""
    from loaders.registry import data_sets

    return (*FORMATS, *(found.name for found in data_sets()))


def open_source(source_format: str, source: Path, *, mapping: Path | None = None) -> GraphSource:
    """The loader of a format or data set over a file or folder.

    Raises:
        UsageError: for an unknown format, or a mapping file given or missing against its need.
    """
    if mapping is not None and source_format != "csv":
        raise UsageError(f"--mapping {mapping} is for csv, not for {source_format}")
    if source_format == "kgx":
        from loaders.kgx import KgxLoader

        return KgxLoader(source)
    if source_format == "graphml":
        from loaders.graphml import GraphmlLoader

        return GraphmlLoader(source)
    if source_format == "rdf":
        from loaders.rdf import RdfLoader

        return RdfLoader(source)
    if source_format == "csv":
        from loaders.mapped import MappedTableLoader

        if mapping is None:
            raise UsageError("load csv needs --mapping FILE, a TOML file that names the columns")
        return MappedTableLoader(mapping, source)
    if source_format not in known_formats():
        known = ", ".join(known_formats())
        raise UsageError(f"unknown format {source_format!r}; known: {known}")
    from loaders.registry import data_set

    return data_set(source_format).open_source(source)


def pair_up(formats: Sequence[str], sources: Sequence[Path]) -> list[tuple[str, Path]]:
    """Each source with its format: one format for all, or one for each.

    Raises:
        UsageError: where they do not pair.
    """
    if len(formats) == 1:
        return [(formats[0], source) for source in sources]
    if len(formats) != len(sources):
        raise UsageError(
            f"{len(formats)} formats and {len(sources)} times --from; give one --from a format, "
            "in their order"
        )
    return list(zip(formats, sources, strict=True))


def load_graph(
    sources: Sequence[tuple[str, Path]],
    target: Path,
    *,
    mapping: Path | None = None,
    base: GraphStore | None = None,
    open_only: bool = False,
) -> LoadReport:
    """Load sources into one graph, so that no disease stands twice, and save it.

    Args:
        sources: format or name of a data set, and the file or folder, of each.
        target: folder of the new graph; replaced only when all is read.
        mapping: mapping file, for ``csv``.
        base: a graph to add them to; it stays as it is.
        open_only: take only what is under an open licence.

    Raises:
        SourceFormatError: with file and line, where a source cannot be read.
        EmptyImportError: where no edge was kept; nothing is saved then.
    """
    loaders = [open_source(name, path, mapping=mapping) for name, path in sources]
    wanted = is_open if open_only else every_licence
    with tqdm(total=100, unit="%", disable=not sys.stderr.isatty(), leave=False) as bar:

        def show(step: str, done: float) -> None:
            bar.set_description(step)
            bar.n = round(100 * done)
            bar.refresh()

        store, report = merge_sources(loaders, base=base, wanted=wanted, progress=show)
    statistics = store.statistics()
    if not statistics.edges:
        places = ", ".join(str(path) for _, path in sources)
        raise EmptyImportError(f"{places}: no edge could be kept; {report}")
    save_graph(store, target)
    return LoadReport(target, statistics, report)
