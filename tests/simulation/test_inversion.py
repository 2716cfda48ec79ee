"""Known stiffness in, the same stiffness out."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from simulation.physics.confidence import confidence_map
from simulation.physics.inversion import Inversion, first_harmonic, invert, unwrap
from simulation.physics.modulus import storage_modulus_kpa
from simulation.physics.waves import Driver, driver_force, solve_waves

PIXEL_MM = 1.5625
FREQUENCY_HZ = 60.0


def phantom(noise_rad: float, stiffness_kpa: float) -> tuple[Inversion, np.ndarray, np.ndarray]:
    """Return the inversion of a homogeneous phantom, its body and the pixels well inside with a clear wave."""
    rows, columns = np.mgrid[:110, :150]
    inside = np.hypot((columns - 75) / 70.0, (rows - 55) / 50.0) < 1.0
    depth_mm = ndimage.distance_transform_edt(inside) * PIXEL_MM
    loss = 0.15
    storage = 1000.0 * storage_modulus_kpa(np.array(stiffness_kpa), np.array(loss))
    modulus = np.full(inside.shape, complex(storage) * (1.0 + 1j * loss))
    force = driver_force(Driver(0.7, 50.0, 0.0, 0.0), inside, depth_mm < 10.0, PIXEL_MM, 0.0)
    wave = solve_waves(modulus, inside, force, PIXEL_MM, FREQUENCY_HZ)
    wave /= np.abs(wave).max()
    rng = np.random.default_rng(3)
    offsets = [np.real(wave * 1j**k) + noise_rad * rng.standard_normal(wave.shape) for k in range(4)]
    result = invert(first_harmonic(np.stack(offsets).astype(np.float32)), inside, PIXEL_MM, FREQUENCY_HZ)
    clear = (depth_mm > 20.0) & (np.abs(wave) > 0.1)
    return result, inside, clear


@pytest.mark.parametrize("stiffness_kpa", [1.8, 2.5, 3.5, 5.0, 8.0])
def test_homogeneous_stiffness_is_recovered_within_five_percent(stiffness_kpa: float) -> None:
    result, inside, clear = phantom(0.0, stiffness_kpa)
    assert np.median(result.stiffness_kpa[clear]) == pytest.approx(stiffness_kpa, rel=0.05)
    assert np.all(result.stiffness_kpa[~inside] == 0.0)


def test_noise_lowers_the_goodness_of_fit() -> None:
    quiet, _, clear = phantom(0.0, 3.0)
    noisy, _, _ = phantom(0.3, 3.0)
    assert np.median(noisy.fit[clear]) < np.median(quiet.fit[clear]) - 0.03


def test_first_harmonic_returns_the_wave_and_drops_the_static_phase() -> None:
    wave = np.array([[0.3 + 0.4j, -0.2j]])
    offsets = np.stack([np.real(wave * 1j**k) + 0.7 for k in range(4)]).astype(np.float32)
    np.testing.assert_allclose(first_harmonic(offsets), wave, atol=1e-6)


def test_unwrapping_restores_a_wave_larger_than_pi() -> None:
    rows, columns = np.mgrid[:60, :80]
    true = 5.0 * np.exp(-(((rows - 30) / 15.0) ** 2) - ((columns - 40) / 20.0) ** 2)
    wrapped = np.angle(np.exp(1j * true)).astype(np.float32)[None]
    np.testing.assert_allclose(unwrap(wrapped, np.ones(true.shape, bool))[0], true, atol=1e-4)


def test_unwrapping_leaves_noise_outside_the_signal_alone() -> None:
    wrapped = np.random.default_rng(0).uniform(-3.0, 3.0, (1, 20, 20)).astype(np.float32)
    reliable = np.zeros((20, 20), bool)
    reliable[5:15, 5:15] = True
    result = unwrap(wrapped, reliable)
    np.testing.assert_array_equal(result[0][~reliable], wrapped[0][~reliable])


def test_confidence_falls_with_misfit_and_with_weak_waves() -> None:
    ones = np.ones((30, 30), np.float32)
    inside = np.ones((30, 30), bool)
    good = confidence_map(ones, 0.5 * ones, 200.0 * ones, 8.0, inside)[15, 15]
    misfit = confidence_map(0.6 * ones, 0.5 * ones, 200.0 * ones, 8.0, inside)[15, 15]
    weak = confidence_map(ones, 0.05 * ones, 200.0 * ones, 8.0, inside)[15, 15]
    assert good > 0.95 > misfit
    assert weak < 0.95
