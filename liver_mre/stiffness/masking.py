"""Detect from the pixels of an elastogram whether it is masked or hatched, and close hatch lines."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Mask = NDArray[np.bool_]

NEAR_ZERO: Final = 0.02  # ours: share of the 90th percentile; about 0.1 kPa, softer than any tissue
PERIODS: Final = (2, 3, 4)  # hatch lines every 2nd, 3rd or 4th pixel
LINE_SHARE: Final = 0.25  # ours: share of lines in dark pixels beside bright ones; noise and plain masks: below 0.06
MIN_LINE_PIXELS: Final = 64  # ours: a patch of about 11 x 11 hatched pixels
_REACH: Final = 6  # pixels around a certainly hatched window in which the hatch may end

# Ours. Of 205 simulated exams, masked ones measure at most 217 cm2 a slice and fill at most 0.93 of their convex hull,
# unmasked ones at least 482 cm2 and 0.98.
UNMASKED_AREA_CM2: Final = 250.0
UNMASKED_SOLIDITY: Final = 0.94
MASKED_AREA_CM2: Final = 250.0
MASKED_SOLIDITY: Final = 0.88
SMALLEST_BODY_CM2: Final = 100.0


class Masking(Enum):
    """Whether an elastogram looks masked."""

    MASKED = "masked"
    UNMASKED = "unmasked"
    UNCLEAR = "unclear"


def judge_masking(measured: Mask, pixel_area_cm2: float) -> Masking:
    """Tell by the shape of the measured pixels whether pixels of low confidence were removed.

    An unmasked elastogram covers the whole cross-section of the body, which is large and convex; a masked one is small
    and ragged. Anything between (a child, half a body) is unclear.

    Parameters
    ----------
    measured : (S, R, C), pixels that have a value, with hatch lines closed
    pixel_area_cm2 : area of one pixel
    """
    counts = measured.sum(axis=(1, 2))
    area_cm2 = float(counts.sum() * pixel_area_cm2 / max(1, len(measured)))
    solidity = counts.sum() / max(1.0, sum(map(_hull_area, measured)))
    if area_cm2 <= SMALLEST_BODY_CM2 or (area_cm2 <= MASKED_AREA_CM2 and solidity <= MASKED_SOLIDITY):
        return Masking.MASKED
    if area_cm2 >= UNMASKED_AREA_CM2 and solidity >= UNMASKED_SOLIDITY:
        return Masking.UNMASKED
    return Masking.UNCLEAR


def close_hatch(stored: NDArray[np.integer]) -> tuple[Mask, bool]:
    """Find the measured pixels of an elastogram that may be hatched, and whether it is.

    GE draws diagonal lines of (near) zeros, every 2nd to 4th pixel, over pixels below 95 % confidence; stiffness
    between the lines still looks valid. Hatching is recognised by its lattice: windows in which every pixel of one
    lattice is dark and most others are not. There, a pixel between the lines is treated like its neighbours on the
    lattice, so that the edge of a confident region moves by at most one pixel (two with a period above 2). Without
    hatching, every pixel that is not zero counts as measured.

    Parameters
    ----------
    stored : (S, R, C), stored values; 0 is "not measured"

    Returns
    -------
    (S, R, C) bool, measured pixels; True if hatch lines were found and closed.
    """
    measured: Mask = stored > 0
    if not measured.any():
        return measured, False
    dark = ~measured | (stored <= NEAR_ZERO * np.percentile(stored[measured], 90))
    if not _has_lines(dark):
        return measured, False
    hatched = np.zeros_like(dark)
    period = _period(dark)
    for lattice in _lattices(dark.shape[1:], period):
        near = _dilate(_hatched_windows(dark, lattice, period), _REACH)
        hatched |= near & _between_lines(dark, lattice, period)
    return measured & ~dark & ~hatched, True


def _period(dark: Mask) -> int:
    """Return the shortest period that fits (period 2 also fits 4), from the slice with the most even share of dark."""
    shares = dark.mean(axis=(1, 2))
    chosen = dark[[int(np.argmax(shares * (1 - shares)))]]
    counts = []
    for period in PERIODS:
        windows = [_hatched_windows(chosen, lattice, period) for lattice in _lattices(dark.shape[1:], period)]
        counts.append(int(np.logical_or.reduce(windows).sum()))
    return next(period for period, count in zip(PERIODS, counts, strict=True) if count >= max(counts) / 2)


def _has_lines(dark: Mask) -> bool:
    """Tell whether dark pixels beside bright ones mostly lie on diagonal lines one pixel wide."""
    padded = np.pad(dark, ((0, 0), (1, 1), (1, 1)), constant_values=True)
    rows, columns = dark.shape[1:]

    def at(down: int, right: int) -> Mask:
        return padded[:, 1 + down : 1 + down + rows, 1 + right : 1 + right + columns]

    bright_beside = sum((~at(*step)).astype(np.uint8) for step in ((-1, 0), (1, 0), (0, -1), (0, 1)))
    falling, rising = at(-1, -1) & at(1, 1), at(-1, 1) & at(1, -1)
    lines = dark & (bright_beside == 4) & (falling | rising)  # noqa: PLR2004 - all four sides
    edges = dark & (bright_beside > 0)
    count = int(lines.sum())
    return count >= MIN_LINE_PIXELS and count > LINE_SHARE * int(edges.sum())


def _lattices(shape: tuple[int, ...], period: int) -> list[Mask]:
    """Return every set of diagonal lines of a period, (R, C) each, in both directions."""
    row, column = np.indices(shape)
    diagonals = (row + column,) if period == PERIODS[0] else (row + column, row - column)
    return [diagonal % period == phase for diagonal in diagonals for phase in range(period)]


def _hatched_windows(dark: Mask, lattice: Mask, period: int) -> Mask:
    """Return the centres of windows in which all lattice pixels are dark and at least half of the others bright."""
    half = (period + 1) // 2
    bright = ~dark
    others = _box_sum(np.broadcast_to(~lattice, dark.shape), half)
    found: Mask = (_box_sum(lattice & bright, half) == 0) & (2 * _box_sum(~lattice & bright, half) >= others)
    inside = np.zeros_like(dark)
    inside[:, half:-half, half:-half] = True
    return found & inside


def _between_lines(dark: Mask, lattice: Mask, period: int) -> Mask:
    """Return pixels off the lattice whose lattice neighbours are mostly dark, nearer ones counting more."""
    votes = np.zeros(dark.shape, np.int16)
    value = np.where(lattice, np.where(dark, 1, -1), 0).astype(np.int16)
    for axis in (1, 2):
        for direction in (-1, 1):
            for step in range(1, period):
                votes += (period - step) * _shift(value, axis, direction * step)
    masked: Mask = ~lattice & (votes >= 0)
    return masked


def _shift(values: NDArray[np.int16], axis: int, step: int) -> NDArray[np.int16]:
    """Return each pixel's neighbour `step` pixels further on; 0 beyond the edge."""
    moved = np.roll(values, -step, axis)
    edge = [slice(None)] * values.ndim
    edge[axis] = slice(-step, None) if step > 0 else slice(None, -step)
    moved[tuple(edge)] = 0
    return moved


def _box_sum(values: Mask, half: int) -> NDArray[np.int32]:
    """Count the True pixels in the square of 2 * half + 1 pixels around each pixel."""
    size = 2 * half + 1
    rows, columns = values.shape[1:]
    total = np.pad(values.astype(np.int32), ((0, 0), (half + 1, half), (half + 1, half))).cumsum(1).cumsum(2)
    below, above = total[:, size : size + rows], total[:, :rows]
    strip = below - above
    sums: NDArray[np.int32] = strip[:, :, size : size + columns] - strip[:, :, :columns]
    return sums


def _dilate(mask: Mask, half: int) -> Mask:
    near: Mask = _box_sum(mask, half) > 0
    return near


def _hull_area(measured: Mask) -> float:
    """Return the area in pixels of the convex hull of the measured pixels of one slice."""
    rows = np.flatnonzero(measured.any(axis=1))
    if not rows.size:
        return 0.0
    first = measured.argmax(axis=1)[rows]
    last = measured.shape[1] - measured[:, ::-1].argmax(axis=1)[rows]
    corners = sorted(
        {(int(r + down), int(c)) for side in (first, last) for r, c in zip(rows, side, strict=True) for down in (0, 1)}
    )
    hull = np.array(_half_hull(corners) + _half_hull(corners[::-1]), dtype=np.float64)
    row, column = hull.T
    return abs(float(row @ np.roll(column, 1) - column @ np.roll(row, 1))) / 2.0


def _half_hull(corners: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return half of the hull of sorted corners, without the last (Andrew's monotone chain)."""
    hull: list[tuple[int, int]] = []
    for row, column in corners:
        while len(hull) > 1:
            (r0, c0), (r1, c1) = hull[-2:]
            if (r1 - r0) * (column - c0) > (c1 - c0) * (row - r0):
                break
            hull.pop()
        hull.append((row, column))
    return hull[:-1]
