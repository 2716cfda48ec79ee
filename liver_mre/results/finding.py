"""Findings: what is known of one acquisition at the end, rendered alike by SR, picture, JSON and summary."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from liver_mre.quality.verdict import Verdict
from liver_mre.workflow.outcome import StudyStatus

if TYPE_CHECKING:
    from liver_mre.liver.mask import ModelIdentity
    from liver_mre.measurement.change import Change
    from liver_mre.measurement.measure import ContourMeasurement, StiffnessMeasurement
    from liver_mre.measurement.staging import Staging
    from liver_mre.quality.verdict import AcquisitionQuality
    from liver_mre.series.acquisition import UnitEvidence
    from liver_mre.studies.study import Series
    from liver_mre.workflow.outcome import Reason


@dataclass(frozen=True, slots=True)
class SeriesIdentity:
    """The series that stands for an acquisition."""

    series_instance_uid: str
    series_number: int
    description: str

    @classmethod
    def of(cls, series: Series) -> SeriesIdentity:
        """Return the identity of a series."""
        return cls(series.series_instance_uid, series.series_number, series.first.series_description)

    @property
    def name(self) -> str:
        """Name for the user: "series 7"."""
        return f"series {self.series_number}"


@dataclass(frozen=True, slots=True)
class Provenance:
    """How a completely processed acquisition was read, segmented and judged.

    Attributes
    ----------
    unit : how stored values became kPa; None if the stiffness is not the scanner's
    model : the network that segmented the liver
    quality_model : the networks that judged quality; None if only physical checks did, or nothing was judged
    network_channels : images given to the segmentation network (`liver.framing.available_channels`)
    notes : what a reader should know about how series and pixels were combined; includes the warnings
    warnings : what the finding lacks, and why
    """

    unit: UnitEvidence | None
    model: ModelIdentity
    quality_model: ModelIdentity | None = None
    network_channels: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def models(self) -> tuple[ModelIdentity, ...]:
        """The models used: segmentation first, then quality control."""
        return (self.model, self.quality_model) if self.quality_model else (self.model,)


@dataclass(frozen=True, slots=True)
class MeasuredFinding:
    """Stiffness and stage of an acquisition.

    Attributes
    ----------
    quality : quality of its slices; None if quality control is off
    contour : stiffness in a contour drawn at the scanner; None without one
    change : difference from an earlier exam; None without one in the input
    """

    status: ClassVar = StudyStatus.MEASURED
    reason: ClassVar[Reason | None] = None

    series: SeriesIdentity
    provenance: Provenance
    measurement: StiffnessMeasurement
    staging: Staging
    quality: AcquisitionQuality | None = None
    contour: ContourMeasurement | None = None
    change: Change | None = None

    @property
    def verdict(self) -> Verdict | None:
        """The verdict on its quality."""
        return self.quality.verdict if self.quality else None


@dataclass(frozen=True, slots=True)
class NotEvaluableFinding:
    """Why a completely processed acquisition has no stiffness; `quality` is None if its slices were not judged."""

    status: ClassVar = StudyStatus.NOT_EVALUABLE

    series: SeriesIdentity
    provenance: Provenance
    reason: Reason
    quality: AcquisitionQuality | None = None

    @property
    def verdict(self) -> Verdict | None:
        """The verdict on its quality: red, whatever the verdicts on its slices."""
        return Verdict.RED if self.quality else None


@dataclass(frozen=True, slots=True)
class FailedFinding:
    """Why an acquisition could not be processed; `models` were used before it failed.

    `provenance`, `quality` and `verdict` are known if the acquisition was processed completely before its study failed.
    """

    status: ClassVar = StudyStatus.FAILED

    series: SeriesIdentity
    reason: Reason
    models: tuple[ModelIdentity, ...] = ()
    provenance: Provenance | None = None
    quality: AcquisitionQuality | None = None
    verdict: Verdict | None = None

    @classmethod
    def after(cls, finding: Reportable, failure: Reason) -> FailedFinding:
        """Return what is left of a finding whose study failed: everything but numbers."""
        provenance = finding.provenance
        reason = finding.reason or failure
        return cls(finding.series, reason, provenance.models, provenance, finding.quality, finding.verdict)


Reportable = MeasuredFinding | NotEvaluableFinding
"""A finding that can be written as SR and picture."""
Finding = Reportable | FailedFinding


def models_of(finding: Finding) -> tuple[ModelIdentity, ...]:
    """Return the models used: segmentation first, then quality control."""
    return finding.models if isinstance(finding, FailedFinding) else finding.provenance.models
