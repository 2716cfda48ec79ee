"""Collect the results of studies that have been through all steps."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from liver_mre.method.choose_acquisition import why_not_reported
from liver_mre.method.stages import Concluded, NotEvaluable, Staged
from liver_mre.results.finding import FailedFinding, SeriesIdentity
from liver_mre.results.result import RunResult, StudyResult, failed_run, models_used
from liver_mre.workflow.outcome import StudyStatus, reason_of, run_outcome

if TYPE_CHECKING:
    from collections.abc import Sequence

    from liver_mre.method.mre_study_run import MreStudyRun
    from liver_mre.method.stages import Selected
    from liver_mre.results.finding import Finding
    from liver_mre.results.result import EarlierStudy
    from liver_mre.series.decisions import SeriesDecision
    from liver_mre.settings import Settings
    from liver_mre.workflow.outcome import Reason


def study_result(run: MreStudyRun) -> StudyResult:
    """Return the result of a study that has been through all steps, without arrays."""
    rejected = run.plan.rejected if run.plan and run.items else ()
    findings = [_finding(run, item) for item in run.items] + [
        FailedFinding(SeriesIdentity.of(one.series), reason_of(one.error)) for one in rejected
    ]
    order = sorted(range(len(findings)), key=lambda place: _by_number(findings[place]))
    sorted_findings = tuple(findings[place] for place in order)
    done = run.failure is None
    reported = tuple(order.index(place) for place in run.reported) if done else ()
    return StudyResult(
        study_instance_uid=run.study.study_instance_uid,
        input_series=_decisions(run),
        findings=sorted_findings,
        chosen=reported[0] if reported else None,
        reported=reported,
        failure=run.failure,
        outputs=tuple(sorted(run.outputs, key=lambda output: output.item)) if done else (),
        warnings=(*run.warnings, *(_warnings(run, sorted_findings) if done else ())),
        timings_s=run.timings_s,
    )


def run_result(
    studies: Sequence[StudyResult],
    settings: Settings,
    timings_s: dict[str, float],
    *,
    kept: Sequence[EarlierStudy] = (),
    input_failure: Reason | None = None,
    input_warnings: tuple[str, ...] = (),
) -> RunResult:
    """Return the result of a run.

    Parameters
    ----------
    studies : results of its studies
    settings : they give the exit code of a run that found nothing to measure
    kept : studies that an earlier run had finished
    input_failure : why the input could not be read to its end
    input_warnings : about files that could not be read
    """
    if input_failure is not None:
        return failed_run(input_failure, studies, kept, warnings=input_warnings, timings_s=timings_s)
    failures = [study.reason for study in studies if study.status is StudyStatus.FAILED]
    skipped = not kept and all(study.status is StudyStatus.SKIPPED for study in studies)
    status, exit_code = run_outcome(failures, skipped=skipped, skipped_exit_code=settings.skipped_exit_code)
    models = models_used(studies, kept)
    return RunResult(status, exit_code, tuple(studies), models, None, input_warnings, timings_s, kept=tuple(kept))


def _finding(run: MreStudyRun, item: Selected) -> Finding:
    """Return the finding of an acquisition; in a failed study no finding has numbers."""
    if isinstance(item, Staged | NotEvaluable | Concluded):
        finding = item.finding
        if run.failure is None or isinstance(finding, FailedFinding):
            return finding
        return FailedFinding.after(finding, run.failure)
    if run.failure is None:
        message = f"acquisition {item.number} is at the stage {type(item).__name__} after the last step"
        raise ValueError(message)
    return FailedFinding(item.identity, run.failure, item.models)


def _by_number(finding: Finding) -> tuple[int, str]:
    return finding.series.series_number, finding.series.series_instance_uid


def _decisions(run: MreStudyRun) -> tuple[SeriesDecision, ...]:
    if run.plan is None:
        return ()
    if not run.items:
        return run.plan.listing()
    if run.chosen is None:
        return run.plan.decisions()
    # Their own findings: a failure of the study after the choice is no reason for it.
    findings = [_finding(replace(run, failure=None), item) for item in run.items]
    outcomes = {
        (item.candidate, item.identity.series_instance_uid): why_not_reported(findings[place], findings[run.chosen])
        for place, item in enumerate(run.items)
        if place not in run.reported
    }
    return run.plan.decisions(run.items[run.chosen].candidate, outcomes)


def _warnings(run: MreStudyRun, findings: Sequence[Finding]) -> tuple[str, ...]:
    """Warn of what reported findings lack, and of acquisitions that failed."""
    reported = [run.items[place] for place in run.reported]
    missing = (words for item in reported if isinstance(item, Staged | NotEvaluable) for words in item.warnings)
    failed = [
        f"Series {one.series.series_number} could not be measured: {one.reason.message}"
        for one in findings
        if isinstance(one, FailedFinding)
    ]
    return (*dict.fromkeys(missing), *failed)
