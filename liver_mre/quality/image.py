"""Input of the quality networks; training and run time call the same function."""

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

QUALITY_CHANNELS: Final = ("masked_stiffness", "confident", "liver", "stiffness", "magnitude", "wave", "residual")
"""The first three always exist; unmasked stiffness, magnitude and waves only where the study holds them."""
QUALITY_FIELD_OF_VIEW_MM: Final = (320.0, 400.0)
SIZE: Final = (64, 80)
"""Pixels of 5 mm, averaged over the original ones, so that a small confident region keeps its area."""


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
    """Return the input of the networks: the same field of view around the image centre for every slice.

    Parameters
    ----------
    stiffness_kpa : (S, R, C) stiffness in kPa
    confident : (S, R, C) confident pixels
    liver : (S, R, C) predicted liver
    pixel_spacing_mm : (row spacing, column spacing)
    unmasked_kpa : (S, R, C) unmasked stiffness in kPa, or None where the study holds only a masked elastogram
    magnitude : (S, R, C) in any unit, or None
    waves : amplitude and residual of the phase, or None
    size : (h, w) of the result

    Returns
    -------
    (S, 7, h, w) float32 in [0, 1], channels as in `QUALITY_CHANNELS`; missing channels are zero
    """
    channels: list[NDArray[np.floating] | None] = [
        _windowed(stiffness_kpa) * confident,
        confident.astype(np.float32),
        liver.astype(np.float32),
        None if unmasked_kpa is None else _windowed(unmasked_kpa),
        None if magnitude is None else _scaled(magnitude),
        None if waves is None else compress_amplitude(waves.amplitude_rad),
        None if waves is None else compress_amplitude(waves.residual_rad),
    ]
    images = np.zeros((len(stiffness_kpa), len(QUALITY_CHANNELS), *size), np.float32)
    for channel, array in enumerate(channels):
        if array is not None:
            images[:, channel] = averaged(array, pixel_spacing_mm, size)
    return images


def averaged(
    images: NDArray[np.number] | NDArray[np.bool_],
    pixel_spacing_mm: tuple[float, float],
    size: tuple[int, int] = SIZE,
) -> NDArray[np.float32]:
    """Crop or pad slices (S, R, C) to the field of view and average them to (S, h, w)."""
    return np.stack([_averaged(image.astype(np.float32), pixel_spacing_mm, size) for image in images])


def _windowed(stiffness_kpa: NDArray[np.floating]) -> NDArray[np.floating]:
    low, high = WINDOW_KPA
    return np.asarray(np.clip((stiffness_kpa - low) / (high - low), 0.0, 1.0))


def _scaled(magnitude: NDArray[np.number]) -> NDArray[np.floating] | None:
    """Scale the magnitude to 1 in the brightest tissue; None for an exam without signal."""
    bright = bright_magnitude(magnitude)
    return np.clip(magnitude / bright, 0.0, 1.0) if bright > 0.0 else None


def _averaged(
    image: NDArray[np.floating], spacing_mm: tuple[float, float], size: tuple[int, int]
) -> NDArray[np.float32]:
    canvas = np.zeros(
        [round(side / step) for side, step in zip(QUALITY_FIELD_OF_VIEW_MM, spacing_mm, strict=True)], np.float32
    )
    shared = [min(lengths) for lengths in zip(image.shape, canvas.shape, strict=True)]
    canvas[_central(canvas.shape, shared)] = image[_central(image.shape, shared)]
    resized = Image.fromarray(canvas).resize((size[1], size[0]), Image.Resampling.BOX)
    return np.asarray(resized, np.float32)


def _central(shape: tuple[int, ...], part: list[int]) -> tuple[slice, ...]:
    """Return the central part of an array, of the given lengths."""
    starts = [(length - kept) // 2 for length, kept in zip(shape, part, strict=True)]
    return tuple(slice(start, start + kept) for start, kept in zip(starts, part, strict=True))
