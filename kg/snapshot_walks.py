"""Walks over a snapshot's adjacency arrays: numbers in, numbers out.

The meaning of each walk is :mod:`kg.traversal`'s; here it is done on sorted arrays, reading only
the edges that are handed out.
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice, pairwise, product
from types import MappingProxyType

import numpy as np

from kg.snapshot_filter import NumberFilter
from kg.snapshot_format import DerivedColumns, GraphColumns
from kg.snapshot_records import flat_ranges
from kg.store import Direction
from kg.strings import Ints

#: First piece of a long list that is looked through; pieces grow fourfold.
_PIECE = 16

_NONE = np.empty(0, dtype=np.uint32)


@dataclass(frozen=True, slots=True)
class _Way:
    """One direction of the adjacency, see :class:`~kg.snapshot_format.DerivedColumns`."""

    starts: Ints
    kind: Ints
    bounds: Ints
    lexical: Ints
    other: Ints
    ranks: Ints

    def ranges(self, row: int, kinds: Container[int] | None) -> list[tuple[int, int]]:
        """Where a concept's entries are: one range a group of these kinds, or of any."""
        first, last = self.starts[row : row + 2].tolist()
        if first == last:
            return []
        bounds = self.bounds[first : last + 1].tolist()
        if kinds is None:
            return list(pairwise(bounds))
        every = self.kind[first:last].tolist()
        return [(bounds[i], bounds[i + 1]) for i, kind in enumerate(every) if kind in kinds]


#: A path in numbers: concept rows, and the edge of each hop.
NumberPath = tuple[tuple[int, ...], tuple[int, ...]]


class Walks:
    """Neighbours, typed paths, neighbourhoods and shortest paths in numbers."""

    def __init__(self, columns: GraphColumns, derived: DerivedColumns) -> None:
        self._columns = columns
        self._derived = derived
        out = _Way(
            derived.out_group_starts,
            derived.out_group_kind,
            derived.out_group_bounds,
            derived.out_lexical,
            derived.out_other,
            derived.out_ranks,
        )
        into = _Way(
            derived.in_group_starts,
            derived.in_group_kind,
            derived.in_group_bounds,
            derived.in_lexical,
            derived.in_other,
            derived.in_ranks,
        )
        self._ways: Mapping[Direction, tuple[_Way, ...]] = MappingProxyType(
            {Direction.OUT: (out,), Direction.IN: (into,), Direction.BOTH: (out, into)}
        )

    def _ranks(
        self, row: int, direction: Direction, kinds: Container[int] | None, most: int | None
    ) -> Ints:
        """Ranks of a concept's edges, rising: the first ``most``, or all."""
        if kinds is None and direction is Direction.BOTH:
            first, last = self._derived.both_starts[row : row + 2].tolist()
            end = last if most is None else min(last, first + most)
            return self._derived.both_ranks[first:end]
        parts = [
            way.ranks[a : b if most is None else min(b, a + most)]
            for way in self._ways[direction]
            for a, b in way.ranges(row, kinds)
        ]
        if not parts:
            return _NONE
        if len(parts) == 1:
            return parts[0]
        return np.unique(np.concatenate(parts))[:most]

    def strongest(
        self, row: int, direction: Direction, wanted: NumberFilter, limit: int | None
    ) -> Ints:
        """Numbers of a concept's edges, strongest first; evidence is not looked at."""
        edge_at, edges = self._derived.edge_at, self._columns.edges
        if wanted.categories is None:
            return edge_at[self._ranks(row, direction, wanted.kinds, limit)]
        ranks = self._ranks(row, direction, wanted.kinds, None)
        fitting = wanted.categories[self._columns.category]
        kept: list[Ints] = [_NONE]
        found, start, piece = 0, 0, len(ranks) if limit is None else max(2 * limit, _PIECE)
        while start < len(ranks) and (limit is None or found < limit):
            ids = edge_at[ranks[start : start + piece]]
            others = edges["subject"][ids] + edges["object"][ids] - np.int32(row)
            kept.append(ids[fitting[others]])
            found += len(kept[-1])
            start, piece = start + piece, 4 * piece
        return np.concatenate(kept)[:limit]

    # -- typed paths -----------------------------------------------------------------------

    def _beside(
        self, row: int, direction: Direction, wanted: NumberFilter
    ) -> Iterator[tuple[int, list[int]]]:
        """Other ends, rising, each with its edges by number."""
        parts = [
            (way.lexical[a:b], way.other[a:b])
            for way in self._ways[direction]
            for a, b in way.ranges(row, wanted.kinds)
        ]
        if not parts:
            return
        if len(parts) == 1:
            ids, others = parts[0]
        else:
            every = np.concatenate([ids for ids, _ in parts])
            ids, first = np.unique(every, return_index=True)
            others = np.concatenate([others for _, others in parts])[first]
            order = np.argsort(others, kind="stable")
            ids, others = ids[order], others[order]
        last, between, start, piece = -1, list[int](), 0, _PIECE
        while start < len(ids):
            some, ends = ids[start : start + piece], others[start : start + piece]
            if wanted.categories is not None:
                fitting = wanted.categories[self._columns.category[ends]]
                some, ends = some[fitting], ends[fitting]
            start, piece = start + piece, 4 * piece
            for other, edge in zip(ends.tolist(), some.tolist(), strict=True):
                if other != last:
                    if between:
                        yield last, between
                    last, between = other, []
                between.append(edge)
        if between:
            yield last, between

    def typed_paths(
        self, row: int, steps: Sequence[tuple[Direction, NumberFilter]], limit: int | None
    ) -> list[NumberPath]:
        """Paths from a concept whose edges fit the steps, by rows, then edges."""

        def walk(rows: tuple[int, ...], hops: tuple[list[int], ...]) -> Iterator[NumberPath]:
            if len(hops) == len(steps):
                for edges in product(*hops):
                    yield rows, edges
                return
            direction, wanted = steps[len(hops)]
            for other, between in self._beside(rows[-1], direction, wanted):
                if other not in rows:
                    yield from walk((*rows, other), (*hops, between))

        return list(islice(walk((row,), ()), limit))

    # -- neighbourhoods --------------------------------------------------------------------

    def _around(self, rows: Ints, wanted: NumberFilter, most: int) -> Ints:
        """Ranks of the strongest edges at some concepts, rising, each once; ``most`` or more.

        Of each concept only its strongest edges are looked at first, then more of them where some
        that were not looked at could be stronger than those found.
        """
        derived = self._derived
        begins, ends = derived.both_starts[rows], derived.both_starts[rows + 1]
        unfiltered = wanted.everything
        # an edge stands at most twice among the entries
        enough = most if unfiltered else 2 * most
        piece = min(enough, max(_PIECE, 4 * most // len(rows)))
        while True:
            cut = np.minimum(ends, begins + piece)
            entries = flat_ranges(begins, cut)
            ranks = derived.both_ranks[entries]
            if not unfiltered:
                ranks = ranks[self._entries_pass(entries, ranks, wanted)]
            if len(ranks) > 2 * most:
                ranks = np.partition(ranks, 2 * most - 1)[: 2 * most]
            ranks = np.unique(ranks)
            short = cut < ends
            if (unfiltered and piece >= enough) or not short.any():
                return ranks
            unseen = int(derived.both_ranks[cut[short] - 1].min())
            if len(ranks) >= most and int(ranks[most - 1]) <= unseen:
                return ranks
            piece = min(enough, 4 * piece) if piece < enough else len(derived.both_ranks)

    def _entries_pass(self, entries: Ints, ranks: Ints, wanted: NumberFilter) -> Ints:
        """Which entries of ``both_…`` pass by kind and class: ``bool [k]``."""
        ids = self._derived.edge_at[ranks]
        return wanted.passing(self._columns, ids, self._derived.both_other[entries])

    def ego(self, row: int, *, hops: int, limit: int, wanted: NumberFilter) -> Ints:
        """Numbers of the strongest edges within ``hops``, nearer hops first."""
        edge_at, edges = self._derived.edge_at, self._columns.edges
        taken: dict[int, None] = {}
        seen = {row}
        frontier = [row]
        for _ in range(hops):
            room = limit - len(taken)
            if room <= 0 or not frontier:
                break
            ranks = self._around(np.array(frontier), wanted, limit)
            fresh = [rank for rank in ranks.tolist() if rank not in taken][:room]
            taken.update(dict.fromkeys(fresh))
            ids = edge_at[fresh]
            ends = {*edges["subject"][ids].tolist(), *edges["object"][ids].tolist()}
            frontier = sorted(ends - seen)
            seen |= ends
        return edge_at[list(taken)]

    # -- shortest paths --------------------------------------------------------------------

    def shortest_paths(
        self, start: int, end: int, *, max_hops: int, limit: int, wanted: NumberFilter
    ) -> list[NumberPath]:
        """All shortest paths by rows, each hop by its strongest edge; two rows, not one.

        ``wanted.categories`` restricts the concepts passed.
        """
        passable = None
        if wanted.categories is not None:
            passable = wanted.categories[self._columns.category]
        hop = wanted.without_categories()
        levels = self._levels(start, end, max_hops, hop, passable)
        if levels is None:
            return []
        return list(islice(self._along(levels, hop), limit))

    def _entries(self, rows: Ints, hop: NumberFilter) -> tuple[Ints, Ints]:
        """Entries of ``both_…`` at some concepts that pass, and the position each belongs to."""
        derived = self._derived
        begins, ends = derived.both_starts[rows], derived.both_starts[rows + 1]
        entries = flat_ranges(begins, ends)
        owners = np.repeat(np.arange(len(rows)), ends - begins)
        if hop.everything:
            return entries, owners
        passed = self._entries_pass(entries, derived.both_ranks[entries], hop)
        return entries[passed], owners[passed]

    def _levels(
        self, start: int, end: int, max_hops: int, hop: NumberFilter, passable: Ints | None
    ) -> list[Ints] | None:
        """Which concepts stand on shortest paths, ``bool [concepts]`` by distance from ``start``.

        Breadth first from both ends, always from the one with fewer edges to follow; None where
        there is no path.
        """
        starts, others = self._derived.both_starts, self._derived.both_other
        nodes = len(starts) - 1
        sides = ([np.array([start])], [np.array([end])])
        seen = (np.zeros(nodes, dtype=bool), np.zeros(nodes, dtype=bool))
        seen[0][start] = seen[1][end] = True
        goals = (end, start)
        met: Ints | None = None
        for _ in range(max_hops):
            work = [int((starts[s[-1] + 1] - starts[s[-1]]).sum()) for s in sides]
            side = int(work[1] < work[0])
            entries, _ = self._entries(sides[side][-1], hop)
            ring = np.zeros(nodes, dtype=bool)
            ring[others[entries]] = True
            ring &= ~seen[side]
            if passable is not None:
                passing = ring[goals[side]]
                ring &= passable
                ring[goals[side]] = passing
            seen[side][:] |= ring
            sides[side].append(np.flatnonzero(ring))
            both = ring & seen[1 - side]
            if both.any():
                met = both
                break
            if not len(sides[side][-1]):
                break
        if met is None:
            return None
        before, behind = (self._back(side[:-1], met, hop) for side in sides)
        return [*reversed(before), met, *behind]

    def _back(self, side: list[Ints], met: Ints, hop: NumberFilter) -> list[Ints]:
        """From where the two searches met back to one end: which concepts lead there."""
        following, found = met, list[Ints]()
        for level in reversed(side):
            entries, owners = self._entries(level, hop)
            leads = np.zeros(len(level), dtype=bool)
            leads[owners[following[self._derived.both_other[entries]]]] = True
            following = np.zeros(len(met), dtype=bool)
            following[level[leads]] = True
            found.append(following)
        return found

    def _along(self, levels: list[Ints], hop: NumberFilter) -> Iterator[NumberPath]:
        """The paths through the levels, by rows."""
        derived = self._derived

        def walk(rows: tuple[int, ...], edges: tuple[int, ...]) -> Iterator[NumberPath]:
            if len(edges) == len(levels) - 1:
                yield rows, edges
                return
            first, last = derived.both_starts[rows[-1] : rows[-1] + 2].tolist()
            beside = derived.both_other[first:last]
            entries = first + np.flatnonzero(levels[len(rows)][beside])
            if not hop.everything:
                entries = entries[self._entries_pass(entries, derived.both_ranks[entries], hop)]
            others, strongest = np.unique(derived.both_other[entries], return_index=True)
            ids = derived.edge_at[derived.both_ranks[entries[strongest]]]
            for other, edge in zip(others.tolist(), ids.tolist(), strict=True):
                yield from walk((*rows, other), (*edges, edge))

        return walk((int(np.flatnonzero(levels[0])[0]),), ())
