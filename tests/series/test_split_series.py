"""A series that an archive stored in parts is whole again; what may be two acquisitions is left alone."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from liver_mre.series.split_series import join_split_series
from liver_mre.studies.study import Series
from tests.planning import select
from tests.series import study_factory as made
from tests.series.acquisition_factory import CONFIDENCE, FULL_EXAM, RULES, at, only

if TYPE_CHECKING:
    from liver_mre.studies.study import Instance

ORIGIN = (0.0, 0.0, 0.0)


def parts(series: Series, *places: tuple[int, ...], number: int = 0, **changes: Any) -> list[Series]:
    """Return a series in parts, each under a UID of its own; the later ones have other numbers by `number`."""
    found = []
    for n, of_part in enumerate(places):
        uid = f"{series.series_instance_uid}.{n}"
        images = (replace(series.instances[place], series_instance_uid=uid) for place in of_part)
        found.append(Series(uid, series.series_number + n * number, tuple(images)))
    return [found[0], *(with_images(one, **changes) for one in found[1:])]


def with_images(series: Series, **changes: Any) -> Series:
    return replace(series, instances=tuple(replace(image, **changes) for image in series.instances))


def joined(*series: Series) -> list[int]:
    """Return how many images each series of a study has after joining."""
    return [len(one.instances) for one in join_split_series(made.study(*series)).series]


@pytest.mark.parametrize("places", [((0, 1), (2, 3)), ((0, 2), (1, 3)), ((0, 1, 2), (3,)), ((0,), (1,), (2,), (3,))])
@pytest.mark.parametrize("number", [0, 100])
def test_parts_are_measured_as_the_whole_series(places: tuple[tuple[int, ...], ...], number: int) -> None:
    exam = [made.series(template, n) for template, n in ((made.MAGNITUDE, 3), (made.UNMASKED, 6), (CONFIDENCE, 8))]
    whole = only(*exam)
    split = only(exam[0], *parts(exam[1], *places, number=number), *parts(exam[2], *places, number=number))
    positions = [image.position_mm for image in whole.series.instances]
    assert [image.position_mm for image in split.series.instances] == positions
    assert split.maps is not None
    assert split.maps.confidence is not None
    assert len(split.maps.confidence.instances) == 4
    if split.series.parts:
        assert f"came in {len(places)} parts" in " ".join(split.notes)


def test_every_part_is_listed_with_its_own_number_and_what_it_is_used_for() -> None:
    split = parts(FULL_EXAM[6], (0, 1), (2, 3), number=100)
    found = select(made.study(*FULL_EXAM[:6], *split), RULES)
    listed = [one for one in found.decisions if one.role == "stiffness_masked"]
    assert [(one.series_instance_uid, one.series_number, one.instances, one.used) for one in listed] == [
        ("1.2.7.0", 7, 2, True),
        ("1.2.7.1", 107, 2, True),
    ]


def test_a_part_that_is_asked_for_stands_for_the_whole() -> None:
    split = parts(FULL_EXAM[6], (0, 1), (2, 3))
    assert len(only(*split, series_uid="1.2.7.1").series.instances) == 4


@pytest.mark.parametrize(
    ("places", "number", "changes"),
    [
        (((0, 1), (0, 1)), 0, {}),  # the same slices: a repeat, or a copy
        (((0, 1), (2, 3)), 100, {"acquisition_number": 2}),
        (((0, 1), (2, 3)), 0, {"series_description": "another"}),
        (((0, 1), (2, 3)), 0, {"protocol_name": "another"}),
        (((0, 1), (2, 3)), 0, {"frame_of_reference_uid": "1.9"}),
        (((0, 1), (2, 3)), 0, {"pixel_spacing_mm": (1.3, 1.3)}),
        (((0, 1), (3,)), 100, {}),  # a gap: two stacks rather than one
    ],
)
def test_what_may_be_another_acquisition_is_not_joined(
    places: tuple[tuple[int, ...], ...], number: int, changes: dict[str, Any]
) -> None:
    split = parts(made.series(made.MASKED, 7), *places, number=number, **changes)
    assert joined(*split) == [len(of_part) for of_part in places]


def test_two_stacks_that_are_each_numbered_from_1_are_two_series() -> None:
    upper = made.series(made.MASKED, 7, (0.0, 10.0))
    lower = made.series(made.MASKED, 17, (20.0, 30.0))
    assert joined(upper, lower) == [2, 2]
    assert joined(upper, replace(lower, series_number=7)) == [2, 2]


def test_breath_holds_of_one_slice_each_keep_their_repeats() -> None:
    holds = [at(made.MASKED, number, 30.0 * number, z) for number, z in ((6, 0.0), (7, 10.0), (8, 10.0))]
    numbered = [with_images(one, instance_number=one.series_number) for one in holds]
    assert joined(*numbered) == [1, 1, 1]


def raw(number: int, first: int, last: int, second: float) -> Series:
    """Return a part of a raw series without positions."""
    template: Instance = replace(made.GE_RAW, position_mm=ORIGIN, pixel_spacing_mm=(1.0, 1.0), acquired_s=second)
    images = (
        replace(template, sop_instance_uid=f"{number}.{n}", instance_number=n, series_instance_uid=f"1.3.{number}")
        for n in range(first, last + 1)
    )
    return Series(f"1.3.{number}", number, tuple(images))


def test_a_raw_series_without_positions_is_joined_by_its_numbers_and_times() -> None:
    assert joined(raw(3, 1, 8, 10.0), raw(103, 9, 16, 10.0)) == [16]
    assert joined(raw(3, 1, 8, 10.0), raw(13, 9, 16, 300.0)) == [8, 8]
    assert joined(raw(3, 1, 8, 10.0), raw(13, 1, 8, 10.0)) == [8, 8]
    maps = made.series(made.GE_UNMASKED, 4), made.series(made.GE_CONFIDENCE, 5)
    whole = select(made.study(*maps, raw(3, 1, 8, 10.0), raw(103, 9, 16, 10.0)), RULES)
    (acquisition,) = whole.acquisitions
    assert acquisition.magnitude is not None
    assert [image.instance_number for image in acquisition.magnitude.instances] == list(range(9, 17))
