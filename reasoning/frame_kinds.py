"""The kinds of sentences an answer is made of, and what fills each.

Which words say a kind is data, one file a language and reader (:mod:`reasoning.sentence_frames`).
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType


class Kind(StrEnum):
    """What a sentence says. The value is the table and key of its frames in the file."""

    LIST = "lists.many"
    ONLY = "lists.only"
    FREQUENCY = "lists.frequency"
    COUNT = "lists.count"
    FURTHER = "lists.further"
    TOTAL_PLAIN = "lists.total_plain"
    FURTHER_PLAIN = "lists.further_plain"
    PLAIN = "statements.plain"
    YES = "statements.yes"
    NO = "statements.no"
    CONFLICTING = "statements.conflicting"
    OPPOSING = "statements.opposing"
    WHETHER = "absence.whether"
    NONE = "absence.none"
    NOTHING = "absence.nothing"
    NO_DEFINITION = "absence.no_definition"
    CAUTION = "absence.caution"
    CAUTION_NONE = "absence.caution_none"
    CAUTION_DANGER = "absence.caution_danger"
    ONLY_CAUTION = "absence.only_caution"
    LEFT_OUT = "absence.left_out"
    LEFT_OUT_PLAIN = "absence.left_out_plain"
    LEFT_OUT_CAUTION = "absence.left_out_caution"
    ONE_SIDED = "absence.one_sided"
    CURATOR = "known.curator"
    CURATOR_ALL = "known.curator_all"
    MARKS = "known.marks"
    MECHANISM = "detail.mechanism"
    MANAGEMENT = "detail.management"
    DESCRIPTION = "detail.description"
    DEFINITION = "about.definition"
    IDENTIFIERS = "about.identifiers"
    IDENTIFIERS_YES = "about.identifiers_yes"
    IDENTIFIERS_NO = "about.identifiers_no"
    IDENTIFIERS_NONE = "about.identifiers_none"
    OTHER_NAMES = "about.other_names"
    ALSO_CALLED = "about.also_called"
    ALIKE = "about.alike"
    UNKNOWN_NAME = "unanswered.unknown_name"
    UNKNOWN_NEAREST = "unanswered.unknown_nearest"
    UNKNOWN_BARE = "unanswered.unknown_bare"
    AMBIGUOUS = "unanswered.ambiguous"
    OUT_OF_SCOPE = "unanswered.out_of_scope"
    TOO_UNCERTAIN = "unanswered.too_uncertain"
    NEEDS_NAME = "unanswered.needs_name"
    NEEDS_WORDS = "unanswered.needs_words"
    NEEDS_PHRASING = "unanswered.needs_phrasing"
    NEEDS_RECORD = "unanswered.needs_record"
    NEEDS_AGREEMENT = "unanswered.needs_agreement"
    NEEDS_EVIDENCE = "unanswered.needs_evidence"
    TAKEN_AS = "asides.taken_as"
    IGNORED = "asides.ignored"
    UNUSED = "asides.unused"
    RELATED = "asides.related"
    BROADER = "asides.broader"
    GENERAL = "asides.general"
    READ_AS = "asides.read_as"
    WHICH_ONE = "unanswered.which_one"
    TALK_TO = "closing.talk_to"


_NONE: frozenset[str] = frozenset()
_CLAUSES = frozenset({"clauses"})
_DETAIL = frozenset({"marks", "value"})

#: The inputs of each kind of frame: every frame uses all of them.
INPUTS: Mapping[Kind, frozenset[str]] = MappingProxyType(
    {
        Kind.LIST: frozenset({"np", "list"}),
        Kind.ONLY: frozenset({"np", "list", "concept"}),
        Kind.FREQUENCY: frozenset({"np", "list", "frequency", "range"}),
        Kind.COUNT: frozenset({"np", "count"}),
        Kind.FURTHER: frozenset({"np", "count"}),
        Kind.TOTAL_PLAIN: frozenset({"count"}),
        Kind.FURTHER_PLAIN: frozenset({"count"}),
        Kind.PLAIN: _CLAUSES,
        Kind.YES: _CLAUSES,
        Kind.NO: _CLAUSES,
        Kind.CONFLICTING: _CLAUSES,
        Kind.OPPOSING: _CLAUSES,
        Kind.WHETHER: frozenset({"whether"}),
        Kind.NONE: frozenset({"np"}),
        Kind.NOTHING: _NONE,
        Kind.NO_DEFINITION: frozenset({"concept"}),
        Kind.CAUTION: _NONE,
        Kind.CAUTION_NONE: _NONE,
        Kind.CAUTION_DANGER: _NONE,
        Kind.ONLY_CAUTION: _NONE,
        Kind.LEFT_OUT: frozenset({"np"}),
        Kind.LEFT_OUT_PLAIN: _NONE,
        Kind.LEFT_OUT_CAUTION: _NONE,
        Kind.ONE_SIDED: _NONE,
        Kind.CURATOR: frozenset({"marks"}),
        Kind.CURATOR_ALL: _NONE,
        Kind.MARKS: _NONE,
        Kind.MECHANISM: _DETAIL,
        Kind.MANAGEMENT: _DETAIL,
        Kind.DESCRIPTION: _DETAIL,
        Kind.DEFINITION: frozenset({"concept", "source", "value"}),
        Kind.IDENTIFIERS: frozenset({"concept", "identifiers"}),
        Kind.IDENTIFIERS_YES: frozenset({"concept", "identifiers"}),
        Kind.IDENTIFIERS_NO: frozenset({"concept", "identifiers"}),
        Kind.IDENTIFIERS_NONE: frozenset({"concept"}),
        Kind.OTHER_NAMES: frozenset({"concept", "names"}),
        Kind.ALSO_CALLED: frozenset({"concept", "quote"}),
        Kind.ALIKE: frozenset({"concept", "names"}),
        Kind.UNKNOWN_NAME: frozenset({"quote"}),
        Kind.UNKNOWN_NEAREST: frozenset({"options"}),
        Kind.UNKNOWN_BARE: _NONE,
        Kind.AMBIGUOUS: frozenset({"quote", "choices"}),
        Kind.OUT_OF_SCOPE: _NONE,
        Kind.TOO_UNCERTAIN: frozenset({"number", "limit"}),
        Kind.NEEDS_NAME: frozenset({"quote"}),
        Kind.NEEDS_WORDS: frozenset({"quote"}),
        Kind.NEEDS_PHRASING: _NONE,
        Kind.NEEDS_RECORD: _NONE,
        Kind.NEEDS_AGREEMENT: _NONE,
        Kind.NEEDS_EVIDENCE: _NONE,
        Kind.TAKEN_AS: frozenset({"quote", "concept"}),
        Kind.IGNORED: frozenset({"quote"}),
        Kind.UNUSED: frozenset({"quote"}),
        Kind.RELATED: _NONE,
        Kind.BROADER: frozenset({"quote", "concept"}),
        Kind.GENERAL: frozenset({"quote"}),
        Kind.READ_AS: frozenset({"reading"}),
        Kind.WHICH_ONE: _NONE,
        Kind.TALK_TO: _NONE,
    }
)

#: Kinds whose frames are made once per relation, because they use ``{np}`` or ``{whether}``.
OF_RELATION = frozenset(k for k, inputs in INPUTS.items() if inputs & {"np", "whether"})
