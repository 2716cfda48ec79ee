"""Attributes shared by all result objects: equipment, dates, series, patient and study."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from highdicom import ContributingEquipment
from highdicom.sr import CodedConcept
from pydicom.uid import generate_uid

from liver_mre.about import APPLICATION
from liver_mre.report import codes
from liver_mre.report.wording import remarks

if TYPE_CHECKING:
    from datetime import datetime

    from pydicom import Dataset

    from liver_mre.report.content import ReportContent

MANUFACTURER: Final = "liver-mre project"


@dataclass(frozen=True, slots=True)
class ResultSeries:
    """Series number and name of one kind of result; `short_name` leaves room for the name of an acquisition."""

    number: int
    name: str
    short_name: str


# Numbers above 9000 list the results after the scanner's own series.
SEGMENTATION: Final = ResultSeries(9101, "Liver segmentation", "Segmentation")
REPORT: Final = ResultSeries(9102, "Liver stiffness report", "Report")
OVERLAY: Final = ResultSeries(9103, "Liver stiffness overlay", "Overlay")
LIVER: Final = "Liver"
REGION: Final = "Measured region"
"""Tracking identifiers of segments and measurement groups."""
_NEXT_ACQUISITION: Final = 10  # step of the series numbers from one acquisition to the next
_WARNING: Final = " - AI-generated, not for clinical use"
_LONGEST_DESCRIPTION: Final = 64  # SeriesDescription is LO (PS3.5, 6.2)


def device_uid(content: ReportContent) -> str:
    """Return the UID of this application and its models; it changes with the version of any of them."""
    model, quality_model = content.mask.model, content.finding.provenance.quality_model
    parts = [APPLICATION, content.application_version, model.name, model.version, model.sha256]
    if quality_model is not None:
        parts += [quality_model.version, quality_model.sha256]
    return str(generate_uid(entropy_srcs=parts))


def created_in_study_zone(content: ReportContent) -> datetime:
    """Return the time of creation in the time zone of the source, if known.

    TimezoneOffsetFromUTC applies to all dates and times of an object, including those copied from the source.
    """
    zone = content.source.zone
    return content.created if zone is None else content.created.astimezone(zone)


def instance_arguments(content: ReportContent, series: ResultSeries) -> dict[str, Any]:
    """Return the constructor arguments shared by all highdicom objects."""
    created = created_in_study_zone(content)
    return {
        "series_instance_uid": generate_uid(),
        "series_number": _series_number(content, series),
        "series_description": _series_description(content, series),
        "sop_instance_uid": generate_uid(),
        "instance_number": 1,
        "manufacturer": MANUFACTURER,
        "manufacturer_model_name": APPLICATION,
        "software_versions": software_versions(content),
        "device_serial_number": content.mask.model.sha256[:16],
        "content_date": created.date(),
        "content_time": created.time(),
        "series_date": created.date(),
        "series_time": created.time(),
        "contributing_equipment": [_processing_equipment(content)],
    }


def _series_number(content: ReportContent, series: ResultSeries) -> int:
    if not content.acquisition:
        return series.number
    return series.number + _NEXT_ACQUISITION * (content.acquisition_number - 1)


def _series_description(content: ReportContent, series: ResultSeries) -> str:
    if not content.acquisition:
        return f"{series.name}{_WARNING}"
    words = codes.plain(f"{series.short_name} {content.acquisition}")
    return f"{words[: _LONGEST_DESCRIPTION - len(_WARNING)].rstrip()}{_WARNING}"


def software_versions(content: ReportContent) -> list[str]:
    """Return SoftwareVersions: application and segmentation model."""
    model = content.mask.model
    return [f"{APPLICATION} {content.application_version}", model.title]


def finish(result: Dataset, content: ReportContent) -> None:
    """Set what comes from the source, and what highdicom omits or writes without a time zone."""
    created = created_in_study_zone(content)
    content.source.write_to(result)
    result.InstanceCreationDate = created.strftime("%Y%m%d")
    result.InstanceCreationTime = created.strftime("%H%M%S.%f")
    result.TimezoneOffsetFromUTC = created.strftime("%z")
    for item in result.ContributingEquipmentSequence:
        if item.PurposeOfReferenceCodeSequence[0].CodeValue == codes.PROCESSING_EQUIPMENT.value:
            item.ContributionDateTime = created.strftime("%Y%m%d%H%M%S.%f%z")
    if content.source.equipment:
        result.ContributingEquipmentSequence.insert(0, _acquisition_equipment(content))


def _acquisition_equipment(content: ReportContent) -> Dataset:
    item = copy.deepcopy(content.source.equipment)
    item.PurposeOfReferenceCodeSequence = [CodedConcept.from_code(codes.ACQUISITION_EQUIPMENT)]
    item.ContributionDescription = "Acquisition equipment of the source image(s)"
    return item


def _processing_equipment(content: ReportContent) -> ContributingEquipment:
    item = ContributingEquipment(
        manufacturer=MANUFACTURER,
        purpose_of_reference=codes.PROCESSING_EQUIPMENT,
        manufacturer_model_name=APPLICATION,
        software_versions=software_versions(content),
        device_serial_number=content.mask.model.sha256[:16],
        contribution_description=f"Liver segmentation and stiffness measurement. {remarks(content)}",
    )
    item.DeviceUID = device_uid(content)
    return item
