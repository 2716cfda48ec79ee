"""Phase images in, waves out."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from liver_mre.stiffness.waves import compress_amplitude, expand_amplitude, wave_maps


def wrapped(phase: np.ndarray) -> np.ndarray:
    return np.angle(np.exp(1j * phase))


@given(st.floats(0.0, 2.0), st.floats(-3.1, 3.1), st.floats(-3.1, 3.1), st.sampled_from([4, 6, 8]))
def test_amplitude_is_found_through_wraps_and_background(
    amplitude: float, start: float, background: float, offsets: int
) -> None:
    turn = 2.0 * np.pi * np.arange(offsets) / offsets
    phase = wrapped(amplitude * np.cos(turn + start) + background).reshape(offsets, 1, 1, 1)
    maps = wave_maps(phase)
    assert maps.amplitude_rad.item() == pytest.approx(amplitude, abs=1e-4)
    assert maps.residual_rad.item() == pytest.approx(0.0, abs=1e-4)


def test_noise_is_no_wave_and_its_size_is_told() -> None:
    rng = np.random.default_rng(1)
    maps = wave_maps(rng.normal(0.0, 0.05, (8, 1, 100, 100)))
    assert np.sqrt((maps.residual_rad**2).mean()) == pytest.approx(0.05, rel=0.03)
    # A complex amplitude of two components, each with the SD that `noise_rad` states.
    assert np.sqrt((maps.amplitude_rad**2).mean()) == pytest.approx(
        np.sqrt(2.0) * np.sqrt((maps.noise_rad**2).mean()), rel=0.03
    )


def test_three_offsets_are_too_few() -> None:
    with pytest.raises(ValueError, match="at least 4"):
        wave_maps(np.zeros((3, 1, 2, 2)))


@given(st.floats(0.0, 6.0))
def test_compression_of_amplitudes_can_be_undone(amplitude: float) -> None:
    shown = compress_amplitude(np.array([amplitude]))
    assert 0.0 <= shown[0] < 1.0
    assert expand_amplitude(shown)[0] == pytest.approx(amplitude, abs=1e-3)
