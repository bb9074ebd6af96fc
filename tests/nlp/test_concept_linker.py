"""Mentions to concepts: names, short forms, variants, near names, parts."""

from __future__ import annotations

from pathlib import Path

import pytest

from kg.errors import ModelUnavailableError
from kg.networkx_store import NetworkxStore
from kg.records import Concept, Name
from nlp.concept_linker import ConceptLinker
from nlp.concept_names import ConceptNames, write_concept_names
from nlp.readout import identifier_of
from nlp.records import Mention

CONCEPTS = (
    Concept("DOID:3021", "biolink:Disease", (Name("acute kidney failure"),), ("MESH:D058186",)),
    Concept("HP:0001945", "biolink:PhenotypicFeature", (Name("fever"),)),
    Concept("DOID:2841", "biolink:Disease", (Name("asthma"),)),
    Concept("DOID:10763", "biolink:Disease", (Name("hypertension"),)),
    Concept("DOID:1596", "biolink:Disease", (Name("depression"),)),
    Concept("DRUGBANK:DB00252", "biolink:Drug", (Name("phenytoin"),)),
    Concept("DRUGBANK:DB01050", "biolink:Drug", (Name("ibuprofen"),)),
)


@pytest.fixture(scope="module")
def linker() -> ConceptLinker:
    names = ConceptNames({"Disease": {"arf": ("MESH:D058186",), "ARF": ("MESH:D058186",)}})
    return ConceptLinker(NetworkxStore(CONCEPTS), names)


@pytest.mark.parametrize(
    ("text", "name", "curie"),
    [
        ("Asthma", "Disease", "DOID:2841"),
        ("hypertensive", "Disease", "DOID:10763"),
        ("steroid-induced depression", "Disease", "DOID:1596"),
        ("severe refractory asthma", "Disease", "DOID:2841"),
        ("phenytoin sodium", "Chemical", "DRUGBANK:DB00252"),
        ("ibuprofene", "Chemical", "DRUGBANK:DB01050"),
        ("kidney failure, acute", "Disease", "DOID:3021"),
        ("ARF", "Disease", "DOID:3021"),
    ],
)
def test_a_mention_is_linked(linker: ConceptLinker, text: str, name: str, curie: str) -> None:
    assert linker.link(text, name)[0].curie == curie


@pytest.mark.parametrize(
    ("text", "name"), [("asthma", "Chemical"), ("zzyzx", "Disease"), ("ibuprofen", "Disease")]
)
def test_what_names_nothing_of_its_class_stays_unlinked(
    linker: ConceptLinker, text: str, name: str
) -> None:
    assert linker.link(text, name) == ()


def test_a_short_form_means_what_the_document_says(linker: ConceptLinker) -> None:
    text = "Acute kidney failure (AKF) was seen. AKF resolved."
    first, short = linker.link_all(text, [(0, 20, "Disease"), (37, 40, "Disease")])
    assert [c.curie for c in first] == [c.curie for c in short] == ["DOID:3021"]
    assert linker.link("AKF", "Disease") == ()


def _vocabulary_linker() -> ConceptLinker:
    concepts = (
        Concept("DRUGBANK:DB00747", "biolink:Drug", (Name("scopolamine"),), ("MESH:D012602",)),
        Concept("DOID:557", "biolink:Disease", (Name("kidney disease"),), ("MESH:D007674",)),
        Concept("DOID:4", "biolink:Disease", (Name("disease"),), ("MESH:D004194",)),
        Concept("HP:1", "biolink:PhenotypicFeature", (Name("low marrow"), Name("marrow failure"))),
    )
    own = {
        "Chemical": {
            "scopolamine": ("MESH:D012601",),
            "benzamide": ("MESH:C037689", "MESH:D001549"),
            "benzamides": ("MESH:D001549",),
        },
        "Disease": {"marrow failure": ("MESH:D1",), "allergic rhinitis": ("MESH:D065631",)},
    }
    return ConceptLinker(NetworkxStore(concepts), ConceptNames(vocabulary=own))


@pytest.mark.parametrize(
    ("text", "name", "mesh"),
    [
        ("scopolamine", "Chemical", "MESH:D012601"),  # its own name outranks a cross-reference
        ("Benzamide", "Chemical", "MESH:C037689"),
        ("benzamides", "Chemical", "MESH:D001549"),
        ("low marrow", "Disease", "MESH:D1"),  # by another name of the concept
        ("renal impairment", "Disease", "MESH:D007674"),
        ("allergic rhinitides", "Disease", "MESH:D065631"),
        ("seasonal alergic rhinitis", "Disease", "MESH:D065631"),
    ],
)
def test_the_vocabulary_has_the_say_on_its_ids(text: str, name: str, mesh: str) -> None:
    linker = _vocabulary_linker()
    mention = Mention(0, len(text), text, "biolink:Disease", linker.link(text, name))
    assert identifier_of(mention, "MESH", linker.store) == mesh


def test_the_graph_keeps_its_own_concept() -> None:
    linker = _vocabulary_linker()
    assert linker.link("scopolamine", "Chemical")[0].curie == "DRUGBANK:DB00747"


def test_a_word_for_trouble_is_not_the_head_of_a_name() -> None:
    assert _vocabulary_linker().link("zzyzx disease", "Disease") == ()


def test_names_survive_their_file(tmp_path: Path) -> None:
    path = tmp_path / "concepts.xz"
    write_concept_names(
        [
            ("annotated", "Disease", "MI", "MESH:D009203"),
            ("annotated", "Disease", "MI", "MESH:D008944"),
            ("dictionary", "Chemical", "lead", "MESH:D007854"),
            ("vocabulary", "Chemical", "cb3717", "MESH:C031662"),
        ],
        path,
    )
    names = ConceptNames.load(path)
    assert names.annotated["Disease"]["MI"] == ("MESH:D009203", "MESH:D008944")
    assert names.dictionary["Chemical"]["lead"] == ("MESH:D007854",)
    assert names.vocabulary["Chemical"]["cb3717"] == ("MESH:C031662",)
    path.write_bytes(b"damaged")
    with pytest.raises(ModelUnavailableError, match=r"concepts\.xz"):
        ConceptNames.load(path)
