"""Rotation and padding of images, and outlines on them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np
from scipy import ndimage

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from simulation.encodings.types import Image, Placement

OBLIQUE_DEG: Final = (12.0, 7.0)
"""Rotation about the left-right axis, then about the head-feet axis."""


def oblique_rotation() -> NDArray[np.float64]:
    """Return the rotation (3, 3) of a stack planned along a tilted liver."""
    x, z = np.deg2rad(OBLIQUE_DEG)
    about_x = np.array([[1, 0, 0], [0, np.cos(x), -np.sin(x)], [0, np.sin(x), np.cos(x)]])
    about_z = np.array([[np.cos(z), -np.sin(z), 0], [np.sin(z), np.cos(z), 0], [0, 0, 1]])
    rotation: NDArray[np.float64] = about_z @ about_x
    return rotation


def rotated(placement: Placement, rotation: NDArray[np.float64]) -> Placement:
    """Return an image plane rotated about the origin."""
    x, y, z = (float(value) for value in rotation @ np.asarray(placement.position_mm))
    directions = np.reshape(placement.orientation, (2, 3)) @ rotation.T
    return replace(placement, position_mm=(x, y, z), orientation=tuple(float(v) for v in directions.ravel()))


def padding(shape: tuple[int, ...]) -> tuple[tuple[int, int], tuple[int, int]]:
    """Return the rows and columns to add on either side to make an image square."""
    rows, columns = shape
    side = max(rows, columns)
    above, left = (side - rows) // 2, (side - columns) // 2
    return (above, side - rows - above), (left, side - columns - left)


def padded(image: Image) -> Image:
    """Return an image zero-padded to a square; its pixels keep their position in the patient."""
    borders = padding(image.stored.shape[:2])
    (above, _), (left, _) = borders
    placement = image.placement
    row_mm, column_mm = placement.pixel_spacing_mm
    along_row, along_column = np.reshape(placement.orientation, (2, 3))
    corner = np.asarray(placement.position_mm) - left * column_mm * along_row - above * row_mm * along_column
    x, y, z = (float(value) for value in corner)
    more = ((0, 0),) * (image.stored.ndim - 2)
    return replace(
        image, stored=np.pad(image.stored, (*borders, *more)), placement=replace(placement, position_mm=(x, y, z))
    )


def outline(mask: NDArray[np.bool_], shape: tuple[int, ...]) -> NDArray[np.bool_]:
    """Return the outermost pixels of a mask (R, C) as a line, on an image that may be padded to `shape`."""
    if mask.shape != shape:
        mask = np.pad(mask, padding(mask.shape))
    filled: NDArray[np.bool_] = ndimage.binary_fill_holes(mask)
    line: NDArray[np.bool_] = filled & ~ndimage.binary_erosion(filled)
    return line
