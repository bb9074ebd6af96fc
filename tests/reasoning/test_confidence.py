"""Calibration, its error, risk and coverage."""

from __future__ import annotations

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from kg.errors import UsageError
from reasoning.confidence import Calibration, calibration_error, risk_coverage

ANSWERS = st.lists(
    st.tuples(st.integers(1, 20).map(lambda n: n / 20), st.booleans()), min_size=1, max_size=60
)


@settings(deadline=None)
@given(ANSWERS)
def test_more_confident_is_never_less_often_right(answers: list[tuple[float, bool]]) -> None:
    fitted = Calibration.fitted(answers)
    shares = [fitted(n / 100) for n in range(101)]
    assert shares == sorted(shares)
    assert shares[0] == 0.0
    assert all(0 <= s < 1 for s in shares)
    # a fit does not depend on the order of what it is fitted to
    assert Calibration.fitted(answers[::-1]) == fitted


@settings(deadline=None)
@given(ANSWERS)
def test_risk_and_coverage_count_every_answer(answers: list[tuple[float, bool]]) -> None:
    curve = list(risk_coverage(answers, asked=len(answers)))
    assert [r.coverage for r in curve] == sorted({r.coverage for r in curve})
    assert curve[-1].coverage == 1.0
    wrong = sum(not right for _, right in answers)
    assert curve[-1].risk == pytest.approx(wrong / len(answers))
    assert 0 <= calibration_error(answers) <= 1


def test_what_is_no_calibration() -> None:
    for bounds, shares in (((), ()), ((0.5,), (0.1, 0.2)), ((0.5, 0.4), (0.1, 0.2))):
        with pytest.raises(UsageError):
            Calibration(bounds, shares)
    with pytest.raises(UsageError, match="descend"):
        Calibration((0.4, 0.5), (0.2, 0.1))
    with pytest.raises(UsageError, match="nothing to calibrate"):
        Calibration.fitted([])
