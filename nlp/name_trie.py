"""Sequences of token numbers in a trie of flat arrays, and every one of them in a text.

Nodes are numbered breadth first, so that the children of a node are neighbours, in the order of
their tokens, and two integers a node are all it takes (the idea of LOUDS: Jacobson 1989,
https://doi.org/10.1109/SFCS.1989.63533, without its succinct coding). Arrays can be saved and
opened as they are; nothing is built anew.

>>> trie = NameTrie.of([(5,), (5, 7), (7, 5)], vocabulary=8)
>>> trie.find([1, 5, 7, 5])
[(1, 2, 0), (1, 3, 1), (2, 4, 2), (3, 4, 0)]
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.int32]


class NameTrie:
    """A trie of token sequences.

    Args:
        tokens: int32 [nodes]: the token that leads into each node; -1 for the root, node 0.
        first: int32 [nodes + 1]: where the children of each node begin.
        ends: int32 [nodes]: number of the sequence that ends there, -1 where none does.
        vocabulary: how many different tokens there are; they are numbered from 0.

    Raises:
        ValueError: where the arrays are those of no trie.
    """

    def __init__(self, tokens: Numbers, first: Numbers, ends: Numbers, *, vocabulary: int) -> None:
        _check(tokens, first, ends, vocabulary)
        self.tokens, self.first, self.ends = tokens, first, ends
        low, high = int(first[0]), int(first[1])
        begins = np.zeros(vocabulary + 1, dtype=np.int32)  # the last one is that of token -1
        begins[tokens[low:high]] = np.arange(low, high, dtype=np.int32)
        self._begins: list[int] = begins.tolist()
        # Single numbers are read several times faster from a memoryview than from an array.
        self._tokens = tokens.data
        self._first = first.data
        self._ends = ends.data

    @classmethod
    def of(cls, sequences: Sequence[tuple[int, ...]], *, vocabulary: int) -> NameTrie:
        """The trie of these sequences, all different and none empty, numbered by their place."""
        order = sorted(range(len(sequences)), key=sequences.__getitem__)
        tokens, first, ends = [-1], [], []
        level = [(0, len(order))]
        depth = 0
        while level:
            below: list[tuple[int, int]] = []
            for low, high in level:
                whole = low < high and len(sequences[order[low]]) == depth  # sorts before longer
                ends.append(order[low] if whole else -1)
                first.append(len(tokens))
                begin = low + whole
                while begin < high:
                    token = sequences[order[begin]][depth]
                    end = begin + 1
                    while end < high and sequences[order[end]][depth] == token:
                        end += 1
                    tokens.append(token)
                    below.append((begin, end))
                    begin = end
            level, depth = below, depth + 1
        first.append(len(tokens))
        arrays = (np.array(values, dtype=np.int32) for values in (tokens, first, ends))
        return cls(*arrays, vocabulary=vocabulary)

    def find(self, text: Sequence[int]) -> list[tuple[int, int, int]]:
        """``(first, end, number)`` of every sequence in ``text``, by first, then by end.

        Args:
            text: token numbers; -1 for a token that is in no sequence.
        """
        begins, tokens, first, ends = self._begins, self._tokens, self._first, self._ends
        size = len(text)
        found = []
        for start, token in enumerate(text):
            node = begins[token]
            at = start + 1
            while node:
                number = ends[node]
                if number >= 0:
                    found.append((start, at, number))
                low, high = first[node], first[node + 1]
                if low == high or at == size:
                    break
                wanted = text[at]
                node = bisect_left(tokens, wanted, low, high)
                if node == high or tokens[node] != wanted:
                    break
                at += 1
        return found


def _check(tokens: Numbers, first: Numbers, ends: Numbers, vocabulary: int) -> None:
    size = len(tokens)
    if not (
        size
        and len(first) == size + 1
        and len(ends) == size
        and tokens[0] == -1
        and int(tokens.max()) < vocabulary
        and bool((tokens[1:] >= 0).all())
        and first[0] == 1
        and first[-1] == size
        and bool((np.diff(first) >= 0).all())
        and bool((first[:-1] > np.arange(size)).all() or size == 1)
    ):
        raise ValueError(f"{size} nodes that make no trie")
