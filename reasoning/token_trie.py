"""Token sequences as a prefix tree, so that what they share is computed once.

Fifty names of drugs share most of their first tokens with another one; a model that scores them
together needs one position for each node of the tree that has something below it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

ROOT = -1
"""The parent of first tokens, and the end of an empty sequence."""


@dataclass(frozen=True, slots=True)
class TokenTrie:
    """A tree of tokens; a parent stands before its children.

    Args:
        tokens: int64 ``[nodes]``.
        parents: int64 ``[nodes]``, :data:`ROOT` for first tokens.
        depths: int64 ``[nodes]``, 0 for first tokens.
        ends: the node each sequence ends at, in the order given.
    """

    tokens: npt.NDArray[np.int64]
    parents: npt.NDArray[np.int64]
    depths: npt.NDArray[np.int64]
    ends: tuple[int, ...]

    @property
    def inner(self) -> npt.NDArray[np.int64]:
        """Nodes that have children, ascending: those whose next token is asked for."""
        return np.unique(self.parents[self.parents != ROOT])

    def visible(self, past: int) -> npt.NDArray[np.bool_]:
        """What each inner node may attend to: bool ``[inner, past + inner]``.

        All ``past`` tokens before the tree, its ancestors, and itself.

        >>> token_trie([(7, 8, 9), (7, 5, 9)]).visible(1).astype(int).tolist()
        [[1, 1, 0, 0], [1, 1, 1, 0], [1, 1, 0, 1]]
        """
        inner = self.inner
        row_of = {int(node): row for row, node in enumerate(inner)}
        seen = np.zeros((len(inner), past + len(inner)), dtype=np.bool_)
        seen[:, :past] = True
        for row, node in enumerate(inner):
            parent = int(self.parents[node])
            if parent != ROOT:
                seen[row, past:] = seen[row_of[parent], past:]
            seen[row, past + row] = True
        return seen

    def asked_below(self) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """The nodes that have a parent, and the row of that parent among :attr:`inner`."""
        below = np.flatnonzero(self.parents != ROOT)
        return below, np.searchsorted(self.inner, self.parents[below])

    def totals(self, scores: npt.NDArray[np.float64]) -> list[float]:
        """The sum of ``scores`` (float64 ``[nodes]``) on the way to each sequence's end."""
        sums = np.zeros(len(scores) + 1)  # the last one belongs to the root, -1
        for node, parent in enumerate(self.parents):
            sums[node] = sums[parent] + scores[node]
        return [float(sums[end]) for end in self.ends]


def token_trie(sequences: Sequence[Sequence[int]]) -> TokenTrie:
    """The tree of ``sequences``; equal ones end at the same node.

    >>> trie = token_trie([(7, 8), (7, 9), (), (7,)])
    >>> trie.tokens.tolist(), trie.parents.tolist(), trie.ends
    ([7, 8, 9], [-1, 0, 0], (1, 2, -1, 0))
    >>> trie.inner.tolist(), trie.totals(np.array([1.0, 2.0, 4.0]))
    ([0], [3.0, 5.0, 0.0, 1.0])
    """
    places: dict[tuple[int, int], int] = {}
    tokens: list[int] = []
    parents: list[int] = []
    depths: list[int] = []
    ends: list[int] = []
    for sequence in sequences:
        at = ROOT
        for token in sequence:
            place = (at, int(token))
            if place not in places:
                places[place] = len(tokens)
                tokens.append(int(token))
                parents.append(at)
                depths.append(0 if at == ROOT else depths[at] + 1)
            at = places[place]
        ends.append(at)
    return TokenTrie(
        np.array(tokens, dtype=np.int64),
        np.array(parents, dtype=np.int64),
        np.array(depths, dtype=np.int64),
        tuple(ends),
    )
