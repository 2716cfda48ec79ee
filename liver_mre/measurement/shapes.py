"""Distances, connected parts and local means within slices, in millimetres. Axes are (slice, row, column)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Mask = NDArray[np.bool_]

_SIGMAS = 3.0  # where the Gaussian is cut off


def near(mask: Mask, distance_mm: float, spacing_mm: tuple[float, float]) -> Mask:
    """Return the pixels whose centre is at most so far from that of a pixel of the mask in the same slice.

    Parameters
    ----------
    mask : (S, R, C)
    distance_mm : 0 returns the mask itself
    spacing_mm : (row spacing, column spacing)
    """
    rows = mask.shape[1]
    found = np.zeros_like(mask)
    for step in range(min(rows, int(distance_mm / spacing_mm[0]) + 1)):
        # The square root of what is left may fall below 0 by rounding where a step is exactly the distance.
        across_mm = math.sqrt(max(0.0, distance_mm**2 - (step * spacing_mm[0]) ** 2))
        wide = _widened(mask, int(across_mm / spacing_mm[1] + 1e-9))
        found[:, step:] |= wide[:, : rows - step]
        found[:, : rows - step] |= wide[:, step:]
    return found


def deeper_than(mask: Mask, distance_mm: float, spacing_mm: tuple[float, float]) -> Mask:
    """Return the pixels of the mask whose centres are further than this from its outline.

    The outline runs half a pixel from the centres of the pixels outside, the end of the image included: a distance
    counted from those centres would take nothing off the rim where pixels are larger than it.
    """
    pad = ((0, 0), (1, 1), (1, 1))
    outside = np.pad(~mask, pad, constant_values=True)
    reach_mm = distance_mm + half_pixel_mm(spacing_mm)
    inside: Mask = mask & ~near(outside, reach_mm, spacing_mm)[:, 1:-1, 1:-1]
    return inside


def half_pixel_mm(spacing_mm: tuple[float, float]) -> float:
    """Return half the pixel spacing, the mean of both axes."""
    return sum(spacing_mm) / 4.0


def large_parts(mask: Mask, least_pixels: float) -> Mask:
    """Return the connected parts (sides, not corners) of each slice that have at least so many pixels."""
    if least_pixels <= 1.0:
        return mask.copy()
    kept = np.zeros_like(mask)
    for image, target in zip(mask, kept, strict=True):
        row, first, last, part = _parts(image)
        pixels = np.bincount(part, weights=last - first) if part.size else np.zeros(0)
        for run in np.flatnonzero(pixels[part] >= least_pixels) if part.size else ():
            target[row[run], first[run] : last[run]] = True
    return kept


def local_mean(
    values: NDArray[np.floating], weight: Mask, sigma_mm: float, spacing_mm: tuple[float, float]
) -> NDArray[np.float32]:
    """Return the mean of the weighted pixels around each pixel, nearer ones counting more; 0 where there are none.

    Parameters
    ----------
    values : (S, R, C)
    weight : (S, R, C), the pixels that count
    sigma_mm : SD of the Gaussian weights, which end at three of it
    """
    top = _blurred(np.where(weight, values, 0.0).astype(np.float32), sigma_mm, spacing_mm)
    bottom = _blurred(weight.astype(np.float32), sigma_mm, spacing_mm)
    mean: NDArray[np.float32] = np.divide(top, bottom, out=np.zeros_like(top), where=bottom > np.float32(1e-6))
    return mean


def _widened(mask: Mask, half: int) -> Mask:
    """Return the pixels with a pixel of the mask at most `half` columns away in their row."""
    if half == 0:
        return mask
    columns = mask.shape[2]
    total = np.pad(mask.astype(np.int32), ((0, 0), (0, 0), (half + 1, half))).cumsum(axis=2)
    wide: Mask = total[:, :, 2 * half + 1 :][:, :, :columns] > total[:, :, :columns]
    return wide


def _parts(
    image: Mask,
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Return the runs of an (R, C) mask: row, first column, column after the last, and which part each belongs to."""
    change = np.diff(np.pad(image, ((0, 0), (1, 1))).astype(np.int8), axis=1)
    row, first = np.nonzero(change == 1)
    last = np.nonzero(change == -1)[1]
    parent = list(range(len(row)))

    def root(run: int) -> int:
        while parent[run] != run:
            parent[run] = parent[parent[run]]
            run = parent[run]
        return run

    above = 0
    for run in range(len(row)):
        while row[above] < row[run] - 1 or (row[above] == row[run] - 1 and last[above] <= first[run]):
            above += 1
        other = above
        while row[other] == row[run] - 1 and first[other] < last[run]:
            parent[root(other)] = root(run)
            other += 1
    part = np.array([root(run) for run in range(len(row))], dtype=np.int64)
    return row, first, last, part


def _blurred(values: NDArray[np.float32], sigma_mm: float, spacing_mm: tuple[float, float]) -> NDArray[np.float32]:
    for axis, spacing in ((1, spacing_mm[0]), (2, spacing_mm[1])):
        sigma = sigma_mm / spacing
        reach = min(int(_SIGMAS * sigma + 0.5), values.shape[axis] - 1)
        weights = np.exp(-0.5 * (np.arange(reach + 1) / sigma) ** 2)
        weights /= weights[0] + 2.0 * weights[1:].sum()
        source, values = np.moveaxis(values, axis, 0), np.zeros_like(values)
        target = np.moveaxis(values, axis, 0)
        for step, weight in enumerate(weights.astype(np.float32)):
            target[step:] += weight * source[: len(source) - step]
            if step:
                target[: len(source) - step] += weight * source[step:]
    return values
