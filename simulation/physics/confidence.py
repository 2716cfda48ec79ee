"""Confidence map: goodness of fit of the inversion times a term of wave-to-noise ratio.

A surrogate, since vendors publish no formula. The constants are chosen so that about half of the liver reaches the
usual threshold of 0.95; they do not depend on the liver's position.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from scipy import ndimage

from simulation.physics.waves import DENSITY_KG_M3
from simulation.planning.parameters import STANDARD_PARAMETERS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from simulation.physics.inversion import Inversion
    from simulation.planning.parameters import ExamParameters

    Quality = Callable[[Inversion, NDArray[np.float32], float], NDArray[np.float32]]

SMOOTHING_MM: Final = 2.34375
SIGNAL_SMOOTHING_MM: Final = 3.125
STANDARD_PIXEL_MM: Final = 1.5625
CURVATURE_REACH_MM: Final = 9.0
"""Size of the neighbourhood whose curvature is compared with noise."""
LEAST_QUALITY: Final = 0.75
"""Quality below which no scanner calls a pixel confident, whatever its scale."""


def confidence_map(
    fit: NDArray[np.float32],
    amplitude_rad: NDArray[np.float32],
    magnitude: NDArray[np.float32],
    noise: float,
    inside: NDArray[np.bool_],
    pixel_mm: float = STANDARD_PIXEL_MM,
    parameters: ExamParameters = STANDARD_PARAMETERS,
    residual_rad: NDArray[np.float32] | None = None,
) -> NDArray[np.float32]:
    """Return the confidence of one slice, (R, C) float32 from 0 to 1, 0 outside the body.

    Parameters
    ----------
    fit : (R, C) R^2 of the local fit
    amplitude_rad : (R, C) local wave amplitude
    magnitude : (R, C) measured magnitude
    noise : its noise SD
    inside : (R, C) body
    pixel_mm : pixel size
    parameters : `misfit_gain` weights the variance that the local fit leaves unexplained, `noise_half` is the
        wave-to-noise ratio at which the signal term is 0.5
    residual_rad : (R, C) phase error between the offsets (`phase_residual`); by default not considered
    """
    local = ndimage.gaussian_filter(magnitude, SIGNAL_SMOOTHING_MM / pixel_mm)
    ratio = amplitude_rad * local / max(noise, 1e-6)
    if residual_rad is not None:
        error = np.sqrt(ndimage.gaussian_filter(residual_rad**2, SIGNAL_SMOOTHING_MM / pixel_mm))
        ratio = np.minimum(ratio, amplitude_rad / np.maximum(error, np.float32(1e-6)))
    signal = ratio**2 / (ratio**2 + parameters.noise_half**2)
    quality = (1.0 - parameters.misfit_gain * (1.0 - fit)) * signal
    smooth = ndimage.gaussian_filter(quality, SMOOTHING_MM / pixel_mm)
    return np.where(inside, np.clip(smooth, 0.0, 1.0), 0.0).astype(np.float32)


def phase_error(
    magnitude: NDArray[np.float32], noise: float, offsets: int, residual_rad: NDArray[np.float32], pixel_mm: float
) -> NDArray[np.float32]:
    """Return the SD (R, C) of the first harmonic's error in rad: the larger of noise and motion between offsets."""
    local = np.maximum(ndimage.gaussian_filter(magnitude, SIGNAL_SMOOTHING_MM / pixel_mm), 1e-6)
    moved = np.sqrt(ndimage.gaussian_filter(residual_rad**2, SIGNAL_SMOOTHING_MM / pixel_mm))
    return np.asarray(np.sqrt(2.0 / offsets) * np.maximum(noise / local, moved), np.float32)


def _fit(result: Inversion, error_rad: NDArray[np.float32], frequency_hz: float) -> NDArray[np.float32]:
    """Return the quality by the fit; only where noise prevails does the wave's amplitude matter."""
    del frequency_hz
    ratio = (result.amplitude_rad / np.maximum(error_rad, 1e-6)) ** 2
    return np.asarray(result.fit * ratio / (ratio + 0.2), np.float32)


def _noise(result: Inversion, error_rad: NDArray[np.float32], frequency_hz: float) -> NDArray[np.float32]:
    del frequency_hz
    ratio = (result.amplitude_rad / np.maximum(error_rad, 1e-6)) ** 2
    return np.asarray(ratio / (ratio + 1.0), np.float32)


def _fit_and_noise(result: Inversion, error_rad: NDArray[np.float32], frequency_hz: float) -> NDArray[np.float32]:
    return np.asarray((1.0 - 0.35 * (1.0 - result.fit)) * _noise(result, error_rad, frequency_hz), np.float32)


def _curvature_and_noise(result: Inversion, error_rad: NDArray[np.float32], frequency_hz: float) -> NDArray[np.float32]:
    """Return the quality by the Laplacian's own signal-to-noise ratio: long waves in stiff tissue bend little."""
    squared = DENSITY_KG_M3 * (2.0 * np.pi * frequency_hz) ** 2 / np.maximum(1e3 * result.stiffness_kpa, 100.0)
    bend = np.minimum((squared * (1e-3 * CURVATURE_REACH_MM) ** 2) ** 2, 4.0)
    ratio = bend * (result.amplitude_rad / np.maximum(error_rad, 1e-6)) ** 2
    return np.asarray(result.fit * ratio / (ratio + 1.0), np.float32)


QUALITIES: Final[Mapping[str, Quality]] = {
    "fit and noise": _fit_and_noise,
    "fit": _fit,
    "noise": _noise,
    "curvature and noise": _curvature_and_noise,
}
"""Quality (R, C) in [0, 1] of a slice by its inversion, the error of its harmonic in rad, and the frequency."""


def scaled_confidence(quality: NDArray[np.float32], usual: NDArray[np.float32], share: float) -> NDArray[np.float32]:
    """Return the confidence (S, R, C) of a scanner that calls a share of a good exam's liver confident.

    Parameters
    ----------
    quality : (S, R, C) in [0, 1], 0 outside the body
    usual : (N,) quality in the same patient's liver without a failure, which sets the scale
    share : of `usual` that reaches a confidence of 0.95, unless its quality is below `LEAST_QUALITY`
    """
    least = max(float(np.quantile(usual, 1.0 - share)) if usual.size else 1.0, LEAST_QUALITY)
    least = min(least, 1.0 - 1e-4)
    confidence = 1.0 - 0.05 * (1.0 - quality) / (1.0 - least)
    return np.where(quality > 0.0, np.clip(confidence, 0.0, 1.0), 0.0).astype(np.float32)
