"""What a question most likely asks that no phrase matches: a match for the classifier's rule.

The classifier (:mod:`reasoning.intents`) ranks the rules; of those that could be asked of the
names in the question, the likeliest is taken where it is likely enough. The plan made of it is
typed like any other.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
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
#: Classes of names that a question may mention beside what it asks about (body parts, others).
_BESIDE = frozenset({"A", OTHER})
#: Rules that no guess is made for.
_NEVER = frozenset({"check_is_a", "check_associated", "check_similar"})


@dataclass(frozen=True, slots=True)
class Guess:
    """A match and how likely it is that this was asked, in (0, 1]."""

    match: RuleMatch
    probability: float


def guesses(
    skeleton: Skeleton, phrases: Phrases, *, least: float = LEAST_PROBABILITY
) -> Iterator[Guess]:
    """Readings at least that likely, best first; none where what is asked no plan can say."""
    slots = [s for s in _named(skeleton) if not set(s.letters) <= _BESIDE]
    if not slots or len(slots) > 3 or len(skeleton.text) > LONGEST_GUESSED:
        return
    if any(UNKNOWN in s.letters for s in slots):
        return
    left = 1.0
    for probability, name in load_intents().probabilities(skeleton.text):
        if probability < least * left or name == NOTHING:
            return
        if name in CHECKS and probability < least + SURER_OF_CHECKS:
            return
        match = _match(name, skeleton, slots, phrases)
        if match is None:
            left -= probability
            continue
        yield Guess(match, min(probability / left, 1.0))


def _named(skeleton: Skeleton) -> list[Slot]:
    return skeleton.slots_in(skeleton.text)


def _match(name: str, skeleton: Skeleton, slots: list[Slot], phrases: Phrases) -> RuleMatch | None:
    """The rule of that name with every slot filled by a name of its kind, or None."""
    if name in _NEVER or not (name in SEARCHES or name in CHECKS or name in _OTHERS):
        return None
    for rule in phrases.rules:
        if rule.name != name or "x" in rule.slots:
            continue
        groups = _filled(rule, slots)
        if groups is not None:
            own = Rule(f"{phrases.language}.{name}.guess", name, "", rule.slots, every=rule.every)
            return RuleMatch(own, skeleton, groups, skeleton.text)
    return None


_OTHERS = frozenset({"check_safe", "definition", "names"})


def _filled(rule: Rule, slots: list[Slot]) -> Mapping[str, tuple[Slot, ...]] | None:
    kinds = list(rule.slots.items())
    if len(kinds) == 1 and "+" in rule.expression and rule.name in SEARCHES:
        group, kind = kinds[0]
        return {group: tuple(slots)} if all(_fits(s, kind) for s in slots) else None
    if len(kinds) != len(slots):
        return None
    for order in permutations(slots):
        if all(_fits(slot, kind) for slot, (_, kind) in zip(order, kinds, strict=True)):
            return {g: (slot,) for slot, (g, _) in zip(order, kinds, strict=True)}
    return None


def _fits(slot: Slot, kind: str) -> bool:
    return bool(set(slot.letters) & set(SLOT_KINDS[kind]))
