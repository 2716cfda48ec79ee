"""A companion belongs to the stiffness series whose slices it shows."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from liver_mre.errors import (
    MissingSlicesError,
)
from tests.planning import select
from tests.series import study_factory as made
from tests.series.acquisition_factory import (
    CONFIDENCE,
    FULL_EXAM,
    MASKED_OF_EXAM,
    RULES,
    WITH_CONFIDENCE,
    at,
    only,
    selections,
)

if TYPE_CHECKING:
    from liver_mre.studies.study import Instance


def test_every_acquisition_gets_its_own_companions_whatever_the_series_numbers_are() -> None:
    early = [at(t, n, 10.0) for t, n in ((made.MAGNITUDE, 3), (made.UNMASKED, 20), (CONFIDENCE, 31))]
    late = [at(t, n, 300.0) for t, n in ((made.MAGNITUDE, 19), (made.UNMASKED, 30), (CONFIDENCE, 21))]
    first, second = selections(*late, *early)
    assert (first.magnitude, first.maps.stiffness, first.maps.confidence) == tuple(early)
    assert (second.magnitude, second.maps.stiffness, second.maps.confidence) == tuple(late)


@pytest.mark.parametrize("companion", [made.MAGNITUDE, made.UNMASKED, made.PHASE, made.WAVE])
@pytest.mark.parametrize("kept", [(0.0, 10.0, 20.0), (-10.0, 0.0, 10.0), (-10.0,)])
def test_slices_that_only_a_companion_has_are_missing(companion: Instance, kept: tuple[float, ...]) -> None:
    incomplete = made.study(made.series(companion, 3), made.series(made.MASKED, 7, kept))
    with pytest.raises(MissingSlicesError, match=f"^{4 - len(kept)} slice"):
        select(incomplete, RULES)


def test_the_magnitude_of_a_repeat_with_more_slices_does_not_make_slices_missing() -> None:
    larger = made.series(made.MAGNITUDE, 8, (-20.0, -10.0, 0.0, 10.0, 20.0))
    assert only(FULL_EXAM[2], MASKED_OF_EXAM, larger).magnitude is FULL_EXAM[2]


def test_magnitude_of_another_orientation_is_no_companion() -> None:
    coronal = made.series(replace(made.MAGNITUDE, orientation=(1.0, 0.0, 0.0, 0.0, 0.0, -1.0)), 3)
    assert only(coronal, MASKED_OF_EXAM).magnitude is None


def test_a_masked_series_that_is_measured_for_lack_of_a_usable_map_says_so() -> None:
    unusable = made.series(replace(made.MASKED, series_description="confidence"), 8)
    (selection,) = select(made.study(*FULL_EXAM, unusable), RULES).acquisitions
    assert selection.maps.masked
    assert any("confidence map in series 8 was not used" in note for note in selection.notes)
    usable = select(made.study(MASKED_OF_EXAM, made.series(CONFIDENCE, 8)), WITH_CONFIDENCE).acquisitions
    assert [(one.maps.masked, one.notes) for one in usable] == [(True, ())]
