"""What every result object of one study is built from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from pydicom.uid import generate_uid

from liver_mre.core.measurement import region_of_interest

if TYPE_CHECKING:
    from datetime import datetime

    from numpy.typing import NDArray
    from pydicom import Dataset

    from liver_mre.core.quality.types import ExamQuality
    from liver_mre.core.result import Change, ExamMeasurement, Reason, Staging
    from liver_mre.core.study import UnitEvidence
    from liver_mre.core.volume import LiverMask, ModelIdentity, StiffnessVolume


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
    tracking_uid : tracking UID of the predicted liver, the same in SEG and SR
    created : when the results were made, with time zone
    notes : what a reader should know about how series and pixels were put together, in words for a person
    acquisition : what tells it from other reported acquisitions of its study, e.g. "series 7"; "" if it is the only one
    pixels : (S, R, C) the measured pixels; None where every confident pixel of the liver is one
    change : since an earlier exam of the patient, if one was found
    quality : of the slices; None where it was not judged
    quality_model : the networks that judged it; None where physics alone did
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
    pixels: NDArray[np.bool_] | None = None
    change: Change | None = None
    quality: ExamQuality | None = None
    quality_model: ModelIdentity | None = None

    @property
    def measured_pixels(self) -> NDArray[np.bool_]:
        """(S, R, C) bool: the pixels that are measured; none in an exam that is not evaluable."""
        if self.measurement is None:
            return np.zeros_like(self.mask.liver)
        return region_of_interest(self.volume, self.mask) if self.pixels is None else self.pixels

    @property
    def region_uid(self) -> str:
        """Tracking UID of the measured region, the same in SEG and SR."""
        return str(generate_uid(entropy_srcs=[self.tracking_uid, "measured region"]))

    @property
    def all_notes(self) -> tuple[str, ...]:
        """The notes on series and pixels, each once."""
        return tuple(dict.fromkeys((*self.notes, *self.volume.notes)))
