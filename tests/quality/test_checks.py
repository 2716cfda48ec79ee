"""Physical numbers, features and limits."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from liver_mre.errors import ModelError
from liver_mre.quality.checks import compare, exam_numbers, slice_numbers
from liver_mre.quality.image import SIZE, quality_images
from liver_mre.quality.limits import DistanceModel, Limit, parse_limits
from liver_mre.quality.limits_file import load_limits
from liver_mre.quality.out_of_domain import WORDS, axiality, body_of, features, outside_limits, unusual_combination
from liver_mre.stiffness.waves import WaveMaps
from liver_mre.studies.study import Instance
from tests.quality.quality_factory import BODY, LIVER, STEP_MM, acquisition, liver_mask

if TYPE_CHECKING:
    from pathlib import Path

AREA_CM2 = LIVER.sum() * STEP_MM**2 / 100.0


def test_numbers_of_a_slice_are_those_of_its_pixels() -> None:
    shape = liver_mask().shape
    waves = WaveMaps(np.full(shape, 0.3, np.float32), np.full(shape, 0.1, np.float32), 4)
    numbers = slice_numbers(acquisition(), liver_mask(), 0, waves)
    assert numbers["confident_liver"] == pytest.approx(AREA_CM2)
    assert numbers["confident_share"] == 1.0
    assert numbers["hot_share"] == 0.0
    assert numbers["wave_amplitude"] == pytest.approx(0.3)
    assert numbers["wave_snr"] == pytest.approx(0.3 / (0.1 * np.sqrt(2.0 / 4.0)))
    assert numbers["phase_consistency"] == pytest.approx(0.045 / (0.045 + 0.01), rel=1e-5)


def test_what_an_acquisition_lacks_is_no_number_and_fails_no_check() -> None:
    numbers = slice_numbers(acquisition(), liver_mask(), 0)
    found = {
        check.name: check for check in compare(numbers, {"wave_snr": Limit(2.0, None), "hot_share": Limit(None, 0.1)})
    }
    assert np.isnan(found["wave_snr"].value)
    assert found["wave_snr"].passed is None
    assert found["hot_share"].passed is True


def test_slices_that_differ_do_not_agree() -> None:
    volume = acquisition()
    assert exam_numbers(volume, liver_mask(), (0, 1, 2))["slice_agreement"] == pytest.approx(0.0)
    volume.stiffness_kpa[1] *= 2.0
    means = np.array([3.0, 6.0, 3.0])
    assert exam_numbers(volume, liver_mask(), (0, 1, 2))["slice_agreement"] == pytest.approx(means.std() / means.mean())
    assert np.isnan(exam_numbers(volume, liver_mask(), (1,))["slice_agreement"])


def test_features_know_size_place_and_shape() -> None:
    found = features(acquisition(), liver_mask(), np.where(LIVER, 2.0, 1.0) * BODY * np.ones((3, 1, 1)))
    assert set(found) == set(WORDS)
    assert found["liver_cm2"] == pytest.approx(AREA_CM2)
    assert found["liver_x_mm"] == pytest.approx((24 - 39.5) * STEP_MM, abs=1.0)
    assert found["body_width_mm"] == pytest.approx(67 * STEP_MM)
    assert found["liver_overlap"] == 1.0
    assert found["magnitude_likeness"] == pytest.approx(1.0)
    assert found["confident_in_liver"] == 1.0


def test_signal_is_rougher_than_stiffness() -> None:
    volume = acquisition()
    smooth = features(volume, liver_mask())["roughness"]
    rng = np.random.default_rng(3)
    volume.stiffness_kpa[:] *= rng.uniform(0.8, 1.2, volume.stiffness_kpa.shape).astype(np.float32)
    assert features(volume, liver_mask())["roughness"] > smooth + 0.01


def test_outlines_agree_as_far_as_they_share_their_area() -> None:
    narrow, wide = liver_mask(), liver_mask()
    narrow[:, LIVER.argmax(axis=0).max() :] = False
    narrow[0], wide[1:] = wide[0], True
    same = features(acquisition(), liver_mask(), alternatives=(liver_mask(), liver_mask()))
    assert same["outline_agreement"] == 1.0
    share = np.count_nonzero(narrow) / np.count_nonzero(wide)
    assert features(acquisition(), liver_mask(), alternatives=(wide, narrow))["outline_agreement"] == share
    assert np.isnan(features(acquisition(), liver_mask())["outline_agreement"])
    nothing = np.zeros_like(wide)
    assert np.isnan(features(acquisition(), liver_mask(), alternatives=(nothing, nothing))["outline_agreement"])


def test_only_features_outside_their_limits_are_named() -> None:
    found = {"liver_cm2": 100.0, "axial": float("nan"), "body_width_mm": 900.0}
    limits = {"liver_cm2": Limit(50.0, 200.0), "axial": Limit(0.9, None), "body_width_mm": Limit(None, 450.0)}
    assert outside_limits(found, limits) == ("width of the body",)


def test_a_combination_is_unusual_though_each_feature_alone_is_not() -> None:
    names = ("body_width_mm", "body_depth_mm")
    # Correlated by 0.99: a wide body is a deep one.
    inverse = np.linalg.inv([[1.0, 0.99], [0.99, 1.0]])
    model = DistanceModel(
        names, (350.0, 230.0), (30.0, 20.0), (False, False), tuple(map(tuple, inverse.tolist())), 12.0
    )
    assert unusual_combination({"body_width_mm": 410.0, "body_depth_mm": 270.0}, (model,)) == ()
    assert len(unusual_combination({"body_width_mm": 380.0, "body_depth_mm": 210.0}, (model,))) == 2
    assert unusual_combination({"body_width_mm": float("nan"), "body_depth_mm": 210.0}, (model,)) == ()


def test_a_liver_is_compared_with_livers_segmented_from_the_same_channels() -> None:
    alone = DistanceModel(("liver_cm2",), (80.0,), (10.0,), (False,), ((1.0,),), 9.0, ("masked_stiffness",))
    everything = replace(alone, mean=(160.0,), channels=("stiffness", "confident", "magnitude"))
    assert unusual_combination({"liver_cm2": 165.0}, (alone, everything), everything.channels) == ()
    assert unusual_combination({"liver_cm2": 165.0}, (alone, everything), alone.channels) == ("size of the liver",)


def test_an_uncertain_outline_is_out_of_domain_where_that_input_gives_certain_ones() -> None:
    alone = DistanceModel(("liver_cm2",), (160.0,), (10.0,), (False,), ((1.0,),), 9.0, ("masked_stiffness",), 0.6)
    everything = replace(alone, channels=("stiffness", "confident", "magnitude"), least_agreement=0.8)
    found = {"liver_cm2": 165.0, "outline_agreement": 0.7}
    assert unusual_combination(found, (alone, everything), alone.channels) == ()
    assert unusual_combination(found, (alone, everything), everything.channels) == ("certainty of the liver's outline",)
    unknown = found | {"outline_agreement": float("nan")}
    assert unusual_combination(unknown, (alone, everything), everything.channels) == ()


@pytest.mark.parametrize(
    ("orientation", "least"),
    [
        ((1.0, 0.0, 0.0, 0.0, 1.0, 0.0), 1.0),
        ((1.0, 0.0, 0.0, 0.0, 0.0, -1.0), 0.0),
        ((-1.0, 0.0, 0.0, 0.0, 1.0, 0.0), -1.0),
    ],
)
def test_coronal_and_mirrored_slices_are_told_by_their_orientation(
    orientation: tuple[float, float, float, float, float, float], least: float
) -> None:
    assert axiality((Instance("", "1.2", "1.2", orientation=orientation),)) == pytest.approx(least)


def test_images_show_the_same_millimetres_whatever_the_matrix() -> None:
    fine = np.zeros((1, 204, 256), np.float32)
    fine[0, 90:110, 60:90] = 4.0
    coarse = fine[:, ::2, ::2]
    one = quality_images(fine, fine > 0, fine > 0, (1.5625, 1.5625))
    other = quality_images(coarse, coarse > 0, coarse > 0, (3.125, 3.125))
    assert one.shape == (1, 7, *SIZE)
    assert one[0, 1].sum() == pytest.approx(other[0, 1].sum(), rel=0.05)
    assert one[0, 1].sum() * 0.25 == pytest.approx(20 * 30 * 0.015625**2 * 100, rel=0.05)  # cm2
    assert not one[0, 3:].any()


def test_the_shipped_limits_can_be_read_and_say_where_they_come_from() -> None:
    limits = load_limits()
    assert set(limits.features) <= set(WORDS)
    assert "liver_slices" not in limits.features
    assert "simulated" in limits.evidence


def test_limits_that_cannot_be_kept_are_refused(tmp_path: Path) -> None:
    content = {
        "schema_version": "1.0",
        "evidence": "simulated",
        "model": "some network 1.0",
        "least_confident_cm2": 1.0,
        "slice": {"hot_share": [2.0, 1.0]},
        "exam": {},
        "familiar": {},
        "typical": [],
    }
    with pytest.raises(ModelError, match="low limit above"):
        parse_limits(content, ModelError)
    path = tmp_path / "limits.json"
    path.write_text(json.dumps({**content, "slice": {"hot_share": [1.0]}}))
    with pytest.raises(ModelError, match="needs"):
        load_limits(path)


def test_the_body_around_a_masked_elastogram_is_seen_in_the_magnitude() -> None:
    whole = acquisition()
    alone = replace(
        whole, valid=whole.confident, stiffness_kpa=np.where(whole.confident, whole.stiffness_kpa, 0), masked=True
    )
    magnitude = (np.where(LIVER, 5.0, 60.0) * BODY + 1.0) * np.ones((3, 1, 1))
    assert np.isnan(features(alone, liver_mask())["body_width_mm"])
    found, expected = features(alone, liver_mask(), magnitude), features(whole, liver_mask())
    for name in ("body_width_mm", "body_depth_mm"):
        assert found[name] == pytest.approx(expected[name], abs=2 * STEP_MM)
    for name in ("liver_in_body_x", "liver_in_body_y"):
        assert found[name] == pytest.approx(expected[name], abs=0.05)
    assert np.isnan(found["body_kpa"])


def test_air_is_no_body() -> None:
    noise = np.random.default_rng(3).rayleigh(1.0, (3, 60, 80))
    assert not body_of(noise + 60.0 * BODY, (STEP_MM, STEP_MM))[:, :4, :4].any()
    assert not body_of(np.zeros((3, 60, 80)), (STEP_MM, STEP_MM)).any()
