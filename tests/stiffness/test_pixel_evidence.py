"""Claims about pixels that no elastogram has."""

from __future__ import annotations

import numpy as np
import pytest

from liver_mre.errors import ContradictoryImagesError
from liver_mre.stiffness.pixel_evidence import LARGEST_KPA, looks_like_images, without_impossible_pixels
from tests.volumes import make_volume

RNG = np.random.default_rng(3)
ROWS, COLUMNS = np.mgrid[:48, :64]
BODY = np.broadcast_to(((ROWS - 24) / 20) ** 2 + ((COLUMNS - 32) / 28) ** 2 < 1, (3, 48, 64))
STIFFNESS = np.where(BODY, 2.5 + 0.8 * np.sin(COLUMNS / 6.0 + ROWS / 9.0) + RNG.normal(0.0, 0.05, BODY.shape), 0.0)


@pytest.mark.parametrize("count", [1, 5, 60])
def test_a_few_impossible_pixels_are_not_measured_and_noted_and_change_no_other(count: int) -> None:
    rows, columns = 20 + np.arange(count) // 10, 20 + np.arange(count) % 10
    stiffness = STIFFNESS.copy()
    stiffness[1, rows, columns] = 655.35
    volume = make_volume(stiffness, valid=BODY, confident=BODY)
    found = without_impossible_pixels(volume)
    expected = BODY.copy()
    expected[1, rows, columns] = False
    np.testing.assert_array_equal(found.confident, expected)
    assert f"{count} confident pixel" in found.notes[-1]


def test_impossible_pixels_without_confidence_change_nothing() -> None:
    noise = np.where(BODY, STIFFNESS, RNG.uniform(0.0, 600.0, STIFFNESS.shape))
    volume = make_volume(noise, confident=BODY)
    assert without_impossible_pixels(volume) is volume


def test_many_impossible_pixels_are_refused() -> None:
    stiffness = STIFFNESS.copy()
    stiffness[2, 20:30, 20:44] = LARGEST_KPA + 1.0
    with pytest.raises(ContradictoryImagesError, match=r"image 0 .* above 40 kPa"):
        without_impossible_pixels(make_volume(stiffness, valid=BODY, confident=BODY))


@pytest.mark.parametrize("dtype", ["<u2", "<i2"])
def test_counts_shifted_by_a_byte_are_refused(dtype: str) -> None:
    """A byte inserted half-way; signed values stay below the ceiling, but neighbours do not fit."""
    counts = (STIFFNESS * 1000.0).astype(dtype)
    raw = bytearray(counts[1].tobytes())
    raw.insert(len(raw) // 2, 7)
    counts[1] = np.frombuffer(bytes(raw[:-1]), dtype).reshape(counts[1].shape)
    stiffness = np.maximum(counts, 0) / 1000.0
    with pytest.raises(ContradictoryImagesError):
        without_impossible_pixels(make_volume(stiffness, valid=stiffness > 0, confident=BODY & (stiffness > 0)))


def test_images_have_contrast_and_neighbours_that_are_alike() -> None:
    assert looks_like_images(STIFFNESS)
    assert looks_like_images(STIFFNESS + RNG.normal(0.0, 0.1, STIFFNESS.shape))
    assert not looks_like_images(RNG.normal(100.0, 10.0, STIFFNESS.shape))
    constant = STIFFNESS.copy()
    constant[1] = 7.0
    assert not looks_like_images(constant)
    assert not looks_like_images(np.zeros_like(STIFFNESS))


@pytest.mark.parametrize("stiffness_kpa", [0.5, 6.5, 32.767])
def test_single_pixels_unlike_all_around_are_not_measured(stiffness_kpa: float) -> None:
    stiffness = STIFFNESS.copy()
    places = [(0, 20, 20), (1, 24, 30), (2, 30, 40)]
    for place in places:
        stiffness[place] = stiffness_kpa
    found = without_impossible_pixels(make_volume(stiffness, valid=BODY, confident=BODY))
    assert sorted(map(tuple, np.argwhere(BODY & ~found.confident).tolist())) == places
    assert "3 confident pixels 1.5-fold unlike all around" in found.notes[-1]


def test_the_wall_of_a_soft_vessel_or_a_stiff_lesion_stays() -> None:
    stiffness = STIFFNESS.copy()
    stiffness[1, 20:23, 10:50] = 0.9
    stiffness[2, 18:26, 28:36] = 9.0
    volume = make_volume(stiffness, valid=BODY, confident=BODY)
    assert without_impossible_pixels(volume) is volume


@pytest.mark.parametrize("side", [1, 2, 3])
def test_small_patches_that_no_inversion_resolves_are_not_measured(side: int) -> None:
    stiffness = STIFFNESS.copy()
    expected = BODY.copy()
    for row, column in ((18, 24), (24, 40), (30, 30)):
        stiffness[1, row : row + side, column : column + side] *= 4.0
        expected[1, row : row + side, column : column + side] = False
    found = without_impossible_pixels(make_volume(stiffness, valid=BODY, confident=BODY))
    np.testing.assert_array_equal(found.confident, expected)


def test_a_band_of_one_value_is_refused() -> None:
    stiffness = STIFFNESS.copy()
    stiffness[1, 20:32] = np.where(BODY[1, 20:32], 3.5, 0.0)
    with pytest.raises(ContradictoryImagesError, match="8 x 8 pixels has one value"):
        without_impossible_pixels(make_volume(stiffness, valid=BODY, confident=BODY))


@pytest.mark.parametrize("values", [np.where(BODY, 3.0, 0.0), np.where(BODY & (COLUMNS < 40), 5.1, STIFFNESS)])
def test_a_slice_that_mostly_has_one_value_is_refused(values: np.ndarray) -> None:
    with pytest.raises(ContradictoryImagesError, match="most confident pixels have one value"):
        without_impossible_pixels(make_volume(values, valid=BODY, confident=BODY))


def test_a_map_that_was_cut_to_few_bits_is_refused() -> None:
    cut = np.where(BODY, np.minimum(STIFFNESS, np.quantile(STIFFNESS[BODY], 0.2)), 0.0)
    with pytest.raises(ContradictoryImagesError, match="most confident pixels have one value"):
        without_impossible_pixels(make_volume(cut, valid=BODY, confident=BODY))
