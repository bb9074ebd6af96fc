"""The bench that fits the confidence model: folds by document, maps that only rise, its judge."""

from __future__ import annotations

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings

from bench.calibration import forms_of_title
from bench.calibration_fit import PRIORS, Example, chosen_prior, cross_validated, isotonic, platt
from reasoning.signals import Signals

SCORES = st.lists(st.tuples(st.floats(0.01, 0.99), st.booleans()), min_size=2, max_size=40)


@settings(deadline=None)
@given(SCORES)
def test_isotonic_regression_rises_within_what_was_seen(scored: list[tuple[float, bool]]) -> None:
    values = np.array([value for value, _ in scored])
    right = np.array([r for _, r in scored], dtype=np.float64)
    found = isotonic(values, right)(np.linspace(0, 1, 21))
    assert np.all(np.diff(found) >= -1e-12)
    assert found.min() >= 0.0
    assert found.max() <= 1.0


def test_platt_mends_a_level_that_is_too_modest() -> None:
    values = np.repeat([0.7, 0.2], 100)
    right = np.array([1.0] * 95 + [0.0] * 5 + [1.0] * 5 + [0.0] * 95)
    found = platt(values, right)(np.array([0.7, 0.2]))
    assert found.tolist() == pytest.approx([0.95, 0.05], abs=0.01)


def test_the_prior_is_chosen_on_documents_left_out() -> None:
    clear = [Example(Signals(), True, f"a{n}") for n in range(60)]
    clear += [Example(Signals(beside=1), False, f"b{n}") for n in range(60)]
    assert chosen_prior(clear) == min(PRIORS)  # nothing to be careful about
    qualities = cross_validated(clear, min(PRIORS))
    assert set(qualities) == {"as it is", "Platt", "isotonic"}
    assert all(quality.loss < 0.05 for quality in qualities.values())


@pytest.mark.parametrize(
    ("title", "form"),
    [
        ("Tuberous sclerosis, type 2", "tuberous sclerosis2"),
        ("Tooth Disorders", "tooth disease"),
        ("Adenocarcinoma of the appendix", "appendix adenocarcinoma"),
        ("Obesity", "obesity"),
    ],
)
def test_a_title_counts_in_its_natural_form(title: str, form: str) -> None:
    assert form in forms_of_title(title)
    assert "" not in forms_of_title(title)


def test_a_preparation_is_not_its_drug() -> None:
    assert "azelastine" not in forms_of_title("Azelastine Nasal Spray")
    assert "asthma" not in forms_of_title("Asthma - children")
