"""The confidence map that belongs to the slices of a stiffness series."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from liver_mre.errors import ContradictoryImagesError, GeometryError, NoConfidenceError, UnknownUnitError
from liver_mre.series.confidence_images import images_of_slices, order_by_number
from liver_mre.stiffness.body_overlap import (
    EXCHANGE_MARGIN,
    MIRROR_MARGIN,
    SAME_OUTLINE,
    SHIFT_MARGIN,
    exchange_gain,
    mean_overlap,
    mirror_gain,
    outlines_changed_places,
    shift_gain,
)
from liver_mre.stiffness.pixel_evidence import MIN_NEIGHBOUR_CORRELATION, MIN_PIXELS, neighbour_correlation
from liver_mre.stiffness.stored_evidence import check_no_copy, check_signs, check_variety
from liver_mre.studies.decoding import read_images
from liver_mre.studies.geometry import on_grid

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from liver_mre.series.acquisition import ScannerMaps
    from liver_mre.stiffness.raw_copies import RawImages
    from liver_mre.studies.study import Instance

# Ours, in mean Dice overlap of outlines: in 8 simulated exams the wrong order is worse by 0.005-0.017.
REVERSAL_MARGIN: Final = 0.002
MAX_CONFIDENCE: Final = 1.01  # ours: allows for rounding of stored counts
MIN_PEAK_CONFIDENCE: Final = 0.5  # ours: even simulated maps of failed acquisitions have a higher maximum
CONFIDENT: Final = 0.95
MAX_IN_AIR: Final = (0.01, 0.1)
"""Ours: share of pixels in air with confidence, in most slices of a map that leaves air out, and in any slice of it. An
image with noise in air has it in half of them or more."""
MAX_CONFIDENT_OUTSIDE: Final = 0.5  # ours: share of confident pixels without stiffness; about 0 in correct maps


def read_confidence(
    maps: ScannerMaps, instances: tuple[Instance, ...], stiffness: NDArray[np.integer], raw: RawImages
) -> NDArray[np.float32] | None:
    """Read the confidence of every measured slice.

    Parameters
    ----------
    maps : the scanner's maps, with or without a confidence map
    instances : the images of the stiffness series in slice order
    stiffness : (S, R, C), stored values of the stiffness; 0 where there is none
    raw : the raw images of the acquisition

    Returns
    -------
    (S, R, C) confidence, 0 to 1, in the order of `instances`; None without a confidence map.

    Raises
    ------
    MissingSlicesError
        The map lacks a slice.
    GeometryError
        It is not clear which image of the map belongs to which slice, or the map has another grid.
    UnknownUnitError
        The maximum of the map is above 1 or far below it: its scale is wrong.
    NoConfidenceError
        The map is confident where the stiffness series has no values: it is inverted, or another map.
    ContradictoryImagesError
        The map has values that no scanner stores, or the pixels of another image; or a slice of it has no stiffness, or
        confidence in air.
    LossyPixelsError, TruncatedFileError
        From `read_images`.
    """
    if maps.confidence is None or maps.confidence_per_count is None:
        return None
    stored = _read(images_of_slices(maps.confidence, instances, paired_by_number=maps.paired_by_number), instances)
    check_signs(stored, instances, "confidence map")
    check_no_copy(stored, stiffness, "confidence map", "stiffness series")
    raw.check_none_in(stored, "confidence map", phases=_outlines_differ(stored > 0, stiffness > 0))
    measured = stiffness > 0
    if maps.paired_by_number:
        _check_direction(stored > 0, measured, instances)
    confidence = stored.astype(np.float32) * np.float32(maps.confidence_per_count)
    _check_values(confidence, measured)
    check_variety(stored, instances, "confidence map")
    _check_air(stored > 0, measured, instances)
    return confidence


def _outlines_differ(known: NDArray[np.bool_], measured: NDArray[np.bool_]) -> bool:
    """Tell whether a slice of the map has another outline than the stiffness, as no whole map of one inversion has."""
    if known.shape != measured.shape:
        return False
    return any(mean_overlap(known[place:][:1], measured[place:][:1]) < SAME_OUTLINE for place in range(len(known)))


def _check_air(known: NDArray[np.bool_], measured: NDArray[np.bool_], instances: tuple[Instance, ...]) -> None:
    """Refuse a map with a slice that has confidence in air, where no slice has stiffness, if most slices have none."""
    if known.shape != measured.shape:
        return  # `assemble` reports both sizes
    air = ~measured.any(axis=0)
    if np.count_nonzero(air) < MIN_PIXELS:
        return
    shares = known[:, air].mean(axis=1)
    usual, most = MAX_IN_AIR
    if np.quantile(shares, 0.5, method="lower") > usual or shares.max() <= most:
        return
    place = int(shares.argmax())
    msg = (
        f"The confidence map has confidence in {shares[place]:.0%} of the air around the body at image "
        f"{instances[place].instance_number} of the stiffness series, but at other images in none, so its pixels there "
        "are those of another kind of image. Nothing was measured; send the acquisition again."
    )
    raise ContradictoryImagesError(msg)


def _check_values(confidence: NDArray[np.float32], measured: NDArray[np.bool_]) -> None:
    """Refuse values that no confidence map of this stiffness series can have."""
    largest = float(confidence.max())
    if not MIN_PEAK_CONFIDENCE <= largest <= MAX_CONFIDENCE:
        msg = (
            f"The confidence map reaches {largest:.3g}, but confidence lies between 0 and 1, and some of it near 1: "
            "its scale is not the one expected of its scanner. Nothing was measured."
        )
        raise UnknownUnitError(msg)
    if confidence.shape != measured.shape:
        return  # `assemble` reports both sizes
    outside = confidence[~measured]
    if outside.size and float(np.mean(outside >= CONFIDENT)) > MAX_CONFIDENT_OUTSIDE:
        msg = (
            "The confidence map is confident where the stiffness series has no values, so it is inverted, or not the "
            "confidence map of this series. Nothing was measured; send the acquisition again."
        )
        raise NoConfidenceError(msg)
    empty = ~measured.any(axis=(1, 2)) & ((confidence >= CONFIDENT).sum(axis=(1, 2)) >= MIN_PIXELS)
    if empty.any():
        msg = (
            f"{int(empty.sum())} of {len(empty)} images of the stiffness series have no stiffness at all, though the "
            "confidence map has confident pixels there, so their pixels were lost. Nothing was measured; send the "
            "acquisition again."
        )
        raise ContradictoryImagesError(msg)
    # A slice of a failed acquisition can be 0 everywhere.
    noise = (neighbour_correlation(confidence) < MIN_NEIGHBOUR_CORRELATION).any()
    if noise or confidence.min() == confidence.max():
        msg = (
            "The confidence map is constant, or a slice of it is noise, so it is no confidence map. Nothing was "
            "measured; send the acquisition again."
        )
        raise NoConfidenceError(msg)
    _check_order(confidence, measured)


def _check_order(confidence: NDArray[np.float32], measured: NDArray[np.bool_]) -> None:
    """Refuse a map whose slices would fit the stiffness better in another order, mirrored, or shifted.

    Its outline is that of the body, or of the confident pixels if the stiffness is masked, whichever fits better.
    """
    outlines = (confidence > 0.0, confidence >= CONFIDENT)
    outline = max(outlines, key=lambda one: mean_overlap(one, measured))
    changes = {
        "slices of it changed places": exchange_gain(outline, measured) > EXCHANGE_MARGIN
        or outlines_changed_places(outline, measured),
        "a slice of it were mirrored": mirror_gain(outline, measured) > MIRROR_MARGIN,
        "a slice of it were shifted by some pixels": shift_gain(outline, measured) > SHIFT_MARGIN,
    }
    change = next((words for words, fits_better in changes.items() if fits_better), None)
    if change is not None:
        msg = (
            f"The confidence map would fit the stiffness series better if {change}, so one of the two has wrong "
            "positions or pixels. Nothing was measured; send the acquisition again."
        )
        raise GeometryError(msg)


def _read(by_slice: list[list[Instance]], instances: tuple[Instance, ...]) -> NDArray[np.integer]:
    """Read the images of each slice on its pixels; several of one slice must be identical."""
    pixels = iter(read_images([image for images in by_slice for image in images]))
    slices = []
    for images, instance in zip(by_slice, instances, strict=True):
        first, *others = [on_grid(next(pixels).stored, image, instance) for image in images]
        if any(not np.array_equal(first, other) for other in others):
            msg = "Two images of the confidence map lie at the same position, so it is not clear which to use."
            raise GeometryError(msg)
        slices.append(first)
    return np.stack(slices)


def _check_direction(
    confidence: NDArray[np.bool_], measured: NDArray[np.bool_], instances: tuple[Instance, ...]
) -> None:
    """Refuse a pairing by number whose outlines would fit clearly better in the reverse order."""
    if confidence.shape != measured.shape:
        return  # `assemble` reports both sizes
    order = order_by_number(instances)
    forward = mean_overlap(confidence[order], measured[order])
    backward = mean_overlap(confidence[order][::-1], measured[order])
    if backward > forward + REVERSAL_MARGIN:
        msg = (
            "The confidence map has no usable positions, and its images fit the stiffness series better in the reverse "
            "order of InstanceNumber, so it is not clear how they belong together. Nothing was measured."
        )
        raise GeometryError(msg)
