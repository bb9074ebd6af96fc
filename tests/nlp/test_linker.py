from __future__ import annotations

import subprocess
import sys
from importlib.resources import files

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kg.networkx_store import NetworkxStore
from kg.records import Concept, Edge, Evidence, Name, Provenance, Triple
from kg.schema import DISEASE, DRUG, GENE, SUBCLASS_OF, TREATS
from nlp.lexicon import Lexicon
from nlp.linker import Linker, LinkerOptions, StoreLinker, rivals

CASES = [
    ("Which drugs treat migraine?", {"migraine": "EX:migraine"}),
    ("MIGRAINE HEADACHES?", {"MIGRAINE HEADACHES": "EX:migraine"}),
    ("Marfan's syndrome", {"Marfan's syndrome": "EX:marfan"}),
    ("Does propranolol treat asthma?", {"propranolol": "EX:propranolol", "asthma": "EX:asthma"}),
    ("what treats copd", {"copd": "EX:copd"}),
    ("T2DM", {"T2DM": "EX:t2dm"}),
    ("type II diabetes", {"type II diabetes": "EX:t2dm"}),
    ("failure of the kidney", {"failure of the kidney": "EX:renal"}),
    ("kidney failure", {"kidney failure": "EX:renal"}),
    ("I have pain in my chest", {"pain in my chest": "EX:chestpain"}),
    ("my tummy really hurts", {"tummy really hurts": "EX:belly"}),
    (
        "breast and ovarian cancer",
        {"breast": "EX:breast", "ovarian cancer": "EX:ovarian"},
    ),
    (
        "type 1 or type 2 diabetes",
        {"type 1": "EX:t1dm", "type 2 diabetes": "EX:t2dm"},
    ),
    ("Is ibuprofen-induced asthma real?", {"ibuprofen": "EX:ibuprofen", "asthma": "EX:asthma"}),
    ("symptoms of hypertenson", {"hypertenson": "EX:htn"}),
    ("diabetis melitus", {"diabetis melitus": "EX:dm"}),
    ("alzhiemer disease", {"alzhiemer disease": "EX:alzheimer"}),
    ("马方综合征有哪些症状？", {"马方综合征": "EX:marfan"}),
    ("2型糖尿病患者能吃metformin吗", {"2型糖尿病": "EX:t2dm", "metformin": "EX:metformin"}),
    ("第二型糖尿病可以吃二甲雙胍嗎", {"第二型糖尿病": "EX:t2dm", "二甲雙胍": "EX:metformin"}),
    ("偏头疼怎么治", {"偏头疼": "EX:migraine"}),
    ("哮喘和偏头痛的区别", {"哮喘": "EX:asthma", "偏头痛": "EX:migraine"}),
    ("Which diseases is the WAS gene associated with?", {"WAS": "EX:was"}),
    ("diseases linked to brca1", {"brca1": "EX:brca1"}),
    ("AIDS treatment", {"AIDS": "EX:aids"}),
    ("Can I take Advil?", {"Advil": "EX:ibuprofen"}),
]


@pytest.mark.parametrize(("question", "expected"), CASES, ids=[c[0] for c in CASES])
def test_names_are_linked(
    store_linker: StoreLinker, question: str, expected: dict[str, str]
) -> None:
    mentions = store_linker.link(question)
    assert {m.text: m.concept for m in mentions} == expected
    for mention in mentions:
        assert question[mention.start : mention.end] == mention.text


@pytest.mark.parametrize(
    "question",
    [
        "She was at rest with her cat",
        "WHAT WAS THE IMPACT OF REST ON THE CAT",
        "What aids digestion today?",
        "What disease is it?",
        "Does REST help?",
        "",
        "?!…",
        "\x00\x01 \ud7ff",
    ],
)
def test_ordinary_words_name_nothing(store_linker: StoreLinker, question: str) -> None:
    assert store_linker.link(question) == ()


def test_an_ambiguous_name_keeps_every_reading(store_linker: StoreLinker) -> None:
    (mention,) = store_linker.link("What is MS?")
    assert {c.curie for c in rivals(mention)} == {"EX:ms1", "EX:ms2"}


def test_categories_restrict_the_candidates(store_linker: StoreLinker) -> None:
    mentions = store_linker.link("Does propranolol treat asthma?", categories={DRUG})
    assert [m.concept for m in mentions] == ["EX:propranolol"]


def test_guesses_score_below_names(store_linker: StoreLinker) -> None:
    (exact,) = store_linker.link("hypertension")
    (guessed,) = store_linker.link("hypertenson")
    assert exact.score == 1.0
    assert guessed.score < 0.9


def test_typos_can_be_switched_off(named_store: NetworkxStore) -> None:
    linker = StoreLinker(named_store, options=LinkerOptions(typos=False))
    assert linker.link("hypertenson") == ()


def test_unlinked_names_come_with_the_nearest(store_linker: StoreLinker) -> None:
    question = "Does frobnazole cure migrane and loud noise?"
    mentions = store_linker.link(question)
    unlinked = store_linker.unlinked(question, mentions)
    assert [(u.text, u.ordinary) for u in unlinked] == [("frobnazole", False), ("loud noise", True)]
    assert question[unlinked[0].start : unlinked[0].end] == "frobnazole"
    assert "EX:migraine" in {c.curie for c in store_linker.nearest("migrane")}


def test_unlinked_chinese_stretch(store_linker: StoreLinker) -> None:
    question = "請問呼噜氏综合征有哪些症状？"
    (found,) = store_linker.unlinked(question, store_linker.link(question))
    assert found.text == "呼噜氏综合征"


def test_of_equal_names_the_one_the_graph_knows_comes_first() -> None:
    twins = [Concept(f"EX:{k}", DISEASE, (Name("odd twin"),)) for k in ("a", "b")]
    drugs = [Concept(f"EX:d{i}", DRUG, (Name(f"drug number {i}"),)) for i in range(14)]
    store = NetworkxStore([*twins, *drugs])
    record = Evidence(Provenance("test"), record="1")
    store.add_edges(Edge(Triple(d.curie, TREATS, "EX:b"), (record,)) for d in drugs)
    (mention,) = StoreLinker(store).link("which odd twin?")
    assert [c.curie for c in mention.candidates] == ["EX:b", "EX:a"]
    assert [c.curie for c in rivals(mention)] == ["EX:b"]


def test_a_gene_is_not_a_typo_target() -> None:
    store = NetworkxStore([Concept("EX:g", GENE, (Name("HUNTINGTIN"),))])
    assert StoreLinker(store).link("what is huntingtn?") == ()


@pytest.mark.parametrize(
    ("written", "names", "expected"),
    [
        ("hypotensoin", ["hypertension", "hypotension"], "EX:1"),
        ("hypernatremia", ["hyponatremia"], None),
        ("glycogn storage disease type 3", ["glycogen storage disease type 1"], None),
        ("glycogn storage disease type 3", ["glycogen storage disease type III"], "EX:0"),
        ("Alccoholic liver disease", ["liver disease", "alcoholic liver disease"], "EX:1"),
        ("how to prevent cerebraal palsy", ["cerebral palsy", "palsy"], "EX:0"),
        ("failure to thrve", ["failure to thrive"], "EX:0"),
        ("马尾综合征", ["马方综合征"], None),
        ("慢阻性塞性肺疾病", ["慢性阻塞性肺疾病"], "EX:0"),
        ("慢性阻塞肺疾病", ["慢性阻塞性肺疾病"], "EX:0"),
    ],
)
def test_misspelt_names(written: str, names: list[str], expected: str | None) -> None:
    store = NetworkxStore(
        Concept(f"EX:{i}", DISEASE, (Name(name),)) for i, name in enumerate(names)
    )
    found = StoreLinker(store).link(written)
    assert (found[0].concept if found else None) == expected


TURNED = [
    ("Does Basal ganglia disease, biotin-responsive associate", "EX:bbg"),
    ("symptoms of bronchitis - acute?", "EX:acute"),
    ("is it a respiratory system disorder", "EX:resp"),
    ("an amino acid metabolism disease", "EX:amino"),
    ("amino acid metabolism disorders", "EX:amino"),
]
ALONE = [
    ("nausea, headache, tension", ["EX:headache"]),
    ("headache, tension headache", ["EX:headache", "EX:tension"]),
    ("bronchitis, acute pain", ["EX:bronchitis"]),
]


def turned_graph() -> NetworkxStore:
    names = {
        "bg": "basal ganglia disease",
        "bbg": "biotin-responsive basal ganglia disease",
        "resp": "respiratory system disease",
        "amino": "amino acid metabolic disorder",
        "acute": "acute bronchitis",
        "bronchitis": "bronchitis",
        "tension": "tension headache",
        "headache": "headache",
    }
    return NetworkxStore(
        Concept(f"EX:{k}", DISEASE, (Name(n, "en", "preferred"),)) for k, n in names.items()
    )


@pytest.mark.parametrize(("written", "expected"), TURNED, ids=[t[0] for t in TURNED])
def test_names_turned_round_or_ending_in_another_word(written: str, expected: str) -> None:
    (mention,) = StoreLinker(turned_graph()).link(written)
    assert (mention.concept, mention.score) == (expected, 0.95)


@pytest.mark.parametrize(("written", "expected"), ALONE, ids=[a[0] for a in ALONE])
def test_names_of_a_list_are_not_turned_round(written: str, expected: list[str]) -> None:
    mentions = StoreLinker(turned_graph()).link(written)
    assert [m.concept for m in mentions] == expected
    assert all(m.score == 1.0 for m in mentions)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("what helps parkinsons", {"parkinsons": "EX:pd"}),
        ("Parkinson's", {"Parkinson's": "EX:pd"}),
        ("is it Cushing’s", {"Cushing’s": "EX:cushing"}),
        ("he keeps throwing up", {"throwing up": "EX:vomiting"}),
        ("I have the runs", {"the runs": "EX:diarrhea"}),
        ("athsma", {"athsma": "EX:asthma"}),
        ("give up", {}),
        ("bones", {}),
    ],
)
def test_eponyms_idioms_and_shuffled_letters(written: str, expected: dict[str, str]) -> None:
    store = NetworkxStore()
    named = {
        "pd": [Name("Parkinson's disease")],
        "cushing": [Name("Cushing syndrome")],
        "vomiting": [Name("vomiting"), Name("throwing up", kind="lay")],
        "diarrhea": [Name("diarrhea"), Name("the runs", kind="lay")],
        "asthma": [Name("asthma")],
        "bone": [Name("bone disease")],
    }
    store.add_concepts(Concept(f"EX:{key}", DISEASE, tuple(names)) for key, names in named.items())
    mentions = StoreLinker(store).link(written)
    assert {m.text: m.concept for m in mentions} == expected


def test_no_brand_name_of_the_tables_is_a_common_word() -> None:
    lines = files("loaders").joinpath("tables/names.tsv").read_text("utf-8").splitlines()
    rows = (line.split("\t") for line in lines)
    brands = {text.lower() for _, text, _, kind in rows if kind == "brand"}
    assert len(brands) > 1_000
    assert brands & Lexicon.load().common == set()


@pytest.mark.parametrize("text", ["thyroid problems", "my thyroid condition", "Thyroid trouble?"])
def test_what_is_wrong_with_a_part_of_the_body(text: str) -> None:
    store = NetworkxStore()
    store.add_concepts([Concept("EX:thyroid", DRUG, (Name("thyroid"),))])
    store.add_concepts([Concept("EX:gland", DISEASE, (Name("thyroid gland disease"),))])
    linker = StoreLinker(store)
    assert [m.concept for m in linker.link(text)] == ["EX:gland"]
    assert [m.concept for m in linker.link("thyroid problems like fever")] == ["EX:thyroid"]


def test_names_of_what_a_concept_is_a_kind_of() -> None:
    store = NetworkxStore()
    names = {"copd": ("COPD",), "lung": ("lung disease", "pulmonary disease"), "any": ("disease",)}
    for key, texts in names.items():
        store.add_concepts([Concept(f"EX:{key}", DISEASE, tuple(Name(t) for t in texts))])
    evidence = (Evidence(Provenance("test", "1", "CC0-1.0"), record="1"),)
    for narrow, wide in (("copd", "lung"), ("lung", "any")):
        store.add_edges([Edge(Triple(f"EX:{narrow}", SUBCLASS_OF, f"EX:{wide}"), evidence)])
    linker = StoreLinker(store)
    assert linker.called("EX:copd") == ("COPD",)
    wider = ("COPD", "lung disease", "pulmonary disease", "disease")
    assert linker.called("EX:copd", wider=True) == wider
    assert [c.curie for c in linker.named("Pulmonary diseases")] == ["EX:lung"]
    assert linker.named("pulmonary") == ()


def test_asking_needs_no_spacy() -> None:
    code = (
        "import sys, nlp.linker; sys.exit('spacy' in sys.modules or 'ahocorasick' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_keeps_the_protocol(store_linker: StoreLinker) -> None:
    assert isinstance(store_linker, Linker)


_WORDS = st.lists(
    st.sampled_from(
        [
            *("migraine", "diabetis", "MS", "WAS", "type", "2", "of the", "kidney", "failure", "?"),
            *(
                "偏头疼",
                "2型糖尿病",
                "的",
                "é",
                "ﬁ",
                "İ",
                "\u0301",
                "，",
                "'s",
                "-",
                "\n",
                "💊",
                "ß",
            ),
        ]
    ),
    max_size=12,
).flatmap(lambda words: st.sampled_from(["", " "]).map(lambda space: space.join(words)))


@settings(deadline=None, max_examples=150)
@given(text=st.one_of(st.text(max_size=60), _WORDS))
def test_offsets_are_those_of_the_text(store_linker: StoreLinker, text: str) -> None:
    mentions = store_linker.link(text)
    at = 0
    for mention in mentions:
        assert text[mention.start : mention.end] == mention.text
        assert mention.start >= at
        assert mention.candidates
        at = mention.end
    for stretch in store_linker.unlinked(text, mentions):
        assert text[stretch.start : stretch.end] == stretch.text
