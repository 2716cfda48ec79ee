"""Series that an archive stored in parts, each under a SeriesInstanceUID of its own, are joined again.

A scanner numbers the images of every series from 1, so parts of one series are known by InstanceNumbers that continue
each other, under the same names, and by slices of which none is shown twice. Breath-holds of one slice each are joined
elsewhere (`grouping`), with their repeats.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import chain, combinations, pairwise
from typing import TYPE_CHECKING, Final

from liver_mre.series.stack import GAP_RATIO
from liver_mre.studies.geometry import SAME_POSITION_MM, distinct_distances_mm, in_slice_order
from liver_mre.studies.study import Series

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence

    from liver_mre.studies.study import Instance, Study

ORIGIN: Final = (0.0, 0.0, 0.0)
"""Position of images that lost theirs."""


def join_split_series(study: Study) -> Study:
    """Return a study whose split series are whole again; each image keeps its own SeriesInstanceUID.

    Parts are joined if everything that names the series is the same and no InstanceNumber and no slice occurs in two
    of them. If SeriesNumber differs, ImageType and AcquisitionNumber must be the same as well, and the slices, at
    least two in one part, must make one regular stack; images without positions must share their times instead.
    """
    groups: dict[Hashable, list[Series]] = {}
    for series in study.series:
        groups.setdefault(_names(series.first), []).append(series)
    whole: list[Series] = []
    for alike in groups.values():
        by_number: dict[int, list[Series]] = {}
        for series in alike:
            by_number.setdefault(series.series_number, []).append(series)
        same_number = [one for number, parts in by_number.items() for one in _joined(parts, numbered=number != 0)]
        whole += _joined(same_number, numbered=False)
    if len(whole) == len(study.series):
        return study
    return replace(study, series=tuple(sorted(whole, key=lambda one: (one.series_number, one.series_instance_uid))))


def whole_of(series_uid: str, study: Study) -> str:
    """Return the UID of the joined series that a series is a part of; of any other, its own UID."""
    found = (one for one in study.series if any(part.series_instance_uid == series_uid for part in one.parts))
    return next((one.series_instance_uid for one in found), series_uid)


def joined_notes(*series: Series | None) -> tuple[str, ...]:
    """Say which series were joined from parts."""
    return tuple(
        f"Series {one.series_number} came in {len(one.parts)} parts, each with a SeriesInstanceUID of its own; their "
        "InstanceNumbers and slices complete each other, so they were joined."
        for one in series
        if one is not None and one.parts
    )


def _names(image: Instance) -> Hashable:
    """Return what the parts of one series have in common."""
    rounded = (
        tuple(round(value, 3) for value in values) if values else None
        for values in (image.pixel_spacing_mm, image.orientation)
    )
    return (
        *(image.modality, image.manufacturer, image.series_description, image.protocol_name),
        *(image.sequence_name, image.private_sequence_name, image.image_comments, image.frame_of_reference_uid),
        *(image.rows, image.columns, image.samples_per_pixel, image.photometric_interpretation, image.sop_class_uid),
        *rounded,
    )


def _joined(parts: Sequence[Series], *, numbered: bool) -> list[Series]:
    """Return one series if all are parts of it, otherwise the parts.

    Parameters
    ----------
    numbered : whether all have the same SeriesNumber
    """
    if len(parts) < 2 or not _are_parts(parts, numbered=numbered):  # noqa: PLR2004
        return list(parts)
    first = min(parts, key=lambda one: (one.series_number, one.series_instance_uid))
    images = in_slice_order(chain.from_iterable(one.instances for one in parts))
    stored = chain.from_iterable(one.parts or (one,) for one in parts)
    return [Series(first.series_instance_uid, first.series_number, images, tuple(stored))]


def _are_parts(parts: Sequence[Series], *, numbered: bool) -> bool:
    slices = [distinct_distances_mm(one) for one in parts]
    if not _continue_each_other(parts, numbered=numbered):
        return False
    unplaced = all(image.position_mm in {None, ORIGIN} for one in parts for image in one.instances)
    if numbered:
        # Phase offsets of one slice may be in two parts; a slice shown once in each is a repeat.
        offsets = any(len(one.instances) > len(places) for one, places in zip(parts, slices, strict=True))
        return _apart(slices) or offsets or unplaced
    if not parts[0].first.series_description or len({_acquisition(one) for one in parts}) > 1:
        return False
    if unplaced:
        return _is_one_run(parts)
    return max(map(len, slices)) > 1 and _apart(slices) and _is_regular(sorted(chain.from_iterable(slices)))


def _continue_each_other(parts: Sequence[Series], *, numbered: bool) -> bool:
    """Tell whether no InstanceNumber is in two parts. Frames are numbered anew in every object and tell nothing."""
    if any(one.first.frame_number is not None for one in parts):
        return numbered
    numbers = [{image.instance_number for image in one.instances} for one in parts]
    return not any(0 in found for found in numbers) and not any(a & b for a, b in combinations(numbers, 2))


def _acquisition(series: Series) -> Hashable:
    images = series.instances
    return frozenset(image.image_type for image in images), frozenset(image.acquisition_number for image in images)


def _is_one_run(parts: Sequence[Series]) -> bool:
    """Tell whether InstanceNumbers run from 1 without a gap, and times of acquisition occur in several parts."""
    images = [image for one in parts for image in one.instances]
    numbers = sorted(image.instance_number for image in images)
    times = [{image.acquired_s for image in one.instances} - {None} for one in parts]
    return numbers == list(range(1, len(images) + 1)) and all(times[0] & others for others in times[1:])


def _apart(slices: Sequence[Sequence[float]]) -> bool:
    """Tell whether no slice (mm along the normal) is in two parts, and every part has one."""
    return all(slices) and all(
        abs(a - b) >= SAME_POSITION_MM for one, other in combinations(slices, 2) for a in one for b in other
    )


def _is_regular(distances_mm: Sequence[float]) -> bool:
    gaps_mm = [after - before for before, after in pairwise(distances_mm)]
    return max(gaps_mm) < GAP_RATIO * min(gaps_mm)
