"""Outlines of a mask along pixel edges."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

Point = tuple[int, int]


def outlines(mask: NDArray[np.bool_]) -> list[NDArray[np.int64]]:
    """Trace every outline of a mask.

    Parameters
    ----------
    mask : (R, C) bool

    Returns
    -------
    The corners of each outline, (N, 2) integers (column, row), N >= 4, the first corner not repeated. Coordinates are
    those of DICOM's SCOORD (PS3.3, C.18.6): (0, 0) is the outer corner of the first pixel, so an outline encloses
    exactly its pixels. Outer outlines run clockwise on the screen, those of holes counter-clockwise. Pixels that touch
    only at a corner belong to different outlines.
    """
    following = _edges(mask)
    loops = []
    while following:
        start = next(iter(following))
        loops.append(np.array(_corners(_follow(following, start)), dtype=np.int64))
    return loops


def area_px(outline: NDArray[np.int64]) -> float:
    """Return the area enclosed by an outline, in pixels; negative for a hole."""
    column, row = outline[:, 0], outline[:, 1]
    return float(column @ np.roll(row, -1) - row @ np.roll(column, -1)) / 2.0


def largest_outline(mask: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Return the outline that encloses the largest area, as `outlines` describes it.

    Raises
    ------
    ValueError
        If the mask is empty.
    """
    loops = outlines(mask)
    if not loops:
        msg = "An empty mask has no outline."
        raise ValueError(msg)
    return max(loops, key=area_px)


def _edges(mask: NDArray[np.bool_]) -> dict[Point, list[Point]]:
    """Return the directed edges between inside and outside, with the inside on their right, by starting point."""
    padded = np.pad(mask, 1)
    inside = padded[1:-1, 1:-1]
    sides = (  # (neighbour, start offset, end offset), offsets as (column, row)
        (padded[:-2, 1:-1], (0, 0), (1, 0)),
        (padded[1:-1, 2:], (1, 0), (1, 1)),
        (padded[2:, 1:-1], (1, 1), (0, 1)),
        (padded[1:-1, :-2], (0, 1), (0, 0)),
    )
    following: dict[Point, list[Point]] = {}
    for neighbour, start, end in sides:
        rows, columns = np.nonzero(inside & ~neighbour)
        for row, column in zip(rows.tolist(), columns.tolist(), strict=True):
            key = (column + start[0], row + start[1])
            following.setdefault(key, []).append((column + end[0], row + end[1]))
    return following


def _follow(following: dict[Point, list[Point]], start: Point) -> list[Point]:
    """Remove one closed loop from the edges and return it."""
    loop: list[Point] = []
    point, step = start, (0, 0)
    while True:
        candidates = following.get(point, [])
        # Where two pixels touch at a corner, turning right stays with the same pixel.
        right = (point[0] - step[1], point[1] + step[0])
        if loop and point == start and right not in candidates:
            return loop
        target = right if right in candidates else candidates[0]
        candidates.remove(target)
        if not candidates:
            del following[point]
        loop.append(point)
        step = (target[0] - point[0], target[1] - point[1])
        point = target


def _corners(loop: list[Point]) -> list[Point]:
    """Drop points on straight segments."""
    kept = []
    for before, point, after in zip([loop[-1], *loop], loop, [*loop[1:], loop[0]], strict=False):
        turn = (point[0] - before[0]) * (after[1] - point[1]) - (point[1] - before[1]) * (after[0] - point[0])
        if turn != 0:
            kept.append(point)
    return kept
