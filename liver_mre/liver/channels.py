"""Input channels of the segmentation network: three channels, or the masked elastogram alone.

The three channels, in this order; one that the study lacks is zero:

0. stiffness in the window 0 to 8 kPa, of confident pixels only if the elastogram is masked;
1. confident pixels (1 where the confidence reaches 95 %), from a separate confidence map;
2. magnitude, divided by its 99th percentile inside the body.

Training and the application call the same function, so that a network never gets an input that it was not trained on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from liver_mre.stiffness.magnitude import bright_magnitude

if TYPE_CHECKING:
    from numpy.typing import NDArray

ALL_CHANNELS: Final = ("stiffness", "confident", "magnitude")
MASKED_ALONE: Final = ("masked_stiffness",)
"""Stiffness of confident pixels, the only channel of a network like that of Su et al. 2025 (doi 10.2196/80351)."""
KNOWN_CHANNELS: Final = (MASKED_ALONE, ALL_CHANNELS)
WINDOW_KPA: Final = (0.0, 8.0)
"""Window centre 400, width 800 at 0.01 kPa a count, as in Su et al. 2025 (doi 10.2196/80351)."""


def network_channels(
    stiffness_kpa: NDArray[np.floating],
    confident: NDArray[np.bool_] | None,
    magnitude: NDArray[np.number] | None,
    *,
    masked: bool,
    bright: float | None = None,
    window_kpa: tuple[float, float] = WINDOW_KPA,
) -> NDArray[np.float32]:
    """Arrange the images of an exam as the three channels of the network.

    Parameters
    ----------
    stiffness_kpa : (S, R, C) stiffness in kPa, 0 where nothing was measured
    confident : (S, R, C) pixels of at least 95 % confidence, or None without a confidence map. With `masked`, a mask
        still to be applied to the stiffness, or None if the scanner has applied it
    magnitude : (S, R, C) magnitude of the same pixels, in any unit, or None
    masked : True for a masked elastogram; channel 1 is then zero, as it would only repeat channel 0
    bright : magnitude that becomes 1; by default `bright_magnitude(magnitude)`
    window_kpa : stiffness that becomes 0 and 1; values outside are clipped

    Returns
    -------
    (S, 3, R, C) float32 in [0, 1], channels as in `ALL_CHANNELS`

    Raises
    ------
    ValueError
        The arrays differ in shape.
    """
    for name, other in (("confident", confident), ("magnitude", magnitude)):
        if other is not None and other.shape != stiffness_kpa.shape:
            message = f"{name} of shape {other.shape} with stiffness of shape {stiffness_kpa.shape}"
            raise ValueError(message)
    slices, rows, columns = stiffness_kpa.shape
    channels = np.zeros((slices, len(ALL_CHANNELS), rows, columns), dtype=np.float32)
    low, high = window_kpa
    channels[:, 0] = np.clip((stiffness_kpa - low) / (high - low), 0.0, 1.0)
    if confident is not None:
        if masked:
            channels[:, 0] *= confident
        else:
            channels[:, 1] = confident
    if magnitude is not None:
        scale = bright_magnitude(magnitude) if bright is None else bright
        if scale > 0.0:
            channels[:, 2] = np.clip(magnitude / scale, 0.0, 1.0)
    return channels
