"""A linker that looks each text up once: for benches that ask the same questions many times."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from nlp.linker import Linker, Unlinked
from nlp.records import Candidate, Mention


class RememberingLinker:
    """Answers of another linker, kept by what was asked."""

    def __init__(self, linker: Linker) -> None:
        self._linker = linker
        self._linked: dict[tuple[str, tuple[str, ...]], tuple[Mention, ...]] = {}
        self._unlinked: dict[tuple[str, tuple[Mention, ...]], tuple[Unlinked, ...]] = {}
        self._nearest: dict[tuple[str, int, tuple[str, ...]], tuple[Candidate, ...]] = {}

    def link(self, text: str, *, categories: Collection[str] = ()) -> tuple[Mention, ...]:
        """See :meth:`nlp.linker.Linker.link`."""
        key = (text, tuple(sorted(categories)))
        if key not in self._linked:
            self._linked[key] = self._linker.link(text, categories=categories)
        return self._linked[key]

    def unlinked(self, text: str, mentions: Sequence[Mention]) -> tuple[Unlinked, ...]:
        """See :meth:`nlp.linker.Linker.unlinked`."""
        key = (text, tuple(mentions))
        if key not in self._unlinked:
            self._unlinked[key] = self._linker.unlinked(text, mentions)
        return self._unlinked[key]

    def nearest(
        self, text: str, *, limit: int = 5, categories: Collection[str] = ()
    ) -> tuple[Candidate, ...]:
        """See :meth:`nlp.linker.Linker.nearest`."""
        key = (text, limit, tuple(sorted(categories)))
        if key not in self._nearest:
            self._nearest[key] = self._linker.nearest(text, limit=limit, categories=categories)
        return self._nearest[key]

    def named(self, text: str) -> tuple[Candidate, ...]:
        """See :meth:`nlp.linker.Linker.named`."""
        return self._linker.named(text)

    def called(self, curie: str, *, wider: bool = False) -> tuple[str, ...]:
        """See :meth:`nlp.linker.Linker.called`."""
        return self._linker.called(curie, wider=wider)
