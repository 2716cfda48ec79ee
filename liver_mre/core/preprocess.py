"""From stiffness to the network's input, and from its output back to the scanner's pixel grid."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from liver_mre.core.volume import StiffnessVolume


def network_input(
    volume: StiffnessVolume,
    *,
    window_kpa: tuple[float, float] = (0.0, 8.0),
    size: tuple[int, int] = (512, 512),
) -> NDArray[np.float32]:
    """Window and resize the confidence-masked stiffness.

    The network sees what the reading physician sees on the masked elastogram: pixels below the confidence
    threshold are 0. Both axes go to `size` whatever the aspect ratio (256 x 204 becomes 512 x 512), as in
    Su et al. 2025 (doi 10.2196/80351). Nothing is ever measured on the result.

    Parameters
    ----------
    volume : (S, R, C) stiffness
    window_kpa : stiffness that becomes 0 and 1; values outside are clipped
    size : (h, w) of the network's input

    Returns
    -------
    (S, 1, h, w) float32 in [0, 1]. Enlarging is the bilinear interpolation of pixel centres
    (`align_corners=False`); images larger than `size` are averaged instead, so that no pixel is skipped.
    """
    low, high = np.float32(window_kpa[0]), np.float32(window_kpa[1])
    masked = np.where(volume.confident, volume.stiffness_kpa, np.float32(0.0))
    windowed = np.clip((masked - low) / (high - low), 0.0, 1.0, dtype=np.float32)
    resized = np.empty((len(windowed), 1, *size), dtype=np.float32)
    for target, image in zip(resized, windowed, strict=True):
        target[0] = _resized(image, size)
    return resized


def native_mask(
    probability: NDArray[np.float32], shape: tuple[int, int], *, threshold: float = 0.5
) -> NDArray[np.bool_]:
    """Bring predicted probabilities to the pixel grid of the stiffness series and decide.

    Probabilities are resized, not the decided mask: the outline then follows the network's own edge between
    two pixels.

    Parameters
    ----------
    probability : (S, h, w) float32
    shape : (R, C) of the stiffness series
    threshold : probability from which a pixel is liver

    Returns
    -------
    (S, R, C) bool
    """
    mask = np.empty((len(probability), *shape), dtype=np.bool_)
    for target, image in zip(mask, probability, strict=True):
        target[:] = _resized(image, shape) >= threshold
    return mask


def _resized(image: NDArray[np.float32], size: tuple[int, int]) -> NDArray[np.float32]:
    """Resize a (r, c) float32 image to `size`; Pillow computes mode "F" in floating point."""
    rows, columns = size
    resized = Image.fromarray(np.ascontiguousarray(image, dtype=np.float32)).resize(
        (columns, rows), Image.Resampling.BILINEAR
    )
    return np.asarray(resized, dtype=np.float32)
