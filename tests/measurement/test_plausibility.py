"""Claims about results that no liver can have: they do not exist."""

from __future__ import annotations

import numpy as np
import pytest

from liver_mre.errors import ContradictoryImagesError, ImplausibleStiffnessError
from liver_mre.measurement.measure import measure
from liver_mre.measurement.plausibility import MAX_BODY_RATIO, MAX_SLICE_RATIO, check_measurement, check_range
from tests.volumes import make_mask, make_volume

SHAPE = (4, 20, 20)
LIVER = np.zeros(SHAPE, np.bool_)
LIVER[:, 6:15, 6:15] = True  # a fifth of each slice
NOISE = np.random.default_rng(1).uniform(-1.0, 1.0, SHAPE)
REST_KPA = 2.0


def check(
    liver_kpa: float, *, spread_kpa: float = 0.3, factors: tuple[float, ...] = (1, 1, 1, 1), whole: bool = False
) -> None:
    """Check a liver among other tissue; `factors` multiply the liver of each slice, or the whole slice."""
    stiffness = np.where(LIVER, liver_kpa + spread_kpa * NOISE, REST_KPA)
    by_slice = np.array(factors)[:, None, None]
    stiffness = stiffness * by_slice if whole else np.where(LIVER, stiffness * by_slice, stiffness)
    volume = make_volume(stiffness, pixel_spacing_mm=(5.0, 5.0))
    found = measure(volume, make_mask(LIVER))
    assert found is not None
    check_measurement(found, volume, found)


@pytest.mark.parametrize("liver_kpa", [1.0, 2.2, 12.0])
def test_livers_are_plausible(liver_kpa: float) -> None:
    check(liver_kpa)


@pytest.mark.parametrize("liver_kpa", [0.35, 22.0, 2200.0])
def test_a_stiffness_that_no_liver_has_is_refused(liver_kpa: float) -> None:
    with pytest.raises(ImplausibleStiffnessError, match=r"outside 0\.5-20 kPa"):
        check(liver_kpa, spread_kpa=0.1)


def test_a_mean_outside_the_range_is_refused_although_the_median_is_inside() -> None:
    stiffness = np.where(LIVER, 3.0, REST_KPA)
    stiffness[LIVER & (np.abs(NOISE) > 0.6)] = 60.0
    volume = make_volume(stiffness)
    found = measure(volume, make_mask(LIVER))
    assert found is not None
    assert found.median_kpa == 3.0
    with pytest.raises(ImplausibleStiffnessError, match="mean"):
        check_measurement(found, volume, found)


def test_a_spread_above_the_mean_is_refused_in_the_exam_and_in_a_slice() -> None:
    stiffness = np.where(LIVER, 2.0, REST_KPA)
    stiffness[1][LIVER[1] & (NOISE[1] > 0.9)] = 30.0
    volume = make_volume(stiffness)
    found = measure(volume, make_mask(LIVER))
    assert found is not None
    assert found.sd_kpa > found.mean_kpa or found.slices[1].stiffness_kpa_sd > found.slices[1].stiffness_kpa_mean
    with pytest.raises(ImplausibleStiffnessError, match="standard deviation"):
        check_measurement(found, volume, found)


@pytest.mark.parametrize("changed", [0, 2])
@pytest.mark.parametrize("inverse", [False, True])
@pytest.mark.parametrize(("limit", "whole"), [(MAX_SLICE_RATIO, False), (MAX_BODY_RATIO, True)])
def test_a_slice_whose_liver_or_body_is_unlike_the_others_is_refused(
    limit: float, changed: int, *, whole: bool, inverse: bool
) -> None:
    def factors(factor: float) -> tuple[float, ...]:
        return tuple((1.0 / factor if inverse else factor) if index == changed else 1.0 for index in range(4))

    check(3.0, factors=factors(0.9 * limit), whole=whole)
    with pytest.raises(ContradictoryImagesError, match="all over the body" if whole else "the liver would have"):
        check(3.0, factors=factors(1.1 * limit), whole=whole)


def test_stiffness_may_rise_from_slice_to_slice() -> None:
    check(3.0, factors=(1.0, 1.2, 1.45, 1.7), whole=True)


def test_two_slices_are_compared_with_each_other_and_one_with_none() -> None:
    for slices in (1, 2):
        stiffness = np.where(LIVER, 3.0, REST_KPA)[:slices]
        stiffness[-1] *= 4.0
        volume = make_volume(stiffness, pixel_spacing_mm=(5.0, 5.0))
        found = measure(volume, make_mask(LIVER[:slices]))
        assert found is not None
        if slices == 1:
            check_measurement(found, volume, found)
        else:
            with pytest.raises(ContradictoryImagesError):
                check_measurement(found, volume, found)


def test_a_slice_that_a_rule_removed_for_its_softness_is_compared_too() -> None:
    stiffness = np.where(LIVER, 3.0 + 0.3 * NOISE, REST_KPA) * np.array((1.0, 1.0, 0.5, 1.0))[:, None, None]
    volume = make_volume(stiffness, pixel_spacing_mm=(5.0, 5.0))
    kept = LIVER.copy()
    kept[2] = False
    found, whole = measure(volume, make_mask(LIVER), kept), measure(volume, make_mask(LIVER))
    assert found is not None
    assert whole is not None
    check_measurement(found, volume, found)
    with pytest.raises(ContradictoryImagesError, match="in the other slices"):
        check_measurement(found, volume, whole)


def test_a_region_whose_range_was_cut_is_refused() -> None:
    """A stiff liver in a map that ends at 4.7 kPa would read 4.7 kPa."""
    stiffness = np.where(LIVER, 3.0 + 1.5 * NOISE, REST_KPA)
    check_range(make_volume(stiffness), LIVER)
    check_range(make_volume(np.full(SHAPE, 3.0)), LIVER)
    with pytest.raises(ImplausibleStiffnessError, match=r"largest value, 4\.2 kPa"):
        check_range(make_volume(np.minimum(stiffness, 4.2)), LIVER)


def test_noise_that_is_softer_in_a_slice_is_no_change_of_scale() -> None:
    """Where few pixels are confident, what the inversion makes of noise differs from slice to slice."""
    stiffness = np.where(LIVER, 3.0 + 0.3 * NOISE, REST_KPA)
    stiffness[2][~LIVER[2]] *= 0.5
    volume = make_volume(stiffness, confident=LIVER, pixel_spacing_mm=(5.0, 5.0))
    found = measure(volume, make_mask(LIVER))
    assert found is not None
    check_measurement(found, volume, found)
