"""The magnitude and the unmasked stiffness on the measured slices, as further input of the network.

Nothing is measured in either. A companion whose pixels do not certainly match the measured slices is left out with a
note: the number does not need it. Only an unmasked stiffness that differs from the masked one, which is the measured
number told twice, refuses the acquisition.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import chain
from typing import TYPE_CHECKING, Final

import numpy as np

from liver_mre.errors import ContradictoryImagesError, MreError
from liver_mre.series.confidence_images import image_number, order_by_number
from liver_mre.stiffness.body_overlap import (
    MIRROR_MARGIN,
    best_overlap,
    exchange_gain,
    fill_holes,
    mean_overlap,
    mirror_gain,
)
from liver_mre.stiffness.companion_slices import (
    NO_POSITIONS,
    UnusableError,
    of_slices,
    on_grids,
    on_slices,
    read_values,
    require,
    without_repeats,
)
from liver_mre.stiffness.magnitude import body_pixels
from liver_mre.stiffness.magnitude_headers import LEFT_OUT, UNREADABLE, check_magnitude_headers, without_positions
from liver_mre.stiffness.masking import Masking, judge_masking
from liver_mre.stiffness.pixel_evidence import looks_like_images
from liver_mre.stiffness.shared_structure import MAX_FLIP_GAIN, flip_gain
from liver_mre.stiffness.stiffness_twins import check_same_stiffness, read_twin
from liver_mre.studies.decoding import read_images

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from liver_mre.series.acquisition import Acquisition, ScannerMaps
    from liver_mre.stiffness.volume import StiffnessVolume
    from liver_mre.studies.study import Series

    Pixels = NDArray[np.float32]

MAX_SHIFT_MM: Final = 30.0
"""Ours: largest shift by breathing when outlines of the body are compared."""
MIN_SAME_BODY: Final = 0.7
"""Ours, in Dice overlap after the best shift: outlines of one body by brightness and by stiffness."""
MAX_FILLED: Final = 0.95
"""Ours: a stiffness that covers more of the image shows no outline of the body."""
MAX_COPY_CORRELATION: Final = 0.99
"""Ours: no contrast of the magnitude follows stiffness so closely."""
MAX_EXCHANGE_GAIN: Final = 0.005
"""Ours, for `exchange_gain`: at most 0.0016 in 180 good simulated exams of four families of physics."""
MAX_DARK: Final = 0.1
"""Ours: share of a slice's confident pixels without any signal, where no wave can be measured."""
_FLIPPED: Final = ("in the reverse order of slices", "mirrored from top to bottom", "mirrored from left to right")
SWAPPED_HALVES: Final = (
    "The images of series {} are numbered in another order than the scanner's: the half with negative values was taken "
    "for the phase, and the other one for the magnitude."
)


def with_companions(volume: StiffnessVolume, acquisition: Acquisition) -> StiffnessVolume:
    """Add the magnitude and the unmasked stiffness of an acquisition to its measured stiffness.

    Returns
    -------
    The volume with `unmasked_kpa` and `magnitude`, where the acquisition has them and they match the measured slices;
    one that is left out adds a note with the reason.

    Raises
    ------
    ContradictoryImagesError
        The unmasked stiffness differs from the masked one.
    """
    volume, magnitude = _with_unmasked(volume, acquisition), acquisition.magnitude
    if magnitude is not None:
        try:
            usable, notes = _not_the_phases(magnitude, acquisition.phases)
            volume = replace(volume, magnitude=_magnitude(volume, usable), notes=(*volume.notes, *notes))
        except (UnusableError, MreError) as error:
            volume = _without(volume, "magnitude", magnitude, error)
    return volume


def check_unmasked(volume: StiffnessVolume, acquisition: Acquisition) -> StiffnessVolume:
    """Return the volume, without companions, if the acquisition's unmasked stiffness does not contradict it.

    Raises
    ------
    ContradictoryImagesError
        The unmasked stiffness differs from the masked one.
    """
    return replace(_with_unmasked(volume, acquisition), unmasked_kpa=None)


def _with_unmasked(volume: StiffnessVolume, acquisition: Acquisition) -> StiffnessVolume:
    maps = acquisition.maps
    if maps is None or maps.unmasked is None:
        return volume
    try:
        return replace(volume, unmasked_kpa=_unmasked_kpa(volume, maps, maps.unmasked))
    except ContradictoryImagesError:
        raise
    except (UnusableError, MreError) as error:
        return _without(volume, "unmasked stiffness", maps.unmasked, error)


def _without(volume: StiffnessVolume, what: str, series: Series, error: Exception) -> StiffnessVolume:
    # Messages of the pixel decoder end in "Nothing was measured", which is not true here.
    why = error if isinstance(error, UnusableError) else UNREADABLE
    note = LEFT_OUT.format(what, series.series_number, why)
    return volume if note in volume.notes else replace(volume, notes=(*volume.notes, note))


def _unmasked_kpa(volume: StiffnessVolume, maps: ScannerMaps, series: Series) -> Pixels:
    """Return the unmasked stiffness (S, R, C), which must equal the masked one wherever that has values."""
    stiffness_kpa, step_kpa = read_twin(volume, maps, series, maps.unmasked_units)
    check_same_stiffness(volume, stiffness_kpa, step_kpa, maps)
    masking = judge_masking(stiffness_kpa > 0, volume.pixel_area_cm2)
    require(masking is not Masking.MASKED, "its pixels look masked, too")
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
    require(len(others) == 1, "it has negative values, as phase images have")
    return others[0], (SWAPPED_HALVES.format(magnitude.series_number),)


def _has_negative_values(series: Series) -> bool:
    return any(bool((image.stored < 0).any()) for image in read_images(series.instances))


def _magnitude(volume: StiffnessVolume, series: Series) -> Pixels:
    """Return the magnitude of the measured slices, (S, R, C): the mean over the phase offsets of each."""
    check_magnitude_headers(series, volume.instances, only_masked=volume.only_masked)
    by_number = without_positions(series, volume.instances)
    magnitude = _by_number(volume, series) if by_number else _by_position(volume, series)
    require(looks_like_images(magnitude), "a slice of it is constant, or noise")
    require(not _is_copy(magnitude, volume), "it is a copy of the stiffness or of its confidence")
    require(not _has_equal_slices(magnitude), "two slices of it have the same pixels")
    dark = volume.confident & (magnitude == 0.0)
    share = dark.sum(axis=(1, 2)) / np.maximum(volume.confident.sum(axis=(1, 2)), 1)
    require(share.max() <= MAX_DARK, "a slice of it has no signal where the stiffness is confident")
    measured = volume.complete_kpa > 0.0
    if volume.only_masked or measured.mean() > MAX_FILLED:
        return magnitude  # no outline of the body to compare with
    body, outline = fill_holes(body_pixels(magnitude)), fill_holes(measured)
    reach = round(MAX_SHIFT_MM / min(volume.pixel_spacing_mm))
    overlap = best_overlap(body, outline, reach)
    require(overlap >= MIN_SAME_BODY, "its outline of the body is another than that of the stiffness")
    in_order = exchange_gain(body, outline) <= MAX_EXCHANGE_GAIN
    require(in_order, "outlines of the body would fit better if slices of it changed places")
    as_is = mirror_gain(body, outline) <= MIRROR_MARGIN
    require(as_is, "the outline of the body would fit better if a slice of it were mirrored")
    for axis, limit in enumerate(MAX_FLIP_GAIN):
        gain = flip_gain(magnitude, volume.complete_kpa, body, volume.pixel_spacing_mm, axis)
        # Organs alone do not tell: a coil's shading can follow a stiffness that is smooth.
        fits = gain <= limit or best_overlap(np.flip(body, axis), outline, reach) < overlap
        require(fits, f"the organs in it and its outlines would fit those of the stiffness better {_FLIPPED[axis]}")
    return magnitude


def _is_copy(magnitude: Pixels, volume: StiffnessVolume) -> bool:
    """Tell whether the magnitude follows the stiffness, or separates confident pixels from all others."""
    body, doubtful = volume.valid, volume.valid & ~volume.confident
    if not body.any():
        return False
    if not doubtful.any() or not volume.confident.any():
        separates = False
    else:
        separates = float(magnitude[volume.confident].min()) > float(magnitude[doubtful].max())
    pair = magnitude[body], volume.stiffness_kpa[body]
    follows = all(values.std() > 0.0 for values in pair) and np.corrcoef(*pair)[0, 1] > MAX_COPY_CORRELATION
    return bool(separates or follows)


def _has_equal_slices(magnitude: Pixels) -> bool:
    """Tell whether two slices are equal: noise makes them differ even where anatomy does not."""
    return len({image.tobytes() for image in magnitude}) < len(magnitude)


def _by_position(volume: StiffnessVolume, series: Series) -> Pixels:
    """Return the mean over the images at the position of each measured slice, as many of each."""
    by_slice = on_slices(volume.instances, series)
    values = on_grids(
        read_values(list(chain.from_iterable(by_slice))),
        tuple(chain.from_iterable(by_slice)),
        tuple(instance for instance, found in zip(volume.instances, by_slice, strict=True) for _ in found),
    )
    offsets = np.split(values, np.cumsum(list(map(len, by_slice)))[:-1])
    if len(set(map(len, offsets))) > 1:  # some images may have been sent twice
        offsets = list(map(without_repeats, offsets))
    require(len(set(map(len, offsets))) == 1, "it has more images of some slices than of others")
    return np.stack([of_slice.mean(axis=0) for of_slice in offsets])


def _by_number(volume: StiffnessVolume, series: Series) -> Pixels:
    """Pair images and slices in the order of InstanceNumber, where the magnitude has no usable positions.

    The measured slices must be numbered along their normal, up or down, and the outlines of the body must fit better
    than in reverse order, and better than mirrored after the best shift (breathing). 877 of 884 good simulated exams
    meet this.
    """
    images, slices = sorted(series.instances, key=image_number), volume.instances
    order = order_by_number(slices)
    by_number = of_slices(read_values(images), images, len(slices))
    measured = volume.valid if volume.unmasked_kpa is None else volume.unmasked_kpa > 0
    body, outline = fill_holes(body_pixels(by_number)), fill_holes(measured[order])
    in_order = len(slices) == 1 or mean_overlap(body, outline) > mean_overlap(body[::-1], outline)
    require(in_order, f"{NO_POSITIONS} outlines of the body contradict the order of its numbers")
    # Breathing moves the body between magnitude and stiffness by more than its two sides differ.
    reach = round(MAX_SHIFT_MM / min(volume.pixel_spacing_mm))
    as_is, *mirrored = (best_overlap(flipped, outline, reach) for flipped in (body, body[:, :, ::-1], body[:, ::-1]))
    require(as_is > max(mirrored), f"{NO_POSITIONS} the outline of the body looks mirrored")
    magnitude = np.empty_like(by_number)
    magnitude[order] = by_number
    return magnitude
