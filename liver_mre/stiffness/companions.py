"""What the network is shown beside the measured series: the magnitude, and the stiffness before it was masked.

Nothing is measured in either, so what cannot be laid on the measured slices beyond doubt is left out, with a note: it
never fails an exam.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import chain
from typing import TYPE_CHECKING, Final

import numpy as np

from liver_mre.errors import MreError
from liver_mre.stiffness.assembly import assemble
from liver_mre.stiffness.body_overlap import best_overlap, mean_overlap, without_hollows
from liver_mre.stiffness.confidence_map import image_number
from liver_mre.stiffness.magnitude import body_pixels
from liver_mre.stiffness.masking import Masking, judge_masking
from liver_mre.studies.decoding import read_images
from liver_mre.studies.geometry import images_at, same_orientation, same_pixels

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from liver_mre.series.acquisition import Acquisition, UnitEvidence
    from liver_mre.stiffness.volume import StiffnessVolume
    from liver_mre.studies.study import Instance, Series

    Pixels = NDArray[np.float32]

CLEARLY_ALIKE: Final = 0.5  # ours: phase offsets of a slice differ by noise, slices by anatomy, which is far more
MOVED_MM: Final = 30.0
"""How far outlines of the body are moved to lie on each other. Ours."""
_GREY: Final = (1, "MONOCHROME2")


class _UnusableError(Exception):
    """A companion cannot be laid on the measured slices; the message says why, as a clause."""


def with_companions(volume: StiffnessVolume, acquisition: Acquisition) -> StiffnessVolume:
    """Read what the network can be shown beside the measured stiffness.

    Parameters
    ----------
    volume : the measured stiffness
    acquisition : whose it is, with its magnitude and its unmasked stiffness

    Returns
    -------
    The volume with `unmasked_kpa` and `magnitude`, each if there is one that lies on the measured slices beyond doubt;
    if there is one that does not, with a note that says why.
    """
    maps, magnitude = acquisition.maps, acquisition.magnitude
    if maps is not None and (unmasked := maps.unmasked) is not None:
        try:
            volume = replace(volume, unmasked_kpa=_unmasked_kpa(volume, maps.unit, unmasked))
        except (_UnusableError, MreError) as error:
            volume = _without(volume, "unmasked stiffness", unmasked, error)
    if magnitude is not None:
        try:
            volume = replace(volume, magnitude=_magnitude(volume, magnitude))
        except (_UnusableError, MreError) as error:
            volume = _without(volume, "magnitude", magnitude, error)
    return volume


def _without(volume: StiffnessVolume, what: str, series: Series, error: Exception) -> StiffnessVolume:
    # What a reader of pixels says of an image ends in "Nothing was measured", which is not so here.
    why = str(error) if isinstance(error, _UnusableError) else "its pixels cannot be read, or lost something"
    note = f"The network was not shown the {what} (series {series.series_number}): {why}."
    return replace(volume, notes=(*volume.notes, note))


def _unmasked_kpa(volume: StiffnessVolume, unit: UnitEvidence, series: Series) -> Pixels:
    """Return the stiffness before it was masked, (S, R, C): it is that only where the mask left it as it was."""
    here = _on_slices(volume, series)
    if any(len(images) != 1 for images in here):
        message = "it does not show every measured slice once"
        raise _UnusableError(message)
    images = tuple(chain.from_iterable(here))
    stored = np.stack([image.stored for image in read_images(images)])
    stiffness_kpa = assemble(stored, images, unit).stiffness_kpa
    if not np.array_equal(stiffness_kpa[volume.valid], volume.stiffness_kpa[volume.valid]):
        message = "it differs from the masked stiffness where that has values"
        raise _UnusableError(message)
    if judge_masking(stiffness_kpa > 0, volume.pixel_area_cm2) is Masking.MASKED:
        message = "its pixels look masked, too"
        raise _UnusableError(message)
    return stiffness_kpa


def _magnitude(volume: StiffnessVolume, series: Series) -> Pixels:
    """Return the magnitude of the measured slices, (S, R, C): the mean over the phase offsets of each."""
    images = series.instances
    if any((image.samples_per_pixel, image.photometric_interpretation) != _GREY for image in images):
        message = "it is not stored as grey values"
        raise _UnusableError(message)
    if any(image.conflicting for image in images):
        message = "files of it contradict each other"
        raise _UnusableError(message)
    if len({image.position_mm for image in images}) == 1 < len(volume.instances):
        return _by_number(volume, series)
    here = _on_slices(volume, series)
    offsets = {len(of_slice) for of_slice in here}
    if len(offsets) > 1:
        message = "it has more images of some slices than of others"
        raise _UnusableError(message)
    values = _values(list(chain.from_iterable(here)))
    mean: Pixels = values.reshape(len(here), *offsets, *values.shape[1:]).mean(axis=1)
    return mean


def _on_slices(volume: StiffnessVolume, series: Series) -> list[list[Instance]]:
    """Return the images of a companion at the position of each measured slice, by geometry: at least one."""
    here = [images_at(series, instance) for instance in volume.instances]
    if not all(here):
        message = "it lacks slices, or shows others (ImagePositionPatient)"
        raise _UnusableError(message)
    for instance, images in zip(volume.instances, here, strict=True):
        if not all(same_orientation(image, instance) and same_pixels(image, instance) for image in images):
            message = (
                "its pixels do not lie on those of the stiffness (Rows, Columns, PixelSpacing, ImagePositionPatient)"
            )
            raise _UnusableError(message)
    return here


def _by_number(volume: StiffnessVolume, series: Series) -> Pixels:
    """Pair by the order of InstanceNumber, where positions say nothing and everything else agrees with it.

    The measured slices have to be numbered along their normal, up or down, and the outlines of the body to fit better
    than in the reverse order and than mirrored, as far as they move by breathing: so they do in 877 of 884 good
    simulated exams.
    """
    images, slices = sorted(series.instances, key=image_number), volume.instances
    shape = volume.stiffness_kpa.shape[1:]
    if len(images) % len(slices) or any((image.rows, image.columns) != shape for image in images):
        message = "it has no usable positions, and other images than the stiffness"
        raise _UnusableError(message)
    if any(len(set(map(image_number, of))) < len(of) for of in (images, slices)):
        message = "it has no usable positions, and InstanceNumber repeats"
        raise _UnusableError(message)
    order = sorted(range(len(slices)), key=lambda index: image_number(slices[index]))
    if sorted(order) not in (order, order[::-1]):
        message = "it has no usable positions, and the stiffness is not numbered in the order of its slices"
        raise _UnusableError(message)
    if volume.shown_masked:
        message = "it has no usable positions, and no outline of the body in a masked stiffness tells its order"
        raise _UnusableError(message)
    by_number = _of_slices(_values(images), images, len(slices))
    shown = volume.valid if volume.unmasked_kpa is None else volume.unmasked_kpa > 0
    body, outline = without_hollows(body_pixels(by_number)), without_hollows(shown[order])
    if len(slices) > 1 and mean_overlap(body, outline) <= mean_overlap(body[::-1], outline):
        message = "it has no usable positions, and outlines of the body speak against the order of its numbers"
        raise _UnusableError(message)
    # Breathing moves the body between magnitude and stiffness by more than its two sides differ.
    reach = round(MOVED_MM / min(volume.pixel_spacing_mm))
    ways = (body, body[:, :, ::-1], body[:, ::-1])
    as_is, *mirrored = (best_overlap(way, outline, reach) for way in ways)
    if as_is <= max(mirrored):
        message = "it has no usable positions, and the outline of the body looks mirrored"
        raise _UnusableError(message)
    magnitude = np.empty_like(by_number)
    magnitude[order] = by_number
    return magnitude


def _of_slices(values: Pixels, images: Sequence[Instance], slices: int) -> Pixels:
    """Return the mean over the phase offsets of each slice, (S, R, C), of images in the order of their numbers.

    Scanners number slice by slice or offset by offset. The header says which, or the pixels do: images of one slice are
    much more alike than those of different slices.
    """
    grid = values.shape[1:]
    numbers = [image.offset_number for image in images]
    known = sorted({number for number in numbers if number is not None})
    if known and all(numbers.count(number) == slices for number in known) and len(known) * slices == len(images):
        of_offsets = [values[[found == number for found in numbers]] for number in known]
        mean: Pixels = np.mean(of_offsets, axis=0)
        return mean
    either = values.reshape(slices, -1, *grid), values.reshape(-1, slices, *grid).swapaxes(0, 1)
    spread = [float(np.abs(of - of.mean(axis=1, keepdims=True)).mean()) for of in either]
    if min(spread) > CLEARLY_ALIKE * max(spread):
        message = "it has no usable positions, and it is not clear which of its images show one slice"
        raise _UnusableError(message)
    alike: Pixels = either[int(np.argmin(spread))].mean(axis=1)
    return alike


def _values(images: Sequence[Instance]) -> Pixels:
    """Read pixels on one scale: that of each image where all say it, since it can differ from slice to slice."""
    stored = np.stack([image.stored for image in read_images(images)]).astype(np.float32)
    if any(image.rescale_slope is None for image in images):
        return np.maximum(stored, np.float32(0.0))
    scales = np.array([(image.rescale_slope, image.rescale_intercept or 0.0) for image in images], dtype=np.float32)
    if not (np.isfinite(scales).all() and (scales[:, 0] > 0).all()):
        message = "its RescaleSlope or RescaleIntercept cannot be used"
        raise _UnusableError(message)
    slope, intercept = scales.T[:, :, np.newaxis, np.newaxis]
    values: Pixels = np.maximum(stored * slope + intercept, np.float32(0.0))
    return values
