"""A question → a plan, or a typed reason why there is none.

Names are linked, the question is matched against the phrases of its language
(:mod:`reasoning.rules`) with the names taken out, and the best match becomes a plan
(:mod:`reasoning.planner`). No model is asked; the same question gives the same plan.

Among the rules that match, the one that uses most of the names wins, then the deeper one (two
hops over one), then the one of higher priority. A question nothing matches, one that needs what
no plan can say, an unknown name and an ambiguous one end in an outcome of their own, never in a
guess.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace

from kg.errors import UsageError
from nlp.linker import Linker
from reasoning.anchoring import (
    anchor_of,
    decided,
    every_sense,
    linked_concept,
    root_of,
    topic_of,
    topic_slot,
    unknown_name,
)
from reasoning.answer import LinkedConcept, Outcome
from reasoning.asked import unreadable, without_options
from reasoning.guessing import guesses
from reasoning.joining import joined, negates, unused
from reasoning.matching import RuleMatch, forms, matches, refusal
from reasoning.naming import Namer
from reasoning.of_whom import read_of_whom
from reasoning.plan import CheckPlan, FindPlan, Intent, Plan
from reasoning.planner import Anchor, Bound, intent_of, plan_of, rivals_of
from reasoning.question import Reason, Understanding, UnknownName
from reasoning.rules import (
    LANGUAGES,
    LETTERS,
    OTHER,
    SLOT_KINDS,
    UNKNOWN,
    Phrases,
)
from reasoning.skeleton import (
    Skeleton,
    Slot,
    detect_language,
    language_of,
    polarity_of,
    skeletons_of,
)
from reasoning.ways import EXCLUDED_BY, SEARCHES

__all__ = ["Reason", "Understander", "Understanding", "UnknownName", "detect_language"]

#: The slot of what is excluded ("without X", "not contraindicated in X").
EXCLUDED = "x"

#: Candidates of one name that are tried in turn.
MOST_SENSES = 4

_BESIDE = re.compile(r"[\s-]{1,2}(?:like[\s-])?")
_COMMAS = re.compile(r"[,，;；、]|\s+-+\s+")


class Understander:
    """Understands questions with a linker over one graph.

    ``guessing``: whether a trained classifier says what a question asks that no phrase matches.
    """

    def __init__(
        self,
        linker: Linker,
        *,
        phrases: Mapping[str, Phrases] | None = None,
        guessing: bool = True,
    ) -> None:
        self._namer = Namer(linker, phrases or {})
        self._guessing = guessing

    def __call__(
        self,
        question: str,
        *,
        language: str | None = None,
        previous: Understanding | None = None,
        preferred: Collection[str] = (),
    ) -> Understanding:
        """What ``question`` means; no question makes it fail.

        Args:
            question: the question or statement.
            language: ``en`` or ``zh``; detected where None.
            previous: the turn before, for "and its side effects?".
            preferred: concepts (CURIEs) that are meant where a name may mean several.

        Raises:
            UsageError: on another language.
        """
        if language is not None and language not in LANGUAGES:
            raise UsageError(f"language {language!r} is none of {', '.join(LANGUAGES)}")
        refused = unreadable(question)
        if refused is not None:
            return self._declined(question, language or detect_language(question[:200]), refused)
        asked, options = without_options(question)
        tag = self._namer.phrases(detect_language(asked)).tag.search(asked)
        asked = asked if tag is None else asked[: tag.start()] or asked
        slots, respelt = self._namer.slots(asked)
        slots = tuple(decided(slot, preferred) for slot in slots)
        spoken = language or language_of(asked, slots)
        phrases = self._namer.phrases(spoken)

        def read(named: tuple[Slot, ...]) -> Understanding:
            reading = _Reading(question, asked, spoken, phrases, named, options, respelt)
            return reading.understood(previous, guessing=self._guessing)

        return read_of_whom(slots, phrases, read)

    def _declined(self, question: str, language: str, reason: Reason) -> Understanding:
        return Understanding(
            question,
            language,
            outcome=Outcome.OUT_OF_SCOPE,
            reason=reason,
            explanation=self._namer.phrases(language).reasons[reason.value],
        )


def understand(
    question: str,
    linker: Linker,
    *,
    language: str | None = None,
    previous: Understanding | None = None,
) -> Understanding:
    """What ``question`` means, for one question; keep an :class:`Understander` for many."""
    return Understander(linker)(question, language=language, previous=previous)


class _Reading:
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
        self._options = options
        self._respelt = respelt

    def understood(self, previous: Understanding | None, *, guessing: bool = True) -> Understanding:
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
                found = found or [self._declined(refused)]
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
        return guessed or self._declined(self._why_nothing())

    def _guessed(self, skeletons: Sequence[Skeleton]) -> Understanding | None:
        """What the classifier says is asked, where it is sure enough and the plan type-checks."""
        for skeleton in skeletons:
            denied = self._phrases.negation.search(skeleton.text) is not None
            for guess in guesses(skeleton, self._phrases):
                understood = self._planned(guess.match)
                searched = isinstance(understood.plan, FindPlan)
                if understood.plan is not None and not (denied and searched):
                    return replace(understood, certainty=round(guess.probability, 4))
        return None

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
        found.sort(key=lambda m: m.rank, reverse=True)
        first: Understanding | None = None
        for match in found:
            if match.rank[0] < found[0].rank[0]:
                break
            understood = self._planned(match, excluded, by)
            if understood.reason is not Reason.WRONG_TYPE:
                return understood
            first = first or understood
        return first

    # --- from a match to a plan

    def _planned(
        self, match: RuleMatch, excluded: tuple[Slot, ...] = (), by: str = ""
    ) -> Understanding:
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
                return self._declined(Reason.WRONG_TYPE, intent, match.rule.id)
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
            return self._declined(Reason.WRONG_TYPE, intent, match.rule.id, chosen_by)
        concepts = self._concepts(chosen_by)
        return Understanding(
            self._question,
            self._language,
            concepts=concepts,
            plan=plan,
            intent=plan.intent,
            unknown=(
                *(unknown_name(s.unknown) for s in self._unknown_slots() if s.unknown),
                *self._unheard(plan),
            ),
            ignored=unused(concepts, plan),
            options=self._options,
            rule=match.rule.id,
            other_senses=tuple(self._other_senses(bound, plan, match)),
        )

    def _unheard(self, plan: Plan) -> Iterator[UnknownName]:
        """Of whom treatment is asked (a child), where the graph tells nothing apart for them."""
        words = self._phrases.spoken_of.search(self._question.lower())
        if words is not None and plan.intent is Intent.TREATMENTS and not negates(plan):
            yield UnknownName(self._question[slice(*words.span())], *words.span())

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
            unsafe=phrases.unsafe.search(match.words) is not None,
            identifier=identifier,
            aspects=tuple(
                name for name, words in phrases.aspects.items() if words.search(match.skeleton.text)
            ),
        )

    # --- follow-ups

    def _follow_up(
        self, skeletons: Sequence[Skeleton], previous: Understanding
    ) -> Understanding | None:
        """ "And its side effects?", "What about asthma?" after ``previous``."""
        topic = topic_of(previous)
        if topic is None:
            return None
        for skeleton in skeletons:
            if any(letters != UNKNOWN for letters in skeleton.letters()):
                continue
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
            concepts=self._concepts({slot.number: anchor}),
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
                concepts=self._concepts({slot.number: Anchor(slot, concept)}),
                plan=again,
                intent=again.intent,
                topic=topic_of(previous),
                rule=previous.rule,
            )
        return None

    # --- without a plan

    def _why_nothing(self) -> Reason:
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

    def _declined(
        self,
        reason: Reason,
        intent: Intent | None = None,
        rule: str = "",
        chosen_by: Mapping[int, Anchor] | None = None,
    ) -> Understanding:
        if reason is Reason.UNKNOWN_NAME:
            return self._unknown(self._unknown_slots(), intent, rule)
        concepts = self._concepts(chosen_by or {})
        return Understanding(
            self._question,
            self._language,
            concepts=concepts,
            intent=intent,
            outcome=Outcome.OUT_OF_SCOPE,
            reason=reason,
            explanation=self._explained(reason, [c.name for c in concepts]),
            options=self._options,
            rule=rule,
        )

    def _unknown(self, slots: Sequence[Slot], intent: Intent | None, rule: str) -> Understanding:
        names = tuple(unknown_name(s.unknown) for s in slots if s.unknown is not None)
        return Understanding(
            self._question,
            self._language,
            concepts=self._concepts({}),
            intent=intent,
            outcome=Outcome.UNKNOWN_NAME,
            reason=Reason.UNKNOWN_NAME,
            explanation=self._explained(Reason.UNKNOWN_NAME, [n.text for n in names]),
            unknown=names,
            options=self._options,
            rule=rule,
        )

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
        return Understanding(
            self._question,
            self._language,
            concepts=self._concepts(chosen_by),
            intent=intent,
            outcome=Outcome.AMBIGUOUS,
            reason=Reason.AMBIGUOUS,
            explanation=self._explained(Reason.AMBIGUOUS, [n.text for n in names]),
            ambiguous=names,
            options=self._options,
            rule=rule,
        )

    def _explained(self, reason: Reason, names: Sequence[str]) -> str:
        mark = "、" if self._language == "zh" else ", "
        shown = dict.fromkeys("".join(c for c in n if c.isprintable()) for n in names)
        quoted = mark.join(f"“{n}”" for n in shown)
        return self._phrases.reasons[reason.value].replace("{names}", quoted or "“…”")

    def _concepts(self, chosen_by: Mapping[int, Anchor]) -> tuple[LinkedConcept, ...]:
        linked = []
        for slot in self._slots:
            if not slot.candidates:
                continue
            anchor = chosen_by.get(slot.number)
            concept = anchor.concept if anchor else slot.candidates[0]
            others = tuple(c for c in slot.candidates if c.curie != concept.curie)
            linked.append(linked_concept(slot, concept, others))
        return tuple(linked)
