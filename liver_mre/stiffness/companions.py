"""The magnitude and the unmasked stiffness on the measured slices, as further input of the network.

Nothing is measured in either. A companion whose pixels do not certainly match the measured slices is left out with a
note; it never fails an acquisition.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import chain
from typing import TYPE_CHECKING, Final

import numpy as np

from liver_mre.errors import MreError
from liver_mre.series.confidence_images import image_number, order_by_number
from liver_mre.stiffness.assembly import assemble
from liver_mre.stiffness.body_overlap import best_overlap, fill_holes, mean_overlap
from liver_mre.stiffness.magnitude import body_pixels
from liver_mre.stiffness.masking import Masking, judge_masking
from liver_mre.studies.decoding import read_images
from liver_mre.studies.geometry import grid_offset, images_at, on_grid

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from liver_mre.series.acquisition import Acquisition, UnitEvidence
    from liver_mre.stiffness.volume import StiffnessVolume
    from liver_mre.studies.study import Instance, Series

    Pixels = NDArray[np.float32]

MAX_SPREAD_RATIO: Final = 0.5
"""Ours: phase offsets of one slice differ by noise, different slices by anatomy, which is far more."""
MAX_SHIFT_MM: Final = 30.0
"""Ours: largest shift by breathing when outlines of the body are compared."""
SWAPPED_HALVES: Final = (
    "The images of series {} are numbered in another order than the scanner's: the half with negative values was taken "
    "for the phase, and the other one for the magnitude."
)
_GREY: Final = (1, "MONOCHROME2")
_NO_POSITIONS: Final = "it has no usable positions, and"


class _UnusableError(Exception):
    """A companion does not certainly match the measured slices; the message says why, as a clause."""


def with_companions(volume: StiffnessVolume, acquisition: Acquisition) -> StiffnessVolume:
    """Add the magnitude and the unmasked stiffness of an acquisition to its measured stiffness.

    Returns
    -------
    The volume with `unmasked_kpa` and `magnitude`, where the acquisition has them and they match the measured slices;
    one that is left out adds a note with the reason.
    """
    maps, magnitude = acquisition.maps, acquisition.magnitude
    if maps is not None and (unmasked := maps.unmasked) is not None:
        try:
            volume = replace(volume, unmasked_kpa=_unmasked_kpa(volume, maps.unit, unmasked))
        except (_UnusableError, MreError) as error:
            volume = _without(volume, "unmasked stiffness", unmasked, error)
    if magnitude is not None:
        try:
            usable, notes = _not_the_phases(magnitude, acquisition.phases)
            volume = replace(volume, magnitude=_magnitude(volume, usable), notes=(*volume.notes, *notes))
        except (_UnusableError, MreError) as error:
            volume = _without(volume, "magnitude", magnitude, error)
    return volume


def _without(volume: StiffnessVolume, what: str, series: Series, error: Exception) -> StiffnessVolume:
    # Messages of the pixel decoder end in "Nothing was measured", which is not true here.
    why = str(error) if isinstance(error, _UnusableError) else "its pixels cannot be read, or lost something"
    note = f"The network was not given the {what} (series {series.series_number}): {why}."
    return replace(volume, notes=(*volume.notes, note))


def _require(condition: object, otherwise: str) -> None:
    if not condition:
        raise _UnusableError(otherwise)


def _unmasked_kpa(volume: StiffnessVolume, unit: UnitEvidence, series: Series) -> Pixels:
    """Return the unmasked stiffness (S, R, C), which must equal the masked one wherever that has values."""
    by_slice = _on_slices(volume, series)
    _require(all(len(images) == 1 for images in by_slice), "it does not show every measured slice once")
    images = tuple(chain.from_iterable(by_slice))
    stored = np.stack([image.stored for image in read_images(images)])
    stiffness_kpa = _on_grid(assemble(stored, images, unit).stiffness_kpa, images, volume.instances)
    equal = np.array_equal(stiffness_kpa[volume.valid], volume.stiffness_kpa[volume.valid])
    _require(equal, "it differs from the masked stiffness where that has values")
    masking = judge_masking(stiffness_kpa > 0, volume.pixel_area_cm2)
    _require(masking is not Masking.MASKED, "its pixels look masked, too")
    return stiffness_kpa


def _not_the_phases(magnitude: Series, phases: Sequence[Series]) -> tuple[Series, tuple[str, ...]]:
    """Return the part of a raw series that holds its magnitude, and a note if it is not the one that numbers say.

    Phases have negative values and magnitudes have none, so renumbering cannot exchange them unnoticed.
    """
    halves = [
        one
        for one in phases
        if one.series_instance_uid == magnitude.series_instance_uid and len(one.instances) == len(magnitude.instances)
    ]
    if not halves or not _has_negative_values(magnitude):
        return magnitude, ()
    others = [one for one in halves if not _has_negative_values(one)]
    _require(len(others) == 1, "it has negative values, as phase images have")
    return others[0], (SWAPPED_HALVES.format(magnitude.series_number),)


def _has_negative_values(series: Series) -> bool:
    return any(bool((image.stored < 0).any()) for image in read_images(series.instances))


def _magnitude(volume: StiffnessVolume, series: Series) -> Pixels:
    """Return the magnitude of the measured slices, (S, R, C): the mean over the phase offsets of each."""
    images = series.instances
    grey = all((image.samples_per_pixel, image.photometric_interpretation) == _GREY for image in images)
    _require(grey, "it is not stored as grey values")
    _require(not any(image.conflicting for image in images), "files of it contradict each other")
    if len({image.position_mm for image in images}) == 1 < len(volume.instances):
        return _by_number(volume, series)
    by_slice = _on_slices(volume, series)
    offsets = {len(of_slice) for of_slice in by_slice}
    _require(len(offsets) == 1, "it has more images of some slices than of others")
    values = _on_grid(
        _values(list(chain.from_iterable(by_slice))),
        tuple(chain.from_iterable(by_slice)),
        tuple(instance for instance, found in zip(volume.instances, by_slice, strict=True) for _ in found),
    )
    mean: Pixels = values.reshape(len(by_slice), *offsets, *values.shape[1:]).mean(axis=1)
    return mean


def _on_grid(pixels: Pixels, images: tuple[Instance, ...], slices: tuple[Instance, ...]) -> Pixels:
    """Return images (N, r, c) on the pixels of the slices that they show, (N, R, C)."""
    placed = (on_grid(one, image, of) for one, image, of in zip(pixels, images, slices, strict=True))
    return np.stack(list(placed))


def _on_slices(volume: StiffnessVolume, series: Series) -> list[list[Instance]]:
    """Return the images at the position of each measured slice, at least one per slice."""
    by_slice = [images_at(series, instance) for instance in volume.instances]
    _require(all(by_slice), "it lacks slices, or shows others (ImagePositionPatient)")
    aligned = all(
        grid_offset(instance, image) is not None
        for instance, images in zip(volume.instances, by_slice, strict=True)
        for image in images
    )
    _require(
        aligned, "its pixels do not lie on those of the stiffness (Rows, Columns, PixelSpacing, ImagePositionPatient)"
    )
    return by_slice


def _by_number(volume: StiffnessVolume, series: Series) -> Pixels:
    """Pair images and slices in the order of InstanceNumber, where the magnitude has no usable positions.

    The measured slices must be numbered along their normal, up or down, and the outlines of the body must fit better
    than in reverse order, and better than mirrored after the best shift (breathing). 877 of 884 good simulated exams
    meet this.
    """
    images, slices = sorted(series.instances, key=image_number), volume.instances
    shape = volume.stiffness_kpa.shape[1:]
    fits = len(images) % len(slices) == 0 and all((image.rows, image.columns) == shape for image in images)
    _require(fits, f"{_NO_POSITIONS} other images than the stiffness")
    unique = all(len(set(map(image_number, of))) == len(of) for of in (images, slices))
    _require(unique, f"{_NO_POSITIONS} InstanceNumber repeats")
    order = order_by_number(slices)
    numbered = sorted(order) in (order, order[::-1])
    _require(numbered, f"{_NO_POSITIONS} the stiffness is not numbered in the order of its slices")
    _require(not volume.only_masked, f"{_NO_POSITIONS} no outline of the body in a masked stiffness tells its order")
    by_number = _of_slices(_values(images), images, len(slices))
    measured = volume.valid if volume.unmasked_kpa is None else volume.unmasked_kpa > 0
    body, outline = fill_holes(body_pixels(by_number)), fill_holes(measured[order])
    in_order = len(slices) == 1 or mean_overlap(body, outline) > mean_overlap(body[::-1], outline)
    _require(in_order, f"{_NO_POSITIONS} outlines of the body contradict the order of its numbers")
    # Breathing moves the body between magnitude and stiffness by more than its two sides differ.
    reach = round(MAX_SHIFT_MM / min(volume.pixel_spacing_mm))
    as_is, *mirrored = (best_overlap(flipped, outline, reach) for flipped in (body, body[:, :, ::-1], body[:, ::-1]))
    _require(as_is > max(mirrored), f"{_NO_POSITIONS} the outline of the body looks mirrored")
    magnitude = np.empty_like(by_number)
    magnitude[order] = by_number
    return magnitude


def _of_slices(values: Pixels, images: Sequence[Instance], slices: int) -> Pixels:
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
    _require(clear, f"{_NO_POSITIONS} it is not clear which of its images show one slice")
    closest: Pixels = either[int(np.argmin(spread))].mean(axis=1)
    return closest


def _values(images: Sequence[Instance]) -> Pixels:
    """Read pixels on one scale: each image's own, since it can differ between slices, if every image has one."""
    stored = np.stack([image.stored for image in read_images(images)]).astype(np.float32)
    if any(image.rescale_slope is None for image in images):
        return np.maximum(stored, np.float32(0.0))
    scales = np.array([(image.rescale_slope, image.rescale_intercept or 0.0) for image in images], dtype=np.float32)
    usable = np.isfinite(scales).all() and (scales[:, 0] > 0).all()
    _require(usable, "its RescaleSlope or RescaleIntercept cannot be used")
    slope, intercept = scales.T[:, :, np.newaxis, np.newaxis]
    values: Pixels = np.maximum(stored * slope + intercept, np.float32(0.0))
    return values
