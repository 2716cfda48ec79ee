"""The images of a companion on the measured slices, by position, and their values on one scale."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from liver_mre.studies.decoding import read_images
from liver_mre.studies.geometry import grid_offset, images_at, on_grid

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from liver_mre.studies.study import Instance, Series

    Pixels = NDArray[np.float32]

MAX_SPREAD_RATIO: Final = 0.5
"""Ours: phase offsets of one slice differ by noise, different slices by anatomy, which is far more."""
NO_POSITIONS: Final = "it has no usable positions, and"
"""Start of what is wrong with a companion that has to be paired by number, as a clause."""


class UnusableError(Exception):
    """A companion does not certainly match the measured slices; the message says why, as a clause."""


def require(condition: object, otherwise: str) -> None:
    """Raise `UnusableError` with a clause unless a condition holds."""
    if not condition:
        raise UnusableError(otherwise)


def on_slices(slices: Sequence[Instance], series: Series) -> list[list[Instance]]:
    """Return the images at the position of each measured slice, at least one per slice."""
    by_slice = [images_at(series, instance) for instance in slices]
    require(all(by_slice), "it lacks slices, or shows others (ImagePositionPatient)")
    aligned = all(
        grid_offset(instance, image) is not None
        for instance, images in zip(slices, by_slice, strict=True)
        for image in images
    )
    require(
        aligned, "its pixels do not lie on those of the stiffness (Rows, Columns, PixelSpacing, ImagePositionPatient)"
    )
    return by_slice


def on_grids(pixels: Pixels, images: tuple[Instance, ...], slices: tuple[Instance, ...]) -> Pixels:
    """Return images (N, r, c) on the pixels of the slices that they show, (N, R, C)."""
    placed = (on_grid(one, image, of) for one, image, of in zip(pixels, images, slices, strict=True))
    return np.stack(list(placed))


def of_slices(values: Pixels, images: Sequence[Instance], slices: int) -> Pixels:
    """Return the mean over the phase offsets of each slice, (S, R, C), of images in the order of their numbers.

    Scanners number slice by slice or offset by offset. The header says which, or else the pixels: images of one slice
    differ much less than those of different slices.
    """
    numbers = [image.offset_number for image in images]
    known = sorted({number for number in numbers if number is not None})
    if known and all(numbers.count(number) == slices for number in known) and len(known) * slices == len(images):
        mean: Pixels = np.mean([values[[found == number for found in numbers]] for number in known], axis=0)
        return mean
    grid = values.shape[1:]
    either = values.reshape(slices, -1, *grid), values.reshape(-1, slices, *grid).swapaxes(0, 1)
    spread = [float(np.abs(of - of.mean(axis=1, keepdims=True)).mean()) for of in either]
    clear = min(spread) <= MAX_SPREAD_RATIO * max(spread)
    require(clear, f"{NO_POSITIONS} it is not clear which of its images show one slice")
    closest: Pixels = either[int(np.argmin(spread))].mean(axis=1)
    return closest


def rescale(images: Sequence[Instance]) -> NDArray[np.float32] | None:
    """Return RescaleSlope and RescaleIntercept of images, (2, N); None if not every image has its own scale."""
    if any(image.rescale_slope is None for image in images):
        return None
    scales = np.array([(image.rescale_slope, image.rescale_intercept or 0.0) for image in images], dtype=np.float32)
    usable = np.isfinite(scales).all() and (scales[:, 0] > 0).all()
    require(usable, "its RescaleSlope or RescaleIntercept cannot be used")
    return scales.T


def read_values(images: Sequence[Instance]) -> Pixels:
    """Read pixels on one scale: each image's own, since it can differ between slices, if every image has one."""
    stored = np.stack([image.stored for image in read_images(images)]).astype(np.float32)
    scales = rescale(images)
    if scales is None:
        return np.maximum(stored, np.float32(0.0))
    slope, intercept = scales[:, :, np.newaxis, np.newaxis]
    values: Pixels = np.maximum(stored * slope + intercept, np.float32(0.0))
    return values


def without_repeats(images: Pixels) -> Pixels:
    """Return the different ones of the images of a slice (K, R, C), in their order."""
    kept: list[NDArray[np.float32]] = []
    for image in images:
        if not any(np.array_equal(image, other) for other in kept):
            kept.append(image)
    return np.stack(kept)
