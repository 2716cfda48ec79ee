"""One acquisition of a study on its way through the steps.

A study can hold several: gradient echo and echo planar imaging, or a repeat after a failed one. Each is an exam; all
are measured, and one is reported unless all are asked for.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from liver_mre.core.result import AcquisitionResult, StudyStatus

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from liver_mre.core.quality.types import ExamQuality
    from liver_mre.core.result import Change, ContourMeasurement, ExamMeasurement, OutputFile, Reason, Staging
    from liver_mre.core.roi import Region
    from liver_mre.core.study import RejectedAcquisition, Selection
    from liver_mre.core.volume import LiverMask, ModelIdentity, StiffnessVolume


@dataclass(frozen=True, slots=True)
class Exam:
    """One acquisition and what the steps have found so far; each field is set by the step that owns it.

    Attributes
    ----------
    number : which acquisition of the study, from 1; it names the folder of its results
    network_input : (S, channels, 512, 512) float32 in [0, 1]
    network_channels : what the network was shown (`core.preprocess.shown_channels`)
    region : the pixels that are measured, and why others of the confident liver are not
    change : since an earlier exam of the patient; None where the input holds none
    contour : stiffness in a contour drawn at the scanner; None without one
    quality : of its slices; None before it was judged, or where nothing can be
    quality_model : the networks that judged it; None where physics alone did
    not_evaluable : why a completely processed acquisition has no stiffness
    failure : why processing stopped
    reported : True if its results are written: the study's one, or any of several that were asked for
    represents : True for the reported exam whose result is the study's
    pixel_notes : what a reader should know about its pixels
    warnings : what is missing from its numbers, and why
    """

    number: int
    selection: Selection
    volume: StiffnessVolume | None = None
    network_input: NDArray[np.float32] | None = None
    network_channels: tuple[str, ...] = ()
    mask: LiverMask | None = None
    model: ModelIdentity | None = None
    region: Region | None = None
    measurement: ExamMeasurement | None = None
    change: Change | None = None
    contour: ContourMeasurement | None = None
    staging: Staging | None = None
    quality: ExamQuality | None = None
    quality_model: ModelIdentity | None = None
    not_evaluable: Reason | None = None
    failure: Reason | None = None
    reported: bool = False
    represents: bool = False
    outputs: tuple[OutputFile, ...] = ()
    pixel_notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """Its stiffness series, as a person would look it up: "series 7"."""
        return f"series {self.selection.stiffness.series_number}"

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader should know about how its series and pixels were put together, and what is missing."""
        return (*self.selection.notes, *self.pixel_notes, *self.warnings)

    @property
    def area_cm2(self) -> float | None:
        """Measured area; None if nothing was measured."""
        return self.measurement.area_cm2 if self.measurement and self.failure is None else None


def released(exam: Exam) -> Exam:
    """Return the exam without its arrays."""
    return replace(exam, volume=None, network_input=None, mask=None, region=None)


def acquisition_result(exam: Exam) -> AcquisitionResult:
    """Return what is reported about an acquisition that has been through all steps."""
    series = exam.selection.stiffness
    measured = exam.failure is None
    return AcquisitionResult(
        series_instance_uid=series.series_instance_uid,
        series_number=series.series_number,
        description=series.first.series_description,
        status=_status(exam),
        reported=exam.reported,
        reason=exam.failure or exam.not_evaluable,
        unit=exam.selection.unit if measured else None,
        measurement=exam.measurement if measured else None,
        staging=exam.staging if measured else None,
        contour=exam.contour if measured and exam.measurement else None,
        change=exam.change if measured else None,
        quality=exam.quality if measured else None,
        notes=exam.notes if measured else (),
        network_channels=exam.network_channels if measured else (),
    )


def rejected_result(rejected: RejectedAcquisition, reason: Reason) -> AcquisitionResult:
    """Return what is reported about an acquisition that could not even be selected."""
    return AcquisitionResult(
        series_instance_uid=rejected.series.series_instance_uid,
        series_number=rejected.series.series_number,
        description=rejected.series.first.series_description,
        status=StudyStatus.FAILED,
        reported=False,
        reason=reason,
    )


def _status(exam: Exam) -> StudyStatus:
    if exam.failure is not None:
        return StudyStatus.FAILED
    return StudyStatus.NOT_EVALUABLE if exam.not_evaluable else StudyStatus.MEASURED
