"""What the networks that judge quality are shown: the confidence-overlaid elastogram, the liver, and more.

It belongs to the core so that training and run time call the same function.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from PIL import Image

from liver_mre.liver.channels import WINDOW_KPA
from liver_mre.stiffness.magnitude import bright_magnitude
from liver_mre.stiffness.waves import compress_amplitude

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from liver_mre.stiffness.waves import WaveMaps

CHANNELS: Final = ("masked_stiffness", "confident", "liver", "stiffness", "magnitude", "wave", "residual")
"""The first three are always there; the unmasked stiffness, the magnitude and the waves where a study has them."""
FIELD_OF_VIEW_MM: Final = (320.0, 400.0)
SIZE: Final = (64, 80)
"""Pixels of 5 mm; they are averages, so that the area of a small confident region is kept."""


def quality_images(
    stiffness_kpa: NDArray[np.floating],
    confident: NDArray[np.bool_],
    liver: NDArray[np.bool_],
    pixel_spacing_mm: tuple[float, float],
    *,
    unmasked_kpa: NDArray[np.floating] | None = None,
    magnitude: NDArray[np.number] | None = None,
    waves: WaveMaps | None = None,
    size: tuple[int, int] = SIZE,
) -> NDArray[np.float32]:
    """Return the input of the networks.

    Every slice is shown in one physical field of view around the image's centre, whatever its matrix.

    Parameters
    ----------
    stiffness_kpa : (S, R, C) stiffness in kPa
    confident : (S, R, C) pixels of at least 95 % confidence
    liver : (S, R, C) predicted liver
    pixel_spacing_mm : (row spacing, column spacing)
    unmasked_kpa : (S, R, C) stiffness of every pixel in kPa, or None where a study has the masked one alone
    magnitude : (S, R, C) in any unit, or None
    waves : amplitude of the waves in the phase, and what no wave explains, or None
    size : (h, w) of the result

    Returns
    -------
    (S, 7, h, w) float32 in [0, 1], channels as in `CHANNELS`; what there is not is zero
    """
    shown: list[NDArray[np.floating] | None] = [
        _windowed(stiffness_kpa) * confident,
        confident.astype(np.float32),
        liver.astype(np.float32),
        None if unmasked_kpa is None else _windowed(unmasked_kpa),
        None if magnitude is None else _scaled(magnitude),
        None if waves is None else compress_amplitude(waves.amplitude_rad),
        None if waves is None else compress_amplitude(waves.residual_rad),
    ]
    images = np.zeros((len(stiffness_kpa), len(CHANNELS), *size), np.float32)
    for channel, array in enumerate(shown):
        if array is not None:
            images[:, channel] = averaged(array, pixel_spacing_mm, size)
    return images


def averaged(
    images: NDArray[np.number] | NDArray[np.bool_],
    pixel_spacing_mm: tuple[float, float],
    size: tuple[int, int] = SIZE,
) -> NDArray[np.float32]:
    """Return slices (S, R, C) in the field of view, averaged to (S, h, w)."""
    return np.stack([_shown(image.astype(np.float32), pixel_spacing_mm, size) for image in images])


def _windowed(stiffness_kpa: NDArray[np.floating]) -> NDArray[np.floating]:
    low, high = WINDOW_KPA
    return np.asarray(np.clip((stiffness_kpa - low) / (high - low), 0.0, 1.0))


def _scaled(magnitude: NDArray[np.number]) -> NDArray[np.floating] | None:
    """Return the magnitude, 1 where tissue is brightest; None for an exam without signal."""
    bright = bright_magnitude(magnitude)
    return np.clip(magnitude / bright, 0.0, 1.0) if bright > 0.0 else None


def _shown(image: NDArray[np.floating], spacing_mm: tuple[float, float], size: tuple[int, int]) -> NDArray[np.float32]:
    """Crop or pad one (R, C) image to the field of view, then average it to `size`."""
    wanted = [round(side / step) for side, step in zip(FIELD_OF_VIEW_MM, spacing_mm, strict=True)]
    canvas = np.zeros(wanted, np.float32)
    theirs, ours = zip(*(_overlap(have, want) for have, want in zip(image.shape, wanted, strict=True)), strict=True)
    canvas[ours] = image[theirs]
    resized = Image.fromarray(canvas).resize((size[1], size[0]), Image.Resampling.BOX)
    return np.asarray(resized, np.float32)


def _overlap(have: int, want: int) -> tuple[slice, slice]:
    """Return which pixels of an axis are taken, and where they go, both centred."""
    shared = min(have, want)
    return slice((have - shared) // 2, (have - shared) // 2 + shared), slice(
        (want - shared) // 2, (want - shared) // 2 + shared
    )
