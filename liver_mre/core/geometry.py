"""Where the slices of a series lie: their order along the normal, gaps between them, and slices that are missing."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from liver_mre.errors import GeometryError, MissingSlicesError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from liver_mre.core.study import Instance, Orientation, Series, Vector

SAME_POSITION_MM: Final = 0.5  # ours: far below any slice spacing, far above rounding of decimal strings
SAME_DIRECTION: Final = 1e-3  # ours: about 0.06 degrees, above rounding of decimal strings
SAME_SPACING_MM: Final = 1e-3  # ours: above rounding of decimal strings
GAP_RATIO: Final = 1.5  # ours: half-way between the next slice and the one after
FIELD_OF_VIEW_MM: Final = (150.0, 600.0)  # ours: narrower than a body, wider than a magnet's bore


def slice_normal(orientation: Orientation) -> Vector:
    """Cross product of row and column direction, in patient coordinates (LPS)."""
    (rx, ry, rz), (cx, cy, cz) = orientation[:3], orientation[3:]
    return (ry * cz - rz * cy, rz * cx - rx * cz, rx * cy - ry * cx)


def slice_distance_mm(instance: Instance) -> float | None:
    """Signed distance of a slice from the origin along its normal, in mm; None without position or orientation."""
    if instance.position_mm is None or instance.orientation is None:
        return None
    return _dot(instance.position_mm, slice_normal(instance.orientation))


def _dot(one: Sequence[float], other: Sequence[float]) -> float:
    return sum(a * b for a, b in zip(one, other, strict=True))


def missing_slices(series: Series, companion: Series) -> int | None:
    """Count the slices that a companion series of the same acquisition has and `series` has not.

    Returns
    -------
    The number of slices, 0 if both have the same; None if they are not the same stack (another orientation, no
    geometry, or a slice of `series` that the companion does not have).
    """
    if not _same_orientation(series.first, companion.first):
        return None
    here, there = _distinct_distances_mm(series), _distinct_distances_mm(companion)
    if not here or not all(_near(distance, there) for distance in here):
        return None
    return sum(not _near(distance, here) for distance in there)


def order_slices(instances: tuple[Instance, ...]) -> tuple[Instance, ...]:
    """Order the instances of one stack along the slice normal, whatever their order or numbers.

    Raises
    ------
    GeometryError
        The instances are not one stack of single slices on one plausible pixel grid.
    MissingSlicesError
        The distance between two neighbours is at least 1.5 times the smallest one.
    """
    _check_grid(instances)
    placed = sorted(((_required_distance_mm(instance), instance) for instance in instances), key=lambda pair: pair[0])
    gaps_mm = [after[0] - before[0] for before, after in pairwise(placed)]
    if any(gap < SAME_POSITION_MM for gap in gaps_mm):
        msg = "Two images of the stiffness series lie at the same position, so it is not clear which to measure."
        raise GeometryError(msg)
    _check_gaps(gaps_mm)
    return tuple(instance for _, instance in placed)


def _check_gaps(gaps_mm: list[float]) -> None:
    if not gaps_mm:
        return
    smallest_mm = min(gaps_mm)
    missing = sum(round(gap / smallest_mm) - 1 for gap in gaps_mm if gap >= GAP_RATIO * smallest_mm)
    if missing:
        raise MissingSlicesError(missing_message(missing, "There is a gap between its slices."))


def missing_message(count: int, evidence: str) -> str:
    """Say how many slices are missing, how that is known, and what to do."""
    slices = "1 slice" if count == 1 else f"{count} slices"
    verb = "is" if count == 1 else "are"
    return f"{slices} of the stiffness series {verb} missing. {evidence} Send the complete series again."


def _check_grid(instances: tuple[Instance, ...]) -> None:
    first = instances[0]
    if any(instance.frames != 1 for instance in instances):
        msg = "The stiffness series holds multi-frame images. Send it as single-frame MR images."
        raise GeometryError(msg)
    if any((instance.rows, instance.columns) != (first.rows, first.columns) for instance in instances):
        msg = "The images of the stiffness series differ in size. Nothing was measured."
        raise GeometryError(msg)
    if any(not _same_spacing(instance, first) for instance in instances):
        msg = "PixelSpacing of the stiffness series is missing, not positive, or differs between its images."
        raise GeometryError(msg)
    if first.orientation is None or not _is_orthonormal(first.orientation):
        msg = "ImageOrientationPatient of the stiffness series is missing or not a pair of perpendicular directions."
        raise GeometryError(msg)
    if any(not _same_orientation(instance, first) for instance in instances):
        msg = "The images of the stiffness series differ in orientation. Nothing was measured."
        raise GeometryError(msg)
    _check_field_of_view(first)


def _check_field_of_view(instance: Instance) -> None:
    row_mm, column_mm = instance.pixel_spacing_mm or (0.0, 0.0)
    height_mm, width_mm = instance.rows * row_mm, instance.columns * column_mm
    low, high = FIELD_OF_VIEW_MM
    if not (low <= height_mm <= high and low <= width_mm <= high):
        msg = (
            f"The stiffness images would be {height_mm:.0f} x {width_mm:.0f} mm large, which is not plausible for an "
            f"abdomen ({low:.0f}-{high:.0f} mm): PixelSpacing must be wrong. Nothing was measured."
        )
        raise GeometryError(msg)


def _required_distance_mm(instance: Instance) -> float:
    distance = slice_distance_mm(instance)
    if distance is None:
        msg = "ImagePositionPatient is missing in the stiffness series, so its slices cannot be ordered."
        raise GeometryError(msg)
    return distance


def _same_spacing(one: Instance, other: Instance) -> bool:
    if one.pixel_spacing_mm is None or other.pixel_spacing_mm is None:
        return False
    pairs = zip(one.pixel_spacing_mm, other.pixel_spacing_mm, strict=True)
    return all(a > 0 and math.isfinite(a) and abs(a - b) <= SAME_SPACING_MM for a, b in pairs)


def _same_orientation(one: Instance, other: Instance) -> bool:
    if one.orientation is None or other.orientation is None:
        return False
    return all(abs(a - b) <= SAME_DIRECTION for a, b in zip(one.orientation, other.orientation, strict=True))


def _is_orthonormal(orientation: Orientation) -> bool:
    row, column = orientation[:3], orientation[3:]
    lengths = (_dot(row, row), _dot(column, column))
    return abs(_dot(row, column)) <= SAME_DIRECTION and all(abs(x - 1) <= SAME_DIRECTION for x in lengths)


def _distinct_distances_mm(series: Series) -> list[float]:
    distinct: list[float] = []
    for distance in sorted(d for d in map(slice_distance_mm, series.instances) if d is not None):
        if not distinct or distance - distinct[-1] >= SAME_POSITION_MM:
            distinct.append(distance)
    return distinct


def _near(distance_mm: float, others_mm: list[float]) -> bool:
    return any(abs(distance_mm - other) < SAME_POSITION_MM for other in others_mm)
