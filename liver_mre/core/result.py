"""What a run found, in the form in which it is reported."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from liver_mre.core.quality.types import ExamQuality
    from liver_mre.core.roi import RemovedArea
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
class StiffnessInterval:
    """Interval that holds the exam's stiffness with the probability `level`, and where its width comes from.

    Attributes
    ----------
    low_kpa, high_kpa : its ends
    level : 0.95
    sampling, segmentation, residual : relative SD of the mean from each source, as they were counted
    calibration : name of the fit that says what each counts
    """

    low_kpa: float
    high_kpa: float
    level: float
    sampling: float
    segmentation: float
    residual: float
    calibration: str

    @property
    def relative_sd(self) -> float:
        """SD of ln(stiffness)."""
        return math.sqrt(self.sampling**2 + self.segmentation**2 + self.residual**2)


@dataclass(frozen=True, slots=True)
class CategoryProbability:
    """Probability, 0 to 1, that the stiffness lies in one category of the profile."""

    category: str
    probability: float


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
    interval : 95 % interval of `mean_kpa`; None where none was computed
    removed : area of confident liver that each rule of the region took out
    """

    mean_kpa: float
    sd_kpa: float
    median_kpa: float
    p25_kpa: float
    p75_kpa: float
    area_cm2: float
    liver_area_cm2: float
    slices: tuple[SliceMeasurement, ...]
    interval: StiffnessInterval | None = None
    removed: tuple[RemovedArea, ...] = ()

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
    probabilities : of each category, given the interval of the stiffness; empty without an interval
    significant_probability : probability that the stiffness reaches `significant_cutoff_kpa`; None without an interval
    crossed_kpa : the cut-offs that the interval crosses, ascending: there the stage is not certain
    """

    profile: str
    category: str
    metavir_min: str
    metavir_max: str
    significant_fibrosis: bool
    significant_cutoff_kpa: float
    cutoffs_kpa: tuple[float, ...] = ()
    probabilities: tuple[CategoryProbability, ...] = ()
    significant_probability: float | None = None
    crossed_kpa: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Prior:
    """What an earlier report of this application says about the same patient.

    `study_date` and `study_time` are as DICOM writes them (YYYYMMDD, HHMMSS); `made_by` names the versions of
    application and model that measured it.
    """

    stiffness_kpa: float
    study_date: str
    study_time: str
    made_by: tuple[str, ...]
    sop_instance_uid: str
    study_instance_uid: str


@dataclass(frozen=True, slots=True)
class Change:
    """Change of the stiffness since an earlier exam.

    Attributes
    ----------
    prior : the earlier exam
    kpa, percent : later less earlier, and in per cent of the earlier
    threshold_percent : the repeatability that it is held against
    exceeds : True if it is at least that, in either direction
    same_versions : True if application and model of both exams are the same
    """

    prior: Prior
    kpa: float
    percent: float
    threshold_percent: float
    exceeds: bool
    same_versions: bool


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
    network_channels : what the network was shown of it (`core.preprocess.shown_channels`); empty if it was not asked
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
    change: Change | None = None
    quality: ExamQuality | None = None
    notes: tuple[str, ...] = ()
    network_channels: tuple[str, ...] = ()


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
    change: Change | None = None
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
