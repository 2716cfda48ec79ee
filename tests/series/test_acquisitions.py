from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from liver_mre.errors import (
    AmbiguousSeriesError,
    MissingSlicesError,
    NoConfidenceError,
    OtherBodyPartError,
    UnknownUnitError,
)
from liver_mre.method.choose_acquisition import largest
from liver_mre.series.decisions import with_outcomes
from liver_mre.studies.study import RealWorldMapping, Series
from tests.planning import select
from tests.series import study_factory as made
from tests.series.acquisition_factory import CONFIDENCE, EPI, RULES, UNNAMED, WITH_CONFIDENCE, at, only, selections

if TYPE_CHECKING:
    from liver_mre.series.acquisition import Acquisition
    from liver_mre.studies.study import Instance

HEIGHTS = (-10.0, 0.0, 10.0, 20.0)


def breath_holds(
    template: Instance, first: int, *, step: int = 4, heights: tuple[float, ...] = HEIGHTS
) -> list[Series]:
    """One series for each slice, acquired one after the other."""
    return [at(template, first + step * i, 30.0 * i, z) for i, z in enumerate(heights)]


def replace_images(series: Series, **changes: str) -> Series:
    return replace(series, instances=tuple(replace(image, **changes) for image in series.instances))


def numbers(selection: Acquisition) -> list[str]:
    """Which image is measured in each slice, from the first along the normal."""
    return [image.sop_instance_uid for image in selection.series.instances]


@given(st.lists(st.none() | st.floats(0, 300)))
def test_the_largest_measured_area_is_preferred_and_none_of_nothing(areas_cm2: list[float | None]) -> None:
    chosen = largest(areas_cm2)
    measured = [area for area in areas_cm2 if area is not None]
    assert (chosen is None) == (not measured)
    if chosen is not None:
        assert areas_cm2[chosen] == max(measured)
        assert all(area != areas_cm2[chosen] for area in areas_cm2[chosen + 1 :])


def test_what_is_not_reported_counts_as_unused_with_all_its_companions_and_says_why() -> None:
    gre = [at(t, n, 10.0) for t, n in ((made.MAGNITUDE, 3), (made.UNMASKED, 6), (CONFIDENCE, 8))]
    epi = [at(replace(t, **EPI), n, 300.0) for t, n in ((made.MAGNITUDE, 13), (made.MASKED, 17))]
    decisions = select(made.study(*gre, *epi), WITH_CONFIDENCE).decisions
    assert all(d.used for d in decisions)
    changed = with_outcomes(decisions, 1, {(0, "1.2.6"): "Measured, but series 17 shows more."})
    assert [d.used for d in changed] == [False, False, False, True, True]
    assert changed[1].reason == f"{decisions[1].reason} Measured, but series 17 shows more."
    assert "Acquisition of series 6." in changed[0].reason
    assert changed[3:] == decisions[3:]


def test_the_other_of_two_unnamed_twins_is_unused_and_what_they_share_is_not() -> None:
    series = made.series(made.MAGNITUDE, 3), made.series(UNNAMED, 6), made.series(UNNAMED, 7)
    decisions = select(made.study(*series), WITH_CONFIDENCE).decisions
    changed = with_outcomes(decisions, 0, {(0, "1.2.6"): "Its pixels are not masked."})
    assert [d.used for d in changed] == [True, False, True]


def test_where_nothing_was_measured_every_acquisition_says_why() -> None:
    decisions = select(made.study(at(made.MASKED, 7, 10.0), at(made.MASKED, 17, 300.0)), RULES).decisions
    changed = with_outcomes(decisions, None, {(0, "1.2.7"): "No liver.", (1, "1.2.17"): "No liver."})
    assert not any(d.used for d in changed)
    assert all("No liver." in d.reason for d in changed)


def test_breath_holds_of_one_slice_each_become_one_exam_with_all_their_companions() -> None:
    stiffness, maps = breath_holds(made.UNMASKED, 6), breath_holds(CONFIDENCE, 7)
    magnitudes = breath_holds(made.MAGNITUDE, 5)
    found = select(made.study(*magnitudes, *maps, *reversed(stiffness)), WITH_CONFIDENCE)
    (selection,) = found.acquisitions
    assert numbers(selection) == ["6.1", "10.1", "14.1", "18.1"]
    assert (selection.series.series_instance_uid, selection.series.series_number) == ("1.2.6", 6)
    assert selection.maps.confidence is not None
    assert selection.magnitude is not None
    assert {image.position_mm for image in selection.maps.confidence.instances} == {
        image.position_mm for image in selection.series.instances
    }
    assert len(selection.magnitude.instances) == 4
    assert "6, 10, 14, 18" in selection.notes[0]
    assert all(d.used for d in found.decisions)
    assert {d.candidate for d in found.decisions} == {0}


def test_breath_holds_that_do_not_share_a_frame_of_reference_are_refused_not_measured_one_by_one() -> None:
    stiffness = [
        replace_images(series, frame_of_reference_uid=f"1.9.{number}")
        for number, series in enumerate(breath_holds(made.UNMASKED, 6))
    ]
    with pytest.raises(MissingSlicesError, match="frame of reference"):
        select(made.study(*stiffness, *breath_holds(CONFIDENCE, 7)), WITH_CONFIDENCE)


def test_breath_holds_whose_maps_alone_share_a_frame_of_reference_are_refused() -> None:
    stiffness = [
        replace_images(series, frame_of_reference_uid=f"1.9.{number}")
        for number, series in enumerate(breath_holds(made.UNMASKED, 6))
    ]
    maps = [replace_images(series, frame_of_reference_uid="1.9.7") for series in breath_holds(CONFIDENCE, 7)]
    with pytest.raises(MissingSlicesError, match="frame of reference"):
        select(made.study(*stiffness, *maps), WITH_CONFIDENCE)


def test_a_stiffness_series_lost_at_an_end_of_the_breath_holds_is_missed_by_its_companions() -> None:
    maps = breath_holds(CONFIDENCE, 7)
    for end in (slice(None, -1), slice(1, None), slice(0, 2), slice(0, 1)):
        with pytest.raises(MissingSlicesError, match="one series a slice, and confidence series"):
            select(made.study(*breath_holds(made.UNMASKED, 6)[end], *maps), WITH_CONFIDENCE)


def test_a_breath_hold_without_a_sequence_name_is_one_of_the_exam() -> None:
    first, *others = breath_holds(made.MASKED, 7)
    assert first.first.sequence_name
    study = [replace_images(first, sequence_name="", private_sequence_name=""), *others]
    assert len(only(*study).series.instances) == len(study)


def test_one_confidence_map_of_all_slices_serves_breath_holds() -> None:
    confidence = at(CONFIDENCE, 40, 90.0)
    selection = only(*breath_holds(made.UNMASKED, 6), confidence)
    assert selection.maps.confidence is not None
    assert {image.sop_instance_uid for image in selection.maps.confidence.instances} == {"40.1", "40.2", "40.3", "40.4"}


def test_one_confidence_map_of_all_slices_does_not_serve_a_slice_acquired_after_it() -> None:
    study = [*breath_holds(made.UNMASKED, 6), at(made.UNMASKED, 30, 500.0, 0.0)]
    images = at(CONFIDENCE, 40, None).instances
    timed = tuple(replace(image, acquired_s=30.0 * i) for i, image in enumerate(images))
    assert numbers(only(*study, Series("1.2.40", 40, timed))) == ["6.1", "10.1", "14.1", "18.1"]
    with pytest.raises(NoConfidenceError):
        only(*study, at(CONFIDENCE, 40, 90.0))


def test_a_slice_that_was_acquired_again_counts_with_its_own_map() -> None:
    again = at(made.UNMASKED, 30, 500.0, 0.0), at(CONFIDENCE, 31, 500.0, 0.0)
    study = [*breath_holds(made.UNMASKED, 6), *breath_holds(CONFIDENCE, 7), *again]
    found = select(made.study(*study), WITH_CONFIDENCE)
    (selection,) = found.acquisitions
    assert numbers(selection) == ["6.1", "30.1", "14.1", "18.1"]
    assert selection.maps.confidence is not None
    assert "31.1" in {image.sop_instance_uid for image in selection.maps.confidence.instances}
    assert "instead of series 10" in selection.notes[1]
    replaced = next(d for d in found.decisions if d.series_number == 10)
    assert replaced.reason.startswith("Not measured: its slice was acquired again later.")
    assert numbers(only(*study, series_uid="1.2.10")) == ["6.1", "10.1", "14.1", "18.1"]


def test_a_slice_that_was_acquired_again_without_a_map_does_not_borrow_the_earlier_one() -> None:
    study = [*breath_holds(made.UNMASKED, 6), *breath_holds(CONFIDENCE, 7), at(made.UNMASKED, 30, 500.0, 0.0)]
    assert numbers(only(*study)) == ["6.1", "10.1", "14.1", "18.1"]


def test_without_times_the_later_series_number_counts() -> None:
    again = at(made.MASKED, 30, None, 0.0)
    study = [at(made.MASKED, 6 + i, None, z) for i, z in enumerate(HEIGHTS)]
    assert numbers(only(*study, again)) == ["6.1", "30.1", "8.1", "9.1"]


def test_breath_holds_of_which_one_has_no_map_are_measured_masked_or_not_at_all() -> None:
    unmasked, maps = breath_holds(made.UNMASKED, 6), breath_holds(CONFIDENCE, 7)[:3]
    with pytest.raises(NoConfidenceError):
        selections(*unmasked, *maps)
    masked = only(*unmasked, *maps, *breath_holds(made.MASKED, 8))
    assert (masked.maps.masked, masked.maps.confidence, numbers(masked)[0]) == (True, None, "8.1")


def test_maps_of_different_scale_do_not_make_one_confidence() -> None:
    maps = breath_holds(CONFIDENCE, 7)
    rules = replace(WITH_CONFIDENCE, confidence=())
    scaled = [
        replace(
            one,
            instances=tuple(replace(image, real_world=(RealWorldMapping("1", slope, 0.0),)) for image in one.instances),
        )
        for one, slope in zip(maps, (0.001, 0.001, 0.01, 0.001), strict=True)
    ]
    with pytest.raises(UnknownUnitError, match="confidence maps of the breath-holds"):
        select(made.study(*breath_holds(made.UNMASKED, 6), *scaled), rules)


def test_a_breath_hold_that_is_missing_leaves_a_gap() -> None:
    with pytest.raises(MissingSlicesError, match=r"^1 slice"):
        selections(*breath_holds(made.MASKED, 7, heights=(-10.0, 0.0, 20.0)))
    with pytest.raises(MissingSlicesError, match="magnitude series"):
        selections(*breath_holds(made.MASKED, 7, heights=HEIGHTS[:3]), at(made.MAGNITUDE, 3, 60.0))


def test_breath_holds_of_two_protocols_are_two_exams() -> None:
    gre, epi = breath_holds(made.MASKED, 7), breath_holds(replace(made.MASKED, **EPI), 8)
    assert [len(one.series.instances) for one in selections(*gre, *epi)] == [4, 4]


def test_unnamed_twins_of_single_slices_are_refused_because_pixels_of_one_slice_tell_too_little() -> None:
    with pytest.raises(NoConfidenceError):
        selections(*breath_holds(UNNAMED, 6), *breath_holds(UNNAMED, 7))
    assert only(*breath_holds(UNNAMED, 6)).maps.masked is None


def test_two_series_of_one_slice_at_the_same_place_are_no_breath_holds_of_one_exam() -> None:
    with pytest.raises(AmbiguousSeriesError):
        selections(at(made.MASKED, 7, None, 0.0), at(made.MASKED, 17, None, 0.0))
    assert len(selections(at(made.MASKED, 7, 10.0, 0.0), at(made.MASKED, 17, 300.0, 0.0))) == 2


@given(st.permutations(range(9)))
def test_the_order_of_breath_holds_never_changes_the_exam(order: list[int]) -> None:
    series = [*breath_holds(made.MASKED, 6), *breath_holds(made.MAGNITUDE, 7), at(made.MASKED, 50, 900.0, 20.0)]
    assert numbers(only(*(series[i] for i in order))) == ["6.1", "10.1", "14.1", "50.1"]


def test_a_map_whose_time_and_number_name_different_acquisitions_is_not_used() -> None:
    first, second = {"acquisition_number": 1}, {"acquisition_number": 2}
    stiffness = [at(replace(made.UNMASKED, **first), 6, 10.0), at(replace(made.UNMASKED, **second), 16, 300.0)]
    maps = [at(replace(CONFIDENCE, **first), 8, 10.0), at(replace(CONFIDENCE, **second), 18, 300.0)]
    assert [one.maps.confidence.series_number for one in selections(*stiffness, *maps)] == [8, 18]
    crossed = [at(replace(CONFIDENCE, **second), 8, 10.0), at(replace(CONFIDENCE, **first), 18, 300.0)]
    with pytest.raises(AmbiguousSeriesError, match="could belong to more than one"):
        selections(*stiffness, *crossed)


@pytest.mark.parametrize("part", ["BRAIN", "Phantom ", "PROSTATE"])
def test_another_part_of_the_body_is_measured_only_where_somebody_asks_for_it(part: str) -> None:
    elsewhere = at(replace(made.MASKED, body_part=part), 7, None)
    with pytest.raises(OtherBodyPartError, match=f"BodyPartExamined of stiffness series 7 is {part.strip().upper()}"):
        only(elsewhere)
    assert "asked for" in only(elsewhere, series_uid="1.2.7").notes[0]
    assert only(at(replace(made.MASKED, body_part="ABDOMEN"), 7, None)).notes == ()
