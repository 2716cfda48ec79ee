"""Images that the input holds twice: equal headers and pixels under other UIDs, as some archives send them.

Pixels are read only where headers are equal but for the UIDs, numbers and descriptions, which no two acquisitions are.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from liver_mre.series.roles import MRE_ROLES, STIFFNESS_ROLES, Role

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence

    from liver_mre.series.classification import ClassifiedSeries
    from liver_mre.studies.study import Instance

_ONE_IMAGE_A_SLICE: Final = STIFFNESS_ROLES | {Role.CONFIDENCE}
"""Roles with one image a slice; images of other roles have equal headers, too, where they are phase offsets."""


def mark_copies(entries: Sequence[ClassifiedSeries], *, keep: str | None = None) -> tuple[ClassifiedSeries, ...]:
    """Return the classified series of a study with each image once: a series that repeats another one is its copy.

    Parameters
    ----------
    entries : every series with its role
    keep : UID of a series that is never the copy, if any
    """
    found = [_without_repeats(entry) for entry in entries]
    originals: dict[Hashable, list[ClassifiedSeries]] = {}
    for place in sorted(range(len(found)), key=lambda index: found[index].series.series_instance_uid != keep):
        entry = found[place]
        if entry.role not in MRE_ROLES:
            continue
        alike = originals.setdefault((entry.role, *map(_content, entry.series.instances)), [])
        original = next((one for one in alike if _are_copies(one.series.instances, entry.series.instances)), None)
        if original is None:
            alike.append(entry)
        else:
            number = original.series.series_number
            words = f"Not used: the same images as series {number} under other UIDs."
            found[place] = replace(entry, copy_of=number, reason=f"{words} {entry.reason}")
    return tuple(found)


def _without_repeats(entry: ClassifiedSeries) -> ClassifiedSeries:
    """Return a series of one image a slice without images that it holds a second time."""
    images = entry.series.instances
    if entry.role not in _ONE_IMAGE_A_SLICE or len(set(map(_content, images))) == len(images):
        return entry
    left: list[Instance] = []
    kept: dict[Hashable, list[Instance]] = {}
    for image in images:
        alike = kept.setdefault(_content(image), [])
        if not any(_are_copies((one,), (image,)) for one in alike):
            alike.append(image)
            left.append(image)
    if len(left) == len(images):
        return entry
    words = f"{len(images) - len(left)} of its images repeat others under other UIDs and were left out."
    return replace(entry, series=replace(entry.series, instances=tuple(left)), reason=f"{entry.reason} {words}")


def _content(image: Instance) -> Hashable:
    """Return what the header says of an image, without what names it."""
    return replace(
        image,
        source="",
        sop_instance_uid="",
        series_instance_uid="",
        frame_of_reference_uid="",
        series_description="",
        instance_number=0,
        concatenation=None,
    )


def _are_copies(some: Sequence[Instance], others: Sequence[Instance]) -> bool:
    from liver_mre.studies.decoding import same_pixels  # what `check` rarely needs and takes time to load

    return not any(image.conflicting for image in (*some, *others)) and same_pixels(some, others)
