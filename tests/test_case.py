"""Cases: failures travel as data, branches join, a run's outcome follows from its studies."""

from __future__ import annotations

from dataclasses import replace

import pytest

from liver_mre.case import Case, advance, join, study_result
from liver_mre.core.result import OutputFile, Reason, RunStatus, StudyStatus
from liver_mre.core.study import Study
from liver_mre.errors import AmbiguousSeriesError, ExitCode, GeometryError, ModelError, NoEligibleSeriesError
from liver_mre.pipeline import run_result
from liver_mre.settings import Settings


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
    start = replace(case(), timings_s={"stage": 1.0})
    seg = replace(start, outputs=(OutputFile("seg", "1.2/a", "1"),), timings_s={"stage": 1.0, "seg": 2.0})
    sr = replace(start, outputs=(OutputFile("sr", "1.2/b", "2"),), warnings=("w",), timings_s={"stage": 1.0, "sr": 3.0})
    joined = join([seg, sr])
    assert [output.kind for output in joined.outputs] == ["seg", "sr"]
    assert joined.timings_s == {"stage": 1.0, "seg": 2.0, "sr": 3.0}
    assert joined.warnings == ("w",)
    assert joined.failure is None
    broken = replace(sr, failure=Reason("output_unwritable", "Full.", 6))
    assert join([seg, broken]).failure == broken.failure


def test_a_failed_case_reports_no_numbers_and_no_outputs() -> None:
    written = replace(
        case(), outputs=(OutputFile("seg", "1.2/a", "1"),), failure=Reason("output_unwritable", "Full.", 6)
    )
    result = study_result(written)
    assert result.status is StudyStatus.FAILED
    assert result.outputs == ()
    assert result.measurement is None


def test_a_case_without_a_study_has_no_study_result() -> None:
    with pytest.raises(ValueError, match="without a study"):
        study_result(Case(0, 1, None))


SKIPPED = failing(NoEligibleSeriesError())
AMBIGUOUS = failing(AmbiguousSeriesError())
MODEL = failing(ModelError())
INPUT = failing(GeometryError())
BUG = failing(KeyError())
FINE = replace(case(), not_evaluable=Reason("no_liver", "No liver."))


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
