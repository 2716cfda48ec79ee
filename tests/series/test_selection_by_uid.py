"""A series that is asked for by its UID is measured, or the reason why it cannot be is given."""

from __future__ import annotations

import pytest

from liver_mre.errors import (
    AmbiguousSeriesError,
    MissingSlicesError,
    NoEligibleSeriesError,
    SeriesNotMeasurableError,
)
from tests.planning import select
from tests.series import study_factory as made
from tests.series.acquisition_factory import (
    FULL_EXAM,
    MASKED_OF_EXAM,
    RULES,
    at,
    only,
)


def test_a_study_without_the_series_asked_for_has_nothing_to_measure() -> None:
    with pytest.raises(NoEligibleSeriesError, match=r"9\.9") as error:
        select(made.study(*FULL_EXAM), RULES, series_uid="9.9")
    assert error.value.code == "no_mre_series"


@pytest.mark.parametrize("number", [1, 3, 8])
def test_naming_a_series_that_cannot_be_measured_says_why(number: int) -> None:
    with pytest.raises(SeriesNotMeasurableError, match="cannot be measured") as error:
        select(made.study(*FULL_EXAM), RULES, series_uid=f"1.2.{number}")
    assert error.value.code == "series_not_measurable"


def test_naming_an_unmasked_series_of_unknown_confidence_says_what_is_missing() -> None:
    with pytest.raises(SeriesNotMeasurableError, match="no confidence map of the same slices"):
        select(made.study(*FULL_EXAM[:6]), RULES, series_uid="1.2.6")


def test_naming_a_series_that_is_incomplete_or_ambiguous_gives_its_own_reason() -> None:
    with pytest.raises(MissingSlicesError):
        only(at(made.MASKED, 7, None, -10.0, 0.0, 20.0), series_uid="1.2.7")
    with pytest.raises(AmbiguousSeriesError, match=r"series 5 .*series 7 "):
        only(FULL_EXAM[5], made.series(made.MASKED, 5), MASKED_OF_EXAM, series_uid="1.2.6")


def test_an_acquisition_that_was_not_asked_for_is_neither_measured_nor_rejected() -> None:
    early = at(made.MAGNITUDE, 3, 10.0), at(made.UNMASKED, 6, 10.0)
    found = select(made.study(*early, at(made.MASKED, 17, 300.0)), RULES, series_uid="1.2.17")
    assert (len(found.acquisitions), found.rejected) == (1, ())
    assert found.decisions[1].reason.startswith("Not measured: another series was asked for.")
