from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlp.relation_head import LAYERS, RelationHead
from nlp.relation_pairs import (
    CHEMICAL,
    DISEASE,
    FEATURE_NAMES,
    Entity,
    PairDocument,
    Priors,
    Specificity,
    candidate_pairs,
    features,
    priors_of,
)
from nlp.relation_pieces import (
    MarkedPieces,
    encoder_rows,
    joined_states,
    mark_matrix,
    marked_pieces,
)
from nlp.token_windows import Pieces

TEXT = "Aspirin-induced asthma\nAspirin was given for pain. Severe asthma followed."
DOCUMENT = PairDocument(
    "1",
    TEXT,
    22,
    ((0, 22), (23, 50), (51, 74)),
    (
        Entity("D001241", CHEMICAL, ((0, 7), (23, 30))),
        Entity("D001249", DISEASE, ((16, 22), (58, 64))),
        Entity("D010146", DISEASE, ((45, 49),)),
    ),
)


class Words:
    """A piece maker of words by white space and hyphen."""

    first, last = 1, 2

    def pieces(self, text: str) -> Pieces:
        ids, offsets, at = [], [], 0
        for word in text.replace("-", " ").replace("\n", " ").split(" "):
            if word:
                ids.append(10 + len(word))
                offsets.append((at, at + len(word)))
            at += len(word) + 1
        return Pieces(ids, offsets, list(range(len(ids))))


def row(pair: tuple[int, int], **known: object) -> dict[str, float]:
    settings = {"priors": Priors(), "specificity": Specificity({}), **known}
    values = features(DOCUMENT, [pair], **settings)  # type: ignore[arg-type]
    return dict(zip(FEATURE_NAMES, values[0].tolist(), strict=True))


def test_pairs_are_chemical_with_disease_and_two_chemicals() -> None:
    other = Entity("D000082", CHEMICAL, ((45, 49),))
    document = PairDocument("1", TEXT, 22, DOCUMENT.sentences, (other, *DOCUMENT.entities))
    assert candidate_pairs(DOCUMENT) == [(0, 1), (0, 2)]
    assert candidate_pairs(document) == [(1, 2), (1, 3), (0, 2), (0, 3), (1, 0)]


def test_features_count_places_and_words() -> None:
    asthma, pain = row((0, 1)), row((0, 2))
    assert asthma["both in the title"] == 1
    assert pain["both in the title"] == 0
    assert asthma["second right after first with 'induced'"] == 1
    assert pain["words of treatment between"] == 1
    assert pain["same sentence"] == 1
    assert asthma["second in the last sentence"] == 1


def test_a_more_specific_disease_is_noticed() -> None:
    trees = Specificity({"D010146": ["C23.888"], "D001249": ["C23.888.592"]})
    assert trees.is_kind_of("D001249", "D010146")
    assert not trees.is_kind_of("D010146", "D001249")
    assert not trees.is_kind_of("D010146", "D010146")
    assert row((0, 2), specificity=trees)["a more specific disease in the document"] == 1
    assert row((0, 1), specificity=trees)["more specific than another disease"] == 1


def test_priors_without_the_documents_own_counts_know_nothing() -> None:
    known = {(0, 1): True, (0, 2): False}
    priors = priors_of([(DOCUMENT, known)])
    assert priors.pairs["D001241", "D001249"] == (1, 1)
    with_own = row((0, 1), priors=priors)
    without = row((0, 1), priors=priors, own=priors_of([(DOCUMENT, known)]))
    assert with_own["odds of the pair in training documents"] > 0
    assert without["odds of the pair in training documents"] == pytest.approx(0)
    assert without["times the first was seen"] == 0


def test_marks_stand_before_mentions_and_carry_their_class() -> None:
    marked = marked_pieces(DOCUMENT, Words(), mark=7)
    for entity, places in zip(DOCUMENT.entities, marked.marks, strict=True):
        assert len(places) == len(entity.spans)
        for place in places:
            assert marked.pieces[place] == 7
            assert marked.kinds[place] == (3 if entity.kind == CHEMICAL else 4)
            assert marked.kinds[place + 1] == marked.kinds[place] - 2
    assert marked.pieces[0] == 1
    assert marked.pieces[-1] == 2
    assert int((marked.pieces == 7).sum()) == 5


def test_what_is_cut_off_has_no_mark() -> None:
    marked = marked_pieces(DOCUMENT, Words(), mark=7, max_pieces=8)
    assert len(marked.pieces) == 8
    assert marked.marks[2] == ()


@given(count=st.integers(min_value=3, max_value=1000))
def test_rows_cover_every_piece(count: int) -> None:
    marked = MarkedPieces(np.arange(count), np.zeros(count, dtype=np.int64), ())
    rows, ranges = encoder_rows(marked)
    covered = np.zeros(count, dtype=bool)
    for given_row, (begin, end, skipped) in zip(rows, ranges, strict=True):
        assert len(given_row["pieces"]) <= 512
        assert given_row["pieces"][skipped : skipped + end - begin].tolist() == list(
            range(begin, end)
        )
        covered[begin:end] = True
    assert covered.all()


def test_states_of_two_rows_join_to_one_attention() -> None:
    count, width, heads = 700, 4, 2
    marked = MarkedPieces(np.arange(count), np.zeros(count, dtype=np.int64), ())
    rows, ranges = encoder_rows(marked)
    states = [
        (
            np.tile(r["pieces"][:, None], (1, width)).astype(np.float32),
            np.full((heads, len(r["pieces"]), len(r["pieces"])), 1 / len(r["pieces"]), np.float32),
        )
        for r in rows
    ]
    hidden, attention = joined_states(states, ranges, count)
    assert hidden[:, 0].tolist() == list(range(count))
    assert attention.shape == (heads, count, count)
    assert np.allclose(attention.sum(-1), 1)


def test_head_gives_a_row_per_pair() -> None:
    chance = np.random.default_rng(0)
    width, group, labels, narrow = 64, 32, 4, 6
    shapes = {
        "first": (width, 2 * width),
        "second": (width, 2 * width),
        "bilinear": (labels, width * group),
        "counted": (narrow, len(FEATURE_NAMES)),
        "weigh": (labels, narrow),
        "straight": (labels, len(FEATURE_NAMES)),
    }
    weights = {f"{n}.weight": chance.normal(size=shapes[n]) for n in LAYERS}
    weights |= {f"{n}.bias": np.zeros(shapes[n][0]) for n in LAYERS}
    hidden = chance.normal(size=(9, width)).astype(np.float32)
    attention = np.full((2, 9, 9), 1 / 9, np.float32)
    counted = np.zeros((2, len(FEATURE_NAMES)), np.float32)
    marks = [(1, 4), (6,), ()]
    logits = RelationHead(weights).logits(hidden, attention, marks, [(0, 1), (1, 0)], counted)
    assert logits.shape == (2, labels)
    assert np.isfinite(logits).all()
    assert not np.allclose(logits[0], logits[1])
    places, real = mark_matrix(marks)
    assert places.shape == real.shape == (3, 2)
