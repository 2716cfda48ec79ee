"""What the phase images of an acquisition say about its waves: amplitude, and what no wave explains."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

LEAST_OFFSETS: Final = 4
"""Mean and first harmonic take three numbers a pixel; a fourth tells how well they fit."""
HALF_RAD: Final = 0.2
"""Amplitude that is shown as one half: phase noise is about a tenth of it, strong waves are several times it."""


@dataclass(frozen=True, slots=True)
class WaveMaps:
    """Waves of every pixel.

    Attributes
    ----------
    amplitude_rad : (S, R, C) float32, amplitude of the phase at the driver's frequency
    residual_rad : (S, R, C) float32, SD of one offset's phase that no wave of that frequency explains
    offsets : number of phase offsets
    """

    amplitude_rad: NDArray[np.float32]
    residual_rad: NDArray[np.float32]
    offsets: int

    @property
    def noise_rad(self) -> NDArray[np.float32]:
        """(S, R, C) float32, SD of the amplitude that the residual alone makes."""
        return np.asarray(self.residual_rad * np.float32(np.sqrt(2.0 / self.offsets)))


def wave_maps(phase_rad: NDArray[np.floating]) -> WaveMaps:
    """Return amplitude and residual of the waves.

    Phases are unwrapped along the offsets, not across the image: the step from one of K offsets to the next stays
    within pi as long as the amplitude is less than pi / (2 sin(pi / K)), which is 2.2 rad at four offsets. The first
    harmonic is (2/K) sum_k phase_k exp(-2 pi i k / K).

    Parameters
    ----------
    phase_rad : (K, S, R, C) wrapped phase at K offsets, evenly over one period, K at least 4

    Raises
    ------
    ValueError
        If there are fewer than four offsets.
    """
    offsets = len(phase_rad)
    if offsets < LEAST_OFFSETS:
        message = f"{offsets} phase offsets where at least {LEAST_OFFSETS} are needed"
        raise ValueError(message)
    amplitude, residual = (np.empty(np.shape(phase_rad)[1:], np.float32) for _ in range(2))
    turns = np.exp(2j * np.pi * np.arange(offsets) / offsets).astype(np.complex64)
    for level in range(len(amplitude)):
        smooth = np.unwrap(np.asarray(phase_rad[:, level], np.float32), axis=0)
        harmonic = np.tensordot(np.float32(2.0 / offsets) * turns.conj(), smooth, axes=1)
        rest = smooth - smooth.mean(axis=0) - (harmonic * turns[:, None, None]).real
        amplitude[level] = np.abs(harmonic)
        residual[level] = np.sqrt((rest**2).sum(axis=0) / (offsets - 3))
    return WaveMaps(amplitude, residual, offsets)


def shown_amplitude(amplitude_rad: NDArray[np.floating]) -> NDArray[np.float32]:
    """Bring amplitudes of every size into [0, 1): a / (a + 0.2 rad)."""
    return np.asarray(amplitude_rad / (amplitude_rad + HALF_RAD), np.float32)


def amplitude_of(shown: NDArray[np.floating]) -> NDArray[np.float32]:
    """Undo `shown_amplitude`."""
    return np.asarray(HALF_RAD * shown / (1.0 - shown), np.float32)
