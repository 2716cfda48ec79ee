"""Plain MR images in place of the sources, because highdicom accepts nothing else.

They have the geometry that was read when the study was planned, and nothing of the sources' headers; patient and study
come into results with `SourceHeader.write_to`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pydicom import Dataset
from pydicom.uid import MRImageStorage, generate_uid
from pydicom.valuerep import format_number_as_ds

from liver_mre.report.references import slice_references
from liver_mre.studies.geometry import frame_of_reference, slice_thickness_mm
from liver_mre.studies.identifiers import is_uid

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from liver_mre.report.content import ReportContent
    from liver_mre.report.references import Reference
    from liver_mre.studies.study import Instance

_FRAME_ROOT: Final = "liver-mre.frame-of-reference"
_REQUIRED_EMPTY: Final = (
    *("PatientName", "PatientID", "PatientBirthDate", "PatientSex"),
    *("AccessionNumber", "StudyID", "StudyDate", "StudyTime", "ReferringPhysicianName"),
)


def sources_as_evidence(content: ReportContent) -> tuple[Dataset, ...]:
    """Return an image for each slice with the UIDs of its source, so that content may refer to these."""
    return tuple(
        _image(content, instance, instance.series_instance_uid, instance.sop_instance_uid)
        for instance in content.volume.instances
    )


def stand_ins(content: ReportContent) -> tuple[Dataset, ...]:
    """Return an image for each slice of one plain series; `restore` replaces references to them.

    All have the orientation of the first: others may differ by rounded decimal strings. Thickness and frame of
    reference are those that the sources state.
    """
    instances = content.volume.instances
    images = tuple(_image(content, one, instances[0].series_instance_uid, generate_uid()) for one in instances)
    for image, instance in zip(images, instances, strict=True):
        _place(image, instance, instances[0])
        if instance.slice_thickness_mm is not None and instance.slice_thickness_mm > 0:
            image.SliceThickness = format_number_as_ds(instance.slice_thickness_mm)
        if is_uid(instance.frame_of_reference_uid):
            image.FrameOfReferenceUID = instance.frame_of_reference_uid
    return images


def stand_ins_in_space(content: ReportContent) -> tuple[Dataset, ...]:
    """Return stand-ins for an object that lies in space: with one frame of reference and a thickness.

    A missing frame of reference is derived from the series UID, so that all results of a series share it. A missing
    thickness is the distance between slices.

    Raises
    ------
    GeometryError
        If the images name several frames of reference, or a single slice has no thickness.
    """
    instances = content.volume.instances
    stated, thickness_mm = frame_of_reference(instances), slice_thickness_mm(instances)
    derived = generate_uid(entropy_srcs=[_FRAME_ROOT, instances[0].series_instance_uid])
    images = stand_ins(content)
    for image in images:
        image.FrameOfReferenceUID = stated if is_uid(stated) else derived
        image.SliceThickness = format_number_as_ds(thickness_mm)
    spacing_mm = instances[0].spacing_between_slices_mm
    if len(images) == 1 and spacing_mm is not None and spacing_mm > 0:
        images[0].SpacingBetweenSlices = format_number_as_ds(spacing_mm)
    return images


def _image(content: ReportContent, instance: Instance, series_uid: str, instance_uid: str) -> Dataset:
    image = Dataset()
    for keyword in _REQUIRED_EMPTY:
        setattr(image, keyword, "")
    image.SOPClassUID, image.SOPInstanceUID = MRImageStorage, instance_uid
    image.StudyInstanceUID, image.SeriesInstanceUID = content.source.study_instance_uid, series_uid
    image.Modality = "MR"
    image.Rows, image.Columns = instance.rows, instance.columns
    return image


def _place(image: Dataset, instance: Instance, first: Instance) -> None:
    for keyword, values in (
        ("ImagePositionPatient", instance.position_mm),
        ("ImageOrientationPatient", first.orientation),
        ("PixelSpacing", instance.pixel_spacing_mm),
    ):
        setattr(image, keyword, [format_number_as_ds(value) for value in values or ()])


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
