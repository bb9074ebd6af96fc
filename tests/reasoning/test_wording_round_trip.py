"""Whatever is worded reads back as the same claims: random graphs with hostile names."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bench.fake_models import RandomModel
from kg.networkx_store import NetworkxStore
from kg.records import (
    Concept,
    Edge,
    Evidence,
    EvidenceKind,
    Name,
    Polarity,
    Provenance,
    Triple,
)
from kg.schema import (
    CONTRAINDICATED_IN,
    DISEASE,
    DRUG,
    GENE,
    GENE_ASSOCIATED,
    HAS_PHENOTYPE,
    HAS_SIDE_EFFECT,
    INTERACTS_WITH,
    PHENOTYPE,
    TREATS,
)
from kg.store import Direction
from reasoning.automaton import Automaton
from reasoning.decoding import decode
from reasoning.plan import CheckPlan, Constraint, FindPlan, Hop, Intent, Plan
from reasoning.retrieval import Retrieval, execute
from reasoning.script import script
from reasoning.sentence_frames import LANGUAGES, READERS, load_frames
from reasoning.sentence_grammar import Choice, Grammar, Literal
from reasoning.sentence_grammar import Sequence as Parts
from reasoning.verbalization import word
from reasoning.verification import Status, verify_text

SOURCE = Provenance("example", licence="CC0-1.0")
PIECES = (
    *("alpha", "beta", "gamma", "delta", "type 2", "B12", "病", "发热", "华法林"),
    *(", ", " and ", " and 3 more", "、", "和", " (major)", "（严重）", " [1]", "[2]", " [1][2]"),
    *(". ", ".", "。", ": ", "; ", "；", "?", "“", "”", '"', "'", "{list}", "{", "}", "\\", "\n"),
    *(
        " treats ",
        " does not treat ",
        "可治疗",
        "的症状和体征",
        "Yes: ",
        "No: ",
        "否：",
        "是：",
        "not ",
    ),
    *("The graph records that ", "ignore the graph", "It is recorded that ", "<script>", " "),
    *("The treatments recorded for ", " include ", "In addition, ", "图谱记录：", "另外"),
)
CLASSES = (DRUG, DRUG, DRUG, DISEASE, DISEASE, DISEASE, PHENOTYPE, PHENOTYPE, PHENOTYPE, GENE)
QUALIFIERS = (
    (),
    (("severity", "major"),),
    (("line", "first"),),
    (("frequency", "HP:0040281"),),
    (("frequency", "2/9"),),
    (("management", "Stop. “Ask” a doctor [1]."), ("mechanism", "unknown")),
)
JOINS = (
    (TREATS, (0, 1, 2), (3, 4, 5, 6)),
    (CONTRAINDICATED_IN, (0, 1, 2), (3, 4, 5)),
    (HAS_PHENOTYPE, (3, 4, 5), (6, 7, 8)),
    (HAS_SIDE_EFFECT, (0, 1, 2), (6, 7, 8)),
    (INTERACTS_WITH, (0, 1), (1, 2)),
    (GENE_ASSOCIATED, (9,), (3, 4, 5)),
)

nasty = st.lists(st.sampled_from(PIECES), min_size=1, max_size=5).map("".join).map(str.strip)
nasty_names = st.lists(
    nasty.filter(bool), min_size=len(CLASSES), max_size=len(CLASSES), unique_by=str.casefold
)


@st.composite
def graphs(draw: st.DrawFn) -> NetworkxStore:
    names = draw(nasty_names)
    lay = draw(st.lists(nasty.filter(bool), min_size=len(CLASSES), max_size=len(CLASSES)))
    concepts = [
        Concept(f"HP:{n}", category, (Name(name), Name(plain, kind="lay")))
        for n, (category, name, plain) in enumerate(zip(CLASSES, names, lay, strict=True))
    ]
    store = NetworkxStore(concepts)
    edges = {}
    for predicate, subjects, objects in draw(st.lists(st.sampled_from(JOINS), max_size=25)):
        subject, object_ = draw(st.sampled_from(subjects)), draw(st.sampled_from(objects))
        if subject == object_:
            continue
        curated = draw(st.booleans())
        evidence = Evidence(
            SOURCE,
            EvidenceKind.CURATOR if curated else EvidenceKind.RECORD,
            record="r",
            confidence=draw(st.sampled_from((0.5, 0.9))),
            qualifiers=draw(st.sampled_from(QUALIFIERS)),
        )
        polarity = draw(st.sampled_from((Polarity.POSITIVE,) * 3 + (Polarity.NEGATIVE,)))
        edge = Edge(Triple(f"HP:{subject}", predicate, f"HP:{object_}"), (evidence,), polarity)
        edges[edge.key] = edge
    report = store.add_edges(edges.values())
    assert report.total == 0
    return store


def hop(predicate: str, direction: Direction, *, polarity: Polarity) -> Hop:
    far = next(j[2] if direction is Direction.OUT else j[1] for j in JOINS if j[0] == predicate)
    classes = tuple(dict.fromkeys(CLASSES[n] for n in far))
    return Hop((predicate,), direction, classes, polarity)


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    predicate, subjects, objects = draw(st.sampled_from(JOINS))
    subject, object_ = draw(st.sampled_from(subjects)), draw(st.sampled_from(objects))
    polarity = draw(st.sampled_from(list(Polarity)))
    if draw(st.booleans()) and subject != object_:
        return CheckPlan(
            f"HP:{subject}",
            f"HP:{object_}",
            (predicate,),
            CLASSES[subject],
            CLASSES[object_],
            (CONTRAINDICATED_IN,) if predicate == TREATS else (),
            polarity,
            draw(st.sampled_from((Intent.CHECK, Intent.SAFETY))),
        )
    direction = draw(st.sampled_from((Direction.OUT, Direction.IN)))
    near = subjects if direction is Direction.OUT else objects
    one = hop(predicate, direction, polarity=polarity)
    anchors = draw(st.lists(st.sampled_from(near), min_size=1, max_size=3, unique=True))
    constraints = [Constraint(f"HP:{anchor}", (one,)) for anchor in anchors]
    if len(constraints) > 2:
        constraints[-1] = Constraint(constraints[-1].anchor, (one,), negated=True)
    return FindPlan(
        Intent.SYMPTOMS,
        one.categories,
        tuple(constraints),
        tuple(CLASSES[anchor] for anchor in anchors),
        union=draw(st.booleans()),
        count=draw(st.booleans()),
    )


def chosen(grammar: Grammar, pick: Callable[[int], int]) -> str:
    """The text of a grammar under arbitrary choices."""
    match grammar:
        case Literal():
            return grammar.text
        case Choice():
            return chosen(grammar.options[pick(len(grammar.options))], pick)
        case Parts():
            return "".join(chosen(part, pick) for part in grammar.parts)
    raise AssertionError(grammar)


def check_reads_back(
    text: str, retrieval: Retrieval, store: NetworkxStore, language: str, reader: str = "clinician"
) -> None:
    told = script(retrieval, store, language=language, named=4)
    verification = verify_text(
        text,
        store,
        language=language,
        concepts=tuple(store.concepts()),
        question="",
        reader=reader,
    )
    assert verification.status in (Status.SUPPORTED, Status.NO_CLAIM), verification.failures
    said = {(c.edge.triple, c.polarity) for c in verification.claims if c.edge is not None}
    assert said == {e.key for e in told.named}


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(graphs(), plans(), st.sampled_from(LANGUAGES), st.sampled_from(READERS), st.data())
def test_every_wording_reads_back_as_its_claims(
    store: NetworkxStore, plan: Plan, language: str, reader: str, data: st.DataObject
) -> None:
    retrieval = execute(plan, store)
    told = script(retrieval, store, language=language, named=4)
    wording = word(told, store, load_frames(language, reader))
    for text in (
        wording.text,
        chosen(wording.grammar, lambda size: data.draw(st.integers(0, size - 1))),
    ):
        check_reads_back(text, retrieval, store, language, reader)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    graphs(), plans(), st.sampled_from(LANGUAGES), st.sampled_from(READERS), st.integers(0, 2**31)
)
def test_random_logits_cannot_leave_the_graph(
    store: NetworkxStore, plan: Plan, language: str, reader: str, seed: int
) -> None:
    retrieval = execute(plan, store)
    told = script(retrieval, store, language=language, named=4)
    model = RandomModel(seed)
    wording = word(told, store, load_frames(language, reader))
    session = model.start(model.chat_prompt("", "question"))
    said = decode(session, Automaton(wording.grammar, model), max_tokens=10_000)
    check_reads_back(said.text, retrieval, store, language, reader)


@pytest.mark.parametrize("language", LANGUAGES)
def test_names_that_begin_other_names(language: str) -> None:
    names = ["diabetes", "diabetes mellitus", "diabetes mellitus [1] and diabetes", "insulin"]
    concepts = [Concept(f"X:{n}", DISEASE, (Name(name),)) for n, name in enumerate(names[:3])]
    concepts.append(Concept("X:3", DRUG, (Name(names[3]),)))
    store = NetworkxStore(concepts)
    evidence = (Evidence(SOURCE, record="r"),)
    store.add_edges(Edge(Triple("X:3", TREATS, f"X:{n}"), evidence) for n in range(3))
    one = Hop((TREATS,), Direction.OUT, (DISEASE,))
    plan = FindPlan(Intent.INDICATIONS, (DISEASE,), (Constraint("X:3", (one,)),), (DRUG,))
    retrieval = execute(plan, store)
    wording = word(script(retrieval, store), store, load_frames(language))
    check_reads_back(wording.text, retrieval, store, language)
    assert len(wording.claims) == 3
