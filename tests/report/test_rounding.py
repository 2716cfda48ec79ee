"""Rounding never moves a stiffness across a cut-off."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from liver_mre.measurement.staging import Staging
from liver_mre.report.rounding import cutoffs_kpa, rounded_kpa

CUTOFFS = (2.5, 2.8, 2.9, 3.5, 4.0, 5.0)


@given(st.floats(0.0, 20.0), st.sampled_from([2, 4]))
def test_value_stays_on_its_side_of_every_cutoff_and_close(value_kpa: float, decimals: int) -> None:
    rounded = rounded_kpa(value_kpa, CUTOFFS, decimals=decimals)
    assert [rounded >= cutoff for cutoff in CUTOFFS] == [value_kpa >= cutoff for cutoff in CUTOFFS]
    assert abs(rounded - value_kpa) <= 1.01 * 10.0**-decimals


@given(st.floats(0.0, 20.0), st.sampled_from([2, 4]))
def test_result_has_no_more_digits_than_asked_for(value_kpa: float, decimals: int) -> None:
    rounded = rounded_kpa(value_kpa, CUTOFFS, decimals=decimals)
    assert rounded == round(rounded, decimals)


@pytest.mark.parametrize(("value_kpa", "expected"), [(2.7999, 2.79), (2.8, 2.8), (2.8001, 2.8), (3.456, 3.46)])
def test_just_below_a_cutoff_is_written_below_it(value_kpa: float, expected: float) -> None:
    assert rounded_kpa(value_kpa, CUTOFFS, decimals=2) == expected


def test_cutoffs_are_the_profile_s_and_that_of_significant_fibrosis() -> None:
    staging = Staging(
        "p", "c", "F0", "F1", significant_fibrosis=False, significant_cutoff_kpa=2.8, cutoffs_kpa=(3.5, 2.5)
    )
    assert cutoffs_kpa(staging) == (2.5, 2.8, 3.5)
    assert cutoffs_kpa(None) == ()
