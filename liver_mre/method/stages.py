"""Stages of an acquisition on its way through the steps: one type each, holding what is known by then.

Selected → Loaded → Prepared → Segmented → Judged → Measured → Staged → Compared. An acquisition that cannot be
processed becomes `Failed`, one that was processed completely but has no stiffness `NotEvaluable`. Each step names the
stage that it takes and leaves acquisitions at other stages as they are.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any, TypeVar

from liver_mre.results.finding import (
    FailedFinding,
    MeasuredFinding,
    NotEvaluableFinding,
    Provenance,
    SeriesIdentity,
)

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from liver_mre.liver.mask import LiverMask, ModelIdentity
    from liver_mre.measurement.change import Change
    from liver_mre.measurement.measure import ContourMeasurement, StiffnessMeasurement
    from liver_mre.measurement.region import Region
    from liver_mre.measurement.staging import Staging
    from liver_mre.quality.verdict import AcquisitionQuality
    from liver_mre.results.finding import Finding
    from liver_mre.series.acquisition import Acquisition
    from liver_mre.stiffness.volume import StiffnessVolume
    from liver_mre.workflow.outcome import Reason

Stage = TypeVar("Stage", bound="Selected")


@dataclass(frozen=True, slots=True)
class Selected:
    """An acquisition that can be measured according to its headers.

    Attributes
    ----------
    number : number of the acquisition in its study, from 1; it names the folder of its results
    candidate : its index among the candidates of the study's plan
    """

    number: int
    candidate: int
    acquisition: Acquisition

    @property
    def identity(self) -> SeriesIdentity:
        """The series that stands for it."""
        return SeriesIdentity.of(self.acquisition.series)

    @property
    def series_number(self) -> int:
        """SeriesNumber of that series."""
        return self.acquisition.series.series_number

    @property
    def models(self) -> tuple[ModelIdentity, ...]:
        """The models used so far."""
        return ()

    @property
    def failure(self) -> Reason | None:
        """Why it could not be processed; None if it has not failed."""
        return None

    def failed(self, reason: Reason) -> Failed:
        """Return it as one that could not be processed."""
        finding = FailedFinding(self.identity, reason, self.models)
        return Failed(self.number, self.candidate, self.acquisition, finding, self)

    def to(self, stage: type[Stage], **new: Any) -> Stage:  # noqa: ANN401 - what a stage adds has any type
        """Return it at another stage with the new fields; fields that the stage does not have are dropped."""
        kept = {field.name: getattr(self, field.name) for field in fields(stage) if hasattr(self, field.name)}
        return stage(**{**kept, **new})


@dataclass(frozen=True, slots=True)
class Loaded(Selected):
    """Pixels are read; `contour` is the stiffness in a contour drawn at the scanner, None without one."""

    volume: StiffnessVolume
    contour: ContourMeasurement | None


@dataclass(frozen=True, slots=True)
class Prepared(Loaded):
    """Network input is ready.

    Attributes
    ----------
    network_input : (S, channels, h, w) float32 in [0, 1]
    network_channels : names of the images that it holds (`liver.framing.available_channels`)
    """

    network_input: NDArray[np.float32]
    network_channels: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Segmented(Loaded):
    """The liver is segmented on the pixel grid of the stiffness series."""

    network_channels: tuple[str, ...]
    mask: LiverMask

    @property
    def models(self) -> tuple[ModelIdentity, ...]:
        """The segmentation network."""
        return (self.mask.model,)


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged(Segmented):
    """Image quality is judged.

    Attributes
    ----------
    quality : quality of the slices; None if quality control is off or there is no liver
    quality_model : the networks that judged; None if only physical checks did
    warnings : what the finding lacks, and why
    """

    quality: AcquisitionQuality | None = None
    quality_model: ModelIdentity | None = None
    warnings: tuple[str, ...] = ()

    @property
    def models(self) -> tuple[ModelIdentity, ...]:
        """The networks of segmentation and quality control."""
        return self.provenance.models

    @property
    def provenance(self) -> Provenance:
        """How it was read, segmented and judged."""
        return Provenance(
            unit=self.acquisition.unit,
            model=self.mask.model,
            quality_model=self.quality_model,
            network_channels=self.network_channels,
            notes=(*self.acquisition.notes, *self.volume.notes, *self.warnings),
            warnings=self.warnings,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class NotEvaluable(Judged):
    """Processed completely, but without stiffness, for a reason."""

    reason: Reason

    @property
    def finding(self) -> NotEvaluableFinding:
        """What is reported."""
        return NotEvaluableFinding(self.identity, self.provenance, self.reason, self.quality)


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured(Judged):
    """Stiffness is measured in the pixels of `region`."""

    region: Region
    measurement: StiffnessMeasurement


@dataclass(frozen=True, slots=True, kw_only=True)
class Staged(Measured):
    """Fibrosis is staged."""

    staging: Staging

    @property
    def finding(self) -> MeasuredFinding:
        """What is reported."""
        return MeasuredFinding(
            self.identity,
            self.provenance,
            self.measurement,
            self.staging,
            self.quality,
            self.contour,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared(Staged):
    """Compared with an earlier exam of the patient; only reported acquisitions are."""

    change: Change

    @property
    def finding(self) -> MeasuredFinding:
        """What is reported."""
        # With arguments, because a dataclass with slots is another class than the one being defined here.
        return replace(super(Compared, self).finding, change=self.change)


@dataclass(frozen=True, slots=True)
class Concluded(Selected):
    """Only the finding is kept and the arrays are dropped, because nothing more is done with it."""

    finding: Finding


@dataclass(frozen=True, slots=True)
class Failed(Concluded):
    """Could not be processed; `before` is the stage at which it failed."""

    finding: FailedFinding
    before: Selected

    @property
    def failure(self) -> Reason:
        """Why it could not be processed."""
        return self.finding.reason
