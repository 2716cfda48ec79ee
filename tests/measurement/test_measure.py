"""Claims about the measurement: known stiffness in, same stiffness out, whatever surrounds the liver."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from liver_mre.measurement.measure import measure
from liver_mre.measurement.region import confident_liver
from tests.volumes import make_mask, make_volume

if TYPE_CHECKING:
    from liver_mre.measurement.measure import StiffnessMeasurement

SHAPE = (3, 5, 4)
PIXEL_CM2 = 1.5 * 2.0 / 100
TOLERANCE_KPA = 1e-5  # results are given to 1e-5 kPa

stiffness_arrays = arrays(np.float32, SHAPE, elements=st.floats(0, 20, width=32))
masks = arrays(np.bool_, SHAPE)


def exam(stiffness: np.ndarray, liver: np.ndarray, **kinds: np.ndarray) -> StiffnessMeasurement:
    found = measure(make_volume(stiffness, **kinds), make_mask(liver))
    assume(found is not None)
    assert found is not None
    return found


@given(st.floats(0.1, 20), masks)
def test_a_uniform_liver_measures_its_stiffness_without_spread(stiffness_kpa: float, liver: np.ndarray) -> None:
    found = exam(np.where(liver, stiffness_kpa, 99.0), liver)
    values = (found.mean_kpa, found.median_kpa, found.p25_kpa, found.p75_kpa)
    assert values == pytest.approx((stiffness_kpa,) * 4, abs=2 * TOLERANCE_KPA)
    assert found.sd_kpa == 0
    assert found.area_cm2 == pytest.approx(liver.sum() * PIXEL_CM2)


@given(counts=st.integers(10, 2000), liver=masks)
def test_counts_of_a_hundredth_kpa_measure_exactly_that_decimal(counts: int, liver: np.ndarray) -> None:
    stored = np.full(SHAPE, counts, dtype=np.float32) * np.float32(0.01)
    assert exam(stored, liver).mean_kpa == counts / 100


@given(stiffness_arrays, masks, masks, masks)
def test_the_exam_mean_is_the_mean_of_all_measured_pixels(
    stiffness: np.ndarray, liver: np.ndarray, valid: np.ndarray, confident: np.ndarray
) -> None:
    found = exam(stiffness, liver, valid=valid, confident=confident)
    pixels = stiffness[liver & valid & confident].astype(np.float64)
    assert found.mean_kpa == pytest.approx(pixels.mean(), abs=TOLERANCE_KPA)
    assert found.sd_kpa == pytest.approx(pixels.std(), abs=TOLERANCE_KPA)
    assert (found.p25_kpa, found.median_kpa, found.p75_kpa) == pytest.approx(
        np.percentile(pixels, (25, 50, 75)), abs=TOLERANCE_KPA
    )
    assert found.area_cm2 == pytest.approx(len(pixels) * PIXEL_CM2)
    assert found.liver_area_cm2 == pytest.approx(liver.sum() * PIXEL_CM2)
    assert 0 < found.measurable_share <= 1


@given(stiffness_arrays, masks)
def test_the_exam_mean_weighs_slice_means_by_their_areas(stiffness: np.ndarray, liver: np.ndarray) -> None:
    found = exam(stiffness, liver)
    weighted = sum(s.stiffness_kpa_mean * s.area_cm2 for s in found.slices) / sum(s.area_cm2 for s in found.slices)
    assert found.mean_kpa == pytest.approx(weighted, abs=2 * TOLERANCE_KPA)
    assert sum(s.area_cm2 for s in found.slices) == pytest.approx(found.area_cm2)


@given(stiffness_arrays, masks, st.permutations(range(SHAPE[0])))
def test_the_order_of_slices_does_not_matter(stiffness: np.ndarray, liver: np.ndarray, order: list[int]) -> None:
    found = exam(stiffness, liver)
    volume = make_volume(stiffness)
    shuffled = replace(
        volume, stiffness_kpa=stiffness[order], instances=tuple(volume.instances[index] for index in order)
    )
    again = measure(shuffled, make_mask(liver[order]))
    assert again is not None
    assert again.mean_kpa == found.mean_kpa
    assert again.sd_kpa == pytest.approx(found.sd_kpa, abs=TOLERANCE_KPA)
    assert again.median_kpa == found.median_kpa
    by_image = {s.sop_instance_uid: replace(s, slice_index=0) for s in found.slices}
    assert {s.sop_instance_uid: replace(s, slice_index=0) for s in again.slices} == by_image


@given(stiffness_arrays, masks, st.floats(0.1, 10))
def test_results_scale_with_the_stiffness(stiffness: np.ndarray, liver: np.ndarray, factor: float) -> None:
    found = exam(stiffness, liver)
    scaled = exam(stiffness.astype(np.float64) * factor, liver)
    for name in ("mean_kpa", "sd_kpa", "median_kpa", "p25_kpa", "p75_kpa"):
        rounding_kpa = TOLERANCE_KPA * (1 + factor)
        assert getattr(scaled, name) == pytest.approx(getattr(found, name) * factor, rel=1e-5, abs=rounding_kpa)
    assert scaled.area_cm2 == found.area_cm2


@given(stiffness_arrays, masks, masks, masks, st.floats(0, 1000, width=32))
def test_pixels_outside_the_confident_liver_never_matter(
    stiffness: np.ndarray, liver: np.ndarray, valid: np.ndarray, confident: np.ndarray, other_kpa: float
) -> None:
    roi = liver & valid & confident
    altered = np.where(roi, stiffness, np.float32(other_kpa))
    kinds = {"valid": valid, "confident": confident}
    assert exam(stiffness, liver, **kinds) == exam(altered, liver, **kinds)


def test_the_area_follows_the_pixel_spacing() -> None:
    volume = make_volume(np.full((1, 10, 10), 3.0), pixel_spacing_mm=(2.0, 5.0))
    found = measure(volume, make_mask(np.ones((1, 10, 10))))
    assert found is not None
    assert found.area_cm2 == pytest.approx(10.0)


def test_slices_without_a_measurable_pixel_are_not_listed_but_their_liver_counts() -> None:
    liver = np.ones((3, 2, 2))
    confident = np.ones((3, 2, 2))
    confident[1] = 0
    found = measure(make_volume(np.full((3, 2, 2), 2.0), confident=confident), make_mask(liver))
    assert found is not None
    assert [(s.slice_index, s.sop_instance_uid) for s in found.slices] == [(0, "1.2.1"), (2, "1.2.3")]
    assert found.measurable_share == pytest.approx(2 / 3)


@pytest.mark.parametrize("missing", ["liver", "valid", "confident"])
def test_without_confident_liver_nothing_is_measured(missing: str) -> None:
    nowhere, everywhere = np.zeros(SHAPE), np.ones(SHAPE)
    kinds = {name: nowhere if name == missing else everywhere for name in ("valid", "confident")}
    liver = nowhere if missing == "liver" else everywhere
    assert measure(make_volume(np.full(SHAPE, 3.0), **kinds), make_mask(liver)) is None


def test_one_pixel_has_a_stiffness_and_no_spread() -> None:
    liver = np.zeros(SHAPE)
    liver[1, 2, 3] = 1
    found = measure(make_volume(np.full(SHAPE, 3.25)), make_mask(liver))
    assert found is not None
    assert (found.mean_kpa, found.sd_kpa) == (3.25, 0.0)
    assert not math.isnan(found.slices[0].stiffness_kpa_sd)


def test_a_mask_on_another_grid_is_refused() -> None:
    with pytest.raises(ValueError, match="shape"):
        confident_liver(make_volume(np.ones(SHAPE)), make_mask(np.ones((3, 4, 5))))
