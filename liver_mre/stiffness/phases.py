"""The phase images of an acquisition, as phases in radians on the measured slices.

Only quality is judged by them, and nothing is measured: what cannot be laid on the slices beyond doubt is left out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from liver_mre.errors import MreError
from liver_mre.stiffness.waves import LEAST_OFFSETS
from liver_mre.studies.decoding import read_images
from liver_mre.studies.geometry import images_at, same_orientation, same_pixels

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from liver_mre.studies.study import Instance, Series

# How scanners write one turn: the largest value of signed and of unsigned pixels, and what a turn is in their units.
_SIGNED: Final = ((np.pi, 2.0 * np.pi), (1000.0 * np.pi, 2000.0 * np.pi), (4096.0, 8192.0))
_UNSIGNED: Final = ((2.0 * np.pi, 2.0 * np.pi), (4095.0, 4096.0), (2000.0 * np.pi, 2000.0 * np.pi))
MOST_OFFSETS: Final = 8
"""Ours: scanners sample a period at 3 to 8 offsets; more images of a slice than that are several motions."""
_FILLED: Final = (0.97, 1.01)
"""Air is noise, whose phases fill the whole turn: a scale whose turn is not filled is not the right one."""


def read_phases(series: Iterable[Series], instances: tuple[Instance, ...]) -> NDArray[np.float32] | None:
    """Read the phase offsets of an acquisition.

    Parameters
    ----------
    series : the acquisition's series of phase images
    instances : the images of the measured series in slice order

    Returns
    -------
    (K, S, R, C) float32 phase in radians, K at least 4, of the first series that can be used; None where no series lies
    on the measured slices, can be read, and has a plain scale.
    """
    return next((found for one in series if (found := _read(one, instances)) is not None), None)


def _read(series: Series, instances: tuple[Instance, ...]) -> NDArray[np.float32] | None:
    here = [_offsets_at(series, instance) for instance in instances]
    offsets = len(here[0])
    if not LEAST_OFFSETS <= offsets <= MOST_OFFSETS or any(len(images) != offsets for images in here):
        return None
    ordered = [image for images in zip(*here, strict=True) for image in images]
    try:
        phase = np.stack([image.stored for image in read_images(tuple(ordered))]).astype(np.float32)
    except MreError:
        return None
    # In place: an exam of many slices has hundreds of these images.
    phase *= np.array([image.rescale_slope or 1.0 for image in ordered], np.float32)[:, None, None]
    phase += np.array([image.rescale_intercept or 0.0 for image in ordered], np.float32)[:, None, None]
    found = in_radians(phase)
    return None if found is None else found.reshape(offsets, len(instances), *phase.shape[1:])


def in_radians(values: NDArray[np.floating]) -> NDArray[np.float32] | None:
    """Return phases in radians from rescaled pixel values; None where no known scale has its turn filled by them."""
    least, most = float(values.min()), float(values.max())
    largest = max(-least, most)
    low, high = _FILLED
    for limit, turn in _SIGNED if least < 0 else _UNSIGNED:
        if low * limit <= largest <= high * limit:
            return np.asarray(values * (2.0 * np.pi / turn), np.float32)
    return None


def _offsets_at(series: Series, instance: Instance) -> list[Instance]:
    """Return the images of one slice by their offset; none where they lie elsewhere or are not those of one motion."""
    here = images_at(series, instance)
    if not all(same_orientation(image, instance) and same_pixels(image, instance) for image in here):
        return []
    numbers = sorted(image.offset_number for image in here if image.offset_number is not None)
    if not numbers:
        return sorted(here, key=lambda image: (image.instance_number, image.frame_number or 0))
    if numbers != list(range(numbers[0], numbers[0] + len(here))):
        return []  # offsets that repeat are several directions of motion, or several breath-holds
    return sorted(here, key=lambda image: image.offset_number or 0)
