"""References to source images by SOP instance and, in multi-frame instances, by frame."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pydicom import Dataset

if TYPE_CHECKING:
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
            instance.series_instance_uid,
            instance.sop_class_uid,
            instance.sop_instance_uid,
            () if instance.frame_number is None else (instance.frame_number,),
        )
        for instance in content.volume.instances
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
    return _by_series(content, "ReferencedInstanceSequence")


def evidence(content: ReportContent) -> list[Dataset]:
    """Return the item of CurrentRequestedProcedureEvidenceSequence: every source, by study and series."""
    item = Dataset()
    item.ReferencedSeriesSequence = _by_series(content, "ReferencedSOPSequence")
    item.StudyInstanceUID = content.source.study_instance_uid
    return [item]


def _by_series(content: ReportContent, instances_keyword: str) -> list[Dataset]:
    series: dict[str, list[Dataset]] = {}
    for one in instance_references(content):
        item = reference_item(Reference(one.series_instance_uid, one.sop_class_uid, one.sop_instance_uid))
        series.setdefault(one.series_instance_uid, []).append(item)
    items = []
    for uid, instances in series.items():
        item = Dataset()
        item.SeriesInstanceUID = uid
        setattr(item, instances_keyword, instances)
        items.append(item)
    return items
