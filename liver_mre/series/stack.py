"""Checks that a series is one complete stack of images on one plausible pixel grid."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from liver_mre.errors import GeometryError, MissingSlicesError
from liver_mre.studies.geometry import SAME_DIRECTION, SAME_POSITION_MM, dot, same_orientation, slice_distance_mm

if TYPE_CHECKING:
    from collections.abc import Sequence

    from liver_mre.studies.study import Instance, Orientation, Series

SAME_SPACING_MM: Final = 1e-3  # ours: above rounding of decimal strings
GAP_RATIO: Final = 1.5  # ours: half-way between the next slice and the one after
SAME_FIELD_OF_VIEW: Final = 0.02  # ours: one pixel of 64 is less, a wrong voxel size far more
_FRAMES: Final = "PerFrameFunctionalGroupsSequence"
PLAUSIBLE_FIELD_OF_VIEW_MM: Final = (150.0, 600.0)  # ours: narrower than a body, wider than a magnet's bore


def order_slices(instances: tuple[Instance, ...]) -> tuple[Instance, ...]:
    """Order the images of one stack along the slice normal.

    Raises
    ------
    GeometryError
        The images are not one stack on one plausible pixel grid; the message names the faulty element.
    MissingSlicesError
        The distance between two neighbours is at least 1.5 times the smallest one.
    """
    _check_grid(instances)
    placed = sorted(((_required_distance_mm(instance), instance) for instance in instances), key=lambda pair: pair[0])
    for (before_mm, before), (after_mm, after) in pairwise(placed):
        if after_mm - before_mm < SAME_POSITION_MM:
            raise GeometryError(_duplicate_message(before, after))
    _check_gaps([after[0] - before[0] for before, after in pairwise(placed)])
    return tuple(instance for _, instance in placed)


def _duplicate_message(one: Instance, other: Instance) -> str:
    numbers = sorted((one.instance_number, other.instance_number))
    which = f"images {numbers[0]} and {numbers[1]}" if numbers[0] != numbers[1] else "two images"
    return (
        f"The stiffness series shows the same position twice ({which}, by ImagePositionPatient), so it is not clear "
        "which to measure. Nothing was measured; take the wrong image out, or send the series again."
    )


def _check_gaps(gaps_mm: list[float]) -> None:
    if not gaps_mm:
        return
    smallest_mm = min(gaps_mm)
    missing = sum(round(gap / smallest_mm) - 1 for gap in gaps_mm if gap >= GAP_RATIO * smallest_mm)
    if missing:
        raise MissingSlicesError(missing_message(missing, "There is a gap between its slices."))


def sparse_stack_note(ordered: Sequence[Instance]) -> tuple[str, ...]:
    """Say where ordered slices lie further apart than their headers state, as after the loss of every second one.

    It is no reason to refuse them: for slices that were planned one by one, some scanners state their thickness.
    """
    stated_mm = ordered[0].spacing_between_slices_mm
    placed_mm = [distance for distance in map(slice_distance_mm, ordered) if distance is not None]
    gaps_mm = [after - before for before, after in pairwise(placed_mm)]
    if not stated_mm or not gaps_mm or min(gaps_mm) < GAP_RATIO * stated_mm or stated_mm <= 0:
        return ()
    note = (
        f"The stiffness slices lie {min(gaps_mm):.3g} mm apart (ImagePositionPatient), but SpacingBetweenSlices is "
        f"{stated_mm:.3g} mm: slices between them may have been lost. Compare with the images on the scanner."
    )
    return (note,)


def missing_message(count: int, evidence: str) -> str:
    """Say how many slices are missing, how that is known, and what to do."""
    slices = "1 slice" if count == 1 else f"{count} slices"
    verb = "is" if count == 1 else "are"
    return f"{slices} of the stiffness series {verb} missing. {evidence} Send the complete series again."


def check_extent(series: Series, companion: Series, name: str) -> None:
    """Compare the field of view of the stiffness images with that of a companion.

    They are the same within one acquisition, so a difference means that one PixelSpacing is wrong. Only the longer
    sides are compared, because one of the two may be cropped or padded to a square.

    Parameters
    ----------
    name : what the companion is, in words ("magnitude series")

    Raises
    ------
    GeometryError
        The longer sides differ by more than 2 %.
    """
    here_mm, there_mm = _longer_side_mm(series.first), _longer_side_mm(companion.first)
    if here_mm is None or there_mm is None or math.isclose(here_mm, there_mm, rel_tol=SAME_FIELD_OF_VIEW):
        return
    msg = (
        f"The stiffness images would be {here_mm:.0f} mm wide by their PixelSpacing, but the {name} of the same "
        f"acquisition {there_mm:.0f} mm, so PixelSpacing of one of them must be wrong. Nothing was measured."
    )
    raise GeometryError(msg)


def _longer_side_mm(instance: Instance) -> float | None:
    if instance.pixel_spacing_mm is None:
        return None
    row_mm, column_mm = instance.pixel_spacing_mm
    return max(instance.rows * row_mm, instance.columns * column_mm)


def _check_grid(instances: tuple[Instance, ...]) -> None:
    first = instances[0]
    if any(_FRAMES in instance.unusable_unit_elements for instance in instances):
        msg = (
            f"{_FRAMES} of the stiffness object does not describe each of its NumberOfFrames frames, so their "
            "positions are not known. Nothing was measured; send the series again."
        )
        raise GeometryError(msg)
    if any((instance.rows, instance.columns) != (first.rows, first.columns) for instance in instances):
        msg = "The images of the stiffness series differ in size (Rows, Columns). Nothing was measured."
        raise GeometryError(msg)
    if any(not _same_spacing(instance, first) for instance in instances):
        msg = "PixelSpacing of the stiffness series is missing, not positive, or differs between its images."
        raise GeometryError(msg)
    if first.orientation is None or not _is_orthonormal(first.orientation):
        msg = "ImageOrientationPatient of the stiffness series is missing or not a pair of perpendicular directions."
        raise GeometryError(msg)
    if any(not same_orientation(instance, first) for instance in instances):
        msg = "The images of the stiffness series differ in ImageOrientationPatient. Nothing was measured."
        raise GeometryError(msg)
    if is_placeholder(first):
        msg = (
            "ImagePositionPatient (0, 0, 0) and PixelSpacing (1, 1) of the stiffness series are placeholders, not "
            "its geometry. Nothing was measured; send the series with its own geometry."
        )
        raise GeometryError(msg)
    for instance in instances:
        _check_field_of_view(instance)


def is_placeholder(instance: Instance) -> bool:
    """Tell whether the geometry is a placeholder: origin 0 and spacing 1."""
    return instance.position_mm == (0.0, 0.0, 0.0) and instance.pixel_spacing_mm == (1.0, 1.0)


def _check_field_of_view(instance: Instance) -> None:
    row_mm, column_mm = instance.pixel_spacing_mm or (0.0, 0.0)
    height_mm, width_mm = instance.rows * row_mm, instance.columns * column_mm
    low, high = PLAUSIBLE_FIELD_OF_VIEW_MM
    if not (low <= height_mm <= high and low <= width_mm <= high):
        msg = (
            f"The stiffness images would be {height_mm:.0f} x {width_mm:.0f} mm large, which is not plausible for an "
            f"abdomen ({low:.0f}-{high:.0f} mm): PixelSpacing must be wrong. Nothing was measured."
        )
        raise GeometryError(msg)
    diameter_mm = instance.field_of_view_mm
    if diameter_mm is None or not (math.isfinite(diameter_mm) and diameter_mm > 0):
        return
    if not math.isclose(max(height_mm, width_mm), diameter_mm, rel_tol=SAME_FIELD_OF_VIEW):
        msg = (
            f"The stiffness images would be {height_mm:.0f} x {width_mm:.0f} mm large by their PixelSpacing, but "
            f"ReconstructionDiameter says {diameter_mm:.0f} mm, so one of the two must be wrong. Nothing was measured."
        )
        raise GeometryError(msg)


def _required_distance_mm(instance: Instance) -> float:
    distance = slice_distance_mm(instance)
    if distance is None or not math.isfinite(distance):
        msg = "ImagePositionPatient is missing in the stiffness series, so its slices cannot be ordered."
        raise GeometryError(msg)
    return distance


def _same_spacing(one: Instance, other: Instance) -> bool:
    if one.pixel_spacing_mm is None or other.pixel_spacing_mm is None:
        return False
    pairs = zip(one.pixel_spacing_mm, other.pixel_spacing_mm, strict=True)
    return all(a > 0 and math.isfinite(a) and abs(a - b) <= SAME_SPACING_MM for a, b in pairs)


def _is_orthonormal(orientation: Orientation) -> bool:
    row, column = orientation[:3], orientation[3:]
    lengths = (dot(row, row), dot(column, column))
    return abs(dot(row, column)) <= SAME_DIRECTION and all(abs(x - 1) <= SAME_DIRECTION for x in lengths)
