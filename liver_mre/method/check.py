"""What would be measured, from headers alone: the result of `liver-mre check`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from liver_mre.errors import NoEligibleSeriesError
from liver_mre.method.not_evaluable import foreseen
from liver_mre.method.steps import steps_until
from liver_mre.results.finding import SeriesIdentity
from liver_mre.workflow.outcome import reason_of, run_outcome
from liver_mre.workflow.runner import run_steps

if TYPE_CHECKING:
    from collections.abc import Sequence

    from liver_mre.method.mre_study_run import MreStudyRun
    from liver_mre.method.toolkit import Toolkit
    from liver_mre.series.acquisition import UnitEvidence
    from liver_mre.series.decisions import SeriesDecision
    from liver_mre.workflow.outcome import Reason


@dataclass(frozen=True, slots=True)
class AcquisitionCheck:
    """Whether one acquisition can be measured; `reason` says why it cannot."""

    series: SeriesIdentity
    reason: Reason | None = None
    unit: UnitEvidence | None = None
    notes: tuple[str, ...] = ()

    @property
    def eligible(self) -> bool:
        """Whether its headers allow a measurement."""
        return self.reason is None


@dataclass(frozen=True, slots=True)
class StudyCheck:
    """Whether a study can be measured; `reason` says why nothing in it can."""

    study_instance_uid: str
    input_series: tuple[SeriesDecision, ...]
    acquisitions: tuple[AcquisitionCheck, ...] = ()
    reason: Reason | None = None

    @property
    def eligible(self) -> bool:
        """Whether at least one of its acquisitions can be measured."""
        return self.reason is None and any(one.eligible for one in self.acquisitions)


@dataclass(frozen=True, slots=True)
class CheckResult:
    """The result for the whole input, with the exit code that a run would have as far as headers tell."""

    exit_code: int
    studies: tuple[StudyCheck, ...] = ()
    reason: Reason | None = None
    warnings: tuple[str, ...] = ()


def check_study(run: MreStudyRun, toolkit: Toolkit) -> StudyCheck:
    """Say which series of a study would be measured, and why."""
    run = run_steps(run, steps_until("select"), toolkit)
    if run.plan is None or run.failure is not None:
        listing = run.plan.listing() if run.plan else ()
        return StudyCheck(run.study.study_instance_uid, listing, reason=run.failure)
    found = []
    for item in run.items:
        reason, notes = foreseen(item, toolkit.settings)
        acquisition = item.acquisition
        found.append(AcquisitionCheck(item.identity, reason, acquisition.unit, (*acquisition.notes, *notes)))
    found += [AcquisitionCheck(SeriesIdentity.of(one.series), reason_of(one.error)) for one in run.plan.rejected]
    found.sort(key=lambda one: (one.series.series_number, one.series.series_instance_uid))
    return StudyCheck(run.study.study_instance_uid, run.plan.decisions(), tuple(found))


def check_result(studies: Sequence[StudyCheck], warnings: tuple[str, ...], *, skipped_exit_code: int) -> CheckResult:
    """Combine the results of all studies."""
    without_mre = [bool(one.reason and one.reason.code == NoEligibleSeriesError.code) for one in studies]
    failures = [one.reason for one, skipped in zip(studies, without_mre, strict=True) if not skipped]
    _, exit_code = run_outcome(failures, skipped=all(without_mre), skipped_exit_code=skipped_exit_code)
    return CheckResult(exit_code, tuple(studies), warnings=warnings)
