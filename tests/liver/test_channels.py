"""Claims about the input channels of the network."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from liver_mre.liver.channels import ALL_CHANNELS, network_channels
from liver_mre.stiffness.magnitude import bright_magnitude

SHAPE = (2, 12, 10)


def _exam(seed: int = 1) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return rng.uniform(0.5, 12, SHAPE), rng.random(SHAPE) < 0.5, rng.uniform(100, 900, SHAPE)


def test_everything_is_stiffness_in_its_window_confident_pixels_and_magnitude() -> None:
    stiffness, confident, magnitude = _exam()
    found = network_channels(stiffness, confident, magnitude, masked=False)
    assert found.shape == (2, len(ALL_CHANNELS), 12, 10)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found[:, 0], np.minimum(stiffness / 8, 1), rtol=1e-6)
    np.testing.assert_array_equal(found[:, 1], confident)
    np.testing.assert_allclose(found[:, 2], np.minimum(magnitude / np.percentile(magnitude, 99), 1), rtol=1e-6)


def test_masked_stiffness_does_not_depend_on_pixels_under_the_mask() -> None:
    stiffness, confident, _ = _exam()
    found = network_channels(stiffness, confident, None, masked=True)
    other = network_channels(np.where(confident, stiffness, 7.0), confident, None, masked=True)
    np.testing.assert_array_equal(found, other)
    assert not found[:, 1:].any()
    scanner = network_channels(np.where(confident, stiffness, 0.0), None, None, masked=True)
    np.testing.assert_array_equal(found, scanner)


def test_an_absent_channel_is_zero() -> None:
    stiffness, confident, magnitude = _exam()
    assert not network_channels(stiffness, None, magnitude, masked=False)[:, 1].any()
    assert not network_channels(stiffness, confident, None, masked=False)[:, 2].any()


@given(st.floats(1e-3, 1e4))
@settings(max_examples=30)
def test_the_unit_of_the_magnitude_does_not_matter(factor: float) -> None:
    stiffness, _, magnitude = _exam(3)
    np.testing.assert_allclose(
        network_channels(stiffness, None, magnitude * factor, masked=False),
        network_channels(stiffness, None, magnitude, masked=False),
        rtol=1e-5,
    )


def test_the_size_of_the_air_around_the_body_does_not_change_the_magnitude() -> None:
    rng = np.random.default_rng(5)
    body = rng.uniform(300, 800, (1, 40, 40))
    wide = rng.rayleigh(5.0, (1, 64, 64))
    wide[:, 12:52, 12:52] = body
    assert bright_magnitude(wide) == pytest.approx(bright_magnitude(body), rel=1e-6)


def test_a_magnitude_without_signal_gives_an_empty_channel() -> None:
    assert not network_channels(np.ones(SHAPE), None, np.zeros(SHAPE), masked=False)[:, 2].any()


def test_arrays_of_different_shapes_are_refused() -> None:
    stiffness, confident, _ = _exam()
    with pytest.raises(ValueError, match="confident of shape"):
        network_channels(stiffness, confident[:1], None, masked=False)
