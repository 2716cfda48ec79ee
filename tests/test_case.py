"""Cases: failures travel as data, branches join, a run's outcome follows from its studies."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from liver_mre.case import Case, advance, advance_exams, join, study_result
from liver_mre.core.result import OutputFile, Reason, RunStatus, StudyStatus
from liver_mre.core.study import RejectedAcquisition, Study
from liver_mre.errors import (
    AmbiguousSeriesError,
    ExitCode,
    GeometryError,
    ModelError,
    NoConfidenceError,
    NoEligibleSeriesError,
)
from liver_mre.measuring import choose_exams
from liver_mre.pipeline import run_result
from liver_mre.settings import Settings
from liver_mre.steps import Toolkit
from tests.exams import make_exam

if TYPE_CHECKING:
    from liver_mre.exam import Exam


def case(uid: str = "1.2") -> Case:
    return Case(0, 1, Study(uid, ()))


def failing(error: Exception) -> Case:
    def work(_: Case) -> Case:
        raise error

    return advance(case(), "load", work)


def test_an_expected_failure_becomes_the_cases_reason_and_later_steps_are_not_done() -> None:
    failed = failing(GeometryError("Spacing is missing."))
    assert failed.failure == Reason("invalid_geometry", "Spacing is missing.", 4)

    def unreachable(_: Case) -> Case:
        pytest.fail("a step ran on a failed case")

    assert advance(failed, "measure", unreachable) is failed


def test_an_unexpected_failure_is_reported_by_its_kind_and_never_by_its_text() -> None:
    failed = failing(KeyError("DOE^JANE"))
    assert failed.failure is not None
    assert failed.failure.exit_code == ExitCode.INTERNAL
    assert "KeyError" in failed.failure.message
    assert "JANE" not in failed.failure.message


def test_every_step_is_timed() -> None:
    done = advance(advance(case(), "one", lambda c: c), "two", lambda c: c)
    assert list(done.timings_s) == ["one", "two"]
    assert all(seconds >= 0 for seconds in done.timings_s.values())


def test_branches_join_to_all_outputs_all_timings_and_the_first_failure() -> None:
    start = replace(case(), exams=(make_exam(reported=True),), timings_s={"stage": 1.0})

    def branch(name: str, output: OutputFile) -> Case:
        exam = replace(start.exams[0], outputs=(output,))
        return replace(start, exams=(exam,), timings_s={"stage": 1.0, name: 2.0})

    seg = branch("seg", OutputFile("seg", "1.2/a", "1"))
    sr = replace(branch("sr", OutputFile("sr", "1.2/b", "2")), warnings=("w",))
    joined = join([seg, sr])
    assert [output.kind for output in joined.outputs] == ["seg", "sr"]
    assert joined.timings_s == {"stage": 1.0, "seg": 2.0, "sr": 2.0}
    assert joined.warnings == ("w",)
    assert joined.failure is None
    broken = replace(sr, failure=Reason("output_unwritable", "Full.", 6))
    assert join([seg, broken]).failure == broken.failure


def test_a_failed_case_reports_no_numbers_and_no_outputs() -> None:
    exam = make_exam(area_cm2=80.0, reported=True, represents=True, outputs=(OutputFile("seg", "1.2/a", "1"),))
    written = replace(case(), exams=(exam,), failure=Reason("output_unwritable", "Full.", 6))
    result = study_result(written)
    assert result.status is StudyStatus.FAILED
    assert result.outputs == ()
    assert result.measurement is None
    assert [(one.measurement, one.reported) for one in result.acquisitions] == [(None, False)]


def refusing(error: Exception, *numbers: int) -> Case:
    """Return a case of two exams after a step that refuses those of the given numbers."""

    def work(exam: Exam) -> Exam:
        if exam.number in numbers:
            raise error
        return replace(exam, reported=True, represents=True)

    return advance_exams(replace(case(), exams=(make_exam(1), make_exam(2))), "load", work)


def test_what_is_wrong_with_one_acquisition_does_not_stop_the_other() -> None:
    done = refusing(GeometryError("Spacing is missing."), 1)
    assert done.failure is None
    result = study_result(done)
    assert result.status is StudyStatus.MEASURED
    assert [one.status for one in result.acquisitions] == [StudyStatus.FAILED, StudyStatus.MEASURED]
    assert result.warnings == ("Series 10 could not be measured: Spacing is missing.",)


def test_the_study_fails_with_every_reason_when_no_acquisition_is_left() -> None:
    failed = refusing(GeometryError("Spacing is missing."), 1, 2)
    assert failed.failure is not None
    assert failed.failure.exit_code == ExitCode.INVALID_INPUT
    assert failed.failure.message.startswith("None of the 2 acquisitions could be measured. Series 10: Spacing")
    assert "Series 20" in failed.failure.message


def test_of_several_reasons_the_gravest_gives_the_code_and_they_come_by_series_number() -> None:
    rejected = RejectedAcquisition(make_exam(1).selection.stiffness, GeometryError("Spacing is missing."))
    start = replace(case(), exams=(make_exam(2),), rejected=(rejected,))

    def work(_: Exam) -> Exam:
        raise NoConfidenceError

    failure = advance_exams(start, "load", work).failure
    assert failure is not None
    assert (failure.code, failure.exit_code) == ("invalid_geometry", 4)
    assert failure.message.index("Series 10: Spacing") < failure.message.index("Series 20: ")


def test_acquisitions_of_one_series_number_each_keep_their_warning() -> None:
    rejected = tuple(RejectedAcquisition(make_exam(2).selection.stiffness, GeometryError(why)) for why in "ab")
    done = replace(case(), exams=(make_exam(1, reported=True, represents=True),), rejected=rejected)
    assert len(study_result(done).warnings) == 2


@pytest.mark.parametrize(("error", "code"), [(ModelError(), 5), (KeyError("DOE^JANE"), 1)])
def test_what_is_wrong_with_the_model_or_the_program_stops_the_study(error: Exception, code: int) -> None:
    failed = refusing(error, 1)
    assert failed.failure is not None
    assert failed.failure.exit_code == code
    assert "JANE" not in failed.failure.message


def chosen(*exams: Exam, **settings: bool) -> Case:
    return choose_exams(replace(case(), exams=exams), Toolkit(Settings(**settings)))


def test_the_acquisition_with_the_most_measurable_liver_stands_for_the_study() -> None:
    done = chosen(make_exam(1, area_cm2=40.0), make_exam(2, area_cm2=90.0), make_exam(3, area_cm2=60.0))
    assert [exam.number for exam in done.reported] == [2]
    assert study_result(done).measurement == done.exams[1].measurement
    assert [one.reported for one in study_result(done).acquisitions] == [False, True, False]


def test_an_acquisition_that_cannot_be_measured_never_stands_for_one_that_can() -> None:
    not_evaluable = make_exam(2, not_evaluable=Reason("no_liver", "No liver."))
    assert [exam.number for exam in chosen(make_exam(1, area_cm2=6.0), not_evaluable).reported] == [1]
    failed = make_exam(3, failure=Reason("missing_slices", "Missing.", 4))
    done = chosen(not_evaluable, failed)
    assert [exam.number for exam in done.reported] == [2]
    assert study_result(done).status is StudyStatus.NOT_EVALUABLE


def test_all_acquisitions_are_reported_when_asked_for_and_the_best_comes_first() -> None:
    failed = make_exam(3, failure=Reason("missing_slices", "Missing.", 4))
    done = chosen(make_exam(1, area_cm2=40.0), make_exam(2, area_cm2=90.0), failed, all_acquisitions=True)
    assert [exam.number for exam in done.reported] == [2, 1]


def test_an_acquisition_that_was_never_selectable_is_listed_with_its_reason() -> None:
    rejected = RejectedAcquisition(make_exam(2).selection.stiffness, GeometryError("Spacing is missing."))
    done = replace(case(), exams=(make_exam(1, reported=True, represents=True),), rejected=(rejected,))
    result = study_result(done)
    assert [(one.series_number, one.status) for one in result.acquisitions] == [
        (10, StudyStatus.MEASURED),
        (20, StudyStatus.FAILED),
    ]
    assert result.warnings == ("Series 20 could not be measured: Spacing is missing.",)


def test_a_case_without_a_study_has_no_study_result() -> None:
    with pytest.raises(ValueError, match="without a study"):
        study_result(Case(0, 1, None))


SKIPPED = failing(NoEligibleSeriesError())
AMBIGUOUS = failing(AmbiguousSeriesError())
MODEL = failing(ModelError())
INPUT = failing(GeometryError())
BUG = failing(KeyError())
FINE = replace(
    case(), exams=(make_exam(not_evaluable=Reason("no_liver", "No liver."), reported=True, represents=True),)
)


@pytest.mark.parametrize(
    ("cases", "status", "exit_code"),
    [
        ([FINE], RunStatus.COMPLETED, 0),
        ([FINE, SKIPPED], RunStatus.COMPLETED, 0),
        ([SKIPPED, SKIPPED], RunStatus.NOTHING_TO_DO, 3),
        ([FINE, INPUT], RunStatus.FAILED, 4),
        ([INPUT, MODEL, SKIPPED], RunStatus.FAILED, 5),
        ([INPUT, BUG, MODEL], RunStatus.FAILED, 1),
        ([AMBIGUOUS, INPUT], RunStatus.FAILED, 4),
        ([FINE, AMBIGUOUS], RunStatus.FAILED, 3),
    ],
)
def test_the_gravest_failure_decides_the_exit_code(cases: list[Case], status: RunStatus, exit_code: int) -> None:
    result = run_result(cases, Settings(), {})
    assert (result.status, result.exit_code) == (status, exit_code)
    assert len(result.studies) == len(cases)


def test_the_exit_code_of_nothing_to_do_can_be_set() -> None:
    assert run_result([SKIPPED], Settings(skipped_exit_code=126), {}).exit_code == 126


def test_warnings_about_the_input_belong_to_the_run() -> None:
    warned = replace(FINE, input_warnings=("1 file is damaged.",))
    assert run_result([warned, FINE], Settings(), {}).warnings == ("1 file is damaged.",)
