"""Morphology and local means within slices, in millimetres. Axes are (slice, row, column)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Mask = NDArray[np.bool_]

_TRUNCATE_SIGMAS = 3.0


def dilate(mask: Mask, distance_mm: float, spacing_mm: tuple[float, float]) -> Mask:
    """Return the pixels within a distance of the mask, from centre to centre in the same slice.

    Parameters
    ----------
    mask : (S, R, C)
    distance_mm : 0 returns the mask itself
    spacing_mm : (row spacing, column spacing)

    Examples
    --------
    >>> dilate(np.array([[[False, True, False, False]]]), 1.5, (1.5, 1.5))
    array([[[ True,  True,  True, False]]])
    """
    rows = mask.shape[1]
    found = np.zeros_like(mask)
    for step in range(min(rows, int(distance_mm / spacing_mm[0]) + 1)):
        # Rounding can make the difference negative where a step equals the distance.
        across_mm = math.sqrt(max(0.0, distance_mm**2 - (step * spacing_mm[0]) ** 2))
        wide = _widened(mask, int(across_mm / spacing_mm[1] + 1e-9))
        found[:, step:] |= wide[:, : rows - step]
        found[:, : rows - step] |= wide[:, step:]
    return found


def erode(mask: Mask, distance_mm: float, spacing_mm: tuple[float, float]) -> Mask:
    """Return the pixels of the mask whose centres are farther than a distance from its outline.

    The outline, or the edge of the image, runs half a pixel (mean of both axes) from the centres of the pixels outside.
    Measured from those centres, the distance would remove no rim where pixels are larger than it.
    """
    outside = np.pad(~mask, ((0, 0), (1, 1), (1, 1)), constant_values=True)
    half_pixel_mm = sum(spacing_mm) / 4.0
    inside: Mask = mask & ~dilate(outside, distance_mm + half_pixel_mm, spacing_mm)[:, 1:-1, 1:-1]
    return inside


def large_components(mask: Mask, min_pixels: float) -> Mask:
    """Return the components of each slice (connected by sides, not corners) that have at least `min_pixels`."""
    if min_pixels <= 1.0:
        return mask.copy()
    kept = np.zeros_like(mask)
    for image, target in zip(mask, kept, strict=True):
        row, first, last, component = _components(image)
        if component.size:
            pixels = np.bincount(component, weights=last - first)
            for run in np.flatnonzero(pixels[component] >= min_pixels):
                target[row[run], first[run] : last[run]] = True
    return kept


def local_mean(
    values: NDArray[np.floating], mask: Mask, sigma_mm: float, spacing_mm: tuple[float, float]
) -> NDArray[np.float32]:
    """Return the Gaussian-weighted mean of the pixels of a mask around each pixel; 0 where there are none.

    Parameters
    ----------
    values : (S, R, C)
    mask : (S, R, C), the pixels that count
    sigma_mm : SD of the Gaussian, which is truncated at 3 SD
    """
    total = _blurred(np.where(mask, values, 0.0).astype(np.float32), sigma_mm, spacing_mm)
    weight = _blurred(mask.astype(np.float32), sigma_mm, spacing_mm)
    mean: NDArray[np.float32] = np.divide(total, weight, out=np.zeros_like(total), where=weight > np.float32(1e-6))
    return mean


def _widened(mask: Mask, half: int) -> Mask:
    """Widen the mask by `half` pixels along its rows."""
    if half == 0:
        return mask
    columns = mask.shape[2]
    total = np.pad(mask.astype(np.int32), ((0, 0), (0, 0), (half + 1, half))).cumsum(axis=2)
    wide: Mask = total[:, :, 2 * half + 1 :][:, :, :columns] > total[:, :, :columns]
    return wide


def _components(
    image: Mask,
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Return the runs of an (R, C) mask: row, first column, column after the last, and component (union-find)."""
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
    return row, first, last, np.array([root(run) for run in range(len(row))], dtype=np.int64)


def _blurred(values: NDArray[np.float32], sigma_mm: float, spacing_mm: tuple[float, float]) -> NDArray[np.float32]:
    for axis, spacing in ((1, spacing_mm[0]), (2, spacing_mm[1])):
        sigma = sigma_mm / spacing
        reach = min(int(_TRUNCATE_SIGMAS * sigma + 0.5), values.shape[axis] - 1)
        weights = np.exp(-0.5 * (np.arange(reach + 1) / sigma) ** 2)
        weights /= weights[0] + 2.0 * weights[1:].sum()
        source, values = np.moveaxis(values, axis, 0), np.zeros_like(values)
        target = np.moveaxis(values, axis, 0)
        for step, weight in enumerate(weights.astype(np.float32)):
            target[step:] += weight * source[: len(source) - step]
            if step:
                target[: len(source) - step] += weight * source[step:]
    return values
