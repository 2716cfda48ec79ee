from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from liver_mre.errors import GeometryError, MissingSlicesError, UnknownUnitError
from liver_mre.series.acquisition import UnitEvidence
from liver_mre.series.stack import order_slices
from liver_mre.stiffness.assembly import assemble
from liver_mre.studies.study import RealWorldMapping
from tests.series import study_factory as made

if TYPE_CHECKING:
    from liver_mre.studies.study import Instance

SMALL = replace(made.MASKED, rows=2, columns=3, pixel_spacing_mm=(100.0, 100.0))
CENTI_KPA = UnitEvidence(0.01, 0.0, "vendor_rule", "test")


def stack(*z_mm: float, template: Instance = made.MASKED) -> tuple[Instance, ...]:
    return made.series(template, 7, z_mm).instances


def heights(instances: tuple[Instance, ...]) -> list[float]:
    return [instance.position_mm[2] for instance in instances if instance.position_mm]


def test_stored_counts_become_exact_kpa_without_truncation() -> None:
    stored = np.array([[[250, 251, 1], [0, 65535, 333]]], dtype=np.uint16)
    volume = assemble(stored, stack(0.0, template=SMALL), CENTI_KPA)
    assert volume.stiffness_kpa.dtype == np.float32
    expected = np.array([[[2.5, 2.51, 0.01], [0.0, 655.35, 3.33]]], dtype=np.float32)
    np.testing.assert_array_equal(volume.stiffness_kpa, expected)


@given(st.integers(1, 65535))
def test_a_count_is_as_close_to_its_kpa_as_float32_can_be(count: int) -> None:
    stored = np.full((1, 2, 3), count, dtype=np.uint16)
    volume = assemble(stored, stack(0.0, template=SMALL), CENTI_KPA)
    assert volume.stiffness_kpa[0, 0, 0] == np.float32(count * 0.01)


def test_stored_zero_is_not_measured_even_where_the_unit_has_an_offset() -> None:
    stored = np.array([[[0, 100, 0], [0, 0, 200]]], dtype=np.uint16)
    volume = assemble(stored, stack(0.0, template=SMALL), UnitEvidence(0.01, 0.5, "rescale_type", "test"))
    np.testing.assert_array_equal(volume.valid, stored > 0)
    assert not volume.stiffness_kpa[~volume.valid].any()
    np.testing.assert_allclose(volume.stiffness_kpa[volume.valid], [1.5, 2.5])


def test_negative_and_undefined_values_are_not_measured() -> None:
    stored = np.array([[[-5.0, np.nan, np.inf], [250.0, 0.0, 1.0]]])
    volume = assemble(stored, stack(0.0, template=SMALL), CENTI_KPA)
    np.testing.assert_array_equal(volume.valid[0], [[False, False, False], [True, False, True]])
    assert np.isfinite(volume.stiffness_kpa).all()


def test_a_masked_series_is_confident_wherever_it_is_measured() -> None:
    stored = np.array([[[0, 1, 2], [3, 0, 5]]], dtype=np.uint16)
    volume = assemble(stored, stack(0.0, template=SMALL), CENTI_KPA)
    np.testing.assert_array_equal(volume.confident, volume.valid)


def test_a_confidence_map_decides_at_the_threshold_and_only_where_measured() -> None:
    stored = np.array([[[100, 100, 100], [100, 0, 100]]], dtype=np.uint16)
    confidence = np.array([[[0.95, 0.949, 1.0], [0.0, 1.0, 0.96]]])
    volume = assemble(stored, stack(0.0, template=SMALL), CENTI_KPA, confidence=confidence)
    np.testing.assert_array_equal(volume.confident[0], [[True, False, True], [False, False, True]])


@pytest.mark.parametrize(("first", "last"), [(1, 3), (2, 4), (5, 0)])
def test_a_real_world_mapping_that_does_not_hold_for_every_measured_pixel_is_refused(first: int, last: int) -> None:
    mapping = RealWorldMapping("kPa", 0.01, 0.0, first, last)
    stored = np.array([[[0, 1, 2], [3, 4, 0]]], dtype=np.uint16)
    instances = stack(0.0, template=replace(SMALL, real_world=(mapping,)))
    with pytest.raises(UnknownUnitError, match=f"from {first} to {last}.*from 1 to 4"):
        assemble(stored, instances, replace(CENTI_KPA, source="real_world_mapping"))
    assert assemble(stored, instances, replace(CENTI_KPA, source="override")).valid.sum() == 4


def test_a_real_world_mapping_need_not_cover_zeros() -> None:
    mapping = RealWorldMapping("kPa", 0.01, 0.0, 1, 4)
    stored = np.array([[[0, 1, 2], [3, 4, 0]]], dtype=np.uint16)
    instances = stack(0.0, template=replace(SMALL, real_world=(mapping,)))
    volume = assemble(stored, instances, replace(CENTI_KPA, source="real_world_mapping"))
    np.testing.assert_array_equal(volume.valid, stored > 0)


def test_pixels_of_another_size_than_the_headers_say_are_refused() -> None:
    with pytest.raises(GeometryError):
        assemble(np.ones((1, 3, 2)), stack(0.0, template=SMALL), CENTI_KPA)


@given(st.permutations([-10.0, 0.0, 10.0, 20.0]))
def test_slices_are_ordered_along_the_normal_whatever_their_order(z_mm: list[float]) -> None:
    assert heights(order_slices(stack(*z_mm))) == [-10.0, 0.0, 10.0, 20.0]


def test_the_order_follows_the_normal_and_not_the_z_axis() -> None:
    feet_first = replace(made.MASKED, orientation=(1.0, 0.0, 0.0, 0.0, -1.0, 0.0))
    assert heights(order_slices(stack(0.0, 10.0, 20.0, template=feet_first))) == [20.0, 10.0, 0.0]


@given(st.floats(-1e-2, 1e-2), st.floats(4.0, 20.0))
def test_small_irregularities_of_spacing_are_accepted(jitter_mm: float, spacing_mm: float) -> None:
    assert len(order_slices(stack(0.0, spacing_mm + jitter_mm, 2 * spacing_mm))) == 3


@pytest.mark.parametrize(
    ("z_mm", "missing"), [((0.0, 10.0, 30.0), 1), ((0.0, 30.0, 40.0), 2), ((0.0, 20.0, 30.0, 50.0), 2)]
)
def test_a_gap_says_how_many_slices_are_missing(z_mm: list[float], missing: int) -> None:
    with pytest.raises(MissingSlicesError, match=f"^{missing} slice"):
        order_slices(stack(*z_mm))


def test_two_images_at_one_position_are_refused() -> None:
    with pytest.raises(GeometryError, match="same position"):
        order_slices(stack(0.0, 10.0, 10.1))


@pytest.mark.parametrize(
    "odd",
    [
        {"rows": 128},
        {"pixel_spacing_mm": (1.5625, 1.6)},
        {"pixel_spacing_mm": None},
        {"orientation": None},
        {"orientation": (1.0, 0.0, 0.0, 0.0, 0.0, -1.0)},
        {"position_mm": None},
    ],
)
@pytest.mark.parametrize("index", [0, 2])
def test_one_image_with_missing_or_different_geometry_is_refused(odd: dict[str, object], index: int) -> None:
    instances = list(stack(0.0, 10.0, 20.0))
    instances[index] = replace(instances[index], **odd)
    with pytest.raises(GeometryError):
        order_slices(tuple(instances))


@pytest.mark.parametrize(
    "odd",
    [
        {"pixel_spacing_mm": (1.0, 0.0)},
        {"pixel_spacing_mm": (0.5, 0.5)},
        {"pixel_spacing_mm": (15.6, 15.6)},
        {"orientation": (1.0, 0.0, 0.0, 1.0, 0.0, 0.0)},
        {"orientation": (2.0, 0.0, 0.0, 0.0, 1.0, 0.0)},
    ],
)
def test_geometry_that_no_abdomen_has_is_refused(odd: dict[str, object]) -> None:
    with pytest.raises(GeometryError):
        order_slices(stack(0.0, 10.0, template=replace(made.MASKED, **odd)))


def test_each_slice_may_have_a_scale_of_its_own() -> None:
    stored = np.full((2, 2, 3), 200, dtype=np.uint16)
    units = (CENTI_KPA, UnitEvidence(0.02, 0.5, "rescale_type", "test"))
    volume = assemble(stored, stack(0.0, 10.0, template=SMALL), CENTI_KPA, per_slice=units)
    assert volume.stiffness_kpa[:, 0, 0].tolist() == [2.0, 4.5]
    with pytest.raises(GeometryError, match="1 scales are known for 2"):
        assemble(stored, stack(0.0, 10.0, template=SMALL), CENTI_KPA, per_slice=units[:1])


def test_the_range_of_a_mapping_is_checked_for_the_slices_that_use_it() -> None:
    stored = np.full((2, 2, 3), 200, dtype=np.uint16)
    mapped = replace(SMALL, real_world=(RealWorldMapping("kPa", 0.01, 0.0, 1, 100),))
    units = (CENTI_KPA, replace(CENTI_KPA, source="real_world_mapping"))
    with pytest.raises(UnknownUnitError, match="from 1 to 100"):
        assemble(stored, stack(0.0, 10.0, template=mapped), CENTI_KPA, per_slice=units)
    assert assemble(stored, stack(0.0, 10.0, template=mapped), CENTI_KPA).valid.all()
