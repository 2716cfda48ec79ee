"""Series of one acquisition belong together though some have no date, or midnight falls between their slices."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from liver_mre.errors import NoConfidenceError
from liver_mre.series.acquisition_time import DAY_S, SAME_TIME_S, StudyClock
from tests.series import study_factory as made
from tests.series.acquisition_factory import CONFIDENCE, EPI, at, only, selections

if TYPE_CHECKING:
    from liver_mre.studies.study import Instance, Series

DAY = 738000


def acquired(template: Instance, number: int, *times_s: float, day: int | None = None) -> Series:
    """Return a series whose slices were acquired one after the other; times over 24 h are those of the next day."""
    series = made.series(template, number)
    images = (
        replace(image, acquired_s=time_s % DAY_S, acquired_day=None if day is None else day + int(time_s // DAY_S))
        for image, time_s in zip(series.instances, times_s, strict=True)
    )
    return replace(series, instances=tuple(images))


@pytest.mark.parametrize("start_s", [34200.0, DAY_S - 20.0, DAY_S - 1.0])
@pytest.mark.parametrize("days", [(DAY, DAY, DAY), (None, DAY, None), (DAY, None, DAY), (None, None, None)])
def test_series_that_lack_a_date_are_put_together_by_their_time_of_day(
    start_s: float, days: tuple[int | None, ...]
) -> None:
    times = [start_s + 15.0 * level for level in range(4)]
    other = [at_s + 600.0 for at_s in times]
    templates = made.MAGNITUDE, made.UNMASKED, CONFIDENCE
    first = [acquired(t, n, *times, day=day) for t, n, day in zip(templates, (3, 6, 8), days, strict=True)]
    second = [acquired(t, n, *other, day=day) for t, n, day in zip(templates, (13, 16, 18), days, strict=True)]
    found = selections(*first, *second)
    assert [(one.magnitude, one.maps.stiffness, one.maps.confidence) for one in found] == [tuple(first), tuple(second)]


def test_the_same_time_of_two_known_days_is_not_the_same_time() -> None:
    one, other = (
        acquired(made.UNMASKED, 6, 10.0, 25.0, 40.0, 55.0, day=DAY),
        acquired(CONFIDENCE, 8, 10.0, 25.0, 40.0, 55.0, day=DAY + 1),
    )
    with pytest.raises(NoConfidenceError, match="AcquisitionTime"):
        only(one, other)


@pytest.mark.parametrize(
    ("differs", "element"),
    [
        ({"acquired_s": 300.0}, "AcquisitionTime"),
        (EPI, "SequenceName"),
        ({"protocol_name": "another"}, "ProtocolName"),
        ({"private_sequence_name": "epimre"}, r"\(0019,109C\)"),
    ],
)
def test_the_message_names_the_element_that_separates_two_series(differs: dict[str, object], element: str) -> None:
    usual = {"acquired_s": 10.0, "protocol_name": "greMRE", "private_sequence_name": "fgremre"}
    stiffness = made.series(replace(made.UNMASKED, **usual), 6)  # type: ignore[arg-type]
    confidence = made.series(replace(CONFIDENCE, **usual | differs), 8)  # type: ignore[arg-type]
    with pytest.raises(NoConfidenceError, match=rf"series 8 was not used: it comes from another .*\({element} differs"):
        only(stiffness, confidence)


def test_a_magnitude_of_other_slices_says_so() -> None:
    notes = only(at(made.MASKED, 7, None), at(made.MAGNITUDE, 3, None, 5.0, 15.0)).notes
    assert any("shows others (ImagePositionPatient)" in note for note in notes)


@given(st.lists(st.floats(0.0, 6000.0), min_size=2, max_size=6), st.floats(0.0, DAY_S))
def test_an_exam_is_as_long_by_the_clock_as_it_was(offsets_s: list[float], start_s: float) -> None:
    images = [replace(made.MASKED, acquired_s=(start_s + offset_s) % DAY_S) for offset_s in offsets_s]
    span = StudyClock.of(images).span(images)
    length_s = max(offsets_s) - min(offsets_s)
    if length_s <= SAME_TIME_S - 1e-3:
        assert span is None
    elif length_s > SAME_TIME_S + 1e-3:
        assert span is not None
        assert span[1] - span[0] == pytest.approx(length_s, abs=1e-3)
