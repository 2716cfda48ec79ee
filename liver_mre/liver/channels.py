"""What a study has, as channels of a network: of one that takes what a study has, or of the masked elastogram alone.

The first has always the same three, in this order; what a study lacks is a channel of zeros:

0. stiffness in the window 0 to 8 kPa: of every pixel, or of confident pixels only where the elastogram is masked;
1. confident pixels (1 where the confidence reaches 95 %), where a separate confidence map tells them;
2. magnitude, divided by its 99th percentile inside the body.

It belongs to the core so that training and run time can call the same function: a network must never see an input that
it was not trained on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from liver_mre.stiffness.magnitude import bright_magnitude

if TYPE_CHECKING:
    from numpy.typing import NDArray

CHANNELS: Final = ("stiffness", "confident", "magnitude")
MASKED_ALONE: Final = ("masked_stiffness",)
"""The one channel of a network like that of Su et al. 2025 (doi 10.2196/80351): confident pixels of the stiffness."""
KNOWN_CHANNELS: Final = (MASKED_ALONE, CHANNELS)
"""What networks are shown."""
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
    """Arrange what an exam has as the channels of the network.

    Parameters
    ----------
    stiffness_kpa : (S, R, C) stiffness in kPa, 0 where nothing was measured. A hatched elastogram comes with what is
        left between its hatch lines, as the scanner wrote it
    confident : (S, R, C) pixels of at least 95 % confidence, or None where no separate map tells. With `masked`, the
        pixels that the scanner left, if the stiffness has still to be masked
    magnitude : (S, R, C) magnitude of the same pixels, in any unit, or None
    masked : True if pixels of low confidence are missing from the elastogram of the study. Channel 1 is then zero:
        it would say nothing that channel 0 does not show
    bright : magnitude that becomes 1; by default that of this exam, `bright_magnitude(magnitude)`
    window_kpa : stiffness that becomes 0 and 1; values outside are clipped

    Returns
    -------
    (S, 3, R, C) float32 in [0, 1], channels as in `CHANNELS`

    Raises
    ------
    ValueError
        If the arrays differ in shape.
    """
    for name, other in (("confident", confident), ("magnitude", magnitude)):
        if other is not None and other.shape != stiffness_kpa.shape:
            message = f"{name} of shape {other.shape} with stiffness of shape {stiffness_kpa.shape}"
            raise ValueError(message)
    slices, rows, columns = stiffness_kpa.shape
    channels = np.zeros((slices, len(CHANNELS), rows, columns), dtype=np.float32)
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
