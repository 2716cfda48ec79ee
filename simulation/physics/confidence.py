"""Confidence map: goodness of fit of the inversion times a term of wave-to-noise ratio.

A surrogate, since vendors publish no formula. The constants are chosen so that about half of the liver reaches the
usual threshold of 0.95; they do not depend on the liver's position.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from scipy import ndimage

from simulation.planning.parameters import STANDARD_PARAMETERS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from simulation.planning.parameters import ExamParameters

SMOOTHING_MM: Final = 2.34375
SIGNAL_SMOOTHING_MM: Final = 3.125
STANDARD_PIXEL_MM: Final = 1.5625


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
