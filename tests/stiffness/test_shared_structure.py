"""Claims about the structure that two images of one body share."""

from __future__ import annotations

import numpy as np
import pytest

from liver_mre.stiffness.shared_structure import MAX_FLIP_GAIN, flip_gain

RNG = np.random.default_rng(4)
SHAPE = (4, 120, 160)
BODY = np.ones(SHAPE, np.bool_)
SPACING_MM = (2.0, 2.0)


def organs() -> np.ndarray:
    """Return the number of the organ of each pixel: patches of 24 mm, others in each slice."""
    return np.kron(RNG.integers(0, 6, (4, 10, 14)), np.ones((1, 12, 12), int))[:, :120, :160]


ORGANS = organs()
BRIGHTNESS, STIFFNESS_KPA = RNG.uniform(100.0, 900.0, 6), RNG.uniform(1.0, 6.0, 6)
MAGNITUDE = BRIGHTNESS[ORGANS] * RNG.uniform(0.9, 1.1, SHAPE)
STIFFNESS = STIFFNESS_KPA[ORGANS] * RNG.uniform(0.9, 1.1, SHAPE)


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_a_flipped_image_shares_less_and_flipping_it_back_gains(axis: int) -> None:
    limit = MAX_FLIP_GAIN[axis]
    assert flip_gain(MAGNITUDE, STIFFNESS, BODY, SPACING_MM, axis) < 0.0
    assert flip_gain(np.flip(MAGNITUDE, axis), STIFFNESS, BODY, SPACING_MM, axis) > limit


def test_the_units_of_the_images_do_not_matter() -> None:
    gain = flip_gain(MAGNITUDE, STIFFNESS, BODY, SPACING_MM, 0)
    assert flip_gain(MAGNITUDE * 7.0 + 3.0, STIFFNESS**2, BODY, SPACING_MM, 0) == pytest.approx(gain, rel=0.2)


def test_images_without_common_structure_gain_nothing_either_way() -> None:
    for axis in (0, 1, 2):
        other = organs()[:, :120, :140]
        found = flip_gain(MAGNITUDE[:, :, :140], other, BODY[:, :, :140], SPACING_MM, axis)
        assert abs(found) < 0.1


def test_a_single_slice_has_no_order_and_a_small_body_shows_too_little() -> None:
    assert flip_gain(MAGNITUDE[:1], STIFFNESS[:1], BODY[:1], SPACING_MM, 0) == 0.0
    small = np.zeros(SHAPE, np.bool_)
    small[:, 40:60, 40:60] = True
    assert flip_gain(MAGNITUDE, STIFFNESS, small, SPACING_MM, 1) == 0.0
