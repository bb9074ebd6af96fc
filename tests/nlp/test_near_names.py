"""The nearest names of a table."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlp.near_names import NearNames, piece_keys

NAMES = {"acute renal failure": "X:1", "liver failure": "X:2", "allergic rhinitis": "X:3"}


@pytest.mark.parametrize(
    ("text", "curie"),
    [
        ("renal failures acute", "X:1"),
        ("alergic rhinitis", "X:3"),
        ("failing liver", "X:2"),
    ],
)
def test_the_nearest_name_is_found(text: str, curie: str) -> None:
    assert NearNames(NAMES).nearest(text)[0].curie == curie


def test_nothing_is_near_where_nothing_is_shared() -> None:
    assert NearNames(NAMES).nearest("zzz") == []
    assert NearNames({}).nearest("renal failure") == []


@given(st.lists(st.text(alphabet="abc é", max_size=12), max_size=6))
def test_pieces_belong_to_their_name_and_are_told_once(names: list[str]) -> None:
    keys, owners = piece_keys(names)
    assert len(keys) == len(owners) == len(set(zip(keys.tolist(), owners.tolist(), strict=True)))
    alone = [piece_keys([name])[0] for name in names]
    for owner, own in enumerate(alone):
        assert np.array_equal(keys[owners == owner], own)
