"""Direct inversion of phase images: unwrapping, first harmonic, directional band-pass filters, local fit.

The fit solves u*rho*omega^2 + G*laplacian(u) = 0 over a Gaussian neighbourhood and all directions. |G| is the ratio of
root sums of squares, rho*omega^2*|u|/|laplacian u| (multi-component MDEV); its angle is that of the least-squares fit.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from scipy import fft, ndimage
from skimage.restoration import unwrap_phase

from simulation.physics.waves import DENSITY_KG_M3

if TYPE_CHECKING:
    from numpy.typing import NDArray

LONGEST_WAVE_MM: Final = 100.0
SHORTEST_WAVE_MM: Final = 15.0
DIRECTIONS: Final = 8
FIT_SIGMA_MM: Final = 3.5
MAX_STIFFNESS_KPA: Final = 15.0
MARGIN_PX: Final = 48


@dataclass(frozen=True, slots=True)
class Inversion:
    """Inversion of one slice."""

    wave_rad: NDArray[np.complex64]  # (R, C), band-passed first harmonic, in rad of phase
    stiffness_kpa: NDArray[np.float32]  # (R, C), exactly 0 outside the body
    fit: NDArray[np.float32]  # (R, C) in [0, 1], R^2 of the local fit
    amplitude_rad: NDArray[np.float32]  # (R, C), local RMS of the wave


def first_harmonic(phase_rad: NDArray[np.float32]) -> NDArray[np.complex64]:
    """Return the complex wave u = (2/K) * sum_k phase_k * exp(-2*pi*i*k/K), (R, C) complex64.

    `phase_rad` (K, R, C) is unwrapped; Re(u * exp(2*pi*i*k/K)) is the phase at offset k.
    """
    offsets = len(phase_rad)
    weights = (2.0 / offsets) * np.exp(-2j * np.pi * np.arange(offsets) / offsets)
    return np.asarray(np.tensordot(weights, phase_rad, axes=1), np.complex64)


def phase_residual(phase_rad: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the estimated SD of one offset's phase error, (R, C) float32.

    The residual of mean and first harmonic is noise, breathing and cardiac motion. `phase_rad` (K, R, C) is unwrapped,
    K at least 4.
    """
    offsets = len(phase_rad)
    harmonic = first_harmonic(phase_rad)
    turns = np.exp(2j * np.pi * np.arange(offsets) / offsets)[:, None, None]
    rest = phase_rad - phase_rad.mean(axis=0) - (harmonic * turns).real
    return np.asarray(np.sqrt((rest**2).sum(axis=0) / (offsets - 3)), np.float32)


def unwrap(phase_rad: NDArray[np.float32], reliable: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Return the unwrapped phase (K, R, C) float32, shifted by multiples of 2*pi so that its median is nearest zero.

    Parameters
    ----------
    phase_rad : (K, R, C) wrapped phase
    reliable : (R, C) pixels with signal; the phase elsewhere is unchanged
    """
    result = phase_rad.copy()
    for image in result:
        if not _jumps(image, reliable):
            continue
        smooth = np.ma.getdata(unwrap_phase(np.ma.array(image, mask=~reliable), rng=0))
        turns = np.round(np.median(smooth[reliable]) / (2.0 * np.pi))
        image[reliable] = smooth[reliable] - 2.0 * np.pi * turns
    return result


def _jumps(image: NDArray[np.float32], reliable: NDArray[np.bool_]) -> bool:
    """Return whether two reliable neighbours differ by more than pi."""
    down = reliable[1:] & reliable[:-1] & (np.abs(np.diff(image, axis=0)) > np.pi)
    across = reliable[:, 1:] & reliable[:, :-1] & (np.abs(np.diff(image, axis=1)) > np.pi)
    return bool(down.any() or across.any())


def invert(
    wave_rad: NDArray[np.complex64],
    inside: NDArray[np.bool_],
    spacing_mm: float,
    frequency_hz: float,
    fit_sigma_mm: float = FIT_SIGMA_MM,
) -> Inversion:
    """Return stiffness and goodness of fit from the complex wave of one slice.

    Parameters
    ----------
    wave_rad : (R, C) first harmonic
    inside : (R, C) body
    spacing_mm : pixel size, square
    frequency_hz : driver frequency
    fit_sigma_mm : SD of the Gaussian neighbourhood of the fit
    """
    box = box_of(inside)
    waves, laplacians = directional(np.where(inside[box], wave_rad[box], 0.0), spacing_mm)
    return stiffness_of(inside, box, waves, laplacians, fit_sigma_mm / spacing_mm, frequency_hz)


def stiffness_of(
    inside: NDArray[np.bool_],
    box: tuple[slice, slice],
    waves: NDArray[np.complexfloating],
    laplacians: NDArray[np.complexfloating],
    sigma_px: float,
    frequency_hz: float,
) -> Inversion:
    """Return the inversion from waves and their Laplacians in 1/m^2, (D, r, c) each, in the box of the body."""
    power = local_mean(np.sum(np.abs(waves) ** 2, axis=0), sigma_px)
    curvature = local_mean(np.sum(np.abs(laplacians) ** 2, axis=0), sigma_px)
    product = np.sum(waves * laplacians.conj(), axis=0)
    cross = local_mean(product.real, sigma_px) + 1j * local_mean(product.imag, sigma_px)
    tiny = np.finfo(np.float32).tiny
    size_pa = DENSITY_KG_M3 * (2.0 * np.pi * frequency_hz) ** 2 * np.sqrt(power / np.maximum(curvature, tiny))
    cosine = np.clip(-cross.real / np.maximum(np.abs(cross), tiny), 0.0, 1.0)
    fit = np.abs(cross) ** 2 / np.maximum(power * curvature, tiny)
    return placed(inside, box, waves.sum(axis=0), 2e-3 * size_pa / (1.0 + cosine), fit, np.sqrt(power))


def placed(
    inside: NDArray[np.bool_],
    box: tuple[slice, slice],
    wave_rad: NDArray[np.complexfloating],
    stiffness_kpa: NDArray[np.floating],
    fit: NDArray[np.floating],
    amplitude_rad: NDArray[np.floating],
) -> Inversion:
    """Return maps of the body's box (r, c) as an inversion of the whole slice, within the range of each."""
    return Inversion(
        _in_box(inside, box, wave_rad),
        _in_box(inside, box, np.clip(stiffness_kpa, 0.0, MAX_STIFFNESS_KPA)),
        _in_box(inside, box, np.clip(fit, 0.0, 1.0)),
        _in_box(inside, box, amplitude_rad),
    )


def _in_box(inside: NDArray[np.bool_], box: tuple[slice, slice], values: NDArray[Any]) -> NDArray[Any]:
    """Return the values of the body's box (r, c) on the whole slice (R, C), 0 outside the body."""
    whole = np.zeros(inside.shape, np.complex64 if np.iscomplexobj(values) else np.float32)
    whole[box] = np.where(inside[box], values, 0.0)
    return whole


def directional(wave: NDArray[np.complex64], spacing_mm: float) -> tuple[NDArray[np.complex64], NDArray[np.complex64]]:
    """Return the band-passed wave by direction of propagation, (D, R, C), and its Laplacians in 1/m^2.

    The cos^2 lobes of the directions sum to one, so the waves sum to the band-passed wave.
    """
    shape = [fft.next_fast_len(size + MARGIN_PX) for size in wave.shape]
    rows = fft.fftfreq(shape[0], spacing_mm)[:, None]
    columns = fft.fftfreq(shape[1], spacing_mm)[None, :]
    frequency = np.hypot(rows, columns)
    # Gaussian high-pass: its short kernel keeps the strong waves near the driver from leaking into the body.
    band = (1.0 - np.exp(-((frequency * LONGEST_WAVE_MM) ** 2))) / (1.0 + (frequency * SHORTEST_WAVE_MM) ** 8)
    heading = np.arctan2(rows, columns)
    turns = 2.0 * np.pi * np.arange(DIRECTIONS)[:, None, None] / DIRECTIONS
    away = np.abs(np.angle(np.exp(1j * (heading[None] - turns))))
    lobes = np.where(away < 2.0 * np.pi / DIRECTIONS, np.cos(away * DIRECTIONS / 4.0) ** 2, 0.0)
    filtered = (fft.fft2(wave, shape) * band * lobes).astype(np.complex64)
    squared = ((2e3 * np.pi * frequency) ** 2).astype(np.float32)
    cut = (slice(None), slice(0, wave.shape[0]), slice(0, wave.shape[1]))
    return fft.ifft2(filtered)[cut], fft.ifft2(-squared * filtered)[cut]


def local_mean(values: NDArray[np.floating], sigma_px: float) -> NDArray[np.float32]:
    """Return the Gaussian mean (R, C) of SD `sigma_px`."""
    return np.asarray(ndimage.gaussian_filter(values, sigma_px, truncate=3.0))


def box_of(inside: NDArray[np.bool_]) -> tuple[slice, slice]:
    """Return the bounding box of the body."""
    rows, columns = np.flatnonzero(inside.any(axis=1)), np.flatnonzero(inside.any(axis=0))
    return slice(int(rows[0]), int(rows[-1]) + 1), slice(int(columns[0]), int(columns[-1]) + 1)
