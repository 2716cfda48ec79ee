from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from liver_mre.errors import AmbiguousSeriesError, GeometryError, MissingSlicesError, NoConfidenceError
from tests.series import study_factory as made
from tests.series.acquisition_factory import CONFIDENCE, EPI, at, only, selections

if TYPE_CHECKING:
    from liver_mre.studies.study import Series

UNMASKED = made.series(made.UNMASKED, 6)
ORIGIN = (0.0, 0.0, 0.0)


def broken(series: Series, **wrong: object) -> Series:
    return replace(series, instances=tuple(replace(image, **wrong) for image in series.instances))


def test_a_confidence_map_in_another_order_is_paired_by_position() -> None:
    reversed_map = made.series(CONFIDENCE, 9, (20.0, 10.0, 0.0, -10.0))
    selection = only(UNMASKED, reversed_map)
    assert (selection.maps.confidence, selection.maps.paired_by_number) == (reversed_map, False)


def test_a_stiffness_with_fewer_slices_than_its_confidence_map_is_incomplete() -> None:
    with pytest.raises(MissingSlicesError, match="confidence map of the same slices has more"):
        only(UNMASKED, made.series(CONFIDENCE, 9, (30.0, 20.0, 10.0, 0.0, -10.0)))


@pytest.mark.parametrize(
    ("wrong", "element"),
    [
        ({"position_mm": ORIGIN, "pixel_spacing_mm": (1.0, 1.0)}, "ImagePositionPatient"),
        ({"position_mm": (-199.2, -158.6, 0.0)}, "ImagePositionPatient is the same"),
        ({"position_mm": None}, "ImagePositionPatient is missing"),
        ({"orientation": None}, "ImageOrientationPatient is missing"),
    ],
)
def test_a_confidence_map_of_broken_geometry_is_paired_by_number_and_a_note_says_why(
    wrong: dict[str, object], element: str
) -> None:
    confidence = broken(made.series(CONFIDENCE, 9), **wrong)
    selection = only(UNMASKED, confidence)
    assert (selection.maps.confidence, selection.maps.paired_by_number) == (confidence, True)
    assert element in selection.notes[0]


@pytest.mark.parametrize("odd", [{"rows": 256}, {"acquisition_number": 2}, EPI])
def test_a_broken_map_of_another_size_or_acquisition_is_not_paired(odd: dict[str, object]) -> None:
    stiffness = made.series(replace(made.UNMASKED, acquisition_number=1), 6)
    with pytest.raises(NoConfidenceError):
        only(stiffness, broken(made.series(CONFIDENCE, 9), position_mm=ORIGIN, **odd))


def test_a_broken_map_of_another_count_is_not_paired() -> None:
    with pytest.raises(NoConfidenceError):
        only(UNMASKED, broken(made.series(CONFIDENCE, 9, (0.0, 10.0)), position_mm=ORIGIN))


def test_a_map_whose_own_geometry_says_that_it_shows_other_slices_is_not_paired_by_number() -> None:
    with pytest.raises(NoConfidenceError, match="series 9 was not used"):
        only(UNMASKED, made.series(CONFIDENCE, 9, (-5.0, 5.0, 15.0, 25.0)))


def test_a_broken_map_goes_to_the_acquisition_of_its_time_and_to_none_by_series_number_alone() -> None:
    early, late = at(made.UNMASKED, 6, 10.0), at(made.UNMASKED, 16, 300.0)
    masked = at(made.MASKED, 7, 10.0), at(made.MASKED, 17, 300.0)
    timed = broken(at(CONFIDENCE, 8, 300.0), position_mm=ORIGIN)
    first, second = selections(early, late, *masked, timed)
    assert (first.maps.stiffness, second.maps.stiffness, second.maps.confidence) == (masked[0], late, timed)
    timeless = broken(timed, acquired_s=None)
    assert [one.maps.stiffness for one in selections(early, late, *masked, timeless)] == list(masked)


def test_phase_offsets_of_the_magnitude_do_not_disturb() -> None:
    once = made.series(made.MAGNITUDE, 3)
    offsets = replace(once, instances=once.instances * 4)
    assert only(offsets, made.series(made.MASKED, 7)).magnitude is offsets
    lost = broken(offsets, position_mm=ORIGIN, pixel_spacing_mm=(1.0, 1.0))
    assert only(lost, made.series(made.MASKED, 7)).magnitude is lost


def test_a_map_is_never_taken_from_another_acquisition() -> None:
    with pytest.raises(NoConfidenceError, match="AcquisitionTime"):
        only(at(made.UNMASKED, 6, 10.0), at(CONFIDENCE, 7, 300.0))


def test_a_map_that_two_acquisitions_could_claim_is_given_to_none_unless_one_is_asked_for() -> None:
    stiffness = at(made.UNMASKED, 6, 10.0), at(made.UNMASKED, 8, 300.0)
    confidence = at(CONFIDENCE, 7, None)
    with pytest.raises(AmbiguousSeriesError, match=r"series 7 \(1\.2\.7\) could belong to more.*--series UID"):
        selections(*stiffness, confidence)
    assert only(*stiffness, confidence, series_uid="1.2.8").maps.confidence is confidence
    masked = at(made.MASKED, 5, 10.0), at(made.MASKED, 9, 300.0)
    found = selections(*stiffness, *masked, confidence)
    assert [one.maps.masked for one in found] == [True, True]
    assert all("could belong to more than one" in one.notes[0] for one in found)


def test_two_maps_that_suit_one_stiffness_equally_are_ambiguous() -> None:
    maps = made.series(CONFIDENCE, 5), made.series(CONFIDENCE, 7)
    with pytest.raises(AmbiguousSeriesError, match=r"series 5 \(1\.2\.5\), series 7 \(1\.2\.7\)"):
        selections(UNMASKED, *maps)
    masked = made.series(made.MASKED, 8)
    assert only(UNMASKED, *maps, masked, series_uid="1.2.8").maps.stiffness is masked


def test_of_two_maps_the_one_of_the_same_time_then_the_nearest_number_is_taken() -> None:
    near, far = made.series(CONFIDENCE, 7), made.series(CONFIDENCE, 9)
    assert only(UNMASKED, far, near).maps.confidence is near
    timed = at(CONFIDENCE, 40, 10.0)
    other = at(made.MASKED, 60, 300.0)
    assert selections(at(made.UNMASKED, 6, 10.0), near, timed, other)[0].maps.confidence is timed


def test_two_equal_magnitude_series_are_noted_and_neither_is_recorded() -> None:
    equal = made.series(made.MAGNITUDE, 6), made.series(made.MAGNITUDE, 8)
    selection = only(*equal, made.series(made.MASKED, 7))
    assert selection.magnitude is None
    assert "More than one magnitude series" in selection.notes[0]


def test_a_companion_with_another_field_of_view_shows_that_a_voxel_size_is_wrong() -> None:
    odd = {"pixel_spacing_mm": (1.3, 1.3)}
    with pytest.raises(GeometryError, match=r"magnitude series .*PixelSpacing"):
        selections(broken(made.series(made.MAGNITUDE, 5), **odd), made.series(made.MASKED, 7))
    with pytest.raises(GeometryError, match=r"confidence map .*PixelSpacing"):
        selections(UNMASKED, broken(made.series(CONFIDENCE, 7), **odd))


def test_times_that_no_two_series_share_are_not_those_of_acquisitions_but_never_pair_a_confidence_map() -> None:
    magnitude, unmasked, masked = (
        at(t, n, 60.0 * n) for t, n in ((made.MAGNITUDE, 3), (made.UNMASKED, 6), (made.MASKED, 7))
    )
    selection = only(magnitude, unmasked, masked, at(CONFIDENCE, 8, 480.0))
    assert (selection.series, selection.maps.confidence, selection.magnitude) == (masked, None, magnitude)


@given(st.integers(1, 40), st.integers(1, 40))
def test_times_decide_and_series_numbers_do_not(first: int, second: int) -> None:
    early = at(made.UNMASKED, 100, 10.0), at(CONFIDENCE, first, 10.5)
    late = at(made.UNMASKED, 101, 300.0), at(CONFIDENCE, second + 200, 300.5)
    found = selections(*early, *late)
    assert [(one.maps.stiffness, one.maps.confidence) for one in found] == [early, late]
