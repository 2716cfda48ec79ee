"""An acquisition on its way through the steps: one type for each stage, which holds what is known by then.

Selected → Loaded → Prepared → Segmented → Judged → Measured → Staged. What cannot be processed becomes `Failed`, what was
processed completely and has no stiffness `NotEvaluable`. A step names the stage that it takes; whatever is at another
stage passes it by.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
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

Later = TypeVar("Later", bound="Selected")


@dataclass(frozen=True, slots=True)
class Selected:
    """An acquisition that can be measured by its headers.

    Attributes
    ----------
    number : which acquisition of the study, from 1; it names the folder of its results
    candidate : its place among the candidates of the study's plan
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
        """The models that took part so far."""
        return ()

    @property
    def failure(self) -> Reason | None:
        """Why it could not be processed; None while nothing is wrong."""
        return None

    def failed(self, reason: Reason) -> Failed:
        """Return it as one that could not be processed."""
        finding = FailedFinding(self.identity, reason, self.models)
        return Failed(self.number, self.candidate, self.acquisition, finding)

    def to(self, stage: type[Later], **found: Any) -> Later:  # noqa: ANN401 - what a stage adds has any type
        """Return it at another stage, with what was found since; what that stage does not hold is left behind."""
        kept = {one.name: getattr(self, one.name) for one in fields(stage) if hasattr(self, one.name)}
        return stage(**{**kept, **found})


@dataclass(frozen=True, slots=True)
class Loaded(Selected):
    """Its pixels are read; `contour` is the stiffness in a contour drawn at the scanner, None without one."""

    volume: StiffnessVolume
    contour: ContourMeasurement | None


@dataclass(frozen=True, slots=True)
class Prepared(Loaded):
    """Arranged for the network.

    Attributes
    ----------
    network_input : (S, channels, h, w) float32 in [0, 1]
    network_channels : which of its images the network is given (`liver.framing.available_channels`)
    """

    network_input: NDArray[np.float32]
    network_channels: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Segmented(Loaded):
    """The liver is predicted, on the pixel grid of the stiffness series."""

    network_channels: tuple[str, ...]
    mask: LiverMask

    @property
    def models(self) -> tuple[ModelIdentity, ...]:
        """The segmentation network."""
        return (self.mask.model,)


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged(Segmented):
    """Its quality is judged.

    Attributes
    ----------
    quality : of its slices; None where quality control is off, or there was nothing to judge
    quality_model : the networks that judged it; None where physics alone did
    warnings : what is missing from its finding, and why
    """

    quality: AcquisitionQuality | None = None
    quality_model: ModelIdentity | None = None
    warnings: tuple[str, ...] = ()

    @property
    def models(self) -> tuple[ModelIdentity, ...]:
        """The networks of segmentation and quality control."""
        return (self.mask.model, self.quality_model) if self.quality_model else (self.mask.model,)

    @property
    def provenance(self) -> Provenance:
        """How it was read and judged."""
        notes = (*self.acquisition.notes, *self.volume.notes, *self.warnings)
        return Provenance(
            unit=self.acquisition.unit,
            model=self.mask.model,
            quality_model=self.quality_model,
            network_channels=self.network_channels,
            notes=notes,
            warnings=self.warnings,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class NotEvaluable(Judged):
    """Processed completely, and without stiffness for a reason."""

    reason: Reason

    @property
    def finding(self) -> NotEvaluableFinding:
        """What is reported of it."""
        return NotEvaluableFinding(self.identity, self.provenance, self.reason, self.quality)


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured(Judged):
    """The stiffness is measured, in the pixels of `region`."""

    region: Region
    measurement: StiffnessMeasurement


@dataclass(frozen=True, slots=True, kw_only=True)
class Staged(Measured):
    """The stiffness is read against the staging profile; `change` is since an earlier exam, None without one."""

    staging: Staging
    change: Change | None = None

    @property
    def finding(self) -> MeasuredFinding:
        """What is reported of it."""
        return MeasuredFinding(
            self.identity,
            self.provenance,
            self.measurement,
            self.staging,
            self.quality,
            self.contour,
            self.change,
        )


@dataclass(frozen=True, slots=True)
class Concluded(Selected):
    """Nothing more happens to it: its arrays are let go."""

    finding: Finding


@dataclass(frozen=True, slots=True)
class Failed(Concluded):
    """It could not be processed."""

    finding: FailedFinding

    @property
    def failure(self) -> Reason:
        """Why."""
        return self.finding.reason
