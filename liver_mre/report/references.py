"""References to source images by SOP instance and, in multi-frame instances, by frame."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pydicom import Dataset
from pydicom.uid import MRImageStorage, generate_uid

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from liver_mre.report.content import ReportContent


@dataclass(frozen=True, slots=True)
class Reference:
    """A reference to images of one SOP instance.

    Attributes
    ----------
    series_instance_uid, sop_class_uid, sop_instance_uid : of the instance
    frame_numbers : from 1; () for a single-frame instance
    """

    series_instance_uid: str
    sop_class_uid: str
    sop_instance_uid: str
    frame_numbers: tuple[int, ...] = ()

    def write_to(self, item: Dataset) -> None:
        """Write the attributes of the Image SOP Instance Reference Macro (PS3.3, 10.3)."""
        item.ReferencedSOPClassUID = self.sop_class_uid
        item.ReferencedSOPInstanceUID = self.sop_instance_uid
        if self.frame_numbers:
            frames = list(self.frame_numbers)
            item.ReferencedFrameNumber = frames if len(frames) > 1 else frames[0]


def slice_references(content: ReportContent) -> tuple[Reference, ...]:
    """Return a reference to each slice, in the volume's order."""
    return tuple(
        Reference(
            str(source.SeriesInstanceUID),
            str(source.SOPClassUID),
            str(source.SOPInstanceUID),
            () if instance.frame_number is None else (instance.frame_number,),
        )
        for source, instance in zip(content.sources, content.volume.instances, strict=True)
    )


def instance_references(content: ReportContent) -> tuple[Reference, ...]:
    """Return a reference to each SOP instance with its frames that are slices, in the volume's order."""
    frames: dict[Reference, list[int]] = {}
    for one in slice_references(content):
        instance = Reference(one.series_instance_uid, one.sop_class_uid, one.sop_instance_uid)
        frames.setdefault(instance, []).extend(one.frame_numbers)
    return tuple(
        Reference(one.series_instance_uid, one.sop_class_uid, one.sop_instance_uid, tuple(numbers))
        for one, numbers in frames.items()
    )


def reference_item(reference: Reference) -> Dataset:
    """Return a sequence item that refers to images."""
    item = Dataset()
    reference.write_to(item)
    return item


def referenced_series(content: ReportContent) -> list[Dataset]:
    """Return the items of ReferencedSeriesSequence (PS3.3, C.12.2): one per series, with its SOP instances."""
    series: dict[str, list[Dataset]] = {}
    for one in instance_references(content):
        item = reference_item(Reference(one.series_instance_uid, one.sop_class_uid, one.sop_instance_uid))
        series.setdefault(one.series_instance_uid, []).append(item)
    items = []
    for uid, instances in series.items():
        item = Dataset()
        item.SeriesInstanceUID, item.ReferencedInstanceSequence = uid, instances
        items.append(item)
    return items


def stand_ins(headers: Sequence[Dataset]) -> tuple[Dataset, ...]:
    """Return headers of a plain single-frame series in place of the sources, because highdicom accepts nothing else.

    All have one series, one orientation (that of the first image: others may differ by rounded decimal strings) and an
    SOP instance of their own; `restore` replaces these references in the result. SpacingBetweenSlices is kept for a
    single slice only, where positions do not give it.
    """
    copies = tuple(copy.deepcopy(header) for header in headers)
    for header in copies:
        header.SOPClassUID = MRImageStorage
        header.SOPInstanceUID = generate_uid()
        header.SeriesInstanceUID = copies[0].SeriesInstanceUID
        header.ImageOrientationPatient = copies[0].ImageOrientationPatient
        if len(copies) > 1 and "SpacingBetweenSlices" in header:
            del header.SpacingBetweenSlices
    return copies


def restore(items: Iterable[Dataset], substitutes: Sequence[Dataset], content: ReportContent) -> None:
    """Replace references to stand-ins by references to the true slices, at any depth, in place.

    Parameters
    ----------
    items : sequence items to search
    substitutes : headers from `stand_ins`, one for each slice
    content : content whose sources they stand for
    """
    uids = [str(header.SOPInstanceUID) for header in substitutes]
    _restore(items, dict(zip(uids, slice_references(content), strict=True)))


def _restore(items: Iterable[Dataset], true: dict[str, Reference]) -> None:
    for item in items:
        reference = true.get(str(item.get("ReferencedSOPInstanceUID", "")))
        if reference is not None:
            reference.write_to(item)
        for element in item:
            if element.VR == "SQ":
                _restore(element.value, true)
