"""Claims about the network's input and about its output on the scanner's pixel grid."""

from __future__ import annotations

import warnings
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from liver_mre.liver.channels import network_channels
from liver_mre.liver.framing import View, available_channels, native_mask, network_input, view_of
from tests.volumes import make_volume

if TYPE_CHECKING:
    from liver_mre.stiffness.volume import StiffnessVolume

SHAPES = [(256, 204), (256, 256), (128, 96), (64, 512)]


@pytest.mark.slow  # imports MONAI
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


FIELD_OF_VIEW_MM = (318.75, 400.0)


def body(rows: int, columns: int, pixel_mm: float, centre_mm: tuple[float, float] = (0.0, 0.0)) -> np.ndarray:
    """Return a body of 220 x 340 mm, 3 kPa, with a 60 mm disc of 6 kPa to the right of its middle."""
    y = (np.arange(rows) - (rows - 1) / 2)[:, None] * pixel_mm - centre_mm[0]
    x = (np.arange(columns) - (columns - 1) / 2)[None] * pixel_mm - centre_mm[1]
    image = np.where((y / 110) ** 2 + (x / 170) ** 2 < 1, 3.0, 0.0)
    return np.where(y**2 + (x + 70) ** 2 < 30**2, 6.0, image)[np.newaxis]


def input_of(stiffness: np.ndarray, pixel_mm: float) -> np.ndarray:
    volume = make_volume(stiffness, valid=stiffness > 0, pixel_spacing_mm=(pixel_mm, pixel_mm))
    return network_input(volume, view=view_of(volume, FIELD_OF_VIEW_MM))[0, 0]


def test_a_padded_image_gives_the_network_the_same_input() -> None:
    image = body(204, 256, 1.5625)
    padded = np.pad(image, ((0, 0), (26, 26), (0, 0)))
    np.testing.assert_array_equal(input_of(padded, 1.5625), input_of(image, 1.5625))
    np.testing.assert_array_equal(input_of(image, 1.5625), network_input(make_volume(image))[0, 0])


@pytest.mark.parametrize(("rows", "columns", "pixel_mm"), [(256, 256, 1.4), (128, 128, 3.125), (512, 512, 0.78)])
def test_the_body_has_its_physical_size_in_the_input_whatever_the_matrix(
    rows: int, columns: int, pixel_mm: float
) -> None:
    expected = input_of(body(204, 256, 1.5625), 1.5625)
    found = input_of(body(rows, columns, pixel_mm), pixel_mm)
    differing = np.mean(np.abs(found - expected) > 0.1)
    assert differing < 0.02  # the rims, half a coarse pixel wide


def test_a_body_off_the_centre_of_the_image_is_not_cut_off() -> None:
    image = body(256, 256, 1.5625, centre_mm=(85.0, 0.0))
    area = (image > 0).sum() * 1.5625**2
    pixel_area = FIELD_OF_VIEW_MM[0] * FIELD_OF_VIEW_MM[1] / 512**2
    assert (input_of(image, 1.5625) > 0).sum() * pixel_area == pytest.approx(area, rel=0.02)


def test_the_view_is_enlarged_for_a_body_larger_than_it() -> None:
    wide = np.where(np.abs(np.arange(128) - 63.5) < 50, 3.0, 0.0)[None, None] * np.ones((1, 60, 1))
    volume = make_volume(wide, valid=wide > 0, pixel_spacing_mm=(4.5, 4.5))
    view = view_of(volume, FIELD_OF_VIEW_MM)
    assert view.columns == pytest.approx(100)
    assert view.left == pytest.approx(14)
    assert view.rows / view.columns == pytest.approx(318.75 / 400)


@given(st.floats(-40, 40), st.floats(-40, 40), st.floats(0.6, 1.6))
@settings(max_examples=25)
def test_a_mask_predicted_in_a_view_returns_to_the_same_pixels(top: float, left: float, scale: float) -> None:
    disc = body(120, 150, 2.6)
    view = View(top, left, 120 * scale, 150 * scale)
    volume = make_volume(np.where(disc > 5, 8.0, 0.0))
    back = native_mask(network_input(volume, view=view)[:, 0], (120, 150), view=view)[0]
    rows, columns = np.ogrid[:120, :150]
    inside = (rows > top) & (rows < top + view.rows - 1) & (columns > left) & (columns < left + view.columns - 1)
    differing = np.count_nonzero(back != ((disc[0] > 5) & inside))
    assert differing <= 60  # its rim


EVERYTHING = ("stiffness", "confident", "magnitude")


def exam_volume(**more: object) -> StiffnessVolume:
    rng = np.random.default_rng(9)
    stiffness = rng.uniform(0.5, 9, (2, 20, 24))
    volume = make_volume(stiffness, confident=rng.random(stiffness.shape) < 0.5)
    return replace(volume, **more)


def test_a_network_of_three_channels_gets_all_images_of_the_exam() -> None:
    magnitude = np.random.default_rng(4).uniform(100, 900, (2, 20, 24)).astype(np.float32)
    volume = exam_volume(magnitude=magnitude)
    found = network_input(volume, channels=EVERYTHING, size=(20, 24))
    expected = network_channels(volume.stiffness_kpa, volume.confident, magnitude, masked=False)
    np.testing.assert_allclose(found, expected, atol=1e-6)
    assert available_channels(volume, EVERYTHING) == EVERYTHING
    without = replace(volume, magnitude=None)
    np.testing.assert_array_equal(network_input(without, channels=EVERYTHING, size=(20, 24))[:, :2], found[:, :2])
    assert not network_input(without, channels=EVERYTHING)[:, 2].any()
    assert available_channels(without, EVERYTHING) == ("stiffness", "confident")


def test_a_masked_elastogram_hides_pixels_under_the_mask_and_has_no_confidence() -> None:
    volume = exam_volume(masked=True)
    found = network_input(volume, channels=EVERYTHING, size=(20, 24))
    alone = network_input(volume, size=(20, 24))
    np.testing.assert_array_equal(found[:, :1], alone)
    assert not found[:, 1:].any()
    assert (
        available_channels(volume, EVERYTHING)
        == available_channels(volume, ("masked_stiffness",))
        == ("masked_stiffness",)
    )


def test_unmasked_stiffness_is_the_input_with_the_mask_as_confident_pixels() -> None:
    unmasked = exam_volume()
    left = unmasked.confident
    masked = replace(
        unmasked,
        stiffness_kpa=np.where(left, unmasked.stiffness_kpa, np.float32(0.0)),
        valid=left,
        masked=True,
        unmasked_kpa=unmasked.stiffness_kpa,
    )
    for field_of_view_mm in (None, (30.0, 30.0)):
        found, expected = (
            network_input(each, channels=EVERYTHING, view=view_of(each, field_of_view_mm))
            for each in (masked, unmasked)
        )
        np.testing.assert_array_equal(found, expected)
    np.testing.assert_array_equal(network_input(masked), network_input(unmasked))
    assert available_channels(masked, EVERYTHING) == ("stiffness", "confident")


def test_unknown_channels_are_refused() -> None:
    with pytest.raises(ValueError, match="wave"):
        network_input(exam_volume(), channels=("wave",))
