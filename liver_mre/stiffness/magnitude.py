"""The body and its brightest tissue in a magnitude image."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_PEAK_PERCENTILE: Final = 99.5
_BODY_SHARE: Final = 0.1  # ours: air, with its noise, stays below a tenth of the brightest tissue
_BRIGHT_PERCENTILE: Final = 99.0


def bright_magnitude(magnitude: NDArray[np.number]) -> float:
    """Return the 99th percentile of an exam's magnitude inside the body; 0 for an exam without signal.

    The body is found in the magnitude alone, so that the channel does not depend on what else the study has.

    Parameters
    ----------
    magnitude : (S, R, C), any unit
    """
    body = magnitude[body_pixels(magnitude)]
    return max(0.0, float(np.percentile(body, _BRIGHT_PERCENTILE))) if body.size else 0.0


def body_pixels(magnitude: NDArray[np.number]) -> NDArray[np.bool_]:
    """Return (S, R, C) bool: pixels above a tenth of the exam's 99.5th percentile, which air does not reach."""
    if not magnitude.size:
        return np.zeros(magnitude.shape, dtype=np.bool_)
    body: NDArray[np.bool_] = magnitude > _BODY_SHARE * np.percentile(magnitude, _PEAK_PERCENTILE)
    return body
