"""From stiffness to the network's input, and from its output back to the scanner's pixel grid."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from liver_mre.liver.channels import CHANNELS, MASKED_ALONE, WINDOW_KPA, network_channels

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from liver_mre.stiffness.volume import StiffnessVolume


@dataclass(frozen=True, slots=True)
class View:
    """The part of a slice that the network sees, in pixels of the slice: first row and column, and extent.

    It may reach beyond the slice, where nothing was measured.
    """

    top: float
    left: float
    rows: float
    columns: float


def view_of(volume: StiffnessVolume, field_of_view_mm: tuple[float, float] | None) -> View:
    """Find the part of the slices that the network sees, the same in all of them.

    It has the physical size that the network was trained on, so that the liver has its size whatever the matrix or
    the padding. It is centred on the image, moved where the body would be cut off, and enlarged, in proportion, where
    the body is larger than it.

    Parameters
    ----------
    volume : (S, R, C) stiffness
    field_of_view_mm : (height, width); None for the whole image
    """
    rows, columns = volume.stiffness_kpa.shape[1:]
    if field_of_view_mm is None:
        return View(0.0, 0.0, float(rows), float(columns))
    body = volume.valid if volume.unmasked_kpa is None else volume.unmasked_kpa > 0
    height = field_of_view_mm[0] / volume.pixel_spacing_mm[0]
    width = field_of_view_mm[1] / volume.pixel_spacing_mm[1]
    (first_row, last_row), (first_column, last_column) = (_extent(body, axis) for axis in (1, 2))
    larger = max(1.0, (last_row - first_row) / height, (last_column - first_column) / width)
    height, width = height * larger, width * larger
    return View(
        _place(height, rows, first_row, last_row), _place(width, columns, first_column, last_column), height, width
    )


def _extent(valid: NDArray[np.bool_], axis: int) -> tuple[int, int]:
    """Return the first pixel along an axis of (S, R, C) that was measured, and the one after the last."""
    others = tuple(other for other in range(3) if other != axis)
    measured = np.flatnonzero(valid.any(axis=others))
    return (int(measured[0]), int(measured[-1]) + 1) if measured.size else (0, 0)


def _place(extent: float, pixels: int, first: int, last: int) -> float:
    """Return where an extent starts that is centred on the image, but holds `first` to `last` (if it is that long)."""
    centred = (pixels - extent) / 2
    if first == last:
        return centred
    return min(max(centred, last - extent), float(first))


def network_input(
    volume: StiffnessVolume,
    *,
    channels: tuple[str, ...] = MASKED_ALONE,
    window_kpa: tuple[float, float] = WINDOW_KPA,
    size: tuple[int, int] = (512, 512),
    view: View | None = None,
) -> NDArray[np.float32]:
    """Arrange, window and resize what the network is shown of an exam.

    A network of one channel sees what the reading physician sees on the masked elastogram: pixels below the confidence
    threshold are 0. One of three sees what the exam has (`core.channels`). Both axes of the view go to `size` whatever
    the aspect ratio (256 x 204 becomes 512 x 512), as in Su et al. 2025 (doi 10.2196/80351). Nothing is ever measured
    on the result.

    Parameters
    ----------
    volume : (S, R, C) stiffness
    channels : the network's channels, one of `channels.KNOWN_CHANNELS`
    window_kpa : stiffness that becomes 0 and 1; values outside are clipped
    size : (h, w) of the network's input
    view : the part of each slice to show, as `view_of` gives it; by default the whole slice

    Returns
    -------
    (S, channels, h, w) float32 in [0, 1]. Enlarging is the bilinear interpolation of pixel centres
    (`align_corners=False`); images larger than `size` are averaged instead, so that no pixel is skipped.

    Raises
    ------
    ValueError
        If there is no such network.
    """
    arranged = _arranged(volume, channels, window_kpa)
    shown = np.zeros((*arranged.shape[:2], *size), dtype=np.float32)
    for target, images in zip(shown, arranged, strict=True):
        for part, image in zip(target, images, strict=True):
            if image.any():
                part[:] = resized(image, size, view)
    return shown


def shown_channels(volume: StiffnessVolume, channels: tuple[str, ...]) -> tuple[str, ...]:
    """Name what a network with some channels is shown of an exam; what the exam lacks is not among it.

    Returns
    -------
    Of "masked_stiffness", "stiffness", "confident" and "magnitude". A masked elastogram in the stiffness channel counts
    as "masked_stiffness", and has no channel of confident pixels.
    """
    if channels == MASKED_ALONE:
        return MASKED_ALONE
    stiffness = MASKED_ALONE if volume.shown_masked else CHANNELS[:2]
    return stiffness if volume.magnitude is None else (*stiffness, CHANNELS[2])


def _arranged(
    volume: StiffnessVolume, channels: tuple[str, ...], window_kpa: tuple[float, float]
) -> NDArray[np.float32]:
    """Return the channels (S, channels, R, C) on the scanner's own grid."""
    if channels == MASKED_ALONE:
        # The first of the three, of a masked elastogram without a magnitude.
        alone = network_channels(volume.stiffness_kpa, volume.confident, None, masked=True, window_kpa=window_kpa)
        return alone[:, :1]
    if channels != CHANNELS:
        message = f"no network with the channels {', '.join(channels)} is known"
        raise ValueError(message)
    return network_channels(
        volume.whole_kpa, volume.confident, volume.magnitude, masked=volume.shown_masked, window_kpa=window_kpa
    )


def native_mask(
    probability: NDArray[np.float32],
    shape: tuple[int, int],
    *,
    threshold: float = 0.5,
    view: View | None = None,
) -> NDArray[np.bool_]:
    """Bring predicted probabilities to the pixel grid of the stiffness series and decide.

    Probabilities are resized, not the decided mask: the outline then follows the network's own edge between
    two pixels.

    Parameters
    ----------
    probability : (S, h, w) float32
    shape : (R, C) of the stiffness series
    threshold : probability from which a pixel is liver
    view : the part of each slice that the network saw; nothing outside it is liver

    Returns
    -------
    (S, R, C) bool
    """
    mask = np.empty((len(probability), *shape), dtype=np.bool_)
    back = None if view is None else _inverse(view, probability.shape[1:], shape)
    for target, image in zip(mask, probability, strict=True):
        target[:] = resized(image, shape, back) >= threshold
    return mask


def _inverse(view: View, seen: tuple[int, ...], shape: tuple[int, int]) -> View:
    """Return the part of the network's output, in its pixels, that the whole slice of `shape` is."""
    rows, columns = seen[0] / view.rows, seen[1] / view.columns
    return View(-view.top * rows, -view.left * columns, shape[0] * rows, shape[1] * columns)


def resized(image: NDArray[np.float32], size: tuple[int, int], view: View | None = None) -> NDArray[np.float32]:
    """Show a part of a (r, c) float32 image, by default all of it, as `size`, in floating point.

    Training shows its images by this function, too: a network must never see an input that it was not trained on.
    """
    rows, columns = size
    box = None
    if view is not None:
        image, box = _framed(image, view)
    # Pillow computes mode "F" in floating point.
    shown = Image.fromarray(np.ascontiguousarray(image, dtype=np.float32)).resize(
        (columns, rows), Image.Resampling.BILINEAR, box=box
    )
    return np.asarray(shown, dtype=np.float32)


def _framed(image: NDArray[np.float32], view: View) -> tuple[NDArray[np.float32], tuple[float, float, float, float]]:
    """Pad an image with zeros as far as the view reaches beyond it; return it and the view as Pillow's box in it."""
    edges = ((view.top, view.rows, image.shape[0]), (view.left, view.columns, image.shape[1]))
    before, after = zip(
        *((max(0, math.ceil(-start)), max(0, math.ceil(start + extent - pixels))) for start, extent, pixels in edges),
        strict=True,
    )
    padded = np.pad(image, tuple(zip(before, after, strict=True)))
    top, left = view.top + before[0], view.left + before[1]
    bottom, right = min(top + view.rows, padded.shape[0]), min(left + view.columns, padded.shape[1])
    return padded, (left, top, right, bottom)
