"""A sentence grammar compiled, lazily, to an automaton over one model's tokens.

A state is the set of all grammar positions that the tokens so far allow. Its transitions are
computed when first asked for and kept. Alternatives are one sorted table of token sequences, a
trie as ranges of its rows: five thousand names cost one sort, and leaving out the names already
said costs a look at those only.

Tokens are made per piece of text, never across pieces, with blanks moved to the front of what
follows: ``"treated with " + "aspirin"`` becomes ``"treated with"``, ``" aspirin"``, as byte-level
and SentencePiece tokenizers cut it, so a name has one tokenization wherever it stands. A name
that begins another ("diabetes", "diabetes mellitus") ends by its terminator: the text after it,
or, at the end of the grammar, the model's end token.

Where nothing is allowed there is no transition: nothing here ever allows all tokens.
Background: https://doi.org/10.48550/arXiv.2307.09702 (guided generation by automata).
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from kg.errors import AmbiguousGrammarError, DecodingError, NoContinuationError
from reasoning.language_model import LanguageModel
from reasoning.sentence_grammar import (
    Choice,
    Claims,
    Grammar,
    Literal,
    Sequence,
    Unordered,
    check,
    distinct_items,
    literals,
)

Tokens: TypeAlias = tuple[int, ...]

#: Pieces of text tokenized at once when a grammar is compiled; those of a larger one, when reached.
MOST_AHEAD = 400


@dataclass(frozen=True, slots=True, eq=False)
class _List:
    """An :class:`Unordered` prepared for decoding; ``last`` None: the same as ``between``."""

    items: tuple[Grammar, ...]
    at_least: int
    at_most: int
    between: Literal
    last: Literal | None


@dataclass(frozen=True, slots=True)
class _Pick:
    """One more item of a list, none of those ``used``; nothing of the list follows if final."""

    of: _List
    used: frozenset[int]
    final: bool


@dataclass(frozen=True, slots=True)
class _After:
    """The place after an item of a list: its end, or a separator and one more."""

    of: _List
    used: frozenset[int]


_Node: TypeAlias = Literal | Choice | Sequence | Unordered | _Pick | _After


@dataclass(frozen=True, slots=True, eq=False)
class _Todo:
    """What is still to be said: a linked list, each cell made once, compared by identity."""

    node: _Node
    then: _Todo | None


@dataclass(frozen=True, slots=True, eq=False)
class _Said:
    """What was said: a linked list from the end to the start."""

    before: _Said | None
    text: str
    claims: Claims


@dataclass(slots=True)
class _Head:
    """The first tokens of one alternative, and what follows within it.

    ``text``: of ``tokens``. ``blank``: whitespace carried to what comes next. ``item``: position
    in a list, -1 elsewhere.
    """

    text: str
    blank: str
    rest: tuple[_Node, ...]
    claims: Claims
    item: int = -1
    tokens: Tokens = ()


@dataclass(frozen=True, slots=True)
class _Skip:
    """An alternative that has no token of its own, only whitespace to carry."""

    blank: str
    claims: Claims
    rest: tuple[_Node, ...] = ()
    item: int = -1


@dataclass(slots=True, eq=False)
class _Front:
    """The alternatives at one place, sorted by tokens; a trie node is a range of rows."""

    heads: list[_Head]
    skips: tuple[_Skip, ...]
    rows_of_item: dict[int, list[int]] = field(default_factory=dict)
    branches: dict[tuple[int, int, int], dict[int, tuple[int, int]]] = field(default_factory=dict)

    def branch(self, low: int, high: int, depth: int) -> dict[int, tuple[int, int]]:
        """Next token → range of rows, for the rows of a range that go on at ``depth``."""
        key = (low, high, depth)
        if key not in self.branches:
            ranges: dict[int, tuple[int, int]] = {}
            for row in range(low, high):
                tokens = self.heads[row].tokens
                if len(tokens) > depth:
                    first, _ = ranges.get(tokens[depth], (row, row))
                    ranges[tokens[depth]] = (first, row + 1)
            self.branches[key] = ranges
        return self.branches[key]

    def is_open(self, low: int, high: int, used: frozenset[int]) -> bool:
        """Whether a range has a row of an item not used yet."""
        taken = 0
        for item in used:
            rows = self.rows_of_item.get(item, [])
            taken += bisect_left(rows, high) - bisect_left(rows, low)
        return taken < high - low


@dataclass(frozen=True, slots=True, eq=False)
class _Thread:
    """One position: a trie node of ``front``, then ``then``; ``pick`` where it is a list's."""

    front: _Front
    low: int
    high: int
    depth: int
    pick: _Pick | None
    then: _Todo | None
    said: _Said | None


@dataclass(frozen=True, slots=True)
class Reading:
    """A complete text with the claims it states, in the order of the text."""

    text: str
    claims: Claims


@dataclass(slots=True, eq=False)
class State:
    """A set of grammar positions. ``end`` is set where the text may stop."""

    threads: tuple[_Thread, ...]
    is_final: bool
    end: _Said | None
    moves: dict[int, list[tuple[_Thread, int, int]]] | None = None
    allowed: npt.NDArray[np.int64] | None = None
    reached: dict[int, State] = field(default_factory=dict)


class Automaton:
    """The token automaton of ``grammar`` for ``model``.

    Raises :class:`NoContinuationError` at once where the grammar holds a part that can say
    nothing, and :class:`AmbiguousGrammarError` where two texts have the same tokens.
    """

    def __init__(self, grammar: Grammar, model: LanguageModel) -> None:
        check(grammar)
        self._model = model
        self._encoded: dict[str, Tokens] = {}
        self._fronts: dict[tuple[int, str], _Front] = {}
        self._lists: dict[int, _List] = {}
        self._todos: dict[tuple[object, int], _Todo] = {}
        self._kept: list[object] = []  # keeps alive what is remembered by its id
        self._grammar = grammar
        self._encode_ahead(grammar)
        self.end_token = model.end_token
        """The token by which the model may stop in a final state."""
        self.start = self._state(self._enter(self._todo(grammar, None), "", None))
        """The state before any token."""

    def tokens(self, state: State) -> npt.NDArray[np.int64]:
        """Ids of the tokens allowed in ``state``, ascending; empty where it can only end."""
        if state.allowed is None:
            state.allowed = np.array(sorted(self._moves(state)), dtype=np.int64)
        return state.allowed

    def step(self, state: State, token: int) -> State:
        """The state after ``token``; :class:`NoContinuationError` where it is not allowed."""
        if token in state.reached:
            return state.reached[token]
        moves = self._moves(state).get(token)
        if moves is None:
            raise NoContinuationError(
                f"token {token} ({self._model.decode([token])!r}) is not allowed here; allowed: "
                f"{self.tokens(state)[:10].tolist()}"
            )
        positions: list[_Thread | _Said | None] = []
        for thread, low, high in moves:
            positions.extend(self._advance(thread, low, high))
        state.reached[token] = self._state(iter(positions))
        return state.reached[token]

    def is_final(self, state: State) -> bool:
        """Whether the text may stop in ``state``."""
        return state.is_final

    def forced(self, state: State) -> list[int]:
        """The run of tokens that follow ``state`` without any alternative; may be empty."""
        run: list[int] = []
        while not state.is_final and len(allowed := self.tokens(state)) == 1:
            run.append(int(allowed[0]))
            state = self.step(state, run[-1])
        return run

    def reading(self, state: State) -> Reading:
        """Text and claims of a final ``state``.

        Raises :class:`kg.errors.DecodingError` where the text is not complete.
        """
        if not state.is_final:
            raise DecodingError("this state does not end a text; go on to a final state")
        said, pieces = state.end, []
        while said is not None:
            pieces.append(said)
            said = said.before
        pieces.reverse()
        text = "".join(piece.text for piece in pieces)
        return Reading(text, tuple(claim for piece in pieces for claim in piece.claims))

    def _moves(self, state: State) -> dict[int, list[tuple[_Thread, int, int]]]:
        if state.moves is None:
            moves: dict[int, list[tuple[_Thread, int, int]]] = {}
            for thread in state.threads:
                front, used = thread.front, _used(thread)
                branch = front.branch(thread.low, thread.high, thread.depth)
                for token in branch.keys() - _closed(thread, branch, used):
                    moves.setdefault(token, []).append((thread, *branch[token]))
            state.moves = moves
        return state.moves

    def _state(self, positions: Iterator[_Thread | _Said | None]) -> State:
        """The state of ``positions``; of two with the same future the first one stays."""
        threads: dict[object, _Thread] = {}
        ends: list[_Said | None] = []
        for position in positions:
            if isinstance(position, _Thread):
                place = (id(position.front), position.low, position.high, position.depth)
                future = (position.pick, id(position.then) if position.then else 0)
                threads.setdefault((place, future), position)
            else:
                ends.append(position)
        if not threads and not ends:
            raise NoContinuationError("the grammar allows nothing here; decoding stops")
        return State(tuple(threads.values()), bool(ends), ends[0] if ends else None)

    def _advance(self, thread: _Thread, low: int, high: int) -> Iterator[_Thread | _Said | None]:
        """Positions after ``thread`` moved to the range ``[low, high)`` of rows."""
        depth, front, used = thread.depth + 1, thread.front, _used(thread)
        while low < high and len(front.heads[low].tokens) == depth:
            head = front.heads[low]
            low += 1
            if head.item not in used or thread.pick is None:
                said = _Said(thread.said, head.text, head.claims)
                then = self._after_item(thread.pick, head.item, thread.then)
                yield from self._enter(self._todos_of(head.rest, then), head.blank, said)
        if low < high and front.is_open(low, high, used):
            yield _Thread(front, low, high, depth, thread.pick, thread.then, thread.said)

    def _enter(
        self, todo: _Todo | None, blank: str, said: _Said | None
    ) -> Iterator[_Thread | _Said | None]:
        """Threads at what can be said next; ``None`` or the last :class:`_Said` for the end."""
        if todo is None and not blank:
            yield said
            return
        node: _Node = Literal("") if todo is None else todo.node
        then = None if todo is None else todo.then
        match node:
            case Sequence():
                said = _Said(said, "", node.claims) if node.claims else said
                yield from self._enter(self._todos_of(node.parts, then), blank, said)
            case _After():
                for nodes in _after_options(node):
                    yield from self._enter(self._todos_of(nodes, then), blank, said)
            case Unordered():
                said = _Said(said, "", node.claims) if node.claims else said
                listed = self._list(node)
                if listed.at_least == 0:
                    yield from self._enter(then, blank, said)
                if listed.at_most:
                    pick = _Pick(listed, frozenset(), listed.at_most == 1)
                    yield from self._enter(self._todo(pick, then), blank, said)
            case _:
                yield from self._enter_front(node, todo is None, blank, then, said)

    def _enter_front(
        self,
        node: Literal | Choice | _Pick,
        at_end: bool,
        blank: str,
        then: _Todo | None,
        said: _Said | None,
    ) -> Iterator[_Thread | _Said | None]:
        front = self._end_front(blank) if at_end else self._front(node, blank)
        pick = node if isinstance(node, _Pick) else None
        count = len(front.heads)
        if count and front.is_open(0, count, pick.used if pick else frozenset()):
            yield _Thread(front, 0, count, 0, pick, then, said)
        for skip in front.skips:
            if pick is None or skip.item not in pick.used:
                skipped = _Said(said, "", skip.claims) if skip.claims else said
                after = self._after_item(pick, skip.item, then)
                yield from self._enter(self._todos_of(skip.rest, after), skip.blank, skipped)

    def _front(self, node: Literal | Choice | _Pick, blank: str) -> _Front:
        """The alternatives at ``node`` after whitespace ``blank``, made once."""
        owner: object = node.of if isinstance(node, _Pick) else node
        key = (id(owner), blank)
        if key not in self._fronts:
            self._kept.append(owner)
            if isinstance(node, _Pick):
                alternatives = self._item_alternatives(node.of, blank)
            else:
                alternatives = list(self._alternatives(node, blank))
            self._fronts[key] = self._sorted_front(alternatives)
        return self._fronts[key]

    def _end_front(self, blank: str) -> _Front:
        """Whitespace that ends the whole grammar: said as it is."""
        return self._sorted_front([_Head(blank, "", (), ())])

    def _item_alternatives(self, listed: _List, blank: str) -> list[_Head | _Skip]:
        alternatives: list[_Head | _Skip] = []
        for number, item in enumerate(listed.items):
            for found in self._alternatives(item, blank):
                if isinstance(found, _Head):
                    found.item = number
                    alternatives.append(found)
                else:
                    alternatives.append(replace(found, item=number))
        return alternatives

    def _alternatives(self, node: _Node, blank: str) -> Iterator[_Head | _Skip]:
        """The first pieces of text that ``node`` can begin with."""
        match node:
            case Literal():
                text = blank + node.text
                body = text.rstrip()
                if body:
                    yield _Head(body, text[len(body) :], (), node.claims)
                else:
                    yield _Skip(text, node.claims)
            case Choice():
                for option in node.options:
                    for found in self._alternatives(option, blank):
                        yield _with(found, (), node.claims)
            case Sequence():
                yield from self._alternatives_of_parts(node.parts, blank, node.claims)
            case _:  # lists keep their own table: reached when everything before is said
                yield _Skip(blank, (), (node,))

    def _alternatives_of_parts(
        self, parts: tuple[_Node, ...], blank: str, claims: Claims
    ) -> Iterator[_Head | _Skip]:
        if not parts:
            yield _Skip(blank, claims)
            return
        for found in self._alternatives(parts[0], blank):
            if isinstance(found, _Skip) and not found.rest:
                yield from self._alternatives_of_parts(
                    parts[1:], found.blank, claims + found.claims
                )
            else:
                yield _with(found, parts[1:], claims)

    def _sorted_front(self, alternatives: list[_Head | _Skip]) -> _Front:
        heads = [found for found in alternatives if isinstance(found, _Head)]
        skips = tuple(found for found in alternatives if isinstance(found, _Skip))
        self._encode(heads)
        heads.sort(key=lambda head: head.tokens)  # stable: equal ones keep the grammar's order
        front = _Front(heads, skips)
        for row, head in enumerate(heads):
            if row and heads[row - 1].tokens == head.tokens and heads[row - 1].text != head.text:
                raise AmbiguousGrammarError(
                    f"{heads[row - 1].text!r} and {head.text!r} have the same tokens "
                    f"{head.tokens} in {self._model.name}; reword one of them"
                )
            if head.item >= 0:
                front.rows_of_item.setdefault(head.item, []).append(row)
        return front

    def _encode_ahead(self, grammar: Grammar) -> None:
        """Tokenize what the grammar holds in one batch, as it stands and after a blank.

        What the model cannot write is left for when it is reached, if ever.
        """
        texts: dict[str, None] = {}
        for literal in literals(grammar):
            for blank in ("", " "):
                texts[(blank + literal).rstrip()] = None
            if len(texts) > MOST_AHEAD:
                return
        texts.pop("", None)
        encoded = self._model.encode_many(list(texts))
        if self._is_written(list(texts), encoded):
            self._encoded.update(zip(texts, map(tuple, encoded), strict=True))

    def _encode(self, heads: list[_Head]) -> None:
        new = list({head.text: None for head in heads if head.text not in self._encoded})
        encoded = self._model.encode_many(new) if new else []
        self._check_written(new, encoded)
        self._encoded.update(zip(new, map(tuple, encoded), strict=True))
        for head in heads:
            head.tokens = self._encoded[head.text]

    def _check_written(self, texts: list[str], encoded: list[list[int]]) -> None:
        """Raise where the tokens do not give the text back; all at once, singly in doubt."""
        if self._is_written(texts, encoded):
            return
        decode, end = self._model.decode, self.end_token
        for text, tokens in zip(texts, encoded, strict=True):
            if not tokens or end in tokens or decode(tokens) != text:
                raise DecodingError(
                    f"{self._model.name} cannot write {text!r}: its tokens say "
                    f"{decode(tokens)!r}; leave that text out, or use a model that has all bytes"
                )

    def _is_written(self, texts: list[str], encoded: list[list[int]]) -> bool:
        """Whether the tokens, one after the other, give the texts back."""
        together = [token for tokens in encoded for token in tokens]
        ends = self._model.end_token in together
        return all(encoded) and not ends and self._model.decode(together) == "".join(texts)

    def _list(self, node: Unordered) -> _List:
        if id(node) not in self._lists:
            items = distinct_items(node)
            most = len(items) if node.at_most is None else min(node.at_most, len(items))
            last = None if node.last in (None, node.between) else Literal(node.last or "")
            self._kept.append(node)
            self._lists[id(node)] = _List(items, node.at_least, most, Literal(node.between), last)
        return self._lists[id(node)]

    def _after_item(self, pick: _Pick | None, item: int, then: _Todo | None) -> _Todo | None:
        if pick is None or pick.final:
            return then
        return self._todo(_After(pick.of, pick.used | {item}), then)

    def _todos_of(self, nodes: tuple[_Node, ...], then: _Todo | None) -> _Todo | None:
        for node in reversed(nodes):
            then = self._todo(node, then)
        return then

    def _todo(self, node: _Node, then: _Todo | None) -> _Todo:
        name: object = node if isinstance(node, _Pick | _After) else id(node)
        key = (name, id(then) if then is not None else 0)
        if key not in self._todos:
            self._todos[key] = _Todo(node, then)
        return self._todos[key]


def _with(found: _Head | _Skip, rest: tuple[_Node, ...], claims: Claims) -> _Head | _Skip:
    """``found``, followed by ``rest`` within its alternative and stating ``claims`` first."""
    if isinstance(found, _Head):
        found.rest += rest
        found.claims = claims + found.claims
        return found
    return _Skip(found.blank, claims + found.claims, found.rest + rest)


def _after_options(after: _After) -> Iterator[tuple[_Node, ...]]:
    """What may follow an item of a list, the end as ``()``; never a dead end."""
    of, count = after.of, len(after.used)
    if of.last is None:
        if count >= of.at_least:
            yield ()
        if count < of.at_most:
            yield of.between, _Pick(of, after.used, count + 1 == of.at_most)
        return
    if count == 1 and of.at_least <= 1:
        yield ()
    if count + 2 <= of.at_most:
        yield of.between, _Pick(of, after.used, False)
    if count + 1 <= of.at_most and count + 1 >= of.at_least:
        yield of.last, _Pick(of, after.used, True)


def _used(thread: _Thread) -> frozenset[int]:
    return thread.pick.used if thread.pick is not None else frozenset()


def _closed(thread: _Thread, branch: dict[int, tuple[int, int]], used: frozenset[int]) -> set[int]:
    """Next tokens behind which only used items lie; looks at the rows of those alone."""
    front, closed = thread.front, set()
    for item in used:
        for row in front.rows_of_item.get(item, []):
            tokens = front.heads[row].tokens
            if thread.low <= row < thread.high and len(tokens) > thread.depth:
                token = tokens[thread.depth]
                if not front.is_open(*branch[token], used):
                    closed.add(token)
    return closed
