"""Functional groups of enhanced MR objects: where the attributes of one frame are stored."""

from __future__ import annotations

from struct import Struct
from typing import TYPE_CHECKING, Final

from pydicom.sequence import Sequence
from pydicom.uid import EnhancedMRColorImageStorage, EnhancedMRImageStorage, LegacyConvertedEnhancedMRImageStorage

from liver_mre.studies.values import is_filled, items

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydicom import Dataset
    from pydicom.tag import BaseTag

_ENHANCED_CLASSES: Final = frozenset(
    {EnhancedMRImageStorage, EnhancedMRColorImageStorage, LegacyConvertedEnhancedMRImageStorage}
)
# Functional group by attribute, DICOM PS3.3 C.7.6.16.2 and C.8.13.5.
_GROUP_OF: Final = {
    "FrameType": "MRImageFrameTypeSequence",
    "ComplexImageComponent": "MRImageFrameTypeSequence",
    "ImagePositionPatient": "PlanePositionSequence",
    "ImageOrientationPatient": "PlaneOrientationSequence",
    "PixelSpacing": "PixelMeasuresSequence",
    "SliceThickness": "PixelMeasuresSequence",
    "SpacingBetweenSlices": "PixelMeasuresSequence",
    "RescaleSlope": "PixelValueTransformationSequence",
    "RescaleIntercept": "PixelValueTransformationSequence",
    "RescaleType": "PixelValueTransformationSequence",
    "WindowCenter": "FrameVOILUTSequence",
    "WindowWidth": "FrameVOILUTSequence",
    "FrameAcquisitionDateTime": "FrameContentSequence",
    "FrameAcquisitionNumber": "FrameContentSequence",
    "FrameComments": "FrameContentSequence",
    "InStackPositionNumber": "FrameContentSequence",
    "TemporalPositionIndex": "FrameContentSequence",
}
_GROUPS: Final = frozenset(_GROUP_OF.values())
# Legacy converted objects keep attributes without a functional group here.
_UNASSIGNED: Final = (
    "UnassignedPerFrameConvertedAttributesSequence",
    "UnassignedSharedConvertedAttributesSequence",
)


class Levels:
    """The data sets that may hold an attribute of one frame, nearest first: its own groups, shared groups, top level.

    Parameters
    ----------
    header : the whole header
    groups : functional groups of the frame, then the shared ones
    """

    __slots__ = ("_groups", "_header")

    def __init__(self, header: Dataset, *groups: _Groups) -> None:
        self._header = header
        self._groups = groups

    def holder(self, keyword: str) -> Dataset:
        """Return the nearest data set with a non-empty element, readable or not; otherwise the top level."""
        for groups in self._groups:
            for candidate in groups.candidates(keyword):
                if is_filled(candidate, keyword):
                    return candidate
        return self._header


class _Groups:
    """Functional groups of one frame, or the shared ones."""

    __slots__ = ("_by_name", "_item", "_unassigned")

    def __init__(self, item: Dataset) -> None:
        self._item = item
        self._by_name = {name: found[0] for name in _GROUPS if (found := items(item, name))}
        self._unassigned = [found[0] for name in _UNASSIGNED if (found := items(item, name))]

    def candidates(self, keyword: str) -> list[Dataset]:
        group = _GROUP_OF.get(keyword)
        if group is None:
            return [self._item, *self._unassigned]
        found = self._by_name.get(group)
        return self._unassigned if found is None else [found, *self._unassigned]


def is_enhanced(sop_class_uid: str) -> bool:
    """Tell whether a class is that of an enhanced MR object, whose frames have functional groups."""
    return sop_class_uid in _ENHANCED_CLASSES


def items_with(header: Dataset, tags: frozenset[int]) -> Iterator[Dataset]:
    """Yield the items of functional groups, and of the groups themselves, that hold one of some elements.

    Objects have thousands of frames: what is not parsed yet is searched for the bytes of the tags.
    """
    marks = [Struct(order).pack(tag >> 16, tag & 0xFFFF) for tag in tags for order in ("<HH", ">HH")]
    for name in ("SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence"):
        for item in _with_marks(header, name, marks):
            if not tags.isdisjoint(item.keys()):
                yield item
            for tag in list(item.keys()):
                yield from (one for one in _with_marks(item, tag, marks) if not tags.isdisjoint(one.keys()))


def _with_marks(level: Dataset, name: str | BaseTag, marks: list[bytes]) -> list[Dataset]:
    """Return the items of a sequence; none where its bytes hold no mark."""
    element = level.get_item(name) if name in level else None
    value = None if element is None else element.value
    if isinstance(value, bytes):
        value = level[name].value if any(mark in value for mark in marks) else None
    return list(value) if isinstance(value, Sequence) else []


def frame_levels(header: Dataset, frames: int) -> tuple[Levels, ...] | None:
    """Return the levels of each frame; None if the object does not describe all of its frames."""
    per_frame = items(header, "PerFrameFunctionalGroupsSequence")
    if len(per_frame) != frames:
        return None
    shared = tuple(map(_Groups, items(header, "SharedFunctionalGroupsSequence")[:1]))
    return tuple(Levels(header, _Groups(item), *shared) for item in per_frame)
