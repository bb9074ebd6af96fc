"""Calibration error, risk and coverage."""

from __future__ import annotations

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from reasoning.confidence import calibration_error, risk_coverage

ANSWERS = st.lists(
    st.tuples(st.integers(1, 20).map(lambda n: n / 20), st.booleans()), min_size=1, max_size=60
)


@settings(deadline=None)
@given(ANSWERS)
def test_risk_and_coverage_count_every_answer(answers: list[tuple[float, bool]]) -> None:
    curve = list(risk_coverage(answers, asked=len(answers)))
    assert [r.coverage for r in curve] == sorted({r.coverage for r in curve})
    assert curve[-1].coverage == 1.0
    wrong = sum(not right for _, right in answers)
    assert curve[-1].risk == pytest.approx(wrong / len(answers))
    assert 0 <= calibration_error(answers) <= 1
