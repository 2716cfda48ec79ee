"""The phase images of an acquisition, as phases in radians on the measured slices.

They serve quality control only; series whose pixels do not certainly match the measured slices are left out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from liver_mre.errors import MreError
from liver_mre.series.confidence_images import image_number
from liver_mre.stiffness.waves import MIN_OFFSETS
from liver_mre.studies.decoding import read_images
from liver_mre.studies.geometry import grid_offset, images_at, on_grid

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from liver_mre.studies.study import Instance, Series

# How scanners store phase: the largest pixel value, and the value of 2 pi, for signed and for unsigned pixels.
_SIGNED: Final = ((np.pi, 2.0 * np.pi), (1000.0 * np.pi, 2000.0 * np.pi), (4096.0, 8192.0))
_UNSIGNED: Final = ((2.0 * np.pi, 2.0 * np.pi), (4095.0, 4096.0), (2000.0 * np.pi, 2000.0 * np.pi))
MAX_OFFSETS: Final = 8
"""Ours: scanners sample a period at 3 to 8 offsets; more images of a slice come from several directions of motion."""
_COVERED: Final = (0.97, 1.01)
"""Phase noise in air covers the full 2 pi range; a scale whose range is not covered is wrong."""


def read_phases(series: Iterable[Series], instances: tuple[Instance, ...]) -> NDArray[np.float32] | None:
    """Read the phase offsets of an acquisition.

    Parameters
    ----------
    series : the acquisition's series of phase images
    instances : the images of the measured series in slice order

    Returns
    -------
    (K, S, R, C) float32 phase in radians, K at least 4, of the first usable series; None where no series lies on the
    measured slices, can be read and has a known scale.
    """
    return next((found for one in series if (found := _read(one, instances)) is not None), None)


def _read(series: Series, instances: tuple[Instance, ...]) -> NDArray[np.float32] | None:
    by_slice = [_offsets_at(series, instance) for instance in instances]
    offsets = len(by_slice[0])
    if not MIN_OFFSETS <= offsets <= MAX_OFFSETS or any(len(images) != offsets for images in by_slice):
        return None
    ordered = [image for images in zip(*by_slice, strict=True) for image in images]
    try:
        phase = np.stack([image.stored for image in read_images(tuple(ordered))]).astype(np.float32)
    except MreError:
        return None
    # In place, because an acquisition of many slices has hundreds of these images.
    phase *= np.array([image.rescale_slope or 1.0 for image in ordered], np.float32)[:, None, None]
    phase += np.array([image.rescale_intercept or 0.0 for image in ordered], np.float32)[:, None, None]
    found = in_radians(phase)
    if found is None:
        return None
    placed = (
        on_grid(pixels, image, instances[n % len(instances)])
        for n, (pixels, image) in enumerate(zip(found, ordered, strict=True))
    )
    return np.stack(list(placed)).reshape(offsets, len(instances), instances[0].rows, instances[0].columns)


def in_radians(values: NDArray[np.floating]) -> NDArray[np.float32] | None:
    """Return phases in radians from rescaled pixel values; None where they cover the range of no known scale."""
    smallest, largest = float(values.min()), float(values.max())
    low, high = _COVERED
    for limit, two_pi in _SIGNED if smallest < 0 else _UNSIGNED:
        if low * limit <= max(-smallest, largest) <= high * limit:
            return np.asarray(values * (2.0 * np.pi / two_pi), np.float32)
    return None


def _offsets_at(series: Series, instance: Instance) -> list[Instance]:
    """Return the images of a slice in the order of their offsets; none where pixels or offset numbers do not fit."""
    images = images_at(series, instance)
    if not all(grid_offset(instance, image) is not None for image in images):
        return []
    numbers = sorted(image.offset_number for image in images if image.offset_number is not None)
    if not numbers:
        return sorted(images, key=image_number)
    if numbers != list(range(numbers[0], numbers[0] + len(images))):
        return []  # repeated offsets: several directions of motion, or several breath-holds
    return sorted(images, key=lambda image: image.offset_number or 0)
