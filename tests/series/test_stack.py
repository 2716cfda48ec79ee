from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from liver_mre.errors import GeometryError, MissingSlicesError
from liver_mre.series.stack import check_extent, order_slices, sparse_stack_note
from liver_mre.studies.geometry import missing_slices, slice_normal
from liver_mre.studies.study import Series
from tests.series import study_factory as made

if TYPE_CHECKING:
    from liver_mre.studies.study import Instance, Orientation

AXIAL = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)
FEET_FIRST = (1.0, 0.0, 0.0, 0.0, -1.0, 0.0)
DECUBITUS = (0.0, 1.0, 0.0, -1.0, 0.0, 0.0)
SAGITTAL = (0.0, 1.0, 0.0, 0.0, 0.0, -1.0)


def turned(axis_deg: float, tilt_deg: float) -> Orientation:
    """Axial rows and columns, turned about z and then tilted about x."""
    a, t = math.radians(axis_deg), math.radians(tilt_deg)
    row = (math.cos(a), math.sin(a) * math.cos(t), math.sin(a) * math.sin(t))
    column = (-math.sin(a), math.cos(a) * math.cos(t), math.cos(a) * math.sin(t))
    return (*row, *column)


def stack(orientation: Orientation, distances_mm: tuple[float, ...]) -> tuple[Instance, ...]:
    """Slices along the normal of an orientation, numbered by distance."""
    normal = slice_normal(orientation)
    return tuple(
        replace(
            made.MASKED,
            orientation=orientation,
            position_mm=tuple(distance * n - 100.0 for n in normal),
            instance_number=number,
        )
        for number, distance in enumerate(distances_mm, start=1)
    )


def numbers(instances: tuple[Instance, ...]) -> list[int]:
    return [instance.instance_number for instance in instances]


@given(
    st.floats(-180, 180),
    st.floats(-60, 60),
    st.permutations([0, 1, 2, 3]),
    st.lists(st.floats(9.0, 12.0), min_size=3, max_size=3),
)
def test_oblique_slices_of_slightly_unequal_spacing_are_ordered_along_their_normal(
    axis_deg: float, tilt_deg: float, order: list[int], spacings_mm: list[float]
) -> None:
    distances = (0.0, spacings_mm[0], sum(spacings_mm[:2]), sum(spacings_mm))
    slices = stack(turned(axis_deg, tilt_deg), distances)
    assert numbers(order_slices(tuple(slices[i] for i in order))) == [1, 2, 3, 4]


@pytest.mark.parametrize("orientation", [AXIAL, FEET_FIRST, DECUBITUS, SAGITTAL])
def test_every_patient_position_is_ordered_along_its_own_normal(orientation: Orientation) -> None:
    assert numbers(order_slices(stack(orientation, (0.0, 10.0, 20.0))[::-1])) == [1, 2, 3]


def test_a_position_that_occurs_twice_is_named_with_its_images() -> None:
    with pytest.raises(GeometryError, match=r"same position twice \(images 2 and 3, by ImagePositionPatient\)"):
        order_slices(stack(AXIAL, (0.0, 10.0, 10.0, 20.0)))


def test_a_gap_in_oblique_slices_is_found() -> None:
    with pytest.raises(MissingSlicesError, match=r"^1 slice"):
        order_slices(stack(turned(20, 30), (0.0, 10.0, 30.0)))


@pytest.mark.parametrize(
    ("odd", "tag"),
    [
        ({"rows": 128}, "Rows"),
        ({"pixel_spacing_mm": None}, "PixelSpacing"),
        ({"pixel_spacing_mm": (1.5625, 1.6)}, "PixelSpacing"),
        ({"orientation": None}, "ImageOrientationPatient"),
        ({"orientation": FEET_FIRST}, "ImageOrientationPatient"),
        ({"position_mm": None}, "ImagePositionPatient"),
        ({"position_mm": (0.0, 0.0, math.nan)}, "ImagePositionPatient"),
        ({"field_of_view_mm": 320.0}, "PixelSpacing, but ReconstructionDiameter"),
    ],
)
@pytest.mark.parametrize("index", [0, 1])
def test_one_image_of_wrong_geometry_is_refused_with_the_element_that_is_wrong(
    odd: dict[str, object], tag: str, index: int
) -> None:
    slices = list(stack(AXIAL, (0.0, 10.0)))
    slices[index] = replace(slices[index], **odd)
    with pytest.raises(GeometryError, match=tag):
        order_slices(tuple(slices))


def test_placeholders_are_no_geometry() -> None:
    with pytest.raises(GeometryError, match=r"ImagePositionPatient \(0, 0, 0\) and PixelSpacing \(1, 1\)"):
        order_slices((replace(made.MASKED, position_mm=(0.0, 0.0, 0.0), pixel_spacing_mm=(1.0, 1.0)),))


@pytest.mark.parametrize("size", [(256, 256), (204, 256), (256, 204)])
def test_the_longer_side_of_a_cropped_or_padded_image_is_its_field_of_view(size: tuple[int, int]) -> None:
    image = replace(made.MASKED, rows=size[0], columns=size[1])
    for diameter_mm in (None, 0.0, 393.0, 400.0, 407.0):
        assert order_slices((replace(image, field_of_view_mm=diameter_mm),))
    for diameter_mm in (390.0, 411.0, 800.0):
        with pytest.raises(GeometryError, match="ReconstructionDiameter"):
            order_slices((replace(image, field_of_view_mm=diameter_mm),))


@given(st.floats(0.5, 2.0))
def test_a_voxel_size_that_contradicts_the_magnitude_images_is_found(factor: float) -> None:
    stiffness = made.series(made.MASKED, 7)
    spacing = 1.5625 * factor
    coarse = replace(made.MAGNITUDE, rows=102, columns=128, pixel_spacing_mm=(2 * spacing, 2 * spacing))
    if abs(factor - 1) < 0.019:
        check_extent(stiffness, made.series(coarse, 3), "magnitude series")
    elif abs(factor - 1) > 0.021:
        with pytest.raises(GeometryError, match=r"magnitude series .*PixelSpacing"):
            check_extent(stiffness, made.series(coarse, 3), "magnitude series")


def test_phase_offsets_at_one_position_are_one_slice() -> None:
    once = made.series(made.WAVE, 5)
    offsets = Series("1.2.5", 5, once.instances * 4)
    assert missing_slices(made.series(made.MASKED, 7), offsets) == 0
    assert missing_slices(made.series(made.MASKED, 7, (0.0, 10.0)), offsets) == 2


def test_slices_further_apart_than_their_headers_state_are_noted_with_both_distances() -> None:
    every_second = tuple(replace(image, spacing_between_slices_mm=9.0) for image in stack(AXIAL, (0.0, 18.0, 36.0)))
    (note,) = sparse_stack_note(order_slices(every_second))
    assert "18 mm apart" in note
    assert "SpacingBetweenSlices is 9 mm" in note
    for stated_mm in (None, 0.0, -9.0, 18.0, 15.0):
        told = tuple(replace(image, spacing_between_slices_mm=stated_mm) for image in every_second)
        assert not sparse_stack_note(told)
    assert not sparse_stack_note(every_second[:1])
