"""The Python interface: studies in, typed results out, without Holoscan and without writing files."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

from liver_mre.errors import MreError
from liver_mre.method.check import CheckResult, check_result, check_study
from liver_mre.method.collect_results import run_result, study_result
from liver_mre.method.mre_study_run import MreStudyRun
from liver_mre.method.steps import LAST_QC_STEP, STEPS, steps_until
from liver_mre.method.toolkit import Toolkit
from liver_mre.settings import Settings
from liver_mre.studies.source import open_source
from liver_mre.workflow.outcome import reason_of
from liver_mre.workflow.runner import run_steps

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from liver_mre.results.result import RunResult, StudyResult
    from liver_mre.studies.study import Study
    from liver_mre.studies.study_source import StudySource


def measure_study(study: Study, toolkit: Toolkit) -> StudyResult:
    """Measure one study; failures are in the result."""
    return study_result(run_steps(MreStudyRun(0, 1, study), STEPS, toolkit))


def measure_folder(path: Path, settings: Settings | None = None) -> RunResult:
    """Measure every study under `path`.

    Parameters
    ----------
    path : folder of one or more DICOM studies, or one file
    settings : by default the built-in ones, `Settings()`; `app.yaml` is not read

    Returns
    -------
    RunResult
        What `result.json` of a run on this folder would say, without outputs. Failures are in the result, not raised.
    """
    start = time.perf_counter()
    with open_source(path) as source, Toolkit(settings or Settings()) as toolkit:
        studies, failure = [], None
        try:
            toolkit.require_memory()
            for run in study_runs(source):
                studies.append(study_result(run_steps(run, STEPS, toolkit)))  # noqa: PERF401 - kept if the next fails
        except MreError as error:
            failure = reason_of(error)
        seconds = {"total": round(time.perf_counter() - start, 4)}
        return run_result(studies, toolkit.settings, seconds, input_failure=failure, input_warnings=source.warnings)


def check_folder(path: Path, settings: Settings | None = None) -> CheckResult:
    """Say which series of every study under `path` would be measured, and why, from headers alone."""
    with open_source(path) as source, Toolkit(settings or Settings()) as toolkit:
        try:
            studies = [check_study(run, toolkit) for run in study_runs(source)]
        except MreError as error:
            reason = reason_of(error)
            return CheckResult(reason.exit_code, reason=reason)
        return check_result(studies, source.warnings, skipped_exit_code=toolkit.settings.skipped_exit_code)


def assess_folder(path: Path, settings: Settings | None = None) -> Iterator[MreStudyRun]:
    """Judge the quality of every acquisition under `path`, up to whether it can be measured.

    Yields
    ------
    Each study, with its acquisitions at the stage `Measured`, `NotEvaluable` or `Failed`.

    Raises
    ------
    MreError
        The input cannot be read.
    """
    with (
        open_source(path) as source,
        Toolkit(replace(settings or Settings(), quality_control=True)) as toolkit,
    ):
        toolkit.require_memory()
        for run in study_runs(source):
            yield run_steps(run, steps_until(LAST_QC_STEP), toolkit)


def study_runs(source: StudySource) -> Iterator[MreStudyRun]:
    """Yield a run for each study of a source, before the first step."""
    for index, study in enumerate(source):
        yield MreStudyRun(index, source.total, study)
