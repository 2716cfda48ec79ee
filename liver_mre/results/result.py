"""Results of a study and of a run: the content of `result.json`."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from liver_mre.about import APPLICATION, __version__
from liver_mre.errors import NoEligibleSeriesError
from liver_mre.results.finding import FailedFinding, MeasuredFinding, models_of
from liver_mre.workflow.outcome import RunStatus, StudyStatus

if TYPE_CHECKING:
    from collections.abc import Sequence

    from liver_mre.liver.mask import ModelIdentity
    from liver_mre.measurement.measure import StiffnessMeasurement
    from liver_mre.measurement.staging import Staging
    from liver_mre.results.finding import Finding
    from liver_mre.series.decisions import SeriesDecision
    from liver_mre.workflow.outcome import OutputFile, Reason


@dataclass(frozen=True, slots=True)
class StudyResult:
    """Everything that is reported about one study.

    Attributes
    ----------
    input_series : role and use of every series
    findings : one for each acquisition, by series number
    chosen : index in `findings` of the one that stands for the study; None if none does
    reported : indices in `findings` of those whose results were written, the chosen one first
    failure : why the whole study could not be processed
    outputs : files written
    """

    study_instance_uid: str
    input_series: tuple[SeriesDecision, ...] = ()
    findings: tuple[Finding, ...] = ()
    chosen: int | None = None
    reported: tuple[int, ...] = ()
    failure: Reason | None = None
    outputs: tuple[OutputFile, ...] = ()
    warnings: tuple[str, ...] = ()
    timings_s: dict[str, float] = field(default_factory=dict)

    @property
    def finding(self) -> Finding | None:
        """The finding that stands for the study."""
        return None if self.chosen is None else self.findings[self.chosen]

    @property
    def measured(self) -> MeasuredFinding | None:
        """The finding that stands for the study, if it was measured."""
        return self.finding if isinstance(self.finding, MeasuredFinding) else None

    @property
    def measurement(self) -> StiffnessMeasurement | None:
        """Stiffness of the study; None if nothing was measured."""
        return self.measured.measurement if self.measured else None

    @property
    def staging(self) -> Staging | None:
        """Stage of the study; None if nothing was measured."""
        return self.measured.staging if self.measured else None

    @property
    def reason(self) -> Reason | None:
        """Why the study was not measured; None if it was."""
        return self.failure or (self.finding.reason if self.finding else None)

    @property
    def status(self) -> StudyStatus:
        """Outcome of the study; one without elastography is skipped."""
        if self.failure is not None:
            skipped = self.failure.code == NoEligibleSeriesError.code
            return StudyStatus.SKIPPED if skipped else StudyStatus.FAILED
        return self.finding.status if self.finding else StudyStatus.MEASURED

    @property
    def models(self) -> tuple[ModelIdentity, ...]:
        """The models used: segmentation first, then quality control."""
        found = [models_of(finding) for finding in self.findings]
        ordered = [models[0] for models in found if models] + [models[1] for models in found if models[1:]]
        return tuple(dict.fromkeys(ordered))

    def failed(self, failure: Reason) -> StudyResult:
        """Return what is left of the result if the study could not be published: everything but numbers and files."""
        findings = tuple(
            one if isinstance(one, FailedFinding) else FailedFinding.after(one, failure) for one in self.findings
        )
        return replace(self, findings=findings, chosen=None, reported=(), failure=failure, outputs=())


@dataclass(frozen=True, slots=True)
class EarlierStudy:
    """A study whose results an earlier run has published and this one has kept, as its record tells.

    Attributes
    ----------
    content : its entry of `result.json`
    models : the models used
    """

    study_instance_uid: str
    status: StudyStatus
    content: dict[str, Any]
    models: tuple[ModelIdentity, ...] = ()


@dataclass(frozen=True, slots=True)
class RunResult:
    """Everything that is reported about one run.

    Attributes
    ----------
    studies : those that the run has finished; all of the input, unless the run as a whole failed (`reason`)
    kept : those that an earlier run had finished
    """

    status: RunStatus
    exit_code: int
    studies: tuple[StudyResult, ...] = ()
    models: tuple[ModelIdentity, ...] = ()
    reason: Reason | None = None
    warnings: tuple[str, ...] = ()
    timings_s: dict[str, float] = field(default_factory=dict)
    application: str = APPLICATION
    version: str = __version__
    kept: tuple[EarlierStudy, ...] = ()


def failed_run(
    reason: Reason,
    studies: Sequence[StudyResult] = (),
    kept: Sequence[EarlierStudy] = (),
    *,
    warnings: tuple[str, ...] = (),
    timings_s: dict[str, float] | None = None,
) -> RunResult:
    """Return the result of a run that failed as a whole, with the studies that were finished before."""
    models = models_used(studies, kept)
    return RunResult(
        RunStatus.FAILED, reason.exit_code, tuple(studies), models, reason, warnings, timings_s or {}, kept=tuple(kept)
    )


def models_used(studies: Sequence[StudyResult], kept: Sequence[EarlierStudy] = ()) -> tuple[ModelIdentity, ...]:
    """Return the models that took part in any study."""
    used = [*(study.models for study in studies), *(study.models for study in kept)]
    return tuple(dict.fromkeys(model for models in used for model in models))
