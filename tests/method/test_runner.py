"""Runner: failures are data, branches are merged, and the outcome of a run follows from its studies."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from liver_mre.errors import (
    AmbiguousSeriesError,
    ExitCode,
    GeometryError,
    ModelError,
    NoConfidenceError,
    NoEligibleSeriesError,
)
from liver_mre.method.choose_acquisition import choose_acquisition
from liver_mre.method.collect_results import run_result, study_result
from liver_mre.method.mre_study_run import MreStudyRun
from liver_mre.method.stages import Selected, Staged
from liver_mre.method.toolkit import Toolkit
from liver_mre.series.acquisition import RejectedAcquisition
from liver_mre.series.grouping import Companions
from liver_mre.series.plan import SeriesPlan
from liver_mre.series.scanner_rules import ScannerRules
from liver_mre.settings import Settings
from liver_mre.studies.study import Study
from liver_mre.workflow.outcome import OutputFile, Reason, RunStatus, StudyStatus
from liver_mre.workflow.runner import join, run_steps
from liver_mre.workflow.step import ItemStep, StudyStep
from tests.exams import not_evaluable, selected, staged

if TYPE_CHECKING:
    from collections.abc import Callable


STUDY = Study("1.2", ())


class RejectingPlan(SeriesPlan):
    """A plan whose acquisitions are rejected for given reasons."""

    __slots__ = ("given",)

    @property
    def rejected(self) -> tuple[RejectedAcquisition, ...]:
        return self.given

    @classmethod
    def of(cls, *rejected: RejectedAcquisition) -> RejectingPlan:
        plan = cls(STUDY, ScannerRules((), (), ()), (), Companions(), ())
        object.__setattr__(plan, "given", rejected)
        return plan


def a_run(*items: Selected, rejected: tuple[RejectedAcquisition, ...] = (), **found: Any) -> MreStudyRun:
    return MreStudyRun(0, 1, STUDY, items=items, plan=RejectingPlan.of(*rejected), **found)


def step(work: Callable[[Any], Any], name: str = "load") -> StudyStep:
    return StudyStep(name, "working", "operator", lambda run, _: work(run))


def failing(error: Exception) -> MreStudyRun:
    def work(_: MreStudyRun) -> MreStudyRun:
        raise error

    return run_steps(a_run(), [step(work)], None)


def test_an_expected_failure_becomes_the_reason_of_the_study_and_later_steps_are_skipped() -> None:
    failed = failing(GeometryError("Spacing is missing."))
    assert failed.failure == Reason("invalid_geometry", "Spacing is missing.", 4)

    def unreachable(_: MreStudyRun) -> MreStudyRun:
        pytest.fail("a step ran on a failed study")

    assert run_steps(failed, [step(unreachable)], None) is failed


def test_an_unexpected_failure_is_reported_by_its_kind_and_never_by_its_text() -> None:
    failed = failing(KeyError("DOE^JANE"))
    assert failed.failure is not None
    assert failed.failure.exit_code == ExitCode.INTERNAL
    assert "KeyError" in failed.failure.message
    assert "JANE" not in failed.failure.message


def test_every_step_is_timed() -> None:
    done = run_steps(a_run(), [step(lambda run: run, "one"), step(lambda run: run, "two")], None)
    assert list(done.timings_s) == ["one", "two"]
    assert all(seconds >= 0 for seconds in done.timings_s.values())


def test_branches_join_to_all_outputs_all_timings_and_the_first_failure() -> None:
    start = a_run(staged(), timings_s={"stage": 1.0})

    def branch(name: str, output: OutputFile) -> MreStudyRun:
        return replace(start, outputs=(output,), timings_s={"stage": 1.0, name: 2.0})

    seg = branch("seg", OutputFile("seg", "1.2/a", "1"))
    sr = replace(branch("sr", OutputFile("sr", "1.2/b", "2")), warnings=("w",))
    joined = join([seg, sr])
    assert [output.kind for output in joined.outputs] == ["seg", "sr"]
    assert joined.timings_s == {"stage": 1.0, "seg": 2.0, "sr": 2.0}
    assert joined.warnings == ("w",)
    assert joined.failure is None
    broken = replace(sr, failure=Reason("output_unwritable", "Full.", 6))
    assert join([seg, broken]).failure == broken.failure


def test_a_failed_study_reports_no_numbers_and_no_outputs() -> None:
    written = a_run(
        staged(),
        chosen=0,
        reported=(0,),
        outputs=(OutputFile("seg", "1.2/a", "1"),),
        failure=Reason("output_unwritable", "Full.", 6),
    )
    result = study_result(written)
    assert result.status is StudyStatus.FAILED
    assert result.outputs == ()
    assert result.measurement is None
    assert result.reported == ()
    assert [finding.status for finding in result.findings] == [StudyStatus.FAILED]
    assert [finding.provenance for finding in result.findings] == [staged().provenance]


def failing_for(error: Exception, *numbers: int, rejected: tuple[RejectedAcquisition, ...] = ()) -> MreStudyRun:
    """Return a study of two acquisitions after a step that fails for the given numbers."""

    def work(item: Selected, _: object) -> Staged:
        if item.number in numbers:
            raise error
        return staged(item.number)

    load = ItemStep("load", "reading", "operator", Selected, work)
    return run_steps(a_run(selected(1), selected(2), rejected=rejected), [load], None)


def test_what_is_wrong_with_one_acquisition_does_not_stop_the_other() -> None:
    done = failing_for(GeometryError("Spacing is missing."), 1)
    assert done.failure is None
    result = study_result(replace(done, chosen=1, reported=(1,)))
    assert result.status is StudyStatus.MEASURED
    assert [one.status for one in result.findings] == [StudyStatus.FAILED, StudyStatus.MEASURED]
    assert result.warnings == ("Series 10 could not be measured: Spacing is missing.",)


def test_the_study_fails_with_every_reason_when_no_acquisition_is_left() -> None:
    failed = failing_for(GeometryError("Spacing is missing."), 1, 2)
    assert failed.failure is not None
    assert failed.failure.exit_code == ExitCode.INVALID_INPUT
    assert failed.failure.message.startswith("None of the 2 acquisitions could be measured. Series 10: Spacing")
    assert "Series 20" in failed.failure.message


def test_the_most_severe_reason_gives_the_code_and_all_are_listed_by_series_number() -> None:
    rejected = RejectedAcquisition(selected(1).acquisition.series, GeometryError("Spacing is missing."))

    def work(item: Selected, _: object) -> Selected:
        del item
        raise NoConfidenceError

    load = ItemStep("load", "reading", "operator", Selected, work)
    failure = run_steps(a_run(selected(2), rejected=(rejected,)), [load], None).failure
    assert failure is not None
    assert (failure.code, failure.exit_code) == ("invalid_geometry", 4)
    assert failure.message.index("Series 10: Spacing") < failure.message.index("Series 20: ")


def test_acquisitions_of_one_series_number_each_keep_their_warning() -> None:
    rejected = tuple(RejectedAcquisition(selected(2).acquisition.series, GeometryError(why)) for why in "ab")
    done = a_run(staged(1), rejected=rejected, chosen=0, reported=(0,))
    assert len(study_result(done).warnings) == 2


@pytest.mark.parametrize(("error", "code"), [(ModelError(), 5), (KeyError("DOE^JANE"), 1)])
def test_what_is_wrong_with_the_model_or_the_program_stops_the_study(error: Exception, code: int) -> None:
    failed = failing_for(error, 1)
    assert failed.failure is not None
    assert failed.failure.exit_code == code
    assert "JANE" not in failed.failure.message


def test_a_step_leaves_items_at_other_stages_as_they_are() -> None:
    done = run_steps(
        a_run(staged(1), selected(2)),
        [ItemStep("load", "reading", "operator", Selected, lambda item, _: staged(item.number))],
        None,
    )
    assert all(isinstance(item, Staged) for item in done.items)


def chosen(*items: Selected, **settings: bool) -> MreStudyRun:
    return choose_acquisition(a_run(*items), Toolkit(Settings(**settings)))


def failed(number: int) -> Selected:
    return selected(number).failed(Reason("missing_slices", "Missing.", 4))


def test_the_acquisition_with_the_most_measurable_liver_stands_for_the_study() -> None:
    items = staged(1, area_cm2=40.0), staged(2, area_cm2=90.0), staged(3, area_cm2=60.0)
    done = chosen(*items)
    assert (done.chosen, done.reported) == (1, (1,))
    assert study_result(done).measurement == items[1].measurement
    assert study_result(done).reported == (1,)


def test_an_acquisition_that_cannot_be_measured_never_stands_for_one_that_can() -> None:
    assert chosen(staged(1, area_cm2=6.0), not_evaluable(2)).chosen == 0
    done = chosen(not_evaluable(2), failed(3))
    assert done.chosen == 0
    assert study_result(done).status is StudyStatus.NOT_EVALUABLE


def test_all_acquisitions_are_reported_when_asked_for_and_the_best_comes_first() -> None:
    done = chosen(staged(1, area_cm2=40.0), staged(2, area_cm2=90.0), failed(3), all_acquisitions=True)
    assert done.reported == (1, 0)


def test_a_rejected_acquisition_is_listed_with_its_reason() -> None:
    rejected = RejectedAcquisition(selected(2).acquisition.series, GeometryError("Spacing is missing."))
    result = study_result(a_run(staged(1), rejected=(rejected,), chosen=0, reported=(0,)))
    assert [(one.series.series_number, one.status) for one in result.findings] == [
        (10, StudyStatus.MEASURED),
        (20, StudyStatus.FAILED),
    ]
    assert result.warnings == ("Series 20 could not be measured: Spacing is missing.",)


def test_where_selection_failed_no_acquisition_is_listed() -> None:
    rejected = RejectedAcquisition(selected(2).acquisition.series, GeometryError("Spacing is missing."))
    run = a_run(rejected=(rejected,), failure=Reason("missing_slices", "Slices are missing.", 4))
    assert study_result(run).findings == ()


def test_a_failure_after_the_choice_is_no_reason_why_another_was_not_chosen() -> None:
    written = a_run(staged(1, area_cm2=90.0), staged(2, area_cm2=40.0), chosen=0, reported=(0,))
    failed = replace(written, failure=Reason("output_unwritable", "Full.", 6))
    assert study_result(failed).input_series == study_result(written).input_series


def test_a_study_that_stopped_half_way_without_a_reason_is_a_bug() -> None:
    with pytest.raises(ValueError, match="stage Selected"):
        study_result(a_run(selected(1)))


SKIPPED = failing(NoEligibleSeriesError())
AMBIGUOUS = failing(AmbiguousSeriesError())
MODEL = failing(ModelError())
INPUT = failing(GeometryError())
BUG = failing(KeyError())
FINE = a_run(not_evaluable(), chosen=0, reported=(0,))


@pytest.mark.parametrize(
    ("runs", "status", "exit_code"),
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
def test_the_most_severe_failure_decides_the_exit_code(
    runs: list[MreStudyRun], status: RunStatus, exit_code: int
) -> None:
    result = run_result([study_result(run) for run in runs], Settings(), {})
    assert (result.status, result.exit_code) == (status, exit_code)
    assert len(result.studies) == len(runs)


def test_the_exit_code_of_nothing_to_do_can_be_set() -> None:
    assert run_result([study_result(SKIPPED)], Settings(skipped_exit_code=126), {}).exit_code == 126


def test_warnings_about_the_input_belong_to_the_run() -> None:
    result = run_result([study_result(FINE)], Settings(), {}, input_warnings=("1 file is damaged.",))
    assert result.warnings == ("1 file is damaged.",)


def test_an_input_that_cannot_be_read_is_the_outcome_of_the_run() -> None:
    result = run_result([], Settings(), {}, input_failure=Reason("no_dicom", "No DICOM.", 4))
    assert (result.status, result.exit_code, result.studies) == (RunStatus.FAILED, 4, ())
