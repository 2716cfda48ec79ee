"""Claims about the statistics, against published examples and cases that can be worked out."""

from __future__ import annotations

import math

import numpy as np
import pytest

from training.reporting import statistics

# Shrout and Fleiss, Psychol Bull 1979;86:420, table 2: six targets, four judges. ICC(2,1) = .29 (table 4).
SHROUT_FLEISS = np.array([[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]])


def test_the_intraclass_correlation_is_that_of_shrout_and_fleiss() -> None:
    found = statistics.icc(SHROUT_FLEISS)
    assert found.value == pytest.approx(0.29, abs=0.005)
    # The interval that R's psych::ICC prints for the same data.
    assert found.low == pytest.approx(0.019, abs=0.002)
    assert found.high == pytest.approx(0.761, abs=0.002)


def test_raters_that_differ_by_a_constant_agree_less_than_absolutely() -> None:
    truth = np.linspace(2, 8, 20)
    assert statistics.icc(np.column_stack([truth, truth])).value == pytest.approx(1.0)
    assert statistics.icc(np.column_stack([truth, truth + 1.0])).value < 0.95


def test_a_constant_relative_error_is_all_bias_and_no_spread() -> None:
    true = np.array([2.0, 2.5, 2.7, 4.0])
    found = statistics.bland_altman(1.05 * true, true, percent=True)
    assert found.bias.value == pytest.approx(5.0)
    assert (found.low, found.high) == pytest.approx((5.0, 5.0))


def test_limits_of_agreement_hold_95_percent_of_normal_differences() -> None:
    rng = np.random.default_rng(4)
    true = rng.uniform(2, 8, 20000)
    measured = true + rng.normal(0.1, 0.2, true.size)
    found = statistics.bland_altman(measured, true, percent=False)
    inside = (measured - true > found.low) & (measured - true < found.high)
    assert inside.mean() == pytest.approx(0.95, abs=0.005)
    assert found.bias.value == pytest.approx(0.1, abs=0.01)


def test_the_interval_of_a_mean_covers_it_and_narrows_with_more_exams() -> None:
    rng = np.random.default_rng(1)
    few, many = (statistics.mean(rng.normal(0.9, 0.05, size)) for size in (20, 2000))
    assert few.low < 0.9 < few.high
    assert many.high - many.low < (few.high - few.low) / 5
    assert statistics.mean([math.nan, 0.5]).value == 0.5


def test_detection_counts_what_it_says() -> None:
    measure = np.array([2.0, 3.0, 2.5, 4.0, 5.0, 2.9])
    condition = np.array([False, False, True, True, True, True])
    found = statistics.detection(measure, condition, 2.8)
    assert (found.cases, found.others) == (4, 2)
    assert found.sensitivity.value == 0.75
    assert found.specificity.value == 0.5
    # Of the 8 pairs of a case and another, the case is the higher one in 6.
    assert found.auroc.value == pytest.approx(6 / 8)


def test_a_wilson_interval_of_all_of_ten_starts_at_72_percent() -> None:
    # Newcombe, Stat Med 1998;17:857: 10 of 10 gives 0.7225 to 1.
    found = statistics.proportion(10, 10)
    assert found.low == pytest.approx(0.7225, abs=1e-4)
    assert found.high == pytest.approx(1.0)
