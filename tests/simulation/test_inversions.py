"""Every inversion reads the stiffness of waves whose modulus is known."""

from __future__ import annotations

import numpy as np
import pytest

from simulation.physics.inversions import INVERSIONS

PIXEL_MM = 1.6
FREQUENCY_HZ = 60.0


def crossing_waves(kpa: float) -> tuple[np.ndarray, np.ndarray]:
    """Return two damped plane waves that cross at an angle, and the elliptical body that they cross."""
    y, x = np.mgrid[:200, :220] * PIXEL_MM * 1e-3
    y, x = y - y.mean(), x - x.mean()
    inside = (x / 0.17) ** 2 + (y / 0.12) ** 2 < 1.0
    wavenumber = 2.0 * np.pi * FREQUENCY_HZ * np.sqrt(1.0 / kpa) * (1.0 - 0.08j)
    wave = sum(
        size * np.exp(-1j * wavenumber * (x * np.cos(angle) + y * np.sin(angle) + 0.2))
        for size, angle in ((1.0, 0.6), (0.6, 2.6))
    )
    return np.where(inside, wave, 0.0).astype(np.complex64), inside


@pytest.mark.parametrize("kpa", [1.6, 2.8, 6.0])
@pytest.mark.parametrize("name", INVERSIONS)
def test_the_stiffness_of_crossing_waves_is_read_within_six_percent(name: str, kpa: float) -> None:
    wave, inside = crossing_waves(kpa)
    found = INVERSIONS[name](wave, inside, PIXEL_MM, FREQUENCY_HZ, 3.5)
    middle = np.zeros_like(inside)
    middle[60:140, 60:160] = True
    assert found.stiffness_kpa[middle].mean() == pytest.approx(kpa, rel=0.06)
    assert found.fit[middle].mean() > 0.95
    assert not found.stiffness_kpa[~inside].any()


@pytest.mark.parametrize("name", INVERSIONS)
def test_noise_is_no_wave(name: str) -> None:
    wave, inside = crossing_waves(2.8)
    random = np.random.default_rng(1)
    noise = (random.standard_normal(wave.shape) + 1j * random.standard_normal(wave.shape)).astype(np.complex64)
    fits = [INVERSIONS[name](each, inside, PIXEL_MM, FREQUENCY_HZ, 3.5).fit[inside] for each in (wave, noise)]
    assert np.median(fits[1]) < np.median(fits[0])
