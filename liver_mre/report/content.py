"""What every result object of one study is built from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from pydicom import Dataset

    from liver_mre.core.result import ExamMeasurement, Reason, Staging
    from liver_mre.core.study import UnitEvidence
    from liver_mre.core.volume import LiverMask, StiffnessVolume


@dataclass(frozen=True, slots=True)
class ReportContent:
    """One study's findings with the headers of the images that they refer to.

    Attributes
    ----------
    volume, mask : stiffness on the native grid and the predicted liver; slice s belongs to `sources[s]`
    measurement, staging : None when the exam is not evaluable, and then `reason` says why
    unit : how stored values became kPa
    sources : headers (no pixels) of the stiffness images, in the volume's slice order, as `read_sources` makes them:
        that of a frame is that of a classic image with the object's UIDs
    application_version : version of this application
    tracking_uid : the liver's tracking UID, the same in SEG and SR
    created : when the results were made, with time zone
    notes : what a reader should know about how series and pixels were put together, in words for a person
    acquisition : what tells it from other reported acquisitions of its study, e.g. "series 7"; "" if it is the only one
    acquisition_number : which of the study's acquisitions, from 1; results of several have series numbers of their own
    """

    volume: StiffnessVolume
    mask: LiverMask
    measurement: ExamMeasurement | None
    staging: Staging | None
    reason: Reason | None
    unit: UnitEvidence
    sources: tuple[Dataset, ...]
    application_version: str
    tracking_uid: str
    created: datetime
    notes: tuple[str, ...] = ()
    acquisition: str = ""
    acquisition_number: int = 1

    @property
    def all_notes(self) -> tuple[str, ...]:
        """The notes on series and pixels, each once."""
        return tuple(dict.fromkeys((*self.notes, *self.volume.notes)))
