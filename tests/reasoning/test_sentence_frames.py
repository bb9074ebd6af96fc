"""Every frame of every language is rendered, and no two say the same words."""

from __future__ import annotations

import copy
import tomllib
from collections.abc import Iterator
from importlib.resources import files
from itertools import groupby

import pytest

from kg.errors import InvalidRecordError, UsageError
from kg.networkx_store import NetworkxStore
from kg.records import Concept, Edge, Evidence, Name, Polarity, Provenance, Triple
from kg.schema import DISEASE, PREDICATES, TREATS
from kg.store import Direction
from reasoning.frame_parser import FrameParser, template_skeleton
from reasoning.sentence_frames import (
    DETAIL_KINDS,
    INPUTS,
    LANGUAGES,
    READERS,
    Frames,
    Kind,
    Relation,
    Slot,
    fill,
    load_frames,
    read_frames,
)
from reasoning.sentence_grammar import readings
from reasoning.statements import Fact, Script, Statement
from reasoning.verbalization import word

SOURCE = Provenance("example")
SUBJECT = Concept("X:1", DISEASE, (Name("Alpha", "en"), Name("甲病", "zh")))
OBJECT = Concept("X:2", DISEASE, (Name("Beta", "en"), Name("乙病", "zh")))
OTHER = Concept("X:3", DISEASE, (Name("Gamma", "en"),))
CONCEPTS = (SUBJECT, OBJECT, OTHER)
STORE = NetworkxStore(CONCEPTS)
FRAMES_OF_DETAILS = [f for f in load_frames("zh").frames if f.kind in DETAIL_KINDS.values()]


def edge(predicate: str, polarity: Polarity, subject: str = "X:1", object_: str = "X:2") -> Edge:
    return Edge(Triple(subject, predicate, object_), (Evidence(SOURCE, record="r"),), polarity)


def statements(frames: Frames) -> Iterator[Statement]:
    """One statement for every kind, relation and frequency that has frames."""
    for (kind, relation, frequency), _ in groupby(
        frames.frames, key=lambda f: (f.kind, f.relation, f.frequency)
    ):
        known = relation or Relation(TREATS, Direction.OUT, Polarity.POSITIVE)
        told = [edge(known.predicate, known.polarity, object_=o) for o in ("X:2", "X:3")]
        yield Statement(
            kind,
            relation,
            frequency,
            anchors=("X:1", "X:2") if kind in (Kind.WHETHER, Kind.ONLY) else ("X:1",),
            facts=tuple(Fact(e.object, (e,)) for e in told) if "list" in INPUTS[kind] else (),
            edges=tuple(told) if INPUTS[kind] & {"clauses", "marks"} else (),
            count=5,
            values=(
                ("value", "as recorded"),
                ("source", "example"),
                ("quote", "asked"),
                ("reading", "drugs that treat gout"),
                ("number", "0.25"),
                ("limit", "0.50"),
            ),
            options=(("X:1", "Alpha"), ("X:2", "Beta")),
        )


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_frame_is_rendered_and_read_back(language: str, reader: str) -> None:
    frames = load_frames(language, reader)
    parser = FrameParser(frames)
    known = {n.text for c in CONCEPTS for n in c.names}
    rendered = set()
    for statement in statements(frames):
        telling = Statement(Kind.CONFLICTING, edges=statement.edges)
        script = Script((telling, statement) if statement.edges else (statement,))
        grammar = word(script, STORE, frames).grammar
        texts = list(readings(grammar))
        for text, _ in texts[-40:]:
            assert "{" not in text
            assert "}" not in text
            rendered.add(text)
            found = [r[-1] for r in parser.readings(text, known.__contains__)]
            assert statement.kind in {s.kind for s in found}, text
            assert any(s.relation == statement.relation for s in found), text
    assert len(rendered) > len(frames.frames)


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_no_two_frames_of_different_meaning_read_the_same(language: str, reader: str) -> None:
    frames = load_frames(language, reader)
    seen: dict[str, object] = {}
    for frame in frames.frames:
        meaning = (frame.kind, frame.relation, frame.frequency)
        skeleton = template_skeleton(frame.template)
        assert seen.setdefault(skeleton, meaning) == meaning, frame.template
    clauses: dict[str, object] = {}
    for meaning, templates in frames.clauses.items():
        for template in templates:
            slots = ",".join(template.slots)
            key = f"{template_skeleton(template)} {slots}"
            assert clauses.setdefault(key, meaning) == meaning, template


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_predicate_has_clauses_of_both_polarities(language: str, reader: str) -> None:
    frames = load_frames(language, reader)
    for curie in PREDICATES:
        for polarity in Polarity:
            assert frames.clauses[curie, polarity]


@pytest.mark.parametrize("reader", READERS)
def test_english_sentences_begin_with_words_so_that_connectives_fit(reader: str) -> None:
    for frame in load_frames("en", reader).frames:
        first = frame.template.parts[0]
        assert isinstance(first, str)
        assert first[0].isupper()


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_frame_ends_its_sentence(language: str, reader: str) -> None:
    for frame in load_frames(language, reader).frames:
        last = frame.template.parts[-1]
        assert isinstance(last, str)
        assert last[-1] in ".?。？"


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_not_recorded_reads_neither_as_no_nor_as_safe(language: str, reader: str) -> None:
    frames = load_frames(language, reader)
    openings = {"en": ("No:", "No.", "No,", "Yes"), "zh": ("否", "不是", "是")}[language]

    for kind in (Kind.WHETHER, Kind.NONE, Kind.NOTHING):
        for frame in frames.frames:
            if frame.kind is kind:
                first = frame.template.parts[0]
                assert not (isinstance(first, str) and first.startswith(openings))
    for template in frames.of(Kind.CAUTION_DANGER):
        text = "".join(p for p in template.parts if isinstance(p, str))
        assert {"en": "not mean", "zh": "安全"}[language] in text
    danger = ["".join(map(str, t.parts)) for t in frames.of(Kind.CAUTION_DANGER)]
    assert any("safe" in t or "安全" in t for t in danger)


def tables(language: str) -> dict[str, object]:
    path = files("reasoning") / "frames" / f"{language}.toml"
    return tomllib.loads(path.read_text(encoding="utf-8"))


def test_the_languages_have_the_same_tables() -> None:
    english, chinese = tables("en"), tables("zh")
    assert english.keys() == chinese.keys()
    for name, table in english.items():
        if isinstance(table, dict):
            other = chinese[name]
            assert isinstance(other, dict)
            assert table.keys() == other.keys(), name


def test_inputs_are_checked_when_frames_are_read() -> None:
    broken = copy.deepcopy(tables("en"))
    broken["about"]["other_names"] = ["Also called {names}."]  # type: ignore[index]
    with pytest.raises(InvalidRecordError, match="other_names"):
        read_frames(broken)
    broken = copy.deepcopy(tables("en"))
    del broken["predicates"][TREATS]  # type: ignore[attr-defined]
    with pytest.raises(InvalidRecordError, match="treats"):
        read_frames(broken)


def test_a_patient_file_words_anew_every_frame_of_every_kind() -> None:
    for language in LANGUAGES:
        plain, clinical = load_frames(language, "patient"), load_frames(language)
        for kind in Kind:
            ours = [f.template for f in plain.frames if f.kind is kind]
            theirs = {f.template for f in clinical.frames if f.kind is kind}
            assert ours, kind
            assert not set(ours) & theirs, kind


def test_what_patients_are_told_last_makes_no_claim() -> None:
    for language in LANGUAGES:
        frames = load_frames(language, "patient")
        for kind in (Kind.TALK_TO, Kind.MARKS):
            assert frames.of(kind)
            assert all(not t.slots for t in frames.of(kind))
            with pytest.raises(UsageError):
                load_frames(language).of(kind)


def test_unknown_reader() -> None:
    with pytest.raises(UsageError, match="'nurse'"):
        load_frames("en", "nurse")


def test_unknown_language_and_relation() -> None:
    with pytest.raises(UsageError, match="'fr'"):
        load_frames("fr")
    with pytest.raises(UsageError, match=r"lists\.many"):
        load_frames("en").of(Kind.LIST)


def test_filling_does_not_read_values_again() -> None:
    assert fill("{a} and {b}", a="{b}", b="{0}") == "{b} and {0}"


def test_details_have_their_kinds() -> None:
    assert set(DETAIL_KINDS) == {"mechanism", "management", "description"}
    assert all(
        isinstance(p, str | Slot) for f in load_frames("zh").frames for p in f.template.parts
    )
