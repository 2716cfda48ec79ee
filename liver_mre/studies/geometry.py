"""Geometry of images: affine of a stack, positions along its normal, and comparison with another series."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from liver_mre.errors import GeometryError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from liver_mre.studies.study import Instance, Orientation, Series, Vector

SAME_POSITION_MM: Final = 0.5  # ours: far below any slice spacing, far above rounding of decimal strings
SAME_DIRECTION: Final = 1e-3  # ours: about 0.06 degrees, above rounding of decimal strings
WHOLE_PIXELS_PX: Final = 0.05  # ours: padding moves an image by whole pixels, but for rounding of decimal strings
SAME_PLACE_PX: Final = 0.5  # ours: a map that is shifted further describes other pixels


@dataclass(frozen=True, slots=True)
class StackGeometry:
    """Geometry of parallel slices in the patient.

    Attributes
    ----------
    affine : (4, 4) float64, from (slice, row, column, 1) to patient coordinates in mm (LPS: towards the patient's
        left, back and head), as in `highdicom.Volume`
    shape : (S, R, C)
    """

    affine: NDArray[np.float64]
    shape: tuple[int, int, int]

    @classmethod
    def of(cls, images: Sequence[Instance]) -> StackGeometry | None:
        """Return the geometry of ordered slices; None if an image has none.

        The slice spacing is the mean one; for a single slice its thickness, or 1 mm without one.
        """
        first, last = images[0], images[-1]
        if first.position_mm is None or last.position_mm is None or first.orientation is None:
            return None
        if first.pixel_spacing_mm is None:
            return None
        along_row, along_column = np.array(first.orientation[:3]), np.array(first.orientation[3:])
        affine = np.eye(4)
        if len(images) > 1:
            affine[:3, 0] = (np.array(last.position_mm) - np.array(first.position_mm)) / (len(images) - 1)
        else:
            affine[:3, 0] = np.array(slice_normal(first.orientation)) * (first.slice_thickness_mm or 1.0)
        affine[:3, 1] = along_column * first.pixel_spacing_mm[0]
        affine[:3, 2] = along_row * first.pixel_spacing_mm[1]
        affine[:3, 3] = first.position_mm
        return cls(affine, (len(images), first.rows, first.columns))

    @property
    def spacing_mm(self) -> tuple[float, float, float]:
        """Spacing of slices, rows and columns."""
        slices, rows, columns = (float(step) for step in np.linalg.norm(self.affine[:3, :3], axis=0))
        return slices, rows, columns

    def position_mm(self, pixel: Sequence[float]) -> Vector:
        """Return the patient coordinates of a pixel (slice, row, column), which may be fractional."""
        x, y, z = (float(value) for value in (self.affine @ np.array([*pixel, 1.0]))[:3])
        return x, y, z


def frame_of_reference(images: Sequence[Instance]) -> str:
    """Return the FrameOfReferenceUID that images share; "" if none names one.

    Raises
    ------
    GeometryError
        They name several: their positions are then not known to lie in one space.
    """
    named = {image.frame_of_reference_uid for image in images} - {""}
    if len(named) > 1:
        msg = (
            f"The images of the stiffness series name {len(named)} different frames of reference "
            "(FrameOfReferenceUID), so it is not known how they lie to each other. Nothing was measured; send the "
            "series again as it is on the scanner."
        )
        raise GeometryError(msg)
    return named.pop() if named else ""


def slice_thickness_mm(images: Sequence[Instance]) -> float:
    """Return the thickness of ordered slices: SliceThickness, or else the smallest distance between them.

    Raises
    ------
    GeometryError
        There is a single slice, and neither SliceThickness nor SpacingBetweenSlices says how thick it is.
    """
    first = images[0]
    distances_mm = sorted(distance for distance in map(slice_distance_mm, images) if distance is not None)
    gaps_mm = (after - before for before, after in pairwise(distances_mm))
    stated_mm = (first.slice_thickness_mm, min(gaps_mm, default=None), first.spacing_between_slices_mm)
    found = next((value for value in stated_mm if value is not None and value > 0), None)
    if found is None:
        msg = (
            "SliceThickness is missing in the single stiffness image and cannot be told from a distance between "
            "slices. Nothing was measured; send the images with SliceThickness."
        )
        raise GeometryError(msg)
    return round(found, 6)


def slice_normal(orientation: Orientation) -> Vector:
    """Cross product of row and column direction, in patient coordinates (LPS)."""
    (rx, ry, rz), (cx, cy, cz) = orientation[:3], orientation[3:]
    return (ry * cz - rz * cy, rz * cx - rx * cz, rx * cy - ry * cx)


def slice_distance_mm(instance: Instance) -> float | None:
    """Signed distance of a slice from the origin along its normal, in mm; None without position or orientation."""
    if instance.position_mm is None or instance.orientation is None:
        return None
    return dot(instance.position_mm, slice_normal(instance.orientation))


def in_slice_order(instances: Iterable[Instance]) -> tuple[Instance, ...]:
    """Sort the images of a series by slice position, then by InstanceNumber."""

    def rank(instance: Instance) -> tuple[float, int, int, str, int]:
        distance = slice_distance_mm(instance)
        position = round(distance, 2) if distance is not None else 0.0
        offset, frame = instance.offset_number or 0, instance.frame_number or 0
        return position, instance.instance_number, offset, instance.sop_instance_uid, frame

    return tuple(sorted(instances, key=rank))


def dot(one: Sequence[float], other: Sequence[float]) -> float:
    """Return the scalar product."""
    return sum(a * b for a, b in zip(one, other, strict=True))


def missing_slices(series: Series, companion: Series) -> int | None:
    """Count the slices that a companion series of the same acquisition has and `series` lacks.

    Returns
    -------
    The number of slices; None if they are not the same stack (different orientation, no geometry, or a slice of
    `series` that the companion lacks).
    """
    if not same_orientation(series.first, companion.first):
        return None
    here, there = distinct_distances_mm(series), distinct_distances_mm(companion)
    if not here or not all(_near(distance, there) for distance in here):
        return None
    return sum(not _near(distance, here) for distance in there)


def same_orientation(one: Instance, other: Instance) -> bool:
    """Tell whether two images have the same row and column directions; False if one has none."""
    if one.orientation is None or other.orientation is None:
        return False
    return all(abs(a - b) <= SAME_DIRECTION for a, b in zip(one.orientation, other.orientation, strict=True))


def distinct_distances_mm(series: Series) -> list[float]:
    """Return the distinct positions of the slices along their normal, ascending, in mm."""
    distinct: list[float] = []
    for distance in sorted(d for d in map(slice_distance_mm, series.instances) if d is not None and math.isfinite(d)):
        if not distinct or distance - distinct[-1] >= SAME_POSITION_MM:
            distinct.append(distance)
    return distinct


def _near(distance_mm: float, others_mm: list[float]) -> bool:
    return any(abs(distance_mm - other) < SAME_POSITION_MM for other in others_mm)


def images_at(series: Series, instance: Instance) -> list[Instance]:
    """Return the images of a series at the position of another image along its normal."""
    place_mm = slice_distance_mm(instance)
    if place_mm is None:
        return []
    return [
        candidate
        for candidate in series.instances
        if (distance_mm := slice_distance_mm(candidate)) is not None and abs(distance_mm - place_mm) < SAME_POSITION_MM
    ]


def grid_offset(grid: Instance, image: Instance) -> tuple[int, int] | None:
    """Return the row and column of a grid at which the first pixel of another image of the slice lies.

    Images of one size must coincide to half a pixel. Of two sizes, one must contain the other, shifted by whole pixels,
    as an image does that was padded or cropped.

    Returns
    -------
    (row, column), negative where the image reaches beyond the grid; None unless the pixels of both coincide.
    """
    if not same_orientation(grid, image) or grid.pixel_spacing_mm is None or image.pixel_spacing_mm is None:
        return None
    if grid.orientation is None or grid.position_mm is None or image.position_mm is None:
        return None
    shift_mm = [there - here for there, here in zip(image.position_mm, grid.position_mm, strict=True)]
    same_size = (grid.rows, grid.columns) == (image.rows, image.columns)
    found = []
    for axis, (here, there) in enumerate(((grid.rows, image.rows), (grid.columns, image.columns))):
        spacing_mm = grid.pixel_spacing_mm[axis]
        direction = grid.orientation[3:] if axis == 0 else grid.orientation[:3]
        if abs(spacing_mm - image.pixel_spacing_mm[axis]) * max(here, there) > SAME_PLACE_PX * spacing_mm:
            return None
        shift = dot(shift_mm, direction) / spacing_mm
        whole = 0 if same_size else round(shift)
        if abs(shift - whole) > (SAME_PLACE_PX if same_size else WHOLE_PIXELS_PX):
            return None
        found.append((whole, whole + there - here))
    inside = all(first >= 0 and last <= 0 for first, last in found)
    around = all(first <= 0 and last >= 0 for first, last in found)
    return (found[0][0], found[1][0]) if inside or around else None


def on_grid(pixels: NDArray[Any], image: Instance, grid: Instance) -> NDArray[Any]:
    """Return the pixels (r, c) of an image on a grid that `grid_offset` places it on, (R, C), with zeros around it."""
    offset = grid_offset(grid, image)
    shape = (grid.rows, grid.columns)
    if offset is None or (offset == (0, 0) and pixels.shape == shape):
        return pixels
    spans = [
        (max(0, first), min(size, first + count), max(0, -first))
        for first, size, count in zip(offset, shape, pixels.shape, strict=True)
    ]
    (top, bottom, above), (left, right, before) = spans
    placed = np.zeros(shape, pixels.dtype)
    placed[top:bottom, left:right] = pixels[above : above + bottom - top, before : before + right - left]
    return placed
