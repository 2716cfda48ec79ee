"""Claims about the measured region: what each rule removes, that it is recorded, and that no rule adds a pixel."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import ndimage

from liver_mre.liver.shapes import dilate, erode, large_components, local_mean
from liver_mre.measurement.region import find_region
from liver_mre.measurement.region_rules import NO_RULES, RegionRules, Removal
from liver_mre.studies.study import Instance
from tests.volumes import make_mask, make_volume

if TYPE_CHECKING:
    from liver_mre.measurement.region import Region

SHAPE = (2, 14, 17)
SPACING_MM = (1.5, 2.0)
PIXEL_CM2 = 0.03
GENTLE = RegionRules(
    edge_mm=2.0, soft_share=0.6, bright_share=1.3, hot_share=1.5, hot_reach_mm=8.0, island_cm2=0.2, slice_cm2=0.4
)

masks = arrays(np.bool_, SHAPE)
blobs = arrays(np.float32, SHAPE, elements=st.floats(-1, 1, width=32)).map(
    lambda noise: ndimage.gaussian_filter(noise, (0, 1.5, 1.5)) > -0.02
)
stiffness_arrays = arrays(np.float32, SHAPE, elements=st.floats(0.5, 9, width=32))
rule_sets = st.builds(
    RegionRules,
    edge_mm=st.sampled_from((0.0, 1.5, 4.0)),
    soft_share=st.sampled_from((0.0, 0.6, 0.9)),
    bright_share=st.sampled_from((0.0, 1.2)),
    bright_margin_mm=st.sampled_from((0.0, 3.0)),
    hot_share=st.sampled_from((0.0, 1.1, 1.5)),
    hot_reach_mm=st.sampled_from((0.0, 10.0)),
    island_cm2=st.sampled_from((0.0, 0.2)),
    slice_cm2=st.sampled_from((0.0, 1.0)),
)


def region(stiffness: np.ndarray, liver: np.ndarray, rules: RegionRules, **more: object) -> Region:
    kinds = {name: more.pop(name) for name in ("valid", "confident") if name in more}
    return find_region(make_volume(stiffness, **kinds), make_mask(liver), rules, **more)  # type: ignore[arg-type]


def uniform_liver(stiffness_kpa: float = 3.0, shape: tuple[int, int, int] = (1, 60, 60)) -> np.ndarray:
    return np.full(shape, stiffness_kpa, np.float32)


@given(blobs, st.floats(0, 12))
def test_erosion_follows_the_distance_to_the_outline(mask: np.ndarray, distance_mm: float) -> None:
    padded = np.pad(mask, ((0, 0), (1, 1), (1, 1)))
    depth = np.stack([ndimage.distance_transform_edt(image, sampling=SPACING_MM) for image in padded])[:, 1:-1, 1:-1]
    depth = depth - sum(SPACING_MM) / 4
    clear = np.abs(depth - distance_mm) > 1e-6
    np.testing.assert_array_equal(erode(mask, distance_mm, SPACING_MM)[clear], (depth > distance_mm)[clear])


@pytest.mark.parametrize(("pixel_mm", "rim"), [(1.25, 4), (1.5, 3), (3.0, 2), (5.1, 1), (6.25, 1)])
def test_five_millimetres_of_rim_are_removed_for_every_pixel_size(pixel_mm: float, rim: int) -> None:
    mask = np.zeros((1, 30, 30), dtype=bool)
    mask[0, 2:28, 2:28] = True
    inside = erode(mask, 5.0, (pixel_mm, pixel_mm))[0]
    rows = np.flatnonzero(inside.any(axis=1))
    assert (int(rows[0]), int(rows[-1])) == (2 + rim, 27 - rim)


@given(blobs, st.floats(0, 12))
def test_a_dilated_mask_is_within_the_distance_of_the_mask(mask: np.ndarray, distance_mm: float) -> None:
    found = dilate(mask, distance_mm, SPACING_MM)
    for image, result in zip(mask, found, strict=True):
        if not image.any():
            assert not result.any()
            continue
        away = ndimage.distance_transform_edt(~image, sampling=SPACING_MM)
        clear = np.abs(away - distance_mm) > 1e-6
        np.testing.assert_array_equal(result[clear], (away <= distance_mm)[clear])


@given(masks, st.integers(0, 40))
def test_large_components_are_those_of_that_many_pixels(mask: np.ndarray, least: int) -> None:
    found = large_components(mask, least)
    for image, result in zip(mask, found, strict=True):
        labels, _ = ndimage.label(image)
        keep = np.bincount(labels.ravel()) >= least
        keep[0] = False
        np.testing.assert_array_equal(result, keep[labels])


@given(masks, st.floats(0, 30))
def test_removing_islands_twice_removes_nothing_more(mask: np.ndarray, least: float) -> None:
    once = large_components(mask, least)
    np.testing.assert_array_equal(large_components(once, least), once)


@given(stiffness_arrays, blobs)
def test_a_local_mean_depends_on_pixels_of_its_mask_only(values: np.ndarray, weight: np.ndarray) -> None:
    found = local_mean(values, weight, 2.0, SPACING_MM)
    altered = local_mean(np.where(weight, values, 99.0), weight, 2.0, SPACING_MM)
    np.testing.assert_array_equal(found, altered)
    if weight.any():
        inside = found[weight]
        assert inside.min() >= values[weight].min() * (1 - 1e-5)
        assert inside.max() <= values[weight].max() * (1 + 1e-5)


@settings(max_examples=60, deadline=None)
@given(stiffness_arrays, blobs, masks, masks, rule_sets, st.sets(st.integers(0, 1)))
def test_a_region_is_confident_liver_and_each_removed_pixel_has_one_reason(
    stiffness: np.ndarray,
    liver: np.ndarray,
    valid: np.ndarray,
    confident: np.ndarray,
    rules: RegionRules,
    excluded: set[int],
) -> None:
    magnitude = stiffness[::-1].copy()
    found = region(stiffness, liver, rules, valid=valid, confident=confident, magnitude=magnitude, excluded=excluded)
    candidates = liver & valid & confident
    assert not (found.pixels & ~candidates).any()
    np.testing.assert_array_equal(found.reasons > 0, candidates & ~found.pixels)
    total = found.area_cm2 + sum(one.area_cm2 for one in found.removed)
    assert total == pytest.approx(candidates.sum() * PIXEL_CM2)
    assert [one.reason for one in found.removed] == list(Removal)
    for one in found.removed:
        assert found.removed_by(one.reason).sum() * PIXEL_CM2 == pytest.approx(one.area_cm2)


@settings(max_examples=60, deadline=None)
@given(stiffness_arrays, blobs, rule_sets, st.floats(0, 4), st.sampled_from(("edge_mm", "island_cm2", "slice_cm2")))
def test_a_stricter_distance_or_area_never_adds_a_pixel(
    stiffness: np.ndarray, liver: np.ndarray, rules: RegionRules, more: float, name: str
) -> None:
    before = region(stiffness, liver, rules)
    after = region(stiffness, liver, replace(rules, **{name: getattr(rules, name) + more}))
    assert not (after.pixels & ~before.pixels).any()


@settings(max_examples=40, deadline=None)
@given(stiffness_arrays, blobs, rule_sets, st.floats(0.2, 5))
def test_a_region_does_not_depend_on_the_scale_of_stiffness(
    stiffness: np.ndarray, liver: np.ndarray, rules: RegionRules, factor: float
) -> None:
    flat = np.round(stiffness)  # away from the thresholds, where rounding would decide
    here = region(flat, liver, rules)
    there = region(flat * np.float32(2.0 ** round(factor)), liver, rules)
    np.testing.assert_array_equal(here.pixels, there.pixels)


@given(stiffness_arrays, masks, masks, masks)
def test_without_rules_all_confident_liver_is_measured(
    stiffness: np.ndarray, liver: np.ndarray, valid: np.ndarray, confident: np.ndarray
) -> None:
    found = region(stiffness, liver, NO_RULES, valid=valid, confident=confident)
    np.testing.assert_array_equal(found.pixels, liver & valid & confident)


def test_a_vessel_in_the_elastogram_is_removed_and_the_surrounding_liver_stays() -> None:
    stiffness = uniform_liver()
    stiffness[0, 28:33, 10:50] = 1.0
    found = region(stiffness, np.ones(stiffness.shape), replace(NO_RULES, soft_share=0.6))
    vessel = stiffness < 2.0
    assert found.removed_by(Removal.VESSEL)[vessel].mean() > 0.9
    assert not found.removed_by(Removal.VESSEL)[~vessel].any()


def test_a_bright_vessel_of_the_magnitude_is_removed_with_its_margin() -> None:
    stiffness = uniform_liver()
    magnitude = np.full(stiffness.shape, 100.0)
    magnitude[0, 29:32, :] = 200.0
    rules = replace(NO_RULES, bright_share=1.25, bright_margin_mm=3.0)
    found = region(stiffness, np.ones(stiffness.shape), rules, magnitude=magnitude)
    rows = np.flatnonzero(found.removed_by(Removal.VESSEL)[0, :, 30])
    assert {27, 28, 29, 30, 31, 32, 33} <= set(rows.tolist()) <= set(range(25, 36))


def test_coil_shading_is_no_vessel() -> None:
    stiffness = uniform_liver()
    shaded = np.broadcast_to(np.exp(-np.arange(60) * 2.0 / 60.0), stiffness.shape)
    found = region(stiffness, np.ones(stiffness.shape), replace(NO_RULES, bright_share=1.25), magnitude=shaded)
    assert not found.removed_by(Removal.VESSEL)[0, 8:-8, 8:-8].any()


@pytest.mark.parametrize(
    ("orientation", "place"),
    [
        ((1.0, 0.0, 0.0, 0.0, 1.0, 0.0), (slice(20, 28), slice(2, 8))),
        ((-1.0, 0.0, 0.0, 0.0, 1.0, 0.0), (slice(30, 38), slice(52, 58))),
        ((-1.0, 0.0, 0.0, 0.0, -1.0, 0.0), (slice(50, 58), slice(20, 28))),
    ],
    ids=["right at the left edge", "right at the right edge", "front at the bottom"],
)
def test_a_hot_spot_is_removed_under_the_driver_and_nowhere_else(
    orientation: tuple[float, ...], place: tuple[slice, slice]
) -> None:
    stiffness = uniform_liver()
    stiffness[0, place[0], place[1]] = 9.0
    stiffness[0, 26:34, 26:34] = 9.0  # deep in the liver: a lesion, not the driver
    volume = make_volume(stiffness)
    volume = replace(volume, instances=(Instance("", "1.2.1", "1.2", orientation=orientation),))
    rules = replace(NO_RULES, hot_share=1.5, hot_reach_mm=20.0)
    hot = find_region(volume, make_mask(np.ones(stiffness.shape)), rules).removed_by(Removal.HOT_SPOT)[0]
    assert hot[place].mean() > 0.7
    assert not hot[26:34, 26:34].any()


def test_slices_excluded_by_quality_are_not_measured_and_have_that_reason() -> None:
    stiffness = uniform_liver(shape=(3, 30, 30))
    found = region(stiffness, np.ones(stiffness.shape), NO_RULES, excluded=(1,))
    assert found.pixels.any(axis=(1, 2)).tolist() == [True, False, True]
    assert found.removed_by(Removal.QUALITY)[1].all()


def test_slices_excluded_by_quality_do_not_influence_the_median() -> None:
    stiffness = uniform_liver(shape=(4, 30, 30))
    soft = stiffness.copy()
    soft[0, 10:20, 10:20] *= 0.7  # no vessel beside this liver, but one beside a liver twice as stiff
    rules = replace(NO_RULES, soft_share=0.6)
    alone = region(soft[:1], np.ones(soft[:1].shape), rules)
    soft[1:] *= 2.0
    beside = region(soft, np.ones(soft.shape), rules, excluded=(1, 2, 3))
    assert beside.pixels[0].sum() == alone.pixels[0].sum() == soft[0].size
    assert not region(soft, np.ones(soft.shape), rules, excluded=range(4)).pixels.any()


def test_a_slice_with_a_small_remaining_area_is_not_measured() -> None:
    liver = np.zeros((2, 30, 30))
    liver[0], liver[1, :5, :5] = 1, 1
    found = region(uniform_liver(shape=(2, 30, 30)), liver, replace(NO_RULES, slice_cm2=1.0))
    assert found.pixels.any(axis=(1, 2)).tolist() == [True, False]
    assert found.removed_by(Removal.SMALL_SLICE)[1].sum() == 25


def test_an_exam_without_confident_liver_has_an_empty_region() -> None:
    found = region(uniform_liver(), np.zeros((1, 60, 60)), GENTLE)
    assert found.area_cm2 == 0.0
    assert all(one.area_cm2 == 0.0 for one in found.removed)


@pytest.mark.parametrize("name", [field.name for field in fields(RegionRules)])
def test_a_negative_value_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match=name):
        RegionRules(**{name: -1.0})


def test_shares_on_the_wrong_side_of_one_are_refused() -> None:
    for name, value in (("soft_share", 1.2), ("bright_share", 0.9), ("hot_share", 1.0)):
        with pytest.raises(ValueError, match=name):
            RegionRules(**{name: value})


def test_another_grid_is_refused() -> None:
    with pytest.raises(ValueError, match="magnitude"):
        region(uniform_liver(), np.ones((1, 60, 60)), GENTLE, magnitude=np.ones((1, 30, 30)))
