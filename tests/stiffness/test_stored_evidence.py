"""Stored values that no scanner writes, and pixels that stand where they do not belong."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from liver_mre.errors import ContradictoryImagesError
from liver_mre.stiffness.body_overlap import SHIFT_MARGIN, shift_gain
from liver_mre.stiffness.stored_evidence import MIN_VALUES, check_no_copy, check_signs, check_variety

IMAGES = [SimpleNamespace(instance_number=number) for number in (11, 12, 13)]


@pytest.fixture
def stored() -> np.ndarray:
    return np.random.default_rng(1).integers(0, 4000, (3, 16, 16)).astype(np.int16)


def test_a_computed_map_passes(stored: np.ndarray) -> None:
    check_signs(stored, IMAGES, "map")
    check_variety(stored, IMAGES, "map")
    check_no_copy(stored, stored[:, ::-1], "map", "phase series")


def test_a_negative_value_names_its_image_and_the_element_at_fault(stored: np.ndarray) -> None:
    stored[1, 2, 3] = -715
    with pytest.raises(ContradictoryImagesError, match=r"Image 12 of the map .* -715.*PixelRepresentation"):
        check_signs(stored, IMAGES, "map")


def test_two_slices_with_the_same_pixels_are_both_named(stored: np.ndarray) -> None:
    stored[2] = stored[0]
    with pytest.raises(ContradictoryImagesError, match="images 11 and 13 of the map"):
        check_variety(stored, IMAGES, "map")


def test_an_image_of_one_value_is_refused_and_an_empty_one_is_not(stored: np.ndarray) -> None:
    stored[1] = 0
    check_variety(stored, IMAGES, "map")
    stored[1] = 300
    with pytest.raises(ContradictoryImagesError, match="All pixels of image 12"):
        check_variety(stored, IMAGES, "map")


def test_images_drawn_in_a_few_values_may_repeat(stored: np.ndarray) -> None:
    check_variety(np.broadcast_to(stored[0] % (MIN_VALUES - 1), stored.shape), IMAGES, "map")


def test_a_map_with_the_pixels_of_signed_phases_is_recognised_without_their_sign(stored: np.ndarray) -> None:
    phases = stored - np.int16(2000)
    with pytest.raises(ContradictoryImagesError, match="has the pixels of the phase series"):
        check_no_copy(np.maximum(phases, 0).astype(np.uint16), phases[::-1], "map", "phase series")


def test_a_shift_is_seen_only_where_it_makes_two_outlines_coincide() -> None:
    y, x = np.mgrid[:96, :112]
    body = (((x - 56) / 45) ** 2 + ((y - 48) / 32) ** 2 < 1)[None]
    assert shift_gain(body, body) <= SHIFT_MARGIN
    assert shift_gain(np.roll(body, 3, 2), body) > SHIFT_MARGIN
    smaller = (((x - 50) / 30) ** 2 + ((y - 40) / 20) ** 2 < 1)[None]  # another outline, such as that of a masked map
    assert shift_gain(smaller, body) <= SHIFT_MARGIN
