"""Matching a skeleton against the phrases of its language."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from reasoning.question import Reason
from reasoning.rules import LETTERS, OTHER, SLOT_KINDS, UNKNOWN, Phrases, Rule
from reasoning.skeleton import Skeleton, Slot, with_slot
from reasoning.ways import SEARCHES

#: Kinds of slots an unknown name most likely fills.
_LIKELY_UNKNOWN = frozenset(
    {"disease", "condition", "finding", "symptom", "drug", "treatment", "taken", "cause"}
)

#: Rules that ask about one concept itself, which a noun phrase does not give.
_DESCRIBING = frozenset({"definition", "names", "identifier"})

#: Deepest nesting of "drugs that treat diseases that cause …".
MOST_NESTED = 2


@dataclass(frozen=True, slots=True)
class RuleMatch:
    """A rule that matched a skeleton, with the slots of its groups."""

    rule: Rule
    skeleton: Skeleton
    slots: Mapping[str, tuple[Slot, ...]]
    words: str

    @property
    def rank(self) -> tuple[int, int, int, int, int]:
        """Names used, hops of noun phrases, priority, preferred classes, shortness.

        What is unknown is taken for a disease, finding or drug rather than for a gene or test.
        """
        used = {s.number: s for group in self.slots.values() for s in group}
        depth = sum(len(s.hops) for s in used.values())
        odd = any(
            self.rule.slots[group] not in _LIKELY_UNKNOWN
            and any(UNKNOWN in s.letters for s in slots)
            for group, slots in self.slots.items()
        )
        fit = sum(
            slot.letters[:1] == SLOT_KINDS[self.rule.slots[group]][0]
            for group, slots in self.slots.items()
            for slot in slots
        )
        return (len(used), depth, self.rule.priority - 20 * odd, fit, -len(self.words))


def forms(skeleton: Skeleton, phrases: Phrases) -> list[Skeleton]:
    """The skeleton, and the skeletons with noun phrases taken together."""
    known = {skeleton.text: skeleton}
    layer = [skeleton]
    for _ in range(MOST_NESTED):
        layer = [nested for form in layer for nested in _nested(form, phrases)]
        known.update((f.text, f) for f in layer)
    return list(known.values())


def _nested(skeleton: Skeleton, phrases: Phrases) -> Iterator[Skeleton]:
    letters = skeleton.letters()
    for rule in phrases.nested:
        if not rule.may_match(skeleton.text, letters):
            continue
        for match in rule.pattern.finditer(skeleton.text):
            group = skeleton.slots_in(match["a"])
            search = SEARCHES[rule.name]
            origin = group[0]
            if len(group) != 1 or UNKNOWN in origin.letters or match.end() == match.start():
                continue
            way = next((w for w in search.ways if _may_start(origin, w.anchors)), None)
            if way is None:
                continue
            arrives = LETTERS[way.hops[-1].categories[0]]
            slot = Slot(
                len(skeleton.slots),
                origin.start,
                origin.end,
                origin.text,
                arrives,
                origin=origin,
                hops=way.hops,
            )
            yield with_slot(skeleton, match.span(), slot)


def matches(skeleton: Skeleton, phrases: Phrases) -> Iterator[RuleMatch]:
    """Every rule that matches the skeleton and may be asked in its form."""
    form = _form(skeleton.text, phrases)
    letters = skeleton.letters()
    for rule in phrases.rules:
        if form != "bare" and rule.form not in (form, "any"):
            continue
        if not rule.may_match(skeleton.text, letters):
            continue
        match = rule.pattern.search(skeleton.text)
        if match is None:
            continue
        slots = {
            group: tuple(skeleton.slots_in(match[group])) for group in rule.slots if match[group]
        }
        if rule.known and any(UNKNOWN in s.letters for group in slots.values() for s in group):
            continue
        if rule.name in _DESCRIBING and any(s.hops for group in slots.values() for s in group):
            continue
        yield RuleMatch(rule, skeleton, slots, match[0])


def _form(text: str, phrases: Phrases) -> str:
    """``check`` for a question of yes or no, ``ask`` for what and which, else ``bare``."""
    if phrases.yes_no.search(text):
        return "check"
    return "ask" if phrases.asking.search(text) else "bare"


def refusal(skeleton: Skeleton, phrases: Phrases) -> Reason | None:
    """Why no plan can say what is asked, or None where one may."""
    letters = skeleton.letters()
    for rule in phrases.refusals:
        match = None
        if rule.may_match(skeleton.text, letters):
            match = rule.pattern.search(skeleton.text)
        if match is None:
            continue
        if rule.known and any(UNKNOWN in slot.letters for slot in skeleton.slots_in(match[0])):
            continue
        return Reason(rule.name)
    return None


def _may_start(slot: Slot, categories: Sequence[str]) -> bool:
    return any(LETTERS.get(c, OTHER) in slot.letters for c in categories)
