"""Hypothesis strategies for the records: anything their own checks let through."""

from __future__ import annotations

from hypothesis import strategies as st

from kg.records import (
    NAME_KINDS,
    QUALIFIERS,
    Concept,
    Definition,
    Edge,
    Evidence,
    EvidenceKind,
    Name,
    Polarity,
    Provenance,
    Triple,
)
from kg.schema import CLASSES, PREDICATES

#: Any text without halves of characters, which no encoding can write.
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
#: Text that would do harm where it were taken for Cypher, Lucene, Turtle, CSV or a format string.
hostile = st.sampled_from(
    [
        "'}) DETACH DELETE n //",
        "`x`:Drug {name: $name}",
        '" OR name_keys:* OR "',
        "\\",
        '"""',
        "a\x00b",
        "line\nbreak\r\ntab\t",
        "x;y|z,\x1f",
        "{0} %s ${HOME} {{}}",
        "<b>&amp;</b>",
        "@en ^^<urn:x> .",
        "naïve “β-blocker” – 偏头痛 𠮷 😀",
    ]
)
sentences = st.one_of(hostile, texts)
locals_of_curies = st.text(
    st.characters(
        exclude_categories=["Cs", "Z", "Cc"], exclude_characters='<>"{}|\\^`:\x85'
    ).filter(lambda c: not c.isspace()),
    min_size=1,
    max_size=12,
)
curies = st.builds(
    lambda prefix, local: f"{prefix}:{local}",
    st.sampled_from(["DOID", "HP", "MESH", "DRUGBANK", "biolink", "medkgqa", "a.b-c_d", "OBO"]),
    st.one_of(locals_of_curies, st.sampled_from(["a/b#c?d", "1%20:2", "_x_", "C_1", "äöü", "𠮷"])),
)
names = st.builds(
    Name,
    st.one_of(hostile, texts).map(str.strip).filter(bool),
    st.sampled_from(["en", "zh", "de"]),
    st.sampled_from(NAME_KINDS),
)
provenances = st.builds(
    Provenance,
    st.one_of(st.just("demo"), sentences.filter(bool)),
    sentences,
    st.sampled_from(["CC0-1.0", "NOASSERTION", "LicenseRef-x"]),
    st.sampled_from(["", "2024-01-02"]),
    st.sampled_from(["", "https://example.org/?a=1&b='2'"]),
)
references = st.lists(sentences, max_size=3).map(tuple)
definitions = st.builds(
    Definition, sentences, provenances, st.sampled_from(["en", "zh"]), sentences, references
)
concepts = st.builds(
    Concept,
    curies,
    st.sampled_from(sorted(CLASSES)),
    st.lists(names, min_size=1, max_size=4).map(tuple),
    st.lists(curies, max_size=3).map(tuple),
    st.lists(definitions, max_size=2).map(tuple),
)
confidences = st.floats(0.0, 1.0, exclude_min=True, allow_subnormal=False)
qualifiers = st.lists(st.tuples(st.sampled_from(sorted(QUALIFIERS)), sentences), max_size=3).map(
    tuple
)
from_records = st.builds(
    Evidence,
    provenances,
    st.sampled_from([EvidenceKind.RECORD, EvidenceKind.CURATOR]),
    record=sentences.filter(bool),
    confidence=confidences,
    references=references,
    qualifiers=qualifiers,
)
from_sentences = st.builds(
    lambda start, length, **fields: Evidence(start=start, end=start + length, **fields),
    st.integers(0, 10**6),
    st.integers(1, 500),
    provenance=provenances,
    kind=st.just(EvidenceKind.SENTENCE),
    document=sentences.filter(bool),
    sentence=sentences.filter(bool),
    confidence=confidences,
    qualifiers=qualifiers,
    extractor=sentences,
)
evidence = st.one_of(from_records, from_sentences)
triples = st.builds(Triple, curies, st.sampled_from(sorted(PREDICATES)), curies)
edges = st.builds(
    Edge,
    triples,
    st.lists(evidence, min_size=1, max_size=4, unique_by=lambda e: e.key).map(
        lambda pieces: tuple(sorted(pieces))
    ),
    st.sampled_from(Polarity),
)
