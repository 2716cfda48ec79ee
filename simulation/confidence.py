"""Confidence of the simulated elastogram: fit of the inversion times wave signal over noise.

Vendors do not publish their formula. The constants are chosen so that about half of the liver passes the usual
threshold of 0.95 in the simulated cohort; they do not depend on where the liver is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from scipy import ndimage

if TYPE_CHECKING:
    from numpy.typing import NDArray

NOISE_HALF: Final = 2.0
"""Ratio of wave amplitude to its noise at which the signal term is one half."""
MISFIT_GAIN: Final = 0.27
"""Weight of the part of the wave that the local fit does not explain."""
SMOOTHING_PX: Final = 1.5


def confidence_map(
    fit: NDArray[np.float32],
    amplitude_rad: NDArray[np.float32],
    magnitude: NDArray[np.float32],
    noise: float,
    inside: NDArray[np.bool_],
) -> NDArray[np.float32]:
    """Return the confidence of one slice.

    Parameters
    ----------
    fit : (R, C) R^2 of the local fit
    amplitude_rad : (R, C) local wave amplitude
    magnitude : (R, C) measured magnitude
    noise : its noise SD
    inside : (R, C) body

    Returns
    -------
    (R, C) float32 in [0, 1], 0 outside the body
    """
    local = ndimage.gaussian_filter(magnitude, 2.0)
    ratio = amplitude_rad * local / max(noise, 1e-6)
    signal = ratio**2 / (ratio**2 + NOISE_HALF**2)
    quality = (1.0 - MISFIT_GAIN * (1.0 - fit)) * signal
    smooth = ndimage.gaussian_filter(quality, SMOOTHING_PX)
    return np.where(inside, np.clip(smooth, 0.0, 1.0), 0.0).astype(np.float32)
