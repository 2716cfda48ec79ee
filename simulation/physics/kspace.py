"""Sampling of noise-free magnitude and wave in k-space, with noise, breathing and cardiac motion."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import fft

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from simulation.physics.scan_settings import ScanSettings


def measure_phase(
    rng: np.random.Generator,
    magnitude: NDArray[np.float32],
    wave_rad: NDArray[np.complex64],
    scan: ScanSettings,
    spacing_mm: tuple[float, float],
    *,
    matrix: tuple[int, int] | None = None,
    breathing_mm: NDArray[np.float64] | None = None,
    phase_error_rad: NDArray[np.float32] | None = None,
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return magnitude and wrapped phase as the scanner reconstructs them.

    Complex images are sampled in k-space with reduced lines in row direction, Gaussian noise, and a shift between
    offsets; phase noise is therefore 1/SNR in the body and uniform in air.

    Parameters
    ----------
    magnitude : (S, R, C) noise-free magnitude
    wave_rad : (S, R, C) complex wave, in rad of phase
    spacing_mm : (row, column) pixel size
    matrix : (R', C') of the image, reached by truncating or zero-filling k-space; (R, C) by default
    breathing_mm : (S,) SD of the shift between offsets, in addition to the scan's
    phase_error_rad : (S, R, C) SD of a phase error that differs between offsets

    Returns
    -------
    magnitude : (S, R', C') float32, mean over the offsets, Rician
    phase_rad : (K, S, R', C') float32 in [-pi, pi)
    """
    rows, columns = magnitude.shape[1:]
    out = matrix or (rows, columns)
    mean = np.zeros((len(magnitude), *out), np.float32)
    phase = np.empty((scan.offsets, *mean.shape), np.float32)
    row_frequency = fft.fftfreq(rows, spacing_mm[0])[:, None]
    column_frequency = fft.fftfreq(columns, spacing_mm[1])[None, :]
    window = _line_window(rows, scan.phase_lines)[:, None]
    read = scan.read_columns or columns
    if read < columns:
        window = window * _line_window(columns, read)[None, :]
    # Both grids share one centred field of view; their first pixels differ by half the difference in pixel size.
    centre = [0.5 * step * (1.0 - size / new) for step, size, new in zip(spacing_mm, (rows, columns), out, strict=True)]
    spread = np.full((len(magnitude), 1, 1), scan.breathing_mm)
    if breathing_mm is not None:
        spread = spread + breathing_mm[:, None, None]
    for offset in range(scan.offsets):
        turn = np.exp(2j * np.pi * offset / scan.offsets)
        angle = (wave_rad * turn).real
        if phase_error_rad is not None:
            angle = angle + phase_error_rad * rng.normal(0.0, 1.0, (len(magnitude), 1, 1)).astype(np.float32)
        image = magnitude * np.exp(1j * angle).astype(np.complex64)
        lines = fft.fft2(image, norm="ortho")
        shift = _shifts(rng, spread, each=breathing_mm is not None) * (offset > 0)
        ramp = np.exp(
            -2j * np.pi * ((shift[0] + centre[0]) * row_frequency + (shift[1] + centre[1]) * column_frequency)
        )
        grain = rng.standard_normal((*magnitude.shape, 2), dtype=np.float32).view(np.complex64)[..., 0]
        # Unacquired lines carry no noise, so the others carry more: `scan.noise` is the SD in the image.
        level = scan.noise * np.sqrt(rows / scan.phase_lines * (columns / read))
        received = (lines * ramp.astype(np.complex64) + np.float32(level) * grain) * window
        reconstructed = fft.ifft2(_resized(received, out), norm="ortho")
        mean += np.abs(reconstructed).astype(np.float32) / np.float32(scan.offsets)
        phase[offset] = np.angle(reconstructed)
    phase[phase >= np.float32(np.pi)] = -np.float32(np.pi)
    return mean, phase


def _shifts(rng: np.random.Generator, spread_mm: NDArray[np.float64], *, each: bool) -> NDArray[np.float64]:
    """Return the shift in row and column direction, of all slices (2, 1, 1) or of each (2, S, 1, 1)."""
    if each:
        return np.asarray(rng.normal(0.0, 1.0, (2, *spread_mm.shape)) * spread_mm)
    return rng.normal(0.0, float(spread_mm[0, 0, 0]), 2)[:, None, None]


def _line_window(size: int, lines: int) -> NDArray[np.float32]:
    """Return the weights (size,) of k-space lines: those acquired, tapered against ringing."""
    distance = np.abs(fft.fftfreq(size, 1.0 / size))
    return np.asarray(np.clip((0.5 * lines - distance) / (0.12 * lines), 0.0, 1.0), np.float32)


def _resized(lines: NDArray[np.complex64], matrix: tuple[int, int]) -> NDArray[np.complex64]:
    """Return k-space (S, R, C) truncated or zero-filled to a matrix, at equal image intensity."""
    for axis, new in zip((1, 2), matrix, strict=True):
        old = lines.shape[axis]
        if new == old:
            continue
        kept = min(old, new)
        index = np.arange(-(kept // 2), kept - kept // 2)
        resized = np.zeros((*lines.shape[:axis], new, *lines.shape[axis + 1 :]), np.complex64)
        source, target = np.take(lines, index % old, axis), index % new
        if axis == 1:
            resized[:, target] = source
        else:
            resized[:, :, target] = source
        lines = (resized * np.sqrt(new / old)).astype(np.complex64)
    return lines
