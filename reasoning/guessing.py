"""What a question most likely asks that no phrase matches: a match for the classifier's rule.

The classifier (:mod:`reasoning.intents`) ranks the rules; of those that could be asked of the
names in the question, the likeliest is taken where it is likely enough. The plan made of it is
typed like any other.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import permutations

from reasoning.intents import LEAST_PROBABILITY, NOTHING, load_intents
from reasoning.matching import RuleMatch
from reasoning.rules import OTHER, SLOT_KINDS, UNKNOWN, Phrases, Rule
from reasoning.skeleton import Skeleton, Slot
from reasoning.ways import CHECKS, SEARCHES

#: Longest skeleton guessed at, in characters: a story is not one question.
LONGEST_GUESSED = 160
#: A verdict on two names is guessed only where it is likelier by this.
SURER_OF_CHECKS = 0.2
SAFE = "check_safe"
#: Names that a question guessed at may be about.
MOST_NAMES = 3
#: Classes of names that a question may mention beside what it asks about (body parts, others).
_BESIDE = frozenset({"A", OTHER})
#: Rules that no guess is made for.
NEVER = frozenset({"check_is_a", "check_associated", "check_similar"})


@dataclass(frozen=True, slots=True)
class Guess:
    """A match and how likely it is that this was asked, in (0, 1]."""

    match: RuleMatch
    probability: float


def guesses(
    skeleton: Skeleton, phrases: Phrases, *, least: float = LEAST_PROBABILITY
) -> Iterator[Guess]:
    """Readings at least that likely, best first; none where what is asked no plan can say."""
    slots = asked_of(skeleton)
    if not slots or len(skeleton.text) > LONGEST_GUESSED:
        return
    left = 1.0
    for probability, name in load_intents().probabilities(skeleton.text):
        if probability < least * left or name == NOTHING:
            return
        if (name in CHECKS or name == SAFE) and probability < least + SURER_OF_CHECKS:
            return
        match = next(readings(name, skeleton, slots, phrases, how="guess"), None)
        if match is None:
            left -= probability
            continue
        yield Guess(match, min(probability / left, 1.0))


def asked_of(skeleton: Skeleton, *, everyday: bool = False) -> list[Slot]:
    """The names that something may be asked of; empty where there are too many, or unknown ones.

    ``everyday``: unknown names made of everyday words only ("loud noise") do not count.
    """
    slots = [s for s in skeleton.slots_in(skeleton.text) if not set(s.letters) <= _BESIDE]
    if everyday:
        slots = [s for s in slots if s.unknown is None or not s.unknown.ordinary]
    known = all(UNKNOWN not in s.letters for s in slots)
    return slots if known and len(slots) <= MOST_NAMES else []


def readings(
    name: str, skeleton: Skeleton, slots: Sequence[Slot], phrases: Phrases, *, how: str
) -> Iterator[RuleMatch]:
    """Every way in which a rule can take all of ``slots`` as names of its kinds.

    ``how`` ends the id of the rule, and tells that no phrase matched: ``guess``, ``read``.
    """
    if name in NEVER or not (name in SEARCHES or name in CHECKS or name in _OTHERS):
        return
    seen: list[Mapping[str, tuple[Slot, ...]]] = []
    for rule in phrases.rules:
        if rule.name != name or "x" in rule.slots:
            continue
        for groups in _filled(rule, slots):
            if groups not in seen:
                seen.append(groups)
                own = Rule(
                    f"{phrases.language}.{name}.{how}", name, "", rule.slots, every=rule.every
                )
                yield RuleMatch(own, skeleton, groups, skeleton.text)


_OTHERS = frozenset({"check_safe", "definition", "names"})


def _filled(rule: Rule, slots: Sequence[Slot]) -> Iterator[Mapping[str, tuple[Slot, ...]]]:
    kinds = list(rule.slots.items())
    if len(kinds) == 1 and "+" in rule.expression and rule.name in SEARCHES:
        group, kind = kinds[0]
        if all(_fits(s, kind) for s in slots):
            yield {group: tuple(slots)}
        return
    if len(kinds) != len(slots):
        return
    for order in permutations(slots):
        if all(_fits(slot, kind) for slot, (_, kind) in zip(order, kinds, strict=True)):
            yield {g: (slot,) for slot, (g, _) in zip(order, kinds, strict=True)}


def _fits(slot: Slot, kind: str) -> bool:
    return bool(set(slot.letters) & set(SLOT_KINDS[kind]))
