"""A folder in, typed results out: the method as one function, without Holoscan and without writing files."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from liver_mre import APPLICATION, __version__
from liver_mre.case import Case, advance, advance_exams, reason_of, released, study_result
from liver_mre.core.result import Reason, RunResult, RunStatus, StudyResult, StudyStatus
from liver_mre.dicom.reader import read_studies
from liver_mre.errors import ExitCode, MreError
from liver_mre.measuring import choose_exams, measure_stiffness, stage_fibrosis
from liver_mre.quality import foresee, judge_exams
from liver_mre.settings import Settings
from liver_mre.steps import (
    Toolkit,
    explain_series,
    load_pixels,
    prepare,
    segment,
    select_series,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from liver_mre.core.volume import ModelIdentity

SEVERITY = (
    ExitCode.INTERNAL,
    ExitCode.OUTPUT,
    ExitCode.MODEL_OR_DEVICE,
    ExitCode.INVALID_INPUT,
    ExitCode.NO_ELIGIBLE_SERIES,
    ExitCode.USAGE,
)


def measure_folder(path: Path, settings: Settings | None = None) -> RunResult:
    """Measure every study under `path`.

    Parameters
    ----------
    path : folder of one or more DICOM studies, or one file
    settings : by default `Settings()`; where none is given the built-in defaults hold

    Returns
    -------
    RunResult
        What `result.json` of a run on this folder would say, without outputs. Failures are in it: this
        function raises only what is a bug.
    """
    start = time.perf_counter()
    toolkit = Toolkit(settings or Settings())
    finished = [_measured(case, toolkit) for case in open_cases(path)]
    return run_result(finished, toolkit.settings, {"total": round(time.perf_counter() - start, 4)})


def check_folder(path: Path, settings: Settings | None = None) -> RunResult:
    """Say for every study under `path` which series would be measured and why, from the headers alone.

    A study with status "measured" is one that could be; it has no measurement.
    """
    toolkit = Toolkit(settings or Settings())
    cases = [advance(case, "list", lambda c: explain_series(c, toolkit)) for case in open_cases(path)]
    cases = [advance(case, "select", lambda c: select_series(c, toolkit)) for case in cases]
    cases = [advance_exams(case, "foresee", lambda e: foresee(e, toolkit.settings)) for case in cases]
    return run_result(cases, toolkit.settings, {})


def open_cases(path: Path) -> list[Case]:
    """Return one case for each study under `path`; the first carries the warnings about unreadable files.

    Input that holds no study at all becomes one failed case without a study.
    """
    try:
        scan = read_studies(path)
    except MreError as error:
        return [Case(0, 1, None, failure=reason_of(error))]
    total = len(scan.studies)
    return [
        Case(index, total, study, input_warnings=scan.warnings if index == 0 else ())
        for index, study in enumerate(scan.studies)
    ]


def find_series(case: Case, toolkit: Toolkit) -> Case:
    """Explain every series, find the acquisitions to measure and read their pixels: each its own timed step."""
    case = advance(case, "list", lambda c: explain_series(c, toolkit))
    case = advance(case, "select", lambda c: select_series(c, toolkit))
    return advance_exams(case, "load", lambda e: load_pixels(e, toolkit))


def measure_exams(case: Case, toolkit: Toolkit) -> Case:
    """Judge every acquisition, measure its diagnostic slices, and choose which are reported."""
    case = judge_exams(case, toolkit)
    case = advance_exams(case, "measure", lambda e: measure_stiffness(e, toolkit))
    return advance(case, "choose", lambda c: choose_exams(c, toolkit))


def _measured(case: Case, toolkit: Toolkit) -> Case:
    case = find_series(case, toolkit)
    case = advance_exams(case, "prepare", lambda e: prepare(e, toolkit))
    case = advance_exams(case, "segment", lambda e: segment(e, toolkit))
    case = measure_exams(case, toolkit)
    return released(advance_exams(case, "stage", lambda e: stage_fibrosis(e, toolkit)))


def run_result(cases: Sequence[Case], settings: Settings, timings_s: dict[str, float]) -> RunResult:
    """Return what is reported about a run from its finished cases."""
    studies = tuple(study_result(case) for case in cases if case.study is not None)
    input_failure = next((case.failure for case in cases if case.study is None), None)
    status, exit_code = _outcome(studies, input_failure, settings)
    return RunResult(
        application=APPLICATION,
        version=__version__,
        status=status,
        exit_code=exit_code,
        studies=studies,
        models=_models(cases),
        reason=input_failure,
        warnings=tuple(w for case in cases for w in case.input_warnings),
        timings_s=timings_s,
    )


def failed_run(reason: Reason) -> RunResult:
    """Return the result of a run that ended before any study was reached."""
    return RunResult(APPLICATION, __version__, RunStatus.FAILED, reason.exit_code, reason=reason)


def _outcome(
    studies: tuple[StudyResult, ...], input_failure: Reason | None, settings: Settings
) -> tuple[RunStatus, int]:
    """Status and exit code: the gravest failure of any study counts; nothing but skipped studies is nothing to do."""
    if input_failure is not None:
        return RunStatus.FAILED, input_failure.exit_code
    failures = [s.reason.exit_code for s in studies if s.status is StudyStatus.FAILED and s.reason]
    if failures:
        return RunStatus.FAILED, next(code for code in SEVERITY if code in failures)
    if all(s.status is StudyStatus.SKIPPED for s in studies):
        return RunStatus.NOTHING_TO_DO, settings.skipped_exit_code
    return RunStatus.COMPLETED, ExitCode.DONE


def _models(cases: Sequence[Case]) -> tuple[ModelIdentity, ...]:
    return tuple(dict.fromkeys(model for case in cases for model in case.models))
