"""What a run found, in the form in which it is reported."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from liver_mre.core.quality.types import ExamQuality
    from liver_mre.core.study import SeriesDecision, UnitEvidence
    from liver_mre.core.volume import ModelIdentity


class StudyStatus(StrEnum):
    """How one study ended."""

    MEASURED = "measured"
    NOT_EVALUABLE = "not_evaluable"
    FAILED = "failed"
    SKIPPED = "skipped"


class RunStatus(StrEnum):
    """How the whole run ended."""

    COMPLETED = "completed"
    NOTHING_TO_DO = "nothing_to_do"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a study was not measured: stable code, message for a person, and the exit code it asks for."""

    code: str
    message: str
    exit_code: int = 0


@dataclass(frozen=True, slots=True)
class SliceMeasurement:
    """Stiffness of the ROI in one slice; only slices with a non-empty ROI have one.

    `slice_index` is the index s into the stiffness volume; `frame_number` the frame of a multi-frame instance, from 1.
    """

    slice_index: int
    sop_instance_uid: str
    stiffness_kpa_mean: float
    stiffness_kpa_sd: float
    stiffness_kpa_median: float
    area_cm2: float
    frame_number: int | None = None


@dataclass(frozen=True, slots=True)
class ExamMeasurement:
    """Stiffness of the exam.

    Attributes
    ----------
    mean_kpa : area-weighted mean of the slice means, sum(M_i A_i) / sum(A_i)
    sd_kpa, median_kpa, p25_kpa, p75_kpa : over the pixels of all ROIs
    area_cm2 : area of all ROIs
    liver_area_cm2 : area of the predicted liver in all slices
    slices : the slices that were measured
    """

    mean_kpa: float
    sd_kpa: float
    median_kpa: float
    p25_kpa: float
    p75_kpa: float
    area_cm2: float
    liver_area_cm2: float
    slices: tuple[SliceMeasurement, ...]

    @property
    def measurable_share(self) -> float:
        """Share of the predicted liver that was measurable, 0 to 1."""
        return self.area_cm2 / self.liver_area_cm2


@dataclass(frozen=True, slots=True)
class Staging:
    """A stiffness read against one profile.

    Attributes
    ----------
    profile : name of the staging profile
    category : the profile's words for the interval
    metavir_min, metavir_max : METAVIR range of that interval ("F0".."F4")
    significant_fibrosis : stiffness >= `significant_cutoff_kpa` (METAVIR >= F2; Wu 2015: 2.8 kPa)
    cutoffs_kpa : where the profile's intervals meet, ascending; shown beside the result
    """

    profile: str
    category: str
    metavir_min: str
    metavir_max: str
    significant_fibrosis: bool
    significant_cutoff_kpa: float
    cutoffs_kpa: tuple[float, ...] = ()


FILE_NAMES: Final = {"seg": "liver-seg.dcm", "sr": "liver-sr.dcm", "overlay": "overlay.dcm", "preview": "preview.png"}
"""Name of each kind of result in its study's folder."""
ACQUISITION_FOLDER: Final = "acquisition-"
"""In the study's folder, where several acquisitions were reported: the results of the others, by their number."""


@dataclass(frozen=True, slots=True)
class OutputFile:
    """One file written for a study: `kind` is "seg", "sr", "overlay" or "preview"; `path` is relative to OUT."""

    kind: str
    path: str
    sop_instance_uid: str | None


@dataclass(frozen=True, slots=True)
class ContourMeasurement:
    """Stiffness in what a contour drawn at the scanner encloses, where confident; provenance, never the result."""

    mean_kpa: float
    area_cm2: float


@dataclass(frozen=True, slots=True)
class AcquisitionResult:
    """What is reported about one acquisition of a study.

    Attributes
    ----------
    series_instance_uid, series_number, description : of its stiffness series
    reported : True if its results were written; by default that is the one with the largest measured area
    reason : why it was not measured
    quality : of its slices; None where it was not judged
    notes : what a reader should know about how its series and pixels were put together
    """

    series_instance_uid: str
    series_number: int
    description: str
    status: StudyStatus
    reported: bool
    reason: Reason | None = None
    unit: UnitEvidence | None = None
    measurement: ExamMeasurement | None = None
    staging: Staging | None = None
    contour: ContourMeasurement | None = None
    quality: ExamQuality | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class StudyResult:
    """Everything that is reported about one study.

    `unit`, `measurement` and `staging` are those of the acquisition that stands for the study, which is one of
    `acquisitions`.
    """

    study_instance_uid: str
    status: StudyStatus
    reason: Reason | None = None
    input_series: tuple[SeriesDecision, ...] = ()
    acquisitions: tuple[AcquisitionResult, ...] = ()
    unit: UnitEvidence | None = None
    measurement: ExamMeasurement | None = None
    staging: Staging | None = None
    outputs: tuple[OutputFile, ...] = ()
    warnings: tuple[str, ...] = ()
    timings_s: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RunResult:
    """Everything that is reported about one run: the content of `result.json`."""

    application: str
    version: str
    status: RunStatus
    exit_code: int
    studies: tuple[StudyResult, ...] = ()
    models: tuple[ModelIdentity, ...] = ()
    reason: Reason | None = None
    warnings: tuple[str, ...] = ()
    timings_s: dict[str, float] = field(default_factory=dict)
