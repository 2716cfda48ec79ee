"""Inversion by local parabolas on directionally filtered waves, corrected by the response to a plane wave.

A parabola smooths: it reads a short wave as longer than it is. The wave number at which a plane wave would give the
ratio that was read is looked up in a table, and of several window sizes the one that fits best is taken.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final

import numpy as np
from scipy import fft

from simulation.physics.inversion import Inversion, box_of, directional, local_mean, placed
from simulation.physics.waves import DENSITY_KG_M3

if TYPE_CHECKING:
    from numpy.typing import NDArray

WINDOWS_MM: Final = (10.0, 13.0, 17.0)
WAVENUMBERS: Final = np.linspace(30.0, 600.0, 286)
"""rad/m; 60 Hz waves at 0.4 to 150 kPa."""
_HEADINGS: Final = np.linspace(0.0, np.pi, 7)[:-1]


def invert_plane_wave(
    wave_rad: NDArray[np.complex64],
    inside: NDArray[np.bool_],
    spacing_mm: float,
    frequency_hz: float,
    fit_sigma_mm: float,
) -> Inversion:
    """Return stiffness and goodness of fit of one slice; for the parameters see `inversion.invert`."""
    box = box_of(inside)
    body = inside[box]
    waves, _ = directional(np.where(body, wave_rad[box], 0.0), spacing_mm)
    sigma = fit_sigma_mm / spacing_mm
    shape = [fft.next_fast_len(size + round(WINDOWS_MM[-1] / spacing_mm) + 2) for size in body.shape]
    spectra = fft.fft2(waves, shape)
    best = np.zeros(body.shape, np.float32)
    stiffness = np.zeros(body.shape, np.float32)
    for window_mm in WINDOWS_MM:
        half = max(2, round(0.5 * window_mm / spacing_mm))
        read, fit = _read(spectra, body.shape, half, spacing_mm, sigma, frequency_hz)
        better = fit > best
        stiffness, best = np.where(better, read, stiffness), np.where(better, fit, best)
    amplitude = np.sqrt(local_mean(np.sum(np.abs(waves) ** 2, axis=0), sigma))
    return placed(inside, box, waves.sum(axis=0), stiffness, best, amplitude)


def _read(
    spectra: NDArray[np.complexfloating],
    size: tuple[int, ...],
    half: int,
    spacing_mm: float,
    sigma_px: float,
    frequency_hz: float,
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return stiffness (kPa) and R^2 of the parabola in a window, (r, c) each, from the spectra (D, ...) of waves."""
    smooth, curve = (_filtered(spectra, kernel, size) for kernel in _parabola(half, spacing_mm))
    product = np.sum(smooth * curve.conj(), axis=0)
    cross = np.hypot(local_mean(product.real, sigma_px), local_mean(product.imag, sigma_px))
    curvature = local_mean(np.sum(np.abs(curve) ** 2, axis=0), sigma_px)
    power = local_mean(np.sum(np.abs(smooth) ** 2, axis=0), sigma_px)
    fit = cross**2 / np.maximum(curvature * power, np.finfo(np.float32).tiny)
    table = _response(half, spacing_mm)
    top = int(np.argmax(table))
    # Least squares of G: where noise prevails it reads short waves, so soft tissue.
    apparent = np.minimum(curvature / np.maximum(cross, np.finfo(np.float32).tiny), table[top])
    wavenumber = np.interp(apparent, table[: top + 1], WAVENUMBERS[: top + 1])
    return 1e-3 * DENSITY_KG_M3 * (2.0 * np.pi * frequency_hz / wavenumber) ** 2, fit


@lru_cache(maxsize=64)
def _parabola(half: int, spacing_mm: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the kernels of a parabola's value and Laplacian (1/m^2) at the centre of a square of 2 * half + 1."""
    steps = np.arange(-half, half + 1) * spacing_mm * 1e-3
    y, x = (axis.ravel() for axis in np.meshgrid(steps, steps, indexing="ij"))
    solve = np.linalg.pinv(np.stack([np.ones_like(x), x, y, x * x, x * y, y * y], axis=1))
    size = (2 * half + 1, 2 * half + 1)
    return solve[0].reshape(size), 2.0 * (solve[3] + solve[5]).reshape(size)


@lru_cache(maxsize=64)
def _response(half: int, spacing_mm: float) -> NDArray[np.float64]:
    """Return |Laplacian / value| that the parabola reads of plane waves of `WAVENUMBERS`, mean over their headings."""
    smooth_kernel, curve_kernel = _parabola(half, spacing_mm)
    steps = np.arange(-half, half + 1) * spacing_mm * 1e-3
    y, x = np.meshgrid(steps, steps, indexing="ij")
    read = np.zeros(WAVENUMBERS.size)
    for heading in _HEADINGS:
        wave = np.exp(1j * WAVENUMBERS[:, None, None] * (x * np.cos(heading) + y * np.sin(heading)))
        value = np.tensordot(wave, smooth_kernel, axes=2)
        curve = np.tensordot(wave, curve_kernel, axes=2)
        read += np.abs(curve) / np.maximum(np.abs(value), 1e-9)
    return read / _HEADINGS.size


def _filtered(
    spectra: NDArray[np.complexfloating], kernel: NDArray[np.float64], size: tuple[int, ...]
) -> NDArray[np.complexfloating]:
    """Return the correlation of D waves with an odd kernel, (D, r, c), zero beyond the edge."""
    half = kernel.shape[0] // 2
    product = fft.ifft2(spectra * fft.fft2(kernel[::-1, ::-1].astype(np.float32), spectra.shape[1:]))
    return np.asarray(product[:, half : half + size[0], half : half + size[1]])
