"""Amplitude and residual of the waves, from the phase images of an acquisition."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

MIN_OFFSETS: Final = 4
"""Mean and first harmonic take three parameters a pixel; the residual needs a fourth offset."""
HALF_RAD: Final = 0.2
"""Amplitude mapped to one half; phase noise is about a tenth of it, strong waves are several times it."""


@dataclass(frozen=True, slots=True)
class WaveMaps:
    """Waves, pixel by pixel.

    Attributes
    ----------
    amplitude_rad : (S, R, C) float32, amplitude of the phase at the driver's frequency
    residual_rad : (S, R, C) float32, residual SD of the phase at one offset after fitting that wave
    offsets : number of phase offsets
    """

    amplitude_rad: NDArray[np.float32]
    residual_rad: NDArray[np.float32]
    offsets: int

    @property
    def noise_rad(self) -> NDArray[np.float32]:
        """(S, R, C) float32, SD of the amplitude caused by the residual alone."""
        return np.asarray(self.residual_rad * np.float32(np.sqrt(2.0 / self.offsets)))


def wave_maps(phase_rad: NDArray[np.floating]) -> WaveMaps:
    """Return amplitude and residual of the waves.

    Phases are unwrapped along the offsets, not across the image. This is unambiguous for amplitudes below
    pi / (2 sin(pi / K)), 2.2 rad at four offsets. The first harmonic is (2/K) sum_k phase_k exp(-2 pi i k / K).

    Parameters
    ----------
    phase_rad : (K, S, R, C) wrapped phase at K offsets, evenly over one period, K at least 4

    Raises
    ------
    ValueError
        If there are fewer than four offsets.
    """
    offsets = len(phase_rad)
    if offsets < MIN_OFFSETS:
        message = f"{offsets} phase offsets where at least {MIN_OFFSETS} are needed"
        raise ValueError(message)
    amplitude, residual = (np.empty(np.shape(phase_rad)[1:], np.float32) for _ in range(2))
    turns = np.exp(2j * np.pi * np.arange(offsets) / offsets).astype(np.complex64)
    for index in range(len(amplitude)):
        unwrapped = np.unwrap(np.asarray(phase_rad[:, index], np.float32), axis=0)
        harmonic = np.tensordot(np.float32(2.0 / offsets) * turns.conj(), unwrapped, axes=1)
        rest = unwrapped - unwrapped.mean(axis=0) - (harmonic * turns[:, None, None]).real
        amplitude[index] = np.abs(harmonic)
        residual[index] = np.sqrt((rest**2).sum(axis=0) / (offsets - 3))
    return WaveMaps(amplitude, residual, offsets)


def compress_amplitude(amplitude_rad: NDArray[np.floating]) -> NDArray[np.float32]:
    """Map amplitudes to [0, 1): a / (a + 0.2 rad)."""
    return np.asarray(amplitude_rad / (amplitude_rad + HALF_RAD), np.float32)


def expand_amplitude(compressed: NDArray[np.floating]) -> NDArray[np.float32]:
    """Undo `compress_amplitude`."""
    return np.asarray(HALF_RAD * compressed / (1.0 - compressed), np.float32)
