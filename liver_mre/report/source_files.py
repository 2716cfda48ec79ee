"""Headers of the source images: one for each slice, whether it is a file or a frame of one."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Final

import pydicom
from pydicom import Dataset

from liver_mre.report.quiet import quiet

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from liver_mre.studies.study import Instance

_SHARED: Final = "SharedFunctionalGroupsSequence"
_PER_FRAME: Final = "PerFrameFunctionalGroupsSequence"
_MULTI_FRAME_ONLY: Final = (_SHARED, _PER_FRAME, "NumberOfFrames", "DimensionIndexSequence")
# Functional groups whose attributes a classic image has in its header under the same names (PS3.3, C.7.6.16.2).
_GEOMETRY_GROUPS: Final = ("PlanePositionSequence", "PlaneOrientationSequence", "PixelMeasuresSequence")
# Attributes without a functional group of their own, as a converter stores them (PS3.3, C.7.6.16.2.25).
_CONVERTED_GROUPS: Final = (
    "UnassignedSharedConvertedAttributesSequence",
    "UnassignedPerFrameConvertedAttributesSequence",
)


@quiet()
def read_sources(instances: Sequence[Instance]) -> tuple[Dataset, ...]:
    """Read the full headers of images without pixels; each file is read once.

    Parameters
    ----------
    instances : images, each a file or a frame (`frame_number`) of one

    Returns
    -------
    One header for each image, in the same order. A frame has the header of a classic image: attributes and UIDs of the
    multi-frame object, with the geometry of the frame at top level. Its frame number is in the `Instance` only.

    Raises
    ------
    OSError
        If a file has disappeared since it was scanned.
    """
    files = dict.fromkeys(instance.source for instance in instances)
    headers = {source: pydicom.dcmread(source, stop_before_pixels=True, force=True) for source in files}
    objects = {source: _Frames(header) for source, header in headers.items() if _PER_FRAME in header}
    return tuple(
        objects[instance.source].header(instance.frame_number or 1)
        if instance.source in objects
        else headers[instance.source]
        for instance in instances
    )


class _Frames:
    """A multi-frame object: shared attributes, and functional groups of each frame."""

    def __init__(self, header: Dataset) -> None:
        self._shared = _first_item(header, _SHARED)
        self._per_frame: Sequence[Dataset] = header[_PER_FRAME].value or ()
        self._common = header
        for keyword in _MULTI_FRAME_ONLY:
            if keyword in header:
                del header[keyword]

    def header(self, frame_number: int) -> Dataset:
        """Return the header of a frame, counted from 1, as that of a classic image."""
        frame = self._per_frame[frame_number - 1] if frame_number <= len(self._per_frame) else Dataset()
        view = copy.deepcopy(self._common)
        groups = (self._shared, frame)
        for item in _items(groups, _CONVERTED_GROUPS):
            _copy(item, view, only_missing=True)
        for item in _items(groups, _GEOMETRY_GROUPS):
            _copy(item, view)
        comments = _first_item(frame, "FrameContentSequence").get("FrameComments")
        if comments and "ImageComments" not in view:
            view.ImageComments = comments
        return view


def _items(groups: Iterable[Dataset], keywords: Iterable[str]) -> list[Dataset]:
    return [_first_item(group, keyword) for group in groups for keyword in keywords]


def _first_item(header: Dataset, keyword: str) -> Dataset:
    items = header.get(keyword)
    return items[0] if items else Dataset()


def _copy(item: Dataset, target: Dataset, *, only_missing: bool = False) -> None:
    for tag in item.keys():  # noqa: SIM118 - iterating over elements would convert them, and damaged ones may raise
        if not (only_missing and tag in target):
            target[tag] = copy.deepcopy(item.get_item(tag))
