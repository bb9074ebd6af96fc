"""One question being read: its sentences and clauses matched, the best reading planned.

Among the rules that match, the one that uses most of the names wins, then the deeper one (two
hops over one), then the one of higher priority.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from reasoning.anchoring import topic_of, topic_slot
from reasoning.binding import Binder
from reasoning.guessing import guesses
from reasoning.joining import joined, negates
from reasoning.matching import forms, matches, refusal
from reasoning.plan import CheckPlan, FindPlan
from reasoning.plan_reading import PlanReader, read_by_model
from reasoning.planner import Anchor, Bound, plan_of
from reasoning.question import Reason, Understanding
from reasoning.rules import UNKNOWN, Phrases
from reasoning.skeleton import Skeleton, Slot, skeletons_of, without_groups
from reasoning.ways import EXCLUDED_BY, SEARCHES

_COMMAS = re.compile(r"[,，;；、]|\s+-+\s+")


class Reading:
    """One question being understood."""

    def __init__(
        self,
        question: str,
        asked: str,
        language: str,
        phrases: Phrases,
        slots: tuple[Slot, ...],
        options: tuple[str, ...],
        respelt: Mapping[str, str],
    ) -> None:
        self._question = question
        self._asked = asked
        self._language = language
        self._phrases = phrases
        self._slots = slots
        self._respelt = respelt
        self._bind = Binder(question, language, phrases, slots, options)

    def understood(self, previous: Understanding | None, *, guessing: bool = True) -> Understanding:
        """What is asked, after the turn ``previous``; the classifier is asked if ``guessing``."""
        skeletons = skeletons_of(self._asked, self._slots, self._phrases, respelt=self._respelt)
        if previous is not None:
            again = self._same_again(skeletons, previous)
            if again is not None:
                return again
        found: list[Understanding] = []
        for skeleton in skeletons:
            if found and not skeleton.asks:
                break
            refused = refusal(skeleton, self._phrases)
            if refused is not None:
                found = found or [self._bind.declined(refused)]
                break
            understood = self._breath(skeleton, found[0] if found else None)
            found += [understood] if understood is not None else []
            if understood is not None and understood.plan is None:
                break
        if found and (found[0].plan is not None or found[0].reason is not Reason.UNKNOWN_NAME):
            return joined(found)
        if previous is not None and previous.plan is not None:
            followed = self._follow_up(skeletons, previous)
            if followed is not None:
                return followed
        preamble = self._after_preamble(skeletons)
        if preamble is not None or found:
            return preamble or found[0]
        guessed = self._guessed(skeletons) if guessing else None
        return guessed or self._bind.declined(self._bind.why_nothing())

    def _guessed(self, skeletons: Sequence[Skeleton]) -> Understanding | None:
        """What the classifier says is asked, where it is sure enough and the plan type-checks."""
        for skeleton in skeletons:
            denied = self._phrases.negation.search(skeleton.text) is not None
            for guess in guesses(skeleton, self._phrases):
                understood = self._bind.planned(guess.match)
                searched = isinstance(understood.plan, FindPlan)
                if understood.plan is not None and not (denied and searched):
                    return replace(understood, certainty=round(guess.probability, 4))
        return None

    def read_by(self, reader: PlanReader) -> Understanding | None:
        """What a language model says is asked, of the plans that type-check; None for nothing."""
        skeletons = skeletons_of(self._asked, self._slots, self._phrases, respelt=self._respelt)
        return read_by_model(self._asked, skeletons, self._phrases, self._bind.planned, reader)

    # --- matching

    def _breath(self, skeleton: Skeleton, before: Understanding | None) -> Understanding | None:
        """One sentence understood, after the one ``before``; of one that asks several things, all.

        A sentence without a name ("How is it treated?") is asked of what the one before names.
        """
        if before is not None and not skeleton.letters():
            return self._follow_up([skeleton], before)
        clauses = self._phrases.clauses.split(skeleton.text)
        if len(clauses) > 1:
            several = self._clauses([Skeleton(c, skeleton.slots) for c in clauses if c.strip()])
            if several is not None:
                return several
        return self._best_of_each(skeleton)

    def _after_preamble(self, skeletons: Sequence[Skeleton]) -> Understanding | None:
        """ "Doc put me on X, what does it treat": the last clause, of what was named before."""
        for skeleton in skeletons:
            *before, last = [c.strip() for c in _COMMAS.split(skeleton.text) if c.strip()] or [""]
            if not before or refusal(Skeleton(last, skeleton.slots), self._phrases) is not None:
                continue
            clause = Skeleton(last, skeleton.slots)
            if not (self._phrases.asking.search(last) or self._phrases.yes_no.search(last)):
                continue
            if any(UNKNOWN not in letters for letters in clause.letters()):
                found = self._best_of_each(clause)
            else:
                slots = [s for c in before for s in skeleton.slots_in(c) if s.candidates]
                found = self._of_slot(clause, slots[-1]) if slots else None
            if found is not None and found.plan is not None:
                return found
        return None

    def _of_slot(self, clause: Skeleton, slot: Slot) -> Understanding | None:
        """A clause without a name ("what does it treat"), asked of a name before it."""
        for text in self._with_topic(clause.text, slot):
            found = self._best(Skeleton(text, clause.slots))
            if found is not None and found.plan is not None:
                return found
        return None

    def _clauses(self, clauses: Sequence[Skeleton]) -> Understanding | None:
        """ "What causes gout and how is it treated": both; None where not each is understood."""
        found: list[Understanding] = []
        for clause in clauses:
            if refusal(clause, self._phrases) is not None:
                return None
            one = self._best_of_each(clause) if clause.letters() else None
            if one is None and found and not clause.letters():
                one = self._follow_up([clause], found[0])
            if one is None or one.plan is None or isinstance(one.plan, CheckPlan):
                return None
            found.append(one)
        return joined(found)

    def _best_of_each(self, skeleton: Skeleton) -> Understanding | None:
        """The best match; of "symptoms and treatments of X", the best for each noun."""
        nouns = self._phrases.joined_nouns.search(skeleton.text)
        if nouns is None or self._phrases.comparing.search(skeleton.text):
            return self._best_less_excluded(skeleton)
        start, end = nouns.span()
        found: list[Understanding] = []
        for noun in self._phrases.nouns.findall(nouns[0]):
            text = f"{skeleton.text[:start]}{noun}{skeleton.text[end:]}"
            best = self._best_less_excluded(Skeleton(text, skeleton.slots))
            if best is not None and best.plan is not None:
                found.append(best)
        return joined(found) if found else self._best_less_excluded(skeleton)

    def _best_less_excluded(self, skeleton: Skeleton) -> Understanding | None:
        """The best match; of "X but not Y", that of X with what Y has left out."""
        best = self._best(skeleton)
        planned = best.plan if best is not None else None
        if planned is not None and (negates(planned) or not isinstance(planned, FindPlan)):
            return best
        excluding = self._phrases.excluding.search(skeleton.text)
        if excluding is None:
            return best
        slots = tuple(skeleton.slots_in(excluding[0]))
        text = f"{skeleton.text[: excluding.start()]} {skeleton.text[excluding.end() :]}"
        by = next((n for n in EXCLUDED_BY if excluding.groupdict().get(n)), "")
        text = " ".join(text.split())
        for asked in (text, self._phrases.listing.replace("{x}", text)):
            less = self._best(Skeleton(asked, skeleton.slots), slots, by)
            if less is not None and less.plan is not None and negates(less.plan):
                return less
        return best

    def _best(
        self, skeleton: Skeleton, excluded: tuple[Slot, ...] = (), by: str = ""
    ) -> Understanding | None:
        """The best match on the skeleton or one of its nested forms, as understood.

        ``excluded`` are names whose results are left out, ``by`` the search that finds them where
        it is not the one that matched. Where the concepts are of classes the best match cannot
        be asked of, the next one that uses as many names may be.
        """
        found = [m for form in forms(skeleton, self._phrases) for m in matches(form, self._phrases)]
        if not found:
            general = without_groups(skeleton)
            return None if general is None else self._best(general, excluded, by)
        found.sort(key=lambda m: m.rank, reverse=True)
        first: Understanding | None = None
        for match in found:
            if match.rank[0] < found[0].rank[0]:
                break
            understood = self._bind.planned(match, excluded, by)
            if understood.reason is not Reason.WRONG_TYPE:
                return understood
            first = first or understood
        return first

    # --- follow-ups

    def _follow_up(
        self, skeletons: Sequence[Skeleton], previous: Understanding
    ) -> Understanding | None:
        """ "And its side effects?", "What about asthma?" after ``previous``."""
        topic = topic_of(previous)
        if topic is None:
            return None
        for skeleton in skeletons:
            named = any(letters != UNKNOWN for letters in skeleton.letters())
            if named and not self._phrases.pronouns.search(skeleton.text):
                continue  # but "Is it safe in pregnancy?" refers back all the same
            slot = topic_slot(topic, len(skeleton.slots))
            for text in self._with_topic(skeleton.text, slot):
                found = self._best(Skeleton(text, (*skeleton.slots, slot)))
                if found is not None:
                    return replace(found, topic=topic)
        return None

    def _with_topic(self, text: str, slot: Slot) -> Iterator[str]:
        """The words with the topic for a pronoun, before them, and behind them."""
        replaced = self._phrases.pronouns.sub(slot.token, text, count=1)
        if replaced != text:
            yield " ".join(replaced.replace(slot.token, f" {slot.token} ").split())
        yield f"{slot.token} {text}"
        yield f"{text} of {slot.token}" if self._language == "en" else f"{text}{slot.token}"

    def _same_again(
        self, skeletons: Sequence[Skeleton], previous: Understanding
    ) -> Understanding | None:
        """ "What about asthma?": the question before, of another concept of the same class."""
        topic = topic_of(previous)
        match = self._phrases.follow_up.search(skeletons[0].text) if skeletons else None
        rule = previous.rule.split(".")
        if match is None or topic is None or len(rule) != 3:
            return None
        slot = skeletons[0].slots_in(match["topic"])[0]
        if isinstance(previous.plan, CheckPlan):
            return self._checked_again(slot, previous, previous.plan)
        if rule[1] not in SEARCHES:
            return None
        concept = next((c for c in slot.candidates if c.category == topic.category), None)
        if concept is None:
            return None
        anchor = Anchor(slot, concept)
        plan = plan_of(Bound(rule[1], {"a": (anchor,)}))
        if plan is None:
            return None
        return Understanding(
            self._question,
            self._language,
            concepts=self._bind.concepts({slot.number: anchor}),
            plan=plan,
            intent=plan.intent,
            rule=previous.rule,
        )

    def _checked_again(
        self, slot: Slot, previous: Understanding, plan: CheckPlan
    ) -> Understanding | None:
        """ "Is X safe in Y? What about Z?": Z for whichever of the two is of its class."""
        for concept in slot.candidates:
            again: CheckPlan | None = None
            if concept.category == plan.subject_category:
                again = replace(plan, widened=False, subject=concept.curie)
            elif concept.category == plan.object_category:
                again = replace(plan, widened=False, object=concept.curie)
            if again is None or concept.curie in (plan.subject, plan.object):
                continue
            return Understanding(
                self._question,
                self._language,
                concepts=self._bind.concepts({slot.number: Anchor(slot, concept)}),
                plan=again,
                intent=again.intent,
                topic=topic_of(previous),
                rule=previous.rule,
            )
        return None
