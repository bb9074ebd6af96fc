"""From a matched rule to a plan, or the typed reason why there is none."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from reasoning.anchoring import (
    anchor_of,
    every_sense,
    linked_concept,
    root_of,
    unknown_name,
)
from reasoning.answer import LinkedConcept, Outcome
from reasoning.joining import unused
from reasoning.matching import RuleMatch
from reasoning.plan import Intent, Plan
from reasoning.planner import Anchor, Bound, intent_of, plan_of, rivals_of
from reasoning.question import Reason, Understanding
from reasoning.rules import LETTERS, OTHER, SLOT_KINDS, UNKNOWN, Phrases
from reasoning.skeleton import Slot, polarity_of
from reasoning.ways import OR_ELSE

#: The slot of what is excluded ("without X", "not contraindicated in X").
EXCLUDED = "x"

#: Candidates of one name that are tried in turn.
MOST_SENSES = 4

_BESIDE = re.compile(r"[\s-]{1,2}(?:like[\s-])?")


class Binder:
    """Makes plans and reasons of one question, whose names are ``slots``."""

    def __init__(
        self,
        question: str,
        language: str,
        phrases: Phrases,
        slots: tuple[Slot, ...],
        options: tuple[str, ...],
    ) -> None:
        self._question = question
        self._language = language
        self._phrases = phrases
        self._slots = slots
        self._options = options

    def planned(
        self, match: RuleMatch, excluded: tuple[Slot, ...] = (), by: str = ""
    ) -> Understanding:
        """What a match asks, planned; ``excluded`` are names whose results are left out.

        ``by`` is the search that finds those, where it is not the one of the match.
        """
        intent = intent_of(match.rule.name)
        unknown = [s for group in match.slots.values() for s in group if s.letters == UNKNOWN]
        unknown += [s for s in excluded if s.letters == UNKNOWN]
        unknown = unknown or self._part_of_names(match)
        if unknown:
            return self._unknown(unknown, intent, match.rule.id)
        anchors: dict[str, tuple[Anchor, ...]] = {}
        ambiguous: list[Anchor] = []
        identifier = ""
        for group, slots in match.slots.items():
            kind = match.rule.slots[group]
            if kind == "identifier":
                identifier = slots[0].text
                continue
            resolved = [anchor_of(slot, kind) for slot in slots]
            if any(a is None for a in resolved):
                return self.declined(Reason.WRONG_TYPE, intent, match.rule.id)
            anchors[group] = tuple(a for a in resolved if a is not None)
            if group == EXCLUDED:
                anchors[group] = tuple(a for one in anchors[group] for a in every_sense(one, kind))
                continue
            ambiguous += [a for a in anchors[group] if rivals_of(root_of(a.slot), a.concept)]
        if excluded:
            senses = [anchor_of(slot, "entity") for slot in excluded]
            anchors[EXCLUDED] = tuple(
                sense for a in senses if a is not None for sense in every_sense(a, "entity")
            )
        chosen_by: dict[int, Anchor] = {}
        for anchor in (a for group in anchors.values() for a in group):
            chosen_by.setdefault(root_of(anchor.slot).number, anchor)
        if ambiguous:
            return self._ambiguous(ambiguous, chosen_by, intent, match.rule.id)
        bound = replace(self._bound(match, anchors, identifier), excluded_by=by)
        plan = plan_of(bound)
        if plan is None:
            return self.declined(Reason.WRONG_TYPE, intent, match.rule.id, chosen_by)
        concepts = self.concepts(chosen_by)
        return Understanding(
            self._question,
            self._language,
            concepts=concepts,
            plan=plan,
            intent=plan.intent,
            unknown=(*(unknown_name(s.unknown) for s in self._unknown_slots() if s.unknown),),
            ignored=unused(concepts, plan),
            options=self._options,
            rule=match.rule.id,
            other_senses=tuple(self._other_senses(bound, plan, match)),
        )

    def _other_senses(
        self, bound: Bound, plan: Plan, match: RuleMatch
    ) -> Iterator[tuple[Plan, LinkedConcept]]:
        """The plan with each other candidate of each name in turn, best first."""
        for group, anchors in bound.anchors.items():
            letters = SLOT_KINDS[match.rule.slots.get(group, "entity")]
            for number, anchor in enumerate(anchors if group != EXCLUDED else ()):
                root = root_of(anchor.slot)
                for other in root.candidates[:MOST_SENSES]:
                    fits = anchor.hops or LETTERS.get(other.category, OTHER) in letters
                    if other.curie == anchor.concept.curie or not fits:
                        continue
                    swapped = list(anchors)
                    swapped[number] = replace(anchor, concept=other)
                    again = plan_of(
                        replace(bound, anchors={**bound.anchors, group: tuple(swapped)})
                    )
                    if again is not None and again != plan:
                        yield again, linked_concept(root, other, ())
        if bound.rule in OR_ELSE:
            again, first = plan_of(replace(bound, rule=OR_ELSE[bound.rule])), bound.anchors["a"][0]
            if again is not None:
                yield again, linked_concept(root_of(first.slot), first.concept, ())

    def _part_of_names(self, match: RuleMatch) -> list[Slot]:
        """Unknown words right beside a name that was used: together they name something else.

        Only in English, where unknown words are told from everyday ones.
        """
        if self._language != "en":
            return []
        used = [root_of(s) for group in match.slots.values() for s in group]
        return [
            slot
            for slot in self._unknown_slots()
            for name in used
            if _BESIDE.fullmatch(self._question[slot.end : name.start])
            or _BESIDE.fullmatch(self._question[name.end : slot.start])
        ]

    def _bound(
        self, match: RuleMatch, anchors: Mapping[str, tuple[Anchor, ...]], identifier: str
    ) -> Bound:
        phrases = self._phrases
        either = phrases.alternative.search(match.words) is not None
        return Bound(
            match.rule.name,
            anchors,
            polarity=polarity_of(match.skeleton.text, phrases),
            every=match.rule.every and not either,
            count=phrases.counting.search(match.skeleton.text) is not None,
            unsafe=_asks_harm(match, phrases),
            identifier=identifier,
            aspects=tuple(
                name for name, words in phrases.aspects.items() if words.search(match.skeleton.text)
            ),
        )

    # --- without a plan

    def why_nothing(self) -> Reason:
        """Why a question that nothing matches is not answered."""
        if any(s.candidates for s in self._slots):
            return Reason.NO_QUESTION
        return Reason.UNKNOWN_NAME if self._unknown_slots() else Reason.NO_NAME

    def _unknown_slots(self) -> list[Slot]:
        """What looks like a name though nothing is asked of it: no everyday words."""
        return [
            s
            for s in self._slots
            if s.unknown is not None
            and not s.unknown.ordinary
            and (self._language == "en" or s.unknown.nearest)
        ]

    def declined(
        self,
        reason: Reason,
        intent: Intent | None = None,
        rule: str = "",
        chosen_by: Mapping[int, Anchor] | None = None,
    ) -> Understanding:
        """No plan, for that reason."""
        if reason is Reason.UNKNOWN_NAME:
            return self._unknown(self._unknown_slots(), intent, rule)
        names = [c.name for c in self.concepts(chosen_by or {})]
        return self._ended(Outcome.OUT_OF_SCOPE, reason, names, chosen_by or {}, intent, rule)

    def _unknown(self, slots: Sequence[Slot], intent: Intent | None, rule: str) -> Understanding:
        names = tuple(unknown_name(s.unknown) for s in slots if s.unknown is not None)
        texts = [n.text for n in names]
        ended = self._ended(Outcome.UNKNOWN_NAME, Reason.UNKNOWN_NAME, texts, {}, intent, rule)
        return replace(ended, unknown=names)

    def _ambiguous(
        self,
        anchors: Sequence[Anchor],
        chosen_by: Mapping[int, Anchor],
        intent: Intent | None,
        rule: str,
    ) -> Understanding:
        names = tuple(
            linked_concept(root_of(a.slot), a.concept, rivals_of(root_of(a.slot), a.concept))
            for a in anchors
        )
        texts = [n.text for n in names]
        ended = self._ended(Outcome.AMBIGUOUS, Reason.AMBIGUOUS, texts, chosen_by, intent, rule)
        return replace(ended, ambiguous=names)

    def _ended(
        self,
        outcome: Outcome,
        reason: Reason,
        names: Sequence[str],
        chosen_by: Mapping[int, Anchor],
        intent: Intent | None,
        rule: str,
    ) -> Understanding:
        """No plan; the explanation names ``names``."""
        return Understanding(
            self._question,
            self._language,
            concepts=self.concepts(chosen_by),
            intent=intent,
            outcome=outcome,
            reason=reason,
            explanation=self._explained(reason, names),
            options=self._options,
            rule=rule,
        )

    def _explained(self, reason: Reason, names: Sequence[str]) -> str:
        mark = "、" if self._language == "zh" else ", "
        shown = dict.fromkeys("".join(c for c in n if c.isprintable()) for n in names)
        quoted = mark.join(f"“{n}”" for n in shown)
        return self._phrases.reasons[reason.value].replace("{names}", quoted or "“…”")

    def concepts(self, chosen_by: Mapping[int, Anchor]) -> tuple[LinkedConcept, ...]:
        """Every name of the question, as it was chosen (by number of the slot) or the best."""
        linked = []
        for slot in self._slots:
            if not slot.candidates:
                continue
            anchor = chosen_by.get(slot.number)
            concept = anchor.concept if anchor else slot.candidates[0]
            others = tuple(c for c in slot.candidates if c.curie != concept.curie)
            linked.append(linked_concept(slot, concept, others))
        return tuple(linked)


def _asks_harm(match: RuleMatch, phrases: Phrases) -> bool:
    """Whether the words matched, or those behind them, ask for harm rather than safety."""
    behind = match.skeleton.text.partition(match.words)[2]
    return any(phrases.unsafe.search(words) is not None for words in (match.words, behind))
