"""From stiffness to the network's input, and from its output back to the scanner's pixel grid."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from liver_mre.liver.channels import ALL_CHANNELS, MASKED_ALONE, WINDOW_KPA, network_channels

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from liver_mre.stiffness.volume import StiffnessVolume


@dataclass(frozen=True, slots=True)
class View:
    """The network's field of view on a slice, in pixels: first row and column, and extent; it may exceed the slice."""

    top: float
    left: float
    rows: float
    columns: float


def view_of(volume: StiffnessVolume, field_of_view_mm: tuple[float, float] | None) -> View:
    """Place the network's field of view, the same for all slices.

    Its physical size is that of training, so that the liver has its true scale whatever the matrix or the padding. It
    is centred on the image, shifted where it would cut off the body, and enlarged in proportion where the body is
    larger.

    Parameters
    ----------
    volume : (S, R, C) stiffness
    field_of_view_mm : (height, width); None for the whole image
    """
    rows, columns = volume.stiffness_kpa.shape[1:]
    if field_of_view_mm is None:
        return View(0.0, 0.0, float(rows), float(columns))
    body = volume.valid if volume.unmasked_kpa is None else volume.unmasked_kpa > 0
    height, width = (side / spacing for side, spacing in zip(field_of_view_mm, volume.pixel_spacing_mm, strict=True))
    (first_row, last_row), (first_column, last_column) = (_extent(body, others) for others in ((0, 2), (0, 1)))
    scale = max(1.0, (last_row - first_row) / height, (last_column - first_column) / width)
    height, width = height * scale, width * scale
    return View(
        _start(height, rows, first_row, last_row), _start(width, columns, first_column, last_column), height, width
    )


def _extent(body: NDArray[np.bool_], others: tuple[int, int]) -> tuple[int, int]:
    """Return the first row or column of the body, and the one after the last; `others` are the other axes."""
    found = np.flatnonzero(body.any(axis=others))
    return (int(found[0]), int(found[-1]) + 1) if found.size else (0, 0)


def _start(extent: float, pixels: int, first: int, last: int) -> float:
    """Return the start of an extent that is centred on the image, shifted to contain `first` to `last`."""
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
    """Arrange, window and resize the network's input.

    A network of one channel gets the masked elastogram, with pixels below the confidence threshold at 0; one of three
    channels gets all images of the exam (`liver.channels`). Both axes of the view are resized to `size` whatever the
    aspect ratio (256 x 204 becomes 512 x 512), as in Su et al. 2025 (doi 10.2196/80351). Nothing is measured on the
    result.

    Parameters
    ----------
    volume : (S, R, C) stiffness
    channels : the network's channels, one of `channels.KNOWN_CHANNELS`
    window_kpa : stiffness that becomes 0 and 1; values outside are clipped
    size : (h, w) of the network's input
    view : field of view from `view_of`; by default the whole slice

    Returns
    -------
    (S, channels, h, w) float32 in [0, 1]. Enlarging is bilinear interpolation of pixel centres (`align_corners=False`);
    images larger than `size` are averaged, so that no pixel is skipped.

    Raises
    ------
    ValueError
        The channels are unknown.
    """
    arranged = _arranged(volume, channels, window_kpa)
    batch = np.zeros((*arranged.shape[:2], *size), dtype=np.float32)
    for place in np.ndindex(arranged.shape[:2]):
        if arranged[place].any():
            batch[place] = resized(arranged[place], size, view)
    return batch


def available_channels(volume: StiffnessVolume, channels: tuple[str, ...]) -> tuple[str, ...]:
    """Return the input channels of a network that an exam has images for.

    Returns
    -------
    A subset of "masked_stiffness", "stiffness", "confident" and "magnitude". A masked elastogram in the stiffness
    channel is named "masked_stiffness" and comes without "confident".
    """
    if channels == MASKED_ALONE:
        return MASKED_ALONE
    stiffness = MASKED_ALONE if volume.only_masked else ALL_CHANNELS[:2]
    return stiffness if volume.magnitude is None else (*stiffness, ALL_CHANNELS[2])


def _arranged(
    volume: StiffnessVolume, channels: tuple[str, ...], window_kpa: tuple[float, float]
) -> NDArray[np.float32]:
    """Return the channels (S, channels, R, C) on the scanner's grid."""
    if channels == MASKED_ALONE:
        alone = network_channels(volume.stiffness_kpa, volume.confident, None, masked=True, window_kpa=window_kpa)
        return alone[:, :1]
    if channels != ALL_CHANNELS:
        message = f"no network with the channels {', '.join(channels)} is known"
        raise ValueError(message)
    return network_channels(
        volume.complete_kpa, volume.confident, volume.magnitude, masked=volume.only_masked, window_kpa=window_kpa
    )


def native_mask(
    probability: NDArray[np.float32],
    shape: tuple[int, int],
    *,
    threshold: float = 0.5,
    view: View | None = None,
) -> NDArray[np.bool_]:
    """Resample predicted probabilities to the pixel grid of the stiffness series and apply the threshold.

    Resampling before the threshold places the outline with subpixel accuracy.

    Parameters
    ----------
    probability : (S, h, w) float32
    shape : (R, C) of the stiffness series
    threshold : smallest probability of a liver pixel
    view : field of view of the network's input; nothing outside it is liver

    Returns
    -------
    (S, R, C) bool
    """
    mask = np.empty((len(probability), *shape), dtype=np.bool_)
    back = None if view is None else _inverse(view, probability.shape[1:], shape)
    for target, image in zip(mask, probability, strict=True):
        target[:] = resized(image, shape, back) >= threshold
    return mask


def _inverse(view: View, output: tuple[int, ...], shape: tuple[int, int]) -> View:
    """Return the whole slice of `shape` as a view on the network's output."""
    rows, columns = output[0] / view.rows, output[1] / view.columns
    return View(-view.top * rows, -view.left * columns, shape[0] * rows, shape[1] * columns)


def resized(image: NDArray[np.float32], size: tuple[int, int], view: View | None = None) -> NDArray[np.float32]:
    """Resize a view of an (r, c) float32 image, by default all of it, to `size`; training uses this function, too."""
    rows, columns = size
    box = None
    if view is not None:
        image, box = _framed(image, view)
    # Pillow computes mode "F" in floating point.
    result = Image.fromarray(np.ascontiguousarray(image, dtype=np.float32)).resize(
        (columns, rows), Image.Resampling.BILINEAR, box=box
    )
    return np.asarray(result, dtype=np.float32)


def _framed(image: NDArray[np.float32], view: View) -> tuple[NDArray[np.float32], tuple[float, float, float, float]]:
    """Pad an image with zeros where the view exceeds it; return it and the view as Pillow's box."""
    edges = ((view.top, view.rows, image.shape[0]), (view.left, view.columns, image.shape[1]))
    before, after = zip(
        *((max(0, math.ceil(-start)), max(0, math.ceil(start + extent - pixels))) for start, extent, pixels in edges),
        strict=True,
    )
    padded = np.pad(image, tuple(zip(before, after, strict=True)))
    top, left = view.top + before[0], view.left + before[1]
    bottom, right = min(top + view.rows, padded.shape[0]), min(left + view.columns, padded.shape[1])
    return padded, (left, top, right, bottom)
