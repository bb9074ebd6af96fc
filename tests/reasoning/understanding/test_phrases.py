"""The phrase files: every pattern compiles, every rule is planned, cues never lie."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from kg.errors import InvalidRecordError
from reasoning.cues import CueReader
from reasoning.matching import matches
from reasoning.planner import intent_of
from reasoning.question import Reason
from reasoning.rules import LANGUAGES, Rule, compile_phrases, load_phrases
from reasoning.skeleton import Skeleton, slots_of, tidy
from reasoning.understanding import Understander
from reasoning.ways import CHECKS, EXCLUDING_SEARCHES, MEMBER_SEARCHES, SEARCHES

FOLDER = Path(__file__).parents[1]


def every_rule(language: str) -> list[Rule]:
    phrases = load_phrases(language)
    return [*phrases.rules, *phrases.nested, *phrases.refusals]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_pattern_compiles(language: str) -> None:
    for rule in every_rule(language):
        assert rule.pattern.groups >= len(rule.slots)
        assert rule.pattern.match("") is None, f"{rule.id} matches nothing at all"


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_rule_stands_for_an_intent(language: str) -> None:
    for rule in load_phrases(language).rules:
        assert intent_of(rule.name) is not None, rule.id
        assert rule.form in ("ask", "check", "any"), rule.id


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_search_and_check_has_a_phrase(language: str) -> None:
    phrases = load_phrases(language)
    named = {r.name for r in (*phrases.rules, *phrases.nested)}
    rare = {"causes_of", "members", "members_contraindicated", "foods_interacting"}
    planned_only = {"uses_of_drugs"}
    wanted = {*SEARCHES, *CHECKS, *MEMBER_SEARCHES, *EXCLUDING_SEARCHES, "check_safe"}
    assert wanted - named - planned_only <= (rare if language == "zh" else set())


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_reason_has_a_sentence(language: str) -> None:
    phrases = load_phrases(language)
    assert set(phrases.reasons) == {r.value for r in Reason}
    assert {r.name for r in phrases.refusals} <= set(phrases.reasons)


@pytest.mark.parametrize("language", LANGUAGES)
def test_cues_never_rule_out_a_match(language: str, understand: Understander) -> None:
    phrases = load_phrases(language)
    lines = (FOLDER / f"questions_{language}.jsonl").read_text("utf-8").splitlines()
    texts = {tidy(json.loads(line)["question"], phrases) for line in lines}
    matched = 0
    for text in texts:
        for rule in every_rule(language):
            if not rule.slots and rule.pattern.search(text):
                assert any(cue in text for cue in rule.cues) or not rule.cues, (rule.id, text)
                matched += 1
    assert matched
    for line in lines:
        question = json.loads(line)["question"]
        for form in _skeletons(question, understand, language):
            for rule in every_rule(language):
                if rule.cues and rule.pattern.search(form.text):
                    assert any(cue in form.text for cue in rule.cues), (rule.id, form.text)


def _skeletons(question: str, understand: Understander, language: str) -> list[Skeleton]:
    mentions = understand._namer._linker.link(question)
    slots = slots_of(question, mentions, ())
    pieces, at = [], 0
    for slot in slots:
        pieces += [question[at : slot.start], f" {slot.token} "]
        at = slot.end
    text = tidy("".join((*pieces, question[at:])), load_phrases(language))
    return [Skeleton(text, slots)]


@pytest.mark.parametrize(
    ("pattern", "cues"),
    [
        ("which (?:drug|pill)s? {a:disease}", {"which"}),
        ("(?:the )?{a:disease} symptoms?", {"symptom"}),
        ("(?:cause|lead to)|{a:disease}", set()),
        ("(?!never)ever", {"ever"}),
        ("(?:a|bc){a:drug}", set()),
        ("(?:开|用){a:drug}", {"开", "用"}),
        ("x{0,3}yes", {"yes"}),
    ],
)
def test_cues(pattern: str, cues: set[str]) -> None:
    assert CueReader({}).cues(pattern) == cues


def _file(pattern: str) -> dict[str, object]:
    parts = ("openings", "yes_no", "asking", "negation", "counting", "alternative", "pronouns")
    further = ("unsafe", "follow_up", "framed", "tag", "of_whom", "clauses", "excluding")
    one = dict.fromkeys((*parts, *further, "comparing", "listing", "asked_of"), "x")
    return {
        "language": "en",
        "words": {"drugs": "drugs?"},
        "text": {**one, "separators": ",", "replacements": [], "nouns": "y", "joined": ","},
        "aspects": {},
        "reasons": {},
        "refuse": [],
        "rule": [{"name": "treatments", "patterns": [pattern]}],
    }


def test_a_rule_matches_names_of_the_wanted_class() -> None:
    phrases = compile_phrases(_file("@drugs for {a:disease}"))
    skeleton = Skeleton("drugs for <0:D>", slots_of("", (), ()))
    assert phrases.rules[0].pattern.search(skeleton.text)
    assert not phrases.rules[0].pattern.search("drugs for <0:G>")
    assert not phrases.rules[0].may_match("drugs for <0:G>", ["G"])
    assert list(matches(Skeleton("nothing", ()), phrases)) == []


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        ("@pills {a:drug}", "no words named @pills"),
        ("{a:animal}", "no kind of slot 'animal'"),
    ],
)
def test_a_faulty_pattern_says_where(pattern: str, message: str) -> None:
    with pytest.raises(InvalidRecordError, match=message):
        compile_phrases(_file(pattern))


def test_a_broken_expression_says_where() -> None:
    rule = compile_phrases(_file("(unclosed {a:drug}")).rules[0]
    with pytest.raises(InvalidRecordError, match=r"en\.treatments\.1"):
        _ = rule.pattern
