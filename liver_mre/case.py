"""One study on its way through the steps: what is known so far, and why it stopped if it did.

Expected failures are data: a step that fails leaves its reason in the case, and the later steps pass the
case on untouched, so that one bad study never stops the others.
"""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass, field, replace
from operator import attrgetter
from typing import TYPE_CHECKING

from liver_mre import exam as of_exam
from liver_mre.core.result import Reason, StudyResult, StudyStatus
from liver_mre.errors import ExitCode, MreError, NoEligibleSeriesError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from liver_mre.core.result import AcquisitionResult, OutputFile
    from liver_mre.core.study import RejectedAcquisition, SeriesDecision, Study
    from liver_mre.core.volume import ModelIdentity
    from liver_mre.exam import Exam

log = logging.getLogger(__name__)

# What is wrong with one acquisition; everything else is wrong with all of them.
_OF_ONE_ACQUISITION = frozenset({ExitCode.NO_ELIGIBLE_SERIES, ExitCode.INVALID_INPUT})


@dataclass(frozen=True, slots=True)
class Case:
    """One study and what the steps have found so far; each field is set by the step that owns it.

    Attributes
    ----------
    index, total : which study of how many, from 0
    study : None only in a case that carries a failure of the whole input
    decisions : role and reason of every series
    exams : every acquisition that can be measured, by series number
    rejected : acquisitions with stiffness images that cannot be measured
    failure : why processing of the whole study stopped
    input_warnings : about the whole input; only the first case of a run carries them
    """

    index: int
    total: int
    study: Study | None
    decisions: tuple[SeriesDecision, ...] = ()
    exams: tuple[Exam, ...] = ()
    rejected: tuple[RejectedAcquisition, ...] = ()
    failure: Reason | None = None
    warnings: tuple[str, ...] = ()
    input_warnings: tuple[str, ...] = ()
    timings_s: dict[str, float] = field(default_factory=dict)

    @property
    def reported(self) -> tuple[Exam, ...]:
        """The exams whose results are written; the first stands for the study."""
        return tuple(sorted((exam for exam in self.exams if exam.reported), key=lambda e: not e.represents))

    @property
    def models(self) -> tuple[ModelIdentity, ...]:
        """The models that took part so far: what segmented its exams, then what judged their quality."""
        found = [exam.model for exam in self.exams] + [exam.quality_model for exam in self.exams]
        return tuple(dict.fromkeys(model for model in found if model))

    @property
    def outputs(self) -> tuple[OutputFile, ...]:
        """Everything written for it."""
        return tuple(output for exam in self.exams for output in exam.outputs)


def advance(case: Case, step: str, work: Callable[[Case], Case]) -> Case:
    """Do one step of a case: time it, and turn what goes wrong into the case's failure.

    Parameters
    ----------
    case : returned as it is when it has failed before
    step : the step's name, as it appears in `timings_s`
    work : the step
    """
    if case.failure is not None:
        return case
    start = time.perf_counter()
    try:
        done = work(case)
    except MreError as error:
        done = replace(case, failure=reason_of(error))
    except Exception as error:
        log.debug("step %s failed", step, exc_info=True)
        done = replace(case, failure=unexpected(error, f" in step '{step}'"))
    seconds = round(time.perf_counter() - start, 4)
    return replace(done, timings_s={**done.timings_s, step: seconds})


def advance_exams(case: Case, step: str, work: Callable[[Exam], Exam]) -> Case:
    """Do one step of every exam of a case that has not failed.

    What is wrong with one acquisition stops that one only; what is wrong with the model, the device or this program
    stops the case. So does the failure of the last acquisition.

    Parameters
    ----------
    case : returned as it is when it has failed before
    step : the step's name, as it appears in `timings_s`
    work : the step
    """

    def every(case: Case) -> Case:
        done = replace(case, exams=tuple(_tried(exam, work) for exam in case.exams))
        return replace(done, failure=_common_failure(done))

    return advance(case, step, every)


def _tried(exam: Exam, work: Callable[[Exam], Exam]) -> Exam:
    if exam.failure is not None:
        return exam
    try:
        return work(exam)
    except MreError as error:
        if error.exit_code not in _OF_ONE_ACQUISITION:
            raise
        return replace(exam, failure=reason_of(error))


def _common_failure(case: Case) -> Reason | None:
    """Return why no acquisition is left to measure, with the gravest code of all; None while one is."""
    failures = [(exam.selection.stiffness.series_number, exam.failure) for exam in case.exams if exam.failure]
    if len(failures) < len(case.exams) or not failures:
        return None
    failures += [(one.series.series_number, reason_of(one.error)) for one in case.rejected]
    if len(failures) == 1:
        return failures[0][1]
    failures.sort(key=lambda one: one[0])
    each = " ".join(f"Series {number}: {reason.message}" for number, reason in failures)
    gravest = max((reason for _, reason in failures), key=attrgetter("exit_code"))
    return replace(gravest, message=f"None of the {len(failures)} acquisitions could be measured. {each}")


def reason_of(error: MreError) -> Reason:
    """Return the reason that an expected failure reports."""
    return Reason(error.code, str(error), int(error.exit_code))


def unexpected(error: Exception, where: str = "") -> Reason:
    """Return the reason that a bug reports: its kind and never its text, which may quote the input."""
    message = f"Unexpected {type(error).__name__}{where}. Run again with --log-level debug and report the log."
    return Reason("internal_error", message, ExitCode.INTERNAL)


def join(cases: Sequence[Case]) -> Case:
    """Join the branches of one case again: outputs, warnings and timings of all, the first failure if any.

    Parameters
    ----------
    cases : the same case after different steps that each only added outputs
    """
    first = cases[0]
    return replace(
        first,
        exams=tuple(_join_exams(branches) for branches in zip(*(c.exams for c in cases), strict=True)),
        warnings=tuple(dict.fromkeys(w for c in cases for w in c.warnings)),
        failure=next((c.failure for c in cases if c.failure), None),
        timings_s={step: seconds for c in cases for step, seconds in c.timings_s.items()},
    )


def _join_exams(branches: tuple[Exam, ...]) -> Exam:
    return replace(branches[0], outputs=tuple(dict.fromkeys(o for exam in branches for o in exam.outputs)))


def released(case: Case) -> Case:
    """Return the case without its arrays, so that a run over many studies needs the memory of a few."""
    return replace(case, exams=tuple(map(of_exam.released, case.exams)))


def study_result(case: Case) -> StudyResult:
    """Return what is reported about a case that has been through all steps.

    Raises
    ------
    ValueError
        If the case belongs to no study.
    """
    if case.study is None:
        message = "a case without a study has no study result"
        raise ValueError(message)
    done = case.failure is None
    chosen = case.reported[0] if done and case.reported else None
    return StudyResult(
        study_instance_uid=case.study.study_instance_uid,
        status=_status(case),
        reason=case.failure or (chosen.not_evaluable if chosen else None),
        input_series=case.decisions,
        acquisitions=_acquisitions(case),
        unit=chosen.selection.unit if chosen else None,
        measurement=chosen.measurement if chosen else None,
        staging=chosen.staging if chosen else None,
        change=chosen.change if chosen else None,
        outputs=case.outputs if done else (),
        warnings=(*case.warnings, *(_warnings(case) if done else ())),
        timings_s=case.timings_s,
    )


def _acquisitions(case: Case) -> tuple[AcquisitionResult, ...]:
    """Return every acquisition by series number; a study that failed has no numbers in any of them."""
    found = [of_exam.acquisition_result(exam) for exam in case.exams]
    if case.failure is not None:
        found = [
            replace(one, reported=False, status=StudyStatus.FAILED, reason=one.reason or case.failure)
            for one in (replace(a, unit=None, measurement=None, staging=None, contour=None, change=None) for a in found)
        ]
    found += [of_exam.rejected_result(one, reason_of(one.error)) for one in case.rejected]
    return tuple(sorted(found, key=lambda one: (one.series_number, one.series_instance_uid)))


def _warnings(case: Case) -> tuple[str, ...]:
    """Warn of what is missing from a reported exam, and of acquisitions beside it."""
    return (*dict.fromkeys(w for exam in case.reported for w in exam.warnings), *_unmeasured(case))


def _unmeasured(case: Case) -> tuple[str, ...]:
    """Warn of acquisitions that could not be measured beside one that was."""
    return tuple(
        f"Series {one.series_number} could not be measured: {one.reason.message}"
        for one in _acquisitions(case)
        if one.status is StudyStatus.FAILED and one.reason
    )


def _status(case: Case) -> StudyStatus:
    if case.failure is not None:
        without_mre = case.failure.code == NoEligibleSeriesError.code
        return StudyStatus.SKIPPED if without_mre else StudyStatus.FAILED
    not_evaluable = case.reported and case.reported[0].not_evaluable
    return StudyStatus.NOT_EVALUABLE if not_evaluable else StudyStatus.MEASURED
