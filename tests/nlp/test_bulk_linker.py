from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from kg.names import normalise
from kg.records import Concept, Name
from kg.schema import DISEASE, GENE
from nlp.bulk_linker import BulkLinker


def test_a_document_in_two_languages(bulk_linker: BulkLinker) -> None:
    text = (
        "Ibuprofen-induced ASTHMA (COPD). 患者有2型糖尿病和偏頭痛，服用二甲双胍。Type II diabetes"
    )
    assert [(m.text, m.concept) for m in bulk_linker.link(text)] == [
        ("Ibuprofen", "EX:ibuprofen"),
        ("ASTHMA", "EX:asthma"),
        ("COPD", "EX:copd"),
        ("2型糖尿病", "EX:t2dm"),
        ("偏頭痛", "EX:migraine"),
        ("二甲双胍", "EX:metformin"),
        ("Type II diabetes", "EX:t2dm"),
    ]


def test_ordinary_words_and_generic_names_are_left(bulk_linker: BulkLinker) -> None:
    assert bulk_linker.link("The disease was at rest; the cat had an impact. It aids us.") == ()
    (found,) = bulk_linker.link("Mutations in the WAS gene")
    assert found.concept == "EX:was"


def test_names_do_not_cross_sentences(bulk_linker: BulkLinker) -> None:
    assert [
        m.text for m in bulk_linker.link("It was in the chest. Pain, then renal. Failure.")
    ] == []


def test_codes_and_words_with_numbers() -> None:
    linker = BulkLinker(
        [
            Concept("EX:a", DISEASE, (Name("COVID-19"),)),
            Concept("EX:b", GENE, (Name("GARS1"),)),
            Concept("EX:c", DISEASE, (Name("Ménière's disease"),)),
        ]
    )
    text = "Covid 19, COVID19, GARS1, GARS12 and Meniere disease, Ménière’s disease"
    found = [(m.text, m.concept) for m in linker.link(text)]
    assert found == [
        ("Covid 19", "EX:a"),
        ("COVID19", "EX:a"),
        ("GARS1", "EX:b"),
        ("Meniere disease", "EX:c"),
        ("Ménière’s disease", "EX:c"),
    ]


def test_no_name_finds_nothing() -> None:
    assert BulkLinker([]).link("migraine") == ()


@settings(deadline=None, max_examples=200)
@given(
    text=st.one_of(
        st.text(max_size=80),
        st.lists(
            st.sampled_from(
                [
                    "migraine",
                    "Type",
                    "2",
                    "II",
                    "diabetes",
                    "型",
                    "糖尿病",
                    "-",
                    " ",
                    "é",
                    "’s",
                    "ß",
                    "\u0301",
                    "COPD",
                    "½",
                ]
            ),
            max_size=14,
        ).map("".join),
    )
)
def test_bulk_offsets_are_those_of_the_text(bulk_linker: BulkLinker, text: str) -> None:
    at = 0
    for mention in bulk_linker.link(text):
        assert text[mention.start : mention.end] == mention.text
        assert mention.start >= at
        at = mention.end


@settings(deadline=None, max_examples=200)
@given(name=st.text(min_size=1, max_size=20), before=st.sampled_from(["", "x ", "(", "患", "é "]))
def test_a_name_is_found_where_it_stands(name: str, before: str) -> None:
    name = name.strip()
    if len(normalise(name)) < 2 or any(c in "[]{}<>|=.!?。！？；\n\r" for c in name):
        return
    if name.isupper() or normalise(name).isdigit() or not name.isprintable():
        return
    concept = Concept("EX:x", DISEASE, (Name(name), Name("something else")))
    text = f"{before}{name} y"
    for mention in BulkLinker([concept]).link(text):
        assert normalise(mention.text) == normalise(name)
