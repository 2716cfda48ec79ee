"""Claims about the network's input and about bringing its answer back to the scanner's pixels."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from liver_mre.core.preprocess import native_mask, network_input
from tests.core.volumes import make_volume

SHAPES = [(256, 204), (256, 256), (128, 96), (64, 512)]


@pytest.mark.parametrize("shape", SHAPES)
def test_the_input_equals_monais_window_and_bilinear_resize(shape: tuple[int, int]) -> None:
    pytest.importorskip("monai", reason="MONAI is not installed: its transforms cannot be compared with")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what MONAI's optional packages say while they are imported
        from monai.transforms import Compose, Resize, ScaleIntensityRange

    rng = np.random.default_rng(5)
    stiffness = rng.uniform(-1, 12, (3, *shape)).astype(np.float32)
    confident = rng.random(stiffness.shape) < 0.4
    reference = Compose(
        [
            ScaleIntensityRange(0, 8, 0, 1, clip=True),
            Resize((512, 512), mode="bilinear", align_corners=False),
        ]
    )
    expected = np.asarray(reference(np.where(confident, stiffness, 0)))
    found = network_input(make_volume(stiffness, confident=confident))
    assert found.shape == (3, 1, 512, 512)
    np.testing.assert_allclose(found[:, 0], expected, atol=1e-5)


def test_stiffness_below_the_confidence_threshold_never_reaches_the_network() -> None:
    rng = np.random.default_rng(2)
    stiffness = rng.uniform(0, 8, (2, 20, 30))
    confident = rng.random(stiffness.shape) < 0.5
    altered = np.where(confident, stiffness, 7.7)
    np.testing.assert_array_equal(
        network_input(make_volume(stiffness, confident=confident)),
        network_input(make_volume(altered, confident=confident)),
    )


@given(st.floats(0, 30), st.floats(0, 4), st.floats(4.5, 20))
@settings(max_examples=50)
def test_a_uniform_slice_is_its_place_in_the_window(stiffness_kpa: float, low_kpa: float, high_kpa: float) -> None:
    found = network_input(make_volume(np.full((1, 7, 5), stiffness_kpa)), window_kpa=(low_kpa, high_kpa), size=(16, 24))
    place = min(max((stiffness_kpa - low_kpa) / (high_kpa - low_kpa), 0), 1)
    assert found.shape == (1, 1, 16, 24)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, place, atol=1e-5)


def test_rows_stay_rows_and_columns_stay_columns() -> None:
    stiffness = np.zeros((1, 40, 20))
    stiffness[0, :10, -5:] = 8.0
    found = network_input(make_volume(stiffness))[0, 0]
    assert found[5, -5] == 1.0
    assert found[-5, 5] == 0.0
    rows, columns = np.nonzero(found > 0.5)
    assert rows.max() == 127
    assert columns.min() == 384


def test_a_larger_image_is_averaged_so_that_no_pixel_is_skipped() -> None:
    checkerboard = np.indices((64, 64)).sum(axis=0) % 2 * 8.0
    found = network_input(make_volume(checkerboard[np.newaxis]), size=(16, 16))
    np.testing.assert_allclose(found[0, 0, 2:-2, 2:-2], 0.5, atol=0.02)


@pytest.mark.parametrize("shape", SHAPES)
def test_a_mask_comes_back_where_it_was_predicted(shape: tuple[int, int]) -> None:
    rows, columns = shape
    row, column = np.indices(shape)
    disc = ((row / rows - 0.4) / 0.2) ** 2 + ((column / columns - 0.6) / 0.3) ** 2 < 1
    probability = network_input(make_volume(disc[np.newaxis] * 8.0))[:, 0]
    back = native_mask(probability, shape)
    assert back.dtype == np.bool_
    dice = 2 * (back[0] & disc).sum() / (back[0].sum() + disc.sum())
    assert dice > 0.98


@given(st.floats(0.01, 0.99))
def test_the_threshold_itself_is_liver(threshold: float) -> None:
    exact = float(np.float32(threshold))
    probability = np.full((1, 8, 8), exact, dtype=np.float32)
    assert native_mask(probability, (8, 8), threshold=exact).all()
    assert not native_mask(probability, (8, 8), threshold=float(np.nextafter(np.float32(exact), np.float32(2)))).any()


def test_each_slice_keeps_its_own_mask() -> None:
    probability = np.stack([np.zeros((8, 8)), np.ones((8, 8)), np.zeros((8, 8))]).astype(np.float32)
    assert native_mask(probability, (4, 6)).any(axis=(1, 2)).tolist() == [False, True, False]
