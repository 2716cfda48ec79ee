"""The solver obeys the physics it claims: wavelength, attenuation and the place of the driver."""

from __future__ import annotations

import numpy as np
import pytest

from simulation.physics.modulus import storage_modulus_kpa
from simulation.physics.waves import DENSITY_KG_M3, Driver, driver_force, solve_waves

FREQUENCY_HZ = 60.0
PIXEL_MM = 1.0


def plane_wave(modulus_pa: complex) -> np.ndarray:
    """Return the wave along a long strip that is shaken evenly at its left end."""
    inside = np.ones((4, 500), bool)
    force = np.zeros(inside.shape, complex)
    force[:, 0] = 1.0
    return solve_waves(np.full(inside.shape, modulus_pa), inside, force, PIXEL_MM, FREQUENCY_HZ)[2]


@pytest.mark.parametrize("modulus_kpa", [2.0, 4.0, 6.0])
def test_wavelength_is_shear_speed_over_frequency(modulus_kpa: float) -> None:
    wave = plane_wave(1000.0 * modulus_kpa * (1.0 + 0.15j))
    turns = np.unwrap(np.angle(wave[20:150]))
    wavelength_mm = 2.0 * np.pi * PIXEL_MM / abs(np.polyfit(np.arange(turns.size), turns, 1)[0])
    expected_mm = 1000.0 * np.sqrt(1000.0 * modulus_kpa / DENSITY_KG_M3) / FREQUENCY_HZ
    assert wavelength_mm == pytest.approx(expected_mm, rel=0.03)


@pytest.mark.parametrize("loss_ratio", [0.1, 0.2, 0.4])
def test_amplitude_decays_with_the_loss_of_the_tissue(loss_ratio: float) -> None:
    modulus = 3000.0 * (1.0 + 1j * loss_ratio)
    amplitude = np.abs(plane_wave(modulus))[20:120]
    decay_per_m = -np.polyfit(np.arange(amplitude.size) * PIXEL_MM * 1e-3, np.log(amplitude), 1)[0]
    wavenumber = 2.0 * np.pi * FREQUENCY_HZ * np.sqrt(DENSITY_KG_M3 / modulus)
    assert decay_per_m == pytest.approx(abs(wavenumber.imag), rel=0.05)


def test_wave_does_not_leave_the_body() -> None:
    inside = np.zeros((40, 60), bool)
    inside[5:35, 5:55] = True
    force = np.zeros(inside.shape, complex)
    force[6, 10] = 1.0
    wave = solve_waves(np.where(inside, 2000.0 + 400.0j, 0.0), inside, force, PIXEL_MM, FREQUENCY_HZ)
    assert np.all(wave[~inside] == 0.0)
    assert np.all(np.abs(wave[inside]) > 0.0)


def test_driver_pushes_the_right_anterior_wall() -> None:
    rows, columns = np.mgrid[:80, :120]
    radius = np.hypot((rows - 40) / 36.0, (columns - 60) / 55.0)
    inside, wall = radius < 1.0, (radius < 0.95) & (radius > 0.8)
    force = np.abs(driver_force(Driver(np.pi / 4.0, 40.0, 0.0, 0.0), inside, wall, 2.0, 0.0))
    centre_row, centre_column = (force * rows).sum() / force.sum(), (force * columns).sum() / force.sum()
    assert centre_row < 30.0
    assert centre_column < 45.0
    assert np.all(force[~inside] == 0.0)


@pytest.mark.parametrize("loss_ratio", [0.0, 0.2, 0.8])
def test_storage_modulus_gives_back_the_stiffness(loss_ratio: float) -> None:
    storage = storage_modulus_kpa(np.array(4.0), np.array(loss_ratio))
    size = storage * np.hypot(1.0, loss_ratio)
    assert float(2.0 * size**2 / (storage + size)) == pytest.approx(4.0)
