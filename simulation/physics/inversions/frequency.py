"""Inversion by local frequency estimation (LFE; Manduca 1996, Knutsson 1994).

Of two lognormal filters an octave apart, the ratio of the local energies gives the local spatial frequency; estimates
of several pairs are averaged by energy and certainty. Stiffness is rho * (f / frequency)^2, without viscosity.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from scipy import fft

from simulation.physics.inversion import DIRECTIONS, MARGIN_PX, Inversion, box_of, local_mean, placed
from simulation.physics.waves import DENSITY_KG_M3

if TYPE_CHECKING:
    from numpy.typing import NDArray

WAVELENGTHS_MM: Final = (160.0, 80.0, 40.0, 20.0, 10.0)
"""Centres of the lognormal filters. With an octave between them and a bandwidth of 2*sqrt(2), the ratio of neighbours
is the frequency over their geometric mean (Knutsson 1994)."""
_STEEPNESS: Final = 1.0 / (2.0 * np.log(2.0))


def invert_frequency(
    wave_rad: NDArray[np.complex64],
    inside: NDArray[np.bool_],
    spacing_mm: float,
    frequency_hz: float,
    fit_sigma_mm: float,
) -> Inversion:
    """Return stiffness and certainty of one slice; for the parameters see `inversion.invert`."""
    box = box_of(inside)
    body = inside[box]
    wave = np.where(body, wave_rad[box], 0.0)
    sigma = fit_sigma_mm / spacing_mm
    energies, band = _energies(wave, spacing_mm, sigma)
    centres = np.array([1.0 / (1e-3 * each) for each in WAVELENGTHS_MM])  # cycles per metre
    weight, total, squares = (np.zeros(body.shape) for _ in range(3))
    tiny = np.finfo(np.float32).tiny
    for lower, upper, low, high in zip(energies, energies[1:], centres, centres[1:], strict=False):
        local = np.sqrt(low * high) * np.sqrt(upper / np.maximum(lower, tiny))
        # A pair says nothing about frequencies outside its own octaves.
        certainty = np.sqrt(lower * upper) * ((local > 0.5 * low) & (local < 2.0 * high))
        weight += certainty
        total += certainty * local
        squares += certainty * local**2
    mean = total / np.maximum(weight, tiny)
    spread = np.sqrt(np.maximum(squares / np.maximum(weight, tiny) - mean**2, 0.0)) / np.maximum(mean, tiny)
    stiffness = 1e-3 * DENSITY_KG_M3 * (frequency_hz / np.maximum(mean, 1.0)) ** 2
    power = np.sqrt(local_mean(np.abs(band) ** 2, sigma))
    certain = weight > 0.0
    fit = (1.0 - spread**2) * certain
    return placed(inside, box, band.astype(np.complex64), np.where(certain, stiffness, 0.0), fit, power)


def _energies(
    wave: NDArray[np.complex64], spacing_mm: float, sigma_px: float
) -> tuple[list[NDArray[np.float32]], NDArray[np.complex64]]:
    """Return the local energy (R, C) of each lognormal filter over all directions, and the wave in their band."""
    shape = [fft.next_fast_len(size + MARGIN_PX) for size in wave.shape]
    rows = fft.fftfreq(shape[0], spacing_mm)[:, None]
    columns = fft.fftfreq(shape[1], spacing_mm)[None, :]
    radius = np.maximum(np.hypot(rows, columns), 1e-6)
    heading = np.arctan2(rows, columns)
    spectrum = fft.fft2(wave, shape)
    cut = (slice(0, wave.shape[0]), slice(0, wave.shape[1]))
    energies = []
    for wavelength_mm in WAVELENGTHS_MM:
        radial = np.exp(-_STEEPNESS * np.log(radius * wavelength_mm) ** 2)
        energy = np.zeros(wave.shape)
        for turn in 2.0 * np.pi * np.arange(DIRECTIONS) / DIRECTIONS:
            lobe = np.maximum(np.cos(heading - turn), 0.0) ** 2
            energy += np.abs(fft.ifft2(spectrum * radial * lobe)[cut]) ** 2
        energies.append(local_mean(energy, sigma_px))
    band = np.exp(-((radius * 12.0) ** 4)) * (1.0 - np.exp(-((radius * 140.0) ** 2)))
    return energies, np.asarray(fft.ifft2(spectrum * band)[cut], np.complex64)
