"""The header of a source image from its file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pydicom
from pydicom.dataelem import RawDataElement
from pydicom.tag import Tag

from liver_mre.report.quiet import quiet
from liver_mre.report.source.elements import items_of

if TYPE_CHECKING:
    from pydicom import Dataset

    from liver_mre.studies.study import Instance

_SHARED: Final = Tag("SharedFunctionalGroupsSequence")
_PER_FRAME: Final = Tag("PerFrameFunctionalGroupsSequence")
_FRAME_CONTENT: Final = Tag("FrameContentSequence")
_FRAME_COMMENTS: Final = Tag("FrameComments")
_IMAGE_COMMENTS: Final = Tag("ImageComments")
# Attributes without a functional group of their own, as a converter stores them (PS3.3, C.7.6.16.2.25).
_CONVERTED: Final = (
    Tag("UnassignedSharedConvertedAttributesSequence"),
    Tag("UnassignedPerFrameConvertedAttributesSequence"),
)


@quiet()
def read_source(instance: Instance) -> Dataset:
    """Read the header of an image without its pixels; its values are not converted.

    A frame has the attributes of its object at top level, and where these lack one, that which a converter could not
    assign to a functional group; its comments are ImageComments.

    Raises
    ------
    OSError
        If the file has disappeared since it was scanned.
    """
    header = pydicom.dcmread(instance.source, stop_before_pixels=True, force=True)
    frames = items_of(header, _PER_FRAME) or ()
    if not frames:
        return header
    number = instance.frame_number or 1
    groups = [*(items_of(header, _SHARED) or ())[:1], *frames[number - 1 : number]]
    for item in (item for group in groups for tag in _CONVERTED for item in (items_of(group, tag) or ())[:1]):
        _add_missing(item, header)
    for item in (items_of(groups[-1], _FRAME_CONTENT) or ())[:1]:
        comments = item.get_item(_FRAME_COMMENTS)
        if isinstance(comments, RawDataElement) and _IMAGE_COMMENTS not in header:
            header[_IMAGE_COMMENTS] = comments._replace(tag=_IMAGE_COMMENTS)
    return header


def _add_missing(item: Dataset, header: Dataset) -> None:
    for tag in item.keys():  # noqa: SIM118 - iterating over elements would convert them, and damaged ones may raise
        if tag not in header and not tag.is_private:
            header[tag] = item.get_item(tag)
