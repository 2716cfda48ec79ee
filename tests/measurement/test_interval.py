"""Claims about the interval: it holds the mean, widens with each error, and gives consistent probabilities."""

from __future__ import annotations

import json
import math
from dataclasses import asdict, replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from liver_mre.errors import SettingsError
from liver_mre.measurement.change import Prior, change_since
from liver_mre.measurement.interval import Z, interval_of, sampling_error, segmentation_error
from liver_mre.measurement.interval_file import load_calibrations
from liver_mre.measurement.profile_file import load_profile
from liver_mre.measurement.staging import (
    SIGNIFICANT_CUTOFF_KPA,
    category_probabilities,
    crossed_cutoffs,
    probability_at_least,
    stage,
)
from tests.volumes import make_volume

if TYPE_CHECKING:
    from pathlib import Path

CALIBRATION = load_calibrations()[0]
PROFILES = [load_profile(name) for name in ("resoundant_2019", "wu_2015", "liang_2023")]
stiffness = st.floats(0.5, 15)
errors = st.floats(0, 0.3)


@given(stiffness, errors, errors)
def test_an_interval_holds_its_mean_and_its_parts_add_up(mean_kpa: float, sampling: float, segmentation: float) -> None:
    found = interval_of(mean_kpa, sampling, segmentation, CALIBRATION)
    assert found.low_kpa < mean_kpa < found.high_kpa
    assert math.log(found.high_kpa / mean_kpa) == pytest.approx(Z * found.relative_sd, abs=1e-4)
    assert found.level == 0.95
    assert found.calibration == CALIBRATION.name


@given(stiffness, errors, errors, st.floats(0, 0.2))
def test_larger_errors_widen_the_interval(mean_kpa: float, sampling: float, segmentation: float, more: float) -> None:
    here = interval_of(mean_kpa, sampling, segmentation, CALIBRATION)
    for parts in ((sampling + more, segmentation), (sampling, segmentation + more)):
        wider = interval_of(mean_kpa, *parts, CALIBRATION)
        assert wider.low_kpa <= here.low_kpa
        assert wider.high_kpa >= here.high_kpa


@given(st.integers(1, 5), st.integers(0, 1000))
def test_more_slices_of_the_same_kind_lower_the_sampling_error(slices: int, seed: int) -> None:
    image = np.random.default_rng(seed).normal(3.0, 0.4, (1, 40, 40)).clip(0.5, 9)
    few = make_volume(np.repeat(image, slices, axis=0))
    more = make_volume(np.repeat(image, slices + 1, axis=0))
    errors = [sampling_error(one, np.ones(one.stiffness_kpa.shape, np.bool_), 4.0) for one in (few, more)]
    assert errors[1] == pytest.approx(errors[0] * math.sqrt(slices / (slices + 1)), rel=1e-6)


def test_the_sampling_error_is_that_of_independent_correlation_areas() -> None:
    """For uniform patches of the correlation area, the error is their SD over the root of their number."""
    patches = np.random.default_rng(1).normal(3.0, 0.5, (8, 8))
    volume = make_volume(np.kron(patches, np.ones((10, 10)))[None], pixel_spacing_mm=(2.0, 2.0))
    found = sampling_error(volume, np.ones((1, 80, 80), np.bool_), 4.0)
    assert found == pytest.approx(patches.std() / 8 / patches.mean(), rel=1e-6)


@settings(max_examples=30)
@given(st.floats(0.2, 5))
def test_the_sampling_error_does_not_depend_on_the_scale(factor: float) -> None:
    image = np.random.default_rng(0).normal(3.0, 0.4, (2, 30, 30)).clip(0.5)
    where = np.ones(image.shape, np.bool_)
    plain = sampling_error(make_volume(image), where, 4.0)
    assert sampling_error(make_volume(image * factor), where, 4.0) == pytest.approx(plain, rel=1e-5)


def test_the_segmentation_error_is_the_spread_between_outlines() -> None:
    assert segmentation_error(3.0, []) == 0.0
    assert segmentation_error(3.0, [3.0, 3.0]) == 0.0
    assert segmentation_error(3.0, [3.0 * math.exp(0.1), 3.0 * math.exp(-0.1)]) == pytest.approx(0.1)
    assert segmentation_error(3.0, [3.0, None]) > 0.1


@given(stiffness, errors, errors, st.sampled_from(PROFILES))
def test_probabilities_of_the_categories_sum_to_one(
    mean_kpa: float, sampling: float, segmentation: float, profile: object
) -> None:
    interval = interval_of(mean_kpa, sampling, segmentation, CALIBRATION)
    found = category_probabilities(mean_kpa, interval, profile)  # type: ignore[arg-type]
    assert sum(one.probability for one in found) == pytest.approx(1.0)
    assert all(0.0 <= one.probability <= 1.0 for one in found)


@given(stiffness, errors, st.floats(0.5, 12))
def test_half_of_the_probability_lies_above_the_mean_and_95_percent_inside(
    mean_kpa: float, sampling: float, cutoff_kpa: float
) -> None:
    interval = interval_of(mean_kpa, sampling, 0.0, CALIBRATION)
    assert probability_at_least(mean_kpa, interval, mean_kpa) == pytest.approx(0.5)
    above_low, above_high = (
        probability_at_least(mean_kpa, interval, limit_kpa) for limit_kpa in (interval.low_kpa, interval.high_kpa)
    )
    assert above_low - above_high == pytest.approx(0.95, abs=1e-3)
    higher = probability_at_least(mean_kpa, interval, cutoff_kpa * 1.1)
    assert higher <= probability_at_least(mean_kpa, interval, cutoff_kpa)


def test_a_stage_says_which_cutoffs_its_interval_crosses() -> None:
    interval = interval_of(2.82, 0.02, 0.01, CALIBRATION)
    found = stage(2.82, PROFILES[0], interval)
    assert SIGNIFICANT_CUTOFF_KPA in found.crossed_kpa
    assert 0.5 < (found.significant_probability or 0.0) < 0.9
    assert stage(2.82, PROFILES[0]).crossed_kpa == ()
    assert crossed_cutoffs(replace(interval, low_kpa=2.81, high_kpa=2.9), (2.8, 2.9, 3.5)) == (2.9,)


@given(stiffness, errors)
def test_the_category_of_the_mean_is_possible(mean_kpa: float, sampling: float) -> None:
    found = stage(mean_kpa, PROFILES[0], interval_of(mean_kpa, sampling, 0.0, CALIBRATION))
    likely = {one.category: one.probability for one in found.probabilities}
    assert likely[found.category] > 0.0


PRIOR = Prior(3.0, "20240301", "101500", ("app 1.0.0", "net 1.0"), "1.2.3", "1.2")


@pytest.mark.parametrize(
    ("now_kpa", "exceeds"), [(3.0, False), (3.56, False), (3.57, True), (2.43, True), (2.44, False)]
)
def test_a_change_exceeds_repeatability_from_19_percent_on(now_kpa: float, *, exceeds: bool) -> None:
    found = change_since(PRIOR, now_kpa, PRIOR.made_by)
    assert found.exceeds is exceeds
    assert found.kpa == pytest.approx(now_kpa - 3.0)
    assert found.percent == pytest.approx(100 * (now_kpa - 3.0) / 3.0, abs=1e-3)
    assert found.same_versions


def test_other_versions_are_flagged_and_a_prior_of_zero_is_refused() -> None:
    assert not change_since(PRIOR, 3.2, ("app 1.1.0", "net 1.0")).same_versions
    with pytest.raises(ValueError, match="no change can be given"):
        change_since(replace(PRIOR, stiffness_kpa=0.0), 3.0, ())


def test_a_calibration_that_is_damaged_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "interval.json"
    path.write_text('{"calibrations": [{"name": "x"}]}', encoding="utf-8")
    with pytest.raises(SettingsError, match="correlation_cm2"):
        load_calibrations(path)
    with pytest.raises(SettingsError, match="cannot be read"):
        load_calibrations(path.with_name("none.json"))
    whole = [asdict(one) for one in load_calibrations()]
    for wrong in ([], [whole[0], whole[0]], [whole[0], whole[1] | {"model": "another 1.0"}]):
        path.write_text(json.dumps({"calibrations": wrong}), encoding="utf-8")
        with pytest.raises(SettingsError, match="one network"):
            load_calibrations(path)
    path.write_text(json.dumps({"calibrations": [whole[0] | {"scales": [1.0]}]}), encoding="utf-8")
    with pytest.raises(SettingsError, match="as many"):
        load_calibrations(path)
