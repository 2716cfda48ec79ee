"""What the scanner measures: GRE magnitude, wave phase at several offsets, and a T2-weighted series."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from scipy import fft, ndimage

from simulation.shapes import Grid, smooth_noise
from simulation.tissue import TISSUES
from simulation.types import Tissue

if TYPE_CHECKING:
    from numpy.typing import NDArray

ECHO_TIME_MS: Final = 22.7
"""Echo time of the GRE sequence of Su 2025 (doi 10.2196/80351)."""
MAGNITUDE_GAIN: Final = 1.6
"""Brings the brightest tissue to about 1000 counts."""
PHASE_PER_UM: Final = 0.06
"""Motion encoding efficiency, rad per micrometre of displacement."""


@dataclass(frozen=True, slots=True)
class ScanSettings:
    """Parameters of one simulated scan.

    Attributes
    ----------
    offsets : number of phase offsets over one period
    phase_lines : acquired lines in row direction (the paper's matrix is 256 x 64)
    noise : SD of the complex noise per channel, in counts of magnitude
    amplitude_um : 90th percentile of the displacement within 12 cm of the driver
    liver_t2_star_ms : T2* of the liver; iron shortens it
    breathing_mm : SD of the shift between offsets
    """

    offsets: int
    phase_lines: int
    noise: float
    amplitude_um: float
    liver_t2_star_ms: float
    breathing_mm: float


def draw_scan(rng: np.random.Generator) -> ScanSettings:
    """Return the settings of one scan; about one patient in twelve has iron in the liver."""
    iron = rng.random() < 1.0 / 12.0
    return ScanSettings(
        offsets=4,
        phase_lines=int(rng.choice((64, 72, 80))),
        noise=float(rng.uniform(5.0, 11.0)),
        amplitude_um=float(np.exp(rng.uniform(np.log(17.0), np.log(42.0)))),
        liver_t2_star_ms=float(rng.uniform(9.0, 16.0) if iron else TISSUES[Tissue.LIVER].t2_star_ms.draw(rng)),
        breathing_mm=float(abs(rng.normal(0.0, 0.4))),
    )


def ideal_magnitude(
    rng: np.random.Generator, grid: Grid, tissue: NDArray[np.uint8], liver_t2_star_ms: float
) -> NDArray[np.float32]:
    """Return the noise-free GRE magnitude.

    Returns
    -------
    (S, R, C) float32, counts
    """
    signal = np.zeros(len(Tissue), np.float32)
    for label, row in TISSUES.items():
        t2_star = liver_t2_star_ms if label == Tissue.LIVER else row.t2_star_ms.draw(rng)
        signal[label] = MAGNITUDE_GAIN * row.gre_signal.draw(rng) * np.exp(-ECHO_TIME_MS / t2_star)
    image = signal[tissue] * _texture(rng, tissue, 0.06)
    image = _partial_volume(image, 0.6) * _coil_shading(rng, grid)
    return np.asarray(image * _air_dropout(tissue), np.float32)


def measure_phase(
    rng: np.random.Generator,
    magnitude: NDArray[np.float32],
    wave_rad: NDArray[np.complex64],
    scan: ScanSettings,
    spacing_mm: tuple[float, float],
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return magnitude and wrapped phase as the scanner would reconstruct them.

    Complex images are taken through a k-space with few lines in row direction, with Gaussian noise and a small
    shift between offsets; phase noise is therefore 1/SNR inside the body and uniform outside.

    Parameters
    ----------
    magnitude : (S, R, C) noise-free magnitude
    wave_rad : (S, R, C) complex wave in units of phase
    spacing_mm : (row, column) pixel size

    Returns
    -------
    magnitude : (S, R, C) float32, mean over the offsets, Rician
    phase_rad : (K, S, R, C) float32 in [-pi, pi)
    """
    mean = np.zeros(magnitude.shape, np.float32)
    phase = np.empty((scan.offsets, *magnitude.shape), np.float32)
    rows, columns = magnitude.shape[1:]
    row_frequency = fft.fftfreq(rows, spacing_mm[0])[:, None]
    column_frequency = fft.fftfreq(columns, spacing_mm[1])[None, :]
    window = _line_window(rows, scan.phase_lines)
    for offset in range(scan.offsets):
        turn = np.exp(2j * np.pi * offset / scan.offsets)
        image = magnitude * np.exp(1j * (wave_rad * turn).real).astype(np.complex64)
        lines = fft.fft2(image, norm="ortho")
        shift = rng.normal(0.0, scan.breathing_mm, 2) * (offset > 0)
        ramp = np.exp(-2j * np.pi * (shift[0] * row_frequency + shift[1] * column_frequency))
        grain = rng.standard_normal((*magnitude.shape, 2), dtype=np.float32).view(np.complex64)[..., 0]
        # Noise is scaled up for the lines that are not acquired, so that `noise` is its SD in the image.
        level = scan.noise * np.sqrt(rows / scan.phase_lines)
        received = (lines * ramp.astype(np.complex64) + np.float32(level) * grain) * window
        seen = fft.ifft2(received, norm="ortho")
        mean += np.abs(seen).astype(np.float32) / np.float32(scan.offsets)
        phase[offset] = np.angle(seen)
    phase[phase >= np.float32(np.pi)] = -np.float32(np.pi)
    return mean, phase


def t2_weighted(rng: np.random.Generator, grid: Grid, tissue: NDArray[np.uint8], stage: str) -> NDArray[np.float32]:
    """Return the T2-weighted anatomy series: bright fluid and spleen, mid-grey liver.

    Parameters
    ----------
    stage : METAVIR stage; the liver's texture coarsens with it

    Returns
    -------
    (S, R, C) float32, arbitrary units
    """
    signal = np.zeros(len(Tissue), np.float32)
    for label, row in TISSUES.items():
        signal[label] = row.t2_signal.draw(rng)
    image = signal[tissue] * _texture(rng, tissue, 0.05)
    coarseness = {"F0": 0.01, "F1": 0.02, "F2": 0.03, "F3": 0.05, "F4": 0.08}[stage] * rng.uniform(0.6, 1.4)
    nodules = ndimage.gaussian_filter(rng.standard_normal(tissue.shape, dtype=np.float32), (0.0, 1.6, 1.6))
    nodules *= np.float32(coarseness) / nodules.std()
    image = np.where(tissue == Tissue.LIVER, image * (1.0 + nodules), image).astype(np.float32)
    image = _partial_volume(image, 0.5) * _coil_shading(rng, grid)
    grain = rng.normal(0.0, rng.uniform(6.0, 14.0), (2, *tissue.shape)).astype(np.float32)
    return np.asarray(np.hypot(image + grain[0], grain[1]), np.float32)


def _line_window(rows: int, lines: int) -> NDArray[np.float32]:
    """Return which rows of k-space are acquired, with a soft end against ringing."""
    distance = np.abs(fft.fftfreq(rows, 1.0 / rows))
    return np.asarray(np.clip((0.5 * lines - distance) / (0.12 * lines), 0.0, 1.0)[:, None], np.float32)


def _texture(rng: np.random.Generator, tissue: NDArray[np.uint8], spread: float) -> NDArray[np.float32]:
    grain = ndimage.gaussian_filter(rng.standard_normal(tissue.shape, dtype=np.float32), (0.0, 1.0, 1.0))
    grain *= np.float32(spread) / grain.std()
    # Gut content is far from uniform.
    gut = (tissue == Tissue.STOMACH) | (tissue == Tissue.BOWEL)
    return np.asarray(1.0 + np.where(gut, 2.5 * grain, grain), np.float32)


def _partial_volume(image: NDArray[np.float32], sigma_px: float) -> NDArray[np.float32]:
    return np.asarray(ndimage.gaussian_filter(image, (0.0, sigma_px, sigma_px)))


def _coil_shading(rng: np.random.Generator, grid: Grid) -> NDArray[np.float32]:
    """Return the sensitivity of the surface coils: higher near the skin, uneven across the body."""
    x, y, _ = grid.axes()
    rim = (x / np.float32(165.0)) ** 2 + (y / np.float32(115.0)) ** 2
    uneven = np.exp(np.float32(rng.uniform(0.08, 0.22)) * smooth_noise(rng, grid, (300.0, 700.0)))
    return np.asarray(uneven * (np.float32(0.82) + np.float32(rng.uniform(0.1, 0.35)) * np.clip(rim, 0.0, 1.4)))


def _air_dropout(tissue: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return the signal left near the lungs, whose susceptibility dephases a gradient echo."""
    lung = ndimage.gaussian_filter((tissue == Tissue.LUNG).astype(np.float32), (0.4, 3.0, 3.0))
    return np.asarray(np.exp(np.float32(-1.5) * lung))
