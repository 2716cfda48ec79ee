"""What all result objects of a study share: who made them, when, for which patient and study."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any, Final

from highdicom import ContributingEquipment
from pydicom.uid import generate_uid

from liver_mre.about import APPLICATION
from liver_mre.report import codes
from liver_mre.report.sources import NAMES, character_set
from liver_mre.report.wording import remarks

if TYPE_CHECKING:
    from pydicom import Dataset

    from liver_mre.report.content import ReportContent

MANUFACTURER: Final = "liver-mre project"


@dataclass(frozen=True, slots=True)
class ResultSeries:
    """Series number and name of one kind of result; each kind is a series of its own.

    `short_name` leaves room for the words that tell an acquisition from others.
    """

    number: int
    name: str
    short_name: str


# Numbers above 9000 keep the results after a scanner's own series in a viewer's list.
SEGMENTATION: Final = ResultSeries(9101, "Liver segmentation", "Segmentation")
REPORT: Final = ResultSeries(9102, "Liver stiffness report", "Report")
OVERLAY: Final = ResultSeries(9103, "Liver stiffness overlay", "Overlay")
LIVER: Final = "Liver"
REGION: Final = "Measured region"
"""What segments and measurement groups are tracked as."""
_NEXT_ACQUISITION: Final = 10  # from the series numbers of one acquisition's results to those of the next
_WARNING: Final = " - AI-generated, not for clinical use"
_LONGEST_DESCRIPTION: Final = 64  # SeriesDescription is LO (PS3.5, 6.2)

_OFFSET: Final = re.compile(r"([+-])(\d\d)([0-5]\d)")
_LARGEST_OFFSET: Final = timedelta(hours=14)  # PS3.3, C.12.1.1.1 for the east; nothing in the west is farther


def device_uid(content: ReportContent) -> str:
    """Return the UID of this application with these models: another version of any has another UID."""
    model = content.mask.model
    parts = [APPLICATION, content.application_version, model.name, model.version, model.sha256]
    if content.finding.provenance.quality_model is not None:
        parts += [content.finding.provenance.quality_model.version, content.finding.provenance.quality_model.sha256]
    return str(generate_uid(entropy_srcs=parts))


def created_in_study_zone(content: ReportContent) -> datetime:
    """Return the time of creation in the time zone that the source's dates are given in, if it says which.

    TimezoneOffsetFromUTC holds for every date and time of an object, also for those copied from the source.
    """
    match = _OFFSET.fullmatch(str(content.sources[0].get("TimezoneOffsetFromUTC", "")))
    if match is None:
        return content.created
    distance = timedelta(hours=int(match[2]), minutes=int(match[3]))
    if distance > _LARGEST_OFFSET:
        return content.created
    return content.created.astimezone(timezone(-distance if match[1] == "-" else distance))


def instance_arguments(content: ReportContent, series: ResultSeries) -> dict[str, Any]:
    """Return the arguments that every highdicom object of a study is made with."""
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
    """Return the versions of application and model as SoftwareVersions lists them."""
    model = content.mask.model
    return [f"{APPLICATION} {content.application_version}", model.title]


def finish(result: Dataset, content: ReportContent) -> None:
    """Write what highdicom leaves out or writes without a time zone."""
    source = content.sources[0]
    created = created_in_study_zone(content)
    for keyword in NAMES:
        setattr(result, keyword, source.get(keyword, ""))
    if sets := character_set(source):
        result.SpecificCharacterSet = sets
    result.InstanceCreationDate = created.strftime("%Y%m%d")
    result.InstanceCreationTime = created.strftime("%H%M%S.%f")
    result.TimezoneOffsetFromUTC = created.strftime("%z")
    for item in result.ContributingEquipmentSequence:
        if item.PurposeOfReferenceCodeSequence[0].CodeValue == codes.PROCESSING_EQUIPMENT.value:
            item.ContributionDateTime = created.strftime("%Y%m%d%H%M%S.%f%z")


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
